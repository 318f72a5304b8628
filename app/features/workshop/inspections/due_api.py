"""The JSON route of what falls due, and the same as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.inspections import InspectionKind
from app.features.workshop.inspections.due import (
    USUAL_DAYS,
    DueInspection,
    KnownDanger,
    Wanted,
    Where,
    cursor_of,
    list_dangers,
    list_due,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import DAY_TAG_AND_KIND, Page, day_cursor, number_cursor, page_of

MOST_EXPORTED = 20_000
COLUMNS = tuple(DueInspection.model_fields)

router = api_router("inspections")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to. `known`: `false` for only those of which nobody knows when they are due, `true` for
    only the others."""

    before: date | None = None
    store: Annotated[str | None, Query(max_length=40)] = None
    kind: InspectionKind | None = None
    where: Where | None = None
    overdue: bool = False
    known: bool | None = None


@router.get("/inspections/due", response_model=Page[DueInspection])
async def due(
    session: Session,
    actor: Actor,
    now: Now,
    asked: Annotated[Asked, Depends()],
    file_format: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    limit: Limit = 50,
    after: After = None,
) -> Page[DueInspection] | Response:
    """Inspections that fall due before a day (as a rule the next 30 days), by day. As `csv`: all in one file.

    Those of which nobody knows when they are due stand first, whatever the day: they count as overdue (`is_known`).
    """
    until = asked.before or uk_date(now) + USUAL_DAYS
    may_visit = actor.may(Permission.VISIT_HOMES)
    wanted = Wanted(until, asked.store, asked.kind, asked.where, asked.overdue, asked.known, may_visit)
    if file_format == "csv":
        return await export_due(session, wanted, actor, now)
    rows = await list_due(session, wanted, today=uk_date(now), after=day_cursor(after, DAY_TAG_AND_KIND), limit=limit)
    await note_homes(session, rows, actor, now)
    return page_of(rows, limit=limit, cursor=cursor_of)


@router.get("/inspections/dangers")
async def dangers(
    session: Session,
    actor: Actor,
    now: Now,
    store: Annotated[str | None, Query(max_length=40)] = None,
    kind: InspectionKind | None = None,
    where: Where | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[KnownDanger]:
    """Dangers that inspections found, until a later one passes and the copy of the report is sent to the authority."""
    wanted = Wanted(store=store, kind=kind, where=where, may_visit=actor.may(Permission.VISIT_HOMES))
    rows = await list_dangers(session, wanted, today=uk_date(now), after=number_cursor(after), limit=limit)
    await note_homes(session, rows, actor, now)
    return page_of(rows, limit=limit, cursor=lambda row: row.inspection_id)


async def export_due(session: AsyncSession, wanted: Wanted, actor: Person, now: Now) -> Response:
    """All that is due in one file."""
    rows = await list_due(session, wanted, today=uk_date(now), limit=MOST_EXPORTED)
    await note_homes(session, rows, actor, now)
    lines = ([getattr(row, name) for name in COLUMNS] for row in rows[:MOST_EXPORTED])
    return csv_answer(f"inspections-due-{uk_date(now)}.csv", COLUMNS, lines)


async def note_homes(
    session: AsyncSession, rows: Sequence[DueInspection | KnownDanger], actor: Person, now: Now
) -> None:
    """That clients were listed is logged, where any was."""
    shown = sum(row.client_ref is not None for row in rows)
    if shown:
        await audit.record(session, "clients_listed", "inspections_due", actor=actor.username, at=now, found=shown)
