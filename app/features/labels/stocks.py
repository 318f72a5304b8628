"""The label stocks that can be printed on: sizes and where the labels lie on a sheet. A new stock is a line here.

Where the figures come from. Sizes and counts are what is printed on the boxes. Avery's Word templates, as others have
measured them (the gLabels templates and several label libraries agree within 0.1 mm), give the L7160 a horizontal
pitch of 66.04 mm and the L7651 one of 40.64 mm: a gap of a tenth of an inch between columns, and none between rows.
The margins are then what centres the labels on A4, which the tests reckon again for each sheet.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class LabelSize:
    """One label, in millimetres. Ink stays `side_mm` away from its left and right edge, `end_mm` from the others."""

    width_mm: float
    height_mm: float
    side_mm: float = 2.5
    """Paper shifts by up to two millimetres in an office printer, so nothing is printed nearer to a label's edge."""
    end_mm: float = 0.0
    """Only where the printer itself cannot print nearer; the layout keeps a distance of its own."""


class Feed(StrEnum):
    """What the labels are on."""

    SHEET = "sheet"
    ROLL = "roll"
    ZEBRA = "zebra"


@dataclass(frozen=True, slots=True)
class Stock:
    """Equal labels on a page, in millimetres. Pitch is from one label's edge to the same edge of the next.

    On a roll each label is a page of its own, as it lies when one reads it.
    """

    code: str
    name: str
    feed: Feed
    label: LabelSize
    columns: int
    rows: int
    left_mm: float
    top_mm: float
    pitch_x_mm: float
    pitch_y_mm: float
    page: LabelSize

    @property
    def labels_per_page(self) -> int:
        """How many labels one sheet has; 1 on a roll."""
        return self.columns * self.rows

    @property
    def text(self) -> str:
        """The stock as people choose it."""
        size = f"{self.label.width_mm:g} \N{MULTIPLICATION SIGN} {self.label.height_mm:g} mm"
        many = f", {self.labels_per_page} a sheet" if self.feed is Feed.SHEET else ""
        return f"{self.name}: {size}{many}"

    def corner(self, position: int) -> tuple[float, float]:
        """The upper left corner of a label, in mm from the page's upper left; 0 is the first, counted row by row."""
        row, column = divmod(position, self.columns)
        return self.left_mm + column * self.pitch_x_mm, self.top_mm + row * self.pitch_y_mm


A4: Final = LabelSize(210.0, 297.0)
GAP_MM: Final = 2.54


def _avery(code: str, width_mm: float, height_mm: float, columns: int, rows: int) -> Stock:
    """A sheet of A4 whose columns are a tenth of an inch apart and whose rows touch, the whole centred."""
    pitch = width_mm + GAP_MM
    return Stock(
        code=code,
        name=f"Avery {code}",
        feed=Feed.SHEET,
        label=LabelSize(width_mm, height_mm),
        columns=columns,
        rows=rows,
        left_mm=round((A4.width_mm - columns * pitch + GAP_MM) / 2, 2),
        top_mm=round((A4.height_mm - rows * height_mm) / 2, 2),
        pitch_x_mm=pitch,
        pitch_y_mm=height_mm,
        page=A4,
    )


def _roll(code: str, name: str, label: LabelSize, feed: Feed = Feed.ROLL) -> Stock:
    page = LabelSize(label.width_mm, label.height_mm)
    return Stock(code, name, feed, label, 1, 1, 0, 0, page.width_mm, page.height_mm, page)


def _zebra(width_mm: float, height_mm: float) -> Stock:
    """Die-cut labels that a Zebra printer's own margins leave whole."""
    code = f"ZEBRA-{width_mm:g}X{height_mm:g}"
    return _roll(code, "Zebra roll", LabelSize(width_mm, height_mm), Feed.ZEBRA)


AVERY_L7160: Final = _avery("L7160", 63.5, 38.1, 3, 7)

STOCKS: Final[dict[str, Stock]] = {
    stock.code: stock
    for stock in (
        AVERY_L7160,
        _avery("L7159", 63.5, 33.9, 3, 8),
        # The L4737 (removable) and the L6011 (silver polyester) are the same cut. No template of theirs was at hand:
        # that their columns are 2.5 mm apart and centred is what the L6114, of the same size, was measured to have.
        _avery("L4737", 63.5, 29.6, 3, 9),
        _avery("L6011", 63.5, 29.6, 3, 9),
        _avery("L7651", 38.1, 21.2, 5, 13),
        # Brother's QL printers leave 1.5 mm along the tape and 3 mm at either end of a die-cut label unprinted, as the
        # gLabels templates and the CAPS driver's manual say. The DK-22205 is cut where the page ends.
        _roll("DK-11201", "Brother DK-11201", LabelSize(90, 29, side_mm=3, end_mm=1.5)),
        _roll("DK-11208", "Brother DK-11208", LabelSize(90, 38, side_mm=3, end_mm=1.5)),
        _roll("DK-11209", "Brother DK-11209", LabelSize(62, 29, end_mm=3)),
        _roll("DK-22205", "Brother DK-22205, cut every 40 mm", LabelSize(62, 40, end_mm=3)),
        # Dymo's LabelWriters leave 6 mm at either end of address labels and 1 mm along them, 3 mm all round the
        # 57 mm wide ones: again as the gLabels templates say.
        _roll("99010", "Dymo 99010", LabelSize(89, 28, side_mm=6, end_mm=1)),
        _roll("99012", "Dymo 99012", LabelSize(89, 36, side_mm=6, end_mm=1)),
        _roll("11354", "Dymo 11354", LabelSize(57, 32, side_mm=3, end_mm=3)),
        _zebra(51, 25),
        _zebra(57, 32),
        _zebra(63.5, 38.1),
        _zebra(76, 51),
        _zebra(102, 51),
    )
}
"""By the code that is printed on the box, or by the size for Zebra rolls, which have none that all makers share."""
