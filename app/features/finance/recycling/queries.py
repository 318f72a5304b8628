"""Reads of the rates, of what they are counted from, and of what recycling has avoided. All figures from movements."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BadValue
from app.domain.months import month_name, months_between
from app.domain.recycling import (
    AVOIDED_WORDS,
    DEFAULT_FLOOR_PENCE,
    EVENT_WORDS,
    RATES,
    VALUE_WORDS,
    WORK,
    Counted,
    Event,
    Part,
    Rate,
    measure,
)
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.schemas import (
    AvoidedItem,
    AvoidedReport,
    AvoidedSum,
    CountedItem,
    Drill,
    MeasuredBody,
    MonthBody,
    PublicFigureBody,
    RateBody,
    RatesReport,
)
from app.features.finance.recycling.spells import HAPPENED, SPELLS

ITEMS_ADDRESS = "/api/v1/finance/reports/recycling/items"
AVOIDED_ADDRESS = "/api/v1/finance/reports/cost-avoided/items"
KNOWN = text("""
    SELECT (SELECT floor_pence FROM tariff
            WHERE kind = 'credit' AND floor_pence > 0 AND starts_on <= :until AND COALESCE(ends_on >= :until, true)
            ORDER BY product_id IS NULL DESC, length(COALESCE(category, '')), floor_pence DESC LIMIT 1) AS floor_pence,
           :store = '' OR EXISTS (SELECT FROM store WHERE code = :store) AS store,
           :product = '' OR EXISTS (SELECT FROM product WHERE code = :product) AS product,
           :funder = '' OR EXISTS (SELECT FROM funder WHERE code = :funder) AS funder
""")
COUNTS = text(f"""
    WITH {HAPPENED}
    SELECT to_char(counted_at AT TIME ZONE 'Europe/London', 'YYYY-MM') AS month, what, pence < :floor_pence AS is_small,
           count(*) AS items, sum(pence) AS pence
    FROM happened GROUP BY 1, 2, 3
""")  # noqa: S608 - the parts are constants
ITEMS = text(f"""
    WITH {HAPPENED}
    SELECT movement_id AS id, barcode, product_code, product, category,
           (at AT TIME ZONE 'Europe/London')::date AS happened_on, pence
    FROM happened WHERE what = :what AND pence >= :least_pence AND movement_id > :after
    ORDER BY movement_id LIMIT :limit
""")  # noqa: S608 - the parts are constants
REISSUES = f"""
    {SPELLS}, reissue AS (
        SELECT wanted.issued_id AS id, wanted.barcode, wanted.product_code, wanted.product, wanted.category,
               (wanted.issued_at AT TIME ZONE 'Europe/London')::date AS happened_on,
               COALESCE(asked.unit_price_pence, wanted.pence) AS new_pence,
               CASE WHEN asked.unit_price_pence IS NULL THEN 'item' ELSE 'order' END AS new_from,
               COALESCE(work.pence, 0) AS cost_pence, work.unpriced
        FROM wanted
        LEFT JOIN LATERAL (
            SELECT line.unit_price_pence
            FROM movement JOIN equipment_order ON equipment_order.number = substr(movement.reference, 7)
            JOIN order_unit AS unit ON unit.order_id = equipment_order.id
            JOIN order_line AS line ON line.id = unit.order_line_id
            WHERE movement.id = wanted.issued_id AND starts_with(movement.reference, 'order ')
              AND unit.item_id = wanted.item_id AND unit.loan_id IS NOT NULL
            ORDER BY unit.id DESC LIMIT 1) AS asked ON true
        CROSS JOIN LATERAL (
            SELECT sum(charge.amount_pence) AS pence,
                   count(DISTINCT charge.posting_id) FILTER (
                       WHERE charge.is_unpriced AND charge.reversal_of IS NULL
                       AND NOT EXISTS (SELECT FROM charge AS undone
                                       WHERE undone.reversal_of = charge.id AND undone.posted_at <= :as_at)
                   ) AS unpriced
            FROM charge
            WHERE charge.item_id = wanted.item_id AND charge.movement_seq < wanted.issued_seq
              AND charge.movement_seq >= COALESCE(wanted.came_back_seq, 0) AND charge.kind = ANY(:work)
              AND charge.posted_at <= :as_at) AS work
        WHERE wanted.is_recycled AND wanted.issued_at >= :from_at AND wanted.issued_at < :until_at
          AND wanted.issued_at <= :as_at
    )
"""  # noqa: S608 - the parts are constants
AVOIDED = text(f"""
    WITH {REISSUES}, dated AS (SELECT reissue.*, to_char(happened_on, 'YYYY-MM') AS month FROM reissue)
    SELECT CASE WHEN GROUPING(category) = 0 THEN 'category' WHEN GROUPING(month) = 0 THEN 'month'
                ELSE 'all' END AS kind,
           COALESCE(category, month, '') AS name, count(*) AS issues, COALESCE(sum(new_pence), 0)::bigint AS new_pence,
           COALESCE(sum(cost_pence), 0)::bigint AS cost_pence,
           COALESCE(sum(new_pence - cost_pence), 0)::bigint AS avoided_pence,
           COALESCE(sum(unpriced), 0)::bigint AS unpriced
    FROM dated GROUP BY GROUPING SETS ((category), (month), ()) ORDER BY 1, 2
""")  # noqa: S608 - the parts are constants
AVOIDED_ITEMS = text(f"""
    WITH {REISSUES}
    SELECT reissue.*, new_pence - cost_pence AS avoided_pence FROM reissue
    WHERE id > :after ORDER BY id LIMIT :limit
""")  # noqa: S608 - the parts are constants

Counts = Mapping[Event, Counted]


async def floor_of(session: AsyncSession, terms: Terms) -> int:
    """The economic floor that is asked for, or that of the credits in force on the last day. One statement.

    Raises BadValue `unknown-store`, `unknown-product`, `unknown-funder`.
    """
    asked = {"until": terms.until, "store": terms.store, "product": terms.product, "funder": terms.funder}
    known = (await session.execute(KNOWN, asked)).mappings().one()
    for name in ("store", "product", "funder"):
        if not known[name]:
            raise BadValue(f"unknown-{name}", f"There is no {name} with this code. Choose another.", field=name)
    if terms.floor_pence is not None:
        return terms.floor_pence
    return DEFAULT_FLOOR_PENCE if known["floor_pence"] is None else int(known["floor_pence"])


async def read_rates(session: AsyncSession, terms: Terms) -> RatesReport:
    """The four rates, in all and by month. Two statements. Raises BadValue as `floor_of` does."""
    floor_pence = await floor_of(session, terms)
    months: dict[str, tuple[dict[Event, Counted], dict[Event, Counted]]] = {
        month_name(month): ({}, {}) for month in months_between(terms.since, terms.until)
    }
    everything: dict[Event, Counted] = defaultdict(Counted)
    dear: dict[Event, Counted] = defaultdict(Counted)
    for row in await session.execute(COUNTS, terms.values | {"floor_pence": floor_pence}):
        what, counted = Event(row.what), Counted(row.items, int(row.pence))
        of_all, of_dear = months[row.month]
        of_all[what] = of_all.get(what, Counted()) + counted
        everything[what] += counted
        if not row.is_small:
            of_dear[what] = counted
            dear[what] += counted
    return RatesReport(
        since=terms.since,
        until=terms.until,
        as_at=terms.as_at,
        basis=terms.basis,
        basis_words=terms.basis.text,
        value_words=VALUE_WORDS,
        floor_pence=floor_pence,
        events={event.value: words for event, words in EVENT_WORDS.items()},
        rates=[_rate(rate, everything, dear, terms) for rate in Rate],
        months=[
            MonthBody(month=month, all_items=_rates(of_all), above_floor=_rates(of_dear))
            for month, (of_all, of_dear) in months.items()
        ],
    )


async def list_counted(
    session: AsyncSession, terms: Terms, *, rate: Rate, part: Part, is_above_floor: bool, after: int, limit: int
) -> list[CountedItem]:
    """Up to `limit` + 1 of the items that a part of a rate is counted from, in the order of recording. Two statements,
    and BadValue as of `floor_of`."""
    floor_pence = await floor_of(session, terms)
    least = floor_pence if is_above_floor else 0
    asked: dict[str, Any] = {"what": rate.event(part).value, "least_pence": least, "after": after, "limit": limit + 1}
    rows = await session.execute(ITEMS, terms.values | asked)
    return [CountedItem.model_validate(dict(row)) for row in rows.mappings()]


async def read_avoided(session: AsyncSession, terms: Terms) -> AvoidedReport:
    """What recycling has avoided, in all, by category and by month. Two statements, BadValue as of `floor_of`."""
    await floor_of(session, terms)
    sums: dict[str, list[AvoidedSum]] = defaultdict(list)
    for row in (await session.execute(AVOIDED, terms.values | {"work": list(WORK)})).mappings():
        sums[row["kind"]].append(AvoidedSum.model_validate({name: row[name] for name in AvoidedSum.model_fields}))
    return AvoidedReport(
        since=terms.since,
        until=terms.until,
        as_at=terms.as_at,
        definition=AVOIDED_WORDS,
        in_all=sums["all"][0],
        by_category=sums["category"],
        by_month=sums["month"],
        drill=f"{AVOIDED_ADDRESS}?{terms.query()}",
    )


async def list_avoided(session: AsyncSession, terms: Terms, *, after: int, limit: int) -> list[AvoidedItem]:
    """Up to `limit` + 1 recycled issues with their arithmetic. Two statements, BadValue as of `floor_of`."""
    await floor_of(session, terms)
    asked = {"work": list(WORK), "after": after, "limit": limit + 1}
    rows = await session.execute(AVOIDED_ITEMS, terms.values | asked)
    return [AvoidedItem.model_validate(dict(row)) for row in rows.mappings()]


def _rates(counts: Counts) -> dict[Rate, MeasuredBody]:
    return {rate: MeasuredBody.of(measure(rate, counts)) for rate in Rate}


def _rate(rate: Rate, everything: Counts, dear: Counts, terms: Terms) -> RateBody:
    said = RATES[rate]
    parts = {part: f"{ITEMS_ADDRESS}?{terms.query(rate=rate.value, part=part.value)}" for part in Part}
    return RateBody(
        rate=rate,
        name=said.name,
        formula=said.formula,
        definition=said.words,
        all_items=MeasuredBody.of(measure(rate, everything)),
        above_floor=MeasuredBody.of(measure(rate, dear)),
        compares_with=[PublicFigureBody(words=one.words, link=one.link) for one in said.compares],
        drill=Drill(numerator=parts[Part.NUMERATOR], denominator=parts[Part.DENOMINATOR]),
    )
