"""What is forgotten as time goes by, and what is kept."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.accounts.housekeeping import forget_sign_ins
from app.features.housekeeping.service import forget_queue_log, forget_requests
from tests.conftest import Clock, Query

FAILURE = text("""
    INSERT INTO sign_in_failure (username, address, failed_at, known_browser_id) VALUES (:name, '', :at, :browser_id)
""")
BROWSER = text("""
    INSERT INTO known_browser (account_id, secret_hash, expires_at) VALUES (1, :name, :at) RETURNING id
""")
SIGN_IN = text("""
    INSERT INTO sign_in (account_id, kind, secret_hash, device, started_at, expires_at, ended_at, ended_by)
    VALUES (1, 'page', :name, '', :at, :expires_at, :ended_at,
            CASE WHEN CAST(:ended_at AS timestamptz) IS NOT NULL THEN 'ot' END)
""")
REQUEST = text("INSERT INTO idempotency_key (username, key, fingerprint, made_at) VALUES ('ot', :name, '', :at)")
NOTE = text("""
    INSERT INTO jobs.pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)
    VALUES (:at, 1, 'successful', 0, :name, :aggregated)
""")
COUNT = text("""
    INSERT INTO jobs.pgqueuer_statistics (created, count, priority, status, entrypoint)
    VALUES (:at, 1, 0, 'successful', :name)
""")


async def names(query: Query, wanted: str) -> list[Any]:
    """The names that are left."""
    return sorted(row["name"] for row in await query(wanted))


async def test_sign_ins_failures_and_browsers_are_forgotten_when_they_are_of_no_use(
    session: AsyncSession, clock: Clock, query: Query
) -> None:
    now = clock.now
    for name, days in (("old", 31), ("young", 29)):
        await session.execute(FAILURE, {"name": name, "at": now - timedelta(days=days), "browser_id": None})
    for name, ahead in (("expired", -1), ("known", 1)):
        browser_id = await session.scalar(BROWSER, {"name": name, "at": now + timedelta(days=ahead)})
        await session.execute(FAILURE, {"name": f"from {name}", "at": now, "browser_id": browser_id})
    for name, expired, ended in (("ran out", 91, None), ("ended", 1, 91), ("late", 89, None), ("open", -1, None)):
        values = {"expires_at": now - timedelta(days=expired), "ended_at": ended and now - timedelta(days=ended)}
        await session.execute(SIGN_IN, {"name": name, "at": now - timedelta(days=92), **values})
    assert await forget_sign_ins(session, at=now) == 5
    assert await forget_sign_ins(session, at=now) == 0
    await session.commit()
    assert await names(query, "SELECT username AS name FROM sign_in_failure") == ["from known", "young"]
    assert await names(query, "SELECT secret_hash AS name FROM known_browser") == ["known"]
    assert await names(query, "SELECT secret_hash AS name FROM sign_in") == ["late", "open"]


async def test_answers_to_requests_and_the_queues_notes_are_forgotten_after_a_week(
    session: AsyncSession, clock: Clock, query: Query
) -> None:
    for name, days in (("old", 8), ("young", 6)):
        at = clock.now - timedelta(days=days)
        await session.execute(REQUEST, {"name": name, "at": at})
        await session.execute(NOTE, {"name": name, "at": at, "aggregated": True})
        await session.execute(NOTE, {"name": f"{name} uncounted", "at": at, "aggregated": False})
        await session.execute(COUNT, {"name": name, "at": clock.now - timedelta(days=days * 13)})
    assert await forget_requests(session, at=clock.now) == 1
    assert await forget_queue_log(session, at=clock.now) == 2
    await session.commit()
    assert await names(query, "SELECT key AS name FROM idempotency_key") == ["young"]
    assert await names(query, "SELECT entrypoint AS name FROM jobs.pgqueuer_log") == [
        "old uncounted",
        "young",
        "young uncounted",
    ]
    assert await names(query, "SELECT entrypoint AS name FROM jobs.pgqueuer_statistics") == ["young"]
