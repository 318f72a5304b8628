"""Pages of the reports that are one table: credits outstanding, commitments, accruals, and the national return."""

from fastapi import Request, Response

from app.db import ReportSession
from app.domain import access
from app.domain.cost_reports import read_day
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.panel_settings import financial_year, year_in_words
from app.features.finance.asking import Word
from app.features.finance.exports.answers import FileAsked, respond
from app.features.finance.reports.accruals import accruals
from app.features.finance.reports.api import Wanted
from app.features.finance.reports.asc_fr import asc_fr
from app.features.finance.reports.commitments import commitments
from app.features.finance.reports.outstanding import credits_outstanding
from app.features.finance.tables import Table
from app.web.auth import Actor
from app.web.clock import Now
from app.web.forms import Form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

ROWS_ON_A_PAGE = 500
YEARS_BACK = 5


@router.get("/finance/reports/credits-outstanding")
async def outstanding_page(
    request: Request, session: ReportSession, actor: Actor, now: Now, wanted: Wanted
) -> Response:
    """What would be credited if everything came back today."""
    return await _shown(request, actor, await credits_outstanding(session, today=uk_date(now)), wanted)


@router.get("/finance/reports/commitments")
async def commitments_page(
    request: Request, session: ReportSession, actor: Actor, now: Now, wanted: Wanted
) -> Response:
    """What was approved and is not delivered."""
    today = uk_date(now)
    return await _shown(request, actor, await commitments(session, on=today, today=today), wanted)


@router.get("/finance/reports/accruals")
async def accruals_page(
    request: Request, session: ReportSession, actor: Actor, now: Now, wanted: Wanted, as_at: Word = ""
) -> Response:
    """What happened up to a day and is not charged yet."""
    today = uk_date(now)
    form = Form({"as_at": [as_at or today.isoformat()]})
    try:
        table = await accruals(session, as_at=read_day(as_at, field="as_at") if as_at else today, today=today)
    except BadValue as refusal:
        form.refuse(refusal.detail, "as_at")
        return render(request, "finance/report.html", {"form": form, "title": "Accruals", "table": None}, 422)
    return await _shown(request, actor, table, wanted, form=form, query=f"as_at={form.value('as_at')}")


@router.get("/finance/reports/asc-fr")
async def asc_fr_page(
    request: Request, session: ReportSession, actor: Actor, now: Now, wanted: Wanted, year: Word = ""
) -> Response:
    """The line of the national return for a financial year."""
    today = uk_date(now)
    this_year = financial_year(today)
    form = Form({"year": [year[:4] or str(this_year)]})
    years = [(str(one), year_in_words(one)) for one in range(this_year, this_year - YEARS_BACK, -1)]
    try:
        table = await asc_fr(session, year=year, today=today)
    except BadValue as refusal:
        form.refuse(refusal.detail, "year")
        context = {"form": form, "title": "ASC-FR", "years": years, "table": None}
        return render(request, "finance/report.html", context, 422)
    return await _shown(request, actor, table, wanted, form=form, years=years, query=f"year={form.value('year')}")


async def _shown(request: Request, actor: access.Actor, table: Table, wanted: FileAsked, **more: object) -> Response:
    if wanted.format:
        return await respond(table, wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    may_see_orders = actor.may(access.Permission.SEE_ORDERS)
    links = [link if may_see_orders or not (link or "").startswith("/orders/") else None for link in table.links]
    context = {"title": table.title, "table": table, "links": links, "most_rows": ROWS_ON_A_PAGE, "query": "", **more}
    return render(request, "finance/report.html", context)
