"""Credits outstanding: what would be credited if everything that clients have came back today."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import read_tariffs
from app.domain.cost_reports import Dimension
from app.domain.costs import OWN_ACCOUNT, ChargeKind, Due, Facts, Posting, Tariff, post, split
from app.domain.dates import in_words
from app.domain.panel_funding import Share
from app.features.finance.reports.costs import plain
from app.features.finance.tables import Cell, Column, Table

RATES: Final = """
    CASE WHEN row_number() OVER () = 1 THEN (
        SELECT jsonb_agg(to_jsonb(rate)) FROM tariff AS rate
        WHERE daterange(rate.starts_on, rate.ends_on, '[]') @> CAST(:on AS date)) END AS rates
"""
"""The rates in force on that day; they come with the first row only."""
SHARES: Final = """
    jsonb_agg(jsonb_build_object('funder', COALESCE(funder.code, ''), 'percent', line.percent::text) ORDER BY line.id)
"""
# As `charging.NEWEST_ISSUE`, for all items at once; alike ones are counted, since they are credited alike.
OUTSTANDING: Final = text(f"""
    WITH issues AS (
        SELECT line.*, rank() OVER (PARTITION BY line.item_id ORDER BY line.movement_seq DESC) AS place
        FROM item JOIN charge AS line ON line.item_id = item.id AND line.is_issue AND line.reversal_of IS NULL
        WHERE item.state IN ('on_loan', 'on_trial', 'awaiting_collection')
    ), newest AS (
        SELECT line.item_id, line.movement_seq, sum(line.amount_pence)::bigint + COALESCE((
                   SELECT sum(added.amount_pence) FROM charge AS added LEFT JOIN funder AS giver ON giver.id = funder_id
                   WHERE added.item_id = line.item_id AND added.movement_seq = line.movement_seq
                     AND added.kind = 'top_up' AND giver.kind IS DISTINCT FROM 'person'), 0)::bigint AS pence,
               {SHARES} AS shares
        FROM issues AS line LEFT JOIN funder ON funder.id = line.funder_id
        WHERE line.place = 1 AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
        GROUP BY line.item_id, line.movement_seq HAVING NOT bool_or(line.kind = 'hire')
    ), alike AS (
        SELECT item.product_id, item.purchase_price_pence, newest.pence, newest.shares, GREATEST(
                   (extract(year FROM CAST(:on AS date)) - extract(year FROM item.received_on)) * 12
                   + extract(month FROM CAST(:on AS date)) - extract(month FROM item.received_on)
                   - (extract(day FROM CAST(:on AS date)) < extract(day FROM item.received_on))::int, 0)::int AS months,
               count(*) AS items
        FROM newest JOIN item ON item.id = newest.item_id
        WHERE NOT EXISTS (
            SELECT FROM charge AS line
            WHERE line.item_id = newest.item_id AND line.movement_seq > newest.movement_seq
              AND line.kind = 'credit' AND line.reversal_of IS NULL
              AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id))
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT alike.*, product.code AS product_code, product.name AS product_name, product.category, {RATES},
           (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    FROM alike JOIN product ON product.id = alike.product_id
    WHERE product.returnable AND NOT product.single_patient_use AND product.decontamination_route <> 'cannot'
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
        links=[f"/items?product_code={one['product']}&state=on_loan" for one in lines],
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
    many = row["items"]
    charged = split(row["pence"], credit.due.shares)
    for line, paid in zip(credit.lines, charged, strict=True):
        empty = {
            "funder": line.funder or None,
            "funder_name": name_of(line.funder, row["funders"]),
            "product": row["product_code"],
            "product_name": row["product_name"],
            "items": Decimal(0),
            "charged_pence": 0,
            "credit_pence": 0,
            "no_rate": Decimal(0),
        }
        one = found.setdefault((line.funder, row["product_code"]), empty)
        part = many * line.percent / 100
        one["items"] += part
        one["no_rate"] += part if credit.price.is_unpriced else 0
        one["charged_pence"] += many * paid.pence
        one["credit_pence"] -= many * line.pence
