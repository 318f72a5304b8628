"""A missing item is found: it comes in as dirty as any other return."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger, rematching
from app.domain.access import StoreRef
from app.domain.errors import Conflict
from app.domain.lifecycle import Move
from app.domain.notice_work import Cause
from app.features.returns.service import CONSEQUENCES

LOCK = text("SELECT id FROM item WHERE barcode = :barcode FOR UPDATE")
IS_STOPPED = text("""
    SELECT EXISTS (SELECT FROM item JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
                   JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
                   WHERE item.barcode = :barcode AND item.state = 'missing')
""")


async def find_item(
    session: AsyncSession,
    barcode: str,
    *,
    store: StoreRef,
    reason: str,
    was_used: bool = False,
    actor: str,
    at: datetime,
) -> None:
    """A missing item turned up in a store: its loan is closed and its decontamination opened.

    `was_used`: somebody had it, so that it counts as issued. Raises WrongState, and Conflict `scan-it-back` where its
    use at a client's was stopped: that ends with the item in somebody's hands, and not with what somebody types
    (ADR 37).
    """
    await session.execute(LOCK, {"barcode": barcode})
    if await session.scalar(IS_STOPPED, {"barcode": barcode}):
        detail = "Its use at a client's was stopped. Scan it in at the returns desk: that records that it is back."
        raise Conflict("scan-it-back", detail)
    in_force = await rematching.read_in_force(session, waits=False)
    moved = await ledger.move_one(
        session, barcode, Move.FIND, actor=actor, at=at, store_id=store.id, reason=reason, was_used=was_used
    )
    what = {"item_ids": [moved.item.id], "undelivered_ids": [], "conditions": "[]"}
    values = {**what, "answers": "[]", "actor": actor, "at": at}
    await session.execute(CONSEQUENCES, values)
    items = {moved.item.id: barcode}
    await rematching.ask_about_items(session, in_force, items, cause=Cause.FOUND, actor=actor, at=at)
