"""Setting and changing budgets, and telling finance of those that run out."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, outbox
from app.domain.access import Permission, roles_with
from app.domain.budgets import Level, check_year, profile
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, Stale
from app.domain.panel_settings import financial_year, year_in_words
from app.features.finance.budgets.queries import Compared, compare, get_budget
from app.features.finance.budgets.schemas import BudgetChange, NewBudget

NAMED: Final = text("""
    SELECT (SELECT id FROM funder WHERE code = :funder) AS funder_id,
           (SELECT id FROM team WHERE code = CAST(:team AS text)) AS team_id
""")
SET: Final = text("""
    INSERT INTO budget (funder_id, team_id, year, months, note, made_at, made_by, changed_at, changed_by)
    VALUES (:funder_id, :team_id, :year, :months, :note, :at, :actor, :at, :actor)
    ON CONFLICT DO NOTHING RETURNING id
""")
CHANGE: Final = text("""
    UPDATE budget SET months = :months, note = :note, changed_at = :at, changed_by = :actor, version = version + 1
    WHERE id = :budget_id AND version = :version RETURNING id
""")
# What is told once is not told again, unless the budget itself has become another.
TOLD: Final = text("""
    INSERT INTO budget_alert (budget_id, level, of_pence, told_at)
    SELECT budget_id, level, of_pence, :at
    FROM unnest(CAST(:budgets AS bigint[]), CAST(:levels AS text[]), CAST(:sums AS bigint[]))
         AS reached (budget_id, level, of_pence)
    ON CONFLICT DO NOTHING RETURNING budget_id, level
""")
STANDS: Final = text("""
    UPDATE budget_alert SET stands = NOT stands
    FROM budget
    WHERE budget.id = budget_alert.budget_id AND budget.year = :year AND stands <> EXISTS (
        SELECT FROM unnest(CAST(:budgets AS bigint[]), CAST(:levels AS text[]), CAST(:sums AS bigint[]))
                    AS reached (budget_id, level, of_pence)
        WHERE reached.budget_id = budget_alert.budget_id AND reached.level = budget_alert.level
          AND reached.of_pence = budget_alert.of_pence)
""")


async def set_budget(session: AsyncSession, new: NewBudget, *, actor: str, at: datetime) -> int:
    """Set the budget of a funder, or of a team's part of it, for a year; returns its number.

    Raises BadValue `unknown-funder`, `unknown-team` or as `check_year` and `profile` do, Conflict `budget-exists`.
    """
    check_year(new.year, today=uk_date(at))
    months = profile(new.pence, new.months)
    named = (await session.execute(NAMED, {"funder": new.funder, "team": new.team})).one()
    if named.funder_id is None:
        raise BadValue("unknown-funder", "There is no funder with this code.", field="funder")
    if new.team is not None and named.team_id is None:
        raise BadValue("unknown-team", "There is no team with this code.", field="team")
    values = {"funder_id": named.funder_id, "team_id": named.team_id, "year": new.year, "months": list(months)}
    number: int | None = await session.scalar(SET, values | {"note": new.note, "at": at, "actor": actor})
    if number is None:
        detail = f"There is a budget for {year_in_words(new.year)} already. Change that one."
        raise Conflict("budget-exists", detail, field="year")
    facts: dict[str, audit.Detail] = {
        "funder": new.funder,
        "team": new.team or "",
        "year": new.year,
        "pence": sum(months),
    }
    await audit.record(session, "budget_set", f"budget:{number}", actor=actor, at=at, **facts)
    return number


async def change_budget(
    session: AsyncSession, budget_id: int, change: BudgetChange, *, version: int, actor: str, at: datetime
) -> None:
    """Change the months or the note of a budget; a sum without months is spread in equal twelfths.

    Raises NotFound `unknown-budget`, Stale `stale`, BadValue as `profile` does.
    """
    was = await get_budget(session, budget_id)
    is_same = change.pence is None and change.months is None
    months = tuple(was.months) if is_same else profile(change.pence, change.months)
    values = {"budget_id": budget_id, "version": version, "months": list(months), "at": at, "actor": actor}
    values["note"] = was.note if change.note is None else change.note
    if await session.scalar(CHANGE, values) is None:
        raise Stale("stale", "Somebody changed this budget since you read it. Read it again, then change it.")
    facts: dict[str, audit.Detail] = {
        "pence": sum(months),
        "pence_before": was.pence,
        "months": ",".join(map(str, months)),
    }
    await audit.record(session, "budget_changed", f"budget:{budget_id}", actor=actor, at=at, **facts)


async def tell_of_budgets(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Tell finance, once for each level and amount, which budgets of this year have come to it; returns how many."""
    year = financial_year(today)
    compared = {one.budget.id: one for one in (await compare(session, year, today=today)).rows}
    reached = [(one, level) for one in compared.values() for level in one.standing.levels]
    values = {
        "budgets": [one.budget.id for one, _ in reached],
        "levels": [level.value for _, level in reached],
        "sums": [one.standing.budget for one, _ in reached],
    }
    new = (await session.execute(TOLD, values | {"at": at})).all()
    await session.execute(STANDS, values | {"year": year})
    roles = {role.value for role in roles_with(Permission.KEEP_BUDGETS)}
    for row in sorted(new, key=lambda row: (row.budget_id, row.level)):
        letter = _letter(compared[row.budget_id], Level(row.level))
        await outbox.post_to_roles(session, roles, letter, actor=actor, at=at)
    return len(new)


def _letter(one: Compared, level: Level) -> dict[str, str]:
    budget, standing = one.budget, one.standing
    body = (
        f"{budget.name} has a budget of {_pounds(standing.budget)} for {year_in_words(budget.year)}. "
        f"{_pounds(standing.actual)} is spent and {_pounds(standing.committed)} committed.\n\n"
        f"Forecast for the year: {standing.arithmetic}.\n\nLook at it under Finance, Budgets."
    )
    return {
        "purpose": f"budget_{level.value}",
        "about": f"budget:{budget.id}",
        "subject": f"Budget of {budget.name} {year_in_words(budget.year)}: {level.text.lower()}",
        "body": body,
    }


def _pounds(pence: int) -> str:
    return f"{'-' if pence < 0 else ''}£{abs(pence) // 100:,}.{abs(pence) % 100:02}"
