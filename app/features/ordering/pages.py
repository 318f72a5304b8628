"""Pages of orders: the lists, one order with its history, and signing, declining and cancelling it."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.ordering import Act, OrderDecision, OrderState
from app.features.ordering import answering, decisions, queries
from app.features.ordering.forms import NoteForm, ReasonForm
from app.features.ordering.pages_queries import what_can_be_done
from app.features.ordering.pages_shared import Number, Words, path_of, read_shown
from app.features.ordering.records import read_order
from app.features.ordering.schemas import OrderBody, WarningBody
from app.features.ordering.worklists import OrderFilter
from app.web.answers import answer_field, read_answers
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import page_of
from app.web.templating import render

ORDERS_ON_A_PAGE = 50
ACT = "ordering/act.html"
ANSWERS = "ordering/answers.html"
SHOWN = {
    "mine": OrderFilter(mine=True),
    "sign": OrderFilter(awaiting_me=True),
    "late": OrderFilter(late=True),
    "undated": OrderFilter(undated=True),
    "failed": OrderFilter(failed_visit=True),
    "all": OrderFilter(),
    **{state.value: OrderFilter(state=state) for state in OrderState},
}
"""What one may ask a list to show, by its name in the address."""

router = page_router()


@router.get("/orders")
async def list_orders(
    request: Request, session: Session, actor: Actor, now: Now, show: Words = "", after: After = None
) -> HTMLResponse:
    """One's own orders, those that wait for one's signature, late ones, or all of a state: what is open comes first.
    The reading is logged."""
    may_order = actor.may(Permission.PLACE_ORDERS)
    show = show if show in SHOWN else ("mine" if may_order else "all")
    today = uk_date(now)
    rows = await queries.list_open_first(
        session, SHOWN[show], me=actor.username, today=today, after=after, limit=ORDERS_ON_A_PAGE
    )
    page = page_of(rows, limit=ORDERS_ON_A_PAGE, cursor=queries.cursor_of)
    await audit.record(session, "orders_listed", "orders", actor=actor.username, at=now, found=len(page.items))
    context = {
        "show": show,
        "states": list(OrderState),
        "orders": page.items,
        "today": today,
        "to_sign": len(await queries.signable_by(session, actor.username, today=today)) if may_order else 0,
        "next_href": f"/orders?{urlencode({'show': show, 'after': page.next})}" if page.next else None,
    }
    return render(request, "ordering/list.html", context)


@router.get("/orders/{number}")
async def get_order(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """One order; one's own draft as what is still to be done."""
    order = await read_shown(session, number, actor, now)
    if order.state is OrderState.DRAFT and order.made_by == actor.username:
        return render(request, "ordering/draft.html", {"order": order})
    acts = await what_can_be_done(session, order, actor, today=uk_date(now))
    may_answer = actor.may(Permission.PLACE_ORDERS) and await _may_answer(session, order, actor.username)
    context = {"order": order, "acts": acts, "today": uk_date(now), "may_answer": may_answer}
    return render(request, "ordering/order.html", context)


@router.get("/orders/{number}/authorise")
async def authorise_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What is to be signed."""
    return await _ask(request, session, actor, now, number, Act.AUTHORISE)


@router.post("/orders/{number}/authorise")
async def authorise(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Sign it."""
    form, body = await read_form(request, NoteForm)
    order = await read_shown(session, number, actor, now)
    context: dict[str, Any] = {"order": order, "act": Act.AUTHORISE, "new_warnings": _new_warnings(order)}
    answers = read_answers(form, order.warnings)
    for field, _ in context["new_warnings"]:
        if not form.value(field).strip():
            form.refuse("Say what you decided about this warning, and why.", field)
    if body is None or form.errors:
        return render(request, ACT, {"form": form, **context}, 422)
    with or_again(ACT, form, **context):
        who = actor.username
        decision = await decisions.authorise(session, number, note=body.note, answers=answers, actor=who, at=now)
    goes = "It goes to the panel now." if decision is OrderDecision.AWAITING_PANEL else "It is approved."
    return redirect(request, path_of(order), f"You have authorised the order. {goes}")


@router.get("/orders/{number}/answers")
async def answers_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What was left without an answer."""
    order = await read_shown(session, number, actor, now)
    return render(request, ANSWERS, {"form": Form(), "order": order, "new_warnings": _new_warnings(order)})


@router.post("/orders/{number}/answers")
async def answer_warnings(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Answer it now, as far as there is an answer."""
    form, _ = await read_form(request, NoteForm)
    order = await read_shown(session, number, actor, now)
    left = _new_warnings(order)
    context = {"order": order, "new_warnings": left}
    answers = read_answers(form, [one for _, one in left])
    if not answers and not form.errors:
        form.refuse("Answer at least one of the warnings.", *[field for field, _ in left[:1]])
    if form.errors:
        return render(request, ANSWERS, {"form": form, **context}, 422)
    with or_again(ANSWERS, form, **context):
        await answering.answer(session, number, answers, actor=actor.username, at=now)
    return redirect(request, path_of(order), "Your answers are kept with the order.")


@router.get("/orders/{number}/decline")
async def decline_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why not?"""
    return await _ask(request, session, actor, now, number, Act.DECLINE)


@router.post("/orders/{number}/decline")
async def decline(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Say no; its maker is told why."""
    form, body = await read_form(request, ReasonForm)
    order = await read_shown(session, number, actor, now)
    context = {"order": order, "act": Act.DECLINE}
    if body is None:
        return render(request, ACT, {"form": form, **context}, 422)
    with or_again(ACT, form, **context):
        await decisions.decline(session, number, reason=body.reason, actor=actor.username, at=now)
    said = f"The order is declined, and {order.made_by_name} is told why."
    return redirect(request, path_of(order), said)


@router.get("/orders/{number}/cancel")
async def cancel_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why?"""
    return await _ask(request, session, actor, now, number, Act.CANCEL)


@router.post("/orders/{number}/cancel")
async def cancel(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Call off what has not left the store."""
    form, body = await read_form(request, ReasonForm)
    order = await read_shown(session, number, actor, now)
    context = {"order": order, "act": Act.CANCEL}
    if body is None:
        return render(request, ACT, {"form": form, **context}, 422)
    with or_again(ACT, form, **context):
        await decisions.cancel(session, number, reason=body.reason, actor=actor, at=now)
    return redirect(request, path_of(order), "What had not left the store is cancelled.")


async def _ask(request: Request, session: Session, actor: Actor, now: Now, number: Number, act: Act) -> HTMLResponse:
    """The form for one act, or why it cannot be done now."""
    order = await read_shown(session, number, actor, now)
    acts = await what_can_be_done(session, order, actor, today=uk_date(now))
    can = next(one for one in acts if one.act is act)
    context: dict[str, Any] = {"form": Form(), "order": order, "act": act, "why_not": can.why_not}
    return render(request, ACT, context | {"new_warnings": _new_warnings(order)})


def _new_warnings(order: OrderBody) -> list[tuple[str, WarningBody]]:
    """What is warned of now and has no answer yet, each with the name of its box."""
    return [(answer_field(one), one) for one in order.warnings if one.needs_answer]


async def _may_answer(session: Session, order: OrderBody, username: str) -> bool:
    """Whether something waits for an answer of this person. No statement where nothing does."""
    if not any(one.needs_answer for one in order.warnings):
        return False
    record = await read_order(session, order.number)
    return not await answering.why_not_answer(session, record, username)
