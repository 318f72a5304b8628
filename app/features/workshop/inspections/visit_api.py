"""JSON routes of visits to homes for inspections."""

from typing import Annotated

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.domain.scanning import check_tag
from app.features.workshop.inspections import visit_queries, visits
from app.features.workshop.inspections.visit_queries import CallOffBody, NewVisit, NoAccessBody, PlanBody, VisitBody
from app.settings import Settings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import DAY_AND_NUMBER, Page, day_cursor, page_of
from app.web.tags import Prefix

router = api_router("inspections")


async def no_access_tries(request: Request) -> int:
    """After so many visits in vain the manager is told, as the settings say."""
    settings: Settings = request.app.state.settings
    return settings.no_access_tries


NoAccessTries = Annotated[int, Depends(no_access_tries)]


@router.post("/inspection-visits", status_code=201)
async def plan(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewVisit) -> VisitBody:
    """Plan one visit to a client's home for one or more inspections."""
    wanted = [(check_tag(one.barcode, prefix=prefix), one.kind) for one in body.items]
    visit_id = await visits.plan(
        session,
        body.client_ref,
        wanted,
        planned_on=body.planned_on,
        visitor=body.visitor,
        actor=actor.username,
        at=now,
    )
    return await read_visit(session, visit_id, actor, now)


@router.get("/inspection-visits")
async def list_visits(
    session: Session,
    actor: Actor,
    now: Now,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    escalated: bool | None = None,
    visitor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[VisitBody]:
    """Visits by their planned day. `escalated`: so often in vain that the manager was told. The reading is logged."""
    rows = await visit_queries.list_visits(
        session,
        today=uk_date(now),
        is_open=is_open,
        escalated=escalated,
        visitor=visitor,
        after=day_cursor(after, DAY_AND_NUMBER),
        limit=limit,
    )
    await note_listed(session, rows[:limit], actor, now)
    return page_of(rows, limit=limit, cursor=visit_queries.cursor_of)


@router.get("/inspection-visits/{visit_id}")
async def get_visit(session: Session, actor: Actor, now: Now, visit_id: Id) -> VisitBody:
    """One visit; the reading is logged."""
    return await read_visit(session, visit_id, actor, now)


@router.post("/inspection-visits/{visit_id}/plan")
async def replan(session: Session, actor: Actor, now: Now, visit_id: Id, body: PlanBody) -> VisitBody:
    """Another day, another visitor."""
    await visits.replan(
        session, visit_id, planned_on=body.planned_on, visitor=body.visitor, actor=actor.username, at=now
    )
    return await read_visit(session, visit_id, actor, now)


@router.post("/inspection-visits/{visit_id}/no-access")
async def no_access(
    session: Session, actor: Actor, now: Now, after_tries: NoAccessTries, visit_id: Id, body: NoAccessBody
) -> VisitBody:
    """Nobody opened, or it could not be done. After so many tries (a setting) the manager is told.

    What one person records within an hour of a try of theirs is the same try: it does not raise `tries`.
    """
    await visits.record_no_access(
        session,
        visit_id,
        note=body.note,
        tried_at=body.tried_at,
        after_tries=after_tries,
        actor=actor.username,
        at=now,
    )
    return await read_visit(session, visit_id, actor, now)


@router.post("/inspection-visits/{visit_id}/call-off")
async def call_off(session: Session, actor: Actor, now: Now, visit_id: Id, body: CallOffBody) -> VisitBody:
    """End the visit without its inspections; what is due stays due."""
    await visits.call_off(session, visit_id, reason=body.reason, actor=actor, at=now)
    return await read_visit(session, visit_id, actor, now)


async def read_visit(session: AsyncSession, visit_id: int, actor: Person, now: Now) -> VisitBody:
    """One visit; the reading is logged. Raises NotFound `unknown-visit`."""
    visit = await visit_queries.get_visit(session, visit_id, today=uk_date(now))
    subject = f"client:{visit.client_ref}"
    await audit.record(session, "visit_read", subject, actor=actor.username, at=now, visit=visit_id)
    return visit


async def note_listed(session: AsyncSession, rows: list[VisitBody], actor: Person, now: Now) -> None:
    """That clients were listed is logged."""
    found = len(rows)
    await audit.record(session, "clients_listed", "inspection_visits", actor=actor.username, at=now, found=found)
