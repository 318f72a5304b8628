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
    old.to("0066")
    await _do(empty, *AN_ITEM, *MOVED)
    before = await _rows(empty, SEEN)
    old.to("0067")
    assert await _rows(empty, SEEN) == before
    assert await _rows(empty, "SELECT hash FROM ONLY months.movement_2019_04") == [("b",)]
    [(same,)] = await _rows(
        empty, "SELECT bool_and(last_moved_at = at) FROM item JOIN movement ON seq = last_seq AND item_id = item.id"
    )
    assert same is True
    old.back_to("0066")
    assert await _rows(empty, SEEN) == before
    await _do(
        empty,
        "INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash) "
        "SELECT id, 3, 'return', 'on_loan', 'returned', 'x', now(), store_id, 'c' FROM item "
        "WHERE barcode = 'ES1'",
        "UPDATE item SET state = 'returned', last_seq = 3, last_hash = 'c' WHERE barcode = 'ES1'",
    )
    assert len(await _rows(empty, SEEN)) == len(before) + 1


CHARGED = (
    "INSERT INTO funder (code, name) VALUES ('F', 'F')",
    "INSERT INTO charge (posting_id, kind, happened_on, posted_at, posted_by, funder_id, percent, amount_pence, "
    "is_issue, item_id, movement_seq) SELECT gen_random_uuid(), said.kind, '2019-04-30', now(), 'x', funder.id, 100, "
    "pence, said.kind = 'new_purchase', item.id, 2 FROM item, funder, (VALUES ('new_purchase', 900), ('delivery', 50)) "
    "AS said (kind, pence) WHERE barcode = 'ES1' ORDER BY pence",
    "INSERT INTO charge (posting_id, kind, happened_on, posted_at, posted_by, funder_id, percent, amount_pence, "
    "item_id, movement_seq, reversal_of, because) SELECT gen_random_uuid(), kind, '2019-05-01', now(), 'x', funder_id, "
    "percent, -amount_pence, item_id, movement_seq, id, 'x' FROM charge WHERE kind = 'delivery'",
)
LINES = "SELECT id, posting_id, kind, period, amount_pence, reversal_of FROM charge ORDER BY id"


async def test_charges_go_into_their_months_and_back(empty: str) -> None:
    old = Old(empty)
    old.to("0066")
    await _do(empty, *AN_ITEM, *MOVED, *CHARGED)
    before = await _rows(empty, LINES)
    old.to("0068")
    assert await _rows(empty, LINES) == before
    assert len(await _rows(empty, "SELECT id FROM months.charge_2019_04")) == 2
    assert await _rows(empty, "SELECT charge_id, by_id FROM charge_taken_back") == [(before[0][0], before[2][0])]
    account = "SELECT issue, issue_seq, issue_month, is_credited, new_purchases FROM item_account"
    carried = await _rows(empty, account)
    assert [(row[0]["pence"], row[0]["shares"]) for row in carried] == [  # type: ignore[index]
        (900, [{"funder": "F", "percent": "100.00"}])
    ]
    await _do(empty, "SELECT keep_accounts(array_agg(item_id), '-infinity') FROM item_account")
    assert await _rows(empty, account) == carried
    # What stands paid of its price, and how many issues were charged: and back.
    old.to("0069")
    assert await _rows(empty, "SELECT issues, paid_pence, was_credited FROM item_account") == [(1, 900, False)]
    await _do(empty, "SELECT keep_accounts(array_agg(item_id), '-infinity') FROM item_account")
    old.back_to("0068")
    assert await _rows(empty, account) == carried
    old.back_to("0066")
    assert await _rows(empty, LINES) == before
    await _do(empty, CHARGED[1])
    assert len(await _rows(empty, LINES)) == len(before) + 2
