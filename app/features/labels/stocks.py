"""The label stocks that can be printed on: sizes and where the labels lie on a sheet. A new stock is a line here."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LabelSize:
    """One label, in millimetres."""

    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class SheetStock:
    """A sheet of equal labels in millimetres. Pitch is from one label's edge to the same edge of the next."""

    name: str
    label: LabelSize
    columns: int
    rows: int
    left_mm: float
    top_mm: float
    pitch_x_mm: float
    pitch_y_mm: float
    sheet: LabelSize

    @property
    def labels_per_sheet(self) -> int:
        """How many labels one sheet has."""
        return self.columns * self.rows

    def corner(self, position: int) -> tuple[float, float]:
        """The upper left corner of a label, in mm from the sheet's upper left; 0 is the first, counted row by row."""
        row, column = divmod(position, self.columns)
        return self.left_mm + column * self.pitch_x_mm, self.top_mm + row * self.pitch_y_mm


A4: Final = LabelSize(210.0, 297.0)

# Sold as 63.5 x 38.1 mm, 21 a sheet. Pitches and top margin are as others have measured them in Avery's Word template;
# the left margin is what centres three columns: (210 - 2 x 66.04 - 63.5) / 2. Rows touch: 2 x 15.15 + 7 x 38.1 = 297.
AVERY_L7160: Final = SheetStock(
    name="Avery L7160",
    label=LabelSize(63.5, 38.1),
    columns=3,
    rows=7,
    left_mm=7.21,
    top_mm=15.15,
    pitch_x_mm=66.04,
    pitch_y_mm=38.1,
    sheet=A4,
)

SHEETS: Final[dict[str, SheetStock]] = {"L7160": AVERY_L7160}
"""By the code that is printed on the box."""
