"""The queue under the worker: by clocks in the UK, once among two workers, again after a failure or a lost database."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pgqueuer
import pytest
from pgqueuer.domain.errors import FailingListenerError
from sqlalchemy import text
from structlog.testing import CapturingLogger

from app.cli import queue
from app.cli.queue import Recurring, next_run, open_pool, queries_on, run_queue
from tests.conftest import Scratch

EVERY_SECOND = "* * * * * *"
PATIENCE_SECONDS = 60
CUT_OFF = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = 'stores worker' AND datname = current_database()
""")


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-01-15T07:59", "2026-01-15T08:00"),
        ("2026-03-28T08:00", "2026-03-29T07:00"),  # The clocks went forward in the night.
        ("2026-07-01T07:00", "2026-07-02T07:00"),
        ("2026-10-24T07:00", "2026-10-25T08:00"),  # And back.
    ],
)
def test_eight_in_the_morning_is_eight_in_the_uk_all_year(after: str, due: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_run("0 8 * * *", after=moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


async def test_the_queues_tables_are_what_this_version_of_the_library_declares(scratch: Scratch) -> None:
    async with await open_pool(scratch.url) as pool:
        plan = await queries_on(pgqueuer.AsyncpgPoolDriver(pool)).plan_upgrade()
    assert (plan.statements, plan.notes) == ((), ()), "write a migration with what `pgq upgrade --plan` says"


@asynccontextmanager
async def working(scratch: Scratch, *recurring: Recurring, workers: int = 1) -> AsyncIterator[None]:
    """Workers, as many as were asked for, until the end of the block; then they are told to stop, and do."""
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(run_queue(scratch.url, recurring, stop=stop, patience=timedelta(seconds=1)))
        for _ in range(workers)
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_SECONDS)


async def until(wanted: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not wanted():
        assert time.monotonic() < give_up, "it did not happen in a minute"
        await asyncio.sleep(0.05)


async def test_two_workers_never_do_the_same_job_at_once(scratch: Scratch) -> None:
    running, most, done = 0, 0, 0

    async def slow() -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(1.5)
        running, done = running - 1, done + 1

    async with working(scratch, Recurring("slow", EVERY_SECOND, slow), workers=2):
        await until(lambda: done >= 3)
    assert (most, running) == (1, 0)


async def test_a_job_that_fails_is_tried_again_and_stops_no_other(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "FIRST_PAUSE", timedelta(seconds=1))
    tries: list[float] = []
    others = 0

    async def fail() -> None:
        tries.append(time.monotonic())
        raise RuntimeError("the van is away")

    async def work() -> None:
        nonlocal others
        others += 1

    async with working(scratch, Recurring("fail", EVERY_SECOND, fail), Recurring("work", EVERY_SECOND, work)):
        await until(lambda: len(tries) >= 3 and others >= 3)
    assert tries[2] - tries[1] > 1.5, "the pause did not grow"


async def test_it_goes_on_when_the_database_was_lost(scratch: Scratch) -> None:
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1

    async with working(scratch, Recurring("work", EVERY_SECOND, work)):
        await until(lambda: done >= 1)
        async with scratch.database.sessions() as session:
            assert await session.scalar(CUT_OFF)
        before = done
        await until(lambda: done > before + 1)


async def test_a_lost_database_is_one_line_of_the_log_and_no_traceback(
    scratch: Scratch, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1

    said = CapturingLogger()
    monkeypatch.setattr(queue, "log", said)
    # Whatever another test lost, and did not wait for.
    monkeypatch.setattr(queue._to_our_log, "is_lost", False)
    async with working(scratch, Recurring("work", EVERY_SECOND, work)):
        await until(lambda: done >= 1)
        async with scratch.database.sessions() as session:
            assert await session.scalar(CUT_OFF)
        # The connection that it listens on is asked every ten seconds, and waited for as long.
        await until(lambda: bool(said.calls))
        before = done
        await until(lambda: done > before + 1)
    assert [(*call.args, call.kwargs["said"]) for call in said.calls] == [
        ("database_lost", "The worker goes on as soon as the database is back."),
        ("database_back", "The worker goes on."),
    ]
    assert [record.getMessage() for record in caplog.records if record.name != "pgqueuer" and record.exc_info] == []


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (FailingListenerError(), True),
        (asyncpg.CannotConnectNowError("the database system is in recovery mode"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed"), False),
        (asyncpg.QueryCanceledError("canceling statement due to statement timeout"), False),
        (RuntimeError("the van is away"), False),
    ],
)
def test_only_what_a_lost_database_breaks_is_left_out_of_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception, is_lost: bool
) -> None:
    queue.forward_library_log()
    for name in ("asyncio", "asyncpg.pool"):
        logging.getLogger(name).error("Task exception was never retrieved", exc_info=error)
    said = CapturingLogger()
    monkeypatch.setattr(queue, "log", said)
    monkeypatch.setattr(queue._to_our_log, "is_lost", False)
    logging.getLogger("pgqueuer").error("Error during instance execution.", exc_info=error)
    left = [record.name for record in caplog.records if record.name != "pgqueuer"]
    assert (queue.has_lost_the_database(error), left) == (is_lost, [] if is_lost else ["asyncio", "asyncpg.pool"])
    assert [call.args for call in said.calls] == [("database_lost" if is_lost else "queue",)]


async def test_told_to_stop_it_finishes_the_job_under_way(scratch: Scratch) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(1)
        ended.set()

    async with working(scratch, Recurring("work", EVERY_SECOND, work)):
        await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
        assert not ended.is_set()
    assert ended.is_set()


async def test_schedules_of_an_earlier_version_are_forgotten_and_those_that_are_due_are_kept(scratch: Scratch) -> None:
    missed = text("""
        INSERT INTO jobs.pgqueuer_schedules (expression, entrypoint, next_run)
        VALUES ('0 8 1 1 *', 'work', now() - interval '1 day'), ('0 9 1 1 *', 'work', now()),
               ('0 8 1 1 *', 'gone', now())
    """)
    async with scratch.database.sessions.begin() as session:
        await session.execute(missed)
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    async with working(scratch, Recurring("work", "0 8 1 1 *", work)):
        await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
    known = await scratch.query("SELECT entrypoint, expression FROM jobs.pgqueuer_schedules")
    assert known == [{"entrypoint": "work", "expression": "0 8 1 1 *"}]
