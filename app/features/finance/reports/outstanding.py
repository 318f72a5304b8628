"""Credits outstanding: what would be credited if everything that clients have came back today."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.cost_reports import Dimension
from app.domain.costs import OWN_ACCOUNT
from app.domain.dates import in_words
from app.domain.panel_funding import Share
from app.features.finance.reports.costs import check_known, plain
from app.features.finance.reports.credit_sql import OF_A_PRODUCT, PARTS
from app.features.finance.tables import Cell, Column, Table

OUTSTANDING: Final = text(f"""
    WITH {PARTS.format(only="")}, summed AS (
        SELECT funder, product_id, sum(percent) AS percent, sum(charged_pence)::bigint AS charged_pence,
               sum(credit_pence)::bigint AS credit_pence, sum(percent) FILTER (WHERE has_no_rate) AS no_rate
        FROM part GROUP BY funder, product_id
    )
    SELECT NULLIF(summed.funder, '') AS funder, funder.name AS funder_name, product.code AS product,
           product.name AS product_name, summed.percent * 0.01 AS items, summed.charged_pence, summed.credit_pence,
           COALESCE(summed.no_rate, 0) * 0.01 AS no_rate
    FROM summed JOIN product ON product.id = summed.product_id LEFT JOIN funder ON funder.code = summed.funder
    ORDER BY summed.credit_pence DESC, summed.funder COLLATE "C", product.code COLLATE "C"
""")  # noqa: S608 - the parts are constants
LISTED: Final = f"""
    WITH {PARTS.format(only=OF_A_PRODUCT)}, mine AS MATERIALIZED (
        SELECT item.barcode, (account.issue ->> 'on')::date AS issued_on, part.months, part.percent,
               part.percent * 0.01 AS items, part.charged_pence, part.credit_pence,
               CASE WHEN part.has_no_rate THEN part.percent * 0.01 ELSE 0 END AS no_rate
        FROM part JOIN item ON item.id = part.item_id JOIN item_account AS account ON account.item_id = item.id
        WHERE part.funder = :funder
    )
"""  # noqa: S608 - the parts are constants
# A page of them, and what all of them come to.
ITEMS_OF_A_PRODUCT: Final = text(f"""
    {LISTED}
    SELECT (SELECT name FROM product WHERE code = :product) AS product_name,
           (SELECT name FROM funder WHERE code = :funder) AS funder_name, whole.*, page.*
    FROM (SELECT count(*) AS listed, COALESCE(sum(items), 0) AS all_items,
                 COALESCE(sum(charged_pence), 0)::bigint AS all_charged_pence,
                 COALESCE(sum(credit_pence), 0)::bigint AS all_credit_pence, COALESCE(sum(no_rate), 0) AS all_no_rate,
                 max(barcode) AS last_barcode
          FROM mine) AS whole
    LEFT JOIN (SELECT * FROM mine WHERE barcode > :after ORDER BY barcode LIMIT :limit) AS page ON true
    ORDER BY page.barcode
""")  # noqa: S608 - the parts are constants
COLUMNS: Final = (
    Column("funder", "Funder: code"),
    Column("funder_name", "Funder"),
    Column("product", "Product: code"),
    Column("product_name", "Product"),
    Column("items", "Items", Cell.COUNT),
    Column("charged_pence", "Charged when issued", Cell.PENCE),
    Column("credit_pence", "Credit if returned today", Cell.PENCE),
    Column("no_rate", "Of them without a rate", Cell.COUNT),
)
DEFINITION: Final = (
    "Items that clients have now and whose return would be credited: what each funder was charged when they were "
    "issued, less what a person adds to it, and what it would be credited, net of VAT, if all of them came back today, "
    "by today's rates and the items' age. Items are counted by the part that the funder paid. Not counted: hired "
    "items, items that cannot be used again, and what was issued before charges began. Without a rate for credits in "
    "force, and where what it was issued at has no rate yet, the credit counts as nothing."
)


ITEM_COLUMNS: Final = (
    Column("barcode", "Item"),
    Column("issued_on", "Issued on", Cell.DAY),
    Column("months", "Age in whole months", Cell.COUNT),
    Column("percent", "Share of this funder", Cell.PERCENT),
    Column("items", "Counted as items", Cell.COUNT),
    Column("charged_pence", "Charged when issued", Cell.PENCE),
    Column("credit_pence", "Credit if returned today", Cell.PENCE),
    Column("no_rate", "Of it without a rate", Cell.COUNT),
)
ITEM_DEFINITION: Final = (
    "Each item that clients have now and whose return would be credited to this funder, with its part of it. "
    "An item that several funders pay for counts for each by its share. Net of VAT."
)
ITEMS: Final = "/finance/reports/credits-outstanding/items"


async def credits_outstanding(session: AsyncSession, *, today: date) -> Table:
    """By funder and product, the largest credit first. One statement."""
    found = (await session.execute(OUTSTANDING, {"on": today})).mappings()
    lines = [
        {
            **row,
            "funder_name": row["funder_name"] or row["funder"] or Dimension.FUNDER.nothing,
            "items": plain(row["items"]),
            "no_rate": plain(row["no_rate"]),
        }
        for row in found
    ]
    return Table(
        name="credits-outstanding",
        title="Credits outstanding",
        definition=DEFINITION,
        period=f"On {in_words(today)}",
        columns=COLUMNS,
        rows=lines,
        totals=totals_of(lines, COLUMNS),
        links=[f"{ITEMS}?{urlencode({'product': one['product'], 'funder': one['funder'] or ''})}" for one in lines],
    )


async def outstanding_items(
    session: AsyncSession, *, product: str, funder: str, today: date, after: str = "", limit: int | None = None
) -> Table:
    """The items of one row of the report, by tag, each with the funder's part of it: what that row counts. Up to
    `limit` of them after that one, all by default; totals are of all. One statement; a second one where nothing was
    found. Raises BadValue `unknown-product`, `unknown-funder`."""
    asked = {"on": today, "product": product, "funder": funder, "after": after, "limit": limit}
    rows = (await session.execute(ITEMS_OF_A_PRODUCT, asked)).mappings().all()
    whole = rows[0]
    if not whole["listed"]:
        await check_known(session, {"product_code": product, "funder": funder})
    found = [
        {column.key: row[column.key] for column in ITEM_COLUMNS}
        | {name: plain(row[name]) for name in ("items", "no_rate")}
        for row in rows
        if row["barcode"] is not None
    ]
    return Table(
        name="credits-outstanding-items",
        title=f"Credits outstanding: {whole['product_name'] or product}",
        definition=ITEM_DEFINITION,
        period=f"{whole['funder_name'] or funder or Dimension.FUNDER.nothing}, on {in_words(today)}",
        columns=ITEM_COLUMNS,
        rows=found,
        totals={
            "items": plain(whole["all_items"]),
            "charged_pence": whole["all_charged_pence"],
            "credit_pence": whole["all_credit_pence"],
            "no_rate": plain(whole["all_no_rate"]),
        },
        links=[f"/items/{one['barcode']}" for one in found],
        listed=whole["listed"],
        after=found[-1]["barcode"] if found and found[-1]["barcode"] != whole["last_barcode"] else None,
    )


def totals_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> dict[str, Any]:
    """The sums of the columns that hold pence or counts."""
    numbers = [column.key for column in columns if column.cell in {Cell.PENCE, Cell.COUNT}]
    return {key: plain(sum((Decimal(row[key] or 0) for row in rows), Decimal(0))) for key in numbers}


def read_shares(found: Sequence[Mapping[str, str]]) -> tuple[Share, ...]:
    """Shares from their JSON."""
    return tuple(Share(one["funder"] or OWN_ACCOUNT, Decimal(one["percent"])) for one in found)


def name_of(funder: str, names: Mapping[str, str] | None) -> str:
    """How people call a funder."""
    return (names or {}).get(funder, funder) or Dimension.FUNDER.nothing
