"""What would be credited for what clients have, reckoned in SQL: 200,000 items are too many to reckon one by one.

The rule stands in `app/domain/costs.py`: which rate a credit goes by (`rate_for`), what it comes to (`price_of`), and
who is paid which part of it (`split`). This is the same for many items at once, and nothing else: whoever changes one
changes the other, and `test_credits_in_sql.py` compares both, to the penny, on items and rates that are made up.
"""

from typing import Final

MONTHS: Final = """
    GREATEST((date_part('year', CAST(:on AS date)) - date_part('year', item.received_on)) * 12
             + date_part('month', CAST(:on AS date)) - date_part('month', item.received_on)
             - (date_part('day', CAST(:on AS date)) < date_part('day', item.received_on))::int, 0)::int
"""
"""As `whole_months`, of `item`. `extract` says the same in decimals, which take far longer."""
IS_CREDITED: Final = (
    "product.returnable AND NOT product.single_patient_use AND product.decontamination_route <> 'cannot'"
)
OF_A_PRODUCT: Final = "AND item.product_id = (SELECT id FROM product WHERE code = :product)"
"""Narrows `PARTS` to the items of one."""
_LEFT: Final = """
    sign({0}) * (floor(of_{0}) + (row_number() OVER (PARTITION BY item_id ORDER BY floor(of_{0}) - of_{0}, place)
                                  <= abs({0}) - sum(floor(of_{0})) OVER (PARTITION BY item_id))::int)
"""
# `OFFSET 0`: what is worked out of an item is worked out once, not in each condition that asks for it.
PARTS: Final = f"""
    rate AS MATERIALIZED (
        SELECT product.id AS product_id, chosen.*
        FROM product LEFT JOIN LATERAL (
            SELECT tariff.id, tariff.pence, tariff.percent, tariff.taper, tariff.floor_pence
            FROM tariff
            WHERE kind = 'credit' AND variant = '' AND daterange(starts_on, ends_on, '[]') @> CAST(:on AS date)
              AND (tariff.product_id IS NULL OR tariff.product_id = product.id)
              AND (tariff.category IS NULL OR starts_with(product.category, tariff.category))
            ORDER BY tariff.product_id IS NOT NULL DESC, length(COALESCE(tariff.category, '')) DESC LIMIT 1
        ) AS chosen ON true
        WHERE {IS_CREDITED}
    ), step AS MATERIALIZED (
        SELECT taper.id, said.percent, said.from_months,
               lead(said.from_months) OVER (PARTITION BY taper.id ORDER BY said.from_months) AS until_months
        FROM (SELECT DISTINCT id, taper FROM rate WHERE taper IS NOT NULL) AS taper
        CROSS JOIN LATERAL jsonb_to_recordset(taper.taper) AS said (from_months int, percent numeric)
    ), out AS (
        SELECT item.id AS item_id, item.product_id, item.purchase_price_pence, {MONTHS} AS months,
               (account.issue ->> 'pence')::bigint AS charged, account.issue -> 'shares' AS shares,
               (account.issue ->> 'is_unpriced')::boolean AS is_unpriced
        FROM item JOIN item_account AS account ON account.item_id = item.id
        WHERE item.state IN ('on_loan', 'on_trial', 'awaiting_collection') AND account.issue IS NOT NULL
          AND NOT account.is_credited AND NOT (account.issue ->> 'is_hire')::boolean {{only}} OFFSET 0
    ), priced AS MATERIALIZED (
        SELECT out.item_id, out.product_id, out.months, out.charged, out.shares,
               rate.id IS NULL OR out.is_unpriced AS has_no_rate,
               CASE WHEN rate.id IS NULL OR out.is_unpriced OR out.purchase_price_pence < rate.floor_pence THEN 0
                    ELSE LEAST(out.charged, COALESCE(rate.pence, round(
                        out.charged * COALESCE(rate.percent, step.percent, 0) * 0.01)::bigint)) END AS credit
        FROM out JOIN rate ON rate.product_id = out.product_id
        LEFT JOIN step ON step.id = rate.id AND out.months >= step.from_months
                      AND out.months < COALESCE(step.until_months, 2147483647)
    ), part AS (
        SELECT item_id, product_id, months, shares -> 0 ->> 'funder' AS funder, CAST(100 AS numeric) AS percent,
               charged AS charged_pence, credit AS credit_pence, has_no_rate
        FROM priced WHERE jsonb_array_length(shares) = 1
        UNION ALL
        SELECT item_id, product_id, months, funder, percent, ({_LEFT.format("charged")})::bigint,
               ({_LEFT.format("credit")})::bigint, has_no_rate
        FROM (
            SELECT priced.*, share.*, abs(charged) * share.percent * 0.01 AS of_charged,
                   abs(credit) * share.percent * 0.01 AS of_credit
            FROM priced CROSS JOIN LATERAL
                ROWS FROM (jsonb_to_recordset(shares) AS (funder text, percent numeric))
                WITH ORDINALITY AS share (funder, percent, place)
            WHERE jsonb_array_length(shares) > 1
        ) AS split
    )
"""  # noqa: S608 - the parts are the constants above
"""The CTEs of each funder's `part` of each item. Binds `on`; `{only}` narrows the items: `OF_A_PRODUCT`, or nothing.

Pence are exact as decimals and rounded as `ROUND_HALF_UP` does, away from zero. Pennies that are left over go to the
largest remainders, of equal ones to whoever is named first (`allot`).
"""
