"""Pages of papers: files of a case that are attached, taken out and read; a meeting's pack; letters."""

from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from app.db import Session
from app.features.panel import attachments, letters, papers
from app.features.panel.attachment_schemas import AttachmentForm
from app.features.panel.letters import Recipient
from app.features.panel.pages import Number, read_shown
from app.uploads import MOST_BYTES, MOST_PAGES
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.files import at_the_file, download, pdf_answer, read_file
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

ATTACHMENTS: Final = "panel/attachments.html"
LIMITS: Final = {"most": attachments.MOST, "megabytes": MOST_BYTES // 1_000_000, "pages": MOST_PAGES}

router = page_router()


class TakeOutForm(BaseModel):
    """A button."""


@router.get("/panel-cases/{number}/attachments")
async def attachments_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What is attached, and another one."""
    _, context = await read_shown(session, number, actor, now)
    return render(request, ATTACHMENTS, {"form": Form(), **LIMITS, **context})


@router.post("/panel-cases/{number}/attachments")
async def attach(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Attach it."""
    form, body = await read_form(request, AttachmentForm)
    case, context = await read_shown(session, number, actor, now)
    context |= LIMITS
    sent = await read_file(request)
    if body is None:
        return render(request, ATTACHMENTS, {"form": form, **context}, 422)
    details: dict[str, Any] = {"title": body.title, "actor": actor.username, "at": now}
    with or_again(ATTACHMENTS, form, **context), at_the_file(ATTACHMENTS, form, context):
        await attachments.attach(session, number, sent, **details)
    return redirect(request, f"/panel-cases/{case.number}/attachments", "It is attached to the case.")


@router.get("/panel-cases/{number}/attachments/{attachment_id}")
async def get_attachment(session: Session, actor: Actor, now: Now, number: Number, attachment_id: Id) -> Response:
    """The file itself; the reading is logged."""
    file = await attachments.fetch(session, number, attachment_id, actor=actor.username, at=now)
    return download(file, f"panel-case-attachment-{attachment_id}")


@router.post("/panel-cases/{number}/attachments/{attachment_id}/take-out")
async def take_out(
    request: Request, session: Session, actor: Actor, now: Now, number: Number, attachment_id: Id
) -> Response:
    """It does not belong there."""
    form, _ = await read_form(request, TakeOutForm)
    case, context = await read_shown(session, number, actor, now)
    with or_again(ATTACHMENTS, form, **LIMITS, **context):
        await attachments.take_out(session, number, attachment_id, actor=actor.username, at=now)
    return redirect(request, f"/panel-cases/{case.number}/attachments", "It is taken out of the case.")


@router.get("/panel-cases/{number}/decisions/{decision}/letter")
async def get_letter(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    number: Number,
    decision: Id,
    to: Recipient = Recipient.PRESCRIBER,
) -> Response:
    """The letter about a decision."""
    content = await letters.write_letter(
        session, number, decision, to=to, settings=request.app.state.settings, actor=actor.username, at=now
    )
    return pdf_answer(content, f"panel-decision-{decision}-{to}")


@router.get("/panel-meetings/{meeting_id}/agenda")
async def get_agenda(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """The agenda, with the papers of its cases bound in."""
    service = request.app.state.settings.service_name
    content = await papers.bind_pack(session, meeting_id, service=service, actor=actor.username, at=now)
    return pdf_answer(content, f"panel-meeting-{meeting_id}")
