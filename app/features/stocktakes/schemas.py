"""Bodies and forms of stocktakes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, computed_field

from app.domain.lifecycle import Move, State
from app.domain.stocktakes import CORRECTIONS, Correction, Difference
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Line, OptionalLine
from app.web.shapes import Shape


class StocktakeState(StrEnum):
    """Where a count stands."""

    OPEN = "open"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class NewStocktake(Body):
    """What to count: a store, or one bay of it.

    `is_empty_bay`: that nothing is recorded in that bay, and it is one; false asks that something is. Left out, nobody
    was asked (ADR 29).
    """

    store: Code
    bay: Line | None = None
    is_empty_bay: bool | None = None


class Decision(Body):
    """What is done about one item."""

    barcode: str
    correction: Correction


class FinishBody(Body):
    """What is done about each difference, by the item's tag: all of them, and no others."""

    corrections: Annotated[list[Decision], Field(max_length=5000)] = []


class StocktakeRow(Shape):
    """One count in a list. `counted`: how many of the `expected` were found; the rest is `left`."""

    number: str
    store: str
    store_name: str
    bay: str | None
    state: StocktakeState
    started_at: datetime
    started_by: str
    finished_at: datetime | None
    finished_by: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    expected: int
    counted: int

    @computed_field
    def left(self) -> int:
        """How many of the expected items nobody has scanned yet."""
        return self.expected - self.counted

    @property
    def place(self) -> str:
        """What is counted, for people."""
        return f"{self.store_name}, bay {self.bay}" if self.bay else self.store_name


class Kept(Shape):
    """A reservation of an item that differs. `client_ref`, `order_number`: only for who may see clients."""

    barcode: str
    product_name: str
    from_on: date
    client_ref: str | None
    order_number: str | None


class PastMove(Shape):
    """One of an item's last movements."""

    move: Move
    at: datetime
    actor: str
    store: str
    bay: str | None


class DifferenceBody(Shape):
    """An item that differs from the record. `done`: what was done about it."""

    barcode: str
    product_name: str
    difference: Difference
    state: State
    store: str
    bay: str | None
    counted_at: datetime | None
    counted_by: str | None
    done: Correction | None
    history: list[PastMove]

    @computed_field
    def corrections(self) -> tuple[Correction, ...]:
        """What may be done about it, the proposed one first."""
        return CORRECTIONS[self.difference]


class CameOrWent(Shape):
    """An item that moved in somebody's hands while people counted: it is told apart, and is no loss."""

    barcode: str
    product_name: str
    state: State
    store: str
    bay: str | None
    was_expected: bool
    history: list[PastMove]


class StrangeLabel(Shape):
    """A label that is on none of our items."""

    raw: str
    detail: str
    received_by: str
    received_at: datetime


class StocktakeBody(StocktakeRow):
    """One count, with a page of what differs. `next`: the cursor of the page after it, None on the last.

    `kinds`: how many items differ in each way, `corrected`: how many of them were corrected, `moved_in_all`: how many
    came or went, all of the whole count. `moved`: the first of these, by tag. `mark`: another as soon as anything else
    differs.
    """

    kinds: dict[Difference, int]
    moved_in_all: int
    corrected: int
    mark: str
    differences: list[DifferenceBody]
    next: str | None
    moved: list[CameOrWent]
    strange_labels: list[StrangeLabel]

    @computed_field
    def missing(self) -> int:
        """How many were expected and not found."""
        return self.kinds.get(Difference.MISSING, 0)

    @computed_field
    def unexpected(self) -> int:
        """How many were counted that the record does not have here."""
        return sum(self.kinds.values()) - self.kinds.get(Difference.MISSING, 0)


class StartForm(Shape):
    """What to count, on its page."""

    store: Annotated[str, asked("Choose the store to count.")] = needed()
    bay: OptionalLine = ""
    is_empty_bay: bool = False
