"""Meetings of a panel: who is invited, who is there, and which cases are heard in which order."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound
from app.domain.panel import Step
from app.domain.panel_meeting import Seat, Side
from app.features.panel.records import read_case
from app.models import PanelCase, PanelListing, PanelMeeting

PANEL = text("SELECT id, code, name FROM panel WHERE upper(code) = upper(:code)")
MEMBERS = text("""
    SELECT account.id, account.username, side, is_chair FROM panel_member JOIN account ON account.id = account_id
    WHERE panel_id = :panel_id AND account.is_active ORDER BY account.username
""")
MEETING = text("""
    SELECT meeting.id, meeting.panel_id, panel.code, panel.name FROM panel_meeting AS meeting
    JOIN panel ON panel.id = meeting.panel_id WHERE meeting.id = :meeting_id FOR UPDATE OF meeting
""")
SEATS = text("""
    SELECT account.username, account.name, seat.side, seat.is_chair, seat.arrived_at, seat.left_at
    FROM panel_seat AS seat JOIN account ON account.id = seat.account_id
    WHERE seat.meeting_id = :meeting_id ORDER BY account.username
""")
SIT = text("""
    INSERT INTO panel_seat (meeting_id, account_id, side, is_chair)
    SELECT :meeting_id, account_id, side, is_chair FROM panel_member JOIN account ON account.id = account_id
    WHERE panel_id = :panel_id AND account.username = ANY(:usernames)
    ON CONFLICT DO NOTHING
""")
# Who is named came now, or is there still; who was there and is not named has left now.
ATTEND = text("""
    UPDATE panel_seat AS seat
    SET arrived_at = CASE WHEN is_there.so AND (seat.arrived_at IS NULL OR seat.left_at IS NOT NULL) THEN :at
                          ELSE seat.arrived_at END,
        left_at = CASE WHEN is_there.so OR seat.arrived_at IS NULL THEN NULL ELSE COALESCE(seat.left_at, :at) END
    FROM account, LATERAL (SELECT account.username = ANY(:present) AS so) AS is_there
    WHERE account.id = seat.account_id AND seat.meeting_id = :meeting_id
""")
PLACE = text("SELECT COALESCE(max(position), 0) + 1 FROM panel_listing WHERE meeting_id = :meeting_id")


async def make_meeting(
    session: AsyncSession, code: str, *, held_on: date, members: Sequence[str], actor: str, at: datetime
) -> int:
    """Schedule a meeting of a panel; returns its number. Nobody named: every member is invited.

    Raises BadValue `unknown-panel`, `not-a-member`, NotAllowed `not-the-chair`.
    """
    panel = (await session.execute(PANEL, {"code": code})).one_or_none()
    if panel is None:
        raise BadValue("unknown-panel", "There is no panel with this code.", field="panel")
    known = await _members(session, panel.id)
    _check_chair(known, actor, panel.name)
    invited = list(members) or list(known)
    _check_members(invited, known, panel.name, field="members")
    values = {"panel_id": panel.id, "held_on": held_on, "made_at": at, "made_by": actor}
    made = await session.execute(insert(PanelMeeting).values(**values).returning(col(PanelMeeting.id)))
    meeting_id = int(made.scalar_one())
    await session.execute(SIT, {"meeting_id": meeting_id, "panel_id": panel.id, "usernames": invited})
    facts: dict[str, Any] = {"panel": panel.code, "held_on": held_on.isoformat(), "invited": ", ".join(invited)}
    await audit.record(session, "panel_meeting_scheduled", _subject(meeting_id), actor=actor, at=at, **facts)
    return meeting_id


async def record_attendance(
    session: AsyncSession, meeting_id: int, present: Sequence[str], *, actor: str, at: datetime
) -> None:
    """Say who is there now: who is named has come, who was there and is not named has left. A member who was not
    invited may come too.

    Raises NotFound `unknown-meeting`, NotAllowed `not-the-chair`, BadValue `not-a-member`.
    """
    meeting = await _lock_meeting(session, meeting_id)
    known = await _members(session, meeting.panel_id)
    _check_chair(known, actor, meeting.name)
    _check_members(present, known, meeting.name, field="present")
    names = sorted(set(present))
    await session.execute(SIT, {"meeting_id": meeting_id, "panel_id": meeting.panel_id, "usernames": names})
    await session.execute(ATTEND, {"meeting_id": meeting_id, "present": names, "at": at})
    said = ", ".join(names)
    await audit.record(session, "panel_attendance_recorded", _subject(meeting_id), actor=actor, at=at, present=said)


async def list_case_in(session: AsyncSession, meeting_id: int, number: str, *, actor: str, at: datetime) -> None:
    """Put a screened case on the agenda, after those that are there.

    Raises NotFound `unknown-meeting`, `unknown-case`, NotAllowed, WrongState, Conflict `another-panel`,
    `order-not-waiting`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    meeting = await _lock_meeting(session, meeting_id)
    _check_chair(await _members(session, meeting.panel_id), actor, meeting.name)
    if case.row["panel_id"] != meeting.panel_id:
        detail = f"{case.row['panel_name']} decides this case, and this is a meeting of {meeting.name}."
        raise Conflict("another-panel", detail)
    state = case.after(Step.LIST)
    case.check_order_waits()
    place = await session.scalar(PLACE, {"meeting_id": meeting_id})
    values = {"meeting_id": meeting_id, "case_id": case.id, "position": place, "listed_at": at, "listed_by": actor}
    await session.execute(insert(PanelListing).values(**values))
    changed = update(PanelCase).where(col(PanelCase.id) == case.id)
    await session.execute(changed.values(state=state, meeting_id=meeting_id, version=case.version + 1))
    await audit.record(session, "panel_case_listed", case.subject, actor=actor, at=at, meeting=meeting_id)


async def read_seats(session: AsyncSession, meeting_id: int) -> list[Seat]:
    """Who is invited to a meeting, and when they came and left. One statement."""
    rows = await session.execute(SEATS, {"meeting_id": meeting_id})
    return [Seat(row[0], row[1], Side(row[2]), *row[3:]) for row in rows]


async def _lock_meeting(session: AsyncSession, meeting_id: int) -> Any:
    found = (await session.execute(MEETING, {"meeting_id": meeting_id})).one_or_none()
    if found is None:
        raise NotFound("unknown-meeting", "There is no meeting with this number.", field="meeting_id")
    return found


async def _members(session: AsyncSession, panel_id: int) -> dict[str, bool]:
    """The usernames of a panel's members, and whether each chairs it."""
    rows = await session.execute(MEMBERS, {"panel_id": panel_id})
    return {row.username: row.is_chair for row in rows}


def _check_chair(known: dict[str, bool], actor: str, panel: str) -> None:
    if not known.get(actor):
        raise NotAllowed("not-the-chair", f"Only a chair of {panel} keeps its meetings.")


def _check_members(named: Sequence[str], known: dict[str, bool], panel: str, *, field: str) -> None:
    strangers = [username for username in named if username not in known]
    if strangers:
        detail = f"{strangers[0]} does not sit on {panel}. Its members: {', '.join(known)}."
        raise BadValue("not-a-member", detail, field=field)


def _subject(meeting_id: int) -> str:
    return f"panel_meeting:{meeting_id}"
