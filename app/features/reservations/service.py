"""Reservations: an item kept for a client from a day until a day. What the worker does with them is in `worker.py`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox, prevented, ring_fencing
from app.domain.access import Actor, Permission
from app.domain.clearance import find_blockers, place_blockers
from app.domain.client_records import check_is_alive
from app.domain.combinations import place_load_blockers
from app.domain.counter import why_not_reserve
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotClear, NotFound, RuleError, Stale
from app.domain.labels import display
from app.domain.lifecycle import IN_STORE, Move, State, next_state
from app.domain.reservations import Days, Kept, check_dates, keeps_item, overlaps
from app.domain.standing_in import check_may_give_up
from app.models import ReservationEnd
from app.signing import read_person, read_setting

ON_SHELF = frozenset({State.IN_STOCK, State.RESERVED})

# Kept alive until the end: whoever records a death at this moment waits, and then ends this reservation too.
CLIENT = text("SELECT id, died_on, weight_kg FROM client WHERE upper(client_ref) = upper(:client_ref) FOR SHARE")
STORE = text("SELECT id FROM store WHERE code = :code")

# Rows that another prescriber is reserving at this moment are passed over instead of waited for. What is promised to
# somebody for later comes last: it could not be handed out for good. Before it, what carries less than its product and
# less than the client weighs, or nobody knows.
CHOOSE = text("""
    WITH me AS (SELECT team_id FROM prescriber JOIN account ON account.id = account_id WHERE username = :actor)
    SELECT item.barcode FROM item JOIN product ON product.id = item.product_id
    WHERE product.code = :product_code AND NOT (item.barcode = ANY(:passed_over))
      AND (item.state = 'in_stock' OR (item.state = 'reserved' AND CAST(:from_on AS date) > :today))
      AND (CAST(:store_id AS bigint) IS NULL OR item.store_id = :store_id)
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL)
      AND NOT (product.single_patient_use AND item.times_issued > 0)
      AND NOT EXISTS (
          SELECT FROM product_inspection AS wanted
          LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = wanted.kind
          WHERE wanted.product_id = product.id AND COALESCE(known.due_on < :today, true))
      AND NOT EXISTS (SELECT FROM ring_fence WHERE ring_fence.item_id = item.id
                      AND ring_fence.team_id IS DISTINCT FROM (SELECT team_id FROM me))
      AND NOT EXISTS (
          SELECT FROM reservation WHERE reservation.item_id = item.id AND ended_at IS NULL
            AND from_on <= CAST(:until_on AS date) AND until_on >= CAST(:from_on AS date))
    ORDER BY EXISTS (SELECT FROM reservation WHERE reservation.item_id = item.id AND ended_at IS NULL),
             COALESCE(item.certified_load_kg < LEAST(product.safe_working_load_kg, CAST(:weight_kg AS int)), false),
             (item.times_issued > 0) DESC,
             NOT EXISTS (SELECT FROM ring_fence WHERE ring_fence.item_id = item.id), item.barcode
    LIMIT 1 FOR UPDATE OF item SKIP LOCKED
""")

KEPT = text("""
    SELECT DISTINCT fence.team FROM ring_fence AS fence JOIN item ON item.id = fence.item_id
    JOIN product ON product.id = item.product_id
    WHERE product.code = :product_code AND item.state = 'in_stock'
      AND (CAST(:store_id AS bigint) IS NULL OR item.store_id = :store_id)
    ORDER BY 1
""")
LIVE = text("""
    SELECT reservation.id, reservation.from_on, reservation.until_on, holding.number AS order_number
    FROM reservation
    LEFT JOIN LATERAL (
        SELECT equipment_order.number FROM order_unit
        JOIN order_line ON order_line.id = order_unit.order_line_id
        JOIN equipment_order ON equipment_order.id = order_line.order_id
        WHERE order_unit.reservation_id = reservation.id AND order_unit.cancelled_at IS NULL
    ) AS holding ON true
    WHERE reservation.item_id = :item_id AND reservation.ended_at IS NULL ORDER BY reservation.from_on
""")
NUMBER = text("SELECT nextval(pg_get_serial_sequence('reservation', 'id'))")
MAKE = text("""
    INSERT INTO reservation (id, item_id, client_id, from_on, until_on, made_at, made_by)
    VALUES (:id, :item_id, :client_id, :from_on, :until_on, :at, :actor)
""")
FIND = text("""
    SELECT reservation.from_on, reservation.until_on, reservation.ended_at, item.barcode
    FROM reservation JOIN item ON item.id = reservation.item_id WHERE reservation.id = :id
""")
OWNER = text("""
    SELECT made_by AS username, COALESCE(account.name, made_by) AS name
    FROM reservation LEFT JOIN account ON account.username = made_by WHERE reservation.id = :id
""")
# A later end is worth another warning.
EXTEND = text("UPDATE reservation SET until_on = :until_on, warned_at = NULL WHERE id = :id")
END = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = :because WHERE id = :id
    RETURNING (SELECT username FROM account WHERE username = made_by AND username <> :actor) AS owner
""")


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
    store: str | None = None,
) -> tuple[int, str]:
    """Keep an item for a client from a day (None: today) until a day; returns the reservation's number and the barcode.

    With `product_code` the best free one is taken, in `store` if one is named: recycled before new. From a later day
    the item stays in stock until then. Raises NotFound, BadValue (`reserve-what`, `store-with-barcode`, and the
    dates'), Conflict (`client-has-died`, `load-too-low`, `already-reserved`, `ring-fenced`, `no-stock`), NotClear
    (`on-hold`, `not-clear`), NotAllowed (`no-authority`, `registration-expired`), and WrongState.
    """
    today = uk_date(at)
    days = Days(from_on or today, until_on)
    if (barcode is None) == (product_code is None):
        raise BadValue("reserve-what", "Name either an item (barcode) or a product (product_code).", field="barcode")
    check_dates(days.from_on, until_on, today=today)
    await _check_may_reserve(session, actor, today=today)
    client_id, weight_kg = await _find_client(session, client_ref)
    store_id = await _find_store(session, store, barcode)
    if barcode:
        item = await _lock(session, barcode)
        try:
            await _check_free(session, item, days, actor=actor, today=today)
        except NotClear:
            prevented.note(session, item.id, item.evidence, Move.RESERVE, actor=actor, at=at)
            raise
    else:
        found: dict[str, Any] = {"store_id": store_id, "weight_kg": weight_kg, "actor": actor, "today": today}
        item = await _choose(session, product_code or "", days, **found)
    _check_load(item, weight_kg, field="barcode" if barcode else "product_code")
    number: int = await session.scalar(NUMBER)
    reference = f"reservation {number}"
    if days.from_on == today:
        await ledger.move_one(session, item.barcode, Move.RESERVE, actor=actor, at=at, reference=reference)
    values = {"id": number, "item_id": item.id, "client_id": client_id, "from_on": days.from_on, "until_on": until_on}
    await session.execute(MAKE, values | {"at": at, "actor": actor})
    await audit.record(
        session, "reservation_made", f"item:{item.barcode}", actor=actor, at=at, reservation=number, **_said(days)
    )
    return number, item.barcode


async def extend(
    session: AsyncSession, reservation_id: int, *, until_on: date, version: int | None = None, actor: str, at: datetime
) -> None:
    """Give a live reservation another last day, from today on; `version`: of the one that was read.

    Raises NotFound, Stale, BadValue (`ends-in-the-past`, `reserved-too-long`), Conflict (`already-ended`,
    `already-reserved`, `held-by-order`), and NotAllowed as `reserve` does.
    """
    today = uk_date(at)
    await _check_may_reserve(session, actor, today=today)
    item, others, mine = await _open_for_change(session, reservation_id)
    if version is not None and version != version_of(mine.until_on):
        raise Stale("stale", "Somebody changed this reservation since you read it. Read it again.")
    if until_on < today:
        raise BadValue(
            "ends-in-the-past", f"A reservation ends today, {in_words(today)}, at the earliest.", field="until"
        )
    check_dates(mine.from_on, until_on, today=min(today, mine.from_on))
    _check_apart(Days(mine.from_on, until_on), others, today=today, field="until")
    await session.execute(EXTEND, {"id": reservation_id, "until_on": until_on})
    days = Days(mine.from_on, until_on)
    await audit.record(
        session,
        "reservation_extended",
        f"item:{item.barcode}",
        actor=actor,
        at=at,
        reservation=reservation_id,
        **_said(days),
    )


async def give_up_reservation(session: AsyncSession, reservation_id: int, *, person: Actor, at: datetime) -> None:
    """End a reservation before its time; the item is free again, and its owner is
    told unless it was they. Raises NotFound, WrongState when it is on its way,
    NotAllowed `not-your-reservation`, Conflict (`already-ended`, `held-by-order`)."""
    today, actor = uk_date(at), person.username
    item, others, mine = await _open_for_change(session, reservation_id)
    refusal = await why_not_give_up(session, reservation_id, person, today=today)
    if refusal:
        raise refusal
    if item.state is State.DISPATCHED and mine.from_on <= today:
        next_state(item.state, Move.RELEASE)
    if keeps_item(item.state, mine.from_on, others, today=today):
        reference = f"reservation {reservation_id}"
        await ledger.move_one(session, item.barcode, Move.RELEASE, actor=actor, at=at, reference=reference)
    values = {"id": reservation_id, "at": at, "actor": actor, "because": ReservationEnd.GIVEN_UP.value}
    owner: str | None = await session.scalar(END, values)
    if owner:
        tag = display(item.barcode)
        body = f"{actor} gave up your reservation of {item.product_name} ({tag}). Reserve another one if it is needed."
        await outbox.post(
            session,
            purpose="reservation_given_up",
            subject=f"Your reservation of {tag} was given up",
            body=body,
            to=owner,
            about=f"reservation:{reservation_id}",
            actor=actor,
            at=at,
        )
    await audit.record(
        session, "reservation_given_up", f"item:{item.barcode}", actor=actor, at=at, reservation=reservation_id
    )


async def why_not_give_up(
    session: AsyncSession, reservation_id: int, person: Actor, *, today: date
) -> NotAllowed | None:
    """Why this person may not give up that reservation; None when they may: its owner, who stands in for them today,
    and the store."""
    owner = (await session.execute(OWNER, {"id": reservation_id})).one()
    if owner.username == person.username or person.may(Permission.FULFIL_ORDERS):
        return None
    try:
        check_may_give_up(owner.username, owner.name, person.username, await read_setting(session, today))
    except NotAllowed as refusal:
        return refusal
    return None


async def _check_may_reserve(session: AsyncSession, actor: str, *, today: date) -> None:
    person, may = await read_person(session, actor)
    if reason := why_not_reserve(person, today, is_staff=Permission.FULFIL_ORDERS in may):
        who = "A prescriber whose registration is in date can, or the store."
        raise NotAllowed(reason.code, f"{reason.detail} {who}")


def version_of(until_on: date) -> int:
    """The version of a reservation, of which nothing can be changed but its last day."""
    return until_on.toordinal()


async def list_live(session: AsyncSession, item_id: int) -> list[Kept]:
    """The live reservations of an item, the first days first."""
    return [_kept(row) for row in await session.execute(LIVE, {"item_id": item_id})]


async def _open_for_change(session: AsyncSession, reservation_id: int) -> tuple[ledger.ItemRecord, list[Kept], Kept]:
    """The reservation and its item, locked, and the item's other live reservations."""
    found = (await session.execute(FIND, {"id": reservation_id})).one_or_none()
    if found is None:
        raise NotFound("unknown-reservation", "There is no reservation with this number.")
    item = await _lock(session, found.barcode)
    live = {one.id: one for one in await list_live(session, item.id)}
    mine = live.pop(reservation_id, None)
    if mine is None:
        raise Conflict("already-ended", "This reservation has ended already.")
    if mine.order_number:
        detail = f"Order {mine.order_number} holds this item. Change or cancel the order instead."
        raise Conflict("held-by-order", detail)
    return item, list(live.values()), mine


async def _lock(session: AsyncSession, barcode: str) -> ledger.ItemRecord:
    items = await ledger.read_items(session, [barcode], lock=True)
    if barcode not in items:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return items[barcode]


async def _check_free(session: AsyncSession, item: ledger.ItemRecord, days: Days, *, actor: str, today: date) -> None:
    if item.state in ON_SHELF:
        _check_apart(days, await list_live(session, item.id), today=today, field="barcode")
    _check_clear(item, today=today)
    await ring_fencing.refuse_to_others(session, item.ring_fence, actor=actor)


def _check_apart(days: Days, others: Sequence[Kept], *, today: date, field: str) -> None:
    for other in others:
        if not overlaps(days, other.days(today)):
            continue
        if other.order_number:
            raise Conflict("already-reserved", "An order holds this item. Choose another one.", field=field)
        held = f"from {in_words(other.from_on)} until {in_words(max(other.until_on, today))}"
        raise Conflict(
            "already-reserved", f"The item is reserved {held}. Choose other days or another item.", field=field
        )


def _check_clear(item: ledger.ItemRecord, *, today: date) -> None:
    """What the ledger would say to reserving it now, also for an item that is kept for somebody until then."""
    blockers = [*place_blockers(item.evidence), *find_blockers(item.evidence, on=today)]
    if blockers and item.state in IN_STORE:
        on_hold = item.state in ON_SHELF and item.evidence.holds
        raise NotClear("on-hold" if on_hold else "not-clear", " ".join(one.detail for one in blockers), blockers)
    if item.state not in ON_SHELF:
        next_state(item.state, Move.RESERVE)


async def _choose(
    session: AsyncSession,
    product_code: str,
    days: Days,
    *,
    store_id: int | None,
    weight_kg: int | None,
    actor: str,
    today: date,
) -> ledger.ItemRecord:
    """The best free item. What somebody reserved or held in between is seen once it is locked, and passed over."""
    passed_over: list[str] = []
    values = {"product_code": product_code, "store_id": store_id, "weight_kg": weight_kg, "today": today}
    values |= {"from_on": days.from_on, "until_on": days.until_on, "actor": actor}
    while barcode := await session.scalar(CHOOSE, values | {"passed_over": passed_over}):
        item = await _lock(session, barcode)
        try:
            await _check_free(session, item, days, actor=actor, today=today)
        except RuleError:
            passed_over.append(barcode)
        else:
            return item
    when = "now" if days.from_on == today else "on these days"
    where = "in this store" if store_id else "on a shelf"
    kept = (await session.execute(KEPT, {"product_code": product_code, "store_id": store_id})).scalars().all()
    ring_fenced = f" What is ring-fenced for {' and '.join(kept)} is for them alone." if kept else ""
    raise Conflict("no-stock", f"No item of this product is free {where} {when}.{ring_fenced}", field="product_code")


def _check_load(item: ledger.ItemRecord, weight_kg: int | None, *, field: str) -> None:
    """The same as at the counter, where it is to be handed over."""
    for blocker in place_load_blockers(item.carries_kg, weight_kg):
        detail = f"{blocker.detail} Take a stronger one, or order it and answer the warning."
        raise Conflict(blocker.code, detail, field=field)


async def _find_client(session: AsyncSession, client_ref: str) -> tuple[int, int | None]:
    found = (await session.execute(CLIENT, {"client_ref": client_ref})).one_or_none()
    if found is None:
        raise NotFound("unknown-client", "There is no client with this reference.", field="client_ref")
    check_is_alive(found.died_on)
    return int(found.id), found.weight_kg


async def _find_store(session: AsyncSession, store: str | None, barcode: str | None) -> int | None:
    if store is None:
        return None
    if barcode:
        detail = "Name a store only with a product_code: this item stands where it stands."
        raise BadValue("store-with-barcode", detail, field="store")
    store_id: int | None = await session.scalar(STORE, {"code": store})
    if store_id is None:
        raise BadValue("unknown-store", "There is no store with this code.", field="store")
    return store_id


def _kept(row: Row[tuple[int, date, date, str | None]]) -> Kept:
    return Kept(row.id, row.from_on, row.until_on, row.order_number)


def _said(days: Days) -> dict[str, str]:
    """The days as the audit trail keeps them."""
    until = days.until_on.isoformat() if days.until_on else ""
    return {"from": days.from_on.isoformat(), "until": until}
