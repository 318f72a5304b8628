"""What is done to an item between its return and the shelf: inspection, repair, release. To clean it: `cleaning.py`."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.errors import WrongState
from app.domain.inspections import InspectionKind, InspectionOutcome, check_next_due
from app.domain.lifecycle import OUT, Move, State, next_state
from app.ledger import Moved
from app.models import Hold, Inspection, InspectionDue, ProductInspection

# Of what has begun by that day: what is reserved for later may be mended by then.
UNFIT = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
    WHERE item_id = :id AND ended_at IS NULL AND from_on <= :until
""")


async def inspect(
    session: AsyncSession,
    barcode: str,
    *,
    kind: InspectionKind,
    outcome: InspectionOutcome,
    next_due_on: date | None,
    notes: str,
    actor: str,
    at: datetime,
) -> tuple[Moved, date | None]:
    """Record an inspection; returns the move and when the next one of this kind is due.

    A failed one sends the item to repair; where a client has it, it stays there on hold until it is fetched.
    Raises NotFound, WrongState, BadValue for the next date.
    """
    passed = outcome is InspectionOutcome.PASSED
    how = Move.PASS_INSPECTION if passed else Move.FAIL_INSPECTION
    moved = await ledger.move_one(session, barcode, how, actor=actor, at=at, reason=notes or None, reference=kind.text)
    rule = select(col(ProductInspection.every_months)).where(
        col(ProductInspection.product_id) == moved.item.product_id, col(ProductInspection.kind) == kind
    )
    every_months = await session.scalar(rule)
    due_on = check_next_due(next_due_on, kind=kind, on=uk_date(at), every_months=every_months) if passed else None
    values: dict[str, Any] = {
        "item_id": moved.item.id,
        "kind": kind,
        "outcome": outcome,
        "seq": moved.seq,
        "inspected_at": at,
        "inspected_by": actor,
        "next_due_on": due_on,
        "notes": notes,
    }
    await session.execute(insert(Inspection).values(**values))
    await _plan_next(session, moved.item.id, kind, due_on)
    if not passed:
        moved = await _out_of_use(session, moved, outcome, kind, actor=actor, at=at)
    return _inspected(moved, kind, outcome, due_on), due_on


async def release(session: AsyncSession, barcode: str, *, bay: str | None, actor: str, at: datetime) -> Moved:
    """Put a clean and checked item on the shelf. Raises NotClear with every blocker, WrongState, NotFound."""
    moved = await ledger.move_one(session, barcode, Move.RELEASE, actor=actor, at=at, bay=bay)
    if moved.item.state is State.RESERVED:
        # The table has this move for a reservation that is given up; the bench must not end one by the way.
        raise WrongState("wrong-state", "The item is on the shelf, reserved. Give up the reservation instead.")
    return moved


async def complete_repair(session: AsyncSession, barcode: str, *, notes: str, actor: str, at: datetime) -> Moved:
    """The item is mended: it goes back to the inspection bench. Raises NotFound, WrongState."""
    return await ledger.move_one(session, barcode, Move.COMPLETE_REPAIR, actor=actor, at=at, reason=notes or None)


async def give_up_repair(session: AsyncSession, barcode: str, *, notes: str, actor: str, at: datetime) -> Moved:
    """The item is beyond repair: it is scrapped. Raises NotFound, WrongState when it is not in repair."""
    reason = f"Beyond repair. {notes}".strip()
    moved = await ledger.move_one(session, barcode, Move.SCRAP, actor=actor, at=at, reason=reason)
    next_state(moved.item.state, Move.COMPLETE_REPAIR)
    await session.execute(UNFIT, {"at": at, "actor": actor, "id": moved.item.id, "until": date.max})
    return moved


def _inspected(moved: Moved, kind: InspectionKind, outcome: InspectionOutcome, due_on: date | None) -> Moved:
    """The move with the evidence that was recorded beside it."""
    evidence, failed = moved.evidence, outcome is not InspectionOutcome.PASSED
    due = tuple(
        replace(one, due_on=due_on or one.due_on, failed=failed) if one.kind is kind else one for one in evidence.due
    )
    evidence = replace(evidence, due=due)
    if kind is InspectionKind.FUNCTIONAL:
        evidence = replace(evidence, inspection_outcome=outcome, inspection_seq=moved.seq)
    return replace(moved, evidence=evidence)


async def _plan_next(session: AsyncSession, item_id: int, kind: InspectionKind, due_on: date | None) -> None:
    if due_on is None:
        return
    row = upsert(InspectionDue).values(item_id=item_id, kind=kind, due_on=due_on)
    await session.execute(
        row.on_conflict_do_update(index_elements=["item_id", "kind"], set_={"due_on": row.excluded.due_on})
    )


async def _out_of_use(
    session: AsyncSession,
    moved: Moved,
    outcome: InspectionOutcome,
    kind: InspectionKind,
    *,
    actor: str,
    at: datetime,
) -> Moved:
    if moved.item.state is State.RESERVED:
        await session.execute(UNFIT, {"at": at, "actor": actor, "id": moved.item.id, "until": uk_date(at)})
    if moved.item.state not in OUT and outcome is not InspectionOutcome.DANGER:
        return moved
    found = "a dangerous defect" if outcome is InspectionOutcome.DANGER else "a defect"
    reason = f"{kind.text} found {found}."
    row = {"item_id": moved.item.id, "kind": HoldKind.FAULT, "reason": reason, "placed_at": at, "placed_by": actor}
    hold_id = (await session.execute(insert(Hold).values(**row).returning(col(Hold.id)))).scalar_one()
    await audit.record(
        session,
        "hold_placed",
        f"item:{moved.item.barcode}",
        actor=actor,
        at=at,
        hold=hold_id,
        kind="fault",
        reason=reason,
    )
    holds = (*moved.evidence.holds, HoldFact(HoldKind.FAULT, reason))
    return replace(moved, evidence=replace(moved.evidence, holds=holds))
