"""Bodies of the workshop."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from app.domain.hygiene import Outcome, Route
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from app.web.fields import Body, OptionalLine, OptionalParagraph
from app.web.results import Step

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


class NewInspection(Body):
    """One inspection; `next_due_on` None: the product's interval from today."""

    barcode: Barcode
    kind: InspectionKind = InspectionKind.FUNCTIONAL
    outcome: InspectionOutcome
    next_due_on: date | None = None
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


class QueueLine(BaseModel):
    """One item on a bench, and since when it waits."""

    barcode: str
    product_name: str
    serial_number: str | None
    state: State
    store: str
    route: Route
    last_outcome: Outcome | None
    since_days: int
    held: bool
    single_patient_use: bool
    is_inspected: bool
