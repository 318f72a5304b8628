"""Reads of the rates, of what they are counted from, and of what recycling has avoided. All figures from movements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BadValue
from app.domain.months import month_name, months_between, read_month
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
from app.domain.report_days import midnight
from app.features.finance import kept_since
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.avoided import reissues
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
from app.features.finance.recycling.spells import COLUMNS, JOINS, bound, happened

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
# What went out recycled is a part of what went out: to read it once more would take as long as that.
_COUNTS = """
    SELECT what, width_bucket(counted_at, CAST(:begins AS timestamptz[])) AS month, pence < :floor_pence AS is_small,
           is_recycled, count(*) AS items, sum(pence) AS pence
    FROM ({happened}) AS happened GROUP BY 1, 2, 3, 4
"""
_COUNTED_ALONE = frozenset(Event) - {Event.RECYCLED}
_ITEMS = """
    SELECT movement_id AS id, barcode, product_code, product, category,
           (at AT TIME ZONE 'Europe/London')::date AS happened_on, pence
    FROM ({happened}) AS happened WHERE pence >= :least_pence AND movement_id > :after
    ORDER BY movement_id LIMIT :limit
"""
_COUNTED = """
    SELECT count(*) AS items, COALESCE(sum(pence), 0)::bigint AS pence
    FROM ({happened}) AS happened WHERE pence >= :least_pence
"""
# Months are numbered by where they begin; what they are called would take longer than adding up.
_AVOIDED = """
    WITH added AS (
        SELECT product_id, width_bucket(issued_at, CAST(:begins AS timestamptz[])) AS month, count(*) AS issues,
               sum(new_pence) AS new_pence, sum(cost_pence) AS cost_pence, sum(unpriced) AS unpriced
        FROM ({reissues}) AS reissue GROUP BY 1, 2
    )
    SELECT product.category, added.month, COALESCE(sum(issues), 0)::bigint AS issues,
           COALESCE(sum(new_pence), 0)::bigint AS new_pence, COALESCE(sum(cost_pence), 0)::bigint AS cost_pence,
           COALESCE(sum(new_pence - cost_pence), 0)::bigint AS avoided_pence,
           COALESCE(sum(unpriced), 0)::bigint AS unpriced
    FROM added JOIN product ON product.id = added.product_id
    GROUP BY GROUPING SETS ((category), (month), ()) ORDER BY 1, 2
"""
_AVOIDED_ITEMS = """
    SELECT reissue.id, item.barcode, product.code AS product_code, product.name AS product, product.category,
           (issued_at AT TIME ZONE 'Europe/London')::date AS happened_on, new_pence, new_from, cost_pence,
           new_pence - cost_pence AS avoided_pence, unpriced
    FROM ({reissues}) AS reissue JOIN item ON item.id = reissue.item_id
    JOIN product ON product.id = reissue.product_id
    WHERE reissue.id > :after ORDER BY reissue.id LIMIT :limit
"""
_AVOIDED_COUNTED = """
    SELECT count(*) AS items, COALESCE(sum(new_pence - cost_pence), 0)::bigint AS pence FROM ({reissues}) AS reissue
"""

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
    counts = text(_COUNTS.format(happened=happened(terms, "spell.pence, spell.is_recycled", events=_COUNTED_ALONE)))
    asked = bound(terms, floor_pence=floor_pence, begins=_begins(months))
    for row in await session.execute(counts, asked):
        counted = Counted(row.items, int(row.pence))
        of_all, of_dear = list(months.values())[row.month - 1]
        also = [Event.RECYCLED] if row.what == Event.ISSUED and row.is_recycled else []
        for what in (Event(row.what), *also):
            for sums in (of_all, everything) if row.is_small else (of_all, everything, of_dear, dear):
                sums[what] = sums.get(what, Counted()) + counted
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
    asked: dict[str, Any] = {"least_pence": least, "after": after, "limit": limit + 1}
    listed = text(_ITEMS.format(happened=happened(terms, COLUMNS, JOINS, events={rate.event(part)})))
    rows = await session.execute(listed, bound(terms, **asked))
    return [CountedItem.model_validate(dict(row)) for row in rows.mappings()]


async def count_counted(
    session: AsyncSession, terms: Terms, *, rate: Rate, part: Part, is_above_floor: bool
) -> Counted:
    """How many they are, and what was paid for them: the figures of the rates. One statement; two above the floor."""
    least = await floor_of(session, terms) if is_above_floor else 0
    counted = text(_COUNTED.format(happened=happened(terms, "spell.pence", events={rate.event(part)})))
    row = (await session.execute(counted, bound(terms, least_pence=least))).one()
    return Counted(row.items, int(row.pence))


async def read_avoided(session: AsyncSession, terms: Terms) -> AvoidedReport:
    """What recycling has avoided, in all, by category and by month. Four statements, BadValue as of `floor_of`."""
    await floor_of(session, terms)
    sums: dict[str, list[AvoidedSum]] = defaultdict(list)
    months = [month_name(month) for month in months_between(terms.since, terms.until)]
    asked = bound(terms, work=list(WORK), begins=_begins(months))
    added = text(_AVOIDED.format(reissues=await reissues(session, terms)))
    for row in (await session.execute(added, asked)).mappings():
        kind = "category" if row["category"] is not None else "month" if row["month"] is not None else "all"
        name = {"category": row["category"], "month": row["month"] and months[row["month"] - 1], "all": ""}[kind]
        said = {key: row[key] for key in AvoidedSum.model_fields if key in row}
        within = terms.of_month(read_month(name)) if kind == "month" else terms
        more = {"of_category": name} if kind == "category" else {}
        sums[kind].append(AvoidedSum(name=name, drill=f"{AVOIDED_ADDRESS}?{within.query(**more)}", **said))
    return AvoidedReport(
        since=terms.since,
        until=terms.until,
        as_at=terms.as_at,
        definition=f"{AVOIDED_WORDS} {await kept_since.said_of(session, terms.since)}".rstrip(),
        in_all=sums["all"][0],
        by_category=sums["category"],
        by_month=sums["month"],
        drill=f"{AVOIDED_ADDRESS}?{terms.query()}",
    )


async def list_avoided(session: AsyncSession, terms: Terms, *, after: int, limit: int) -> list[AvoidedItem]:
    """Up to `limit` + 1 recycled issues with their arithmetic. Three statements, BadValue as of `floor_of`."""
    await floor_of(session, terms)
    listed = text(_AVOIDED_ITEMS.format(reissues=await reissues(session, terms)))
    rows = await session.execute(listed, bound(terms, work=list(WORK), after=after, limit=limit + 1))
    return [AvoidedItem.model_validate(dict(row)) for row in rows.mappings()]


async def count_avoided(session: AsyncSession, terms: Terms) -> Counted:
    """How many recycled issues they are, and what they avoided. Two statements."""
    counted = text(_AVOIDED_COUNTED.format(reissues=await reissues(session, terms)))
    row = (await session.execute(counted, bound(terms, work=list(WORK)))).one()
    return Counted(row.items, int(row.pence))


def _begins(months: Iterable[str]) -> list[datetime]:
    """When each of these months begins."""
    return [midnight(date.fromisoformat(f"{month}-01")) for month in months]


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
