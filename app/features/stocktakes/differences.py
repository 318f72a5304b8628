"""What differs from the record in a count: a page of it for people, and all of it for the end of the count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.domain.stocktakes import AT_A_DESK, NOT_IN_STORE, Difference, Place, Standing, find_difference

MOST_SHOWN: Final = 100
"""So many differences are on a page, and so many of the items that came or went."""

# Whoever moved an item in their hands since it was counted, or since the start, knows where it is.
# Most have not been moved at all, as the item's own count says: months are looked through only for those that have.
WAS_HANDLED = """(item.last_seq > coalesce(line.counted_seq, line.expected_seq) AND EXISTS (
    SELECT FROM movement WHERE movement.item_id = item.id
      AND movement.seq > coalesce(line.counted_seq, line.expected_seq)
      AND movement.from_state || ' ' || movement.move <> ALL(:at_a_desk)))"""
_IN_TRANSIT = """EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.kind = 'in_transit'
                   AND hold.lifted_at IS NULL)"""
LINES = f"""
    SELECT item.id, item.barcode, item.state, item.store_id, item.bay, product.name AS product_name,
           store.code AS store, line.expected_seq IS NOT NULL AS is_expected, line.counted_at, line.counted_by,
           line.difference, line.correction, {WAS_HANDLED} AS was_handled,
           {_IN_TRANSIT} AS is_in_transit
    FROM stocktake_item AS line JOIN item ON item.id = line.item_id
    JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    WHERE line.stocktake_id = :id
"""  # noqa: S608 - the part is the constant above
COUNTED = text(f"{LINES} AND line.item_id = ANY(:item_ids)")
# What was counted where it was expected, and has not moved since, is most of a store and is left out at once.
_COULD_DIFFER = "(line.expected_seq IS NULL OR line.counted_at IS NULL OR item.last_seq <> line.expected_seq)"
STANDING = text(f"{LINES} AND {_COULD_DIFFER} ORDER BY item.barcode")
# The rules of `domain/stocktakes.py`; a test compares the two.
_STANDS = f"""
    SELECT item.id, item.barcode, line.expected_seq IS NOT NULL AS is_expected, {WAS_HANDLED} AS was_handled,
           CASE WHEN {WAS_HANDLED} THEN NULL
                WHEN line.counted_at IS NULL THEN 'missing'
                WHEN item.state = ANY(:elsewhere)
                THEN (CAST(:called AS text[]))[array_position(CAST(:elsewhere AS text[]), item.state)]
                WHEN {_IN_TRANSIT} THEN 'in_transit'
                WHEN item.store_id <> :store_id THEN 'other_store'
                WHEN lower(COALESCE(item.bay, '')) <> lower(:bay) THEN 'other_bay' END AS difference,
           CAST(NULL AS text) AS correction
    FROM stocktake_item AS line JOIN item ON item.id = line.item_id
    WHERE line.stocktake_id = :id AND {_COULD_DIFFER}
"""  # noqa: S608 - the parts are the constants above
_DIFFERED = """
    SELECT item.id, item.barcode, line.expected_seq IS NOT NULL AS is_expected, false AS was_handled,
           line.difference, line.correction
    FROM stocktake_item AS line JOIN item ON item.id = line.item_id
    WHERE line.stocktake_id = :id AND line.difference IS NOT NULL
"""
# The last movement, and two more if they were in the quarter before it: not every month there ever was is looked into.
_PAST = """
    LEFT JOIN LATERAL (
        SELECT COALESCE(jsonb_agg(line ORDER BY line.seq DESC), '[]') AS history
        FROM (SELECT movement.seq, movement.move, movement.at, movement.actor, store.code AS store, movement.bay
              FROM movement JOIN store ON store.id = movement.store_id
              WHERE movement.item_id = item.id AND movement.at <= item.last_moved_at
                AND movement.at > item.last_moved_at - interval '90 days'
              ORDER BY movement.seq DESC LIMIT 3) AS line
    ) AS past ON true
"""
# All of a store is judged, from the lines and the items alone; what people read beside them is looked up for the page.
_PAGE = """
    WITH judged AS MATERIALIZED ({judged}),
    told AS (
        SELECT *, difference IS NOT NULL AS differs FROM judged
        WHERE difference IS NOT NULL OR was_handled OR NOT is_expected
    ), shown AS (
        (SELECT * FROM told WHERE differs AND barcode > :after ORDER BY barcode LIMIT :limit)
        UNION ALL (SELECT * FROM told WHERE NOT differs ORDER BY barcode LIMIT :most_moved)
    )
    SELECT shown.*, product.name AS product_name, item.state, store.code AS store, item.bay,
           line.counted_at, line.counted_by, numbers.*, marked.mark, past.history
    FROM (
        SELECT COALESCE(jsonb_object_agg(difference, items) FILTER (WHERE difference IS NOT NULL), '{{}}') AS kinds,
               COALESCE(sum(items) FILTER (WHERE difference IS NULL), 0) AS moved_in_all,
               COALESCE(sum(corrected), 0) AS corrected
        FROM (SELECT difference, count(*) AS items,
                     count(*) FILTER (WHERE correction <> 'none') AS corrected FROM told GROUP BY difference) AS of_kind
    ) AS numbers
    CROSS JOIN (
        SELECT md5(COALESCE(string_agg(barcode || difference, ' ' ORDER BY barcode), '')) AS mark
        FROM told WHERE differs
    ) AS marked
    LEFT JOIN shown ON true
    LEFT JOIN item ON item.id = shown.id LEFT JOIN product ON product.id = item.product_id
    LEFT JOIN store ON store.id = item.store_id
    LEFT JOIN stocktake_item AS line ON line.stocktake_id = :id AND line.item_id = shown.id
    {past}
    ORDER BY shown.barcode
"""
STANDS = text(_PAGE.format(judged=_STANDS, past=_PAST))
DIFFERED = text(_PAGE.format(judged=_DIFFERED, past=_PAST))
ALL_THAT_DIFFER = text(f"SELECT barcode, difference FROM ({_STANDS}) AS judged WHERE difference IS NOT NULL")  # noqa: S608
DESK_PAIRS = sorted(f"{state} {move}" for state, move in AT_A_DESK)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what differs. `kinds`: how many differ in each way, in all; `moved_in_all`: how many came or went;
    `mark`: another as soon as anything else differs."""

    differing: Sequence[RowMapping]
    is_more: bool
    moved: Sequence[RowMapping]
    kinds: dict[Difference, int]
    moved_in_all: int
    corrected: int
    mark: str


async def read_differences(session: AsyncSession, count: RowMapping, *, after: str, limit: int) -> Found:
    """What differs in a count, by tag from `after` on: `limit` at most; and as many that came or went. One statement.

    As it stands while the count is open; as it was decided when it is finished.
    """
    values = {"id": count["id"], "after": after, "limit": limit + 1, "most_moved": limit}
    is_open = not (count["finished_at"] or count["cancelled_at"])
    if is_open:
        values |= _judged_by(count)
    rows = (await session.execute(STANDS if is_open else DIFFERED, values)).mappings().all()
    differing = [row for row in rows if row["differs"]]
    return Found(
        differing=differing[:limit],
        is_more=len(differing) > limit,
        moved=[row for row in rows if row["differs"] is False],
        kinds={Difference(kind): items for kind, items in rows[0]["kinds"].items()},
        moved_in_all=int(rows[0]["moved_in_all"]),
        corrected=int(rows[0]["corrected"]),
        mark=rows[0]["mark"],
    )


async def list_differing(session: AsyncSession, count: RowMapping) -> dict[str, Difference]:
    """Everything that differs in an open count, by tag."""
    rows = await session.execute(ALL_THAT_DIFFER, {"id": count["id"], **_judged_by(count)})
    return {row.barcode: Difference(row.difference) for row in rows}


async def list_standing(session: AsyncSession, stocktake_id: int) -> list[RowMapping]:
    """The count's items that could differ from the record, by barcode: all of them, for the end of the count."""
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


def _judged_by(count: RowMapping) -> Mapping[str, Any]:
    return {
        "store_id": count["store_id"],
        "bay": count["bay"],
        "elsewhere": [state.value for state in NOT_IN_STORE],
        "called": [difference.value for difference in NOT_IN_STORE.values()],
        "at_a_desk": DESK_PAIRS,
    }
