"""By which day an order is promised, in working days of England, what is known without a promise, and what is late.

A working day is Monday to Friday, and Saturday where the stores work then, and no bank holiday in England (Banking and
Financial Dealings Act 1971). The bank holidays are passed in: they are proclaimed year by year and are not a rule.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.domain.dates import UK, in_words
from app.domain.ordering import Speed
from app.domain.stop_use import Letter

CUT_OFFS: Mapping[Speed, time] = {
    Speed.EMERGENCY: time(20),
    Speed.SAME_DAY: time(15),
    Speed.NEXT_DAY: time(16),
    Speed.THREE_DAY: time(16),
    Speed.FIVE_DAY: time(16),
    Speed.SEVEN_DAY: time(16),
}
"""In the UK, unless the service sets others. An order made later than this counts as made on the next day."""

WORKING_DAYS: Mapping[Speed, int] = {
    Speed.SAME_DAY: 0,
    Speed.NEXT_DAY: 1,
    Speed.THREE_DAY: 3,
    Speed.FIVE_DAY: 5,
    Speed.SEVEN_DAY: 7,
}
"""How many working days each speed takes. An emergency is not here: it is served on every day of the calendar."""

_DAY = timedelta(days=1)
SATURDAY = 5
WORKING_DAYS_A_WEEK = 5


@dataclass(frozen=True, slots=True)
class WorkingTimes:
    """When the stores work. `holidays`: England's bank holidays around today; `cut_offs`: the latest time, in the UK,
    at which an order of each speed counts as made that day."""

    holidays: AbstractSet[date] = frozenset()
    saturdays: bool = False
    cut_offs: Mapping[Speed, time] | None = None

    def is_working_day(self, day: date) -> bool:
        """Whether the stores deliver and collect on that day."""
        return is_working_day(day, self.holidays, saturdays=self.saturdays)

    def next_working_day(self, day: date) -> date:
        """The first working day after this one."""
        return working_days_after(day, 1, self.holidays, saturdays=self.saturdays)


@dataclass(frozen=True, slots=True)
class Coming:
    """What is known of a product's items that are not on the shelf and will be used again. `next_on`: the first day
    for which the collection of one is planned."""

    being_cleaned: int = 0
    in_repair: int = 0
    to_collect: int = 0
    next_on: date | None = None

    @property
    def text(self) -> str:
        """The same in a sentence, which promises nothing: others may wait for them as well."""
        parts = []
        if self.being_cleaned:
            parts.append(f"{_are(self.being_cleaned)} being cleaned or checked")
        if self.in_repair:
            parts.append(f"{_are(self.in_repair)} in repair")
        if self.next_on:
            parts.append(f"the next is due back on {in_words(self.next_on)}")
        elif self.to_collect:
            parts.append(f"{_are(self.to_collect)} to be collected, on a day that is not planned yet")
        if not parts:
            return "None is known to be on its way."
        sentence = ", and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        return f"{sentence[0].upper()}{sentence[1:]}."


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A promised day that is not known any more: of which order, and the tags of what was held for it and is gone.
    `why`: in sentences, where more is known than that it cannot go out."""

    number: str
    client_ref: str
    was_on: date
    tags: Sequence[str]
    why: str = ""

    def letter(self) -> Letter:
        """To whoever made the order: what happened, and what comes next."""
        return Letter(
            f"Order {self.number} has no promised day any more",
            f"Order {self.number} for client {self.client_ref} was promised for {in_words(self.was_on)}. "
            f"{_was_held(self.tags, self.why)} {_nothing_in_its_place(self.tags)}",
        )


@dataclass(frozen=True, slots=True)
class ItemLost:
    """What was held for an order and is gone, where its day does not change: another item is held `instead`, and it
    stays `promised_on`; or it had no day. `why`: in sentences."""

    number: str
    client_ref: str
    tags: Sequence[str]
    why: str
    instead: Sequence[str] = ()
    promised_on: date | None = None

    def letter(self) -> Letter:
        """To whoever made the order: what happened, and what comes next."""
        next_step = _nothing_in_its_place(self.tags)
        if self.instead:
            held = f"{' and '.join(self.instead)} {'are' if len(self.instead) > 1 else 'is'} held for it instead."
            day = f"Its day is still {in_words(self.promised_on)}." if self.promised_on else "Its day is not known yet."
            next_step = f"{held} {day}"
        return Letter(
            f"Order {self.number} lost an item that was held for it",
            f"Order {self.number} for client {self.client_ref}: {_was_held(self.tags, self.why)} {next_step}",
        )


def _was_held(tags: Sequence[str], why: str) -> str:
    many = len(tags) > 1
    what = f"{' and '.join(tags)} {'were' if many else 'was'} held for it"
    return f"{what}. {why}" if why else f"{what}, and {'they' if many else 'it'} cannot go out now."


def _nothing_in_its_place(tags: Sequence[str]) -> str:
    return (
        f"Nothing is held in {'their' if len(tags) > 1 else 'its'} place. Its day is not known yet: you are told as "
        "soon as there is something for all of it. If the client cannot wait, order something else or speak to the "
        "store."
    )


def is_working_day(day: date, holidays: AbstractSet[date], *, saturdays: bool = False) -> bool:
    """Whether that is a working day."""
    return day.weekday() < SATURDAY + saturdays and day not in holidays


def promised_on(speed: Speed, ordered_at: datetime, times: WorkingTimes) -> date:
    """The day by which it is promised, once all of it is there. `ordered_at` carries its zone; days and cut-offs are
    those of the UK.

    An order made on a day off, like one after the cut-off, counts as made on the next working day: otherwise
    Saturday's order would be promised before Friday evening's.
    """
    local = ordered_at.astimezone(UK)
    day = local.date()
    if local.time() > (times.cut_offs or CUT_OFFS)[speed]:
        day += _DAY
    if speed not in WORKING_DAYS:
        return day
    if not times.is_working_day(day):
        day = times.next_working_day(day)
    return working_days_after(day, WORKING_DAYS[speed], times.holidays, saturdays=times.saturdays)


def days_allowed(speed: Speed) -> int:
    """How many days of the calendar a speed takes, with weekends and without bank holidays: to put in order what has no
    promised day yet, not to promise anything."""
    return WORKING_DAYS.get(speed, 0) * 7 // WORKING_DAYS_A_WEEK


def working_days_after(day: date, count: int, holidays: AbstractSet[date], *, saturdays: bool = False) -> date:
    """The last of so many working days that follow this day; the day itself for none."""
    while count > 0:
        day += _DAY
        count -= is_working_day(day, holidays, saturdays=saturdays)
    return day


def working_days_between(after: date, until: date, holidays: AbstractSet[date]) -> int:
    """How many working days lie after the one day and up to the other, that one included; negative backwards."""
    if until < after:
        return -working_days_between(until, after, holidays)
    days = (after + _DAY * step for step in range(1, (until - after).days + 1))
    return sum(is_working_day(day, holidays) for day in days)


def is_late(promised_on: date | None, delivered_on: date | None, today: date) -> bool:
    """Whether it came after the promised day, or has not come and that day is over. Without a promise nothing is."""
    return promised_on is not None and (delivered_on or today) > promised_on


def _are(count: int) -> str:
    return f"{count} {'is' if count == 1 else 'are'}"
