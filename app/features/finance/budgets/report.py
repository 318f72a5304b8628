"""Budgets beside the books, as a table."""

from typing import Any

from app.domain.budgets import ALERT_PERCENT, Standing
from app.domain.panel_settings import year_in_words
from app.features.finance.budgets.queries import YearOfBudgets
from app.features.finance.tables import Cell, Column, Table

DEFINITION = (
    "Net of VAT. Spent: the lines of the books. Committed: pieces of approved orders, those of panels too, that are "
    "not delivered yet, at catalogue prices, by each funder's share; counted in the running year. Forecast: what is "
    "spent, what is committed, and for each month to come the mean of the months that are over. Variance: the budget "
    f"without the forecast. Finance is told once, each morning at a quarter to nine, of what has come to "
    f"{ALERT_PERCENT} % or 100 % used, or to a forecast that is over. A team's budget is a part of its funder's, so it "
    "is added to the totals only where the funder has none. Without a budget: everything else, that of funders and "
    "teams without one and the service's own, so that “All funders” is the sum of all lines and of all commitments."
)
WITHOUT = "Without a budget"
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
        }
        | _cells(one.standing)
        for one in found.rows
    ]
    links: list[str | None] = [f"/finance/budgets/{one.budget.id}" for one in found.rows]
    if found.without:
        rows.append({"funder": WITHOUT, "team": None} | _cells(found.rest) | {"standing": "No budget"})
        links.append(None)
    counted = [_cells(one) for one in found.counted]
    totals = {column.key: sum(one[column.key] for one in counted) for column in COLUMNS if column.cell is Cell.PENCE}
    period = f"Financial year {year_in_words(found.year)}"
    name = f"budgets-{found.year}"
    return Table(name, "Budgets", DEFINITION, period, COLUMNS, rows, {"funder": "All funders", **totals}, links)


def _cells(standing: Standing) -> dict[str, Any]:
    return {
        "budget_pence": standing.budget,
        "due_pence": standing.due,
        "actual_pence": standing.actual,
        "committed_pence": standing.committed,
        "left_pence": standing.left,
        "used_percent": standing.used_percent,
        "forecast_pence": standing.forecast,
        "variance_pence": standing.variance,
        "standing": standing.in_words,
        "arithmetic": standing.arithmetic,
    }
