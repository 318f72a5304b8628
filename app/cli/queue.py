"""The queue under `stores worker`: schedules and jobs of pgqueuer in PostgreSQL. Which jobs there are, `worker` says.

A schedule falls due (one worker takes it) and puts its job into the queue, unless it stands there already. The queue
hands each job to one worker at a time, tries a failed one again after growing pauses, and forgets it at last: its
schedule brings it back. When the database goes away everything is opened again until it is there.
"""

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pgqueuer
import structlog
from croniter import croniter
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, ScheduleExecutor
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.models import Schedule
from pgqueuer.domain.settings import DBSettings
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.db import normal_url
from app.domain.dates import UK

log = structlog.get_logger()

SCHEMA: Final = "jobs"
MOST_TRIES: Final = 6
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(minutes=15)
BEFORE_OPENING_AGAIN: Final = timedelta(seconds=5)
LOOK_AGAIN_AFTER: Final = timedelta(seconds=10)
"""How long to wait for the database to say that there is something new; then it is also seen whether it is there."""

PARTING_SECONDS: Final = 5
LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    FailingListenerError,
    ConnectionError,
)
"""What is raised where the server is away. The library says FailingListenerError when the connection that it listens on
is silent; of one that is closed asyncpg says no more than an InterfaceError, as of much else, so its words are read."""

CONNECTION_IS_GONE: Final = ("connection is closed", "connection has been released back to the pool", "pool is clos")

ONLY_SQLALCHEMYS: Final = {"prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback"}


@dataclass(frozen=True, slots=True)
class Recurring:
    """Work that comes round: `cron` in UK time, its sixth field seconds. `run` raises when it failed.

    `at_start`: it is also done when the worker starts.
    """

    name: str
    cron: str
    run: Callable[[], Awaitable[object]]
    at_start: bool = False


def next_run(cron: str, *, after: datetime) -> datetime:
    """When the schedule falls due next, by clocks in the UK; in UTC."""
    due: datetime = croniter(cron, after.astimezone(UK)).get_next(datetime)
    return due.astimezone(UTC)


async def run_queue(
    url: str, recurring: Sequence[Recurring], *, stop: asyncio.Event, patience: timedelta = LOOK_AGAIN_AFTER
) -> None:
    """Do the work as it falls due until `stop` is set; what is being done then is finished first.

    `patience`: how long to wait for news before looking whether the database is still there.
    """
    forward_library_log()
    await pgqueuer.run(
        functools.partial(_open, url, recurring),
        restart_on_failure=True,
        restart_delay=min(BEFORE_OPENING_AGAIN, patience),
        shutdown_on_listener_failure=True,
        dequeue_timeout=patience,
        shutdown=stop,
    )


def names() -> DBSettings:
    """The names of the queue's tables, as migration 0014 made them."""
    return DBSettings(db_schema=SCHEMA)


def queries_on(driver: pgqueuer.AsyncpgPoolDriver) -> pgqueuer.Queries:
    """The library's statements, for the queue's schema."""
    known = names()
    return pgqueuer.Queries(
        driver, QueryBuilderEnvironment(known), QueryQueueBuilder(known), QuerySchedulerBuilder(known)
    )


async def open_pool(url: str) -> asyncpg.Pool:
    """Connections for the queue itself, to the same place and in the same way as SQLAlchemy's."""
    place = make_url(normal_url(url))
    _, options = place.get_dialect()().create_connect_args(place)
    ours = {name: value for name, value in options.items() if name not in ONLY_SQLALCHEMYS}
    ours |= {"timeout": 5, "command_timeout": 30, "server_settings": {"application_name": "stores worker"}}
    return await asyncpg.create_pool(min_size=1, max_size=3, **ours)


@asynccontextmanager
async def _open(url: str, recurring: Sequence[Recurring]) -> AsyncIterator[pgqueuer.PgQueuer]:
    pool = await open_pool(url)
    try:
        driver = pgqueuer.AsyncpgPoolDriver(pool)
        queries = queries_on(driver)
        await _forget_old_schedules(queries, recurring)
        queue = pgqueuer.PgQueuer(connection=driver, queries=queries)
        for work in recurring:
            _register(queue, queries, work)
            if work.at_start:
                await _bring(queries, work)
        _to_our_log.note_open()
        yield queue
    finally:
        try:
            await asyncio.wait_for(pool.close(), PARTING_SECONDS)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pool.terminate()


def _register(queue: pgqueuer.PgQueuer, queries: pgqueuer.Queries, work: Recurring) -> None:
    """The job, done by one worker at a time, and the schedule that brings it."""

    async def do(_: QueuedJob) -> None:
        await work.run()

    async def bring(_: Schedule) -> None:
        await _bring(queries, work)

    retrying = functools.partial(
        DatabaseRetryEntrypointExecutor,
        max_attempts=MOST_TRIES - 1,
        initial_delay=FIRST_PAUSE,
        max_delay=LONGEST_PAUSE,
    )
    queue.entrypoint(work.name, concurrency_limit=1, executor_factory=retrying)(do)
    queue.schedule(work.name, work.cron, executor_factory=UkSchedule)(bring)


async def _bring(queries: pgqueuer.Queries, work: Recurring) -> None:
    """Into the queue, unless it stands there already."""
    await queries.enqueue(work.name, None, dedupe_key=work.name, on_conflict="skip")


class UkSchedule(ScheduleExecutor):
    """A schedule by clocks in the UK; the library's own goes by UTC."""

    def get_next(self) -> datetime:
        """When it falls due next."""
        return next_run(self.parameters.expression, after=datetime.now(UTC))


async def _forget_old_schedules(queries: pgqueuer.Queries, recurring: Sequence[Recurring]) -> None:
    """Schedules of earlier versions: the others stay, so that what fell due while nobody worked is done now."""
    wanted = {(work.name, " ".join(croniter(work.cron).expressions)) for work in recurring}
    known = await queries.peek_schedule()
    old = {schedule.id for schedule in known if (schedule.entrypoint, schedule.expression) not in wanted}
    if old:
        await queries.delete_schedule(ids=old, entrypoints=set())


def has_lost_the_database(error: BaseException | None) -> bool:
    """Whether that went wrong because the server is away, or was: it crashed, stopped, is not ready, out of reach."""
    while error:
        if isinstance(error, LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return True
        if isinstance(error, asyncpg.InterfaceError) and any(said in str(error) for said in CONNECTION_IS_GONE):
            return True
        error = error.orig if isinstance(error, DBAPIError) and error.orig else error.__cause__
    return False


class _ToOurLog(logging.Handler):
    """What the library says becomes a line of our log, in which a job that failed stands with its traceback already.

    That the database was lost is one line, however much breaks of it, until the worker is on it again.
    """

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.is_lost = False

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not has_lost_the_database(error):
            log.warning("queue", said=record.getMessage(), error=repr(error) if error else None)
        elif not self.is_lost:
            self.is_lost = True
            log.warning("database_lost", said="The worker goes on as soon as the database is back.", error=repr(error))

    def note_open(self) -> None:
        """The worker is on the database."""
        if self.is_lost:
            self.is_lost = False
            log.info("database_back", said="The worker goes on.")


_to_our_log: Final = _ToOurLog()


def _is_news(record: logging.LogRecord) -> bool:
    """Whether it is not told yet. What else a lost database breaks (the connections kept ready, the question whether we
    are still told of new jobs, which nobody waits for any more) follows from what `database_lost` says."""
    return not (record.exc_info and has_lost_the_database(record.exc_info[1]))


def forward_library_log() -> None:
    """Bring the library's warnings and errors into our log, once a process."""
    library: Any = logging.getLogger("pgqueuer")
    if _to_our_log not in library.handlers:
        library.addHandler(_to_our_log)
        library.propagate = False
        for name in ("asyncio", "asyncpg.pool"):
            logging.getLogger(name).addFilter(_is_news)
