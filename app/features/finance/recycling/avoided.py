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
from app.features.finance.recycling.spells import asked_for, bound

AFTER: Final = timedelta(days=1)
AT_ONCE: Final = 100_000
MOST: Final = 400_000
"""So many are settled in one go, and in one run of the job."""

# A movement is in the month of its instant. Work is asked of all issues at once: of each by itself, every
# month of the charges would be looked into.
COSTED: Final = """
    priced AS (
        SELECT DISTINCT ON (due.item_id, due.number) due.item_id, due.number, line.unit_price_pence AS pence
        FROM due JOIN movement ON movement.id = due.issued_id AND movement.at = due.issued_at
        JOIN equipment_order ON equipment_order.number = substr(movement.reference, 7)
        JOIN order_unit AS unit ON unit.order_id = equipment_order.id
        JOIN order_line AS line ON line.id = unit.order_line_id
        WHERE starts_with(movement.reference, 'order ') AND unit.item_id = due.item_id AND unit.loan_id IS NOT NULL
        ORDER BY due.item_id, due.number, unit.id DESC
    ), worked AS (
        SELECT due.item_id, due.number, sum(charge.amount_pence) AS pence,
               count(DISTINCT charge.posting_id) FILTER (
                   WHERE charge.is_unpriced AND charge.reversal_of IS NULL
                   AND NOT EXISTS (SELECT FROM charge_taken_back AS undone
                                   WHERE undone.charge_id = charge.id AND undone.posted_at <= :as_at)
               ) AS unpriced, max(charge.posted_at) AS costed_until
        FROM due JOIN charge ON charge.item_id = due.item_id
        WHERE charge.movement_seq < due.issued_seq AND charge.movement_seq >= COALESCE(due.came_back_seq, 0)
          AND charge.kind = ANY(:work) AND charge.posted_at <= :as_at
        GROUP BY 1, 2
    ), costed AS (
        SELECT due.item_id, due.number, due.issued_id, due.product_id, due.issued_at,
               COALESCE(priced.pence, due.pence) AS new_pence,
               CASE WHEN priced.pence IS NULL THEN 'item' ELSE 'order' END AS new_from,
               COALESCE(worked.pence, 0) AS cost_pence, COALESCE(worked.unpriced, 0) AS unpriced, worked.costed_until
        FROM due LEFT JOIN priced USING (item_id, number) LEFT JOIN worked USING (item_id, number)
    )
"""
"""The CTE `costed`: the arithmetic of the spells in `due`."""
# Now there is no line that is later. Each condition is one that PostgreSQL has statistics of.
_OPEN_NOW: Final = "spell.new_pence IS NULL"
_OPEN_THEN: Final = "(spell.new_pence IS NULL OR spell.costed_until > :as_at)"
_SETTLED_NOW: Final = "spell.new_pence IS NOT NULL"
_SETTLED_THEN: Final = "spell.new_pence IS NOT NULL AND COALESCE(spell.costed_until <= :as_at, true)"
FEW: Final = 5_000
"""So many that are not settled are looked for one by one: each takes as many looks as there are months of charges."""
OF_DUE: Final = {
    "item_id": "bigint",
    "number": "int",
    "issued_id": "bigint",
    "issued_seq": "int",
    "issued_at": "timestamptz",
    "product_id": "bigint",
    "pence": "bigint",
    "came_back_seq": "int",
}
DUE: Final = text(f"""
    SELECT {", ".join(OF_DUE)} FROM spell
    WHERE is_recycled AND new_pence IS NULL AND issued_at < :until ORDER BY issued_at
    LIMIT :limit FOR UPDATE SKIP LOCKED
""")  # noqa: S608 - our own columns
# Handed in whole: how many there are is known to the planner by their arrays, and not by a join of two columns.
SETTLE: Final = text(f"""
    WITH due AS MATERIALIZED (
        SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in OF_DUE.items())})
                      AS due ({", ".join(OF_DUE)})
    ), {COSTED}
    UPDATE spell SET new_pence = costed.new_pence, new_from = costed.new_from, cost_pence = costed.cost_pence,
                     unpriced = costed.unpriced, costed_until = costed.costed_until
    FROM costed WHERE spell.item_id = costed.item_id AND spell.number = costed.number
""")  # noqa: S608 - the parts are constants


async def reissues(session: AsyncSession, terms: Terms) -> str:
    """SQL of a row for each recycled issue that is asked for, with its arithmetic. One statement, which finds out
    whether those that are not settled are few."""
    asked = f"""
        spell.is_recycled AND spell.issued_at <= :as_at AND spell.issued_at >= :from_at AND spell.issued_at < :until_at
        {asked_for(terms)}
    """
    counted = f"SELECT count(*) FROM (SELECT FROM spell WHERE {asked} AND {_OPEN_NOW} LIMIT {FEW + 1}) AS unsettled"  # noqa: S608 - our own words
    are_few = (await session.execute(text(counted), bound(terms))).scalar_one() <= FEW
    is_open, is_settled = (_OPEN_THEN, _SETTLED_THEN) if terms.is_past else (_OPEN_NOW, _SETTLED_NOW)
    found = f"FROM spell WHERE {asked} AND {is_open}"
    # PostgreSQL takes them for a tenth of all, and would read all charges for them: of an array it expects few.
    in_array = f"SELECT * FROM unnest(ARRAY(SELECT spell {found})) AS spell"  # noqa: S608 - our own words
    due = in_array if are_few else f"SELECT spell.* {found}"
    return f"""
        WITH due AS MATERIALIZED ({due}), {COSTED}
        SELECT spell.issued_id AS id, spell.item_id, spell.product_id, spell.issued_at, spell.new_pence, spell.new_from,
               spell.cost_pence, spell.unpriced
        FROM spell WHERE {asked} AND {is_settled}
        UNION ALL
        SELECT issued_id, item_id, product_id, issued_at, new_pence, new_from, cost_pence, unpriced FROM costed
    """  # noqa: S608 - the parts are constants


async def settle_spells(session: AsyncSession, *, at: datetime, at_once: int = AT_ONCE) -> int:
    """Settle what issues of at least a day ago have avoided; returns how many. What is left is next time's."""
    done = 0
    while done < MOST:
        # Locked first: whoever corrects a charge meanwhile unsettles it afterwards.
        due = (await session.execute(DUE, {"until": at - AFTER, "limit": at_once})).all()
        if not due:
            break
        asked = {name: list(values) for name, values in zip(OF_DUE, zip(*due, strict=True), strict=True)}
        await session.execute(SETTLE, asked | {"as_at": at, "work": list(WORK)})
        done += len(due)
    return done
