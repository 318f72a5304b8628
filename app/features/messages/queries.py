"""Reads of messages."""

from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.messages import MessageState, state_of
from app.features.messages.schemas import MessageBody, MessageLine

MESSAGES = """
    SELECT message.id, message.purpose, message.about, account.username AS to, message.to_name, message.to_email,
           message.subject, message.body, message.made_at, message.tries, message.next_try_at, message.sent_at,
           message.sent_as, message.given_up_at, message.last_error, message.seen_at
    FROM message LEFT JOIN account ON account.id = message.to_account_id
"""
ONE = text(f"{MESSAGES} WHERE message.id = :id")
# What is unread comes first, then the newest: `was_unread` and `before` say where the last page ended.
MINE = text(f"""{MESSAGES}
    WHERE message.to_account_id = :account_id
      AND (CAST(:before AS bigint) IS NULL OR (message.seen_at IS NULL, message.id) < (:was_unread, :before))
    ORDER BY (message.seen_at IS NULL) DESC, message.id DESC LIMIT :limit
""")
ALL = text(f"""{MESSAGES}
    WHERE (CAST(:before AS bigint) IS NULL OR message.id < :before)
      AND (CAST(:account_id AS bigint) IS NULL OR message.to_account_id = :account_id)
      AND (CAST(:state AS text) IS DISTINCT FROM 'sent' OR message.sent_at IS NOT NULL)
      AND (CAST(:state AS text) IS DISTINCT FROM 'given_up'
           OR message.sent_at IS NULL AND message.given_up_at IS NOT NULL)
      AND (CAST(:state AS text) IS DISTINCT FROM 'waiting' OR message.sent_at IS NULL AND message.given_up_at IS NULL)
    ORDER BY message.id DESC LIMIT :limit
""")
UNREAD = text("SELECT count(*) FROM message WHERE to_account_id = :account_id AND seen_at IS NULL")


async def count_unread(session: AsyncSession, account_id: int) -> int:
    """How many messages the person has not opened."""
    return int(await session.scalar(UNREAD, {"account_id": account_id}) or 0)


async def list_mine(
    session: AsyncSession, account_id: int, *, before: tuple[bool, int] | None = None, limit: int
) -> list[MessageLine]:
    """The person's own messages, unread ones first, `limit + 1` of them; `before`: was it unread, and its number."""
    was_unread, last = before or (False, None)
    values = {"account_id": account_id, "was_unread": was_unread, "before": last, "limit": limit + 1}
    return [MessageLine(**_facts(row)) for row in (await session.execute(MINE, values)).mappings()]


async def list_messages(
    session: AsyncSession,
    *,
    account_id: int | None = None,
    state: MessageState | None = None,
    before: int | None = None,
    limit: int,
) -> list[MessageLine]:
    """Messages newest first, `limit + 1` of them: those of one account, or all."""
    values = {"account_id": account_id, "state": state and state.value, "before": before, "limit": limit + 1}
    return [MessageLine(**_facts(row)) for row in (await session.execute(ALL, values)).mappings()]


async def get_message(session: AsyncSession, message_id: int) -> MessageBody | None:
    """One message with its text, if there is one of this number."""
    row = (await session.execute(ONE, {"id": message_id})).mappings().one_or_none()
    return MessageBody(**_facts(row)) if row else None


def _facts(row: RowMapping) -> dict[str, Any]:
    """The row with its state; when it will be tried next is said only while it waits."""
    state = state_of(sent_at=row["sent_at"], given_up_at=row["given_up_at"])
    next_try_at = row["next_try_at"] if state is MessageState.WAITING else None
    facts = {name: value for name, value in row.items() if name != "given_up_at"}
    return {**facts, "state": state, "next_try_at": next_try_at}
