"""Handing out: loans and trials over the counter."""

from datetime import date, datetime

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import funding, ledger, ring_fencing, used_together
from app.charging import Billed
from app.domain.access import Permission, roles_with
from app.domain.authority import Asked, Authority, Tier
from app.domain.client_records import check_is_alive
from app.domain.combinations import Severity, carries_less, check_answered, place_load_blockers
from app.domain.counter import check_dangers, refuse_to_hand_out, why_not_hand_out
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.lifecycle import Move, State
from app.domain.loans import LoanKind, check_trial_dates
from app.domain.look_ahead import HandingOut
from app.domain.reservations import Days, blocks_issue, overlaps
from app.features.loans.answering import leave_unanswered
from app.features.loans.counter import NOTHING_SAID, Said, keep_answers
from app.features.loans.old_equipment import decide_old, take_effect
from app.funders import find_funder
from app.models import Client, Loan, Reservation, ReservationEnd
from app.signing import PANEL_RULES, read_handed_out, read_rules, read_setting
from app.web.answers import keys
from app.web.look_ahead import NOTHING_DECIDED, LookAhead, check_ahead

LIVE_RESERVATIONS = text("""
    SELECT reservation.id, reservation.client_id, reservation.from_on, reservation.until_on,
           holding.number AS order_number
    FROM reservation
    LEFT JOIN LATERAL (
        SELECT equipment_order.number FROM order_unit
        JOIN order_line ON order_line.id = order_unit.order_line_id
        JOIN equipment_order ON equipment_order.id = order_line.order_id
        WHERE order_unit.reservation_id = reservation.id AND order_unit.cancelled_at IS NULL
    ) AS holding ON true
    WHERE reservation.item_id = :item_id AND reservation.ended_at IS NULL ORDER BY reservation.from_on
""")


# Who hands it out, what it is, and what the panels decide, in one go; nothing of the item where nobody knows it.
COUNTER = """
    SELECT account.name, prescriber.team_id, prescriber.tier, prescriber.spend_limit_pence,
           prescriber.registration_number, prescriber.registration_expires_on, prescriber.is_supervised,
           product.tier AS product_tier, product.purchase_price_pence,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg,
           product.non_catalogue, ({rules}) AS panels,
           EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:staff)) AS is_staff
    FROM account LEFT JOIN prescriber ON prescriber.account_id = account.id
    LEFT JOIN item ON item.barcode = :barcode LEFT JOIN product ON product.id = item.product_id
    WHERE account.username = :username
"""
AT_THE_COUNTER = text(COUNTER.format(rules=PANEL_RULES))


async def issue(
    session: AsyncSession,
    barcode: str,
    *,
    client_ref: str,
    kind: LoanKind,
    trial_ends_on: date | None,
    trial_goals: str | None = None,
    said: Said = NOTHING_SAID,
    actor: str,
    at: datetime,
    ahead: LookAhead = NOTHING_DECIDED,
) -> int:
    """Hand an item to a client over the counter, on loan or on trial; returns the loan's number. `said`: what
    becomes of old items, and what is answered to warnings, which is kept with the loan.

    Raises NotAllowed (`is-supervised` and why not, by `domain.counter.why_not_hand_out`; `clinical-danger` where only a
    prescriber answers), NotFound (`unknown-client`, `unknown-barcode`), WrongState, NotClear (`on-hold`, `not-clear`),
    Conflict (`client-has-died`, `load-too-low`, `already-reserved` when it is kept for somebody else on these days,
    `held-by-order`, `ring-fenced` for another team than the actor's, `examination-due-soon` until somebody decides it,
    in `ahead`, `used-together` where a safety notice forbids it with what is at the home), Incomplete
    `answer-the-warnings`, BadValue for a trial's dates and goals and `unknown-funder`, and what
    `old_equipment.decide_old` raises.
    """
    check_trial_dates(kind, trial_ends_on, today=uk_date(at))
    if trial_goals and kind is not LoanKind.TRIAL:
        raise BadValue("loan-with-goals", "Only a trial has goals. Leave them out for a loan.", field="trial_goals")
    client_id, weight = await _find_living_client(session, client_ref)
    homes = await used_together.lock_homes(session, [client_id], [barcode])
    carries, prescribes = await _check_authority(session, barcode, client_id, kind, actor=actor, on=uk_date(at))
    _refuse_too_weak(carries, weight)
    there = await decide_old(session, barcode, said.supersedes, client_ref=client_ref, today=uk_date(at))
    if not prescribes and any(one.severity is Severity.DANGER for one in there.warnings):
        check_dangers(there.warnings, await read_setting(session, uk_date(at)), prescribes=prescribes)
    if said.funder is not None:
        await funding.refuse_person(session, said.funder)
    loan_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('loan', 'id'))"))
    how = Move.START_TRIAL if kind is LoanKind.TRIAL else Move.ISSUE
    if said.funder:
        await find_funder(session, said.funder)
    billed = Billed(client_id=client_id, funder=said.funder or None)
    reference = f"loan {loan_id}"
    moved = await ledger.move_one(session, barcode, how, actor=actor, at=at, reference=reference, billed=billed)
    if moved.item.state not in {State.IN_STOCK, State.RESERVED}:
        raise Conflict("wrong-state", "Only an item from the shelf can be handed over the counter.", field="barcode")
    # What a report certified while this was read: the item is locked by now.
    _refuse_too_weak(moved.item.carries_kg, weight)
    await ring_fencing.refuse_to_others(session, moved.item.ring_fence, actor=actor)
    await check_ahead(session, [moved.item], HandingOut.ISSUE, ahead, actor=actor, at=at)
    await _use_reservations(session, moved.item.id, client_id, until_on=trial_ends_on, actor=actor, at=at)
    # A short form goes by the product; for an item that carries less it is asked who is to be borne by it.
    is_short = said.answers is None and not carries_less(moved.item.carries_kg, moved.item.product_load_kg)
    left = check_answered(there.warnings, keys(said.answers or ()), is_short=is_short)
    values = {
        "id": loan_id,
        "item_id": moved.item.id,
        "client_id": client_id,
        "kind": kind,
        "trial_ends_on": trial_ends_on,
        "trial_goals": trial_goals or None,
        "started_at": at,
        "started_by": actor,
    }
    await session.execute(insert(Loan).values(**values))
    await _refuse_together(session, homes, actor=actor, at=at)
    await keep_answers(session, loan_id, there.warnings, said.answers or (), actor=actor, at=at)
    await leave_unanswered(session, loan_id, left, actor=actor, at=at)
    await take_effect(session, there.old, loan_id=loan_id, client_id=client_id, actor=actor, at=at)
    return loan_id


async def _refuse_together(session: AsyncSession, homes: used_together.Homes, *, actor: str, at: datetime) -> None:
    combined = await used_together.ask_about_homes(session, homes, actor=actor, at=at)
    if combined:
        detail = f"{used_together.in_words(combined)} Choose another item, or have the other one fetched first."
        raise Conflict("used-together", detail, field="barcode")


def _refuse_too_weak(carries: float | None, weight: float | None) -> None:
    for blocker in place_load_blockers(carries, weight):
        detail = f"{blocker.detail} Take a stronger one, or order it and answer the warning."
        raise Conflict(blocker.code, detail, field="barcode")


async def _check_authority(
    session: AsyncSession, barcode: str, client_id: int, kind: LoanKind, *, actor: str, on: date
) -> tuple[int | None, bool]:
    """Raises what `issue` says of NotAllowed; returns the item's safe working load in kilograms, where it is known, and
    whether a prescriber hands it out."""
    values = {"barcode": barcode, "username": actor, "staff": roles_with(Permission.FULFIL_ORDERS)}
    row = (await session.execute(AT_THE_COUNTER, values)).mappings().one_or_none()
    if row is None or row["product_tier"] is None:
        return None, False
    person = None
    if row["tier"]:
        names = ("name", "team_id", "spend_limit_pence", "registration_number", "registration_expires_on")
        facts = {name: row[name] for name in (*names, "is_supervised")}
        person = Authority(username=actor, tier=Tier(row["tier"]), **facts)
    others = await read_handed_out(session, client_id, actor, today=on)
    facts = {"others": others, "is_non_catalogue": row["non_catalogue"]}
    asked = Asked(actor, row["team_id"], Tier(row["product_tier"]), row["purchase_price_pence"], **facts)
    panels = read_rules(row["panels"])
    on_trial = kind is LoanKind.TRIAL
    reason = why_not_hand_out(asked, person, on_trial=on_trial, on=on, panels=panels, is_staff=row["is_staff"])
    if reason:
        raise refuse_to_hand_out(reason, asked, person, await read_setting(session, on), on_trial=on_trial)
    return row["safe_working_load_kg"], person is not None


async def _find_living_client(session: AsyncSession, client_ref: str) -> tuple[int, int | None]:
    """The client's id, and their weight. Raises NotFound `unknown-client`, Conflict `client-has-died`."""
    same = func.upper(col(Client.client_ref)) == func.upper(client_ref)
    wanted = select(col(Client.id), col(Client.died_on), col(Client.weight_kg)).where(same)
    # What two people order or hand out for one client at once counts for whoever comes second.
    wanted = wanted.with_for_update(key_share=True)
    found = (await session.execute(wanted)).one_or_none()
    if found is None:
        raise NotFound("unknown-client", "There is no client with this reference.", field="client_ref")
    check_is_alive(found.died_on)
    return found.id, found.weight_kg


async def _use_reservations(
    session: AsyncSession, item_id: int, client_id: int, *, until_on: date | None, actor: str, at: datetime
) -> None:
    """Check that the item is kept for nobody else on these days, and end the client's own reservations of them."""
    today = uk_date(at)
    taken = []
    for one in await session.execute(LIVE_RESERVATIONS, {"item_id": item_id}):
        # One that has begun keeps the item until it is ended, whatever its last day says.
        days = Days(one.from_on, max(one.until_on, today))
        if blocks_issue(days, reserved_for=one.client_id, client_id=client_id, from_on=today, until_on=until_on):
            held = f"from {in_words(one.from_on)} until {in_words(one.until_on)}"
            raise Conflict("already-reserved", f"The item is reserved for somebody else {held}.", field="barcode")
        if one.client_id == client_id and one.order_number:
            detail = f"Order {one.order_number} of this client holds the item. Record its delivery there instead."
            raise Conflict("held-by-order", detail, field="barcode")
        if one.client_id == client_id and overlaps(days, Days(today, until_on)):
            taken.append(one.id)
    if taken:
        values = {"ended_at": at, "ended_by": actor, "ended_because": ReservationEnd.TAKEN}
        await session.execute(update(Reservation).where(col(Reservation.id).in_(taken)).values(**values))
