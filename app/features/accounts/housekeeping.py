"""What is forgotten of signing in as time goes by. The audit trail keeps who signed in."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

FAILURES_KEPT: Final = timedelta(days=30)
SIGN_INS_KEPT: Final = timedelta(days=90)

FAILURES = text("""
    DELETE FROM sign_in_failure
    WHERE failed_at < :before OR known_browser_id IN (SELECT id FROM known_browser WHERE expires_at < :at)
""")
BROWSERS = text("""
    DELETE FROM known_browser WHERE expires_at < :at
      AND NOT EXISTS (SELECT FROM sign_in_failure WHERE known_browser_id = known_browser.id)
""")
SIGN_INS = text("DELETE FROM sign_in WHERE LEAST(expires_at, ended_at) < :before")


async def forget_sign_ins(session: AsyncSession, *, at: datetime) -> int:
    """Forget failed tries after 30 days, known browsers that ran out, and sign-ins 90 days after their end.

    Returns how many lines are gone.
    """
    steps = (
        (FAILURES, {"before": at - FAILURES_KEPT, "at": at}),
        (BROWSERS, {"at": at}),
        (SIGN_INS, {"before": at - SIGN_INS_KEPT}),
    )
    gone = 0
    for step, values in steps:
        done = await session.execute(step, values)
        gone += done.rowcount if isinstance(done, CursorResult) else 0
    return gone
