"""Reads of the workshop: one item on a bench, and what is due. What waits on which bench is in `queues.py`."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.errors import NotFound
from app.features.workshop.schemas import BenchItem, DueInspection, DueLine

DUE = text("""
    SELECT item.barcode, product.name AS product_name, due.kind, due.due_on, item.state, store.code AS store,
           due.due_on < :today AS is_overdue
    FROM inspection_due AS due
    JOIN item ON item.id = due.item_id
    JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    WHERE due.due_on < :before AND item.state <> 'scrapped' AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (item.barcode, due.kind) > (:after_barcode, :after_kind)
    ORDER BY item.barcode, due.kind LIMIT :limit
""")


async def list_due(
    session: AsyncSession, *, before: date, today: date, store: str | None, after: str = "", limit: int = 50
) -> list[DueInspection]:
    """Inspections due before a day, by barcode and kind, `limit + 1` of them; `after`: "barcode kind"."""
    barcode, _, kind = after.partition(" ")
    cursor = {"after_barcode": barcode, "after_kind": kind}
    values = {"before": before, "today": today, "store": store, "limit": limit + 1, **cursor}
    return [DueInspection(**row) for row in (await session.execute(DUE, values)).mappings()]


async def get_bench_item(session: AsyncSession, barcode: str, *, today: date) -> BenchItem:
    """One item for the inspection or the repair bench. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    fact = item.evidence
    serial = await session.scalar(text("SELECT serial_number FROM item WHERE id = :item_id"), {"item_id": item.id})
    return BenchItem(
        barcode=item.barcode,
        product_name=item.product_name,
        state=item.state,
        serial_number=serial,
        holds=[f"{hold.kind.text}: {hold.reason}" for hold in fact.holds],
        due=[DueLine(kind=d.kind, due_on=d.due_on, failed=d.failed, is_met=d.is_met(today)) for d in fact.due],
        is_inspected=fact.is_inspected,
        is_spent=fact.is_spent,
    )
