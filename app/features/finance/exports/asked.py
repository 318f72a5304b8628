"""The period of an export, as it is asked for in an address."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request

from app.domain.access import Actor as Who
from app.domain.access import Permission
from app.domain.asked_period import AskedPeriod, asked_period
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.features.finance.exports.layouts import Kept, accounts_json
from app.features.finance.exports.lines import LinesAsked
from app.web.auth import secret_of
from app.web.clock import Now
from app.web.fields import Day, as_day

PeriodText = Annotated[str | None, Query(description="A month, as YYYY-MM: what is posted to it.")]
FirstDay = Annotated[Day | None, Query(alias="from", description="The first day: what happened from then on.")]
LastDay = Annotated[Day | None, Query(alias="to", description="The last day.")]


async def of_query(now: Now, period: PeriodText = None, first: FirstDay = None, last: LastDay = None) -> AskedPeriod:
    """The period; this month where none is said."""
    return asked_period(period, first, last, today=uk_date(now))


Asked = Annotated[AskedPeriod, Depends(of_query)]


def of_texts(period: str, first: str, last: str, *, today: date) -> AskedPeriod:
    """The same from what was typed on a page; empty fields are left out. Raises BadValue likewise."""
    days = [_day(typed, name) for typed, name in ((first, "from"), (last, "to"))]
    return asked_period(period.strip(), *days, today=today)


def lines_asked(request: Request, actor: Who, period: AskedPeriod, kept: Kept) -> LinesAsked:
    """The lines of a period as far as this reader may see them."""
    may_see = actor.may(Permission.SEE_COSTS_BY_PRESCRIBER)
    return LinesAsked(period, may_see, secret_of(request), accounts_json(kept.layout))


def _day(typed: str, name: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return date.fromisoformat(str(as_day(typed)))
    except ValueError as error:
        raise BadValue("bad-day", "Write a real date, such as 2026-03-27.", field=name) from error
