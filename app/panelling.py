"""What becomes of a panel's case when its order ends, for all who end one: a case without an order decides nothing. And
what is still somebody's work once a case is decided, for its own pages and the start page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.panel_review import FollowUp

BECAUSE: Final = "Its order was ended, so there is nothing to decide any more."
# What is decided stays as it is: it was decided. The caller has locked the orders.
WITHDRAW = text("""
    UPDATE panel_case SET state = 'withdrawn', meeting_id = NULL, withdrawn_at = :at, withdrawn_by = :actor,
           withdrawn_because = :because, version = version + 1
    WHERE order_id = ANY(:order_ids)
      AND (state IN ('draft', 'submitted', 'screened', 'listed')
           OR state = 'decided' AND (SELECT kind FROM panel_decision WHERE case_id = panel_case.id
                                     ORDER BY id DESC LIMIT 1) = 'defer'
           OR state = 'decided' AND EXISTS (SELECT FROM panel_lapse WHERE decision_id = (
                  SELECT max(id) FROM panel_decision WHERE case_id = panel_case.id)))
    RETURNING number
""")


async def withdraw_cases(session: AsyncSession, order_ids: Collection[int], *, actor: str, at: datetime) -> None:
    """Withdraw the cases that wait for a decision about these orders. One statement, and two where there are any."""
    values = {"order_ids": list(order_ids), "because": BECAUSE, "actor": actor, "at": at}
    numbers = sorted(await session.scalars(WITHDRAW, values))
    if numbers:
        acts = [(f"panel_case:{number}", {"because": BECAUSE}) for number in numbers]
        await audit.record_each(session, "panel_case_withdrawn", acts, actor=actor, at=at)


SOON: Final = timedelta(days=14)
# Of each decided case the decision that no other supersedes: out without an approval that holds, to be decided again by
# others, a chair's action that a meeting did not hear, an answer that did not come by its day, or a review that is due
# or soon will be. What a review found not to meet the need is work until it is fetched or a later review says
# otherwise. Those who bring the case see it, and its panel.
FOLLOW_UP = text("""
    WITH me AS (SELECT id, username FROM account WHERE username = :actor), newest AS (
        SELECT made.id AS decision_id, brought.number, brought.made_by, asked.made_by AS prescribed_by,
               client.client_ref, panel.code AS panel, outside.barcodes,
               brought.state, seen.failed_on IS NOT NULL AND seen.next_on IS NULL AS has_failed,
               CASE WHEN made.kind = 'defer' THEN 'answer_overdue'
                    WHEN lapse.kind = 'conflict' THEN 'to_decide_again'
                    WHEN missed.held_on IS NOT NULL AND lapse.decision_id IS NULL THEN 'to_ratify'
                    WHEN (lapse.kind = 'not_ratified' OR made.kind = 'decline') AND seen.id IS NULL THEN 'not_ratified'
                    WHEN lapse.decision_id IS NULL OR seen.id IS NOT NULL THEN 'review' END AS kind,
               CASE WHEN missed.held_on IS NOT NULL AND lapse.decision_id IS NULL THEN missed.held_on
                    WHEN seen.id IS NOT NULL AND lapse.kind IS DISTINCT FROM 'conflict'
                    THEN COALESCE(seen.next_on, seen.failed_on)
                    WHEN lapse.kind IN ('not_ratified', 'conflict')
                    THEN (lapse.lapsed_at AT TIME ZONE 'Europe/London')::date
                    WHEN made.kind = 'decline' THEN (made.decided_at AT TIME ZONE 'Europe/London')::date
                    ELSE made.review_on END AS due_on
        FROM panel_decision AS made
        JOIN panel_case AS brought ON brought.id = made.case_id
        JOIN panel ON panel.id = brought.panel_id JOIN equipment_order AS asked ON asked.id = brought.order_id
        JOIN client ON client.id = asked.client_id
        LEFT JOIN panel_lapse AS lapse ON lapse.decision_id = made.id
        LEFT JOIN LATERAL (SELECT id, next_on, CASE WHEN outcome = 'does_not'
                                  THEN (reviewed_at AT TIME ZONE 'Europe/London')::date END AS failed_on
                           FROM panel_review WHERE decision_id = made.id
                           ORDER BY id DESC LIMIT 1) AS seen ON true
        LEFT JOIN LATERAL (
            SELECT held_on FROM panel_meeting AS meeting
            WHERE made.is_chair_action AND meeting.panel_id = brought.panel_id
              AND NOT EXISTS (SELECT FROM panel_ratification WHERE decision_id = made.id)
              AND (meeting.closed_at IS NOT NULL OR meeting.held_on < :today)
              AND EXISTS (SELECT FROM panel_seat WHERE meeting_id = meeting.id AND arrived_at > made.decided_at)
            ORDER BY held_on LIMIT 1) AS missed ON true
        CROSS JOIN LATERAL (
            SELECT COALESCE(array_agg(item.barcode ORDER BY item.barcode), '{}') AS barcodes
            FROM order_unit AS unit JOIN item ON item.id = unit.item_id
            LEFT JOIN loan ON loan.id = unit.loan_id LEFT JOIN reservation AS kept ON kept.id = unit.reservation_id
            WHERE unit.order_id = asked.id
              AND (loan.id IS NOT NULL AND loan.ended_at IS NULL
                   OR loan.id IS NULL AND kept.ended_at IS NULL AND item.state = 'dispatched')
        ) AS outside
        WHERE NOT EXISTS (SELECT FROM panel_decision AS later WHERE later.supersedes_id = made.id)
          AND (brought.state = 'decided' OR lapse.kind = 'conflict')
          AND (made.kind <> 'decline' OR asked.decision = 'approved')
          AND (asked.decision <> 'cancelled' OR outside.barcodes <> '{}')
          AND (client.died_on IS NULL OR outside.barcodes <> '{}')
          AND (:everybodys OR EXISTS (
              SELECT FROM me WHERE me.username IN (brought.made_by, asked.made_by)
                 OR EXISTS (SELECT FROM prescriber WHERE account_id = me.id AND team_id = asked.team_id
                              AND NOT is_supervised)
                 OR EXISTS (SELECT FROM panel_member WHERE account_id = me.id AND panel_id = brought.panel_id)))
    )
    SELECT number, kind, due_on, barcodes, client_ref, panel, decision_id, made_by, prescribed_by,
           count(*) OVER () AS how_many
    FROM newest
    WHERE CASE kind WHEN 'not_ratified' THEN barcodes <> '{}' WHEN 'answer_overdue' THEN due_on < :today
                    WHEN 'to_decide_again' THEN NOT :everybodys AND (state <> 'withdrawn' OR barcodes <> '{}')
                    WHEN 'to_ratify' THEN NOT :everybodys
                    WHEN 'review' THEN due_on <= :soon AND (NOT has_failed OR barcodes <> '{}') ELSE false END
      AND NOT (:everybodys AND EXISTS (SELECT FROM panel_reminder AS told
                                       WHERE told.decision_id = newest.decision_id AND told.due_on = newest.due_on))
    ORDER BY array_position(
        ARRAY['not_ratified', 'to_decide_again', 'to_ratify', 'answer_overdue', 'review'], kind), due_on, number
    LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class ToFollow:
    """A decided case that is still somebody's work. `due_on`: the day of the review or answer, or since when it is out
    without an approval; `barcodes`: what is out; `how_many`: there are in all, in every row."""

    number: str
    kind: FollowUp
    due_on: date
    barcodes: list[str]
    client_ref: str
    panel: str
    decision_id: int
    made_by: str
    prescribed_by: str
    how_many: int


async def list_follow_up(session: AsyncSession, actor: str, *, today: date, limit: int = 200) -> list[ToFollow]:
    """What is to be done about decided cases that this person brings or whose panel they sit on. One statement."""
    return await _follow_up(session, actor, soon=today + SOON, today=today, everybodys=False, limit=limit)


async def list_to_remind_of(session: AsyncSession, *, today: date, limit: int = 500) -> list[ToFollow]:
    """Everybody's, where the day has come and nobody was reminded of it. One statement."""
    return await _follow_up(session, "", soon=today, today=today, everybodys=True, limit=limit)


async def _follow_up(
    session: AsyncSession, actor: str, *, today: date, soon: date, everybodys: bool, limit: int
) -> list[ToFollow]:
    values = {"actor": actor, "today": today, "soon": soon, "everybodys": everybodys, "limit": limit}
    rows = (await session.execute(FOLLOW_UP, values)).mappings()
    return [ToFollow(**row | {"kind": FollowUp(row["kind"])}) for row in map(dict, rows)]
