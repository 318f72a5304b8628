"""What stands where on a label, in millimetres and printer dots; the same for every format. No drawing here.

Why the bars are as they are. A reader measures widths, so a bar must be a whole number of the printer's dots. A module
of 0.25 mm, 2 dots at 203 dpi (0.2502 mm) or 3 at 300 dpi (0.254 mm), is the narrowest that hand scanners read easily.
Wider ones are read from further off and survive more scratches, so a label takes as many dots as fit. `ES000123430` is
123 modules in Code 128, and 143 with its two quiet zones of 10: on a label 63.5 mm wide it gets 3 dots at 203 dpi
(53.7 mm) and 4 at 300 dpi (48.4 mm). The longest tag, with a prefix of four letters, is 165 modules: 41.3 mm with 2
dots at 203 dpi, 55.9 mm with 4 at 300 dpi. A label must therefore be 44 mm wide for every tag there is; one of 38.1 mm
carries the tags of a prefix of two letters. Quiet zones: ISO/IEC 15417.

A square symbol, a GS1 DataMatrix or a QR code, stands at the right, in the middle of the height, and the words and bars
in what is left. Its modules are whole dots too, the widest with which all else still fits. Quiet zones: one module for
Data Matrix (ISO/IEC 16022), four for QR codes (ISO/IEC 18004).

Under a DataMatrix, as the last row of the label, stands in words what it holds, as GS1 asks (human readable
interpretation). All else then keeps to the height above it.

What is left out where there is no room: first the second line of the product's name, then the names of the service and
the store, then the product's name beside the flag, then the words of the DataMatrix. Never the tag, the bars, whom to
ring, the load, or that an item is for a single patient.
"""

from typing import Final

from app.features.labels.rows import (
    LEAST_TYPE_MM,
    LabelContent,
    Name,
    Paper,
    one_row,
    says_all,
    service_row,
    stacked_rows,
    tag_and_phone,
    two_rows,
    without_service,
)
from app.features.labels.shapes import CAPITALS, MM_PER_INCH, Bars, Layout, Line, Square, TooSmall, dots
from app.features.labels.stocks import LabelSize
from app.features.labels.symbol import QUIET_MODULES, Matrix, matrix_of, tag_bars
from app.features.labels.words import Measure

NARROWEST_MODULE_MM: Final = 0.25
WIDEST_MODULE_MM: Final = 0.5
LOWEST_BARS_MM: Final = 6.35
"""A quarter of an inch: lower than that, a hand scanner must be aimed with care."""

_WHITE_SIDE_MM: Final = 1.9
"""Quiet zones are white and may lie nearer; on a sheet that far askew they are still whole on their label."""

_LEAST_WHITE_SIDE_MM: Final = 0.8
"""So near, where the bars would else be too fine to read: such a label asks for a printer whose offset is set."""

_LEAST_END_MM: Final = 1.5
"""Between a square symbol and the label's upper and lower edge, at the least."""

_HALF_A_DOT_MM: Final = 0.07
"""Symbols keep to whole dots, and words beside them need not."""

_BESIDE_WORDS_MM: Final = 1.0
"""Between the words and a square symbol, where its quiet zone is not wider."""


def lay_out(content: LabelContent, size: LabelSize, dpi: int, measure: Measure) -> Layout:
    """Place all of it: service, product, load and flag above; tag and telephone below; the bars get the height between.

    Raises TooSmall for a label too small to be read.
    """
    matrix = matrix_of(data_matrix=content.data_matrix, qr=content.qr)
    if matrix is None:
        return _words_and_bars(content, size, dpi, Paper(size, measure, size.width_mm - size.side_mm))
    for module_dots in range(dots(WIDEST_MODULE_MM, dpi), 0, -1):
        if module_dots * MM_PER_INCH / dpi < NARROWEST_MODULE_MM:
            break
        for place in (_above_its_words, _with_square) if content.data_matrix else (_with_square,):
            layout = place(content, size, dpi, measure, matrix, module_dots)
            if layout is not None and says_all(content, layout.lines):
                return layout
    what = f"a {matrix.name}" + (" beside its bars" if content.has_bars else "")
    raise TooSmall(f"A label {size.width_mm:g} × {size.height_mm:g} mm is too small for {what} and its words.")  # noqa: RUF001


def check_width(tag: str, size: LabelSize, dpi: int) -> int:
    """The dots of a module when this tag's bars and quiet zones are as wide as the label lets them be.

    Raises TooSmall when a module would be narrower than hand scanners read easily.
    """
    modules = len(tag_bars(tag))
    for white in (_WHITE_SIDE_MM, _LEAST_WHITE_SIDE_MM):
        with_quiet = dots(size.width_mm - 2 * white, dpi) // (modules + 2 * QUIET_MODULES)
        bars_alone = dots(size.width_mm - 2 * size.side_mm, dpi) // modules
        module_dots = min(with_quiet, bars_alone, dots(WIDEST_MODULE_MM, dpi))
        if module_dots * MM_PER_INCH / dpi >= NARROWEST_MODULE_MM:
            return module_dots
    needed = (modules + 2 * QUIET_MODULES) * NARROWEST_MODULE_MM + 2 * _LEAST_WHITE_SIDE_MM + 1
    raise TooSmall(f"A label {size.width_mm:g} mm wide is too narrow for {tag}: {needed:.0f} mm would do.")


def _words_and_bars(content: LabelContent, size: LabelSize, dpi: int, paper: Paper) -> Layout:
    module_dots = check_width(content.tag, size, dpi)
    below, bottom = tag_and_phone(content, paper)
    service, names_top = service_row(content, paper)
    name = two_rows(content, paper, names_top)
    if bottom - name.bottom < LOWEST_BARS_MM:
        name = one_row(content, paper, names_top)
    if bottom - name.bottom < LOWEST_BARS_MM:
        service, name = [], one_row(content, paper, without_service(paper))
    bars = _place_bars(tag_bars(content.tag), size, dpi, module_dots, name.bottom, bottom)
    return _layout(bars, None, [*service, *name.lines, *below], name)


def _above_its_words(
    content: LabelContent, size: LabelSize, dpi: int, measure: Measure, matrix: Matrix, module_dots: int
) -> Layout | None:
    """All of the label above one row that says what the DataMatrix holds; None where that does not fit."""
    paper = Paper(size, measure, size.width_mm - size.side_mm)
    type_mm = max(LEAST_TYPE_MM, 0.5 * paper.type_size)
    baseline = size.height_mm - paper.edge - 0.2 * paper.type_size
    top = baseline - CAPITALS * type_mm
    row = CAPITALS * type_mm + 0.45 * paper.type_size
    above = LabelSize(size.width_mm, size.height_mm - row, size.side_mm, size.end_mm)
    layout = _with_square(content, above, dpi, measure, matrix, module_dots)
    if layout is None or layout.square is None or measure(content.interpretation, type_mm, False) > paper.room:
        return None
    square, side = layout.square, len(matrix.rows)
    if square.y_mm + (side + matrix.quiet) * square.module_mm > top:
        return None
    words = Line(content.interpretation, square.x_mm + side * square.module_mm, baseline, type_mm, align="right")
    return Layout(layout.bars, square, (*layout.lines, words), layout.boxes)


def _with_square(
    content: LabelContent, size: LabelSize, dpi: int, measure: Measure, matrix: Matrix, module_dots: int
) -> Layout | None:
    """The square at the right and the rest beside it; None where that does not fit."""
    square = _place_square(size, dpi, matrix, module_dots)
    if square is None:
        return None
    left = LabelSize(square.x_mm, size.height_mm, size.side_mm, size.end_mm)
    right = square.x_mm - max(matrix.quiet * square.module_mm + _HALF_A_DOT_MM, _BESIDE_WORDS_MM)
    paper = Paper(left, measure, right)
    if paper.room < paper.type_size:
        return None
    if content.has_bars:
        try:
            beside = _words_and_bars(content, left, dpi, paper)
        except TooSmall:
            return None
        return Layout(beside.bars, square, beside.lines, beside.boxes)
    below, bottom = tag_and_phone(content, paper)
    service, top = service_row(content, paper)
    name = stacked_rows(content, paper, top, bottom)
    if name.bottom > bottom:
        service, name = [], stacked_rows(content, paper, without_service(paper), bottom)
    return _layout(None, square, [*service, *name.lines, *below], name) if name.bottom <= bottom else None


def _layout(bars: Bars | None, square: Square | None, lines: list[Line], name: Name) -> Layout:
    return Layout(bars, square, tuple(line for line in lines if line.text), name.boxes)


def _place_square(size: LabelSize, dpi: int, matrix: Matrix, module_dots: int) -> Square | None:
    """As far right as its quiet zone and the printer let it, in the middle of the height; None: it does not fit."""
    ink, quiet = len(matrix.rows) * module_dots, matrix.quiet * module_dots
    side = max(dots(size.side_mm, dpi) + 1, quiet)
    end = max(dots(max(size.end_mm, _LEAST_END_MM), dpi) + 1, quiet)
    x_dots, y_dots = dots(size.width_mm, dpi) - side - ink, (dots(size.height_mm, dpi) - ink) // 2
    if x_dots <= 0 or y_dots < end:
        return None
    return Square(matrix.rows, dpi, module_dots, x_dots, y_dots)


def _place_bars(modules: str, size: LabelSize, dpi: int, module_dots: int, top: float, bottom: float) -> Bars:
    """The bars in the middle of the label, over all the height that the words leave."""
    if bottom - top < LOWEST_BARS_MM:
        needed = size.height_mm + LOWEST_BARS_MM - (bottom - top) + 1
        raise TooSmall(f"A label {size.height_mm:g} mm high is too low for its text: {needed:.0f} mm would do.")
    x_dots = (dots(size.width_mm, dpi) - len(modules) * module_dots) // 2
    return Bars(modules, dpi, module_dots, x_dots, top, bottom - top)
