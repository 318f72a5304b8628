"""Messages to people, written in the caller's transaction and sent afterwards by the worker: told is what happened."""

from collections.abc import Collection, Mapping
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

POST_TO_ROLES = text("""
    INSERT INTO message (purpose, about, to_account_id, to_email, to_name, subject, body, made_at, made_by, next_try_at)
    SELECT :purpose, :about, account.id, account.email, account.name, :subject, :body, :at, :actor, :at
    FROM account
    WHERE account.is_active
      AND EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:roles))
      AND NOT EXISTS (SELECT FROM message WHERE to_account_id = account.id AND purpose = :purpose AND about = :about
                      AND made_at > CAST(:unless_since AS timestamptz))
    ORDER BY account.username
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


async def post_to_roles(
    session: AsyncSession,
    roles: Collection[str],
    letter: Mapping[str, str],
    *,
    unless_since: datetime | None = None,
    actor: str,
    at: datetime,
) -> None:
    """Post to everybody with one of these roles. `letter`: its purpose, subject, body and about. One statement.

    `unless_since`: not to those who were written to for the same purpose about the same since then.
    """
    values = {"roles": sorted(roles), "unless_since": unless_since, "actor": actor, "at": at}
    await session.execute(POST_TO_ROLES, {**letter, **values})
