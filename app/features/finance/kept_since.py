"""Since when charges are kept, for reports of the time before: empty figures do not mean that nothing was spent."""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cost_reports import not_kept_before

# Once months are summed up the first of them says it at once; among the lines all of them would be looked through.
# A month that was put aside has its sums still, and no lines.
FIRST_MONTH: Final = """
    CASE WHEN EXISTS (SELECT FROM charge_month_summed) THEN (
        SELECT min(period) FROM charge_month
        WHERE grain = 1 AND period > COALESCE((SELECT max(month) FROM month_put_aside), '-infinity'))
    ELSE first_month_of_charges() END
"""
"""The first month of which there are charges, as SQL; nothing where there are none."""
BEGAN: Final = text(f"SELECT {FIRST_MONTH}")
EVER: Final = date.min
"""For what is asked of no month: it begins before everything."""


async def said_of(session: AsyncSession, first: date) -> str:
    """The sentence for a report that begins on that day; empty where all of it is kept. One statement."""
    return not_kept_before(first, await session.scalar(BEGAN))
