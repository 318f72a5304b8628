"""What becomes of old equipment when another one of its kind is handed over the counter: the same as with an order."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed
from app.domain.old_equipment import check_old, check_said
from app.domain.ordering import SupersedeAction
from app.features.loans.counter import AtCounter, look
from app.fetching import Lent, request_collection
from app.safety import let_go
from app.surroundings import OldItem
from app.web.old_equipment import NewSupersedes

LOCK = text("SELECT id FROM item WHERE barcode = ANY(:barcodes) ORDER BY barcode FOR UPDATE")


async def decide_old(
    session: AsyncSession, barcode: str, said: Sequence[tuple[str, NewSupersedes]], *, client_ref: str, today: date
) -> AtCounter:
    """What the client has and what becomes of it; what is not kept is locked with the new item, in barcode order.

    Raises Incomplete `say-what-becomes-of-old-equipment`, BadValue `decided-twice`, Conflict `not-with-this-client` or
    `use-was-stopped`.
    """
    going = [tag for tag, one in said if one.action is not SupersedeAction.KEEP]
    if going:
        await session.execute(LOCK, {"barcodes": [barcode, *going]})
    there = await look(session, barcode, said, client_ref=client_ref, today=today)
    check_said([tag for tag, _ in said], there={one.barcode for one in there.old})
    check_old(there.old)
    return there


async def take_effect(
    session: AsyncSession, there: Sequence[OldItem], *, loan_id: int, client_id: int, actor: str, at: datetime
) -> None:
    """Stop the use of what is not used any more, hold what may be at fault, ask for what is collected, and keep what
    was said of each."""
    old = [one for one in there if one.action]
    if not old:
        return
    said = {one.barcode: _in_short(one) for one in old}
    await audit.record(session, "old_equipment_decided", f"loan:{loan_id}", actor=actor, at=at, **said)
    await let_go(session, old, actor=actor, at=at)
    is_there = {State.ON_LOAN, State.ON_TRIAL}
    going = [one for one in old if one.action is SupersedeAction.COLLECT and one.state in is_there]
    if going:
        await request_collection(
            session,
            client_id,
            [Lent(one.item_id, one.loan_id, one.barcode) for one in going],
            reason=f"Replaced over the counter. {' '.join(dict.fromkeys(one.reason or '' for one in going))}",
            speed=CollectionSpeed.STANDARD,
            noted={"replaced_by_loan": loan_id},
            actor=actor,
            at=at,
        )


def _in_short(one: OldItem) -> str:
    fault = f", item_fault {one.item_fault.value}" if one.item_fault else ""
    return f"{one.action.value if one.action else ''}{fault}: {one.reason}"
