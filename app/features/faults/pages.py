"""Pages of reported faults: the worklist, and closing one with what was done."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.labels import display
from app.features.faults import queries, service
from app.features.faults.schemas import DoneForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

FAULTS_ON_A_PAGE = 50
LIST = "faults/worklist.html"
ONE = "faults/fault.html"

router = page_router()


@router.get("/faults")
async def worklist(
    request: Request, session: Session, actor: Actor, dangerous: bool = False, after: After = None
) -> HTMLResponse:
    """Open ones, reported longest ago first. Whom to ring is on each one's own page."""
    rows = await queries.list_faults(
        session, is_open=True, dangerous=dangerous or None, after=number_cursor(after), limit=FAULTS_ON_A_PAGE
    )
    page = page_of(rows, limit=FAULTS_ON_A_PAGE, cursor=lambda row: row.id)
    asked = {"dangerous": "true"} if dangerous else {}
    context = {
        "dangerous": dangerous,
        "faults": page.items,
        "next_href": f"/faults?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, LIST, context)


@router.get("/faults/{report_id}")
async def fault(request: Request, session: Session, actor: Actor, now: Now, report_id: Id) -> HTMLResponse:
    """One report; the reading is logged, because it may name somebody."""
    return render(request, ONE, {"form": Form(), **await _fault(session, report_id, actor.username, now)})


@router.post("/faults/{report_id}")
async def close_fault(request: Request, session: Session, actor: Actor, now: Now, report_id: Id) -> Response:
    """Something was done about it."""
    form, body = await read_form(request, DoneForm)
    context = await _fault(session, report_id, actor.username, now)
    if body is None:
        return render(request, ONE, {"form": form, **context}, 422)
    with or_again(ONE, form, **context):
        barcode = await service.close_fault(
            session,
            report_id,
            done=body.done,
            stop_use=body.stop_use,
            may_lift=actor.may(Permission.LIFT_HOLDS),
            actor=actor.username,
            at=now,
        )
    stopped = " Its use is stopped: see Stop use." if body.stop_use and context["fault"].is_with_client else ""
    return redirect(request, "/faults", f"The fault of {display(barcode)} is closed.{stopped}")


async def _fault(session: Session, report_id: int, reader: str, now: datetime) -> dict[str, Any]:
    found = await queries.get_fault(session, report_id)
    await audit.record(session, "fault_read", f"fault_report:{report_id}", actor=reader, at=now)
    return {"fault": found}
