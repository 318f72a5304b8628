"""Reads of collections: one, lists of them, and what could be fetched from whom."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collecting import collect_by, requested_too_long_ago
from app.domain.dates import uk_date
from app.domain.lifecycle import Move, State, moves_from
from app.domain.loans import CollectionSpeed
from app.features.collections.find_queries import list_finds
from app.features.collections.schemas import (
    CollectableLoan,
    CollectionBody,
    CollectionLineBody,
    CollectionRow,
    CollectionState,
    Show,
    VisitBody,
)
from app.features.collections.service import unknown_collection
from app.fetching import ASKED_FOR, is_anothers

OPEN_ONES = """
    collection.id = ANY(ARRAY(
        SELECT DISTINCT collection_id FROM collection_line WHERE collected_at IS NULL AND cancelled_at IS NULL))
"""
COLUMNS = """
    SELECT collection.id, collection.number, client.client_ref, collection.reason, collection.speed,
           collection.requested_at, collection.requested_by, collection.contact_name, collection.contact_phone,
           collection.is_bereavement, client.died_on IS NOT NULL AS has_died,
           collection.list_agreed_at, collection.list_agreed_by, collection.scheduled_on,
           lines.items, visits.failed_visits,
           CASE WHEN lines.items > 0 THEN 'open' WHEN lines.collected > 0 THEN 'collected' ELSE 'cancelled' END AS state
"""
SOURCES = """
    FROM collection JOIN client ON client.id = collection.client_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE collected_at IS NULL AND cancelled_at IS NULL) AS items,
               count(*) FILTER (WHERE collected_at IS NOT NULL) AS collected
        FROM collection_line WHERE collection_id = collection.id) AS lines
    CROSS JOIN LATERAL (
        SELECT count(*) AS failed_visits FROM collection_visit WHERE collection_id = collection.id) AS visits
"""
IS_FAILED = "visits.failed_visits > 0 AND collection.scheduled_on IS NULL"
IS_TODAY = "collection.scheduled_on = :today"
IS_OVERDUE = """
    CAST(collection.requested_at AT TIME ZONE 'Europe/London' AS date)
      <= CASE collection.speed WHEN 'urgent' THEN CAST(:urgent AS date) ELSE CAST(:standard AS date) END
"""
IS_MINE = f"collection.id = ANY(ARRAY({ASKED_FOR})) AND NOT {is_anothers('collection.id')}"
SHOWN = {Show.OPEN: "true", Show.TODAY: IS_TODAY, Show.FAILED: IS_FAILED, Show.OVERDUE: IS_OVERDUE, Show.MINE: IS_MINE}
ONE = text(f"{COLUMNS} {SOURCES} WHERE collection.number = :number")
# Open collections are found first, and which of them were visited in one walk of an index: nothing is asked of each.
COUNTS = text(f"""
    WITH opened AS MATERIALIZED (
        SELECT DISTINCT collection_id AS id FROM collection_line WHERE collected_at IS NULL AND cancelled_at IS NULL
    ), visited AS MATERIALIZED (
        SELECT collection_id AS id FROM collection_visit WHERE collection_id = ANY(ARRAY(SELECT id FROM opened)))
    SELECT count(*) AS open, count(*) FILTER (WHERE {IS_TODAY}) AS today,
           count(*) FILTER (WHERE scheduled_on IS NULL AND collection.id IN (SELECT id FROM visited)) AS failed,
           count(*) FILTER (WHERE {IS_OVERDUE}) AS overdue,
           count(*) FILTER (WHERE collection.id IN ({ASKED_FOR}) AND NOT {is_anothers("collection.id")}) AS mine
    FROM collection WHERE collection.id = ANY(ARRAY(SELECT id FROM opened))
""")  # noqa: S608 - constants
LINES = text("""
    SELECT item.barcode, product.name AS product_name, line.picked_up_at, line.picked_up_by,
           CASE WHEN line.collected_at IS NOT NULL THEN 'collected'
                WHEN line.cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'open' END AS state
    FROM collection_line AS line JOIN item ON item.id = line.item_id JOIN product ON product.id = item.product_id
    WHERE line.collection_id = :collection_id ORDER BY line.id
""")
VISITS = text("""
    SELECT visited_at, failed_because AS reason, recorded_by FROM collection_visit
    WHERE collection_id = :collection_id ORDER BY visited_at, id
""")
COLLECTABLE = text("""
    SELECT item.barcode, product.name AS product_name, item.serial_number, loan.kind, loan.started_at
    FROM loan JOIN client ON client.id = loan.client_id JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    WHERE upper(client.client_ref) = upper(:client_ref) AND loan.ended_at IS NULL AND item.state = ANY(:states)
    ORDER BY loan.id
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which collections to list; None leaves a question open. `me`: who asks, for those of their own."""

    state: CollectionState | None = None
    client_ref: str | None = None
    scheduled_on: date | None = None
    show: Show | None = None
    me: str | None = None


class Counts(NamedTuple):
    """How many open collections there are, and what is the matter with them."""

    open: int
    today: int
    failed: int
    overdue: int
    mine: int


async def list_collections(
    session: AsyncSession, wanted: Wanted, *, today: date, holidays: AbstractSet[date], after: int = 0, limit: int = 50
) -> list[CollectionRow]:
    """Collections, oldest first, `limit + 1` of them."""
    conditions = ["collection.id > :after"]
    values: dict[str, Any] = {"after": after, "limit": limit + 1}
    if wanted.show or wanted.state is CollectionState.OPEN:
        conditions.append(OPEN_ONES)
    elif wanted.state:
        conditions.append(f"NOT {OPEN_ONES} AND (lines.collected > 0) = :was_collected")
        values["was_collected"] = wanted.state is CollectionState.COLLECTED
    if wanted.show:
        conditions.append(SHOWN[wanted.show])
        values |= _days(wanted.show, today, holidays)
        if wanted.show is Show.MINE:
            values["actor"] = wanted.me
    if wanted.client_ref:
        conditions.append("upper(client.client_ref) = upper(:client_ref)")
        values["client_ref"] = wanted.client_ref
    if wanted.scheduled_on:
        conditions.append("collection.scheduled_on = :scheduled_on")
        values["scheduled_on"] = wanted.scheduled_on
    chosen = text(f"{COLUMNS} {SOURCES} WHERE {' AND '.join(conditions)} ORDER BY collection.id LIMIT :limit")
    rows = (await session.execute(chosen, values)).mappings()
    return [CollectionRow(**_row(row, today, holidays)) for row in rows]


async def count_open(session: AsyncSession, *, me: str, today: date, holidays: AbstractSet[date]) -> Counts:
    """How many there are on each part of the worklist; `me`: who asks."""
    values = {"actor": me, "today": today} | _days(Show.OVERDUE, today, holidays)
    row = (await session.execute(COUNTS, values)).one()
    return Counts(row.open, row.today, row.failed, row.overdue, row.mine)


async def get_collection(
    session: AsyncSession, number: str, *, today: date, holidays: AbstractSet[date], prefix: str
) -> CollectionBody:
    """One collection with all that belongs to it. Raises NotFound `unknown-collection`."""
    row = (await session.execute(ONE, {"number": number})).mappings().one_or_none()
    if row is None:
        raise unknown_collection()
    lines = await session.execute(LINES, {"collection_id": row["id"]})
    visits = await session.execute(VISITS, {"collection_id": row["id"]})
    return CollectionBody(
        **_row(row, today, holidays),
        lines=[CollectionLineBody(**line) for line in lines.mappings()],
        visits=[VisitBody(**visit) for visit in visits.mappings()],
        found=await list_finds(session, prefix=prefix, collection_id=row["id"]),
    )


async def list_collectable(session: AsyncSession, client_ref: str) -> list[CollectableLoan]:
    """What the client has and no collection fetches yet, oldest loan first."""
    states = [state.value for state in State if Move.REQUEST_COLLECTION in moves_from(state)]
    rows = await session.execute(COLLECTABLE, {"client_ref": client_ref, "states": states})
    return [CollectableLoan(**row) for row in rows.mappings()]


async def has_died(session: AsyncSession, client_ref: str) -> bool:
    """Whether the client's death is recorded."""
    wanted = text("SELECT died_on IS NOT NULL FROM client WHERE upper(client_ref) = upper(:client_ref)")
    return bool(await session.scalar(wanted, {"client_ref": client_ref}))


def _days(show: Show, today: date, holidays: AbstractSet[date]) -> dict[str, date]:
    if show is Show.TODAY:
        return {"today": today}
    if show is not Show.OVERDUE:
        return {}
    return {
        "standard": requested_too_long_ago(CollectionSpeed.STANDARD, today, holidays),
        "urgent": requested_too_long_ago(CollectionSpeed.URGENT, today, holidays),
    }


def _row(row: RowMapping, today: date, holidays: AbstractSet[date]) -> dict[str, Any]:
    facts = {name: value for name, value in row.items() if name != "id"}
    due_on = collect_by(CollectionSpeed(row["speed"]), uk_date(row["requested_at"]), holidays)
    return facts | {"due_on": due_on, "is_overdue": row["items"] > 0 and due_on < today}
