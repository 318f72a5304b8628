"""Pages of the store: what to pick, sending out by the scanner, proof of delivery, and visits in vain."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app import audit
from app.db import Session
from app.domain.bereavement import BRING_BACK
from app.domain.dates import uk_date
from app.domain.errors import Conflict, RuleError
from app.domain.labels import display
from app.domain.ordering import Act, UnitState
from app.domain.scanning import check_tag
from app.features.ordering import fulfilment, pages_queries, queries
from app.features.ordering.forms import AllocateForm, DeliverForm, FailedVisitForm
from app.features.ordering.pages_shared import Number, Words, path_of, read_shown
from app.features.ordering.schemas import OrderBody, UnitBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.look_ahead import Ahead, or_decide
from app.web.once import page_router
from app.web.paging import page_of
from app.web.tags import Prefix
from app.web.templating import render
from app.web.working_times import Times

DISPATCH = "ordering/dispatch.html"
DELIVER = "ordering/deliver.html"
FAILED = "ordering/failed_visit.html"
MOST_SCANNED = 500
PIECES_ON_A_PAGE = 100

router = page_router()

Scanned = Annotated[list[str], Query(default_factory=list, max_length=MOST_SCANNED)]


@router.get("/orders/pick")
async def pick_list(
    request: Request, session: Session, actor: Actor, now: Now, store: Words = "", after: After = None
) -> HTMLResponse:
    """What is to be picked in one store or in all, by promised day and bay, so many at a time."""
    today = uk_date(now)
    limit = PIECES_ON_A_PAGE
    found = await queries.pick_list(session, store=store or None, today=today, after=after, limit=limit + 1)
    page = page_of(found, limit=limit, cursor=queries.pick_cursor)
    # Each line names a client.
    await audit.record(session, "orders_listed", "orders", actor=actor.username, at=now, found=len(page.items))
    stores = await pages_queries.list_stores(session)
    coming_back = await queries.list_coming_back(session, store=store or None)
    context = {"rows": page.items, "coming_back": coming_back, "stores": stores, "store": store, "today": today}
    context |= {"now": now, "is_first": after is None}
    context["next_href"] = f"/orders/pick?{urlencode({'store': store, 'after': page.next})}" if page.next else None
    return render(request, "ordering/pick.html", context)


@router.post("/orders/{number}/allocate")
async def allocate(
    request: Request, session: Session, actor: Actor, now: Now, times: Times, ahead: Ahead, number: Number
) -> Response:
    """The store begins to pick: what is still wanted is held as far as it is there."""
    form, body = await read_form(request, AllocateForm)
    said = ahead.said(body.due_soon_reason if body else "", actor)
    with or_decide(request, form, back=f"/orders/{number}"):
        held = await fulfilment.allocate(session, number, times=times, actor=actor.username, at=now, ahead=said)
    order = await read_shown(session, number, actor, now)
    if Act.DISPATCH in order.acts:
        # No banner there: it would take the focus from the box that the scanner types into.
        return redirect(request, f"{path_of(order)}/dispatch")
    known = " ".join(f"{gap.product_name}: {gap.detail}" for gap in order.missing[:3])
    told = f"Nothing is held for it yet; {held.still_wanted} wanted. {known}"
    return redirect(request, path_of(order), told, is_important=True)


@router.get("/orders/{number}/dispatch")
async def dispatch_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    number: Number,
    scanned: Scanned,
    barcode: Annotated[str, Query(max_length=2000)] = "",
) -> HTMLResponse:
    """Each piece is scanned before it goes out: a label that is not on the order is refused in words."""
    order = await read_shown(session, number, actor, now)
    held = _units(order, UnitState.HELD)
    confirmed = [tag for tag in dict.fromkeys(scanned) if tag in held]
    last = refused = None
    if barcode.strip():
        try:
            last = _confirm(order, held, confirmed, check_tag(barcode, prefix=prefix))
        except RuleError as error:
            # Not an error of the form: its summary would take the focus, and the next scan would be lost.
            refused = error.detail
    context = {"form": Form(), "order": order, "held": held, "scanned": confirmed}
    return render(request, DISPATCH, {**context, "last": last, "refused": refused})


@router.post("/orders/{number}/dispatch")
async def dispatch(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, ahead: Ahead, number: Number
) -> Response:
    """Send out what was scanned."""
    order = await read_shown(session, number, actor, now)
    form, body = await read_form(request, AllocateForm)
    barcodes = form.values("barcodes")
    said = ahead.said(body.due_soon_reason if body else "", actor)
    context = {"order": order, "held": _units(order, UnitState.HELD), "scanned": barcodes, "last": None}
    if not barcodes:
        form.refuse("Scan at least one piece before you send the order out.", "barcode")
        return render(request, DISPATCH, {"form": form, **context}, 422)
    with or_again(DISPATCH, form, **context), or_decide(request, form, back=f"/orders/{number}/dispatch"):
        tags = [check_tag(barcode, prefix=prefix) for barcode in barcodes]
        sent = await fulfilment.dispatch(session, number, barcodes=tags, actor=actor.username, at=now, ahead=said)
    count = f"{len(sent)} {'piece is' if len(sent) == 1 else 'pieces are'}"
    return redirect(request, path_of(order), f"Sent out: {count} with the driver. Record the delivery here.")


@router.get("/orders/{number}/deliver")
async def deliver_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Who took it in, and when?"""
    order = await read_shown(session, number, actor, now)
    with_driver = _units(order, UnitState.DISPATCHED)
    form = Form({"barcodes": list(with_driver)})
    return render(request, DELIVER, {"form": form, **_delivering(order, now)})


@router.post("/orders/{number}/deliver")
async def deliver(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number
) -> Response:
    """Each piece becomes a loan or a trial."""
    form, body = await read_form(request, DeliverForm)
    order = await read_shown(session, number, actor, now)
    context = _delivering(order, now)
    when = body.when(form, uk_date(now)) if body else None
    if body is None or form.errors:
        return render(request, DELIVER, {"form": form, **context}, 422)
    with or_again(DELIVER, form, **context), _time_of("delivered_at"):
        given = await fulfilment.deliver(
            session,
            number,
            received_by=body.received_by,
            delivered_at=when,
            note=body.note,
            barcodes=[check_tag(barcode, prefix=prefix) for barcode in body.barcodes],
            handed_over_already=body.handed_over_already,
            actor=actor.username,
            at=now,
        )
    count = f"{len(given)} {'piece' if len(given) == 1 else 'pieces'}"
    return redirect(request, path_of(order), f"Delivered: {count} to {body.received_by}.")


@router.get("/orders/{number}/failed-visit")
async def failed_visit_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why could it not be delivered?"""
    order = await read_shown(session, number, actor, now)
    return render(request, FAILED, {"form": Form(), **_delivering(order, now)})


@router.post("/orders/{number}/failed-visit")
async def fail_visit(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Record it; its maker is told."""
    form, body = await read_form(request, FailedVisitForm)
    order = await read_shown(session, number, actor, now)
    context = _delivering(order, now)
    when = body.when(form, uk_date(now)) if body else None
    if body is None or form.errors:
        return render(request, FAILED, {"form": form, **context}, 422)
    with or_again(FAILED, form, **context), _time_of("visited_at"):
        await fulfilment.fail_visit(
            session, number, reason=body.reason, visited_at=when, note=body.note, actor=actor.username, at=now
        )
    said = f"The visit is recorded, and {order.made_by_name} is told. The pieces stay with the driver until they are "
    return redirect(request, path_of(order), said + "delivered, or scanned in at the returns desk.")


@contextmanager
def _time_of(name: str) -> Iterator[None]:
    """What the rules refuse of this field is said at the box for the time."""
    try:
        yield
    except RuleError as refused:
        refused.field = "at" if refused.field == name else refused.field
        raise


def _units(order: OrderBody, state: UnitState) -> dict[str, tuple[UnitBody, str]]:
    """The pieces of an order in that state, by their labels, each with its product's name."""
    return {
        unit.barcode: (unit, line.product_name)
        for line in order.lines
        for unit in line.units
        if unit.state is state and unit.barcode
    }


def _confirm(order: OrderBody, held: dict[str, tuple[UnitBody, str]], confirmed: list[str], tag: str) -> str:
    """Add what was scanned to what is confirmed, and say it. Raises RuleError when it is not to go out."""
    if tag not in held:
        raise Conflict("not-held-for-this-order", _not_on_it(order, tag), field="barcode")
    unit, name = held[tag]
    if unit.blockers:
        why = " ".join(blocker.detail for blocker in unit.blockers)
        raise Conflict("not-clear", f"{display(tag)} may not go out. {why}", field="barcode")
    if tag in confirmed:
        return f"{display(tag)} was scanned already."
    confirmed.append(tag)
    return f"{display(tag)}, {name}: it is on the order."


def _not_on_it(order: OrderBody, tag: str) -> str:
    if tag in _units(order, UnitState.DISPATCHED):
        return f"{display(tag)} is on this order and with the driver already."
    return f"{display(tag)} is not on order {order.number}. Put it back, and take the one that the list names."


def _delivering(order: OrderBody, now: Now) -> dict[str, Any]:
    with_driver = _units(order, UnitState.DISPATCHED)
    blocked = {barcode: unit.blockers for barcode, (unit, _) in with_driver.items() if unit.blockers}
    about = {"order": order, "with_driver": with_driver, "blocked": blocked, "bring_back": BRING_BACK}
    return {**about, "now": now, "today": uk_date(now)}
