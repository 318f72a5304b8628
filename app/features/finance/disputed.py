"""What is in dispute: one answer for the list of disputes, statements, charges, months and files alike."""

from typing import Final

IN_DISPUTE: Final = """
    line.order_id IS NOT NULL AND line.order_id = ANY(ARRAY(
        SELECT order_id FROM funding_dispute WHERE settled_at IS NULL))
    AND line.reversal_of IS NULL AND line.funder_id IS NOT NULL
    AND line.funder_id <> ALL(ARRAY(SELECT id FROM funder WHERE kind = 'person'))
    AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)
"""
"""Everything that stands for an order about which a dispute is open, whether it was charged before that or since:
settling it takes all of that back. Not what the service itself bears, nor what a person agreed to add: nobody splits
that. Asks for `charge AS line`.

`charge.is_provisional` says of a line only what was so when it was posted, and is what a closed month was closed with.
"""
