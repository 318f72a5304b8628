"""Reads of stocktakes: one, a list of them, and what differs from the record."""

from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.lifecycle import State
from app.domain.stocktakes import AT_A_DESK, Difference, Place, Standing, find_difference
from app.features.stocktakes.schemas import (
    CameOrWent,
    DifferenceBody,
    Kept,
    StocktakeBody,
    StocktakeRow,
    StocktakeState,
    StrangeLabel,
)

ROWS = """
    SELECT count.id, count.number, count.store_id, store.code AS store, store.name AS store_name, count.bay,
           CASE WHEN finished_at IS NOT NULL THEN 'finished' WHEN cancelled_at IS NOT NULL THEN 'cancelled'
                ELSE 'open' END AS state,
           count.started_at, count.started_by, count.finished_at, count.finished_by,
           count.cancelled_at, count.cancelled_by, progress.expected, progress.counted
    FROM stocktake AS count JOIN store ON store.id = count.store_id
    CROSS JOIN LATERAL (
        SELECT count(expected_seq) AS expected, count(counted_at) FILTER (WHERE expected_seq IS NOT NULL) AS counted
        FROM stocktake_item WHERE stocktake_id = count.id
    ) AS progress
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
# Whoever moved an item in their hands since it was counted, or since the start, knows where it is.
# Most have not been moved at all, as the item's own count says: months are looked through only for those that have.
WAS_HANDLED = """(item.last_seq > coalesce(line.counted_seq, line.expected_seq) AND EXISTS (
    SELECT FROM movement WHERE movement.item_id = item.id
      AND movement.seq > coalesce(line.counted_seq, line.expected_seq)
      AND movement.from_state || ' ' || movement.move <> ALL(:at_a_desk)))"""
LINES = f"""
    SELECT item.id, item.barcode, item.state, item.store_id, item.bay, product.name AS product_name,
           store.code AS store, line.expected_seq IS NOT NULL AS is_expected, line.counted_at, line.counted_by,
           line.difference, line.correction, {WAS_HANDLED} AS was_handled,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.kind = 'in_transit'
                   AND hold.lifted_at IS NULL) AS is_in_transit
    FROM stocktake_item AS line JOIN item ON item.id = line.item_id
    JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    WHERE line.stocktake_id = :id
"""  # noqa: S608 - the part is the constant above
COUNTED = text(f"{LINES} AND line.item_id = ANY(:item_ids)")
# What was counted where it was expected, and has not moved since, is most of a store and is left out at once.
STANDING = text(f"""
    {LINES} AND (line.difference IS NOT NULL OR line.expected_seq IS NULL OR line.counted_at IS NULL
                 OR item.last_seq <> line.expected_seq)
    ORDER BY item.barcode
""")
# The last movement, and two more if they were in the quarter before it: for a whole store not every month there ever
# was is looked through.
HISTORIES = text("""
    SELECT item.id, past.history
    FROM unnest(CAST(:item_ids AS bigint[])) AS wanted (id) JOIN item ON item.id = wanted.id
    CROSS JOIN LATERAL (
        SELECT COALESCE(jsonb_agg(line ORDER BY line.seq DESC), '[]') AS history
        FROM (SELECT movement.seq, movement.move, movement.at, movement.actor, store.code AS store, movement.bay
              FROM movement JOIN store ON store.id = movement.store_id
              WHERE movement.item_id = item.id AND movement.at <= item.last_moved_at
                AND movement.at > item.last_moved_at - interval '90 days'
              ORDER BY movement.seq DESC LIMIT 3) AS line
    ) AS past
""")
STRANGE = text("""
    SELECT DISTINCT ON (raw) raw, result ->> 'detail' AS detail, received_by, received_at
    FROM return_scan WHERE scanned_into = :number AND outcome IN ('unknown', 'refused')
      AND result ->> 'code' <> 'stocktake-closed' ORDER BY raw, id LIMIT 200
""")
KEPT = text("""
    SELECT item.barcode, kept.from_on, client.client_ref, asked.number AS order_number
    FROM item JOIN reservation AS kept ON kept.item_id = item.id AND kept.ended_at IS NULL
    JOIN client ON client.id = kept.client_id
    LEFT JOIN order_unit AS unit ON unit.reservation_id = kept.id AND unit.cancelled_at IS NULL
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE item.barcode = ANY(:barcodes) ORDER BY kept.from_on, item.barcode
""")
DESK_PAIRS = sorted(f"{state} {move}" for state, move in AT_A_DESK)


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


async def list_standing(session: AsyncSession, stocktake_id: int) -> list[RowMapping]:
    """The count's items that could differ from the record, by barcode."""
    rows = await session.execute(STANDING, {"id": stocktake_id, "at_a_desk": DESK_PAIRS})
    return list(rows.mappings())


async def list_counted(session: AsyncSession, stocktake_id: int, item_ids: list[int]) -> dict[int, RowMapping]:
    """These items of the count, by their ids."""
    values = {"id": stocktake_id, "item_ids": item_ids, "at_a_desk": DESK_PAIRS}
    return {row["id"]: row for row in (await session.execute(COUNTED, values)).mappings()}


def difference_of(row: RowMapping, place: Place) -> Difference | None:
    """How one of them differs."""
    item = Standing(
        state=State(row["state"]),
        store_id=row["store_id"],
        bay=row["bay"],
        is_expected=row["is_expected"],
        is_counted=row["counted_at"] is not None,
        was_handled=row["was_handled"],
        is_in_transit=row["is_in_transit"],
    )
    return find_difference(item, place)


async def get_stocktake(session: AsyncSession, number: str) -> StocktakeBody:
    """The count with its differences: as they stand while it is open, as they were decided when it is finished.

    Four statements. Raises NotFound `unknown-stocktake`.
    """
    count = await find_row(session, number)
    place = Place(count["store_id"], count["bay"])
    is_open = count["state"] == StocktakeState.OPEN
    differing: list[tuple[RowMapping, Difference]] = []
    moved: list[RowMapping] = []
    for row in await list_standing(session, count["id"]):
        difference = difference_of(row, place) if is_open else row["difference"] and Difference(row["difference"])
        if difference:
            differing.append((row, difference))
        elif is_open and (row["was_handled"] or not row["is_expected"]):
            moved.append(row)
    shown = [row["id"] for row, _ in differing] + [row["id"] for row in moved]
    found = await session.execute(HISTORIES, {"item_ids": shown})
    histories = {row.id: row.history for row in found}
    strange = (await session.execute(STRANGE, {"number": number})).mappings()
    lost = sum(difference is Difference.MISSING for _, difference in differing)
    return StocktakeBody(
        **count,
        missing=lost,
        unexpected=len(differing) - lost,
        differences=[_differing(row, difference, histories) for row, difference in differing],
        moved=[CameOrWent(**row, was_expected=row["is_expected"], history=histories[row["id"]]) for row in moved],
        strange_labels=[StrangeLabel(**row) for row in strange],
    )


async def list_kept(session: AsyncSession, barcodes: list[str], *, may_see_client: bool) -> list[Kept]:
    """What these items are reserved for."""
    rows = (await session.execute(KEPT, {"barcodes": barcodes})).mappings()
    unseen = {} if may_see_client else {"client_ref": None, "order_number": None}
    return [Kept(**{**row, **unseen}) for row in rows]


def _differing(row: RowMapping, difference: Difference, histories: dict[int, Any]) -> DifferenceBody:
    facts = {name: row[name] for name in DifferenceBody.model_fields if name in row and name != "difference"}
    return DifferenceBody(**facts, difference=difference, done=row["correction"], history=histories[row["id"]])
