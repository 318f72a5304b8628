"""Putting an item on the shelf. To clean it: `cleaning.py`, to inspect and to repair it: folders of their own."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.errors import WrongState
from app.domain.lifecycle import Move, State
from app.domain.look_ahead import HandingOut
from app.ledger import Moved
from app.web.look_ahead import NOTHING_DECIDED, LookAhead, check_ahead


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
