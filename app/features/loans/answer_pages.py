"""Pages of warnings at the counter that were left without an answer."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.features.loans import answering, queries
from app.web.answers import answer_field, read_answers
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.shapes import Shape
from app.web.templating import render

ANSWERS = "loans/answers.html"

router = page_router()


class AnswersForm(Shape):
    """Its boxes are named by the warnings."""


@router.get("/loans/{loan_id}/answers")
async def answers_form(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> HTMLResponse:
    """What was left without an answer."""
    return render(request, ANSWERS, {"form": Form(), **await _shown(session, loan_id, actor, now)})


@router.post("/loans/{loan_id}/answers")
async def answer_warnings(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> Response:
    """Answer it now, as far as there is an answer."""
    form, _ = await read_form(request, AnswersForm)
    context = await _shown(session, loan_id, actor, now)
    answers = read_answers(form, [one for _, one in context["left"]])
    if not answers and not form.errors:
        form.refuse("Answer at least one of the warnings.", *[field for field, _ in context["left"][:1]])
    if form.errors:
        return render(request, ANSWERS, {"form": form, **context}, 422)
    with or_again(ANSWERS, form, **context):
        await answering.answer(session, loan_id, answers, actor=actor.username, at=now)
    client_ref = context["loan"].client_ref
    return redirect(request, f"/clients/{client_ref}", "Your answers are kept with the loan.")


async def _shown(session: AsyncSession, loan_id: int, actor: Person, now: Now) -> dict[str, Any]:
    """The loan, what waits for an answer, and why this person may not give one; the reading is logged."""
    loan = await queries.get_loan(session, loan_id)
    await audit.record(session, "loans_listed", f"client:{loan.client_ref}", actor=actor.username, at=now, found=1)
    left = [(answer_field(one), one) for one in loan.not_answered]
    why_not = await answering.why_not_answer(session, loan_id, actor.username, at=now) if left else ""
    return {"loan": loan, "left": left, "why_not": why_not}
