"""JSON routes of messages."""

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.errors import NotAllowed
from app.domain.messages import MessageState
from app.features.messages import queries, service
from app.features.messages.schemas import MessageBody, MessageLine
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("messages")


@router.get("/messages")
async def list_messages(
    session: Session,
    actor: Actor,
    now: Now,
    mine: bool = True,
    state: MessageState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[MessageLine]:
    """Messages, newest first. `mine=false`: everybody's, for those who may see them; that reading is logged."""
    if not mine and not actor.may(Permission.SEE_ALL_MESSAGES):
        raise NotAllowed("not-your-messages", "You may read your own messages: leave `mine` out.", field="mine")
    account_id = actor.id if mine else None
    before = number_cursor(after) or None
    rows = await queries.list_messages(session, account_id=account_id, state=state, before=before, limit=limit)
    if not mine:
        await audit.record(session, "messages_listed", "messages", actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/messages/{message_id}")
async def get_message(session: Session, actor: Actor, now: Now, message_id: Id) -> MessageBody:
    """One message. One's own counts as read; reading somebody else's is logged."""
    return await service.open_message(session, message_id, actor=actor, at=now)


@router.post("/messages/{message_id}/resend")
async def resend(session: Session, actor: Actor, now: Now, message_id: Id) -> MessageBody:
    """Try again to send a message that was given up."""
    await service.resend(session, message_id, actor=actor.username, at=now)
    return await service.open_message(session, message_id, actor=actor, at=now)
