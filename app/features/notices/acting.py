"""What is done about one item that a notice covers: recorded line by line, and what follows from each for its hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, rematching, safety
from app.domain.access import Permission
from app.domain.clearance import HoldKind
from app.domain.errors import NotFound
from app.domain.labels import display
from app.domain.notice_acts import (
    Act,
    Place,
    Standing,
    check_act,
    check_details,
    check_notice,
    is_to_escalate,
    outcome_after,
    wants_hold,
)
from app.domain.notice_parsing import read_scope
from app.domain.notice_work import Cause, Handling, MatchAction, MatchOutcome, hold_reason
from app.domain.notices import Result
from app.domain.safety_notices import NoticeState
from app.features.notices.match_sql import IS_APART, PLACE
from app.models import NoticeAnswer, NoticeMatch, NoticeMatchAction
from app.web.who import tell_all_who_may

# Shared: many may work on the items of a notice at once, and whoever closes it waits for all of them.
LOCK_NOTICE = text("SELECT id, reference, title, state FROM safety_notice WHERE id = :notice_id FOR SHARE")
LOCK_ITEM = text("SELECT id FROM item WHERE barcode = :barcode FOR UPDATE")
# By a statement of its own, so that what was written while it waited for the item is seen.
READ = text(f"""
    SELECT match.id, match.item_id, item.barcode, match.result, match.outcome, {IS_APART} AS is_apart, {PLACE} AS place,
           scope.id AS scope_id, scope.lines, scope.handling, held.id AS open_hold, acts.all_acts
    FROM notice_match AS match JOIN item ON item.id = match.item_id
    JOIN notice_scope AS scope ON scope.id = (
        SELECT scope_id FROM notice_activation WHERE notice_id = match.notice_id ORDER BY id DESC LIMIT 1)
    LEFT JOIN hold AS held
      ON held.notice_id = match.notice_id AND held.item_id = match.item_id AND held.lifted_at IS NULL
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('action', action, 'by', recorded_by, 'answers', answers) ORDER BY id)
               AS all_acts
        FROM notice_match_action WHERE match_id = match.id
    ) AS acts ON true
    WHERE match.notice_id = :notice_id AND item.barcode = :barcode
""")  # noqa: S608 - the parts are constants


ONLY_TRIED = frozenset({MatchAction.CONTACTED, MatchAction.NO_ACCESS})
"""They say nothing about the item itself, so they do not touch its hold."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it: what the notice means for the item now, how its work stands, whether the manager was told."""

    result: Result
    outcome: MatchOutcome | None
    is_held: bool
    is_escalated: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says that they did."""

    action: MatchAction
    notes: str
    channel: str = ""
    answers: Mapping[str, bool] | None = None


async def record_action(
    session: AsyncSession, notice_id: int, barcode: str, told: Told, *, after_tries: int, actor: str, at: datetime
) -> Recorded:
    """Record what was done about an item. An answer decides at once whether the notice covers it; a hold ends only
    where evidence clears it, or another person has checked its correction.

    Raises NotFound `unknown-notice`, `not-covered`, and what `notice_acts.check_notice`, `check_act` and
    `check_details` raise.
    """
    answers = dict(told.answers or {})
    # First of all, where something is said that notices ask about: an activation that is going on would not see it.
    in_force = await rematching.read_in_force(session) if answers else []
    notice = (await session.execute(LOCK_NOTICE, {"notice_id": notice_id})).one_or_none()
    if notice is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    await session.execute(LOCK_ITEM, {"barcode": barcode})
    row = await _read(session, notice_id, barcode)
    check_notice(NoticeState(notice.state), is_after_closing=row.is_apart)
    acts = tuple(Act(MatchAction(one["action"]), one["by"], one["answers"]) for one in row.all_acts or ())
    standing = _standing(row, acts)
    check_act(told.action, standing, actor=actor)
    questions = read_scope(row.lines).questions if told.action is MatchAction.INSPECTED else ()
    check_details(told.action, channel=told.channel, answers=answers, questions=questions)

    await _write(session, row, told, answers, actor=actor, at=at)
    if answers:
        items, cause = {row.item_id: row.barcode}, Cause.INSPECTION
        await rematching.ask_about_items(session, in_force, items, cause=cause, actor=actor, at=at)
        row = await _read(session, notice_id, barcode)
        standing = _standing(row, acts)
    changes: dict[str, Any] = {}
    now = outcome_after(told.action, standing, answers=answers)
    if now is not standing.outcome:
        changes |= {"outcome": now, "finished_at": at if now else None, "finished_by": actor if now else None}
    wanted, is_held = wants_hold(Handling(row.handling), now), row.open_hold is not None
    if wanted is not is_held and (now is not standing.outcome or told.action not in ONLY_TRIED):
        why = hold_reason(notice.reference, standing.result, notice.title)
        changes |= await _keep_hold(session, row, notice, why, lifted_by=now, actor=actor, at=at)
        is_held = wanted
    if changes:
        await session.execute(update(NoticeMatch).where(col(NoticeMatch.id) == row.id).values(**changes))
    facts = {"notice": notice.reference, "done": told.action.value, "result": standing.result.value}
    await audit.record(session, "notice_item_acted_on", f"item:{barcode}", actor=actor, at=at, **facts)
    tries = replace(standing, acts=(*acts, Act(told.action, actor))).tries
    is_told = told.action is MatchAction.NO_ACCESS and is_to_escalate(tries, after_tries=after_tries)
    if is_told:
        await _tell_managers(session, notice, barcode, tries, actor=actor, at=at)
    return Recorded(standing.result, now, is_held, is_told)


async def _read(session: AsyncSession, notice_id: int, barcode: str) -> Any:
    """The item's match, which nobody else changes until the end. Raises NotFound `not-covered`."""
    row = (await session.execute(READ, {"notice_id": notice_id, "barcode": barcode})).one_or_none()
    if row is None or row.outcome == MatchOutcome.NOT_COVERED:
        raise NotFound("not-covered", "This notice does not cover an item with this asset tag.")
    return row


def _standing(row: Any, acts: tuple[Act, ...]) -> Standing:
    outcome = MatchOutcome(row.outcome) if row.outcome else None
    return Standing(Place(row.place), Result(row.result), outcome, acts)


async def _write(
    session: AsyncSession, row: Any, told: Told, answers: Mapping[str, bool], *, actor: str, at: datetime
) -> None:
    line = {"match_id": row.id, "action": told.action, "channel": told.channel, "notes": told.notes}
    line |= {"answers": answers, "recorded_at": at, "recorded_by": actor}
    made = insert(NoticeMatchAction).values(**line).returning(col(NoticeMatchAction.id))
    number = (await session.execute(made)).scalar_one()
    if answers:
        seen = {"item_id": row.item_id, "match_action_id": number, "seen_at": at, "seen_by": actor}
        lines = [seen | {"question": question, "is_so": is_so} for question, is_so in answers.items()]
        await session.execute(insert(NoticeAnswer), lines)


async def _keep_hold(
    session: AsyncSession, row: Any, notice: Any, why: str, *, lifted_by: MatchOutcome | None, actor: str, at: datetime
) -> dict[str, Any]:
    """Lift the hold where the work ended with the item free; else place it, also where its end was wrong."""
    if row.open_hold:
        ended = f"{notice.reference}: {lifted_by.text.lower() if lifted_by else 'advice only'}."
        await safety.lift_each(session, {row.open_hold: row.barcode}, reason=ended, actor=actor, at=at)
        return {}
    items, notice_id = {row.item_id: row.barcode}, notice.id
    kind = HoldKind.SAFETY_NOTICE
    holds = await safety.hold_each(session, items, kind=kind, reason=why, notice_id=notice_id, actor=actor, at=at)
    return {
        "hold_id": holds[row.item_id],
        "first_blocked_at": func.coalesce(col(NoticeMatch.first_blocked_at), at),
    }


async def _tell_managers(
    session: AsyncSession, notice: Any, barcode: str, tries: int, *, actor: str, at: datetime
) -> None:
    body = (
        f"{tries} visits about {display(barcode)} were in vain. Safety notice {notice.reference}, “{notice.title}”, "
        "covers it, and it is in use at somebody's home.\n\n"
        "Decide what is done: write, ask who cares for them, or stop its use. You find the home under Safety notices, "
        f"{notice.reference}, Homes."
    )
    letter = {
        "purpose": "notice_no_access",
        "subject": f"{notice.reference}: no access after {tries} tries",
        "body": body,
        "about": f"safety_notice:{notice.reference}",
    }
    await tell_all_who_may(session, Permission.RESOLVE_VISITS, letter, actor=actor, at=at)
