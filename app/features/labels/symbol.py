"""The bars of a Code 128 symbol and the squares of a Data Matrix or QR code, in modules.

How wide a module is printed is in `layout.py`.

A tag is written as short as Code 128 (ISO/IEC 15417) can: the letters and the first of the nine digits in subset B,
the eight digits that are left as four pairs in subset C. `ES000123430` is then 123 modules. With the odd digit at the
end the symbol would need a second change of subset and be 134, and no label 38.1 mm wide could carry it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import segno
from barcode.charsets import code128
from barcode.codex import Code128
from ppf.datamatrix import DataMatrix

QUIET_MODULES: Final = 10
"""White on either side of the bars: ISO/IEC 15417."""

_FNC1: Final = b"\xe8"
"""Codeword 232: as the first it says that GS1 elements follow (ISO/IEC 16022)."""

_START_B: Final = 104
_TO_C: Final = 99
_DIGITS: Final = 9


@lru_cache(maxsize=4096)
def code_128(text: str) -> str:
    """The modules of any printable ASCII, from the first bar to the last; "1" is a black one."""
    modules: str = Code128(text).build()[0]
    return modules


@lru_cache(maxsize=4096)
def tag_bars(tag: str) -> str:
    """The modules of an asset tag in normal form."""
    head, pairs = tag_parts(tag)
    values = [_START_B, *(ord(character) - 32 for character in head), _TO_C]
    values += [int(pairs[at : at + 2]) for at in range(0, len(pairs), 2)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    modules: list[str] = [code128.CODES[value] for value in [*values, check]]
    return "".join([*modules, code128.STOP, "11"])


def tag_parts(tag: str) -> tuple[str, str]:
    """What of a tag is written character by character, and what as pairs of digits."""
    return tag[: -_DIGITS + 1], tag[-_DIGITS + 1 :]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A square symbol, row by row; "1" is a black module. `quiet`: how many modules round it stay white."""

    name: str
    rows: Sequence[str]
    quiet: int


def matrix_of(*, data_matrix: str | None, qr: str | None) -> Matrix | None:
    """The square symbol that a label asks for, if it asks for one."""
    if data_matrix:
        return gs1_data_matrix(data_matrix)
    return qr_code(qr) if qr else None


@lru_cache(maxsize=4096)
def gs1_data_matrix(elements: str) -> Matrix:
    """A GS1 DataMatrix of this element string."""
    rows = DataMatrix(_Codewords(elements), codecs=["ascii"]).matrix
    return Matrix("GS1 DataMatrix", ["".join(map(str, row)) for row in rows], quiet=1)


@lru_cache(maxsize=4096)
def qr_code(text: str) -> Matrix:
    """A QR code of this text, with a seventh of it to spare (level M) for scratches."""
    rows = segno.make_qr(text, error="m", boost_error=False).matrix
    return Matrix("QR code", ["".join(map(str, row)) for row in rows], quiet=4)


@dataclass(frozen=True, slots=True)
class _Codewords:
    """A text that the library encodes after FNC1, for which it has no sign of its own."""

    text: str

    def encode(self, codec: str) -> bytes:
        """The codewords, as `str.encode` would give them."""
        return _FNC1 + self.text.encode(codec)
