"""PostgreSQL itself stops at once amid the work on months: nothing is half made, and the next run brings it to its end.

On a server of its own, which comes up again by its log. Commands are real processes.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import months
from app.db import Database
from app.domain.lifecycle import State
from app.features.finance.periods import service as periods
from app.postgres import EmbeddedPostgres, throwaway
from tests.conftest import Scratch, scratch_on
from tests.database import TEMPLATE, address, make_template
from tests.features.finance.billing import usual_rates
from tests.given import SECRET
from tests.races.chains import check_chains
from tests.races.test_kill import ROOT
from tests.races.test_months import MARCH, WHOLE, detach, somebody_waits, stands

pytestmark = pytest.mark.race

# What was acknowledged has to be there, as in earnest; the machine itself goes on.
SETTINGS = {"synchronous_commit": "on", "shared_buffers": "64MB"}
PARTS = "SELECT relname FROM pg_class WHERE relnamespace = 'months'::regnamespace ORDER BY relname"
STRAYS = "SELECT (SELECT count(*) FROM months.movement_other) AS moved, count(*) AS charged FROM months.charge_other"


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    with throwaway(SETTINGS) as server:
        make_template(server.url)
        yield server


@asynccontextmanager
async def service_on(app: FastAPI, server: EmbeddedPostgres) -> AsyncIterator[Scratch]:
    """The service on the server as it is now: it has another address each time that it starts."""
    url = address(server.url, TEMPLATE)
    database = Database(url)
    try:
        async with scratch_on(app, database, url, TEMPLATE) as made:
            yield made
    finally:
        await database.dispose()


async def stopped_amid(server: EmbeddedPostgres, scratch: Scratch, *words: str) -> None:
    """Start the command; when it waits for the charges, and has changed much before, the server stops as by
    `pg_ctl stop -m immediate`, and comes up again."""
    environment = os.environ | {"STORES_DATABASE_URL": scratch.url, "STORES_SECRET_KEY": SECRET}
    words = (sys.executable, "-m", "app.cli.main", *words)
    with contextlib.suppress(DBAPIError):  # The reader's own connection is lost, too.
        async with scratch.database.sessions() as reader:
            await reader.execute(text("SELECT count(*) FROM charge"))
            quiet = asyncio.subprocess.DEVNULL
            command = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env=environment, stderr=quiet)
            try:
                await somebody_waits(scratch)
                assert command.returncode is None
                lock = (server.data_dir / "postgres").resolve() / "postmaster.pid"
                os.kill(int(lock.read_text().split()[0]), signal.SIGQUIT)
                async with asyncio.timeout(60):
                    assert await command.wait() != 0
            finally:
                with contextlib.suppress(ProcessLookupError):
                    command.kill()
                await command.wait()
    server.stop()
    server.start()


async def test_months_are_made_and_put_aside_whole_or_not_at_all_when_the_server_stops(
    server: EmbeddedPostgres, scratch_app: FastAPI
) -> None:
    """What is issued in March came into no month: the tests' March is before the first that was made."""
    async with service_on(scratch_app, server) as scratch:
        async with scratch.database.sessions.begin() as session:
            await usual_rates(await session.connection())
        await scratch.given.item(State.ON_LOAN)
        before = await scratch.query(PARTS)
        await stopped_amid(server, scratch, "worker", "--once", "make_months")

    async with service_on(scratch_app, server) as scratch:
        assert await scratch.query(PARTS) == before
        assert await scratch.query(STRAYS) == [{"moved": 2, "charged": 1}]
        scratch.clock.move(days=40)
        async with scratch.database.sessions.begin() as session:
            assert await months.make_months(session, at=scratch.clock.now) > 0
        assert await scratch.query(STRAYS) == [{"moved": 0, "charged": 0}]
        async with scratch.database.sessions.begin() as session:
            await periods.close(session, MARCH, actor="finance", at=scratch.clock.now)
        assert await stands(scratch) == WHOLE
        await stopped_amid(server, scratch, "db", "detach-month", "2026-03", "--years", "0")

    async with service_on(scratch_app, server) as scratch:
        assert await stands(scratch) == WHOLE
        scratch.clock.move(days=40)
        assert await detach(scratch) == {"movement": 2, "charge": 1}
        assert await stands(scratch) == {"anchors": 1, "aside": 2, "attached": 0, "charges_attached": 0}
        await check_chains(scratch)
