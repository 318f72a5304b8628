"""Reads of an item's whole-life ledger: its lines, its nights, what it is worth, and whether to refurbish it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.charging import FACTS, NOTHING_SAID, read_account, read_tariffs
from app.db import REPAIR_LIMIT_PERCENT
from app.domain.clearance import is_past_use
from app.domain.costs import OF_THE_PRICE, OWN_ACCOUNT_TEXT, WHOLE, ChargeKind, Due, Tariff, price_of, worth_today
from app.domain.costs import Facts as Money
from app.domain.dates import in_words
from app.domain.errors import NotFound
from app.domain.inspections import InspectionKind
from app.domain.labels import display
from app.domain.months import put_aside_before
from app.domain.refurbishing import REFURBISH_TEXT, Advised, Facts, refurbish_or_replace
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.items.price import of_its_price
from app.features.finance.items.schemas import Arithmetic, FunderSum, ItemLedger, ItemLine, RefurbishBody
from app.features.finance.tables import Cell, Column, Table

USUAL_PERCENT = 60
SPENT = frozenset(
    {
        ChargeKind.DELIVERY,
        ChargeKind.COLLECTION,
        ChargeKind.FAILED_VISIT,
        ChargeKind.DECONTAMINATION,
        ChargeKind.INSPECTION,
        ChargeKind.REPAIR,
        ChargeKind.PARTS,
        ChargeKind.SCRAP,
    }
)
"""What is spent on an item besides buying it. An issue and its credit pass the price on."""
LIFE = text(f"""
    SELECT item.id, item.times_issued, item.purchase_price_pence AS paid_pence, item.received_on,
           product.id AS product_id, product.purchase_price_pence AS new_pence, product.expected_life_months,
           money.facts, money.issued, NULL::jsonb AS counter,
           CASE WHEN EXISTS (SELECT FROM movement_put_aside AS gone WHERE gone.item_id = item.id)
                THEN (SELECT max(month) FROM month_put_aside WHERE whole = 'charge') END AS put_aside,
           cost.earlier_pence, cost.fitted_pence, cost.estimate_pence, used.nights,
           (SELECT jsonb_agg(to_jsonb(rate)) FROM tariff AS rate
            WHERE rate.kind IN ('credit', 'decontamination', 'inspection')
              AND daterange(rate.starts_on, rate.ends_on, '[]') @> CAST(:on AS date)
              AND (rate.product_id IS NULL OR rate.product_id = product.id)) AS tariffs
    FROM item JOIN product ON product.id = item.product_id
    {FACTS}
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(parts_pence + labour_pence) FILTER (WHERE NOT is_current), 0) AS earlier_pence,
               COALESCE(sum(parts_pence) FILTER (WHERE is_current), 0) AS fitted_pence,
               max(estimate_pence) FILTER (WHERE is_current) AS estimate_pence
        FROM repair_cost WHERE repair_cost.item_id = item.id
    ) AS cost
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(COALESCE((loan.ended_at AT TIME ZONE 'Europe/London')::date, CAST(:on AS date))
                            - (loan.started_at AT TIME ZONE 'Europe/London')::date), 0) AS nights
        FROM loan WHERE loan.item_id = item.id
    ) AS used
    WHERE item.id = :item_id
""")  # noqa: S608 - the part is a constant
LINES = text(f"""
    SELECT line.id, line.kind, line.variant, line.happened_on,
           to_char(line.period, 'YYYY-MM') AS period, funder.code AS funder,
           funder.name AS funder_name, line.percent, line.quantity, line.amount_pence, line.vat_pence, line.basis,
           line.recycled, line.is_issue, line.is_unpriced, ({IN_DISPUTE}) AS is_provisional, asked.number AS order,
           line.reversal_of, line.because
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    LEFT JOIN equipment_order AS asked ON asked.id = line.order_id
    WHERE line.item_id = :item_id ORDER BY line.id
""")  # noqa: S608 - the part is a constant
COLUMNS = (
    Column("happened_on", "Day", Cell.DAY),
    Column("period", "Month", Cell.MONTH),
    Column("kind", "What"),
    Column("variant", "Speed, way or kind"),
    Column("funder", "Funder"),
    Column("percent", "Part", Cell.PERCENT),
    Column("order", "Order"),
    Column("amount_pence", "Net", Cell.PENCE),
    Column("vat_pence", "VAT", Cell.PENCE),
    Column("basis", "How it was worked out"),
    Column("because", "Corrected because"),
)
DEFINITION = "Every line that was charged for this item, and what was taken back. A visit stands with one of its items."


async def read_ledger(session: AsyncSession, barcode: str, *, on: date) -> ItemLedger:
    """The item's whole life in money, as it stands on that day. Raises NotFound `unknown-barcode`. Three statements."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    row = (await session.execute(LIFE, {"item_id": item.id, "on": on})).mappings().one()
    found = (await session.execute(LINES, {"item_id": item.id})).mappings().all()
    lines = [ItemLine.model_validate(dict(line)) for line in found]
    money, rates = read_account(row, NOTHING_SAID).facts, read_tariffs(row["tariffs"] or ())
    worth, because = worth_today(item.state, money, rates, on=on)
    spent = sum(line.amount_pence for line in lines if line.kind in SPENT)
    past_use = is_past_use(item.evidence, item.route)
    limit = int(session.info.get(REPAIR_LIMIT_PERCENT, USUAL_PERCENT))
    advised = _advise(row, _making_fit(money, rates), past_use=past_use, on=on, limit_percent=limit)
    nights = int(row["nights"])
    seen = [(line.kind, line.funder_name, line.amount_pence) for line in lines]
    paid = money.paid_pence
    aside = paid - sum(pence for kind, _, pence in seen if kind in OF_THE_PRICE) if paid and row["put_aside"] else 0
    return ItemLedger(
        barcode=barcode,
        product_code=item.product_code,
        product_name=item.product_name,
        state=item.state,
        received_on=row["received_on"],
        bought_for_pence=row["paid_pence"],
        times_issued=row["times_issued"],
        nights=nights,
        nights_charged=_nights_charged(found),
        spent_pence=spent,
        cost_per_night_pence=round((row["paid_pence"] + spent) / nights) if nights else None,
        book_value_pence=worth,
        book_value_because=because,
        of_its_price=[] if paid is None else of_its_price(row["paid_pence"], seen, aside_pence=aside),
        put_aside=put_aside_before(row["put_aside"]),
        funders=_by_funder(lines),
        lines=lines,
        refurbish=RefurbishBody(
            advice=REFURBISH_TEXT[advised.advice],
            why=advised.why,
            lines=[Arithmetic(**asdict(line)) for line in advised.lines],
        ),
    )


def _nights_charged(lines: Iterable[RowMapping]) -> int | None:
    """How many nights of hire stand charged, each once however many pay for it; none where it was never on hire."""
    nights = [
        Decimal(line["percent"]) * (-line["quantity"] if line["reversal_of"] else line["quantity"])
        for line in lines
        if line["kind"] == ChargeKind.HIRE and not line["is_issue"]
    ]
    return round(sum(nights) / 100) if nights else None


def table_of(found: ItemLedger, *, on: date) -> Table:
    """The lines of an item as a report."""
    return Table(
        name=f"item-ledger-{found.barcode}",
        title=f"What {display(found.barcode)} cost: {found.product_name}",
        definition=f"{DEFINITION} {found.put_aside}".rstrip(),
        period=f"From {in_words(found.received_on)} until {in_words(on)}",
        columns=COLUMNS,
        rows=[_table_row(line) for line in found.lines],
        totals={name: sum(getattr(line, name) for line in found.lines) for name in ("amount_pence", "vat_pence")},
    )


def _table_row(line: ItemLine) -> Mapping[str, Any]:
    month = date.fromisoformat(f"{line.period}-01")
    return line.model_dump() | {"period": month, "kind": line.kind.text, "funder": line.funder_name or OWN_ACCOUNT_TEXT}


def _by_funder(lines: Iterable[ItemLine]) -> list[FunderSum]:
    """What each funder bore and was credited with; who pays most stands first."""
    sums: dict[tuple[str | None, str], list[int]] = {}
    for line in lines:
        borne = sums.setdefault((line.funder, line.funder_name or OWN_ACCOUNT_TEXT), [0, 0])
        if line.kind is ChargeKind.CREDIT:
            borne[1] -= line.amount_pence
        else:
            borne[0] += line.amount_pence
    found = [
        FunderSum(funder=code, name=name, borne_pence=borne, credited_pence=credited, net_pence=borne - credited)
        for (code, name), (borne, credited) in sums.items()
    ]
    return sorted(found, key=lambda one: (-one.net_pence, one.name))


def _making_fit(money: Money, rates: list[Tariff]) -> int | None:
    """What cleaning and checking it cost today; None where nobody has said."""
    dues = (
        Due(ChargeKind.DECONTAMINATION, WHOLE, money.route),
        Due(ChargeKind.INSPECTION, WHOLE, InspectionKind.FUNCTIONAL.value),
    )
    prices = [price_of(due, money, rates) for due in dues]
    return None if any(price.is_unpriced for price in prices) else sum(price.pence for price in prices)


def _advise(row: RowMapping, making_fit: int | None, *, past_use: bool, on: date, limit_percent: int) -> Advised:
    facts = Facts(
        paid_pence=row["paid_pence"],
        new_pence=row["new_pence"],
        received_on=row["received_on"],
        expected_life_months=row["expected_life_months"],
        times_issued=row["times_issued"],
        earlier_pence=int(row["earlier_pence"]),
        fitted_pence=int(row["fitted_pence"]),
        past_use=past_use,
    )
    if making_fit is not None:
        making_fit += row["estimate_pence"] or int(row["fitted_pence"])
    return refurbish_or_replace(facts, making_fit_pence=making_fit, on=on, limit_percent=limit_percent)
