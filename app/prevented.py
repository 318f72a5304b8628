"""What safety notices prevented: each item that was refused to somebody because a notice holds it.

A refusal is rolled back with all that its request did, so this is written when the request is over.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import write_afterwards
from app.domain.clearance import Evidence
from app.domain.lifecycle import Move

PREVENTED = text("""
    INSERT INTO notice_prevented (notice_id, item_id, move, actor, at)
    SELECT notice_id, :item_id, :move, :actor, :at FROM unnest(CAST(:notice_ids AS bigint[])) AS held (notice_id)
""")


def note(session: AsyncSession, item_id: int, evidence: Evidence, how: Move, *, actor: str, at: datetime) -> None:
    """The item was refused; it counts for each notice that holds it, and for none it counts for nothing."""
    held_by = sorted({hold.notice_id for hold in evidence.holds if hold.notice_id})
    if held_by:
        values = {"item_id": item_id, "move": how.value, "notice_ids": held_by, "actor": actor, "at": at}
        write_afterwards(session, PREVENTED, values)
