"""The audit trail of acts: chained by actor, written with the act or not at all, and any change shows."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app import audit
from app.domain.errors import Conflict
from tests.conftest import Clock, Query, Sessions
from tests.given import Given


@pytest.fixture
async def acts(sessions: Sessions, clock: Clock) -> None:
    """Three acts of Ada, three of Bea and three of Cem, in turn."""
    for number in range(3):
        for actor in ("ada", "bea", "cem"):
            async with sessions.begin() as session:
                await audit.record(
                    session, "client_read", f"client:{number}", actor=actor, at=clock.now, found=number, note=None
                )
        clock.move(minutes=1)


async def test_every_actor_has_a_chain_of_their_own(session: AsyncSession, acts: None, query: Query) -> None:
    assert await audit.verify(session) == (9, None)
    rows = await query("SELECT chain, seq FROM audit_event ORDER BY chain, seq")
    assert [tuple(row.values()) for row in rows] == [(who, n) for who in ("ada", "bea", "cem") for n in (1, 2, 3)]


async def test_an_act_that_is_undone_leaves_no_line(sessions: Sessions, clock: Clock, query: Query) -> None:
    async def fail_afterwards() -> None:
        async with sessions.begin() as session:
            await audit.record(session, "client_read", "client:1", actor="ada", at=clock.now)
            raise Conflict("no", "No.")

    with pytest.raises(Conflict):
        await fail_afterwards()
    assert await query("SELECT id FROM audit_event") == []


async def test_what_was_said_of_an_act_may_hold_any_text(
    sessions: Sessions, session: AsyncSession, clock: Clock
) -> None:
    async with sessions.begin() as writing:
        await audit.record(
            writing, "hold_placed", "item:1", actor="ada", at=clock.now, reason='„Ström“ 🦽 \\ " \n', n=1
        )
    assert await audit.verify(session) == (1, None)


async def tampered(connection: AsyncConnection, session: AsyncSession, statement: str, **values: Any) -> Any:
    """What the walk finds after somebody with all rights changed the trail."""
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text(statement), values)
    _, broken = await audit.verify(session)
    return broken


@pytest.mark.parametrize("chain", ["ada", "bea", "cem"])
@pytest.mark.parametrize("seq", [1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [
        "action = 'client_changed'",
        "subject = 'client:9'",
        "at = at + interval '1 microsecond'",
        "detail = '{}'",
        """detail = detail || '{"found": 7}'""",
        "hash = repeat('0', 64)",
    ],
)
async def test_a_changed_act_is_named(
    connection: AsyncConnection, session: AsyncSession, acts: None, chain: str, seq: int, change: str
) -> None:
    statement = f"UPDATE audit_event SET {change} WHERE chain = :chain AND seq = :seq"  # noqa: S608 - our own words
    broken = await tampered(connection, session, statement, chain=chain, seq=seq)
    assert (broken.chain, broken.seq, broken.what) == (chain, seq, "the line was changed")


@pytest.mark.parametrize("chain", ["ada", "bea", "cem"])
@pytest.mark.parametrize(
    ("which", "seq", "what"),
    [
        ("seq = 1", 1, "the line is missing"),
        ("seq = 2", 2, "the line is missing"),
        ("seq = 3", 3, "the newest lines are missing"),
        ("seq > 1", 2, "the newest lines are missing"),
    ],
)
async def test_a_deleted_act_is_named(
    connection: AsyncConnection, session: AsyncSession, acts: None, chain: str, which: str, seq: int, what: str
) -> None:
    statement = f"DELETE FROM audit_event WHERE chain = :chain AND {which}"  # noqa: S608 - our own words
    broken = await tampered(connection, session, statement, chain=chain)
    assert (broken.chain, broken.seq, broken.what) == (chain, seq, what)


async def test_an_act_that_was_moved_to_somebody_else_is_named(
    connection: AsyncConnection, session: AsyncSession, acts: None
) -> None:
    broken = await tampered(connection, session, "UPDATE audit_event SET chain = 'dan' WHERE chain = 'bea' AND seq = 3")
    assert broken is not None


async def test_a_chain_whose_head_is_gone_is_named(
    connection: AsyncConnection, session: AsyncSession, acts: None
) -> None:
    broken = await tampered(connection, session, "DELETE FROM audit_head WHERE chain = 'bea'")
    assert broken is not None
    assert broken.chain == "bea"


async def test_the_verbs_write_their_acts(session: AsyncSession, given: Given) -> None:
    await given.collection()
    held, broken = await audit.verify(session)
    assert broken is None
    assert held >= 3
