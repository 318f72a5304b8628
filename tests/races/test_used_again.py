"""The database that races share is as new for each of them; what cannot be made so is left."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Text, func, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from tests.conftest import Clock
from tests.database import engine_for
from tests.given import Given
from tests.used_again import TABLES, UsedAgain

STAND = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"


@pytest.fixture
async def apart(server_url: str, worker_name: str) -> AsyncIterator[UsedAgain]:
    """One that no other test has."""
    kept = UsedAgain(server_url, f"again_{worker_name}")
    yield kept
    await kept.drop()


async def holds(database: Database) -> list[object]:
    """What is in each table, and where each sequence stands."""
    async with database.sessions() as session:
        tables = [table(row.relname, schema=row.nspname) for row in await session.execute(text(TABLES))]
        found: list[object] = [tuple(row) for row in await session.execute(text(STAND))]
        for one in tables:
            row = literal_column(f'"{one.name}"').cast(Text)
            said = func.md5(func.string_agg(row, aggregate_order_by(literal_column("','"), row)))
            found.append((one.fullname, await session.scalar(select(said).select_from(one))))
    return found


async def test_after_a_test_nothing_is_left_of_it_and_the_connections_stay(apart: UsedAgain) -> None:
    async with apart.as_new() as database:
        before = await holds(database)
        await Given(database.sessions, Clock()).loan()
        async with database.sessions.begin() as session:
            await session.execute(text("UPDATE account SET name = 'Somebody else'"))
        assert await holds(database) != before
    async with apart.as_new() as again:
        assert again is database
        assert await holds(again) == before
        async with again.sessions() as session:
            named = await session.scalar(text("SELECT count(*) FROM account WHERE name = 'Somebody else'"))
    assert named == 0


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE item ADD COLUMN colour text",
        "ALTER TABLE charge DISABLE TRIGGER USER",
        "CREATE INDEX of_a_test ON item (bay)",
        "DROP TABLE alembic_version",
        "ALTER TABLE loan DROP CONSTRAINT pk_loan CASCADE",
    ],
)
async def test_who_changes_the_schema_leaves_it_to_nobody_else(apart: UsedAgain, change: str) -> None:
    async with apart.as_new() as database, database.sessions.begin() as session:
        await session.execute(text(change))
    async with apart.as_new() as again:
        assert again is not database


async def test_a_database_in_which_a_row_is_still_held_is_left(apart: UsedAgain) -> None:
    async with apart.as_new() as database:
        elsewhere = AsyncSession(engine_for(apart.url))
        await elsewhere.execute(text("UPDATE account SET name = 'Somebody else'"))
    async with apart.as_new() as again:
        assert again is not database
    await elsewhere.invalidate()


async def test_a_database_of_which_somebody_keeps_a_connection_is_left(apart: UsedAgain) -> None:
    async with apart.as_new() as database:
        session = database.sessions()
        await session.execute(text("SELECT 1"))
    async with apart.as_new() as again:
        assert again is not database
    await session.invalidate()


async def test_where_a_test_failed_the_database_is_left(apart: UsedAgain) -> None:
    with pytest.raises(ZeroDivisionError):
        async with apart.as_new() as database:
            raise ZeroDivisionError
    async with apart.as_new() as again:
        assert again is not database
