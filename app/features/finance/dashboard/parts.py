"""What charts of the dashboard have in common: the chart with its table, its months, and their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from markupsafe import Markup

from app.features.finance.dashboard.reading import Sums
from app.features.finance.tables import Cell, Table

TIMES: Final = 2
"""From so many times as much on, percent say it badly."""
FAR_APART: Final = 100
"""What is so many times as much is compared with nearly nothing."""
YEAR_APART: Final = 4
"""So many columns apart two years stand below a chart on a telephone without touching."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with its table. `drawing` is empty where the bars stand in the table itself (`bars`).

    `hrefs`: for each row, by column, where the cell leads; `totals_hrefs`: those of the totals. `legend`: swatches and
    names.
    """

    table: Table
    drawing: Markup | None = None
    legend: Sequence[tuple[Markup, str]] = ()
    hrefs: Sequence[Mapping[str, str | None]] = ()
    totals_hrefs: Mapping[str, str | None] = field(default_factory=dict)
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
    return f"{months_in_words(sums)}, {sums.funder.name}" if sums.funder else months_in_words(sums)


def months_in_words(sums: Sums) -> str:
    """The months alone: March 2025 to March 2026."""
    return f"{sums.months[0]:%B %Y} to {sums.months[-1]:%B %Y}"


def labels(months: Sequence[date]) -> list[tuple[str, str, str]]:
    """Each month, its letter, and the year where one begins; at the first too, unless the next year is near."""
    years = {place for place, month in enumerate(months) if month.month == 1}
    years |= set() if years & set(range(1, YEAR_APART)) else {0}
    return [
        (f"{month:%b}", f"{month:%b}"[0], str(month.year) if place in years else "")
        for place, month in enumerate(months)
    ]


def in_percent(value: int) -> str:
    """A percentage as it stands at a drawing."""
    return f"{value} %"


def against(now: int, before: int, month: str) -> str:
    """A month beside the one before it; nothing where that came to nothing, or to next to nothing."""
    if now < 0 or before <= 0 or now >= FAR_APART * before:
        return ""
    if now >= TIMES * before:
        times = round(now / before, 1)
        return f"{times:g} times as much as in {month}"
    change = round(100 * (now - before) / before, 1)
    return f"As in {month}" if not change else f"{abs(change):g} % {'more' if change > 0 else 'less'} than in {month}"
