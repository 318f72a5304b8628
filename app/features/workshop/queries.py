"""Reads of the workshop: one item on a bench. What waits on which bench is in `queues.py`."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.errors import NotFound
from app.features.workshop.schemas import BenchItem


async def get_bench_item(session: AsyncSession, barcode: str) -> BenchItem:
    """One item for the repair bench or for cleaning by order. Raises NotFound `unknown-barcode`."""
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
        is_spent=fact.is_spent,
    )
