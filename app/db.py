"""The way to PostgreSQL: engine, sessions and the unit of work. The embedded server is in `postgres/`."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import structlog
from fastapi import Depends, Request
from sqlalchemy import TextClause
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from app.replica import CONNECT_WITHIN, Replica, Reports, close

log = structlog.get_logger()

COUNTED_DAYS = "counted_days"
"""Under this name a session's `info` says for how many days what was ordered counts with the next order."""
SECOND_PERSON_PENCE = "second_person_pence"
"""The same of the price from which on another person must agree to a scrap."""
REPAIR_LIMIT_PERCENT = "repair_limit_percent"
"""The same of how much of what an item is worth its repairs may cost."""
LOOK_AHEAD_DAYS = "examination_look_ahead_days"
"""The same of how many days ahead a thorough examination is asked about."""
AFTERWARDS = "afterwards"
"""And what is written when a request is over, however it ended."""
OLDEST_POSTGRES = 150000
"""PostgreSQL 15, as `server_version_num` counts."""
POOL = 20
"""So many connections has a process of the service to each server: they are opened as they are wanted, and stay."""
Pooler = Literal["none", "transaction"]
"""What stands between this service and PostgreSQL: nothing, or PgBouncer in transaction mode."""


def normal_url(url: str) -> str:
    """The URL with the driver that this service speaks: `postgresql://…` becomes `postgresql+asyncpg://…`."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        other = parsed.get_backend_name()
        raise ValueError(f"STORES_DATABASE_URL names {other}, but only postgresql:// is spoken here.")
    return parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def array_of(name: str, kind: str) -> str:
    """SQL of a parameter that is an array of `kind`, for `= ANY(…)` in statements that are sent with every scan.

    PostgreSQL plans `= ANY(:ids)` anew for each call while it sees how long the array is and takes a plan for that
    length to be cheaper than one for any; planning takes ten times as long as the scan itself. Written like this it
    reckons with ten elements always, and keeps its plan after five calls.
    """
    return f"ARRAY(SELECT unnest(CAST(:{name} AS {kind}[])))"


def literally(words: str) -> str:
    """The words as LIKE takes them, in which its own signs stand for themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class Database:
    """One engine and its sessions, for the life of a process. `info`: what every session of it knows.

    `pooler`: what stands between; in transaction mode no statement may be left prepared, for the next transaction is
    on another of PostgreSQL's connections. `reports_url`: a streaming replica, read while it is at most so far behind.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = POOL,
        info: dict[str, Any] | None = None,
        pooler: Pooler = "none",
        reports_url: str | None = None,
        reports_most_behind: timedelta = timedelta(minutes=1),
    ) -> None:
        self.engine = _engine(url, pool_size, pooler, timeout=5)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False, info=info)
        self.replica: Replica | None = None
        if reports_url:
            engine = _engine(reports_url, pool_size, pooler, timeout=CONNECT_WITHIN)
            self.replica = Replica(engine, most_behind=reports_most_behind, info=info)

    @property
    def reports(self) -> Reports:
        """Where reports are read after the answer has begun, or without a request."""
        return Reports(self.sessions, self.replica)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self.replica:
            await self.replica.engine.dispose()


def _engine(url: str, pool_size: int, pooler: Pooler, *, timeout: int) -> AsyncEngine:
    options: dict[str, Any] = {"timeout": timeout, "command_timeout": 30}
    if pooler == "transaction":
        # Without the caches, asyncpg prepares the unnamed statement alone, which every next one replaces.
        options |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    return create_async_engine(
        normal_url(url),
        pool_size=pool_size,
        # None beyond those that are kept: one that is closed takes its plans with it. Those used last are used next.
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=10,
        connect_args={**options, "server_settings": {"application_name": "stores"}},
    )


def write_afterwards(session: AsyncSession, statement: TextClause, values: Mapping[str, Any]) -> None:
    """Send a statement when the request is over, in a transaction of its own: also when it is refused."""
    session.info.setdefault(AFTERWARDS, []).append((statement, values))


async def unit_of_work(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction: leaving commits, raising rolls back."""
    sessions: async_sessionmaker[AsyncSession] = request.app.state.database.sessions
    wanted: list[tuple[TextClause, Mapping[str, Any]]] = []
    try:
        async with sessions.begin() as session:
            session.info[AFTERWARDS] = wanted
            request.state.session = session
            yield session
    finally:
        if wanted:
            await _write(sessions, wanted)


async def _write(
    sessions: async_sessionmaker[AsyncSession], wanted: list[tuple[TextClause, Mapping[str, Any]]]
) -> None:
    """Whatever goes wrong here is told to the log alone: the answer to the request stands."""
    try:
        async with sessions.begin() as session:
            for statement, values in wanted:
                await session.execute(statement, values)
    except Exception:
        log.exception("not_written_afterwards", statements=len(wanted))


# With scope="function" the commit comes before the answer is sent: a failed commit is a failed request.
Session = Annotated[AsyncSession, Depends(unit_of_work, scope="function")]


async def report_session(request: Request, session: Session) -> AsyncIterator[AsyncSession]:
    """A session to read a report in: on the replica, where one is set and young enough, else the request's own.

    For GET alone. Where the replica fails in between, `ReplicaFailed` has the request done again on the primary.
    """
    database: Database = request.app.state.database
    wants_primary: bool = getattr(request.state, "wants_primary", False)
    reading = await database.replica.begin(session) if database.replica and not wants_primary else None
    if reading is None:
        yield session
        return
    request.state.reading = reading
    try:
        yield reading.session
    finally:
        await close(reading.session)


ReportSession = Annotated[AsyncSession, Depends(report_session, scope="function")]
