"""Months of the books: which one may be closed, and what somebody should have seen before it is."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.domain.dates import MONTHS
from app.domain.errors import BadValue, Conflict

MONTH: Final = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])", re.ASCII)
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


def read_month(written: str) -> date:
    """The first day of a month that is written as 2026-03. Raises BadValue `not-a-period`."""
    if not MONTH.fullmatch(written):
        detail = "A period is a month, written as a year from 2000 on and a month, such as 2026-03."
        raise BadValue("not-a-period", detail, field="period")
    return date.fromisoformat(f"{written}-01")


def in_words(period: date) -> str:
    """The month as people write it: March 2026."""
    return f"{MONTHS[period.month - 1]} {period.year}"


def months_after(period: date, months: int) -> date:
    """The first day of the month so many months later, or before where it is below zero."""
    year, month = divmod(period.year * 12 + period.month - 1 + months, 12)
    return date(year, month + 1, 1)


def last_day(period: date) -> date:
    """The last day of the month."""
    return months_after(period, 1) - timedelta(days=1)


def next_to_close(*, today: date, last_closed: date | None, oldest: date | None) -> date | None:
    """The month that is closed next, once it is over. `oldest`: that of the oldest line. None: there is nothing yet."""
    following = months_after(last_closed, 1) if last_closed else oldest
    return following if following and last_day(following) < today else None


def check_closable(period: date, *, today: date, last_closed: date | None, oldest: date | None) -> None:
    """Whether this month is the next to be closed.

    Raises Conflict `period-closed`, `period-not-over`, `close-earlier-first`, `before-the-books`.
    """
    if last_closed and period <= last_closed:
        detail = (
            f"{in_words(period)} is closed. A closed month is not opened again: correct it by lines of a later one."
        )
        raise Conflict("period-closed", detail, field="period")
    if last_day(period) >= today:
        detail = f"{in_words(period)} is not over. It can be closed from {_day(months_after(period, 1))} on."
        raise Conflict("period-not-over", detail, field="period")
    first = months_after(last_closed, 1) if last_closed else oldest
    if first and period > first:
        detail = f"Months are closed one after the other. Close {in_words(first)} ({first:%Y-%m}) first."
        raise Conflict("close-earlier-first", detail, field="period")
    books = months_after(oldest or today.replace(day=1), -BEGIN_AT_MOST)
    if not last_closed and period < books:
        detail = f"The books begin later. The first month that can be closed is {in_words(books)} ({books:%Y-%m})."
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


def _day(day: date) -> str:
    return f"{day.day} {in_words(day)}"
