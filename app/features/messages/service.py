"""Sending what waits in the outbox, opening a message, and sending one again that was given up.

Sending is three steps for each message, so that nobody waits for a mail server with a row locked: claim (a
transaction), deliver (no transaction), settle (a transaction). One message at a time, so that whatever one does to
whoever sends it, no other was claimed with it. A worker that is killed in between leaves a claim that runs out, and the
message is sent again: at least once, never by two workers at once.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Actor, Permission
from app.domain.errors import Conflict, NotFound
from app.domain.messages import MOST_TRIES, pause_after
from app.features.messages import queries
from app.features.messages.schemas import MessageBody
from app.integrations.mail import Letter, Mailer, MailError

log = structlog.get_logger()

LONGEST_SENDING: Final = timedelta(seconds=30)
"""How long one letter may take from first to last; the ways of sending bound each of their steps, not their sum."""

CLAIM_LASTS: Final = timedelta(minutes=10)
"""So much longer than one letter can take that no other worker claims it while it is being sent."""

LONGEST_ERROR: Final = 1000
NEVER_SETTLED: Final = (
    f"The last of {MOST_TRIES} tries ended without an answer: the worker stopped, or could not write down what became "
    "of it. It may have been sent."
)

GIVE_UP = text("""
    UPDATE message SET given_up_at = :at, last_error = :error
    WHERE id IN (
        SELECT id FROM message
        WHERE sent_at IS NULL AND given_up_at IS NULL AND next_try_at <= :at AND tries >= :most
        FOR UPDATE SKIP LOCKED)
""")
CLAIM = text("""
    UPDATE message SET tries = tries + 1, next_try_at = :until
    WHERE id = (
        SELECT id FROM message
        WHERE sent_at IS NULL AND given_up_at IS NULL AND next_try_at <= :at
          AND (:mail_leaves OR to_account_id IS NOT NULL)
        ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, tries, to_email, to_name, subject, body
""")
SENT = text("""
    UPDATE message SET sent_at = :at, sent_as = :sent_as, last_error = NULL
    WHERE id = :id AND tries = :tries AND sent_at IS NULL
""")
FAILED = text("""
    UPDATE message SET last_error = :error, next_try_at = COALESCE(:next_try_at, next_try_at),
        given_up_at = CASE WHEN CAST(:next_try_at AS timestamptz) IS NULL THEN CAST(:at AS timestamptz) END
    WHERE id = :id AND tries = :tries AND sent_at IS NULL
""")
SEEN = text("UPDATE message SET seen_at = :at WHERE id = :id AND to_account_id = :account_id AND seen_at IS NULL")
AGAIN = text("""
    UPDATE message SET given_up_at = NULL, tries = 0, next_try_at = :at WHERE id = :id AND given_up_at IS NOT NULL
    RETURNING about
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until the claim runs out; one without an address is only shown."""

    id: int
    tries: int
    to_email: str | None
    to_name: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a try: how it was sent, or why not."""

    message: Claimed
    sent_as: str | None
    error: MailError | None = None


async def claim_next(session: AsyncSession, *, mail_leaves: bool = True, at: datetime) -> Claimed | None:
    """Claim what has been due the longest; what another worker is claiming is passed over. None: nothing is due.

    Where no mail leaves (`STORES_MAIL=none`), messages to people without an account wait: nobody could read them.
    """
    values = {"mail_leaves": mail_leaves, "at": at, "until": at + CLAIM_LASTS}
    row = (await session.execute(CLAIM, values)).mappings().one_or_none()
    return Claimed(**row) if row else None


async def give_up_unsettled(session: AsyncSession, *, at: datetime) -> None:
    """Give up what is due once more although its tries are used up: the last one was never settled.

    A failure that is settled ends by itself; this is for a message that stops the worker each time.
    """
    await session.execute(GIVE_UP, {"most": MOST_TRIES, "error": NEVER_SETTLED, "at": at})


async def deliver(mailer: Mailer, message: Claimed) -> Fate:
    """Send it, or say why that failed, whatever happens. Touches no table."""
    if message.to_email is None:
        return Fate(message, sent_as="shown")
    letter = Letter(message.id, message.to_email, message.to_name, message.subject, message.body)
    try:
        async with asyncio.timeout(LONGEST_SENDING.total_seconds()):
            return Fate(message, sent_as=await mailer.send(letter))
    except MailError as error:
        return Fate(message, sent_as=None, error=error)
    except TimeoutError:
        seconds = LONGEST_SENDING.total_seconds()
        return Fate(message, sent_as=None, error=MailError(f"Sending it took longer than {seconds:.0f} seconds."))
    except Exception as error:
        # A letter that nobody foresaw must not keep the others waiting: it is tried again and given up as any other.
        log.exception("sending_broke", message=message.id)
        detail = f"Sending it failed in a way that nobody foresaw: {type(error).__name__}: {error}"
        return Fate(message, sent_as=None, error=MailError(detail))


async def settle(session: AsyncSession, fate: Fate, *, at: datetime) -> None:
    """Write what became of it: sent, to be tried again after a pause, or given up with its reason."""
    line = {"id": fate.message.id, "tries": fate.message.tries, "at": at}
    if fate.error is None:
        await session.execute(SENT, line | {"sent_as": fate.sent_as})
        return
    pause = None if fate.error.for_good else pause_after(fate.message.tries)
    next_try_at = at + pause if pause else None
    await session.execute(FAILED, line | {"error": fate.error.detail[:LONGEST_ERROR], "next_try_at": next_try_at})


async def open_message(session: AsyncSession, message_id: int, *, actor: Actor, at: datetime) -> MessageBody:
    """Read a message: one's own counts as read, somebody else's is written in the audit trail.

    Raises NotFound `unknown-message`, also for another's message when one may not see them all.
    """
    message = await queries.get_message(session, message_id)
    if message is None or not (message.to == actor.username or actor.may(Permission.SEE_ALL_MESSAGES)):
        raise NotFound("unknown-message", "You have no message with this number.")
    if message.to == actor.username:
        await session.execute(SEEN, {"id": message_id, "account_id": actor.id, "at": at})
        return message
    subject = message.about or f"message:{message_id}"
    await audit.record(session, "message_read", subject, actor=actor.username, at=at, message=message_id)
    return message


async def resend(session: AsyncSession, message_id: int, *, actor: str, at: datetime) -> None:
    """Try again, from the beginning, to send a message that was given up.

    Raises NotFound `unknown-message`, Conflict `not-given-up`.
    """
    if await queries.get_message(session, message_id) is None:
        raise NotFound("unknown-message", "There is no message with this number.")
    again = (await session.execute(AGAIN, {"id": message_id, "at": at})).one_or_none()
    if again is None:
        raise Conflict("not-given-up", "This message is waiting or was sent. Only one that was given up is sent again.")
    subject = again.about or f"message:{message_id}"
    await audit.record(session, "message_resent", subject, actor=actor, at=at, message=message_id)
