"""Which pieces of an order may not go out, or not be handed over, and why: by what is known of their item, and by the
load that it carries."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.allocation import RECYCLED_ONLY
from app.domain.clearance import find_blockers
from app.domain.combinations import order_load_blockers
from app.domain.dates import uk_date
from app.domain.errors import Blocker
from app.domain.ordering import UnitState
from app.features.ordering.records import LineRecord, OrderRecord, UnitRecord
from app.features.ordering.surroundings import read_surroundings
from app.web.overloads import ask_for_weight, stop_overloads

Unfit = list[tuple[UnitRecord, list[Blocker]]]

PROMISED = text("""
    SELECT item.barcode FROM item JOIN reservation AS theirs ON theirs.item_id = item.id
    WHERE item.barcode = ANY(:barcodes) AND theirs.ended_at IS NULL AND theirs.until_on >= :today
      AND theirs.client_id <> :client_id
""")
# Nobody was asked what they weigh since it carries so little: it stands under My work until that is known.
WANT_WEIGHT = text("""
    UPDATE loan SET weight_wanted_since = :at FROM item
    WHERE item.id = loan.item_id AND item.barcode = ANY(:barcodes) AND loan.ended_at IS NULL
    RETURNING loan.id, item.barcode
""")


def load_blockers(
    order: OrderRecord, unit: UnitRecord, line: LineRecord, decided: Collection[str] = ()
) -> list[Blocker]:
    """Why this piece may not go to the order's client for what its item carries, by the weight of today. `decided`:
    products that are sent in spite of their load."""
    is_decided = line.product_code in decided
    return order_load_blockers(
        unit.safe_working_load_kg, line.safe_working_load_kg, order.weight_kg, is_decided=is_decided
    )


async def find_unfit(
    session: AsyncSession, order: OrderRecord, units: Iterable[UnitRecord], decided: Collection[str], *, at: datetime
) -> Unfit:
    """The pieces that are held but may not go out now: not clear, promised to another client on a later day, or too
    weak for a client who weighs more than when it was ordered, or since it was examined."""
    units = list(units)
    today, barcodes = uk_date(at), [unit.barcode for unit in units if unit.barcode]
    if not barcodes:
        return []
    items = await ledger.read_items(session, barcodes)
    ordered = {line.id: line for line in order.lines}
    values = {"barcodes": barcodes, "today": today, "client_id": order.client_id}
    promised = set((await session.execute(PROMISED, values)).scalars())
    found = []
    for unit in units:
        item = items[unit.barcode or ""]
        blockers = find_blockers(item.evidence, on=today)
        if unit.barcode in promised:
            blockers.append(Blocker("promised", "It is reserved for another client on a later day."))
        if item.ring_fence and item.ring_fence.keeps_from(order.team_id):
            blockers.append(Blocker("ring-fenced", f"{item.ring_fence.detail} {item.ring_fence.who_lifts}"))
        if order.recycled_only and not unit.is_recycled:
            blockers.append(Blocker("recycled-only", RECYCLED_ONLY))
        blockers += load_blockers(order, unit, ordered[unit.line_id], decided)
        if blockers:
            found.append((unit, blockers))
    return found


async def find_too_weak(
    session: AsyncSession, order: OrderRecord, units: Iterable[UnitRecord], *, at: datetime
) -> Unfit:
    """Which pieces carry less than the client weighs, or than was ordered for a weight that nobody knows. No statement
    where each carries it."""
    ordered = {line.id: line for line in order.lines}
    asked = [unit for unit in units if load_blockers(order, unit, ordered[unit.line_id])]
    if not asked:
        return []
    decided = (await read_surroundings(session, order, today=uk_date(at))).decided_loads(order.lines)
    weighed = ((unit, load_blockers(order, unit, ordered[unit.line_id], decided)) for unit in asked)
    return [(unit, blockers) for unit, blockers in weighed if blockers]


async def held_up_on_the_van(session: AsyncSession, order: OrderRecord, *, at: datetime) -> list[str]:
    """What of it is with the driver and may not be handed over."""
    barcodes = [unit.barcode for unit in order.units_in(UnitState.DISPATCHED) if unit.barcode]
    items = await ledger.read_items(session, barcodes) if barcodes else {}
    return [barcode for barcode, item in items.items() if find_blockers(item.evidence, on=uk_date(at))]


async def answer_for_too_weak(
    session: AsyncSession, order: OrderRecord, too_weak: Unfit, *, actor: str, at: datetime
) -> None:
    """These were handed over although they are too weak: their use is stopped, or, where nobody knows what the client
    weighs, whose loan it is is asked to find out. The loans are made already. No statement for none."""
    if not too_weak:
        return
    details: dict[str, Any] = {"actor": actor, "at": at}
    barcodes = [unit.barcode for unit, _ in too_weak if unit.barcode]
    if order.weight_kg is not None:
        await stop_overloads(session, [order.client_id], weakest=set(barcodes), **details)
        return
    carried = {unit.barcode: unit.safe_working_load_kg for unit, _ in too_weak}
    for loan in (await session.execute(WANT_WEIGHT, {"barcodes": barcodes, "at": at})).all():
        why = f"It carries only {carried[loan.barcode]} kg, less than what was ordered."
        await ask_for_weight(session, loan.id, why=why, **details)
