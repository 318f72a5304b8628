"""Messages to people, written in the caller's transaction and sent afterwards by the worker: told is what happened."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

POST = text("""
    INSERT INTO message (purpose, about, to_account_id, to_email, to_name, subject, body, made_at, made_by, next_try_at)
    SELECT :purpose, :about, account.id,
           COALESCE(CAST(:to_email AS text), CASE WHEN account.is_active THEN account.email END),
           COALESCE(CAST(:to_name AS text), account.name, ''), :subject, :body, :at, :actor, :at
    FROM (VALUES (1)) AS always LEFT JOIN account ON account.username = CAST(:to AS text)
    RETURNING id
""")


async def post(
    session: AsyncSession,
    *,
    purpose: str,
    subject: str,
    body: str,
    to: str | None = None,
    to_email: str | None = None,
    to_name: str | None = None,
    about: str = "",
    actor: str,
    at: datetime,
) -> int:
    """Post a message to the account `to` (a username) or to an address; returns its number. One statement.

    `purpose` is a stable word (`reservation_ends`), `about` the subject as in the audit trail (`order:O000012`).
    Somebody with an account reads it under their messages even when they have no address; nothing is sent after those
    whose account is closed. No health data belongs in a
    subject, and in a body only what the reader needs in order to act.
    """
    values = {"purpose": purpose, "about": about, "to": to, "to_email": to_email, "to_name": to_name}
    number: int = await session.scalar(POST, values | {"subject": subject, "body": body, "at": at, "actor": actor})
    return number
