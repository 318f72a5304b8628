"""Reads of label pages and of reported faults."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.clearance import HoldKind
from app.domain.errors import NotFound
from app.domain.inspections import counts_as_overdue
from app.domain.label_warnings import LabelWarning, find_warning
from app.domain.lifecycle import State
from app.features.faults.schemas import FaultBody

# Of where the item is and how it is nothing goes to the page but whether to use it (domain/label_warnings.py).
LABEL = text("""
    SELECT item.barcode, product.name, product.manufacturer, product.model,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg,
           CASE WHEN item.load_lowered_at IS NOT NULL
                THEN CASE WHEN item.certified_load_kg = LEAST(product.safe_working_load_kg, item.certified_load_kg)
                     THEN item.certified_on
                     ELSE CAST(item.load_lowered_at AT TIME ZONE 'Europe/London' AS date) END END AS lowered_on,
           wanted.kind IS NOT NULL AS is_examined, known.due_on AS examine_by,
           product.single_patient_use, product.instructions, product.instructions_link, item.state,
           ARRAY(SELECT DISTINCT kind FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL) AS holds,
           EXISTS (SELECT FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id
                   WHERE loan.item_id = item.id AND loan.ended_at IS NULL) AS is_stopped,
           EXISTS (SELECT FROM standing_inspection AS made
                   WHERE made.item_id = item.id AND made.outcome <> 'passed' AND NOT EXISTS (
                       SELECT FROM standing_inspection AS newer
                       WHERE newer.item_id = made.item_id AND newer.kind = made.kind
                         AND (newer.examined_on, newer.id) > (made.examined_on, made.id))) AS has_failed,
           EXISTS (SELECT FROM fault_report AS report
                   WHERE report.item_id = item.id AND report.closed_at IS NULL) AS is_reported
    FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN product_inspection AS wanted ON wanted.product_id = product.id AND wanted.kind = 'loler'
    LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = 'loler'
    WHERE item.barcode = :barcode
""")
FAULTS = """
    SELECT report.id, item.barcode, product.name AS product_name, item.state, store.name AS store, report.description,
           report.phone, report.is_dangerous, hold.id IS NOT NULL AND hold.lifted_at IS NULL AS on_hold,
           loan.id IS NOT NULL AS is_with_client,
           COALESCE((SELECT true FROM stop_use_notice WHERE loan_id = loan.id LIMIT 1), false) AS use_is_stopped,
           report.reported_at, report.closed_at, report.closed_by, report.done
    FROM fault_report AS report JOIN item ON item.id = report.item_id JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id LEFT JOIN hold ON hold.id = report.hold_id
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
"""
ONE = text(f"{FAULTS} WHERE report.id = :report_id")
MANY = text(f"""{FAULTS}
    WHERE report.id > :after
      AND (CAST(:open AS boolean) IS NULL OR (report.closed_at IS NULL) = :open)
      AND (CAST(:dangerous AS boolean) IS NULL OR report.is_dangerous = :dangerous)
    ORDER BY report.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class LabelPage:
    """What anybody may know of an item who has its label before them. `warning`: whether to use it, never why not.

    `lowered_on`: it was certified for less than it carried before, on that day. `examine_by`: the day by which its
    thorough examination was due, where it is overdue and somebody knows the day.
    """

    barcode: str
    name: str
    manufacturer: str
    model: str
    safe_working_load_kg: int | None
    single_patient_use: bool
    instructions: str
    instructions_link: str
    lowered_on: date | None
    examine_by: date | None
    warning: LabelWarning | None


async def find_label(session: AsyncSession, barcode: str, *, today: date) -> LabelPage | None:
    """What the label page of this tag says; None for a tag that no item has."""
    row = (await session.execute(LABEL, {"barcode": barcode})).mappings().one_or_none()
    if row is None:
        return None
    facts: dict[str, Any] = dict(row)
    state, holds = State(facts.pop("state")), [HoldKind(kind) for kind in facts.pop("holds")]
    known = {name: facts.pop(name) for name in ("is_stopped", "has_failed", "is_reported")}
    known["is_overdue"] = facts.pop("is_examined") and counts_as_overdue(facts["examine_by"], on=today)
    return LabelPage(**facts, warning=find_warning(state, holds, **known))


async def get_fault(session: AsyncSession, report_id: int) -> FaultBody:
    """One reported fault. Raises NotFound `unknown-fault-report`."""
    row = (await session.execute(ONE, {"report_id": report_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-fault-report", "There is no reported fault with this number.")
    return FaultBody(**row)


async def list_faults(
    session: AsyncSession,
    *,
    is_open: bool | None = None,
    dangerous: bool | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[FaultBody]:
    """Reported faults, those reported longest ago first, `limit + 1` of them."""
    values = {"open": is_open, "dangerous": dangerous, "after": after, "limit": limit + 1}
    return [FaultBody(**row) for row in (await session.execute(MANY, values)).mappings()]
