"""What a panel's decision does to the order: it goes on by itself, or ends and gives back what was held for it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, funding, ledger, outbox, promising
from app.domain.access import Permission, roles_with
from app.domain.allocation import RECYCLED_ONLY
from app.domain.labels import display
from app.domain.lifecycle import Move, State
from app.domain.ordering import OrderDecision
from app.domain.panel import TRIAL_DAYS, Condition, ConditionKind
from app.domain.panel_funding import Share
from app.features.panel.records import CaseRecord
from app.models import ReservationEnd

DECIDE = text("""
    UPDATE equipment_order SET decision = :decision, decided_at = :at, decided_by = :actor, decision_reason = :reason,
           authority = authority || CAST(:authority AS jsonb), version = version + 1
    WHERE id = :order_id
""")
HELD = text("""
    SELECT item.barcode, item.state, item.times_issued, kept.id FROM order_unit AS unit JOIN reservation AS kept
    ON kept.id = unit.reservation_id JOIN item ON item.id = kept.item_id
    WHERE unit.order_id = :order_id AND kept.ended_at IS NULL ORDER BY item.barcode
""")
END = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = :because WHERE id = ANY(:ids)
""")
CANCEL = text("""
    UPDATE order_unit SET cancelled_at = :at, cancelled_by = :actor WHERE order_id = :order_id AND cancelled_at IS NULL
""")

# Of what is out in part, what is not out is not wanted any more.
CANCEL_REST = text("""
    UPDATE order_unit SET cancelled_at = :at, cancelled_by = :actor
    WHERE order_id = :order_id AND cancelled_at IS NULL AND loan_id IS NULL
      AND NOT EXISTS (SELECT FROM reservation AS kept JOIN item ON item.id = kept.item_id
                      WHERE kept.id = order_unit.reservation_id AND kept.ended_at IS NULL
                        AND item.state = 'dispatched')
""")
# What is ordered for good is tried first; the trial's outcome says whether it is kept.
TRY_FIRST = text("""
    UPDATE order_line SET kind = 'trial', trial_days = :days, trial_goals = :goals
    WHERE order_id = :order_id AND kind = 'loan'
    RETURNING id
""")
# Nothing of what a decision said binds the order any more.
LOANS_AGAIN = text("""
    UPDATE order_line SET kind = 'loan', trial_days = NULL, trial_goals = NULL FROM equipment_order AS asked
    WHERE asked.id = :order_id AND order_line.order_id = asked.id
      AND asked.authority -> 'panel_made_trials' @> to_jsonb(order_line.id)
""")
UNBIND = text("""
    UPDATE equipment_order SET authority = authority - ARRAY['panel_decision', 'panel_conditions',
                                                             'panel_condition_kinds', 'panel_made_trials',
                                                             'panel_stopped']
    WHERE id = :order_id
""")
# The order waits for the panel as before the decision.
WAIT_AGAIN = text("""
    UPDATE equipment_order SET decision = 'awaiting_panel', decided_at = NULL, decided_by = NULL,
           decision_reason = NULL, allocated_at = NULL, allocated_by = NULL, promised_on = NULL, version = version + 1
    WHERE id = :order_id
""")
# What the declining called off, and nothing that somebody had called off before it.
WANTED_AGAIN = text("""
    UPDATE order_unit SET cancelled_at = NULL, cancelled_by = NULL FROM equipment_order AS asked
    WHERE asked.id = :order_id AND order_unit.order_id = asked.id AND order_unit.cancelled_at = asked.decided_at
""")
CODES = text("SELECT id, code FROM funder WHERE id = ANY(:ids)")
ISSUED = text("""
    SELECT item.barcode FROM order_unit AS unit JOIN reservation AS kept ON kept.id = unit.reservation_id
    JOIN item ON item.id = kept.item_id
    WHERE unit.order_id = :order_id
      AND (unit.loan_id IS NOT NULL OR kept.ended_at IS NULL AND item.state = 'dispatched')
    ORDER BY item.barcode
""")
ON_ITS_WAY = text("""
    SELECT item.barcode FROM order_unit AS unit JOIN reservation AS kept ON kept.id = unit.reservation_id
    JOIN item ON item.id = kept.item_id
    WHERE unit.order_id = :order_id AND unit.loan_id IS NULL AND kept.ended_at IS NULL AND item.state = 'dispatched'
    ORDER BY item.barcode
""")
# What was called off at that instant or came back since, and nothing that somebody had called off before it.
REST_AGAIN = text("""
    UPDATE order_unit SET cancelled_at = NULL, cancelled_by = NULL
    WHERE order_id = :order_id AND loan_id IS NULL AND cancelled_at >= :called_off_at
""")
REMEMBER = text("""
    UPDATE equipment_order SET authority = authority || CAST(:authority AS jsonb), version = version + 1
    WHERE id = :order_id
""")


async def read_issued(session: AsyncSession, case: CaseRecord) -> list[str]:
    """What of its order has left the store. One statement."""
    return list(await session.scalars(ISSUED, {"order_id": case.row["order_id"]}))


async def unbind_order(session: AsyncSession, case: CaseRecord) -> None:
    """Nothing of what the decision said binds the order, which is locked, any more. Two statements."""
    for statement in (LOANS_AGAIN, UNBIND):
        await session.execute(statement, {"order_id": case.row["order_id"]})


async def wait_again(session: AsyncSession, case: CaseRecord) -> None:
    """The order, which is locked, waits for the panel as before the decision."""
    await unbind_order(session, case)
    await session.execute(WAIT_AGAIN, {"order_id": case.row["order_id"]})


async def want_again(session: AsyncSession, case: CaseRecord) -> None:
    """What was declined is wanted again: the order, which is locked, waits for the panel with all that it asked for."""
    await session.execute(WANTED_AGAIN, {"order_id": case.row["order_id"]})
    await wait_again(session, case)


async def remember(session: AsyncSession, case: CaseRecord, facts: Mapping[str, Any]) -> None:
    """The order, which goes on as it did, keeps what was decided now."""
    await session.execute(REMEMBER, {"order_id": case.row["order_id"], "authority": json.dumps(dict(facts))})


async def call_off_rest(session: AsyncSession, case: CaseRecord, *, actor: str, at: datetime) -> None:
    """Of an order of which something is out: what is still here is free, and is not wanted any more."""
    await give_back(session, case, actor=actor, at=at)
    await session.execute(CANCEL_REST, {"order_id": case.row["order_id"], "at": at, "actor": actor})


async def want_rest_again(session: AsyncSession, case: CaseRecord, *, called_off_at: datetime) -> None:
    """What of the order was called off at that instant, or came back since, is wanted again."""
    values = {"order_id": case.row["order_id"], "called_off_at": called_off_at}
    await session.execute(REST_AGAIN, values)


async def stop_delivery(
    session: AsyncSession, case: CaseRecord, because: str, *, actor: str, at: datetime
) -> list[str]:
    """Nothing of the order, which is locked, is handed over any more. Gives what is on its way; the store is told to
    bring it back."""
    order_id, number = case.row["order_id"], case.row["order_number"]
    await remember(session, case, {"panel_stopped": because})
    on_its_way = list(await session.scalars(ON_ITS_WAY, {"order_id": order_id}))
    if on_its_way:
        tags = ", ".join(display(barcode) for barcode in on_its_way)
        letter = {
            "purpose": "order_to_bring_back",
            "about": f"order:{number}",
            "subject": f"Order {number}: do not deliver, bring back",
            "body": f"{because} Do not hand over {tags}: tell the driver, and scan it in at the returns desk.",
        }
        await outbox.post_to_roles(session, roles_with(Permission.FULFIL_ORDERS), letter, actor=actor, at=at)
    return on_its_way


async def approve_order(
    session: AsyncSession, case: CaseRecord, facts: Mapping[str, Any], *, note: str, actor: str, at: datetime
) -> None:
    """The order, which is locked, is approved: the store sees it from now on. `facts` stay with its authority."""
    await _decide(session, case, OrderDecision.APPROVED, facts, reason=note or None, actor=actor, at=at)


async def fund_order(
    session: AsyncSession,
    case: CaseRecord,
    split: Sequence[Mapping[str, Any]],
    *,
    settles: bool,
    actor: str,
    at: datetime,
) -> None:
    """The order, which is locked, is paid for as was decided, also what of it is charged already. `settles`: so a
    dispute about that is over; what a chair does alone ends none."""
    codes = await session.execute(CODES, {"ids": [one["funder_id"] for one in split]})
    known = {row.id: row.code for row in codes}
    shares = [Share(known[one["funder_id"]], one["percent"]) for one in split]
    because = f"Panel case {case.number} decided who pays."
    await funding.fund(session, case.row["order_id"], shares, because=because, settles=settles, actor=actor, at=at)


async def bind_order(
    session: AsyncSession, case: CaseRecord, conditions: Sequence[Condition], *, actor: str, at: datetime
) -> dict[str, Any]:
    """Make the order, which is locked, keep to what its approval depends on; gives the facts that stay with it.

    New items that are held for what is to be recycled are given back: the store allocates recycled ones. What is to be
    tried first becomes a trial from its delivery on.
    """
    by_kind = {one.kind: one for one in conditions}
    order_id = case.row["order_id"]
    if ConditionKind.RECYCLED_ONLY in by_kind:
        await give_back(session, case, only_new=True, actor=actor, at=at)
    if ConditionKind.TRIAL_FIRST in by_kind:
        goals = by_kind[ConditionKind.TRIAL_FIRST].detail or f"The panel wants it tried first (case {case.number})."
        tried = await session.scalars(TRY_FIRST, {"order_id": order_id, "days": TRIAL_DAYS, "goals": goals})
        return {"panel_made_trials": sorted(tried)}
    return {}


async def give_back(
    session: AsyncSession, case: CaseRecord, *, only_new: bool = False, actor: str, at: datetime
) -> None:
    """What is held for the order is anybody's again; only what was never issued before, if that is asked."""
    held = (await session.execute(HELD, {"order_id": case.row["order_id"]})).all()
    held = [row for row in held if row.state != State.DISPATCHED and not (only_new and row.times_issued)]
    shelf = [row.barcode for row in held if row.state == State.RESERVED]
    if shelf:
        reference = f"order {case.row['order_number']}"
        _, refused = await ledger.move(session, shelf, Move.RELEASE, actor=actor, at=at, reference=reference)
        if refused:
            raise refused[0].error
    because = ReservationEnd.ITEM_UNFIT if only_new else ReservationEnd.ORDER_ENDED
    values = {"ids": [row.id for row in held], "because": because, "at": at, "actor": actor}
    await session.execute(END, values)
    if only_new and held:
        lost = [row.barcode for row in held]
        await promising.withdraw(session, case.row["order_id"], lost, why=RECYCLED_ONLY, actor=actor, at=at)


async def decline_order(
    session: AsyncSession, case: CaseRecord, facts: Mapping[str, Any], *, reason: str, actor: str, at: datetime
) -> None:
    """The order, which is locked, is declined; what was held for it is anybody's again."""
    await give_back(session, case, actor=actor, at=at)
    await session.execute(CANCEL, {"order_id": case.row["order_id"], "at": at, "actor": actor})
    await _decide(session, case, OrderDecision.DECLINED, facts, reason=reason, actor=actor, at=at)


async def _decide(
    session: AsyncSession,
    case: CaseRecord,
    decision: OrderDecision,
    facts: Mapping[str, Any],
    *,
    reason: str | None,
    actor: str,
    at: datetime,
) -> None:
    number = case.row["order_number"]
    authority = {"panel_case": case.number, **facts}
    values = {"decision": decision.value, "reason": reason, "authority": json.dumps(authority), "at": at}
    await session.execute(DECIDE, values | {"actor": actor, "order_id": case.row["order_id"]})
    verb = decision.value
    await audit.record(session, f"order_{verb}_by_panel", f"order:{number}", actor=actor, at=at, case=case.number)
    body = f"Order {number} for client {case.row['client_ref']} was {verb}: panel case {case.number}."
    if facts.get("panel_conditions"):
        body += f" Conditions: {'; '.join(facts['panel_conditions'])}."
    if decision is OrderDecision.DECLINED and reason:
        body += f" Why: {reason} The need stays to be met: read in the case what the panel offers instead."
    details: dict[str, Any] = {"about": f"order:{number}", "actor": actor, "at": at}
    for username in sorted({case.row["made_by"], case.row["prescribed_by"]} - {actor}):
        subject = f"Order {number} was {verb}"
        await outbox.post(session, purpose=f"order_{verb}", to=username, subject=subject, body=body, **details)
