"""JSON routes of the workshop; those of decontaminations, inspections and repairs are elsewhere."""

from app.db import Session
from app.domain.clearance import is_clear
from app.domain.lifecycle import Move
from app.features.workshop import service
from app.features.workshop.scans import told_if_again
from app.features.workshop.schemas import ReleaseBody, Released
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.look_ahead import Ahead
from app.web.once import api_router
from app.web.results import Step
from app.web.tags import Tag

router = api_router("workshop")


@router.post("/items/{barcode}/release")
async def release(
    session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag, body: ReleaseBody | None = None
) -> Released:
    """Put a clean and checked item on the shelf; 409 `not-clear` with every blocker otherwise.

    409 `examination-due-soon` until somebody who may decide it says why (`due_soon_reason`).
    """
    body = body or ReleaseBody()
    said = ahead.said(body.due_soon_reason, actor)
    who = actor.username
    async with told_if_again(session, tag, Move.RELEASE, actor=who, at=now):
        moved = await service.release(session, tag, bay=body.bay or None, actor=who, at=now, ahead=said)
    return _released(moved)


def _released(moved: Moved) -> Released:
    step = moved.next_step
    return Released(
        barcode=moved.item.barcode,
        product_name=moved.item.product_name,
        state=moved.state,
        is_clear=is_clear(moved.evidence, on=moved.on),
        next_step=Step(route=step.route, text=step.text),
    )
