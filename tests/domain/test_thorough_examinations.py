"""What a report of thorough examination must say (LOLER 1998, Schedule 1), and what follows from it."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from app.domain.errors import BadValue, Incomplete, RuleError
from app.domain.inspections import InspectionOutcome
from app.domain.thorough_examinations import (
    SCHEDULE_1,
    Defect,
    DefectKind,
    LoadBefore,
    Occasion,
    Report,
    check_raise,
    check_report,
    find_faults,
)

TODAY = date(2026, 3, 2)
WHOLE = Report(
    examined_on=date(2026, 2, 27),
    employer_name="Seaham Council",
    employer_address="County Hall",
    premises_address="1 High Street",
    last_examined_on=date(2025, 8, 28),
    safe_working_load_kg=150,
    occasion=Occasion.WITHIN_6_MONTHS,
    safe_to_operate=True,
    no_defects=True,
    tested=False,
    examiner_name="Erin Wells",
    examiner_address="2 Dock Road",
    examiner_qualifications="Level 3",
    self_employed=True,
    reported_on=date(2026, 3, 1),
)
CRACK = Defect("Spreader bar", "Cracked.", DefectKind.DANGER, None, "Replace it.")
WEAR = Defect("Strap", "Frayed at the seam.", DefectKind.COULD_BECOME_DANGER, date(2026, 4, 1), "Sew it anew.")
WORN = replace(WHOLE, no_defects=False, defects=(WEAR,))
DANGEROUS = replace(WHOLE, no_defects=False, defects=(WEAR, CRACK), safe_to_operate=False)


def faults(report: Report) -> list[tuple[str, str]]:
    return [(fault.name, fault.code) for fault in find_faults(report, today=TODAY)]


def test_the_schedule_names_each_field_of_the_report_once_with_its_paragraph() -> None:
    assert sorted(field.name for field in SCHEDULE_1) == sorted(field.name for field in fields(Report))
    assert all(field.paragraph and field.label and field.meaning and field.missing for field in SCHEDULE_1)


@pytest.mark.parametrize(
    ("before", "reason", "said"),
    [
        (LoadBefore(), "", None),
        (LoadBefore(150, None), "", None),
        (LoadBefore(200, 150), "", None),
        (LoadBefore(120, None), "", "Its product carries 120 kg, which stays what counts. This report says 150 kg"),
        (LoadBefore(120, 140), "", "Its product carries 120 kg, which stays what counts. This report says 150 kg"),
        (LoadBefore(200, 120), "", "The last report certified 120 kg. This report says 150 kg"),
        (LoadBefore(None, 120), "...", "The last report certified 120 kg. This report says 150 kg"),
        (LoadBefore(200, 120), "The boom was replaced.", None),
    ],
)
def test_a_load_above_the_one_that_counts_is_refused_unless_explained(
    before: LoadBefore, reason: str, said: str | None
) -> None:
    found = find_faults(replace(WHOLE, load_reason=reason), today=TODAY, before=before)
    assert [(one.name, one.code, one.detail.split(":")[0]) for one in found] == (
        [("load_reason", "load-raised", said)] if said else []
    )


@pytest.mark.parametrize("report", [WHOLE, WORN, DANGEROUS])
def test_a_complete_report_has_no_faults(report: Report) -> None:
    assert faults(report) == []
    check_report(report, report.outcome, today=TODAY)


def test_an_empty_report_is_refused_with_every_field_at_once() -> None:
    with pytest.raises(Incomplete) as refusal:
        check_report(Report(), InspectionOutcome.PASSED, today=TODAY)
    assert (refusal.value.code, refusal.value.field) == ("report-incomplete", "report")
    assert [fault.name for fault in refusal.value.faults] == [
        "employer_name",
        "employer_address",
        "premises_address",
        "last_examined_on",
        "safe_working_load_kg",
        "occasion",
        "safe_to_operate",
        "defects",
        "tested",
        "examined_on",
        "examiner_name",
        "examiner_address",
        "examiner_qualifications",
        "self_employed",
        "reported_on",
    ]
    assert all(fault.detail in refusal.value.detail for fault in refusal.value.faults)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"employer_name": " "}, ["employer_name"]),
        ({"last_examined_on": None, "never_examined_before": True}, []),
        ({"occasion": Occasion.FIRST_AT_THIS_PLACE}, ["installed_correctly"]),
        ({"occasion": Occasion.FIRST_AT_THIS_PLACE, "installed_correctly": True}, []),
        ({"tested": True}, ["test_particulars"]),
        ({"tested": True, "test_particulars": "125 % of the load."}, []),
        ({"self_employed": False}, ["examiner_employer_name", "examiner_employer_address"]),
        ({"authenticated_by_name": "Pat"}, ["authenticated_by_address"]),
        ({"authenticated_by_address": "2 Dock Road"}, ["authenticated_by_name"]),
        ({"no_defects": False}, ["defects"]),
        (
            {"no_defects": False, "defects": (Defect(),)},
            [f"defects.0.{name}" for name in ("part", "description", "kind", "remedy")],
        ),
        ({"no_defects": False, "defects": (replace(WEAR, danger_by=None),)}, ["defects.0.danger_by"]),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], missing: list[str]) -> None:
    assert faults(replace(WHOLE, **changes)) == [(name, "missing") for name in missing]


@pytest.mark.parametrize(
    ("report", "fault"),
    [
        (replace(WHOLE, examined_on=date(2026, 3, 3), reported_on=date(2026, 3, 3)), ("examined_on", "in-the-future")),
        (replace(WHOLE, reported_on=date(2026, 3, 3)), ("reported_on", "in-the-future")),
        (replace(WHOLE, reported_on=date(2026, 2, 26)), ("reported_on", "before-the-examination")),
        (replace(WHOLE, last_examined_on=date(2026, 2, 28)), ("last_examined_on", "not-before-this-one")),
        (replace(WHOLE, never_examined_before=True), ("last_examined_on", "contradicts")),
        (replace(WORN, no_defects=True), ("no_defects", "contradicts")),
        (replace(DANGEROUS, safe_to_operate=True), ("safe_to_operate", "contradicts")),
        (
            replace(WORN, defects=(replace(WEAR, danger_by=WHOLE.examined_on),)),
            ("defects.0.danger_by", "danger-already"),
        ),
    ],
)
def test_what_cannot_be_so_is_refused(report: Report, fault: tuple[str, str]) -> None:
    assert fault in faults(report)


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        (WHOLE, InspectionOutcome.PASSED),
        (WORN, InspectionOutcome.PASSED),
        (replace(WHOLE, safe_to_operate=False), InspectionOutcome.FAILED),
        (Report(), InspectionOutcome.FAILED),
        (
            replace(WHOLE, occasion=Occasion.FIRST_AT_THIS_PLACE, installed_correctly=False),
            InspectionOutcome.FAILED,
        ),
        (replace(WHOLE, occasion=Occasion.FIRST_AT_THIS_PLACE, installed_correctly=True), InspectionOutcome.PASSED),
        (DANGEROUS, InspectionOutcome.DANGER),
    ],
)
def test_how_it_ended_follows_from_what_it_says(report: Report, outcome: InspectionOutcome) -> None:
    assert report.outcome is outcome


def test_an_outcome_that_the_report_contradicts_is_refused() -> None:
    with pytest.raises(BadValue) as refusal:
        check_report(DANGEROUS, InspectionOutcome.PASSED, today=TODAY)
    assert (refusal.value.code, refusal.value.field) == ("outcome-differs", "outcome")


def test_the_earliest_day_by_which_a_defect_could_become_a_danger_counts() -> None:
    later = replace(WEAR, danger_by=date(2026, 5, 1))
    assert replace(WORN, defects=(later, WEAR, CRACK)).danger_by == date(2026, 4, 1)
    assert replace(WORN, defects=(CRACK, replace(WEAR, danger_by=None))).danger_by is None


def test_occasions_and_kinds_of_defect_have_words_for_people() -> None:
    assert len({occasion.text for occasion in Occasion}) == len(Occasion)
    assert len({kind.text for kind in DefectKind}) == len(DefectKind)


@pytest.mark.parametrize(("examined_on", "count"), [(date(2025, 9, 1), 1), (None, 0)])
def test_what_was_examined_by_the_record_is_not_said_never_to_have_been(examined_on: date | None, count: int) -> None:
    never = replace(WHOLE, last_examined_on=None, never_examined_before=True)
    faults = find_faults(never, today=TODAY, before=LoadBefore(None, None, examined_on))
    assert [fault.name for fault in faults] == ["never_examined_before"] * count
    assert all("thoroughly examined on 1 September 2025" in fault.detail for fault in faults)


@pytest.mark.parametrize(
    ("before", "by", "code"),
    [
        (LoadBefore(), "ann", None),
        (LoadBefore(200, standing_kg=150, standing_by="ann"), "ann", None),
        (LoadBefore(200, standing_kg=140, standing_by="ann"), "ann", "same-person"),
        (LoadBefore(200, standing_kg=140, standing_by="ann"), "bob", None),
        (LoadBefore(None, standing_kg=140, standing_by="ann"), "ann", "same-person"),
        # By its product it carried no more than that.
        (LoadBefore(120, standing_kg=140, standing_by="ann"), "ann", None),
        (LoadBefore(145, standing_kg=140, standing_by="ann"), "bob", "above-the-product"),
    ],
)
def test_a_load_that_was_lowered_is_raised_by_somebody_else(before: LoadBefore, by: str, code: str | None) -> None:
    report = WHOLE
    if code is None:
        check_raise(report, before, by=by)
        check_raise(replace(report, safe_working_load_kg=None), before, by=by)
        return
    with pytest.raises(RuleError) as refused:
        check_raise(report, before, by=by)
    assert (refused.value.code, refused.value.field) == (code, "safe_working_load_kg")


def test_it_may_be_examined_again_on_the_same_day() -> None:
    assert faults(replace(WHOLE, last_examined_on=WHOLE.examined_on)) == []
