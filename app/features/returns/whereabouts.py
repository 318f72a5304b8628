"""What came in although it never left, by the record: somebody has looked at it and says what happened."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, safety
from app.domain.access import StoreRef
from app.domain.clearance import HoldKind
from app.domain.errors import Conflict, NotFound
from app.domain.lifecycle import IN_STORE, Move
from app.domain.transfers import on_its_way
from app.domain.whereabouts import Whereabouts, moves_once_used
from app.features.returns.found import find_item
from app.models import ReservationEnd
from app.web.disposing import free

# The scan that put it in question was kept at the same instant, by the same person. What was moved since then, or
# received from a consignment, stands where that says.
IN_QUESTION = text("""
    SELECT hold.id, hold.reason, hold.placed_by, hold.placed_at, store.id AS store_id, store.code AS store_code,
           store.name AS store_name
    FROM hold JOIN item ON item.id = hold.item_id
    LEFT JOIN return_scan AS scan ON scan.received_by = hold.placed_by AND scan.received_at = hold.placed_at
      AND scan.result ->> 'barcode' = item.barcode AND scan.kind = 'return'
    JOIN store ON store.id = CASE WHEN EXISTS (
        SELECT FROM movement WHERE movement.item_id = item.id AND movement.at > hold.placed_at
        AND movement.move = 'transfer') THEN item.store_id ELSE COALESCE(scan.store_id, item.store_id) END
    WHERE item.barcode = :barcode AND hold.kind = :kind AND hold.lifted_at IS NULL
    ORDER BY scan.id LIMIT 1
""")
CLOSE = text("""
    UPDATE return_scan SET reconciled_at = :at, reconciled_by = :actor, reconciled_note = :note
    WHERE outcome IN ('refused', 'unknown') AND reconciled_at IS NULL
      AND result ->> 'barcode' = :barcode AND result ->> 'code' = 'not-out'
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class InQuestion:
    """The hold of an item whose whereabouts are in question, and the store in which it was scanned."""

    hold_id: int
    reason: str
    placed_by: str
    placed_at: datetime
    store: StoreRef


async def read_in_question(session: AsyncSession, barcode: str) -> InQuestion | None:
    """What put the item in question; None where nothing does."""
    values = {"barcode": barcode, "kind": HoldKind.WHEREABOUTS.value}
    row = (await session.execute(IN_QUESTION, values)).one_or_none()
    if row is None:
        return None
    store = StoreRef(row.store_id, row.store_code, row.store_name)
    return InQuestion(row.id, row.reason, row.placed_by, row.placed_at, store)


async def settle(
    session: AsyncSession, barcode: str, found: Whereabouts, *, reason: str, actor: str, at: datetime
) -> StoreRef:
    """End the question: what never left stays on the shelf of the store in which it was scanned, and what may have been
    used goes to be cleaned there. The scans of it that wait to be reconciled are, with this reason.

    Returns that store. Raises NotFound `unknown-barcode`, Conflict `not-in-question`, `in-transit`,
    `single-patient-use`.
    """
    item = (await ledger.read_items(session, [barcode], lock=True)).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    asked = await read_in_question(session, barcode)
    if asked is None:
        detail = "Nobody asks where it was: that was settled already, or it was never in question."
        raise Conflict("not-in-question", detail)
    if any(hold.kind is HoldKind.IN_TRANSIT for hold in item.evidence.holds):
        raise on_its_way()
    if found is Whereabouts.USED:
        await _send_to_cleaning(session, item, asked.store, reason=reason, actor=actor, at=at)
    elif item.state in IN_STORE and item.store_id != asked.store.id:
        await ledger.move_one(
            session, barcode, Move.TRANSFER, actor=actor, at=at, store_id=asked.store.id, reason=reason
        )
    why = f"{found.text}: {reason}"
    await safety.lift_each(session, {asked.hold_id: barcode}, reason=why, actor=actor, at=at)
    closed = await session.execute(CLOSE, {"barcode": barcode, "note": why, "actor": actor, "at": at})
    for scan_id in closed.scalars():
        await audit.record(session, "scan_reconciled", f"scan:{scan_id}", actor=actor, at=at, note=why)
    return asked.store


async def _send_to_cleaning(
    session: AsyncSession, item: ledger.ItemRecord, store: StoreRef, *, reason: str, actor: str, at: datetime
) -> None:
    for move in moves_once_used(item.evidence):
        if move is Move.FIND:
            await find_item(session, item.barcode, store=store, reason=reason, was_used=True, actor=actor, at=at)
            continue
        why = f"Nobody lost it: it was used, though the record had it here. {reason}"
        await ledger.move_one(session, item.barcode, move, actor=actor, at=at, reason=why)
        await free(session, [item.id], because=ReservationEnd.ITEM_MISSING, actor=actor, at=at)
