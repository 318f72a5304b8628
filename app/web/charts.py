"""Charts as SVG, drawn by the server. No series is told by colour alone: each has a pattern, a legend, and a table.

Across, everything is in percent and down in pixels, without a viewBox: words keep their size at 320 pixels, at 400 %,
and on paper. Which figures are drawn is others' to say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup, escape

TOP: Final = 22
PLOT: Final = 220
BOTTOM: Final = 40
AXIS: Final = 56
MOST_TICKS: Final = 5
MOST_TOTALS: Final = 13
"""So many columns have their total written above them; more would not fit."""
NICE: Final = (1, 2, 2.5, 5, 10)
MILLION: Final = 1_000_000
THOUSAND: Final = 1_000

FILLS: Final[tuple[tuple[str, str], ...]] = (
    ("#0e4a4f", ""),
    ("#b85014", "M0 8L8 0M-2 2L2 -2M6 10L10 6"),
    ("#3565b0", "M2 2h2v2h-2zM6 6h2v2h-2z"),
    ("#7d4b94", "M0 4H8"),
    ("#5f6b00", "M0 0L8 8M0 8L8 0"),
    ("#8f2a4b", "M4 0V8"),
    ("#5b6469", "M0 0L8 8M-2 6L2 10M6 -2L10 2"),
)
"""A colour of at least 4.5 to 1 on white, and the white lines across it. The first is plain."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is stacked: its name, its value for each column, and where each of them leads."""

    name: str
    values: Sequence[int]
    hrefs: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of stacked columns. `labels`: long, one letter, and what stands below (a year, or nothing).

    `said`: a value in full, as it is read out; `short`: as it stands at the axis. `key`: begins its ids. `plot`: its
    height in pixels.
    """

    key: str
    title: str
    description: str
    labels: Sequence[tuple[str, str, str]]
    series: Sequence[Series]
    said: Callable[[int], str]
    short: Callable[[int], str]
    names: Sequence[str] = field(default=())
    plot: int = PLOT


def patterns() -> Markup:
    """The fills that all charts of a page share; it stands once on the page, and takes no room."""
    made = [
        Markup(
            '<pattern id="fill-{}" width="8" height="8" patternUnits="userSpaceOnUse">'
            '<rect width="8" height="8" fill="{}"/><path d="{}" stroke="#fff" stroke-width="1.5" fill="none"/>'
            "</pattern>"
        ).format(place, colour, lines)
        for place, (colour, lines) in enumerate(FILLS)
    ]
    return Markup(
        '<svg class="app-chart__fills" width="0" height="0" aria-hidden="true" focusable="false"><defs>{}</defs></svg>'
    ).format(Markup("").join(made))


def swatch(place: int) -> Markup:
    """A small piece of the fill of a series, for a legend."""
    return _boxed(Markup('<rect width="20" height="14" fill="{}"/>').format(fill(place)))


def fill(place: int) -> str:
    """The fill of a series by its place."""
    return f"url(#fill-{place % len(FILLS)})"


def stacked_columns(chart: Columns) -> Markup:
    """The chart: what is above nothing stands on the line, what is below it hangs down."""
    scale = _Scale.of(chart)
    parts = [_grid(scale), *_columns(chart, scale), _zero(scale), *_labels(chart)]
    if len(chart.labels) <= MOST_TOTALS:
        parts += _totals(chart, scale)
    axis = Markup("").join(
        Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(AXIS - 8, scale.y(tick) + 4, chart.short(tick))
        for tick in scale.ticks
    )
    height = TOP + chart.plot + BOTTOM
    return Markup(
        '<div class="app-chart">'
        '<svg class="app-chart__axis" width="{axis_width}" height="{height}" aria-hidden="true" focusable="false">'
        '{axis}</svg><svg class="app-chart__plot" width="100%" height="{height}" role="group" '
        'aria-labelledby="{key}-title {key}-desc"><title id="{key}-title">{title}</title>'
        '<desc id="{key}-desc">{description}</desc>{parts}</svg></div>'
    ).format(
        axis_width=AXIS,
        height=height,
        axis=axis,
        key=chart.key,
        title=chart.title,
        description=chart.description,
        parts=Markup("").join(parts),
    )


def share_bar(part: int, whole: int) -> Markup:
    """A number, drawn beside itself: what is below zero is drawn in the second fill."""
    width = round(100 * min(abs(part), whole) / whole, 1) if whole > 0 else 0
    return Markup(
        '<svg class="app-bar" aria-hidden="true" focusable="false"><rect width="{}%" height="100%" fill="{}"/></svg>'
    ).format(width, fill(1 if part < 0 else 0))


def budget_bar(*, budget: int, actual: int, committed: int, forecast: int) -> Markup:
    """What is spent and committed against a budget, with a mark where the year is likely to end."""
    spent = max(actual, 0)
    whole = max(budget, spent + committed, forecast, 1)

    def across(pence: int) -> str:
        return f"{round(100 * max(pence, 0) / whole, 2)}%"

    pieces = [
        Markup('<rect class="app-budget__room" width="{}" y="7" height="18"/>').format(across(budget)),
        Markup('<rect width="{}" y="7" height="18" fill="{}"/>').format(across(spent), fill(0)),
        Markup('<rect x="{}" width="{}" y="7" height="18" fill="{}"/>').format(
            across(spent), across(committed), fill(1)
        ),
        Markup('<line class="app-budget__whole" x1="{0}" x2="{0}" y1="1" y2="31"/>').format(across(budget)),
        Markup(
            '<svg class="app-budget__forecast" x="{}" y="0" overflow="visible"><path d="M-6 0H6L0 8Z"/>'
            '<line x1="0" x2="0" y1="6" y2="25"/></svg>'
        ).format(across(forecast)),
    ]
    return Markup(
        '<svg class="app-budget" width="100%" height="32" aria-hidden="true" focusable="false">{}</svg>'
    ).format(Markup("").join(pieces))


def budget_swatches() -> list[tuple[Markup, str]]:
    """What the parts of a budget's bar mean, for its legend."""
    line = _boxed(Markup('<line class="app-budget__whole" x1="10" x2="10" y1="0" y2="14"/>'))
    mark = _boxed(Markup('<path class="app-budget__mark" d="M4 2H16L10 12Z"/>'))
    return [(swatch(0), "Spent"), (swatch(1), "Committed"), (line, "Budget"), (mark, "Forecast for the year")]


def short_pounds(pence: int) -> str:
    """Pounds as they fit at an axis: £950, £12k, £1.2m."""
    pounds = abs(pence) / 100
    sign = "-" if pence < 0 else ""
    for size, letter in ((MILLION, "m"), (THOUSAND, "k")):
        if pounds >= size:
            return f"{sign}£{_trimmed(pounds / size)}{letter}"
    return f"{sign}£{_trimmed(pounds)}"


def short_count(number: int) -> str:
    """A count as it fits at an axis: 950, 12k."""
    return f"{_trimmed(number / THOUSAND)}k" if abs(number) >= 10 * THOUSAND else f"{number:,}"


def _boxed(drawn: Markup) -> Markup:
    return Markup(
        '<svg class="app-legend__swatch" width="20" height="14" aria-hidden="true" focusable="false">{}</svg>'
    ).format(drawn)


def _text(kind: str, across: float, down: float, words: str) -> Markup:
    return Markup(
        '<text class="app-chart__{}" x="{}%" y="{}" text-anchor="middle" aria-hidden="true">{}</text>'
    ).format(kind, across, down, words)


def _trimmed(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    ticks: tuple[int, ...]
    plot: int

    @classmethod
    def of(cls, chart: Columns) -> "_Scale":
        """Round numbers that hold every column, and nothing."""
        stacks = list(zip(*(one.values for one in chart.series), strict=True)) or [(0,)]
        high = max(0, *(sum(value for value in stack if value > 0) for stack in stacks))
        low = min(0, *(sum(value for value in stack if value < 0) for stack in stacks))
        step = _nice((high - low) / (MOST_TICKS - 1))
        first, last = low // step, -(-high // step) or 1
        ticks = tuple(int(step * number) for number in range(int(first), int(last) + 1))
        return cls(ticks[0], ticks[-1], ticks, chart.plot)

    def y(self, value: float) -> float:
        """How far down a value is."""
        return round(TOP + self.plot * (self.high - value) / (self.high - self.low), 1)


def _nice(step: float) -> int:
    """The next round number up: 1, 2, 2.5 or 5 with noughts, and never less than 1."""
    size = 1
    while size * 10 <= step:
        size *= 10
    return int(next(size * nice for nice in NICE if size * nice >= step and (size * nice) % 1 == 0))


def _grid(scale: _Scale) -> Markup:
    return Markup("").join(
        Markup('<line class="app-chart__grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(scale.y(tick))
        for tick in scale.ticks
    )


def _zero(scale: _Scale) -> Markup:
    return Markup('<line class="app-chart__zero" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(scale.y(0))


def _columns(chart: Columns, scale: _Scale) -> list[Markup]:
    drawn = []
    for column in range(len(chart.labels)):
        up = down = 0
        for place, one in enumerate(chart.series):
            value = one.values[column]
            if not value:
                continue
            start, up, down = (up, up + value, down) if value > 0 else (down, up, down + value)
            said = f"{chart.names[column]}, {one.name}: {chart.said(value)}"
            href = one.hrefs[column] if one.hrefs else None
            drawn.append(_part(chart, column, place, (scale.y(start + value), scale.y(start)), said, href))
    return drawn


def _part(chart: Columns, column: int, place: int, between: tuple[float, float], said: str, href: str | None) -> Markup:
    each = 100 / len(chart.labels)
    top, bottom = sorted(between)
    piece = Markup(
        '<rect class="app-chart__part" x="{}%" width="{}%" y="{}" height="{}" fill="{}"><title>{}</title></rect>'
    ).format(round(each * (column + 0.14), 2), round(each * 0.72, 2), top, round(bottom - top, 1), fill(place), said)
    if href is None:
        return piece
    # Its table leads there by keyboard: a stop for each part would be a hundred of them.
    return Markup('<a href="{}" tabindex="-1" aria-label="{}">{}</a>').format(href, escape(said), piece)


def _labels(chart: Columns) -> list[Markup]:
    each, below = 100 / len(chart.labels), TOP + chart.plot
    made = []
    for column, (long, letter, year) in enumerate(chart.labels):
        middle = round(each * (column + 0.5), 2)
        words = ((long, "long", 17), (letter, "letter", 17), (year, "year", 34))
        for text, kind, down in words:
            if text:
                made.append(_text(kind, middle, below + down, text))
    return made


def _totals(chart: Columns, scale: _Scale) -> list[Markup]:
    each = 100 / len(chart.labels)
    made = []
    for column in range(len(chart.labels)):
        values = [one.values[column] for one in chart.series]
        if any(values):
            top = scale.y(sum(value for value in values if value > 0)) - 5
            made.append(_text("total", round(each * (column + 0.5), 2), top, chart.short(sum(values))))
    return made
