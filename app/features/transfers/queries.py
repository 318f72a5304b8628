"""Reads of consignments: one, a list of them, what is late."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import UK
from app.domain.errors import NotFound
from app.domain.lifecycle import State
from app.domain.transfers import LATE_AFTER
from app.features.transfers.replenishment import FREE
from app.features.transfers.schemas import ConsignmentBody, ConsignmentRow, ConsignmentState, LineBody, ToTake, WantLine

ON_ITS_WAY = "arrived_at IS NULL AND missing_at IS NULL"
ROWS = f"""
    SELECT * FROM (
        SELECT consignment.id, consignment.number, sender.code AS from_store, sender.name AS from_name,
               receiver.code AS to_store, receiver.name AS to_name, sender.id AS from_store_id,
               receiver.id AS to_store_id, consignment.made_at, consignment.made_by, wants.wanted,
               lines.sent, lines.on_its_way, lines.arrived, lines.late,
               CASE WHEN consignment.cancelled_at IS NOT NULL THEN 'cancelled'
                    WHEN lines.on_its_way > 0 THEN 'on_its_way'
                    WHEN lines.sent > 0 THEN 'received' ELSE 'packing' END AS state
        FROM consignment{{narrowed}}
        JOIN store AS sender ON sender.id = consignment.from_store_id
        JOIN store AS receiver ON receiver.id = consignment.to_store_id
        CROSS JOIN LATERAL (
            SELECT count(sent_at) AS sent, count(*) FILTER (WHERE {ON_ITS_WAY}) AS on_its_way,
                   count(arrived_at) FILTER (WHERE sent_at IS NOT NULL) AS arrived,
                   count(*) FILTER (WHERE {ON_ITS_WAY} AND sent_at < :late_before) AS late
            FROM consignment_line WHERE consignment_id = consignment.id
        ) AS lines
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(quantity), 0) AS wanted FROM consignment_want WHERE consignment_id = consignment.id
        ) AS wants
    ) AS row
"""  # noqa: S608 - the part is the constant above
ONE = text(f"{ROWS.format(narrowed='')} WHERE number = :number")
# What is still on its way, or late, is found from the lines that are, and not among all that ever went.
FROM_OPEN_LINES = f""" JOIN (
            SELECT DISTINCT consignment_id FROM consignment_line
            WHERE {ON_ITS_WAY} AND sent_at IS NOT NULL AND (NOT :only_late OR sent_at < :late_before))
        AS open ON open.consignment_id = consignment.id
"""  # noqa: S608 - the part is the constant above
LIST = f"""
    {ROWS} WHERE id < :before AND (CAST(:store AS text) IS NULL OR :store IN (from_store, to_store))
      AND (CAST(:state AS text) IS NULL OR state = :state) AND (NOT :only_late OR late > 0)
    ORDER BY id DESC LIMIT :limit
"""
LINES = text(f"""
    SELECT item.barcode, product.code AS product_code, product.name AS product_name, item.state, store.code AS store,
           line.sent_at, line.sent_by, line.sent_contaminated, (line.consignment_id, product.id) IN (
               SELECT consignment_id, product_id FROM consignment_want) OR NOT EXISTS (
               SELECT FROM consignment_want WHERE consignment_id = line.consignment_id) AS is_wanted,
           line.arrived_at, line.arrived_by, arrived.code AS arrived_store,
           line.missing_reason, {ON_ITS_WAY} AND line.sent_at < :late_before AS is_late,
           CASE WHEN line.sent_at IS NULL THEN 'came_along' WHEN line.arrived_at IS NOT NULL THEN 'arrived'
                WHEN line.missing_at IS NOT NULL THEN 'missing' ELSE 'on_its_way' END AS line_state
    FROM consignment_line AS line JOIN item ON item.id = line.item_id JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id LEFT JOIN store AS arrived ON arrived.id = line.arrived_store_id
    WHERE line.consignment_id = :id ORDER BY product.name, item.barcode
""")  # noqa: S608 - the part is the constant above
WANTS = text("""
    SELECT product.code AS product_code, product.name AS product_name, want.quantity,
           (SELECT count(*) FROM consignment_line AS line JOIN item ON item.id = line.item_id
            WHERE line.consignment_id = :id AND line.sent_at IS NOT NULL AND item.product_id = product.id) AS sent
    FROM consignment_want AS want JOIN product ON product.id = want.product_id
    WHERE want.consignment_id = :id ORDER BY product.name, product.code
""")
# An examination that is due soon would be due at a place where nobody may be able to do it.
TO_TAKE = text(f"""
    SELECT item.barcode, product.name AS product_name, item.bay
    FROM consignment_want AS want JOIN product ON product.id = want.product_id
    CROSS JOIN LATERAL (
        SELECT item.barcode, item.bay,
               (SELECT min(due_on) FROM inspection_due WHERE inspection_due.item_id = item.id) AS due_on
        FROM item WHERE item.product_id = product.id AND item.store_id = :from_store_id AND item.state = 'in_stock'
          AND item.times_issued > 0 AND {FREE}
        ORDER BY due_on DESC NULLS FIRST, item.id
        LIMIT greatest(want.quantity - (
            SELECT count(*) FROM consignment_line AS line JOIN item AS sent ON sent.id = line.item_id
            WHERE line.consignment_id = :id AND line.sent_at IS NOT NULL AND sent.product_id = product.id), 0)
    ) AS item
    WHERE want.consignment_id = :id ORDER BY item.bay, item.barcode
""")  # noqa: S608 - the part is a constant

# For a device without a network. What stands here is contaminated by its state alone; the service knows more.
HERE = text("""
    SELECT EXISTS (SELECT FROM consignment_want WHERE consignment_id = consignment.id) AS has_list,
           ARRAY(
               SELECT barcode FROM item WHERE store_id = consignment.from_store_id AND state = ANY(:dirty)
               ORDER BY id DESC LIMIT :most
           ) AS contaminated,
           ARRAY(
               SELECT item.barcode FROM consignment_want AS want JOIN item ON item.product_id = want.product_id
               WHERE want.consignment_id = consignment.id AND item.store_id = consignment.from_store_id
                 AND item.state <> 'scrapped'
               ORDER BY item.id DESC LIMIT :most
           ) AS wanted
    FROM consignment WHERE consignment.number = :number
""")
DIRTY = [State.RETURNED.value, State.DECONTAMINATING.value]
MOST_KNOWN = 2000


@dataclass(frozen=True, slots=True)
class KnownHere:
    """What a device is told of the store that sends: tags alone. `wanted` None: there is no list, or it is too long."""

    contaminated: list[str]
    wanted: list[str] | None


def late_before(today: date) -> datetime:
    """What was sent before this instant and has not arrived is late."""
    return datetime.combine(today - LATE_AFTER, time(), UK)


async def find_row(session: AsyncSession, number: str, *, today: date) -> RowMapping:
    """The consignment's columns. Raises NotFound `unknown-consignment`."""
    found = await session.execute(ONE, {"number": number, "late_before": late_before(today)})
    row = found.mappings().one_or_none()
    if row is None:
        raise unknown_consignment()
    return row


def unknown_consignment() -> NotFound:
    """There is no consignment of that number."""
    return NotFound("unknown-consignment", "There is no consignment with this number.", field="number")


async def get_row(session: AsyncSession, number: str, *, today: date) -> ConsignmentRow:
    """The consignment and how far it is. Raises NotFound `unknown-consignment`."""
    return ConsignmentRow(**await find_row(session, number, today=today))


async def list_known_here(session: AsyncSession, number: str) -> KnownHere:
    """What a device that scans this consignment out can warn of by itself. Raises NotFound `unknown-consignment`."""
    known = await session.execute(HERE, {"number": number, "dirty": DIRTY, "most": MOST_KNOWN})
    row = known.one_or_none()
    if row is None:
        raise unknown_consignment()
    is_whole = row.has_list and len(row.wanted) < MOST_KNOWN
    return KnownHere(list(row.contaminated), list(row.wanted) if is_whole else None)


async def get_consignment(session: AsyncSession, number: str, *, today: date) -> ConsignmentBody:
    """The consignment with everything on it; four statements. Raises NotFound `unknown-consignment`."""
    row = await find_row(session, number, today=today)
    values: dict[str, Any] = {"id": row["id"], "late_before": late_before(today), "today": today}
    lines = (await session.execute(LINES, values)).mappings().all()
    wants = (await session.execute(WANTS, values)).mappings().all()
    to_take = []
    if wants and row["state"] in {ConsignmentState.PACKING, ConsignmentState.ON_ITS_WAY}:
        found = await session.execute(TO_TAKE, values | {"from_store_id": row["from_store_id"]})
        to_take = [ToTake(**one) for one in found.mappings()]
    return ConsignmentBody(
        **row, wants=[WantLine(**one) for one in wants], lines=[LineBody(**one) for one in lines], to_take=to_take
    )


async def list_consignments(
    session: AsyncSession,
    *,
    today: date,
    store: str | None = None,
    state: ConsignmentState | None = None,
    only_late: bool = False,
    before: int = 2**63 - 1,
    limit: int,
) -> list[ConsignmentRow]:
    """Consignments from or to a store, newest first, `limit + 1` of them."""
    values: dict[str, Any] = {"store": store, "state": state and state.value, "only_late": only_late, "before": before}
    values |= {"late_before": late_before(today), "limit": limit + 1}
    narrowed = FROM_OPEN_LINES if only_late or state is ConsignmentState.ON_ITS_WAY else ""
    rows = await session.execute(text(LIST.format(narrowed=narrowed)), values)
    return [ConsignmentRow(**row) for row in rows.mappings()]
