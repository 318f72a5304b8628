"""What came of what a panel approved: reviews and the outcomes of trials, of one case, or since its last meeting."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.web.shapes import Shape

FOUND = """
    SELECT said.at, said.kind, said.outcome, said.findings, said.next_on, COALESCE(account.name, said.who) AS who,
           brought.number AS case, client.client_ref
    FROM panel_case AS brought JOIN equipment_order AS asked ON asked.id = brought.order_id
    JOIN client ON client.id = asked.client_id
    CROSS JOIN LATERAL (
        SELECT reviewed_at AS at, 'review' AS kind, outcome, findings, next_on, reviewed_by AS who
        FROM panel_review JOIN panel_decision ON panel_decision.id = decision_id
        WHERE panel_decision.case_id = brought.id
        UNION ALL
        SELECT reviewed_at, 'trial', outcome, concat_ws(' ', NULLIF(result, ''), NULLIF(notes, '')), until_on,
               reviewed_by
        FROM order_unit AS unit JOIN trial_review ON trial_review.loan_id = unit.loan_id
        WHERE unit.order_id = asked.id
    ) AS said LEFT JOIN account ON account.username = said.who
"""
OF_CASE = text(f"{FOUND} WHERE brought.id = :case_id ORDER BY said.at DESC LIMIT 50")
# From the meeting before this one until this one is closed.
SINCE_LAST = text(f"""
    WITH this AS (
        SELECT meeting.id, meeting.panel_id, meeting.closed_at,
               (SELECT COALESCE(earlier.closed_at, earlier.made_at) FROM panel_meeting AS earlier
                WHERE earlier.panel_id = meeting.panel_id
                  AND (earlier.held_on, earlier.id) < (meeting.held_on, meeting.id)
                ORDER BY earlier.held_on DESC, earlier.id DESC LIMIT 1) AS since
        FROM panel_meeting AS meeting WHERE meeting.id = :meeting_id
    )
    SELECT found.* FROM this CROSS JOIN LATERAL (
        {FOUND}
        WHERE brought.panel_id = this.panel_id AND brought.state <> 'draft'
          AND said.at > COALESCE(this.since, '-infinity') AND said.at <= COALESCE(this.closed_at, 'infinity')
        ORDER BY said.at DESC LIMIT 50
    ) AS found
""")  # noqa: S608 - our own text


class CameOfIt(Shape):
    """What a review or a trial found. `next_on`: the day of the next look, or until which the trial goes on."""

    at: datetime
    kind: str
    outcome: str
    findings: str
    next_on: date | None
    who: str
    case: str
    client_ref: str


async def list_of_case(session: AsyncSession, case_id: int) -> list[CameOfIt]:
    """What came of one case, the newest first. One statement."""
    return [CameOfIt(**row) for row in (await session.execute(OF_CASE, {"case_id": case_id})).mappings()]


async def list_since_last(session: AsyncSession, meeting_id: int) -> list[CameOfIt]:
    """What came of the cases of a panel since the meeting before this one. One statement."""
    return [CameOfIt(**row) for row in (await session.execute(SINCE_LAST, {"meeting_id": meeting_id})).mappings()]
