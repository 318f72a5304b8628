"""Pages of exports: choose a period and see what its lines come to, take them, and how far a spreadsheet is."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask

from app.db import ReportSession, Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.months import month_name
from app.features.finance import kept_since
from app.features.finance.asking import of_texts
from app.features.finance.exports import files, jobs
from app.features.finance.exports.answers import Head
from app.features.finance.exports.asked import lines_asked
from app.features.finance.exports.layouts import get_layout
from app.features.finance.exports.lines import sum_up, totals_of
from app.features.finance.exports.schemas import SheetForm
from app.features.finance.exports.sheets import MOST_ROWS
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

TEMPLATE = "finance/exports.html"
Typed = Annotated[str, Query(max_length=40)]
From = Annotated[str, Query(max_length=40, alias="from")]
To = Annotated[str, Query(max_length=40, alias="to")]


@router.get("/finance/exports")
async def exports(
    request: Request,
    session: ReportSession,
    actor: Actor,
    now: Now,
    period: Typed = "",
    first: From = "",
    last: To = "",
) -> HTMLResponse:
    """What the lines of a period come to, before anybody takes them."""
    form = Form({"period": [period], "from": [first], "to": [last]})
    context = await _summary(session, form, now)
    return render(request, TEMPLATE, context, 422 if form.errors else 200)


@router.get("/finance/exports/lines.csv")
async def lines_csv(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    period: Typed = "",
    first: From = "",
    last: To = "",
    head: Head = False,
) -> Response:
    """The lines as CSV."""
    chosen = of_texts(period, first, last, today=uk_date(now))
    asked = lines_asked(request, actor, chosen, await get_layout(session))
    reports = request.app.state.database.reports
    return await files.lines_csv(session, reports, asked, with_head=head, actor=actor.username, at=now)


@router.post("/finance/exports/spreadsheet")
async def begin(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Make the lines as a spreadsheet behind a page that shows how far it is."""
    _, body = await read_form(request, SheetForm)
    sent = body or SheetForm()
    shown = Form({"period": [sent.period], "from": [sent.first], "to": [sent.last]})
    chosen = of_texts(sent.period, sent.first, sent.last, today=uk_date(now))
    asked = lines_asked(request, actor, chosen, await get_layout(session))
    context = await _summary(session, shown, now)
    context.pop("form")
    with or_again(TEMPLATE, shown, **context):
        job_id = await jobs.begin(session, asked, actor=actor.username, at=now)
    await files.note_taken(session, chosen, "xlsx", actor=actor.username, at=now)
    answer = redirect(request, f"/finance/exports/made/{job_id}")
    answer.background = BackgroundTask(jobs.make, request.app.state.database.reports, job_id, asked)
    return answer


@router.get("/finance/exports/made/{job_id}")
async def export_job(request: Request, session: Session, actor: Actor, job_id: UUID) -> HTMLResponse:
    """How far it is; with its script the page asks again by itself."""
    job = await jobs.get_job(session, job_id, actor=actor.username)
    return render(request, "finance/export_job.html", {"job": job})


@router.get("/finance/exports/made/{job_id}/file")
async def export_file(request: Request, session: Session, actor: Actor, job_id: UUID) -> Response:
    """The file, once it is made."""
    job = await jobs.get_made(session, job_id, actor=actor.username)
    return files.made_file(request.app.state.database.sessions, job)


async def _summary(session: AsyncSession, form: Form, now: Now) -> dict[str, Any]:
    """What the page shows; a period that cannot be is said at its field."""
    typed = {name: form.value(name) for name in ("period", "from", "to")}
    try:
        period = of_texts(*typed.values(), today=uk_date(now))
    except BadValue as refusal:
        form.refuse(refusal.detail, refusal.field)
        return {"form": form, "period": None, "usual": month_name(uk_date(now))}
    if not any(typed.values()):
        form = Form({"period": [period.query["period"]]})
    sums = await sum_up(session, period)
    return {
        "form": form,
        "period": period,
        "month": month_name(period.first) if period.is_booked else None,
        "sums": sums,
        "totals": totals_of(sums),
        "query": urlencode(period.query),
        "most_rows": MOST_ROWS,
        "note": await kept_since.said_of(session, period.first),
    }
