"""Charts: round scales, stacks above and below the line, and words for whoever cannot see them."""

import re

import pytest
from bs4 import BeautifulSoup

from app.web.charts import (
    FILLS,
    PLOT,
    TOP,
    Columns,
    Series,
    budget_bar,
    patterns,
    share_bar,
    short_count,
    short_pounds,
    stacked_columns,
)


def chart(*series: Series, columns: int = 2) -> Columns:
    """A chart of some months."""
    return Columns(
        key="c",
        title="Spend <by> month",
        description="Two months.",
        labels=[("Jan", "J", "2026")] * columns,
        series=series,
        said=lambda value: f"{value} pence",
        short=str,
        names=[f"Month {number}" for number in range(columns)],
    )


def drawn(*series: Series, columns: int = 2) -> BeautifulSoup:
    """It, as a browser reads it."""
    return BeautifulSoup(stacked_columns(chart(*series, columns=columns)), "html.parser")


def test_a_chart_says_what_it_is_and_each_part_what_it_stands_for() -> None:
    soup = drawn(Series("A & B", (300, 0), ("/lines?a=1&b=2", None)), Series("C", (100, 50)))
    [plot] = soup.select("svg[role=group]")
    assert plot["aria-labelledby"] == "c-title c-desc"
    assert soup.select_one("title").text == "Spend <by> month"  # type: ignore[union-attr]
    said = [one.text for one in soup.select("rect > title")]
    assert said == ["Month 0, A & B: 300 pence", "Month 0, C: 100 pence", "Month 1, C: 50 pence"]
    [link] = soup.select("a")
    assert (link["href"], link["tabindex"], link["aria-label"]) == ("/lines?a=1&b=2", "-1", said[0])


def test_what_is_below_nothing_hangs_down_and_the_axis_has_round_numbers() -> None:
    soup = drawn(Series("A", (300, 100)), Series("B", (-120, 0)))
    assert [one.text for one in soup.select(".app-chart__axis text")] == ["-200", "0", "200", "400"]
    [zero] = soup.select(".app-chart__zero")
    line = float(str(zero["y1"]))
    first, below, _ = ((float(str(one["y"])), float(str(one["height"]))) for one in soup.select("rect"))
    assert (first[0] + first[1], below[0]) == (line, line)
    assert below[0] + below[1] < TOP + PLOT


@pytest.mark.parametrize("values", [(0, 0), (1, 0), (7, 3), (-5, -1), (123_456_789, 1)])
def test_every_column_stays_inside(values: tuple[int, int]) -> None:
    for one in drawn(Series("A", values)).select("rect"):
        assert float(str(one["y"])) >= TOP - 0.1
        assert float(str(one["y"])) + float(str(one["height"])) <= TOP + PLOT + 0.2


def test_sums_stand_above_only_where_there_is_room() -> None:
    assert len(drawn(Series("A", (1,) * 13), columns=13).select(".app-chart__total")) == 13
    assert not drawn(Series("A", (1,) * 25), columns=25).select(".app-chart__total")
    assert not drawn().select("rect")


def test_no_two_series_are_told_by_colour_alone() -> None:
    soup = BeautifulSoup(patterns(), "html.parser")
    lines = [str(one["d"]) for one in soup.select("pattern path")]
    assert len(set(lines)) == len(FILLS)
    for colour, _ in FILLS:
        assert contrast_on_white(colour) >= 4.5, colour


def test_small_bars() -> None:
    assert 'width="25.0%"' in share_bar(1, 4)
    assert 'width="25.0%" height="100%" fill="url(#fill-1)"' in share_bar(-1, 4)
    assert 'width="0%"' in share_bar(1, 0)
    bar = budget_bar(budget=100, actual=150, committed=50, forecast=400)
    assert re.findall(r'width="([0-9.]+%)"', bar)[1:] == ["25.0%", "37.5%", "12.5%"]
    assert 'x="100.0%"' in bar
    assert budget_bar(budget=0, actual=-5, committed=0, forecast=-5)


@pytest.mark.parametrize(
    ("pence", "words"),
    [
        (0, "£0"),
        (95_000, "£950"),
        (150, "£1.5"),
        (1_234_500, "£12.3k"),
        (-1_200_000, "-£12k"),
        (12_345_678_900, "£123m"),
        (100_000_000, "£1m"),
    ],
)
def test_pounds_at_an_axis(pence: int, words: str) -> None:
    assert short_pounds(pence) == words


def test_counts_at_an_axis() -> None:
    assert (short_count(9_999), short_count(12_000)) == ("9,999", "12k")


def contrast_on_white(colour: str) -> float:
    """As WCAG reckons it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
