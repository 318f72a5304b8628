"""Closing a notice: one person asks for it with the counts that add up, a second person checks them and closes it."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import NotFound
from app.domain.notice_closing import Reconciliation, Request, check_closing, check_notes_seen
from app.domain.safety_notices import NoticeState
from app.features.notices.packs import freeze, list_notes
from app.features.notices.reconciling import reconcile
from app.features.notices.sign_offs import list_closings
from app.models import NoticeClosing, SafetyNotice

# Waits for everybody who records something of its items at this moment (`acting.LOCK_NOTICE`).
LOCK = text("SELECT id, reference, state FROM safety_notice WHERE id = :notice_id FOR NO KEY UPDATE")


async def close(
    session: AsyncSession,
    notice_id: int,
    *,
    seen: str | None,
    again: bool,
    notes_seen: int | None,
    actor: str,
    at: datetime,
) -> tuple[bool, Reconciliation]:
    """Ask for the notice to be closed, or close it for the one who asked; returns whether it is closed now. Its
    evidence is frozen then, with the notes of staff. `notes_seen`: up to which line whoever closes has read them.

    Raises NotFound `unknown-notice`, and what `notice_closing.check_closing` and `check_notes_seen` raise.
    """
    notice = (await session.execute(LOCK, {"notice_id": notice_id})).one_or_none()
    if notice is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    now = await reconcile(session, notice_id, today=uk_date(at))
    newest = next(iter(await list_closings(session, notice_id)), None)
    asked = newest if newest and newest.closed_at is None else None
    request = Request(asked.asked_by, asked.fingerprint) if asked else None
    closes = check_closing(NoticeState(notice.state), now, request, actor=actor, seen=seen, again=again)
    subject = f"safety_notice:{notice.reference}"
    if closes and asked:
        check_notes_seen(notes_seen, (await list_notes(session, notice_id)).seen)
        await _change(session, asked.id, closed_at=at, closed_by=actor)
        closed = update(SafetyNotice).where(col(SafetyNotice.id) == notice_id).values(state=NoticeState.CLOSED)
        await session.execute(closed)
        evidence = await freeze(session, notice_id, asked.id, today=uk_date(at))
        facts: dict[str, Any] = {"held": now.held, "evidence": evidence}
        await audit.record(session, "safety_notice_closed", subject, actor=actor, at=at, **facts)
        return True, now
    values = {"counts": now.counts, "asked_at": at, "asked_by": actor}
    if asked:
        await _change(session, asked.id, **values)
    else:
        await session.execute(insert(NoticeClosing).values(notice_id=notice_id, **values))
    await audit.record(session, "safety_notice_closing_asked", subject, actor=actor, at=at, held=now.held)
    return False, now


async def _change(session: AsyncSession, closing_id: int, **values: Any) -> None:
    await session.execute(update(NoticeClosing).where(col(NoticeClosing.id) == closing_id).values(**values))
