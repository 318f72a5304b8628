"""What the store does with an approved order: allocate, send out, deliver, or come back from a visit that failed."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger, prevented, promising, used_together
from app.charging_apart import InVain, charge_visit_in_vain
from app.domain.bereavement import BRING_BACK
from app.domain.clearance import label_blockers, leaving_blockers
from app.domain.client_records import check_is_alive
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Blocker, Conflict, NotClear, RuleError
from app.domain.labels import display
from app.domain.lifecycle import Move
from app.domain.loans import LoanKind
from app.domain.look_ahead import HandingOut, examination_due_soon
from app.domain.ordering import Act, UnitState, check_act
from app.domain.promises import WorkingTimes, promised_on
from app.features.ordering import messages
from app.features.ordering.allocation import read_shelf
from app.features.ordering.holding import Held, give_back, hold
from app.features.ordering.old_equipment import collect_old
from app.features.ordering.records import OrderRecord, UnitRecord, lock_client, read_order
from app.features.ordering.surroundings import read_surroundings
from app.features.ordering.unfit import answer_for_too_weak, find_too_weak, find_unfit, held_up_on_the_van
from app.models import DeliveryVisit, EquipmentOrder, ReservationEnd
from app.web.held_at_clients import stop_handed_over
from app.web.look_ahead import NOTHING_DECIDED, LookAhead, check_ahead

UNFIT = "It cannot go out any more: another one is looked for."
LEND = text("""
    WITH piece AS (
        SELECT unit_id, reservation_id, client_id, item_id, kind, trial_ends_on, trial_goals, started_at,
               nextval(pg_get_serial_sequence('loan', 'id')) AS loan_id
        FROM jsonb_to_recordset(CAST(:pieces AS jsonb)) AS piece (
            unit_id bigint, reservation_id bigint, client_id bigint, item_id bigint, kind text, trial_ends_on date,
            trial_goals text, started_at timestamptz)
    ), taken AS (
        UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'taken'
        FROM piece WHERE reservation.id = piece.reservation_id
    ), lent AS (
        INSERT INTO loan (id, item_id, client_id, kind, trial_ends_on, trial_goals, started_at, started_by)
        SELECT loan_id, item_id, client_id, kind, trial_ends_on, trial_goals, started_at, :actor FROM piece
        RETURNING id
    )
    UPDATE order_unit SET loan_id = piece.loan_id FROM piece JOIN lent ON lent.id = piece.loan_id
    WHERE order_unit.id = piece.unit_id
""")

BRING_IT_BACK: Final = "Do not hand it over: bring it back. If it was handed over already, say so in the record."

REVIEW_IT: Final = "Review whether it may stay, or have it collected."
STOP_IT: Final = "Stop its use, and have it collected."

DECIDED = text("""
    SELECT item_id FROM examination_decision
    WHERE item_id = ANY(:ids) AND handing_out = 'allocate' AND decided_at >= :since
""")


async def allocate(
    session: AsyncSession,
    number: str,
    *,
    times: WorkingTimes,
    actor: str,
    at: datetime,
    ahead: LookAhead = NOTHING_DECIDED,
) -> Held:
    """The store commits itself to an order: what is still wanted is held as far as it is there.

    An item that is held but may not go out any more (a hold, an overdue examination) is given back, and another one is
    looked for. What is still wanted afterwards keeps the order `approved`. An order that had no promised day gets one
    when there is something for all of it, and one for which there is not has none any more; its maker is told of both.
    What is held from now on is asked about where its thorough examination falls due soon (`ahead`).
    Raises NotFound `unknown-order`, WrongState, Conflict `client-has-died`, `no-stock` when nothing at all would
    change, and `examination-due-soon`, NotAllowed `not-yours-to-decide`.
    """
    order = await read_order(session, number, lock=True)
    check_is_alive(order.died_on)
    today = uk_date(at)
    decided = (await read_surroundings(session, order, today=today)).decided_loads(order.lines)
    unfit = await find_unfit(session, order, order.units_in(UnitState.HELD), decided, at=at)
    gone = {unit.id for unit, _ in unfit}
    states = [UnitState.WANTED if unit.id in gone else unit.state for unit in order.units]
    check_act(Act.ALLOCATE, order.decision, states, is_allocated=order.is_settled)
    given_back = await give_back(
        session, order, [unit for unit, _ in unfit], because=ReservationEnd.ITEM_UNFIT, reason=UNFIT, actor=actor, at=at
    )
    if unfit:
        order = await read_order(session, number)
    wanted = order.units_in(UnitState.WANTED)
    shelf = await read_shelf(session, order, today=today, decided_loads=decided)
    shelf.take(given_back)
    promised = order.promised_on or promised_on(order.speed, at, times)
    held = await hold(session, order, shelf, wanted, promised_on=promised, actor=actor, at=at)
    has_some = bool(order.units_in(UnitState.HELD)) and not order.is_allocated
    held_up = await held_up_on_the_van(session, order, at=at)
    has_all = not (held.still_wanted or held_up)
    if not (held.barcodes or given_back or has_some or has_all is (order.promised_on is None)):
        raise Conflict("no-stock", "Nothing that fits is free on a shelf now, so nothing could be held for this order.")
    kept = [unit.barcode for unit in order.units_in(UnitState.HELD) if unit.barcode] if has_some else []
    items = await ledger.read_items(session, [*held.barcodes, *kept])
    await check_ahead(session, items.values(), HandingOut.ALLOCATE, ahead, actor=actor, at=at)
    await _commit(session, order, promised=promised if has_all else None, actor=actor, at=at)
    if has_all and order.promised_on is None:
        because = f"All of it is there now. It is promised for {in_words(promised)}."
        await messages.tell_maker(session, order, "given a day", because, actor=actor, at=at)
    why = " ".join(f"{display(unit.barcode or '')}: {_in_words(blockers)}" for unit, blockers in unfit)
    if not has_all:
        lost = held_up or given_back or [unit.barcode for unit in wanted if unit.barcode]
        is_told = await promising.withdraw(session, order.id, lost, why="" if held_up else why, actor=actor, at=at)
        if given_back and held.still_wanted and not is_told:
            await promising.tell_of_loss(session, order.id, given_back, why=why, actor=actor, at=at)
    facts: dict[str, str | int | None] = {
        "held": ", ".join(held.barcodes),
        "given_back": ", ".join(given_back),
        "because": why or None,
        "still_wanted": held.still_wanted,
    }
    await audit.record(session, "order_allocated", order.subject, actor=actor, at=at, **facts)
    return held


async def dispatch(
    session: AsyncSession,
    number: str,
    *,
    barcodes: Sequence[str] | None,
    actor: str,
    at: datetime,
    ahead: LookAhead = NOTHING_DECIDED,
) -> list[str]:
    """Send out what is held, or those of it that are named: all of them or none; returns their barcodes.

    Old items that the order says are to be collected get a collection, for the same visit. What was held without
    `allocate` is asked about here where its thorough examination falls due soon (`ahead`).
    What needs a new label, since it carries less than it did, gets one first (ADR 38).
    Raises NotFound `unknown-order`, WrongState, Conflict `client-has-died`, `not-held-for-this-order` or
    `examination-due-soon`, NotAllowed `not-yours-to-decide`, and NotClear (`on-hold`, `not-clear`) that names the item.
    """
    await lock_client(session, number)
    order = await read_order(session, number, lock=True)
    check_is_alive(order.died_on)
    order.check(Act.DISPATCH)
    units = _named(order, UnitState.HELD, barcodes, code="not-held-for-this-order", what="held for")
    going = [unit.barcode for unit in units if unit.barcode]
    decided = (await read_surroundings(session, order, today=uk_date(at))).decided_loads(order.lines)
    for unit, blockers in await find_unfit(session, order, units, decided, at=at):
        for item in (await ledger.read_items(session, [unit.barcode or ""])).values():
            prevented.note(session, item.id, item.evidence, Move.DISPATCH, actor=actor, at=at)
        raise _not_going(unit, blockers)
    moved, refused = await ledger.move(session, going, Move.DISPATCH, actor=actor, at=at, reference=order.reference)
    if refused:
        raise _named_refusal(refused[0])
    undecided = await _not_decided(session, order, [one.item for one in moved], ahead, on=uk_date(at))
    await check_ahead(session, undecided, HandingOut.ALLOCATE, ahead, actor=actor, at=at)
    await _commit(session, order, actor=actor, at=at)
    collection = await collect_old(session, order, actor=actor, at=at)
    sent = [one.item.barcode for one in moved]
    facts = {"barcodes": ", ".join(sent), "collection": collection}
    await audit.record(session, "order_dispatched", order.subject, actor=actor, at=at, **facts)
    return sent


async def _not_decided(
    session: AsyncSession, order: OrderRecord, items: Sequence[ledger.ItemRecord], ahead: LookAhead, *, on: date
) -> list[ledger.ItemRecord]:
    """Those due soon of which nobody has decided since the order was submitted. No statement where nothing is due."""
    due = [item for item in items if examination_due_soon(item.evidence.due, on=on, soon_days=ahead.soon_days)]
    if not due:
        return []
    values = {"ids": [item.id for item in due], "since": order.submitted_at}
    decided = set((await session.scalars(DECIDED, values)).all())
    return [item for item in due if item.id not in decided]


async def deliver(
    session: AsyncSession,
    number: str,
    *,
    received_by: str,
    delivered_at: datetime | None,
    note: str,
    barcodes: Sequence[str] | None,
    handed_over_already: bool = False,
    actor: str,
    at: datetime,
) -> list[str]:
    """Record that what is with the driver, or what is named of it, was handed over; each piece becomes a loan or trial.

    A trial runs from the day of delivery. What was put on hold meanwhile, carries less than the client weighs by now,
    is for somebody who has died, or was stopped by a panel, is not to be handed over; where it was already
    (`handed_over_already`), that is recorded all the same, in those words, the order's maker is told of what was on
    hold, and the use of what is too weak is stopped, or its weight asked for (`unfit.answer_for_too_weak`). So it is
    with a label that may say more than the item carries. Raises NotFound `unknown-order`,
    WrongState, Conflict `client-has-died`, `panel-stopped`, `not-with-the-driver` or `used-together`, BadValue
    `time-in-the-future` or `before-it-left`, NotClear that names the item.
    """
    await lock_client(session, number)
    order = await read_order(session, number, lock=True)
    order.check(Act.DELIVER)
    if order.died_on and not handed_over_already:
        raise Conflict("client-has-died", BRING_BACK)
    if order.panel_stopped and not handed_over_already:
        raise panel_stopped(order.panel_stopped)
    units = _named(order, UnitState.DISPATCHED, barcodes, code="not-with-the-driver", what="with the driver for")
    when = _check_time(units, delivered_at, at=at, field="delivered_at")
    homes = await used_together.lock_homes(session, [order.client_id], [unit.barcode for unit in units if unit.barcode])
    too_weak = await find_too_weak(session, order, units, at=at)
    for kind, how in ((LoanKind.LOAN, Move.DELIVER), (LoanKind.TRIAL, Move.START_TRIAL)):
        going = [unit.barcode for unit in units if unit.kind is kind and unit.barcode]
        if going:
            details: dict[str, Any] = {"actor": actor, "at": at, "reference": order.reference}
            _, refused = await ledger.move(session, going, how, happened=handed_over_already, **details)
            if refused:
                raise not_to_be_handed_over(refused[0])
    for unit, blockers in too_weak if not handed_over_already else []:
        raise NotClear("not-clear", f"{unit.barcode}: {_in_words(blockers)} {BRING_IT_BACK}", blockers)
    pieces = [_piece(unit, order.client_id, when) for unit in units]
    await session.execute(LEND, {"pieces": json.dumps(pieces), "at": at, "actor": actor})
    await _ask_together(session, homes, happened=handed_over_already, actor=actor, at=at)
    given = [unit.barcode for unit in units if unit.barcode]
    await answer_for_too_weak(session, order, too_weak, actor=actor, at=at)
    visit = {"received_by": received_by, "note": note, "barcodes": given, "visited_at": when}
    await _write_visit(session, order, visit, actor=actor, at=at)
    # What was dispatched before somebody said that the old one goes is fetched now at the latest.
    collection = await collect_old(session, order, actor=actor, at=at)
    if handed_over_already:
        await tell_of_blocked(session, order, given, actor=actor, at=at)
    facts = {"barcodes": ", ".join(given), "received_by": received_by, "collection": collection}
    await audit.record(session, "order_delivered", order.subject, actor=actor, at=at, **facts)
    return given


async def fail_visit(
    session: AsyncSession,
    number: str,
    *,
    reason: str,
    visited_at: datetime | None,
    note: str,
    actor: str,
    at: datetime,
) -> None:
    """Record a visit that could not deliver. The items stay with the driver until they are scanned back or delivered.

    Raises NotFound `unknown-order`, WrongState, BadValue `time-in-the-future` or `before-it-left`.
    """
    order = await read_order(session, number, lock=True)
    order.check(Act.DELIVER)
    units = order.units_in(UnitState.DISPATCHED)
    when = _check_time(units, visited_at, at=at, field="visited_at")
    there = [unit.barcode for unit in units if unit.barcode]
    visit = {"failed_because": reason, "note": note, "barcodes": there, "visited_at": when}
    await _write_visit(session, order, visit, actor=actor, at=at)
    await charge_visit_in_vain(session, InVain.DELIVERY, order.id, visited_at=when, actor=actor, at=at)
    await audit.record(session, "order_visit_failed", order.subject, actor=actor, at=at, reason=reason)
    await messages.tell_maker(session, order, "not delivered", f"Reason: {reason}", actor=actor, at=at)


async def _ask_together(
    session: AsyncSession, homes: used_together.Homes, *, happened: bool, actor: str, at: datetime
) -> None:
    """Hold what must not be used with what has come; before it is handed over, Conflict `used-together`."""
    combined = await used_together.ask_about_homes(session, homes, actor=actor, at=at)
    if combined and not happened:
        raise Conflict("used-together", f"{used_together.in_words(combined)} {BRING_IT_BACK}")


def _named(
    order: OrderRecord, state: UnitState, barcodes: Sequence[str] | None, *, code: str, what: str
) -> list[UnitRecord]:
    """The pieces in that state, or those of them that are named."""
    there = {unit.barcode: unit for unit in order.units_in(state)}
    if barcodes is None:
        return list(there.values())
    others = [barcode for barcode in barcodes if barcode not in there]
    if others:
        detail = f"{', '.join(others)} is not {what} this order. Look at its pieces."
        raise Conflict(code, detail, field="barcodes")
    return [there[barcode] for barcode in dict.fromkeys(barcodes)]


def panel_stopped(because: str) -> Conflict:
    """Why nothing is handed over of what a panel does not approve any more, and what to do with it."""
    return Conflict("panel-stopped", f"{because} {BRING_IT_BACK}")


def _in_words(blockers: Sequence[Blocker]) -> str:
    return " ".join(blocker.detail for blocker in blockers)


def _not_going(unit: UnitRecord, blockers: Sequence[Blocker]) -> NotClear:
    code = "on-hold" if any(blocker.code == "on-hold" for blocker in blockers) else "not-clear"
    why = f"{unit.barcode} may not go out. {_in_words(blockers)}"
    detail = f"{why} Allocate the order again to take another one, or send the others."
    return NotClear(code, detail, blockers)


def not_to_be_handed_over(refused: ledger.Refused) -> RuleError:
    """Why a piece may not be handed over at the door, and what to do where it was."""
    error = _named_refusal(refused)
    if not isinstance(error, NotClear):
        return error
    detail = f"{error.detail} {BRING_IT_BACK}"
    return NotClear(error.code, detail, error.blockers)


async def tell_of_blocked(
    session: AsyncSession, order: OrderRecord, barcodes: Sequence[str], *, actor: str, at: datetime
) -> None:
    """Tell the order's maker which of these were handed over although something stood in the way. What was on hold is
    not used: it was not to be left there."""
    if order.panel_stopped:
        because = f"It was handed over in spite of this: {order.panel_stopped} {REVIEW_IT}"
        await messages.tell_maker(session, order, "delivered", because, actor=actor, at=at)
    for item in (await ledger.read_items(session, barcodes)).values():
        blockers = leaving_blockers(item.evidence, on=uk_date(at))
        if blockers:
            why = " ".join(blocker.detail for blocker in blockers)
            is_label = blockers == label_blockers(item.evidence)
            stopped = await stop_handed_over(session, item.id, item.evidence.holds, actor=actor, at=at)
            then = "Its use is stopped: have it collected." if stopped else STOP_IT
            then = "Tell who uses it what it carries, and have the label brought." if is_label else then
            because = f"{item.barcode} was handed over in spite of this: {why} {then}"
            await messages.tell_maker(session, order, "delivered", because, actor=actor, at=at)


def _named_refusal(refused: ledger.Refused) -> RuleError:
    """The ledger's refusal with the item's name."""
    error = refused.error
    detail = f"{refused.barcode}: {error.detail}"
    if isinstance(error, NotClear):
        return NotClear(error.code, detail, error.blockers)
    return Conflict(error.code, detail, field="barcodes")


def _check_time(units: Sequence[UnitRecord], said: datetime | None, *, at: datetime, field: str) -> datetime:
    """When the visit was. People write minutes, so the minute in which the items left is not before they left."""
    when = said or at
    if when.tzinfo is None:
        detail = "Write the time with its zone, such as 2026-03-02T14:05:00Z."
        raise BadValue("time-without-zone", detail, field=field)
    if when > at:
        raise BadValue("time-in-the-future", "The visit cannot have been after now.", field=field)
    left = max((unit.moved_at for unit in units if unit.moved_at), default=when)
    if when < left.replace(second=0, microsecond=0) - timedelta(minutes=1):
        raise BadValue("before-it-left", "The visit cannot have been before the equipment left the store.", field=field)
    return when


def _piece(unit: UnitRecord, client_id: int, when: datetime) -> dict[str, Any]:
    return {
        "unit_id": unit.id,
        "reservation_id": unit.reservation_id,
        "client_id": client_id,
        "item_id": unit.item_id,
        "kind": unit.kind.value,
        "trial_ends_on": trial_end(unit.trial_days, when),
        "trial_goals": unit.trial_goals,
        "started_at": when.isoformat(),
    }


def trial_end(trial_days: int | None, when: datetime) -> str | None:
    """The last day of a trial that was delivered then, as `LEND` takes it; None for a loan."""
    return (uk_date(when) + timedelta(days=trial_days)).isoformat() if trial_days else None


async def _commit(
    session: AsyncSession, order: OrderRecord, *, promised: date | None = None, actor: str, at: datetime
) -> None:
    """The store has said that it picks this order; the first time counts. `promised`: the day that it gets now."""
    values: dict[str, Any] = {"version": order.version + 1} | ({"promised_on": promised} if promised else {})
    if not order.is_allocated:
        values |= {"allocated_at": at, "allocated_by": actor}
    await session.execute(update(EquipmentOrder).where(col(EquipmentOrder.id) == order.id).values(**values))


async def _write_visit(
    session: AsyncSession, order: OrderRecord, visit: dict[str, Any], *, actor: str, at: datetime
) -> None:
    values = {"order_id": order.id, "recorded_at": at, "recorded_by": actor}
    await session.execute(insert(DeliveryVisit).values(**values | visit))
