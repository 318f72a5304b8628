"""Who is written to about a stop-use notice; the words are in `domain/stop_use.py`."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.stop_use import StopUse


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


async def tell_unacknowledged(
    session: AsyncSession, notice_id: int, stop: StopUse, *, to: str, actor: str, at: datetime
) -> None:
    """Tell who gave the notice, or whose loan it is, that nobody has acknowledged it."""
    letter = stop.unacknowledged()
    await outbox.post(
        session,
        purpose="stop_use_unacknowledged",
        subject=letter.subject,
        body=letter.body,
        to=to,
        about=about(notice_id),
        actor=actor,
        at=at,
    )


async def tell_withdrawn(session: AsyncSession, notice_id: int, stop: StopUse, *, actor: str, at: datetime) -> None:
    """Tell the care provider that it may be used again; without an address, who withdraws it is told to phone."""
    letter = stop.withdrawn()
    to = {"to_email": stop.email, "to_name": stop.provider} if stop.email else {"to": actor}
    await outbox.post(
        session,
        purpose="stop_use_withdrawn",
        subject=letter.subject,
        body=letter.body,
        about=about(notice_id),
        actor=actor,
        at=at,
        **to,
    )


async def tell_of_mistake(
    session: AsyncSession, notice_id: int, stop: StopUse, *, why: str, to: str, actor: str, at: datetime
) -> None:
    """Tell who gave the notice, or whose loan it is, that it was a mistake."""
    letter = stop.mistaken(by=actor, why=why)
    details = {"purpose": "stop_use_mistaken", "subject": letter.subject, "body": letter.body}
    await outbox.post(session, **details, to=to, about=about(notice_id), actor=actor, at=at)
