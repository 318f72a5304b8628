"""JSON routes of papers: attachments of a case, the agenda and pack of a meeting, letters. Every reading is logged."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from pydantic import ValidationError

from app.db import Session
from app.domain.errors import BadValue
from app.features.panel import attachments, frozen, letters, meeting_queries, papers
from app.features.panel.attachment_schemas import AttachmentBody, AttachmentForm
from app.features.panel.decision_schemas import FrozenBody
from app.features.panel.letters import Recipient, Topic
from app.features.panel.meeting_schemas import MeetingBody
from app.features.panel.records import read_case
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.files import download, pdf_answer, read_file
from app.web.once import api_router
from app.web.paging import Page

router = api_router("specialist equipment panel")

Number = Annotated[str, Path(max_length=20)]
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "PDF, PNG or JPEG; 10 MB."},
                        "title": {"type": "string", "maxLength": 200, "description": "Left out, its name is one."},
                    },
                }
            }
        },
    }
}


@router.post("/panel-cases/{number}/attachments", status_code=201, openapi_extra=FORM)
async def attach(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> AttachmentBody:
    """Attach a file to a case that can be mended, as a form with the parts `file` and `title`. What it holds decides
    what it is. PDFs that are locked, broken, or carry scripts or other files are refused."""
    sent = await read_file(request)
    title = str((await request.form()).get("title") or "")
    try:
        said = AttachmentForm(title=title)
    except ValidationError as invalid:
        detail = "Write the title on one line, up to 200 letters that can be seen."
        raise BadValue("bad-title", detail, field="title") from invalid
    attached = await attachments.attach(session, number, sent, title=said.title, actor=actor.username, at=now)
    return next(one for one in await _listed(session, actor, number) if one.number == attached)


@router.get("/panel-cases/{number}/attachments")
async def list_attachments(session: Session, actor: Actor, number: Number) -> Page[AttachmentBody]:
    """The files of a case, in the order in which they came; also what was taken out after the panel had it."""
    return Page(items=await _listed(session, actor, number), next=None)


@router.get("/panel-cases/{number}/attachments/{attachment_id}", response_class=Response)
async def get_attachment(session: Session, actor: Actor, now: Now, number: Number, attachment_id: Id) -> Response:
    """The file itself, for whoever may read the case; the reading is logged."""
    file = await attachments.fetch(session, number, attachment_id, actor=actor.username, at=now)
    return download(file, f"panel-case-attachment-{attachment_id}")


@router.delete("/panel-cases/{number}/attachments/{attachment_id}", status_code=204)
async def take_out(session: Session, actor: Actor, now: Now, number: Number, attachment_id: Id) -> None:
    """Take a file out of a case that can be mended; what the panel had before stays to be read."""
    await attachments.take_out(session, number, attachment_id, actor=actor.username, at=now)


@router.get("/panel-cases/{number}/decisions/{decision}/letter", response_class=Response)
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
    """The letter about a decision as PDF: to who prescribes, or in plain English and large print to the person. With
    `about=end` the one about the end of an approval that was not ratified or not used."""
    content = await letters.write_letter(
        session, number, decision, to=to, about=about, settings=request.app.state.settings, actor=actor.username, at=now
    )
    return pdf_answer(content, f"panel-{about}-{decision}-{to}")


@router.get("/panel-cases/{number}/decisions/{decision}/papers", response_model=FrozenBody)
async def get_frozen(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    number: Number,
    decision: Id,
    file_format: Annotated[Literal["json", "pdf"], Query(alias="format")] = "json",
) -> FrozenBody | Response:
    """All that the panel saw for a decision, as it was frozen, with its hash made again; as `pdf` with what was
    attached. For whoever may read the case, and for auditors."""
    opened = await frozen.open_papers(session, number, decision, actor=actor, at=now)
    if file_format == "json":
        return opened.body
    content = await frozen.bind_papers(session, opened, service=request.app.state.settings.service_name, at=now)
    return pdf_answer(content, f"panel-decision-{decision}-papers")


@router.get("/panel-meetings/{meeting_id}/agenda", response_model=MeetingBody)
async def get_agenda(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    meeting_id: Id,
    file_format: Annotated[Literal["json", "pdf"], Query(alias="format")] = "json",
) -> MeetingBody | Response:
    """The agenda of a meeting; as `pdf` with the papers of its cases bound in. Of a case in which you have an interest
    your copy has none."""
    if file_format == "json":
        return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)
    service = request.app.state.settings.service_name
    content = await papers.bind_pack(session, meeting_id, service=service, actor=actor.username, at=now)
    return pdf_answer(content, f"panel-meeting-{meeting_id}")


async def _listed(session: Session, actor: Actor, number: str) -> list[AttachmentBody]:
    case = await read_case(session, number, actor=actor.username)
    return [AttachmentBody(**one) for one in attachments.list_shown(case)]
