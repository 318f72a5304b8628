"""Reservations of what does not bear any more the person it is kept for: they end, and who made them is told.

A new weight, a report that certifies less and a load that is lowered in the catalogue all ask here. What an order holds
is the order's, and is looked at by `promising`.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox
from app.domain.combinations import bears_a_person
from app.domain.dates import uk_date
from app.domain.labels import display
from app.domain.lifecycle import Move, State
from app.domain.reservations import Kept, keeps_item

# Of these clients, or of these items. What an order of theirs holds is left to the order.
WEAK = """
    SELECT kept.id, kept.item_id, kept.from_on, kept.made_by, item.barcode, item.state, product.name AS product_name,
           product.category, client.client_ref,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS carries_kg
    FROM reservation AS kept JOIN client ON client.id = kept.client_id
    JOIN item ON item.id = kept.item_id JOIN product ON product.id = item.product_id
    WHERE {which} AND kept.ended_at IS NULL
      AND LEAST(product.safe_working_load_kg, item.certified_load_kg) < client.weight_kg
      AND NOT EXISTS (SELECT FROM order_unit AS unit WHERE unit.reservation_id = kept.id AND unit.cancelled_at IS NULL)
    ORDER BY item.barcode, kept.from_on, kept.id FOR UPDATE OF item
"""
OF_CLIENTS = text(WEAK.format(which="kept.client_id = ANY(:clients)"))
OF_ITEMS = text(WEAK.format(which="kept.item_id = ANY(:items)"))
END = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit' WHERE id = ANY(:ids)
""")
OTHERS = text("""
    SELECT kept.id, kept.item_id, kept.from_on, kept.until_on, asked.number AS order_number
    FROM reservation AS kept
    LEFT JOIN order_unit AS unit ON unit.reservation_id = kept.id AND unit.cancelled_at IS NULL
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE kept.item_id = ANY(:items) AND kept.ended_at IS NULL ORDER BY kept.from_on, kept.id
""")


async def end_for_clients(session: AsyncSession, clients: Collection[int], *, actor: str, at: datetime) -> None:
    """End what is reserved for these clients and carries less than they weigh by now. The caller has locked the
    clients. One statement where there is none."""
    rows = (await session.execute(OF_CLIENTS, {"clients": list(clients)})).all()
    await _end(session, rows, why="", actor=actor, at=at)


async def end_for_items(
    session: AsyncSession, items: Collection[int], *, why: str, actor: str, at: datetime
) -> set[str]:
    """End the reservations of these items for somebody who weighs more than they carry by now; returns which went back
    to the shelf. `why` they carry so little, in a sentence. One statement where there is none."""
    rows = (await session.execute(OF_ITEMS, {"items": list(items)})).all()
    return await _end(session, rows, why=why, actor=actor, at=at)


async def _end(session: AsyncSession, rows: Collection[Row[Any]], *, why: str, actor: str, at: datetime) -> set[str]:
    weak = [one for one in rows if bears_a_person(one.category, one.carries_kg)]
    if not weak:
        return set()
    await session.execute(END, {"ids": [one.id for one in weak], "at": at, "actor": actor})
    others: dict[int, list[Kept]] = {}
    for row in await session.execute(OTHERS, {"items": [one.item_id for one in weak]}):
        others.setdefault(row.item_id, []).append(Kept(row.id, row.from_on, row.until_on, row.order_number))
    released: set[str] = set()
    for one in weak:
        await _tell(session, one, why, actor=actor, at=at)
        facts = {"reservation": one.id, "carries": one.carries_kg}
        await audit.record(session, "reservation_too_weak", f"item:{one.barcode}", actor=actor, at=at, **facts)
        is_free = keeps_item(State(one.state), one.from_on, others.get(one.item_id, ()), today=uk_date(at))
        if is_free and one.barcode not in released:
            reference = f"reservation {one.id}"
            await ledger.move_one(session, one.barcode, Move.RELEASE, actor=actor, at=at, reference=reference)
            released.add(one.barcode)
    return released


async def _tell(session: AsyncSession, one: Row[Any], why: str, *, actor: str, at: datetime) -> None:
    tag = display(one.barcode)
    why = why or f"A new weight was written down. It carries {one.carries_kg} kg."
    body = (
        f"{one.product_name} ({tag}) was reserved for client {one.client_ref}. {why} That is less than the "
        "client weighs, so the reservation has ended. Reserve or order a stronger one."
    )
    subject = f"Your reservation of {tag} has ended"
    letter = {"purpose": "reservation_too_weak", "subject": subject, "body": body, "about": f"reservation:{one.id}"}
    await outbox.post(session, **letter, to=one.made_by, actor=actor, at=at)
