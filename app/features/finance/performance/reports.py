"""Deliveries and collections in time as tables."""

from typing import Literal

from app.domain.performance import Grouping
from app.features.finance.performance.schemas import PerformanceReport
from app.features.finance.recycling.reports import period_in_words
from app.features.finance.tables import Cell, Column, Table

Of = Literal["orders", "collections"]
COUNTED = (
    Column("on_time", "On time", Cell.COUNT),
    Column("late", "Late", Cell.COUNT),
    Column("waiting", "Not due yet", Cell.COUNT),
    Column("percent", "On time, of those due", Cell.PERCENT),
    Column("failed_visits", "Failed visits", Cell.COUNT),
)
PIECES = (
    Column("pieces", "Pieces handed over", Cell.COUNT),
    Column("within_seven", "Within seven working days", Cell.COUNT),
    Column("seven_percent", "Within seven, of all", Cell.PERCENT),
)


def table_of(report: PerformanceReport, by: Grouping, of: Of) -> Table:
    """One of the tables of a report that was read."""
    return table_of_orders(report, by) if of == "orders" else table_of_collections(report, by)


def table_of_orders(report: PerformanceReport, by: Grouping) -> Table:
    """Orders in time, by speed, store, team or month."""
    found = {
        Grouping.SPEED: report.by_speed,
        Grouping.STORE: report.by_store,
        Grouping.TEAM: report.by_team,
        Grouping.MONTH: report.by_month,
    }
    return Table(
        name=f"delivery-performance-by-{by.value}-{report.since}-{report.until}",
        title=f"Delivery performance by {by.value}",
        definition=f"{report.promised_words} {report.seven_words}",
        period=period_in_words(report.since, report.until),
        columns=(Column("name", by.text), *COUNTED, *PIECES),
        rows=[one.model_dump(exclude={"key"}) for one in found[by]],
        totals=report.in_all.model_dump(exclude={"key", "name"}),
    )


def table_of_collections(report: PerformanceReport, by: Grouping) -> Table:
    """Collections in time, by speed or by month."""
    found = report.collections_by_month if by is Grouping.MONTH else report.collections_by_speed
    return Table(
        name=f"collection-performance-{report.since}-{report.until}",
        title=f"Collection performance by {'month' if by is Grouping.MONTH else 'speed'}",
        definition=report.collection_words,
        period=period_in_words(report.since, report.until),
        columns=(Column("name", "Month" if by is Grouping.MONTH else "Speed"), *COUNTED),
        rows=[one.model_dump(exclude={"key"}) for one in found],
        totals=report.collections.model_dump(exclude={"key", "name"}),
    )
