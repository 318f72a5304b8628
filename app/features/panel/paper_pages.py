"""Pages of papers: files of a case that are attached, taken out and read; a meeting's pack; letters."""

from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.access import Permission
from app.domain.panel import DecisionKind
from app.domain.panel_case import OptionKind
from app.domain.panel_meeting import InterestKind
from app.features.panel import attachments, frozen, letters, papers
from app.features.panel.attachment_schemas import AttachmentForm
from app.features.panel.case_forms import LABELS
from app.features.panel.letters import Recipient, Topic
from app.features.panel.pages import Number, read_shown
from app.uploads import MOST_BYTES, MOST_PAGES
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import BIGGEST_ID, After, Id
from app.web.files import at_the_file, download, pdf_answer, read_file
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.shapes import Shape
from app.web.templating import render

DECISIONS_ON_A_PAGE: Final = 50
ATTACHMENTS: Final = "panel/attachments.html"
LIMITS: Final = {"most": attachments.MOST, "megabytes": MOST_BYTES // 1_000_000, "pages": MOST_PAGES}

router = page_router()


class TakeOutForm(Shape):
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
    about: Topic = Topic.DECISION,
) -> Response:
    """The letter about a decision, or about the end of an approval."""
    content = await letters.write_letter(
        session, number, decision, to=to, about=about, settings=request.app.state.settings, actor=actor.username, at=now
    )
    return pdf_answer(content, f"panel-{about}-{decision}-{to}")


@router.get("/panel-cases/{number}/decisions/{decision}/papers")
async def get_frozen(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    number: Number,
    decision: Id,
    file_format: Annotated[Literal["html", "pdf"], Query(alias="format")] = "html",
) -> Response:
    """All that the panel saw for a decision, as it was frozen."""
    opened = await frozen.open_papers(session, number, decision, actor=actor, at=now)
    if file_format == "pdf":
        content = await frozen.bind_papers(session, opened, service=request.app.state.settings.service_name, at=now)
        return pdf_answer(content, f"panel-decision-{decision}-papers")
    context = {
        "papers": opened.body,
        "panel_name": opened.case.row["panel_name"],
        "labels": LABELS,
        "decisions": {one.value: one.text for one in DecisionKind},
        "interests": {one.value: one.text for one in InterestKind},
        "options": {one.value: one.text for one in OptionKind},
        "reads_case": actor.may(Permission.SEE_PANEL_CASES),
    }
    return render(request, "panel/frozen.html", context)


@router.get("/panel-decisions")
async def list_frozen(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """Every decision of every panel, for auditors: each opens what was seen for it."""
    before = number_cursor(after) or BIGGEST_ID
    rows = await frozen.list_frozen(session, before=before, limit=DECISIONS_ON_A_PAGE)
    page = page_of(rows, limit=DECISIONS_ON_A_PAGE, cursor=lambda row: row.id)
    next_href = f"/panel-decisions?after={page.next}" if page.next else None
    return render(request, "panel/decisions.html", {"rows": page.items, "next_href": next_href})


@router.get("/panel-meetings/{meeting_id}/agenda")
async def get_agenda(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """The agenda, with the papers of its cases bound in."""
    service = request.app.state.settings.service_name
    content = await papers.bind_pack(session, meeting_id, service=service, actor=actor.username, at=now)
    return pdf_answer(content, f"panel-meeting-{meeting_id}")
