"""Who may have what a panel ring-fenced, for all features that keep or hand out an item without an order.

What is ring-fenced is told by the view `ring_fence` alone; the ledger reads it with each item.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.ring_fencing import RingFence, check_ring_fence

TEAM = text("""
    SELECT prescriber.team_id FROM prescriber JOIN account ON account.id = prescriber.account_id
    WHERE account.username = :actor
""")


async def refuse_to_others(session: AsyncSession, fence: RingFence | None, *, actor: str) -> None:
    """Whether this person may keep or hand out the item, which is locked: one of the team that it is ring-fenced for.

    Raises Conflict `ring-fenced`. No statement where it is not ring-fenced, one where it is.
    """
    if fence:
        check_ring_fence(fence, await session.scalar(TEAM, {"actor": actor}))
