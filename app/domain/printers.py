"""Label printers: which kinds there are, and how far a print may be moved to land on the label. No drawing here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.errors import BadValue

MOST_OFFSET: Final = 100
"""Tenths of a millimetre: a printer that is further off than a centimetre has its paper in wrong."""


class PrinterKind(StrEnum):
    """What a printer is sent."""

    PDF = "pdf"
    ZEBRA_203 = "zebra_203"
    ZEBRA_300 = "zebra_300"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return _TEXTS[self]

    @property
    def is_zebra(self) -> bool:
        """Whether it is sent ZPL."""
        return self is not PrinterKind.PDF


_TEXTS: Final = {
    PrinterKind.PDF: "Office printer, Brother or Dymo",
    PrinterKind.ZEBRA_203: "Zebra, 203 dots an inch",
    PrinterKind.ZEBRA_300: "Zebra, 300 dots an inch",
}


@dataclass(frozen=True, slots=True)
class Offset:
    """How far everything is moved, in tenths of a millimetre: `x` to the right, `y` down; less than 0 the other way."""

    x: int = 0
    y: int = 0

    def __post_init__(self) -> None:
        """Refuse what is further than a centimetre."""
        for name, tenths in (("offset_x", self.x), ("offset_y", self.y)):
            if not -MOST_OFFSET <= tenths <= MOST_OFFSET:
                detail = f"An offset is from -{MOST_OFFSET} to {MOST_OFFSET} tenths of a millimetre, not {tenths}."
                raise BadValue("offset-too-far", detail, field=name)

    @property
    def x_mm(self) -> float:
        """To the right, in millimetres."""
        return self.x / 10

    @property
    def y_mm(self) -> float:
        """Down, in millimetres."""
        return self.y / 10

    @property
    def text(self) -> str:
        """The offset as people read it: "1.2 mm right, 0.5 mm up"."""
        moves = [
            f"{abs(tenths) / 10:g} mm {further if tenths > 0 else nearer}"
            for tenths, further, nearer in ((self.x, "right", "left"), (self.y, "down", "up"))
            if tenths
        ]
        return ", ".join(moves) or "None"


NO_OFFSET: Final = Offset()
