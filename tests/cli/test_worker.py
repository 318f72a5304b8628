"""`stores worker`: its table of jobs, one of them now, and the process itself, alone and inside the demonstration."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from croniter import croniter
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli.main import app
from app.cli.worker import JOBS
from tests.conftest import Scratch
from tests.features.messages.outbox import post
from tests.given import SECRET

ROOT = Path(__file__).resolve().parents[2]
NAMES = [job.name for job in JOBS]
PATIENCE_SECONDS = 120
ITS_CONNECTIONS = "SELECT pid FROM pg_stat_activity WHERE datname = :name AND application_name LIKE 'stores%'"


async def stores_worker(scratch: Scratch, *words: str, **environment: str) -> tuple[int, str]:
    """Run the command on the scratch database: its exit code and all that it said."""
    surroundings = {"COLUMNS": "200", "STORES_DATABASE_URL": scratch.url} | environment
    told = await asyncio.to_thread(CliRunner().invoke, app, ["worker", *words], env=surroundings)
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told.exit_code, " ".join(told.output.split())


async def test_the_table_names_every_job_once_with_a_time_and_a_sentence(scratch: Scratch) -> None:
    code, said = await stores_worker(scratch, "--list")
    assert code == 0
    assert [name for name in NAMES if name not in said] == []
    assert len(set(NAMES)) == len(NAMES)
    assert [job.name for job in JOBS if not croniter.is_valid(job.cron) or not job.sentence.endswith(".")] == []
    assert [job.name for job in JOBS if re.match(r"\S+ 1 ", job.cron)] == [], "that hour is there twice, or not at all"


@pytest.mark.parametrize("name", NAMES)
async def test_each_job_can_be_done_now_and_again(scratch: Scratch, name: str) -> None:
    for _ in range(2):
        code, said = await stores_worker(scratch, "--once", name)
        assert (code, f"{name}: nothing done." in said) == (0, True), said


async def test_a_message_that_waits_is_sent_by_its_job(scratch: Scratch) -> None:
    await post(scratch.database.sessions, scratch.clock)
    code, said = await stores_worker(scratch, "--once", "send_messages")
    assert (code, "send_messages: 1 done." in said) == (0, True), said
    assert await scratch.query("SELECT sent_as FROM message") == [{"sent_as": "shown"}]


async def test_what_cannot_be_done_is_said_in_a_sentence(scratch: Scratch) -> None:
    code, said = await stores_worker(scratch, "--once", "sing")
    assert (code, "There is no job sing. The jobs are: send_messages, " in said) == (1, True), said
    code, said = await stores_worker(scratch, "--once", "send_messages", STORES_MAIL="smtp")
    assert (code, "Set STORES_MAIL_FROM" in said) == (1, True), said
    async with scratch.database.sessions.begin() as session:
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended('job forget_requests', 0))")
        await session.execute(lock)
        code, said = await stores_worker(scratch, "--once", "forget_requests")
    assert (code, "A worker is doing forget_requests at this moment." in said) == (1, True), said
    async with scratch.database.sessions.begin() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    code, said = await stores_worker(scratch)
    assert (code, "run `stores db upgrade`" in said) == (1, True), said


@contextmanager
def running(scratch: Scratch, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process of its own; killed at the end if it still runs."""
    surroundings = os.environ | {"STORES_DATABASE_URL": scratch.url, "STORES_SECRET_KEY": SECRET} | environment
    command = [sys.executable, "-m", "app.cli.main", *words]
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until_rows(scratch: Scratch, wanted: str, rows: list[dict[str, Any]], **values: str) -> None:
    """Wait until a query answers so."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while (found := await scratch.query(wanted, **values)) != rows:
        assert time.monotonic() < give_up, found
        await asyncio.sleep(0.2)


async def test_the_worker_sends_what_waits_and_ends_when_it_is_told_to(scratch: Scratch) -> None:
    await post(scratch.database.sessions, scratch.clock)
    with running(scratch, "worker") as process:
        await until_rows(scratch, "SELECT sent_as FROM message", [{"sent_as": "shown"}])
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
async def test_the_demonstration_has_a_worker_that_ends_with_it(scratch: Scratch, way: signal.Signals) -> None:
    await post(scratch.database.sessions, scratch.clock, to_email="care@example.org")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    await scratch.database.dispose()
    with running(scratch, "demo", STORES_PORT=port, STORES_MAIL="smtp") as process:
        # Whatever the settings say, nothing leaves the demonstration.
        await until_rows(scratch, "SELECT sent_as FROM message", [{"sent_as": "shown"}])
        process.send_signal(way)
        await asyncio.to_thread(process.wait, 30)
    await scratch.database.dispose()
    others = f"{ITS_CONNECTIONS} AND pid <> pg_backend_pid()"
    await until_rows(scratch, others, [], name=scratch.name)
