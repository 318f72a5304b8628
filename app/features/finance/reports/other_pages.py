"""Pages of the reports that are one table: credits outstanding, commitments, accruals, and the national return."""

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from starlette.datastructures import URL

from app.db import ReportSession
from app.domain import access
from app.domain.cost_reports import read_as_at
from app.domain.costs import ChargeKind
from app.domain.dates import uk_date
from app.domain.equity import Grouping
from app.domain.errors import BadValue
from app.domain.panel_settings import financial_year, year_in_words
from app.features.finance.asking import Word
from app.features.finance.exports.answers import FileAsked, respond
from app.features.finance.reports.accruals import accruals, accrued_items
from app.features.finance.reports.api import Code, Wanted
from app.features.finance.reports.asc_fr import asc_fr
from app.features.finance.reports.commitments import commitments, committed_pieces
from app.features.finance.reports.equity import equity
from app.features.finance.reports.outstanding import credits_outstanding, outstanding_items
from app.features.finance.tables import Table
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.forms import Form
from app.web.once import page_router
from app.web.paging import TAG, number_cursor, text_cursor
from app.web.templating import render

router = page_router()

ROWS_ON_A_PAGE = 100
YEARS_BACK = 5
OUTSTANDING = "/finance/reports/credits-outstanding"
COMMITMENTS = "/finance/reports/commitments"
ACCRUALS = "/finance/reports/accruals"


@router.get("/finance/reports/credits-outstanding")
async def outstanding_page(
    request: Request, session: ReportSession, actor: Actor, now: Now, wanted: Wanted, after: After = None
) -> Response:
    """What would be credited if everything came back today."""
    return await _shown(request, actor, await credits_outstanding(session, today=uk_date(now)), wanted, after)


@router.get("/finance/reports/credits-outstanding/items")
async def outstanding_items_page(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    product: Code,
    funder: Word = "",
    after: After = None,
) -> Response:
    """The items that one row of it counts, in pages; a file has all of them."""
    page: Any = {} if wanted.format else {"after": text_cursor(after, TAG), "limit": ROWS_ON_A_PAGE}
    table = await outstanding_items(session, product=product, funder=funder, today=uk_date(now), **page)
    following = table.after and f"{OUTSTANDING}/items?{urlencode(_row(product, funder) | {'after': table.after})}"
    more = {"following": following, "file_of": f"{OUTSTANDING}/items?{urlencode(_row(product, funder))}"}
    return await _shown(request, actor, table, wanted, None, back=("Credits outstanding", OUTSTANDING), **more)


@router.get("/finance/reports/commitments")
async def commitments_page(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    as_at: Word = "",
    funder: Word = "",
    team: Word = "",
    after: After = None,
) -> Response:
    """What was approved and is not delivered; as at a day, of one funder or of one team's orders."""
    today = uk_date(now)
    form = Form({"as_at": [as_at or today.isoformat()], "funder": [funder], "team": [team]})
    try:
        on = read_as_at(as_at, today=today)
        table = await commitments(session, on=on, today=today, funder=funder or None, team=team)
    except BadValue as refusal:
        return _refused(request, form, refusal, "Commitments")
    return await _shown(request, actor, table, wanted, after, form=form)


@router.get("/finance/reports/commitments/pieces")
async def pieces_page(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    order_number: Code,
    funder: Code,
    as_at: Word = "",
    after: After = None,
) -> Response:
    """The pieces that one row of it counts."""
    today = uk_date(now)
    on = read_as_at(as_at, today=today)
    table = await committed_pieces(session, order_number=order_number, funder=funder, on=on, today=today)
    order = f"/orders/{quote(order_number)}" if actor.may(access.Permission.SEE_ORDERS) else None
    asked = f"?as_at={on}" if on < today else ""
    return await _shown(
        request,
        actor,
        table,
        wanted,
        after,
        back=("Commitments", f"{COMMITMENTS}{asked}"),
        more=order and ("The order", order),
    )


@router.get("/finance/reports/accruals")
async def accruals_page(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    as_at: Word = "",
    after: After = None,
) -> Response:
    """What happened up to a day and is not charged yet."""
    today = uk_date(now)
    form = Form({"as_at": [as_at or today.isoformat()]})
    try:
        table = await accruals(session, as_at=read_as_at(as_at, today=today), today=today)
    except BadValue as refusal:
        return _refused(request, form, refusal, "Accruals")
    return await _shown(request, actor, table, wanted, after, form=form)


@router.get("/finance/reports/accruals/items")
async def accrued_items_page(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    funder: Word = "",
    kind: ChargeKind | None = None,
    as_at: Word = "",
    after: After = None,
) -> Response:
    """What one row of it counts: hired items, or lines without a rate."""
    day = read_as_at(as_at, today=uk_date(now))
    table = await accrued_items(session, funder=funder, kind=kind, as_at=day)
    return await _shown(request, actor, table, wanted, after, back=("Accruals", f"{ACCRUALS}?as_at={day}"))


@router.get("/finance/reports/asc-fr")
async def asc_fr_page(
    request: Request, session: ReportSession, actor: Actor, now: Now, wanted: Wanted, year: Word = ""
) -> Response:
    """The line of the national return for a financial year."""
    today = uk_date(now)
    form = Form({"year": [year[:4] or str(financial_year(today))]})
    years = _years(today)
    try:
        table = await asc_fr(session, year=year, today=today)
    except BadValue as refusal:
        return _refused(request, form, refusal, "ASC-FR", years=years)
    return await _shown(request, actor, table, wanted, None, form=form, years=years)


@router.get("/finance/reports/equity")
async def equity_page(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    by: Grouping = Grouping.DISTRICT,
    year: Word = "",
    after: After = None,
) -> Response:
    """Who gets what in a financial year."""
    today = uk_date(now)
    form = Form({"year": [year[:4] or str(financial_year(today))], "by": [by.value]})
    choices = {"years": _years(today), "groupings": [(one.value, one.text) for one in Grouping], "alone": NO_LISTS}
    try:
        table = await equity(session, by=by, year=year, today=today)
    except BadValue as refusal:
        return _refused(request, form, refusal, "Who gets what", **choices)
    return await _shown(request, actor, table, wanted, after, form=form, **choices)


def _row(product: str, funder: str) -> dict[str, str]:
    return {"product": product, "funder": funder}


def _years(today: date) -> list[tuple[str, str]]:
    this_year = financial_year(today)
    return [(str(one), year_in_words(one)) for one in range(this_year, this_year - YEARS_BACK, -1)]


def _refused(request: Request, form: Form, refusal: BadValue, title: str, **more: object) -> Response:
    form.refuse(refusal.detail, refusal.field)
    return render(request, "finance/report.html", {"form": form, "title": title, "table": None, **more}, 422)


NO_LISTS = (
    "No figure here leads to the people or items behind it, on purpose: some are of few people, "
    "who could be recognised by what they have."
)


async def _shown(
    request: Request, actor: access.Actor, table: Table, wanted: FileAsked, after: str | None, **more: object
) -> Response:
    """The report as a page, from a place of its rows on, or as the file, which has all of them."""
    if wanted.format:
        return await respond(table, wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    if table.listed is None:
        table = _page(table, number_cursor(after))
        address = request.url.remove_query_params("after")
        if table.after:
            more["following"] = _in_the_house(address.include_query_params(after=table.after))
        more["file_of"] = _in_the_house(address)
    return render(request, "finance/report.html", {"title": table.title, "table": table, **more})


def _page(table: Table, place: int) -> Table:
    """The rows from that place on, and at least the last of them: there may be fewer since."""
    whole = len(table.rows)
    begins = min(place, max(whole - 1, 0) // ROWS_ON_A_PAGE * ROWS_ON_A_PAGE)
    ends = begins + ROWS_ON_A_PAGE
    return replace(
        table,
        rows=table.rows[begins:ends],
        links=table.links[begins:ends],
        listed=whole,
        after=str(ends) if ends < whole else None,
    )


def _in_the_house(address: URL) -> str:
    """Path and query alone, as our links are."""
    return f"{address.path}?{address.query}" if address.query else address.path
