"""Reservations: an item kept for a client until a day."""

from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import ledger
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.lifecycle import Move, State
from app.features.loans.service import find_client
from app.models import Item, Reservation

LONGEST_RESERVATION = timedelta(days=366)


async def reserve(
    session: AsyncSession,
    *,
    barcode: str | None,
    product_code: str | None,
    client_ref: str,
    from_on: date | None,
    until_on: date,
    actor: str,
    at: datetime,
) -> tuple[int, str]:
    """Keep an item for a client until a day; returns the reservation's number and the barcode.

    With `product_code` the best free one is taken: recycled before new. Raises NotFound, BadValue
    (`reserve-what`, `ends-before-it-starts`), Conflict (`already-reserved`, `no-stock`), NotClear.
    """
    today = uk_date(at)
    if (barcode is None) == (product_code is None):
        raise BadValue("reserve-what", "Name either a barcode or a product_code.", field="barcode")
    if until_on < (from_on or today) or until_on < today:
        raise BadValue("ends-before-it-starts", "A reservation ends on or after its first day.", field="until")
    if until_on > today + LONGEST_RESERVATION:
        raise BadValue("reserved-too-long", "A reservation lasts a year at most.", field="until")
    client_id = await find_client(session, client_ref)
    chosen = barcode or await _choose(session, product_code or "", today=today)
    items = await ledger.read_items(session, [chosen], lock=True)
    if chosen in items and items[chosen].state is State.RESERVED:
        detail = "The item is reserved already. Give that reservation up first."
        raise Conflict("already-reserved", detail, field="barcode")
    moved = await ledger.move_one(session, chosen, Move.RESERVE, actor=actor, at=at)
    values = {
        "item_id": moved.item.id,
        "client_id": client_id,
        "from_on": from_on or today,
        "until_on": until_on,
        "made_at": at,
        "made_by": actor,
    }
    made = await session.execute(insert(Reservation).values(**values).returning(col(Reservation.id)))
    return made.scalar_one(), chosen


async def give_up_reservation(session: AsyncSession, reservation_id: int, *, actor: str, at: datetime) -> None:
    """Put a reserved item back among those that anybody may have. Raises NotFound, Conflict `already-ended`."""
    wanted = (
        select(col(Reservation.ended_at), col(Item.barcode))
        .join(Item, col(Item.id) == col(Reservation.item_id))
        .where(col(Reservation.id) == reservation_id)
        .with_for_update(of=Item)
    )
    found = (await session.execute(wanted)).one_or_none()
    if found is None:
        raise NotFound("unknown-reservation", "There is no reservation with this number.")
    if found.ended_at is not None:
        raise Conflict("already-ended", "This reservation has ended already.")
    await ledger.move_one(
        session, found.barcode, Move.RELEASE, actor=actor, at=at, reference=f"reservation {reservation_id}"
    )
    await session.execute(
        update(Reservation).where(col(Reservation.id) == reservation_id).values(ended_at=at, ended_by=actor)
    )


# Rows that another prescriber is reserving at this moment are passed over instead of waited for.
CHOOSE = text("""
    SELECT item.barcode FROM item JOIN product ON product.id = item.product_id
    WHERE product.code = :product_code AND item.state = 'in_stock'
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL)
      AND NOT (product.single_patient_use AND item.times_issued > 0)
      AND NOT EXISTS (
          SELECT FROM product_inspection AS wanted
          LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = wanted.kind
          WHERE wanted.product_id = product.id AND COALESCE(known.due_on < :today, true))
    ORDER BY (item.times_issued > 0) DESC, item.barcode
    LIMIT 1 FOR UPDATE OF item SKIP LOCKED
""")


async def _choose(session: AsyncSession, product_code: str, *, today: date) -> str:
    barcode: str | None = await session.scalar(CHOOSE, {"product_code": product_code, "today": today})
    if barcode is None:
        raise Conflict("no-stock", "No item of this product is free on a shelf now.", field="product_code")
    return barcode
