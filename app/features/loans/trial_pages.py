"""Pages of trials: the worklist, and what was decided at the end of one."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.combinations import OrderWarning
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotClear
from app.domain.lifecycle import State
from app.domain.loans import TrialOutcome
from app.features.loans import queries, trials
from app.features.loans.schemas import LoanBody, TrialForm, TrialsShown
from app.web.answers import answer_field, read_answers, refuse_unanswered
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import day, render

TRIALS_ON_A_PAGE = 50
OUTCOME = "loans/trial_outcome.html"

router = page_router()


@router.get("/trials")
async def worklist(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    show: TrialsShown = TrialsShown.ALL,
    mine: bool = False,
    after: After = None,
) -> HTMLResponse:
    """Running trials, the soonest end first: about to end, overdue, or all; the reading is logged."""
    whose = actor.username if mine else None
    rows = await queries.list_trials(
        session, show, whose=whose, today=uk_date(now), after=_cursor(after), limit=TRIALS_ON_A_PAGE
    )
    page = page_of(rows, limit=TRIALS_ON_A_PAGE, cursor=lambda row: f"{row.trial_ends_on}.{row.id}")
    found = len(page.items)
    await audit.record(session, "loans_listed", "loans", actor=actor.username, at=now, found=found)
    asked = {"show": show.value} | ({"mine": "true"} if mine else {})
    context = {
        "show": show.value,
        "mine": mine,
        "trials": page.items,
        "next_href": f"/trials?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "loans/trials.html", context)


@router.get("/loans/{loan_id}/trial-outcome")
async def trial_form(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> HTMLResponse:
    """What to decide about a trial."""
    return render(request, OUTCOME, {"form": Form(), **await _trial(session, loan_id, actor, now)})


@router.post("/loans/{loan_id}/trial-outcome")
async def decide_trial(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> Response:
    """Keep it, have it collected, or go on trying."""
    form, body = await read_form(request, TrialForm)
    context = await _trial(session, loan_id, actor, now)
    loan: LoanBody = context["loan"]
    if loan.state is not State.ON_TRIAL:
        return render(request, OUTCOME, {"form": Form(), **context}, 409)
    chosen = form.value("outcome")
    asked = trials.warned_of(context["warned"], TrialOutcome(chosen)) if chosen in set(TrialOutcome) else []
    answers = read_answers(form, asked)
    refuse_unanswered(form, asked)
    if body is None or form.errors:
        return render(request, OUTCOME, {"form": form, **context}, 422)
    with or_again(OUTCOME, form, **context):
        collection = await trials.decide_trial(
            session,
            loan_id,
            body.outcome,
            tried=body.tried,
            until=body.until,
            answers=answers,
            actor=actor.username,
            at=now,
        )
    if collection:
        return redirect(request, f"/loans/{loan_id}/trial-outcome", f"Collection {collection} is requested.")
    said = "They keep it: the trial is a loan now."
    if body.outcome is TrialOutcome.EXTEND:
        said = f"The trial goes on until {day(body.until)}."
    return redirect(request, f"/clients/{loan.client_ref}", f"{loan.product_name}: {said}")


async def _trial(session: AsyncSession, loan_id: int, actor: Person, now: Now) -> dict[str, Any]:
    """The loan, what was decided before, and why this person, or anybody, may not keep it; the reading is logged."""
    loan = await queries.get_loan(session, loan_id)
    await audit.record(session, "loans_listed", f"client:{loan.client_ref}", actor=actor.username, at=now, found=1)
    reviews = await queries.list_trial_reviews(session, loan_id)
    why_not_keep, why_not_extend, held, has_died = "", "", "", False
    warned: list[OrderWarning] = []
    if loan.state is State.ON_TRIAL:
        try:
            await trials.check_not_held(session, loan.barcode)
        except NotClear as refusal:
            held = refusal.detail
        if not (held or loan.must_not_be_used):
            warned = await trials.read_warnings(session, loan.barcode, loan.client_ref, today=uk_date(now))
        refused = await trials.why_not_decide(session, loan_id, actor=actor.username, today=uk_date(now))
        why_not_keep, why_not_extend = (
            refused[one].detail if one in refused else "" for one in (TrialOutcome.KEEP, TrialOutcome.EXTEND)
        )
        if held:
            why_not_keep = "It is on hold."
        if loan.must_not_be_used:
            why_not_keep = "Its use was stopped. Have it collected."
        if has_died := await trials.client_has_died(session, loan_id):
            why_not_keep = "The client has died."
    return {
        "loan": loan,
        "today": uk_date(now),
        "reviews": reviews,
        "why_not_keep": why_not_keep,
        "why_not_extend": why_not_extend,
        "held": held,
        "has_died": has_died,
        "warned": warned,
        "warnings": [(answer_field(one), one) for one in warned],
    }


def _cursor(after: str | None) -> tuple[date, int]:
    """Where the page before ended: its last trial's end and number. Raises BadValue `bad-cursor`."""
    if after is None:
        return date.min, 0
    ends_on, _, number = after.partition(".")
    try:
        return date.fromisoformat(ends_on), number_cursor(number)
    except ValueError as error:
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after") from error
