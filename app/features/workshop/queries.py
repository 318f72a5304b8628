"""Reads of the workshop: what waits on which bench, and what is due."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.features.workshop.schemas import DueInspection, QueueLine

BENCHES = (State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR)

QUEUE = text("""
    SELECT item.barcode, product.name AS product_name, item.serial_number, item.state, store.code AS store,
           COALESCE(job.route, product.decontamination_route) AS route, last.outcome AS last_outcome,
           CAST(EXTRACT(day FROM CAST(:now AS timestamptz) - movement.at) AS int) AS since_days,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL) AS held,
           product.single_patient_use,
           COALESCE(checked.outcome = 'passed'
                    AND checked.seq > GREATEST(item.inspectable_seq, item.returned_seq), false) AS is_inspected
    FROM item
    JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    JOIN movement ON movement.item_id = item.id AND movement.seq = item.last_seq
    LEFT JOIN decontamination AS job ON job.item_id = item.id AND job.finished_at IS NULL
    LEFT JOIN LATERAL (
        SELECT outcome FROM decontamination WHERE item_id = item.id AND finished_seq > item.returned_seq
        ORDER BY id DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT outcome, seq FROM inspection WHERE item_id = item.id AND kind = 'functional' ORDER BY id DESC LIMIT 1
    ) AS checked ON true
    WHERE item.state = :state AND (CAST(:store AS text) IS NULL OR store.code = :store)
    ORDER BY movement.at, item.id LIMIT :limit
""")
COUNTS = text("""
    SELECT item.state, count(*) AS items FROM item JOIN store ON store.id = item.store_id
    WHERE item.state = ANY(:states) AND (CAST(:store AS text) IS NULL OR store.code = :store) GROUP BY item.state
""")
DUE = text("""
    SELECT item.barcode, product.name AS product_name, due.kind, due.due_on, item.state, store.code AS store,
           due.due_on < :today AS is_overdue
    FROM inspection_due AS due
    JOIN item ON item.id = due.item_id
    JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    WHERE due.due_on < :before AND item.state <> 'scrapped' AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND item.barcode || ' ' || due.kind > :after
    ORDER BY item.barcode, due.kind LIMIT :limit
""")


async def list_queue(
    session: AsyncSession, state: State, *, store: str | None, now: datetime, limit: int = 200
) -> list[QueueLine]:
    """The items on a bench, longest waiting first."""
    rows = await session.execute(QUEUE, {"state": state.value, "store": store, "now": now, "limit": limit})
    return [QueueLine(**row) for row in rows.mappings()]


async def count_benches(session: AsyncSession, *, store: str | None) -> dict[State, int]:
    """How many items stand on each bench."""
    rows = await session.execute(COUNTS, {"states": [state.value for state in BENCHES], "store": store})
    found = {State(row.state): row.items for row in rows}
    return {state: found.get(state, 0) for state in BENCHES}


async def list_due(
    session: AsyncSession, *, before: date, today: date, store: str | None, after: str = "", limit: int = 50
) -> list[DueInspection]:
    """Inspections due before a day, by barcode, `limit + 1` of them."""
    values = {"before": before, "today": today, "store": store, "after": after, "limit": limit + 1}
    return [DueInspection(**row) for row in (await session.execute(DUE, values)).mappings()]
