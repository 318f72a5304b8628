"""Words that fit on a label: cleaned, shrunk, shortened, wrapped. Widths come from whoever knows the font."""

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from app.domain.catalogue import is_printable

Measure = Callable[[str, float, bool], float]
"""How wide a text is in mm, from the text, its size in mm and whether it is bold. Each format brings its own."""

_LONGEST_TEXT: Final = 200
_LEAST_SHRINK: Final = 0.74
_FEWEST_LETTERS: Final = 3


def clean(text: str) -> str:
    """One line of text that the labels' typeface can print: no control characters, blanks made single.

    Letters that it lacks are taken apart where that leaves letters that it has, else they become "?".
    """
    composed = unicodedata.normalize("NFC", text[:_LONGEST_TEXT])
    visible = "".join(" " if character.isspace() else character for character in composed if _leaves_a_mark(character))
    return "".join(map(_in_type, " ".join(visible.split())))


def _leaves_a_mark(character: str) -> bool:
    return character.isspace() or character.isprintable()


@lru_cache(maxsize=1024)
def _in_type(character: str) -> str:
    if is_printable(character):
        return character
    known = "".join(filter(is_printable, unicodedata.normalize("NFKD", character)))
    return known or "?"


def shorten(text: str, room_mm: float, size_mm: float, bold: bool, measure: Measure) -> str:
    """The text, or as much of its beginning as fits followed by an ellipsis; empty when not even three letters fit."""
    if measure(text, size_mm, bold) <= room_mm:
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if measure(text[:middle].rstrip() + "…", size_mm, bold) <= room_mm:
            fits = middle
        else:
            too_long = middle
    return text[:fits].rstrip(" ,;-") + "…" if fits >= _FEWEST_LETTERS else ""


def shrink(text: str, room_mm: float, size_mm: float, measure: Measure) -> tuple[str, float]:
    """The bold text and the size it fits in: a little smaller first, and only then shortened."""
    size = size_mm * max(min(room_mm / max(measure(text, size_mm, True), 0.1), 1.0), _LEAST_SHRINK)
    return shorten(text, room_mm, size, True, measure), size


def wrap(text: str, most_lines: int, room_mm: float, size_mm: float, measure: Measure) -> list[str]:
    """The text on one line or more, broken between words; what does not fit on the last line ends in an ellipsis."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most_lines - 1:
        taken = 1
        while taken < len(words) and measure(" ".join(words[: taken + 1]), size_mm, False) <= room_mm:
            taken += 1
        lines.append(shorten(" ".join(words[:taken]), room_mm, size_mm, False, measure))
        words = words[taken:]
    if words:
        lines.append(shorten(" ".join(words), room_mm, size_mm, False, measure))
    return lines
