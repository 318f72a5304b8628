"""Spreadsheets of lines, made after the answer was sent: how far they are is kept, and then the file, for an hour.

The file is made on disk, row by row, and then kept in the database in pieces: whichever process made it, any other
hands it out.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID, uuid4

import anyio
import structlog
from anyio import to_thread
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.errors import BadValue, Conflict, NotFound
from app.features.finance.exports.copying import period_as_at
from app.features.finance.exports.lines import COLUMNS, DEFINITION, TOTALS, LinesAsked, sum_up, totals_of, values_sql
from app.features.finance.exports.sheets import MOST_ROWS, Sheet
from app.replica import Reading, Reports
from app.web.streamed import PassOn

log = structlog.get_logger()

KEPT_FOR: Final = timedelta(hours=1)
TOLD_EVERY_SECONDS = 0.5
ROWS_AT_A_TIME: Final = 1_000
PIECE: Final = 1 << 20
TITLE: Final = "Lines of the charges"
BROKEN: Final = "The file could not be made. That is our fault, not yours: try it again, or take it as CSV."
Tell = Callable[[int], Awaitable[None]]
LOST: Final = "The service was stopped while it made the file. Make it again."

# By the database's own clock: whoever makes a file and whoever looks may be two processes. The end of a long file, when
# it is packed, takes its time without a word.
BEGIN = text("""
    INSERT INTO export_job (id, made_by, made_at, title, file_name, wanted, seen_at)
    VALUES (:id, :actor, :at, :title, :file_name, :wanted, clock_timestamp())
""")
MAKING = text("""
    SELECT id FROM export_job
    WHERE made_by = :actor AND size IS NULL AND failure IS NULL AND seen_at > clock_timestamp() - interval '3 minutes'
    LIMIT 1
""")
TELL = text("UPDATE export_job SET done = :done, seen_at = clock_timestamp() WHERE id = :id")
KEEP = text("INSERT INTO export_chunk (job_id, position, content) VALUES (:id, :position, :content)")
FINISH = text("UPDATE export_job SET done = :done, wanted = :done, size = :size WHERE id = :id")
FAIL = text("UPDATE export_job SET failure = :failure WHERE id = :id")
FIND = text("""
    SELECT id, title, file_name, wanted, done, failure, size,
           size IS NULL AND seen_at < clock_timestamp() - interval '3 minutes' AS is_lost
    FROM export_job WHERE id = :id AND made_by = :actor
""")
TAKE = text("SELECT content FROM export_chunk WHERE job_id = :id AND position = :position")
FORGET_CHUNKS = text("DELETE FROM export_chunk WHERE job_id IN (SELECT id FROM export_job WHERE made_at < :before)")
FORGET = text("DELETE FROM export_job WHERE made_at < :before")


@dataclass(frozen=True, slots=True)
class ExportJob:
    """How far a file is. `size`: of the whole file, in bytes; `is_lost`: its maker is not heard of any more."""

    id: UUID
    title: str
    file_name: str
    wanted: int
    done: int
    failure: str | None
    size: int | None
    is_lost: bool

    @property
    def is_made(self) -> bool:
        """Whether the file is there."""
        return self.size is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_made or self.is_lost or self.failure is not None

    @property
    def why_not(self) -> str | None:
        """In words, why there will be no file."""
        return self.failure or (LOST if self.is_lost else None)


async def count_lines(session: AsyncSession, asked: LinesAsked) -> int:
    """How many lines there are. Raises BadValue `too-many-rows` where a spreadsheet cannot hold them."""
    count = totals_of(await sum_up(session, asked.period))["lines"]
    if count > MOST_ROWS:
        detail = f"These are {count:,} lines, and a spreadsheet holds {MOST_ROWS:,}. Take them as CSV, or fewer months."
        raise BadValue("too-many-rows", detail, field="period")
    return count


async def begin(session: AsyncSession, asked: LinesAsked, *, actor: str, at: datetime) -> UUID:
    """Keep that the lines are being written for somebody; `make` writes them.

    Raises BadValue `too-many-rows`; Conflict `export-being-made` while another of theirs is under way.
    """
    wanted = await count_lines(session, asked)
    if await session.scalar(MAKING, {"actor": actor}):
        detail = "Another spreadsheet of yours is being made. Wait until it is ready, then ask for this one."
        raise Conflict("export-being-made", detail)
    job_id = uuid4()
    about = {"title": f"{TITLE}, {asked.period.words}", "file_name": f"charge-lines-{asked.period.name}.xlsx"}
    await session.execute(BEGIN, {"id": job_id, "actor": actor, "at": at, "wanted": wanted, **about})
    return job_id


async def make(reports: Reports, job_id: UUID, asked: LinesAsked) -> None:
    """Make the file, and tell twice a second how far it is. What goes wrong is kept for its page."""
    try:
        with TemporaryDirectory(prefix="stores-export-") as folder:
            path = Path(folder) / "lines.xlsx"
            done = await write_lines(reports, asked, path, job_id=job_id)
            await _keep(reports.sessions, job_id, path, done)
    except Exception:
        log.exception("export_failed")
        async with reports.sessions.begin() as session:
            await session.execute(FAIL, {"id": job_id, "failure": BROKEN})


async def write_lines(
    reports: Reports,
    asked: LinesAsked,
    path: Path,
    *,
    job_id: UUID | None = None,
    begin: Callable[[Reading], object] = lambda _: None,
) -> int:
    """Write the lines to this path as they stand at one instant; returns how many. `job_id`: whom to tell how far.
    `begin`: told what is read, each time that it is begun."""
    period = asked.period
    about = f"{DEFINITION} {period.basis}"
    tell = partial(_tell, reports.sessions, job_id) if job_id else None

    async def read(reading: Reading) -> int:
        begin(reading)
        words = period_as_at(period.words, reading.as_at)
        with Sheet(path, COLUMNS, title=TITLE, period=words, definition=about) as sheet:
            done, totals = await _write(reading.session, asked, sheet, tell)
            await to_thread.run_sync(sheet.close, totals)
        return done

    return await reports.read(read)


async def _write(
    session: AsyncSession, asked: LinesAsked, sheet: Sheet, tell: Tell | None
) -> tuple[int, dict[str, int]]:
    """Row by row, each batch in a thread; how many, and their totals."""
    totals = dict.fromkeys(TOTALS, 0)
    done, told = 0, time.monotonic()
    by_batch = {"yield_per": ROWS_AT_A_TIME}
    result = await session.stream(text(values_sql(asked.period)), asked.values, execution_options=by_batch)
    async for rows in result.partitions(ROWS_AT_A_TIME):
        await to_thread.run_sync(sheet.write, rows)
        done += len(rows)
        _add(totals, rows)
        if tell and time.monotonic() - told >= TOLD_EVERY_SECONDS:
            await tell(done)
            told = time.monotonic()
    if tell:
        await tell(done)
    return done, totals


async def get_job(session: AsyncSession, job_id: UUID, *, actor: str) -> ExportJob:
    """How far somebody's own file is. Raises NotFound `unknown-export`."""
    row = (await session.execute(FIND, {"id": job_id, "actor": actor})).mappings().one_or_none()
    if row is None:
        detail = "There is no such file of yours: they are kept for an hour. Make it again."
        raise NotFound("unknown-export", detail)
    return ExportJob(**row)


async def get_made(session: AsyncSession, job_id: UUID, *, actor: str) -> ExportJob:
    """The same of one that is whole. Raises Conflict `export-not-made` or `export-not-ready` otherwise."""
    job = await get_job(session, job_id, actor=actor)
    if job.is_made:
        return job
    if job.is_over:
        raise Conflict("export-not-made", job.why_not or BROKEN)
    detail = f"{job.done:,} of {job.wanted:,} lines are written. Ask for the file when it is ready."
    raise Conflict("export-not-ready", detail)


async def hand_out(sessions: async_sessionmaker[AsyncSession], job_id: UUID, pass_on: PassOn) -> None:
    """Pass on the pieces of a whole file, one after another; no connection is held while the reader takes one."""
    position = 0
    while True:
        async with sessions() as session:
            piece: bytes | None = await session.scalar(TAKE, {"id": job_id, "position": position})
        if piece is None:
            return
        await pass_on(piece)
        position += 1


async def forget_exports(session: AsyncSession, *, at: datetime) -> int:
    """Forget files of lines an hour after they were asked for; returns how many."""
    before = {"before": at - KEPT_FOR}
    await session.execute(FORGET_CHUNKS, before)
    done = await session.execute(FORGET, before)
    return done.rowcount if isinstance(done, CursorResult) else 0


def _add(totals: dict[str, int], rows: Sequence[Any]) -> None:
    for place, column in enumerate(COLUMNS):
        if column.key in totals:
            totals[column.key] += sum(row[place] or 0 for row in rows)


async def _tell(sessions: async_sessionmaker[AsyncSession], job_id: UUID, done: int) -> None:
    async with sessions.begin() as session:
        await session.execute(TELL, {"id": job_id, "done": done})


async def _keep(sessions: async_sessionmaker[AsyncSession], job_id: UUID, path: Path, done: int) -> None:
    """The file and that it is whole, together."""
    size, position = 0, 0
    async with await anyio.open_file(path, "rb") as file, sessions.begin() as session:
        while piece := await file.read(PIECE):
            await session.execute(KEEP, {"id": job_id, "position": position, "content": piece})
            size, position = size + len(piece), position + 1
        await session.execute(FINISH, {"id": job_id, "done": done, "size": size})
