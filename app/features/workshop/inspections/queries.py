"""Reads of inspections: one item to be inspected, what was made, reports, copies for the authority."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.errors import NotFound
from app.domain.inspections import due_state
from app.features.workshop.inspections.schemas import (
    AuthorityCopyBody,
    DueLine,
    InspectedItem,
    InspectionRecord,
    ReportRecord,
    stored_report,
)

DETAILS = text("""
    SELECT item.serial_number, rule.every_months, last.examined_on AS last_examined_on,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg,
           client.client_ref, client.address || E'\\n' || client.postcode AS home, store.name AS store
    FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
    LEFT JOIN product_inspection AS rule ON rule.product_id = product.id AND rule.kind = 'loler'
    LEFT JOIN LATERAL (
        SELECT examined_on FROM standing_inspection WHERE item_id = item.id AND kind = 'loler'
        ORDER BY examined_on DESC, id DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    LEFT JOIN client ON client.id = loan.client_id
    WHERE item.id = :item_id
""")
# Whoever writes many reports writes the same of themselves each time.
LAST_BY = text("""
    SELECT report FROM thorough_examination JOIN inspection ON inspection.id = inspection_id
    WHERE inspected_by = :username ORDER BY inspection_id DESC LIMIT 1
""")
MADE = """
    SELECT inspection.id, item.barcode, product.name AS product_name, inspection.kind, inspection.outcome,
           inspection.examined_on, inspection.inspected_at AS recorded_at, inspection.inspected_by AS recorded_by,
           inspection.next_due_on, inspection.notes, made.inspection_id IS NOT NULL AS has_report, made.report,
           inspection.supersedes_id AS supersedes, inspection.supersede_reason, newer.id AS superseded_by,
           newer_item.barcode AS superseded_by_barcode, newer.supersede_reason AS superseded_because,
           copy.id AS authority_copy_id
    FROM inspection JOIN item ON item.id = inspection.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN thorough_examination AS made ON made.inspection_id = inspection.id
    LEFT JOIN inspection AS newer ON newer.supersedes_id = inspection.id
    LEFT JOIN item AS newer_item ON newer_item.id = newer.item_id
    LEFT JOIN authority_copy AS copy ON copy.inspection_id = inspection.id
"""
ONE = text(f"{MADE} WHERE inspection.id = :inspection_id")
OF_ITEM = text(f"""{MADE}
    WHERE item.barcode = :barcode AND inspection.id < :before ORDER BY inspection.id DESC LIMIT :limit
""")
COPIES = """
    SELECT copy.id, copy.inspection_id, item.barcode, product.name AS product_name, inspection.examined_on,
           copy.made_at,
           CAST(:today AS date) - CAST(copy.made_at AT TIME ZONE 'Europe/London' AS date) AS days_open,
           copy.sent_on, copy.sent_to, copy.sent_how, copy.recorded_by
    FROM authority_copy AS copy JOIN inspection ON inspection.id = copy.inspection_id
    JOIN item ON item.id = inspection.item_id JOIN product ON product.id = item.product_id
"""
COPY = text(f"{COPIES} WHERE copy.id = :copy_id")
LIST_COPIES = text(f"""{COPIES}
    WHERE copy.id > :after AND (CAST(:open AS boolean) IS NULL OR (copy.sent_on IS NULL) = :open)
    ORDER BY copy.id LIMIT :limit
""")


async def get_item(
    session: AsyncSession, barcode: str, *, today: date, soon_days: int, may_see_client: bool
) -> InspectedItem:
    """One item for whoever inspects it. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    row = (await session.execute(DETAILS, {"item_id": item.id})).mappings().one()
    fact = item.evidence
    at_home = row["client_ref"] is not None
    home = row["home"] if may_see_client else ""
    return InspectedItem(
        barcode=item.barcode,
        product_name=item.product_name,
        state=item.state,
        serial_number=row["serial_number"],
        safe_working_load_kg=row["safe_working_load_kg"],
        every_months=row["every_months"],
        holds=[f"{hold.kind.text}: {hold.reason}" for hold in fact.holds],
        due=[
            DueLine(
                kind=one.kind,
                due_on=one.due_on,
                state=due_state(one.due_on, failed=one.failed, on=today, soon_days=soon_days),
            )
            for one in fact.due
        ],
        is_inspected=fact.is_inspected,
        last_examined_on=row["last_examined_on"],
        premises=home if at_home else row["store"],
        client_ref=row["client_ref"] if may_see_client else None,
    )


async def find_own_last_report(session: AsyncSession, username: str) -> dict[str, Any]:
    """The last report that this person recorded, as it was kept; empty when there is none."""
    return await session.scalar(LAST_BY, {"username": username}) or {}


async def get_inspection(session: AsyncSession, inspection_id: int) -> InspectionRecord:
    """One inspection. Raises NotFound `unknown-inspection`."""
    return InspectionRecord(**await _read(session, inspection_id))


async def get_report(session: AsyncSession, inspection_id: int) -> ReportRecord:
    """One inspection with its report. Raises NotFound `unknown-inspection` or `no-report`."""
    row = await _read(session, inspection_id)
    if row["report"] is None:
        raise NotFound("no-report", "This inspection has no report of thorough examination.")
    return ReportRecord(**row | {"report": stored_report(row["report"])})


async def list_of_item(session: AsyncSession, barcode: str, *, before: int, limit: int = 50) -> list[InspectionRecord]:
    """The item's inspections, newest first, `limit + 1` of them; `before`: the number that the last page ended with."""
    values = {"barcode": barcode, "before": before, "limit": limit + 1}
    return [InspectionRecord(**row) for row in (await session.execute(OF_ITEM, values)).mappings()]


async def get_copy(session: AsyncSession, copy_id: int, *, today: date) -> AuthorityCopyBody:
    """One copy for the authority. Raises NotFound `unknown-copy`."""
    row = (await session.execute(COPY, {"copy_id": copy_id, "today": today})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-copy", "There is no copy for the authority with this number.")
    return AuthorityCopyBody(**row)


async def list_copies(
    session: AsyncSession, *, is_open: bool | None, today: date, after: int = 0, limit: int = 50
) -> list[AuthorityCopyBody]:
    """Copies for the authority, those made longest ago first, `limit + 1` of them."""
    values = {"open": is_open, "today": today, "after": after, "limit": limit + 1}
    return [AuthorityCopyBody(**row) for row in (await session.execute(LIST_COPIES, values)).mappings()]


async def _read(session: AsyncSession, inspection_id: int) -> dict[str, Any]:
    row = (await session.execute(ONE, {"inspection_id": inspection_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-inspection", "There is no inspection with this number.")
    return dict(row)
