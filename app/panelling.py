"""What becomes of a panel's case when its order ends, for all who end one: a case without an order decides nothing."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit

BECAUSE: Final = "Its order was ended, so there is nothing to decide any more."
# What is decided stays as it is: it was decided. The caller has locked the orders.
WITHDRAW = text("""
    UPDATE panel_case SET state = 'withdrawn', meeting_id = NULL, withdrawn_at = :at, withdrawn_by = :actor,
           withdrawn_because = :because, version = version + 1
    WHERE order_id = ANY(:order_ids)
      AND (state IN ('draft', 'submitted', 'screened', 'listed')
           OR state = 'decided' AND (SELECT kind FROM panel_decision WHERE case_id = panel_case.id
                                     ORDER BY id DESC LIMIT 1) = 'defer'
           OR state = 'decided' AND EXISTS (SELECT FROM panel_lapse WHERE decision_id = (
                  SELECT max(id) FROM panel_decision WHERE case_id = panel_case.id)))
    RETURNING number
""")


async def withdraw_cases(session: AsyncSession, order_ids: Collection[int], *, actor: str, at: datetime) -> None:
    """Withdraw the cases that wait for a decision about these orders. One statement, and two where there are any."""
    values = {"order_ids": list(order_ids), "because": BECAUSE, "actor": actor, "at": at}
    numbers = sorted(await session.scalars(WITHDRAW, values))
    if numbers:
        acts = [(f"panel_case:{number}", {"because": BECAUSE}) for number in numbers]
        await audit.record_each(session, "panel_case_withdrawn", acts, actor=actor, at=at)
