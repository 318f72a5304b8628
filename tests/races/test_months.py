"""Months are put aside and made while scans go on, twice at once, and by commands that are killed: never by half."""

import asyncio
import os
import sys
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import months
from app.domain.errors import RuleError
from app.domain.lifecycle import State
from app.features.finance.periods import service as periods
from tests.conftest import Scratch
from tests.features.finance.billing import usual_rates
from tests.given import SECRET
from tests.races.chains import check_chains
from tests.races.test_kill import ROOT

pytestmark = pytest.mark.race

MARCH = date(2026, 3, 1)
STANDS = """
    SELECT (SELECT count(*) FROM movement_put_aside) AS anchors,
           (SELECT count(*) FROM month_put_aside) AS aside,
           (SELECT count(*) FROM pg_inherits WHERE inhrelid = 'months.movement_2026_03'::regclass) AS attached,
           (SELECT count(*) FROM pg_inherits WHERE inhrelid = 'months.charge_2026_03'::regclass) AS charges_attached
"""
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
WHOLE = {"anchors": 0, "aside": 0, "attached": 1, "charges_attached": 1}


async def closed_march(scratch: Scratch, *states: State) -> list[str]:
    """Items in these states since March, which is closed, and old enough."""
    async with scratch.database.sessions.begin() as session:
        await usual_rates(await session.connection())
    items = [await scratch.given.item(state) for state in states]
    scratch.clock.move(days=40)
    async with scratch.database.sessions.begin() as session:
        await months.make_months(session, at=scratch.clock.now)
        await periods.close(session, MARCH, actor="finance", at=scratch.clock.now)
    return items


async def detach(scratch: Scratch) -> dict[str, int]:
    """Put March aside, as the command does."""
    async with scratch.database.sessions.begin() as session:
        at = scratch.clock.now
        return await months.detach_month(session, MARCH, years=0, today=scratch.clock.today, actor="x", at=at)


async def stands(scratch: Scratch) -> dict[str, int]:
    """How March stands."""
    [found] = await scratch.query(STANDS)
    return dict(found)


async def somebody_waits(scratch: Scratch) -> int:
    """The backend that waits for a lock, as soon as one does."""
    for _ in range(1500):
        if waiting := await scratch.query(WAITING):
            return int(waiting[0]["pid"])
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waited")


async def test_of_two_who_put_a_month_aside_at_once_one_does(scratch: Scratch) -> None:
    await closed_march(scratch, State.ON_LOAN, State.IN_STOCK)
    async with asyncio.timeout(60):
        told = await asyncio.gather(*(detach(scratch) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["NotFound", "NotFound", "dict"]
    assert await stands(scratch) == {"anchors": 2, "aside": 2, "attached": 0, "charges_attached": 0}
    await check_chains(scratch)


async def test_scans_go_on_while_the_month_of_their_issue_is_put_aside(scratch: Scratch) -> None:
    items = await closed_march(scratch, *[State.ON_LOAN] * 12)

    async def scan_all() -> list[str]:
        told = []
        for barcode in items:
            [result] = await scratch.given.scan(barcode)
            told.append(result.outcome.value)
            await asyncio.sleep(0.01)
        return told

    async with asyncio.timeout(90):
        outcomes, lines = await asyncio.gather(scan_all(), detach(scratch))
    assert outcomes == ["accepted"] * 12
    assert lines == {"movement": 24, "charge": 12}
    credits_posted = "SELECT count(*) AS lines FROM charge WHERE kind = 'credit' AND amount_pence < 0"
    assert await scratch.query(credits_posted) == [{"lines": 12}]
    assert await scratch.query("SELECT count(*) AS n FROM item_account WHERE is_credited") == [{"n": 12}]
    await check_chains(scratch)


async def test_who_uses_the_tables_goes_first_and_the_month_stays_whole(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await closed_march(scratch, State.ON_LOAN)
    monkeypatch.setattr(months, "TRIES", 2)
    monkeypatch.setattr(months, "PAUSE", 0.1)
    async with scratch.database.sessions() as reader:
        await reader.execute(text("SELECT count(*) FROM charge"))
        async with asyncio.timeout(30):
            with pytest.raises(RuleError, match="in use all the time"):
                await detach(scratch)
    assert await stands(scratch) == WHOLE
    assert await detach(scratch) == {"movement": 2, "charge": 1}


async def test_who_comes_meanwhile_waits_for_both_tables_no_longer_than_for_one(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The movements come free when most of the time is over, and the charges do not."""
    await closed_march(scratch, State.ON_LOAN)
    monkeypatch.setattr(months, "TRIES", 1)
    monkeypatch.setattr(months, "WAIT", timedelta(seconds=1.6))
    async with scratch.database.sessions() as of_charges, scratch.database.sessions() as late:
        await of_charges.execute(text("SELECT count(*) FROM charge"))
        await late.execute(text("SELECT 1"))
        async with scratch.database.sessions() as of_movements:
            await of_movements.execute(text("SELECT count(*) FROM movement"))
            detaching = asyncio.create_task(detach(scratch))
            await somebody_waits(scratch)
            began = time.monotonic()
            waits = asyncio.create_task(late.execute(text("SELECT count(*) FROM movement")))
            await asyncio.sleep(1.2)
        await waits
        waited = time.monotonic() - began
        with pytest.raises(RuleError, match="in use all the time"):
            await detaching
    assert 1.2 < waited < 2.4
    assert await stands(scratch) == WHOLE


async def test_a_command_that_is_killed_in_the_midst_leaves_the_month_whole(scratch: Scratch) -> None:
    await closed_march(scratch, State.ON_LOAN)
    environment = os.environ | {"STORES_DATABASE_URL": scratch.url}
    command = [sys.executable, "-m", "app.cli.main", "db", "detach-month", "2026-03", "--years", "0"]
    async with scratch.database.sessions() as reader:
        await reader.execute(text("SELECT count(*) FROM charge"))
        killed = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        try:
            await somebody_waits(scratch)
        finally:
            killed.kill()
            await killed.wait()
    assert await stands(scratch) == WHOLE
    assert await detach(scratch) == {"movement": 2, "charge": 1}


async def test_a_worker_that_is_killed_amid_its_night_leaves_no_month_half_made_and_the_next_night_makes_them(
    scratch: Scratch,
) -> None:
    """What is issued in March came into no month: the tests' March is before the first that was made."""
    async with scratch.database.sessions.begin() as session:
        await usual_rates(await session.connection())
    await scratch.given.item(State.ON_LOAN)
    parts = "SELECT relname FROM pg_class WHERE relnamespace = 'months'::regnamespace ORDER BY relname"
    others = (
        "SELECT (SELECT count(*) FROM months.movement_other) AS moved, count(*) AS charged FROM months.charge_other"
    )
    before, strays = await scratch.query(parts), await scratch.query(others)
    assert strays == [{"moved": 2, "charged": 1}]
    environment = os.environ | {"STORES_DATABASE_URL": scratch.url, "STORES_SECRET_KEY": SECRET}
    command = [sys.executable, "-m", "app.cli.main", "worker", "--once", "make_months"]
    async with scratch.database.sessions() as reader:
        await reader.execute(text("SELECT count(*) FROM charge"))
        killed = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        try:
            # The months of movements are made by then; it waits for those of charges.
            await somebody_waits(scratch)
            assert killed.returncode is None
        finally:
            killed.kill()
            await killed.wait()
    assert (await scratch.query(parts), await scratch.query(others)) == (before, strays)
    async with asyncio.timeout(60):
        night = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        assert await night.wait() == 0
    assert await scratch.query(others) == [{"moved": 0, "charged": 0}]
    made = {row["relname"] for row in await scratch.query(parts)} - {row["relname"] for row in before}
    assert made >= {"movement_2026_03", "charge_2026_03"}
    assert await scratch.query("SELECT count(*) AS lines FROM months.movement_2026_03") == [{"lines": 2}]
    await check_chains(scratch)


async def test_the_nightly_job_that_loses_the_database_makes_all_months_or_none(scratch: Scratch) -> None:
    made = "SELECT count(*) AS parts FROM pg_inherits WHERE inhparent IN ('movement'::regclass, 'charge'::regclass)"
    before = await scratch.query(made)
    await scratch.given.item(State.ON_LOAN)
    scratch.clock.move(days=400)
    # Of a month that nobody has made yet.
    [stray] = await scratch.given.items(1)
    others = "SELECT (SELECT count(*) FROM months.movement_other) + (SELECT count(*) FROM months.charge_other) AS lines"
    strays = await scratch.query(others)

    async def make() -> int:
        async with scratch.database.sessions.begin() as session:
            return await months.make_months(session, at=scratch.clock.now)

    async with scratch.database.sessions() as reader:
        await reader.execute(text("SELECT count(*) FROM charge"))
        making = asyncio.create_task(make())
        pid = await somebody_waits(scratch)
        await scratch.query(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(DBAPIError):
            await making
    assert await scratch.query(made) == before
    assert await scratch.query(others) == strays
    assert await make() > 0
    assert await scratch.query(others) == [{"lines": 0}]
    moved = "SELECT count(*) AS lines FROM movement JOIN item ON item.id = item_id WHERE barcode = :barcode"
    assert await scratch.query(moved, barcode=stray) == [{"lines": 1}]
    await check_chains(scratch)
