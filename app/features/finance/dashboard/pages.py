"""The page with the charts, and each chart's table as a file."""

from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from app.db import ReportSession
from app.domain.costs import ChargeKind
from app.features.finance import kept_since
from app.features.finance.dashboard.asking import Asked, Name, Span, read_chart
from app.features.finance.dashboard.charts import CHARTS, behind, percent_of
from app.features.finance.dashboard.parts import against, period_in_words
from app.features.finance.dashboard.reading import Sums
from app.features.finance.exports.answers import FileAsked, FileFormat, respond
from app.web.auth import Actor
from app.web.charts import patterns
from app.web.once import page_router
from app.web.templating import render

router = page_router()


SPANS: Final = [(Span.YEAR.value, "13 months"), (Span.TWO_YEARS.value, "25 months")]


@router.get("/finance/dashboard")
async def dashboard(
    request: Request, session: ReportSession, actor: Actor, asked: Annotated[Asked, Depends()]
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
        "query": asked.query,
        "note": await kept_since.said_of(session, sums.months[0]),
    }
    return render(request, "finance/dashboard.html", context)


@router.get("/finance/dashboard/{name}")
async def chart_file(
    session: ReportSession,
    actor: Actor,
    name: Name,
    asked: Annotated[Asked, Depends()],
    wanted: Annotated[FileAsked, Depends()],
) -> Response:
    """The table of one chart as a file, with its totals; as CSV, where nothing is said."""
    table = await read_chart(session, name, asked)
    return await respond(table, wanted.format or FileFormat.CSV, with_head=wanted.with_head, as_at=wanted.as_at)


def _figures(sums: Sums) -> list[dict[str, Any]]:
    """The few numbers at the top, and where each leads."""
    months = sums.months
    year = months[-13:][0], months[-2]
    net, credited = sums.net, sums.of_kinds(ChargeKind.CREDIT)
    recycled, new = sum(sums.issued("recycled")), sum(sums.issued("new"))
    share = percent_of(recycled, recycled + new)
    before = f"{months[-2]:%B %Y}"
    return [
        {"what": f"{months[-1]:%B %Y} so far", "pence": net[-1], "href": behind(sums, months[-1])},
        {
            "what": before,
            "pence": net[-2],
            "href": behind(sums, months[-2], months[-2]),
            "beside": against(net[-2], net[-3], f"{months[-3]:%B}"),
        },
        {"what": "The twelve months before this one", "pence": sum(net[-13:-1]), "href": behind(sums, *year)},
        {
            "what": "Credited in those months",
            "pence": -sum(credited[-13:-1]),
            "href": behind(sums, *year, kind=ChargeKind.CREDIT.value),
        },
        {
            "what": "Recycled, of issues charged",
            "href": "#issues",
            "words": "None issued" if share is None else f"{share:g} %",
            "beside": f"{recycled:,} of {recycled + new:,} issues charged in {len(sums.months)} months. "
            "What was not charged, or is hired, counts only in the recycled share of all issues",
        },
    ]
