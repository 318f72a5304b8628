"""Reads of panel cases: lists, and one with everything about it."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.panel import CaseState
from app.domain.panel_case import find_gaps
from app.features.panel.attachments import list_shown
from app.features.panel.came_of_it import list_of_case
from app.features.panel.records import CaseRecord, read_case
from app.features.panel.schemas import CaseBody, CaseRow
from app.web.fields import BIGGEST_ID

# Whoever brings cases sees their team's, whoever sits on a panel sees what was submitted to it.
CASES = text("""
    WITH me AS (SELECT id, username FROM account WHERE username = :actor)
    SELECT brought.id, brought.number, brought.state, panel.code AS panel, brought.is_urgent AS urgent,
           asked.number AS order_number, client.client_ref, brought.made_by,
           COALESCE(maker.name, brought.made_by) AS made_by_name, brought.submitted_at, decided.kind AS decision,
           decided.lapsed, decided.review_on, meeting.held_on
    FROM panel_case AS brought JOIN panel ON panel.id = brought.panel_id CROSS JOIN me
    JOIN equipment_order AS asked ON asked.id = brought.order_id JOIN client ON client.id = asked.client_id
    LEFT JOIN account AS maker ON maker.username = brought.made_by
    LEFT JOIN panel_meeting AS meeting ON meeting.id = brought.meeting_id
    LEFT JOIN LATERAL (SELECT made.kind, review_on, lapse.kind AS lapsed FROM panel_decision AS made
                       LEFT JOIN panel_lapse AS lapse ON lapse.decision_id = made.id WHERE case_id = brought.id
                       ORDER BY made.id DESC LIMIT 1) AS decided ON true
    WHERE CASE WHEN :urgent_first THEN CAST(:before AS bigint) = CAST(:all AS bigint) OR
                    (NOT brought.is_urgent, brought.submitted_at, brought.id) >
                    (SELECT NOT is_urgent, submitted_at, id FROM panel_case WHERE id = :before)
               ELSE brought.id < :before END AND (CAST(:state AS text) IS NULL OR brought.state = :state)
      AND (brought.made_by = me.username OR asked.made_by = me.username
           OR EXISTS (SELECT FROM prescriber WHERE account_id = me.id AND team_id = asked.team_id
                        AND NOT is_supervised)
           OR brought.submitted_at IS NOT NULL
              AND EXISTS (SELECT FROM panel_member WHERE account_id = me.id AND panel_id = brought.panel_id))
    ORDER BY CASE WHEN :urgent_first THEN NOT brought.is_urgent END,
             CASE WHEN :urgent_first THEN brought.submitted_at END,
             CASE WHEN :urgent_first THEN brought.id END, brought.id DESC LIMIT :limit
""")
DECISIONS = text("""
    SELECT decision.id AS number, decision.kind AS decision, decision.reasons, decision.alternative,
           decision.information, decision.value_pence, decision.review_on, decision.expires_on, decision.meeting_id,
           decision.is_chair_action, decision.decided_at, decision.decided_by, decision.digest,
           decision.supersedes_id AS supersedes, later.id AS superseded_by,
           decision.seen -> 'took_part' AS took_part,
           ARRAY(SELECT one ->> 'username' FROM jsonb_array_elements(COALESCE(decision.seen -> 'dissent', '[]')) AS one
           ) AS dissented, COALESCE(decision.seen ->> 'why_against', '') AS why_against,
           EXISTS (SELECT funder.code, percent FROM panel_allotment JOIN funder ON funder.id = funder_id
                   WHERE decision_id = decision.id
                   EXCEPT SELECT one ->> 'funder', (one ->> 'percent')::numeric
                   FROM jsonb_array_elements(decision.seen -> 'case' -> 'proposed_funding') AS one) AS split_changed,
           meeting.held_on, COALESCE((decision.decided_at AT TIME ZONE 'Europe/London')::date <> meeting.held_on, false)
           AS on_another_day,
           lapse.kind AS lapsed, lapse.lapsed_at,
           said.is_ratified AS ratified, said.ratified_at, said.reasons AS ratification,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', kind, 'detail', detail) ORDER BY position), '[]')
            FROM panel_condition WHERE decision_id = decision.id) AS conditions,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('funder', funder.code, 'name', funder.name, 'percent', percent,
                                                         'pence', pence) ORDER BY position), '[]')
            FROM panel_allotment JOIN funder ON funder.id = funder_id WHERE decision_id = decision.id) AS funding,
           ARRAY(SELECT item.barcode FROM ring_fence JOIN item ON item.id = ring_fence.item_id
                 WHERE ring_fence.decision_id = decision.id ORDER BY 1) AS ring_fenced,
           ARRAY(SELECT account.username FROM panel_interest AS interest
                 JOIN account ON account.id = interest.account_id
                 WHERE interest.case_id = decision.case_id AND interest.declared_at > decision.decided_at
                   AND decision.seen -> 'took_part' ? account.username ORDER BY 1) AS declared_too_late
    FROM panel_decision AS decision LEFT JOIN panel_decision AS later ON later.supersedes_id = decision.id
    LEFT JOIN panel_lapse AS lapse ON lapse.decision_id = decision.id
    LEFT JOIN panel_ratification AS said ON said.decision_id = decision.id
    LEFT JOIN panel_meeting AS meeting ON meeting.id = decision.meeting_id
    WHERE decision.case_id = :case_id ORDER BY decision.id DESC
""")
DIGEST = text("SELECT digest FROM panel_case_version WHERE case_id = :case_id ORDER BY number DESC LIMIT 1")
SAME = (
    "number",
    "panel",
    "panel_name",
    "order_number",
    "order_decision",
    "client_ref",
    "client_name",
    "made_by",
    "made_by_name",
    "made_at",
    "submitted_at",
    "submitted_by",
    "withdrawn_at",
    "withdrawn_because",
    "meeting_id",
    "version",
    "lifetime_months",
    "servicing_pence_per_year",
    "value_pence",
    "lines",
    "quotes",
    "trials",
    "search",
    "screenings",
)


async def list_cases(
    session: AsyncSession,
    *,
    actor: str,
    state: CaseState | None = None,
    before: int,
    limit: int,
    urgent_first: bool = False,
) -> list[CaseRow]:
    """The cases that this person may read, the newest first; `limit + 1` of them. One statement. `urgent_first`: in the
    order in which they want to be seen to, and then `before` is the last one of the page before."""
    values = {"actor": actor, "state": state, "before": before, "all": BIGGEST_ID, "limit": limit + 1}
    values["urgent_first"] = urgent_first
    return [CaseRow(**row) for row in (await session.execute(CASES, values)).mappings()]


async def get_case(session: AsyncSession, number: str, *, actor: str) -> CaseBody:
    """One case with everything about it. Five statements. Raises as `read_case` does."""
    return await show_case(session, await read_case(session, number, actor=actor))


async def show_case(session: AsyncSession, case: CaseRecord) -> CaseBody:
    """The case as it is shown."""
    of_case = {"case_id": case.id}
    decisions = [dict(row) for row in (await session.execute(DECISIONS, of_case)).mappings()]
    row = case.row
    facts: dict[str, Any] = {name: row[name] for name in SAME} | case.words
    return CaseBody(
        **facts,
        state=case.state,
        urgent=row["is_urgent"],
        options=[
            {
                "kind": one.kind,
                "option": one.detail or one.kind.text,
                "cost_pence": one.cost_pence,
                "why_not": one.why_not,
            }
            for one in case.options
        ],
        proposed_funding=[one | {"percent": float(one["percent"])} for one in row["shares"]],
        attachments=list_shown(case),
        gaps=[{"section": gap.section.value, "detail": gap.detail} for gap in find_gaps(case.content)],
        interests=[
            {name: getattr(one, name) for name in ("username", "kind", "detail", "declared_at", "declared_by")}
            for one in case.interests
        ],
        recommendations=[
            {"recommendation": one["kind"]} | {name: one[name] for name in ("username", "name", "reasons", "made_at")}
            for one in row["recommendations"]
        ],
        decisions=decisions,
        appeals=[one | {"against": one["decision_id"]} for one in row["appeals"]],
        came_of_it=await list_of_case(session, case.id),
        digest=await session.scalar(DIGEST, of_case),
    )
