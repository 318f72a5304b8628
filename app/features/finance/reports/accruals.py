"""Accruals: what happened up to a day and is not charged yet, and beside it what was approved and is not delivered."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import read_hire_rates
from app.domain.costs import OWN_ACCOUNT_TEXT, ChargeKind, Facts, Posting, Tariff, nights_of_hire, post
from app.domain.dates import in_words
from app.domain.hire import InForce
from app.features.finance.reports.commitments import commitments
from app.features.finance.reports.costs import check_known, plain
from app.features.finance.reports.outstanding import name_of, read_shares, totals_of
from app.features.finance.tables import Cell, Column, Table

SHARES: Final = """
    jsonb_agg(jsonb_build_object('funder', COALESCE(funder.code, ''), 'percent', line.percent::text) ORDER BY line.id)
"""
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
OPEN_HIRE: Final = f"""
    hired AS (
        SELECT line.item_id, line.movement_seq, min(line.happened_on) AS since, {SHARES} AS shares
        FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
        WHERE line.kind = 'hire' AND line.is_issue AND {STANDS}
        GROUP BY line.item_id, line.movement_seq
    ), still_out AS (
        SELECT item.barcode, item.product_id, hired.since, hired.shares
        FROM hired JOIN item ON item.id = hired.item_id
        WHERE NOT EXISTS (
            SELECT FROM charge AS line
            WHERE line.item_id = hired.item_id AND line.movement_seq > hired.movement_seq
              AND (line.is_issue OR line.kind = 'hire') AND {STANDS})
    )
"""  # noqa: S608 - the parts are constants
HIRE_RATES: Final = "(SELECT jsonb_agg(to_jsonb(rate) ORDER BY rate.id) FROM tariff AS rate WHERE rate.kind = 'hire')"
HIRED: Final = text(f"""
    WITH {OPEN_HIRE}, alike AS (
        SELECT product_id, since, shares, count(*) AS items FROM still_out GROUP BY 1, 2, 3
    )
    SELECT alike.*, product.category, product.purchase_price_pence,
           {HIRE_RATES} AS rates, (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    FROM alike JOIN product ON product.id = alike.product_id
""")  # noqa: S608 - the parts are constants
HIRED_ITEMS: Final = text(f"""
    WITH {OPEN_HIRE}
    SELECT still_out.*, 1 AS items, product.name AS product_name, product.category, product.purchase_price_pence,
           {HIRE_RATES} AS rates, (SELECT jsonb_object_agg(code, name) FROM funder) AS funders
    FROM still_out JOIN product ON product.id = still_out.product_id ORDER BY still_out.since, still_out.barcode
""")  # noqa: S608 - the parts are constants
UNPRICED_LINES: Final = text(f"""
    SELECT line.id AS line, line.happened_on, item.barcode, product.name AS product_name, line.quantity, line.percent,
           line.quantity * line.percent / 100 AS counted
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id LEFT JOIN item ON item.id = line.item_id
    LEFT JOIN product ON product.id = line.product_id
    WHERE line.is_unpriced AND line.kind = :kind AND COALESCE(funder.code, '') = :funder AND {STANDS}
    ORDER BY line.id
""")  # noqa: S608 - the part is a constant
COLUMNS: Final = (
    Column("what", "What"),
    Column("funder", "Funder: code"),
    Column("funder_name", "Funder"),
    Column("quantity", "Quantity", Cell.COUNT),
    Column("accrued_pence", "Accrued", Cell.PENCE),
    Column("undelivered_pence", "Approved, not delivered", Cell.PENCE),
)
DEFINITION: Final = (
    "Accrued, net of VAT: the nights of hired items that have not come back, each by the rate of its day; one night at"
    " least, as is charged for what comes back on the day it went out. Lines for"
    " which no rate was in force are counted, and their sum is not known: set the rate, and correct them. What was"
    " approved and is not delivered is no accrual; it stands apart, at catalogue prices. An order that was called off"
    " since is not in the figures of a day before. Other movements are charged at once, so nothing of them is"
    " outstanding."
)


class Waiting(StrEnum):
    """What has not been charged yet and is told in a row of its own, beside kinds of charges that have no rate."""

    NIGHTS = "nights"
    UNDELIVERED = "undelivered"


NIGHTS: Final = "Nights of hire until the day"
HIRED_COLUMNS: Final = (
    Column("barcode", "Item"),
    Column("product_name", "Product"),
    Column("since", "Hired since", Cell.DAY),
    Column("nights", "Nights until the day", Cell.COUNT),
    Column("percent", "Share of this funder", Cell.PERCENT),
    Column("quantity", "Nights by its share", Cell.COUNT),
    Column("accrued_pence", "Accrued", Cell.PENCE),
)
HIRED_DEFINITION: Final = (
    "Each hired item that had not come back by the end of the day, with its nights until then (one at least), and this "
    "funder's part of what they come to by the rates of the day, net of VAT."
)
UNPRICED_COLUMNS: Final = (
    Column("line", "Line"),
    Column("happened_on", "Happened on", Cell.DAY),
    Column("barcode", "Item"),
    Column("product_name", "Product"),
    Column("quantity", "Things, visits or nights", Cell.COUNT),
    Column("percent", "Share of this funder", Cell.PERCENT),
    Column("counted", "Counted by its share", Cell.COUNT),
)
UNPRICED_DEFINITION: Final = (
    "Each line of the charges for which no rate was in force, and which nothing has taken back by that day. Set the "
    "rate, and price them under Charges."
)
ITEMS: Final = "/finance/reports/accruals/items"
UNDELIVERED: Final = "/finance/reports/commitments"


async def accruals(session: AsyncSession, *, as_at: date, today: date) -> Table:
    """By what is outstanding and by funder. Three statements."""
    hired = (await session.execute(HIRED, {"on": as_at})).mappings().all()
    unpriced = (await session.execute(UNPRICED, {"on": as_at})).mappings().all()
    undelivered = await commitments(session, on=as_at, today=today)
    rows = [*_hire(hired, as_at), *(_unpriced(row) for row in unpriced), *_undelivered(undelivered.rows)]
    at = {"as_at": as_at.isoformat()}
    return Table(
        name="accruals",
        title="Accruals",
        definition=DEFINITION,
        period=f"As at {in_words(as_at)}",
        columns=COLUMNS,
        rows=rows,
        totals={key: value for key, value in totals_of(rows, COLUMNS).items() if key != "quantity"},
        links=[
            f"{UNDELIVERED if row['kind'] == Waiting.UNDELIVERED else ITEMS}?"
            + urlencode(at | {"funder": row["funder"] or ""} | _asked_of(row["kind"]))
            for row in rows
        ],
    )


async def accrued_items(session: AsyncSession, *, funder: str, kind: ChargeKind | None, as_at: date) -> Table:
    """What a row counts: hired items or, of a kind of charge, lines without a rate. Statements and errors as they
    have."""
    if kind:
        return await unpriced_lines(session, kind=kind, funder=funder, as_at=as_at)
    return await hired_items(session, funder=funder, as_at=as_at)


async def hired_items(session: AsyncSession, *, funder: str, as_at: date) -> Table:
    """The hired items of a funder's row, with its part of each. One statement; a second one where nothing was found.
    Raises BadValue `unknown-funder`."""
    found = (await session.execute(HIRED_ITEMS, {"on": as_at})).mappings().all()
    rates = read_hire_rates(found[0]["rates"] or []) if found else ()
    rows = []
    for row in found:
        facts = {name: row[name] for name in ("barcode", "product_name", "since")}
        rows += [
            facts
            | {
                "nights": nights,
                "percent": line.percent,
                "quantity": plain(nights * line.percent / 100),
                "accrued_pence": line.pence,
            }
            for nights, charge in _hire_of(row, rates, as_at)
            for line in charge.lines
            if line.funder == funder
        ]
    if not rows:
        await check_known(session, {"funder": funder})
    totals = totals_of(rows, HIRED_COLUMNS)
    return Table(
        name="accruals-hired",
        title=f"Accruals: {NIGHTS[:1].lower()}{NIGHTS[1:]}",
        definition=HIRED_DEFINITION,
        period=f"{name_of(funder, found[0]['funders'] if found else None)}, as at {in_words(as_at)}",
        columns=HIRED_COLUMNS,
        rows=rows,
        totals={key: totals[key] for key in ("quantity", "accrued_pence")},
        links=[f"/items/{one['barcode']}" for one in rows],
    )


async def unpriced_lines(session: AsyncSession, *, kind: ChargeKind, funder: str, as_at: date) -> Table:
    """The lines without a rate of a row. One statement; a second one where nothing was found. Raises BadValue
    `unknown-funder`."""
    values = {"on": as_at, "kind": kind.value, "funder": funder}
    found = (await session.execute(UNPRICED_LINES, values)).mappings()
    rows = [dict(row) | {"counted": plain(row["counted"])} for row in found]
    if not rows:
        await check_known(session, {"funder": funder})
    totals = totals_of(rows, UNPRICED_COLUMNS)
    return Table(
        name="accruals-unpriced",
        title=_unpriced_of(kind),
        definition=UNPRICED_DEFINITION,
        period=f"{funder or OWN_ACCOUNT_TEXT}, as at {in_words(as_at)}",
        columns=UNPRICED_COLUMNS,
        rows=rows,
        totals={"counted": totals["counted"]},
        links=[f"/finance/charges/{one['line']}" for one in rows],
    )


def _asked_of(kind: str) -> dict[str, str]:
    """What the address of a row's list says beside funder and day: which lines have no rate; otherwise hire."""
    return {} if kind in set(Waiting) else {"kind": kind}


def _unpriced_of(kind: ChargeKind) -> str:
    return f"No rate was in force: {kind.text.lower()}"


def _hire(rows: Sequence[RowMapping], as_at: date) -> list[dict[str, Any]]:
    rates = read_hire_rates(rows[0]["rates"] or []) if rows else ()
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        _add_nights(found, row, rates, as_at)
    return [one | {"quantity": plain(one["quantity"])} for _, one in sorted(found.items())]


def _add_nights(
    found: dict[str, dict[str, Any]], row: RowMapping, rates: tuple[InForce[Tariff], ...], as_at: date
) -> None:
    for nights, charge in _hire_of(row, rates, as_at):
        for line in charge.lines:
            empty = _row(NIGHTS, line.funder, name_of(line.funder, row["funders"]), Waiting.NIGHTS)
            one = found.setdefault(line.funder, empty | {"quantity": Decimal(0), "accrued_pence": 0})
            one["quantity"] += row["items"] * nights * line.percent / 100
            one["accrued_pence"] += row["items"] * line.pence


def _hire_of(row: RowMapping, rates: tuple[InForce[Tariff], ...], as_at: date) -> list[tuple[int, Posting]]:
    """The nights of one item until the day and what they come to, apart for each rate that was in force meanwhile."""
    facts = Facts(row["product_id"], row["category"], row["purchase_price_pence"], row["since"], hire_rates=rates)
    dues = nights_of_hire(facts, read_shares(row["shares"]), since=row["since"], until=as_at)
    return [(due.times, post(due, facts, ())) for due in dues]


def _unpriced(row: RowMapping) -> dict[str, Any]:
    kind = ChargeKind(row["kind"])
    name = name_of(row["funder"], {row["funder"]: row["funder_name"]})
    return _row(_unpriced_of(kind), row["funder"], name, kind) | {"quantity": plain(Decimal(row["quantity"]))}


def _undelivered(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        empty = _row("Approved, not delivered", row["funder"], row["funder_name"], Waiting.UNDELIVERED)
        one = found.setdefault(row["funder"], empty | {"quantity": 0, "undelivered_pence": 0})
        one["quantity"] += row["pieces"]
        one["undelivered_pence"] += row["committed_pence"]
    return [one for _, one in sorted(found.items())]


def _row(what: str, funder: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "what": what,
        "kind": kind,
        "funder": funder or None,
        "funder_name": name,
        "quantity": 0,
        "accrued_pence": None,
        "undelivered_pence": None,
    }
