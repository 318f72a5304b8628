"""JSON routes of the workshop; those of decontaminations are in `cleaning_api.py`."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query

from app.db import Session
from app.domain.dates import uk_date
from app.domain.scanning import check_tag
from app.features.workshop import queries, service
from app.features.workshop.schemas import (
    DueInspection,
    InspectionBody,
    NewInspection,
    ReleaseBody,
    Released,
    RepairBody,
    RepairOutcome,
)
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import TAG_AND_KIND, Page, page_of, text_cursor
from app.web.results import Step, accepted
from app.web.tags import Prefix, Tag

router = api_router("workshop")


@router.post("/inspections", status_code=201)
async def inspect(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewInspection) -> InspectionBody:
    """Record an inspection of one item."""
    moved, due_on = await service.inspect(
        session,
        check_tag(body.barcode, prefix=prefix),
        kind=body.kind,
        outcome=body.outcome,
        next_due_on=body.next_due_on,
        notes=body.notes,
        actor=actor.username,
        at=now,
    )
    return InspectionBody(
        barcode=moved.item.barcode,
        product_name=moved.item.product_name,
        kind=body.kind,
        outcome=body.outcome,
        state=moved.state,
        next_due_on=due_on,
        next_step=accepted(moved).next_step,
    )


@router.get("/inspections/due")
async def due(
    session: Session,
    actor: Actor,
    now: Now,
    before: date | None = None,
    store: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[DueInspection]:
    """Inspections that fall due before a day (as a rule the next 30 days), by barcode."""
    today = uk_date(now)
    until = before or today + timedelta(days=30)
    place = text_cursor(after, TAG_AND_KIND)
    rows = await queries.list_due(session, before=until, today=today, store=store, after=place, limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: f"{row.barcode} {row.kind.value}")


@router.post("/items/{barcode}/release")
async def release(session: Session, actor: Actor, now: Now, tag: Tag, body: ReleaseBody | None = None) -> Released:
    """Put a clean and checked item on the shelf; 409 `not-clear` with every blocker otherwise."""
    bay = body.bay if body else ""
    moved = await service.release(session, tag, bay=bay or None, actor=actor.username, at=now)
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
