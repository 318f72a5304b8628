"""Credits outstanding: what would be credited if everything that clients have came back today."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import read_tariffs
from app.domain.cost_reports import Dimension
from app.domain.costs import OWN_ACCOUNT, ChargeKind, Due, Facts, Posting, Tariff, post, split
from app.domain.dates import in_words
from app.domain.panel_funding import Share
from app.features.finance.reports.costs import check_known, plain
from app.features.finance.tables import Cell, Column, Table

RATES: Final = """
    CASE WHEN row_number() OVER () = 1 THEN (
        SELECT jsonb_agg(to_jsonb(rate)) FROM tariff AS rate
        WHERE daterange(rate.starts_on, rate.ends_on, '[]') @> CAST(:on AS date)) END AS rates
"""
"""The rates in force on that day; they come with the first row only."""
MONTHS: Final = """
    GREATEST((extract(year FROM CAST(:on AS date)) - extract(year FROM item.received_on)) * 12
             + extract(month FROM CAST(:on AS date)) - extract(month FROM item.received_on)
             - (extract(day FROM CAST(:on AS date)) < extract(day FROM item.received_on))::int, 0)::int AS months
"""
# As `charging.NEWEST_ISSUE`, for many items at once: the account of each has it, so no line is read. `{only}`: which.
NEWEST: Final = """
    newest AS (
        SELECT account.item_id, (account.issue ->> 'on')::date AS issued_on,
               (account.issue ->> 'pence')::bigint AS pence, account.issue -> 'shares' AS shares
        FROM item JOIN item_account AS account ON account.item_id = item.id
        WHERE item.state IN ('on_loan', 'on_trial', 'awaiting_collection') AND account.issue IS NOT NULL
          AND NOT account.is_credited AND NOT (account.issue ->> 'is_hire')::boolean {only}
    )
"""
OF_PRODUCTS: Final = f"""
           product.code AS product_code, product.name AS product_name, product.category, {RATES},
           (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
"""  # noqa: S608 - the part is a constant
IS_CREDITED: Final = (
    "product.returnable AND NOT product.single_patient_use AND product.decontamination_route <> 'cannot'"
)
# Alike ones are counted, since they are credited alike.
OUTSTANDING: Final = text(f"""
    WITH {NEWEST.format(only="")}, alike AS (
        SELECT item.product_id, item.purchase_price_pence, newest.pence, newest.shares, {MONTHS}, count(*) AS items
        FROM newest JOIN item ON item.id = newest.item_id
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT alike.*, {OF_PRODUCTS}
    FROM alike JOIN product ON product.id = alike.product_id WHERE {IS_CREDITED}
""")  # noqa: S608 - the parts are the constants above
ITEMS_OF_A_PRODUCT: Final = text(f"""
    WITH {NEWEST.format(only="AND item.product_id = (SELECT id FROM product WHERE code = :product)")}
    SELECT item.barcode, item.product_id, item.purchase_price_pence, newest.pence, newest.shares, newest.issued_on,
           {MONTHS}, 1 AS items, {OF_PRODUCTS}
    FROM newest JOIN item ON item.id = newest.item_id JOIN product ON product.id = item.product_id
    WHERE {IS_CREDITED} ORDER BY item.barcode
""")  # noqa: S608 - the parts are the constants above
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
    "force, the credit counts as nothing."
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
    rows = (await session.execute(OUTSTANDING, {"on": today})).mappings().all()
    tariffs = read_tariffs(rows[0]["rates"] or []) if rows else []
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        _add(found, row, _credit(row, tariffs, today))
    lines = sorted(found.values(), key=lambda one: (-one["credit_pence"], one["funder"] or "", one["product"]))
    for one in lines:
        one["items"] = plain(one["items"])
        one["no_rate"] = plain(one["no_rate"])
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


async def outstanding_items(session: AsyncSession, *, product: str, funder: str, today: date) -> Table:
    """The items of one row of the report, each with the funder's part of it: what that row counts. One statement; a
    second one where nothing was found. Raises BadValue `unknown-product`, `unknown-funder`."""
    rows = (await session.execute(ITEMS_OF_A_PRODUCT, {"on": today, "product": product})).mappings().all()
    tariffs = read_tariffs(rows[0]["rates"] or []) if rows else []
    found = [one for row in rows for one in _parts(row, _credit(row, tariffs, today)) if one["funder"] == funder]
    if not found:
        await check_known(session, {"product_code": product, "funder": funder})
    totals = totals_of(found, ITEM_COLUMNS)
    found = [one | {name: plain(one[name]) for name in ("items", "no_rate")} for one in found]
    return Table(
        name="credits-outstanding-items",
        title=f"Credits outstanding: {rows[0]['product_name'] if rows else product}",
        definition=ITEM_DEFINITION,
        period=f"{name_of(funder, rows[0]['funders'] if rows else None)}, on {in_words(today)}",
        columns=ITEM_COLUMNS,
        rows=found,
        totals={key: totals[key] for key in ("items", "charged_pence", "credit_pence", "no_rate")},
        links=[f"/items/{one['barcode']}" for one in found],
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


def _credit(row: RowMapping, tariffs: Sequence[Tariff], today: date) -> Posting:
    facts = Facts(row["product_id"], row["category"], row["purchase_price_pence"], today)
    shares = read_shares(row["shares"])
    return post(Due(ChargeKind.CREDIT, shares, of_pence=row["pence"], months=row["months"]), facts, tariffs)


def _add(found: dict[tuple[str, str], dict[str, Any]], row: RowMapping, credit: Posting) -> None:
    """Each funder's part of what this many alike items were charged, and would be credited."""
    for part in _parts(row, credit):
        empty = {
            "funder": part["funder"] or None,
            "funder_name": name_of(part["funder"], row["funders"]),
            "product": row["product_code"],
            "product_name": row["product_name"],
            "items": Decimal(0),
            "charged_pence": 0,
            "credit_pence": 0,
            "no_rate": Decimal(0),
        }
        one = found.setdefault((part["funder"], row["product_code"]), empty)
        for name in ("items", "charged_pence", "credit_pence", "no_rate"):
            one[name] += row["items"] * part[name]


def _parts(row: RowMapping, credit: Posting) -> Iterator[dict[str, Any]]:
    """Each funder's part of one item: what it was charged, and would be credited."""
    facts = {name: row[name] for name in ("barcode", "issued_on", "months") if name in row}
    for line, paid in zip(credit.lines, split(row["pence"], credit.due.shares), strict=True):
        part = line.percent / 100
        yield facts | {
            "funder": line.funder,
            "percent": line.percent,
            "items": part,
            "charged_pence": paid.pence,
            "credit_pence": -line.pence,
            "no_rate": part if credit.price.is_unpriced else Decimal(0),
        }
