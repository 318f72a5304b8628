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


class Symbols(StrEnum):
    """What a label carries to be scanned."""

    CODE_128 = "code_128"
    CODE_128_AND_DATA_MATRIX = "code_128_and_data_matrix"
    DATA_MATRIX = "data_matrix"
    CODE_128_AND_QR = "code_128_and_qr"
    QR = "qr"

    @property
    def text(self) -> str:
        """The choice as people read it."""
        return _SYMBOL_TEXTS[self]

    @property
    def has_bars(self) -> bool:
        """Whether hand scanners that read bars alone can read it."""
        return self not in {Symbols.DATA_MATRIX, Symbols.QR}

    @property
    def has_data_matrix(self) -> bool:
        """Whether it needs a GS1 company prefix."""
        return self in {Symbols.DATA_MATRIX, Symbols.CODE_128_AND_DATA_MATRIX}

    @property
    def has_qr(self) -> bool:
        """Whether it needs the service's public address."""
        return self in {Symbols.QR, Symbols.CODE_128_AND_QR}


_SYMBOL_TEXTS: Final = {
    Symbols.CODE_128: "Bars (Code 128)",
    Symbols.CODE_128_AND_DATA_MATRIX: "Bars and a GS1 DataMatrix",
    Symbols.DATA_MATRIX: "A GS1 DataMatrix alone",
    Symbols.CODE_128_AND_QR: "Bars and a QR code",
    Symbols.QR: "A QR code alone",
}


def check_symbols(symbols: Symbols, *, has_company_prefix: bool, has_address: bool) -> None:
    """Raise BadValue `no-company-prefix` or `no-public-address` for symbols that this service has nothing to put in."""
    if symbols.has_data_matrix and not has_company_prefix:
        detail = "A GS1 DataMatrix needs the service's GS1 company prefix, which nobody has set (GS1_COMPANY_PREFIX)."
        raise BadValue("no-company-prefix", detail, field="symbols")
    if symbols.has_qr and not has_address:
        detail = "A QR code needs the service's public web address, which nobody has set (PUBLIC_ADDRESS)."
        raise BadValue("no-public-address", detail, field="symbols")


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
