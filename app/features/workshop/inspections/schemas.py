"""Bodies of inspections and of reports of thorough examination."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from app.domain.inspections import DueState, InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from app.domain.thorough_examinations import HEAVIEST_LOAD_KG, MOST_DEFECTS, Defect, DefectKind, Occasion, Report
from app.features.workshop.inspections.corrections import Correction
from app.web.fields import BIGGEST_ID, Body, Day, Line, OptionalLine, OptionalParagraph
from app.web.results import Step
from app.web.shapes import Shape

Barcode = Annotated[str, Field(max_length=2000)]
Load = Annotated[int, Field(ge=1, le=HEAVIEST_LOAD_KG)]


class DefectBody(Body):
    """One defect; `danger_by` only for one that could become a danger."""

    part: OptionalLine = ""
    description: OptionalParagraph = ""
    kind: DefectKind | None = None
    danger_by: Day | None = None
    remedy: OptionalParagraph = ""


class ReportBody(Body):
    """A report of thorough examination (LOLER 1998, Schedule 1). `GET /inspections/report-fields` says what each means.

    What is missing is refused all at once, as `report-incomplete`; so nothing is required here by its type. A load that
    is more than the item's so far wants a `load_reason`; more than its product's it never becomes.
    """

    employer_name: OptionalLine = ""
    employer_address: OptionalParagraph = ""
    premises_address: OptionalParagraph = ""
    last_examined_on: Day | None = None
    never_examined_before: bool = False
    safe_working_load_kg: Load | None = None
    load_reason: OptionalParagraph = ""
    configuration: OptionalLine = ""
    occasion: Occasion | None = None
    installed_correctly: bool | None = None
    safe_to_operate: bool | None = None
    defects: Annotated[list[DefectBody], Field(max_length=MOST_DEFECTS)] = []
    no_defects: bool = False
    tested: bool | None = None
    test_particulars: OptionalParagraph = ""
    examined_on: Day | None = None
    examiner_name: OptionalLine = ""
    examiner_address: OptionalParagraph = ""
    examiner_qualifications: OptionalLine = ""
    self_employed: bool | None = None
    examiner_employer_name: OptionalLine = ""
    examiner_employer_address: OptionalParagraph = ""
    authenticated_by_name: OptionalLine = ""
    authenticated_by_address: OptionalParagraph = ""
    reported_on: Day | None = None

    @property
    def report(self) -> Report:
        """The report as the rules take it."""
        defects = tuple(Defect(**defect.model_dump()) for defect in self.defects)
        return Report(**self.model_dump(exclude={"defects"}), defects=defects)


class NewInspection(Body):
    """One inspection; `next_due_on` None: the product's interval from the day of the examination.

    A thorough examination (`loler`) comes with its `report`. `supersedes`: the number of an inspection that was wrong,
    also of another item; `supersede_reason` says what was wrong. It is of the same kind; what somebody else recorded of
    another product, they put right themselves, or a manager does. An item that only the wrong line called fit is held
    where it is out, and one that it sent to repair stands where it stood.
    """

    barcode: Barcode
    kind: InspectionKind = InspectionKind.FUNCTIONAL
    outcome: InspectionOutcome
    next_due_on: Day | None = None
    notes: OptionalParagraph = ""
    report: ReportBody | None = None
    supersedes: Annotated[int, Field(ge=1, le=BIGGEST_ID)] | None = None
    supersede_reason: OptionalParagraph = ""

    @property
    def correction(self) -> Correction | None:
        """What this one puts right."""
        return Correction(self.supersedes, self.supersede_reason) if self.supersedes else None


class InspectionBody(Shape):
    """What was recorded, and what to do with the item now."""

    id: int
    barcode: str
    product_name: str
    kind: InspectionKind
    outcome: InspectionOutcome
    state: State
    next_due_on: date | None
    next_step: Step


class InspectionRecord(Shape):
    """An inspection that was made. `report`: it has a report of thorough examination.

    `superseded_by`: the number of the one that put it right, perhaps of another item (`superseded_by_barcode`).
    """

    id: int
    barcode: str
    product_name: str
    kind: InspectionKind
    outcome: InspectionOutcome
    examined_on: date
    recorded_at: datetime
    recorded_by: str
    next_due_on: date | None
    notes: str
    has_report: bool
    supersedes: int | None
    supersede_reason: str | None
    superseded_by: int | None
    superseded_by_barcode: str | None
    superseded_because: str | None
    authority_copy_id: int | None


class Equipment(Shape):
    """What identifies the equipment (Schedule 1, paragraph 3), as it was recorded when the report was made."""

    barcode: str
    code: str
    name: str
    manufacturer: str
    model: str
    serial_number: str | None
    lot_number: str | None
    manufactured_on: date | None
    manufactured_precision: str | None


class ExaminationReport(ReportBody):
    """A report that was made: what was said, the equipment, and by when the next examination is due."""

    equipment: Equipment
    next_due_on: date | None


class ReportRecord(InspectionRecord):
    """An inspection with its report."""

    report: ExaminationReport


class ReportFieldBody(Shape):
    """One field of a report: the paragraph of Schedule 1 that asks for it, its label and its meaning."""

    name: str
    paragraph: str
    label: str
    meaning: str


class AuthorityCopyBody(Shape):
    """A copy of a report for the enforcing authority; open until it is recorded when and to whom it was sent."""

    id: int
    inspection_id: int
    barcode: str
    product_name: str
    examined_on: date
    made_at: datetime
    days_open: int
    sent_on: date | None
    sent_to: str | None
    sent_how: str
    recorded_by: str | None


class SentBody(Body):
    """When the copy was sent to which authority, and how."""

    sent_on: Day
    sent_to: Line
    how: OptionalLine = ""


class DueLine(Shape):
    """An inspection that the item needs; `due_on` None: nobody knows."""

    kind: InspectionKind
    due_on: date | None
    state: DueState


class InspectedItem(Shape):
    """One item as somebody inspects it; `premises` only for those who may see clients, where a client has it.
    `safe_working_load_kg`: what this item carries now, by its product and by its last report."""

    barcode: str
    product_name: str
    state: State
    serial_number: str | None
    safe_working_load_kg: int | None
    every_months: int | None
    holds: list[str]
    due: list[DueLine]
    is_inspected: bool
    last_examined_on: date | None
    premises: str
    client_ref: str | None


STORED: TypeAdapter[ExaminationReport] = TypeAdapter(ExaminationReport)


def stored_report(kept: dict[str, Any]) -> ExaminationReport:
    """A report as it was kept."""
    return STORED.validate_python(kept)
