"""Reports of thorough examination: what LOLER 1998 (SI 1998/2307, Schedule 1) wants said, and what follows from it.

`SCHEDULE_1` is the list of fields, in the order of the schedule: forms, refusals and the printed report are read from
it. The words are our own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.domain.combinations import item_load
from app.domain.dates import in_words
from app.domain.errors import BadValue, Fault, Incomplete, NotAllowed
from app.domain.inspections import InspectionOutcome
from app.domain.reasons import is_reason

HEAVIEST_LOAD_KG: Final = 2_000
MOST_DEFECTS: Final = 20


class Occasion(StrEnum):
    """Why the examination was made (Schedule 1, paragraphs 6 and 7)."""

    FIRST_AT_THIS_PLACE = "first_at_this_place"
    WITHIN_6_MONTHS = "within_6_months"
    WITHIN_12_MONTHS = "within_12_months"
    EXAMINATION_SCHEME = "examination_scheme"
    EXCEPTIONAL_CIRCUMSTANCES = "exceptional_circumstances"

    @property
    def text(self) -> str:
        """The occasion as people read it."""
        return {
            Occasion.FIRST_AT_THIS_PLACE: "The first one after it was installed or put together at this place",
            Occasion.WITHIN_6_MONTHS: "Regular: within six months, because it lifts people or is an accessory",
            Occasion.WITHIN_12_MONTHS: "Regular: within twelve months",
            Occasion.EXAMINATION_SCHEME: "By an examination scheme",
            Occasion.EXCEPTIONAL_CIRCUMSTANCES: "After something exceptional: a fall, damage, a long time out of use",
        }[self]


class DefectKind(StrEnum):
    """How bad a defect is (Schedule 1, paragraph 8; regulation 10(1)(c))."""

    DANGER = "danger"
    COULD_BECOME_DANGER = "could_become_danger"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return {
            DefectKind.DANGER: "Existing or imminent danger: it must not be used",
            DefectKind.COULD_BECOME_DANGER: "Could become a danger by a day",
        }[self]


@dataclass(frozen=True, slots=True)
class Defect:
    """One part that is, or could become, a danger to people."""

    part: str = ""
    description: str = ""
    kind: DefectKind | None = None
    danger_by: date | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a competent person reports. Everything may be missing here; `check_report` says what must not be."""

    examined_on: date | None = None
    employer_name: str = ""
    employer_address: str = ""
    premises_address: str = ""
    last_examined_on: date | None = None
    never_examined_before: bool = False
    safe_working_load_kg: int | None = None
    load_reason: str = ""
    configuration: str = ""
    occasion: Occasion | None = None
    installed_correctly: bool | None = None
    safe_to_operate: bool | None = None
    no_defects: bool = False
    defects: tuple[Defect, ...] = ()
    tested: bool | None = None
    test_particulars: str = ""
    examiner_name: str = ""
    examiner_address: str = ""
    examiner_qualifications: str = ""
    self_employed: bool | None = None
    examiner_employer_name: str = ""
    examiner_employer_address: str = ""
    authenticated_by_name: str = ""
    authenticated_by_address: str = ""
    reported_on: date | None = None

    @property
    def is_dangerous(self) -> bool:
        """A defect is a danger now: the item is out of use, and the enforcing authority gets a copy."""
        return any(defect.kind is DefectKind.DANGER for defect in self.defects)

    @property
    def danger_by(self) -> date | None:
        """The earliest day by which a defect could become a danger."""
        days = [defect.danger_by for defect in self.defects if defect.kind is DefectKind.COULD_BECOME_DANGER]
        return min((day for day in days if day), default=None)

    @property
    def outcome(self) -> InspectionOutcome:
        """How the examination ended, by what it says."""
        if self.is_dangerous:
            return InspectionOutcome.DANGER
        installed = self.occasion is not Occasion.FIRST_AT_THIS_PLACE or self.installed_correctly is not False
        return InspectionOutcome.PASSED if self.safe_to_operate and installed else InspectionOutcome.FAILED


@dataclass(frozen=True, slots=True)
class LoadBefore:
    """What is known from before this report: what the item carried by its product, and by the last report that stands;
    and when it was last examined by the record. `standing_*`: what the report says that stands until this one, also
    where that is the one that is put right, and who recorded it."""

    product_kg: int | None = None
    certified_kg: int | None = None
    examined_on: date | None = None
    standing_kg: int | None = None
    standing_by: str = ""

    @property
    def in_words(self) -> str:
        """Which of the two counts, in the beginning of a sentence."""
        if self.product_kg is not None and (self.certified_kg is None or self.product_kg <= self.certified_kg):
            return f"Its product carries {self.product_kg} kg, which stays what counts"
        return f"The last report certified {self.certified_kg} kg"


NOTHING_KNOWN: Final = LoadBefore()


@dataclass(frozen=True, slots=True)
class ReportField:
    """One field of the report: where the schedule asks for it, its label, what it means, what is said without it."""

    name: str
    paragraph: str
    label: str
    meaning: str
    missing: str
    needed: Callable[[Report], bool]


def _always(_: Report) -> bool:
    return True


def _never(_: Report) -> bool:
    return False


def _first(report: Report) -> bool:
    return report.occasion is Occasion.FIRST_AT_THIS_PLACE


def _employed(report: Report) -> bool:
    return report.self_employed is False


def _signed_by_another(report: Report) -> bool:
    return bool(report.authenticated_by_name or report.authenticated_by_address)


_F = ReportField
SCHEDULE_1: Final[tuple[ReportField, ...]] = (
    _F(
        "employer_name",
        "1",
        "Employer for whom it was examined",
        "Whose duty the examination is: as a rule the council, NHS body or store that lends the equipment.",
        "Enter for which employer the examination was made.",
        _always,
    ),
    _F(
        "employer_address",
        "1",
        "Address of that employer",
        "Where letters reach them.",
        "Enter the address of the employer for whom it was made.",
        _always,
    ),
    _F(
        "premises_address",
        "2",
        "Address where it was examined",
        "The store, or the home in which it stood.",
        "Enter the address at which it was examined.",
        _always,
    ),
    _F(
        "last_examined_on",
        "4",
        "Day of the last thorough examination",
        "The one before this one.",
        "Enter the day of the last thorough examination, or say that there was none.",
        lambda report: not report.never_examined_before,
    ),
    _F(
        "never_examined_before",
        "4",
        "It was never thoroughly examined before",
        "Only for new equipment.",
        "Say whether it was examined before.",
        _never,
    ),
    _F(
        "safe_working_load_kg",
        "5",
        "Safe working load, in kilograms",
        "What it may carry, as it was set up when it was examined.",
        "Enter the safe working load in whole kilograms.",
        _always,
    ),
    _F(
        "load_reason",
        "5",
        "Why it carries more than before",
        "Only where this is more than its product carries, or than its last report certified: a repair, a new part. "
        "More than the product carries never counts.",
        "Say why it carries more than before.",
        _never,
    ),
    _F(
        "configuration",
        "5",
        "Set-up that the load is for",
        "Only where the load depends on how it is set up, such as the length of a boom.",
        "Say which set-up the load is for.",
        _never,
    ),
    _F(
        "occasion",
        "6 and 7",
        "Why it was examined",
        "The first examination at a place, a regular one, or one after something exceptional.",
        "Choose why it was examined.",
        _always,
    ),
    _F(
        "installed_correctly",
        "6(b)",
        "It is installed correctly",
        "Asked of the first examination at a place.",
        "Say whether it is installed correctly: this is its first examination at this place.",
        _first,
    ),
    _F(
        "safe_to_operate",
        "6(b) and 7(b)",
        "It is safe to operate",
        "What the competent person concludes.",
        "Say whether it is safe to operate.",
        _always,
    ),
    _F(
        "defects",
        "8(a) to (c)",
        "Defects that are or could become a danger",
        "Each with the part, what is wrong, how bad it is, and the repair, renewal or alteration that mends it.",
        "Enter the defects, or say that none was found.",
        lambda report: not report.no_defects,
    ),
    _F(
        "no_defects",
        "8(a)",
        "No such defect was found",
        "Said in so many words, so that nothing is left out by mistake.",
        "Say whether defects were found.",
        _never,
    ),
    _F(
        "tested",
        "8(e)",
        "The examination included a test",
        "For example a test with a load.",
        "Say whether the examination included a test.",
        _always,
    ),
    _F(
        "test_particulars",
        "8(e)",
        "What was tested, and how it went",
        "With the load used and the result.",
        "Say what was tested and how it went.",
        lambda report: report.tested is True,
    ),
    _F(
        "examined_on",
        "8(f)",
        "Day of the examination",
        "When it was examined, not when the report was written.",
        "Enter the day on which it was examined.",
        _always,
    ),
    _F(
        "examiner_name",
        "9",
        "Competent person",
        "Who examined it and makes this report.",
        "Enter the name of the competent person who makes the report.",
        _always,
    ),
    _F(
        "examiner_address",
        "9",
        "Address of the competent person",
        "A business address will do.",
        "Enter the address of the competent person.",
        _always,
    ),
    _F(
        "examiner_qualifications",
        "9",
        "Qualifications of the competent person",
        "What makes them competent to examine this.",
        "Enter the qualifications of the competent person.",
        _always,
    ),
    _F(
        "self_employed",
        "9",
        "The competent person is self-employed",
        "Otherwise their employer is named.",
        "Say whether the competent person is self-employed.",
        _always,
    ),
    _F(
        "examiner_employer_name",
        "9",
        "Employer of the competent person",
        "Who employs the competent person.",
        "Enter who employs the competent person.",
        _employed,
    ),
    _F(
        "examiner_employer_address",
        "9",
        "Address of the employer of the competent person",
        "Where letters reach that employer.",
        "Enter the address of the employer of the competent person.",
        _employed,
    ),
    _F(
        "authenticated_by_name",
        "10",
        "Signed on their behalf by",
        "Only where somebody else signs the report for its author.",
        "Enter the name of the person who signs the report for its author.",
        _signed_by_another,
    ),
    _F(
        "authenticated_by_address",
        "10",
        "Address of who signs on their behalf",
        "Only where somebody else signs the report for its author.",
        "Enter the address of the person who signs the report for its author.",
        _signed_by_another,
    ),
    _F(
        "reported_on",
        "11",
        "Day of the report",
        "When it was written.",
        "Enter the day of the report.",
        _always,
    ),
)
"""What a report must say. Not asked: what identifies the equipment (3), which is the item's own record and is frozen
with the report, and by when the next examination is due (8(d)), which is named with the inspection or follows from the
product's interval."""

_OF_A_DEFECT: Final = (
    ("part", "Enter which part has the defect."),
    ("description", "Say what is wrong with it."),
    ("kind", "Say whether it is a danger, or could become one."),
    ("remedy", "Say which repair, renewal or alteration is needed."),
)


def find_faults(report: Report, *, today: date, before: LoadBefore = NOTHING_KNOWN) -> list[Fault]:
    """Everything that is missing from the report or cannot be so, in the order of the schedule."""
    faults = [
        Fault(field.name, "missing", field.missing)
        for field in SCHEDULE_1
        if field.needed(report) and _is_blank(getattr(report, field.name))
    ]
    for place, defect in enumerate(report.defects):
        faults += _faults_of(defect, f"defects.{place}", report.examined_on)
    return [*faults, *_raised(report, before), *_impossible(report, today, before)]


def check_report(
    report: Report, outcome: InspectionOutcome, *, today: date, before: LoadBefore = NOTHING_KNOWN
) -> None:
    """Raises Incomplete `report-incomplete` with each field, and BadValue `outcome-differs` about the outcome."""
    faults = find_faults(report, today=today, before=before)
    if faults:
        what = "The report of thorough examination is not complete, so nothing was recorded."
        detail = f"{what} {' '.join(fault.detail for fault in faults)}"
        raise Incomplete("report-incomplete", detail, field="report", faults=faults)
    if outcome is not report.outcome:
        told = f"By its report the examination ended with “{report.outcome.value}”, not “{outcome.value}”."
        raise BadValue("outcome-differs", f"{told} Put one of them right.", field="outcome")


def check_raise(report: Report, before: LoadBefore, *, by: str) -> None:
    """A load that was lowered is raised by somebody who did not record the lower one, and never above the product's.
    Raises BadValue `above-the-product`, NotAllowed `same-person`."""
    load, was = report.safe_working_load_kg, before.standing_kg
    if load is None or was is None or load <= was or (before.product_kg is not None and before.product_kg <= was):
        return
    if before.product_kg is not None and load > before.product_kg:
        detail = f"Its product carries {before.product_kg} kg, so no report raises it above that."
        raise BadValue("above-the-product", detail, field="safe_working_load_kg")
    if by == before.standing_by:
        detail = f"You recorded that it carries only {was} kg. Somebody else must record that it carries {load} kg."
        raise NotAllowed("same-person", detail, field="safe_working_load_kg")


def _is_blank(value: Any) -> bool:
    return value is None or value == () or (isinstance(value, str) and not value.strip())


def _faults_of(defect: Defect, where: str, examined_on: date | None) -> list[Fault]:
    faults = [
        Fault(f"{where}.{name}", "missing", said) for name, said in _OF_A_DEFECT if _is_blank(getattr(defect, name))
    ]
    if defect.kind is not DefectKind.COULD_BECOME_DANGER:
        return faults
    if defect.danger_by is None:
        faults.append(Fault(f"{where}.danger_by", "missing", "Enter the day by which it could become a danger."))
    elif examined_on and defect.danger_by <= examined_on:
        said = "A defect that could become a danger does so after the examination. Otherwise it is a danger now."
        faults.append(Fault(f"{where}.danger_by", "danger-already", said))
    return faults


def _raised(report: Report, before: LoadBefore) -> list[Fault]:
    """A load above the one that counts so far is explained, or it is a slip of the pen."""
    certified, counts = report.safe_working_load_kg, item_load(before.product_kg, before.certified_kg)
    if certified is None or counts is None or certified <= counts or is_reason(report.load_reason):
        return []
    said = f"{before.in_words}. This report says {certified} kg: put it right, or say why it carries more."
    return [Fault("load_reason", "load-raised", said)]


def _impossible(report: Report, today: date, before: LoadBefore) -> list[Fault]:
    """What contradicts the calendar, or another answer."""
    examined, reported, last = report.examined_on, report.reported_on, report.last_examined_on
    future = "This day is still to come."
    wrong = [
        ("examined_on", "in-the-future", future, examined is not None and examined > today),
        ("reported_on", "in-the-future", future, reported is not None and reported > today),
        (
            "reported_on",
            "before-the-examination",
            "The report cannot be older than the examination.",
            reported is not None and examined is not None and reported < examined,
        ),
        (
            "last_examined_on",
            "not-before-this-one",
            "The last examination cannot be after this one. On the same day it can: before a repair, for example.",
            last is not None and examined is not None and last > examined,
        ),
        (
            "last_examined_on",
            "contradicts",
            "Either it was examined before, or it never was.",
            last is not None and report.never_examined_before,
        ),
        (
            "never_examined_before",
            "contradicts",
            f"By the record it was thoroughly examined on {in_words(before.examined_on)}. Enter the day of the last."
            if before.examined_on
            else "",
            report.never_examined_before and before.examined_on is not None,
        ),
        (
            "no_defects",
            "contradicts",
            "Either defects were found, or none was.",
            report.no_defects and bool(report.defects),
        ),
        (
            "safe_to_operate",
            "contradicts",
            "With a defect that is a danger it is not safe to operate.",
            report.is_dangerous and report.safe_to_operate is True,
        ),
    ]
    return [Fault(name, code, said) for name, code, said, is_so in wrong if is_so]
