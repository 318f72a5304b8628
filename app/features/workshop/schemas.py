"""Bodies of the workshop."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import Move, State, can_move
from app.web.asked import asked, needed
from app.web.fields import Body, Day, OptionalLine, OptionalParagraph
from app.web.results import Step
from app.web.typed import own_path

Barcode = Annotated[str, Field(max_length=2000)]


class NewInspection(Body):
    """One inspection; `next_due_on` None: the product's interval from today."""

    barcode: Barcode
    kind: InspectionKind = InspectionKind.FUNCTIONAL
    outcome: InspectionOutcome
    next_due_on: Day | None = None
    notes: OptionalParagraph = ""


class InspectionBody(BaseModel):
    """What was recorded, and what to do with the item now."""

    barcode: str
    product_name: str
    kind: InspectionKind
    outcome: InspectionOutcome
    state: State
    next_due_on: date | None
    next_step: Step


class ReleaseBody(Body):
    """Where on the shelf it goes."""

    bay: OptionalLine = ""


class Released(BaseModel):
    """The item, as it stands now."""

    barcode: str
    product_name: str
    state: State
    is_clear: bool
    next_step: Step


class RepairOutcome(StrEnum):
    """How a repair ended."""

    REPAIRED = "repaired"
    BEYOND_REPAIR = "beyond_repair"

    @property
    def done(self) -> str:
        """What is said when it is recorded."""
        return "Repaired" if self is RepairOutcome.REPAIRED else "Beyond repair and scrapped"


class RepairBody(Body):
    """How the repair ended; `notes` say what was done, or why it is beyond repair."""

    outcome: RepairOutcome
    notes: OptionalParagraph = ""


class DueInspection(BaseModel):
    """An inspection that is due; `client_ref` only for items with a client."""

    barcode: str
    product_name: str
    kind: InspectionKind
    due_on: date
    state: State
    store: str
    is_overdue: bool


class DueLine(BaseModel):
    """An inspection that the item needs; `due_on` None: nobody knows. `failed`: its latest one did not pass."""

    kind: InspectionKind
    due_on: date | None
    failed: bool
    is_met: bool


class BenchItem(BaseModel):
    """One item under inspection or repair."""

    barcode: str
    product_name: str
    state: State
    serial_number: str | None
    holds: list[str]
    due: list[DueLine]
    is_inspected: bool
    is_spent: bool

    @property
    def may_be_cleaned_by_order(self) -> bool:
        """Whether a manager may name a way to clean it."""
        return self.can(Move.START_DECONTAMINATION) and not self.is_spent

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)


def to_the_workshop(path: str) -> str:
    """The path, if it is one of this service's; the workshop otherwise, so that no form leads people elsewhere."""
    return own_path(path, "/workshop")


class WayBack(BaseModel):
    """A form that knows where it was opened."""

    back: Annotated[str, AfterValidator(to_the_workshop)] = "/workshop"


class InspectionForm(WayBack):
    """One inspection, on its page."""

    kind: Annotated[InspectionKind, asked("Choose which inspection it was.")] = needed()
    outcome: Annotated[InspectionOutcome, asked("Choose how the inspection ended.")] = needed()
    next_due_on: Day | None = None
    notes: OptionalParagraph = ""


class ReleaseForm(WayBack):
    """Where on the shelf it goes."""

    bay: OptionalLine = ""


class RepairForm(WayBack):
    """How the repair ended, on its page."""

    outcome: Annotated[RepairOutcome, asked("Choose how the repair ended.")] = needed()
    notes: OptionalParagraph = ""
