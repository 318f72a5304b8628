"""Access notes go when nobody needs to know any more how to get in: with the last loan, or when nothing goes on.

The scan that takes the last item back empties them in its own transaction (`CONSEQUENCES` in the returns feature). It
cannot write to the audit trail without costing every scan two statements more, so it leaves the empty row behind, and
the worker writes the line for it afterwards. Two desks that scan the last two items at once each see the other's loan
open and empty nothing; a lost item's loan ends without a scan. The worker finds those, too.

Many notes never see a last loan end: the order was declined or cancelled, its client died first, nothing came of the
next loan, or what the client has is never fetched. Those go once they are old and nothing is open for the client.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit

KEPT_WHILE_IDLE: Final = timedelta(days=30)
"""So long notes may wait for what they were written for. The slowest promise is seven working days; a month leaves time
to draw up the order, to have it signed, and for a first visit that fails. Who comes later asks the client again: codes
are changed, and an old one sends a driver to a door that does not open."""

LAST_LOAN_ENDED: Final = "the last loan ended"
NOTHING_OPEN: Final = f"they are older than {KEPT_WHILE_IDLE.days} days and nothing is open"

# Notes that were written after the last loan ended are for the next one.
PURGE = text("""
    WITH had AS (
        SELECT access.client_id, count(loan.id) AS loans, count(loan.ended_at) AS ended,
               max(loan.ended_at) AS last_ended_at,
               COALESCE(bool_or(product.returnable) FILTER (WHERE loan.ended_at IS NULL), false) AS has_to_be_fetched
        FROM client_access AS access
        LEFT JOIN loan ON loan.client_id = access.client_id
        LEFT JOIN item ON item.id = loan.item_id LEFT JOIN product ON product.id = item.product_id
        GROUP BY access.client_id
    ), wanted AS (
        SELECT asked.client_id FROM equipment_order AS asked
        JOIN order_line AS line ON line.order_id = asked.id JOIN order_unit AS unit ON unit.order_line_id = line.id
        WHERE asked.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
          AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
    ), going_on AS (
        SELECT client_id FROM reservation WHERE ended_at IS NULL
        UNION ALL
        SELECT client_id FROM equipment_order WHERE decision = 'draft' AND made_at >= :young
        UNION ALL
        SELECT collection.client_id FROM collection JOIN collection_line AS line ON line.collection_id = collection.id
        WHERE line.collected_at IS NULL AND line.cancelled_at IS NULL
    ), due AS (
        SELECT had.client_id, client.client_ref,
               CASE WHEN access.notes_encrypted = '' THEN :last_loan_ended
                    WHEN EXISTS (SELECT FROM wanted WHERE wanted.client_id = had.client_id) THEN NULL
                    WHEN had.loans > 0 AND had.loans = had.ended AND access.written_at <= had.last_ended_at
                    THEN :last_loan_ended
                    WHEN access.written_at < :young AND NOT had.has_to_be_fetched
                         AND NOT EXISTS (SELECT FROM going_on WHERE going_on.client_id = had.client_id)
                    THEN :nothing_open END AS because
        FROM had JOIN client ON client.id = had.client_id JOIN client_access AS access ON access.client_id = client.id
    ), gone AS (
        DELETE FROM client_access AS access USING due
        WHERE access.client_id = due.client_id AND due.because IS NOT NULL
        RETURNING due.client_ref, due.because
    )
    SELECT client_ref, because FROM gone ORDER BY client_ref
""")


async def purge_access_notes(session: AsyncSession, *, actor: str, at: datetime) -> list[str]:
    """Delete the access notes that nobody needs any more, and write down for each client that they are gone, and why.

    Kept while an order for the client is on its way. Returns the clients' references. Meant for every night; running it
    again changes nothing.
    """
    values = {"young": at - KEPT_WHILE_IDLE, "last_loan_ended": LAST_LOAN_ENDED, "nothing_open": NOTHING_OPEN}
    gone = (await session.execute(PURGE, values)).all()
    for one in gone:
        await record_purge(session, one.client_ref, one.because, actor=actor, at=at)
    return [one.client_ref for one in gone]


async def record_purge(session: AsyncSession, client_ref: str, because: str, *, actor: str, at: datetime) -> None:
    """Write down that a client's access notes went, and why."""
    await audit.record(session, "access_notes_purged", f"client:{client_ref}", actor=actor, at=at, because=because)
