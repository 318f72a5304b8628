"""Reads of stocktakes: one, and a list of them. What differs from the record is in `differences.py`."""

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.features.stocktakes.differences import MOST_SHOWN, read_differences
from app.features.stocktakes.schemas import (
    CameOrWent,
    DifferenceBody,
    Kept,
    StocktakeBody,
    StocktakeRow,
    StocktakeState,
    StrangeLabel,
)

# What has ended keeps its numbers; one that is open is counted, and there is one at most of each bay.
ROWS = """
    SELECT count.id, count.number, count.store_id, store.code AS store, store.name AS store_name, count.bay,
           CASE WHEN finished_at IS NOT NULL THEN 'finished' WHEN cancelled_at IS NOT NULL THEN 'cancelled'
                ELSE 'open' END AS state,
           count.started_at, count.started_by, count.finished_at, count.finished_by,
           count.cancelled_at, count.cancelled_by, COALESCE(count.expected, progress.expected) AS expected,
           COALESCE(count.counted, progress.counted) AS counted
    FROM stocktake AS count JOIN store ON store.id = count.store_id
    LEFT JOIN LATERAL (
        SELECT count(expected_seq) AS expected, count(counted_at) FILTER (WHERE expected_seq IS NOT NULL) AS counted
        FROM stocktake_item WHERE stocktake_id = count.id AND count.expected IS NULL
    ) AS progress ON true
"""
ONE = text(f"{ROWS} WHERE count.number = :number")
LIST = text(f"""
    {ROWS} WHERE count.id < :before
      AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (CAST(:state AS text) IS NULL OR CASE :state
           WHEN 'open' THEN finished_at IS NULL AND cancelled_at IS NULL
           WHEN 'finished' THEN finished_at IS NOT NULL ELSE cancelled_at IS NOT NULL END)
    ORDER BY count.id DESC LIMIT :limit
""")
STRANGE = text("""
    SELECT DISTINCT ON (raw) raw, result ->> 'detail' AS detail, received_by, received_at
    FROM return_scan WHERE scanned_into = :number AND outcome IN ('unknown', 'refused')
      AND result ->> 'code' <> 'stocktake-closed' ORDER BY raw, id LIMIT 200
""")
KEPT = text("""
    SELECT item.barcode, product.name AS product_name, kept.from_on, client.client_ref, asked.number AS order_number
    FROM item JOIN product ON product.id = item.product_id
    JOIN reservation AS kept ON kept.item_id = item.id AND kept.ended_at IS NULL
    JOIN client ON client.id = kept.client_id
    LEFT JOIN order_unit AS unit ON unit.reservation_id = kept.id AND unit.cancelled_at IS NULL
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE item.barcode = ANY(:barcodes) ORDER BY kept.from_on, item.barcode
""")


def unknown_stocktake() -> NotFound:
    """There is no count of that number."""
    return NotFound("unknown-stocktake", "There is no stocktake with this number.", field="number")


async def find_row(session: AsyncSession, number: str) -> RowMapping:
    """The count's own columns. Raises NotFound `unknown-stocktake`."""
    row = (await session.execute(ONE, {"number": number})).mappings().one_or_none()
    if row is None:
        raise unknown_stocktake()
    return row


async def get_row(session: AsyncSession, number: str) -> StocktakeRow:
    """The count and how far it is. Raises NotFound `unknown-stocktake`."""
    return StocktakeRow(**await find_row(session, number))


async def list_stocktakes(
    session: AsyncSession,
    *,
    store: str | None = None,
    state: StocktakeState | None = None,
    before: int = 2**63 - 1,
    limit: int,
) -> list[StocktakeRow]:
    """Counts, newest first, `limit + 1` of them."""
    values = {"store": store, "state": state and state.value, "before": before, "limit": limit + 1}
    return [StocktakeRow(**row) for row in (await session.execute(LIST, values)).mappings()]


async def get_stocktake(
    session: AsyncSession, number: str, *, after: str = "", limit: int = MOST_SHOWN
) -> StocktakeBody:
    """The count with a page of its differences, by tag: as they stand while it is open, as they were decided when it is
    finished.

    Four statements. Raises NotFound `unknown-stocktake`.
    """
    count = await find_row(session, number)
    found = await read_differences(session, count, after=after, limit=limit)
    strange = (await session.execute(STRANGE, {"number": number})).mappings()
    return StocktakeBody(
        **count,
        kinds=found.kinds,
        moved_in_all=found.moved_in_all,
        corrected=found.corrected,
        mark=found.mark,
        differences=[DifferenceBody(**row, done=row["correction"]) for row in found.differing],
        next=found.differing[-1]["barcode"] if found.is_more else None,
        moved=[CameOrWent(**row, was_expected=row["is_expected"]) for row in found.moved],
        strange_labels=[StrangeLabel(**row) for row in strange],
    )


async def list_kept(session: AsyncSession, barcodes: list[str], *, may_see_client: bool) -> list[Kept]:
    """What these items are reserved for."""
    rows = (await session.execute(KEPT, {"barcodes": barcodes})).mappings()
    unseen = {} if may_see_client else {"client_ref": None, "order_number": None}
    return [Kept(**{**row, **unseen}) for row in rows]
