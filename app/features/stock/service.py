"""Goods in, and what happens to an item outside loans and the workshop: moves between stores, holds, losses.

How an item is scrapped is in `web/disposing.py`, because the workshop does it too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger, rematching, safety
from app.domain.access import Actor, Permission, StoreRef
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.goods import DATES, find_date_faults, serial_key
from app.domain.inspections import months_after
from app.domain.labels import display
from app.domain.lifecycle import Move
from app.domain.notice_conditions import named
from app.domain.notice_work import Cause
from app.domain.transfers import on_its_way
from app.domain.whereabouts import say_where_it_was
from app.features.stock.makers_labels import MakersLabel, with_label
from app.features.stock.queries import get_item
from app.features.stock.schemas import GoodsIn, ItemBody, Warned
from app.models import Hold, InspectionDue, Item, Product, ProductInspection, ReservationEnd
from app.notice_matches import Caught
from app.web.disposing import free
from app.web.held_at_clients import stop_held

NOT_BY_HAND: Final = {
    HoldKind.IN_TRANSIT: "Send it with a consignment: that holds it until it is received.",
    HoldKind.SCRAP_REQUEST: "Ask for its scrap: that holds it by itself.",
    HoldKind.WHEREABOUTS: "Scan it in at the returns desk: what never left by the record is held then.",
}
"""Holds that an act of their own places, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What a receipt made: barcodes in the order of the serial numbers, and what to look at."""

    barcodes: list[str]
    warnings: list[Warned]


async def receive_items(
    session: AsyncSession, goods: GoodsIn, *, prefix: str, actor: Actor, at: datetime, fill: bool = True
) -> Goods:
    """Take new items into a store: tags are given, first inspections are due an interval after the receipt.

    Raises BadValue (`unknown-product`, `not-your-store`, `date-in-the-future`, `date-too-old`, `duplicate-serial`
    within the list) and Conflict `duplicate-serial` when the product has an item with that serial number.
    A serial number that another product has is a warning: makers number for themselves. The maker's label fills what
    was left out, unless somebody saw what it says and left it out on purpose (`fill=False`); it raises as `with_label`.
    """
    store = actor.store(goods.store)
    _check_dates(goods, today=uk_date(at))
    goods, label = await with_label(session, goods, prefix=prefix, today=uk_date(at), fill=fill)
    _check_dates(goods, today=uk_date(at))
    found = await session.execute(select(Product).where(col(Product.code) == goods.product_code))
    product = found.scalar_one_or_none()
    if product is None:
        raise BadValue("unknown-product", "There is no product with this code. Add it first.", field="product_code")
    keys = _serial_keys(goods.serial_numbers)
    warnings = await _check_serials(session, product, keys)
    in_force = await rematching.read_in_force(session)
    births = _births(goods, product, keys, label)
    born = await ledger.receive(
        session, births, prefix=prefix, store_id=store.id, bay=goods.bay or None, actor=actor.username, at=at
    )
    await _plan_first_inspections(session, product.id, [item_id for item_id, _ in born], received_on=goods.received_on)
    caught = await rematching.ask_about_items(
        session, in_force, dict(born), cause=Cause.GOODS_IN, actor=actor.username, at=at
    )
    return Goods([barcode for _, barcode in born], [*_warn_of(caught), *warnings, *label.warnings])


async def transfer(
    session: AsyncSession, barcode: str, *, store: StoreRef, bay: str | None, reason: str, actor: str, at: datetime
) -> None:
    """Put an item that stands in a store into another store or bay. Raises NotFound, WrongState, `in-transit`."""
    moved = await ledger.move_one(
        session, barcode, Move.TRANSFER, actor=actor, at=at, store_id=store.id, bay=bay, reason=reason
    )
    _check_stands_still(moved)


async def mark_missing(session: AsyncSession, barcode: str, *, reason: str, actor: str, at: datetime) -> None:
    """Nobody knows where the item is. An open loan stays open; reservations end.

    Raises NotFound, WrongState, Conflict `in-transit`.
    """
    moved = await ledger.move_one(session, barcode, Move.MARK_MISSING, actor=actor, at=at, reason=reason)
    _check_stands_still(moved)
    await free(session, [moved.item.id], because=ReservationEnd.ITEM_MISSING, actor=actor, at=at)


async def place_hold(
    session: AsyncSession, barcode: str, *, kind: HoldKind, reason: str, actor: str, at: datetime
) -> int:
    """Hold an item, whatever state it is in; returns the hold's number. Where a client has it, its use is stopped.
    Raises NotFound `unknown-barcode`.

    The item's row is locked first, so that whoever is issuing it at this moment either went before or sees the hold.
    """
    if kind in NOT_BY_HAND:
        raise BadValue("not-by-hand", NOT_BY_HAND[kind], field="kind")
    items = await ledger.read_items(session, [barcode], lock=True)
    if barcode not in items:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    item_id = items[barcode].id
    hold_id = await safety.hold(session, item_id, barcode, kind=kind, reason=reason, actor=actor, at=at)
    await stop_held(session, item_id, HoldFact(kind, reason), actor=actor, at=at)
    return hold_id


async def lift_hold(
    session: AsyncSession, barcode: str, hold_id: int, *, reason: str, actor: str, at: datetime
) -> None:
    """Lift an open hold. Raises NotFound `unknown-hold`, Conflict `already-lifted`, `in-transit`, `scrap-is-asked`,
    `whereabouts-in-question`, and `held-by-notice` where a safety notice wants it, under which it is cleared."""
    # The item before its hold, as everybody does: who lifts it writes the item's row too.
    item_id = await session.scalar(select(col(Item.id)).where(col(Item.barcode) == barcode).with_for_update())
    found = await session.execute(
        select(Hold).where(col(Hold.id) == hold_id, col(Hold.item_id) == item_id).with_for_update()
    )
    hold = found.scalar_one_or_none()
    if hold is None:
        raise NotFound("unknown-hold", "This item has no such hold.")
    if hold.lifted_at is not None:
        raise Conflict("already-lifted", f"{hold.lifted_by} lifted this hold already.")
    if hold.kind is HoldKind.IN_TRANSIT:
        raise on_its_way()
    if hold.kind is HoldKind.SCRAP_REQUEST:
        raise Conflict("scrap-is-asked", "Somebody asked for its scrap. Decline that, and this hold is lifted with it.")
    if hold.kind is HoldKind.WHEREABOUTS:
        raise say_where_it_was(barcode)
    if hold.notice_id is not None:
        detail = "A safety notice holds it. Record under the notice what was done about it: that lifts the hold."
        raise Conflict("held-by-notice", detail)
    await safety.lift_each(session, {hold_id: barcode}, reason=reason, actor=actor, at=at)


async def read_item(
    session: AsyncSession, barcode: str, *, actor: Actor, at: datetime, releaser: str | None = None, soon_days: int = 0
) -> ItemBody:
    """Everything about one item. Who has it is told only to those who may see clients, and that is logged.

    `releaser` and `soon_days` as in `get_item`. Raises NotFound `unknown-barcode`.
    """
    may_see_client = actor.may(Permission.SEE_CLIENTS)
    reader = actor.username if actor.may(Permission.WORK_ON_ITEMS) else None
    item = await get_item(
        session,
        barcode,
        today=uk_date(at),
        may_see_client=may_see_client,
        reader=reader,
        releaser=releaser,
        soon_days=soon_days,
    )
    if item.loan and item.loan.client_ref:
        subject = f"client:{item.loan.client_ref}"
        await audit.record(session, "loan_read", subject, actor=actor.username, at=at, item=barcode)
    for client_ref in dict.fromkeys(one.client_ref for one in item.reservations if one.client_ref):
        subject = f"client:{client_ref}"
        await audit.record(session, "reservation_read", subject, actor=actor.username, at=at, item=barcode)
    return item


def _check_stands_still(moved: ledger.Moved) -> None:
    """What is on its way between stores is moved by its consignment only. Raises Conflict `in-transit`."""
    if any(hold.kind is HoldKind.IN_TRANSIT for hold in moved.evidence.holds):
        raise on_its_way()


def _check_dates(goods: GoodsIn, *, today: date) -> None:
    for fault in find_date_faults(
        {field: getattr(goods, field) for field in DATES}, today=today, precision=goods.manufactured_precision
    ):
        raise fault


def _warn_of(caught: Sequence[Caught]) -> list[Warned]:
    """What safety notices say of what has just come, each once."""
    by_text: dict[str, list[str]] = {}
    for one in caught:
        by_text.setdefault(one.text, []).append(display(one.barcode))
    return [Warned(code="safety-notice", detail=f"{said} {named(barcodes)}.") for said, barcodes in by_text.items()]


def _serial_keys(serial_numbers: Sequence[str]) -> list[str]:
    keys = [serial_key(number) for number in serial_numbers]
    empty = [number for number, key in zip(serial_numbers, keys, strict=True) if not key]
    if empty:
        raise BadValue("empty-serial", f"“{empty[0]}” is no serial number: it has only dashes.", field="serial_numbers")
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        names = ", ".join(number for number, key in zip(serial_numbers, keys, strict=True) if key in twice)
        raise BadValue("duplicate-serial", f"These serial numbers are the same: {names}.", field="serial_numbers")
    return keys


async def _check_serials(session: AsyncSession, product: Product, keys: Sequence[str]) -> list[Warned]:
    if not keys:
        return []
    wanted = (
        select(col(Item.serial_number), col(Item.barcode), col(Item.product_id), col(Product.name))
        .join(Product, col(Product.id) == col(Item.product_id))
        .where(col(Item.serial_key).in_(keys))
        .order_by(col(Item.barcode))
    )
    known = (await session.execute(wanted)).all()
    same = [f"{row.serial_number} ({row.barcode})" for row in known if row.product_id == product.id]
    if same:
        detail = f"This product already has items with these serial numbers: {', '.join(same)}."
        raise Conflict("duplicate-serial", detail, field="serial_numbers")
    return [
        Warned(code="serial-on-another-product", detail=f"{row.serial_number} is also on {row.name} ({row.barcode}).")
        for row in known
    ]


def _births(goods: GoodsIn, product: Product, keys: Sequence[str], label: MakersLabel) -> list[ledger.Birth]:
    serials: list[tuple[str | None, str | None]] = list(zip(goods.serial_numbers, keys, strict=True))
    price = goods.purchase_price_pence
    return [
        ledger.Birth(
            product_id=product.id,
            serial_number=serial,
            serial_key=key,
            lot_number=goods.lot_number or None,
            manufactured_on=goods.manufactured_on,
            manufactured_precision=goods.manufactured_precision,
            received_on=goods.received_on,
            dispatched_on=goods.dispatched_on,
            purchase_price_pence=product.purchase_price_pence if price is None else price,
            udi_di=goods.udi_di,
            maker_label=goods.maker_label if label.is_on(key) else None,
        )
        for serial, key in serials or [(None, None)] * (goods.quantity or 0)
    ]


async def _plan_first_inspections(
    session: AsyncSession, product_id: int, item_ids: Sequence[int], *, received_on: date
) -> None:
    rules = await session.execute(select(ProductInspection).where(col(ProductInspection.product_id) == product_id))
    rows = [
        {"item_id": item_id, "kind": rule.kind, "due_on": months_after(received_on, rule.every_months)}
        for rule in rules.scalars()
        for item_id in item_ids
    ]
    if rows:
        await session.execute(insert(InspectionDue), rows)
