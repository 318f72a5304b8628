"""What the worker does with reservations as days go by: begin, warn, expire, tell. Each verb may run as often as one
likes. Run `expire_reservations` before `begin_reservations`: what one reservation frees, the next may begin with."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox
from app.domain.dates import in_words
from app.domain.labels import display
from app.domain.lifecycle import Move, State
from app.domain.promises import working_days_after
from app.domain.reservations import keeps_item
from app.features.reservations.service import END, list_live
from app.models import ReservationEnd

CANNOT_BEGIN, ENDS_SOON, ENDED = "reservation_cannot_begin", "reservation_ends_soon", "reservation_ended"
HELD = "reservation_held"
Found = Row[Any]

FACTS = """
    SELECT reservation.id, reservation.item_id, reservation.from_on, reservation.until_on, reservation.made_by,
           reservation.ended_because, item.barcode, item.state, product.name AS product_name, client.client_ref,
           EXISTS (SELECT FROM account WHERE account.username = reservation.made_by) AS has_owner
    FROM reservation
    JOIN item ON item.id = reservation.item_id
    JOIN product ON product.id = item.product_id
    JOIN client ON client.id = reservation.client_id
"""
NOT_AN_ORDERS = """
    NOT EXISTS (SELECT FROM order_unit WHERE order_unit.reservation_id = reservation.id AND cancelled_at IS NULL)
"""
NOT_TOLD = """
    NOT EXISTS (SELECT FROM message WHERE message.about = 'reservation:' || reservation.id AND purpose = :purpose)
"""
TO_BEGIN = text(f"""{FACTS}
    WHERE reservation.ended_at IS NULL AND reservation.from_on <= :today AND reservation.until_on >= :today
      AND item.state NOT IN ('reserved', 'dispatched') AND {NOT_AN_ORDERS}
    ORDER BY item.barcode
""")
UNTOLD = text("""
    SELECT id FROM reservation WHERE id = ANY(:numbers)
      AND NOT EXISTS (SELECT FROM message WHERE about = 'reservation:' || reservation.id AND purpose = :purpose)
""")
OVER = text(f"""{FACTS}
    WHERE reservation.ended_at IS NULL AND reservation.until_on < :today AND item.state <> 'dispatched'
      AND {NOT_AN_ORDERS}
    ORDER BY item.barcode, reservation.from_on
""")
# Nobody is warned on the day on which they chose the last day themselves.
TO_WARN = text("""
    UPDATE reservation SET warned_at = :at
    WHERE ended_at IS NULL AND warned_at IS NULL AND until_on >= :today AND until_on <= :next_working_day
      AND (made_at AT TIME ZONE 'Europe/London')::date < :today
      AND NOT EXISTS (SELECT FROM order_unit WHERE order_unit.reservation_id = reservation.id AND cancelled_at IS NULL)
    RETURNING id
""")
THESE = text(f"{FACTS} WHERE reservation.id = ANY(:numbers) ORDER BY reservation.id")
LOST = text(f"""{FACTS}
    WHERE reservation.ended_because IN ('item_unfit', 'item_missing') AND reservation.ended_by <> reservation.made_by
      AND reservation.ended_at > CAST(:at AS timestamptz) - interval '7 days'
      AND {NOT_AN_ORDERS} AND {NOT_TOLD}
      AND NOT EXISTS (
          SELECT FROM message WHERE message.about = 'reservation:' || reservation.id
            AND purpose = 'reservation_too_weak')
    ORDER BY reservation.id FOR UPDATE OF reservation
""")

ON_HOLD = text(f"""{FACTS}
    WHERE reservation.ended_at IS NULL AND {NOT_AN_ORDERS} AND {NOT_TOLD}
      AND EXISTS (SELECT FROM hold WHERE hold.item_id = reservation.item_id AND hold.lifted_at IS NULL
                  AND hold.kind IN ('safety_notice', 'fault', 'investigation'))
    ORDER BY reservation.id FOR UPDATE OF reservation
""")


async def begin_reservations(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Reserve the items of which a reservation's first day has come; returns how many.

    Where an item cannot be reserved (not clear any more, or not back on the shelf) the owner is told once. The
    reservation stays, so that nobody else takes the item for these days, and begins as soon as the item is on the
    shelf again; it ends on its last day or when it is given up.
    """
    waiting = await _locked(session, TO_BEGIN, {"today": today})
    begun, late = 0, []
    for one in waiting:
        reference = f"reservation {one.id}"
        moved, _ = await ledger.move(session, [one.barcode], Move.RESERVE, actor=actor, at=at, reference=reference)
        begun += len(moved)
        late += [] if moved else [one]
    numbers = [one.id for one in late]
    untold = set(await session.scalars(UNTOLD, {"numbers": numbers, "purpose": CANNOT_BEGIN}))
    for one in late:
        if one.id in untold:
            await _tell(session, one, CANNOT_BEGIN, *_cannot_begin(one), actor=actor, at=at)
    return begun


async def warn_before_expiry(
    session: AsyncSession, *, today: date, actor: str, at: datetime, holidays: AbstractSet[date] = frozenset()
) -> int:
    """Tell owners once that their reservation ends by the next working day; returns how many were told."""
    values = {"today": today, "at": at, "next_working_day": working_days_after(today, 1, holidays)}
    numbers = list(await session.scalars(TO_WARN, values))
    for one in await session.execute(THESE, {"numbers": numbers}):
        subject = f"Reservation of {display(one.barcode)} ends on {in_words(one.until_on)}"
        body = f"{_which(one)} ends on {in_words(one.until_on)}. Extend it under “Reservations” if you still need it."
        await _tell(session, one, ENDS_SOON, subject, body, actor=actor, at=at)
    return len(numbers)


async def expire_reservations(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """End reservations whose last day is over and that no order holds, free their items, and tell their owners.

    Returns how many. What is with the driver is ended by its delivery or its return instead.
    """
    over = await _locked(session, OVER, {"today": today})
    values = {"at": at, "actor": actor, "because": ReservationEnd.EXPIRED.value}
    for one in over:
        others = [other for other in await list_live(session, one.item_id) if other.id != one.id]
        state = State(await session.scalar(text("SELECT state FROM item WHERE id = :id"), {"id": one.item_id}))
        if keeps_item(state, one.from_on, others, today=today):
            reference = f"reservation {one.id}"
            await ledger.move_one(session, one.barcode, Move.RELEASE, actor=actor, at=at, reference=reference)
        await session.execute(END, values | {"id": one.id})
        subject, facts = f"item:{one.barcode}", {"reservation": one.id, "until": one.until_on.isoformat()}
        await audit.record(session, "reservation_expired", subject, actor=actor, at=at, **facts)
    for one in over:
        subject = f"Reservation of {display(one.barcode)} has ended"
        body = f"{_which(one)} ended on {in_words(one.until_on)}, and the item is free again for others."
        await _tell(session, one, ENDED, subject, body, actor=actor, at=at)
    return len(over)


async def tell_of_lost_reservations(session: AsyncSession, *, actor: str, at: datetime) -> int:
    """Tell owners once that a reservation ended because the item is unfit or missing; returns how many were told."""
    lost = (await session.execute(LOST, {"at": at, "purpose": ENDED})).all()
    for one in lost:
        is_missing = one.ended_because == ReservationEnd.ITEM_MISSING
        why = "nobody knows where the item is" if is_missing else "the item cannot be used now"
        subject = f"Reservation of {display(one.barcode)} has ended"
        body = f"{_which(one)} has ended, because {why}. Reserve another item if it is still needed."
        await _tell(session, one, ENDED, subject, body, actor=actor, at=at)
    return len(lost)


async def tell_of_held_reservations(session: AsyncSession, *, actor: str, at: datetime) -> int:
    """Tell owners once that the item which they reserved is on hold; returns how many were told."""
    held = (await session.execute(ON_HOLD, {"purpose": HELD})).all()
    for one in held:
        subject = f"{display(one.barcode)} is on hold"
        body = (
            f"{_which(one)} stands, but the item is on hold and cannot go out. Its page says why. If you cannot wait, "
            "give the reservation up and reserve another item."
        )
        await _tell(session, one, HELD, subject, body, actor=actor, at=at)
    return len(held)


async def _locked(session: AsyncSession, wanted: Any, values: dict[str, Any]) -> Sequence[Found]:
    """What was found, read again once its items are locked, in the order of their barcodes as everywhere."""
    seen = (await session.execute(wanted, values)).all()
    if not seen:
        return []
    await ledger.read_items(session, [one.barcode for one in seen], lock=True)
    known = {one.id for one in seen}
    return [one for one in (await session.execute(wanted, values)).all() if one.id in known]


def _cannot_begin(one: Found) -> tuple[str, str]:
    state = State(one.state)
    why = "it is not clear to go out" if state is State.IN_STOCK else f"it is “{state.text.lower()}”"
    subject = f"{display(one.barcode)} is not ready for its reservation"
    body = (
        f"{_which(one)} should begin on {in_words(one.from_on)}, but {why}. The item stays kept for these days and is "
        "put aside as soon as it can be. If you cannot wait, give the reservation up and reserve another item."
    )
    return subject, body


def _which(one: Found) -> str:
    return f"Your reservation of {one.product_name} ({display(one.barcode)}) for client {one.client_ref}"


async def _tell(
    session: AsyncSession, one: Found, purpose: str, subject: str, body: str, *, actor: str, at: datetime
) -> None:
    """Post it to whoever made the reservation, if they have an account."""
    if one.has_owner:
        about = f"reservation:{one.id}"
        await outbox.post(
            session, purpose=purpose, subject=subject, body=body, to=one.made_by, about=about, actor=actor, at=at
        )
