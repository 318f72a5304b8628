"""Access notes go when the last loan ends: nobody needs to know any more how to get in.

The scan that takes the last item back empties them in its own transaction (`CONSEQUENCES` in the returns feature). It
cannot write to the audit trail without costing every scan two statements more, so it leaves the empty row behind, and
the worker writes the line for it afterwards. Two desks that scan the last two items at once each see the other's loan
open and empty nothing; a lost item's loan ends without a scan. The worker finds those, too.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit

# Notes that were written after the last loan ended are for the next one.
PURGE = text("""
    WITH due AS (
        SELECT access.client_id, client.client_ref, max(loan.ended_at) AS ended_at
        FROM client_access AS access JOIN client ON client.id = access.client_id
        LEFT JOIN loan ON loan.client_id = client.id
        GROUP BY access.client_id, client.client_ref, access.notes_encrypted
        HAVING access.notes_encrypted = '' OR (count(loan.id) > 0 AND count(loan.id) = count(loan.ended_at))
    ), wanted AS (
        SELECT asked.client_id FROM equipment_order AS asked
        JOIN order_line AS line ON line.order_id = asked.id JOIN order_unit AS unit ON unit.order_line_id = line.id
        WHERE asked.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
          AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
    ), gone AS (
        DELETE FROM client_access AS access USING due
        WHERE access.client_id = due.client_id
          AND (access.notes_encrypted = ''
               OR NOT EXISTS (SELECT FROM wanted WHERE wanted.client_id = due.client_id)
              AND NOT EXISTS (SELECT FROM audit_event AS event
                              WHERE event.subject = 'client:' || due.client_ref AND event.at > due.ended_at
                                AND event.action = 'client_changed'
                                AND 'access_notes' = ANY (string_to_array(event.detail ->> 'fields', ', '))))
        RETURNING due.client_ref
    )
    SELECT client_ref FROM gone ORDER BY client_ref
""")


async def purge_access_notes(session: AsyncSession, *, actor: str, at: datetime) -> list[str]:
    """Delete the access notes of everybody whose last loan has ended, and write down for each that they are gone.

    Kept while an order for the client is on its way. Returns the clients' references. Meant for every night; running it
    again changes nothing.
    """
    gone = list((await session.execute(PURGE)).scalars())
    for client_ref in gone:
        await record_purge(session, client_ref, actor=actor, at=at)
    return gone


async def record_purge(session: AsyncSession, client_ref: str, *, actor: str, at: datetime) -> None:
    """Write down that a client's access notes went with their last loan."""
    because = "the last loan ended"
    await audit.record(session, "access_notes_purged", f"client:{client_ref}", actor=actor, at=at, because=because)
