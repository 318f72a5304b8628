"""Pages of messages: one's own, one of them, and what was sent to everybody."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app import audit
from app.db import Session
from app.domain.errors import BadValue
from app.domain.messages import MessageState
from app.features.messages import queries, service
from app.features.messages.schemas import MessageLine
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

router = page_router()

ON_A_PAGE = 50

Words = Annotated[str, Query(max_length=40)]


@router.get("/messages")
async def messages(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """What this person was told, what is unread first."""
    rows = await queries.list_mine(session, actor.id, before=read_cursor(after), limit=ON_A_PAGE)
    page = page_of(rows, limit=ON_A_PAGE, cursor=cursor_of)
    following = f"/messages?{urlencode({'after': page.next})}" if page.next else None
    context = {
        "messages": page.items,
        "unread": await queries.count_unread(session, actor.id),
        "following": following,
    }
    return render(request, "messages/mine.html", context)


@router.get("/messages/sent")
async def sent_messages(
    request: Request, session: Session, actor: Actor, now: Now, state: Words = "", after: After = None
) -> HTMLResponse:
    """What was sent to everybody, newest first, and what could not be sent."""
    wanted = next((known for known in MessageState if known.value == state), None)
    before = number_cursor(after) or None
    rows = await queries.list_messages(session, state=wanted, before=before, limit=ON_A_PAGE)
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: row.id)
    asked = {"state": wanted.value if wanted else "", "after": page.next}
    following = f"/messages/sent?{urlencode({k: v for k, v in asked.items() if v})}" if page.next else None
    await audit.record(session, "messages_listed", "messages", actor=actor.username, at=now, found=len(page.items))
    context = {"messages": page.items, "state": asked["state"], "states": list(MessageState), "following": following}
    return render(request, "messages/sent.html", context)


@router.get("/messages/{message_id}")
async def message(request: Request, session: Session, actor: Actor, now: Now, message_id: Id) -> HTMLResponse:
    """One message; to open one's own is to have read it."""
    found = await service.open_message(session, message_id, actor=actor, at=now)
    return render(request, "messages/message.html", {"message": found, "is_mine": found.to == actor.username})


@router.post("/messages/{message_id}/resend")
async def resend(request: Request, session: Session, actor: Actor, now: Now, message_id: Id) -> RedirectResponse:
    """Try again to send a message that was given up."""
    await service.resend(session, message_id, actor=actor.username, at=now)
    return redirect(request, f"/messages/{message_id}", "The message will be sent within a minute.")


def cursor_of(row: MessageLine) -> str:
    """Where a page of one's own messages ended: `unread-17` or `read-17`."""
    return f"{'read' if row.seen_at else 'unread'}-{row.id}"


def read_cursor(after: str | None) -> tuple[bool, int] | None:
    """What `cursor_of` wrote. Raises BadValue `bad-cursor`."""
    if after is None:
        return None
    kind, _, number = after.partition("-")
    if kind not in {"read", "unread"}:
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return kind == "unread", number_cursor(number)
