"""What a look at an item says of it, and what is written as evidence."""

from dataclasses import replace

import pytest

from app.domain.errors import RuleError
from app.domain.notice_acts import check_act, check_details, check_notes, ends_hold, outcome_after
from app.domain.notice_standing import Act, Place, Reading, Standing
from app.domain.notice_work import MatchAction, MatchOutcome
from app.domain.notices import Result

A, N = MatchAction, Result.NOT_AFFECTED
CORRECTED = Act(A.CORRECTED, "technician")
UNSOUND = Act(A.INSPECTED, "technician", sound=False)


def code_of(action: MatchAction, standing: Standing, actor: str = "technician") -> str | None:
    try:
        check_act(action, standing, actor=actor)
    except RuleError as error:
        return error.code
    return None


@pytest.mark.parametrize("result", list(Result))
@pytest.mark.parametrize("is_counted", [False, True])
@pytest.mark.parametrize("before", [None, MatchOutcome.CORRECTED, MatchOutcome.CLEARED])
def test_what_a_look_finds_not_sound_is_open_again_whatever_is_known_of_it(
    result: Result, before: MatchOutcome | None, is_counted: bool
) -> None:
    standing = Standing(Place.IN_STORE, result, before, (CORRECTED,), is_counted=is_counted)
    assert outcome_after(A.INSPECTED, standing, answers={"Is it so?": False}, sound=False) is None
    assert outcome_after(A.INSPECTED, standing, answers={}, sound=True) is before
    assert outcome_after(A.INSPECTED, standing, answers={}) is before


@pytest.mark.parametrize(
    ("result", "acts", "actor", "code"),
    [
        (Result.AFFECTED, (CORRECTED, UNSOUND), "safety", "no-evidence"),
        (Result.AFFECTED, (UNSOUND, CORRECTED), "technician", "same-person"),
        (Result.AFFECTED, (UNSOUND, CORRECTED), "safety", None),
        (N, (UNSOUND,), "technician", "same-person"),
        (N, (UNSOUND,), "safety", None),
        (N, (UNSOUND, Act(A.CORRECTED, "ot")), "ot", "same-person"),
        (N, (UNSOUND, Act(A.CORRECTED, "ot")), "safety", None),
        (N, (UNSOUND, Act(A.CLEARED, "safety")), "technician", None),
    ],
)
def test_who_found_it_not_sound_does_not_clear_it(
    result: Result, acts: tuple[Act, ...], actor: str, code: str | None
) -> None:
    assert code_of(A.CLEARED, Standing(Place.IN_STORE, result, acts=acts), actor) == code


def test_what_was_found_not_sound_is_cleared_by_no_look_and_may_be_corrected() -> None:
    standing = Standing(Place.IN_STORE, N, acts=(UNSOUND,))
    assert outcome_after(A.INSPECTED, standing, answers={"Is it so?": False}, actor="safety") is None
    assert code_of(A.CORRECTED, standing) is None
    assert code_of(A.CORRECTED, Standing(Place.IN_STORE, N)) == "not-affected"
    assert ends_hold(standing).startswith("technician has looked at it, and it is not sound. Its hold ends when some")
    affected = ends_hold(replace(standing, result=Result.AFFECTED))
    assert affected.startswith("technician has looked at it, and it is not sound. Its hold ends when it is corrected")


def test_a_verdict_belongs_to_a_look_and_a_fault_is_taken_without_the_answers() -> None:
    with pytest.raises(RuleError) as refused:
        check_details(A.CONTACTED, channel="phone", answers={}, questions=(), sound=False)
    assert refused.value.code == "no-verdict-here"
    check_details(A.INSPECTED, channel="", answers={}, questions=("Is it so?",), sound=False)
    with pytest.raises(RuleError) as silent:
        check_details(A.INSPECTED, channel="", answers={}, questions=("Is it so?",), sound=True)
    assert silent.value.code == "answers-needed"


@pytest.mark.parametrize(
    ("action", "notes", "is_fine"),
    [
        (A.CORRECTED, ".", False),
        (A.CLEARED, "Done.", False),
        (A.CLEARED, "Seen: the bolt holds.", True),
        (A.INSPECTED, ".", False),
        (A.INSPECTED, "Steel.", True),
    ],
)
def test_a_dot_is_no_evidence(action: MatchAction, notes: str, is_fine: bool) -> None:
    if is_fine:
        check_notes(action, notes)
        return
    with pytest.raises(RuleError) as refused:
        check_notes(action, notes)
    assert refused.value.code == "not-a-reason"


FIRST = Reading("technician", "ZH 0780", "ZH0510")


@pytest.mark.parametrize(
    ("readings", "is_open"),
    [
        ((), False),
        ((Reading("technician", "ZH0780"),), False),
        ((Reading("technician", "ZH0780", "zh-0780"),), False),
        ((FIRST,), True),
        ((FIRST, Reading("technician", "ZH0780", "ZH 0780")), True),
        ((FIRST, Reading("ot", "ZH0780", "ZH 0780")), False),
        ((FIRST, Reading("ot", "ZH0999", "ZH 0780")), True),
        ((FIRST, Reading("ot", "ZH0999", "ZH 0780"), Reading("technician", "ZH0999", "ZH0999")), False),
        ((Reading("ot", "ZH0510", "ZH0510"), FIRST), True),
    ],
)
def test_another_number_than_was_recorded_is_read_by_two_people(readings: tuple[Reading, ...], is_open: bool) -> None:
    standing = Standing(Place.IN_STORE, N, readings=readings)
    assert code_of(A.CLEARED, standing, "manager") == ("second-reading" if is_open else None)
    after = outcome_after(A.INSPECTED, standing, answers={}, actor="manager", is_label_read=True)
    assert after is (None if is_open else MatchOutcome.CLEARED)
    assert ("where our record said" in ends_hold(standing)) is is_open


@pytest.mark.parametrize(
    ("outcome", "is_held", "code"),
    [(MatchOutcome.CLEARED, False, "cleared-already"), (MatchOutcome.CLEARED, True, None), (None, False, None)],
)
def test_what_is_clear_is_not_cleared_again(outcome: MatchOutcome | None, is_held: bool, code: str | None) -> None:
    assert code_of(A.CLEARED, Standing(Place.IN_STORE, N, outcome, is_held=is_held)) == code
