"""Reads of visits to homes for inspections, and what could be inspected at a client's."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.inspections import InspectionKind
from app.features.workshop.inspections.schemas import Barcode
from app.web.fields import Body, Code, Day, Line, Paragraph
from app.web.shapes import Shape


class VisitItem(Body):
    """One inspection to make there."""

    barcode: Barcode
    kind: InspectionKind


class NewVisit(Body):
    """A visit to a client's home for inspections; `visitor`: the username of who makes it."""

    client_ref: Code
    items: Annotated[list[VisitItem], Field(min_length=1, max_length=50)]
    planned_on: Day
    visitor: Line


class PlanBody(Body):
    """Another day, another visitor."""

    planned_on: Day
    visitor: Line


class NoAccessBody(Body):
    """What happened there; `tried_at` left out: now."""

    note: Paragraph
    tried_at: AwareDatetime | None = None


class CallOffBody(Body):
    """Why the visit is called off."""

    reason: Paragraph


class VisitLine(Shape):
    """One inspection that a visit is for; `inspection_id`: it was made. `is_there`: the client has the item still."""

    barcode: str
    product_name: str
    kind: InspectionKind
    due_on: date | None
    is_overdue: bool
    is_open: bool
    is_there: bool
    inspection_id: int | None


class VisitTry(Shape):
    """A try in vain."""

    tried_at: datetime
    note: str
    recorded_by: str


class VisitBody(Shape):
    """A visit to a home for inspections: open until all is inspected, called off, or nothing is there any more."""

    id: int
    client_ref: str
    client_name: str
    address: str
    postcode: str
    phone: str
    planned_on: date
    visitor: str
    planned_by: str
    tries: int
    escalated_at: datetime | None
    is_open: bool
    ended_at: datetime | None
    ended_because: str
    items: list[VisitLine] = Field(default=[])
    no_access: list[VisitTry] = Field(default=[])


class Inspectable(Shape):
    """An inspection that something at a client's needs; `visit_id`: an open visit is for it already."""

    barcode: str
    product_name: str
    kind: InspectionKind
    due_on: date | None
    is_overdue: bool
    visit_id: int | None


VISITS = """
    SELECT visit.id, client.client_ref, client.name AS client_name, client.address, client.postcode, client.phone,
           visit.planned_on, visit.visitor, visit.planned_by, visit.tries, visit.escalated_at,
           visit.ended_at IS NULL AS is_open, visit.ended_at, visit.ended_because
    FROM inspection_visit AS visit JOIN client ON client.id = visit.client_id
"""
ONE = text(f"{VISITS} WHERE visit.id = :visit_id")
MANY = text(f"""{VISITS}
    WHERE (visit.planned_on, visit.id) > (:after_on, :after_id)
      AND (CAST(:open AS boolean) IS NULL OR (visit.ended_at IS NULL) = :open)
      AND (CAST(:escalated AS boolean) IS NULL OR (visit.escalated_at IS NOT NULL) = :escalated)
      AND (CAST(:visitor AS text) IS NULL OR visit.visitor = :visitor)
    ORDER BY visit.planned_on, visit.id LIMIT :limit
""")
LINES = text("""
    SELECT line.visit_id, item.barcode, product.name AS product_name, line.kind, due.due_on,
           COALESCE(due.due_on < :today, true) AS is_overdue, line.is_open, line.inspection_id,
           EXISTS (SELECT FROM loan WHERE loan.item_id = item.id AND loan.client_id = visit.client_id
                   AND loan.ended_at IS NULL) AS is_there
    FROM inspection_visit_item AS line JOIN inspection_visit AS visit ON visit.id = line.visit_id
    JOIN item ON item.id = line.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN inspection_due AS due ON due.item_id = item.id AND due.kind = line.kind
    WHERE line.visit_id = ANY(:visits) ORDER BY due.due_on NULLS FIRST, item.barcode, line.kind
""")
TRIES = text("""
    SELECT visit_id, tried_at, note, recorded_by FROM inspection_visit_try
    WHERE visit_id = ANY(:visits) ORDER BY tried_at, id
""")
THERE = text("""
    SELECT item.barcode, product.name AS product_name, wanted.kind, due.due_on,
           COALESCE(due.due_on < :today, true) AS is_overdue, line.visit_id
    FROM client JOIN loan ON loan.client_id = client.id AND loan.ended_at IS NULL
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN product_inspection AS wanted ON wanted.product_id = product.id AND wanted.kind <> 'functional'
    LEFT JOIN inspection_due AS due ON due.item_id = item.id AND due.kind = wanted.kind
    LEFT JOIN inspection_visit_item AS line ON line.item_id = item.id AND line.kind = wanted.kind AND line.is_open
    WHERE upper(client.client_ref) = upper(:client_ref) ORDER BY due.due_on NULLS FIRST, item.barcode, wanted.kind
""")


async def get_visit(session: AsyncSession, visit_id: int, *, today: date) -> VisitBody:
    """One visit with what it is for. Raises NotFound `unknown-visit`."""
    row = (await session.execute(ONE, {"visit_id": visit_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-visit", "There is no visit with this number.")
    [visit] = await _whole(session, [VisitBody(**row)], today=today)
    return visit


async def list_visits(
    session: AsyncSession,
    *,
    today: date,
    is_open: bool | None = None,
    escalated: bool | None = None,
    visitor: str | None = None,
    after: str = "",
    limit: int = 50,
) -> list[VisitBody]:
    """Visits by their planned day, `limit + 1` of them; `after`: the cursor of the last page. Three statements."""
    on, number = after.split() if after else (date.min.isoformat(), "0")
    place = {"after_on": date.fromisoformat(on), "after_id": int(number)}
    values = {"open": is_open, "escalated": escalated, "visitor": visitor, "limit": limit + 1, **place}
    visits = [VisitBody(**row) for row in (await session.execute(MANY, values)).mappings()]
    return await _whole(session, visits, today=today) if visits else []


async def list_inspectable(session: AsyncSession, client_ref: str, *, today: date) -> list[Inspectable]:
    """The inspections that what a client has needs, the earliest due first."""
    values = {"client_ref": client_ref, "today": today}
    return [Inspectable(**row) for row in (await session.execute(THERE, values)).mappings()]


def cursor_of(visit: VisitBody) -> str:
    """Where a page ends."""
    return f"{visit.planned_on.isoformat()} {visit.id}"


async def _whole(session: AsyncSession, visits: list[VisitBody], *, today: date) -> list[VisitBody]:
    by_id = {visit.id: visit for visit in visits}
    values = {"visits": list(by_id), "today": today}
    for row in (await session.execute(LINES, values)).mappings():
        by_id[row["visit_id"]].items.append(VisitLine(**row))
    for row in (await session.execute(TRIES, {"visits": list(by_id)})).mappings():
        by_id[row["visit_id"]].no_access.append(VisitTry(**row))
    return visits
