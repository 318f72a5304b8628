"""From movements: each time that an item went out, and whether it came back and was passed for reissue. SQL parts.

A spell begins with an issue and ends before the next. Movements are only added, and `at` is when they were recorded, so
what a spell looked like at an earlier instant can be told from its movements up to then.
"""

from typing import Final

OUT: Final = """(movement.move IN ('issue', 'deliver')
                OR movement.move = 'start_trial' AND movement.from_state <> 'awaiting_collection')"""
BACK: Final = "movement.move IN ('return', 'find')"
FIT: Final = "movement.move = 'release' AND movement.from_state = 'awaiting_inspection'"
ANY: Final = f"({OUT} OR {BACK} OR {FIT})"
"""The three kinds of movements that spells are made of; the index `ix_movement_item_id_seq_of_spells` has only them."""

SPELLS: Final = f"""
    touched AS (
        SELECT DISTINCT movement.item_id FROM movement
        WHERE movement.at >= :from_at AND movement.at < :until_at AND movement.at <= :as_at AND {ANY}
    ), told AS (
        SELECT movement.item_id, movement.id, movement.seq, movement.at, movement.store_id,
               {OUT} AS is_out, {BACK} AS is_back,
               count(*) FILTER (WHERE {OUT}) OVER (PARTITION BY movement.item_id ORDER BY movement.seq) AS spell,
               count(*) FILTER (WHERE {OUT}) OVER (PARTITION BY movement.item_id) AS issues
        FROM touched JOIN movement ON movement.item_id = touched.item_id WHERE {ANY}
    ), spell AS (
        SELECT item_id, spell, min(issues) AS issues,
               min(seq) FILTER (WHERE is_out) AS issued_seq, min(id) FILTER (WHERE is_out) AS issued_id,
               min(at) FILTER (WHERE is_out) AS issued_at, min(store_id) FILTER (WHERE is_out) AS store_id,
               min(at) FILTER (WHERE is_back) AS collected_at, min(id) FILTER (WHERE is_back) AS collected_id,
               min(at) FILTER (WHERE NOT is_out AND NOT is_back) AS passed_at,
               min(id) FILTER (WHERE NOT is_out AND NOT is_back) AS passed_id,
               lag(min(seq) FILTER (WHERE is_back)) OVER (PARTITION BY item_id ORDER BY spell) AS came_back_seq
        FROM told GROUP BY item_id, spell
    ), wanted AS (
        SELECT spell.*, item.barcode, item.purchase_price_pence AS pence, product.code AS product_code,
               product.name AS product, product.category,
               -- Issued before by these movements, or before them: then its count is above theirs from the first.
               spell.spell > 1 OR item.times_issued > spell.issues AS is_recycled
        FROM spell JOIN item ON item.id = spell.item_id JOIN product ON product.id = item.product_id
        JOIN store ON store.id = spell.store_id
        WHERE spell.spell > 0 AND (:store = '' OR store.code = :store) AND (:product = '' OR product.code = :product)
          AND starts_with(product.category, :category)
          AND (:funder = '' OR EXISTS (
              SELECT FROM charge JOIN funder ON funder.id = charge.funder_id
              WHERE charge.item_id = spell.item_id AND charge.movement_seq = spell.issued_seq AND charge.is_issue
                AND charge.reversal_of IS NULL AND charge.corrects_id IS NULL AND funder.code = :funder))
    )
"""  # noqa: S608 - the parts are constants
"""`wanted`: a row for each spell of the items that something happened to in the days, as is known now."""

HAPPENED: Final = f"""
    {SPELLS}, happened AS (
        SELECT wanted.*, event.what, event.at, event.movement_id, counted.at AS counted_at
        FROM wanted CROSS JOIN LATERAL (VALUES
            ('issued', wanted.issued_at, wanted.issued_id),
            ('recycled', CASE WHEN wanted.is_recycled THEN wanted.issued_at END, wanted.issued_id),
            ('collected', wanted.collected_at, wanted.collected_id),
            ('passed', wanted.passed_at, wanted.passed_id)) AS event (what, at, movement_id)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN CAST(:is_cohort AS boolean) THEN wanted.issued_at ELSE event.at END AS at) AS counted
        WHERE event.at <= :as_at AND counted.at >= :from_at AND counted.at < :until_at
    )
"""  # noqa: S608 - the parts are constants
"""`happened`: a row for each event that counts, by the basis that is asked for. `counted_at`: in which month."""
