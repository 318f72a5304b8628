"""Who is written to about a stop-use notice; the words are in `domain/stop_use.py`."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.stop_use import Letter, StopUse


def about(notice_id: int) -> str:
    """What the messages and the audit trail say that it is about."""
    return f"stop_use_notice:{notice_id}"


async def tell_provider(
    session: AsyncSession, notice_id: int, stop: StopUse, *, again: bool, actor: str, at: datetime
) -> None:
    """Tell the care provider by e-mail; `again`: they have not answered yet."""
    letter = stop.to_provider(again=again)
    await outbox.post(
        session,
        purpose="stop_use_chased" if again else "stop_use",
        subject=letter.subject,
        body=letter.body,
        to_email=stop.email,
        to_name=stop.provider,
        about=about(notice_id),
        actor=actor,
        at=at,
    )


async def tell_giver(session: AsyncSession, notice_id: int, stop: StopUse, *, actor: str, at: datetime) -> None:
    """Tell who gave the notice that nobody has acknowledged it."""
    await _tell_giver(session, notice_id, stop, "stop_use_unacknowledged", stop.unacknowledged(), actor=actor, at=at)


async def _tell_giver(
    session: AsyncSession, notice_id: int, stop: StopUse, purpose: str, letter: Letter, *, actor: str, at: datetime
) -> None:
    await outbox.post(
        session,
        purpose=purpose,
        subject=letter.subject,
        body=letter.body,
        to=stop.given_by,
        about=about(notice_id),
        actor=actor,
        at=at,
    )
