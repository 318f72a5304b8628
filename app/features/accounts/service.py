"""Signing in and out, one's own password and e-mail address. Keeping other people's accounts is in `people.py`."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.errors import BadValue, NotFound
from app.features.accounts import guessing
from app.features.accounts.addresses import checked_email, tell_old_address
from app.features.accounts.passwords import check_new_password, hash_password, is_right
from app.models import Account, SignIn, SignInKind
from app.web.auth import secret_hash

ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('accounts'))")
"""Changes of accounts wait for each other."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new sign-in: the secret is shown this once and kept only as its hash. `browser` is the cookie's new secret."""

    secret: str
    expires_at: datetime
    account_id: int
    browser: str | None = None


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
    browser: str | None = None,
) -> Opened | None:
    """Open a sign-in, or None when name and password do not go together (the failure is kept: commit it).

    `browser` is the secret of a cookie from an earlier sign-in; `guessing.py` says what it is for, and when TooMany
    `too-many-sign-ins` is raised.
    """
    name = username.strip().lower()[:100]
    this = await guessing.begin_try(session, name, address=address, browser=browser, at=at)
    found = await session.execute(select(Account).where(col(Account.username) == name))
    account = found.scalar_one_or_none()
    # An unknown name costs the same time as a wrong password.
    right = await is_right(password, account.password_hash if account else None)
    if account is None or not right or not account.is_active:
        await guessing.count_failure(session, this, at=at)
        return None
    await guessing.forget_failures(session, this)
    opened = await open_sign_in(session, account, kind=kind, device=device, hours=hours, at=at)
    await audit.record(session, "signed_in", f"account:{name}", actor=name, at=at, kind=kind.value)
    if kind is SignInKind.PAGE:
        known = await guessing.remember_browser(session, account.id, browser, at=at)
        return replace(opened, browser=known)
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
    return Opened(secret, expires_at, account.id)


async def end_sign_in(session: AsyncSession, hashed: str, *, actor: str, at: datetime) -> None:
    """Sign out: end the sign-in of this hash."""
    await end_where(session, col(SignIn.secret_hash) == hashed, actor=actor, at=at)


async def end_own_sign_in(session: AsyncSession, sign_in_id: int, *, account_id: int, actor: str, at: datetime) -> None:
    """End one of one's own sign-ins. Raises NotFound `unknown-sign-in`."""
    mine = (col(SignIn.id) == sign_in_id) & (col(SignIn.account_id) == account_id)
    if not await end_where(session, mine, actor=actor, at=at):
        raise NotFound("unknown-sign-in", "You have no such sign-in that is still open.")


async def change_own_password(
    session: AsyncSession,
    username: str,
    *,
    current: str,
    new: str,
    this: str,
    address: str,
    browser: str | None,
    at: datetime,
) -> int | None:
    """Change one's own password and end every sign-in but `this` (its hash); returns how many ended.

    None when the current password is wrong (the failure is kept: commit it). Raises TooMany `too-many-sign-ins`,
    BadValue `weak-password`, `password-is-username` or `same-password`.
    """
    check_new_password(new, username=username, field="new_password")
    tried = await guessing.begin_try(session, username, address=address, browser=browser, at=at)
    account = await get_account(session, username)
    if not await is_right(current, account.password_hash):
        await guessing.count_failure(session, tried, at=at)
        return None
    if new == current:
        raise BadValue("same-password", "This is your password already. Choose another one.", field="new_password")
    await guessing.forget_failures(session, tried)
    await keep_password(session, account.id, new)
    others = (col(SignIn.account_id) == account.id) & (col(SignIn.secret_hash) != this)
    ended = await end_where(session, others, actor=username, at=at)
    subject = f"account:{username}"
    await audit.record(session, "password_changed", subject, actor=username, at=at, sign_ins_ended=ended)
    return ended


async def change_own_email(
    session: AsyncSession,
    username: str,
    *,
    email: str | None,
    current: str,
    address: str,
    browser: str | None,
    at: datetime,
) -> bool:
    """Change where one's own messages go (None: nowhere, they are only shown), and tell the address they went to.

    It wants the password, as changing that does: at a browser that was left open nobody should turn a colleague's
    messages aside. False when the password is wrong (the failure is kept: commit it). Raises TooMany
    `too-many-sign-ins`, BadValue `bad-email`.
    """
    wanted = checked_email(email)
    tried = await guessing.begin_try(session, username, address=address, browser=browser, at=at)
    await session.execute(ONE_AT_A_TIME)
    account = await get_account(session, username)
    if not await is_right(current, account.password_hash):
        await guessing.count_failure(session, tried, at=at)
        return False
    await guessing.forget_failures(session, tried)
    before = account.email
    if wanted == before:
        return True
    changed = {"email": wanted, "version": account.version + 1}
    await session.execute(update(Account).where(col(Account.id) == account.id).values(**changed))
    await tell_old_address(session, username, old=before, new=wanted, actor=username, at=at)
    subject = f"account:{username}"
    await audit.record(session, "account_changed", subject, actor=username, at=at, email_before=before, email=wanted)
    return True


async def keep_password(session: AsyncSession, account_id: int, password: str) -> None:
    """Write what is kept of a password that was checked."""
    hashed = await hash_password(password)
    await session.execute(update(Account).where(col(Account.id) == account_id).values(password_hash=hashed))


async def get_account(session: AsyncSession, username: str) -> Account:
    """The account of that name. Raises NotFound `unknown-user`."""
    found = await session.execute(select(Account).where(col(Account.username) == username))
    account = found.scalar_one_or_none()
    if account is None:
        raise NotFound("unknown-user", "Nobody has this username.", field="username")
    return account


async def end_where(session: AsyncSession, where: ColumnElement[bool], *, actor: str, at: datetime) -> int:
    """End the open sign-ins that fit; returns how many."""
    ended = update(SignIn).where(where, col(SignIn.ended_at).is_(None)).values(ended_at=at, ended_by=actor)
    return len((await session.execute(ended.returning(col(SignIn.id)))).all())
