"""Reads of meetings: lists, and one with who is there and its cases."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.features.panel.meeting_schemas import AgendaCase, MeetingBody, MeetingRow, SeatBody
from app.features.panel.meetings import read_seats

# Only to those who sit on the panel.
MEETINGS = text("""
    SELECT meeting.id, panel.code AS panel, meeting.held_on, count(brought.id) AS cases,
           count(brought.id) FILTER (WHERE brought.meeting_id = meeting.id) AS open_cases
    FROM panel_meeting AS meeting JOIN panel ON panel.id = meeting.panel_id
    JOIN panel_member AS mine ON mine.panel_id = panel.id
    JOIN account ON account.id = mine.account_id AND account.username = :actor
    LEFT JOIN panel_listing AS listing ON listing.meeting_id = meeting.id
    LEFT JOIN panel_case AS brought ON brought.id = listing.case_id
    WHERE (meeting.held_on, meeting.id) < (:day, :before)
    GROUP BY meeting.id, panel.id ORDER BY meeting.held_on DESC, meeting.id DESC LIMIT :limit
""")
MEETING = text("""
    SELECT meeting.id, panel.code AS panel, panel.name AS panel_name, meeting.held_on, panel.quorum,
           panel.joint_needs_both
    FROM panel_meeting AS meeting JOIN panel ON panel.id = meeting.panel_id
    JOIN panel_member AS mine ON mine.panel_id = panel.id
    JOIN account ON account.id = mine.account_id AND account.username = :actor
    WHERE meeting.id = :meeting_id
""")
AGENDA = text("""
    SELECT brought.number, listing.position, brought.state, brought.is_urgent AS urgent,
           asked.number AS order_number,
           (SELECT kind FROM panel_decision WHERE case_id = brought.id AND meeting_id = listing.meeting_id
            ORDER BY id DESC LIMIT 1) AS decision
    FROM panel_listing AS listing JOIN panel_case AS brought ON brought.id = listing.case_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id
    WHERE listing.meeting_id = :meeting_id ORDER BY listing.position
""")


async def list_meetings(session: AsyncSession, *, actor: str, day: date, before: int, limit: int) -> list[MeetingRow]:
    """Meetings of the panels that this person sits on, the latest first; `limit + 1` of them. One statement."""
    values = {"actor": actor, "day": day, "before": before, "limit": limit + 1}
    return [MeetingRow(**row) for row in (await session.execute(MEETINGS, values)).mappings()]


async def get_meeting(session: AsyncSession, meeting_id: int, *, actor: str, at: datetime) -> MeetingBody:
    """One meeting of a panel that this person sits on. Three statements. Raises NotFound `unknown-meeting`."""
    values = {"meeting_id": meeting_id, "actor": actor}
    found = (await session.execute(MEETING, values)).mappings().one_or_none()
    if found is None:
        raise NotFound("unknown-meeting", "There is no meeting with this number on a panel of yours.")
    seats = await read_seats(session, meeting_id)
    agenda = (await session.execute(AGENDA, {"meeting_id": meeting_id})).mappings()
    present = [seat.username for seat in seats if seat.is_there(at)]
    return MeetingBody(
        **found,
        members=[SeatBody.model_validate(seat, from_attributes=True) for seat in seats],
        present=present,
        is_quorate=len(present) >= found["quorum"],
        cases=[AgendaCase(**row) for row in agenda],
    )
