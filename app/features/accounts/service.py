"""Signing in and out, and keeping accounts."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anyio import to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.access import Role
from app.domain.errors import BadValue, Conflict, NotFound, TooMany
from app.models import Account, AccountRole, AccountStore, SignIn, SignInFailure, SignInKind, Store
from app.web.auth import secret_hash

HASHER: Final = PasswordHash((Argon2Hasher(),))
SHORTEST_PASSWORD: Final = 12
WINDOW: Final = timedelta(minutes=15)
MOST_FAILURES_FROM_ONE_PLACE: Final = 5
MOST_FAILURES_OF_ONE_NAME: Final = 30
MOST_FAILURES_OF_ONE_PLACE: Final = 60


@dataclass(frozen=True, slots=True)
class Opened:
    """A new sign-in: the secret is shown this once and kept only as its hash."""

    secret: str
    expires_at: datetime


async def sign_in(
    session: AsyncSession,
    username: str,
    password: str,
    *,
    kind: SignInKind,
    device: str,
    address: str,
    hours: int,
    at: datetime,
) -> Opened | None:
    """Open a sign-in, or None when name and password do not go together (the failure is kept: commit it).

    Raises TooMany `too-many-sign-ins` after 5 failures of the name from one address, 30 of the name, or 60 from the
    address within 15 minutes. Tries for one name wait for each other, so that guessing in parallel gains nothing.
    """
    name = username.strip().lower()[:100]
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"sign-in:{name}"})
    await _check_failures(session, name, address, at=at)
    found = await session.execute(select(Account).where(col(Account.username) == name))
    account = found.scalar_one_or_none()
    # An unknown name costs the same time as a wrong password.
    known_hash = account.password_hash if account else _nobody()
    right = await to_thread.run_sync(_verify, password[:1000], known_hash)
    if account is None or not right or not account.is_active:
        await session.execute(insert(SignInFailure).values(username=name, address=address, failed_at=at))
        return None
    await session.execute(delete(SignInFailure).where(col(SignInFailure.username) == name))
    opened = await open_sign_in(session, account, kind=kind, device=device, hours=hours, at=at)
    await audit.record(session, "signed_in", f"account:{name}", actor=name, at=at, kind=kind.value)
    return opened


async def open_sign_in(
    session: AsyncSession, account: Account, *, kind: SignInKind, device: str, hours: int, at: datetime
) -> Opened:
    """A sign-in for an account whose password was checked."""
    secret = secrets.token_urlsafe(32)
    expires_at = at + timedelta(hours=hours)
    row = {
        "account_id": account.id,
        "kind": kind,
        "secret_hash": secret_hash(secret),
        "device": device[:200],
        "started_at": at,
        "expires_at": expires_at,
    }
    await session.execute(insert(SignIn).values(**row))
    return Opened(secret, expires_at)


async def end_sign_in(session: AsyncSession, hashed: str, *, actor: str, at: datetime) -> None:
    """Sign out: end the sign-in of this hash."""
    await _end(session, actor=actor, at=at, where=col(SignIn.secret_hash) == hashed)


async def end_own_sign_in(session: AsyncSession, sign_in_id: int, *, account_id: int, actor: str, at: datetime) -> None:
    """End one of one's own sign-ins. Raises NotFound `unknown-sign-in`."""
    mine = (col(SignIn.id) == sign_in_id) & (col(SignIn.account_id) == account_id)
    if not await _end(session, actor=actor, at=at, where=mine):
        raise NotFound("unknown-sign-in", "You have no such sign-in that is still open.")


async def end_all_sign_ins(session: AsyncSession, username: str, *, actor: str, at: datetime) -> int:
    """End every sign-in of somebody; returns how many were open. Raises NotFound `unknown-user`."""
    account = await get_account(session, username)
    ended = await _end(session, actor=actor, at=at, where=col(SignIn.account_id) == account.id)
    await audit.record(session, "sign_ins_ended", f"account:{account.username}", actor=actor, at=at, count=ended)
    return ended


async def get_account(session: AsyncSession, username: str) -> Account:
    """The account of that name. Raises NotFound `unknown-user`."""
    found = await session.execute(select(Account).where(col(Account.username) == username))
    account = found.scalar_one_or_none()
    if account is None:
        raise NotFound("unknown-user", "Nobody has this username.", field="username")
    return account


async def add_account(
    session: AsyncSession,
    username: str,
    *,
    name: str,
    password: str,
    roles: Iterable[Role],
    stores: Sequence[str],
    actor: str,
    at: datetime,
    is_demonstration: bool = False,
) -> None:
    """Add a person with their roles and stores.

    Raises BadValue `bad-username`, `weak-password` or `unknown-store`, and Conflict `duplicate-username`.
    """
    if not (username and username == username.strip().lower() and len(username) <= 100 and username.isprintable()):
        raise BadValue("bad-username", "A username is in small letters, without blanks around it.", field="username")
    if len(password) < SHORTEST_PASSWORD:
        detail = f"A password has at least {SHORTEST_PASSWORD} characters. Three random words are a good one."
        raise BadValue("weak-password", detail, field="password")
    known = {store.code: store.id for store in (await session.execute(select(Store))).scalars()}
    unknown = sorted(set(stores) - set(known))
    if unknown:
        raise BadValue("unknown-store", f"There is no store {', '.join(unknown)}.", field="stores")
    if await session.scalar(select(col(Account.id)).where(col(Account.username) == username)):
        raise Conflict("duplicate-username", "Somebody has this username already.", field="username")
    hashed = await to_thread.run_sync(HASHER.hash, password)
    row = {"username": username, "name": name, "password_hash": hashed, "is_active": True, "created_at": at}
    added = insert(Account).values(**row, is_demonstration=is_demonstration).returning(col(Account.id))
    account_id = (await session.execute(added)).scalar_one()
    given = sorted(set(roles))
    if given:
        await session.execute(insert(AccountRole), [{"account_id": account_id, "role": role} for role in given])
    if stores:
        await session.execute(
            insert(AccountStore), [{"account_id": account_id, "store_id": known[code]} for code in stores]
        )
    names = ", ".join(role.value for role in given)
    await audit.record(session, "account_added", f"account:{username}", actor=actor, at=at, roles=names)


async def _check_failures(session: AsyncSession, name: str, address: str, *, at: datetime) -> None:
    of_name = col(SignInFailure.username) == name
    of_address = col(SignInFailure.address) == address
    counted = select(
        func.count().filter(of_name & of_address).label("both"),
        func.count().filter(of_name).label("name"),
        func.count().filter(of_address).label("address"),
    ).where(or_(of_name, of_address), col(SignInFailure.failed_at) > at - WINDOW)
    both, name_failures, address_failures = (await session.execute(counted)).one()
    if (
        both >= MOST_FAILURES_FROM_ONE_PLACE
        or name_failures >= MOST_FAILURES_OF_ONE_NAME
        or address_failures >= MOST_FAILURES_OF_ONE_PLACE
    ):
        raise TooMany("too-many-sign-ins", "Too many failed tries to sign in. Wait 15 minutes and try again.")


async def _end(session: AsyncSession, *, actor: str, at: datetime, where: object) -> int:
    ended = update(SignIn).where(where, col(SignIn.ended_at).is_(None)).values(ended_at=at, ended_by=actor)  # type: ignore[arg-type]
    return len((await session.execute(ended.returning(col(SignIn.id)))).all())


def _verify(password: str, hashed: str) -> bool:
    return HASHER.verify(password, hashed)


_NOBODY: list[str] = []


def _nobody() -> str:
    """A hash that nobody's password has, made on first need."""
    if not _NOBODY:
        _NOBODY.append(HASHER.hash(secrets.token_urlsafe(16)))
    return _NOBODY[0]
