"""Reads of the returns desk."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.returns.schemas import UnmatchedScan

UNMATCHED = text("""
    SELECT scan.id AS number, scan.raw, store.code AS store, scan.received_at, scan.received_by, scan.scanned_at,
           scan.outcome, scan.result ->> 'code' AS code, scan.result ->> 'detail' AS detail, item.barcode,
           scan.result ->> 'product_name' AS product_name, scan.reconciled_by, scan.reconciled_note
    FROM return_scan AS scan
    JOIN store ON store.id = scan.store_id
    LEFT JOIN item ON item.barcode = scan.result ->> 'barcode'
    WHERE scan.outcome IN ('refused', 'unknown') AND scan.reconciled_at IS NULL AND scan.id > :after
    ORDER BY scan.id LIMIT :limit
""")


async def list_unmatched(session: AsyncSession, *, after: int, limit: int) -> list[UnmatchedScan]:
    """Scans that nobody has reconciled, oldest first, `limit + 1` of them."""
    rows = (await session.execute(UNMATCHED, {"after": after, "limit": limit + 1})).mappings()
    return [UnmatchedScan(**row) for row in rows]
