"""The page of deliveries and collections in time, down to the orders."""

from collections.abc import Sequence
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import ReportSession
from app.domain import access
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.ordering import Speed
from app.domain.performance import Grouping, Outcome
from app.features.finance.asking import Days
from app.features.finance.exports.answers import FileAsked, respond
from app.features.finance.performance import lists, queries
from app.features.finance.performance.api import PartAsked
from app.features.finance.performance.listing import Listing
from app.features.finance.performance.reports import Of, table_of, table_of_collections, table_of_orders
from app.features.finance.performance.schemas import (
    DueCollection,
    FailedVisit,
    HandedPiece,
    Kept,
    PerformanceReport,
    UndatedOrder,
)
from app.features.finance.recycling.reports import period_in_words
from app.web.auth import Actor
from app.web.fields import After, OptionalLine
from app.web.forms import Form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

router = page_router()

ON_A_PAGE = 50
NOUNS = {
    "pieces": ("piece", "pieces"),
    "collections": ("item", "items"),
    "visits": ("visit", "visits"),
    "undated": ("order", "orders"),
}
FETCHED_BY = (Grouping.SPEED, Grouping.MONTH)
Row = TypeVar("Row", HandedPiece, DueCollection, FailedVisit, UndatedOrder)


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
        "links": _links(report, days.query) if report else {},
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
    listing = queries.due_asked(
        since=days.since,
        until=days.until,
        today=uk_date(days.now),
        outcome=outcome,
        by=by,
        key=key,
        after=number_cursor(after),
        limit=ON_A_PAGE,
    )
    page = page_of(await listing.read(session), limit=ON_A_PAGE, cursor=lambda row: row.id)
    asked = days.query | {"outcome": outcome.value} | ({"by": by.value, "key": key} if by else {})
    context = {
        "page": page,
        "in_all": await listing.count(session),
        "outcome": outcome,
        "period": period_in_words(days.since, days.until),
        "speed": lambda name: Speed(name).text,
        "may_open": actor.may(Permission.SEE_ORDERS),
        "back": f"/finance/performance?{urlencode(days.query)}",
        "next": f"/finance/performance/orders?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "finance/performance_orders.html", context)


@router.get("/finance/performance/pieces")
async def handed_pieces(
    request: Request,
    session: ReportSession,
    actor: Actor,
    part: Annotated[PartAsked, Depends()],
    within: lists.Within = "any",
) -> HTMLResponse:
    """The pieces that were handed over."""
    listing = lists.pieces(part.wanted, within=within)
    titles = {"any": "Pieces handed over", "yes": "Pieces within seven working days", "no": "Pieces that took longer"}
    return await _listed(request, session, actor, part, listing, titles[within], "pieces", {"within": within})


@router.get("/finance/performance/collections")
async def due_collections(
    request: Request,
    session: ReportSession,
    actor: Actor,
    part: Annotated[PartAsked, Depends()],
    outcome: Outcome = Outcome.LATE,
) -> HTMLResponse:
    """The items that were to be fetched."""
    listing = lists.collected(part.wanted, outcome=outcome)
    title = f"Items to be fetched: {outcome.text.lower()}"
    return await _listed(request, session, actor, part, listing, title, "collections", {"outcome": outcome.value})


@router.get("/finance/performance/visits")
async def failed_visits(
    request: Request,
    session: ReportSession,
    actor: Actor,
    part: Annotated[PartAsked, Depends()],
    of: lists.VisitsOf = "orders",
) -> HTMLResponse:
    """The visits in vain."""
    listing = lists.visits(part.wanted, of=of)
    title = "Failed visits: deliveries" if of == "orders" else "Failed visits: collections"
    return await _listed(request, session, actor, part, listing, title, "visits", {"of": of})


@router.get("/finance/performance/undated")
async def undated_orders(
    request: Request, session: ReportSession, actor: Actor, part: Annotated[PartAsked, Depends()]
) -> HTMLResponse:
    """The orders that wait without a promised day."""
    listing = lists.undated(part.wanted)
    return await _listed(request, session, actor, part, listing, "Orders without a promised day", "undated", {})


async def _listed(
    request: Request,
    session: AsyncSession,
    who: access.Actor,
    part: PartAsked,
    listing: Listing[Row],
    title: str,
    what: str,
    more: dict[str, str],
) -> HTMLResponse:
    """One of these lists. `what`: the last part of its address; `more`: what is asked beside days and group."""
    page = page_of(await listing.read(session), limit=part.limit, cursor=lambda row: row.id)
    asked = part.query | more
    here = f"{lists.PAGE}/{what}?{urlencode(asked | {'after': page.next})}" if page.next else None
    context = {
        "title": title,
        "page": page,
        "in_all": await listing.count(session),
        "nouns": NOUNS[what],
        "of_collections": what == "collections" or more.get("of") == "collections",
        "period": period_in_words(part.days.since, part.days.until),
        "speed": lambda name: Speed(name).text if name in set(Speed) else name.capitalize(),
        "may_open": who.may(Permission.SEE_ORDERS),
        "back": f"{lists.PAGE}?{urlencode(part.days.query)}",
        "next": here,
    }
    return render(request, "finance/performance_list.html", context)


def _links(report: PerformanceReport, days: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """For each table of the page, for each of its rows and for its totals, where each figure leads."""
    found: dict[str, tuple[Sequence[Kept], Kept, Grouping, bool]] = {
        "speed": (report.by_speed, report.in_all, Grouping.SPEED, False),
        "store": (report.by_store, report.in_all, Grouping.STORE, False),
        "team": (report.by_team, report.in_all, Grouping.TEAM, False),
        "month": (report.by_month, report.in_all, Grouping.MONTH, False),
        "fetched_speed": (report.collections_by_speed, report.collections, Grouping.SPEED, True),
        "fetched_month": (report.collections_by_month, report.collections, Grouping.MONTH, True),
    }
    return {
        name: [
            *(lists.drill(one, days, by, lists.PAGE, fetched=fetched) for one in rows),
            lists.drill(whole, days, None, lists.PAGE, fetched=fetched),
        ]
        for name, (rows, whole, by, fetched) in found.items()
    }
