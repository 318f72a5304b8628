"""What is done about the items that a notice covers: recorded line by line, and what follows from each for its hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, rematching, safety
from app.domain.access import Permission
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Fault, Incomplete, NotFound, RuleError
from app.domain.labels import display
from app.domain.notice_acts import (
    check_act,
    check_details,
    check_list_asked,
    check_notes,
    check_notice,
    check_seen_at_home,
    is_to_confirm,
    is_to_escalate,
    outcome_after,
    wants_hold,
)
from app.domain.notice_scope import Scope
from app.domain.notice_standing import Act, Place, Reading, Standing
from app.domain.notice_work import Cause, Handling, MatchAction, MatchOutcome, hold_reason
from app.domain.notices import Result
from app.domain.safety_notices import NoticeState
from app.features.notices import match_queries
from app.features.notices.label_reading import NOT_READ, Label, keep_serial, leave_to_another
from app.features.notices.match_sql import IS_APART, PLACE, READINGS
from app.models import NoticeAnswer, NoticeMatchAction
from app.notice_matches import Caught
from app.web.who import tell_all_who_may

# Shared: many may work on the items of a notice at once, and whoever closes it waits for all of them.
LOCK_NOTICE = text("SELECT id, reference, title, state FROM safety_notice WHERE id = :notice_id FOR SHARE")
LOCK_ITEMS = text("SELECT id FROM item WHERE barcode = ANY(:barcodes) ORDER BY barcode FOR UPDATE")
# By a statement of its own, so that what was written while it waited for the items is seen.
READ = text(f"""
    SELECT match.id, match.item_id, item.barcode,
           COALESCE(item.serial_number, item.lot_number, '') ~ '[0-9]' AS is_numbered,
           match.result, match.outcome, match.weakened_by, {IS_APART} AS is_apart, {PLACE} AS place,
           {READINGS} AS readings,
           scope.handling, held.id AS open_hold, acts.all_acts
    FROM notice_match AS match JOIN item ON item.id = match.item_id
    JOIN notice_scope AS scope ON scope.id = (
        SELECT scope_id FROM notice_activation WHERE notice_id = match.notice_id ORDER BY id DESC LIMIT 1)
    LEFT JOIN hold AS held
      ON held.notice_id = match.notice_id AND held.item_id = match.item_id AND held.lifted_at IS NULL
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('action', action, 'by', recorded_by, 'answers', answers,
                                            'to_confirm', to_confirm, 'sound', sound,
                                            'on', (recorded_at AT TIME ZONE 'Europe/London')::date)
                         ORDER BY id)
               AS all_acts
        FROM notice_match_action WHERE match_id = match.id
    ) AS acts ON true
    WHERE match.notice_id = :notice_id AND item.barcode = ANY(:barcodes)
      AND match.outcome IS DISTINCT FROM 'not_covered'
    ORDER BY item.barcode
""")  # noqa: S608 - the parts are constants
CHANGE = text("""
    UPDATE notice_match AS match
    SET outcome = line.outcome, hold_id = COALESCE(line.hold_id, match.hold_id),
        finished_at = CASE WHEN line.outcome = match.outcome THEN match.finished_at
                           WHEN line.outcome IS NOT NULL THEN CAST(:at AS timestamptz) END,
        finished_by = CASE WHEN line.outcome = match.outcome THEN match.finished_by
                           WHEN line.outcome IS NOT NULL THEN :actor END,
        is_after_closing = match.is_after_closing OR line.is_late,
        cause = CASE WHEN line.is_late THEN 'inspection' ELSE match.cause END,
        found_at = CASE WHEN line.is_late THEN CAST(:at AS timestamptz) ELSE match.found_at END,
        found_by = CASE WHEN line.is_late THEN :actor ELSE match.found_by END,
        first_blocked_at = COALESCE(match.first_blocked_at, CASE WHEN line.hold_id IS NOT NULL THEN :at END)
    FROM jsonb_to_recordset(CAST(:lines AS jsonb))
         AS line (match_id bigint, outcome text, hold_id bigint, is_late boolean)
    WHERE match.id = line.match_id
""")
MOST_AT_ONCE = 500
ONLY_TRIED = frozenset({MatchAction.CONTACTED, MatchAction.NO_ACCESS})
"""They say nothing about the item itself, so they do not touch its hold."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it: what the notice means for the item now, how its work stands, whether the manager was told."""

    barcode: str
    result: Result
    outcome: MatchOutcome | None
    is_held: bool
    is_escalated: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says that they did. `client_gone`: the client who had it has died, moved or gone away. `sound`: how
    they found it, if they can tell."""

    action: MatchAction
    notes: str
    channel: str = ""
    answers: Mapping[str, bool] | None = None
    serial_read: str = ""
    client_gone: bool = False
    sound: bool | None = None

    @property
    def is_evidence(self) -> bool:
        """Whether it says something that notices ask about, or that it is not sound."""
        return bool(self.answers or self.serial_read) or self.sound is False


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with what stands of it, and what is written of it now."""

    row: Any
    standing: Standing
    actor: str

    def outcome(self, told: Told) -> MatchOutcome | None:
        return outcome_after(
            told.action,
            self.standing,
            answers=told.answers or {},
            actor=self.actor,
            is_label_read=bool(told.serial_read),
            sound=told.sound,
        )

    def caught(self, notice: Any, holds: Mapping[int, int]) -> Caught:
        """As those who handle notices are told of it."""
        result = self.standing.result
        why = hold_reason(notice.reference, result, notice.title)
        hold = HoldFact(HoldKind.SAFETY_NOTICE, why, notice.reference, notice.id)
        is_held = self.row.item_id in holds
        return Caught(notice.reference, self.row.item_id, self.row.barcode, result, hold if is_held else None)

    def is_late(self, told: Told) -> bool:
        """Whether what a closing has counted is open again by this."""
        return self.standing.is_counted and self.standing.outcome is not None and self.outcome(told) is None

    def changes_hold(self, told: Told) -> bool:
        now = self.outcome(told)
        is_wanted = wants_hold(Handling(self.row.handling), now)
        is_asked = now is not self.standing.outcome or told.action not in ONLY_TRIED
        return is_asked and is_wanted is not (self.row.open_hold is not None)


async def record_actions(
    session: AsyncSession,
    notice_id: int,
    barcodes: Sequence[str],
    told: Told,
    *,
    after_tries: int,
    may_handle: bool = False,
    actor: str,
    at: datetime,
) -> list[Recorded]:
    """Record the same of each of these items, or of none. An answer decides at once whether the notice covers them; a
    hold ends only where evidence clears it, or another person has checked its correction: one look at many clears none
    of them alone. `may_handle`: whether the actor handles notices, and may say what the maker answered. The statements
    are as many for any number of items.

    Raises NotFound `unknown-notice`, BadValue as `notice_acts.check_details` does; of one item NotFound `not-covered`
    and what `check_notice` and `check_act` raise, and of several Incomplete `not-recorded` with that for each.
    """
    # First of all, where something is said that notices ask about: an activation that is going on would not see it.
    in_force = await rematching.read_in_force(session) if told.is_evidence else []
    notice = (await session.execute(LOCK_NOTICE, {"notice_id": notice_id})).one_or_none()
    if notice is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    await session.execute(LOCK_ITEMS, {"barcodes": list(barcodes)})
    items = await _read(session, notice, barcodes, actor)
    _check_each(notice, barcodes, items, told, actor)
    asks = told.action is MatchAction.INSPECTED
    scope = await match_queries.read_scope_in_force(session, notice_id) if asks else Scope(())
    check_details(
        told.action,
        channel=told.channel,
        answers=told.answers or {},
        questions=scope.questions,
        serial_read=told.serial_read,
        client_gone=told.client_gone,
        sound=told.sound,
    )
    check_notes(told.action, told.notes)
    places = {one.standing.place for one in items.values()}
    check_seen_at_home(places, told.answers or {}, scope.home_questions)
    numbered = [one.row.is_numbered for one in items.values()]
    check_list_asked(told.answers or {}, scope.list_questions, may_handle=may_handle, numbered=numbered)

    label = await _keep_label(session, items, told, actor=actor, at=at)
    await _write(session, items, told, label, actor=actor, at=at)
    if told.is_evidence:
        asked, cause = {one.row.item_id: barcode for barcode, one in items.items()}, Cause.INSPECTION
        await rematching.ask_about_items(session, in_force, asked, cause=cause, actor=actor, at=at)
        if label.is_contrary or len(items) > 1:
            await leave_to_another(session, list(asked), keeps=not label.is_contrary, actor=actor)
        before, items = items, await _read(session, notice, barcodes, actor)
        # What was recorded just now is no part of what stood before it.
        items = {barcode: replace(one, standing=replace(one.standing, acts=before[barcode].standing.acts))
                 for barcode, one in items.items()}  # fmt: skip
    holds = await _change(session, notice, items, told, actor=actor, at=at)
    late = [one.caught(notice, holds) for one in items.values() if one.is_late(told)]
    for one in in_force:
        if one.notice_id == notice_id:
            await rematching.tell_of_late(session, one, late, actor=actor, at=at)
    acts: list[tuple[str, Mapping[str, audit.Detail]]] = [
        (
            f"item:{barcode}",
            {"notice": notice.reference, "done": told.action.value, "result": one.standing.result.value},
        )
        for barcode, one in items.items()
    ]
    await audit.record_each(session, "notice_item_acted_on", acts, actor=actor, at=at)
    now = Act(told.action, actor, on=uk_date(at))
    in_vain = {
        barcode
        for barcode, one in items.items()
        if told.action is MatchAction.NO_ACCESS
        and is_to_escalate(one.standing.tries, one.standing.with_act(now).tries, after_tries=after_tries)
    }
    if in_vain:
        await _tell_managers(session, notice, sorted(in_vain), after_tries, actor=actor, at=at)
    return [_recorded(one, told, barcode in in_vain) for barcode, one in items.items()]


async def _keep_label(
    session: AsyncSession, items: Mapping[str, _Item], told: Told, *, actor: str, at: datetime
) -> Label:
    if not told.serial_read:
        return NOT_READ
    if len(items) != 1:
        raise BadValue("one-label", "A serial number is of one item. Record it of that one alone.", field="serial_read")
    [item] = items.values()
    return await keep_serial(session, item.row.item_id, told.serial_read, actor=actor, at=at)


async def _read(session: AsyncSession, notice: Any, barcodes: Sequence[str], actor: str) -> dict[str, _Item]:
    """Those that the notice covers, which nobody else changes until the end, by barcode."""
    rows = await session.execute(READ, {"notice_id": notice.id, "barcodes": list(barcodes)})
    items = {}
    for row in rows:
        acts = tuple(
            Act(
                MatchAction(one["action"]),
                one["by"],
                one["answers"],
                date.fromisoformat(one["on"]),
                one["to_confirm"],
                one["sound"],
            )
            for one in row.all_acts or ()
        )
        outcome = MatchOutcome(row.outcome) if row.outcome else None
        is_counted = notice.state == NoticeState.CLOSED and not row.is_apart
        place, result, is_held = Place(row.place), Result(row.result), row.open_hold is not None
        readings = tuple(Reading(**one) for one in row.readings or ())
        standing = Standing(place, result, outcome, acts, is_counted, is_held, row.weakened_by, readings)
        items[row.barcode] = _Item(row, standing, actor)
    return items


def _check_each(notice: Any, barcodes: Sequence[str], items: Mapping[str, _Item], told: Told, actor: str) -> None:
    faults = []
    for place, barcode in enumerate(barcodes):
        try:
            _check(notice, items.get(barcode), told, actor)
        except RuleError as error:
            if len(barcodes) == 1:
                raise
            faults.append(Fault(str(place), error.code, error.detail))
    if faults:
        cannot = (
            f"{len(faults)} of {len(barcodes)} items cannot take it" if len(faults) > 1 else "1 item cannot take it"
        )
        detail = f"Nothing is recorded: {cannot}. Leave out what cannot, or record something else of it."
        raise Incomplete("not-recorded", detail, field="barcodes", faults=faults)


def _check(notice: Any, item: _Item | None, told: Told, actor: str) -> None:
    if item is None:
        raise NotFound("not-covered", "This notice does not cover an item with this asset tag.")
    check_notice(NoticeState(notice.state))
    check_act(told.action, item.standing, actor=actor, client_gone=told.client_gone)


def _recorded(item: _Item, told: Told, is_escalated: bool) -> Recorded:
    is_held = (item.row.open_hold is not None) is not item.changes_hold(told)
    return Recorded(item.row.barcode, item.standing.result, item.outcome(told), is_held, is_escalated)


async def _write(
    session: AsyncSession, items: Mapping[str, _Item], told: Told, label: Label, *, actor: str, at: datetime
) -> None:
    answers = dict(told.answers or {})
    said: dict[str, Any] = {"action": told.action, "channel": told.channel, "notes": told.notes, "answers": answers}
    said |= {"recorded_at": at, "recorded_by": actor, "serial_read": label.read, "serial_before": label.before}
    said["sound"] = told.sound
    lines = [
        {**said, "match_id": one.row.id, "to_confirm": is_to_confirm(told.action, one.standing)}
        for one in items.values()
    ]
    made = insert(NoticeMatchAction).returning(col(NoticeMatchAction.id), col(NoticeMatchAction.match_id))
    numbers = {row.match_id: row.id for row in await session.execute(made, lines)}
    seen = [
        {"item_id": one.row.item_id, "match_action_id": numbers[one.row.id], "question": question, "is_so": is_so}
        for one in items.values()
        for question, is_so in answers.items()
    ]
    if seen:
        await session.execute(insert(NoticeAnswer).values(seen_at=at, seen_by=actor), seen)


async def _change(
    session: AsyncSession, notice: Any, items: Mapping[str, _Item], told: Told, *, actor: str, at: datetime
) -> dict[int, int]:
    """How the work stands now. The hold is lifted where that ended with the item free; else it is placed, also where
    its end was wrong. Returns what is placed, by item."""
    lifted: dict[MatchOutcome | None, dict[int, str]] = {}
    placed: dict[Result, dict[int, str]] = {}
    for barcode, one in items.items():
        if one.changes_hold(told) and one.row.open_hold:
            lifted.setdefault(one.outcome(told), {})[one.row.open_hold] = barcode
        elif one.changes_hold(told):
            placed.setdefault(one.standing.result, {})[one.row.item_id] = barcode
    for outcome, some in lifted.items():
        ended = f"{notice.reference}: {outcome.text.lower() if outcome else 'advice only'}."
        await safety.lift_each(session, some, reason=ended, actor=actor, at=at)
    holds: dict[int, int] = {}
    for result, some in placed.items():
        why, kind = hold_reason(notice.reference, result, notice.title), HoldKind.SAFETY_NOTICE
        holds |= await safety.hold_each(session, some, kind=kind, reason=why, notice_id=notice.id, actor=actor, at=at)
    lines = [
        {
            "match_id": one.row.id,
            "outcome": one.outcome(told),
            "hold_id": holds.get(one.row.item_id),
            "is_late": one.is_late(told),
        }
        for one in items.values()
        if one.row.item_id in holds or one.outcome(told) is not one.standing.outcome
    ]
    if lines:
        await session.execute(CHANGE, {"lines": json.dumps(lines), "actor": actor, "at": at})
    return holds


async def _tell_managers(
    session: AsyncSession, notice: Any, barcodes: Sequence[str], tries: int, *, actor: str, at: datetime
) -> None:
    which = ", ".join(display(barcode) for barcode in barcodes)
    body = (
        f"{tries} visits about {which} were in vain. Safety notice {notice.reference}, “{notice.title}”, "
        f"covers {'it, and it is' if len(barcodes) == 1 else 'them, and they are'} in use at somebody's home.\n\n"
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
