"""The way to PostgreSQL: engine, sessions and the unit of work. The embedded server is in `postgres/`."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request
from sqlalchemy import TextClause
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

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


class Database:
    """One engine and its sessions, for the life of a process. `info`: what every session of it knows."""

    def __init__(self, url: str, *, pool_size: int = 10, info: dict[str, Any] | None = None) -> None:
        self.engine = create_async_engine(
            normal_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            connect_args={"timeout": 5, "command_timeout": 30, "server_settings": {"application_name": "stores"}},
        )
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False, info=info)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


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
