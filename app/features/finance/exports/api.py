"""JSON routes of exports: what the lines come to, the lines as files, the journal, and its layout."""

from typing import Any, Final
from uuid import UUID

from fastapi import BackgroundTasks, Request, Response

from app.db import ReportSession, Session
from app.domain.errors import BadValue
from app.features.finance.asking import Period
from app.features.finance.exports import files, jobs
from app.features.finance.exports.answers import FILES, FileFormat, Head
from app.features.finance.exports.asked import lines_asked
from app.features.finance.exports.jobs import ExportJob
from app.features.finance.exports.journal import read_journal
from app.features.finance.exports.layouts import get_layout, set_layout
from app.features.finance.exports.lines import DEFINITION, LINE_COLUMNS, FunderSum, LineColumn, sum_up, totals_of
from app.features.finance.exports.schemas import (
    ColumnBody,
    ExportJobBody,
    ExportJobState,
    FunderSumBody,
    JournalLayoutBody,
    LinesSummary,
    layout_body,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.once import api_router

router = api_router("finance")

ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "It is being made. Look at `Location` how far it is",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Where it stands how far it is"}},
    }
}


@router.get("/finance/exports")
async def summary(session: ReportSession, actor: Actor, period: Period) -> LinesSummary:
    """What an export of the lines holds: how many, their sums, and what each column means."""
    sums = await sum_up(session, period)
    totals = totals_of(sums)
    return LinesSummary.model_validate(
        {
            "period": period.words,
            "from": period.first,
            "to": period.last,
            "definition": f"{DEFINITION} {period.basis}",
            "lines": totals["lines"],
            **{f"{name}_pence": totals[name] for name in ("net", "vat", "gross", "credit")},
            "by_funder": [_sum(one) for one in sums],
            "columns": [_column(one) for one in LINE_COLUMNS],
        }
    )


@router.get("/finance/exports/lines", response_class=Response, responses=FILES)
async def lines(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    period: Period,
    format: FileFormat = FileFormat.CSV,
    head: Head = False,
) -> Response:
    """The lines of a period with the columns of the monthly report, and their totals last. A CSV without its line of
    totals was cut off. More than some thousand lines as XLSX: `POST /finance/exports/jobs`."""
    asked = lines_asked(request, actor, period, await get_layout(session))
    reports = request.app.state.database.reports
    if format is FileFormat.XLSX:
        return await files.lines_xlsx(session, reports, asked, actor=actor.username, at=now)
    return await files.lines_csv(session, reports, asked, with_head=head, actor=actor.username, at=now)


@router.post("/finance/exports/jobs", status_code=202, responses=ACCEPTED)
async def begin(
    request: Request,
    response: Response,
    session: Session,
    actor: Actor,
    now: Now,
    period: Period,
    behind: BackgroundTasks,
) -> ExportJobBody:
    """Make the lines of a period as XLSX once the answer is sent. `Location` says how far it is."""
    asked = lines_asked(request, actor, period, await get_layout(session))
    job_id = await jobs.begin(session, asked, actor=actor.username, at=now)
    await files.note_taken(session, period, "xlsx", actor=actor.username, at=now)
    behind.add_task(jobs.make, request.app.state.database.reports, job_id, asked)
    response.headers["Location"] = _here(job_id)
    return _body(await jobs.get_job(session, job_id, actor=actor.username))


@router.get("/finance/exports/jobs/{job_id}")
async def job(session: Session, actor: Actor, job_id: UUID) -> ExportJobBody:
    """How far your own spreadsheet is. It is kept for an hour."""
    return _body(await jobs.get_job(session, job_id, actor=actor.username))


@router.get("/finance/exports/jobs/{job_id}/file", response_class=Response, responses=FILES)
async def job_file(request: Request, session: Session, actor: Actor, job_id: UUID) -> Response:
    """The file, once `state` is `ready`; before that, and when it could not be made, 409 says so."""
    made = await jobs.get_made(session, job_id, actor=actor.username)
    return files.made_file(request.app.state.database.sessions, made)


@router.get("/finance/exports/journal", response_class=Response, responses=FILES)
async def journal(session: Session, actor: Actor, now: Now, period: Period) -> Response:
    """The journal of a month for the general ledger, as its layout says; debits and credits come to the same."""
    if not period.is_booked:
        raise BadValue("journal-of-a-month", "A journal is of one month. Ask with period=YYYY-MM.", field="from")
    kept = await get_layout(session)
    found = await read_journal(session, period.first, kept.layout)
    return await files.journal_file(session, found, kept, actor=actor.username, at=now)


@router.get("/finance/journal-layout")
async def journal_layout(session: Session, actor: Actor, response: Response) -> JournalLayoutBody:
    """How the general ledger wants its journal."""
    kept = await get_layout(session)
    response.headers["ETag"] = etag(kept.version)
    return layout_body(kept)


@router.put("/finance/journal-layout")
async def change_journal_layout(
    session: Session, actor: Actor, now: Now, response: Response, version: Version, body: JournalLayoutBody
) -> JournalLayoutBody:
    """Set it."""
    kept = await set_layout(session, body.as_layout(), version=version, actor=actor.username, at=now)
    response.headers["ETag"] = etag(kept)
    return layout_body(await get_layout(session))


def _sum(one: FunderSum) -> FunderSumBody:
    return FunderSumBody(
        funder=one.code,
        name=one.name,
        lines=one.lines,
        net_pence=one.net,
        vat_pence=one.vat,
        credit_pence=one.credit,
    )


def _column(one: LineColumn) -> ColumnBody:
    column = one.column
    return ColumnBody(name=column.key, heading=column.heading, holds=column.cell, meaning=one.meaning)


def _body(job: ExportJob) -> ExportJobBody:
    state = ExportJobState.READY if job.is_made else ExportJobState.FAILED if job.is_over else ExportJobState.MAKING
    file = f"{_here(job.id)}/file" if job.is_made else None
    return ExportJobBody(
        id=job.id, state=state, title=job.title, done=job.done, wanted=job.wanted, failure=job.why_not, file=file
    )


def _here(job_id: UUID) -> str:
    return f"/api/v1/finance/exports/jobs/{job_id}"
