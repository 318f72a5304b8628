"""How long the reports that people wait for take on five years of a county: rates, avoided, in time, charts."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.cli.bench import county
from app.cli.bench.county import County
from app.domain.cost_reports import Dimension, Span
from app.domain.dates import uk_date
from app.domain.months import last_day
from app.domain.recycling import Basis
from app.features.finance.dashboard.charts import CHARTS
from app.features.finance.dashboard.reading import read_sums
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.performance.queries import read_performance
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.avoided import settle_spells
from app.features.finance.recycling.queries import read_avoided, read_rates
from app.features.finance.reports.asking import Asked as CostsAsked
from app.features.finance.reports.costs import read_groups

TIMES: Final = 3
SPANS: Final = (("a year", timedelta(days=365)), ("five years", timedelta(days=1825)))

PAIRS: Final = (
    (Dimension.FUNDER, Dimension.KIND),
    (Dimension.TEAM, Dimension.KIND),
    (Dimension.CATEGORY_CLASS, Dimension.PERIOD),
    (Dimension.DISTRICT, Dimension.REASON),
    (Dimension.CATEGORY, Dimension.SPEED),
)
"""Two of what costs are counted under: of the first three pairs closed months are summed up."""

Work = Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Read:
    """One report, and how long it took at its fastest."""

    report: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DashboardsReport:
    """What one run found. `scan`: seconds in which the lines of the newest month are counted, as a floor."""

    items: int
    issues: int
    lines: int
    newest: int
    scan: float
    reads: list[Read]

    def as_markdown(self) -> str:
        """As the documents show it."""
        rows = [f"| {one.report} | {one.seconds:.2f} |" for one in self.reads]
        said = (
            f"{self.items:,} items, {self.issues:,} issues in five years, {self.lines:,} lines of charges, "
            f"{self.newest:,} of them in the newest month, whose lines alone are counted in {self.scan:.2f} s."
        )
        return "\n".join([said, "", "| report | seconds |", "|---|---:|", *rows]) + "\n"

    def as_figures(self) -> dict[str, Any]:
        """As numbers."""
        return asdict(self)


async def prepare(engine: AsyncEngine, made: County, *, at: datetime) -> None:
    """Five years that end now, with what the jobs of the night keep of them."""
    async with AsyncSession(engine) as session, session.begin():
        await county.fill(session, made, until=at)
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE"))
    async with AsyncSession(engine) as session, session.begin():
        await settle_spells(session, at=at)
        await sum_up_months(session, at=at)
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE spell, charge_month, order_timing, collection_timing"))


async def measure(engine: AsyncEngine, made: County, *, at: datetime) -> DashboardsReport:
    """Each report at its fastest of some times."""
    count = "SELECT count(*) FROM charge"
    month = "SELECT count(*) FROM charge WHERE period = (SELECT max(period) FROM charge)"
    async with AsyncSession(engine) as session:
        lines, newest = await session.scalar(text(count)) or 0, await session.scalar(text(month)) or 0
    scan = await _fastest(engine, lambda session: session.scalar(text(month)))
    reads = [Read(name, await _fastest(engine, work)) for name, work in _reports(at).items()]
    return DashboardsReport(made.items, made.issues, lines, newest, scan, reads)


async def run(engine: AsyncEngine, made: County) -> DashboardsReport:
    """Fill the database, which is migrated and empty, and measure."""
    at = datetime.now(UTC)
    await prepare(engine, made, at=at)
    return await measure(engine, made, at=at)


def _reports(at: datetime) -> dict[str, Work]:
    today = uk_date(at)
    found: dict[str, Work] = {}
    for name, span in SPANS:
        since = today - span
        for basis in Basis:
            found[f"recycling rates of {name}, basis {basis.value}"] = partial(
                read_rates, terms=Terms(since, today, at, basis)
            )
        found[f"recycling rates of {name}, of a funder"] = partial(
            read_rates, terms=Terms(since, today, at, funder="B0")
        )
        found[f"cost avoided in {name}"] = partial(read_avoided, terms=Terms(since, today, at))
        found[f"cost avoided in {name}, as at 200 days ago"] = partial(
            read_avoided, terms=Terms(since, today, at - timedelta(days=200))
        )
        found[f"performance in {name}"] = partial(read_performance, since=since, until=today, today=today)
        books = Span(_first_of_month(since), last_day(today))
        for pair in PAIRS:
            words = " and ".join(one.value.replace("_", " ") for one in pair)
            found[f"costs of {name} by {words}"] = partial(read_groups, asked=CostsAsked(books, pair))
    for months in (13, 25):
        found[f"dashboard of {months} months, every chart"] = partial(_read_dashboard, months=months, today=today)
    return found


def _first_of_month(day: date) -> date:
    """The month after this day: a year of whole months, and five of them."""
    return last_day(day) + timedelta(days=1)


async def _read_dashboard(session: AsyncSession, *, months: int, today: date) -> None:
    sums = await read_sums(session, months=months, funder=None, today=today)
    for build in CHARTS.values():
        await build(session, sums)


async def _fastest(engine: AsyncEngine, work: Work) -> float:
    taken = []
    for _ in range(TIMES):
        async with AsyncSession(engine) as session:
            await session.execute(text("SELECT 1"))
            started = time.perf_counter()
            await work(session)
            taken.append(time.perf_counter() - started)
    return min(taken)
