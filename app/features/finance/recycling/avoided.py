"""What a recycled issue has avoided, as SQL: as it was settled once, or read from orders and charges.

What a new one would have cost is known with the issue; the work before it, unless it is corrected. So both are settled
once for each issue (`settle_spells`), a day after it, when no transaction that was under way beside it is left; a
trigger unsettles what a later line of charges changes. As at an instant before the last line, the lines are read.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.recycling import WORK
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.spells import asked_for

AFTER: Final = timedelta(days=1)
AT_ONCE: Final = 20_000
MOST: Final = 400_000
"""So many are settled in one go, and in one run of the job."""

PRICE: Final = """
    SELECT line.unit_price_pence AS pence
    FROM movement JOIN equipment_order ON equipment_order.number = substr(movement.reference, 7)
    JOIN order_unit AS unit ON unit.order_id = equipment_order.id
    JOIN order_line AS line ON line.id = unit.order_line_id
    WHERE movement.id = spell.issued_id AND starts_with(movement.reference, 'order ')
      AND unit.item_id = spell.item_id AND unit.loan_id IS NOT NULL
    ORDER BY unit.id DESC LIMIT 1
"""
WORKED: Final = """
    SELECT COALESCE(sum(charge.amount_pence), 0) AS pence,
           count(DISTINCT charge.posting_id) FILTER (
               WHERE charge.is_unpriced AND charge.reversal_of IS NULL
               AND NOT EXISTS (SELECT FROM charge_taken_back AS undone
                               WHERE undone.charge_id = charge.id AND undone.posted_at <= :as_at)
           ) AS unpriced, max(charge.posted_at) AS costed_until
    FROM charge
    WHERE charge.item_id = spell.item_id AND charge.movement_seq < spell.issued_seq
      AND charge.movement_seq >= COALESCE(spell.came_back_seq, 0) AND charge.kind = ANY(:work)
      AND charge.posted_at <= :as_at
"""
IS_SETTLED: Final = "spell.new_pence IS NOT NULL AND COALESCE(spell.costed_until <= :as_at, true)"
DUE: Final = text("""
    SELECT item_id, number FROM spell
    WHERE is_recycled AND new_pence IS NULL AND issued_at < :until ORDER BY issued_at
    LIMIT :limit FOR UPDATE SKIP LOCKED
""")
SETTLE: Final = text(f"""
    UPDATE spell SET new_pence = found.new_pence, new_from = found.new_from, cost_pence = found.cost_pence,
                     unpriced = found.unpriced, costed_until = found.costed_until
    FROM (
        SELECT spell.item_id, spell.number, COALESCE(asked.pence, spell.pence) AS new_pence,
               CASE WHEN asked.pence IS NULL THEN 'item' ELSE 'order' END AS new_from,
               work.pence AS cost_pence, work.unpriced, work.costed_until
        FROM unnest(CAST(:items AS bigint[]), CAST(:numbers AS int[])) AS due (item_id, number)
        JOIN spell ON spell.item_id = due.item_id AND spell.number = due.number
        LEFT JOIN LATERAL ({PRICE}) AS asked ON true CROSS JOIN LATERAL ({WORKED}) AS work) AS found
    WHERE spell.item_id = found.item_id AND spell.number = found.number
""")  # noqa: S608 - the parts are constants


def reissues(terms: Terms) -> str:
    """A row for each recycled issue that is asked for, with its arithmetic."""
    asked = f"""
        spell.is_recycled AND spell.issued_at <= :as_at AND spell.issued_at >= :from_at AND spell.issued_at < :until_at
        {asked_for(terms)}
    """
    return f"""
        SELECT spell.issued_id AS id, spell.item_id, spell.product_id, spell.issued_at, spell.new_pence, spell.new_from,
               spell.cost_pence, spell.unpriced
        FROM spell WHERE {asked} AND {IS_SETTLED}
        UNION ALL
        SELECT spell.issued_id, spell.item_id, spell.product_id, spell.issued_at, COALESCE(asked.pence, spell.pence),
               CASE WHEN asked.pence IS NULL THEN 'item' ELSE 'order' END, work.pence, work.unpriced
        FROM spell LEFT JOIN LATERAL ({PRICE}) AS asked ON true CROSS JOIN LATERAL ({WORKED}) AS work
        WHERE {asked} AND NOT ({IS_SETTLED})
    """  # noqa: S608 - the parts are constants


async def settle_spells(session: AsyncSession, *, at: datetime) -> int:
    """Settle what issues of at least a day ago have avoided; returns how many. What is left is next time's."""
    done = 0
    while done < MOST:
        # Locked first: whoever corrects a charge meanwhile unsettles it afterwards.
        due = (await session.execute(DUE, {"until": at - AFTER, "limit": AT_ONCE})).all()
        if not due:
            break
        items, numbers = zip(*due, strict=True)
        asked = {"items": list(items), "numbers": list(numbers), "as_at": at, "work": list(WORK)}
        await session.execute(SETTLE, asked)
        done += len(due)
    return done
