"""The papers of a meeting, read for one member: the agenda, its cases, and what is attached to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.errors import Conflict
from app.domain.panel import CaseState
from app.domain.panel_meeting import Interest
from app.features.panel.attachments import list_attached
from app.features.panel.meeting_queries import get_meeting
from app.features.panel.pack_pdf import CasePapers, Papers, pack_pdf
from app.features.panel.records import CaseRecord, read_cases

DECIDED = text("""
    SELECT case_id, id AS number, kind, reasons, alternative, information, decided_at,
           (SELECT COALESCE(jsonb_agg(COALESCE(NULLIF(detail, ''), kind) ORDER BY position), '[]')
            FROM panel_condition WHERE decision_id = made.id) AS conditions
    FROM panel_decision AS made WHERE case_id = ANY(:case_ids) ORDER BY id
""")
FILES = text("SELECT sha256, content FROM kept_file WHERE sha256 = ANY(:hashes)")
MOST_PAGES: Final = 1_000
MOST_BYTES: Final = 50_000_000


async def bind_pack(session: AsyncSession, meeting_id: int, *, service: str, actor: str, at: datetime) -> bytes:
    """The agenda of a meeting with the papers of its cases, as one PDF for this member; the reading is logged for each
    case. Of a case in which they have an interest there are none.

    Raises NotFound `unknown-meeting`, Conflict `pack-too-large`.
    """
    meeting = await get_meeting(session, meeting_id, actor=actor, at=at)
    numbers = [one.number for one in meeting.cases]
    records = {one.number: one for one in await read_cases(session, numbers, actor=actor)}
    heard = [records[number] for number in numbers if records[number].state is not CaseState.WITHDRAWN]
    own = {case.number: _own_interest(case, actor) for case in heard}
    shown = [case for case in heard if own[case.number] is None]
    _check_size(shown)
    rows = await session.execute(DECIDED, {"case_ids": [case.id for case in shown]})
    decided = [dict(row) for row in rows.mappings()]
    hashes = [one["sha256"] for case in shown for one in list_attached(case)]
    files = {row.sha256: row.content for row in await session.execute(FILES, {"hashes": hashes})}
    papers = [_papers_of(case, own[case.number], decided, files) for case in heard]
    read: list[tuple[str, dict[str, Any]]] = [
        (f"client:{case.row['client_ref']}", {"case": case.number, "meeting": meeting_id}) for case in shown
    ]
    await audit.record_each(session, "panel_papers_read", read, actor=actor, at=at)
    return await to_thread.run_sync(partial(pack_pdf, Papers(meeting, papers), service=service, at=at))


def _own_interest(case: CaseRecord, actor: str) -> Interest | None:
    return next((one for one in case.interests if one.username == actor), None)


def _check_size(cases: Sequence[CaseRecord]) -> None:
    """Before any of it is read."""
    attached = [one for case in cases for one in list_attached(case)]
    pages, size = sum(one["pages"] for one in attached), sum(one["size_bytes"] for one in attached)
    if pages > MOST_PAGES or size > MOST_BYTES:
        detail = (
            f"The attachments of this meeting come to {pages:,} pages and {size / 1_000_000:.0f} MB, and a pack holds "
            f"{MOST_PAGES:,} pages and {MOST_BYTES // 1_000_000} MB. Read them on the pages of their cases, or hear "
            "fewer cases in one meeting."
        )
        raise Conflict("pack-too-large", detail)


def _papers_of(
    case: CaseRecord, own: Interest | None, decided: Sequence[Mapping[str, Any]], files: Mapping[str, bytes]
) -> CasePapers:
    if own:
        return CasePapers(case, own)
    attached = [(one, files[one["sha256"]]) for one in list_attached(case)]
    return CasePapers(case, None, attached, [one for one in decided if one["case_id"] == case.id])
