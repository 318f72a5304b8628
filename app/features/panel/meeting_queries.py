"""Reads of meetings: lists, and one with who is there, its cases, what was taken down and what came of earlier ones."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.errors import NotFound
from app.features.panel.came_of_it import list_since_last
from app.features.panel.meeting_schemas import ActionToRatify, AgendaCase, MeetingBody, MeetingRow, MinuteBody, SeatBody
from app.features.panel.meetings import read_seats

# Only to those who sit on the panel, or are invited to hear an appeal.
MEETINGS = text("""
    SELECT meeting.id, panel.code AS panel, meeting.held_on, meeting.closed_at,
           count(brought.id) FILTER (WHERE listing.taken_off_at IS NULL) AS cases,
           count(brought.id) FILTER (WHERE brought.meeting_id = meeting.id) AS open_cases
    FROM panel_meeting AS meeting JOIN panel ON panel.id = meeting.panel_id
    JOIN account ON account.username = :actor
    LEFT JOIN panel_listing AS listing ON listing.meeting_id = meeting.id
    LEFT JOIN panel_case AS brought ON brought.id = listing.case_id
    WHERE (meeting.held_on, meeting.id) < (:day, :before)
      AND (EXISTS (SELECT FROM panel_member WHERE panel_id = panel.id AND account_id = account.id)
           OR EXISTS (SELECT FROM panel_seat WHERE meeting_id = meeting.id AND account_id = account.id AND is_guest))
    GROUP BY meeting.id, panel.id ORDER BY meeting.held_on DESC, meeting.id DESC LIMIT :limit
""")
MEETING = text("""
    SELECT meeting.id, meeting.panel_id, panel.code AS panel, panel.name AS panel_name, meeting.held_on, panel.quorum,
           panel.joint_needs_both, meeting.closed_at, closer.name AS closed_by_name,
           EXISTS (SELECT FROM panel_seat WHERE meeting_id = meeting.id AND arrived_at IS NOT NULL) AS has_begun,
           mine.account_id IS NULL AS is_guest
    FROM panel_meeting AS meeting JOIN panel ON panel.id = meeting.panel_id
    JOIN account ON account.username = :actor
    LEFT JOIN panel_member AS mine ON mine.panel_id = panel.id AND mine.account_id = account.id
    LEFT JOIN account AS closer ON closer.username = meeting.closed_by
    WHERE meeting.id = :meeting_id
      AND (mine.account_id IS NOT NULL
           OR EXISTS (SELECT FROM panel_seat WHERE meeting_id = meeting.id AND account_id = account.id AND is_guest))
""")
# A guest sees what they hear: appeals.
AGENDA = text("""
    SELECT brought.number, listing.position, brought.state, brought.is_urgent AS urgent,
           asked.number AS order_number, brought.meeting_id IS DISTINCT FROM listing.meeting_id AS is_over,
           EXISTS (SELECT FROM panel_appeal WHERE case_id = brought.id) AS appealed,
           (SELECT kind FROM panel_decision WHERE case_id = brought.id AND meeting_id = listing.meeting_id
            ORDER BY id DESC LIMIT 1) AS decision
    FROM panel_listing AS listing JOIN panel_case AS brought ON brought.id = listing.case_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id
    WHERE listing.meeting_id = :meeting_id AND listing.taken_off_at IS NULL
      AND (NOT :is_guest OR EXISTS (SELECT FROM panel_appeal WHERE case_id = brought.id))
    ORDER BY listing.position
""")
# Who came and left, what was said, decided and ratified, in the order in which it happened.
MINUTES = text("""
    WITH happened AS (
        SELECT at, CASE WHEN came THEN 'came' ELSE 'left' END AS what, account.username AS who, '' AS note,
               CAST(NULL AS bigint) AS case_id, came_or_left.id, 1 AS rank
        FROM panel_attendance AS came_or_left JOIN account ON account.id = account_id WHERE meeting_id = :meeting_id
        UNION ALL SELECT made_at, 'note', made_by, note, case_id, id, 2
        FROM panel_minute WHERE meeting_id = :meeting_id
        UNION ALL SELECT decided_at, kind, decided_by, concat_ws(
                   ' ', reasons,
                   (SELECT 'Recommended otherwise: ' || string_agg(COALESCE(seen -> 'names' ->> (one ->> 'username'),
                                                                            one ->> 'username'), ', ') || '.'
                    FROM jsonb_array_elements(COALESCE(seen -> 'dissent', '[]')) AS one),
                   'Why all the same: ' || NULLIF(seen ->> 'why_against', ''),
                   (SELECT 'Who pays was changed from what the case proposed: '
                           || string_agg(funder.code || ' ' || trim_scale(percent) || ' %', ', ' ORDER BY position)
                           || ' instead of ' || (
                               SELECT string_agg((one ->> 'funder') || ' '
                                                 || trim_scale((one ->> 'percent')::numeric) || ' %', ', ')
                               FROM jsonb_array_elements(seen -> 'case' -> 'proposed_funding') AS one) || '.'
                    FROM panel_allotment JOIN funder ON funder.id = funder_id WHERE decision_id = panel_decision.id
                    HAVING EXISTS (SELECT funder_id, percent FROM panel_allotment
                                   WHERE decision_id = panel_decision.id
                                   EXCEPT SELECT funder.id, (one ->> 'percent')::numeric
                                   FROM jsonb_array_elements(seen -> 'case' -> 'proposed_funding') AS one
                                   JOIN funder ON funder.code = one ->> 'funder')),
                   CASE WHEN (decided_at AT TIME ZONE 'Europe/London')::date <> (
                            SELECT held_on FROM panel_meeting WHERE id = meeting_id)
                        THEN 'Decided on another day than that of the meeting.' END
               ), case_id, id, 3
        FROM panel_decision WHERE meeting_id = :meeting_id
        UNION ALL SELECT ratified_at, CASE WHEN is_ratified THEN 'ratified' ELSE 'not_ratified' END, ratified_by,
                         said.reasons, case_id, decision_id, 4
        FROM panel_ratification AS said JOIN panel_decision ON panel_decision.id = decision_id
        WHERE said.meeting_id = :meeting_id
    )
    SELECT happened.at, happened.what, COALESCE(account.name, happened.who) AS who, happened.note,
           brought.number AS case, client.client_ref
    FROM happened LEFT JOIN account ON account.username = happened.who
    LEFT JOIN panel_case AS brought ON brought.id = happened.case_id
    LEFT JOIN equipment_order AS asked ON asked.id = brought.order_id LEFT JOIN client ON client.id = asked.client_id
    WHERE NOT :is_guest OR happened.case_id IS NULL
       OR EXISTS (SELECT FROM panel_appeal WHERE panel_appeal.case_id = happened.case_id)
    ORDER BY happened.at, happened.rank, happened.id
""")

TO_RATIFY = text("""
    SELECT brought.number, made.kind AS decision, made.decided_at, COALESCE(account.name, made.decided_by) AS acted_by
    FROM panel_decision AS made JOIN panel_case AS brought ON brought.id = made.case_id
    JOIN panel_meeting AS meeting ON meeting.id = :meeting_id AND meeting.closed_at IS NULL
    LEFT JOIN account ON account.username = made.decided_by
    WHERE made.is_chair_action AND brought.panel_id = meeting.panel_id AND NOT :is_guest
      AND NOT EXISTS (SELECT FROM panel_ratification WHERE decision_id = made.id)
      AND NOT EXISTS (SELECT FROM panel_lapse WHERE decision_id = made.id)
      AND NOT EXISTS (SELECT FROM panel_decision AS later WHERE later.supersedes_id = made.id)
    ORDER BY made.id
""")


async def list_meetings(session: AsyncSession, *, actor: str, day: date, before: int, limit: int) -> list[MeetingRow]:
    """Meetings of the panels that this person sits on, the latest first; `limit + 1` of them. One statement."""
    values = {"actor": actor, "day": day, "before": before, "limit": limit + 1}
    return [MeetingRow(**row) for row in (await session.execute(MEETINGS, values)).mappings()]


async def get_meeting(session: AsyncSession, meeting_id: int, *, actor: str, at: datetime) -> MeetingBody:
    """One meeting of a panel that this person sits on, or is invited to. Six statements, and two more where it says
    something of people, which is logged in their records. Raises NotFound `unknown-meeting`."""
    values = {"meeting_id": meeting_id, "actor": actor}
    found = (await session.execute(MEETING, values)).mappings().one_or_none()
    if found is None:
        raise NotFound("unknown-meeting", "There is no meeting with this number on a panel of yours.")
    seats = await read_seats(session, meeting_id)
    shown = {"meeting_id": meeting_id, "is_guest": found["is_guest"]}
    agenda = (await session.execute(AGENDA, shown)).mappings()
    happened = list((await session.execute(MINUTES, shown)).mappings())
    to_ratify = (await session.execute(TO_RATIFY, shown)).mappings()
    since = [] if found["is_guest"] else await list_since_last(session, meeting_id)
    refs = {row["client_ref"] for row in happened if row["client_ref"]} | {one.client_ref for one in since}
    acts = [(f"client:{ref}", {"meeting": meeting_id}) for ref in sorted(refs)]
    if acts:
        await audit.record_each(session, "panel_minutes_read", acts, actor=actor, at=at)
    present = [seat.username for seat in seats if seat.is_there(at)]
    return MeetingBody(
        **found,
        members=[SeatBody.model_validate(seat, from_attributes=True) for seat in seats],
        present=present,
        is_quorate=len([seat for seat in seats if seat.is_there(at) and not seat.is_guest]) >= found["quorum"],
        cases=[AgendaCase(**row) for row in agenda],
        to_ratify=[ActionToRatify(**row) for row in to_ratify],
        minutes=[MinuteBody(**row) for row in happened],
        came_of_it=since,
    )
