"""Reservations: the days for which an item is kept for a client. Both ends of a reservation are among its days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.domain.inspections import months_after
from app.domain.lifecycle import State

LONGEST = timedelta(days=366)
"""From its first to its last day."""

MONTHS_AHEAD = 6
"""How far ahead a reservation may start."""


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included. No end: for good, as a loan is."""

    from_on: date
    until_on: date | None


def check_dates(from_on: date, until_on: date, *, today: date) -> None:
    """Whether a reservation may be made for these days.

    Raises BadValue `starts-in-the-past`, `starts-too-far-ahead` (field `from`), `ends-before-it-starts` or
    `reserved-too-long` (field `until`).
    """
    if from_on < today:
        raise BadValue(
            "starts-in-the-past", f"A reservation starts today, {in_words(today)}, at the earliest.", field="from"
        )
    latest = months_after(today, MONTHS_AHEAD)
    if from_on > latest:
        raise BadValue(
            "starts-too-far-ahead",
            f"A reservation starts within {MONTHS_AHEAD} months: by {in_words(latest)}.",
            field="from",
        )
    if until_on < from_on:
        raise BadValue("ends-before-it-starts", "A reservation ends on or after its first day.", field="until")
    if until_on > from_on + LONGEST:
        raise BadValue(
            "reserved-too-long",
            f"A reservation lasts a year at most: until {in_words(from_on + LONGEST)}.",
            field="until",
        )


def overlaps(one: Days, other: Days) -> bool:
    """Whether they have a day in common."""
    return one.from_on <= (other.until_on or date.max) and other.from_on <= (one.until_on or date.max)


def blocks_issue(
    reserved: Days, *, reserved_for: int, client_id: int, from_on: date, until_on: date | None = None
) -> bool:
    """Whether a live reservation keeps an item from being issued, tried or sent out to a client on these days.

    A client's own reservation never does. `until_on` None: a loan, which has no end.
    """
    return reserved_for != client_id and overlaps(reserved, Days(from_on, until_on))


@dataclass(frozen=True, slots=True)
class Kept:
    """A live reservation of an item."""

    id: int
    from_on: date
    until_on: date
    order_number: str | None

    def days(self, today: date) -> Days:
        """The days it keeps the item from others: for good when an order holds it, today at least while it is live."""
        return Days(self.from_on, None if self.order_number else max(self.until_on, today))

    def is_in_force(self, today: date) -> bool:
        """Whether it keeps the item today by right, not only because nobody has ended it yet."""
        return self.from_on <= today and (self.order_number is not None or self.until_on >= today)


def keeps_item(state: State, from_on: date, others: Iterable[Kept], *, today: date) -> bool:
    """Whether the item is reserved because of this reservation and none of the item's others: it then goes free.

    An item that is reserved though none of its reservations has begun was put aside when it was reserved for later, as
    the service did until reservations had dates.
    """
    if state is not State.RESERVED:
        return False
    if from_on > today:
        return not any(other.from_on <= today for other in others)
    return not any(other.is_in_force(today) for other in others)
