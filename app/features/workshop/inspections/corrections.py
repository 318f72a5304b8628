"""Putting an inspection right: who may, and what that leaves of the item for which it was recorded.

A pass that is taken back leaves nothing to go by: what is with a client by then is held, and its use is stopped. A
failure that is taken back puts the item where it was.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger, outbox, safety
from app.charging_apart import take_back
from app.domain.access import Actor, Permission
from app.domain.clearance import HoldFact, HoldKind, find_blockers, inspection_blockers
from app.domain.costs import ChargeKind
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict, NotAllowed, NotFound
from app.domain.inspections import InspectionKind, InspectionOutcome, check_same_kind, may_put_right
from app.domain.labels import display
from app.domain.lifecycle import OUT, Move, State
from app.ledger import ItemRecord, Moved
from app.web.held_at_clients import stop_held
from app.web.who import tell_all_who_may, who_can

# `was_in`: where it stood before this failure sent it to repair, if nothing else has happened to it since.
LINE = text("""
    SELECT inspection.id, inspection.item_id, inspection.kind, inspection.outcome, inspection.examined_on,
           inspection.inspected_by, inspection.seq, item.barcode, product.name AS product_name,
           item.product_id = (SELECT product_id FROM item WHERE barcode = :barcode) AS is_same_product,
           EXISTS (SELECT FROM inspection AS newer WHERE newer.supersedes_id = inspection.id) AS is_superseded,
           failure.from_state AS was_in
    FROM inspection JOIN item ON item.id = inspection.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN movement AS failure
      ON failure.item_id = item.id AND failure.seq = item.last_seq AND failure.at = item.last_moved_at
      AND failure.seq = inspection.seq
      AND failure.move = 'fail_inspection' AND failure.to_state = 'in_repair' AND inspection.outcome <> 'passed'
      AND NOT EXISTS (SELECT FROM standing_inspection AS other
                      WHERE other.item_id = item.id AND other.seq = failure.seq AND other.id <> inspection.id)
      AND NOT EXISTS (SELECT FROM repair JOIN standing_part ON standing_part.repair_id = repair.id
                      WHERE repair.item_id = item.id AND repair.started_seq = failure.seq)
    WHERE inspection.id = :inspection_id
""")


@dataclass(frozen=True, slots=True)
class Correction:
    """Which line was wrong, and why; it may be one of another item, for which this one was taken.

    `may_any`: who says so answers for all records, also those that others made of another product.
    """

    inspection_id: int
    reason: str
    may_any: bool = False


def said_by(actor: Actor, corrects: Correction | None) -> Correction | None:
    """The correction, with what this person may put right."""
    return replace(corrects, may_any=actor.may(Permission.CORRECT_STOCK)) if corrects else None


async def begin(
    session: AsyncSession, corrects: Correction | None, barcode: str, kind: InspectionKind, *, actor: str, at: datetime
) -> Any:
    """The line that is superseded, with both items locked; None for no correction. What a failure did to where its item
    stands is undone by a new line of its history, and its charge is taken back, before the right result is recorded.

    Raises NotFound, Conflict `superseded-already`, BadValue `another-kind`, NotAllowed `another-product`.
    """
    if corrects is None:
        return None
    wrong = await _find_wrong(session, corrects, barcode, kind, actor=actor, at=at)
    charged = (wrong.item_id, wrong.seq, ChargeKind.INSPECTION)
    because = f"The inspection was put right: {corrects.reason}"
    await take_back(session, *charged, variant=kind.value, because=because, actor=actor, at=at)
    if wrong.was_in:
        about = {"reason": corrects.reason, "reference": f"inspection {wrong.id}", "actor": actor, "at": at}
        await ledger.move_one(session, wrong.barcode, Move.TAKE_BACK_FAILURE, **about)
    return wrong


async def _find_wrong(
    session: AsyncSession, corrects: Correction, barcode: str, kind: InspectionKind, *, actor: str, at: datetime
) -> Any:
    asked = {"inspection_id": corrects.inspection_id, "barcode": barcode}
    line = (await session.execute(LINE, asked)).one_or_none()
    if line is None:
        raise NotFound("unknown-inspection", "There is no inspection with this number.", field="supersedes")
    await ledger.read_items(session, [barcode, line.barcode], lock=True)
    line = (await session.execute(LINE, asked)).one()
    if line.is_superseded:
        detail = "This inspection was corrected already. Correct the newer one, if that is wrong too."
        raise Conflict("superseded-already", detail, field="supersedes")
    check_same_kind(kind, InspectionKind(line.kind))
    is_same_product = line.is_same_product is not False  # An unknown barcode is refused for what it is.
    if not may_put_right(is_own=line.inspected_by == actor, is_same_product=is_same_product, may_any=corrects.may_any):
        who = await who_can(session, Permission.CORRECT_STOCK, today=uk_date(at))
        detail = f"{line.inspected_by} recorded this inspection, of another product. They put it right, or a manager."
        raise NotAllowed("another-product", f"{detail} {who}", field="supersedes")
    return line


async def settle(
    session: AsyncSession, wrong: Any, barcode: str, *, reason: str, actor: str, at: datetime
) -> Moved | None:
    """What the correction leaves of the item of the wrong line, once the right one (of `barcode`) is written: back to
    the shelf, or held. Who recorded the wrong one is told. Returns its move to the shelf."""
    item = (await ledger.read_items(session, [wrong.barcode]))[wrong.barcode]
    moved, said = None, ""
    if _stood_on_the_shelf(wrong, item, releaser=actor, at=at):
        moved = await ledger.move_one(session, wrong.barcode, Move.RELEASE, reason=reason, actor=actor, at=at)
    elif lacks := _lacks(wrong, barcode, item, at=at):
        said = await _hold(session, wrong, barcode, f"{reason.rstrip('.')}. {lacks}", actor=actor, at=at)
    if wrong.inspected_by != actor:
        body = _told(wrong, barcode, reason)
        letter = {
            "purpose": "inspection_corrected",
            "subject": f"Your inspection was put right: {display(wrong.barcode)}",
        }
        letter |= {"body": f"{body} {said}".strip(), "about": f"item:{wrong.barcode}"}
        await outbox.post(session, **letter, to=wrong.inspected_by, actor=actor, at=at)
    return moved


def _stood_on_the_shelf(wrong: Any, item: ItemRecord, *, releaser: str, at: datetime) -> bool:
    """Whether it goes there again, and may."""
    was_there = wrong.was_in in {State.IN_STOCK, State.RESERVED} and item.state is State.AWAITING_INSPECTION
    return was_there and not find_blockers(item.evidence, on=uk_date(at), releaser=releaser)


def _lacks(wrong: Any, barcode: str, item: ItemRecord, *, at: datetime) -> str:
    """What an item lacks that only a pass of another one called fit, where somebody has it or waits for it."""
    is_out = item.state in OUT | {State.RESERVED} and wrong.barcode != barcode
    if not is_out or wrong.outcome != InspectionOutcome.PASSED:
        return ""
    return " ".join(
        one.detail for one in inspection_blockers(item.evidence, InspectionKind(wrong.kind), on=uk_date(at))
    )


def _told(wrong: Any, barcode: str, reason: str) -> str:
    what = f"{InspectionKind(wrong.kind).text} of {wrong.product_name} ({display(wrong.barcode)})"
    other = f" It was {display(barcode)} that was inspected." if wrong.barcode != barcode else ""
    return f"Your record of {in_words(wrong.examined_on)}, {what}, was put right: {reason.rstrip('.')}.{other}"


async def _hold(session: AsyncSession, wrong: Any, barcode: str, why: str, *, actor: str, at: datetime) -> str:
    """Hold it, and stop its use at a client's; who may lift holds is told. Returns what is said of it."""
    kind = InspectionKind(wrong.kind)
    reason = f"Its {kind.text} of {in_words(wrong.examined_on)} was of another item ({display(barcode)}): {why}"
    held = HoldFact(HoldKind.INVESTIGATION, reason)
    who: dict[str, Any] = {"actor": actor, "at": at}
    await safety.hold(session, wrong.item_id, wrong.barcode, kind=held.kind, reason=reason, **who)
    await stop_held(session, wrong.item_id, held, owners=False, **who)
    said = f"{wrong.product_name} ({display(wrong.barcode)}) was put on hold, and must not be used. {held.text}"
    letter = {"purpose": "pass_taken_back", "subject": f"Not inspected after all: {display(wrong.barcode)}"}
    letter |= {"body": said, "about": f"item:{wrong.barcode}"}
    await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, **who)
    return said
