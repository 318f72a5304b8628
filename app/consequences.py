"""What a return or a loss means for loans, reservations, collections and cleaning, wherever it is recorded.

SQL to begin a statement with, in the transaction of the movement: `ledger.py` moves the item, these close what hung
on it.
"""

from typing import Final

from app.db import array_of

THESE: Final = array_of("item_ids", "bigint")

# A piece of an order whose client has died, or that a panel has stopped, is not wanted again.
CALL_OFF: Final = """
        UPDATE order_unit SET cancelled_at = :at, cancelled_by = :actor FROM freed, client
        WHERE order_unit.reservation_id = freed.id AND order_unit.loan_id IS NULL AND order_unit.cancelled_at IS NULL
          AND client.id = order_unit.client_id
          AND (client.died_on IS NOT NULL
               OR EXISTS (SELECT FROM equipment_order AS asked
                          WHERE asked.id = order_unit.order_id AND asked.authority ->> 'panel_stopped' IS NOT NULL))
""".strip()

# With the last loan goes how to get in (clients/purging.py). A reservation ends with the errand it was sent out on;
# what is reserved for later stays. Every part sees what was open before this statement.
OF_A_RETURN: Final = f"""
    WITH closed AS (
        UPDATE loan SET ended_at = :at, ended_by = :actor WHERE item_id = ANY({THESE}) AND ended_at IS NULL
    ), freed AS (
        UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
        WHERE ended_at IS NULL AND from_on <= (CAST(:at AS timestamptz) AT TIME ZONE 'Europe/London')::date
          AND item_id = ANY({array_of("undelivered_ids", "bigint")}) RETURNING id
    ), called_off AS (
        {CALL_OFF}
    ), fetched AS (
        UPDATE collection_line SET collected_at = :at, collected_by = :actor
        WHERE item_id = ANY({THESE}) AND collected_at IS NULL AND cancelled_at IS NULL
    ), opened AS (
        INSERT INTO decontamination (item_id, opened_at) SELECT unnest({THESE}), :at
        ON CONFLICT (item_id) WHERE finished_at IS NULL
        DO UPDATE SET opened_at = excluded.opened_at, started_at = NULL, started_by = NULL, route = NULL
    ), noted AS (
        UPDATE item SET condition = note.condition
        FROM jsonb_to_recordset(CAST(:conditions AS jsonb)) AS note (item_id bigint, condition text)
        WHERE item.id = note.item_id
    ), forgotten AS (
        UPDATE client_access AS access SET notes_encrypted = ''
        WHERE access.client_id IN (SELECT client_id FROM loan WHERE item_id = ANY({THESE}) AND ended_at IS NULL)
          AND NOT EXISTS (SELECT FROM loan AS other WHERE other.client_id = access.client_id
                          AND other.ended_at IS NULL AND other.item_id <> ALL({THESE}))
          AND NOT EXISTS (
              SELECT FROM equipment_order AS asked JOIN order_line AS line ON line.order_id = asked.id
              JOIN order_unit AS unit ON unit.order_line_id = line.id
              WHERE asked.client_id = access.client_id
                AND asked.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
                AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL)
    )
"""  # noqa: S608 - the part is the constant above
"""Asks for `item_ids`, `undelivered_ids` (those of them that come back from the van), `conditions` ([{item_id,
condition}] as JSON), `actor`, `at`.

Whoever moved them knows which were on the van: to look for it among the movements would have this planned anew with
each scan, for its month.
"""

SET_FREE: Final = f"""
    WITH freed AS (
        UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = :because
        WHERE item_id = ANY({THESE}) AND ended_at IS NULL RETURNING id
    ), called_off AS (
        {CALL_OFF}
    ), cancelled AS (
        UPDATE collection_line SET cancelled_at = :at, cancelled_by = :actor
        WHERE item_id = ANY({THESE}) AND collected_at IS NULL AND cancelled_at IS NULL
    )
"""  # noqa: S608 - the part is the constant above
"""What is kept of an item that is lost or unfit. Asks for `item_ids`, `because` (a ReservationEnd), `actor`, `at`.

An open loan stays open: the client may have a missing item after all. What was promised with it, `promising` looks at.
"""
