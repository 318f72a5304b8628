"""What stands where on a label, in millimetres and printer dots; the same for every format. No drawing here.

Why the bars are as they are. A reader measures widths, so a bar must be a whole number of the printer's dots. A module
of 0.25 mm, 2 dots at 203 dpi (0.2502 mm) or 3 at 300 dpi (0.254 mm), is the narrowest that hand scanners read easily.
Wider ones are read from further off and survive more scratches, so a label takes as many dots as fit. `ES000123430` is
134 modules in Code 128, and 154 with its two quiet zones of 10: on a label 63.5 mm wide it gets 3 dots at 203 dpi
(57.8 mm) and 4 at 300 dpi (52.2 mm). The longest tag, with a prefix of four letters, is 176 modules: 44.0 mm with 2
dots at 203 dpi, 59.6 mm with 4 at 300 dpi. A label must therefore be 49 mm wide or more. Quiet zones: ISO/IEC 15417.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from barcode.codex import Code128

from app.domain.labels import display, is_tag
from app.features.labels.stocks import LabelSize
from app.features.labels.words import Measure, clean, shrink, wrap

MM_PER_INCH: Final = 25.4
QUIET_MODULES: Final = 10
NARROWEST_MODULE_MM: Final = 0.25
WIDEST_MODULE_MM: Final = 0.5
LOWEST_BARS_MM: Final = 6.35
"""A quarter of an inch: lower than that, a hand scanner must be aimed with care."""

SIDE_MM: Final = 2.5
"""Paper shifts by up to two millimetres in an office printer, so nothing is printed nearer to a label's edge."""

_WHITE_SIDE_MM: Final = 1.9
"""Quiet zones are white and may lie nearer; on a sheet that far askew they are still whole on their label."""

_CAPITALS: Final = 0.73
"""How high a capital stands, as a share of the type size, in Noto Sans, Arial and Helvetica alike."""

_TALL_MM: Final = 38.1
"""The height that the sizes of type below are made for; lower and higher labels scale them."""

Align = Literal["left", "centre", "right"]


@dataclass(frozen=True, slots=True)
class LabelContent:
    """Everything a label may say. It has no place for a client: a label is read by whoever finds the item."""

    tag: str
    product_name: str
    service_name: str
    return_phone: str
    store_name: str | None = None
    single_patient_use: bool = False
    safe_working_load_kg: int | None = None

    def __post_init__(self) -> None:
        """Refuse what must never be stuck on an item: a tag whose check digits are wrong, a load of nothing."""
        if not is_tag(self.tag):
            raise ValueError(f"{self.tag!r} is not an asset tag in normal form with the right check digits.")
        if self.safe_working_load_kg is not None and self.safe_working_load_kg <= 0:
            raise ValueError(f"A safe working load is more than 0 kg, not {self.safe_working_load_kg}.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: `x_mm` is its left end, middle or right end, as `align` says; sizes in mm."""

    text: str
    x_mm: float
    baseline_mm: float
    size_mm: float
    bold: bool = False
    align: Align = "left"
    white: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A filled black box, for white words on it."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    def words(self, text: str, size_mm: float, *, share: float = 0.5) -> Line:
        """A white line in the middle of the box, or at another `share` of its height."""
        baseline = self.y_mm + self.height_mm * share + _CAPITALS * size_mm / 2
        return Line(text, self.x_mm + self.width_mm / 2, baseline, size_mm, bold=True, align="centre", white=True)


@dataclass(frozen=True, slots=True)
class Bars:
    """A Code 128 symbol without its quiet zones: "1" is a black module. Sideways in whole dots of `dpi`."""

    modules: str
    dpi: int
    module_dots: int
    x_dots: int
    y_mm: float
    height_mm: float

    @property
    def module_mm(self) -> float:
        """The width of one module."""
        return self.module_dots * MM_PER_INCH / self.dpi

    @property
    def x_mm(self) -> float:
        """Where the first bar begins."""
        return self.x_dots * MM_PER_INCH / self.dpi

    def runs(self) -> list[tuple[int, int]]:
        """Each black bar as (first module, width in modules)."""
        return [(bar.start(), len(bar[0])) for bar in re.finditer("1+", self.modules)]


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole label, ready to be painted: boxes first, then the rest."""

    bars: Bars
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class _Paper:
    """One label's size, what type is scaled by on it, and how wide that type is."""

    size: LabelSize
    measure: Measure

    @property
    def scale(self) -> float:
        return min(max(self.size.height_mm / _TALL_MM, 0.74), 1.5)

    @property
    def room(self) -> float:
        return self.size.width_mm - 2 * SIDE_MM

    @property
    def right(self) -> float:
        return self.size.width_mm - SIDE_MM

    @property
    def type_size(self) -> float:
        return 3.1 * self.scale

    @property
    def row(self) -> float:
        return 1.22 * self.type_size


@lru_cache(maxsize=4096)
def code_128(text: str) -> str:
    """The modules of a Code 128 symbol, from the first bar to the last. The text must be printable ASCII."""
    modules: str = Code128(text).build()[0]
    return modules


def dots(length_mm: float, dpi: int) -> int:
    """The whole dots that fit into a length. A ten-thousandth of a dot is forgiven, because 63.5 mm are 750 dots."""
    return int(length_mm * dpi / MM_PER_INCH + 1e-4)


def lay_out(content: LabelContent, size: LabelSize, dpi: int, measure: Measure) -> Layout:
    """Place all of it: service, product, load and flag above; tag and telephone below; the bars get the height between.

    Raises ValueError, with what would be right, for a label too small to be read.
    """
    paper = _Paper(size, measure)
    service, top = _service(content, paper)
    product, boxes, top = _product(content, paper, top)
    tag_and_phone, bottom = _tag_and_phone(content, paper)
    bars = _place_bars(content.tag, size, dpi, top, bottom)
    lines = tuple(line for line in (*service, *product, *tag_and_phone) if line.text)
    return Layout(bars, lines, boxes)


def _service(content: LabelContent, paper: _Paper) -> tuple[list[Line], float]:
    """The first row, and its baseline: the service, and the store when there is room for its whole name."""
    baseline = 2.4 * paper.scale + _CAPITALS * paper.type_size
    name, name_size = shrink(clean(content.service_name), paper.room, paper.type_size, paper.measure)
    lines = [Line(name, SIDE_MM, baseline, name_size, bold=True)]
    store, store_size = clean(content.store_name or ""), 0.85 * paper.type_size
    taken = paper.measure(name, name_size, True) + paper.measure(store, store_size, False) + 2.0 * paper.scale
    if taken <= paper.room:
        lines.append(Line(store, paper.right, baseline, store_size, align="right"))
    return lines, baseline


def _product(content: LabelContent, paper: _Paper, baseline: float) -> tuple[list[Line], tuple[Box, ...], float]:
    """Two rows, and where they end: the product, the flag in place of its second line, the load beside both."""
    top = baseline + 0.32 * paper.type_size
    bottom = top + 2 * paper.row
    lines: list[Line] = []
    boxes: list[Box] = []
    room = paper.room
    if content.safe_working_load_kg is not None:
        load = f"{content.safe_working_load_kg:,} kg"
        width = max(paper.measure(load, paper.type_size, True), paper.measure("SWL", paper.type_size, True)) + 2.0
        badge = Box(paper.right - width, top, width, bottom - top)
        boxes.append(badge)
        lines += [badge.words("SWL", paper.type_size, share=0.29), badge.words(load, paper.type_size, share=0.71)]
        room -= width + 1.5
    if content.single_patient_use:
        flag = Box(SIDE_MM, top + paper.row, room, paper.row)
        boxes.append(flag)
        words, words_size = shrink("SINGLE PATIENT USE", room - 1.0, paper.type_size, paper.measure)
        lines.append(flag.words(words, words_size))
    rows = 1 if content.single_patient_use else 2
    for number, text in enumerate(wrap(clean(content.product_name), rows, room, paper.type_size, paper.measure)):
        lines.append(Line(text, SIDE_MM, top + number * paper.row + 0.92 * paper.type_size, paper.type_size))
    return lines, tuple(boxes), bottom + 1.0


def _tag_and_phone(content: LabelContent, paper: _Paper) -> tuple[list[Line], float]:
    """The last two rows, and how far up they reach: the tag in large type, and whom to ring."""
    baseline = paper.size.height_mm - 2.4 * paper.scale - 0.2 * paper.type_size
    phone, phone_size = shrink(
        f"Please return: {clean(content.return_phone)}", paper.room, paper.type_size, paper.measure
    )
    lines = [Line(phone, SIDE_MM, baseline, phone_size, bold=True)]
    baseline -= _CAPITALS * paper.type_size + 1.6 * paper.scale
    tag, large = display(content.tag), 5.2 * paper.scale
    large = min(large, large * paper.room / paper.measure(tag, large, True))
    lines.append(Line(tag, paper.size.width_mm / 2, baseline, large, bold=True, align="centre"))
    return lines, baseline - _CAPITALS * large - 1.0


def _place_bars(text: str, size: LabelSize, dpi: int, top: float, bottom: float) -> Bars:
    """The bars in the middle of the label, as wide as its printable width with both quiet zones lets them be."""
    modules = code_128(text)
    span = len(modules) + 2 * QUIET_MODULES
    module_dots = min(dots(size.width_mm - 2 * _WHITE_SIDE_MM, dpi) // span, dots(WIDEST_MODULE_MM, dpi))
    if module_dots * MM_PER_INCH / dpi < NARROWEST_MODULE_MM:
        needed = span * NARROWEST_MODULE_MM + 2 * _WHITE_SIDE_MM + 1
        raise ValueError(f"A label {size.width_mm:g} mm wide is too narrow for {text}: {needed:.0f} mm would do.")
    if bottom - top < LOWEST_BARS_MM:
        needed = size.height_mm + LOWEST_BARS_MM - (bottom - top) + 1
        raise ValueError(f"A label {size.height_mm:g} mm high is too low for its text: {needed:.0f} mm would do.")
    x_dots = (dots(size.width_mm, dpi) - len(modules) * module_dots) // 2
    return Bars(modules, dpi, module_dots, x_dots, top, bottom - top)
