"""JSON routes of repairs and of the parts bin."""

from typing import Annotated, Any

from fastapi import Query, Response

from app.db import Session
from app.domain.dates import uk_date
from app.domain.hygiene import TO_AGREE, NextStep
from app.domain.lifecycle import State
from app.domain.refurbishing import RepairOutcome
from app.features.workshop.repairs import parts_bin, queries, service
from app.features.workshop.repairs.schemas import (
    AdviceBody,
    BinPart,
    NewEstimate,
    NewHarvest,
    NewParts,
    PartsTaken,
    RepairBody,
    RepairEnded,
    RepairShown,
    WhyBody,
)
from app.ledger import ItemRecord, Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.results import Step
from app.web.tags import Tag

router = api_router("workshop")

Words = Annotated[str | None, Query(max_length=100)]


@router.post("/items/{barcode}/repair", responses={202: {"model": RepairEnded, "description": "Another is asked"}})
async def repair(
    session: Session, actor: Actor, now: Now, tag: Tag, body: RepairBody, response: Response
) -> RepairEnded:
    """Record how a repair ended, with its parts: back to the inspection bench, or scrapped.

    A dear item beyond repair is not scrapped yet: another person is asked, and the answer is 202.
    """
    about: dict[str, Any] = {
        "parts": [one.part() for one in body.parts],
        "labour": body.labour,
        "actor": actor.username,
        "at": now,
    }
    if body.outcome is RepairOutcome.REPAIRED:
        return _moved(await service.complete_repair(session, tag, notes=body.notes, **about))
    scrapped = await service.give_up_repair(session, tag, said=body.disposal(body.notes), **about)
    if scrapped.moved:
        return _moved(scrapped.moved)
    response.status_code = 202
    return _ended(scrapped.item, scrapped.item.state, TO_AGREE, scrapped.request_id)


@router.get("/items/{barcode}/repairs")
async def list_repairs(
    session: Session, actor: Actor, tag: Tag, limit: Limit = 50, after: After = None
) -> Page[RepairShown]:
    """The item's repairs, newest first, each with its parts and estimates."""
    rows = await queries.list_repairs(session, tag, before=number_cursor(after) or None, limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.number)


@router.get("/items/{barcode}/repair-advice")
async def advice(session: Session, actor: Actor, now: Now, tag: Tag) -> AdviceBody:
    """Repair or scrap, with the arithmetic."""
    return await queries.read_advice(session, tag, on=uk_date(now))


@router.post("/items/{barcode}/repair-estimates", status_code=201)
async def estimate(session: Session, actor: Actor, now: Now, tag: Tag, body: NewEstimate) -> AdviceBody:
    """Say what the repair that goes on will cost; answered with the advice that follows from it."""
    await service.estimate(session, tag, **body.model_dump(), actor=actor.username, at=now)
    return await queries.read_advice(session, tag, on=uk_date(now))


@router.post("/items/{barcode}/parts-fitted", status_code=201)
async def fit_parts(session: Session, actor: Actor, now: Now, tag: Tag, body: NewParts) -> RepairShown:
    """Record parts of the repair that goes on, or parts of the last one that nobody wrote down."""
    parts = [one.part() for one in body.parts]
    await service.fit_parts(session, tag, parts, actor=actor.username, at=now)
    return (await queries.list_repairs(session, tag, before=None, limit=1))[0]


@router.post("/parts-fitted/{part_id}/withdraw", status_code=204)
async def withdraw_part(session: Session, actor: Actor, now: Now, part_id: Id, body: WhyBody) -> Response:
    """Say that a line of a fitted part was wrong. It stays on record with the reason."""
    await service.withdraw_part(session, part_id, reason=body.reason, actor=actor.username, at=now)
    return Response(status_code=204)


@router.get("/harvested-parts")
async def list_bin(
    session: Session, actor: Actor, store: Words = None, q: Words = None, limit: Limit = 50, after: After = None
) -> Page[BinPart]:
    """What lies in the parts bins. `q`: words of the part, its number, or the product that it came from."""
    rows = await queries.list_bin(session, store=store, q=q, after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/items/{barcode}/harvested-parts", status_code=201)
async def harvest(session: Session, actor: Actor, now: Now, tag: Tag, body: NewHarvest) -> PartsTaken:
    """Take parts off an item that is scrapped or in the scrap cage; 409 `not-clear` says what speaks against it."""
    parts = [one.part() for one in body.parts]
    return PartsTaken(ids=await parts_bin.harvest(session, tag, parts, actor=actor.username, at=now))


@router.post("/harvested-parts/{part_id}/discard", status_code=204)
async def discard(session: Session, actor: Actor, now: Now, part_id: Id, body: WhyBody) -> Response:
    """Throw a part of the bin away."""
    await parts_bin.discard(session, part_id, reason=body.reason, actor=actor.username, at=now)
    return Response(status_code=204)


def _moved(moved: Moved) -> RepairEnded:
    return _ended(moved.item, moved.state, moved.next_step)


def _ended(item: ItemRecord, state: State, step: NextStep, request_id: int | None = None) -> RepairEnded:
    return RepairEnded(
        barcode=item.barcode,
        product_name=item.product_name,
        state=state,
        is_clear=False,
        next_step=Step(route=step.route, text=step.text),
        scrap_request=request_id,
    )
