"""Closing a notice: one person asks for it with the counts that add up, a second person checks them and closes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import NotFound
from app.domain.notice_closing import Reconciliation, Request, check_closing, fingerprint_of
from app.domain.safety_notices import NoticeState
from app.features.notices.reconciling import reconcile
from app.models import NoticeClosing, SafetyNotice

# Waits for everybody who records something of its items at this moment (`acting.LOCK_NOTICE`).
LOCK = text("SELECT id, reference, state FROM safety_notice WHERE id = :notice_id FOR NO KEY UPDATE")
CLOSINGS = text("""
    SELECT id, counts, asked_at, asked_by, closed_at, closed_by FROM notice_closing WHERE notice_id = :notice_id
    ORDER BY id DESC
""")


@dataclass(frozen=True, slots=True)
class Closing:
    """That somebody asked for the notice to be closed, with what counts, and who closed it."""

    id: int
    counts: dict[str, Any]
    asked_at: datetime
    asked_by: str
    closed_at: datetime | None
    closed_by: str | None

    @property
    def fingerprint(self) -> str:
        """Of the counts with which it was asked."""
        return fingerprint_of(self.counts)


async def list_closings(session: AsyncSession, notice_id: int) -> list[Closing]:
    """The closings of a notice, the newest first. One statement."""
    return [Closing(*row) for row in await session.execute(CLOSINGS, {"notice_id": notice_id})]


async def close(
    session: AsyncSession, notice_id: int, *, seen: str | None, again: bool, actor: str, at: datetime
) -> tuple[bool, Reconciliation]:
    """Ask for the notice to be closed, or close it for the one who asked; returns whether it is closed now.

    Raises NotFound `unknown-notice`, and what `notice_closing.check_closing` raises.
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
        await _change(session, asked.id, closed_at=at, closed_by=actor)
        closed = update(SafetyNotice).where(col(SafetyNotice.id) == notice_id).values(state=NoticeState.CLOSED)
        await session.execute(closed)
        await audit.record(session, "safety_notice_closed", subject, actor=actor, at=at, held=now.held)
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
