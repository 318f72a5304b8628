"""Reads of scrap requests, and of what was scrapped without the reference of its waste."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.features.disposal.schemas import DisposalBody, RequestBody

_DISPOSALS = """
    SELECT disposal.id, item.barcode, product.code AS product_code, product.name AS product_name,
           item.purchase_price_pence, item.state AS item_state, store.code AS store, disposal.reason,
           disposal.waste_stream, disposal.batteries, disposal.reference, disposal.asked_at, disposal.asked_by,
           disposal.agreed_at, disposal.agreed_by, disposal.declined_at, disposal.declined_by, disposal.decline_reason,
           CASE WHEN disposal.declined_at IS NOT NULL THEN 'declined' WHEN disposal.seq IS NOT NULL THEN 'agreed'
                ELSE 'open' END AS state,
           CASE WHEN disposal.seq IS NOT NULL THEN COALESCE(disposal.agreed_at, disposal.asked_at) END AS scrapped_at
    FROM disposal JOIN item ON item.id = disposal.item_id JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
"""
OPEN = text(f"""{_DISPOSALS}
    WHERE disposal.seq IS NULL AND disposal.declined_at IS NULL AND disposal.id > :after
    ORDER BY disposal.id LIMIT :limit
""")
DECIDED = text(f"""{_DISPOSALS}
    WHERE disposal.hold_id IS NOT NULL AND (disposal.seq IS NOT NULL OR disposal.declined_at IS NOT NULL)
      AND disposal.id > :after
    ORDER BY disposal.id LIMIT :limit
""")
REQUESTS = text(
    f"{_DISPOSALS} WHERE disposal.hold_id IS NOT NULL AND disposal.id > :after ORDER BY disposal.id LIMIT :limit"
)
REQUEST = text(f"{_DISPOSALS} WHERE disposal.hold_id IS NOT NULL AND disposal.id = :request_id")
WITHOUT_REFERENCE = text(f"""{_DISPOSALS}
    WHERE disposal.seq IS NOT NULL AND disposal.reference = '' AND disposal.waste_stream <> 'nowhere'
      AND disposal.id > :after
    ORDER BY disposal.id LIMIT :limit
""")
DISPOSALS = text(
    f"{_DISPOSALS} WHERE disposal.seq IS NOT NULL AND disposal.id > :after ORDER BY disposal.id LIMIT :limit"
)
OF_ITEM = text(f"{_DISPOSALS} WHERE item.barcode = :barcode AND disposal.seq IS NOT NULL")


async def list_requests(session: AsyncSession, *, is_open: bool | None, after: int, limit: int) -> list[RequestBody]:
    """Scrap requests by number, `limit + 1` of them: open ones, those decided, or all."""
    wanted = REQUESTS if is_open is None else OPEN if is_open else DECIDED
    rows = (await session.execute(wanted, {"after": after, "limit": limit + 1})).mappings()
    return [RequestBody(**row) for row in rows]


async def get_request(session: AsyncSession, request_id: int) -> RequestBody:
    """One scrap request. Raises NotFound `unknown-request`."""
    row = (await session.execute(REQUEST, {"request_id": request_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-request", "There is no scrap request with this number.")
    return RequestBody(**row)


async def list_disposals(
    session: AsyncSession, *, without_reference: bool, after: int, limit: int
) -> list[DisposalBody]:
    """What was scrapped, `limit + 1` of it: all, or what lacks the reference of its waste."""
    wanted = WITHOUT_REFERENCE if without_reference else DISPOSALS
    rows = (await session.execute(wanted, {"after": after, "limit": limit + 1})).mappings()
    return [DisposalBody(**row) for row in rows]


async def get_disposal(session: AsyncSession, barcode: str) -> DisposalBody:
    """How an item was scrapped. Raises NotFound `not-scrapped`."""
    row = (await session.execute(OF_ITEM, {"barcode": barcode})).mappings().one_or_none()
    if row is None:
        raise NotFound("not-scrapped", "No scrapped item here has this barcode and a record of its waste.")
    return DisposalBody(**row)
