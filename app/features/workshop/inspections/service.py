"""Recording an inspection, wherever the item is by now; what a failed one means for it is in `out_of_use.py`."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger
from app.charging import Billed
from app.charging_apart import charge_inspection
from app.domain.dates import uk_date
from app.domain.inspections import (
    FoundDanger,
    InspectionKind,
    InspectionOutcome,
    check_contradiction,
    check_next_due,
    may_be_recorded_anywhere,
)
from app.domain.lifecycle import Move, can_move
from app.domain.thorough_examinations import Report, check_raise, check_report
from app.features.workshop.inspections import certified_load, corrections, out_of_use
from app.features.workshop.inspections.corrections import Correction
from app.ledger import Moved
from app.models import Inspection, ProductInspection, ThoroughExamination

# The danger that a newer inspection, or one that supersedes it, would take off the record.
DANGER = text("""
    SELECT made.id, made.inspected_by AS by, COALESCE(whole.report ->> 'examiner_name', '') AS examiner,
           EXISTS (SELECT FROM movement WHERE movement.item_id = made.item_id AND movement.seq > made.seq
                   AND movement.move = 'complete_repair') AS is_mended
    FROM standing_inspection AS made LEFT JOIN thorough_examination AS whole ON whole.inspection_id = made.id
    WHERE made.outcome = 'danger' AND (made.id = CAST(:inspection_id AS bigint) OR (
        made.item_id = :item_id AND made.kind = :kind AND made.examined_on <= :examined_on AND NOT EXISTS (
            SELECT FROM standing_inspection AS newer WHERE newer.item_id = made.item_id AND newer.kind = made.kind
            AND (newer.examined_on, newer.id) > (made.examined_on, made.id))))
    ORDER BY made.id
""")
DUE = text("SELECT due_on FROM inspection_due WHERE item_id = :item_id AND kind = :kind")
# By the newest examination that stands, not by the one that was written down last: certificates come late. Where none
# stands any more, by what was known before the first was written down; where nothing was, nobody knows. After a danger,
# and after a thorough examination that did not pass, none is in date: the next is due since that day.
PLAN = text("""
    WITH known AS (
        SELECT LEAST(
            (SELECT CASE WHEN outcome = 'danger' OR (outcome <> 'passed' AND kind = 'loler') THEN examined_on END
             FROM standing_inspection WHERE item_id = :item_id AND kind = :kind
             ORDER BY examined_on DESC, id DESC LIMIT 1),
            COALESCE(
                (SELECT next_due_on FROM standing_inspection
                 WHERE item_id = :item_id AND kind = :kind AND next_due_on IS NOT NULL
                 ORDER BY examined_on DESC, id DESC LIMIT 1),
                (SELECT due_before FROM inspection WHERE item_id = :item_id AND kind = :kind ORDER BY id LIMIT 1))
        ) AS due_on
    ), forgotten AS (
        DELETE FROM inspection_due WHERE item_id = :item_id AND kind = :kind AND (SELECT due_on FROM known) IS NULL
    )
    INSERT INTO inspection_due (item_id, kind, due_on)
    SELECT item.id, :kind, due_on FROM known JOIN item ON item.id = :item_id AND item.state <> 'scrapped'
    WHERE due_on IS NOT NULL
    ON CONFLICT (item_id, kind) DO UPDATE SET due_on = excluded.due_on
    RETURNING due_on
""")
IDENTITY = text("""
    SELECT product.code, product.name, product.manufacturer, product.model, item.serial_number, item.lot_number,
           item.manufactured_on, item.manufactured_precision
    FROM item JOIN product ON product.id = item.product_id WHERE item.id = :item_id
""")
VISIT_DONE = text("""
    WITH done AS (
        UPDATE inspection_visit_item SET is_open = false, inspection_id = :inspection_id
        WHERE item_id = :item_id AND kind = :kind AND is_open RETURNING visit_id
    )
    UPDATE inspection_visit SET ended_at = :at, ended_by = :actor, ended_because = 'All is inspected.'
    FROM done WHERE inspection_visit.id = done.visit_id AND ended_at IS NULL AND NOT EXISTS (
        SELECT FROM inspection_visit_item AS other
        WHERE other.visit_id = done.visit_id AND other.is_open AND (other.item_id, other.kind) <> (:item_id, :kind))
""")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An inspection that was taken down: its number, the item as that left it, and when the next one is due.
    `load`: what the item carries from now on, where that is less or more than before."""

    id: int
    moved: Moved
    due_on: date | None
    load: certified_load.Lowered | certified_load.Raised | None = None


async def inspect(
    session: AsyncSession,
    barcode: str,
    *,
    kind: InspectionKind,
    outcome: InspectionOutcome,
    next_due_on: date | None,
    notes: str,
    report: Report | None = None,
    corrects: Correction | None = None,
    actor: str,
    at: datetime,
) -> Recorded:
    """Record an inspection. A thorough examination needs its whole report, and is dated by it.

    A failed one sends the item from a bench or the shelf to repair; anywhere else it stays where it is, on hold. A
    danger takes it out of use at once, wherever it is. `corrects` supersedes a line that was wrong (`corrections.py`).
    The load that a report certifies is the item's from then on, if it is less than its product's (`certified_load.py`).
    Raises NotFound, WrongState, Incomplete `report-incomplete`, as `corrections.begin`, and BadValue for the next
    date, or for an outcome that the report contradicts. Who found a danger does not say alone that it is none:
    NotAllowed `same-person`; nor who recorded a lower load that it carries more.
    """
    today = uk_date(at)
    if kind is InspectionKind.LOLER:
        report = report or Report()
        corrected = corrects.inspection_id if corrects else None
        before = await certified_load.read_before(session, barcode, report, corrected)
        check_report(report, outcome, today=today, before=before)
        check_raise(report, before, by=actor)
        await certified_load.lock_client(session, barcode)
    examined_on = report.examined_on if report and report.examined_on else today
    wrong = await corrections.begin(session, corrects, barcode, kind, actor=actor, at=at)
    is_danger = outcome is InspectionOutcome.DANGER
    moved = await _take_down(session, barcode, kind, outcome, notes=notes, actor=actor, at=at)
    about: dict[str, Any] = {"item_id": moved.item.id, "kind": kind, "examined_on": examined_on}
    about["inspection_id"] = wrong.id if wrong and (wrong.item_id != moved.item.id or not is_danger) else None
    if not is_danger or about["inspection_id"]:
        await _check_dangers(session, about, outcome, by=actor, examiner=report.examiner_name if report else "")
    due_on = None
    if outcome is InspectionOutcome.PASSED:
        due_on = await _next_due(session, moved.item.product_id, kind, next_due_on, on=examined_on, report=report)
    values: dict[str, Any] = {
        "item_id": moved.item.id,
        "kind": kind,
        "outcome": outcome,
        "seq": moved.seq,
        "inspected_at": at,
        "inspected_by": actor,
        "examined_on": examined_on,
        "next_due_on": due_on,
        "due_before": await session.scalar(DUE, {"item_id": moved.item.id, "kind": kind}),
        "notes": notes,
        "supersedes_id": corrects and corrects.inspection_id,
        "supersede_reason": corrects and corrects.reason,
    }
    number = (await session.execute(insert(Inspection).values(**values).returning(col(Inspection.id)))).scalar_one()
    if kind is InspectionKind.LOLER and report:
        await _keep_report(session, number, moved.item, report, next_due_on=due_on or next_due_on)
    stands = await session.scalar(PLAN, {"item_id": moved.item.id, "kind": kind})
    done = {"inspection_id": number, "item_id": moved.item.id, "kind": kind, "actor": actor, "at": at}
    await session.execute(VISIT_DONE, done)
    found = out_of_use.Found(number, kind, outcome, report)
    moved = await out_of_use.act_on(session, moved, found, actor=actor, at=at)
    moved = _inspected(moved, kind, outcome, stands)
    moved = await _put_right(session, wrong, corrects, number, moved, actor=actor, at=at)
    if kind is not InspectionKind.LOLER:
        return Recorded(number, moved, due_on)
    if wrong and wrong.item_id != moved.item.id:
        await certified_load.certify(session, wrong.item_id, wrong.barcode, actor=actor, at=at)
    changed = await certified_load.certify(session, moved.item.id, barcode, actor=actor, at=at)
    return Recorded(number, changed.left(moved) if changed else moved, due_on, changed)


async def _put_right(
    session: AsyncSession,
    wrong: Any,
    corrects: Correction | None,
    number: int,
    moved: Moved,
    *,
    actor: str,
    at: datetime,
) -> Moved:
    """What follows for the item of the line that was wrong, now that the right one is written; returns the newest move
    of the item that this one is of."""
    if not (wrong and corrects):
        return moved
    barcode = moved.item.barcode
    await session.execute(PLAN, {"item_id": wrong.item_id, "kind": wrong.kind})
    said = {"inspection": number, "was_inspection": wrong.id, "was_item": wrong.barcode, "reason": corrects.reason}
    await audit.record(session, "inspection_corrected", f"item:{barcode}", actor=actor, at=at, **said)
    shelved = await corrections.settle(session, wrong, barcode, reason=corrects.reason, actor=actor, at=at)
    return shelved if shelved and wrong.item_id == moved.item.id else moved


async def _check_dangers(
    session: AsyncSession, about: dict[str, Any], outcome: InspectionOutcome, *, by: str, examiner: str
) -> None:
    """Raises NotAllowed `same-person`. A failure leaves a danger what it is; a correction takes it away."""
    for row in await session.execute(DANGER, about):
        if outcome is InspectionOutcome.PASSED or row.id == about["inspection_id"]:
            check_contradiction(FoundDanger(row.by, row.examiner, row.is_mended), by=by, examiner=examiner)


async def _take_down(
    session: AsyncSession,
    barcode: str,
    kind: InspectionKind,
    outcome: InspectionOutcome,
    *,
    notes: str,
    actor: str,
    at: datetime,
) -> Moved:
    """The movement; none where no inspection moves the item, but this one is taken down all the same."""
    how = Move.PASS_INSPECTION if outcome is InspectionOutcome.PASSED else Move.FAIL_INSPECTION
    if may_be_recorded_anywhere(kind, outcome):
        item = (await ledger.read_items(session, [barcode], lock=True)).get(barcode)
        if item and not can_move(item.state, how):
            told = {"kind": kind.value, "outcome": outcome.value, "state": item.state.value, "notes": notes}
            await audit.record(session, "inspection_recorded", f"item:{barcode}", actor=actor, at=at, **told)
            await charge_inspection(session, item, kind, actor=actor, at=at)
            return Moved(item, item.last_seq, item.evidence, actor, uk_date(at))
    about: dict[str, Any] = {"reason": notes or None, "reference": kind.text, "billed": Billed(examined=kind.value)}
    return await ledger.move_one(session, barcode, how, actor=actor, at=at, **about)


async def _next_due(
    session: AsyncSession,
    product_id: int,
    kind: InspectionKind,
    named: date | None,
    *,
    on: date,
    report: Report | None,
) -> date | None:
    """By when the next one is due; at the latest by the day on which a defect could become a danger."""
    rule = select(col(ProductInspection.every_months)).where(
        col(ProductInspection.product_id) == product_id, col(ProductInspection.kind) == kind
    )
    due_on = check_next_due(named, kind=kind, on=on, every_months=await session.scalar(rule))
    return min(due_on, report.danger_by) if due_on and report and report.danger_by else due_on


async def _keep_report(
    session: AsyncSession, number: int, item: ledger.ItemRecord, report: Report, *, next_due_on: date | None
) -> None:
    """The report as it was made, with what identifies the equipment frozen beside it."""
    identity = dict((await session.execute(IDENTITY, {"item_id": item.id})).mappings().one())
    whole = asdict(report) | {"next_due_on": next_due_on, "equipment": {"barcode": item.barcode, **identity}}
    values = {"inspection_id": number, "report": json.loads(json.dumps(whole, default=str))}
    await session.execute(insert(ThoroughExamination).values(**values))


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
