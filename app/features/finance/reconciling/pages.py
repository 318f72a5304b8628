"""The page that proves that charges are what movements call for, and reports what the lines give."""

from datetime import date, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.months import month_in_words, month_name, read_begun_month
from app.features.finance.periods.queries import list_months
from app.features.finance.reconciling import queries, reading, runs
from app.features.finance.reconciling.schemas import MonthForm
from app.features.finance.reconciling.words import SIDES
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, read_form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

HERE = "/finance/reconciliation"
RUNS = f"{HERE}/runs"
TEMPLATE = "finance/reconciliation.html"


@router.get(HERE)
async def show(request: Request, session: Session, actor: Actor, now: Now, period: str = "") -> HTMLResponse:
    """The figures of each check side by side: of a month, or of last night.

    A month with few items is compared now; of one with many it is what came of it when it was compared last."""
    form = Form({"period": [period]})
    month = _chosen(form, now) if period else None
    context = await _context(session, month) | {"form": form, "behind": 0}
    if month is None:
        context["found"] = await reading.read_last_night(session)
    elif (items := len(await queries.read_items(session, month))) <= runs.AT_ONCE:
        context["found"] = await reading.compare(session, month, at=now)
    else:
        context |= {"found": reading.body_of(await runs.find_last(session, month)), "behind": items}
    return render(request, TEMPLATE, context, 422 if form.errors else 200)


@router.post(RUNS)
async def begin(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Compare a month behind a page that shows how far it is; whoever asks while it is under way is led to the same."""
    form, body = await read_form(request, MonthForm)
    month = _chosen(form, now) if body else None
    if month is None:
        found = await reading.read_last_night(session)
        context = await _context(session, None) | {"form": form, "found": found, "behind": 0}
        return render(request, TEMPLATE, context, 422)
    wanted = len(await queries.read_items(session, month))
    number, is_new = await runs.begin(session, month, wanted=wanted, actor=actor.username, at=now)
    answer = redirect(request, f"{RUNS}/{number}")
    if is_new:
        answer.background = BackgroundTask(runs.make, request.app.state.database.sessions, number, month)
    return answer


@router.get(f"{RUNS}/{{run_id}}")
async def show_run(request: Request, session: Session, actor: Actor, run_id: Id) -> HTMLResponse:
    """How far it is; with its script the page asks again by itself."""
    run = await runs.get_run(session, run_id)
    context = {"run": run, "period": month_name(run.period), "month": month_in_words(run.period)}
    return render(request, "finance/reconciliation_run.html", context)


def _chosen(form: Form, now: datetime) -> date | None:
    """The month of the form, or what is wrong with it at its field."""
    try:
        return read_begun_month(form.value("period"), today=uk_date(now))
    except BadValue as refusal:
        form.refuse(refusal.detail, "period")
        return None


async def _context(session: AsyncSession, month: date | None) -> dict[str, Any]:
    return {
        "month": month_in_words(month) if month else None,
        "months": [(month_name(one), month_in_words(one)) for one in await list_months(session)],
        "sides": {check.value: said for check, said in SIDES.items()},
    }
