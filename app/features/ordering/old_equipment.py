"""Old items that an order takes away: they are fetched on the visit that brings the new ones."""

from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger
from app.domain.lifecycle import Move
from app.domain.loans import CollectionSpeed
from app.features.ordering.records import OrderRecord
from app.models import Collection, CollectionLine

TO_COLLECT = text("""
    SELECT old.id, old.reason, loan.id AS loan_id, item.id AS item_id, item.barcode
    FROM order_supersedes AS old JOIN loan ON loan.id = old.loan_id JOIN item ON item.id = loan.item_id
    WHERE old.order_id = :order_id AND old.action = 'collect' AND old.collection_id IS NULL AND loan.ended_at IS NULL
      AND item.state IN ('on_loan', 'on_trial')
    ORDER BY item.barcode
""")
LINK = text("UPDATE order_supersedes SET collection_id = :collection_id WHERE id = ANY(:old)")


async def collect_old(session: AsyncSession, order: OrderRecord, *, actor: str, at: datetime) -> str | None:
    """Ask for the old items that are to be fetched and are still there; returns the collection's number, if any.

    What was scanned back or asked for since the order was submitted needs nothing more.
    """
    old = (await session.execute(TO_COLLECT, {"order_id": order.id})).all()
    if not old:
        return None
    collection_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('collection', 'id'))"))
    number = f"C{collection_id:06}"
    reason = f"Replaced by order {order.number}. {' '.join(dict.fromkeys(one.reason for one in old))}"
    _, refused = await ledger.move(
        session,
        [one.barcode for one in old],
        Move.REQUEST_COLLECTION,
        actor=actor,
        at=at,
        reason=reason,
        reference=f"collection {number}",
    )
    if refused:
        raise refused[0].error
    values = {"id": collection_id, "number": number, "client_id": order.client_id, "reason": reason}
    values |= {"speed": CollectionSpeed.STANDARD, "requested_at": at, "requested_by": actor}
    await session.execute(insert(Collection).values(**values))
    lines = [{"collection_id": collection_id, "item_id": one.item_id, "loan_id": one.loan_id} for one in old]
    await session.execute(insert(CollectionLine), lines)
    await session.execute(LINK, {"collection_id": collection_id, "old": [one.id for one in old]})
    await audit.record(session, "collection_requested", f"collection:{number}", actor=actor, at=at, items=len(lines))
    return number
