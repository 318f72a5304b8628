"""What is forgotten of requests and of the job queue as time goes by."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

REQUESTS_KEPT: Final = timedelta(days=7)
QUEUE_LOG_KEPT: Final = timedelta(days=7)
QUEUE_COUNTS_KEPT: Final = timedelta(days=90)

REQUESTS = text("DELETE FROM idempotency_key WHERE made_at < :before")
# What the library has not counted yet is left for it to count.
QUEUE_LOG = text("DELETE FROM jobs.pgqueuer_log WHERE created < :before AND aggregated")
QUEUE_COUNTS = text("DELETE FROM jobs.pgqueuer_statistics WHERE created < :before")


async def forget_requests(session: AsyncSession, *, at: datetime) -> int:
    """Forget, after 7 days, the answers kept for a request that is sent again; returns how many."""
    return await _delete(session, REQUESTS, at - REQUESTS_KEPT)


async def forget_queue_log(session: AsyncSession, *, at: datetime) -> int:
    """Forget what the queue noted of each job after 7 days, and what it counted after 90; returns how many lines."""
    noted = await _delete(session, QUEUE_LOG, at - QUEUE_LOG_KEPT)
    return noted + await _delete(session, QUEUE_COUNTS, at - QUEUE_COUNTS_KEPT)


async def _delete(session: AsyncSession, statement: TextClause, before: datetime) -> int:
    done = await session.execute(statement, {"before": before})
    return done.rowcount if isinstance(done, CursorResult) else 0
