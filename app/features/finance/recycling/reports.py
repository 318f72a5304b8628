"""The reports about recycling as tables, which pages draw and files are written from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.domain.dates import in_words, uk_date
from app.domain.months import read_month
from app.domain.recycling import RATES, Rate
from app.features.finance.recycling.schemas import AvoidedReport, AvoidedSum, MeasuredBody, RatesReport
from app.features.finance.tables import Cell, Column, Table

RATE_COLUMNS = (
    Column("month", "Month"),
    Column("rate", "Rate"),
    Column("of", "Of"),
    Column("numerator", "Items above", Cell.COUNT),
    Column("denominator", "Items below", Cell.COUNT),
    Column("percent", "By count", Cell.PERCENT),
    Column("numerator_pence", "Value above", Cell.PENCE),
    Column("denominator_pence", "Value below", Cell.PENCE),
    Column("value_percent", "By value", Cell.PERCENT),
)
AVOIDED_COLUMNS = (
    Column("issues", "Recycled issues", Cell.COUNT),
    Column("new_pence", "New ones would have cost", Cell.PENCE),
    Column("cost_pence", "These cost", Cell.PENCE),
    Column("avoided_pence", "Avoided", Cell.PENCE),
    Column("unpriced", "Work without a rate", Cell.COUNT),
)


def table_of_rates(report: RatesReport) -> Table:
    """The four rates, each month and in all, of all items and of those above the floor."""
    whole = {one.rate: (one.all_items, one.above_floor) for one in report.rates}
    rows: list[Mapping[str, Any]] = []
    for one in report.months:
        rows += _rows(one.month, {rate: (one.all_items[rate], one.above_floor[rate]) for rate in Rate}, report)
    rows += _rows("all", whole, report)
    formulas = " ".join(f"{said.name}: {said.formula}." for said in RATES.values())
    return Table(
        name=f"recycling-{report.since}-{report.until}",
        title="Recycling rates",
        definition=f"{formulas} {report.basis_words} {report.value_words}",
        period=period_in_words(report.since, report.until, report.as_at),
        columns=RATE_COLUMNS,
        rows=rows,
    )


def table_of_avoided(report: AvoidedReport, *, by_month: bool = False) -> Table:
    """What recycling has avoided, by category or by month."""
    first = Column("name", "Month" if by_month else "Category (ISO 9999)", Cell.MONTH if by_month else Cell.TEXT)
    sums: Sequence[AvoidedSum] = report.by_month if by_month else report.by_category
    return Table(
        name=f"cost-avoided-{report.since}-{report.until}",
        title="Cost avoided by recycling",
        definition=report.definition,
        period=period_in_words(report.since, report.until, report.as_at),
        columns=(first, *AVOIDED_COLUMNS),
        rows=[one.model_dump() | ({"name": read_month(one.name)} if by_month else {}) for one in sums],
        totals=report.in_all.model_dump(exclude={"name"}),
    )


def period_in_words(since: date, until: date, as_at: datetime | None = None) -> str:
    """Of when a report is."""
    days = f"{in_words(since)} to {in_words(until)}"
    return f"{days}, as recorded by {in_words(uk_date(as_at))}" if as_at else days


def _rows(
    month: str, measured: Mapping[Rate, tuple[MeasuredBody, MeasuredBody]], report: RatesReport
) -> Iterator[dict[str, Any]]:
    for rate in Rate:
        for of, one in zip(("all items", f"items of {report.floor_pence} pence or more"), measured[rate], strict=True):
            yield {
                "month": month,
                "rate": rate.value,
                "of": of,
                "numerator": one.by_count.numerator,
                "denominator": one.by_count.denominator,
                "percent": one.by_count.percent,
                "numerator_pence": one.by_value.numerator,
                "denominator_pence": one.by_value.denominator,
                "value_percent": one.by_value.percent,
            }
