"""The bars of a Code 128 symbol, in modules. How wide a module is printed is in `layout.py`.

A tag is written as short as Code 128 (ISO/IEC 15417) can: the letters and the first of the nine digits in subset B,
the eight digits that are left as four pairs in subset C. `ES000123430` is then 123 modules. With the odd digit at the
end the symbol would need a second change of subset and be 134, and no label 38.1 mm wide could carry it.
"""

from functools import lru_cache
from typing import Final

from barcode.charsets import code128
from barcode.codex import Code128

QUIET_MODULES: Final = 10
"""White on either side of the bars: ISO/IEC 15417."""

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
