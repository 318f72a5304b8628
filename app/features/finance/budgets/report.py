"""Budgets beside the books, as a table."""

from typing import Any

from app.domain.budgets import ALERT_PERCENT
from app.domain.panel_settings import year_in_words
from app.features.finance.budgets.queries import YearOfBudgets
from app.features.finance.tables import Cell, Column, Table

DEFINITION = (
    "Net of VAT. Spent: the lines of the books. Committed: pieces of approved orders, those of panels too, that are "
    "not delivered yet, at catalogue prices, by each funder's share; counted in the running year. Forecast: what is "
    "spent, what is committed, and for each month to come the mean of the months that are over. Variance: the budget "
    f"without the forecast. Finance is told at {ALERT_PERCENT} % and 100 % of what is used, and when the forecast is "
    "over. A team's budget is a part of its funder's, so teams are not added to the totals."
)
COLUMNS = (
    Column("funder", "Funder"),
    Column("team", "Team"),
    Column("budget_pence", "Budget", Cell.PENCE),
    Column("due_pence", "Budget so far", Cell.PENCE),
    Column("actual_pence", "Spent", Cell.PENCE),
    Column("committed_pence", "Committed", Cell.PENCE),
    Column("left_pence", "Left", Cell.PENCE),
    Column("used_percent", "Used", Cell.PERCENT),
    Column("forecast_pence", "Forecast", Cell.PENCE),
    Column("variance_pence", "Variance", Cell.PENCE),
    Column("standing", "Standing"),
    Column("arithmetic", "How it is forecast"),
)


def as_table(found: YearOfBudgets) -> Table:
    """The budgets of a financial year beside the books."""
    rows: list[dict[str, Any]] = [
        {
            "funder": one.budget.funder,
            "team": one.budget.team,
            "budget_pence": one.standing.budget,
            "due_pence": one.standing.due,
            "actual_pence": one.standing.actual,
            "committed_pence": one.standing.committed,
            "left_pence": one.standing.left,
            "used_percent": one.standing.used_percent,
            "forecast_pence": one.standing.forecast,
            "variance_pence": one.standing.variance,
            "standing": one.standing.in_words,
            "arithmetic": one.standing.arithmetic,
        }
        for one in found.rows
    ]
    summed = [column.key for column in COLUMNS if column.cell is Cell.PENCE]
    totals = {key: sum(row[key] for row in rows if row["team"] is None) for key in summed}
    links = [f"/finance/budgets/{one.budget.id}" for one in found.rows]
    period = f"Financial year {year_in_words(found.year)}"
    name = f"budgets-{found.year}"
    return Table(name, "Budgets", DEFINITION, period, COLUMNS, rows, {"funder": "All funders", **totals}, links)
