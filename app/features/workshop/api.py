"""JSON routes of the workshop."""

from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.features.workshop import scans, service
from app.features.workshop.schemas import (
    DecontaminationResults,
    ReleaseBody,
    Released,
    RepairBody,
    RepairOutcome,
    StartDecontaminations,
)
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.look_ahead import Ahead
from app.web.once import api_router
from app.web.results import ItemResults, Step
from app.web.tags import Prefix, Tag, sort_tags

router = api_router("workshop")


@router.post("/decontaminations")
async def start_decontaminations(
    session: Session, actor: Actor, now: Now, prefix: Prefix, body: StartDecontaminations
) -> ItemResults:
    """Begin to clean 1 to 500 items; one result per barcode, in order."""
    tags, errors = sort_tags(body.barcodes, prefix=prefix)
    wanted = list(dict.fromkeys(tags[raw] for raw in body.barcodes if raw in tags))
    moved, turned_away = await service.start_decontaminations(
        session,
        wanted,
        route=body.route,
        actor=actor.username,
        at=now,
        may_overrule=actor.may(Permission.OVERRULE_CLEANING),
    )
    asked = [(tags.get(raw, raw), "start") for raw in body.barcodes]
    return scans.answer_batch(asked, errors, moved, turned_away, reader=actor.username, on=uk_date(now))


@router.post("/decontaminations/results")
async def finish_decontaminations(
    session: Session, actor: Actor, now: Now, prefix: Prefix, body: DecontaminationResults
) -> ItemResults:
    """Record how 1 to 500 cleanings ended; one result per barcode, in order."""
    raws = [result.barcode for result in body.results]
    tags, errors = sort_tags(raws, prefix=prefix)
    # The first word on an item counts, whatever else the batch says of it.
    told = {tags[r.barcode]: (r.outcome, r.notes) for r in reversed(body.results) if r.barcode in tags}
    results = [(tag, *told[tag]) for tag in dict.fromkeys(tags[raw] for raw in raws if raw in tags)]
    moved, turned_away = await service.finish_decontaminations(session, results, actor=actor.username, at=now)
    asked = [(tags.get(r.barcode, r.barcode), r.outcome.value) for r in body.results]
    return scans.answer_batch(asked, errors, moved, turned_away, reader=actor.username, on=uk_date(now))


@router.post("/items/{barcode}/release")
async def release(
    session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag, body: ReleaseBody | None = None
) -> Released:
    """Put a clean and checked item on the shelf; 409 `not-clear` with every blocker otherwise.

    409 `examination-due-soon` until somebody who may decide it says why (`due_soon_reason`).
    """
    body = body or ReleaseBody()
    said = ahead.said(body.due_soon_reason, actor)
    moved = await service.release(session, tag, bay=body.bay or None, actor=actor.username, at=now, ahead=said)
    return _released(moved)


@router.post("/items/{barcode}/repair")
async def repair(session: Session, actor: Actor, now: Now, tag: Tag, body: RepairBody) -> Released:
    """Record how a repair ended: back to the inspection bench, or scrapped."""
    verb = service.complete_repair if body.outcome is RepairOutcome.REPAIRED else service.give_up_repair
    return _released(await verb(session, tag, notes=body.notes, actor=actor.username, at=now))


def _released(moved: Moved) -> Released:
    step = moved.next_step
    return Released(
        barcode=moved.item.barcode,
        product_name=moved.item.product_name,
        state=moved.state,
        is_clear=moved.state.value == "in_stock",
        next_step=Step(route=step.route, text=step.text),
    )
