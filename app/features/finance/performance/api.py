"""JSON routes, and files, of deliveries and collections in time."""

from typing import Annotated

from fastapi import Depends, Query, Response

from app.db import ReportSession
from app.domain.dates import uk_date
from app.domain.performance import Grouping, Outcome
from app.features.finance.asking import Days
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.performance import queries
from app.features.finance.performance.reports import Of, table_of
from app.features.finance.performance.schemas import DueOrder, PerformanceReport
from app.web.auth import Actor
from app.web.fields import After, Limit, OptionalLine
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("finance")


@router.get("/finance/reports/performance", response_model=PerformanceReport, responses=REPORTS)
async def performance(
    session: ReportSession,
    actor: Actor,
    days: Annotated[Days, Depends()],
    wanted: Annotated[FileAsked, Depends()],
    by: Grouping = Grouping.SPEED,
    of: Of = "orders",
) -> PerformanceReport | Response:
    """Orders delivered by their promised day, pieces within seven working days, and collections within their speed: by
    speed, store, team and month. As a file: `of` orders or collections, by one of them."""
    report = await queries.read_performance(session, since=days.since, until=days.until, today=uk_date(days.now))
    return await answer(table_of(report, by, of), wanted, report)


@router.get("/finance/reports/performance/orders")
async def due_orders(
    session: ReportSession,
    actor: Actor,
    days: Annotated[Days, Depends()],
    outcome: Outcome = Outcome.LATE,
    by: Grouping | None = None,
    key: Annotated[OptionalLine, Query()] = "",
    limit: Limit = 50,
    after: After = None,
) -> Page[DueOrder]:
    """The orders that were due in the period and came in time, late, or are waited for; where `by` is said, those of
    one speed, store, team (by `key`, its code) or month."""
    rows = await queries.list_due(
        session,
        since=days.since,
        until=days.until,
        today=uk_date(days.now),
        outcome=outcome,
        by=by,
        key=key,
        after=number_cursor(after),
        limit=limit,
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.id)
