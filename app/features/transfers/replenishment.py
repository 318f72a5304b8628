"""Minimum levels, and what would bring every store to its own from what others can spare."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Actor
from app.domain.errors import BadValue
from app.domain.transfers import Stock, Suggestion, suggest
from app.features.transfers.schemas import LevelBody, StockRow
from app.on_the_shelf import NOT_INSPECTED

# The rules of `domain/clearance.py` for what stands on the shelf. What is reserved, also for later, stays where it is.
FREE: Final = f"""
    NOT product.single_patient_use
    AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
    AND NOT EXISTS (SELECT FROM reservation WHERE reservation.item_id = item.id AND reservation.ended_at IS NULL)
    AND NOT {NOT_INSPECTED}
"""  # noqa: S608 - the part is a constant
"""Whether an `item` of a `product` that is in stock may go to another store `:today`."""

STOCK = text(f"""
    SELECT store.code AS store, product.code AS product_code, product.name AS product_name,
           COALESCE(level.minimum, 0) AS minimum, shelf.free, shelf.recycled, way.coming, store.name AS store_name,
           shelf.items - shelf.free AS blocked
    FROM product CROSS JOIN store
    LEFT JOIN minimum_level AS level ON level.store_id = store.id AND level.product_id = product.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS items, count(*) FILTER (WHERE is_free) AS free,
               count(*) FILTER (WHERE is_free AND times_issued > 0) AS recycled
        FROM (SELECT item.times_issued, {FREE} AS is_free FROM item
              WHERE item.product_id = product.id AND item.store_id = store.id AND item.state = 'in_stock') AS there
    ) AS shelf
    CROSS JOIN LATERAL (
        SELECT count(*) AS coming FROM consignment_line AS line
        JOIN consignment ON consignment.id = line.consignment_id JOIN item ON item.id = line.item_id
        WHERE line.arrived_at IS NULL AND line.missing_at IS NULL
          AND consignment.to_store_id = store.id AND item.product_id = product.id
    ) AS way
    WHERE product.id IN (SELECT product_id FROM minimum_level)
    ORDER BY product.name, product.code, store.code
""")  # noqa: S608 - the part is the constant above
SET = text("""
    INSERT INTO minimum_level (store_id, product_id, minimum)
    SELECT :store_id, id, :minimum FROM product WHERE code = :product_code
    ON CONFLICT (store_id, product_id) DO UPDATE SET minimum = excluded.minimum RETURNING product_id
""")
UNSET = text("""
    WITH known AS (SELECT id FROM product WHERE code = :product_code),
         gone AS (DELETE FROM minimum_level WHERE store_id = :store_id AND product_id IN (SELECT id FROM known))
    SELECT id FROM known
""")


async def set_level(session: AsyncSession, level: LevelBody, *, actor: Actor, at: datetime) -> None:
    """Say how many of a product a store should have; 0 takes the minimum away.

    Raises BadValue `not-your-store`, `unknown-product`.
    """
    store = actor.store(level.store)
    values = {"store_id": store.id, "product_code": level.product_code, "minimum": level.minimum}
    if level.minimum:
        found = await session.scalar(SET, values)
    else:
        found = await session.scalar(UNSET, {name: values[name] for name in ("store_id", "product_code")})
    if found is None:
        raise BadValue("unknown-product", "There is no product with this code.", field="product_code")
    about = f"product:{level.product_code}"
    await audit.record(
        session, "minimum_set", about, actor=actor.username, at=at, store=level.store, minimum=level.minimum
    )


async def list_stock(session: AsyncSession, *, today: date) -> list[StockRow]:
    """Every product that has a minimum anywhere, in every store. One statement."""
    return [StockRow(**row) for row in (await session.execute(STOCK, {"today": today})).mappings()]


def suggestions_for(stock: list[StockRow]) -> list[Suggestion]:
    """What would bring every store to its minimum."""
    return suggest([Stock(**dict(row)) for row in stock])
