"""What stands where on a label, in millimetres and printer dots; the same for every format. No drawing here.

Why the bars are as they are. A reader measures widths, so a bar must be a whole number of the printer's dots. A module
of 0.25 mm, 2 dots at 203 dpi (0.2502 mm) or 3 at 300 dpi (0.254 mm), is the narrowest that hand scanners read easily.
Wider ones are read from further off and survive more scratches, so a label takes as many dots as fit. `ES000123430` is
123 modules in Code 128, and 143 with its two quiet zones of 10: on a label 63.5 mm wide it gets 3 dots at 203 dpi
(53.7 mm) and 4 at 300 dpi (48.4 mm). The longest tag, with a prefix of four letters, is 165 modules: 41.3 mm with 2
dots at 203 dpi, 55.9 mm with 4 at 300 dpi. A label must therefore be 44 mm wide for every tag there is; one of 38.1 mm
carries the tags of a prefix of two letters. Quiet zones: ISO/IEC 15417.

What is left out where there is no room: first the second line of the product's name, then the names of the service and
the store, then the product's name beside the flag. Never the tag, the bars, whom to ring, the load, or that an item is
for a single patient.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from app.domain.labels import display, is_tag
from app.features.labels.stocks import LabelSize
from app.features.labels.symbol import QUIET_MODULES, tag_bars
from app.features.labels.words import Measure, clean, shorten, shrink, wrap

MM_PER_INCH: Final = 25.4
NARROWEST_MODULE_MM: Final = 0.25
WIDEST_MODULE_MM: Final = 0.5
LOWEST_BARS_MM: Final = 6.35
"""A quarter of an inch: lower than that, a hand scanner must be aimed with care."""

_WHITE_SIDE_MM: Final = 1.9
"""Quiet zones are white and may lie nearer; on a sheet that far askew they are still whole on their label."""

_LEAST_WHITE_SIDE_MM: Final = 0.8
"""So near, where the bars would else be too fine to read: such a label asks for a printer whose offset is set."""

_CAPITALS: Final = 0.73
"""How high a capital stands, as a share of the type size, in Noto Sans, Arial and Helvetica alike."""

_TALL_MM: Final = 38.1
"""The height that the sizes of type below are made for; lower and higher labels scale them."""

_LOAD_SHARE: Final = 0.4
"""How much of the only row the load may take beside the product's name or the flag."""

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
    def left(self) -> float:
        return self.size.side_mm

    @property
    def room(self) -> float:
        return self.right - self.left

    @property
    def right(self) -> float:
        return self.size.width_mm - self.size.side_mm

    @property
    def edge(self) -> float:
        """Between the label's edge and the first or last row: an accent or a comma may still reach into it."""
        return max(2.4 * self.scale, self.size.end_mm + 0.25 * self.type_size)

    @property
    def type_size(self) -> float:
        return 3.1 * self.scale

    @property
    def row(self) -> float:
        return 1.22 * self.type_size


def dots(length_mm: float, dpi: int) -> int:
    """The whole dots that fit into a length. A ten-thousandth of a dot is forgiven, because 63.5 mm are 750 dots."""
    return int(length_mm * dpi / MM_PER_INCH + 1e-4)


class TooSmall(ValueError):
    """The label cannot carry what it must; the words say which size would do."""


def lay_out(content: LabelContent, size: LabelSize, dpi: int, measure: Measure) -> Layout:
    """Place all of it: service, product, load and flag above; tag and telephone below; the bars get the height between.

    Raises TooSmall for a label too small to be read.
    """
    module_dots = check_width(content.tag, size, dpi)
    paper = _Paper(size, measure)
    tag_and_phone, bottom = _tag_and_phone(content, paper)
    service, names_top = _service(content, paper)
    name = _product(content, paper, names_top)
    if bottom - name.bottom < LOWEST_BARS_MM:
        name = _one_row(content, paper, names_top)
    if bottom - name.bottom < LOWEST_BARS_MM:
        service, name = [], _one_row(content, paper, paper.edge - 0.1 * paper.type_size)
    bars = _place_bars(tag_bars(content.tag), size, dpi, module_dots, name.bottom, bottom)
    lines = tuple(line for line in (*service, *name.lines, *tag_and_phone) if line.text)
    return Layout(bars, lines, name.boxes)


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


def _service(content: LabelContent, paper: _Paper) -> tuple[list[Line], float]:
    """The first row, and where the next begins: the service, and the store when there is room for its whole name."""
    baseline = paper.edge + _CAPITALS * paper.type_size
    name, name_size = shrink(clean(content.service_name), paper.room, paper.type_size, paper.measure)
    lines = [Line(name, paper.left, baseline, name_size, bold=True)]
    store, store_size = clean(content.store_name or ""), 0.85 * paper.type_size
    taken = paper.measure(name, name_size, True) + paper.measure(store, store_size, False) + 2.0 * paper.scale
    if taken <= paper.room:
        lines.append(Line(store, paper.right, baseline, store_size, align="right"))
    return lines, baseline + 0.32 * paper.type_size


@dataclass(frozen=True, slots=True)
class _Name:
    """What the item is, and how far down that reaches."""

    lines: list[Line]
    boxes: tuple[Box, ...]
    bottom: float


def _product(content: LabelContent, paper: _Paper, top: float) -> _Name:
    """Two rows: the product, the flag in place of its second line, the load beside both."""
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
        flag = Box(paper.left, top + paper.row, room, paper.row)
        boxes.append(flag)
        words, words_size = shrink("SINGLE PATIENT USE", room - 1.0, paper.type_size, paper.measure)
        lines.append(flag.words(words, words_size))
    rows = 1 if content.single_patient_use else 2
    for number, text in enumerate(wrap(clean(content.product_name), rows, room, paper.type_size, paper.measure)):
        lines.append(Line(text, paper.left, top + number * paper.row + 0.92 * paper.type_size, paper.type_size))
    return _Name(lines, tuple(boxes), bottom + 1.0)


def _one_row(content: LabelContent, paper: _Paper, top: float) -> _Name:
    """One row: the product, or the flag in its place, and the load beside it."""
    size = paper.type_size
    lines: list[Line] = []
    boxes: list[Box] = []
    room = paper.room
    if content.safe_working_load_kg is not None:
        load = f"SWL {content.safe_working_load_kg:,} kg"
        load_size = size * min(1.0, paper.room * _LOAD_SHARE / paper.measure(load, size, True))
        badge = Box(0, top, paper.measure(load, load_size, True) + 1.4, paper.row)
        badge = replace(badge, x_mm=paper.right - badge.width_mm)
        boxes.append(badge)
        lines.append(badge.words(load, load_size))
        room -= badge.width_mm + 1.0
    if content.single_patient_use:
        flag = Box(paper.left, top, room, paper.row)
        boxes.append(flag)
        flag_size = size * min(1.0, (room - 1.0) / paper.measure("SINGLE PATIENT USE", size, True))
        lines.append(flag.words("SINGLE PATIENT USE", flag_size))
    else:
        text = shorten(clean(content.product_name), room, size, False, paper.measure)
        lines.append(Line(text, paper.left, top + 0.92 * size, size))
    return _Name(lines, tuple(boxes), top + paper.row + 0.8)


def _tag_and_phone(content: LabelContent, paper: _Paper) -> tuple[list[Line], float]:
    """The last two rows, and how far up they reach: the tag in large type, and whom to ring."""
    baseline = paper.size.height_mm - paper.edge - 0.2 * paper.type_size
    phone, phone_size = _phone(clean(content.return_phone), paper)
    lines = [Line(phone, paper.left, baseline, phone_size, bold=True)]
    baseline -= _CAPITALS * paper.type_size + 1.6 * paper.scale
    tag, large = display(content.tag), 5.2 * paper.scale
    large = min(large, large * paper.room / paper.measure(tag, large, True))
    lines.append(Line(tag, paper.size.width_mm / 2, baseline, large, bold=True, align="centre"))
    return lines, baseline - _CAPITALS * large - 1.0


def _phone(number: str, paper: _Paper) -> tuple[str, float]:
    """The number whole, with as much before it as there is room for: half a number is no use to anybody."""
    for words in ("Please return: ", "Return: "):
        text, size = shrink(words + number, paper.room, paper.type_size, paper.measure)
        if text.endswith(number):
            return text, size
    return shrink(number, paper.room, paper.type_size, paper.measure)


def _place_bars(modules: str, size: LabelSize, dpi: int, module_dots: int, top: float, bottom: float) -> Bars:
    """The bars in the middle of the label, over all the height that the words leave."""
    if bottom - top < LOWEST_BARS_MM:
        needed = size.height_mm + LOWEST_BARS_MM - (bottom - top) + 1
        raise TooSmall(f"A label {size.height_mm:g} mm high is too low for its text: {needed:.0f} mm would do.")
    x_dots = (dots(size.width_mm, dpi) - len(modules) * module_dots) // 2
    return Bars(modules, dpi, module_dots, x_dots, top, bottom - top)
