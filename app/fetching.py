"""Asking for items to be fetched from a client: the moves, the collection and its lines, once for all who ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger
from app.domain.lifecycle import Move
from app.domain.loans import CollectionSpeed
from app.models import Collection, CollectionLine

NOTHING: Mapping[str, Any] = {}
ASKED_FOR: Final = """
    SELECT id FROM collection WHERE requested_by = :actor
    UNION SELECT collection_id FROM order_supersedes
    WHERE order_id = ANY(ARRAY(SELECT id FROM equipment_order WHERE made_by = :actor)) AND collection_id IS NOT NULL
"""
"""Collections that `:actor` ever asked for, or that an order of theirs takes away."""


@dataclass(frozen=True, slots=True)
class Lent:
    """An item that a client has."""

    item_id: int
    loan_id: int
    barcode: str


@dataclass(frozen=True, slots=True)
class Requested:
    """A collection that was asked for: its id, and the number that people know it by."""

    id: int
    number: str


async def request_collection(
    session: AsyncSession,
    client_id: int,
    items: Sequence[Lent],
    *,
    reason: str,
    speed: CollectionSpeed,
    contact: Mapping[str, Any] = NOTHING,
    noted: Mapping[str, str | int] = NOTHING,
    actor: str,
    at: datetime,
) -> Requested:
    """Ask for these items of a client, all or none. Raises what the ledger refuses.

    `contact`: columns of the collection that say whom to speak to; `noted`: more for the audit trail.
    """
    collection_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('collection', 'id'))"))
    number = f"C{collection_id:06}"
    barcodes = [one.barcode for one in items]
    details: dict[str, Any] = {"reason": reason, "reference": f"collection {number}", "actor": actor, "at": at}
    _, refused = await ledger.move(session, barcodes, Move.REQUEST_COLLECTION, **details)
    if refused:
        raise refused[0].error
    values = {"id": collection_id, "number": number, "client_id": client_id, "reason": reason, "speed": speed}
    asked = {"requested_at": at, "requested_by": actor}
    await session.execute(insert(Collection).values(**values, **contact, **asked))
    lines = [{"collection_id": collection_id, "item_id": one.item_id, "loan_id": one.loan_id} for one in items]
    await session.execute(insert(CollectionLine), lines)
    facts = {"items": len(lines), **noted}
    await audit.record(session, "collection_requested", f"collection:{number}", actor=actor, at=at, **facts)
    return Requested(collection_id, number)


def is_anothers(collection: str) -> str:
    """Whether the collection of this number (SQL) is taken away by somebody else's order than `:actor`'s: then it is
    theirs, whoever asked."""
    return f"""EXISTS (
        SELECT FROM order_supersedes AS old JOIN equipment_order AS asked ON asked.id = old.order_id
        WHERE old.collection_id = {collection} AND asked.made_by <> :actor
        OFFSET 0)"""
