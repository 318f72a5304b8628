"""What is asked of the dashboard: which months, whose, and the table of which chart."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.months import month_name
from app.features.finance.dashboard.charts import CHARTS
from app.features.finance.dashboard.reading import Sums, read_sums
from app.features.finance.tables import Table
from app.web.clock import Now


class Span(StrEnum):
    """How many months are shown: the running one, and one or two years before it."""

    YEAR = "13"
    TWO_YEARS = "25"


class Name(StrEnum):
    """A chart whose table is had as a file; by its key in `CHARTS`."""

    SPEND = "spend"
    KINDS = "kinds"
    CATEGORIES = "categories"
    ISSUES = "issues"
    CREDITS = "credits"
    RECYCLING = "recycling"
    DELIVERIES = "deliveries"


class Asked:
    """Which months, and whose."""

    def __init__(self, now: Now, months: Span = Span.YEAR, funder: Annotated[str, Query(max_length=40)] = "") -> None:
        self.months, self.funder, self.today = months, funder, uk_date(now)

    @property
    def query(self) -> str:
        """As an address has it."""
        return urlencode({"months": self.months.value} | ({"funder": self.funder} if self.funder else {}))

    async def read(self, session: AsyncSession) -> Sums:
        """The sums that are asked for."""
        return await read_sums(session, months=int(self.months), funder=self.funder or None, today=self.today)


async def read_chart(session: AsyncSession, name: Name, asked: Asked) -> Table:
    """The table of one chart, called by its months."""
    sums = await asked.read(session)
    chart = await CHARTS[name.value](session, sums)
    months = f"{month_name(sums.months[0])}-{month_name(sums.months[-1])}"
    return replace(chart.table, name=f"dashboard-{name.value}-{months}")
