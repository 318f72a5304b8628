"""JSON routes, and files, of the reports about recycling."""

from typing import Annotated, Literal

from fastapi import Depends, Response

from app.db import ReportSession
from app.domain.recycling import Part, Rate
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.recycling import queries
from app.features.finance.recycling.asking import Asked
from app.features.finance.recycling.reports import table_of_avoided, table_of_rates
from app.features.finance.recycling.schemas import AvoidedItem, AvoidedReport, CountedItem, RatesReport
from app.web.auth import Actor
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("finance")

Wanted = Annotated[FileAsked, Depends()]
By = Literal["category", "month"]


@router.get("/finance/reports/recycling", response_model=RatesReport, responses=REPORTS)
async def rates(
    session: ReportSession, actor: Actor, asked: Annotated[Asked, Depends()], wanted: Wanted
) -> RatesReport | Response:
    """The four named recycling rates of a period, by count and by value, with all items and without those below the
    economic floor, in all and by month. What was recorded by `as_at` counts: the same `as_at` gives the same figures
    for ever."""
    report = await queries.read_rates(session, asked.terms())
    return await answer(table_of_rates(report), wanted, report)


@router.get("/finance/reports/recycling/items")
async def counted_items(
    session: ReportSession,
    actor: Actor,
    asked: Annotated[Asked, Depends()],
    rate: Rate,
    part: Part = Part.NUMERATOR,
    above_floor: bool = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[CountedItem]:
    """The items that a part of a rate is counted from, each once for each time that it counts."""
    rows = await queries.list_counted(
        session,
        asked.terms(),
        rate=rate,
        part=part,
        is_above_floor=above_floor,
        after=number_cursor(after),
        limit=limit,
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/finance/reports/cost-avoided", response_model=AvoidedReport, responses=REPORTS)
async def avoided(
    session: ReportSession,
    actor: Actor,
    asked: Annotated[Asked, Depends()],
    wanted: Wanted,
    by: By = "category",
) -> AvoidedReport | Response:
    """What recycling has avoided: what new ones would have cost, less what the recycled ones cost. As a file: `by`
    category or by month."""
    report = await queries.read_avoided(session, asked.terms())
    return await answer(table_of_avoided(report, by_month=by == "month"), wanted, report)


@router.get("/finance/reports/cost-avoided/items")
async def avoided_items(
    session: ReportSession,
    actor: Actor,
    asked: Annotated[Asked, Depends()],
    limit: Limit = 50,
    after: After = None,
) -> Page[AvoidedItem]:
    """Each recycled issue with its arithmetic."""
    rows = await queries.list_avoided(session, asked.terms(), after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)
