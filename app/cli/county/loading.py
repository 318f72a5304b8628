"""Getting the county's rows into the database: what is checked and kept in order row by row is taken off, and put back.

All of it in the caller's transaction. Every index and constraint that was taken off is made anew from what the database
said of it, so that the database itself looks at each row once more: what would not hold cannot be committed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import Tell
from app.cli.county.columns import COLUMNS
from app.cli.county.size import Size

TABLES: Final = tuple(COLUMNS)
KEPT: Final = ("order_timing", "collection_timing")
"""What triggers keep of orders and collections, filled from the views that say it."""
SETTINGS: Final = {
    "maintenance_work_mem": "256MB",
    "work_mem": "64MB",
    "max_parallel_maintenance_workers": "2",
    "statement_timeout": "0",
    "synchronous_commit": "off",
    "jit": "off",
}
OWN_SERVER: Final = {"wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}
"""How a PostgreSQL that runs for the filling alone is set. What is made in the transaction, indexes and months, is
written out at its end instead of to the log too, as safely. Nobody tidies the tables beside the night that does it."""
# Foreign keys from and to the tables; then what else is an index. What partitions have of their parent goes with it.
OTHERS_FIRST: Final = text("""
    SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS definition,
           contype = 'f' AS refers
    FROM pg_constraint
    WHERE conparentid = 0 AND connamespace = 'public'::regnamespace
      AND (contype = 'f' AND (conrelid::regclass::text = ANY(:tables) OR confrelid::regclass::text = ANY(:tables))
           OR contype IN ('p', 'u') AND conrelid::regclass::text = ANY(:tables))
    ORDER BY contype <> 'f', conrelid::regclass::text, contype, conname
""")
INDEXES: Final = text("""
    SELECT known.indrelid::regclass::text AS "table", known.indexrelid::regclass::text AS name,
           replace(pg_get_indexdef(known.indexrelid), ' ON ONLY ', ' ON ') AS definition
    FROM pg_index AS known JOIN pg_class AS its ON its.oid = known.indexrelid
    WHERE known.indrelid::regclass::text = ANY(:tables) AND NOT its.relispartition
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = known.indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY 1, 2
""")
NUMBERED: Final = text("""
    SELECT table_name AS "table" FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'id' AND is_identity = 'YES' AND table_name = ANY(:tables)
    ORDER BY 1
""")
WITHOUT_DAY: Final = """
    INSERT INTO inspection_without_day (item_id, kind)
    SELECT item.id, asked.kind FROM product_inspection AS asked JOIN item ON item.product_id = asked.product_id
    WHERE item.state <> 'scrapped'
      AND NOT EXISTS (SELECT FROM inspection_due AS known WHERE known.item_id = item.id AND known.kind = asked.kind)
    ON CONFLICT DO NOTHING
"""
HELD: Final = "SELECT keep_held_since(ARRAY(SELECT DISTINCT item_id FROM hold WHERE lifted_at IS NULL))"
# What the triggers that were off would have said, of all rows at once. Each finds what is wrong.
WRONG: Final = {
    "an item has not each of its movements once": """
        SELECT COALESCE(item.barcode, 'number ' || item_id) FROM item FULL JOIN (
            SELECT item_id, count(*) AS movements, sum(seq) AS numbers FROM movement GROUP BY item_id
        ) AS told ON told.item_id = item.id
        WHERE movements IS DISTINCT FROM item.last_seq OR numbers <> item.last_seq * (item.last_seq + 1) / 2 LIMIT 1
    """,
    "an item is not what its last movement says": """
        SELECT item.barcode FROM item LEFT JOIN movement ON movement.item_id = item.id AND movement.seq = item.last_seq
         AND movement.at = item.last_moved_at AND movement.to_state = item.state AND movement.hash = item.last_hash
        WHERE movement.id IS NULL LIMIT 1
    """,
    "a charge or a repair is of a movement that never was": """
        SELECT item_id::text FROM (
            SELECT item_id, movement_seq AS seq FROM charge WHERE item_id IS NOT NULL
            UNION ALL SELECT item_id, started_seq FROM repair) AS named LEFT JOIN item ON item.id = named.item_id
        WHERE (named.seq BETWEEN 1 AND item.last_seq) IS NOT TRUE LIMIT 1
    """,
    "a line stands in no month of its own": """
        SELECT id::text FROM months.movement_other UNION ALL SELECT id::text FROM months.charge_other LIMIT 1
    """,
    "a charge's lines do not come to 100 %, or are of different kinds": """
        SELECT posting_id::text FROM charge GROUP BY posting_id
        HAVING sum(percent) <> 100 OR min(kind) <> max(kind) LIMIT 1
    """,
    "a charge is in another month than it happened in": """
        SELECT id::text FROM charge WHERE period <> date_trunc('month', happened_on) LIMIT 1
    """,
    "a person is charged": """
        SELECT charge.id::text FROM charge JOIN funder ON funder.id = funder_id AND funder.kind = 'person' LIMIT 1
    """,
    "an order's shares do not come to 100 %": """
        SELECT order_id::text FROM order_share GROUP BY order_id HAVING sum(percent) <> 100 LIMIT 1
    """,
    "an order has not one unit for every piece": """
        SELECT asked.number FROM equipment_order AS asked
        LEFT JOIN (SELECT order_id, sum(quantity) AS wanted FROM order_line GROUP BY order_id) AS line
          ON line.order_id = asked.id
        LEFT JOIN (SELECT order_id, count(*) AS pieces FROM order_unit GROUP BY order_id) AS unit
          ON unit.order_id = asked.id
        WHERE line.wanted IS DISTINCT FROM unit.pieces LIMIT 1
    """,
    "an order keeps what it does not want any more": """
        SELECT asked.number FROM reservation AS kept JOIN order_unit AS unit ON unit.reservation_id = kept.id
        JOIN equipment_order AS asked ON asked.id = unit.order_id
        WHERE kept.ended_at IS NULL AND (unit.loan_id IS NOT NULL OR unit.cancelled_at IS NOT NULL
              OR asked.decision NOT IN ('awaiting_authorisation', 'awaiting_panel', 'approved')) LIMIT 1
    """,
    "a hold is of no item": """
        SELECT hold.id::text FROM hold LEFT JOIN item ON item.id = item_id WHERE item.id IS NULL LIMIT 1
    """,
    "an item is not held since its oldest open hold": """
        SELECT item.barcode FROM item LEFT JOIN (
            SELECT item_id, min(placed_at) AS since FROM hold WHERE lifted_at IS NULL GROUP BY item_id
        ) AS told ON told.item_id = item.id WHERE item.held_since IS DISTINCT FROM told.since LIMIT 1
    """,
    "a client has what stands elsewhere, or an item is out and nobody has it": """
        SELECT item.barcode FROM item LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
        WHERE (loan.id IS NOT NULL) <> (item.state IN ('on_loan', 'on_trial', 'awaiting_collection'))
          AND item.state <> 'missing' LIMIT 1
    """,
    "an item is to be cleaned and has no decontamination open, or the other way round": """
        SELECT item.barcode FROM item
        LEFT JOIN decontamination AS job ON job.item_id = item.id AND job.finished_at IS NULL
        WHERE (job.id IS NOT NULL) <> (item.state IN ('returned', 'decontaminating'))
          AND item.state <> 'scrapped' LIMIT 1
    """,
}  # fmt: skip
ROW_BY_ROW: Final = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "enable_nestloop")


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken off: statements that take off and that put back, in their orders."""

    off: Sequence[str]
    back: Sequence[str]


class NotRight(RuntimeError):
    """The county that was made is not consistent. Nothing of it is kept."""


async def set_up(session: AsyncSession) -> None:
    """Give the transaction room to work, and time."""
    for name, value in SETTINGS.items():
        await session.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})


async def take_off(session: AsyncSession, size: Size) -> Taken:
    """Leave the tables without indexes, keys and triggers; returns how they come back. Charging begins here, too."""
    await set_up(session)
    ends = {"first": size.since - timedelta(days=31), "until": size.until + timedelta(days=92)}
    for whole in ("movement", "charge"):
        await session.execute(text(f"SELECT make_months('{whole}', :first, :until)"), ends)
    asked = {"tables": list(TABLES)}
    keys = (await session.execute(OTHERS_FIRST, asked)).all()
    indexes = (await session.execute(INDEXES, asked)).all()
    off = [f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}" for key in keys]
    off += [f"DROP INDEX {index.name}" for index in indexes]
    off += [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in (*TABLES, "charging_start")]
    told = [
        (key.table, f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}")
        for key in keys
        if not key.refers
    ]
    told += [(index.table, index.definition) for index in indexes]
    # A table after the other, so that it stays in memory; references last, when both sides have their indexes.
    back = [statement for _, statement in sorted(told, key=lambda one: one[0])]
    back += [f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}" for key in keys if key.refers]
    back += [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in (*TABLES, "charging_start")]
    connection = await session.connection()
    for statement in off:
        await connection.exec_driver_sql(statement)
    began = datetime.combine(size.since, time(0), UTC)
    await session.execute(text("UPDATE charging_start SET began_at = :began"), {"began": began})
    return Taken(off, back)


async def copy(session: AsyncSession, rows: Mapping[str, bytes]) -> None:
    """Write rows as `Books.flush` gives them."""
    connection = await _driver(session)
    for table, made in rows.items():
        # Closed, since something keeps it beyond its use, and with it a gigabyte in the end.
        with BytesIO(made) as source:
            await connection.copy_to_table(table, source=source, columns=COLUMNS[table].split(), format="text")


async def put_back(session: AsyncSession, taken: Taken, tell: Tell) -> None:
    """Make anew what was taken off: an index is built once of all, and every reference is looked at."""
    connection = await session.connection()
    for number, statement in enumerate(taken.back):
        tell(_in_words(statement), number, len(taken.back))
        await connection.exec_driver_sql(statement)


def steps() -> Iterator[tuple[str, str]]:
    """What is left to do once everything stands: in words, and as a statement."""
    yield "Inspections without a day", WITHOUT_DAY
    yield "What is held", HELD
    yield "Charges to see to", "SELECT keep_charges_to_see_to('-infinity', 'infinity')"
    for kept in KEPT:
        yield "What is kept of orders and collections", f"INSERT INTO {kept} SELECT * FROM {kept}_now"  # noqa: S608
    # Rough ones, for what is asked of all rows below; those that stay are made of all of it in the end.
    yield "Statistics", "SET LOCAL default_statistics_target = 5"
    for table in (*TABLES, *KEPT):
        yield "Statistics", f"ANALYZE {table}"


async def count_on(session: AsyncSession) -> None:
    """Numbers go on after those that were given."""
    numbered = await session.scalars(NUMBERED, {"tables": list(TABLES)})
    for table in numbered.all():
        await session.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) > 0")  # noqa: S608
        )
    await session.execute(text("SELECT setval('asset_number', max(id)) FROM item HAVING max(id) > 0"))


async def look_for_wrong(session: AsyncSession) -> None:
    """Ask what the triggers that were off would have asked. Raises NotRight with what is wrong, and where."""
    # All rows are asked: in the order of an index, a county that is larger than memory comes from the disk row by row;
    # and for LIMIT 1 the planner may take a nested loop over two whole tables, which does not end at scale 10.
    for way in ROW_BY_ROW:
        await session.execute(text(f"SET LOCAL {way} = off"))
    for what, statement in WRONG.items():
        found = await session.scalar(text(statement))
        if found is not None:
            raise NotRight(f"The county is not right: {what} ({found}).")
    for way in ROW_BY_ROW:
        await session.execute(text(f"SET LOCAL {way} TO DEFAULT"))


def _in_words(statement: str) -> str:
    if "FOREIGN KEY" in statement:
        return "References"
    return "Triggers" if "TRIGGER" in statement else "Indexes"


async def _driver(session: AsyncSession) -> asyncpg.Connection:
    connection = await session.connection()
    found = (await connection.get_raw_connection()).driver_connection
    assert found is not None
    return found
