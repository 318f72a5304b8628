"""Movements go into their months and back, with everything that hangs on them."""

from sqlalchemy import text

from tests.database import engine_for
from tests.migrations.test_migrations import empty
from tests.migrations.test_with_rows import AN_ITEM, Old

__all__ = ["empty"]

MOVED = (
    "UPDATE item SET state = 'on_loan', last_seq = 2, last_hash = 'b' WHERE barcode = 'ES1'",
    "INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash) "
    "SELECT id, 2, 'issue', 'in_stock', 'on_loan', 'x', '2019-04-30 23:30+00', store_id, 'b' FROM item "
    "WHERE barcode = 'ES1'",
)
SEEN = """
    SELECT movement.id, item.barcode, seq, to_state, at, hash FROM movement JOIN item ON item.id = item_id ORDER BY 1
"""


async def _rows(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = engine_for(url)
    async with engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(text(statement))]
    await engine.dispose()
    return rows


async def _do(url: str, *statements: str) -> None:
    engine = engine_for(url)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def test_movements_go_into_their_months_and_back(empty: str) -> None:
    old = Old(empty)
    old.to("0063")
    await _do(empty, *AN_ITEM, *MOVED)
    before = await _rows(empty, SEEN)
    old.to("0068")
    assert await _rows(empty, SEEN) == before
    assert await _rows(empty, "SELECT hash FROM ONLY months.movement_2019_04") == [("b",)]
    [(same,)] = await _rows(
        empty, "SELECT bool_and(last_moved_at = at) FROM item JOIN movement ON seq = last_seq AND item_id = item.id"
    )
    assert same is True
    old.back_to("0063")
    assert await _rows(empty, SEEN) == before
    await _do(
        empty,
        "INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash) "
        "SELECT id, 3, 'return', 'on_loan', 'returned', 'x', now(), store_id, 'c' FROM item "
        "WHERE barcode = 'ES1'",
        "UPDATE item SET state = 'returned', last_seq = 3, last_hash = 'c' WHERE barcode = 'ES1'",
    )
    assert len(await _rows(empty, SEEN)) == len(before) + 1
