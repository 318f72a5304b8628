"""A database with real commits that serves one test after another, on connections that stay warm. No fixtures.

A new connection to a new database reads the catalogue and plans every statement anew: some 50 ms of PostgreSQL's time
for a scan that takes 10 ms afterwards, and a race opens twenty of them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import asyncpg

from app.db import Database
from tests.database import TEMPLATE, create_database, drop_database

TABLES = """
    SELECT class.oid, schema.nspname, class.relname
    FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
    WHERE class.relkind = 'r' AND class.relpersistence <> 't'
      AND schema.nspname <> 'information_schema' AND schema.nspname NOT LIKE 'pg\\_%'
    ORDER BY class.oid
"""
SEQUENCES = """
    SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, start_value) AS value,
           last_value IS NOT NULL AS is_used
    FROM pg_sequences ORDER BY 1
"""
WRITTEN = "SELECT oid FROM unnest($1::oid[]) AS oid WHERE pg_relation_size(oid) > 0"
SET_BACK = (
    "SELECT setval(name, value, used) FROM unnest($1::text[], $2::bigint[], $3::bool[]) AS one(name, value, used)"
)
MADE_OF = """
    SELECT
        (SELECT sum(hashtext(concat_ws(' ', oid, relname, relnamespace, relkind, reloptions))) FROM pg_class
         WHERE relpersistence <> 't' AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)),
        (SELECT sum(hashtext(concat_ws(' ', attrelid, attnum, attribute.xmin))) FROM pg_attribute AS attribute
         JOIN pg_class ON pg_class.oid = attrelid WHERE attrelid >= 16384 AND relpersistence <> 't'),
        (SELECT sum(hashtext(concat_ws(' ', oid, tgenabled, tgname))) FROM pg_trigger),
        (SELECT sum(hashtext(concat_ws(' ', oid, xmin))) FROM pg_constraint WHERE oid >= 16384),
        (SELECT sum(hashtext(concat_ws(' ', oid, xmin))) FROM pg_proc WHERE oid >= 16384),
        (SELECT sum(hashtext(concat_ws(' ', setdatabase, setrole, setconfig))) FROM pg_db_role_setting)
"""
"""What the schema is, in six numbers: a test that changes it leaves the database to nobody else."""


@dataclass(frozen=True, slots=True)
class AsMade:
    """What a copy of the template holds: its tables, the rows of those that have any, where sequences stand."""

    tables: dict[int, tuple[str, str]]
    rows: dict[int, bytes]
    sequences: tuple[list[str], list[int], list[bool]]
    made_of: tuple[Any, ...]


class UsedAgain:
    """The database of one worker: made when it is first wanted, as new for each test, made anew when it must be."""

    def __init__(self, server_url: str, name: str) -> None:
        self.server_url, self.name = server_url, name
        self.url = ""
        self.database: Database | None = None
        self._keeper: asyncpg.Connection | None = None
        self._as_made: AsMade | None = None

    @asynccontextmanager
    async def as_new(self) -> AsyncIterator[Database]:
        """The database with the rows of the template and no others."""
        if self.database is None:
            await self._make()
        assert self.database is not None
        fits = False
        try:
            yield self.database
            fits = await self._is_as_new_again()
        finally:
            # What went wrong goes with the database.
            if not fits:
                await self.drop()

    async def drop(self) -> None:
        """Close every connection and drop the database; the next test has another."""
        if self._keeper is not None:
            self._keeper.terminate()
        if self.database is not None:
            await self.database.dispose()
            await drop_database(self.server_url, self.name)
        self.database = self._keeper = self._as_made = None

    async def _make(self) -> None:
        self.url = await create_database(self.server_url, self.name, template=TEMPLATE)
        self.database = Database(self.url)
        self._keeper = keeper = await asyncpg.connect(self.url)
        tables = {row["oid"]: (row["nspname"], row["relname"]) for row in await keeper.fetch(TABLES)}
        filled = [row["oid"] for row in await keeper.fetch(WRITTEN, list(tables))]
        rows = {oid: await _read(keeper, *tables[oid]) for oid in filled}
        found = await keeper.fetch(SEQUENCES)
        sequences = ([row["name"] for row in found], [row["value"] for row in found], [row["is_used"] for row in found])
        self._as_made = AsMade(tables, rows, sequences, tuple(await keeper.fetchrow(MADE_OF)))

    async def _is_as_new_again(self) -> bool:
        """Put back what the template holds, unless the schema is another or somebody still holds a row or a table."""
        assert self.database is not None
        if self._keeper is None or self._as_made is None or self.database.engine.pool.checkedout():  # type: ignore[attr-defined]
            return False
        if tuple(await self._keeper.fetchrow(MADE_OF)) != self._as_made.made_of:
            return False
        try:
            async with self._keeper.transaction():
                await self._put_back(self._keeper, self._as_made)
        except asyncpg.exceptions.LockNotAvailableError:
            return False
        return True

    @staticmethod
    async def _put_back(keeper: asyncpg.Connection, made: AsMade) -> None:
        # No trigger runs and no key is asked after: what may never be deleted by the service is deleted here.
        await keeper.execute("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '2s'")
        written = [row["oid"] for row in await keeper.fetch(WRITTEN, list(made.tables))]
        for oid in written:
            schema, table = made.tables[oid]
            await keeper.execute(f'DELETE FROM "{schema}"."{table}"')  # noqa: S608 - names that PostgreSQL gave
        for oid, rows in made.rows.items():
            schema, table = made.tables[oid]
            await keeper.copy_to_table(table, schema_name=schema, source=BytesIO(rows), format="binary")
        await keeper.execute(SET_BACK, *made.sequences)


async def _read(connection: asyncpg.Connection, schema: str, table: str) -> bytes:
    into = BytesIO()
    await connection.copy_from_table(table, schema_name=schema, output=into, format="binary")
    return into.getvalue()
