"""The files of exports as answers, for the API and for pages, and that they were taken, in the audit trail."""

from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import anyio
from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app import audit
from app.domain.asked_period import AskedPeriod
from app.domain.errors import Conflict
from app.domain.months import month_name
from app.features.finance.exports.answers import csv_head
from app.features.finance.exports.copying import copy_csv, period_as_at
from app.features.finance.exports.jobs import TITLE, ExportJob, count_lines, hand_out, write_lines
from app.features.finance.exports.journal import Journal, journal_csv
from app.features.finance.exports.layouts import Kept
from app.features.finance.exports.lines import DEFINITION, LINE_COLUMNS, LinesAsked, csv_sql
from app.features.finance.exports.sheets import MEDIA_TYPE
from app.replica import Reading, Reports, as_at_header
from app.web.streamed import PassOn, Streamed

CSV: Final = "text/csv; charset=utf-8"
MOST_AT_ONCE: Final = 20_000
"""So many lines are written as a spreadsheet while somebody waits; more are made behind."""

Sessions = async_sessionmaker[AsyncSession]


async def lines_csv(
    session: AsyncSession, reports: Reports, asked: LinesAsked, *, with_head: bool, actor: str, at: datetime
) -> Streamed:
    """The lines as CSV, while PostgreSQL writes them."""
    await note_taken(session, asked.period, "csv", actor=actor, at=at)

    def begin(reading: Reading) -> bytes:
        say_as_at(answer, reading)
        if not with_head:
            return b""
        definition = f"{DEFINITION} {asked.period.basis}"
        return csv_head(
            TITLE, period_as_at(asked.period.words, reading.as_at), definition, width=len(LINE_COLUMNS)
        ).encode()

    write = partial(copy_csv, reports, csv_sql(asked.period), asked.values, above=begin)
    answer = Streamed(write, name=f"charge-lines-{asked.period.name}.csv", media_type=CSV)
    return answer


async def lines_xlsx(
    session: AsyncSession, reports: Reports, asked: LinesAsked, *, actor: str, at: datetime
) -> Streamed:
    """Some thousand lines as a spreadsheet. Raises Conflict `too-many-at-once` where they are more."""
    count = await count_lines(session, asked)
    if count > MOST_AT_ONCE:
        detail = (
            f"These are {count:,} lines; up to {MOST_AT_ONCE:,} are written while you wait. "
            "POST /api/v1/finance/exports/jobs makes the spreadsheet behind, and format=csv comes at once."
        )
        raise Conflict("too-many-at-once", detail)
    await note_taken(session, asked.period, "xlsx", actor=actor, at=at)

    async def write(pass_on: PassOn) -> None:
        with TemporaryDirectory(prefix="stores-export-") as folder:
            path = Path(folder) / "lines.xlsx"
            await write_lines(reports, asked, path, begin=partial(say_as_at, answer))
            async with await anyio.open_file(path, "rb") as file:
                while piece := await file.read(1 << 18):
                    await pass_on(piece)

    answer = Streamed(write, name=f"charge-lines-{asked.period.name}.xlsx", media_type=MEDIA_TYPE)
    return answer


def say_as_at(answer: Streamed, reading: Reading) -> None:
    """Of when a file is that is read from a replica; before its first piece."""
    if reading.as_at:
        answer.headers["X-Data-As-At"] = as_at_header(reading.as_at)
    elif "X-Data-As-At" in answer.headers:
        del answer.headers["X-Data-As-At"]


def made_file(sessions: Sessions, job: ExportJob) -> Streamed:
    """A spreadsheet that was made behind."""
    headers = {"Content-Length": str(job.size)}
    return Streamed(partial(hand_out, sessions, job.id), name=job.file_name, media_type=MEDIA_TYPE, headers=headers)


async def journal_file(session: AsyncSession, journal: Journal, kept: Kept, *, actor: str, at: datetime) -> Response:
    """The journal as CSV; of a month that is not closed yet its name says so. Raises Conflict `no-account`."""
    content = journal_csv(journal, kept.layout).encode()
    month = month_name(journal.period)
    await audit.record(session, "journal_taken", f"period:{month}", actor=actor, at=at, closed=journal.is_closed)
    name = f"journal-{month}{'' if journal.is_closed else '-open'}.csv"
    return Response(content, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def note_taken(session: AsyncSession, period: AskedPeriod, format: str, *, actor: str, at: datetime) -> None:
    """Who took which lines away: they name nobody, and yet are about people."""
    await audit.record(session, "charge_lines_taken", f"period:{period.name}", actor=actor, at=at, format=format)
