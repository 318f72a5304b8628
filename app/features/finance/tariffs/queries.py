"""Reads of rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import read_tariffs
from app.db import literally
from app.domain.costs import ChargeKind, Tariff
from app.domain.errors import BadValue, NotFound
from app.domain.hygiene import Route
from app.domain.tariffs import MOST_COUNTED, end_when_it_goes_on, gap_in_words, staying_in_words
from app.features.finance import older_rate
from app.features.finance.tariffs.schemas import Replaced, StayingBody, TariffBody

MOST_ON_A_PAGE: Final = 500
MOST_PRODUCTS: Final = 20
MOST_ASIDE: Final = 50
"""So many gaps, and rates that were withdrawn, are shown beside the rates."""

TARIFFS = """
    SELECT tariff.*, product.code AS product_code, product.name AS product_name,
           daterange(starts_on, ends_on, '[]') @> CAST(:today AS date) AS is_in_force
    FROM tariff LEFT JOIN product ON product.id = tariff.product_id
"""
WANTED = """
    (CAST(:kind AS text) IS NULL OR tariff.kind = :kind)
    AND (CAST(:product_code AS text) IS NULL OR upper(product.code) = upper(:product_code))
    AND (CAST(:category AS text) IS NULL OR tariff.category LIKE :category || '%')
    AND (CAST(:on AS date) IS NULL OR daterange(starts_on, ends_on, '[]') @> CAST(:on AS date))
"""
LISTED = text(f"{TARIFFS} WHERE {WANTED} AND tariff.id > :after ORDER BY tariff.id LIMIT :limit")
SORTED = text(f"""
    {TARIFFS} WHERE {WANTED}
    ORDER BY tariff.kind, tariff.variant, product.code NULLS FIRST, tariff.category NULLS FIRST, starts_on DESC
    LIMIT :limit
""")
ONE = text(f"{TARIFFS} WHERE tariff.id = :tariff_id")
SAME = text(f"""
    {TARIFFS} WHERE tariff.kind = :kind AND variant = :variant
      AND product_id IS NOT DISTINCT FROM CAST(:product_id AS bigint)
      AND tariff.category IS NOT DISTINCT FROM CAST(:category AS text)
      AND daterange(starts_on, ends_on, '[]') && daterange(CAST(:starts_on AS date), CAST(:ends_on AS date), '[]')
    ORDER BY starts_on FOR UPDATE OF tariff
""")
FOR_THE_SAME = """
    {0}.kind = {1}.kind AND {0}.variant = {1}.variant AND {0}.product_id IS NOT DISTINCT FROM {1}.product_id
    AND {0}.category IS NOT DISTINCT FROM {1}.category
"""
# At a rate past its end, and at the one that it replaced. What happened after an end is in no month before it.
STAYING = text(f"""
    WITH older AS (
        SELECT id, ends_on FROM tariff WHERE id = :tariff_id AND ends_on IS NOT NULL
        UNION ALL
        SELECT before.id, before.ends_on
        FROM tariff AS later JOIN tariff AS before ON {FOR_THE_SAME.format("before", "later")}
        WHERE later.id = :tariff_id AND before.ends_on = later.starts_on - 1 AND before.replaced_at IS NOT NULL
    )
    SELECT older.id, older.ends_on, (
        SELECT count(*) FROM (
            SELECT FROM charge AS line
            WHERE line.tariff_id = older.id AND line.period >= date_trunc('month', older.ends_on)::date
              AND {older_rate.AT_AN_OLDER_RATE}
            LIMIT {MOST_COUNTED}) AS found
    ) AS lines FROM older ORDER BY older.id
""")  # noqa: S608 - the parts are constants
REPLACED = text(f"""
    SELECT before.id, before.replaced_end, (
        SELECT min(later.starts_on) FROM tariff AS later
        WHERE {FOR_THE_SAME.format("later", "gone")} AND later.starts_on > gone.starts_on
    ) AS following
    FROM tariff AS gone JOIN tariff AS before ON {FOR_THE_SAME.format("before", "gone")}
    WHERE gone.id = :tariff_id AND before.ends_on = gone.starts_on - 1 AND before.replaced_at IS NOT NULL
""")  # noqa: S608 - the part is the constant above
WITHDRAWN = text("""
    SELECT rate, because, withdrawn_at, withdrawn_by FROM withdrawn_tariff
    WHERE (CAST(:tariff_id AS bigint) IS NULL OR tariff_id = :tariff_id)
      AND (CAST(:kind AS text) IS NULL OR rate->>'kind' = :kind)
    ORDER BY withdrawn_at DESC, tariff_id DESC LIMIT :limit
""")
# Whatever fits, more closely or less, goes on pricing: then there is no gap.
GAPS = text("""
    SELECT ended.*, product.code AS product_code, product.name AS product_name,
           daterange(ended.starts_on, ended.ends_on, '[]') @> CAST(:today AS date) AS is_in_force, fits.resumes_on
    FROM tariff AS ended LEFT JOIN product ON product.id = ended.product_id
    CROSS JOIN LATERAL (
        SELECT min(other.starts_on) FILTER (WHERE other.starts_on > ended.ends_on) AS resumes_on,
               COALESCE(bool_or(daterange(other.starts_on, other.ends_on, '[]') @> ended.ends_on + 1), false) AS follows
        FROM tariff AS other
        WHERE other.kind = ended.kind AND other.variant IN ('', ended.variant)
          AND (other.product_id IS NULL OR other.product_id = ended.product_id)
          AND (other.category IS NULL OR starts_with(COALESCE(ended.category, product.category, ''), other.category))
    ) AS fits
    WHERE isfinite(ended.ends_on) AND NOT fits.follows AND COALESCE(fits.resumes_on > CAST(:today AS date), true)
      AND (CAST(:kind AS text) IS NULL OR ended.kind = :kind)
    ORDER BY ended.ends_on DESC, ended.id LIMIT :limit
""")
IN_FORCE = text("""
    SELECT * FROM tariff
    WHERE daterange(starts_on, ends_on, '[]') && daterange(CAST(:since AS date), CAST(:until AS date), '[]')
      AND (CAST(:product_id AS bigint) IS NULL OR product_id IS NULL OR product_id = :product_id)
""")
CLOSED = text("SELECT max(period) FROM finance_period")
PRODUCT = text("""
    SELECT id, code, name, category, purchase_price_pence, decontamination_route,
           returnable AND NOT single_patient_use AND decontamination_route <> 'cannot' AS is_reusable
    FROM product WHERE upper(code) = upper(:code)
""")
FOUND = text("""
    SELECT code, name FROM product WHERE code ILIKE :begins OR name ILIKE :holds OR category LIKE :begins
    ORDER BY name, code LIMIT :limit
""")
LINES = text("SELECT count(*) FROM (SELECT FROM charge WHERE tariff_id = :tariff_id LIMIT 10000) AS found")


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as rates need it."""

    id: int
    code: str
    name: str
    category: str
    purchase_price_pence: int
    decontamination_route: Route
    is_reusable: bool


@dataclass(frozen=True, slots=True)
class Dated:
    """A rate, and the days on which it prices."""

    tariff: Tariff
    starts_on: date
    ends_on: date | None

    def is_in_force(self, on: date) -> bool:
        """Whether it prices what happens on that day."""
        return self.starts_on <= on <= (self.ends_on or date.max)


async def list_tariffs(
    session: AsyncSession, *, today: date, after: int, limit: int, **wanted: Any
) -> list[TariffBody]:
    """Up to `limit` + 1 rates after that number. `wanted`: on, kind, product_code, category; None for any."""
    values = {"today": wanted["on"] or today, "after": after, "limit": limit + 1, **wanted}
    return [_body(row) for row in (await session.execute(LISTED, values)).mappings()]


async def sort_tariffs(session: AsyncSession, *, day: date, kind: ChargeKind | None) -> list[TariffBody]:
    """Rates by kind, with those of other days than `day`; one more than are shown at most."""
    values = {"today": day, "kind": kind, "product_code": None, "category": None, "on": None}
    rows = await session.execute(SORTED, {**values, "limit": MOST_ON_A_PAGE + 1})
    return [_body(row) for row in rows.mappings()]


async def get_tariff(session: AsyncSession, tariff_id: int, *, today: date) -> TariffBody:
    """One rate; also one that was withdrawn, as it was. Raises NotFound `unknown-tariff`."""
    row = (await session.execute(ONE, {"tariff_id": tariff_id, "today": today})).mappings().one_or_none()
    if row is not None:
        return _body(row)
    gone = (await session.execute(WITHDRAWN, {"tariff_id": tariff_id, "kind": None, "limit": 1})).one_or_none()
    if gone is None:
        raise NotFound("unknown-tariff", "There is no rate with this number.")
    return _withdrawn(gone)


async def find_replaced(session: AsyncSession, tariff_id: int, *, today: date) -> Replaced | None:
    """The rate that would go on, if this one were withdrawn: what it replaced, unless somebody has ended that since.
    Two statements, one where there is none."""
    row = (await session.execute(REPLACED, {"tariff_id": tariff_id})).one_or_none()
    if row is None:
        return None
    until = end_when_it_goes_on(row.replaced_end, row.following)
    return Replaced(await get_tariff(session, row.id, today=today), until)


async def list_withdrawn(session: AsyncSession, *, kind: ChargeKind | None) -> list[TariffBody]:
    """The rates that were withdrawn, the newest first: as many as are shown at most."""
    rows = await session.execute(WITHDRAWN, {"tariff_id": None, "kind": kind, "limit": MOST_ASIDE})
    return [_withdrawn(row) for row in rows]


async def list_gaps(session: AsyncSession, *, today: date, kind: ChargeKind | None) -> list[tuple[TariffBody, str]]:
    """The rates after which there is none now or later, with the days of which there is none in a sentence; the latest
    first, and as many as are shown at most."""
    rows = await session.execute(GAPS, {"today": today, "kind": kind, "limit": MOST_ASIDE})
    return [(_body(row), gap_in_words(row["ends_on"], row["resumes_on"])) for row in rows.mappings()]


async def list_for_the_same(session: AsyncSession, values: dict[str, Any], *, today: date) -> list[TariffBody]:
    """The rates for the same thing that are in force on one of these days, locked so that nobody ends one beside us."""
    return [_body(row) for row in (await session.execute(SAME, {**values, "today": today})).mappings()]


async def newest_closed(session: AsyncSession) -> date | None:
    """The first day of the newest month that is closed."""
    closed: date | None = await session.scalar(CLOSED)
    return closed


async def find_product(session: AsyncSession, code: str, *, field: str = "product_code") -> ProductRow:
    """The product of that code. Raises BadValue `unknown-product`."""
    row = (await session.execute(PRODUCT, {"code": code})).mappings().one_or_none()
    if row is None:
        detail = "No product has this code. Look it up in the catalogue, and write its code."
        raise BadValue("unknown-product", detail, field=field)
    return ProductRow(**{**row, "decontamination_route": Route(row["decontamination_route"])})


async def search_products(session: AsyncSession, words: str) -> list[tuple[str, str]]:
    """Products by code, name or category, as (code, name): as many as are shown, and one more."""
    plain = literally(words)
    values = {"begins": f"{plain}%", "holds": f"%{plain}%", "limit": MOST_PRODUCTS + 1}
    return [(row.code, row.name) for row in await session.execute(FOUND, values)]


async def read_dated(session: AsyncSession, *, since: date, until: date, product_id: int | None = None) -> list[Dated]:
    """The rates that are in force on one of these days, of one product or of all."""
    values = {"since": since, "until": until, "product_id": product_id}
    rows = (await session.execute(IN_FORCE, values)).mappings().all()
    return [
        Dated(tariff, row["starts_on"], row["ends_on"])
        for tariff, row in zip(read_tariffs(map(dict, rows)), rows, strict=True)
    ]


def in_force(rates: Sequence[Dated], on: date) -> list[Tariff]:
    """Those of them that price what happens on that day."""
    return [one.tariff for one in rates if one.is_in_force(on)]


async def count_lines(session: AsyncSession, tariff_id: int) -> int:
    """How many lines it has priced; ten thousand stands for more."""
    counted: int = (await session.execute(LINES, {"tariff_id": tariff_id})).scalar_one()
    return counted


async def with_staying(session: AsyncSession, rate: TariffBody) -> TariffBody:
    """The rate with the lines that stay at it past its end, and at the one that it replaced. One statement."""
    found = [
        StayingBody(
            tariff_id=row.id,
            lines=row.lines,
            url=older_rate.lines_of(row.id),
            detail=staying_in_words(row.id, row.lines, row.ends_on),
        )
        for row in await session.execute(STAYING, {"tariff_id": rate.id})
        if row.lines
    ]
    return rate.model_copy(update={"staying": found})


def _body(row: Any) -> TariffBody:
    return TariffBody.model_validate(dict(row))


def _withdrawn(row: Any) -> TariffBody:
    told = {name: getattr(row, name) for name in ("withdrawn_at", "withdrawn_by")}
    return TariffBody.model_validate(row.rate | told | {"withdrawn_because": row.because})
