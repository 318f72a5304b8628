"""Lists in pages by keyset: `items` and the cursor of the next page."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Generic, TypeVar

from app.domain.errors import BadValue
from app.web.fields import BIGGEST_ID
from app.web.shapes import Shape

Row = TypeVar("Row")


class Page(Shape, Generic[Row]):
    """One page of a list; `next` is None on the last."""

    items: list[Row]
    next: str | None


def page_of(rows: Sequence[Row], *, limit: int, cursor: Callable[[Row], str | int]) -> Page[Row]:
    """A page from `limit + 1` rows: the last one only tells that there is more."""
    shown = list(rows[:limit])
    return Page(items=shown, next=str(cursor(shown[-1])) if len(rows) > limit else None)


TAG = re.compile("[A-Z]+[0-9]{9}")
CODE = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
DAY_TAG_AND_KIND = re.compile(f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {TAG.pattern} [a-z]+")
DAY_AND_NUMBER = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{1,18}")
"""What the cursors of lists look like that go by asset tag, by a code, by day, tag and kind, by day and number."""


def text_cursor(after: str | None, shape: re.Pattern[str]) -> str:
    """A cursor that is a text of this shape; empty before the first. Raises BadValue `bad-cursor`."""
    if not after:
        return ""
    if not shape.fullmatch(after):
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return after


def day_cursor(after: str | None, shape: re.Pattern[str]) -> str:
    """A cursor of this shape, which begins with a day; empty before the first. Raises BadValue `bad-cursor`."""
    place = text_cursor(after, shape)
    try:
        date.fromisoformat(place[:10] or date.min.isoformat())
    except ValueError as error:
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after") from error
    return place


def number_cursor(after: str | None) -> int:
    """A cursor that counts ids; 0 before the first. Raises BadValue `bad-cursor`."""
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and int(after) <= BIGGEST_ID):
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return int(after)
