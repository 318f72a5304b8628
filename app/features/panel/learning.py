"""What the figures of a panel say of a period: one statement for each table, and nothing about anybody."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.panel import DecisionKind
from app.domain.panel_figures import FEWEST_CASES, OFTEN, check_period, percent_of
from app.domain.panel_settings import financial_year
from app.features.panel.learning_schemas import (
    Committed,
    Decided,
    Figures,
    Special,
    TeamRate,
    Waiting,
    YearOfBudget,
)

WAITING = text("""
    WITH steps AS (
        SELECT asked.submitted_at AS ordered_at,
               (SELECT min(frozen_at) FROM panel_case_version WHERE case_id = brought.id) AS submitted_at,
               (SELECT min(screened_at) FROM panel_screening WHERE case_id = brought.id) AS screened_at,
               (SELECT min(screened_at) FROM panel_screening
                WHERE case_id = brought.id AND outcome = 'complete') AS complete_at,
               (SELECT min(listed_at) FROM panel_listing WHERE case_id = brought.id) AS listed_at,
               (SELECT min(decided_at) FROM panel_decision WHERE case_id = brought.id) AS decided_at
        FROM panel_case AS brought JOIN panel ON panel.id = brought.panel_id
        JOIN equipment_order AS asked ON asked.id = brought.order_id
        WHERE CAST(:panel AS text) IS NULL OR panel.code = :panel
    )
    SELECT stage, count(*) AS cases, percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS median_days,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY days) AS ninetieth_days
    FROM steps CROSS JOIN LATERAL (VALUES
        (1, 'drawing_up', ordered_at, submitted_at), (2, 'screening', submitted_at, screened_at),
        (3, 'listing', complete_at, listed_at), (4, 'decision', listed_at, decided_at),
        (5, 'in_all', submitted_at, decided_at)) AS wait (place, stage, from_at, until_at)
    CROSS JOIN LATERAL (SELECT extract(epoch FROM until_at - from_at)::float / 86400 AS days) AS lasted
    WHERE until_at >= from_at AND (until_at AT TIME ZONE 'Europe/London')::date BETWEEN :since AND :until
    GROUP BY place, stage ORDER BY place
""")
DECISIONS = text("""
    SELECT to_char(made.decided_at AT TIME ZONE 'Europe/London', 'YYYY-MM') AS month, made.kind, count(*) AS many
    FROM panel_decision AS made JOIN panel_case AS brought ON brought.id = made.case_id
    JOIN panel ON panel.id = brought.panel_id
    WHERE (CAST(:panel AS text) IS NULL OR panel.code = :panel)
      AND (made.decided_at AT TIME ZONE 'Europe/London')::date BETWEEN :since AND :until
    GROUP BY 1, 2 ORDER BY 1, 2
""")
TEAMS = text("""
    SELECT team.name AS team, count(*) AS cases, count(*) FILTER (WHERE screened.was_incomplete) AS incomplete
    FROM (SELECT case_id, min(screened_at) AS first_at, bool_or(outcome = 'incomplete') AS was_incomplete
          FROM panel_screening GROUP BY case_id) AS screened
    JOIN panel_case AS brought ON brought.id = screened.case_id JOIN panel ON panel.id = brought.panel_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id JOIN team ON team.id = asked.team_id
    WHERE (CAST(:panel AS text) IS NULL OR panel.code = :panel)
      AND (screened.first_at AT TIME ZONE 'Europe/London')::date BETWEEN :since AND :until
    GROUP BY team.id ORDER BY team.name
""")
# What holds: an approval that no other decision superseded, that has not lapsed, and whose order was not ended. What
# was handed over all the same costs what it costs.
HOLDING = """
    holding AS (
        SELECT made.id, made.case_id, asked.id AS order_id, brought.panel_id,
               (made.decided_at AT TIME ZONE 'Europe/London')::date AS day, lapse.decision_id IS NOT NULL AS has_lapsed
        FROM panel_decision AS made JOIN panel_case AS brought ON brought.id = made.case_id
        JOIN panel ON panel.id = brought.panel_id JOIN equipment_order AS asked ON asked.id = brought.order_id
        LEFT JOIN panel_lapse AS lapse ON lapse.decision_id = made.id
        WHERE made.kind IN ('approve', 'approve_with_conditions') AND asked.decision = 'approved'
          AND NOT EXISTS (SELECT FROM panel_decision AS later WHERE later.supersedes_id = made.id)
          AND (lapse.decision_id IS NULL
               OR EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND loan_id IS NOT NULL))
          AND (CAST(:panel AS text) IS NULL OR panel.code = :panel)
    )
"""
SPECIALS = text(
    f"""
    WITH {HOLDING}
    SELECT product.code AS product_code, product.name AS product, count(DISTINCT holding.case_id) AS approvals,
           sum(line.quantity) AS pieces, sum(recycled.many * line.unit_price_pence) AS saved_pence
    FROM holding JOIN order_line AS line ON line.order_id = holding.order_id
    JOIN product ON product.id = line.product_id AND product.non_catalogue
    CROSS JOIN LATERAL (SELECT count(*) AS many FROM jsonb_array_elements(
        CASE jsonb_typeof(line.explanation -> 'chosen') WHEN 'array' THEN line.explanation -> 'chosen' ELSE '[]' END
    ) AS one WHERE one ->> 'code' = 'recycled') AS recycled
    WHERE holding.day BETWEEN :since AND :until AND NOT holding.has_lapsed
    GROUP BY product.id ORDER BY approvals DESC, product.code LIMIT 50
"""  # noqa: S608 - nothing in it comes from outside
)
COMMITTED = text(
    f"""
    WITH {HOLDING}
    SELECT extract(year FROM holding.day - interval '3 months')::integer AS year, funder.code AS funder, funder.name,
           sum(part.pence) AS year_pence,
           COALESCE(sum(part.pence) FILTER (WHERE holding.day BETWEEN :since AND :until), 0) AS pence
    FROM holding JOIN panel_allotment AS part ON part.decision_id = holding.id
    JOIN funder ON funder.id = part.funder_id
    WHERE holding.day >= make_date(:first_year, 4, 1) AND holding.day < make_date(:last_year + 1, 4, 1)
    GROUP BY 1, funder.id ORDER BY 1, funder.code
"""  # noqa: S608 - nothing in it comes from outside
)
BUDGETS = text("""
    SELECT year, sum(pence) AS pence FROM panel_budget JOIN panel ON panel.id = panel_id
    WHERE (CAST(:panel AS text) IS NULL OR panel.code = :panel) AND year BETWEEN :first_year AND :last_year
    GROUP BY year
""")
PANELS = text("SELECT code, name FROM panel ORDER BY code")


async def list_all_panels(session: AsyncSession) -> list[tuple[str, str]]:
    """Every panel, those too that are at work no more. One statement."""
    return [(row.code, row.name) for row in await session.execute(PANELS)]


async def read_figures(session: AsyncSession, *, panel: str | None, since: date, until: date) -> Figures:
    """What the figures say of a period, both days included; of one panel or of all. Six statements.

    Raises BadValue as `check_period` does.
    """
    check_period(since, until)
    asked: dict[str, Any] = {"panel": panel, "since": since, "until": until}
    years = {"first_year": financial_year(since), "last_year": financial_year(until)}
    waiting = (await session.execute(WAITING, asked)).mappings()
    of_month: dict[str, dict[DecisionKind, int]] = {}
    for row in await session.execute(DECISIONS, asked):
        of_month.setdefault(row.month, dict.fromkeys(DecisionKind, 0))[DecisionKind(row.kind)] = row.many
    teams = (await session.execute(TEAMS, asked)).mappings().all()
    specials = (await session.execute(SPECIALS, asked)).mappings()
    spent = (await session.execute(COMMITTED, asked | years)).all()
    budgets = {row.year: int(row.pence) for row in await session.execute(BUDGETS, {"panel": panel} | years)}
    names = {row.funder: row.name for row in spent}
    return Figures(
        **asked,
        waiting=[Waiting(**row) for row in waiting],
        decisions=[Decided(month=month, decisions=kinds) for month, kinds in of_month.items()],
        teams=[_team(row["team"], row["cases"], row["incomplete"]) for row in teams],
        specials=[Special(**row, is_often=row["approvals"] >= OFTEN) for row in specials],
        committed=[
            Committed(funder=code, name=name, pence=sum(int(row.pence) for row in spent if row.funder == code))
            for code, name in sorted(names.items())
        ],
        budgets=[
            YearOfBudget(
                year=year,
                budget_pence=budgets.get(year),
                committed_pence=sum(int(row.year_pence) for row in spent if row.year == year),
            )
            for year in range(years["first_year"], years["last_year"] + 1)
        ],
    )


def _team(team: str, cases: int, incomplete: int) -> TeamRate:
    """A team's rate, or nothing but its name where it had too few cases."""
    if cases < FEWEST_CASES:
        return TeamRate(team=team, cases=None, incomplete=None, percent=None)
    return TeamRate(team=team, cases=cases, incomplete=incomplete, percent=percent_of(incomplete, cases))
