"""Months of the books: which one may be closed, and what somebody should have seen before it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.dates import in_words
from app.domain.errors import Conflict
from app.domain.months import last_day, month_in_words, month_name, months_after

BEGIN_AT_MOST: Final = 12
"""The first month that is closed may be empty, so that the books begin with a financial year: this many months before
the first line, at most."""


class Finding(StrEnum):
    """What somebody should have seen before a month is closed; none of it keeps the month open."""

    UNPRICED = "unpriced"
    WITHOUT_FUNDER = "without-funder"
    PROVISIONAL = "provisional"
    DISPUTE_OVERDUE = "dispute-overdue"


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something to be seen before the month is closed, and how often it is there."""

    code: Finding
    count: int
    detail: str


_SAID: Final = {
    Finding.UNPRICED: (
        "{} has no rate and costs nothing as it stands. Give it a rate, or correct it, before the month is closed.",
        "{} have no rate and cost nothing as they stand. Give them rates, or correct them, before the month is closed.",
    ),
    Finding.WITHOUT_FUNDER: (
        "{} for a client is Service's own: an issue, hire or visit that no funder pays for.",
        "{} for clients are Service's own: issues, hire and visits that no funder pays for.",
    ),
    Finding.PROVISIONAL: (
        "{} is split provisionally. Once the dispute is settled, the difference is posted in a later month.",
        "{} are split provisionally. Once the disputes are settled, the difference is posted in a later month.",
    ),
    Finding.DISPUTE_OVERDUE: (
        "{} was to be settled by a day that is over.",
        "{} were to be settled by a day that is over.",
    ),
}


def next_to_close(*, today: date, last_closed: date | None, oldest: date | None) -> date | None:
    """The month that is closed next, once it is over. `oldest`: that of the oldest line. None: there is nothing yet."""
    following = months_after(last_closed, 1) if last_closed else oldest
    return following if following and last_day(following) < today else None


def check_closable(period: date, *, today: date, last_closed: date | None, oldest: date | None) -> None:
    """Whether this month is the next to be closed.

    Raises Conflict `period-closed`, `period-not-over`, `close-earlier-first`, `before-the-books`.
    """
    if last_closed and period <= last_closed:
        closed = f"{month_in_words(period)} is closed."
        detail = f"{closed} A closed month is not opened again: correct it by lines of a later one."
        raise Conflict("period-closed", detail, field="period")
    if last_day(period) >= today:
        detail = f"{month_in_words(period)} is not over. It can be closed from {in_words(months_after(period, 1))} on."
        raise Conflict("period-not-over", detail, field="period")
    first = months_after(last_closed, 1) if last_closed else oldest
    if first and period > first:
        detail = f"Months are closed one after the other. Close {month_in_words(first)} ({month_name(first)}) first."
        raise Conflict("close-earlier-first", detail, field="period")
    books = months_after(oldest or today.replace(day=1), -BEGIN_AT_MOST)
    if not last_closed and period < books:
        first_one = f"{month_in_words(books)} ({month_name(books)})"
        detail = f"The books begin later. The first month that can be closed is {first_one}."
        raise Conflict("before-the-books", detail, field="period")


def notice(counts: dict[Finding, int]) -> tuple[Noticed, ...]:
    """What is there to be seen, in the order of `Finding`."""
    return tuple(
        Noticed(code, counts[code], _SAID[code][counts[code] != 1].format(_counted(code, counts[code])))
        for code in Finding
        if counts.get(code)
    )


def check_seen(noticed: Collection[Noticed], seen: Collection[Finding]) -> None:
    """Whether who closes names all that is there. Raises Conflict `not-acknowledged`, saying what else there is."""
    unseen = [one for one in noticed if one.code not in seen]
    if unseen:
        detail = f"{' '.join(one.detail for one in unseen)} Look at it, and close the month again."
        raise Conflict("not-acknowledged", detail, field="acknowledge")


def _counted(code: Finding, count: int) -> str:
    what = "dispute" if code is Finding.DISPUTE_OVERDUE else "line"
    return f"{count:,} {what}{'' if count == 1 else 's'}"
