"""Reports come from a streaming replica, of a known age, and from the primary whenever that is better: two servers."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from openpyxl import load_workbook
from sqlalchemy import text

from app.db import Database
from app.features.finance.exports.copying import copy_csv
from app.models import SignInKind
from app.postgres import EmbeddedPostgres, throwaway
from app.replica import Mark, Reading, ReplicaFailed, health, seen_until
from tests.browser import Browser
from tests.conftest import Clock, opener, settings_for
from tests.database import TEMPLATE, address, engine_for, make_template
from tests.features.finance.billing import usual_rates
from tests.given import Given

STREAMED = {"wal_level": "replica", "max_wal_senders": "4", "synchronous_commit": "on", "shared_buffers": "64MB"}
AS_AT = "X-Data-As-At"
COSTS = "/api/v1/finance/reports/costs?period=2026-03"
LONG = "SELECT n, repeat('x', 500) FROM generate_series(1, 200000) AS n"
PAUSE, RESUME = "SELECT pg_wal_replay_pause()", "SELECT pg_wal_replay_resume()"
PAGES = (
    "reports/costs?period=2026-03",
    "reports/costs/lines?period=2026-03",
    "reports/credits-outstanding",
    "reports/commitments",
    "reports/accruals",
    "reports/asc-fr",
    "dashboard",
    "dashboard/spend",
    "recycling",
    "recycling/items?rate=collection_rate",
    "cost-avoided",
    "cost-avoided/items",
    "performance",
    "performance/orders",
    "statements/ASC?period=2026-03",
    "exports?period=2026-03",
    "exports/lines.csv?period=2026-03",
    "packs/2026-03",
)
ROUTES = (
    "reports/costs",
    "reports/costs/lines",
    "reports/credits-outstanding",
    "reports/commitments",
    "reports/accruals",
    "reports/asc-fr",
    "reports/dashboard/spend",
    "reports/recycling",
    "reports/recycling/items?rate=collection_rate",
    "reports/cost-avoided",
    "reports/cost-avoided/items",
    "reports/performance",
    "reports/performance/orders",
    "reports/budgets",
    "statements/ASC?period=2026-03",
    "exports?period=2026-03",
    "exports/lines?period=2026-03&format=csv",
    "exports/lines?period=2026-03&format=xlsx",
)
NOT_FROM_THERE = ("reconciliation", "periods", "charges", "budgets", "journal?period=2026-03")


@dataclass
class Two:
    """A primary with its replica, the service on both, and somebody of finance who is signed in."""

    primary: EmbeddedPostgres
    standby: EmbeddedPostgres
    database: Database
    app: FastAPI
    given: Given
    finance: AsyncClient
    browser: Browser

    async def on_primary(self, wanted: str) -> Any:
        return await run(self.primary, wanted)

    async def on_standby(self, wanted: str) -> Any:
        return await run(self.standby, wanted)

    async def charge(self) -> None:
        """Something that costs: an item is lent."""
        await self.given.loan()

    async def caught_up(self) -> None:
        """Wait until the replica has all that the primary has."""
        place = await self.on_primary("SELECT CAST(pg_current_wal_lsn() AS text)")
        await until(lambda: self.on_standby(f"SELECT pg_last_wal_replay_lsn() >= '{place}'"))


async def run(server: EmbeddedPostgres, wanted: str) -> Any:
    engine = engine_for(address(server.url, TEMPLATE), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        result = await connection.execute(text(wanted))
        answer = result.scalar() if result.returns_rows else None
    await engine.dispose()
    return answer


async def until(is_so: Callable[[], Awaitable[Any]]) -> None:
    for _ in range(500):
        if await is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about within five seconds")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[EmbeddedPostgres, EmbeddedPostgres]]:
    with throwaway(STREAMED) as primary:
        make_template(primary.url)
        with throwaway(STREAMED | {"max_standby_streaming_delay": "0"}, copy_of=primary.url) as standby:
            yield primary, standby


@pytest.fixture(scope="module")
async def given(servers: tuple[EmbeddedPostgres, EmbeddedPostgres]) -> AsyncIterator[Given]:
    """What happens on the primary, with rates for all of it."""
    database = Database(address(servers[0].url, TEMPLATE))
    async with database.engine.begin() as connection:
        await usual_rates(connection)
    yield Given(database.sessions, Clock())
    await database.dispose()


@pytest.fixture
async def two(
    scratch_app: FastAPI, servers: tuple[EmbeddedPostgres, EmbeddedPostgres], given: Given
) -> AsyncIterator[Two]:
    primary, standby = servers
    url, clock = address(primary.url, TEMPLATE), Clock()
    database = Database(url, reports_url=address(standby.url, TEMPLATE))
    assert database.replica
    database.replica.rests_for = 0.0
    scratch_app.state.settings, scratch_app.state.database = settings_for(url), database
    scratch_app.state.clock = clock.read
    async with AsyncExitStack() as stack:
        sign_in = opener(scratch_app, database.sessions, clock, stack)
        client, page = await sign_in("finance"), await sign_in("finance", kind=SignInKind.PAGE)
        made = Two(primary, standby, database, scratch_app, given, client, Browser(page))
        await made.charge()
        await made.caught_up()
        yield made
    await database.dispose()


def net(answer: Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json()["totals"]["net_pence"])


async def test_every_report_is_read_from_the_replica_and_says_of_when_it_is(two: Two) -> None:
    before = datetime.now(UTC) - timedelta(seconds=60)
    for path in PAGES:
        page = await two.browser.client.get(f"/finance/{path}")
        assert page.status_code == 200, path
        assert before <= datetime.fromisoformat(page.headers[AS_AT]) <= datetime.now(UTC), path
        if "text/html" in page.headers["content-type"]:
            assert "a copy of the database that is less than a second behind" in " ".join(page.text.split()), path
    for path in ROUTES:
        answer = await two.finance.get(f"/api/v1/finance/{path}")
        assert (answer.status_code, AS_AT in answer.headers) == (200, True), (path, answer.text)
    assert two.database.replica
    assert two.database.replica.from_primary == 0

    async def is_replica(reading: Reading) -> Any:
        return await reading.session.scalar(text("SELECT pg_is_in_recovery()"))

    assert await two.database.reports.read(is_replica) is True


async def test_what_is_worked_with_is_read_from_the_primary(two: Two) -> None:
    for path in NOT_FROM_THERE:
        page = await two.browser.client.get(f"/finance/{path}")
        assert (page.status_code, AS_AT in page.headers) == (200, False), path


async def test_files_say_in_their_head_of_when_they_are_and_taking_them_is_written_down(two: Two) -> None:
    taken = "SELECT count(*) FROM audit_event WHERE action = 'charge_lines_taken'"
    count = await two.on_primary(taken)
    plain = await two.finance.get("/api/v1/finance/exports/lines?period=2026-03")
    assert "as at" not in plain.text
    headed = await two.finance.get("/api/v1/finance/exports/lines?period=2026-03&head=true")
    said = datetime.fromisoformat(headed.headers[AS_AT])
    assert f"Period,March 2026 (as at {said:%Y-%m-%d %H:%M:%S} UTC)," in headed.text
    for path in ("exports/lines?period=2026-03&format=xlsx", "reports/costs?period=2026-03&format=xlsx"):
        file = await two.finance.get(f"/api/v1/finance/{path}")
        sheet = load_workbook(BytesIO(file.content)).active
        assert sheet is not None
        assert " (as at " in str(sheet["A2"].value), path
    job = await two.finance.post("/api/v1/finance/exports/jobs?period=2026-03")
    made = await two.finance.get(job.headers["Location"])
    file = await two.finance.get(made.json()["file"])
    sheet = load_workbook(BytesIO(file.content)).active
    assert sheet is not None
    assert " (as at " in str(sheet["A2"].value)
    assert await two.on_primary(taken) == count + 4


async def test_an_old_replica_shows_its_age_and_one_that_is_too_old_is_not_read(two: Two) -> None:
    assert two.database.replica
    old = net(await two.finance.get(COSTS))
    await two.on_standby(PAUSE)
    try:
        paused_at = datetime.now(UTC)
        await two.charge()
        stale = await two.finance.get(COSTS)
        assert net(stale) == old
        assert datetime.fromisoformat(stale.headers[AS_AT]) <= paused_at + timedelta(seconds=0.5)
        await asyncio.sleep(1)
        page = await two.browser.get("/finance/reports/costs?period=2026-03")
        assert re.search(r"a copy of the database that is (1 second|[2-9] seconds) behind", page.text)
        two.database.replica.most_behind = timedelta(milliseconds=1)
        fresh = await two.finance.get(COSTS)
        assert net(fresh) > old
        assert AS_AT not in fresh.headers
        ready = await two.finance.get("/readyz")
        assert ready.status_code == 200
        assert (
            "further behind than STORES_REPORTS_MAX_LAG_SECONDS; reports read from the primary"
            in ready.json()["warnings"]["replica"]
        )
        assert 'stores_report_reads_total{where="primary",why="too-old"}' in (await two.finance.get("/metrics")).text
    finally:
        await two.on_standby(RESUME)
    await two.caught_up()
    again = await two.finance.get(COSTS)
    assert (net(again), AS_AT in again.headers) == (net(fresh), True)
    assert "replica" not in (await two.finance.get("/readyz")).json()["warnings"]


async def test_on_a_primary_where_nothing_happens_a_replica_that_has_everything_is_of_now(two: Two) -> None:
    await two.finance.get(COSTS)
    await asyncio.sleep(1.1)
    answer = await two.finance.get(COSTS)
    assert datetime.now(UTC) - datetime.fromisoformat(answer.headers[AS_AT]) < timedelta(seconds=1)


async def test_a_dead_replica_is_done_without_and_one_that_is_back_is_read_again(two: Two) -> None:
    figure = net(await two.finance.get(COSTS))
    url = two.standby.url
    two.standby.stop()
    try:
        for path in (COSTS, "/api/v1/finance/exports/lines?period=2026-03"):
            answer = await two.finance.get(path)
            assert (answer.status_code, AS_AT in answer.headers) == (200, False)
        assert net(await two.finance.get(COSTS)) == figure
        ready = await two.finance.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ok")
        assert "the replica cannot be reached" in ready.json()["warnings"]["replica"]
    finally:
        two.standby.start()
    assert two.standby.url == url
    answer = await two.finance.get(COSTS)
    assert (net(answer), AS_AT in answer.headers) == (figure, True)


async def test_a_report_whose_connection_is_cut_in_the_middle_is_read_again_from_the_primary(two: Two) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'stores'"
    figure = net(await two.finance.get(COSTS))
    async with two.database.engine.begin() as blocking:
        await blocking.execute(text("LOCK TABLE charge IN ACCESS EXCLUSIVE MODE"))
        await two.on_primary("SELECT CAST(pg_switch_wal() AS text)")  # what was written of the lock leaves at once
        asked = asyncio.create_task(two.finance.get(COSTS))
        await until(lambda: two.on_standby(waiting))
        await two.on_standby(waiting.replace("count(*)", "pg_terminate_backend(pid)"))
    answer = await asked
    assert (net(answer), AS_AT in answer.headers) == (figure, False)


async def test_a_query_that_stands_in_the_way_of_the_replay_is_done_again_on_the_primary(two: Two) -> None:
    await two.on_primary("CREATE TABLE in_the_way AS SELECT 1 AS one")
    await two.caught_up()
    readings = []

    async def read(reading: Reading) -> Any:
        readings.append(reading.as_at)
        await reading.session.execute(text("SELECT * FROM in_the_way"))
        if reading.as_at:
            await two.on_primary("DROP TABLE in_the_way")
            await two.on_primary("CREATE TABLE in_the_way AS SELECT 2 AS one")
            await reading.session.execute(text("SELECT pg_sleep(5)"))
        return await reading.session.scalar(text("SELECT one FROM in_the_way"))

    assert await two.database.reports.read(read) == 2
    assert [as_at is None for as_at in readings] == [False, True]
    await two.on_primary("DROP TABLE in_the_way")


async def test_a_file_that_is_cut_off_on_its_way_comes_from_the_primary_the_next_time(two: Two) -> None:
    assert two.database.replica
    two.database.replica.rests_for = 60
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND pid <> pg_backend_pid()"
    pieces: list[bytes] = []

    async def cut_off(piece: bytes) -> None:
        if not pieces:
            await two.on_standby(cut)
        pieces.append(piece)

    with pytest.raises(ReplicaFailed):
        await copy_csv(two.database.reports, LONG, {}, cut_off, above=lambda reading: f"{reading.as_at}\r\n".encode())
    assert pieces[0].startswith(b"20")
    answer = await two.finance.get("/api/v1/finance/exports/lines?period=2026-03")
    assert (answer.status_code, AS_AT in answer.headers) == (200, False)


async def test_a_reader_who_goes_away_is_not_taken_for_a_replica_that_fails(two: Two) -> None:
    async def gone(_: bytes) -> None:
        raise OSError("the reader has gone")

    with pytest.raises(OSError, match="the reader has gone"):
        await copy_csv(two.database.reports, LONG, {}, gone)
    assert two.database.replica
    assert two.database.replica.trouble is None


async def test_a_database_that_is_no_replica_of_ours_is_not_read(two: Two, server_url: str) -> None:
    for other in (address(two.primary.url, TEMPLATE), address(server_url, TEMPLATE)):
        wrong = Database(address(two.primary.url, TEMPLATE), reports_url=other)
        async with wrong.sessions() as session:
            assert wrong.replica
            assert await wrong.replica.begin(session) is None
            assert wrong.replica.trouble == "STORES_REPORTS_DATABASE_URL is no replica of this database"
        await wrong.dispose()


async def test_a_replica_that_could_not_be_reached_is_left_alone_for_a_while(two: Two) -> None:
    gone = Database(address(two.primary.url, TEMPLATE), reports_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert gone.replica
    async with gone.sessions() as session:
        assert [await gone.replica.begin(session) for _ in range(2)] == [None, None]
    assert gone.replica.from_primary == 2
    # It may be there again: whoever reads the warning must see how old it is.
    assert re.fullmatch(
        r"the replica cannot be reached \(\w+\); reports read from the primary since this process started: 2, "
        r"last at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        health(gone.replica)["replica"],
    )
    await gone.dispose()


@pytest.mark.parametrize(
    ("place", "committed", "until"),
    [
        (100, None, 3),  # it has reached the newest mark: all of now
        (99, None, 2),
        (99, 1, 2),  # an idle primary's last commit is old, and the mark says more
        (60, 2.5, 2.5),  # on a busy one the last commit says more
        (10, 1, 1),
        (10, None, None),
    ],
)
def test_up_to_when_a_replica_has_everything(place: int, committed: float | None, until: float | None) -> None:
    def at(second: float | None) -> datetime | None:
        return None if second is None else datetime(2026, 3, 2, 14, 5, tzinfo=UTC) + timedelta(seconds=second)

    marks = [Mark(50, at(1)), Mark(80, at(2)), Mark(100, at(3))]  # type: ignore[arg-type]
    assert seen_until(place, at(committed), marks) == at(until)
