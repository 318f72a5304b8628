"""The pages of the four recycling rates and of what recycling has avoided, down to the barcodes."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import ReportSession
from app.domain.errors import BadValue
from app.domain.months import month_in_words, read_month
from app.domain.recycling import AVOIDED_WORDS, EVENT_WORDS, Basis, Event, Part, Rate
from app.features.finance.exports.answers import respond
from app.features.finance.recycling import queries
from app.features.finance.recycling.api import By, Wanted
from app.features.finance.recycling.asking import Asked, Terms
from app.features.finance.recycling.reports import period_in_words, table_of_avoided, table_of_rates
from app.web.auth import Actor
from app.web.fields import After
from app.web.forms import Form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

router = page_router()

PLACES = text("""
    SELECT 'store' AS kind, code, name FROM store UNION ALL SELECT 'funder', code, name FROM funder ORDER BY 1, 3
""")
FLOORS = ((1000, "£10"), (3000, "£30"), (5000, "£50"), (10000, "£100"))
BASES = ((Basis.PERIOD.value, "What happened in the period"), (Basis.COHORT.value, "What was issued in the period"))
ON_A_PAGE = 50


@router.get("/finance/recycling")
async def rates(
    request: Request, session: ReportSession, actor: Actor, asked: Annotated[Asked, Depends()], wanted: Wanted
) -> Response:
    """The four rates of a period, by month, with what they mean."""
    report, form = None, _form(asked)
    terms = _terms(asked, form)
    try:
        report = await queries.read_rates(session, terms) if terms else None
    except BadValue as refusal:
        form.refuse(refusal.detail, refusal.field)
    if report and wanted.format:
        return await respond(table_of_rates(report), wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    context = await _context(session, form, terms) | {"report": report, "Rate": Rate, "events": EVENT_WORDS}
    if report and terms:
        context |= {"period": period_in_words(report.since, report.until, report.as_at), "drill": _drills(terms)}
    return render(request, "finance/recycling.html", context, 422 if form.errors else 200)


@router.get("/finance/recycling/items")
async def counted_items(
    request: Request,
    session: ReportSession,
    actor: Actor,
    asked: Annotated[Asked, Depends()],
    rate: Rate,
    part: Part = Part.NUMERATOR,
    above_floor: bool = False,
    after: After = None,
) -> HTMLResponse:
    """The items that a part of a rate is counted from."""
    terms, place = asked.terms(), number_cursor(after)
    rows = await queries.list_counted(
        session, terms, rate=rate, part=part, is_above_floor=above_floor, after=place, limit=ON_A_PAGE
    )
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: row.id)
    event: Event = rate.event(part)
    more: dict[str, Any] = {"rate": rate.value, "part": part.value, "above_floor": str(above_floor).lower()}
    context = {
        "rate": rate,
        "event": event,
        "words": EVENT_WORDS[event],
        "basis": terms.basis,
        "period": period_in_words(terms.since, terms.until, terms.as_at),
        "page": page,
        "is_first": after is None,
        "total": await queries.count_counted(session, terms, rate=rate, part=part, is_above_floor=above_floor),
        "back": f"/finance/recycling?{terms.query()}",
        "next": f"/finance/recycling/items?{terms.query(**more, after=page.next)}" if page.next else None,
    }
    return render(request, "finance/recycling_items.html", context)


@router.get("/finance/cost-avoided")
async def avoided(
    request: Request,
    session: ReportSession,
    actor: Actor,
    asked: Annotated[Asked, Depends()],
    wanted: Wanted,
    by: By = "category",
) -> Response:
    """What recycling has avoided, by category and by month."""
    report, form = None, _form(asked)
    terms = _terms(asked, form)
    try:
        report = await queries.read_avoided(session, terms) if terms else None
    except BadValue as refusal:
        form.refuse(refusal.detail, refusal.field)
    if report and wanted.format:
        table = table_of_avoided(report, by_month=by == "month")
        return await respond(table, wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    context = await _context(session, form, terms) | {"report": report, "definition": AVOIDED_WORDS}
    if report:
        context["definition"] = report.definition
        context["period"] = period_in_words(report.since, report.until, report.as_at)
    return render(request, "finance/cost_avoided.html", context, 422 if form.errors else 200)


@router.get("/finance/cost-avoided/items")
async def avoided_items(
    request: Request, session: ReportSession, actor: Actor, asked: Annotated[Asked, Depends()], after: After = None
) -> HTMLResponse:
    """Each recycled issue with its arithmetic."""
    terms = asked.terms()
    rows = await queries.list_avoided(session, terms, after=number_cursor(after), limit=ON_A_PAGE)
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: row.id)
    context = {
        "period": period_in_words(terms.since, terms.until, terms.as_at),
        "definition": AVOIDED_WORDS,
        "page": page,
        "is_first": after is None,
        "total": await queries.count_avoided(session, terms),
        "back": f"/finance/cost-avoided?{terms.query()}",
        "next": f"/finance/cost-avoided/items?{terms.query(after=page.next)}" if page.next else None,
    }
    return render(request, "finance/cost_avoided_items.html", context)


def _form(asked: Asked) -> Form:
    typed = asked.days.query | asked.filters | {"as_at": asked.as_at[:10], "basis": asked.basis.value}
    typed["floor_pence"] = "" if asked.floor_pence is None else str(asked.floor_pence)
    return Form({name: [value] for name, value in typed.items()})


def _terms(asked: Asked, form: Form) -> Terms | None:
    try:
        return asked.terms()
    except BadValue as refusal:
        form.refuse(refusal.detail, refusal.field)
        return None


async def _context(session: AsyncSession, form: Form, terms: Terms | None) -> dict[str, Any]:
    places = (await session.execute(PLACES)).all()
    options: dict[str, Sequence[tuple[str, str]]] = {
        kind: [(one.code, one.name) for one in places if one.kind == kind] for kind in ("store", "funder")
    }
    return {
        "form": form,
        "stores": options["store"],
        "funders": options["funder"],
        "bases": BASES,
        "floors": FLOORS,
        "month_in_words": lambda name: month_in_words(read_month(name)),
        "query": terms.query() if terms else "",
    }


def _drills(terms: Terms) -> Callable[..., str]:
    """Where a part of a rate is drilled to."""

    def drill(rate: Rate, part: str, *, above_floor: bool = False, month: str = "") -> str:
        more = {"rate": rate.value, "part": part, "above_floor": str(above_floor).lower()}
        within = terms.of_month(read_month(month)) if month else terms
        return f"/finance/recycling/items?{within.query(**more)}"

    return drill
