"""The chart of orders that came by their promised day, month by month."""

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.months import last_day
from app.domain.performance import PROMISED_WORDS
from app.features.finance.dashboard.parts import Chart, in_percent, labels, months_in_words
from app.features.finance.dashboard.reading import Sums
from app.features.finance.performance.queries import read_months
from app.features.finance.performance.reports import COUNTED
from app.features.finance.performance.schemas import Kept
from app.features.finance.tables import Cell, Column, Table
from app.web.charts import Columns, Series, stacked_columns

TITLE: Final = "Deliveries on time by month"
NOTHING: Final = "No order was due in these months."
PERFORMANCE: Final = "/finance/performance"
SHOWN: Final = COUNTED[:4]
"""What is said of each month: of failed visits the performance report tells."""
NOTHING_DUE: Final = Kept(key="", name="")


async def deliveries_on_time(session: AsyncSession, sums: Sums) -> Chart:
    """Orders by the month of their promised day, in percent of those that were due. One statement."""
    last = last_day(sums.months[-1])
    found = await read_months(session, since=sums.months[0], until=last, today=sums.today)
    keys = [column.key for column in SHOWN]
    rows: list[dict[str, Any]] = []
    for month in sums.months:
        told = found.get(month, NOTHING_DUE)
        rows.append({"month": month, **{key: getattr(told, key) for key in keys}})
    whole = Kept(key="", name="", **{key: sum(row[key] for row in rows) for key in ("on_time", "late", "waiting")})
    hrefs = [{"percent": _report(row["month"]) if row["percent"] is not None else None} for row in rows]
    about = f"{PROMISED_WORDS} Orders of all funders: a delivery is not told apart by who pays for it."
    table = Table(
        "deliveries",
        TITLE,
        about,
        months_in_words(sums),
        [Column("month", "Month", Cell.MONTH), *SHOWN],
        rows,
        {"month": "All months", **{key: getattr(whole, key) for key in keys}},
    )
    values = [round(row["percent"] or 0) for row in rows]
    drawing = stacked_columns(
        Columns(
            key="chart-deliveries",
            title=TITLE,
            description="In percent of the orders that were due. The same figures stand in the table below.",
            labels=labels(sums.months),
            series=[Series("On time", values, [one["percent"] for one in hrefs])],
            said=in_percent,
            short=in_percent,
            names=[f"{month:%B %Y}" for month in sums.months],
        )
    )
    return Chart(table, drawing, hrefs=hrefs, nothing=NOTHING)


def _report(month: date) -> str:
    """Where the performance of a month is told."""
    return f"{PERFORMANCE}?{urlencode({'from': month, 'to': last_day(month)})}"
