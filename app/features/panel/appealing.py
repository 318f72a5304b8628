"""Appeals: who brings a case asks others to look at what was decided, and what follows for the order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, outbox
from app.domain.errors import Conflict
from app.domain.labels import display
from app.domain.ordering import NEXT, OrderDecision, OrderState
from app.domain.panel import Condition, ConditionKind, DecisionKind, Proposal, Step
from app.domain.panel_appeal import AppealOutcome, Appellant, outcome_of
from app.features.panel.cases import tell_presenter
from app.features.panel.records import CaseRecord, read_case
from app.features.panel.releasing import (
    call_off_rest,
    read_issued,
    remember,
    stop_delivery,
    unbind_order,
    want_again,
)
from app.models import PanelAppeal, PanelAppealEnd, PanelCase

CONDITIONS = text("SELECT kind, detail FROM panel_condition WHERE decision_id = :decision_id ORDER BY position")


async def appeal(
    session: AsyncSession,
    number: str,
    *,
    grounds: str,
    new_evidence: str,
    appellant: Appellant,
    actor: str,
    at: datetime,
) -> None:
    """Appeal against the decision in force: the case waits for a meeting again, where others hear it.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, WrongState, Conflict `order-not-waiting` and as
    `check_appeal` does.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.check_brings()
    case.check_appeal()
    state = case.after(Step.APPEAL)
    _check_order_can_follow(case)
    newest = case.newest
    if newest is None:
        raise LookupError(case.number)
    said = {"appellant": appellant, "grounds": grounds, "new_evidence": new_evidence}
    line = insert(PanelAppeal).values(case_id=case.id, decision_id=newest["number"], made_at=at, made_by=actor, **said)
    await session.execute(line)
    changed = update(PanelCase).where(col(PanelCase.id) == case.id)
    await session.execute(changed.values(state=state, meeting_id=None, version=case.version + 1))
    facts = {"against": newest["number"], "appellant": appellant.value}
    await audit.record(session, "panel_decision_appealed", case.subject, actor=actor, at=at, **facts)
    await _tell_chairs(session, case, actor=actor, at=at)


async def end_appeal(
    session: AsyncSession,
    case: CaseRecord,
    outcome: AppealOutcome,
    *,
    decision_id: int | None = None,
    actor: str,
    at: datetime,
) -> None:
    """Write down what came of the open appeal of a case that is locked."""
    if case.appeal is None:
        raise LookupError(case.number)
    values = {"appeal_id": case.appeal["id"], "outcome": outcome, "decision_id": decision_id}
    await session.execute(insert(PanelAppealEnd).values(ended_at=at, ended_by=actor, **values))
    facts = {"outcome": outcome.value}
    await audit.record(session, "panel_appeal_ended", case.subject, actor=actor, at=at, **facts)


async def settle_appeal(
    session: AsyncSession,
    case: CaseRecord,
    proposal: Proposal,
    decision_id: int,
    facts: Mapping[str, Any],
    *,
    actor: str,
    at: datetime,
) -> bool:
    """End the appeal that a decision answers, and make its order ready to follow it. True: nothing else follows.

    An order that was declined is brought back with all that it asked for. Of one of which something is out, only what
    is still here can follow. Raises Conflict `order-cannot-go-on`.
    """
    if case.appeal is None:
        raise LookupError(case.number)
    found = await session.execute(CONDITIONS, {"decision_id": case.appeal["decision_id"]})
    before = [Condition(ConditionKind(row.kind), row.detail) for row in found]
    against = next(one for one in case.row["decisions"] if one["number"] == case.appeal["decision_id"])
    kind = DecisionKind(against["kind"])
    outcome = outcome_of(kind, before, proposal.kind, proposal.conditions)
    if outcome is None:
        return False
    await end_appeal(session, case, outcome, decision_id=decision_id, actor=actor, at=at)
    order = OrderDecision(case.row["order_decision"])
    if outcome is AppealOutcome.UPHELD and order is not OrderDecision.AWAITING_PANEL:
        await remember(session, case, {"panel_decision": decision_id})
        body = "Others of the panel heard the appeal. What was decided stands; read their reasons in the case."
        await tell_presenter(session, case, "was heard on appeal", body, actor=actor, at=at)
        return True
    if order is OrderDecision.DECLINED and proposal.kind.approves:
        _check_person_lives(case)
        await want_again(session, case)
        return False
    if order is not OrderDecision.APPROVED:
        return False
    return await _settle_approved(session, case, proposal, facts, actor=actor, at=at)


async def _settle_approved(
    session: AsyncSession, case: CaseRecord, proposal: Proposal, facts: Mapping[str, Any], *, actor: str, at: datetime
) -> bool:
    issued = await read_issued(session, case)
    if not issued:
        await unbind_order(session, case)
        return False
    await remember(session, case, facts)
    out = ", ".join(display(barcode) for barcode in issued)
    body = f"{out} is out already: read in the case what holds for it now."
    if proposal.kind is DecisionKind.DECLINE:
        await call_off_rest(session, case, actor=actor, at=at)
        await stop_delivery(session, case, "The panel declined it on appeal.", actor=actor, at=at)
        body = f"{out} is out already: review whether it may stay, and arrange its collection if not."
    await tell_presenter(session, case, "was changed on appeal", body, actor=actor, at=at)
    return True


def _check_order_can_follow(case: CaseRecord) -> None:
    """Raises Conflict `order-not-waiting` of a cancelled order, `order-cannot-go-on` when the person has died."""
    decision = OrderDecision(case.row["order_decision"])
    if decision is OrderDecision.CANCELLED:
        state = OrderState(decision.value)
        stands = f"Order {case.row['order_number']} is cancelled, so an appeal would change nothing."
        raise Conflict("order-not-waiting", f"{stands} {NEXT[state]}")
    _check_person_lives(case)


def _check_person_lives(case: CaseRecord) -> None:
    if case.row["died_on"] is not None:
        detail = f"The person has died, so order {case.row['order_number']} cannot go on."
        raise Conflict("order-cannot-go-on", detail)


async def _tell_chairs(session: AsyncSession, case: CaseRecord, *, actor: str, at: datetime) -> None:
    subject = f"Panel case {case.number} was appealed"
    body = (
        f"The decision on panel case {case.number} is appealed against. Put the case on the agenda of a meeting in "
        "which others hear it than those who decided."
    )
    details: dict[str, Any] = {"about": case.subject, "actor": actor, "at": at}
    for one in case.row["members"] or []:
        if one["is_chair"] and not one["is_guest"] and one["username"] != actor:
            to = one["username"]
            await outbox.post(session, purpose="panel_case_appealed", to=to, subject=subject, body=body, **details)
