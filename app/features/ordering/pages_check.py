"""The last page before an order is submitted: what would come of it, and all that must still be said."""

import json
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import TypeAdapter, ValidationError

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.domain.offers import NOT_AS_SHOWN, Offer
from app.domain.ordering import OrderState
from app.domain.promises import WorkingTimes, promised_on
from app.features.ordering import drafts, reading, submission
from app.features.ordering.pages_shared import Number, path_of, read_draft
from app.features.ordering.schemas import OfferBody, OrderBody, OrderChange
from app.web.answers import answer_field, read_answers, refuse_unanswered
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.old_equipment import actions_for, read_old, refuse_gaps
from app.web.once import page_router
from app.web.shapes import Shape
from app.web.tags import Prefix
from app.web.templating import render
from app.web.working_times import Times

CHECK = "ordering/check.html"
SAID = {
    OrderState.AWAITING_AUTHORISATION: "It waits to be authorised.",
    OrderState.AWAITING_PANEL: "It waits for the panel.",
    OrderState.APPROVED: "It is approved.",
}
OFFER = TypeAdapter(list[OfferBody])

router = page_router()


class CheckForm(Shape):
    """Which button was pressed; the answers have names of their own."""

    then: Literal["save", "submit"] = "submit"


@router.get("/orders/{number}/check")
async def check_form(
    request: Request, session: Session, actor: Actor, now: Now, times: Times, number: Number
) -> HTMLResponse:
    """What would be chosen, what it costs, who must agree, and what must be answered."""
    order = await read_draft(session, number, actor, now)
    return render(request, CHECK, {"form": Form(), **_context(order, now, times)})


@router.post("/orders/{number}/check")
async def check(
    request: Request, session: Session, actor: Actor, now: Now, times: Times, prefix: Prefix, number: Number
) -> Response:
    """Keep what was answered, and submit the order when that was asked for and nothing is missing."""
    form, body = await read_form(request, CheckForm)
    order = await read_draft(session, number, actor, now)
    context = _context(order, now, times)
    change = OrderChange(answers=read_answers(form, order.warnings), supersedes=read_old(form, order.supersedes))
    who = actor.username
    with or_again(CHECK, form, **context):
        await drafts.change_draft(session, number, change, version=order.version, prefix=prefix, actor=who, at=now)
    submits = body is not None and body.then == "submit"
    offer = _read_offer(form)
    if submits:
        _refuse_gaps(form, order)
    if form.errors:
        # What was answered is kept all the same.
        return render(request, CHECK, {"form": form, **context}, 422)
    if not submits:
        return redirect(request, path_of(order), "Your answers are kept with the draft.")
    with or_again(CHECK, form, **context):
        try:
            async with session.begin_nested():
                details: dict[str, Any] = {"offer": offer, "times": times, "actor": who, "at": now}
                held = await submission.submit(session, number, answers=[], **details)
        except Conflict as refusal:
            if refusal.code not in NOT_AS_SHOWN:
                raise
            # What was answered is kept; what would be held now is shown with what became of the rest.
            form.refuse(refusal.detail)
            context = _context(await read_draft(session, number, actor, now), now, times)
            return render(request, CHECK, {"form": form, **context}, 409)
    after = await reading.get_order(session, number, today=uk_date(now))
    kept = f"{len(held.barcodes)} {'item is' if len(held.barcodes) == 1 else 'items are'} held for it."
    kept = kept if held.barcodes else "Nothing that fits is free on a shelf yet."
    return redirect(request, path_of(order), f"Order {order.number} is submitted. {SAID.get(after.state, '')} {kept}")


def _context(order: OrderBody, now: Now, times: WorkingTimes) -> dict[str, Any]:
    return {
        "order": order,
        "warnings": [(answer_field(one), one) for one in order.warnings],
        "promised_on": None if order.missing else promised_on(order.speed, now, times),
        "offer": json.dumps([one.model_dump() for one in order.offer]),
        "actions": actions_for,
        "today": uk_date(now),
    }


def _read_offer(form: Form) -> list[Offer]:
    """What the page showed that the order would get."""
    try:
        return [one.as_offer() for one in OFFER.validate_json(form.value("offer"))]
    except ValidationError:
        form.refuse("This page is too old. Look at what the order would get now, and submit it again.")
        return []


def _refuse_gaps(form: Form, order: OrderBody) -> None:
    """Everything that must still be said before the order can go, each at its own field."""
    refuse_gaps(form, order.supersedes)
    refuse_unanswered(form, order.warnings)
