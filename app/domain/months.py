"""Months: how they are written, read, said and counted. A month stands as its first day."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from app.domain.dates import MONTHS
from app.domain.errors import BadValue

MONTH: Final = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])", re.ASCII)


def read_month(written: str) -> date:
    """The first day of a month that is written as 2026-03. Raises BadValue `not-a-period`."""
    if not MONTH.fullmatch(written):
        detail = "A period is a month, written as a year from 2000 on and a month, such as 2026-03."
        raise BadValue("not-a-period", detail, field="period")
    return date.fromisoformat(f"{written}-01")


def read_begun_month(written: str, *, today: date) -> date:
    """The same of a month that has begun: of one that has not nothing can be said. Raises BadValue, also
    `month-not-begun`."""
    month = read_month(written)
    if month > today:
        raise BadValue(
            "month-not-begun", f"{month_in_words(month)} has not begun. Choose a month that has.", field="period"
        )
    return month


def month_name(day: date) -> str:
    """The month of this day as the API writes it: 2026-03."""
    return f"{day:%Y-%m}"


def month_in_words(day: date) -> str:
    """The month of this day as people write it: March 2026."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def months_after(day: date, months: int) -> date:
    """The first day of the month so many months later, or before where it is below zero."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def put_aside_before(newest: date | None, what: str = "Charges") -> str:
    """What is said where lines may be missing, since months up to this one are put aside; nothing where none is."""
    if newest is None:
        return ""
    return f"{what} before {month_in_words(months_after(newest, 1))} are put aside, and are not shown here."


def last_day(day: date) -> date:
    """The last day of the month of this day."""
    return months_after(day, 1) - timedelta(days=1)


def months_between(since: date, until: date) -> Iterator[date]:
    """Every month that the days touch."""
    for place in range((until.year - since.year) * 12 + until.month - since.month + 1):
        yield months_after(since, place)
