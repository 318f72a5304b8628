"""A meeting as it goes: its agenda is put in order before it, notes are taken meanwhile, and the chair ends it."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotAllowed, NotFound
from app.domain.panel import Step
from app.domain.panel_agenda import (
    AgendaChange,
    check_being_held,
    check_can_close,
    check_can_rearrange,
    check_open,
    rearrange,
)
from app.features.panel.meetings import LOCK, MEETING, everybody_left, lock_meeting, meeting_subject, read_seats
from app.features.panel.records import read_case
from app.models import PanelCase, PanelMeeting, PanelMinute

AGENDA = text("""
    SELECT brought.number FROM panel_listing AS listing JOIN panel_case AS brought ON brought.id = listing.case_id
    WHERE listing.meeting_id = :meeting_id AND taken_off_at IS NULL ORDER BY position
""")
PLACES = text("""
    UPDATE panel_listing SET position = place
    FROM unnest(CAST(:numbers AS text[])) WITH ORDINALITY AS wanted (number, place)
    JOIN panel_case ON panel_case.number = wanted.number
    WHERE panel_listing.meeting_id = :meeting_id AND panel_listing.case_id = panel_case.id
""")
TAKE_OFF = text("""
    UPDATE panel_listing SET taken_off_at = :at, taken_off_by = :actor
    WHERE meeting_id = :meeting_id AND case_id = :case_id
""")
LISTED = text("""
    SELECT brought.id FROM panel_listing AS listing JOIN panel_case AS brought ON brought.id = listing.case_id
    WHERE listing.meeting_id = :meeting_id AND taken_off_at IS NULL AND brought.number = upper(:number)
""")
# What was not decided waits for another meeting. Each is locked by this, in its order.
CARRY_OVER = text("""
    UPDATE panel_case SET state = 'screened', meeting_id = NULL, version = version + 1
    WHERE id IN (SELECT id FROM panel_case WHERE meeting_id = :meeting_id ORDER BY id FOR UPDATE)
    RETURNING number
""")


async def change_agenda(
    session: AsyncSession, meeting_id: int, number: str, change: AgendaChange, *, actor: str, at: datetime
) -> None:
    """Move a case up or down the agenda, or take it off, until the meeting begins.

    Raises NotFound `unknown-case`, `unknown-meeting`, NotAllowed, Conflict `meeting-is-closed`, `meeting-has-begun`,
    `not-on-the-agenda`, WrongState.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    meeting, _ = await lock_meeting(session, meeting_id, actor=actor)
    check_can_rearrange(has_begun=meeting.has_begun)
    agenda = list(await session.scalars(AGENDA, {"meeting_id": meeting_id}))
    if case.number not in agenda:
        raise Conflict("not-on-the-agenda", f"Case {case.number} is not on the agenda of this meeting.")
    if change is AgendaChange.OFF:
        values: dict[str, Any] = {"meeting_id": meeting_id, "case_id": case.id, "at": at, "actor": actor}
        await session.execute(TAKE_OFF, values)
        if case.row["meeting_id"] == meeting_id:
            state = case.after(Step.TAKE_OFF)
            changed = update(PanelCase).where(col(PanelCase.id) == case.id)
            await session.execute(changed.values(state=state, meeting_id=None, version=case.version + 1))
    numbers = rearrange(agenda, case.number, change)
    await session.execute(PLACES, {"meeting_id": meeting_id, "numbers": numbers})
    verb, facts = "panel_agenda_changed", {"meeting": meeting_id, "change": change.value}
    await audit.record(session, verb, case.subject, actor=actor, at=at, **facts)


async def take_note(
    session: AsyncSession, meeting_id: int, note: str, *, case: str | None, actor: str, at: datetime
) -> None:
    """Take something down, about a case of the agenda or about none, by somebody who is there.

    Raises NotFound `unknown-meeting`, NotAllowed `not-at-the-meeting`, Conflict `meeting-is-closed`, `not-begun`,
    `not-on-the-agenda`.
    """
    await session.execute(LOCK, {"meeting_id": meeting_id})
    meeting = (await session.execute(MEETING, {"meeting_id": meeting_id})).one_or_none()
    seats = {seat.username: seat for seat in await read_seats(session, meeting_id)}
    if meeting is None:
        raise NotFound("unknown-meeting", "There is no meeting with this number.")
    check_open(is_closed=meeting.is_closed)
    check_being_held(has_begun=meeting.has_begun)
    if actor not in seats or not seats[actor].is_there(at):
        raise NotAllowed("not-at-the-meeting", "Only those who are recorded as there take notes of a meeting.")
    case_id = None
    if case:
        case_id = await session.scalar(LISTED, {"meeting_id": meeting_id, "number": case})
        if case_id is None:
            raise Conflict("not-on-the-agenda", f"Case {case} is not on the agenda of this meeting.")
    values = {"meeting_id": meeting_id, "case_id": case_id, "note": note, "made_at": at, "made_by": actor}
    await session.execute(insert(PanelMinute).values(**values))
    facts = {"case": case.upper()} if case else {}
    await audit.record(session, "panel_note_taken", meeting_subject(meeting_id), actor=actor, at=at, **facts)


async def close_meeting(session: AsyncSession, meeting_id: int, *, actor: str, at: datetime) -> list[str]:
    """End the meeting: what was taken down stays as it is. Gives the cases that were not decided: they wait for another
    meeting.

    Raises NotFound `unknown-meeting`, NotAllowed `not-the-chair`, Conflict `meeting-is-closed`, `not-begun`.
    """
    # Cases are locked before meetings, as wherever one is listed.
    left = sorted(await session.scalars(CARRY_OVER, {"meeting_id": meeting_id}))
    meeting, _ = await lock_meeting(session, meeting_id, actor=actor)
    check_can_close(meeting.held_on, uk_date(at), has_begun=meeting.has_begun)
    await everybody_left(session, meeting_id, actor=actor, at=at)
    ended = update(PanelMeeting).where(col(PanelMeeting.id) == meeting_id)
    await session.execute(ended.values(closed_at=at, closed_by=actor))
    facts = {"not_decided": ", ".join(left)}
    await audit.record(session, "panel_meeting_closed", meeting_subject(meeting_id), actor=actor, at=at, **facts)
    return left
