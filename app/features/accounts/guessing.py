"""The brake on guessing passwords: failed tries are counted, and a browser that is known is counted by itself.

A browser in which a person signed in before carries a cookie with a random secret. It signs nobody in. Tries from it
for that person count against that browser alone, all others against the name and the address together, so that
strangers' failures do not lock people out where they usually work, and a stolen cookie buys few guesses.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import UK
from app.domain.errors import TooMany
from app.models import Account, KnownBrowser, SignInFailure
from app.web.auth import secret_hash

WINDOW: Final = timedelta(minutes=15)
KNOWN_FOR: Final = timedelta(days=365)
MOST_FAILURES_FROM_ONE_PLACE: Final = 5
MOST_FAILURES_OF_ONE_BROWSER: Final = 5
MOST_FAILURES_OF_ONE_NAME: Final = 30
MOST_FAILURES_OF_ONE_PLACE: Final = 60

# The door opens when the oldest of the newest so many failures has left the window. GREATEST passes over NULL.
LAST_OF_A_STRANGER = text("""
    WITH recent AS MATERIALIZED (
        SELECT username, address, failed_at FROM sign_in_failure
        WHERE (username = :name OR address = :address) AND known_browser_id IS NULL AND failed_at > :since
    )
    SELECT GREATEST(
        (SELECT failed_at FROM recent WHERE username = :name AND address = :address
         ORDER BY failed_at DESC OFFSET :most_of_both - 1 LIMIT 1),
        (SELECT failed_at FROM recent WHERE username = :name ORDER BY failed_at DESC OFFSET :most_of_name - 1 LIMIT 1),
        (SELECT failed_at FROM recent WHERE address = :address
         ORDER BY failed_at DESC OFFSET :most_of_place - 1 LIMIT 1))
""")


@dataclass(frozen=True, slots=True)
class Try:
    """A try to say somebody's password: for whom, from where, and in which browser that is known for them."""

    username: str
    address: str
    browser_id: int | None


async def begin_try(session: AsyncSession, username: str, *, address: str, browser: str | None, at: datetime) -> Try:
    """A try that may be made now; `browser` is the secret of the browser's cookie.

    Raises TooMany `too-many-sign-ins` after 5 failures of a known browser; of all others after 5 of the name from one
    address, 30 of the name, or 60 from the address, within 15 minutes. Tries for one name wait for each other, so that
    guessing in parallel gains nothing.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"sign-in:{username}"})
    browser_id = await _find_browser(session, username, browser, at=at) if browser else None
    this = Try(username, address, browser_id)
    failed_at = await _deciding_failure(session, this, since=at - WINDOW)
    if failed_at is not None:
        detail = (
            f"Too many wrong passwords. Try again at {_clock_time(failed_at + WINDOW)}. "
            "If you cannot wait, ask an administrator to give you a new password."
        )
        raise TooMany("too-many-sign-ins", detail)
    return this


async def count_failure(session: AsyncSession, failed: Try, *, at: datetime) -> None:
    """Keep that the password was wrong: commit it."""
    row = {"username": failed.username, "address": failed.address, "failed_at": at}
    await session.execute(insert(SignInFailure).values(**row, known_browser_id=failed.browser_id))


async def forget_failures(session: AsyncSession, right: Try) -> None:
    """The password was right: its own wrong tries are forgotten, not those that are counted elsewhere."""
    failures = delete(SignInFailure).where(col(SignInFailure.username) == right.username)
    # `==` with None is IS NULL: the tries of strangers.
    await session.execute(failures.where(col(SignInFailure.known_browser_id) == right.browser_id))


async def remember_browser(session: AsyncSession, account_id: int, browser: str | None, *, at: datetime) -> str:
    """Know this browser for the person from now on; returns its new secret. A copy of the old one is worth nothing."""
    secret = secrets.token_urlsafe(32)
    hashed = secret_hash(secret)
    if browser:
        held = (col(KnownBrowser.secret_hash) == secret_hash(browser), col(KnownBrowser.expires_at) > at)
        await session.execute(update(KnownBrowser).where(*held).values(secret_hash=hashed))
    row = {"account_id": account_id, "secret_hash": hashed, "expires_at": at + KNOWN_FOR}
    known = postgresql.insert(KnownBrowser).values(**row)
    renewed = known.on_conflict_do_update(
        index_elements=["secret_hash", "account_id"], set_={"expires_at": known.excluded.expires_at}
    )
    await session.execute(renewed)
    return secret


async def start_afresh(session: AsyncSession, account_id: int, username: str) -> None:
    """Forget every failed try for this name, and every browser that is known for it."""
    await session.execute(delete(SignInFailure).where(col(SignInFailure.username) == username))
    await session.execute(delete(KnownBrowser).where(col(KnownBrowser.account_id) == account_id))


async def _find_browser(session: AsyncSession, username: str, browser: str, *, at: datetime) -> int | None:
    found = (
        select(col(KnownBrowser.id))
        .join(Account, col(Account.id) == col(KnownBrowser.account_id))
        .where(col(KnownBrowser.secret_hash) == secret_hash(browser), col(Account.username) == username)
        .where(col(KnownBrowser.expires_at) > at)
    )
    return (await session.execute(found)).scalar_one_or_none()


async def _deciding_failure(session: AsyncSession, this: Try, *, since: datetime) -> datetime | None:
    """When the failure was made that must grow old before this try; None when nothing is in its way."""
    if this.browser_id is not None:
        own = (
            select(col(SignInFailure.failed_at))
            .where(col(SignInFailure.known_browser_id) == this.browser_id, col(SignInFailure.failed_at) > since)
            .order_by(col(SignInFailure.failed_at).desc())
        )
        last = own.offset(MOST_FAILURES_OF_ONE_BROWSER - 1).limit(1)
        return (await session.execute(last)).scalar_one_or_none()
    asked = {
        "name": this.username,
        "address": this.address,
        "since": since,
        "most_of_both": MOST_FAILURES_FROM_ONE_PLACE,
        "most_of_name": MOST_FAILURES_OF_ONE_NAME,
        "most_of_place": MOST_FAILURES_OF_ONE_PLACE,
    }
    found: datetime | None = (await session.execute(LAST_OF_A_STRANGER, asked)).scalar_one()
    return found


def _clock_time(at: datetime) -> str:
    """2:20pm in the UK, the next full minute, so that nobody who comes then comes too early."""
    local = (at + timedelta(seconds=59, microseconds=999_999)).astimezone(UK)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
