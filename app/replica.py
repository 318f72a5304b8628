"""Reports read from a streaming replica: how old it is, when it is not to be read, and the way back to the primary.

Nothing that is decided upon is read here: a replica may be behind. What is written of a reading goes to the primary.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import anyio
import structlog
from asyncpg import InterfaceError, PostgresError
from prometheus_client import Counter, Gauge
from sqlalchemy import Row, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

log = structlog.get_logger()

READS = Counter("stores_report_reads_total", "Reports read, by where they were read and why there", ["where", "why"])
AGE = Gauge(
    "stores_replica_age_seconds",
    "How far the replica of reports was behind when it was last looked at",
    multiprocess_mode="mostrecent",
)

# The instant first, then the place: whatever was committed before that instant stands before that place.
MARK = text("""
    SELECT clock_timestamp() AS at, (SELECT system_identifier FROM pg_control_system()) AS system,
           CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() - CAST('0/0' AS pg_lsn) END AS place
""")
LOOK = text("""
    SELECT pg_is_in_recovery() AS is_replica, (SELECT system_identifier FROM pg_control_system()) AS system,
           pg_last_wal_replay_lsn() - CAST('0/0' AS pg_lsn) AS place, pg_last_xact_replay_timestamp() AS committed_at
""")
PAUSES: Final = (0.01, 0.04)
"""Seconds between looks: what was written a moment ago is on its way."""
MARKS_KEPT: Final = 100
CONNECT_WITHIN: Final = 2
RESTS_FOR: Final = 10.0
"""For so many seconds a replica that could not be reached is not tried again: nobody waits for it each time."""
TROUBLE: Final = (SQLAlchemyError, OSError, PostgresError, InterfaceError)

Answer = TypeVar("Answer")


class ReplicaFailed(Exception):
    """Something went wrong on the replica: what was asked of it is asked of the primary."""


class NotToBeRead(Exception):
    """The replica answers, and yet the primary is to be read."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the primary's log, and an instant of the primary's clock whose commits all stand before it."""

    place: int
    at: datetime


@dataclass(slots=True)
class Reading:
    """A session to read a report in. `as_at`: everything up to then is seen; None: it is the primary, as it is now.

    `behind`: how much older that is. Set `is_passed_on` once a part of the report has left: it cannot be read again.
    """

    session: AsyncSession
    as_at: datetime | None = None
    behind: timedelta = timedelta()
    is_passed_on: bool = False

    @property
    def behind_words(self) -> str:
        """How far behind, for people."""
        seconds = round(self.behind.total_seconds())
        return "less than a second" if not seconds else "1 second" if seconds == 1 else f"{seconds:,} seconds"


def seen_until(place: int, committed_at: datetime | None, marks: Iterable[Mark]) -> datetime | None:
    """Up to which instant a replica that has replayed the log to this place has everything.

    The last commit that it replayed says so while the primary is busy. While the primary is idle that commit may be of
    yesterday; then a mark says it that the replica has reached. None: nothing is known yet.
    """
    known = [mark.at for mark in marks if mark.place <= place]
    return max([*known, *([committed_at] if committed_at else [])], default=None)


class Replica:
    """The replica, as one process knows it: its marks of the primary, and whether it rests."""

    def __init__(self, engine: AsyncEngine, *, most_behind: timedelta, info: dict[str, Any] | None = None) -> None:
        self.engine, self.most_behind, self.rests_for = engine, most_behind, RESTS_FOR
        reading = engine.execution_options(postgresql_readonly=True)
        self.sessions = async_sessionmaker(reading, expire_on_commit=False, info=info)
        self.trouble: str | None = None
        """Why the last report that could have been read here was read from the primary; None: it was read here."""
        self.trouble_at: datetime | None = None
        """When: this process does not look again until a report is asked of it."""
        self.from_primary = 0
        """How many were, since the process was started."""
        self._marks: deque[Mark] = deque(maxlen=MARKS_KEPT)
        self._rests_until = 0.0
        event.listen(engine.sync_engine, "handle_error", self._failed)

    async def begin(self, primary: AsyncSession) -> Reading | None:
        """A session on the replica, or None where the primary must be read: why is logged, counted and kept."""
        if time.monotonic() < self._rests_until:
            self._note("resting", self.trouble or "it rests")
            return None
        ours = (await primary.execute(MARK)).one()
        session = self.sessions()
        try:
            reading = await self._look(session, ours)
        except BaseException as error:
            await close(session)
            if isinstance(error, NotToBeRead):
                self._note(error.why, str(error))
            elif isinstance(error, ReplicaFailed | SQLAlchemyError | OSError | PostgresError | InterfaceError):
                self.rest()
                cause = type(error.__cause__ or error).__name__
                self._note("cannot-be-reached", f"the replica cannot be reached ({cause})")
            else:
                raise
            return None
        self.trouble = None
        READS.labels("replica", "fresh").inc()
        return reading

    def rest(self) -> None:
        """Leave it alone for a while."""
        self._rests_until = time.monotonic() + self.rests_for

    async def _look(self, session: AsyncSession, ours: Row[Any]) -> Reading:
        if ours.place is None:
            raise NotToBeRead("no-primary", "STORES_DATABASE_URL is a replica itself")
        mark = Mark(int(ours.place), ours.at)
        seen: datetime | None = None
        for pause in (*PAUSES, 0.0):
            found = (await session.execute(LOOK)).one()
            if not found.is_replica or found.system != ours.system:
                raise NotToBeRead("no-replica", "STORES_REPORTS_DATABASE_URL is no replica of this database")
            seen = seen_until(int(found.place), found.committed_at, [*self._marks, mark])
            if seen is not None and ours.at - seen <= self.most_behind:
                break
            await anyio.sleep(pause)
        self._marks.append(mark)
        if seen is None:
            raise NotToBeRead("unknown-age", "how far the replica is behind is not known")
        behind = max(ours.at - seen, timedelta())
        AGE.set(behind.total_seconds())
        if behind > self.most_behind:
            raise NotToBeRead("too-old", "the replica is further behind than STORES_REPORTS_MAX_LAG_SECONDS")
        return Reading(session, seen, behind)

    def _note(self, why: str, said: str) -> None:
        if self.trouble != said:
            log.warning("reports_from_primary", why=why, said=said)
        self.trouble, self.trouble_at = said, datetime.now(UTC)
        self.from_primary += 1
        READS.labels("primary", why).inc()

    def _failed(self, context: ExceptionContext) -> ReplicaFailed | None:
        """What a statement met. Whatever it is: the primary says it again if it is ours. What ends a reading that is
        over, such as that of a reader who went away, is nobody's trouble."""
        if context.statement is not None and isinstance(context.original_exception, Exception):
            return self.failed(context.original_exception, is_gone=context.is_disconnect)
        return None

    def failed(self, error: BaseException, *, is_gone: bool = False) -> ReplicaFailed:
        """Note it, and what to raise instead."""
        if is_gone or isinstance(error, OSError):
            self.rest()
        why = getattr(error, "sqlstate", None) or type(error).__name__
        self._note("failed", f"reading from the replica failed ({why})")
        raised = ReplicaFailed(str(why))
        raised.__cause__ = error
        return raised


@dataclass(frozen=True, slots=True)
class Reports:
    """Where reports are read that no request has opened a session for."""

    sessions: async_sessionmaker[AsyncSession]
    replica: Replica | None = None

    async def read(self, read: Callable[[Reading], Awaitable[Answer]]) -> Answer:
        """What `read` gives, from the replica if it may be read; and once more from the primary when it fails there
        before a part has been passed on."""
        reading = await self._begin()
        if reading and self.replica:
            try:
                return await read(reading)
            except ReplicaFailed:
                if reading.is_passed_on:
                    self.replica.rest()  # Whoever asks again is not cut off twice.
                    raise
            finally:
                await close(reading.session)
        session = self.sessions()
        try:
            return await read(Reading(session))
        finally:
            await close(session)

    async def _begin(self) -> Reading | None:
        if self.replica is None:
            return None
        async with self.sessions() as primary:
            return await self.replica.begin(primary)


async def close(session: AsyncSession) -> None:
    """Leave nothing of ours on the connection, whoever went away; one that is broken is let go."""
    with anyio.CancelScope(shield=True), suppress(*TROUBLE, ReplicaFailed):
        await session.close()


def as_at_words(as_at: datetime) -> str:
    """2026-03-02 14:05:07 UTC: as files say of when they are."""
    return f"{as_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def as_at_header(as_at: datetime) -> str:
    """2026-03-02T14:05:07.123Z: as the header `X-Data-As-At` says it."""
    return as_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def health(replica: Replica) -> Mapping[str, str]:
    """What readiness says of it: nothing while it is read."""
    if replica.trouble is None or replica.trouble_at is None:
        return {}
    count, last = f"{replica.from_primary:,}", f"{replica.trouble_at:%Y-%m-%d %H:%M:%S} UTC"
    said = f"{replica.trouble}; reports read from the primary since this process started: {count}, last at {last}"
    return {"replica": said}
