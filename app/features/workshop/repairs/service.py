"""A repair from the bench on: what it will cost, the parts fitted, how it ended. The parts bin is in `parts_bin.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping, insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, rematching
from app.charging import Billed
from app.charging_apart import settle_parts
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.disposal import Disposal, check_donor
from app.domain.errors import Conflict, NotFound
from app.domain.lifecycle import Move, State, next_state
from app.domain.notice_work import Cause
from app.domain.reasons import check_reason
from app.domain.refurbishing import RepairOutcome, check_fitted_on
from app.ledger import ItemRecord, Moved
from app.models import FittedPart, FittedPartWithdrawal, RepairEstimate
from app.notice_matches import InForce
from app.web import disposing

# Written when the first thing is recorded of it. The item is locked, so nobody else writes the same row.
BEGIN = text("""
    WITH came AS (
        SELECT id AS item_id, repair_seq AS seq FROM item WHERE id = :item_id AND repair_seq IS NOT NULL
    ), made AS (
        INSERT INTO repair (item_id, started_seq) SELECT item_id, seq FROM came
        ON CONFLICT (item_id, started_seq) DO NOTHING RETURNING id
    )
    SELECT id FROM made UNION ALL
    SELECT repair.id FROM repair JOIN came ON came.item_id = repair.item_id AND came.seq = repair.started_seq
""")
FINISH = text("""
    UPDATE repair SET finished_at = :at, finished_by = :actor, finished_seq = :seq, outcome = :outcome, notes = :notes,
           labour_minutes = :labour_minutes, labour_pence = :labour_pence
    WHERE id = :repair_id
""")
LABOUR = text("""
    UPDATE repair SET labour_minutes = :labour_minutes, labour_pence = :labour_pence WHERE id = :repair_id
""")
RECEIVED = text("SELECT received_on FROM item WHERE id = :item_id")
LOCK_DONORS = text("""
    SELECT id FROM item WHERE id IN (SELECT item_id FROM harvested_part WHERE id = ANY(:ids))
    ORDER BY barcode FOR UPDATE
""")
# Locked: of two who take the same part out of the bin one waits, and then sees that it is gone.
KEPT = text("""
    SELECT part.id, part.part_number, part.description, part.discarded_at, part.item_id, donor.barcode
    FROM harvested_part AS part JOIN item AS donor ON donor.id = part.item_id
    WHERE part.id = ANY(:ids) ORDER BY part.id FOR UPDATE OF part
""")
USED = text("SELECT harvested_part_id FROM standing_part WHERE harvested_part_id = ANY(:ids)")
HOLDS = text("SELECT item_id, kind, reason FROM hold WHERE item_id = ANY(:ids) AND lifted_at IS NULL ORDER BY id")
WRONG = text("""
    SELECT part.id, part.part_number, part.description, part.repair_id, item.id AS item_id, item.barcode,
           taken.withdrawn_by
    FROM fitted_part AS part JOIN repair ON repair.id = part.repair_id JOIN item ON item.id = repair.item_id
    LEFT JOIN fitted_part_withdrawal AS taken ON taken.fitted_part_id = part.id
    WHERE part.id = :part_id
""")
# Of two who withdraw parts of one repair at once one waits, and then sees what stands.
LOCK_WRONG = text("""
    SELECT item.id FROM item JOIN repair ON repair.item_id = item.id
    JOIN fitted_part AS part ON part.repair_id = repair.id
    WHERE part.id = :part_id FOR UPDATE OF item, part
""")


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part to record. One from the bin is named by `harvested_part_id`; number and description are then the bin's."""

    fitted_on: date
    description: str = ""
    part_number: str = ""
    quantity: int = 1
    cost_pence: int = 0
    harvested_part_id: int | None = None


@dataclass(frozen=True, slots=True)
class Labour:
    """The work that a repair took: minutes, what they cost, or neither."""

    minutes: int | None = None
    pence: int | None = None

    @property
    def columns(self) -> dict[str, int | None]:
        """As the record keeps it."""
        return {"labour_minutes": self.minutes, "labour_pence": self.pence}


NO_LABOUR: Final = Labour()


async def estimate(
    session: AsyncSession, barcode: str, *, parts_pence: int, labour_pence: int, notes: str, actor: str, at: datetime
) -> None:
    """Say what the repair of an item on the repair bench will cost; the newest estimate counts. Raises NotFound,
    WrongState."""
    item = await _on_the_bench(session, barcode)
    row = {"repair_id": await _begin(session, item.id), "parts_pence": parts_pence, "labour_pence": labour_pence}
    await session.execute(insert(RepairEstimate).values(**row, notes=notes, made_at=at, made_by=actor))


async def fit_parts(session: AsyncSession, barcode: str, parts: Sequence[NewPart], *, actor: str, at: datetime) -> None:
    """Record parts of the repair that goes on, or that an item's last repair put in and nobody wrote down.

    Raises NotFound (`unknown-barcode`, `unknown-harvested-part`), Conflict (`never-repaired`, `part-is-gone`,
    `donor-on-hold`), WrongState for a part of the bin when the item is not in repair, BadValue about the day.
    """
    in_force = await _before_locking(session, parts)
    items = await ledger.read_items(session, [barcode], lock=True)
    if barcode not in items:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    item = items[barcode]
    if any(part.harvested_part_id for part in parts):
        next_state(item.state, Move.COMPLETE_REPAIR)
    await _fit(session, item, parts, in_force, actor=actor, at=at)
    if parts and item.state is not State.IN_REPAIR:
        repair_id = await _begin(session, item.id)
        await settle_parts(session, repair_id, because="Parts were written down later.", actor=actor, at=at)


async def withdraw_part(session: AsyncSession, part_id: int, *, reason: str, actor: str, at: datetime) -> str:
    """Say that a line of a fitted part was wrong; it stays, with the reason. One from the bin lies there again.

    Returns the item's barcode. Raises NotFound `unknown-part`, Conflict `withdrawn-already`.
    """
    in_force = await rematching.read_in_force(session)
    await session.execute(LOCK_WRONG, {"part_id": part_id})
    found = (await session.execute(WRONG, {"part_id": part_id})).one_or_none()
    if found is None:
        raise NotFound("unknown-part", "There is no fitted part with this number.")
    if found.withdrawn_by:
        raise Conflict("withdrawn-already", f"{found.withdrawn_by} withdrew this part already.")
    row = {"fitted_part_id": part_id, "reason": reason, "withdrawn_at": at, "withdrawn_by": actor}
    await session.execute(insert(FittedPartWithdrawal).values(**row))
    facts = {"part": part_id, "part_number": found.part_number, "reason": reason}
    await audit.record(session, "part_withdrawn", f"item:{found.barcode}", actor=actor, at=at, **facts)
    because = f"A part was not fitted: {reason}"
    await settle_parts(session, found.repair_id, because=because, actor=actor, at=at)
    items = {found.item_id: found.barcode}
    await rematching.ask_about_items(session, in_force, items, cause=Cause.PART, actor=actor, at=at)
    return str(found.barcode)


async def complete_repair(
    session: AsyncSession,
    barcode: str,
    *,
    notes: str,
    parts: Sequence[NewPart] = (),
    labour: Labour = NO_LABOUR,
    actor: str,
    at: datetime,
) -> Moved:
    """The item is mended: it goes back to the inspection bench.

    Raises NotFound, WrongState, Conflict `scrap-is-asked`, and as `fit_parts`.
    """
    in_force = await _before_locking(session, parts)
    item = await _on_the_bench(session, barcode)
    if any(hold.kind is HoldKind.SCRAP_REQUEST for hold in item.evidence.holds):
        detail = "Somebody asked for its scrap. Until that is agreed to or declined, it is not mended."
        raise Conflict("scrap-is-asked", detail, field="barcode")
    repair_id = await _begin(session, item.id)
    await _fit(session, item, parts, in_force, actor=actor, at=at)
    about: dict[str, Any] = {"reason": notes or None, "billed": Billed(labour_pence=labour.pence or 0)}
    moved = await ledger.move_one(session, barcode, Move.COMPLETE_REPAIR, actor=actor, at=at, **about)
    values = {"repair_id": repair_id, "seq": moved.seq, "outcome": RepairOutcome.REPAIRED.value, "notes": notes}
    await session.execute(FINISH, {**values, **labour.columns, "actor": actor, "at": at})
    return moved


async def give_up_repair(
    session: AsyncSession,
    barcode: str,
    *,
    said: Disposal,
    parts: Sequence[NewPart] = (),
    labour: Labour = NO_LABOUR,
    actor: str,
    at: datetime,
) -> disposing.Scrapped:
    """The item is beyond repair: it is scrapped, or, when it is dear, another person is asked.

    Raises WrongState when it is not in repair, BadValue `not-a-reason`, and what `disposing.scrap` raises.
    """
    check_reason(said.reason, field="notes")
    in_force = await _before_locking(session, parts)
    item = await _on_the_bench(session, barcode)
    await _fit(session, item, parts, in_force, actor=actor, at=at)
    if labour != NO_LABOUR:
        repair_id = await _begin(session, item.id)
        await session.execute(LABOUR, {"repair_id": repair_id, **labour.columns})
    beyond = replace(said, reason=f"Beyond repair. {said.reason}")
    return await disposing.scrap(session, barcode, beyond, actor=actor, at=at)


async def _on_the_bench(session: AsyncSession, barcode: str) -> ItemRecord:
    """The item, locked. Raises NotFound, WrongState when it is not in repair."""
    item = (await ledger.read_items(session, [barcode], lock=True)).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    next_state(item.state, Move.COMPLETE_REPAIR)
    return item


async def _begin(session: AsyncSession, item_id: int) -> int:
    """The number of the item's newest repair. Raises Conflict `never-repaired`."""
    repair_id: int | None = await session.scalar(BEGIN, {"item_id": item_id})
    if repair_id is None:
        raise Conflict("never-repaired", "It was never in repair, so no part was fitted. Fail its inspection first.")
    return repair_id


async def _before_locking(session: AsyncSession, parts: Sequence[NewPart]) -> list[InForce]:
    """The notices that ask about what is fitted; before any item is locked. No statement for no parts.

    What the parts of the bin came from is locked then, before what gets them: whoever holds it goes the same way. So
    either the hold is seen, or it sees the part.
    """
    in_force = await rematching.read_in_force(session) if parts else []
    if ids := [part.harvested_part_id for part in parts if part.harvested_part_id]:
        await session.execute(LOCK_DONORS, {"ids": ids})
    return in_force


async def _fit(
    session: AsyncSession,
    item: ItemRecord,
    parts: Sequence[NewPart],
    in_force: Sequence[InForce],
    *,
    actor: str,
    at: datetime,
) -> None:
    if not parts:
        return
    received_on: date = (await session.execute(RECEIVED, {"item_id": item.id})).scalar_one()
    for part in parts:
        check_fitted_on(part.fitted_on, received_on=received_on, today=uk_date(at))
    from_bin = await _take_from_bin(session, [part.harvested_part_id for part in parts if part.harvested_part_id])
    repair_id = await _begin(session, item.id)
    rows = [_row(part, from_bin) | {"repair_id": repair_id, "recorded_at": at, "recorded_by": actor} for part in parts]
    await session.execute(insert(FittedPart), rows)
    items = {item.id: item.barcode}
    await rematching.ask_about_items(session, in_force, items, cause=Cause.PART, actor=actor, at=at)


async def _take_from_bin(session: AsyncSession, ids: Sequence[int]) -> dict[int, RowMapping]:
    """These parts of the bin, which nobody else can take now. Raises NotFound, Conflict."""
    if not ids:
        return {}
    rows = {row["id"]: row for row in (await session.execute(KEPT, {"ids": list(ids)})).mappings()}
    used = set((await session.scalars(USED, {"ids": list(ids)})).all())
    holds: dict[int, tuple[HoldFact, ...]] = {}
    for hold in await session.execute(HOLDS, {"ids": [row["item_id"] for row in rows.values()]}):
        holds[hold.item_id] = (*holds.get(hold.item_id, ()), HoldFact(HoldKind(hold.kind), hold.reason))
    for part_id in ids:
        if part_id not in rows:
            detail = "There is no part with this number in the bin."
            raise NotFound("unknown-harvested-part", detail, field="harvested_part_id")
        row = rows[part_id]
        if row["discarded_at"] or part_id in used or ids.count(part_id) > 1:
            detail = "This part is not in the bin any more: it was fitted or thrown away. Choose another one."
            raise Conflict("part-is-gone", detail, field="harvested_part_id")
        check_donor(row["barcode"], holds.get(row["item_id"], ()))
    return rows


def _row(part: NewPart, from_bin: dict[int, RowMapping]) -> dict[str, Any]:
    taken = from_bin.get(part.harvested_part_id or 0)
    return {
        "part_number": taken["part_number"] if taken else part.part_number,
        "description": taken["description"] if taken else part.description,
        "quantity": 1 if taken else part.quantity,
        "cost_pence": part.cost_pence,
        "fitted_on": part.fitted_on,
        "harvested_part_id": part.harvested_part_id,
    }
