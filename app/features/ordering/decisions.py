"""Authorising, declining and cancelling an order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.access import Actor, Permission
from app.domain.authority import Authority, Setting, check_authoriser, say_who
from app.domain.client_records import check_is_alive
from app.domain.dates import uk_date
from app.domain.errors import NotAllowed
from app.domain.ordering import STILL_HERE, Act, OrderDecision, decision_after_cancel
from app.features.ordering import messages
from app.features.ordering.drafts import keep_answers, keep_unanswered
from app.features.ordering.holding import give_back
from app.features.ordering.records import OrderRecord, UnitRecord, read_asked, read_order
from app.features.ordering.submission import check_answers
from app.features.ordering.surroundings import read_surroundings
from app.models import EquipmentOrder, ReservationEnd
from app.panelling import withdraw_cases
from app.signing import find_person, read_setting_around, route_json
from app.web.answers import Answer
from app.web.who import names_with

CANCEL = text("UPDATE order_unit SET cancelled_at = :at, cancelled_by = :actor WHERE id = ANY(:units)")


async def authorise(
    session: AsyncSession, number: str, *, note: str, answers: Sequence[Answer] | None, actor: str, at: datetime
) -> OrderDecision:
    """Sign an order that waits: it is approved, or endorsed to the panel where that decides.

    What has changed since it was submitted, such as the client's weight, makes new warnings, and whoever signs answers
    them; None where nobody was asked for any (ADR 29).

    Raises NotFound `unknown-order`, WrongState, Conflict `client-has-died`, Incomplete `answer-the-warnings`, and
    NotAllowed as `domain.authority.check_authoriser` does.
    """
    order = await read_order(session, number, lock=True)
    order.check(Act.AUTHORISE)
    check_is_alive(order.died_on)
    setting = await read_setting_around(session, uk_date(at), actor, teams=[order.team_id])
    asked = await read_asked(session, order, today=uk_date(at))
    ruling = check_authoriser(asked, find_person(setting, actor), setting)
    around = await read_surroundings(session, order, today=uk_date(at))
    await keep_answers(session, order, around, answers or (), actor=actor, at=at)
    await keep_unanswered(session, order, check_answers(around, answers))
    signed = {
        "signed_by": actor,
        "on_behalf_of": ruling.on_behalf_of,
        "signed_at": at.isoformat(),
        "note": note or None,
        "panel": [{"code": reason.code, "detail": reason.detail} for reason in ruling.reasons],
        "route": route_json(ruling.route),
    }
    values: dict[str, Any] = {"decision": ruling.decision, "authority": order.authority | signed}
    if ruling.decision is OrderDecision.APPROVED:
        values |= {"decided_at": at, "decided_by": actor, "decision_reason": note or None}
    await _change(session, order, values)
    facts = {"decision": ruling.decision.value, "on_behalf_of": ruling.on_behalf_of, "note": note or None}
    await audit.record(session, "order_authorised", order.subject, actor=actor, at=at, **facts)
    goes = f"It goes to {ruling.route.name} now." if ruling.route else ""
    await messages.tell_maker(session, order, "authorised", goes, actor=actor, at=at)
    return ruling.decision


async def decline(session: AsyncSession, number: str, *, reason: str, actor: str, at: datetime) -> None:
    """Say no to an order that waits for a signature; what was held for it is given back. Raises as `authorise` does."""
    order = await read_order(session, number, lock=True)
    order.check(Act.DECLINE)
    setting = await read_setting_around(session, uk_date(at), actor, teams=[order.team_id])
    asked = await read_asked(session, order, today=uk_date(at))
    # Whoever may sign an order may decline it.
    ruling = check_authoriser(asked, find_person(setting, actor), setting)
    await _give_up(session, order, list(order.units), reason=reason, actor=actor, at=at)
    signed = {"signed_by": actor, "on_behalf_of": ruling.on_behalf_of, "signed_at": at.isoformat(), "note": reason}
    values = {"decision": OrderDecision.DECLINED, "decision_reason": reason, "decided_at": at, "decided_by": actor}
    await _change(session, order, values | {"authority": order.authority | signed})
    facts = {"reason": reason, "on_behalf_of": ruling.on_behalf_of}
    await audit.record(session, "order_declined", order.subject, actor=actor, at=at, **facts)
    await messages.tell_maker(session, order, "declined", f"Reason: {reason}", actor=actor, at=at)


async def cancel(session: AsyncSession, number: str, *, reason: str, actor: Actor, at: datetime) -> None:
    """Call off what has not left the store. Its maker and the store may, and once it is submitted the qualified
    prescribers of its team.

    Raises NotFound `unknown-order`, WrongState, NotAllowed `not-your-order`.
    """
    order = await read_order(session, number, lock=True)
    order.check(Act.CANCEL)
    setting = await read_setting_around(session, uk_date(at), actor.username, order.made_by, teams=[order.team_id])
    if not may_cancel(order, actor, find_person(setting, actor.username)):
        store = await names_with(session, Permission.FULFIL_ORDERS, today=uk_date(at))
        refusal = why_not_cancel(order, actor, setting, store=store)
        raise NotAllowed("not-your-order", refusal)
    here = order.units_in(*STILL_HERE)
    decision = decision_after_cancel(order.unit_states)
    who: dict[str, Any] = {"actor": actor.username, "at": at}
    await _give_up(session, order, here, reason=reason, **who)
    values: dict[str, Any] = {"decision": decision}
    if decision is OrderDecision.CANCELLED:
        values |= {"decision_reason": reason, "decided_at": at, "decided_by": actor.username}
    await _change(session, order, values)
    await audit.record(session, "order_cancelled", order.subject, reason=reason, pieces=len(here), **who)
    if order.decision is OrderDecision.AWAITING_PANEL:
        await withdraw_cases(session, [order.id], **who)
    what = "cancelled" if decision is OrderDecision.CANCELLED else "cancelled in part"
    await messages.tell_maker(session, order, what, f"Reason: {reason}", **who)


def may_cancel(order: OrderRecord, actor: Actor, person: Authority | None) -> bool:
    """Whether this person may cancel the order. `person`: their authority, if they have one."""
    if order.made_by == actor.username or actor.may(Permission.FULFIL_ORDERS):
        return True
    return person is not None and is_qualified_colleague(order, person)


def why_not_cancel(order: OrderRecord, actor: Actor, setting: Setting, *, store: Sequence[str]) -> str:
    """Why this person may not cancel the order and who can; empty when they may. `store`: names of its staff."""
    person = find_person(setting, actor.username)
    if may_cancel(order, actor, person):
        return ""
    reason = f"{order.made_by_name} made this order in another team."
    if order.decision is OrderDecision.DRAFT:
        reason = f"{order.made_by_name} is drawing up this order."
    elif person and person.is_supervised:
        reason = f"You work under supervision, and {order.made_by_name} made this order."
    colleagues = [
        one.name for one in setting.people if one.username == order.made_by or is_qualified_colleague(order, one)
    ]
    return f"{reason} {say_who([*sorted(colleagues), *store], 'can cancel it.')}"


def is_qualified_colleague(order: OrderRecord, person: Authority) -> bool:
    """Whether this person is of the order's team and works under nobody's supervision; of a draft nobody is."""
    is_of_team = person.team_id == order.team_id and not person.is_supervised
    return is_of_team and order.decision is not OrderDecision.DRAFT


async def _give_up(
    session: AsyncSession, order: OrderRecord, units: list[UnitRecord], *, reason: str, actor: str, at: datetime
) -> None:
    """These pieces are not wanted any more; what is held for them is anybody's again."""
    details: dict[str, Any] = {"because": ReservationEnd.ORDER_ENDED, "reason": reason, "actor": actor, "at": at}
    await give_back(session, order, units, **details)
    open_ones = [unit.id for unit in units if not unit.is_cancelled]
    if open_ones:
        await session.execute(CANCEL, {"units": open_ones, "at": at, "actor": actor})


async def _change(session: AsyncSession, order: OrderRecord, values: dict[str, Any]) -> None:
    changed = update(EquipmentOrder).where(col(EquipmentOrder.id) == order.id)
    await session.execute(changed.values(**values, version=order.version + 1))
