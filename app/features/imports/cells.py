"""What one cell of a file may say: each reader takes the text of a cell and gives the value, or raises BadValue.

A formula-looking cell is text like any other: nothing here is ever reckoned. Excel's habits are met where they lose
nothing (27/03/2026, £1,234.50) and refused where they did (1.23457E+12).
"""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

from app.domain.catalogue import as_iso_9999, as_link, unprintable_letters
from app.domain.errors import BadValue
from app.domain.goods import serial_key
from app.domain.identifiers import check_gtin, check_nhs_number, check_postcode
from app.web.fields import as_code, on_one_line, without_controls
from app.web.typed import pence_from

Reader = Callable[[str], Any]
Value = TypeVar("Value")

SOME: Final = 4096
"""How many different values a reader remembers: a file says the same few dates, prices and codes again and again."""

MOST_LINE, MOST_PARAGRAPH = 200, 4000
MOST_GTINS, MOST_NAMED = 50, 10

_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_UK_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]{2}")
_POUNDS = re.compile(r"£? ?(-?[0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?")
_YES, _NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})


def line(text: str) -> str:
    """One line of text, up to 200 characters."""
    if not (text.isascii() and text.isprintable()):
        _or("bad-text", without_controls, text)
        _or("bad-text", on_one_line, text)
    return _short(text, MOST_LINE)


def paragraph(text: str) -> str:
    """Text that may have line breaks, up to 4,000 characters."""
    return _short(_or("bad-text", without_controls, text), MOST_PARAGRAPH)


def number_text(text: str) -> str:
    """A serial or lot number: one line that Excel has not shortened."""
    return line(_whole(text))


def serial(text: str) -> str:
    """A serial number: it says more than dashes."""
    found = number_text(text)
    if not serial_key(found):
        raise BadValue("empty-serial", f"“{found}” is no serial number: it has only dashes. Leave the cell empty.")
    return found


@lru_cache(SOME)
def code(text: str) -> str:
    """A code that people choose."""
    return _or("bad-code", as_code, text)


@lru_cache(SOME)
def day(text: str) -> date:
    """A day, as 2026-03-27 or as Excel in the UK writes it, 27/03/2026."""
    iso, uk = _ISO_DAY.fullmatch(text), _UK_DAY.fullmatch(text)
    parts = iso.groups() if iso else uk.groups()[::-1] if uk else None
    try:
        if parts is not None:
            return date(*map(int, parts))
    except ValueError:
        pass
    raise BadValue("bad-date", "This is no day of the calendar. Write it as 2026-03-27 or 27/03/2026, the day first.")


@lru_cache(SOME)
def pounds(text: str) -> int:
    """The pence of an amount in pounds. A comma before the pence is refused: it would be a hundredfold."""
    if not _POUNDS.fullmatch(text):
        raise BadValue("bad-price", "Write the price in pounds and pence with a point, such as 149.99.")
    return _or("bad-price", pence_from, text)


@lru_cache(SOME)
def gtin(text: str) -> str:
    """A UDI-DI, in its 14 digits."""
    return _or("bad-gtin", check_gtin, _whole(text))


def gtins(text: str) -> list[str]:
    """Several of them, with blanks, commas, semicolons or bars between, each once."""
    found = list(dict.fromkeys(gtin(one) for one in re.split(r"[\s,;|]+", text) if one))
    if len(found) > MOST_GTINS:
        raise BadValue("too-many", f"These are {len(found)} numbers; a product has up to {MOST_GTINS}.")
    return found


def nhs_number(text: str) -> str:
    """An NHS number."""
    return _or("bad-nhs-number", check_nhs_number, _whole(text))


@lru_cache(SOME)
def postcode(text: str) -> str:
    """A UK postcode, as it is written."""
    return _or("bad-postcode", check_postcode, text)


def iso_9999(text: str) -> str:
    """An ISO 9999 code."""
    return _or("bad-category", as_iso_9999, text)


@lru_cache(SOME)
def link(text: str) -> str:
    """A web address that people can be sent to."""
    return _or("bad-link", as_link, line(text))


def product_name(text: str) -> str:
    """A name that labels can print."""
    lacking = unprintable_letters(line(text))
    if lacking:
        letters = " ".join(lacking[:MOST_NAMED])
        sentence = f"Labels cannot print {letters}. Write the name in Latin, Greek or Cyrillic letters."
        raise BadValue("bad-text", sentence)
    return text


def truth(text: str) -> bool:
    """Yes or no."""
    said = text.casefold()
    if said not in _YES | _NO:
        raise BadValue("bad-choice", "Write yes or no.")
    return said in _YES


def whole(least: int, most: int) -> Reader:
    """A reader of whole numbers between these two."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise BadValue("bad-number", f"Write a whole number from {least} to {most:,}, with digits alone.")
        return int(text)

    return read


def one_of(kind: type[StrEnum]) -> Reader:
    """A reader of the choices of `kind`, in any case and with blanks or underscores."""
    choices = {choice.value: choice for choice in kind}

    def read(text: str) -> StrEnum:
        said = "_".join(text.casefold().replace("_", " ").split())
        if said not in choices:
            raise BadValue("bad-choice", f"Write one of: {', '.join(choices)}.")
        return choices[said]

    return read


def _or(refusal: str, check: Callable[[str], Value], text: str) -> Value:
    """What `check` makes of it; its ValueError becomes a BadValue with this code."""
    try:
        return check(text)
    except ValueError as error:
        raise BadValue(refusal, str(error)) from error


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise BadValue("too-long", f"This has {len(text):,} characters. Write it with {most:,} or fewer.")
    return text


def _whole(text: str) -> str:
    """The text, unless Excel has turned a long number into a short one, by which its digits are lost."""
    if _SHORTENED.fullmatch(text):
        raise BadValue(
            "shortened-number",
            "Excel has shortened this number and lost its digits. Format the column as text, then enter it again.",
        )
    return text
