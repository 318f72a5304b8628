"""The audit trail of acts that are not moves of an item: a record read, a role given, a sign-in ended."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

HEAD = text("""
    INSERT INTO audit_head (chain, seq, hash) VALUES (:chain, 0, '')
    ON CONFLICT (chain) DO UPDATE SET chain = excluded.chain
    RETURNING seq, hash
""")

APPEND = text("""
    WITH head AS (UPDATE audit_head SET seq = :seq, hash = :hash WHERE chain = :chain)
    INSERT INTO audit_event (chain, seq, at, action, subject, detail, hash)
    SELECT CAST(:chain AS text), seq, CAST(:at AS timestamptz), action, subject, CAST(detail AS jsonb), hash
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (seq int, action text, subject text, detail text, hash text)
""")

Detail = str | int | bool | None
Tell = Callable[[str, int, int], None]
"""Told of progress: what is done now, how much of it, and of how much."""


async def record(
    session: AsyncSession, action: str, subject: str, *, actor: str, at: datetime, **detail: Detail
) -> None:
    """Write that `actor` did `action` to `subject`, in the caller's transaction: no act without its line.

    `subject` is written as `kind:reference`, for example `client:C-1001`. Two statements.
    """
    await record_each(session, action, [(subject, detail)], actor=actor, at=at)


async def record_each(
    session: AsyncSession, action: str, acts: Sequence[tuple[str, Mapping[str, Detail]]], *, actor: str, at: datetime
) -> None:
    """Write that `actor` did the same to each of these subjects, with what details. Two statements for all."""
    head = (await session.execute(HEAD, {"chain": actor})).one()
    seq, hashed, lines = head.seq, head.hash, []
    for subject, detail in acts:
        seq += 1
        line = {"chain": actor, "seq": seq, "at": at, "action": action, "subject": subject, "detail": dict(detail)}
        hashed = chain_hash(hashed, line)
        kept = {"detail": json.dumps(detail, sort_keys=True), "hash": hashed}
        lines.append({"seq": seq, "action": action, "subject": subject} | kept)
    values = {"chain": actor, "seq": seq, "at": at, "hash": hashed, "lines": json.dumps(lines)}
    await session.execute(APPEND, values)


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
    return await walk_chains(read_in_pieces(session, WALK, cursor="acts"), chain_hash)


async def read_in_pieces(
    session: AsyncSession, walk: TextClause, *, cursor: str, tell: Callable[[int], None] | None = None
) -> AsyncIterator[RowMapping]:
    """The rows of a statement without binds, some thousands at a time: a stream asks for fifty and waits.

    `tell` is told after each piece how many there were so far.
    """
    read = 0
    await session.execute(text("SELECT set_config('cursor_tuple_fraction', '1', true)"))
    await session.execute(text(f"DECLARE {cursor} NO SCROLL CURSOR FOR {walk.text}"))
    piece = text(f"FETCH 4000 FROM {cursor}")
    while rows := (await session.execute(piece)).mappings().all():
        for row in rows:
            yield row
        read += len(rows)
        if tell:
            tell(read)
    await session.execute(text(f"CLOSE {cursor}"))


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
        seq, previous, held = row.get("until_seq", row["seq"]), row["hash"], held + 1
    if (seq, previous) != head:
        return held, Break(chain, seq + 1, "the newest lines are missing")
    return held, None
