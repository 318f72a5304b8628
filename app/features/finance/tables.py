"""A report as a table: what pages draw, the API answers, and files are written from. No queries live here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Cell(StrEnum):
    """What a column holds: words, whole pence, a count, a number with a tenth, a percentage, a day, or a month."""

    TEXT = "text"
    PENCE = "pence"
    COUNT = "count"
    DECIMAL = "decimal"
    PERCENT = "percent"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its stable name in files and the API, its heading for people, and what it holds."""

    key: str
    heading: str
    cell: Cell = Cell.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """A report. `definition`: what its figures mean, in a sentence or two; `period`: of when they are, in words.

    `rows`: by the keys of the columns, None where nothing is known; `totals`: likewise, where a total has a meaning.
    `links`: for each row the address that it is drilled to, if there is one. `listed`: how many rows there are, where
    `rows` are a page of them; then `after` is where the next page begins, if there is one.
    """

    name: str
    title: str
    definition: str
    period: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    totals: Mapping[str, Any] = field(default_factory=dict)
    links: Sequence[str | None] = ()
    listed: int | None = None
    after: str | None = None
