"""Interests, recommendations, and the decision, which the chair records and nothing changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed
from app.domain.panel import (
    CaseState,
    DecisionKind,
    Proposal,
    Step,
    check_chair_action,
    check_proposal,
    expires_on,
)
from app.domain.panel_funding import Share, allot, is_joint
from app.domain.panel_meeting import Interest, InterestKind, Seat, Side, check_chair, check_named, check_quorum
from app.domain.panel_votes import check_why_against, dissenters
from app.features.panel.appealing import settle_appeal
from app.features.panel.cases import check_no_interest, content_json, digest_of, read_split, tell_presenter
from app.features.panel.meetings import read_seats
from app.features.panel.records import CaseRecord, read_case
from app.features.panel.releasing import approve_order, bind_order, decline_order, fund_order
from app.features.panel.suspending import settle_again, suspend_if_too_few
from app.features.panel.telling import tell_of_interest
from app.models import (
    PanelAllotment,
    PanelCase,
    PanelCondition,
    PanelDecision,
    PanelInterest,
    PanelRecommendation,
)

ACCOUNT = text("SELECT id FROM account WHERE username = :username")
SIDES = text("SELECT side FROM funder WHERE id = ANY(:ids)")


async def declare_interest(
    session: AsyncSession,
    number: str,
    *,
    username: str | None,
    kind: InterestKind,
    detail: str,
    actor: str,
    at: datetime,
) -> None:
    """Take down that a member cannot decide the case, also when it is decided: it is true, and the decision shows it.
    An approval of which too few are left without an interest holds no more.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, `not-a-member`, `not-the-chair`, BadValue
    `not-a-member`, `interest-in-words`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    own = case.check_member()
    whose = username or actor
    check_named(is_own=whose == actor, detail=detail)
    if whose != actor and not own.is_chair:
        raise NotAllowed("not-the-chair", "Declare your own interest. For somebody else a chair does it.")
    if case.member(whose) is None:
        raise BadValue("not-a-member", f"{whose} does not sit on {case.row['panel_name']}.", field="username")
    account_id = await session.scalar(ACCOUNT, {"username": whose})
    values = {"case_id": case.id, "account_id": account_id, "kind": kind, "detail": detail}
    line = upsert(PanelInterest).values(**values, declared_at=at, declared_by=actor).on_conflict_do_nothing()
    await session.execute(line)
    await tell_of_interest(session, case, whose, kind, detail, actor=actor, at=at)
    facts = {"member": whose, "kind": kind.value, "is_late": case.state is CaseState.DECIDED}
    await audit.record(session, "panel_interest_declared", case.subject, actor=actor, at=at, **facts)
    await suspend_if_too_few(session, case, Interest(whose, kind, detail, at), actor=actor, at=at)


async def recommend(
    session: AsyncSession, number: str, *, kind: DecisionKind, reasons: str, actor: str, at: datetime
) -> None:
    """Keep what a member recommends; the newest of each counts.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, `not-a-member`, WrongState, Conflict
    `already-decided`, `conflict-of-interest`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.check_member()
    if case.state not in {CaseState.SUBMITTED, CaseState.SCREENED}:
        case.after(Step.DECIDE)
    check_no_interest(case, actor, "recommend anything about")
    if actor in case.heard_before:
        raise Conflict(
            "heard-before", "You took part in the decision that is appealed against. Others hear the appeal."
        )
    account_id = await session.scalar(ACCOUNT, {"username": actor})
    values = {"case_id": case.id, "account_id": account_id, "kind": kind, "reasons": reasons, "made_at": at}
    await session.execute(insert(PanelRecommendation).values(**values))
    await audit.record(session, "panel_recommended", case.subject, actor=actor, at=at, recommendation=kind.value)


async def decide(
    session: AsyncSession, number: str, proposal: Proposal, shares: Sequence[Share] | None, *, actor: str, at: datetime
) -> None:
    """Record the decision of the meeting in which the case is listed; its order goes on or ends with it. All that was
    seen and who decided is frozen with its hash.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, `not-the-chair`, WrongState, Conflict `already-decided`,
    `order-not-waiting`, `conflict-of-interest`, `heard-before`, `order-cannot-go-on`, `not-at-the-meeting`,
    `not-quorate`, BadValue `why-against-wanted` and as `check_proposal` and `check_split` do.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.after(Step.DECIDE)
    case.check_order_waits()
    seats = case.who_counts(await read_seats(session, case.row["meeting_id"]))
    chair = next((seat for seat in seats if seat.username == actor), case.member(actor))
    check_chair(chair, case.interests, at=at, heard_before=case.heard_before)
    check_proposal(proposal, today=uk_date(at))
    split = await _split(session, case, proposal, shares)
    ids = [one["funder_id"] for one in split]
    sides = [Side(side) for side in await session.scalars(SIDES, {"ids": ids})] if ids else []
    joint = is_joint(sides)
    able = check_quorum(case.terms, seats, case.interests, at=at, is_joint=joint, heard_before=case.heard_before)
    await _record(session, case, proposal, split, seats, able, actor=actor, at=at)


async def act_as_chair(
    session: AsyncSession, number: str, proposal: Proposal, shares: Sequence[Share] | None, *, actor: str, at: datetime
) -> None:
    """What cannot wait for a meeting: a chair approves alone, and the next meeting ratifies it or not.

    Raises as `decide` does without what is a meeting's, and Conflict `not-urgent`, BadValue
    `only-approvals-are-urgent`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    case.after(Step.CHAIR_ACTION)
    case.check_order_waits()
    chair = case.member(actor)
    check_chair(chair, case.interests, at=None)
    check_chair_action(is_urgent=case.row["is_urgent"], kind=proposal.kind)
    check_proposal(proposal, today=uk_date(at))
    split = await _split(session, case, proposal, shares)
    able = [chair] if chair else []
    await _record(session, case, proposal, split, [], able, actor=actor, at=at, is_chair_action=True)


async def _record(
    session: AsyncSession,
    case: CaseRecord,
    proposal: Proposal,
    split: Sequence[dict[str, Any]],
    seats: Sequence[Seat],
    able: Sequence[Seat],
    *,
    actor: str,
    at: datetime,
    is_chair_action: bool = False,
) -> None:
    """Write the decision down, and let the order follow it."""
    state = case.after(Step.CHAIR_ACTION if is_chair_action else Step.DECIDE)
    against = _weigh(case, proposal, able, is_chair_action=is_chair_action)
    details: dict[str, Any] = {"is_chair_action": is_chair_action, "actor": actor, "at": at}
    seen = _seen(case, seats, able) | against
    seen |= {"held_on": None if is_chair_action else case.row["held_on"].isoformat()}
    decision_id, digest = await _write(session, case, proposal, split, seen, **details)
    changed = update(PanelCase).where(col(PanelCase.id) == case.id)
    await session.execute(changed.values(state=state, meeting_id=None, version=case.version + 1))
    facts = {"decision": proposal.kind.value, "number": decision_id, "digest": digest}
    verb = "panel_chair_acted" if is_chair_action else "panel_decided"
    await audit.record(session, verb, case.subject, actor=actor, at=at, **facts)
    if proposal.kind.approves:
        # First of all that follows: what was charged already is locked with what is held.
        await fund_order(session, case, split, settles=not is_chair_action, actor=actor, at=at)
    await _follow(session, case, proposal, decision_id, actor=actor, at=at)


async def _split(
    session: AsyncSession, case: CaseRecord, proposal: Proposal, shares: Sequence[Share] | None
) -> list[dict[str, Any]]:
    """Who pays: of what is approved, and nobody of anything else. What is sent is checked all the same."""
    found = await read_split(session, case.shares if shares is None else shares, field="funding")
    if proposal.kind.approves and not found:
        detail = "Say who pays: the shares come to 0 %, and must come to exactly 100 %."
        raise BadValue("funding-not-100-percent", detail, field="funding")
    return found if proposal.kind.approves else []


async def _write(
    session: AsyncSession,
    case: CaseRecord,
    proposal: Proposal,
    split: Sequence[dict[str, Any]],
    seen: dict[str, Any],
    *,
    is_chair_action: bool,
    actor: str,
    at: datetime,
) -> tuple[int, str]:
    """The decision with its conditions and what each funder pays; returns its number, and the hash of what was seen."""
    digest = digest_of(seen)
    values = {
        "case_id": case.id,
        "supersedes_id": case.holds[0].number if case.holds else None,
        "kind": proposal.kind,
        "reasons": proposal.reasons,
        "alternative": proposal.alternative or "",
        "information": list(proposal.information),
        "review_on": proposal.review_on,
        "expires_on": expires_on(proposal, today=uk_date(at), days=case.row["approval_days"]),
        "meeting_id": None if is_chair_action else case.row["meeting_id"],
        "is_chair_action": is_chair_action,
        "value_pence": case.value_pence,
        "seen": seen,
        "digest": digest,
        "decided_at": at,
        "decided_by": actor,
    }
    made = await session.execute(insert(PanelDecision).values(**values).returning(col(PanelDecision.id)))
    decision_id = int(made.scalar_one())
    conditions = [
        {"decision_id": decision_id, "position": place, "kind": one.kind, "detail": one.detail}
        for place, one in enumerate(proposal.conditions, start=1)
    ]
    if conditions:
        await session.execute(insert(PanelCondition), conditions)
    pence = allot(case.value_pence, [Share(str(one["funder_id"]), one["percent"]) for one in split])
    rows = [
        {**one, "decision_id": decision_id, "position": place, "pence": part.pence}
        for place, (one, part) in enumerate(zip(split, pence, strict=True), start=1)
    ]
    if rows:
        await session.execute(insert(PanelAllotment), rows)
    return decision_id, digest


def _weigh(case: CaseRecord, proposal: Proposal, able: Sequence[Seat], *, is_chair_action: bool) -> dict[str, Any]:
    """Who recommended otherwise since the decision before, and why it is decided against them. Between meetings whoever
    recommended something counts, too."""
    since = str(case.newest["decided_at"]) if case.newest else ""
    said = {
        one["username"]: DecisionKind(one["kind"])
        for one in case.row["recommendations"]
        if not since or datetime.fromisoformat(one["made_at"]) > datetime.fromisoformat(since)
    }
    barred = {one.username for one in case.interests}
    count = {seat.username for seat in able} | ({*said} - barred if is_chair_action else set())
    against = dissenters(proposal.kind, said, count)
    check_why_against(against, count, proposal.why_against)
    dissent = [{"username": username, "kind": kind.value} for username, kind in against.items()]
    return {"dissent": dissent, "why_against": proposal.why_against}


def _seen(case: CaseRecord, seats: Sequence[Seat], able: Sequence[Seat]) -> dict[str, Any]:
    """Everything that the panel had before it, and who was there, in the form in which it is frozen."""
    at_meeting = [
        {
            "username": seat.username,
            "side": seat.side.value,
            "arrived_at": seat.arrived_at.isoformat() if seat.arrived_at else None,
            "left_at": seat.left_at.isoformat() if seat.left_at else None,
        }
        for seat in seats
    ]
    names = {seat.username: seat.name for seat in (*seats, *able)}
    interests = [
        {"username": one.username, "kind": one.kind.value, "detail": one.detail, "declared_by": one.declared_by}
        for one in case.interests
    ]
    return {
        "case": content_json(case.row),
        "attendance": at_meeting,
        "interests": interests,
        "recommendations": case.row["recommendations"],
        "screenings": case.row["screenings"],
        "took_part": [seat.username for seat in able],
        "quorum": case.terms.quorum,
        "names": names | {case.row["made_by"]: case.row["made_by_name"]},
        "appeal": case.appeal,
    }


async def _follow(
    session: AsyncSession, case: CaseRecord, proposal: Proposal, decision_id: int, *, actor: str, at: datetime
) -> None:
    """What follows for the order: it goes on, it ends, or it waits for what the panel asked."""
    # Whoever picks and delivers sees the conditions with the order, not the case.
    conditions = [one.detail or one.kind.text for one in proposal.conditions]
    kinds = sorted({one.kind.value for one in proposal.conditions})
    facts: dict[str, Any] = {"panel_decision": decision_id, "panel_conditions": conditions}
    facts |= {"panel_condition_kinds": kinds}
    if case.appeal and await settle_appeal(session, case, proposal, decision_id, facts, actor=actor, at=at):
        return
    if await settle_again(session, case, proposal.kind, decision_id, facts, actor=actor, at=at):
        return
    if proposal.kind.approves:
        facts |= await bind_order(session, case, proposal.conditions, actor=actor, at=at)
        await approve_order(session, case, facts, note=proposal.reasons, actor=actor, at=at)
    elif proposal.kind is DecisionKind.DECLINE:
        await decline_order(session, case, facts, reason=proposal.reasons, actor=actor, at=at)
    else:
        body = _asked_for(proposal)
        await tell_presenter(session, case, "was deferred", body, actor=actor, at=at)


def _asked_for(proposal: Proposal) -> str:
    wanted = "".join(f"\n- {one}" for one in proposal.information)
    said = f"The panel asks for:{wanted}\n" if wanted else "The panel asks for more information. "
    by = f"Answer by {in_words(proposal.review_on)}: read" if proposal.review_on else "Read"
    return f"{said}{by} the case, mend it, and submit it again."
