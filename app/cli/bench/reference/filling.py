"""The register that is measured on, and what is put ready in it before something is measured.

`fill` is the one place that knows how the register is made: it is the honest county. What is put ready is written past
the verbs, move by move, in the states that they would have left; what triggers keep, they keep.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.audit import Tell
from app.cli.county.building import build
from app.cli.county.size import Size
from app.settings import Settings

YEARS: Final = 5
SEED: Final = 1
MOVE: Final = text(Path(__file__).with_name("readying").joinpath("move.sql").read_text())

READY_TABLES: Final = (
    "DROP TABLE IF EXISTS bench_item, bench_floor",
    """
    CREATE UNLOGGED TABLE bench_item (
        n int PRIMARY KEY, item_id bigint NOT NULL, barcode text NOT NULL, client_id bigint, product_id bigint,
        payers bigint[] NOT NULL DEFAULT '{}', is_lent_again boolean NOT NULL DEFAULT false)
    """,
    "CREATE TABLE bench_floor (item_id bigint, placed_at timestamptz, reason text)",
)


async def fill(url: str, scale: float, tell: Tell) -> None:
    """Make the county at this scale, with its notices in force, in a database that is migrated and empty."""
    size = Size(scale, YEARS, SEED, datetime.now(UTC).date())
    await build(url, size, prefix=Settings().tag_prefix, tell=tell)


async def make_ready(engine: AsyncEngine) -> None:
    """Tables of our own, anew, and what autovacuum would have done by now."""
    async with engine.begin() as connection:
        for statement in READY_TABLES:
            await connection.execute(text(statement))
    await tidy(engine)


async def tidy(engine: AsyncEngine) -> None:
    """What autovacuum and the checkpointer do between two bursts."""
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE"))
        await alone.execute(text("CHECKPOINT"))


_PICK: Final = """
    INSERT INTO bench_item (n, item_id, barcode, product_id)
    SELECT row_number() OVER (), id, barcode, product_id FROM (
        SELECT item.id, barcode, product_id FROM item JOIN product ON product.id = item.product_id
        LEFT JOIN item_account AS account ON account.item_id = item.id
        WHERE tier = 'standard' AND returnable AND NOT single_patient_use AND decontamination_route <> 'cannot'
          AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL)
          AND NOT EXISTS (SELECT FROM inspection_due WHERE inspection_due.item_id = item.id)
          AND category <> '18 12 27' AND {where}
        ORDER BY {first} hashint8(item.id) LIMIT :count) AS picked
"""
# What was dear enough has a credit; what others wait for with it would be charged one drive together with it.
_COMES_BACK: Final = """
    item.purchase_price_pence >= 4000 AND account.issue IS NOT NULL
    AND (state IN ('on_loan', 'returned') OR state = 'awaiting_collection' AND last_hash = 'bench')
"""
_ON_THE_SHELF: Final = "state = 'in_stock' AND item.store_id = (SELECT id FROM store WHERE code = 'MAIN')"

# Those that came back before go out again first: cleaned, released and issued, and charged to two funders.
_CLEAN: Final = (
    """
    UPDATE bench_item SET is_lent_again = true FROM item WHERE item.id = bench_item.item_id AND item.state = 'returned'
    """,
    """
    UPDATE decontamination AS job SET started_at = now(), started_by = 'bench', route = 'wash_down',
           finished_at = now(), finished_by = 'bench', outcome = 'passed', finished_seq = item.last_seq + 2,
           infection_risk = 'low'
    FROM item JOIN bench_item ON bench_item.item_id = item.id AND is_lent_again
    WHERE job.item_id = item.id AND job.finished_at IS NULL
    """,
)
_OUT: Final = (
    ("start_decontamination", "returned", "decontaminating"),
    ("pass_decontamination", "decontaminating", "awaiting_inspection"),
    ("release", "awaiting_inspection", "in_stock"),
    ("issue", "in_stock", "on_loan"),
)
_LEND: Final = (
    """
    INSERT INTO loan (item_id, client_id, kind, started_at, started_by)
    SELECT item_id, (SELECT client_id FROM loan WHERE loan.item_id = bench_item.item_id ORDER BY id DESC LIMIT 1),
           'loan', now(), 'bench'
    FROM bench_item WHERE is_lent_again
    """,
    """
    INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                        amount_pence, basis, is_issue, item_id, movement_seq, product_id, category, recycled, store_id,
                        client_id)
    SELECT md5(item.id || ':' || item.last_seq)::uuid, 'recycled_issue', '', month_to_post(current_date), current_date,
           now(), 'bench', payer.id, 50, 5000, 'Bench', true, item.id, item.last_seq, item.product_id,
           product.category, true, item.store_id, loan.client_id
    FROM bench_item JOIN item ON item.id = bench_item.item_id JOIN product ON product.id = item.product_id
    JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    CROSS JOIN (SELECT id FROM funder WHERE code IN ('ASC', 'ICB')) AS payer
    WHERE is_lent_again
    """,
)
# Each is asked back, so that the return closes a line of a collection too.
_ASK_BACK: Final = (
    """
    INSERT INTO collection (number, client_id, reason, speed, requested_at, requested_by)
    SELECT 'BR' || loan.id, loan.client_id, 'no_longer_needed', 'standard', now(), 'bench'
    FROM bench_item JOIN item ON item.id = bench_item.item_id AND item.state = 'on_loan'
    JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    """,
    """
    INSERT INTO collection_line (collection_id, item_id, loan_id)
    SELECT collection.id, loan.item_id, loan.id
    FROM bench_item JOIN item ON item.id = bench_item.item_id AND item.state = 'on_loan'
    JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    JOIN collection ON collection.number = 'BR' || loan.id
    """,
)
_BACK: Final = (("request_collection", "on_loan", "awaiting_collection"),)
# Who is credited and charged for the drive: the floor writes as many lines as the service.
_PAYERS: Final = (
    """
    UPDATE bench_item SET payers = ARRAY(
        SELECT funder.id FROM jsonb_array_elements(account.issue -> 'shares') AS share
        JOIN funder ON funder.code = share ->> 'funder')
    FROM item_account AS account WHERE account.item_id = bench_item.item_id
    """,
)
_NEW_CLIENTS: Final = (
    """
    INSERT INTO client (client_ref, name, address, postcode, weight_kg, weighed_on, created_at, created_by)
    SELECT 'N-' || bench_item.item_id || '-' || :turn, 'Client of the bench', '1 New Street', 'AB1 1AA', 70,
           current_date - 1, now(), 'bench'
    FROM bench_item
    """,
    """
    UPDATE bench_item SET client_id = client.id
    FROM client WHERE client.client_ref = 'N-' || bench_item.item_id || '-' || :turn
    """,
)
# Each loop leaves what the next ones need: what was reserved or issued does not come back to the shelf.
_LEAVE_SOME: Final = """
    DELETE FROM bench_item WHERE n > GREATEST(1, LEAST(:count, (SELECT count(*) FROM bench_item) / 4))
"""
_EVERY: Final = 1_000_000_000
_READY: Final = """
    SELECT bench_item.barcode, product.code, client.client_ref FROM bench_item
    JOIN product ON product.id = bench_item.product_id JOIN client ON client.id = bench_item.client_id
    ORDER BY n
"""


async def ready_returns(engine: AsyncEngine, count: int) -> list[str]:
    """Have as many items as there are, and no more than `count`, on their way back; their barcodes."""
    async with AsyncSession(engine) as session, session.begin():
        await _pick(session, count, _COMES_BACK, first="state,")
        for statements, moves in ((_CLEAN, _OUT), (_LEND, ()), (_ASK_BACK, _BACK), (_PAYERS, ())):
            for statement in statements:
                await session.execute(text(statement))
            for move, was, to in moves:
                await session.execute(MOVE, {"move": move, "was": was, "to": to})
        return list(await session.scalars(text("SELECT barcode FROM bench_item ORDER BY n")))


async def ready_shelf(engine: AsyncEngine, count: int, *, turn: str) -> list[tuple[str, str, str]]:
    """Items of the shelf, a quarter of it at most, and for each a client who has nothing yet: (barcode, product code,
    client's reference)."""
    async with AsyncSession(engine) as session, session.begin():
        await _pick(session, _EVERY, _ON_THE_SHELF)
        await session.execute(text(_LEAVE_SOME), {"count": count})
        for statement in _NEW_CLIENTS:
            await session.execute(text(statement), {"turn": turn})
        rows: Any = await session.execute(text(_READY))
        return [(row.barcode, row.code, row.client_ref) for row in rows]


async def _pick(session: AsyncSession, count: int, where: str, *, first: str = "") -> None:
    await session.execute(text("SET LOCAL jit = off"))
    await session.execute(text("TRUNCATE bench_item"))
    await session.execute(text(_PICK.format(where=where, first=first)), {"count": count})
