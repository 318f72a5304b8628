"""How addresses of finance say of when something is asked: one place for its reports, lists and exports."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, BeforeValidator

from app.domain.asked_period import FIRST_YEAR, AskedPeriod, asked_period, of_month, period_or_days
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.months import read_month
from app.domain.panel_settings import financial_year, first_day
from app.web.clock import Now
from app.web.fields import Day, as_day, without_controls


def or_none(typed: object) -> object:
    """A field that was left empty is left out."""
    return typed or None


Word = Annotated[str, AfterValidator(without_controls), AfterValidator(str.strip), Query(max_length=100)]
"""A word in an address; nothing is as if it were left out."""
DayOrNone = Annotated[Day | None, BeforeValidator(or_none)]
PeriodText = Annotated[str, Query(max_length=40, description="A month of the books, as YYYY-MM.")]
FirstDay = Annotated[DayOrNone, Query(alias="from", description="The first day: what happened from then on.")]
LastDay = Annotated[DayOrNone, Query(alias="to", description="The last day; today, if it is left out.")]


class Month:
    """The month in the address. Raises BadValue `not-a-period`."""

    def __init__(self, period: Annotated[str, Path(max_length=40)]) -> None:
        self.first_day: date = read_month(period)


class MonthAsked:
    """The month that is asked about, if any. Raises BadValue `not-a-period`."""

    def __init__(self, period: PeriodText = "") -> None:
        self.first_day: date | None = read_month(period) if period else None


async def of_query(now: Now, period: PeriodText = "", first: FirstDay = None, last: LastDay = None) -> AskedPeriod:
    """The period; this month where none is said."""
    return asked_period(period, first, last, today=uk_date(now))


Period = Annotated[AskedPeriod, Depends(of_query)]


def of_texts(period: str, first: str, last: str, *, today: date) -> AskedPeriod:
    """The same from what was typed on a page; empty fields are left out. Raises BadValue likewise."""
    days = [_day(typed, name) for typed, name in ((first, "from"), (last, "to"))]
    return asked_period(period.strip(), *days, today=today)


class Days:
    """The days of a report that counts what happened, both included: those of a month, or from one to another; as a
    rule from the first of this financial year until today. `check_days` is for the report to call."""

    def __init__(self, now: Now, period: PeriodText = "", since: FirstDay = None, until: LastDay = None) -> None:
        if period and (since or until):
            raise period_or_days()
        month = of_month(read_month(period)) if period else None
        self.until: date = month.last if month else until or uk_date(now)
        self.since: date = month.first if month else since or first_day(max(financial_year(self.until), FIRST_YEAR))
        self.now = now

    @property
    def query(self) -> dict[str, str]:
        """The same as parameters of an address."""
        return {"from": self.since.isoformat(), "to": self.until.isoformat()}


def _day(typed: str, name: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return date.fromisoformat(str(as_day(typed)))
    except ValueError as error:
        raise BadValue("bad-day", "Write a real date, such as 2026-03-27.", field=name) from error
