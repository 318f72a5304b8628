"""Bodies and forms of decontaminations."""

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from app.domain.hygiene import Cleaned, InfectionRisk, Outcome, Route, StrikeThrough
from app.domain.lifecycle import State
from app.features.workshop.cleaning import Terms
from app.features.workshop.schemas import Barcode, WayBack
from app.web.asked import asked, needed
from app.web.fields import Body, Day, OptionalLine, OptionalParagraph, Paragraph
from app.web.results import Step
from app.web.shapes import Shape


class StartDecontaminations(Body):
    """Items whose cleaning begins; `route` None: each by its product's route.

    `contractor`: who takes what goes to one; nothing passes before it is said. `quarantine_until`: the first day on
    which what is quarantined may be recorded as clean, three days from now where none is named.
    """

    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=500)]
    route: Route | None = None
    infection_risk: InfectionRisk | None = None
    contractor: OptionalLine = ""
    quarantine_until: Day | None = None

    @property
    def terms(self) -> Terms:
        """How they are begun."""
        return Terms(self.route, self.infection_risk, self.contractor, self.quarantine_until)


class Details(Shape):
    """What is said of how a cleaning was done, whoever asks.

    A pass needs the infection risk as it came back, here or when its cleaning began; `strike_through` where the product
    has a cover that is tested; who the contractor was where it was at one; and where the infection risk is high the
    method, and the product that was used if something is applied.
    """

    infection_risk: InfectionRisk | None = None
    method: OptionalLine = ""
    product_used: OptionalLine = ""
    strike_through: StrikeThrough | None = None
    contractor: OptionalLine = ""
    contractor_reference: OptionalLine = ""

    def said(self, barcode: str, outcome: Outcome, notes: str) -> Cleaned:
        """The same as the rules take it."""
        return Cleaned(
            barcode,
            outcome,
            notes,
            infection_risk=self.infection_risk,
            method=self.method,
            product_used=self.product_used,
            strike_through=self.strike_through,
            contractor=self.contractor,
            contractor_reference=self.contractor_reference,
        )


class DecontaminationResult(Details, Body):
    """How one cleaning ended.

    `infection_risk` null: it was recorded when the cleaning began, and a pass is refused where it was not. Left out,
    nothing is asked, and the certificate says that it was not recorded.
    """

    barcode: Barcode
    outcome: Outcome
    notes: OptionalParagraph = ""

    def said(self, barcode: str, outcome: Outcome, notes: str) -> Cleaned:
        """The same as the rules take it."""
        return replace(super().said(barcode, outcome, notes), is_risk_asked="infection_risk" in self.model_fields_set)


class DecontaminationResults(Body):
    """How cleanings ended."""

    results: Annotated[list[DecontaminationResult], Field(min_length=1, max_length=500)]


class TakenBack(StrEnum):
    """What a cleaning that was recorded as passed really was."""

    FAILED = "failed"
    CANNOT = "cannot"

    @property
    def outcome(self) -> Outcome:
        """The same as an outcome."""
        return Outcome(self.value)


class Correction(Body):
    """A pass that was none, and why: a line of its own, the old one stays."""

    outcome: TakenBack = TakenBack.FAILED
    reason: Paragraph


class Corrected(Shape):
    """The item after its correction."""

    barcode: str
    product_name: str
    state: State
    next_step: Step


class DecontaminationBody(Shape):
    """One decontamination of an item. `holds`: its certificate holds now; `standing` says why, or why not."""

    id: int
    number: str
    barcode: str
    route: Route | None
    infection_risk: InfectionRisk | None
    contractor: str
    contractor_reference: str
    quarantine_until: date | None
    started_at: datetime | None
    started_by: str | None
    finished_at: datetime | None
    finished_by: str | None
    outcome: Outcome | None
    method: str
    product_used: str
    strike_through: StrikeThrough | None
    notes: str
    corrects: str | None
    holds: bool
    standing: str

    @property
    def is_pass(self) -> bool:
        """Whether it was recorded as passed, so that it has a certificate."""
        return self.outcome is Outcome.PASSED


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


class CleaningForm(Details, WayBack):
    """One step of a cleaning, by a button of its bench or on the item's cleaning page."""

    do: Annotated[CleaningStep, asked("Choose what happened to the cleaning.")] = needed()
    notes: OptionalParagraph = ""
    route: Annotated[Route | None, AfterValidator(lambda route: route and no_dead_end(route))] = None
    quarantine_until: Day | None = None

    @property
    def terms(self) -> Terms:
        """How it is begun."""
        return Terms(self.route, self.infection_risk, self.contractor, self.quarantine_until)


def no_dead_end(route: Route) -> Route:
    """The route, if something can be cleaned by it."""
    if route is Route.CANNOT:
        raise ValueError("Choose a way by which it can be cleaned.")
    return route


class CannotForm(WayBack):
    """Why it cannot be cleaned, on its page."""

    notes: Annotated[Paragraph, asked("Say why it cannot be cleaned.")] = needed()


class AnotherWayForm(WayBack):
    """A manager's order, on its page."""

    route: Annotated[Route, AfterValidator(no_dead_end), asked("Choose how it is to be cleaned.")] = needed()
    reason: Annotated[Paragraph, asked("Say why it can be cleaned after all.")] = needed()


class CorrectionForm(WayBack):
    """That a pass was none, on its page."""

    outcome: Annotated[TakenBack, asked("Choose what it should have been.")] = needed()
    reason: Annotated[Paragraph, asked("Say how you know that it was not clean.")] = needed()
