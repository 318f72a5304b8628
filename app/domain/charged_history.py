"""An item's history with its charges: movements that may cost something, their lines, and the rates of then."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.domain.costs import ChargeKind, Tariff
from app.domain.lifecycle import Move, State
from app.domain.panel_funding import Share

COSTING: Final = frozenset(
    {
        Move.ISSUE,
        Move.DELIVER,
        Move.START_TRIAL,
        Move.RETURN,
        Move.FIND,
        Move.PASS_DECONTAMINATION,
        Move.COMPLETE_REPAIR,
        Move.PASS_INSPECTION,
        Move.FAIL_INSPECTION,
        Move.SCRAP,
        Move.MARK_MISSING,
    }
)
"""The moves that may cost something."""
NEVER: Final = 2**63


@dataclass(frozen=True, slots=True)
class Dated:
    """A rate, and when it was in force; `ended_at`: when somebody said its last day."""

    tariff: Tariff
    starts_on: date
    ends_on: date | None
    made_at: datetime
    ended_at: datetime | None = None

    def held(self, on: date, *, at: datetime, named: Collection[int | None]) -> bool:
        """Whether it was in force on this day, as was known at this instant. A line that names it knew of it."""
        was_open = self.ends_on is None or self.ends_on >= on or (self.ended_at is not None and self.ended_at > at)
        return self.starts_on <= on and was_open and (self.made_at <= at or self.tariff.id in named)


@dataclass(frozen=True, slots=True)
class Posted:
    """A line of the charges. `undone_by`: the number of the line that takes it back; `is_by_hand`: its sum was said;
    `category`: that of its product when it was posted; `at`: when that was, where it is known."""

    id: int
    posting: UUID | str
    kind: ChargeKind
    variant: str
    funder: str
    share: Share
    pence: int
    vat_pence: int
    tariff_id: int | None
    is_unpriced: bool
    is_issue: bool
    on: date
    period: date
    seq: int = 0
    reversal_of: int | None = None
    corrects_id: int | None = None
    undone_by: int | None = None
    is_by_hand: bool = False
    category: str = ""
    at: datetime | None = None

    @property
    def is_original(self) -> bool:
        """Whether it came with the movement."""
        return self.reversal_of is None and self.corrects_id is None

    @property
    def is_top_up(self) -> bool:
        """Whether it is what a person adds, or what the funders pay less for it."""
        return self.kind is ChargeKind.TOP_UP

    def lives(self, before: int) -> bool:
        """Whether it stood when the line of this number was posted."""
        return self.reversal_of is None and self.id < before and (self.undone_by or NEVER) >= before


@dataclass(frozen=True, slots=True)
class Happened:
    """A movement and its lines, in their order. `is_charged`: it was made after charges began.

    `labour_pence`, `parts_pence`: of the repair that it ended, as it is written down now. `inspections`: how many were
    recorded since that moved nothing.

    `visit`: the order or collection, in words, that somebody drove for; `visits`: how often that drive was charged on
    that day.
    """

    seq: int
    move: Move
    state: State
    at: datetime
    on: date
    lines: tuple[Posted, ...] = ()
    is_charged: bool = True
    visit: str = ""
    visits: int = 0
    labour_pence: int = 0
    parts_pence: int = 0
    inspections: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """An item and all its movements that may cost something. `times_issued`: up to now.

    `changed_at`: when its product was changed last, before which it may have been reusable or not.
    """

    barcode: str
    product_id: int
    category: str
    price_pence: int
    received_on: date
    times_issued: int
    is_reusable: bool
    happened: tuple[Happened, ...]
    changed_at: datetime | None = None
