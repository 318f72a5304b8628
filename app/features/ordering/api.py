"""JSON routes of orders."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Path, Query, Response

from app import audit
from app.db import Session
from app.domain.dates import uk_date
from app.domain.scanning import check_tag
from app.features.ordering import answering, decisions, drafts, fulfilment, queries, reading, submission
from app.features.ordering.delivery_scans import scan_deliveries
from app.features.ordering.pages_queries import allowed_acts
from app.features.ordering.schemas import (
    AllocateBody,
    AnswersBody,
    DeliverBody,
    DispatchBody,
    FailedVisitBody,
    NewOrder,
    OrderBody,
    OrderChange,
    ReasonBody,
    SignatureBody,
    SubmitBody,
)
from app.features.ordering.worklists import OrderFilter, OrderLineRow, PickRow, RunRow
from app.web.answers import answers_of
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Limit
from app.web.look_ahead import Ahead
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.scan_bodies import DeliveriesBody, DeliveryScanBody, ScanResults, read_batch
from app.web.tags import Prefix
from app.web.working_times import Times

router = api_router("orders")

Number = Annotated[str, Path(max_length=20)]


@router.post("/orders", status_code=201)
async def make_order(
    session: Session, actor: Actor, now: Now, prefix: Prefix, response: Response, body: NewOrder
) -> OrderBody:
    """Draw up an order. The answer shows all that must be known before it is submitted; nothing is held yet."""
    number = await drafts.make_order(session, body, prefix=prefix, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.get("/orders")
async def list_orders(
    session: Session,
    actor: Actor,
    now: Now,
    asked: Annotated[OrderFilter, Depends()],
    limit: Limit = 50,
    after: After = None,
) -> Page[OrderLineRow]:
    """Orders, newest first. The reading is logged."""
    before = number_cursor(after) or None
    rows = await queries.list_orders(session, asked, me=actor.username, today=uk_date(now), before=before, limit=limit)
    subject = f"client:{asked.client_ref}" if asked.client_ref else "orders"
    await audit.record(session, "orders_listed", subject, actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/pick-list")
async def pick_list(
    session: Session,
    actor: Actor,
    now: Now,
    store: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[PickRow]:
    """What is held for approved orders and stands on the shelf: by promised day, then store and bay.

    Each line names a client, so the reading is logged.
    """
    rows = await queries.pick_list(session, store=store, today=uk_date(now), after=after, limit=limit + 1)
    page = page_of(rows, limit=limit, cursor=queries.pick_cursor)
    await audit.record(session, "orders_listed", "orders", actor=actor.username, at=now, found=len(page.items))
    return page


@router.get("/deliveries")
async def list_run(session: Session, actor: Actor) -> list[RunRow]:
    """What is with the drivers, by order: to be kept on a device that has no network on the way. It names no client."""
    return await queries.list_run(session)


@router.post("/deliveries/scans")
async def scan(session: Session, actor: Actor, now: Now, prefix: Prefix, body: DeliveriesBody) -> ScanResults:
    """Record what was left with clients: 1 to 500 scans, idempotent by scan id; one bad scan never loses the others.

    Which order a piece is for, its label says. What is on hold is refused while its driver is still there; a scan that
    was kept for longer, by `sent_at`, is recorded all the same, and the order's maker is told.
    """
    store = actor.store(body.store)
    batch = read_batch(body, DeliveryScanBody, at=now)
    results = await scan_deliveries(session, batch.scans, store=store, prefix=prefix, actor=actor.username, at=now)
    return batch.answered(results)


@router.get("/orders/{number}")
async def get_order(session: Session, actor: Actor, now: Now, response: Response, number: Number) -> OrderBody:
    """One order; the reading is logged as one of the client's record. The ETag is wanted by PUT and PATCH."""
    order = await _shown(session, actor, now, response, number)
    subject = f"client:{order.client_ref}"
    await audit.record(session, "order_read", subject, actor=actor.username, at=now, order=order.number)
    return order


@router.put("/orders/{number}")
async def replace_draft(
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    response: Response,
    number: Number,
    version: Version,
    body: NewOrder,
) -> OrderBody:
    """Draw up a draft anew."""
    who = actor.username
    await drafts.change_draft(session, number, body, version=version, prefix=prefix, actor=who, at=now)
    return await _shown(session, actor, now, response, number)


@router.patch("/orders/{number}")
async def change_draft(
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    response: Response,
    number: Number,
    version: Version,
    body: OrderChange,
) -> OrderBody:
    """Change what the body names of a draft; a list replaces the one before."""
    who = actor.username
    await drafts.change_draft(session, number, body, version=version, prefix=prefix, actor=who, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/submit")
async def submit(
    session: Session,
    actor: Actor,
    now: Now,
    times: Times,
    response: Response,
    number: Number,
    body: SubmitBody | None = None,
) -> OrderBody:
    """Submit a draft: it is approved, or goes to who must sign it. What is on the shelf is held for it at once.

    With the draft's `offer` it is refused when somebody else was quicker, so that you decide whether the rest will do:
    409 `recycled-went`, `price-went-up` or `order-changed`. Nothing is held then; read the draft again.
    """
    said = body or SubmitBody()
    offer = None if said.offer is None else [one.as_offer() for one in said.offer]
    who = actor.username
    await submission.submit(session, number, answers=answers_of(said), offer=offer, times=times, actor=who, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/authorise")
async def authorise(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: SignatureBody | None = None
) -> OrderBody:
    """Sign an order that waits for it. Nobody signs their own."""
    signed = body or SignatureBody()
    await decisions.authorise(
        session, number, note=signed.note, answers=answers_of(signed), actor=actor.username, at=now
    )
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/answers")
async def answer_warnings(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: AnswersBody
) -> OrderBody:
    """Answer warnings that were left without an answer when the order was submitted (`needs_answer`)."""
    await answering.answer(session, number, body.answers, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/decline")
async def decline(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: ReasonBody
) -> OrderBody:
    """Say no to an order that waits; what was held for it is given back."""
    await decisions.decline(session, number, reason=body.reason, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/cancel")
async def cancel(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: ReasonBody
) -> OrderBody:
    """Call off what has not left the store."""
    await decisions.cancel(session, number, reason=body.reason, actor=actor, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/allocate")
async def allocate(
    session: Session,
    actor: Actor,
    now: Now,
    times: Times,
    ahead: Ahead,
    response: Response,
    number: Number,
    body: AllocateBody | None = None,
) -> OrderBody:
    """The store commits itself: what is still wanted is held as far as it is there; `missing` says what is not.

    When there is something for all of it, an order that had no promised day gets one. 409 `examination-due-soon` until
    somebody who may decide it says why (`due_soon_reason`).
    """
    said = ahead.said(body.due_soon_reason if body else "", actor)
    await fulfilment.allocate(session, number, times=times, actor=actor.username, at=now, ahead=said)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/dispatch")
async def dispatch(
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    ahead: Ahead,
    response: Response,
    number: Number,
    body: DispatchBody | None = None,
) -> OrderBody:
    """Send out what is held, or the pieces that are named: all of them or none.

    409 `examination-due-soon` until somebody who may decide it says why (`due_soon_reason`), here or when allocating.
    """
    barcodes = _tags(body.barcodes if body else None, prefix)
    said = ahead.said(body.due_soon_reason if body else "", actor)
    await fulfilment.dispatch(session, number, barcodes=barcodes, actor=actor.username, at=now, ahead=said)
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/deliver")
async def deliver(
    session: Session, actor: Actor, now: Now, prefix: Prefix, response: Response, number: Number, body: DeliverBody
) -> OrderBody:
    """Record a delivery: who received it, and when. Each piece becomes a loan or a trial."""
    await fulfilment.deliver(
        session,
        number,
        received_by=body.received_by,
        delivered_at=body.delivered_at,
        note=body.note,
        barcodes=_tags(body.barcodes, prefix),
        handed_over_already=body.handed_over_already,
        actor=actor.username,
        at=now,
    )
    return await _shown(session, actor, now, response, number)


@router.post("/orders/{number}/failed-visit")
async def fail_visit(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: FailedVisitBody
) -> OrderBody:
    """Record a visit that could not deliver. The items stay with the driver until they are scanned back."""
    details = {"reason": body.reason, "note": body.note, "actor": actor.username}
    await fulfilment.fail_visit(session, number, **details, visited_at=body.visited_at, at=now)
    return await _shown(session, actor, now, response, number)


async def _shown(session: Session, actor: Actor, now: Now, response: Response, number: str) -> OrderBody:
    order = await reading.get_order(session, number, today=uk_date(now))
    response.headers["ETag"] = etag(order.version)
    acts = await allowed_acts(session, order, actor, today=uk_date(now))
    return order.model_copy(update={"acts": acts})


def _tags(barcodes: Sequence[str] | None, prefix: str) -> list[str] | None:
    return None if barcodes is None else [check_tag(barcode, prefix=prefix) for barcode in barcodes]
