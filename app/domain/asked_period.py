"""Which days somebody asks figures of: a month of the books, or the days from one to another, and no more than that.

The one rule for all reports, lists and exports of finance.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.domain.months import last_day, month_in_words, month_name, months_after, read_month

MOST_MONTHS: Final = 61
"""Five years and a month: from the April before last year's to that of this one, five times over."""
FIRST_YEAR, LAST_YEAR = 2000, 2999


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

    Raises BadValue `not-a-period`, `period-or-days` and as `whole_days` does.
    """
    if period:
        if first or last:
            raise period_or_days()
        return of_month(read_month(period))
    if first is None and last is None:
        return of_month(today)
    return AskedPeriod(*whole_days(first, last, today=today), is_booked=False)


def whole_days(first: date | None, last: date | None, *, today: date) -> tuple[date, date]:
    """The days that are asked for; until today, where no last one is said.

    Raises BadValue `first-day-wanted` and as `check_days` does.
    """
    if first is None:
        raise BadValue("first-day-wanted", "Say from which day on, too.", field="from")
    check_days(first, last or today)
    return first, last or today


def check_day(day: date, field: str) -> None:
    """Raises BadValue `bad-day` for a day of no year that is asked about.

    The first and the last day that can be written are endless to PostgreSQL's driver: from there on months would be
    counted for ever.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadValue("bad-day", f"Choose a day from the year {FIRST_YEAR} to {LAST_YEAR}.", field=field)


def check_days(first: date, last: date) -> None:
    """Raises BadValue `bad-day`, `ends-before-it-starts`, `period-too-long`."""
    check_day(first, "from")
    check_day(last, "to")
    if last < first:
        detail = "The last day is before the first. Give the same day or a later one."
        raise BadValue("ends-before-it-starts", detail, field="to")
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > MOST_MONTHS or (months == MOST_MONTHS and last.day >= min(first.day, last_day(last).day)):
        latest = last_day(months_after(first, MOST_MONTHS - 1))
        detail = (
            f"Five years and a month can be asked for at once, such as {in_words(first)} to {in_words(latest)}. "
            "For more, ask once for each part."
        )
        raise BadValue("period-too-long", detail, field="to")


def period_or_days() -> BadValue:
    """That a month and days were asked for: `period-or-days`."""
    detail = "Ask for a month, or for days from one to another, not for both."
    return BadValue("period-or-days", detail, field="period")


def of_month(day: date) -> AskedPeriod:
    """The month that this day is in."""
    return AskedPeriod(day.replace(day=1), last_day(day), is_booked=True)
