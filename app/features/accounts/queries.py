"""Reads about people and the audit trail: typed rows for pages and the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.db import literally
from app.domain.access import Role
from app.domain.errors import NotFound
from app.models import Account, AuditEvent, SignIn, Store


@dataclass(frozen=True, slots=True)
class SignInRow:
    """One open sign-in; `is_this` is the one that asks."""

    id: int
    kind: str
    device: str
    started_at: datetime
    expires_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One account as the list of users shows it."""

    username: str
    name: str
    email: str | None
    roles: list[str]
    stores: list[str]
    is_active: bool
    open_sign_ins: int
    version: int


@dataclass(frozen=True, slots=True)
class DemonstrationRow:
    """Somebody whom the demonstration lets one sign in as."""

    username: str
    roles: list[str]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act of the audit trail."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


SIGN_INS_KNOWN = 50

PEOPLE = """
    SELECT account.username, account.name, account.email, account.is_active, account.version,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id ORDER BY role) AS roles,
           ARRAY(SELECT code FROM account_store JOIN store ON store.id = store_id
                 WHERE account_id = account.id ORDER BY code) AS stores,
           (SELECT count(*) FROM sign_in WHERE account_id = account.id AND ended_at IS NULL
            AND expires_at > :now) AS open_sign_ins
    FROM account
"""
MANY = text(f"""{PEOPLE}
    WHERE account.username > :after
      AND (:holds = '' OR account.name ILIKE :holds OR account.username ILIKE :holds)
      AND (CAST(:role AS text) IS NULL
           OR EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = :role))
      AND (CAST(:is_active AS boolean) IS NULL OR account.is_active = :is_active)
    ORDER BY account.username LIMIT :limit
""")
ONE = text(f"{PEOPLE} WHERE account.username = :username")

DEMONSTRATION_PEOPLE = text("""
    SELECT account.username, ARRAY(SELECT role FROM account_role WHERE account_id = account.id ORDER BY role) AS roles
    FROM account WHERE is_demonstration AND is_active ORDER BY account.id
""")


async def list_sign_ins(session: AsyncSession, account_id: int, *, this: str, now: datetime) -> list[SignInRow]:
    """The open sign-ins of an account, newest first; `this` is the secret hash of the one that asks."""
    wanted = (
        select(SignIn)
        .where(col(SignIn.account_id) == account_id, col(SignIn.ended_at).is_(None), col(SignIn.expires_at) > now)
        .order_by(col(SignIn.id).desc())
    )
    return [
        SignInRow(row.id, row.kind.value, row.device, row.started_at, row.expires_at, row.secret_hash == this)
        for row in (await session.execute(wanted)).scalars()
    ]


async def list_people(
    session: AsyncSession,
    *,
    now: datetime,
    q: str = "",
    role: Role | None = None,
    is_active: bool | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[PersonRow]:
    """Accounts by username, at most `limit` of them; the closed ones are among them unless `is_active` is asked for.

    `q`: their name or username holds it, in capitals or not.
    """
    literal = literally(q.strip())
    values = {
        "now": now,
        "holds": literal and f"%{literal}%",
        "role": role,
        "is_active": is_active,
        "after": after,
        "limit": limit,
    }
    return [PersonRow(**row) for row in (await session.execute(MANY, values)).mappings()]


async def get_person(session: AsyncSession, username: str, *, now: datetime) -> PersonRow:
    """One account. Raises NotFound `unknown-user`."""
    row = (await session.execute(ONE, {"now": now, "username": username})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-user", "Nobody has this username.", field="username")
    return PersonRow(**row)


async def find_email(session: AsyncSession, account_id: int) -> str | None:
    """Where the messages to an account go, beside its page of messages."""
    return (await session.execute(select(col(Account.email)).where(col(Account.id) == account_id))).scalar_one()


async def list_sign_in_hashes(session: AsyncSession, account_id: int) -> list[str]:
    """The hashes of a person's sign-ins, also of those that have ended, the newest first."""
    mine = select(col(SignIn.secret_hash)).where(col(SignIn.account_id) == account_id)
    return list((await session.execute(mine.order_by(col(SignIn.id).desc()).limit(SIGN_INS_KNOWN))).scalars())


async def list_demonstration_people(session: AsyncSession) -> list[DemonstrationRow]:
    """The accounts of the demonstration, in the order they were made. Nobody of a real service is among them."""
    return [DemonstrationRow(**row) for row in (await session.execute(DEMONSTRATION_PEOPLE)).mappings()]


async def list_stores(session: AsyncSession) -> list[Store]:
    """Every store by code."""
    return list((await session.execute(select(Store).order_by(col(Store.code)))).scalars())


async def list_audit_events(
    session: AsyncSession, *, subject: str | None, actor: str | None, before: int | None, limit: int
) -> list[AuditRow]:
    """The newest acts first, `limit + 1` of them; `before` is the id that the last page ended with."""
    wanted = select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(limit + 1)
    if subject:
        wanted = wanted.where(col(AuditEvent.subject) == subject)
    if actor:
        wanted = wanted.where(col(AuditEvent.chain) == actor)
    if before:
        wanted = wanted.where(col(AuditEvent.id) < before)
    return [
        AuditRow(row.id, row.at, row.chain, row.action, row.subject, row.detail)
        for row in (await session.execute(wanted)).scalars()
    ]
