"""Interests that become known after an approval: where too few are left without one it holds no more, and others decide
the case again (ADR 45)."""

from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import outbox
from app.domain.ordering import OrderDecision
from app.domain.panel import AFTER_CONFLICT, CaseState, DecisionKind, LapseKind
from app.domain.panel_funding import is_joint
from app.domain.panel_meeting import Interest, Side, Terms, still_stands
from app.features.panel.cases import tell_presenter
from app.features.panel.lapsing import REVIEW_IT, lapse
from app.features.panel.records import CaseRecord
from app.features.panel.releasing import read_issued, remember, stop_delivery, want_rest_again
from app.models import PanelCase

# Who decided: of a chair's action that a meeting has ratified, that meeting.
DECIDED = text("""
    SELECT COALESCE(said.took_part, made.seen -> 'took_part') AS took_part,
           made.is_chair_action AND said.decision_id IS NULL AS is_alone,
           CAST(made.seen ->> 'quorum' AS integer) AS quorum,
           ARRAY(SELECT DISTINCT funder.side FROM panel_allotment JOIN funder ON funder.id = funder_id
                 WHERE decision_id = made.id) AS money,
           (SELECT COALESCE(jsonb_object_agg(account.username, seat.side), '{}') FROM panel_seat AS seat
            JOIN account ON account.id = seat.account_id
            WHERE seat.meeting_id = COALESCE(said.meeting_id, made.meeting_id)) AS sides
    FROM panel_decision AS made LEFT JOIN panel_ratification AS said ON said.decision_id = made.id
    WHERE made.id = :decision_id
""")


async def suspend_if_too_few(
    session: AsyncSession, case: CaseRecord, late: Interest, *, actor: str, at: datetime
) -> None:
    """End the approval in force of a case that is locked, where it would not have been quorate without whom an interest
    is known of by now. The case waits for a meeting of others; an appeal that is open goes on."""
    newest = case.newest
    if newest is None or not case.is_approved or case.row["died_on"] is not None:
        return
    if case.state is CaseState.WITHDRAWN or case.row["order_decision"] != OrderDecision.APPROVED:
        return
    made = (await session.execute(DECIDED, {"decision_id": newest["number"]})).one()
    known = [*(one for one in case.interests if one.declared_at), late]
    took_part = {name: Side(made.sides[name]) if name in made.sides else None for name in made.took_part}
    terms = Terms(made.quorum, case.terms.joint_needs_both)
    joint = is_joint([Side(side) for side in made.money])
    if still_stands(terms, took_part, known, is_joint=joint, is_alone=made.is_alone):
        return
    await lapse(session, case, LapseKind.CONFLICT, actor=actor, at=at)
    if case.state is CaseState.DECIDED:
        changed = update(PanelCase).where(col(PanelCase.id) == case.id)
        await session.execute(changed.values(state=AFTER_CONFLICT, version=case.version + 1))
    await _tell_panel(session, case, actor=actor, at=at)


async def settle_again(
    session: AsyncSession,
    case: CaseRecord,
    kind: DecisionKind,
    decision_id: int,
    facts: dict[str, Any],
    *,
    actor: str,
    at: datetime,
) -> bool:
    """What others decided now of an order of which something is out. False: nothing is, and it follows as usual."""
    since = case.suspended_at
    if since is None or kind is DecisionKind.DEFER or case.row["order_decision"] != OrderDecision.APPROVED:
        return False
    issued = await read_issued(session, case)
    if kind.approves:
        await want_rest_again(session, case, called_off_at=since)
        await remember(session, case, facts | {"panel_stopped": None})
        body = "Others of the panel approved it. Read in the case what holds for it now."
    else:
        await remember(session, case, {"panel_decision": decision_id})
        await stop_delivery(session, case, "The panel declined it.", actor=actor, at=at)
        body = f"Others of the panel declined it{', and something of it is out' if issued else ''}: {REVIEW_IT}"
    await tell_presenter(session, case, "was decided again by others", body, actor=actor, at=at)
    return True


async def _tell_panel(session: AsyncSession, case: CaseRecord, *, actor: str, at: datetime) -> None:
    """Tell its chairs; where there is no other, every member."""
    subject = f"Panel case {case.number} is to be decided again"
    body = (
        f"Interests became known after panel case {case.number} was approved, and without those who have them too few "
        "decided. The approval holds no more. Put the case on the agenda of a meeting of members without an interest."
    )
    members = [one for one in case.row["members"] or [] if not one["is_guest"] and one["username"] != actor]
    details: dict[str, Any] = {"about": case.subject, "actor": actor, "at": at}
    for one in [one for one in members if one["is_chair"]] or members:
        to = one["username"]
        await outbox.post(session, purpose="panel_case_to_decide_again", to=to, subject=subject, body=body, **details)
