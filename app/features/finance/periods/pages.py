"""Pages of months: the list, one month with its sums, and the question before it is closed."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import RuleError
from app.domain.months import month_in_words, month_name, months_after, read_month
from app.domain.periods import check_closable, next_to_close
from app.features.finance import kept_since
from app.features.finance.asking import Month
from app.features.finance.periods import queries, service
from app.features.finance.periods.schemas import CloseForm
from app.features.finance.reconciling.service import in_a_line, reconcile_since_night
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

PERIODS = "/finance/periods"
CLOSE = "finance/close_period.html"


@router.get(PERIODS)
async def list_periods(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """Months, the newest first."""
    standing = await queries.read_standing(session)
    following = next_to_close(today=uk_date(now), last_closed=standing.last_closed, oldest=standing.oldest)
    periods = [(one, month_in_words(read_month(one.period))) for one in await queries.list_periods(session)]
    note = await kept_since.said_of(session, kept_since.EVER)
    context = {"periods": periods, "following": _named(following) if following else None, "note": note}
    return render(request, "finance/periods.html", context)


@router.get(f"{PERIODS}/{{period}}")
async def show_period(
    request: Request, session: Session, actor: Actor, now: Now, period: Annotated[Month, Depends()]
) -> HTMLResponse:
    """One month: its sums by funder and kind, and how it stands."""
    month = period.first_day
    whole = await queries.find_closed(session, month) or await queries.read_whole(session, month)
    noticed = () if whole.closed_at else await queries.read_noticed(session, month, today=uk_date(now))
    context = _named(month) | {"whole": whole, "noticed": noticed, "why_not": ""}
    if not whole.closed_at:
        context["why_not"] = await _why_not(session, month, today=uk_date(now))
    return render(request, "finance/period.html", context)


@router.get(f"{PERIODS}/{{period}}/close")
async def ask_to_close(
    request: Request, session: Session, actor: Actor, now: Now, period: Annotated[Month, Depends()]
) -> HTMLResponse:
    """What exactly would be frozen, and what stands in the way."""
    month = period.first_day
    question = await _question(session, month, today=uk_date(now))
    found = None if question["why_not"] else await reconcile_since_night(session, month, at=now)
    return render(request, CLOSE, question | {"found": found, "form": Form()})


@router.post(f"{PERIODS}/{{period}}/close")
async def close(
    request: Request, session: Session, actor: Actor, now: Now, period: Annotated[Month, Depends()]
) -> Response:
    """It is closed, for good."""
    form, body = await read_form(request, CloseForm)
    month = period.first_day
    question = await _question(session, month, today=uk_date(now))
    if body is None:
        return render(request, CLOSE, question | {"form": form}, 422)
    with or_again(CLOSE, form, **question):
        closed = await service.close(session, month, seen=body.acknowledge, actor=actor.username, at=now)
    said = f"{month_in_words(month)} is closed with {closed.lines:,} {'line' if closed.lines == 1 else 'lines'}."
    return redirect(request, f"{PERIODS}/{month_name(month)}", said)


async def _question(session: AsyncSession, month: date, *, today: date) -> dict[str, Any]:
    whole = await queries.read_whole(session, month)
    return _named(month) | {
        "whole": whole,
        "why_not": await _why_not(session, month, today=today),
        "found": None,
        "noticed": await queries.read_noticed(session, month, today=today),
        "in_a_line": in_a_line,
        "then": month_in_words(months_after(month, 1)),
    }


async def _why_not(session: AsyncSession, month: date, *, today: date) -> str:
    standing = await queries.read_standing(session)
    try:
        check_closable(month, today=today, last_closed=standing.last_closed, oldest=standing.oldest)
    except RuleError as refusal:
        return refusal.detail
    return ""


def _named(month: date) -> dict[str, Any]:
    return {"period": month_name(month), "month": month_in_words(month)}
