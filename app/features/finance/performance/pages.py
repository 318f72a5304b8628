"""The page of deliveries and collections in time, down to the orders."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import ReportSession
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.ordering import Speed
from app.domain.performance import Grouping, Outcome
from app.features.finance.asking import Days
from app.features.finance.exports.answers import FileAsked, respond
from app.features.finance.performance import queries
from app.features.finance.performance.reports import Of, table_of, table_of_collections, table_of_orders
from app.features.finance.recycling.reports import period_in_words
from app.web.auth import Actor
from app.web.fields import After, OptionalLine
from app.web.forms import Form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

router = page_router()

ON_A_PAGE = 50
FETCHED_BY = (Grouping.SPEED, Grouping.MONTH)


@router.get("/finance/performance")
async def performance(
    request: Request,
    session: ReportSession,
    actor: Actor,
    days: Annotated[Days, Depends()],
    wanted: Annotated[FileAsked, Depends()],
    by: Grouping = Grouping.SPEED,
    of: Of = "orders",
) -> Response:
    """Orders by their promised day, pieces within seven working days, collections within their speed."""
    form = Form({name: [value] for name, value in days.query.items()})
    report = None
    try:
        report = await queries.read_performance(session, since=days.since, until=days.until, today=uk_date(days.now))
    except BadValue as refusal:
        form.refuse(refusal.detail, refusal.field)
    if report and wanted.format:
        return await respond(table_of(report, by, of), wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    tables = [table_of_orders(report, one) for one in Grouping] if report else []
    context = {
        "form": form,
        "report": report,
        "tables": list(zip(Grouping, tables, strict=True)) if report else [],
        "collections": [table_of_collections(report, one) for one in FETCHED_BY] if report else [],
        "period": period_in_words(days.since, days.until),
        "query": urlencode(days.query),
    }
    return render(request, "finance/performance.html", context, 422 if form.errors else 200)


@router.get("/finance/performance/orders")
async def due_orders(
    request: Request,
    session: ReportSession,
    actor: Actor,
    days: Annotated[Days, Depends()],
    outcome: Outcome = Outcome.LATE,
    by: Grouping | None = None,
    key: Annotated[OptionalLine, Query()] = "",
    after: After = None,
) -> HTMLResponse:
    """The orders that were due and came so."""
    rows = await queries.list_due(
        session,
        since=days.since,
        until=days.until,
        today=uk_date(days.now),
        outcome=outcome,
        by=by,
        key=key,
        after=number_cursor(after),
        limit=ON_A_PAGE,
    )
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: row.id)
    asked = days.query | {"outcome": outcome.value} | ({"by": by.value, "key": key} if by else {})
    context = {
        "page": page,
        "outcome": outcome,
        "period": period_in_words(days.since, days.until),
        "speed": lambda name: Speed(name).text,
        "may_open": actor.may(Permission.SEE_ORDERS),
        "back": f"/finance/performance?{urlencode(days.query)}",
        "next": f"/finance/performance/orders?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "finance/performance_orders.html", context)
