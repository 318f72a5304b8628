"""The test page: the outline of every label and a ruler each way, so that somebody can read off a printer's offset.

The rulers begin at the first label's upper left corner and go on to the page's edges, to the left and upwards below 0.
Where the real label's edge lies on them is how far the print must be moved, and to which side. No drawing here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.features.labels.shapes import Box, Line
from app.features.labels.stocks import Stock
from app.features.labels.words import Measure, clean, shorten

_HAIR_MM: Final = 0.12
"""One dot at 203 dots an inch."""

_NUMBER_MM: Final = 2.0
_CLEAR_MM: Final = 4.5
"""Where the two rulers cross, neither has numbers, nor where a number would be cut off."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is painted on a page, in millimetres from its upper left corner."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw_test_page(stock: Stock, words: Sequence[str], measure: Measure) -> Drawing:
    """Outlines, rulers, and what the page is, in a label that the rulers leave free where there is one."""
    boxes: list[Box] = []
    for position in range(stock.labels_per_page):
        boxes += _outline(*stock.corner(position), stock)
    across_boxes, across_lines = _across(stock)
    down_boxes, down_lines = _down(stock)
    lines = [*across_lines, *down_lines, *_words(stock, words, measure)]
    return Drawing((*boxes, *across_boxes, *down_boxes), tuple(lines))


def _outline(left: float, top: float, stock: Stock) -> list[Box]:
    """Four hairs just inside the label's edge."""
    width, height = stock.label.width_mm, stock.label.height_mm
    return [
        Box(left, top, width, _HAIR_MM),
        Box(left, top + height - _HAIR_MM, width, _HAIR_MM),
        Box(left, top, _HAIR_MM, height),
        Box(left + width - _HAIR_MM, top, _HAIR_MM, height),
    ]


def _ticks(origin: float, length: float) -> Iterator[tuple[int, float, float]]:
    """Every millimetre of a ruler over a whole page: its number, where it is, and how long its stroke."""
    for number in range(-int(origin), int(length - origin) + 1):
        stroke = 4.0 if number % 10 == 0 else 2.8 if number % 5 == 0 else 1.6
        yield number, origin + number, stroke


def _middle(stock: Stock) -> tuple[float, float]:
    """The middle of the first label, where the rulers cross."""
    return stock.left_mm + stock.label.width_mm / 2, stock.top_mm + stock.label.height_mm / 2


def _across(stock: Stock) -> tuple[list[Box], list[Line]]:
    cross, y = _middle(stock)
    boxes, lines = [], []
    for number, x, stroke in _ticks(stock.left_mm, stock.page.width_mm):
        boxes.append(Box(x - _HAIR_MM / 2, y, _HAIR_MM, stroke))
        if number % 10 == 0 and abs(x - cross) > _CLEAR_MM and 1 < x < stock.page.width_mm - 1:
            lines.append(Line(str(number), x, y - 0.5, _NUMBER_MM, align="centre"))
    return boxes, lines


def _down(stock: Stock) -> tuple[list[Box], list[Line]]:
    x, cross = _middle(stock)
    boxes, lines = [], []
    for number, y, stroke in _ticks(stock.top_mm, stock.page.height_mm):
        boxes.append(Box(x, y - _HAIR_MM / 2, stroke, _HAIR_MM))
        if number % 10 == 0 and abs(y - cross) > _CLEAR_MM and 1 < y < stock.page.height_mm - 1:
            lines.append(Line(str(number), x - 0.5, y + 0.36 * _NUMBER_MM, _NUMBER_MM, align="right"))
    return boxes, lines


def _words(stock: Stock, words: Sequence[str], measure: Measure) -> Iterator[Line]:
    """In the second label of the second row of a sheet; on a roll in the lower right quarter."""
    if stock.labels_per_page > 1:
        left, top = stock.corner(stock.columns + 1)
        room = stock.label.width_mm
    else:
        left, top = _middle(stock)
        left, top, room = left + 3.0, top + 3.0, stock.label.width_mm / 2 - 3.0
    room -= 2 * stock.label.side_mm
    for number, text in enumerate(words, start=1):
        shown = shorten(clean(text), room, 2.2, False, measure)
        yield Line(shown, left + stock.label.side_mm, top + 1.0 + number * 2.8, 2.2)
