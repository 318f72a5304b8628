"""The charts of the dashboard: what each draws, its table, and where its cells lead. `CHARTS` is their list."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.costs import ChargeKind
from app.domain.months import last_day
from app.features.finance.charges.asking import NOBODY
from app.features.finance.dashboard.deliveries import deliveries_on_time
from app.features.finance.dashboard.parts import Chart, labels, period_in_words
from app.features.finance.dashboard.rates import recycling_rates
from app.features.finance.dashboard.reading import Funder, Sums
from app.features.finance.tables import Cell, Column, Table
from app.web.charts import Columns, Series, share_bar, short_count, short_pounds, stacked_columns, swatch
from app.web.templating import pounds

MOST_SERIES: Final = 6
LINES: Final = "/finance/charges"
COSTS: Final = "/finance/reports/costs"
CATEGORIES: Final[Mapping[str, str]] = {
    "04": "Measuring, supporting and training",
    "06": "Orthoses and prostheses",
    "09": "Personal care",
    "12": "Moving about and transfers",
    "15": "Housekeeping",
    "18": "Furniture and fittings",
    "22": "Communication",
    "24": "Handling objects",
    "27": "Surroundings and tools",
    "28": "Work",
    "30": "Leisure",
}
"""The first level of ISO 9999 in few words."""


Builder = Callable[[AsyncSession, Sums], Awaitable[Chart]]


async def spend_by_month(_session: AsyncSession, sums: Sums) -> Chart:
    """Who pays what in each month."""
    paying = [one for one in sums.funders if any(sums.of_funder(one))]
    if len(paying) > MOST_SERIES:
        paying.sort(key=lambda one: -sum(sums.of_funder(one)))
    shown, rest = paying[:MOST_SERIES], paying[MOST_SERIES:]
    series = [Series(one.name, sums.of_funder(one), [_lines(month, one) for month in sums.months]) for one in shown]
    if rest:
        values = [sum(parts) for parts in zip(*(sums.of_funder(one) for one in rest), strict=True)]
        series.append(Series("Others", values))
    keys = [one.code or "own" for one in shown] + ["others"] * bool(rest)
    about = "Net of VAT, credits taken off, by the month of the books. “Service's own” is what no funder pays."
    return _by_month("spend", "Spend by month and funder", about, sums, list(zip(keys, series, strict=True)))


async def issues_by_month(_session: AsyncSession, sums: Sums) -> Chart:
    """How many issues were of recycled items, and how many of new ones."""
    made = [
        (
            condition,
            Series(
                name,
                sums.issued(condition),
                [_lines(month, sums.funder, kind=kind) for month in sums.months],
            ),
        )
        for condition, name, kind in (
            ("recycled", "Recycled", ChargeKind.RECYCLED_ISSUE),
            ("new", "New", ChargeKind.NEW_PURCHASE),
        )
    ]
    about = (
        "Issues that were charged as new or as recycled, and stand; counted once however many funders pay. The "
        "recycled share of issues, among the recycling rates, is another figure: it counts every issue that was "
        "recorded, also those on hire and those that were not charged."
    )
    chart = _by_month("issues", "Issues charged by month: new and recycled", about, sums, made, cell=Cell.COUNT)
    share = Column("recycled_percent", "Recycled, of issues charged", Cell.PERCENT)
    rows = [{**row, share.key: percent_of(row["recycled"], row["total"])} for row in chart.table.rows]
    totals = {
        **chart.table.totals,
        share.key: percent_of(chart.table.totals["recycled"], chart.table.totals["total"]),
    }
    table = Table(
        chart.table.name,
        chart.table.title,
        f"{about} The percentage is that of recycled ones among the issues charged in the month.",
        chart.table.period,
        [*chart.table.columns, share],
        rows,
        totals,
    )
    return Chart(table, chart.drawing, chart.legend, chart.hrefs)


async def credits_by_month(_session: AsyncSession, sums: Sums) -> Chart:
    """What funders were credited for what came back."""
    values = [-pence for pence in sums.of_kinds(ChargeKind.CREDIT)]
    hrefs = [_lines(month, sums.funder, kind=ChargeKind.CREDIT) for month in sums.months]
    about = "What was credited to funders when equipment came back, net of VAT. It is taken off in the spend above."
    return _by_month("credits", "Credits by month", about, sums, [("credited", Series("Credited", values, hrefs))])


async def where_by_kind(_session: AsyncSession, sums: Sums) -> Chart:
    """What the money goes to, by kind of charge."""
    found = sorted(((sum(sums.of_kinds(kind)), kind) for kind in ChargeKind if any(sums.of_kinds(kind))), reverse=True)
    rows = [(kind.text, pence, behind(sums, kind=kind.value)) for pence, kind in found]
    share = ("Of charges before credits", "The share is of all kinds above zero: what is charged, before credits.")
    return _ranked("kinds", "Where the money goes: kinds of charges", "Kind", sums, rows, share=share)


async def where_by_category(_session: AsyncSession, sums: Sums) -> Chart:
    """What the money goes to, by category of equipment."""
    found = sorted(((pence, code) for code, pence in sums.by_category.items() if pence), reverse=True)
    rows = [
        (
            f"{code} {CATEGORIES.get(code, '')}".strip() if code else "No one product: drives and visits",
            pence,
            _costs(sums, code) if code else behind(sums, group_by="category_class", at=""),
        )
        for pence, code in found
    ]
    share = ("Of charges less credits", "The share is of all categories above zero, each with its credits taken off.")
    title = "Where the money goes: categories of equipment (ISO 9999)"
    return _ranked("categories", title, "Category", sums, rows, share=share)


CHARTS: Final[Mapping[str, Builder]] = {
    "spend": spend_by_month,
    "kinds": where_by_kind,
    "categories": where_by_category,
    "issues": issues_by_month,
    "credits": credits_by_month,
    "recycling": recycling_rates,
    "deliveries": deliveries_on_time,
}
"""Everything that the dashboard shows, in its order, by the name of its table. What needs more than `Sums` reads it."""


def percent_of(part: int, whole: int) -> float | None:
    """In percent with one decimal; nothing of nothing."""
    return round(100 * part / whole, 1) if whole else None


def _by_month(
    key: str,
    title: str,
    about: str,
    sums: Sums,
    series: Sequence[tuple[str, Series]],
    *,
    cell: Cell = Cell.PENCE,
) -> Chart:
    said = _pounds if cell is Cell.PENCE else _counted
    columns = [Column("month", "Month", Cell.MONTH), *(Column(name, one.name, cell) for name, one in series)]
    is_summed = len(series) > 1
    if is_summed:
        columns.append(Column("total", "All", cell))
    rows: list[dict[str, Any]] = []
    for place, month in enumerate(sums.months):
        row = {name: one.values[place] for name, one in series}
        rows.append({"month": month, **row} | ({"total": sum(row.values())} if is_summed else {}))
    names = [column.key for column in columns[1:]]
    totals = {"month": "All months", **{name: sum(row[name] for row in rows) for name in names}}
    hrefs: list[dict[str, str | None]] = [
        {name: one.hrefs[place] for name, one in series if one.hrefs and one.values[place]}
        | ({"total": _lines(month, sums.funder)} if cell is Cell.PENCE and is_summed and rows[place]["total"] else {})
        for place, month in enumerate(sums.months)
    ]
    table = Table(key, title, about, period_in_words(sums), columns, rows, totals)
    drawing = stacked_columns(
        Columns(
            key=f"chart-{key}",
            title=title,
            description=f"{table.period}. The same figures stand in the table below.",
            labels=labels(sums.months),
            series=[one for _, one in series],
            said=said,
            short=short_pounds if cell is Cell.PENCE else short_count,
            names=[f"{month:%B %Y}" for month in sums.months],
        )
    )
    legend = [(swatch(place), one.name) for place, (_, one) in enumerate(series)]
    return Chart(table, drawing, legend, hrefs)


def _ranked(
    key: str,
    title: str,
    heading: str,
    sums: Sums,
    found: Sequence[tuple[str, int, str | None]],
    *,
    share: tuple[str, str],
) -> Chart:
    """`share`: what the percentages are of, as a heading and in a sentence."""
    about = f"Net of VAT. What is credited is below zero, and drawn with stripes. {share[1]}"
    whole = sum(pence for _, pence, _ in found if pence > 0)
    largest = max((abs(pence) for _, pence, _ in found), default=0)
    columns = [
        Column("name", heading),
        Column("net_pence", "Net", Cell.PENCE),
        Column("percent", share[0], Cell.PERCENT),
    ]
    rows = [
        {"name": name, "net_pence": pence, "percent": percent_of(pence, whole) if pence > 0 else None}
        for name, pence, _ in found
    ]
    totals = {"name": "All", "net_pence": sum(pence for _, pence, _ in found), "percent": None}
    table = Table(key, title, about, period_in_words(sums), columns, rows, totals)
    return Chart(
        table,
        hrefs=[{"net_pence": href} for _, _, href in found],
        totals_hrefs={"net_pence": behind(sums)},
        bars=[share_bar(pence, largest) for _, pence, _ in found],
    )


def _lines(month: date, funder: Funder | None, kind: ChargeKind | None = None) -> str:
    """Where the lines of it are listed."""
    asked: dict[str, str] = {"period": f"{month:%Y-%m}"}
    asked |= {"funder": funder.code or NOBODY} if funder else {}
    asked |= {"kind": kind.value} if kind else {}
    return f"{LINES}?{urlencode(asked)}"


def behind(sums: Sums, since: date | None = None, until: date | None = None, **narrower: str) -> str:
    """Where the lines of months of the books are listed: of those from `since` to `until`, or of all that are shown."""
    asked = {
        "from": (since or sums.months[0]).isoformat(),
        "to": last_day(until or sums.months[-1]).isoformat(),
        "by": "period",
        **narrower,
    }
    asked |= {"funder": sums.funder.code} if sums.funder else {}
    return f"{COSTS}/lines?{urlencode(asked)}"


def _costs(sums: Sums, category: str) -> str:
    asked = {"group_by": "product", "category": category, **_from_to(sums)}
    asked |= {"funder": sums.funder.code} if sums.funder else {}
    return f"{COSTS}?{urlencode(asked)}"


def _from_to(sums: Sums) -> dict[str, str]:
    return {"from": sums.months[0].isoformat(), "to": last_day(sums.months[-1]).isoformat()}


def _pounds(pence: int) -> str:
    return pounds(pence)


def _counted(number: int) -> str:
    return f"{number:,}"
