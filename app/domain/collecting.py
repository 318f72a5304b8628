"""Collections: by when something is fetched, and what a thing is that was found there and is not on the list."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.domain.lifecycle import IN_STORE, State
from app.domain.loans import CollectionSpeed
from app.domain.promises import WorkingTimes, working_days_after

WORKING_DAYS: dict[CollectionSpeed, int] = {CollectionSpeed.STANDARD: 5, CollectionSpeed.URGENT: 1}
"""How many working days each speed gives, counted from the day after the request."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_DAY = timedelta(days=1)


def collect_by(speed: CollectionSpeed, requested_on: date, holidays: AbstractSet[date]) -> date:
    """The last day on which a collection of this speed is in time."""
    return working_days_after(requested_on, WORKING_DAYS[speed], holidays)


def requested_too_long_ago(speed: CollectionSpeed, today: date, holidays: AbstractSet[date]) -> date:
    """The newest day of a request that is overdue today: all before it are overdue too, all after it are not."""
    day = today
    while collect_by(speed, day, holidays) >= today:
        day -= _DAY
    return day


def check_visit_day(day: date, times: WorkingTimes) -> None:
    """Raises BadValue `not-a-working-day` that names the next one: nobody would come."""
    if times.is_working_day(day):
        return
    why = "a bank holiday" if day in times.holidays else f"a {WEEKDAYS[day.weekday()]}"
    after = times.next_working_day(day)
    following = f"{WEEKDAYS[after.weekday()]} {in_words(after)}"
    detail = f"{in_words(day)} is {why}, when nothing is collected. The next working day is {following}."
    raise BadValue("not-a-working-day", detail, field="on")


class FindKind(StrEnum):
    """What a thing that was found at a client's turns out to be by the record."""

    NO_LABEL = "no-label"
    NOT_OURS = "not-our-label"
    UNKNOWN = "unknown-label"
    THIS_CLIENTS = "lent-to-this-client"
    ANOTHER_CLIENTS = "lent-to-another-client"
    MISSING = "was-missing"
    ON_THE_WAY = "on-the-way"
    IN_STORE = "in-the-store-by-the-record"
    SCRAPPED = "scrapped-by-the-record"

    @property
    def text(self) -> str:
        """What it is, in words."""
        return FIND_WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What happens with it."""
        return FIND_WORDS[self][1]


_SCAN = "Scan it at the returns desk"
_SHELF = "Put it on the query shelf at the store, for the manager to find out what it is."

FIND_WORDS: dict[FindKind, tuple[str, str]] = {
    FindKind.NO_LABEL: ("It has no label.", _SHELF),
    FindKind.NOT_OURS: ("Its label is not one of ours, or cannot be read.", _SHELF),
    FindKind.UNKNOWN: ("It has a label of ours, but no item has this tag.", _SHELF),
    FindKind.THIS_CLIENTS: (
        "It is lent to this client and was not on the list.",
        f"{_SCAN}: that ends its loan.",
    ),
    FindKind.ANOTHER_CLIENTS: (
        "By the record it is with another client.",
        f"{_SCAN}: that ends the loan. The manager finds out how it came here.",
    ),
    FindKind.MISSING: ("It was missing.", f"{_SCAN}: then it is no longer missing."),
    FindKind.ON_THE_WAY: (
        "By the record it is on its way to a client.",
        f"{_SCAN}. The manager finds out for whom it was meant.",
    ),
    FindKind.IN_STORE: ("By the record it never left the store.", _SHELF),
    FindKind.SCRAPPED: ("By the record it was scrapped.", _SHELF),
}
"""What each find is, and what is done with it."""


@dataclass(frozen=True, slots=True)
class Find:
    """What is known of a thing when it was found. `state` and `lent_to` are those of then; None: no such item."""

    label: str
    is_our_label: bool
    state: State | None = None
    lent_to: int | None = None


def what_it_is(find: Find, *, client_id: int) -> FindKind:
    """What a thing found at this client's is by the record."""
    if not find.label:
        return FindKind.NO_LABEL
    if not find.is_our_label:
        return FindKind.NOT_OURS
    if find.state is None:
        return FindKind.UNKNOWN
    # A missing item may still have the loan it went missing from.
    if find.lent_to is not None and find.state is not State.MISSING:
        return FindKind.THIS_CLIENTS if find.lent_to == client_id else FindKind.ANOTHER_CLIENTS
    return FindKind.IN_STORE if find.state in IN_STORE else OUTSIDE.get(find.state, FindKind.ON_THE_WAY)


OUTSIDE = {State.MISSING: FindKind.MISSING, State.SCRAPPED: FindKind.SCRAPPED}
"""What an item is that is neither in a store nor lent to anybody; the rest are on their way."""
