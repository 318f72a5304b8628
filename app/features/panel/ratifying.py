"""Whether a meeting ratifies what the chair did between meetings."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.domain.panel import LapseKind, check_ratification
from app.domain.panel_funding import is_joint
from app.domain.panel_meeting import Side, check_chair, check_quorum, check_records_ratification
from app.domain.reasons import check_reason
from app.features.panel.lapsing import lapse
from app.features.panel.meetings import read_seats
from app.features.panel.records import read_case
from app.models import PanelRatification

# The meeting that is named, or the latest one at which somebody was recorded as there; what is closed says no more.
MEETING = text("""
    SELECT id, held_on FROM panel_meeting AS meeting
    WHERE panel_id = :panel_id AND held_on <= :today AND closed_at IS NULL
      AND (CAST(:meeting_id AS bigint) IS NULL OR id = :meeting_id)
      AND EXISTS (SELECT FROM panel_seat WHERE meeting_id = meeting.id AND arrived_at IS NOT NULL)
    ORDER BY held_on DESC, id DESC LIMIT 1
""")
SIDES = text("""
    SELECT DISTINCT funder.side FROM panel_allotment JOIN funder ON funder.id = funder_id
    WHERE decision_id = :decision_id
""")


async def ratify(
    session: AsyncSession,
    number: str,
    *,
    ratified: bool,
    reasons: str,
    meeting_id: int | None,
    actor: str,
    at: datetime,
) -> None:
    """Record what the meeting says to the chair's action, once. What is not ratified holds no more (`lapse`).
    Who took the action records it only where nobody else may.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, `not-the-chair`, Conflict `nothing-to-ratify`,
    `no-meeting-yet`, `meeting-was-before`, `conflict-of-interest`, `not-at-the-meeting`, `own-action`, `not-quorate`,
    BadValue `not-a-reason`.
    """
    case = await read_case(session, number, actor=actor, lock=True)
    newest = case.newest
    if newest is None or not case.waits_for_meeting:
        detail = "There is no chair's action on this case that waits to be ratified."
        raise Conflict("nothing-to-ratify", detail)
    if not ratified:
        check_reason(reasons, field="reasons")
    values = {"panel_id": case.row["panel_id"], "meeting_id": meeting_id, "today": uk_date(at)}
    meeting = (await session.execute(MEETING, values)).one_or_none()
    if meeting is None:
        detail = "A meeting ratifies it: schedule one, and record who is there when it is held."
        raise Conflict("no-meeting-yet", detail)
    check_ratification(uk_date(datetime.fromisoformat(newest["decided_at"])), meeting.held_on)
    seats = case.who_counts(await read_seats(session, meeting.id))
    chair = next((seat for seat in seats if seat.username == actor), case.member(actor))
    check_chair(chair, case.interests, at=at)
    acted_by = newest["decided_by"]
    check_records_ratification(actor, acted_by, [*seats, *case.own_members], case.interests)
    sides = [Side(side) for side in await session.scalars(SIDES, {"decision_id": newest["number"]})]
    able = check_quorum(case.terms, seats, case.interests, at=at, is_joint=is_joint(sides))
    line: dict[str, Any] = {
        "decision_id": newest["number"],
        "meeting_id": meeting.id,
        "is_ratified": ratified,
        "reasons": reasons,
        "took_part": [seat.username for seat in able],
        "ratified_at": at,
        "ratified_by": actor,
    }
    await session.execute(insert(PanelRatification).values(**line))
    facts = {"ratified": ratified, "meeting": meeting.id}
    await audit.record(session, "panel_chair_action_heard", case.subject, actor=actor, at=at, **facts)
    if not ratified:
        await lapse(session, case, LapseKind.NOT_RATIFIED, actor=actor, at=at)
