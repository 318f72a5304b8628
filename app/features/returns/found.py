"""A missing item is found: it comes in as dirty as any other return."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger, rematching
from app.domain.access import StoreRef
from app.domain.lifecycle import Move
from app.domain.notice_work import Cause
from app.features.returns.service import CONSEQUENCES


async def find_item(
    session: AsyncSession, barcode: str, *, store: StoreRef, reason: str, actor: str, at: datetime
) -> None:
    """A missing item turned up in a store: its loan is closed and its decontamination opened. Raises WrongState."""
    in_force = await rematching.read_in_force(session, waits=False)
    moved = await ledger.move_one(session, barcode, Move.FIND, actor=actor, at=at, store_id=store.id, reason=reason)
    values = {"item_ids": [moved.item.id], "answers": "[]", "conditions": "[]", "actor": actor, "at": at}
    await session.execute(CONSEQUENCES, values)
    items = {moved.item.id: barcode}
    await rematching.ask_about_items(session, in_force, items, cause=Cause.FOUND, actor=actor, at=at)
