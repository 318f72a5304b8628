"""The page with the charts, and each chart's table as a file."""

from enum import StrEnum
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.costs import ChargeKind
from app.domain.dates import uk_date
from app.features.finance.dashboard.charts import CHARTS, percent_of, period_in_words
from app.features.finance.dashboard.reading import Sums, read_sums
from app.web.auth import Actor
from app.web.charts import patterns
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.once import page_router
from app.web.templating import render

router = page_router()


class Span(StrEnum):
    """How many months are shown: the running one, and one or two years before it."""

    YEAR = "13"
    TWO_YEARS = "25"


SPANS: Final = [(Span.YEAR.value, "13 months"), (Span.TWO_YEARS.value, "25 months")]


class Name(StrEnum):
    """A chart whose table is had as a file; by its key in `CHARTS`."""

    SPEND = "spend"
    KINDS = "kinds"
    CATEGORIES = "categories"
    ISSUES = "issues"
    CREDITS = "credits"


class Asked:
    """Which months, and whose."""

    def __init__(self, now: Now, months: Span = Span.YEAR, funder: Annotated[str, Query(max_length=40)] = "") -> None:
        self.months, self.funder, self.today = months, funder, uk_date(now)

    @property
    def query(self) -> str:
        """As an address has it."""
        return urlencode({"months": self.months.value} | ({"funder": self.funder} if self.funder else {}))

    async def read(self, session: Session) -> Sums:
        """The sums that are asked for."""
        return await read_sums(session, months=int(self.months), funder=self.funder or None, today=self.today)


@router.get("/finance/dashboard")
async def dashboard(
    request: Request, session: Session, actor: Actor, asked: Annotated[Asked, Depends()]
) -> HTMLResponse:
    """What is spent by month, by whom, and on what."""
    sums = await asked.read(session)
    context = {
        "charts": [await build(session, sums) for build in CHARTS.values()],
        "figures": _figures(sums),
        "fills": patterns(),
        "months": asked.months.value,
        "spans": SPANS,
        "funder": asked.funder,
        "funders": [(one.code, one.name) for one in sums.funders if one.code],
        "period": period_in_words(sums),
        "as_of": sums.as_of,
        "query": asked.query,
    }
    return render(request, "finance/dashboard.html", context)


@router.get("/finance/dashboard/{name}.csv")
async def chart_file(session: Session, actor: Actor, name: Name, asked: Annotated[Asked, Depends()]) -> Response:
    """The table of one chart as a file, with its totals."""
    sums = await asked.read(session)
    chart = await CHARTS[name.value](session, sums)
    keys = [column.key for column in chart.table.columns]
    rows = [*chart.table.rows, chart.table.totals]
    span = f"{sums.months[0]:%Y-%m}-{sums.months[-1]:%Y-%m}"
    shown = ([_cell(row.get(key)) for key in keys] for row in rows)
    return csv_answer(f"dashboard-{name.value}-{span}.csv", keys, shown)


def _cell(value: Any) -> Any:
    return f"{value:%Y-%m}" if hasattr(value, "strftime") else value


def _figures(sums: Sums) -> list[dict[str, Any]]:
    """The few numbers at the top."""
    net, credited = sums.net, sums.of_kinds(ChargeKind.CREDIT)
    recycled, new = sum(sums.issued("recycled")), sum(sums.issued("new"))
    share = percent_of(recycled, recycled + new)
    before = f"{sums.months[-2]:%B %Y}"
    return [
        {"what": f"{sums.months[-1]:%B %Y} so far", "pence": net[-1]},
        {"what": before, "pence": net[-2], "beside": _against(net[-2], net[-3], f"{sums.months[-3]:%B}")},
        {"what": "The twelve months before this one", "pence": sum(net[-13:-1])},
        {"what": "Credited in those months", "pence": -sum(credited[-13:-1])},
        {
            "what": "Issues that were of recycled items",
            "words": "None issued" if share is None else f"{share:g} %",
            "beside": f"{recycled:,} of {recycled + new:,} in {len(sums.months)} months",
        },
    ]


def _against(now: int, before: int, month: str) -> str:
    change = percent_of(now - before, before) if before > 0 else None
    if change is None:
        return ""
    return f"As in {month}" if not change else f"{abs(change):g} % {'more' if change > 0 else 'less'} than in {month}"
