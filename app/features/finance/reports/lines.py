"""The lines behind a figure of the report of costs, each with its item, its order and its collection."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.costs import ChargeKind
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import check_known
from app.features.finance.reports.costs_sql import CHARGES, values_of, where
from app.features.finance.reports.schemas import CostLine

COLUMNS = f"""
    line.id, line.period, line.happened_on, line.kind, line.variant, funder.code AS funder, funder.name AS funder_name,
    line.percent, line.quantity, line.amount_pence, line.vat_pence, line.basis, line.is_unpriced,
    ({IN_DISPUTE}) AS is_provisional,
    item.barcode, product.code AS product_code, product.name AS product_name, store.code AS store,
    asked.number AS order_number, fetched.number AS collection_number, line.reversal_of, line.corrects_id, line.because
"""
BESIDE = """
    LEFT JOIN item ON item.id = line.item_id LEFT JOIN equipment_order AS asked ON asked.id = line.order_id
    LEFT JOIN collection AS fetched ON fetched.id = line.collection_id
"""


async def list_lines(session: AsyncSession, asked: Asked, *, after: int, limit: int) -> list[CostLine]:
    """Up to `limit + 1` lines after that one, in the order in which they were posted. One statement; a second one
    where nothing was found (`check_known`)."""
    statement = text(
        f"SELECT {COLUMNS} FROM {CHARGES} {BESIDE} WHERE {where(asked)} AND line.id > :after "  # noqa: S608 - our words
        "ORDER BY line.id LIMIT :limit"
    )
    values = values_of(asked) | {"after": after, "limit": limit + 1}
    found = [_line(row) for row in (await session.execute(statement, values)).mappings()]
    if not found and not after:
        await check_known(session, asked.filters)
    return found


def _line(row: Any) -> CostLine:
    links = {
        "item": f"/items/{row['barcode']}" if row["barcode"] else None,
        "order": f"/orders/{row['order_number']}" if row["order_number"] else None,
        "collection": f"/collections/{row['collection_number']}" if row["collection_number"] else None,
    }
    found = {name: address for name, address in links.items() if address}
    kind = ChargeKind(row["kind"])
    more = {"period": f"{row['period']:%Y-%m}", "kind_name": kind.text, "links": found}
    return CostLine(**(dict(row) | more))
