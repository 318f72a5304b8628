"""Reads of repairs, of the advice, and of the parts bin."""

from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.db import REPAIR_LIMIT_PERCENT, literally
from app.domain.clearance import is_past_use
from app.domain.errors import NotFound
from app.domain.refurbishing import Advised, Facts, advise
from app.features.workshop.repairs.schemas import AdviceBody, AdviceLine, BinPart, RepairShown

USUAL_PERCENT = 60

FACTS = text("""
    SELECT item.purchase_price_pence AS paid_pence, product.purchase_price_pence AS new_pence, item.received_on,
           product.expected_life_months, item.times_issued, cost.earlier_pence, cost.fitted_pence, cost.estimate_pence
    FROM item JOIN product ON product.id = item.product_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(parts_pence + labour_pence) FILTER (WHERE NOT is_current), 0) AS earlier_pence,
               COALESCE(sum(parts_pence) FILTER (WHERE is_current), 0) AS fitted_pence,
               max(estimate_pence) FILTER (WHERE is_current) AS estimate_pence
        FROM repair_cost WHERE repair_cost.item_id = item.id
    ) AS cost
    WHERE item.id = :item_id
""")
# Also the one that has begun and of which nothing is recorded yet.
REPAIRS = text("""
    SELECT came.seq AS number, came.at AS started_at, came.actor AS started_by, COALESCE(came.reason, '') AS why,
           repair.finished_at, repair.finished_by, repair.outcome, COALESCE(repair.notes, '') AS notes,
           repair.labour_minutes, repair.labour_pence,
           COALESCE((
               SELECT jsonb_agg(jsonb_build_object(
                          'id', part.id, 'part_number', part.part_number, 'description', part.description,
                          'quantity', part.quantity, 'cost_pence', part.cost_pence, 'fitted_on', part.fitted_on,
                          'recorded_by', part.recorded_by, 'withdrawn_because', taken.reason,
                          'withdrawn_by', taken.withdrawn_by, 'harvested_from', donor.barcode) ORDER BY part.id)
               FROM fitted_part AS part
               LEFT JOIN fitted_part_withdrawal AS taken ON taken.fitted_part_id = part.id
               LEFT JOIN harvested_part AS harvested ON harvested.id = part.harvested_part_id
               LEFT JOIN item AS donor ON donor.id = harvested.item_id
               WHERE part.repair_id = repair.id), '[]') AS parts,
           COALESCE((
               SELECT jsonb_agg(jsonb_build_object(
                          'parts_pence', made.parts_pence, 'labour_pence', made.labour_pence, 'notes', made.notes,
                          'made_at', made.made_at, 'made_by', made.made_by) ORDER BY made.id DESC)
               FROM repair_estimate AS made WHERE made.repair_id = repair.id), '[]') AS estimates
    FROM movement AS came LEFT JOIN repair ON repair.item_id = came.item_id AND repair.started_seq = came.seq
    WHERE came.item_id = :item_id AND came.to_state = 'in_repair' AND came.from_state <> 'in_repair'
      AND came.seq < :before
    ORDER BY came.seq DESC LIMIT :limit
""")
BIN = """
    SELECT part.id, part.part_number, part.description, part.condition, store.code AS store, store.name AS store_name,
           donor.barcode AS harvested_from, product.name AS product_name, part.taken_at, part.taken_by,
           EXISTS (SELECT FROM hold WHERE hold.item_id = donor.id AND hold.lifted_at IS NULL
                   AND hold.kind <> 'scrap_request') AS on_hold
    FROM harvested_part AS part JOIN store ON store.id = part.store_id JOIN item AS donor ON donor.id = part.item_id
    JOIN product ON product.id = donor.product_id
    WHERE part.discarded_at IS NULL
      AND NOT EXISTS (SELECT FROM standing_part WHERE standing_part.harvested_part_id = part.id)
"""
BINS = text(f"""{BIN}
      AND part.id > :after AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (CAST(:words AS text) IS NULL OR part.description ILIKE :words OR part.part_number ILIKE :words
           OR product.name ILIKE :words)
    ORDER BY part.id LIMIT :limit
""")
ONE = text(f"{BIN} AND part.id = :part_id")
FITTED = text("""
    SELECT part.id, part.part_number, part.description, part.fitted_on, item.barcode, taken.reason AS withdrawn_because
    FROM fitted_part AS part JOIN repair ON repair.id = part.repair_id JOIN item ON item.id = repair.item_id
    LEFT JOIN fitted_part_withdrawal AS taken ON taken.fitted_part_id = part.id
    WHERE part.id = :part_id
""")
NEWEST = 2**31 - 1


async def read_advice(session: AsyncSession, barcode: str, *, on: date) -> AdviceBody:
    """Repair or scrap, with the arithmetic. Raises NotFound `unknown-barcode`."""
    item = await _item(session, barcode)
    row = (await session.execute(FACTS, {"item_id": item.id})).mappings().one()
    past_use = is_past_use(item.evidence, item.route)
    advised = advise_on(row, past_use=past_use, on=on, limit_percent=limit_percent(session))
    lines = [AdviceLine(**asdict(line)) for line in advised.lines]
    return AdviceBody(advice=advised.advice, why=advised.why, lines=lines)


def advise_on(row: RowMapping, *, past_use: bool, on: date, limit_percent: int) -> Advised:
    """The advice about an item whose facts a query has read. Sums come from PostgreSQL as decimals."""
    facts = Facts(
        paid_pence=row["paid_pence"],
        new_pence=row["new_pence"],
        received_on=row["received_on"],
        expected_life_months=row["expected_life_months"],
        times_issued=row["times_issued"],
        earlier_pence=int(row["earlier_pence"]),
        fitted_pence=int(row["fitted_pence"]),
        estimate_pence=row["estimate_pence"],
        past_use=past_use,
    )
    return advise(facts, on=on, limit_percent=limit_percent)


def limit_percent(session: AsyncSession) -> int:
    """How much of what an item is worth its repairs may cost."""
    percent: int = session.info.get(REPAIR_LIMIT_PERCENT, USUAL_PERCENT)
    return percent


async def list_repairs(session: AsyncSession, barcode: str, *, before: int | None, limit: int) -> list[RepairShown]:
    """The item's repairs, newest first, `limit + 1` of them. Raises NotFound `unknown-barcode`."""
    item = await _item(session, barcode)
    values = {"item_id": item.id, "before": min(before or NEWEST, NEWEST), "limit": limit + 1}
    return [RepairShown(**row) for row in (await session.execute(REPAIRS, values)).mappings()]


async def list_bin(session: AsyncSession, *, store: str | None, q: str | None, after: int, limit: int) -> list[BinPart]:
    """The parts in the bin of a store, or of all, `limit + 1` of them; `q`: words of the part or of its product."""
    escaped = q and literally(q)
    values = {"store": store, "words": f"%{escaped}%" if escaped else None, "after": after, "limit": limit + 1}
    return [BinPart(**row) for row in (await session.execute(BINS, values)).mappings()]


async def get_bin_part(session: AsyncSession, part_id: int) -> BinPart:
    """One part of the bin. Raises NotFound `unknown-harvested-part`."""
    row = (await session.execute(ONE, {"part_id": part_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-harvested-part", "There is no part with this number in the bin.")
    return BinPart(**row)


async def get_fitted_part(session: AsyncSession, part_id: int) -> dict[str, Any]:
    """One line of a fitted part. Raises NotFound `unknown-part`."""
    row = (await session.execute(FITTED, {"part_id": part_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-part", "There is no fitted part with this number.")
    return dict(row)


async def _item(session: AsyncSession, barcode: str) -> ledger.ItemRecord:
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return item
