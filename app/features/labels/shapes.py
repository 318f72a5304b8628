"""What a label is made of, in millimetres and printer dots: lines, boxes, bars, a square symbol. No placing here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

MM_PER_INCH: Final = 25.4

CAPITALS: Final = 0.73
"""How high a capital stands, as a share of the type size, in Noto Sans, Arial and Helvetica alike."""

Align = Literal["left", "centre", "right"]


class TooSmall(ValueError):
    """The label cannot carry what it must; the words say which size would do."""


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
        baseline = self.y_mm + self.height_mm * share + CAPITALS * size_mm / 2
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
        return runs_of(self.modules)


@dataclass(frozen=True, slots=True)
class Square:
    """A Data Matrix or QR code without its quiet zone, row by row as `Bars` has its one; both ways in whole dots."""

    rows: Sequence[str]
    dpi: int
    module_dots: int
    x_dots: int
    y_dots: int

    @property
    def module_mm(self) -> float:
        """The side of one module."""
        return self.module_dots * MM_PER_INCH / self.dpi

    @property
    def x_mm(self) -> float:
        """Its left edge."""
        return self.x_dots * MM_PER_INCH / self.dpi

    @property
    def y_mm(self) -> float:
        """Its upper edge."""
        return self.y_dots * MM_PER_INCH / self.dpi

    def runs(self) -> list[tuple[int, int, int]]:
        """Each black stretch as (row, first module, width in modules)."""
        return [(place, start, width) for place, row in enumerate(self.rows) for start, width in runs_of(row)]


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole label, ready to be painted: boxes first, then the rest."""

    bars: Bars | None
    square: Square | None
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]


def runs_of(modules: str) -> list[tuple[int, int]]:
    """Each black stretch of a row as (first module, width in modules)."""
    return [(run.start(), len(run[0])) for run in re.finditer("1+", modules)]


def dots(length_mm: float, dpi: int) -> int:
    """The whole dots that fit into a length. A ten-thousandth of a dot is forgiven, because 63.5 mm are 750 dots."""
    return int(length_mm * dpi / MM_PER_INCH + 1e-4)
