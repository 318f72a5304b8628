"""Bodies of the workshop."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.domain.hygiene import Outcome, Route
from app.domain.lifecycle import Move, State, can_move
from app.web.asked import asked, needed
from app.web.fields import Body, OptionalLine, OptionalParagraph, Paragraph
from app.web.results import BlockerBody, Step
from app.web.typed import own_path

Barcode = Annotated[str, Field(max_length=2000)]


class StartDecontaminations(Body):
    """Items whose cleaning begins; `route` None: each by its product's route."""

    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=500)]
    route: Route | None = None


class DecontaminationResult(Body):
    """How one cleaning ended."""

    barcode: Barcode
    outcome: Outcome
    notes: OptionalParagraph = ""


class DecontaminationResults(Body):
    """How cleanings ended."""

    results: Annotated[list[DecontaminationResult], Field(min_length=1, max_length=500)]


class ReleaseBody(Body):
    """Where on the shelf it goes; `due_soon_reason`: why, although its thorough examination falls due soon."""

    bay: OptionalLine = ""
    due_soon_reason: OptionalParagraph = ""


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


class QueueLine(BaseModel):
    """One item on a bench, and since when it waits."""

    barcode: str
    product_name: str
    serial_number: str | None
    state: State
    store: str
    last_outcome: Outcome | None
    since_days: int


class BenchLine(QueueLine):
    """A line of a bench's page: what to do with the item, and what keeps it from the shelf."""

    next_text: str
    held: bool
    is_inspected: bool
    blockers: list[BlockerBody] = []
    must_be_scrapped: bool = False
    may_be_cleaned_by_order: bool = False


class BenchItem(BaseModel):
    """One item under repair, or to be cleaned by order."""

    barcode: str
    product_name: str
    state: State
    serial_number: str | None
    holds: list[str]
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


def no_dead_end(route: Route) -> Route:
    """The route, if something can be cleaned by it."""
    if route is Route.CANNOT:
        raise ValueError("Choose a way by which it can be cleaned.")
    return route


class WayBack(BaseModel):
    """A form that knows where it was opened."""

    back: Annotated[str, AfterValidator(to_the_workshop)] = "/workshop"


class CleaningStep(StrEnum):
    """What is recorded of a cleaning by one button; that it cannot be cleaned has a page of its own."""

    START = "start"
    PASSED = "passed"
    FAILED = "failed"

    @property
    def done(self) -> str:
        """What is said when it is recorded."""
        return {
            CleaningStep.START: "Cleaning started",
            CleaningStep.PASSED: "Cleaned",
            CleaningStep.FAILED: "Cleaning failed",
        }[self]


class CleaningForm(WayBack):
    """One button of the decontamination bench."""

    do: Annotated[CleaningStep, asked("Choose what happened to the cleaning.")] = needed()
    notes: OptionalParagraph = ""


class CannotForm(WayBack):
    """Why it cannot be cleaned, on its page."""

    notes: Annotated[Paragraph, asked("Say why it cannot be cleaned.")] = needed()


class AnotherWayForm(WayBack):
    """A manager's order, on its page."""

    route: Annotated[Route, AfterValidator(no_dead_end), asked("Choose how it is to be cleaned.")] = needed()
    reason: Annotated[Paragraph, asked("Say why it can be cleaned after all.")] = needed()


class ReleaseForm(WayBack):
    """Where on the shelf it goes, and why although its thorough examination falls due soon."""

    bay: OptionalLine = ""
    due_soon_reason: OptionalParagraph = ""


class RepairForm(WayBack):
    """How the repair ended, on its page."""

    outcome: Annotated[RepairOutcome, asked("Choose how the repair ended.")] = needed()
    notes: OptionalParagraph = ""
