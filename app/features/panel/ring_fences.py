"""Lifting a ring-fence: others may have the item from now on."""

from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger
from app.domain.access import Actor, Permission
from app.domain.errors import Conflict, NotAllowed, NotFound
from app.models import RingFenceLift

CHAIRS = text("""
    SELECT EXISTS (SELECT FROM panel_member JOIN account ON account.id = panel_member.account_id
                   WHERE panel_id = :panel_id AND is_chair AND account.username = :actor)
""")


async def lift(session: AsyncSession, barcode: str, *, reason: str, person: Actor, at: datetime) -> None:
    """Let others have an item again that a panel ring-fenced.

    Raises NotFound `unknown-barcode`, Conflict `not-ring-fenced`, NotAllowed `not-your-panel`.
    """
    item = (await ledger.read_items(session, [barcode], lock=True)).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    fence = item.ring_fence
    if fence is None:
        raise Conflict("not-ring-fenced", "It is not ring-fenced, so there is nothing to lift.")
    of_panel = {"panel_id": fence.panel_id, "actor": person.username}
    if not person.may(Permission.KEEP_PANELS) and not await session.scalar(CHAIRS, of_panel):
        raise NotAllowed("not-your-panel", f"You do not chair {fence.panel}. {fence.who_lifts}")
    values = {"loan_id": fence.loan_id, "reason": reason, "lifted_at": at, "lifted_by": person.username}
    await session.execute(insert(RingFenceLift).values(**values))
    facts = {"case": fence.case_number, "team": fence.team, "reason": reason}
    await audit.record(session, "ring_fence_lifted", f"item:{barcode}", actor=person.username, at=at, **facts)
