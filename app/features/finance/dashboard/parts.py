"""What charts of the dashboard have in common: the chart with its table, its months, and their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from app.features.finance.dashboard.reading import Sums
from app.features.finance.tables import Cell, Table

YEAR_APART: Final = 4
"""So many columns apart two years stand below a chart on a telephone without touching."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with its table. `drawing` is empty where the bars stand in the table itself (`bars`).

    `hrefs`: for each row, by column, where the cell leads. `legend`: swatches and names.
    """

    table: Table
    drawing: Markup | None = None
    legend: Sequence[tuple[Markup, str]] = ()
    hrefs: Sequence[Mapping[str, str | None]] = ()
    bars: Sequence[Markup] = ()
    nothing: str = "Nothing was charged in these months."

    @property
    def key(self) -> str:
        """Its name in addresses and ids."""
        return self.table.name

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        keys = [column.key for column in self.table.columns if column.cell in {Cell.PENCE, Cell.COUNT, Cell.PERCENT}]
        return not any(row.get(key) for row in self.table.rows for key in keys)


def period_in_words(sums: Sums) -> str:
    """The months, and whose: March 2025 to March 2026, Adult social care."""
    months = f"{sums.months[0]:%B %Y} to {sums.months[-1]:%B %Y}"
    return f"{months}, {sums.funder.name}" if sums.funder else months


def labels(months: Sequence[date]) -> list[tuple[str, str, str]]:
    """Each month, its letter, and the year where one begins; at the first too, unless the next year is near."""
    years = {place for place, month in enumerate(months) if month.month == 1}
    years |= set() if years & set(range(1, YEAR_APART)) else {0}
    return [
        (f"{month:%b}", f"{month:%b}"[0], str(month.year) if place in years else "")
        for place, month in enumerate(months)
    ]
