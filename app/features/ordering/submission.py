"""Submitting an order: all that must be said is said, authority decides where it goes, and what is there is held."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, safety
from app.domain.allocation import check_prefer_new
from app.domain.authority import Asked, Authority, Ruling, decide_submission, who_can_authorise
from app.domain.client_records import check_is_alive
from app.domain.combinations import OrderWarning, check_answered
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.funding import settle_by
from app.domain.offers import Offer, check_offer
from app.domain.old_equipment import check_old
from app.domain.ordering import Act, OrderDecision
from app.domain.promises import WorkingTimes, promised_on
from app.domain.reasons import IN_WORDS, is_reason
from app.features.ordering import messages
from app.features.ordering.allocation import Shelf, read_shelf, recycled_is_there
from app.features.ordering.drafts import check_maker, keep_answers, keep_unanswered
from app.features.ordering.holding import Held, hold
from app.features.ordering.records import (
    LineRecord,
    OrderRecord,
    UnitRecord,
    lock_client,
    read_asked,
    read_order,
    read_units,
)
from app.features.ordering.surroundings import Surroundings, read_surroundings
from app.models import EquipmentOrder, OrderUnit
from app.signing import find_person, read_setting_around, route_json
from app.web.answers import Answer, keys

CLOCK = text("""
    UPDATE funding_dispute SET opened_at = :at, settle_by = :until WHERE order_id = :order_id AND settled_at IS NULL
""")
PRICES = text("""
    UPDATE order_line SET unit_price_pence = product.purchase_price_pence
    FROM product WHERE product.id = order_line.product_id AND order_line.order_id = :order_id
      AND unit_price_pence <> product.purchase_price_pence
""")


async def submit(
    session: AsyncSession,
    number: str,
    *,
    answers: Sequence[Answer] | None,
    offer: Sequence[Offer] | None = None,
    times: WorkingTimes,
    actor: str,
    at: datetime,
) -> Held:
    """Submit a draft: it is approved, or goes to who must sign it, and what is on the shelf is held for it at once.

    It is promised for a day if there is something for all of it. `offer`: what its maker was shown that it would get;
    it is submitted only if it gets no less. `answers`: to warnings; None where nobody was asked for any (ADR 29).
    Raises NotFound `unknown-order`, WrongState, NotAllowed `not-your-order`, `no-authority`, `registration-expired`,
    Conflict `client-has-died`, `use-was-stopped` or as `check_offer` does, Incomplete
    `say-what-becomes-of-old-equipment` or `answer-the-warnings`, BadValue `reason-for-new` or `not-a-reason`.
    """
    today = uk_date(at)
    # Two orders for one client are submitted one after the other: the second is warned of the first.
    await lock_client(session, number)
    order = await read_order(session, number, lock=True)
    check_maker(order, actor)
    order.check(Act.SUBMIT)
    check_is_alive(order.died_on)
    _check_reasoning(order)
    if any(line.unit_price_pence != line.price_now for line in order.lines):
        await session.execute(PRICES, {"order_id": order.id})
        order = await read_order(session, number)
    setting = await read_setting_around(session, today, actor, teams=[order.team_id])
    maker = find_person(setting, actor)
    asked = await read_asked(session, order, today=today)
    ruling = decide_submission(asked, maker, setting)
    around = await read_surroundings(session, order, today=today)
    check_old(around.old)
    await safety.lock_old(session, around.old)
    said = answers or ()
    await keep_answers(session, order, around, said, actor=actor, at=at)
    left = check_answers(around, answers)
    await keep_unanswered(session, order, left)
    decided = around.decided_loads(order.lines, said)
    shelf = await read_shelf(session, order, today=today, decided_loads=decided)
    _check_new(order, shelf, today)
    units = await _make_units(session, order)
    promised = promised_on(order.speed, at, times)
    held = await hold(session, order, shelf, units, promised_on=promised, actor=actor, at=at)
    await _write(session, order, asked, ruling, None if held.still_wanted else promised, actor=actor, at=at)
    if order.is_disputed:
        await _begin_dispute(session, order, actor=actor, at=at)
    if offer is not None:
        # Asked of what is held by now: somebody may have been quicker between the look and the hand.
        names = {line.position: line.product_name for line in order.lines}
        check_offer(offer, [_got(line, held) for line in order.lines], names)
    # It takes effect now: safety waits for nobody's signature.
    for barcode in await safety.let_go(session, around.old, order_id=order.id, actor=actor, at=at):
        await audit.record(session, "stop_use_given", order.subject, actor=actor, at=at, barcode=barcode)
    codes = ", ".join(reason.code for reason in ruling.reasons)
    facts: dict[str, str | int] = {"decision": ruling.decision.value, "reasons": codes, "held": len(held.barcodes)}
    if left:
        facts["not_answered"] = ", ".join(one.code for one in left)
    await audit.record(session, "order_submitted", order.subject, actor=actor, at=at, **facts)
    if ruling.decision is OrderDecision.AWAITING_AUTHORISATION:
        signers: Sequence[Authority] = who_can_authorise(asked, setting)
        await messages.ask_for_signature(session, order, signers, actor=actor, at=at)
        if not signers:
            await messages.nobody_can_sign(session, order, actor=actor, at=at)
    return held


async def _begin_dispute(session: AsyncSession, order: OrderRecord, *, actor: str, at: datetime) -> None:
    """It is not agreed who pays: the time to settle it begins, and who settles it is told."""
    until = settle_by(None, today=uk_date(at))
    await session.execute(CLOCK, {"order_id": order.id, "until": until, "at": at})
    await audit.record(session, "funding_disputed", order.subject, actor=actor, at=at, settle_by=until.isoformat())
    await messages.tell_of_dispute(session, order, until, actor=actor, at=at)


def authority_json(asked: Asked, ruling: Ruling) -> dict[str, object]:
    """How it was decided where the order goes, as it is stored with it."""
    return {
        "decision": ruling.decision.value,
        "value_pence": asked.value_pence,
        "counted_pence": asked.counted_pence,
        "tier": asked.tier.value,
        "reasons": [{"code": reason.code, "detail": reason.detail} for reason in ruling.reasons],
        "route": route_json(ruling.route),
    }


def _got(line: LineRecord, held: Held) -> Offer:
    kinds = held.kinds.get(line.id, ())
    recycled, new = kinds.count("recycled"), kinds.count("new")
    return Offer(line.position, line.product_code, line.quantity, recycled, new, line.unit_price_pence)


def _check_reasoning(order: OrderRecord) -> None:
    if not is_reason(order.clinical_reasoning):
        detail = f"The clinical reasoning does not say why the client needs this. {IN_WORDS}"
        raise BadValue("not-a-reason", detail, field="clinical_reasoning")


def check_answers(around: Surroundings, answers: Sequence[Answer] | None) -> list[OrderWarning]:
    """Raises Incomplete `answer-the-warnings` with every warning of now that has no answer yet; returns what was left
    out where nobody was asked."""
    answered = {*around.answers, *keys(answers or ())}
    return check_answered(around.warnings, answered, is_short=answers is None)


def _check_new(order: OrderRecord, shelf: Shelf, today: date) -> None:
    for line in order.lines:
        there = line.prefer_new and recycled_is_there(shelf, order, line, today=today)
        reason = line.reason_for_new or ""
        check_prefer_new(prefer_new=line.prefer_new, recycled_is_there=there, reason=reason)


async def _write(
    session: AsyncSession,
    order: OrderRecord,
    asked: Asked,
    ruling: Ruling,
    promised: date | None,
    *,
    actor: str,
    at: datetime,
) -> None:
    values: dict[str, object] = {
        "decision": ruling.decision,
        "authority": authority_json(asked, ruling),
        "submitted_at": at,
        "promised_on": promised,
        "version": order.version + 1,
    }
    if ruling.decision is OrderDecision.APPROVED:
        values |= {"decided_at": at, "decided_by": actor}
    await session.execute(update(EquipmentOrder).where(col(EquipmentOrder.id) == order.id).values(**values))


async def _make_units(session: AsyncSession, order: OrderRecord) -> list[UnitRecord]:
    rows = [{"order_line_id": line.id} for line in order.lines for _ in range(line.quantity)]
    await session.execute(insert(OrderUnit), rows)
    return await read_units(session, order.id)
