"""What people wait for reads no large table from end to end, and sends as many statements however much there is."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import SignInKind
from tests.conftest import Clock, opener, sessions_on, settings_for
from tests.database import TEMPLATE, create_database, drop_database, engine_for
from tests.plans.calls import FOUND, Call, every_call
from tests.plans.exceptions import ALL_MONTHS, GROWS, MANY_BLOCKS, MOST_STATEMENTS, NOT_ASKED, REPORTS, STILL_READ
from tests.plans.filling import fill
from tests.plans.growth import Key, grown, idle
from tests.plans.posts import POSTS, Post
from tests.plans.recording import Recorded, Recorder

SCALE = 0.1
LARGE = 5_000
"""Rows from which on a table is large at this scale; all of these grow with the register."""
LOOKED_AT = 5_000
"""So many rows of one table are too many for what people wait for, however they were come by: at ten times the data
they would be ten times as many."""
MOST_MONTHS = 12
"""A year: whoever looks through more of the months looks through all, and there are more each month."""
MOST_ALIKE = 3
MOST_BLOCKS = 2_500
"""Pages of 8 KB that one call may touch at this scale, in all of its statements: 20 MB, or some 20 ms."""
SMALL = SCALE / 2
FEW_BLOCKS = 500
"""Pages at SCALE that are too few to ask for at SMALL too: of ten times the data they are some 20 ms."""
SECRET = SecretStr("a secret that only the tests know")


@dataclass(frozen=True)
class Asked:
    """Every call, what came back, and what was recorded of it; which tables are large; and how many pages a reading of
    all items touches, which grows with the register."""

    calls: list[tuple[Call, int, Recorded]]
    large: dict[str, int]
    all_items: int

    def blocks(self) -> dict[Key, int]:
        """Pages by call."""
        return {_key(call): sum(plan.blocks for plan in recorded.plans) for call, _, recorded in self.calls}


@pytest.fixture(scope="module")
async def asked(server_url: str, worker_name: str, scratch_app: FastAPI) -> AsyncIterator[Asked]:
    """The register is filled once, and every call is made once."""
    async with _asking(server_url, f"plans_{worker_name}", scratch_app, SCALE) as told:
        yield told


@pytest.fixture(scope="module")
async def asked_small(asked: Asked, server_url: str, worker_name: str, scratch_app: FastAPI) -> AsyncIterator[Asked]:
    """Half of it, where of each route that touches many pages the dearest call is made."""
    dearest: dict[str, tuple[int, Key]] = {}
    for key, blocks in asked.blocks().items():
        dearest[key[0]] = max(dearest.get(key[0], (FEW_BLOCKS, key)), (blocks, key))
    many = {key for blocks, key in dearest.values() if blocks > FEW_BLOCKS}
    async with _asking(server_url, f"plans_small_{worker_name}", scratch_app, SMALL, only=many) as told:
        yield told


@asynccontextmanager
async def _asking(
    server_url: str, name: str, app: FastAPI, scale: float, *, only: Collection[Key] | None = None
) -> AsyncIterator[Asked]:
    """A register of this scale; all calls are made in one transaction that is undone."""
    url = await create_database(server_url, name, template=TEMPLATE)
    clock = Clock()
    clock.now = datetime.now(UTC).replace(microsecond=0)
    engine = engine_for(url)
    was = app.state.settings, app.state.clock, app.state.database.sessions
    try:
        await fill(engine, scale, at=clock.now, secret=SECRET)
        async with engine.connect() as connection, AsyncExitStack() as stack:
            recorder = Recorder(connection)
            await recorder.listen()
            transaction = await connection.begin()
            app.state.settings, app.state.clock = settings_for(url), clock.read
            app.state.database.sessions = sessions_on(connection)
            calls = await _ask(app, connection, clock, recorder, stack, only)
            await connection.execute(text("SELECT sum(last_seq) FROM item"))
            all_items = sum(plan.blocks for plan in (await recorder.take()).plans)
            yield Asked(calls, await _large(connection), all_items)
            await transaction.rollback()
    finally:
        app.state.settings, app.state.clock, app.state.database.sessions = was
        await engine.dispose()
        await drop_database(server_url, name)


async def _ask(
    app: FastAPI,
    connection: AsyncConnection,
    clock: Clock,
    recorder: Recorder,
    stack: AsyncExitStack,
    only: Collection[Key] | None,
) -> list[tuple[Call, int, Recorded]]:
    sign_in = opener(app, sessions_on(connection), clock, stack)
    found = {name: str((await connection.execute(text(wanted))).scalar()) for name, wanted in FOUND.items()}
    clients: dict[tuple[str | None, bool], AsyncClient] = {}
    told = []
    for call in every_call(found, REPORTS):
        if only is not None and _key(call) not in only:
            continue
        who = (call.username or "auditor", call.is_api)
        if who not in clients:
            clients[who] = await sign_in(who[0], kind=SignInKind.API if call.is_api else SignInKind.PAGE)
            clients[who].event_hooks = {}  # The pages are checked elsewhere.
        await recorder.take()
        answer = await clients[who].get(call.path)
        told.append((call, answer.status_code, await recorder.take()))
    for post in POSTS:
        if only is not None and (post.route, post.name, post.username) not in only:
            continue
        poster = await sign_in(post.username)
        told.append(await _do(post, poster, connection, recorder))
    return told


def _key(call: Call) -> Key:
    return call.route, call.asked, call.username or ""


async def _do(
    post: Post, poster: AsyncClient, connection: AsyncConnection, recorder: Recorder
) -> tuple[Call, int, Recorded]:
    """One post. An answer that does not say what it should counts as a failure, whatever its status."""
    found = [list((await connection.execute(text(wanted))).scalars()) for wanted in post.about]
    call = Call(post.route, post.name, post.username, post.path(*found))
    await recorder.take()
    answer = await poster.post(call.path, json=post.body(*found))
    is_right = answer.is_success and answer.content.count(post.mark.encode()) >= post.times
    return call, 200 if is_right else answer.status_code + 1000 * answer.is_success, await recorder.take()


async def _large(connection: AsyncConnection) -> dict[str, int]:
    rows = await connection.execute(
        text("SELECT relname, reltuples FROM pg_class WHERE relkind IN ('r', 'p') AND reltuples >= :large"),
        {"large": LARGE},
    )
    return {row.relname: round(row.reltuples) for row in rows}


def test_every_call_finds_what_it_asks_for(asked: Asked) -> None:
    failed = {f"{call.route} {call.asked}".strip() for call, status, _ in asked.calls if status not in {200, 303}}
    assert failed == set(NOT_ASKED)


def test_the_register_is_large(asked: Asked) -> None:
    assert {"item", "movement", "loan", "charge", "equipment_order", "client", "audit_event"} <= set(asked.large)


def test_nothing_that_people_wait_for_reads_much_of_a_large_table(asked: Asked) -> None:
    found: dict[tuple[str, str], str] = {}
    most: dict[tuple[str, str], int] = {}
    for call, _, recorded in asked.calls:
        for plan in recorded.plans:
            for read in plan.reads:
                most[call.route, read.table] = max(most.get((call.route, read.table), 0), read.rows)
                if read.table in asked.large and read.rows >= LOOKED_AT:
                    told = f"{call.path}: {read.node} of {read.table}, {read.rows} rows, by: {plan.words}"
                    found.setdefault((call.route, read.table), told)
    new = [told for key, told in found.items() if key not in STILL_READ]
    assert new == [], "these read too much of a large table:\n" + "\n".join(new)
    # Statistics are a sample, and plans follow them: what reads near the bound is on either side of it by chance.
    idle = {key for key in STILL_READ if most.get(key, 0) < LOOKED_AT / 2}
    assert idle == set(), "exceptions that are needed no longer"


def test_nobody_waits_for_all_months_to_be_looked_through(asked: Asked) -> None:
    found: dict[tuple[str, str], str] = {}
    for call, _, recorded in asked.calls:
        for plan in recorded.plans:
            for read in plan.reads:
                if read.months > MOST_MONTHS:
                    found[call.route, read.table] = f"{call.path}: {read.months:.0f} of {read.table}, by: {plan.words}"
    new = [told for key, told in found.items() if key not in ALL_MONTHS]
    assert new == [], "these look through too many months:\n" + "\n".join(new)
    assert set(ALL_MONTHS) - set(found) == set(), "exceptions that are needed no longer"


def test_no_call_touches_more_pages_than_are_written_down(asked: Asked) -> None:
    most: dict[str, tuple[int, str]] = {}
    for call, _, recorded in asked.calls:
        found = sum(plan.blocks for plan in recorded.plans), call.path
        most[call.route] = max(most.get(call.route, found), found)
    new = [
        f"{path}: {blocks} pages, where {MANY_BLOCKS.get(route, MOST_BLOCKS)} may be"
        for route, (blocks, path) in most.items()
        if blocks > MANY_BLOCKS.get(route, MOST_BLOCKS)
    ]
    assert new == [], "these touch more than before; what grows with the register grows on"
    # As with the rows: what is near the bound is on either side of it by chance.
    idle = {route for route in MANY_BLOCKS if most[route][0] < MOST_BLOCKS / 2}
    loose = {route: most[route][0] for route, bound in MANY_BLOCKS.items() if most[route][0] < bound / 3}
    assert (idle, loose) == (set(), {}), "exceptions that are needed no longer, or so wide that they bound nothing"


def test_no_statement_is_sent_again_for_each_row(asked: Asked) -> None:
    again = [
        f"{call.path}: {times} times {' '.join(statement.split())[:100]}"
        for call, _, recorded in asked.calls
        for statement, times in [recorded.most_alike]
        if times > MOST_ALIKE
    ]
    assert again == []


def test_a_call_sends_no_more_statements_than_are_written_down(asked: Asked) -> None:
    most: dict[str, int] = {}
    for call, _, recorded in asked.calls:
        most[call.route] = max(most.get(call.route, 0), len(recorded.sent))
    assert set(most) == set(MOST_STATEMENTS)
    assert {
        route: (sent, MOST_STATEMENTS[route]) for route, sent in most.items() if sent > MOST_STATEMENTS[route]
    } == {}


def test_no_call_touches_more_pages_of_a_larger_register(asked: Asked, asked_small: Asked) -> None:
    failed = {f"{call.route} {call.asked}".strip() for call, status, _ in asked_small.calls if status not in {200, 303}}
    assert failed <= set(NOT_ASKED)
    small, large = asked_small.blocks(), asked.blocks()
    assert grown(small, large, GROWS) == [], "these grow with the register; at ten times the data they grow on"
    assert idle(small, large, GROWS) == set(), "exceptions that are needed no longer"


def test_what_grows_with_the_register_is_found(asked: Asked, asked_small: Asked) -> None:
    """A reading of all items, where nothing allows it; and what is allowed to grow so is not told."""
    key = ("all items", "", "")
    small, large = {key: asked_small.all_items}, {key: asked.all_items}
    assert grown(small, large, {}) == [
        f"all items: {asked_small.all_items} pages, and {asked.all_items} in twice the register"
    ]
    allowed = {"all items": (2.4, "It reads them all.")}
    assert (grown(small, large, allowed), idle(small, large, allowed)) == ([], set())
    assert idle(small, small, allowed) == {"all items"}
