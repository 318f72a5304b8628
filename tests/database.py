"""The databases that tests run on: one throwaway server per run, a migrated template, copies of it. No fixtures."""

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, TypeVar

from alembic import command
from sqlalchemy import event, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import col

from app.cli.migrating import alembic_config
from app.cli.seed import PASSWORD, PEOPLE, STORES
from app.cli.seed_authority import add_authority
from app.db import normal_url
from app.features.accounts.passwords import LIGHT_HASHER
from app.models import Account, AccountRole, AccountStore, Store
from app.postgres import throwaway

TEMPLATE = "stores_template"
SAVEPOINT = re.compile(r"^((?:RELEASE |ROLLBACK TO )?)SAVEPOINT sa_savepoint_\d+$")
Answer = TypeVar("Answer")


def run_apart(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine to its end on a loop of its own, also while another loop is running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def start_server(stack: ExitStack) -> str:
    """Start PostgreSQL, make the template on it, and say its address. It stops when the stack is closed."""
    server_url = stack.enter_context(throwaway()).url
    make_template(server_url)
    return server_url


def make_template(server_url: str) -> None:
    """Make the database that all others are copies of: migrated, with the stores and the users."""
    url = run_apart(create_database(server_url, TEMPLATE))
    migrate(url)
    run_apart(fill_template(url))


def address(server_url: str, database: str) -> str:
    """The address of a database on the server, as the service wants it in STORES_DATABASE_URL."""
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database up to a revision, on a thread of its own because Alembic starts a loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(command.upgrade, alembic_config(url), revision).result()


def engine_for(url: str, **options: Any) -> AsyncEngine:
    """An engine that keeps no connections, so that nothing is left open; one that is kept open knows its statements."""
    known = {"prepared_statement_cache_size": 2000}
    engine = create_async_engine(normal_url(url), poolclass=NullPool, connect_args=known, **options)
    event.listen(engine.sync_engine, "before_cursor_execute", name_savepoints_alike, retval=True)
    return engine


def name_savepoints_alike(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
    """Give all savepoints one name, and the newest is meant: with a number in it each is a statement to prepare."""
    return SAVEPOINT.sub(r"\1SAVEPOINT newest", statement), values


async def run_on_server(server_url: str, *statements: str) -> None:
    """Run statements that want no transaction around them."""
    engine = engine_for(server_url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def create_database(server_url: str, name: str, *, template: str = "template1") -> str:
    """Make a database as a copy of `template` and say its address."""
    await run_on_server(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return address(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    await run_on_server(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def fill_template(url: str) -> None:
    """The stores and the demonstration users, all with one password that was hashed once."""
    engine = engine_for(url)
    async with AsyncSession(engine) as session, session.begin():
        store_ids = [
            await session.scalar(insert(Store).values(code=code, name=name).returning(col(Store.id)))
            for code, name in STORES
        ]
        codes = dict(zip((code for code, _ in STORES), store_ids, strict=True))
        hashed = LIGHT_HASHER.hash(PASSWORD)
        at = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
        for number, person in enumerate(PEOPLE, start=1):
            about = {"username": person.username, "name": person.name, "password_hash": hashed, "created_at": at}
            await session.execute(insert(Account).values(id=number, **about, is_active=True, is_demonstration=True))
            roles = [{"account_id": number, "role": role} for role in person.roles]
            await session.execute(insert(AccountRole), roles)
            places = [{"account_id": number, "store_id": codes[code]} for code in person.stores]
            if places:
                await session.execute(insert(AccountStore), places)
        await session.execute(text("SELECT setval(pg_get_serial_sequence('account', 'id'), :last)"), {"last": number})
        await add_authority(session, today=at.date())
    await engine.dispose()
