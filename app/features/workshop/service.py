"""What is done to an item between its return and the shelf: repair, release. To clean it: `cleaning.py`."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.errors import WrongState
from app.domain.lifecycle import Move, State, next_state
from app.domain.look_ahead import HandingOut
from app.ledger import Moved
from app.web.look_ahead import NOTHING_DECIDED, LookAhead, check_ahead

# Nothing is reserved of what is gone.
UNFIT = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
    WHERE item_id = :id AND ended_at IS NULL
""")


async def release(
    session: AsyncSession,
    barcode: str,
    *,
    bay: str | None,
    actor: str,
    at: datetime,
    ahead: LookAhead = NOTHING_DECIDED,
) -> Moved:
    """Put a clean and checked item on the shelf. Raises NotClear with every blocker, WrongState, NotFound.

    One whose thorough examination falls due soon goes there when somebody decides it (`ahead`): Conflict
    `examination-due-soon`, NotAllowed `not-yours-to-decide`.
    """
    moved = await ledger.move_one(session, barcode, Move.RELEASE, actor=actor, at=at, bay=bay)
    if moved.item.state is State.RESERVED:
        # The table has this move for a reservation that is given up; the bench must not end one by the way.
        raise WrongState("wrong-state", "The item is on the shelf, reserved. Give up the reservation instead.")
    await check_ahead(session, [moved.item], HandingOut.RELEASE, ahead, actor=actor, at=at)
    return moved


async def complete_repair(session: AsyncSession, barcode: str, *, notes: str, actor: str, at: datetime) -> Moved:
    """The item is mended: it goes back to the inspection bench. Raises NotFound, WrongState."""
    return await ledger.move_one(session, barcode, Move.COMPLETE_REPAIR, actor=actor, at=at, reason=notes or None)


async def give_up_repair(session: AsyncSession, barcode: str, *, notes: str, actor: str, at: datetime) -> Moved:
    """The item is beyond repair: it is scrapped. Raises NotFound, WrongState when it is not in repair."""
    reason = f"Beyond repair. {notes}".strip()
    moved = await ledger.move_one(session, barcode, Move.SCRAP, actor=actor, at=at, reason=reason)
    next_state(moved.item.state, Move.COMPLETE_REPAIR)
    await session.execute(UNFIT, {"at": at, "actor": actor, "id": moved.item.id})
    return moved
