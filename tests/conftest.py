"""Fixtures that every test may ask for. PostgreSQL is real and thrown away; nothing of our own is mocked.

For tests of pages and routes (each runs in one transaction that is undone at its end):

    given          states reached by the real verbs:  barcode = await given.item(State.ON_LOAN, client="C-1")
                   given.product / client / item / items / loan / trial / reservation / collection / hold / scan
    clock          the service's clock: stands still at 2 March 2026, 14:05 in the UK; clock.move(days=3); clock.today
    as_technician  JSON client (httpx) with a bearer token. Also as_technician2, as_ot, as_senior_ot, as_manager,
                   as_safety, as_finance, as_admin, as_auditor, as_chair, as_panel
    technician     a Browser (tests/browser.py) with a session cookie:  page = await technician.get("/scan")
                   page = await technician.post_form("/items/receive", product_code="HOIST", …)
                   Also technician2, ot, senior_ot, manager, safety, finance, admin, auditor, chair, panel
    anonymous      JSON client without a sign-in;  visitor: a Browser without one
    sign_in        await sign_in("ot") -> JSON client, await sign_in("ot", kind=SignInKind.PAGE) -> client with a cookie
    query          rows = await query("SELECT … WHERE barcode = :barcode", barcode=barcode), in a session of its own
    session        an AsyncSession of the test's own: a verb called with it is seen by the app once it is committed
    statements     statements.clear(); …; assert len(statements) <= 6  (no BEGIN, COMMIT or SAVEPOINT among them)
    app, settings  the app of this test and its settings

Every HTML page that any of these clients fetches is checked by tests/page.py. A 500 raises in the test what caused it.

For tests that need real commits or many connections: `scratch` is a database of one's own with its own app (slower).
"""

import gc
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import hypothesis
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from app.cli.reach import configure_logs
from app.db import Database
from app.domain.dates import uk_date
from app.features.accounts.service import open_sign_in
from app.main import create_app
from app.models import Account, SignInKind
from app.settings import Settings
from app.web.auth import SESSION_COOKIE
from tests.browser import Browser, check_every_page
from tests.database import TEMPLATE, create_database, drop_database, engine_for, start_server
from tests.given import Given

SERVER = "EQUIPMENT_STORES_TEST_SERVER"
SHAPES = "EQUIPMENT_STORES_TEST_SHAPES"
HOST = "https://stores.test"
Sessions = async_sessionmaker[AsyncSession]
ended_with_the_run = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Forget the developer's settings; with several workers, start their one PostgreSQL before they are."""
    gc.disable()  # Until everything is imported and collected, there is no rubbish to look for.
    # Seconds are a benchmark's to count: on a busy machine a deadline fails what is right.
    hypothesis.settings.register_profile("stores", deadline=None)
    hypothesis.settings.load_profile("stores")
    for name in Settings.model_fields:
        os.environ.pop(f"STORES_{name.upper()}", None)
    configure_logs(Settings(log_format="json"), level=logging.CRITICAL)
    if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
        os.environ[SERVER] = start_server(ended_with_the_run)
    if not hasattr(config, "workerinput"):
        os.environ[SHAPES] = ended_with_the_run.enter_context(TemporaryDirectory())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Never look again through what stays until the end, and seldom through the rest: it took a sixth of the run."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the PostgreSQL that this process started, if it did."""
    ended_with_the_run.close()


class Clock:
    """The service's clock, which stands still until a test moves it. 14:05 UTC on a Monday in winter."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)

    def read(self) -> datetime:
        """What a request reads: the app's `state.clock`."""
        return self.now

    def move(self, **by: float) -> None:
        """Move it: `move(days=3)`, `move(hours=-1)`."""
        self.now += timedelta(**by)

    @property
    def today(self) -> date:
        """The day in the UK."""
        return uk_date(self.now)

    def day(self, days: int) -> str:
        """So many days from today, as the API writes it: `day(7)`, `day(-1)`."""
        return (self.today + timedelta(days=days)).isoformat()


class Statements(list[str]):
    """The SQL statements that were sent, in order."""

    def note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """For SQLAlchemy's before_cursor_execute."""
        if not statement.lstrip().upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.append(statement)


class SignIn(Protocol):
    """Opens a sign-in for one of the demonstration's users and gives a client that has it."""

    async def __call__(self, username: str, *, kind: SignInKind = SignInKind.API, hours: int = ...) -> AsyncClient: ...


Query = Callable[..., Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True)
class Scratch:
    """A database of one's own, with real commits on as many connections as one likes, and an app on it."""

    url: str
    name: str
    database: Database
    app: FastAPI
    clock: Clock
    given: Given
    sign_in: SignIn
    query: Query


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of this run's PostgreSQL, on which the migrated template is."""
    if SERVER in os.environ:
        yield os.environ[SERVER]
        return
    with ExitStack() as stack:
        yield start_server(stack)


@pytest.fixture(scope="session")
async def engine(server_url: str, worker_name: str) -> AsyncIterator[AsyncEngine]:
    """An engine on this worker's own database."""
    url = await create_database(server_url, f"worker_{worker_name}", template=TEMPLATE)
    engine = engine_for(url)
    yield engine
    await engine.dispose()
    await drop_database(server_url, f"worker_{worker_name}")


@pytest.fixture(scope="session")
def worker_name() -> str:
    """The name of this worker among those that share the server."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")


@pytest.fixture(scope="session")
async def worker_connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """The one connection on which this worker's tests run, one after another."""
    async with engine.connect() as connection:
        yield connection


@pytest.fixture
async def connection(worker_connection: AsyncConnection) -> AsyncIterator[AsyncConnection]:
    """The connection in the transaction of this test, which is undone at the end.

    What the database checks only at a commit is checked before, since no commit will come.
    """
    transaction = await worker_connection.begin()
    try:
        yield worker_connection
        if transaction.is_active:
            await worker_connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    finally:
        await transaction.rollback()


@pytest.fixture
def sessions(connection: AsyncConnection) -> Sessions:
    """Sessions in this test's transaction: each commits into a savepoint, so that a forgotten commit loses its work."""
    return sessions_on(connection)


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """A session of the test's own, never the app's."""
    async with sessions() as session:
        yield session


@pytest.fixture
def query(sessions: Sessions) -> Query:
    """Rows of a SELECT, read in a session of its own."""
    return query_on(sessions)


@pytest.fixture
def clock() -> Clock:
    """The service's clock in this test."""
    return Clock()


@pytest.fixture(scope="session")
def settings(engine: AsyncEngine) -> Settings:
    """What the tests' service is set to."""
    return settings_for(engine.url.render_as_string(hide_password=False))


@pytest.fixture(scope="session")
async def built_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The service, built once: making its hundred routes ready costs more than most tests."""
    app = create_app(settings)
    yield app
    await app.state.database.dispose()


@pytest.fixture
async def app(built_app: FastAPI, settings: Settings, sessions: Sessions, clock: Clock) -> AsyncIterator[FastAPI]:
    """The service in this test's transaction, with its clock."""
    built_app.state.settings = settings
    built_app.state.database.sessions = sessions
    built_app.state.clock = clock.read
    yield built_app
    await built_app.state.database.dispose()


@pytest.fixture
def given(sessions: Sessions, clock: Clock) -> Given:
    """States reached by the real verbs."""
    return Given(sessions, clock)


@pytest.fixture
def statements(connection: AsyncConnection) -> Iterator[Statements]:
    """The SQL statements of this test."""
    noted = Statements()
    event.listen(connection.sync_connection, "before_cursor_execute", noted.note)
    yield noted
    event.remove(connection.sync_connection, "before_cursor_execute", noted.note)


@pytest.fixture
async def sign_in(app: FastAPI, sessions: Sessions, clock: Clock) -> AsyncIterator[SignIn]:
    """Opens sign-ins without their password, which costs a tenth of a second to check."""
    async with AsyncExitStack() as stack:
        yield opener(app, sessions, clock, stack)


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A client without a sign-in."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def visitor(anonymous: AsyncClient) -> Browser:
    """A browser in which nobody has signed in."""
    return Browser(anonymous)


@pytest.fixture(scope="session")
def scratch_app() -> FastAPI:
    """The service of those tests that have a database of their own, built once as well."""
    return app_without_database()


@cache
def app_without_database() -> FastAPI:
    """The service of this process that is on no database yet: making its routes ready takes a second."""
    return create_app(settings_for("postgresql://nobody@localhost/nothing"))


@pytest.fixture
async def scratch(scratch_app: FastAPI, server_url: str, worker_name: str) -> AsyncIterator[Scratch]:
    """A database of one's own, from the template."""
    async with scratch_database(scratch_app, server_url, f"scratch_{worker_name}_{next(numbers)}") as made:
        yield made


numbers = count(1)


@asynccontextmanager
async def scratch_database(app: FastAPI, server_url: str, name: str) -> AsyncIterator[Scratch]:
    """A database of one's own, with the service on it and everything to work with; it is dropped afterwards."""
    url = await create_database(server_url, name, template=TEMPLATE)
    database = Database(url)
    try:
        async with scratch_on(app, database, url, name) as made:
            yield made
    finally:
        await database.dispose()
        await drop_database(server_url, name)


@asynccontextmanager
async def scratch_on(app: FastAPI, database: Database, url: str, name: str) -> AsyncIterator[Scratch]:
    """The service on a database that is there, with everything to work with."""
    clock = Clock()
    app.state.settings, app.state.database = settings_for(url), database
    app.state.clock = clock.read
    async with AsyncExitStack() as stack:
        opened = opener(app, database.sessions, clock, stack)
        given = Given(database.sessions, clock)
        yield Scratch(url, name, database, app, clock, given, opened, query_on(database.sessions))


def sessions_on(connection: AsyncConnection) -> Sessions:
    """Sessions in the connection's transaction, whose commits end a savepoint only."""
    return async_sessionmaker(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)


def settings_for(url: str) -> Settings:
    """The tests' settings, on that database."""
    return Settings(database_url=url, secret_key=SecretStr("a secret that only the tests know"))


def client_of(app: FastAPI) -> AsyncClient:
    """A client of that app; every page it fetches is checked."""
    return AsyncClient(
        transport=ASGITransport(app), base_url=HOST, event_hooks={"response": [check_every_page]}, timeout=60
    )


def opener(app: FastAPI, sessions: Sessions, clock: Clock, stack: AsyncExitStack) -> SignIn:
    """A function that opens sign-ins. They last ten years, so that a test may move the clock by months."""

    async def sign_in(username: str, *, kind: SignInKind = SignInKind.API, hours: int = 87_600) -> AsyncClient:
        async with sessions.begin() as session:
            account = (await session.execute(select(Account).where(col(Account.username) == username))).scalar_one()
            opened = await open_sign_in(session, account, kind=kind, device="pytest", hours=hours, at=clock.now)
        client = await stack.enter_async_context(client_of(app))
        if kind is SignInKind.PAGE:
            client.cookies.set(SESSION_COOKIE, opened.secret, domain="stores.test")
        else:
            client.headers["Authorization"] = f"Bearer {opened.secret}"
        return client

    return sign_in


def query_on(sessions: Sessions) -> Query:
    """A function that reads rows."""

    async def query(wanted: str, **values: Any) -> list[dict[str, Any]]:
        async with sessions() as session:
            return [dict(row) for row in (await session.execute(text(wanted), values)).mappings()]

    return query


def as_user(username: str) -> Any:
    """A fixture: a JSON client of that user."""

    async def client(sign_in: SignIn) -> AsyncClient:
        return await sign_in(username)

    return pytest.fixture(client)


def at_browser(username: str) -> Any:
    """A fixture: a browser in which that user has signed in."""

    async def browser(sign_in: SignIn) -> Browser:
        return Browser(await sign_in(username, kind=SignInKind.PAGE))

    return pytest.fixture(browser)


as_technician, technician = as_user("technician"), at_browser("technician")
as_technician2, technician2 = as_user("technician2"), at_browser("technician2")
as_ot, ot = as_user("ot"), at_browser("ot")
as_senior_ot, senior_ot = as_user("senior.ot"), at_browser("senior.ot")
as_manager, manager = as_user("manager"), at_browser("manager")
as_safety, safety = as_user("safety"), at_browser("safety")
as_finance, finance = as_user("finance"), at_browser("finance")
as_admin, admin = as_user("admin"), at_browser("admin")
as_auditor, auditor = as_user("auditor"), at_browser("auditor")
as_chair, chair = as_user("chair"), at_browser("chair")
as_panel, panel = as_user("panel1"), at_browser("panel1")
