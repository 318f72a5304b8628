"""Pages of copies for the enforcing authority: the worklist, and one to record as sent."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.features.workshop.inspections import authority, queries
from app.features.workshop.inspections.forms import SentForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import day, render

COPIES_ON_A_PAGE = 50
COPY = "inspections/copy.html"

router = page_router()


@router.get("/inspections/authority-copies")
async def worklist(
    request: Request, session: Session, actor: Actor, now: Now, sent: bool = False, after: After = None
) -> HTMLResponse:
    """Copies that nobody has sent, open longest first; or those that were."""
    rows = await queries.list_copies(
        session, is_open=not sent, today=uk_date(now), after=number_cursor(after), limit=COPIES_ON_A_PAGE
    )
    page = page_of(rows, limit=COPIES_ON_A_PAGE, cursor=lambda row: row.id)
    asked = {"sent": "true"} if sent else {}
    onward = f"/inspections/authority-copies?{urlencode(asked | {'after': page.next})}" if page.next else None
    return render(request, "inspections/copies.html", {"sent": sent, "copies": page.items, "next_href": onward})


@router.get("/inspections/authority-copies/{copy_id}")
async def get_copy(request: Request, session: Session, actor: Actor, now: Now, copy_id: Id) -> HTMLResponse:
    """One copy."""
    return render(request, COPY, {"form": Form(), **await _copy(session, copy_id, now)})


@router.post("/inspections/authority-copies/{copy_id}")
async def record_sent(request: Request, session: Session, actor: Actor, now: Now, copy_id: Id) -> Response:
    """It was sent."""
    form, body = await read_form(request, SentForm)
    context = await _copy(session, copy_id, now)
    if body is None:
        return render(request, COPY, {"form": form, **context}, 422)
    with or_again(COPY, form, **context):
        await authority.record_sent(
            session,
            copy_id,
            sent_on=body.sent_on,
            sent_to=body.sent_to,
            how=body.how,
            actor=actor.username,
            at=now,
        )
    said = f"Recorded: sent to {body.sent_to} on {day(body.sent_on)}."
    return redirect(request, "/inspections/authority-copies", said)


async def _copy(session: AsyncSession, copy_id: int, now: Now) -> dict[str, Any]:
    return {"copy": await queries.get_copy(session, copy_id, today=uk_date(now)), "today": uk_date(now)}
