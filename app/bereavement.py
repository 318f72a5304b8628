"""What ends when a client's death is recorded, in the transaction that records it, and what is said when that was a
mistake.

A death is recorded on the client's page, through the API, by an import, and with a collection after it: all of them
call this (docs/adr/0015-one-place-ends-what-a-death-ends.md). Locks are taken as everywhere: clients, then orders, then
items in the order of their barcodes.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox
from app.domain.bereavement import REASON, Arranged
from app.domain.client_records import check_life
from app.domain.dates import uk_date
from app.domain.labels import display
from app.domain.lifecycle import Move, State
from app.domain.ordering import STILL_HERE, OrderDecision, UnitState, decision_after_cancel, unit_state
from app.domain.reservations import Kept, keeps_item
from app.models import ReservationEnd
from app.panelling import withdraw_cases

RECORDED, WITHDRAWN = "client_death_recorded", "client_death_withdrawn"
"""The lines in the audit trail, about the client, that name what was ended."""
NAMED = ("orders", "with_the_driver", "reservations")
"""What these lines name."""

LIVING = text("SELECT client_ref, date_of_birth, died_on FROM client WHERE id = :client_id FOR NO KEY UPDATE")
DIED = text("UPDATE client SET died_on = :died_on, version = version + 1 WHERE id = :client_id")
LOCK_ORDERS = text("""
    SELECT id FROM equipment_order AS asked WHERE client_id = ANY(:client_ids)
      AND (decision IN ('draft', 'awaiting_authorisation', 'awaiting_panel')
           OR decision = 'approved' AND EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND loan_id IS NULL
                                                AND cancelled_at IS NULL))
    ORDER BY id FOR UPDATE
""")
ORDERS = text("""
    SELECT id, client_id, number, decision, made_by FROM equipment_order WHERE id = ANY(:order_ids) ORDER BY id
""")
ITEMS = text("""
    SELECT item.barcode FROM reservation JOIN item ON item.id = reservation.item_id
    WHERE reservation.client_id = ANY(:client_ids) AND reservation.ended_at IS NULL
""")
UNITS = text("""
    SELECT unit.order_id, unit.id, unit.reservation_id, unit.cancelled_at IS NOT NULL AS is_cancelled,
           unit.loan_id IS NOT NULL AS has_loan, COALESCE(kept.ended_at IS NULL AND kept.id IS NOT NULL, false)
               AS is_reserved, item.state AS item_state, item.barcode
    FROM order_unit AS unit LEFT JOIN reservation AS kept ON kept.id = unit.reservation_id
    LEFT JOIN item ON item.id = kept.item_id
    WHERE unit.order_id = ANY(:order_ids) ORDER BY item.barcode
""")
RESERVATIONS = text("""
    SELECT reservation.id, reservation.client_id, reservation.item_id, reservation.from_on, reservation.until_on,
           reservation.made_by, item.barcode, item.state, product.name AS product_name
    FROM reservation JOIN item ON item.id = reservation.item_id JOIN product ON product.id = item.product_id
    WHERE reservation.client_id = ANY(:client_ids) AND reservation.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM order_unit WHERE order_unit.reservation_id = reservation.id AND cancelled_at IS NULL)
    ORDER BY item.barcode, reservation.from_on
""")
# What somebody else has reserved of the same items: an item that is put aside for them too stays put aside.
OTHERS = text("""
    SELECT reservation.item_id, reservation.id, reservation.from_on, reservation.until_on,
           EXISTS (SELECT FROM order_unit WHERE reservation_id = reservation.id AND cancelled_at IS NULL) AS of_an_order
    FROM reservation
    WHERE item_id = ANY(:item_ids) AND client_id <> ALL(:client_ids) AND ended_at IS NULL
""")
CANCEL = text("UPDATE order_unit SET cancelled_at = :at, cancelled_by = :actor WHERE id = ANY(:units)")
DECIDE = text("""
    UPDATE equipment_order SET version = version + 1, decision = :decision,
           decision_reason = CASE WHEN :is_over THEN :reason ELSE decision_reason END,
           decided_at = CASE WHEN :is_over THEN :at ELSE decided_at END,
           decided_by = CASE WHEN :is_over THEN :actor ELSE decided_by END
    WHERE id = :order_id
""")
END = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = :because
    WHERE id = ANY(:reservations) AND ended_at IS NULL
""")
# Whoever has no account any more, and whoever did this themselves, is not written to.
READERS = text("SELECT username FROM account WHERE username = ANY(:makers) AND username <> :actor")
NEWEST = text("""
    SELECT detail FROM audit_event WHERE subject = :subject AND action = 'client_death_recorded'
    ORDER BY id DESC LIMIT 1
""")
ENDED_ORDERS = text("SELECT number, made_by FROM equipment_order WHERE number = ANY(:numbers) ORDER BY number")
ENDED_RESERVATIONS = text("""
    SELECT reservation.id, reservation.made_by, item.barcode, product.name AS product_name
    FROM reservation JOIN item ON item.id = reservation.item_id JOIN product ON product.id = item.product_id
    WHERE reservation.id = ANY(:ids) ORDER BY reservation.id
""")


@dataclass(slots=True)
class _Ended:
    """What ended for one client, by who had arranged it."""

    orders: list[tuple[str, str]] = field(default_factory=list)
    with_the_driver: list[tuple[str, str]] = field(default_factory=list)
    reserved: list[tuple[str, str]] = field(default_factory=list)
    reservations: list[int] = field(default_factory=list)

    @property
    def makers(self) -> set[str]:
        """Everybody who had arranged something."""
        return {maker for maker, _ in (*self.orders, *self.with_the_driver, *self.reserved)}

    def of(self, maker: str, client_ref: str) -> Arranged:
        """What one of them had arranged."""
        kinds = (self.orders, self.with_the_driver, self.reserved)
        return Arranged(client_ref, *([one for who, one in kind if who == maker] for kind in kinds))

    def facts(self) -> dict[str, str]:
        """The same as the audit trail keeps it."""
        return {
            "orders": ", ".join(number for _, number in self.orders),
            "with_the_driver": ", ".join(number for _, number in self.with_the_driver),
            "reservations": ", ".join(str(number) for number in self.reservations),
        }


async def record(session: AsyncSession, client_id: int, died_on: date | None, *, actor: str, at: datetime) -> bool:
    """Record a client's death, unless it is recorded already, and end what was arranged for them; whether it was new.

    `died_on` None: nobody knows the day yet. Then it is the day on which it was told, and the audit trail says so.
    Raises BadValue for a day that cannot be.
    """
    client = (await session.execute(LIVING, {"client_id": client_id})).one()
    if client.died_on is not None:
        return False
    day = died_on or uk_date(at)
    check_life(born=client.date_of_birth, died=day, today=uk_date(at))
    await session.execute(DIED, {"client_id": client_id, "died_on": day})
    which = "the day of death" if died_on else "the day on which it was told, because the day of death is not known"
    facts = {"fields": "died_on", "died_on": which}
    await audit.record(session, "client_changed", f"client:{client.client_ref}", actor=actor, at=at, **facts)
    await end_what_was_arranged(session, {client_id: client.client_ref}, actor=actor, at=at)
    return True


async def end_what_was_arranged(session: AsyncSession, died: dict[int, str], *, actor: str, at: datetime) -> None:
    """End what was arranged for these clients, {id: reference}, whose rows the caller has locked and whose deaths it
    records: reservations, and orders as far as they have not left the store. What is with the driver stays with its
    order until it is scanned back; `deliver` refuses it. Makers are told; each act has its line in the audit trail.
    """
    client_ids = list(died)
    order_ids = list(await session.scalars(LOCK_ORDERS, {"client_ids": client_ids}))
    await ledger.read_items(session, list(await session.scalars(ITEMS, {"client_ids": client_ids})), lock=True)
    ended: dict[int, _Ended] = defaultdict(_Ended)
    await _cancel_orders(session, order_ids, ended, actor=actor, at=at)
    await _end_reservations(session, client_ids, ended, actor=actor, at=at)
    for client_id, client_ref in died.items():
        facts = ended[client_id].facts()
        await audit.record(session, RECORDED, f"client:{client_ref}", actor=actor, at=at, **facts)
        await _tell(session, ended[client_id], client_ref, is_withdrawn=False, actor=actor, at=at)


async def withdraw(session: AsyncSession, client_ref: str, *, actor: str, at: datetime) -> None:
    """The client's death was recorded by mistake. What it ended does not come back by itself: who had arranged it is
    told to arrange it again, and the line in the audit trail, which the client's page shows, says what it was."""
    facts = await session.scalar(NEWEST, {"subject": f"client:{client_ref}"}) or {}
    named = {name: [one for one in facts.get(name, "").split(", ") if one] for name in NAMED}
    ids = [int(number) for number in named["reservations"]]
    numbers = [*named["orders"], *named["with_the_driver"]]
    made = [(row.made_by, row.number) for row in await session.execute(ENDED_ORDERS, {"numbers": numbers})]
    rows = (await session.execute(ENDED_RESERVATIONS, {"ids": ids})).mappings()
    found = _Ended(
        orders=[one for one in made if one[1] in named["orders"]],
        with_the_driver=[one for one in made if one[1] in named["with_the_driver"]],
        reserved=[(row["made_by"], _thing(row)) for row in rows],
        reservations=ids,
    )
    await audit.record(session, WITHDRAWN, f"client:{client_ref}", actor=actor, at=at, **found.facts())
    await _tell(session, found, client_ref, is_withdrawn=True, actor=actor, at=at)


async def _cancel_orders(
    session: AsyncSession, order_ids: Sequence[int], ended: dict[int, _Ended], *, actor: str, at: datetime
) -> None:
    pieces: dict[int, list[RowMapping]] = defaultdict(list)
    for row in (await session.execute(UNITS, {"order_ids": order_ids})).mappings():
        pieces[row["order_id"]].append(row)
    for order in (await session.execute(ORDERS, {"order_ids": order_ids})).mappings():
        units = [(row, _stands(row)) for row in pieces[order["id"]]]
        states = [state for _, state in units]
        # A draft has no pieces yet, and is over as well.
        here = [row for row, state in units if state in STILL_HERE]
        mine = (order["made_by"], order["number"])
        if here or not units:
            await _cancel(session, order, here, states, actor=actor, at=at)
            ended[order["client_id"]].orders.append(mine)
        out = [row["barcode"] for row, state in units if state is UnitState.DISPATCHED]
        if out:
            ended[order["client_id"]].with_the_driver.append(mine)
            subject, facts = f"order:{order['number']}", {"reason": REASON, "barcodes": ", ".join(out)}
            await audit.record(session, "order_to_be_brought_back", subject, actor=actor, at=at, **facts)


async def _cancel(
    session: AsyncSession,
    order: RowMapping,
    here: Sequence[RowMapping],
    states: Collection[UnitState],
    *,
    actor: str,
    at: datetime,
) -> None:
    """Give back what is held for these pieces and call them off, as cancelling the order by hand does."""
    who: dict[str, Any] = {"actor": actor, "at": at}
    shelf = [row["barcode"] for row in here if row["is_reserved"] and row["item_state"] == State.RESERVED]
    await _release(session, shelf, reference=f"order {order['number']}", **who)
    reservations = [row["reservation_id"] for row in here if row["is_reserved"]]
    await session.execute(END, {"reservations": reservations, "because": ReservationEnd.CLIENT_DIED, **who})
    await session.execute(CANCEL, {"units": [row["id"] for row in here], **who})
    decision = decision_after_cancel(states)
    is_over = decision is OrderDecision.CANCELLED
    values = {"order_id": order["id"], "decision": decision.value, "is_over": is_over, "reason": REASON}
    await session.execute(DECIDE, values | who)
    subject = f"order:{order['number']}"
    await audit.record(session, "order_cancelled", subject, reason=REASON, pieces=len(here), **who)
    if order["decision"] == OrderDecision.AWAITING_PANEL:
        await withdraw_cases(session, [order["id"]], **who)


async def _end_reservations(
    session: AsyncSession, client_ids: Sequence[int], ended: dict[int, _Ended], *, actor: str, at: datetime
) -> None:
    """What was reserved without an order."""
    found = (await session.execute(RESERVATIONS, {"client_ids": client_ids})).mappings().all()
    others = await _others(session, [row["item_id"] for row in found], client_ids)
    first: dict[str, RowMapping] = {}
    for row in found:
        first.setdefault(row["barcode"], row)
        ended[row["client_id"]].reserved.append((row["made_by"], _thing(row)))
        ended[row["client_id"]].reservations.append(row["id"])
    for barcode, row in first.items():
        if _keeps(row, others[row["item_id"]], today=uk_date(at)):
            await _release(session, [barcode], reference=f"reservation {row['id']}", actor=actor, at=at)
    numbers = [row["id"] for row in found]
    because = ReservationEnd.CLIENT_DIED
    await session.execute(END, {"reservations": numbers, "because": because, "at": at, "actor": actor})
    for row in found:
        subject = f"item:{row['barcode']}"
        facts = {"reservation": row["id"], "because": because.value}
        await audit.record(session, "reservation_ended", subject, actor=actor, at=at, **facts)


async def _others(session: AsyncSession, item_ids: Sequence[int], client_ids: Sequence[int]) -> dict[int, list[Kept]]:
    """What is kept of these items for anybody else, by the item."""
    found: dict[int, list[Kept]] = defaultdict(list)
    for row in await session.execute(OTHERS, {"item_ids": item_ids, "client_ids": client_ids}):
        number = "theirs" if row.of_an_order else None
        found[row.item_id].append(Kept(row.id, row.from_on, row.until_on, number))
    return found


async def _release(session: AsyncSession, barcodes: Sequence[str], *, reference: str, actor: str, at: datetime) -> None:
    """Back among what anybody may have. The item's history says what it was kept for, and nothing about a person."""
    if barcodes:
        _, refused = await ledger.move(session, barcodes, Move.RELEASE, actor=actor, at=at, reference=reference)
        if refused:
            raise refused[0].error


async def _tell(
    session: AsyncSession, ended: _Ended, client_ref: str, *, is_withdrawn: bool, actor: str, at: datetime
) -> None:
    """One message to each who had arranged something."""
    readers = list(await session.scalars(READERS, {"makers": sorted(ended.makers), "actor": actor}))
    for maker in sorted(readers):
        arranged = ended.of(maker, client_ref)
        letter = arranged.withdrawn() if is_withdrawn else arranged.called_off()
        await outbox.post(
            session,
            purpose="arrange_again" if is_withdrawn else "called_off",
            subject=letter.subject,
            body=letter.body,
            to=maker,
            about=f"client:{client_ref}",
            actor=actor,
            at=at,
        )


def _stands(unit: RowMapping) -> UnitState:
    return unit_state(
        is_cancelled=unit["is_cancelled"],
        has_loan=unit["has_loan"],
        is_reserved=unit["is_reserved"],
        item_state=unit["item_state"] and State(unit["item_state"]),
    )


def _keeps(reservation: RowMapping, others: Sequence[Kept], *, today: date) -> bool:
    return keeps_item(State(reservation["state"]), reservation["from_on"], others, today=today)


def _thing(row: RowMapping) -> str:
    return f"{row['product_name']} ({display(row['barcode'])})"
