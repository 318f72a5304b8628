"""When inspections fall due."""

from datetime import date, timedelta

import pytest

from app.domain.errors import BadValue, NotAllowed
from app.domain.inspections import (
    DueState,
    FoundDanger,
    InspectionKind,
    InspectionOutcome,
    check_contradiction,
    check_next_due,
    check_same_kind,
    counts_as_overdue,
    due_state,
    is_danger_without_words,
    may_be_recorded_anywhere,
    may_put_right,
    months_after,
    place_by_day,
)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 2), 6, date(2026, 9, 2)),
        (date(2026, 3, 2), 12, date(2027, 3, 2)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2028, 2, 29), 6, date(2028, 8, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 1, 15), 11, date(2026, 12, 15)),
        (date(2026, 1, 15), 120, date(2036, 1, 15)),
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, later: date) -> None:
    assert months_after(day, months) == later


PAT = InspectionKind.PAT
ON = date(2028, 2, 29)


@pytest.mark.parametrize(
    ("next_due_on", "every_months", "due"),
    [
        (None, 6, date(2028, 8, 29)),
        (None, None, None),
        (date(2028, 3, 1), 6, date(2028, 3, 1)),
        (date(2028, 8, 29), 6, date(2028, 8, 29)),
        (date(2040, 1, 1), None, date(2040, 1, 1)),
    ],
)
def test_an_inspector_may_name_an_earlier_date_than_the_interval(
    next_due_on: date | None, every_months: int | None, due: date | None
) -> None:
    assert check_next_due(next_due_on, kind=PAT, on=ON, every_months=every_months) == due


@pytest.mark.parametrize(
    ("next_due_on", "code"),
    [
        (date(2028, 2, 28), "next-due-too-early"),
        (date(2028, 2, 29), "next-due-too-early"),
        (date(2028, 8, 30), "next-due-too-late"),
    ],
)
def test_a_next_date_outside_the_interval_is_refused(next_due_on: date, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_next_due(next_due_on, kind=PAT, on=ON, every_months=6)
    assert refusal.value.code == code
    assert refusal.value.field == "next_due_on"


def test_without_an_interval_a_past_date_is_still_refused() -> None:
    with pytest.raises(BadValue, match="after this one"):
        check_next_due(ON, kind=PAT, on=ON, every_months=None)


def test_a_thorough_examination_always_has_a_next_one() -> None:
    with pytest.raises(BadValue) as refusal:
        check_next_due(None, kind=InspectionKind.LOLER, on=ON, every_months=None)
    assert refusal.value.code == "next-due-unknown"
    assert check_next_due(date(2028, 8, 1), kind=InspectionKind.LOLER, on=ON, every_months=None) == date(2028, 8, 1)


def test_kinds_have_words_for_people() -> None:
    assert InspectionKind.LOLER.text == "LOLER thorough examination"
    assert len({kind.text for kind in InspectionKind}) == len(InspectionKind)


@pytest.mark.parametrize(
    ("due_on", "failed", "state"),
    [
        (date(2028, 3, 28), True, DueState.FAILED),
        (None, False, DueState.UNKNOWN),
        (date(2028, 2, 28), False, DueState.OVERDUE),
        (ON, False, DueState.DUE_SOON),
        (date(2028, 3, 28), False, DueState.DUE_SOON),
        (date(2028, 3, 29), False, DueState.IN_DATE),
    ],
)
def test_how_an_item_stands_with_a_kind_of_inspection(due_on: date | None, failed: bool, state: DueState) -> None:
    assert due_state(due_on, failed=failed, on=ON, soon_days=28) is state


@pytest.mark.parametrize("outcome", InspectionOutcome)
@pytest.mark.parametrize("kind", InspectionKind)
def test_a_report_and_a_danger_are_taken_down_wherever_the_item_is(
    kind: InspectionKind, outcome: InspectionOutcome
) -> None:
    anywhere = kind is InspectionKind.LOLER or outcome is InspectionOutcome.DANGER
    assert may_be_recorded_anywhere(kind, outcome) is anywhere


def test_states_of_what_is_due_have_words_for_people() -> None:
    assert len({state.text for state in DueState}) == len(DueState)


@pytest.mark.parametrize(
    ("due_on", "is_overdue"),
    [(None, True), (ON - timedelta(days=1), True), (ON, False), (ON + timedelta(days=1), False)],
)
def test_an_inspection_of_which_nobody_knows_when_it_is_due_counts_as_overdue(
    due_on: date | None, is_overdue: bool
) -> None:
    assert counts_as_overdue(due_on, on=ON) == is_overdue


@pytest.mark.parametrize("overdue", [date.min + timedelta(days=1), ON])
def test_what_is_not_known_stands_before_all_that_is(overdue: date) -> None:
    assert sorted([overdue, None], key=place_by_day) == [None, overdue]


@pytest.mark.parametrize(
    ("by", "examiner", "is_mended", "may"),
    [
        ("ann", "", False, False),
        ("ann", "Ruth Hale", False, False),
        ("bob", " erin  WELLS", False, False),
        ("bob", "", False, True),
        ("bob", "Ruth Hale", False, True),
        ("ann", "Erin Wells", True, True),
    ],
)
def test_one_person_alone_does_not_take_a_danger_off_the_record(
    by: str, examiner: str, is_mended: bool, may: bool
) -> None:
    danger = FoundDanger("ann", "Erin Wells", is_mended)
    if may:
        check_contradiction(danger, by=by, examiner=examiner)
        return
    with pytest.raises(NotAllowed) as refused:
        check_contradiction(danger, by=by, examiner=examiner)
    assert refused.value.code == "same-person"


def test_an_inspection_is_put_right_by_one_of_its_kind() -> None:
    for kind in InspectionKind:
        check_same_kind(kind, kind)
    with pytest.raises(BadValue) as refusal:
        check_same_kind(InspectionKind.FUNCTIONAL, InspectionKind.LOLER)
    assert refusal.value.code == "another-kind"


@pytest.mark.parametrize("known", [(own, same, every) for own in (0, 1) for same in (0, 1) for every in (0, 1)])
def test_what_others_recorded_of_another_product_is_for_who_answers_for_all(known: tuple[int, int, int]) -> None:
    own, same, every = (bool(one) for one in known)
    assert may_put_right(is_own=own, is_same_product=same, may_any=every) is any(known)


def test_people_are_asked_what_the_danger_is() -> None:
    pat, danger = InspectionKind.PAT, InspectionOutcome.DANGER
    assert not is_danger_without_words(pat, danger, "Bare wire.")
    for notes in ("", " ", ".", "5"):
        assert is_danger_without_words(pat, danger, notes)
        assert not is_danger_without_words(InspectionKind.LOLER, danger, notes)
        assert not is_danger_without_words(pat, InspectionOutcome.FAILED, notes)
