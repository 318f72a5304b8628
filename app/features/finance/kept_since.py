"""Since when charges are kept, for reports of the time before: empty figures do not mean that nothing was spent."""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cost_reports import not_kept_before

BEGAN: Final = text("SELECT min(period) FROM charge")


async def said_of(session: AsyncSession, first: date) -> str:
    """The sentence for a report that begins on that day; empty where all of it is kept. One statement."""
    return not_kept_before(first, await session.scalar(BEGAN))
