"""What stands on a shelf and cannot go to a client, as SQL: whoever takes only the first few of many asks it first."""

from typing import Final

PROMISED: Final = """
    EXISTS (SELECT FROM reservation AS theirs
            WHERE theirs.item_id = item.id AND theirs.ended_at IS NULL AND theirs.until_on >= :today
              AND theirs.client_id <> :client_id)
"""
"""Whether an `item` is reserved for another client than `:client_id`, on a day that is not over `:today`."""

CARRIED: Final = "LEAST(product.safe_working_load_kg, item.certified_load_kg)"
"""What an `item` of a `product` carries, in kilograms."""

# These two are the rules of `domain/clearance.py` and `domain/allocation.py` for what stands on the shelf, but for what
# it carries; a test compares them. The cheapest question first.
KEPT_BACK: Final = f"""
    (product.single_patient_use AND item.times_issued > 0)
    OR EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
    OR {PROMISED}
    OR EXISTS (SELECT FROM ring_fence AS other WHERE other.item_id = item.id AND other.team_id <> :team_id)
"""  # noqa: S608 - the part is the constant above
"""Whether an `item` of a `product` on a shelf is spent, held, or kept for others than `:client_id` or `:team_id`."""

NOT_INSPECTED: Final = """
    EXISTS (SELECT FROM product_inspection AS wanted
               LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = wanted.kind
               WHERE wanted.product_id = item.product_id
                 AND (known.due_on IS NULL OR known.due_on < :today OR COALESCE(
                     (SELECT outcome <> 'passed' FROM standing_inspection AS made
                      WHERE made.item_id = item.id AND made.kind = wanted.kind
                      ORDER BY examined_on DESC, id DESC LIMIT 1), false)))
"""
"""Whether an `item` was not inspected in time `:today`, or its last inspection not passed."""

CANNOT_GO: Final = f"{KEPT_BACK} OR {NOT_INSPECTED}"
"""Whether an `item` of a `product` that is in stock must not go to a client `:client_id` of `:team_id` `:today`."""
