"""Pages on which the counts of a notice are reconciled, it is closed, and its evidence is handed over."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.notice_closing import by_model
from app.domain.notice_standing import ActionState, Place
from app.domain.safety_notices import NoticeState
from app.features.notices import packs, tracing
from app.features.notices.acting_api import ServiceName, json_answer, pdf_answer
from app.features.notices.acting_schemas import CloseForm
from app.features.notices.closing import close
from app.features.notices.evidence_csv import PACK_HEAD, file_name, pack_rows
from app.features.notices.evidence_pdf import evidence_pdf
from app.features.notices.reconciling import count_late, reconcile
from app.features.notices.sign_offs import list_closings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, filled_or_again, read_form
from app.web.once import page_router
from app.web.templating import render

RECONCILIATION = "notices/reconciliation.html"
router = page_router()


@router.get("/safety-notices/{notice_id}/reconciliation")
async def get_reconciliation(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """Whether the counts add up, and what is missing."""
    return render(request, RECONCILIATION, {"form": Form(), **await _counted(session, actor, notice_id, now)})


@router.post("/safety-notices/{notice_id}/close")
async def close_notice(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Ask for it to be closed, or close it for the one who asked."""
    form, body = await read_form(request, CloseForm)
    context = await _counted(session, actor, notice_id, now)
    with filled_or_again(RECONCILIATION, form, body, **context) as said:
        closed, _ = await close(session, notice_id, **said.model_dump(), actor=actor.username, at=now)
    done = "It is closed." if closed else "Another person who handles safety notices must now check the counts."
    return redirect(request, f"/safety-notices/{notice_id}/reconciliation", done)


@router.get("/safety-notices/{notice_id}/evidence.pdf")
async def get_pdf(session: Session, actor: Actor, now: Now, service: ServiceName, notice_id: Id) -> Response:
    """The evidence pack."""
    handed = await packs.hand_over(session, notice_id, today=uk_date(now), at=now)
    return pdf_answer(evidence_pdf(handed, service=service), handed.pack.notice.reference)


@router.get("/safety-notices/{notice_id}/evidence.csv")
async def get_csv(session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """A line for each item."""
    handed = await packs.hand_over(session, notice_id, today=uk_date(now), at=now)
    return csv_answer(f"{file_name(handed.pack.notice.reference)}-evidence.csv", PACK_HEAD, pack_rows(handed))


@router.get("/safety-notices/{notice_id}/evidence.json")
async def get_json(session: Session, actor: Actor, notice_id: Id) -> Response:
    """What was kept at the closing."""
    notice = await tracing.get_named(session, notice_id)
    return json_answer(await packs.get_frozen(session, notice_id), notice.reference)


async def _counted(session: AsyncSession, actor: Actor, notice_id: int, now: Now) -> dict[str, Any]:
    notice = await tracing.get_named(session, notice_id)
    counts = await reconcile(session, notice_id, today=uk_date(now))
    closings = await list_closings(session, notice_id)
    shows_notes = actor.may(Permission.HANDLE_SAFETY_NOTICES) and notice.state != NoticeState.CLOSED
    return {
        "notice": notice,
        "counts": counts,
        "places": [(place, counts.in_place(place)) for place in Place],
        "states": [(state, counts.in_state(state)) for state in ActionState],
        "models": by_model(counts.tallies),
        "closings": closings,
        "asked": closings[0] if closings and closings[0].closed_at is None else None,
        "late": await count_late(session, notice_id),
        "notes": await packs.list_notes(session, notice_id) if shows_notes and not counts.missing else None,
        "kept_sha256": await packs.get_sha256(session, notice_id),
    }
