"""What of a product can be had now, and what soon. Honest: what is not known is not counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.catalogue.schemas import Availability

A_WEEK: Final = timedelta(days=7)

# The rules of `domain/clearance.py` for what stands on the shelf; a test compares the two.
_NOT_KEPT: Final = """
    NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
    AND NOT (product.single_patient_use AND item.times_issued > 0)
    AND NOT EXISTS (SELECT FROM reservation WHERE reservation.item_id = item.id
                    AND reservation.ended_at IS NULL AND reservation.from_on <= :today)
    AND item.id NOT IN (SELECT item_id FROM ring_fence)
"""
_INSPECTED: Final = """
    NOT EXISTS (
        SELECT FROM product_inspection AS asked
        LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = asked.kind
        WHERE asked.product_id = item.product_id
          AND (known.due_on IS NULL OR known.due_on < :today OR COALESCE(
              (SELECT outcome <> 'passed' FROM standing_inspection AS made
               WHERE made.item_id = item.id AND made.kind = asked.kind
               ORDER BY examined_on DESC, id DESC LIMIT 1), false)))
"""
FREE: Final = f"{_NOT_KEPT} AND {_INSPECTED}"
"""Whether an `item` of a `product` that is in stock may go out `:today`, to anybody's client."""

# What comes back to the store only to be scrapped, or to stay under its hold, is not on its way to anybody.
_TO_BE_USED_AGAIN = """
    product.returnable AND NOT product.single_patient_use AND product.decontamination_route <> 'cannot'
    AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
"""
# With a limit a question is asked for each item, by its index; without, the database may read the whole table for all.
_NOT_GIVEN_UP = """
    NOT (item.state = 'returned' AND COALESCE((
        SELECT true FROM decontamination
        WHERE decontamination.item_id = item.id AND decontamination.outcome = 'cannot' LIMIT 1), false))
"""
_COMES_THIS_WEEK = """
    CASE item.state
    WHEN 'on_trial' THEN COALESCE((
        SELECT loan.trial_ends_on BETWEEN :today AND :in_a_week FROM loan
        WHERE loan.item_id = item.id AND loan.ended_at IS NULL LIMIT 1), false)
    ELSE COALESCE((
        SELECT COALESCE(collection.scheduled_on <= :in_a_week, true)
        FROM collection_line AS line JOIN collection ON collection.id = line.collection_id
        WHERE line.item_id = item.id AND line.collected_at IS NULL AND line.cancelled_at IS NULL LIMIT 1), false)
    END
"""

# Most products ask for no inspection: that is asked once of each, not of each of its items.
_FREE = f"{_NOT_KEPT} AND (NOT product.is_inspected OR {_INSPECTED})"
# OFFSET keeps the questions about an item where they are: without it each of the counts would ask them again.
_COUNTS = """
    SELECT store.code AS store, store.name AS store_name, counted.product_id,
           counted.recycled, counted.new, counted.in_decontamination, counted.due_back_this_week,
           COALESCE(counted.ring_fenced_for, '{{}}') AS ring_fenced_for,
           EXISTS (SELECT FROM product WHERE code IN (:product_code, upper(:product_code))) AS is_product
    FROM store
    LEFT JOIN (
        SELECT product_id, store_id,
               count(*) FILTER (WHERE what = 'free' AND times_issued > 0) AS recycled,
               count(*) FILTER (WHERE what = 'free' AND times_issued = 0) AS new,
               count(*) FILTER (WHERE what = 'cleaned') AS in_decontamination,
               count(*) FILTER (WHERE what = 'coming') AS due_back_this_week,
               array_agg(fence.team ORDER BY fence.team) FILTER (WHERE fence.item_id IS NOT NULL) AS ring_fenced_for
        FROM (
            SELECT item.id, item.product_id, item.store_id, item.times_issued, item.state,
                   CASE WHEN item.state = 'in_stock' THEN CASE WHEN {free} THEN 'free' END
                        WHEN NOT ({used_again}) THEN NULL
                        WHEN item.state IN ('on_trial', 'awaiting_collection')
                        THEN CASE WHEN {comes} THEN 'coming' END
                        WHEN {not_given_up} THEN 'cleaned' END AS what
            FROM (SELECT product.*, EXISTS (SELECT FROM product_inspection AS asked WHERE asked.product_id = product.id)
                             AS is_inspected
                  FROM product WHERE product.id = ANY(:products) OFFSET 0) AS product
            JOIN item ON item.product_id = product.id
            WHERE item.state IN ('in_stock', 'returned', 'decontaminating', 'awaiting_inspection', 'on_trial',
                                 'awaiting_collection')
            OFFSET 0
        ) AS known LEFT JOIN ring_fence AS fence ON fence.item_id = known.id AND known.state = 'in_stock'
        GROUP BY product_id, store_id
    ) AS counted ON counted.store_id = store.id
    ORDER BY store.code
"""
COUNTS = text(
    _COUNTS.format(free=_FREE, used_again=_TO_BE_USED_AGAIN, comes=_COMES_THIS_WEEK, not_given_up=_NOT_GIVEN_UP)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What there is of some products, by the product's id and for every store; and the stores, by code.

    `is_product`: whether a product has the code that was asked after.
    """

    by_product: Mapping[int, list[Availability]]
    stores: Mapping[str, str]
    is_product: bool


async def count_available(
    session: AsyncSession, products: Sequence[int], *, today: date, product_code: str = ""
) -> Counted:
    """What of these products can be had in each store, today and soon. One statement."""
    values = {"products": list(products), "today": today, "in_a_week": today + A_WEEK, "product_code": product_code}
    rows = (await session.execute(COUNTS, values)).mappings().all()
    stores = {row["store"]: row["store_name"] for row in rows}
    there = {
        (row["product_id"], row["store"]): Availability.model_validate(dict(row)) for row in rows if row["product_id"]
    }
    by_product = {
        product: [
            there.get((product, code)) or Availability(store=code, store_name=name) for code, name in stores.items()
        ]
        for product in products
    }
    return Counted(by_product, stores, any(row["is_product"] for row in rows))
