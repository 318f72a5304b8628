"""What somebody may have meant who looks for a client: a reference, a number, a postcode, a birthday or a name."""

import re
from dataclasses import dataclass
from datetime import date

from app.domain.dates import MONTHS
from app.domain.errors import BadValue
from app.domain.identifiers import check_postcode
from app.web.paging import CODE, text_cursor

FEWEST_LETTERS = 3
"""With fewer, every name would look a little like it."""

_POSTCODE_BEGINS = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]{0,5}")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[ /.-]([0-9]{1,2})[ /.-]([0-9]{4})")
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_MONTH_IN_WORDS = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3,}) ([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, read in every way that it can be read."""

    words: str
    nhs_number: str | None
    born: date | None
    postcode: str | None
    postcode_begins: str | None
    may_be_misspelt: bool


def understand(q: str) -> Asked:
    """Read what was typed; several readings may hold at once."""
    words = " ".join(q.split())
    digits = words.replace(" ", "").replace("-", "")
    joined = words.replace(" ", "").upper()
    is_name = not any(character.isdigit() for character in words)
    return Asked(
        words=words,
        nhs_number=digits if re.fullmatch("[0-9]{10}", digits) else None,
        born=_as_birthday(words),
        postcode=_as_postcode(words),
        postcode_begins=joined if _POSTCODE_BEGINS.fullmatch(joined) else None,
        may_be_misspelt=is_name and sum(character.isalpha() for character in words) >= FEWEST_LETTERS,
    )


def place_from(after: str | None) -> tuple[int, str]:
    """Where a page of a list begins: behind this rank and reference. Raises BadValue `bad-cursor`."""
    rank, colon, client_ref = (after or "").partition(":")
    if not colon:
        return 0, text_cursor(after, CODE)
    if not re.fullmatch("[0-9]{1,4}", rank):
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return int(rank), client_ref


def cursor(rank: int, client_ref: str) -> str:
    """The same as a text that a link can carry."""
    return f"{rank}:{client_ref}" if rank else client_ref


def _as_birthday(words: str) -> date | None:
    """The day, written as people in the UK write it or as computers do."""
    try:
        if found := _DAY_FIRST.fullmatch(words):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _YEAR_FIRST.fullmatch(words):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _MONTH_IN_WORDS.fullmatch(words):
            return date(int(found[3]), _month(found[2]), int(found[1]))
    except ValueError:
        return None
    return None


def _month(word: str) -> int:
    """The month that begins like that; 0, which no date has, when none does."""
    begins = word.lower()
    return next((number for number, name in enumerate(MONTHS, start=1) if name.lower().startswith(begins)), 0)


def _as_postcode(words: str) -> str | None:
    try:
        return check_postcode(words)
    except ValueError:
        return None
