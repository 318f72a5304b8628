"""The register that is measured on, and what is put ready in it before something is measured.

`fill` is the one place that knows how the register is made; whatever makes it, what is below reads from its tables.
What is put ready is written past the verbs, in the states that they would have left.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.cli.bench import county
from app.cli.bench.county import County
from app.cli.seed import PASSWORD, PEOPLE, SEEDER, STORES, is_empty
from app.cli.seed_authority import add_authority
from app.cli.seed_rates import add_rates
from app.features.accounts import people

ITEMS: Final = 300_000
"""At scale 1."""

# The made-up register of `county`, with what a call looks at: tags with their check digits, states that are those of
# the newest movements, numbers that go on after those that were given, and benches that are not full for ever.
FITTED: Final = (
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
    SELECT item_id, seq + 1, 'release', 'awaiting_inspection', 'in_stock', 'bench', at + interval '1 hour', store_id,
           'bench'
    FROM (SELECT DISTINCT ON (item_id) item_id, seq, to_state, at, store_id FROM movement ORDER BY item_id, seq DESC)
         AS newest
    WHERE to_state = 'awaiting_inspection' AND item_id % 50 > 0
    """,
    """
    UPDATE item SET state = newest.to_state, last_seq = newest.seq,
           bay = CASE newest.to_state WHEN 'in_stock' THEN 'A1' END,
           barcode = stem.tag || lpad((98 - ('1428' || substr(stem.tag, 3) || '00')::bigint % 97)::text, 2, '0')
    FROM (SELECT DISTINCT ON (item_id) item_id, seq, to_state FROM movement ORDER BY item_id, seq DESC) AS newest,
         LATERAL (SELECT 'ES' || (1000000 + newest.item_id) AS tag) AS stem
    WHERE newest.item_id = item.id
    """,
    "SELECT write_spells(array_agg(id)) FROM item WHERE state = 'in_stock'",
    "SELECT setval('asset_number', 1000000 + max(id)) FROM item",
    *(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - our own names
        for table in ("loan", "equipment_order", "order_line", "order_unit", "collection")
    ),
    """
    INSERT INTO account_store (account_id, store_id)
    SELECT DISTINCT account_id, (SELECT id FROM store WHERE code = 'BENCH') FROM account_store
    """,
)

READY_TABLES: Final = (
    """
    CREATE UNLOGGED TABLE bench_item (
        n int PRIMARY KEY, item_id bigint NOT NULL, barcode text NOT NULL, client_id bigint, product_id bigint)
    """,
    "CREATE TABLE bench_floor (item_id bigint, placed_at timestamptz, reason text)",
)


async def fill(engine: AsyncEngine, scale: float) -> None:
    """Make the register of the county at this scale, in a database that is migrated and empty but for people."""
    now = datetime.now(UTC).replace(microsecond=0)
    async with AsyncSession(engine) as session, session.begin():
        if await is_empty(session):
            await _add_people(session, now)
        await add_rates(session, at=now)
        await county.fill(session, County(max(round(ITEMS * scale), 600)), until=now)
        for statement in FITTED:
            await session.execute(text(statement))


async def _add_people(session: AsyncSession, now: datetime) -> None:
    for code, name in STORES:
        await session.execute(
            text("INSERT INTO store (code, name) VALUES (:code, :name)"), {"code": code, "name": name}
        )
    for person in PEOPLE:
        await people.add_account(
            session,
            person.username,
            name=person.name,
            password=PASSWORD,
            roles=person.roles,
            stores=person.stores,
            actor=SEEDER,
            at=now,
        )
    await add_authority(session, today=now.date())


async def make_ready(engine: AsyncEngine) -> None:
    """Tables of our own, and what autovacuum would have done by now."""
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
        SELECT id, barcode, product_id FROM item WHERE {where} ORDER BY {first} hashint8(id) LIMIT :count) AS picked
"""

# Those that came back before go out again first: cleaned, released and issued, and charged to two funders.
_LEND_AGAIN: Final = (
    """
    UPDATE decontamination AS job SET started_at = now(), started_by = 'bench', route = 'wash_down',
           finished_at = now(), finished_by = 'bench', outcome = 'passed', finished_seq = item.last_seq + 2,
           infection_risk = 'low'
    FROM item JOIN bench_item ON bench_item.item_id = item.id
    WHERE job.item_id = item.id AND job.finished_at IS NULL AND item.state = 'returned'
    """,
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
    SELECT item.id, item.last_seq + step.nth, step.move, step.before_it, step.after_it, 'bench', now(), item.store_id,
           'bench'
    FROM bench_item JOIN item ON item.id = bench_item.item_id AND item.state = 'returned'
    CROSS JOIN (VALUES
        (1, 'start_decontamination', 'returned', 'decontaminating'),
        (2, 'pass_decontamination', 'decontaminating', 'awaiting_inspection'),
        (3, 'release', 'awaiting_inspection', 'in_stock'),
        (4, 'issue', 'in_stock', 'on_loan')) AS step (nth, move, before_it, after_it)
    """,
    """
    INSERT INTO loan (item_id, client_id, kind, started_at, started_by)
    SELECT item.id, (SELECT client_id FROM loan WHERE loan.item_id = item.id ORDER BY id DESC LIMIT 1), 'loan', now(),
           'bench'
    FROM bench_item JOIN item ON item.id = bench_item.item_id AND item.state = 'returned'
    """,
    """
    INSERT INTO charge (posting_id, kind, variant, happened_on, posted_at, posted_by, funder_id, percent, amount_pence,
                        basis, is_issue, item_id, movement_seq, product_id, category, recycled, store_id, client_id)
    SELECT md5(item.id || ':' || item.last_seq)::uuid, 'recycled_issue', '', now()::date, now(), 'bench', payer.id, 50,
           5000, 'Bench', true, item.id, item.last_seq + 4, item.product_id, product.category, true, item.store_id,
           loan.client_id
    FROM bench_item JOIN item ON item.id = bench_item.item_id AND item.state = 'returned'
    JOIN product ON product.id = item.product_id
    JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    CROSS JOIN (SELECT id FROM funder WHERE code IN ('ASC', 'ICB')) AS payer
    """,
    """
    UPDATE item SET state = 'on_loan', last_seq = last_seq + 4, last_hash = 'bench', times_issued = times_issued + 1
    FROM bench_item WHERE bench_item.item_id = item.id AND item.state = 'returned'
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
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, reference, hash)
    SELECT item.id, item.last_seq + 1, 'request_collection', 'on_loan', 'awaiting_collection', 'bench', now(),
           item.store_id, 'bench', 'bench'
    FROM bench_item JOIN item ON item.id = bench_item.item_id AND item.state = 'on_loan'
    """,
    """
    UPDATE item SET state = 'awaiting_collection', last_seq = last_seq + 1, last_hash = 'bench'
    FROM bench_item WHERE bench_item.item_id = item.id AND item.state = 'on_loan'
    """,
)

_NEW_CLIENTS: Final = (
    """
    INSERT INTO client (client_ref, name, address, postcode, created_at, created_by)
    SELECT 'N-' || bench_item.item_id || '-' || :turn, 'Client of the bench', '1 New Street', 'AB1 1AA', now(), 'bench'
    FROM bench_item
    """,
    """
    UPDATE bench_item SET client_id = client.id
    FROM client WHERE client.client_ref = 'N-' || bench_item.item_id || '-' || :turn
    """,
)


async def ready_returns(engine: AsyncEngine, count: int) -> list[str]:
    """Have as many items as there are, and no more than `count`, on their way back; their barcodes."""
    where = "state IN ('awaiting_collection', 'on_loan', 'returned')"
    statements = [*_LEND_AGAIN, *_ASK_BACK]
    return await _ready(engine, count, _PICK.format(where=where, first="state,"), statements)


async def ready_shelf(engine: AsyncEngine, count: int, *, turn: int) -> list[tuple[str, str, str]]:
    """Items on the shelf, and for each a client who has nothing yet: (barcode, product code, client's reference)."""
    where = "state = 'in_stock' AND NOT EXISTS (SELECT FROM hold WHERE item_id = item.id AND lifted_at IS NULL)"
    clients = [text(statement).bindparams(turn=str(turn)) for statement in _NEW_CLIENTS]
    await _ready(engine, count, _PICK.format(where=where, first=""), clients)
    async with engine.begin() as connection:
        rows = await connection.execute(
            text("""
                SELECT bench_item.barcode, product.code, client.client_ref FROM bench_item
                JOIN product ON product.id = bench_item.product_id JOIN client ON client.id = bench_item.client_id
                ORDER BY n
            """)
        )
        return [(row.barcode, row.code, row.client_ref) for row in rows]


async def _ready(engine: AsyncEngine, count: int, pick: str, statements: list[Any]) -> list[str]:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL jit = off"))
        await connection.execute(text("TRUNCATE bench_item"))
        await connection.execute(text(pick), {"count": count})
        for statement in statements:
            await connection.execute(text(statement) if isinstance(statement, str) else statement)
        barcodes = await connection.execute(text("SELECT barcode FROM bench_item ORDER BY n"))
        return list(barcodes.scalars())
