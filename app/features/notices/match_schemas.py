"""Bodies of scopes, and of what they cover."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.domain.lifecycle import State
from app.domain.notice_conditions import Marking
from app.domain.notice_scope import Words
from app.domain.notice_standing import ActionState, Place
from app.domain.notice_work import Cause, Handling
from app.domain.notices import Result
from app.web.fields import Body
from app.web.shapes import Shape

Lines = list[dict[str, Any]]


class ScopeBody(Body):
    """What the notice covers: lines that include or exclude. `handling`: `advice` holds nothing.

    `version`: the one of the notice that was read; another one that arrived since is refused (412).
    """

    lines: Lines
    handling: Handling = Handling.QUARANTINE
    version: int | None = Field(default=None, ge=1, le=1_000_000)


class ActivateBody(Body):
    """The scope that was checked; another one that was entered since is refused (412). Left out: the one of which this
    person has seen last what it would hit, if they have. What hits less than they saw is refused (409
    `fewer-than-seen`).

    `version`: that of the notice with which it was looked at again, needed where it was entered on an older one (409
    `older-version`).
    """

    scope: int | None = Field(default=None, ge=1, le=1_000_000)
    version: int | None = Field(default=None, ge=1, le=1_000_000)


class ActivatedBody(Shape):
    """How many items of the whole register the scope makes what."""

    scope: int
    handling: Handling
    affected: int
    possible: int
    not_affected: int


class ScopeOut(Shape):
    """A scope as it was entered, and `words` of each line. It is a draft until `activated_at`."""

    number: int
    notice_version: int
    handling: Handling
    lines: Lines
    words: list[Words]
    drafted_at: datetime
    drafted_by: str
    activated_at: datetime | None
    activated_by: str | None
    affected: int | None
    possible: int | None
    not_affected: int | None


class ItemFacts(Shape):
    """An item as far as one must know it to find it."""

    barcode: str
    serial_number: str | None
    lot_number: str | None
    product_code: str
    product_name: str
    manufacturer: str
    model: str
    state: State
    where: Place
    store: str
    bay: str | None


class PreviewRow(ItemFacts):
    """An item that a scope would hit, and why."""

    result: Result
    because: list[str]


class NearRow(Shape):
    """An item whose number is not on the list of a line, but easily taken for one that is. A person decides."""

    barcode: str
    recorded: str
    listed: str
    line: int


class UnmatchedRow(Shape):
    """How many numbers of a line's list stand on none of the records that it could mean, and the first."""

    line: int
    marking: Marking
    listed: int
    unmatched: int
    numbers: list[str]

    @property
    def text(self) -> str:
        """In words."""
        what = {Marking.SERIAL: "serial numbers", Marking.LOT: "lots"}[self.marking]
        verb = "stands" if self.unmatched == 1 else "stand"
        more = ", …" if self.unmatched > len(self.numbers) else ""
        named = f": {', '.join(self.numbers)}{more}" if self.numbers else ""
        return f"Line {self.line}: of {self.listed:,} {what}, {self.unmatched:,} {verb} on none of our records{named}."


class Before(Shape):
    """The scope before, and how many items are different."""

    number: int
    drafted_by: str
    affected: int
    possible: int
    newly_covered: int
    no_longer_covered: int


class Preview(Shape):
    """What the newest scope would do. `unheld`: what it names and the catalogue does not have, in words."""

    scope: ScopeOut
    affected: int
    possible: int
    not_affected: int
    rows: list[PreviewRow]
    near_misses: list[NearRow]
    unmatched: list[UnmatchedRow]
    unheld: list[str]
    before: Before | None


class PreviewBody(Preview):
    """The same in pages: `next` is for `after`."""

    next: str | None


class MatchRow(ItemFacts):
    """An item that a notice covers. `action_state`: `open`, what was done last, or how the work ended.

    `client_ref` is told to those who handle notices or visit homes. `scope`: under which the result stands. `is_apart`:
    it was caught after the last closing, and is no part of what was closed.
    """

    result: Result
    because: list[str]
    cause: Cause
    scope: int
    found_at: datetime
    first_blocked_at: datetime | None
    is_held: bool
    is_after_closing: bool
    is_apart: bool
    action_state: ActionState
    client_ref: str | None = None


class SumRow(Shape):
    """How many items of one result are in one place, and as far."""

    where: Place
    action_state: ActionState
    result: Result
    items: int
