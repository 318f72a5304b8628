"""What may be said of a product: its ISO 9999 code, the letters of its name, what the law asks of what lifts people."""

import re
import unicodedata
from urllib.parse import urlsplit

LIFTING_PERSONS = "12 36"
"""ISO 9999: what lifts and moves people, hoists and slings among it."""

LOLER_MONTHS = 6

PROTECTING_TISSUE = "04 33"
"""ISO 9999: what protects tissue, pressure cushions and mattresses among it."""

# Latin with the accents of Europe and of Vietnam, Greek, Cyrillic; a test compares them with the typeface itself.
_LETTERS = (range(0x20, 0x7F), range(0xA0, 0x180), range(0x1E00, 0x1F00), range(0x370, 0x3E2), range(0x400, 0x460))
_SIGNS = frozenset(bytes(range(0x80, 0xA0)).decode("cp1252", errors="ignore") + "ȘșȚț")


def find_pairs(text: str) -> list[str]:
    """The pairs of digits of an ISO 9999 code, with blanks, dots, dashes or nothing between; none if it is not one."""
    typed = text.strip()
    if not re.fullmatch(r"[0-9]{2}([ .-]?[0-9]{2}){0,2}", typed):
        return []
    return re.findall("[0-9]{2}", typed)


def as_iso_9999(text: str) -> str:
    """The code of a product in its one form, `12 36` or `12 36 03`. Raises ValueError with a sentence for people."""
    pairs = find_pairs(text)
    if len(pairs) < 2:
        raise ValueError("An ISO 9999 code has four or six digits, such as 12 36 or 12 36 03.")
    return " ".join(pairs)


def as_iso_9999_group(text: str) -> str:
    """The beginning of such codes, in the same form; a class of two digits will do. Raises ValueError."""
    pairs = find_pairs(text)
    if not pairs:
        raise ValueError("Give the first two, four or six digits of an ISO 9999 code, such as 12 36.")
    return " ".join(pairs)


def advise_examination(category: str, loler_months: int | None) -> str | None:
    """What is to be said of a product that lifts people and is not thoroughly examined often enough; else nothing.

    LOLER 1998 (SI 1998/2307), regulation 9(3)(a): at least every six months, or as an examination scheme says. That
    scheme is why this is advice and no refusal.
    """
    if not " ".join(find_pairs(category)).startswith(LIFTING_PERSONS):
        return None
    if loler_months is not None and loler_months <= LOLER_MONTHS:
        return None
    asks = f"only every {loler_months} months" if loler_months else "not at all"
    return (
        f"It lifts people (ISO 9999 {LIFTING_PERSONS}), and a LOLER thorough examination is asked for {asks}. "
        "Regulation 9 of LOLER 1998 wants one every six months, unless an examination scheme says otherwise."
    )


def advise_strike_through(category: str, *, tested: bool) -> str | None:
    """What is to be said of a cushion or mattress whose cover is never tested; else nothing. Some have no cover."""
    if tested or not " ".join(find_pairs(category)).startswith(PROTECTING_TISSUE):
        return None
    return (
        f"It is a cushion or mattress (ISO 9999 {PROTECTING_TISSUE}), and no strike-through test is asked for when it "
        "is cleaned. Ask for one if it has a cover."
    )


def as_link(text: str) -> str:
    """A web address that a page may send people to, or nothing. Raises ValueError with a sentence for people."""
    try:
        parts = urlsplit(text)
        is_right = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        is_right = False
    if text and not (is_right and text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("Enter a whole web address, such as https://www.example.org/instructions.pdf.")
    return text


def unprintable_letters(text: str) -> list[str]:
    """The letters that no label can print, each once: labels have Latin, Greek and Cyrillic letters."""
    composed = unicodedata.normalize("NFC", text)
    return list(dict.fromkeys(letter for letter in composed if not (letter.isspace() or is_printable(letter))))


def is_printable(letter: str) -> bool:
    """Whether the typeface of the labels has this letter."""
    return letter.isprintable() and (letter in _SIGNS or any(ord(letter) in letters for letters in _LETTERS))
