"""JSON routes of stock."""

from typing import Annotated

from fastapi import Query, Response

from app.db import Session
from app.domain.access import Permission
from app.domain.lifecycle import State
from app.features.stock import queries, service
from app.features.stock.schemas import (
    GoodsIn,
    HistoryLine,
    ItemBody,
    ItemLine,
    NewHold,
    ReasonBody,
    Received,
    ScrapBody,
    TransferBody,
)
from app.web import disposing
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit, Reason
from app.web.look_ahead import Ahead, LookAhead
from app.web.once import api_router
from app.web.paging import TAG, Page, number_cursor, page_of, text_cursor
from app.web.shapes import Shape
from app.web.tags import Prefix, Tag

router = api_router("stock")

Words = Annotated[str | None, Query(max_length=100)]


class HoldPlaced(Shape):
    """The number of the new hold."""

    id: int


@router.post("/items", status_code=201)
async def receive_items(session: Session, actor: Actor, now: Now, prefix: Prefix, body: GoodsIn) -> Received:
    """Goods in: 1 to 500 items of one product."""
    goods = await service.receive_items(session, body, prefix=prefix, actor=actor, at=now)
    return Received(items=await queries.list_lines(session, goods.barcodes), warnings=goods.warnings)


@router.get("/items")
async def list_items(
    session: Session,
    actor: Actor,
    q: Words = None,
    state: State | None = None,
    product_code: Words = None,
    store: Words = None,
    held: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ItemLine]:
    """Items by barcode. `q`: a tag or part of one, a serial number, or part of a product's name."""
    rows = await queries.list_items(
        session,
        q=q,
        state=state,
        product_code=product_code,
        store=store,
        held=held,
        after=text_cursor(after, TAG),
        limit=limit,
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.barcode)


@router.get("/items/{barcode}")
async def get_item(session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> ItemBody:
    """One item: state, place, what blocks it and why, its next checks."""
    return await _shown(session, actor, now, tag, ahead)


@router.get("/items/{barcode}/history")
async def history(
    session: Session, actor: Actor, tag: Tag, limit: Limit = 50, after: After = None
) -> Page[HistoryLine]:
    """Everything that happened to the item, oldest first."""
    may_see_client = actor.may(Permission.SEE_CLIENTS)
    rows = await queries.list_history(
        session, tag, may_see_client=may_see_client, after=number_cursor(after), limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.seq)


@router.post("/items/{barcode}/transfer")
async def transfer(session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag, body: TransferBody) -> ItemBody:
    """Put an item that stands in a store into another store or bay."""
    store = actor.store(body.store)
    await service.transfer(
        session, tag, store=store, bay=body.bay or None, reason=body.reason, actor=actor.username, at=now
    )
    return await _shown(session, actor, now, tag, ahead)


@router.post("/items/{barcode}/missing")
async def mark_missing(session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag, body: ReasonBody) -> ItemBody:
    """Nobody knows where the item is."""
    await service.mark_missing(session, tag, reason=body.reason, actor=actor.username, at=now)
    return await _shown(session, actor, now, tag, ahead)


@router.post("/items/{barcode}/scrap", responses={202: {"model": ItemBody, "description": "Another is asked"}})
async def scrap(
    session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag, body: ScrapBody, response: Response
) -> ItemBody:
    """Take the item out of use for good.

    A dear item is not scrapped yet: another person is asked, and the answer is 202 with the request as `disposal`.
    """
    scrapped = await disposing.scrap(session, tag, body.disposal(body.reason), actor=actor.username, at=now)
    response.status_code = 200 if scrapped.moved else 202
    return await _shown(session, actor, now, tag, ahead)


@router.post("/items/{barcode}/holds", status_code=201)
async def place_hold(session: Session, actor: Actor, now: Now, tag: Tag, body: NewHold) -> HoldPlaced:
    """Hold the item: it cannot be reserved, issued or released until the hold is lifted."""
    hold_id = await service.place_hold(session, tag, kind=body.kind, reason=body.reason, actor=actor.username, at=now)
    return HoldPlaced(id=hold_id)


@router.delete("/items/{barcode}/holds/{hold_id}", status_code=204)
async def lift_hold(
    session: Session, actor: Actor, now: Now, tag: Tag, hold_id: Id, reason: Annotated[Reason, Query()]
) -> Response:
    """Lift a hold; `?reason=` says why. One for its whereabouts is lifted by `whereabouts` alone."""
    await service.lift_hold(session, tag, hold_id, reason=reason, actor=actor.username, at=now)
    return Response(status_code=204)


async def _shown(session: Session, actor: Actor, now: Now, tag: str, ahead: LookAhead) -> ItemBody:
    return await service.read_item(session, tag, actor=actor, at=now, soon_days=ahead.soon_days)
