"""The chart of the four recycling rates over the months: one small drawing for each, one table for all."""

from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.months import last_day
from app.domain.recycling import RATES, Part, Rate
from app.domain.report_days import midnight
from app.features.finance.dashboard.parts import Chart, in_percent, labels, period_in_words
from app.features.finance.dashboard.reading import Sums
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.queries import read_rates
from app.features.finance.tables import Cell, Column, Table
from app.web.charts import Columns, Series, stacked_columns

LOW: Final = 110
"""How high each of the four is drawn, in pixels: they are looked at together."""
TITLE: Final = "Recycling rates by month"
NOTHING: Final = "Nothing went out or came back in these months."
ITEMS: Final = "/finance/recycling/items"


async def recycling_rates(session: AsyncSession, sums: Sums) -> Chart:
    """The four named rates, by count and by value, of what happened in each month. Two statements."""
    asked = Terms(sums.months[0], sums.today, midnight(sums.today + timedelta(days=1)), funder=_code(sums))
    found = await read_rates(session, asked)
    columns = [Column("month", "Month", Cell.MONTH)]
    for rate in Rate:
        columns += [
            Column(rate.value, rate.text, Cell.PERCENT),
            Column(f"{rate.value}_by_value", f"{rate.text}, by value", Cell.PERCENT),
        ]
    rows: list[dict[str, Any]] = []
    hrefs: list[dict[str, str | None]] = []
    for month, said in zip(sums.months, found.months, strict=True):
        measured = said.all_items
        rows.append({"month": month})
        hrefs.append({})
        for rate in Rate:
            one = measured[rate]
            rows[-1] |= {rate.value: one.by_count.percent, f"{rate.value}_by_value": one.by_value.percent}
            if one.by_count.percent is not None:
                hrefs[-1][rate.value] = _items(asked, rate, month)
    whole = {said.rate: said.all_items for said in found.rates}
    totals: dict[str, Any] = {"month": "All months"}
    for rate in Rate:
        totals |= {rate.value: whole[rate].by_count.percent, f"{rate.value}_by_value": whole[rate].by_value.percent}
    formulas = " ".join(f"{said.name}: {said.formula}." for said in RATES.values())
    about = f"{formulas} {found.basis_words} {found.value_words} Drawn by count."
    table = Table("recycling", TITLE, about, period_in_words(sums), columns, rows, totals)
    return Chart(
        table, Markup("").join(_drawing(rate, sums, rows, hrefs) for rate in Rate), hrefs=hrefs, nothing=NOTHING
    )


def _drawing(rate: Rate, sums: Sums, rows: list[dict[str, Any]], hrefs: list[dict[str, str | None]]) -> Markup:
    values = [round(row[rate.value] or 0) for row in rows]
    drawn = stacked_columns(
        Columns(
            key=f"chart-{rate.value}",
            title=f"{TITLE}: {rate.text}",
            description="In percent, by count. The same figures stand in the table below.",
            labels=labels(sums.months),
            series=[Series(rate.text, values, [one.get(rate.value) for one in hrefs])],
            said=in_percent,
            short=in_percent,
            names=[f"{month:%B %Y}" for month in sums.months],
            plot=LOW,
        )
    )
    return Markup('<h3 class="govuk-heading-s app-chart__name">{}</h3>{}').format(rate.text, drawn)


def _items(asked: Terms, rate: Rate, month: date) -> str:
    """Where the items of it are listed, as they are recorded when somebody looks."""
    until = min(last_day(month), asked.until)
    query = {"from": month, "to": until, "rate": rate.value, "part": Part.NUMERATOR.value}
    return f"{ITEMS}?{urlencode(query | ({'funder': asked.funder} if asked.funder else {}))}"


def _code(sums: Sums) -> str:
    return sums.funder.code if sums.funder else ""
