"""Forms of inspections: a check at the bench, and a whole report of thorough examination on one page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field, create_model

from app.domain.errors import Fault
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.thorough_examinations import MOST_DEFECTS, Defect, DefectKind, Occasion, Report
from app.features.workshop.inspections.corrections import Correction
from app.features.workshop.inspections.schemas import Load
from app.web.asked import asked, needed
from app.web.fields import BIGGEST_ID, Day, Line, OptionalLine, OptionalParagraph
from app.web.forms import DATE_PARTS, Form
from app.web.shapes import Shape
from app.web.typed import own_path

SHOWN: Final = "defects_shown"
ADD: Final = "add_defect"
OF_A_DEFECT: Final = ("part", "description", "kind", "danger_by", "remedy")


def to_the_workshop(path: str) -> str:
    """The path, if it is one of this service's; the workshop otherwise, so that no form leads people elsewhere."""
    return own_path(path, "/workshop")


class WayBack(Shape):
    """A form that knows where it was opened, and which inspection it puts right, if one."""

    back: Annotated[str, AfterValidator(to_the_workshop)] = "/workshop"
    supersedes: Annotated[int, Field(ge=1, le=BIGGEST_ID)] | None = None
    supersede_reason: OptionalParagraph = ""

    @property
    def correction(self) -> Correction | None:
        """What this one puts right."""
        return Correction(self.supersedes, self.supersede_reason) if self.supersedes else None


class InspectionForm(WayBack):
    """One inspection at a bench, on its page."""

    kind: Annotated[InspectionKind, asked("Choose which inspection it was.")] = needed()
    outcome: Annotated[InspectionOutcome, asked("Choose how the inspection ended.")] = needed()
    next_due_on: Day | None = None
    notes: OptionalParagraph = ""


class _BeforeDefects(WayBack):
    """A report of thorough examination as far as the defects."""

    examined_on: Day | None = None
    occasion: Occasion | None = None
    installed_correctly: bool | None = None
    last_examined_on: Day | None = None
    never_examined_before: bool = False
    premises_address: OptionalParagraph = ""
    safe_working_load_kg: Load | None = None
    load_reason: OptionalParagraph = ""
    configuration: OptionalLine = ""
    found: bool | None = None


def _with_defects() -> Any:
    """The same with the fields of as many defects as a report takes: `part_1`, `description_1` and so on."""
    kinds: dict[str, tuple[Any, Any]] = {
        "part": (OptionalLine, ""),
        "description": (OptionalParagraph, ""),
        "kind": (DefectKind | None, None),
        "danger_by": (Day | None, None),
        "remedy": (OptionalParagraph, ""),
    }
    fields = {f"{name}_{number}": kind for number in range(1, MOST_DEFECTS + 1) for name, kind in kinds.items()}
    return create_model("_WithDefects", __base__=_BeforeDefects, **fields)  # type: ignore[call-overload]


if TYPE_CHECKING:
    _WithDefects = _BeforeDefects
else:
    _WithDefects = _with_defects()


class ExaminationForm(_WithDefects):
    """A report of thorough examination, in the order of its page; what is missing is for the rules to say."""

    tested: bool | None = None
    test_particulars: OptionalParagraph = ""
    safe_to_operate: bool | None = None
    next_due_on: Day | None = None
    employer_name: OptionalLine = ""
    employer_address: OptionalParagraph = ""
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
    def _numbers(self) -> list[int]:
        """The defects of which something was typed."""
        numbers = range(1, MOST_DEFECTS + 1)
        return [number for number in numbers if any(getattr(self, f"{name}_{number}") for name in OF_A_DEFECT)]

    @property
    def report(self) -> Report:
        """The report as the rules take it."""
        names = Report.__dataclass_fields__.keys() & set(type(self).model_fields)
        defects = tuple(
            Defect(**{name: getattr(self, f"{name}_{number}") for name in OF_A_DEFECT}) for number in self._numbers
        )
        said = {name: getattr(self, name) for name in names}
        return Report(**said, defects=defects, no_defects=self.found is False)

    def field_of(self, fault: Fault) -> str:
        """The field of the page that a fault is about."""
        if fault.name in {"defects", "no_defects"}:
            return "found"
        _, _, inside = fault.name.partition("defects.")
        if not inside:
            return fault.name
        place, _, name = inside.partition(".")
        return f"{name}_{self._numbers[int(place)]}"


def corrected(form: Form) -> int | None:
    """The number of the inspection that is put right, also where something else on the form is wrong."""
    number = form.value("supersedes")
    return int(number) if number.isascii() and number.isdigit() and 0 < int(number) <= BIGGEST_ID else None


def defects_shown(form: Form) -> int:
    """How many defects the page has fields for: as many as it had, and each of which something was typed; one at least.

    Whoever asks for another one gets it; what they typed stays.
    """
    boxes = [*OF_A_DEFECT, *(f"danger_by-{part}" for part in DATE_PARTS)]
    typed = [number for number in range(1, MOST_DEFECTS + 1) if any(_typed(form, name, number) for name in boxes)]
    had = form.value(SHOWN)
    shown = int(had) if had.isascii() and had.isdigit() and len(had) < 4 else 1
    more = 1 if ADD in form.names else 0
    return min(max([1, shown + more, *typed]), MOST_DEFECTS)


def _typed(form: Form, name: str, number: int) -> str:
    field, _, part = name.partition("-")
    return form.value(f"{field}_{number}{part and '-'}{part}").strip()


class SentForm(Shape):
    """When a copy was sent to which authority, and how, on its page."""

    sent_on: Annotated[Day, asked("Enter the day on which it was sent.")] = needed()
    sent_to: Annotated[Line, asked("Enter which authority it was sent to.")] = needed()
    how: OptionalLine = ""


def as_typed(kept: Mapping[str, Any]) -> dict[str, list[str]]:
    """A report that was kept, as somebody would have typed it into the page: to put right what was wrong in it."""
    typed = {
        name: [str(kept[name]).lower() if isinstance(kept[name], bool) else str(kept[name])]
        for name in ExaminationForm.model_fields
        if kept.get(name) not in (None, "", False) or (name in OF_YES_AND_NO and kept.get(name) is False)
    }
    if kept.get("defects") or kept.get("no_defects"):
        typed["found"] = ["true" if kept["defects"] else "false"]
    for number, defect in enumerate(kept.get("defects", [])[:MOST_DEFECTS], start=1):
        typed |= {f"{name}_{number}": [str(defect[name])] for name in OF_A_DEFECT if defect.get(name)}
    return typed


OF_YES_AND_NO: Final = ("installed_correctly", "tested", "safe_to_operate", "self_employed")
ALWAYS_THE_SAME: Final = (
    "employer_name",
    "employer_address",
    "examiner_name",
    "examiner_address",
    "examiner_qualifications",
    "self_employed",
    "examiner_employer_name",
    "examiner_employer_address",
)
"""What whoever writes many reports writes each time."""
