"""What is known of items that are not on a shelf: all that can be said of an order for which nothing is there."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import array_of
from app.domain.promises import Coming

# What comes back only to be scrapped, or to stay under its hold, is on its way to nobody.
COMING = text(f"""
    SELECT product.code,
           count(*) FILTER (WHERE item.state IN ('returned', 'decontaminating', 'awaiting_inspection'))
               AS being_cleaned,
           count(*) FILTER (WHERE item.state = 'in_repair') AS in_repair,
           count(*) FILTER (WHERE item.state = 'awaiting_collection') AS to_collect,
           min(collection.scheduled_on) FILTER (WHERE collection.scheduled_on >= :today) AS next_on
    FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN collection_line AS line
      ON line.item_id = item.id AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    LEFT JOIN collection ON collection.id = line.collection_id
    WHERE product.code = ANY({array_of("codes", "text")}) AND product.returnable AND NOT product.single_patient_use
      AND product.decontamination_route <> 'cannot'
      AND item.state IN ('returned', 'decontaminating', 'awaiting_inspection', 'in_repair', 'awaiting_collection')
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
      AND NOT (item.state = 'returned' AND EXISTS (
          SELECT FROM decontamination AS cleaned WHERE cleaned.item_id = item.id AND cleaned.outcome = 'cannot'))
    GROUP BY product.code
""")  # noqa: S608 - a constant


async def read_coming(session: AsyncSession, codes: Collection[str], *, today: date) -> Mapping[str, Coming]:
    """What is on its way back to a shelf, of each of these products; no statement for none."""
    if not codes:
        return {}
    rows = (await session.execute(COMING, {"codes": sorted(codes), "today": today})).mappings()
    found = [dict(row) for row in rows]
    return {row.pop("code"): Coming(**row) for row in found}
