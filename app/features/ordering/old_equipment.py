"""Old items that an order takes away: they are fetched on the visit that brings the new ones."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.loans import CollectionSpeed
from app.features.ordering.records import OrderRecord
from app.fetching import Lent, request_collection

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
    reason = f"Replaced by order {order.number}. {' '.join(dict.fromkeys(one.reason for one in old))}"
    asked = await request_collection(
        session,
        order.client_id,
        [Lent(one.item_id, one.loan_id, one.barcode) for one in old],
        reason=reason,
        speed=CollectionSpeed.STANDARD,
        actor=actor,
        at=at,
    )
    await session.execute(LINK, {"collection_id": asked.id, "old": [one.id for one in old]})
    return asked.number
