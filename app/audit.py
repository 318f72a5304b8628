"""The audit trail of acts that are not moves of an item: a record read, a role given, a sign-in ended."""

import json
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

HEAD = text("""
    INSERT INTO audit_head (chain, seq, hash) VALUES (:chain, 0, '')
    ON CONFLICT (chain) DO UPDATE SET chain = excluded.chain
    RETURNING seq, hash
""")

APPEND = text("""
    WITH head AS (UPDATE audit_head SET seq = :seq, hash = :hash WHERE chain = :chain)
    INSERT INTO audit_event (chain, seq, at, action, subject, detail, hash)
    VALUES (:chain, :seq, :at, :action, :subject, CAST(:detail AS jsonb), :hash)
""")


async def record(
    session: AsyncSession, action: str, subject: str, *, actor: str, at: datetime, **detail: str | int | bool | None
) -> None:
    """Write that `actor` did `action` to `subject`, in the caller's transaction: no act without its line.

    `subject` is written as `kind:reference`, for example `client:C-1001`. Two statements.
    """
    head = (await session.execute(HEAD, {"chain": actor})).one()
    line: dict[str, Any] = {
        "chain": actor,
        "seq": head.seq + 1,
        "at": at,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, sort_keys=True),
    }
    line["hash"] = chain_hash(head.hash, line | {"detail": detail})
    await session.execute(APPEND, line)


def chain_hash(previous: str, line: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and every field of this event."""
    fields = [line["chain"], line["seq"], line["at"].isoformat(), line["action"], line["subject"], line["detail"]]
    return sha256(json.dumps([previous, *fields], sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold."""

    chain: str
    seq: int
    what: str


WALK = text("""
    SELECT COALESCE(head.chain, event.chain) AS chain, head.seq AS last_seq, head.hash AS last_hash,
           event.seq, event.at, event.action, event.subject, event.detail, event.hash
    FROM audit_head AS head FULL JOIN audit_event AS event ON event.chain = head.chain
    ORDER BY 1, event.seq
""")


async def verify(session: AsyncSession) -> tuple[int, Break | None]:
    """Walk every actor's acts in order. Returns how many hold, and the first that does not."""
    rows = (await session.stream(WALK)).mappings()
    return await walk_chains(rows, chain_hash)


async def walk_chains(
    rows: AsyncIterable[RowMapping], hash_of: Callable[[str, Mapping[str, Any]], str]
) -> tuple[int, Break | None]:
    """Check rows that come chain by chain and in order, each with its chain's `last_seq` and `last_hash`."""
    held = 0
    chain, seq, previous, head = "", 0, "", (0, "")
    async for row in rows:
        if row["chain"] != chain:
            if (seq, previous) != head:
                return held, Break(chain, seq + 1, "the newest lines are missing")
            chain, seq, previous, head = row["chain"], 0, "", (row["last_seq"], row["last_hash"])
        if row["seq"] != seq + 1:
            return held, Break(chain, seq + 1, "the line is missing")
        if row["hash"] != hash_of(previous, dict(row)):
            return held, Break(chain, row["seq"], "the line was changed")
        seq, previous, held = row["seq"], row["hash"], held + 1
    if (seq, previous) != head:
        return held, Break(chain, seq + 1, "the newest lines are missing")
    return held, None
