"""Building the county: its parts live in processes of their own, and what they write down comes here in turn."""

import asyncio
import multiprocessing
import pickle
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, time
from multiprocessing.connection import Connection
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.audit import Tell
from app.cli.county import loading, notices
from app.cli.county.days import Life
from app.cli.county.ground import Ground, lay
from app.cli.county.size import SHARDS, Size
from app.cli.seed import is_empty
from app.db import normal_url
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.recycling.avoided import settle_spells

ALONE_BELOW: Final = 0.02
"""A county that is so small is made here: processes take longer to begin."""
SETTLED_AT_ONCE: Final = 1_000_000
"""Each go reads all charges, so the fewer the better; a million takes a gigabyte here."""
RESTART: Final = ("store", "account", "funder", "team", "panel", "product", "tariff", "audit_event")
HAS_ITEMS: Final = "There are items in this database. The county wants an empty one, and fills it."
HAS_PEOPLE: Final = "There are people or stores in this database. The county wants an empty one, and brings its own."


class NotEmpty(RuntimeError):
    """The database is somebody's."""


async def build(url: str, size: Size, *, prefix: str, tell: Tell) -> None:
    """Fill the empty, migrated database, all of it in one transaction; then do what the worker and PostgreSQL itself do
    in the night. Raises NotEmpty, `loading.NotRight`."""
    async with _session(url) as session:
        if await session.scalar(text("SELECT EXISTS (SELECT FROM item)")):
            raise NotEmpty(HAS_ITEMS)
        if not await is_empty(session):
            raise NotEmpty(HAS_PEOPLE)
        # What was rolled back has used up numbers; the same seed gives the same ones all the same.
        for table in RESTART:
            await session.execute(text(f"ALTER TABLE {table} ALTER id RESTART"))
        tell("The ground", 0, 1)
        ground = await lay(session, size, prefix=prefix)
        taken = await loading.take_off(session, size)
        await _live(session, ground, tell)
        await loading.put_back(session, taken, tell)
        await _close(session, ground, tell)
    await _work_through_a_night(url, size, tell)


async def _live(session: AsyncSession, ground: Ground, tell: Tell) -> None:
    days = (ground.size.until - ground.size.since).days * SHARDS
    lived, loop = 0, asyncio.get_running_loop()
    # One thread: each more would keep memory of its own for what it once took in.
    with ThreadPoolExecutor(1) as thread, _parts(ground) as parts:
        while parts:
            for part in list(parts):
                found = await loop.run_in_executor(thread, next, part, None)
                if found is None:
                    parts.remove(part)
                    continue
                lived += found[0]
                tell("Years of work", lived, days)
                await loading.copy(session, found[1])


async def _close(session: AsyncSession, ground: Ground, tell: Tell) -> None:
    tell("Numbers", 0, 1)
    await loading.count_on(session)
    steps = list(loading.steps())
    for number, (what, statement) in enumerate(steps):
        tell(what, number, len(steps))
        await session.execute(text(statement))
    tell("What the triggers would say", 0, 1)
    await loading.look_for_wrong(session)
    tell("Safety notices", 0, 1)
    await notices.put_into_force(session, ground)


@contextmanager
def _parts(ground: Ground) -> Iterator[list[Iterator[tuple[int, dict[str, bytes]]]]]:
    """What each part of the county writes down, in its order."""
    if ground.size.scale < ALONE_BELOW:
        yield [Life(ground, number).live() for number in range(SHARDS)]
        return
    context = multiprocessing.get_context("spawn")
    processes, ends = [], []
    try:
        for number in range(SHARDS):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_live_apart, args=(ground, number, there), daemon=True)
            process.start()
            there.close()
            processes.append(process)
            ends.append(_received(here))
        yield ends
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _received(end: Connection) -> Iterator[tuple[int, dict[str, bytes]]]:
    """What a part of the county sends, until it says that this was all."""
    try:
        while (found := pickle.loads(end.recv_bytes())) is not None:  # noqa: S301 - our own process sends it
            yield found
    except EOFError as error:
        raise loading.NotRight("A part of the county ended before it was done. Nothing of it is kept.") from error


def _live_apart(ground: Ground, number: int, end: Connection) -> None:
    """In a process of its own."""
    for found in Life(ground, number).live():
        end.send_bytes(pickle.dumps(found))
    end.send_bytes(pickle.dumps(None))


async def _work_through_a_night(url: str, size: Size, tell: Tell) -> None:
    """What autovacuum would do: statistics, and which pages all may see, so that indexes alone answer. Then the jobs of
    the worker for the reports, which take three times as long without statistics. Both on two connections, which have
    about as much to do."""
    at = datetime.combine(size.until, time(4), UTC)

    async def settle() -> None:
        async with _session(url) as session:
            await loading.set_up(session)
            # No more than so many in one night: the nights before it would have settled the rest.
            while await settle_spells(session, at=at, at_once=SETTLED_AT_ONCE):
                pass
        await _vacuum(url, ("spell",), lambda *_: None)

    async def sum_up() -> None:
        async with _session(url) as session:
            await loading.set_up(session)
            await sum_up_months(session, at=at)
        await _vacuum(url, ("charge_month",), lambda *_: None)

    others = [table for table in (*loading.TABLES, *loading.KEPT) if table != "charge"]
    async with asyncio.TaskGroup() as both:
        both.create_task(_vacuum(url, others, tell))
        both.create_task(_vacuum(url, ("charge",), lambda *_: None))
    async with asyncio.TaskGroup() as both:
        both.create_task(settle())
        both.create_task(sum_up())


async def _vacuum(url: str, tables: Sequence[str], tell: Tell) -> None:
    engine = create_async_engine(normal_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for number, table in enumerate(tables):
                tell("What a night brings", number, len(tables))
                await connection.execute(text(f"VACUUM (ANALYZE) {table}"))
    finally:
        await engine.dispose()


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[AsyncSession]:
    """One transaction without a limit to its statements."""
    engine = create_async_engine(normal_url(url), poolclass=NullPool)
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session
    finally:
        await engine.dispose()
