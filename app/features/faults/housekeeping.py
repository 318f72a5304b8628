"""What is forgotten of strangers as time goes by."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

REQUESTS_KEPT: Final = timedelta(days=1)
PHONES_KEPT: Final = timedelta(days=30)

REQUESTS = text("DELETE FROM public_request WHERE made_at < :before")
PHONES = text("UPDATE fault_report SET phone = NULL WHERE phone IS NOT NULL AND closed_at < :before")


async def forget_strangers(session: AsyncSession, *, at: datetime) -> int:
    """Forget who asked for label pages after a day, and whom to ring 30 days after a report was closed; how many."""
    gone = 0
    for step, before in ((REQUESTS, at - REQUESTS_KEPT), (PHONES, at - PHONES_KEPT)):
        done = await session.execute(step, {"before": before})
        gone += done.rowcount if isinstance(done, CursorResult) else 0
    return gone
