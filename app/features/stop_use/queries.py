"""Reads of stop-use notices."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.features.stop_use.schemas import NoticeBody, StoppableLoan
from app.features.stop_use.service import unknown_notice

NOTICES = """
    SELECT notice.id, loan.id AS loan_id, item.barcode, product.name AS product_name, item.state, client.client_ref,
           notice.reason, notice.item_fault, equipment_order.number AS order_number, notice.given_at, notice.given_by,
           care_provider.name AS care_provider, care_provider.phone AS care_provider_phone, notice.told,
           notice.acknowledged_at IS NULL AND loan.ended_at IS NULL AND notice.withdrawn_at IS NULL
               AND care_provider.email IS NULL AS to_phone,
           notice.chased_at, notice.acknowledged_at, notice.acknowledged_by, notice.acknowledged_how,
           collection.number AS collection_number, loan.ended_at IS NULL AND notice.withdrawn_at IS NULL AS is_open,
           CASE WHEN notice.withdrawn_at IS NULL THEN loan.ended_at END AS closed_at, notice.withdrawn_at,
           notice.withdrawn_by, notice.withdrawn_reason
    FROM stop_use_notice AS notice JOIN loan ON loan.id = COALESCE(notice.loan_id, notice.withdrawn_loan_id)
    JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id JOIN client ON client.id = loan.client_id
    LEFT JOIN care_provider ON care_provider.id = COALESCE(client.care_provider_id, notice.care_provider_id)
    LEFT JOIN equipment_order ON equipment_order.id = notice.order_id
    LEFT JOIN collection_line AS line ON line.item_id = loan.item_id AND line.loan_id = loan.id
      AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    LEFT JOIN collection ON collection.id = line.collection_id
"""
PLACE = "(SELECT given_at, id FROM stop_use_notice WHERE id = CAST(:after AS bigint))"
ONE = text(f"{NOTICES} WHERE notice.id = :notice_id")
MANY = text(f"""{NOTICES}
    WHERE (CAST(:after AS bigint) = 0 OR (notice.given_at, notice.id) > {PLACE})
      AND (CAST(:open AS boolean) IS NULL OR (loan.ended_at IS NULL AND notice.withdrawn_at IS NULL) = :open)
      AND (CAST(:unacknowledged AS boolean) IS NULL OR (notice.acknowledged_at IS NULL) = :unacknowledged)
    ORDER BY notice.given_at, notice.id LIMIT :limit
""")
LOAN = text("""
    SELECT loan.id AS loan_id, item.barcode, product.name AS product_name, item.state, client.client_ref,
           care_provider.name AS care_provider, care_provider.email, care_provider.phone,
           loan.ended_at IS NULL AS is_open, notice.id AS notice_id
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id LEFT JOIN care_provider ON care_provider.id = client.care_provider_id
    LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    WHERE loan.id = :loan_id
""")


async def get_notice(session: AsyncSession, notice_id: int) -> NoticeBody:
    """One notice. Raises NotFound `unknown-notice`."""
    row = (await session.execute(ONE, {"notice_id": notice_id})).mappings().one_or_none()
    if row is None:
        raise unknown_notice()
    return NoticeBody(**row)


async def list_notices(
    session: AsyncSession,
    *,
    is_open: bool | None = None,
    unacknowledged: bool | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[NoticeBody]:
    """Notices, those given longest ago first, `limit + 1` of them."""
    values = {"open": is_open, "unacknowledged": unacknowledged, "after": after, "limit": limit + 1}
    return [NoticeBody(**row) for row in (await session.execute(MANY, values)).mappings()]


async def get_loan(session: AsyncSession, loan_id: int) -> StoppableLoan:
    """The loan whose item is to be used no more. Raises NotFound `unknown-loan`."""
    row = (await session.execute(LOAN, {"loan_id": loan_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    return StoppableLoan(**row)
