"""Accruals: what happened up to a day and is not charged yet, and beside it what was approved and is not delivered."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import read_tariffs
from app.domain.costs import ChargeKind, Due, Facts, Tariff, post
from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.features.finance.reports.commitments import commitments
from app.features.finance.reports.costs import plain
from app.features.finance.reports.outstanding import RATES, SHARES, name_of, read_shares, totals_of
from app.features.finance.tables import Cell, Column, Table

STANDS: Final = """
    line.happened_on <= :on AND line.reversal_of IS NULL AND NOT EXISTS (
        SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id
          AND (undone.posted_at AT TIME ZONE 'Europe/London')::date <= :on)
"""
UNPRICED: Final = text(f"""
    SELECT line.kind, COALESCE(funder.code, '') AS funder, max(funder.name) AS funder_name, count(*) AS lines,
           sum(line.quantity * line.percent) / 100 AS quantity
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE line.is_unpriced AND {STANDS}
    GROUP BY line.kind, funder.code ORDER BY line.kind, funder.code
""")  # noqa: S608 - the part is the constant above
# A hire is charged when the item comes back: until then it is open, with its nights.
HIRED: Final = text(f"""
    WITH hired AS (
        SELECT line.item_id, line.movement_seq, min(line.happened_on) AS since, {SHARES} AS shares
        FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
        WHERE line.kind = 'hire' AND line.is_issue AND {STANDS}
        GROUP BY line.item_id, line.movement_seq
    ), alike AS (
        SELECT item.product_id, hired.since, hired.shares, count(*) AS items
        FROM hired JOIN item ON item.id = hired.item_id
        WHERE NOT EXISTS (
            SELECT FROM charge AS line
            WHERE line.item_id = hired.item_id AND line.movement_seq > hired.movement_seq
              AND (line.is_issue OR line.kind = 'hire') AND {STANDS})
        GROUP BY 1, 2, 3
    )
    SELECT alike.*, product.category, product.purchase_price_pence, {RATES},
           (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    FROM alike JOIN product ON product.id = alike.product_id
""")  # noqa: S608 - the parts are constants
COLUMNS: Final = (
    Column("what", "What"),
    Column("funder", "Funder: code"),
    Column("funder_name", "Funder"),
    Column("quantity", "Quantity", Cell.COUNT),
    Column("accrued_pence", "Accrued", Cell.PENCE),
    Column("undelivered_pence", "Approved, not delivered", Cell.PENCE),
)
DEFINITION: Final = (
    "Accrued, net of VAT: the nights of hired items that have not come back, by the rates of the day. Lines for which"
    " no rate was in force are counted, and their sum is not known: set the rate, and correct them. What was approved"
    " and is not delivered is no accrual; it stands apart, at catalogue prices. An order that was called off since is"
    " not in the figures of a day before. Other movements are charged at once, so nothing of them is outstanding."
)


async def accruals(session: AsyncSession, *, as_at: date, today: date) -> Table:
    """By what is outstanding and by funder. Three statements. Raises BadValue `not-yet`."""
    if as_at > today:
        raise BadValue("not-yet", "Nothing has accrued on a day to come. Choose today or a day before.", field="as_at")
    hired = (await session.execute(HIRED, {"on": as_at})).mappings().all()
    unpriced = (await session.execute(UNPRICED, {"on": as_at})).mappings().all()
    undelivered = await commitments(session, on=as_at, today=today)
    rows = [*_hire(hired, as_at), *(_unpriced(row) for row in unpriced), *_undelivered(undelivered.rows)]
    return Table(
        name="accruals",
        title="Accruals",
        definition=DEFINITION,
        period=f"As at {in_words(as_at)}",
        columns=COLUMNS,
        rows=rows,
        totals={key: value for key, value in totals_of(rows, COLUMNS).items() if key != "quantity"},
    )


def _hire(rows: Sequence[RowMapping], as_at: date) -> list[dict[str, Any]]:
    tariffs = read_tariffs(rows[0]["rates"] or []) if rows else []
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        _add_nights(found, row, tariffs, as_at)
    return [one | {"quantity": plain(one["quantity"])} for _, one in sorted(found.items())]


def _add_nights(found: dict[str, dict[str, Any]], row: RowMapping, tariffs: Sequence[Tariff], as_at: date) -> None:
    nights = max((as_at - row["since"]).days, 1)
    facts = Facts(row["product_id"], row["category"], row["purchase_price_pence"], row["since"])
    charge = post(Due(ChargeKind.HIRE, read_shares(row["shares"]), times=nights), facts, tariffs)
    for line in charge.lines:
        empty = _row("Nights of hire until the day", line.funder, name_of(line.funder, row["funders"]))
        one = found.setdefault(line.funder, empty | {"quantity": Decimal(0), "accrued_pence": 0})
        one["quantity"] += row["items"] * nights * line.percent / 100
        one["accrued_pence"] += row["items"] * line.pence


def _unpriced(row: RowMapping) -> dict[str, Any]:
    what = f"No rate was in force: {ChargeKind(row['kind']).text.lower()}"
    funder = _row(what, row["funder"], name_of(row["funder"], {row["funder"]: row["funder_name"]}))
    return funder | {"quantity": plain(Decimal(row["quantity"]))}


def _undelivered(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        empty = _row("Approved, not delivered", row["funder"], row["funder_name"])
        one = found.setdefault(row["funder"], empty | {"quantity": 0, "undelivered_pence": 0})
        one["quantity"] += row["pieces"]
        one["undelivered_pence"] += row["committed_pence"]
    return [one for _, one in sorted(found.items())]


def _row(what: str, funder: str, name: str) -> dict[str, Any]:
    return {
        "what": what,
        "funder": funder or None,
        "funder_name": name,
        "quantity": 0,
        "accrued_pence": None,
        "undelivered_pence": None,
    }
