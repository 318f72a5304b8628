"""Kinds of input that many forms and bodies share: lines of text, pence, ids. Rules of the business are in `domain`."""

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.domain.email_addresses import LONGEST_ADDRESS, check_email
from app.domain.reasons import IN_WORDS, NO_WORDS, has_words, is_reason
from app.web.shapes import Shape

BIGGEST_ID = 2**63 - 1


def without_controls(text: str) -> str:
    """The text, unless it carries control characters; line breaks are let through."""
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in "\r\n\t" for character in text):
        raise ValueError("Take out the invisible characters: they cannot be seen or printed.")
    return text


def on_one_line(text: str) -> str:
    """The text, unless it has line breaks."""
    if any(character in "\r\n\t" for character in text):
        raise ValueError("Write it on one line.")
    return text


_Clean = AfterValidator(without_controls)
_OneLine = AfterValidator(on_one_line)


def as_day(given: object) -> object:
    """A date, or text that is written like one; numbers and instants are no days."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given.strip()):
        return given.strip()
    raise PydanticCustomError("date_parsing", "No day of the calendar.")  # app/web/wording.py says it to people.


def no_truth(given: object) -> object:
    """The value, unless it is true or false, which Python would count as 1 and 0."""
    if isinstance(given, bool):
        raise ValueError("Write a whole number, not true or false.")  # noqa: TRY004 - pydantic wants a ValueError
    return given


Day = Annotated[date, BeforeValidator(as_day)]
"""A day of the calendar, as `YYYY-MM-DD`."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), _Clean, _OneLine]
"""One line of text, 1 to 200 characters."""

OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), _Clean, _OneLine]
"""One line of text that may be empty."""

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_ADDRESS),
    _Clean,
    AfterValidator(check_email),
]
"""An e-mail address that letters can be sent to."""

Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), _Clean]
"""Text with line breaks, 1 to 4,000 characters."""

OptionalParagraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), _Clean]
"""Text with line breaks that may be empty."""


def as_reason(text: str) -> str:
    """The text, if it says something to somebody who reads it later."""
    if not is_reason(text):
        raise PydanticCustomError("not_a_reason", IN_WORDS)
    return text


Reason = Annotated[Paragraph, AfterValidator(as_reason)]
"""Why: a paragraph that counts as a reason (`domain/reasons.py`)."""


ReasonLine = Annotated[Line, AfterValidator(as_reason)]
"""The same on one line."""


def with_words(text: str) -> str:
    """The text, if it holds a word."""
    if not has_words(text):
        raise PydanticCustomError("not_in_words", NO_WORDS)
    return text


Wording = Annotated[Line, AfterValidator(with_words)]
"""One line that holds a word, such as a place or who was there."""


def as_code(text: str) -> str:
    """The text, if it can be a code."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", text):
        raise ValueError("Use up to 40 letters, digits, dots, dashes and underscores, such as C-1001 or HOIST-150.")
    if text == "new":
        raise ValueError("“new” is the address of a form here. Choose another one.")
    return text


Code = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(as_code)]
"""A code that people choose: letters, digits, dot, dash and underscore; up to 40 characters."""

Pence = Annotated[int, Field(ge=0, le=100_000_000)]
"""Money in whole pence, up to a million pounds."""

Id = Annotated[int, Path(ge=1, le=BIGGEST_ID)]
"""A number in an address."""

Limit = Annotated[int, Query(ge=1, le=500)]
"""How many entries of a list to give."""

After = Annotated[str | None, Query(max_length=100)]
"""The cursor that the last page of a list ended with."""


class Body(Shape):
    """A request body or form: what is not asked for is refused, so that a mistyped name is not silently dropped."""

    model_config = ConfigDict(extra="forbid")
