"""Which days somebody asks figures of: a month of the books, or the days from one to another, and no more than that."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.domain.dates import MONTHS, in_words
from app.domain.errors import BadValue

MOST_MONTHS: Final = 61
"""Five years and a month: from the April before last year's to that of this one, five times over."""
FIRST_YEAR, LAST_YEAR = 2000, 2999
DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """Days, both included. `is_booked`: what is posted to this month, whenever it happened; otherwise what happened on
    these days, whichever month it is posted to."""

    first: date
    last: date
    is_booked: bool

    @property
    def words(self) -> str:
        """As people read it."""
        if self.is_booked:
            return month_in_words(self.first)
        return f"{in_words(self.first)} to {in_words(self.last)}"

    @property
    def basis(self) -> str:
        """By which day a line belongs to it."""
        if self.is_booked:
            return "Lines that are posted to this month; what came after a month was closed is in the next one."
        return "Lines of what happened on these days, also where they are posted to a later month."

    @property
    def name(self) -> str:
        """As a part of a file's name."""
        return month_name(self.first) if self.is_booked else f"{self.first}-to-{self.last}"

    @property
    def query(self) -> dict[str, str]:
        """As it is asked for in an address."""
        if self.is_booked:
            return {"period": month_name(self.first)}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def asked_period(period: str | None, first: date | None, last: date | None, *, today: date) -> AskedPeriod:
    """The period that is asked for: `period` (YYYY-MM), or days; without any, this month.

    Raises BadValue `bad-period`, `period-and-days`, `from-and-to`, `from-after-to` or `period-too-long`.
    """
    if period:
        if first or last:
            detail = "Ask for a month, or for days from one to another, not for both."
            raise BadValue("period-and-days", detail, field="period")
        return of_month(month_of_text(period))
    if first is None and last is None:
        return of_month(today)
    if first is None or last is None:
        missing = "from" if first is None else "to"
        raise BadValue("from-and-to", f"Say both days: “{missing}” is missing.", field=missing)
    return _of_days(first, last)


def of_month(day: date) -> AskedPeriod:
    """The month that this day is in."""
    return AskedPeriod(day.replace(day=1), next_month(day) - timedelta(days=1), is_booked=True)


def month_of_text(text: str) -> date:
    """The first day of a month that is written as 2026-03. Raises BadValue `bad-period`."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text.strip())
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise BadValue("bad-period", "Write the month as year and month, such as 2026-03.", field="period")
    return date(int(found[1]), int(found[2]), 1)


def next_month(day: date) -> date:
    """The first day of the month after the one that this day is in."""
    return date(day.year + day.month // DECEMBER, day.month % DECEMBER + 1, 1)


def month_name(day: date) -> str:
    """The month of this day as the API writes it: 2026-03."""
    return f"{day:%Y-%m}"


def month_in_words(day: date) -> str:
    """The month of this day as people write it: March 2026."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def _of_days(first: date, last: date) -> AskedPeriod:
    for name, day in (("from", first), ("to", last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadValue("bad-day", f"Choose a day from the year {FIRST_YEAR} on.", field=name)
    if first > last:
        raise BadValue("from-after-to", "The first day must not be after the last one.", field="from")
    months = (last.year - first.year) * DECEMBER + last.month - first.month
    if months > MOST_MONTHS or (months == MOST_MONTHS and last.day >= first.day):
        detail = "That is more than five years and a month. Ask for one financial year after the other."
        raise BadValue("period-too-long", detail, field="from")
    return AskedPeriod(first, last, is_booked=False)
