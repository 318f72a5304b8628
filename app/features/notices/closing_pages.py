"""Pages on which the counts of a notice are reconciled, it is closed, and its evidence is handed over."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.domain.notice_closing import by_model
from app.domain.notice_standing import ActionState, Place
from app.features.notices import evidence, tracing
from app.features.notices.acting_api import ServiceName, pdf_answer
from app.features.notices.acting_schemas import CloseForm
from app.features.notices.closing import close, list_closings
from app.features.notices.evidence_csv import PACK_HEAD, file_name, pack_rows
from app.features.notices.evidence_pdf import evidence_pdf
from app.features.notices.reconciling import count_late, reconcile
from app.web.auth import Actor
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

RECONCILIATION = "notices/reconciliation.html"
router = page_router()


@router.get("/safety-notices/{notice_id}/reconciliation")
async def get_reconciliation(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """Whether the counts add up, and what is missing."""
    return render(request, RECONCILIATION, {"form": Form(), **await _counted(session, notice_id, now)})


@router.post("/safety-notices/{notice_id}/close")
async def close_notice(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Ask for it to be closed, or close it for the one who asked."""
    form, body = await read_form(request, CloseForm)
    context = await _counted(session, notice_id, now)
    if body is None:
        return render(request, RECONCILIATION, {"form": form, **context}, 422)
    with or_again(RECONCILIATION, form, **context):
        closed, _ = await close(session, notice_id, seen=body.seen, again=body.again, actor=actor.username, at=now)
    said = "It is closed." if closed else "Another person who handles safety notices must now check the counts."
    return redirect(request, f"/safety-notices/{notice_id}/reconciliation", said)


@router.get("/safety-notices/{notice_id}/evidence.pdf")
async def get_pdf(session: Session, actor: Actor, now: Now, service: ServiceName, notice_id: Id) -> Response:
    """The evidence pack."""
    pack = await evidence.read_pack(session, notice_id, today=uk_date(now))
    return pdf_answer(evidence_pdf(pack, service=service, at=now), pack.notice.reference)


@router.get("/safety-notices/{notice_id}/evidence.csv")
async def get_csv(session: Session, actor: Actor, notice_id: Id) -> Response:
    """A line for each item."""
    notice = await tracing.get_named(session, notice_id)
    rows = pack_rows(await evidence.list_covered(session, notice_id))
    return csv_answer(f"{file_name(notice.reference)}-evidence.csv", PACK_HEAD, rows)


async def _counted(session: AsyncSession, notice_id: int, now: Now) -> dict[str, Any]:
    notice = await tracing.get_named(session, notice_id)
    counts = await reconcile(session, notice_id, today=uk_date(now))
    closings = await list_closings(session, notice_id)
    return {
        "notice": notice,
        "counts": counts,
        "places": [(place, counts.in_place(place)) for place in Place],
        "states": [(state, counts.in_state(state)) for state in ActionState],
        "models": by_model(counts.tallies),
        "closings": closings,
        "asked": closings[0] if closings and closings[0].closed_at is None else None,
        "late": await count_late(session, notice_id),
    }
