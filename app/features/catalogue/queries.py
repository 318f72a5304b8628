"""Reads of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BadValue, NotFound
from app.domain.inspections import InspectionKind
from app.features.catalogue.availability import FREE, count_available
from app.features.catalogue.finding import Wanted, read_cursor, search_for
from app.features.catalogue.schemas import ProductBody

PRODUCTS = """
    SELECT product.*, chosen.rank,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'every_months', every_months) ORDER BY kind)
                     FROM product_inspection WHERE product_id = product.id), '[]') AS inspections,
           ARRAY(SELECT other.code FROM product_fit JOIN product AS other ON other.id = other_product_id
                 WHERE product_id = product.id AND compatible ORDER BY other.code) AS compatible_with,
           ARRAY(SELECT other.code FROM product_fit JOIN product AS other ON other.id = other_product_id
                 WHERE product_id = product.id AND NOT compatible ORDER BY other.code) AS incompatible_with
    FROM chosen JOIN product ON product.id = chosen.id
    ORDER BY chosen.rank, product.code
"""
BY_ITS_CODE = "WITH chosen AS (SELECT id, 0 AS rank FROM product WHERE code = :code)"
ONE = text(BY_ITS_CODE + PRODUCTS)
BY_CODE = """
    WITH chosen AS (
        SELECT product.id, 0 AS rank FROM product WHERE product.code > :after AND {where}
        ORDER BY product.code LIMIT :limit)
"""
BY_RANK = """
    WITH found AS MATERIALIZED (SELECT product.id, product.code, {rank} AS rank FROM product WHERE {where}),
    chosen AS (
        SELECT id, rank FROM found WHERE (rank, code) > (:after_rank, :after) ORDER BY rank, code LIMIT :limit)
"""
# For this transaction alone. The planner takes comparing words for as cheap as comparing numbers and would read the
# whole catalogue: 175 ms among 20,000 products, where the trigram index takes 9.
SET_ALIKE = text("""
    SELECT set_config('pg_trgm.word_similarity_threshold', :alike, true), set_config('enable_seqscan', 'off', true)
""")
STORES = text("SELECT code, name FROM store ORDER BY code")
MOST_SHOWN = 100
_SHELF = """
    SELECT item.barcode, store.name AS store, item.bay, item.condition, item.times_issued > 0 AS is_recycled,
           due.kind AS next_kind, due.due_on AS next_due_on
    FROM item
    JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    LEFT JOIN LATERAL (
        SELECT known.kind, known.due_on FROM product_inspection AS asked
        JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = asked.kind
        WHERE asked.product_id = item.product_id ORDER BY known.due_on, known.kind LIMIT 1
    ) AS due ON true
    WHERE item.product_id = :product_id AND item.state = 'in_stock' AND {free}
    ORDER BY is_recycled DESC, store.code, item.barcode LIMIT {most}
"""
SHELF = text(_SHELF.format(free=FREE, most=MOST_SHOWN))
STATES = text("SELECT state, count(*) AS count FROM item WHERE product_id = :product_id GROUP BY state")
WAITING = text("""
    SELECT count(*) FROM order_line AS line
    JOIN equipment_order ON equipment_order.id = line.order_id
    JOIN order_unit AS unit ON unit.order_line_id = line.id
    LEFT JOIN reservation ON reservation.id = unit.reservation_id AND reservation.ended_at IS NULL
    WHERE line.product_id = :product_id AND unit.cancelled_at IS NULL AND unit.loan_id IS NULL
      AND reservation.id IS NULL AND equipment_order.decision NOT IN ('draft', 'declined', 'cancelled')
""")
FITS = text("""
    SELECT other.code, other.name, bool_and(fit.compatible) AS compatible
    FROM (
        SELECT other_product_id AS id, compatible FROM product_fit WHERE product_id = :product_id
        UNION ALL SELECT product_id, compatible FROM product_fit WHERE other_product_id = :product_id
    ) AS fit JOIN product AS other ON other.id = fit.id
    GROUP BY other.code, other.name ORDER BY other.code
""")


@dataclass(frozen=True, slots=True)
class Found:
    """A page of products, and every store by its code."""

    products: list[ProductBody]
    stores: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OnShelf:
    """An item that may go out today; `next_due_on`: of the inspection that is due first."""

    barcode: str
    store: str
    bay: str | None
    condition: str
    is_recycled: bool
    next_kind: InspectionKind | None
    next_due_on: date | None


@dataclass(frozen=True, slots=True)
class Fit:
    """Another product that goes with one, or must not: said by either of the two."""

    code: str
    name: str
    compatible: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The items of a product: those that may go out today, how many there are in each state, how many are wanted."""

    on_shelf: list[OnShelf]
    states: Mapping[str, int]
    waiting: int


async def get_product(session: AsyncSession, code: str, *, today: date) -> ProductBody:
    """The product of that code. Raises NotFound `unknown-product`."""
    row = (await session.execute(ONE, {"code": code})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-product", "There is no product with this code.", field="code")
    counted = await count_available(session, [row["id"]], today=today)
    return ProductBody.model_validate({**row, "availability": counted.by_product[row["id"]]})


async def list_products(
    session: AsyncSession, wanted: Wanted, *, today: date, after: str | None = None, limit: int = 50
) -> Found:
    """What is wanted, `limit + 1` of it: by code, or with words the likest first. Three statements at most.

    Raises BadValue `bad-cursor`, `unknown-store`, `unknown-product`.
    """
    rank, code = read_cursor(after, wanted)
    search = search_for(wanted)
    values = search.values | {"after": code, "limit": limit + 1}
    if "available" in values:
        values |= {"today": today} | ({"store": wanted.store} if wanted.store else {})
    if wanted.words:
        values["after_rank"] = rank
        await session.execute(SET_ALIKE, {"alike": str(wanted.worth_a_look)})
    chosen = (BY_RANK if wanted.words else BY_CODE).format(where=search.where, rank=search.rank)
    rows = (await session.execute(text(chosen + PRODUCTS), values)).mappings().all()
    ids = [row["id"] for row in rows]
    counted = await count_available(session, ids, today=today, product_code=wanted.compatible_with)
    if wanted.store and wanted.store not in counted.stores:
        known = ", ".join(counted.stores)
        raise BadValue("unknown-store", f"There is no store with this code. Those known are: {known}.", field="store")
    if wanted.compatible_with and not counted.is_product:
        detail = "There is no product with this code. Look it up in the catalogue first."
        raise BadValue("unknown-product", detail, field="compatible_with")
    products = [
        ProductBody.model_validate(
            {
                **row,
                "availability": [
                    one for one in counted.by_product[row["id"]] if not wanted.store or one.store == wanted.store
                ],
            }
        )
        for row in rows
    ]
    return Found(products, counted.stores)


async def list_closest(session: AsyncSession, q: str, *, today: date, limit: int = 5) -> list[ProductBody]:
    """Where nothing is found: the products that come nearest to the words, whatever else was asked for."""
    wanted = Wanted(q=q)
    found = await list_products(session, wanted, today=today, limit=limit)
    if not found.products:
        found = await list_products(session, replace(wanted, roughly=True), today=today, limit=limit)
    return found.products[:limit]


async def list_stores(session: AsyncSession) -> dict[str, str]:
    """Every store's name by its code."""
    return {row.code: row.name for row in await session.execute(STORES)}


async def list_fits(session: AsyncSession, product_id: int) -> list[Fit]:
    """What goes with a product and what must not; where the two products disagree, they must not."""
    return [Fit(**row) for row in (await session.execute(FITS, {"product_id": product_id})).mappings()]


async def read_whereabouts(session: AsyncSession, product_id: int, *, today: date) -> Whereabouts:
    """Where the items of a product are; a hundred of those on the shelf at most, recycled ones first."""
    shelf = (await session.execute(SHELF, {"product_id": product_id, "today": today})).mappings()
    on_shelf = [OnShelf(**{**row, "next_kind": row["next_kind"] and InspectionKind(row["next_kind"])}) for row in shelf]
    counts = await session.execute(STATES, {"product_id": product_id})
    states = {str(row["state"]): int(row["count"]) for row in counts.mappings()}
    waiting = await session.scalar(WAITING, {"product_id": product_id})
    return Whereabouts(on_shelf, states, waiting or 0)
