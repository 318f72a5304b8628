"""JSON routes of safety notices. A reference has slashes: write them as they are, or as %2F."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Request

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.safety_notices import NoticeState
from app.features.notices import queries, service
from app.features.notices.receiving import Outcome, count, import_documents
from app.features.notices.schemas import (
    ActionBody,
    DoneBody,
    ImportBody,
    NewNoticeBody,
    NoticeBody,
    NoticeRow,
    ReceivedBody,
    TriageBody,
    VersionBody,
)
from app.features.notices.service import NewNotice
from app.models import NoticeSource
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, page_of

router = api_router("safety notices")

Reference = Annotated[str, Path(max_length=200)]
DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "What GOV.UK's Content API or Search API answered, as it came.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/safety-notices", status_code=201)
async def enter(session: Session, actor: Actor, now: Now, body: NewNoticeBody) -> NoticeBody:
    """Enter a notice by hand, as it came by e-mail or letter."""
    facts = body.model_dump(exclude={"underway_by", "complete_by", "own_target_on"})
    new = NewNotice(**facts, deadlines=body.deadlines)
    notice_id = await service.enter(session, new, actor=actor.username, at=now)
    return await queries.get_notice(session, notice_id, today=uk_date(now))


@router.get("/safety-notices")
async def list_notices(
    session: Session,
    actor: Actor,
    now: Now,
    state: NoticeState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[NoticeRow]:
    """Notices: what waits for triage first, what is likely to concern us before the rest, then the newest."""
    rows = await queries.list_notices(session, today=uk_date(now), state=state, after=after, limit=limit)
    return page_of(rows, limit=limit, cursor=queries.cursor_of)


@router.post("/safety-notices/import", openapi_extra=DOCUMENT)
async def import_file(request: Request, session: Session, actor: Actor, now: Now) -> ImportBody:
    """Take in a document of GOV.UK: of the Content API, or the results of the Search API.

    A new one is a notice to triage, an amended one a new version, the same one changes nothing.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadValue("not-json", "Send the document itself as the body, with Content-Type: application/json.")
    raw = await request.body()
    received = await import_documents(session, raw, source=NoticeSource.FILE, actor=actor.username, at=now)
    counts = {outcome.value: count(received, outcome) for outcome in Outcome}
    return ImportBody(**counts, documents=[ReceivedBody(**asdict(one)) for one in received])


@router.post("/safety-notices/{reference:path}/triage")
async def triage(session: Session, actor: Actor, now: Now, reference: Reference, body: TriageBody) -> NoticeBody:
    """Decide whether it concerns us, and why. The catalogue is searched now, and the search is kept with the reason."""
    notice_id = await service.find_id(session, reference)
    await service.triage(
        session,
        notice_id,
        decision=body.decision,
        reason=body.reason,
        search=body.search,
        version=body.version,
        actor=actor.username,
        at=now,
    )
    return await queries.get_notice(session, notice_id, today=uk_date(now))


@router.post("/safety-notices/{reference:path}/versions", status_code=201)
async def amend(session: Session, actor: Actor, now: Now, reference: Reference, body: VersionBody) -> NoticeBody:
    """Other deadlines, or the amended text of a notice that was entered by hand: a new version."""
    notice_id = await service.find_id(session, reference)
    await service.amend(
        session,
        notice_id,
        days=body.changed_days,
        body=body.body,
        change_note=body.change_note,
        actor=actor.username,
        at=now,
    )
    return await queries.get_notice(session, notice_id, today=uk_date(now))


@router.post("/safety-notices/{reference:path}/organisation-actions", status_code=201)
async def add_action(session: Session, actor: Actor, now: Now, reference: Reference, body: ActionBody) -> NoticeBody:
    """What the organisation must do about it; no item is held."""
    notice_id = await service.find_id(session, reference)
    facts = body.model_dump()
    await service.add_action(session, notice_id, **facts, actor=actor.username, at=now)
    return await queries.get_notice(session, notice_id, today=uk_date(now))


@router.post("/safety-notices/{reference:path}/organisation-actions/{action_id}/done")
async def finish_action(
    session: Session, actor: Actor, now: Now, reference: Reference, action_id: Id, body: DoneBody
) -> NoticeBody:
    """It is done; the note says how."""
    notice_id = await service.find_id(session, reference)
    await service.finish_action(session, notice_id, action_id, note=body.note, actor=actor.username, at=now)
    return await queries.get_notice(session, notice_id, today=uk_date(now))


@router.get("/safety-notices/{reference:path}")
async def get_notice(session: Session, actor: Actor, now: Now, reference: Reference) -> NoticeBody:
    """One notice with its text, versions, decisions and actions."""
    notice_id = await service.find_id(session, reference)
    return await queries.get_notice(session, notice_id, today=uk_date(now))
