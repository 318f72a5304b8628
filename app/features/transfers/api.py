"""JSON routes of consignments and minimum levels."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Response

from app.db import Session
from app.domain.dates import uk_date
from app.domain.scanning import check_tag
from app.features.transfers import queries, replenishment, service
from app.features.transfers.schemas import (
    ConsignmentBody,
    ConsignmentRow,
    ConsignmentState,
    LevelBody,
    LostBody,
    NewConsignment,
    StockRow,
    SuggestionBody,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.scan_bodies import BatchBody, ScanResults, read_batch
from app.web.tags import Prefix

router = api_router("transfers")


@router.post("/transfers", status_code=201)
async def make(session: Session, actor: Actor, now: Now, answer: Response, body: NewConsignment) -> ConsignmentBody:
    """Begin a consignment from one store to another; `wanted` is a list to pack by."""
    number = await service.make_consignment(session, body, actor=actor, at=now)
    answer.headers["Location"] = f"/api/v1/transfers/{number}"
    return await queries.get_consignment(session, number, today=uk_date(now))


@router.get("/transfers")
async def list_consignments(
    session: Session,
    actor: Actor,
    now: Now,
    store: Annotated[str | None, Query(max_length=40)] = None,
    state: ConsignmentState | None = None,
    late: bool = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[ConsignmentRow]:
    """Consignments, newest first. `store`: from or to it. `late`: something sent three days before is not there."""
    before = number_cursor(after) or 2**63 - 1
    rows = await queries.list_consignments(
        session, today=uk_date(now), store=store, state=state, only_late=late, before=before, limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: int(row.number[1:]))


@router.get("/transfers/{number}")
async def get(session: Session, actor: Actor, now: Now, number: str) -> ConsignmentBody:
    """One consignment: what is wanted, what was sent, what arrived, what is late."""
    return await queries.get_consignment(session, number, today=uk_date(now))


@router.post("/transfers/{number}/sent")
async def send(session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: BatchBody) -> ScanResults:
    """Scan items out: 1 to 500 scans. Each is on its way from then on, and nobody can be given it."""
    batch = read_batch(body, at=now)
    return batch.answered(await service.send(session, number, batch.scans, prefix=prefix, actor=actor, at=now))


@router.post("/transfers/{number}/received")
async def receive(
    session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: BatchBody
) -> ScanResults:
    """Scan in what came: 1 to 500 scans. What nobody sent is taken too, and told."""
    batch = read_batch(body, at=now)
    return batch.answered(await service.receive(session, number, batch.scans, prefix=prefix, actor=actor, at=now))


@router.post("/transfers/{number}/missing")
async def missing(
    session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: LostBody
) -> ConsignmentBody:
    """What was sent never arrived, and was looked for."""
    tag = check_tag(body.barcode, prefix=prefix)
    await service.declare_missing(session, number, tag, reason=body.reason, actor=actor, at=now)
    return await queries.get_consignment(session, number, today=uk_date(now))


@router.post("/transfers/{number}/cancel")
async def cancel(session: Session, actor: Actor, now: Now, number: str) -> ConsignmentBody:
    """Give up a consignment that nothing was sent with."""
    await service.cancel_consignment(session, number, actor=actor, at=now)
    return await queries.get_consignment(session, number, today=uk_date(now))


@router.get("/minimum-levels")
async def levels(session: Session, actor: Actor, now: Now) -> list[StockRow]:
    """Every product that has a minimum anywhere, in every store: what is free there, and what is coming."""
    return await replenishment.list_stock(session, today=uk_date(now))


@router.put("/minimum-levels", status_code=204)
async def set_level(session: Session, actor: Actor, now: Now, body: LevelBody) -> Response:
    """Say how many of a product a store should have; 0 takes the minimum away."""
    await replenishment.set_level(session, body, actor=actor, at=now)
    return Response(status_code=204)


@router.get("/replenishment")
async def suggestions(session: Session, actor: Actor, now: Now) -> list[SuggestionBody]:
    """What would bring every store to its minimum from the recycled stock that others can spare."""
    stock = await replenishment.list_stock(session, today=uk_date(now))
    return [SuggestionBody(**asdict(one)) for one in replenishment.suggestions_for(stock)]
