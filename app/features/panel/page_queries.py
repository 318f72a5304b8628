"""What the pages of panels offer to choose from."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

FUNDERS = text("SELECT code, name FROM funder WHERE kind <> 'person' ORDER BY name")
TRIALS = text("""
    SELECT loan.id, item.barcode, item.serial_number, product.name,
           (loan.started_at AT TIME ZONE 'Europe/London')::date AS started_on, review.outcome
    FROM loan JOIN client ON client.id = loan.client_id JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (SELECT outcome FROM trial_review WHERE loan_id = loan.id ORDER BY id DESC LIMIT 1) AS review
    ON true
    WHERE client.client_ref = :client_ref AND (loan.kind = 'trial' OR review.outcome IS NOT NULL)
    ORDER BY loan.id DESC LIMIT 20
""")
PANELS = text("""
    SELECT panel.code, panel.name FROM panel JOIN panel_member AS mine ON mine.panel_id = panel.id AND mine.is_chair
    JOIN account ON account.id = mine.account_id AND account.username = :actor ORDER BY panel.code
""")
# Members of the panel and who is invited to the meeting come; members of other panels may be invited.
WHO_MAY_COME = text("""
    SELECT account.username, account.name, bool_or(known.comes) AS comes,
           bool_or(known.is_chair AND known.comes) AS is_chair, min(known.panel) AS panel
    FROM panel_meeting AS meeting CROSS JOIN LATERAL (
        SELECT account_id, panel_id = meeting.panel_id AS comes, is_chair, panel.code AS panel
        FROM panel_member JOIN panel ON panel.id = panel_id
        UNION ALL SELECT account_id, true, is_chair, NULL FROM panel_seat WHERE meeting_id = meeting.id
    ) AS known JOIN account ON account.id = known.account_id AND account.is_active
    WHERE meeting.id = :meeting_id GROUP BY account.id ORDER BY account.name
""")
WHO_COUNTS = text("""
    SELECT account.name, CASE
        WHEN seat.arrived_at IS NULL OR seat.arrived_at > :at THEN 'Is not there'
        WHEN seat.left_at <= :at THEN 'Has left'
        WHEN account.username IN (asked.made_by, brought.made_by, brought.submitted_by)
          OR account.username IN (asked.authority ->> 'signed_by', asked.authority ->> 'on_behalf_of')
          OR EXISTS (SELECT FROM panel_interest AS own WHERE own.case_id = brought.id AND own.account_id = account.id)
          THEN 'Does not count: has an interest in the case'
        WHEN against.seen -> 'took_part' ? account.username THEN 'Does not count: decided what is appealed against'
        WHEN seat.is_guest AND against.id IS NULL THEN 'Does not count: hears appeals alone'
        ELSE 'Counts' END AS stands
    FROM panel_case AS brought JOIN equipment_order AS asked ON asked.id = brought.order_id
    JOIN panel_seat AS seat ON seat.meeting_id = brought.meeting_id JOIN account ON account.id = seat.account_id
    LEFT JOIN LATERAL (
        SELECT made.id, made.seen FROM panel_appeal JOIN panel_decision AS made ON made.id = decision_id
        WHERE panel_appeal.case_id = brought.id
          AND NOT EXISTS (SELECT FROM panel_appeal_end WHERE appeal_id = panel_appeal.id) LIMIT 1
    ) AS against ON true
    WHERE brought.number = upper(:number) ORDER BY stands, account.name
""")
SCREENED = text("""
    SELECT brought.number, brought.is_urgent,
           EXISTS (SELECT FROM panel_appeal WHERE case_id = brought.id) AS is_appealed
    FROM panel_case AS brought JOIN panel ON panel.id = brought.panel_id
    WHERE panel.code = :code AND brought.state = 'screened' ORDER BY brought.is_urgent DESC, brought.id LIMIT 100
""")


async def list_funders(session: AsyncSession) -> list[tuple[str, str]]:
    """Those who pay."""
    return [(row.code, row.name) for row in await session.execute(FUNDERS)]


async def list_trials(session: AsyncSession, client_ref: str) -> list[dict[str, object]]:
    """The client's trials, the newest first."""
    return [dict(row) for row in (await session.execute(TRIALS, {"client_ref": client_ref})).mappings()]


async def list_who_counts(session: AsyncSession, number: str, *, at: datetime) -> list[tuple[str, str]]:
    """Of the meeting that hears a case: who counts for it now, and why the others do not. One statement."""
    rows = await session.execute(WHO_COUNTS, {"number": number, "at": at})
    return [(row.name, row.stands) for row in rows]


async def list_chaired(session: AsyncSession, actor: str) -> list[tuple[str, str]]:
    """The panels that this person chairs."""
    return [(row.code, row.name) for row in await session.execute(PANELS, {"actor": actor})]


async def list_who_may_come(session: AsyncSession, meeting_id: int) -> list[dict[str, object]]:
    """Who may be recorded as there at a meeting (`comes`), and who else may be invited to it."""
    return [dict(row) for row in (await session.execute(WHO_MAY_COME, {"meeting_id": meeting_id})).mappings()]


async def list_screened(session: AsyncSession, code: str) -> list[tuple[str, bool, bool]]:
    """The cases of a panel that wait for a meeting, urgent ones first; whether each is urgent, and an appeal."""
    return [(row.number, row.is_urgent, row.is_appealed) for row in await session.execute(SCREENED, {"code": code})]
