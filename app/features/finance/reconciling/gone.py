"""Items that are lost or scrapped: what stands paid of the price of each, and what the service bears of it."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.corrections import BY_HAND
from app.domain.reconciling import Books, Check, Difference
from app.web.templating import pounds

# One pass over their lines, however many they are. Told apart: what went out, or was lost, before charges began, what
# has lines in a month that was put aside, and a write-off since it was lost that a rate or a person said.
_GONE: Final = f"""
    WITH item_gone AS MATERIALIZED (
        SELECT id, barcode, last_seq, purchase_price_pence AS price, times_issued,
               EXISTS (SELECT FROM movement
                       WHERE item_id = item.id AND seq = item.last_seq AND at = item.last_moved_at
                         AND id <= (SELECT movement_id FROM charging_start))
               OR received_on < COALESCE((SELECT max(month) + interval '1 month' FROM month_put_aside
                                          WHERE whole = 'charge'), '-infinity') AS is_from_before
        FROM item
        WHERE state IN ('missing', 'scrapped')
          AND (CAST(:period AS date) IS NULL OR id IN (
              SELECT item_id FROM charge WHERE period = :period AND item_id IS NOT NULL))
    ), line AS (
        SELECT charge.item_id, charge.posting_id, charge.kind, charge.amount_pence, charge.movement_seq AS seq,
               charge.is_issue AND charge.reversal_of IS NULL AND charge.corrects_id IS NULL AS is_an_issue,
               charge.kind = 'write_off' AND charge.reversal_of IS NULL AS is_a_loss,
               undone.charge_id IS NULL AS stands,
               charge.tariff_id IS NOT NULL OR charge.basis = '{BY_HAND}' AS is_said,
               max(charge.movement_seq) FILTER (
                   WHERE charge.kind = 'write_off' AND charge.reversal_of IS NULL AND charge.amount_pence < 0
               ) OVER (PARTITION BY charge.item_id) AS found_seq
        FROM charge JOIN item_gone ON item_gone.id = charge.item_id
        LEFT JOIN charge_taken_back AS undone ON undone.charge_id = charge.id AND charge.kind = 'write_off'
        WHERE (charge.is_issue OR charge.kind IN ('new_purchase', 'recycled_issue', 'credit', 'write_off'))
          AND {{those}}
    ), counted AS (
        SELECT item_id, count(DISTINCT posting_id) FILTER (WHERE is_an_issue) AS issues,
               sum(amount_pence) FILTER (WHERE kind IN ('new_purchase', 'recycled_issue', 'credit')) AS paid,
               sum(amount_pence) FILTER (WHERE kind = 'write_off') AS borne,
               bool_or(is_a_loss AND seq > COALESCE(found_seq, 0)) AS is_lost,
               bool_or(is_a_loss AND seq > COALESCE(found_seq, 0) AND stands) AS is_borne,
               bool_or(is_a_loss AND seq > COALESCE(found_seq, 0) AND stands AND is_said) AS is_said
        FROM line GROUP BY item_id
    ), each AS (
        SELECT barcode, last_seq, price, COALESCE(paid, 0) AS paid, COALESCE(borne, 0) AS borne,
               is_from_before OR times_issued > COALESCE(issues, 0) OR COALESCE(is_lost AND NOT is_borne, false)
               OR COALESCE(is_said, false) AS is_apart
        FROM item_gone LEFT JOIN counted ON counted.item_id = item_gone.id
    )
    SELECT count(*) FILTER (WHERE NOT is_apart) AS counted, count(*) FILTER (WHERE is_apart) AS apart,
           COALESCE(sum(GREATEST(price, paid)) FILTER (WHERE NOT is_apart), 0)::bigint AS cost,
           COALESCE(sum(paid + borne) FILTER (WHERE NOT is_apart), 0)::bigint AS found,
           (SELECT jsonb_agg(to_jsonb(differs) ORDER BY barcode) FROM (
                SELECT * FROM each WHERE NOT is_apart AND borne <> GREATEST(price - paid, 0) ORDER BY barcode LIMIT 500
            ) AS differs) AS differ
    FROM each
"""  # noqa: S608 - the part is a constant
ALL_GONE: Final = text(_GONE.format(those="true"))
# Of a month they are few: their lines are looked up, and not those of everything read.
GONE_OF_A_MONTH: Final = text(_GONE.format(those="charge.item_id = ANY(ARRAY(SELECT id FROM item_gone))"))


async def look_at_what_is_gone(session: AsyncSession, books: Books, asked: Mapping[str, Any]) -> None:
    """Compare what each of them cost with what stands paid and what the service bears. One statement."""
    row = (await session.execute(ALL_GONE if asked["period"] is None else GONE_OF_A_MONTH, asked)).one()
    told = books.sums[Check.GONE]
    told.counted, told.expected, told.found, told.apart = row.counted, row.cost, row.found, row.apart
    for one in row.differ or ():
        price, paid, borne = one["price"], one["paid"], one["borne"]
        detail = (
            f"It cost {pounds(price)}, of which {pounds(paid)} stands paid. The service should bear "
            f"{pounds(max(price - paid, 0))} of it, and bears {pounds(borne)}."
        )
        sides = (max(price, paid), paid + borne)
        at = {"barcode": one["barcode"], "movement": one["last_seq"]}
        books.differences.append(Difference(Check.GONE, "not-conserved", detail, *sides, **at))
