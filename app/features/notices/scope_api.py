"""JSON routes of what a notice covers: its scope, the preview, the activation, the matches."""

from app.db import Session
from app.domain.dates import uk_date
from app.domain.notice_standing import ActionState, Place
from app.domain.notices import Result
from app.domain.safety_notices import Seen
from app.features.notices import match_queries, scopes, service
from app.features.notices.api import Reference
from app.features.notices.match_schemas import (
    ActivateBody,
    ActivatedBody,
    MatchRow,
    PreviewBody,
    ScopeBody,
    ScopeOut,
)
from app.features.notices.reading import log_reading, may_see_homes
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import TAG, Page, page_of, text_cursor

router = api_router("safety notices")


@router.put("/safety-notices/{reference:path}/scope")
async def draft(session: Session, actor: Actor, now: Now, reference: Reference, body: ScopeBody) -> ScopeOut:
    """What the notice covers: a new draft. What contradicts itself is refused, each fault at its place."""
    notice_id = await service.find_id(session, reference)
    await scopes.draft_scope(
        session,
        notice_id,
        body.lines,
        handling=body.handling,
        version=body.version,
        actor=actor.username,
        at=now,
    )
    return await match_queries.get_scope(session, notice_id)


@router.get("/safety-notices/{reference:path}/scope")
async def get_scope(session: Session, actor: Actor, reference: Reference) -> ScopeOut:
    """The newest scope, which may be a draft, also in words."""
    return await match_queries.get_scope(session, await service.find_id(session, reference))


@router.get("/safety-notices/{reference:path}/scope/preview")
async def preview(
    session: Session,
    actor: Actor,
    now: Now,
    reference: Reference,
    result: Result | None = None,
    limit: Limit = 50,
    after: After = None,
) -> PreviewBody:
    """Which items the newest scope would hit, and why, before it is activated. Near misses are on the first page."""
    notice_id = await service.find_id(session, reference)
    found = await match_queries.preview(
        session, notice_id, today=uk_date(now), result=result, after=text_cursor(after, TAG), limit=limit
    )
    seen = Seen(found.scope.number, found.affected, found.possible)
    await scopes.keep_seen(session, notice_id, seen, actor=actor.username, at=now)
    page = page_of(found.rows, limit=limit, cursor=lambda row: row.barcode)
    return PreviewBody(**{**dict(found), "rows": page.items}, next=page.next)


@router.post("/safety-notices/{reference:path}/activate")
async def activate(session: Session, actor: Actor, now: Now, reference: Reference, body: ActivateBody) -> ActivatedBody:
    """Put the newest scope into force, as another person than its author: what it covers, or may, is held."""
    notice_id = await service.find_id(session, reference)
    done = await scopes.activate(
        session, notice_id, number=body.scope, looked_at=body.version, actor=actor.username, at=now
    )
    return ActivatedBody(
        scope=done.number,
        handling=done.handling,
        affected=done.counts.affected,
        possible=done.counts.possible,
        not_affected=done.counts.not_affected,
    )


@router.get("/safety-notices/{reference:path}/matches")
async def list_matches(
    session: Session,
    actor: Actor,
    now: Now,
    reference: Reference,
    result: Result | None = None,
    where: Place | None = None,
    action_state: ActionState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[MatchRow]:
    """What the notice covers, item by item. Who has it is told to those who handle notices or visit homes; logged."""
    notice_id = await service.find_id(session, reference)
    rows = await match_queries.list_matches(
        session,
        notice_id,
        result=result,
        where=where,
        action_state=action_state,
        may_see_client=may_see_homes(actor),
        after=text_cursor(after, TAG),
        limit=limit,
    )
    page = page_of(rows, limit=limit, cursor=lambda row: row.barcode)
    await log_reading(session, page.items, reference, actor=actor, at=now)
    return page
