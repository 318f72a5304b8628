"""Meetings of a panel: who is invited, who is there, and which cases are heard in which order."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound
from app.domain.panel import Step
from app.domain.panel_agenda import check_day, check_not_over, check_open
from app.domain.panel_meeting import LONGEST_SITTING, Seat, Side, check_enough_others
from app.features.panel.records import read_case
from app.features.panel.telling import tell_present
from app.models import PanelCase, PanelMeeting

PANEL = text("SELECT id, code, name FROM panel WHERE upper(code) = upper(:code)")
MEMBERS = text("""
    SELECT account.id, account.username, side, is_chair FROM panel_member JOIN account ON account.id = account_id
    WHERE panel_id = :panel_id AND account.is_active ORDER BY account.username
""")
LOCK = text("SELECT id FROM panel_meeting WHERE id = :meeting_id FOR UPDATE")
MEETING = text("""
    SELECT meeting.id, meeting.panel_id, meeting.held_on, meeting.closed_at IS NOT NULL AS is_closed, panel.code,
           panel.name, panel.quorum, panel.joint_needs_both,
           EXISTS (SELECT FROM panel_seat WHERE meeting_id = meeting.id AND arrived_at IS NOT NULL) AS has_begun
    FROM panel_meeting AS meeting JOIN panel ON panel.id = meeting.panel_id WHERE meeting.id = :meeting_id
""")
# Those of the panel, and who is invited from another one; who chairs this meeting alone chairs it too.
WHO = text("""
    SELECT account.username, bool_or(known.is_chair) AS is_chair
    FROM (SELECT account_id, is_chair FROM panel_member WHERE panel_id = :panel_id
          UNION ALL SELECT account_id, is_chair FROM panel_seat
          WHERE meeting_id = :meeting_id AND (is_guest OR is_chair)
    ) AS known JOIN account ON account.id = known.account_id
    WHERE account.is_active GROUP BY account.username ORDER BY account.username
""")
# Whoever sits on this panel comes as its member, and anybody else of a panel as a guest.
INVITE = text("""
    INSERT INTO panel_seat (meeting_id, account_id, side, is_chair, is_guest)
    SELECT :meeting_id, account_id, side, :chairs OR (is_chair AND panel_id = :panel_id), panel_id <> :panel_id
    FROM panel_member JOIN account ON account.id = account_id AND account.is_active
    WHERE account.username = :username ORDER BY panel_id <> :panel_id, panel_id LIMIT 1
    ON CONFLICT (meeting_id, account_id) DO UPDATE SET is_chair = panel_seat.is_chair OR :chairs
    RETURNING is_guest
""")
SEATS = text("""
    SELECT account.username, account.name, seat.side, seat.is_chair, seat.arrived_at, seat.left_at, seat.is_guest,
           account.is_active AND EXISTS (
               SELECT FROM panel_member AS mine WHERE mine.account_id = seat.account_id
                 AND (seat.is_guest OR mine.panel_id = meeting.panel_id)) AS sits
    FROM panel_seat AS seat JOIN account ON account.id = seat.account_id
    JOIN panel_meeting AS meeting ON meeting.id = seat.meeting_id
    WHERE seat.meeting_id = :meeting_id ORDER BY account.username
""")
SIT = text("""
    INSERT INTO panel_seat (meeting_id, account_id, side, is_chair)
    SELECT :meeting_id, account_id, side, is_chair FROM panel_member JOIN account ON account.id = account_id
    WHERE panel_id = :panel_id AND account.username = ANY(:usernames)
    ON CONFLICT DO NOTHING
""")
# Gives those who have come and did not say so themselves.
CAME_OR_LEFT = text("""
    WITH wrote AS (
    INSERT INTO panel_attendance (meeting_id, account_id, came, at, recorded_by)
    SELECT seat.meeting_id, seat.account_id, account.username = ANY(:present), :at, :actor
    FROM panel_seat AS seat JOIN account ON account.id = seat.account_id
    CROSS JOIN LATERAL (SELECT seat.arrived_at IS NOT NULL AND seat.left_at IS NULL AS so) AS was_there
    WHERE seat.meeting_id = :meeting_id
      AND CASE WHEN account.username = ANY(:present) THEN NOT (was_there.so AND seat.arrived_at > :since)
               ELSE was_there.so END
    ORDER BY account.username
    RETURNING account_id, came
    ) SELECT account.username FROM wrote JOIN account ON account.id = account_id
    WHERE came AND account.username <> :actor ORDER BY account.username
""")
# Who is named came now, or is there still; who was there and is not named has left now.
ATTEND = text("""
    UPDATE panel_seat AS seat
    SET arrived_at = CASE WHEN is_there.so AND (seat.arrived_at IS NULL OR seat.left_at IS NOT NULL
                                               OR seat.arrived_at <= :since) THEN :at
                          ELSE seat.arrived_at END,
        left_at = CASE WHEN is_there.so OR seat.arrived_at IS NULL THEN NULL ELSE COALESCE(seat.left_at, :at) END
    FROM account, LATERAL (SELECT account.username = ANY(:present) AS so) AS is_there
    WHERE account.id = seat.account_id AND seat.meeting_id = :meeting_id
""")
# Nobody is in two meetings.
LEAVE_OTHERS = text("""
    WITH gone AS (
        UPDATE panel_seat AS seat SET left_at = :at FROM account, panel_meeting AS other
        WHERE account.id = seat.account_id AND account.username = ANY(:present)
          AND other.id = seat.meeting_id AND other.id <> :meeting_id AND other.closed_at IS NULL
          AND seat.arrived_at IS NOT NULL AND seat.left_at IS NULL
        RETURNING seat.meeting_id, seat.account_id
    )
    INSERT INTO panel_attendance (meeting_id, account_id, came, at, recorded_by)
    SELECT meeting_id, account_id, false, :at, :actor FROM gone ORDER BY meeting_id, account_id
""")
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('panel_attendance'))")
# What was taken off, or was deferred here and is brought again, is listed once more.
LIST = text("""
    INSERT INTO panel_listing (meeting_id, case_id, position, listed_at, listed_by)
    SELECT :meeting_id, :case_id, COALESCE(max(position), 0) + 1, :at, :actor FROM panel_listing
    WHERE meeting_id = :meeting_id
    ON CONFLICT (meeting_id, case_id) DO UPDATE
    SET position = EXCLUDED.position, listed_at = :at, listed_by = :actor, taken_off_at = NULL, taken_off_by = NULL
""")


async def make_meeting(
    session: AsyncSession, code: str, *, held_on: date, members: Sequence[str], actor: str, at: datetime
) -> int:
    """Schedule a meeting of a panel; returns its number. Nobody named: every member is invited.

    Raises BadValue `unknown-panel`, `not-a-member`, `day-is-past`, `day-too-far`, NotAllowed `not-the-chair`.
    """
    panel = (await session.execute(PANEL, {"code": code})).one_or_none()
    if panel is None:
        raise BadValue("unknown-panel", "There is no panel with this code.", field="panel")
    known = await _members(session, panel.id)
    _check_chair(known, actor, panel.name)
    check_day(held_on, uk_date(at))
    invited = list(members) or list(known)
    _check_members(invited, known, panel.name, field="members")
    values = {"panel_id": panel.id, "held_on": held_on, "made_at": at, "made_by": actor}
    made = await session.execute(insert(PanelMeeting).values(**values).returning(col(PanelMeeting.id)))
    meeting_id = int(made.scalar_one())
    await session.execute(SIT, {"meeting_id": meeting_id, "panel_id": panel.id, "usernames": invited})
    facts: dict[str, Any] = {"panel": panel.code, "held_on": held_on.isoformat(), "invited": ", ".join(invited)}
    await audit.record(session, "panel_meeting_scheduled", meeting_subject(meeting_id), actor=actor, at=at, **facts)
    return meeting_id


async def record_attendance(
    session: AsyncSession, meeting_id: int, present: Sequence[str], *, actor: str, at: datetime
) -> None:
    """Say who is there now: who is named has come, who was there and is not named has left. A member who was not
    invited may come too. Whoever came is told, and has left any other meeting.

    Raises NotFound `unknown-meeting`, NotAllowed `not-the-chair`, Conflict `meeting-is-closed`, `meeting-is-over`,
    BadValue `not-a-member`.
    """
    await session.execute(ONE_AT_A_TIME)
    meeting, known = await lock_meeting(session, meeting_id, actor=actor)
    check_not_over(meeting.held_on, at)
    _check_members(present, known, meeting.name, field="present")
    names = sorted(set(present))
    await session.execute(SIT, {"meeting_id": meeting_id, "panel_id": meeting.panel_id, "usernames": names})
    came = await _attend(session, meeting_id, names, actor=actor, at=at)
    details: dict[str, Any] = {"about": meeting_subject(meeting_id), "actor": actor, "at": at}
    await tell_present(session, came, panel=meeting.name, held_on=meeting.held_on, **details)
    await session.execute(LEAVE_OTHERS, {"meeting_id": meeting_id, "present": names, "at": at, "actor": actor})
    said = ", ".join(names)
    await audit.record(
        session, "panel_attendance_recorded", meeting_subject(meeting_id), actor=actor, at=at, present=said
    )


async def everybody_left(session: AsyncSession, meeting_id: int, *, actor: str, at: datetime) -> None:
    """The meeting, which is locked, is over: who was there has left."""
    await _attend(session, meeting_id, [], actor=actor, at=at)


async def invite(
    session: AsyncSession, meeting_id: int, username: str, *, chairs: bool, actor: str, at: datetime
) -> None:
    """Invite somebody who sits on this or another panel; `chairs`: they may chair this meeting. Who comes from another
    panel hears appeals, and counts for nothing else.

    Raises NotFound `unknown-meeting`, NotAllowed `not-the-chair`, Conflict `meeting-is-closed`, BadValue
    `not-a-member`.
    """
    meeting, _ = await lock_meeting(session, meeting_id, actor=actor)
    values = {"meeting_id": meeting_id, "panel_id": meeting.panel_id, "username": username, "chairs": chairs}
    is_guest = await session.scalar(INVITE, values)
    if is_guest is None:
        raise BadValue("not-a-member", "Nobody of this name sits on a panel here.", field="username")
    facts = {"invited": username, "is_guest": is_guest, "chairs": chairs}
    await audit.record(session, "panel_member_invited", meeting_subject(meeting_id), actor=actor, at=at, **facts)


async def list_case_in(session: AsyncSession, meeting_id: int, number: str, *, actor: str, at: datetime) -> None:
    """Put a screened case on the agenda, after those that are there. An appeal needs others to hear it.

    Raises NotFound `unknown-meeting`, `unknown-case`, NotAllowed, WrongState, Conflict `another-panel`,
    `order-not-waiting`, `meeting-is-closed`, `too-few-others`, `no-other-chair`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    meeting, _ = await lock_meeting(session, meeting_id, actor=actor)
    if case.row["panel_id"] != meeting.panel_id:
        detail = f"{case.row['panel_name']} decides this case, and this is a meeting of {meeting.name}."
        raise Conflict("another-panel", detail)
    state = case.after(Step.LIST)
    case.check_order_waits()
    if case.appeal is not None:
        check_enough_others(case.terms, await read_seats(session, meeting_id), case.interests, case.heard_before)
    values = {"meeting_id": meeting_id, "case_id": case.id, "at": at, "actor": actor}
    await session.execute(LIST, values)
    changed = update(PanelCase).where(col(PanelCase.id) == case.id)
    await session.execute(changed.values(state=state, meeting_id=meeting_id, version=case.version + 1))
    await audit.record(session, "panel_case_listed", case.subject, actor=actor, at=at, meeting=meeting_id)


async def read_seats(session: AsyncSession, meeting_id: int) -> list[Seat]:
    """Who is invited to a meeting, and when they came and left. One statement."""
    rows = await session.execute(SEATS, {"meeting_id": meeting_id})
    return [Seat(row[0], row[1], Side(row[2]), *row[3:]) for row in rows]


async def lock_meeting(session: AsyncSession, meeting_id: int, *, actor: str) -> tuple[Any, dict[str, bool]]:
    """The meeting, locked, for one who keeps it, with those who may come and whether each chairs it.

    Raises NotFound `unknown-meeting`, NotAllowed `not-the-chair`, Conflict `meeting-is-closed`.
    """
    await session.execute(LOCK, {"meeting_id": meeting_id})
    meeting = (await session.execute(MEETING, {"meeting_id": meeting_id})).one_or_none()
    if meeting is None:
        raise NotFound("unknown-meeting", "There is no meeting with this number.", field="meeting_id")
    rows = await session.execute(WHO, {"meeting_id": meeting_id, "panel_id": meeting.panel_id})
    known = {row.username: row.is_chair for row in rows}
    _check_chair(known, actor, meeting.name)
    check_open(is_closed=meeting.is_closed)
    return meeting, known


async def _attend(
    session: AsyncSession, meeting_id: int, names: Sequence[str], *, actor: str, at: datetime
) -> list[str]:
    """Gives those who have come and did not say so themselves."""
    values = {"meeting_id": meeting_id, "present": list(names), "at": at, "since": at - LONGEST_SITTING}
    came = list(await session.scalars(CAME_OR_LEFT, values | {"actor": actor}))
    await session.execute(ATTEND, values)
    return came


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


def meeting_subject(meeting_id: int) -> str:
    """What the audit trail calls a meeting."""
    return f"panel_meeting:{meeting_id}"
