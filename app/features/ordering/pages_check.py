"""The last page before an order is submitted: what would come of it, and all that must still be said."""

from typing import Any, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from app.db import Session
from app.domain.combinations import Severity
from app.domain.dates import uk_date
from app.domain.ordering import OrderState
from app.domain.promises import promised_on
from app.features.ordering import drafts, reading, submission
from app.features.ordering.pages_shared import Number, answer_field, path_of, read_answers, read_draft
from app.features.ordering.schemas import OrderBody, OrderChange
from app.web.auth import Actor
from app.web.bank_holidays import bank_holidays
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.old_equipment import ACTIONS, read_old, refuse_gaps
from app.web.once import page_router
from app.web.tags import Prefix
from app.web.templating import render

CHECK = "ordering/check.html"
SAID = {
    OrderState.AWAITING_AUTHORISATION: "It waits to be authorised.",
    OrderState.AWAITING_PANEL: "It waits for the panel.",
    OrderState.APPROVED: "It is approved.",
}

router = page_router()


class CheckForm(BaseModel):
    """Which button was pressed; the answers have names of their own."""

    then: Literal["save", "submit"] = "submit"


@router.get("/orders/{number}/check")
async def check_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What would be chosen, what it costs, who must agree, and what must be answered."""
    order = await read_draft(session, number, actor, now)
    return render(request, CHECK, {"form": Form(), **_context(order, now)})


@router.post("/orders/{number}/check")
async def check(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number) -> Response:
    """Keep what was answered, and submit the order when that was asked for and nothing is missing."""
    form, body = await read_form(request, CheckForm)
    order = await read_draft(session, number, actor, now)
    context = _context(order, now)
    change = OrderChange(answers=read_answers(form, order.warnings), supersedes=read_old(form, order.supersedes))
    who = actor.username
    with or_again(CHECK, form, **context):
        await drafts.change_draft(session, number, change, version=order.version, prefix=prefix, actor=who, at=now)
    submits = body is not None and body.then == "submit"
    if submits:
        _refuse_gaps(form, order)
    if form.errors:
        # What was answered is kept all the same.
        return render(request, CHECK, {"form": form, **context}, 422)
    if not submits:
        return redirect(request, path_of(order), "Your answers are kept with the draft.")
    with or_again(CHECK, form, **context):
        held = await submission.submit(session, number, answers=[], actor=who, at=now)
    after = await reading.get_order(session, number, today=uk_date(now))
    kept = f"{len(held.barcodes)} {'item is' if len(held.barcodes) == 1 else 'items are'} held for it."
    kept = kept if held.barcodes else "Nothing that fits is free on a shelf yet."
    return redirect(request, path_of(order), f"Order {order.number} is submitted. {SAID.get(after.state, '')} {kept}")


def _context(order: OrderBody, now: Now) -> dict[str, Any]:
    today = uk_date(now)
    return {
        "order": order,
        "warnings": [(answer_field(one), one) for one in order.warnings],
        "promised_on": promised_on(order.speed, now, bank_holidays(today)),
        "actions": ACTIONS,
        "today": today,
    }


def _refuse_gaps(form: Form, order: OrderBody) -> None:
    """Everything that must still be said before the order can go, each at its own field."""
    refuse_gaps(form, order.supersedes)
    for warning in order.warnings:
        if warning.severity is not Severity.NOTE and not form.value(answer_field(warning)).strip():
            form.refuse(f"Answer the warning: {warning.detail}", answer_field(warning))
