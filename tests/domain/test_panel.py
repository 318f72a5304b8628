"""The way of a case as a table, what each decision must say, and what holds of it later."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from app.domain.errors import RuleError, WrongState
from app.domain.panel import (
    AFTER_DEFERRAL,
    NEXT,
    STEPS,
    CaseState,
    Condition,
    ConditionKind,
    DecisionKind,
    LapseKind,
    Link,
    Proposal,
    Screening,
    Step,
    can,
    check_can_mend,
    check_chair_action,
    check_proposal,
    check_ratification,
    expires_on,
    in_force,
    is_expired,
    next_state,
    read_condition,
)

TODAY = date(2026, 3, 2)
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
APPROVE, WITH_CONDITIONS, DEFER, DECLINE = DecisionKind
WAY = {
    ("draft", "submit"): "submitted",
    ("submitted", "find_complete"): "screened",
    ("submitted", "find_incomplete"): "draft",
    ("submitted", "find_not_needed"): "withdrawn",
    ("screened", "list"): "listed",
    ("listed", "take_off"): "screened",
    ("listed", "decide"): "decided",
    **{(state, "chair_action"): "decided" for state in ("submitted", "screened", "listed")},
    **{(state, "withdraw"): "withdrawn" for state in ("draft", "submitted", "screened", "listed")},
}
"""The specification, written down a second time: what is not here cannot happen."""


@pytest.mark.parametrize(("state", "step", "holds"), [*product(CaseState, Step, [None, *DecisionKind])])
def test_a_case_goes_its_way_and_no_other(state: CaseState, step: Step, holds: DecisionKind | None) -> None:
    wanted = WAY.get((state.value, step.value))
    if state is CaseState.DECIDED and holds is DEFER:
        wanted = {"submit": "submitted", "withdraw": "withdrawn"}.get(step.value)
    if state is CaseState.DECIDED and step is Step.APPEAL and holds not in {None, APPROVE}:
        wanted = "screened"
    assert can(step, state, holds) is (wanted is not None)
    if wanted:
        assert next_state(step, state, holds).value == wanted
        return
    with pytest.raises(RuleError) as refusal:
        next_state(step, state, holds)
    is_second = state is CaseState.DECIDED and step in {Step.DECIDE, Step.CHAIR_ACTION}
    assert refusal.value.code == ("already-decided" if is_second else "wrong-state")
    assert refusal.value.detail.endswith(".")
    if is_second and holds:
        assert holds.text.lower() in refusal.value.detail


def test_an_open_appeal_is_heard_by_a_meeting_and_can_be_taken_back() -> None:
    for state in CaseState:
        assert can(Step.WITHDRAW, state, DECLINE, is_appealed=True) is (state is not CaseState.WITHDRAWN)
        assert not can(Step.FIND_NOT_NEEDED, state, DECLINE, is_appealed=True)
        assert not can(Step.CHAIR_ACTION, state, DECLINE, is_appealed=True)
        assert not can(Step.APPEAL, state, DECLINE, is_appealed=True)
    assert next_state(Step.WITHDRAW, CaseState.LISTED, DECLINE, is_appealed=True) is CaseState.DECIDED
    assert next_state(Step.DECIDE, CaseState.LISTED, DECLINE, is_appealed=True) is CaseState.DECIDED
    assert next_state(Step.SUBMIT, CaseState.DECIDED, DEFER, is_appealed=True) is CaseState.SUBMITTED
    with pytest.raises(RuleError, match="a meeting of others hears it"):
        next_state(Step.CHAIR_ACTION, CaseState.LISTED, DECLINE, is_appealed=True)


def test_a_lapsed_approval_can_be_brought_again_or_given_up() -> None:
    for step in Step:
        assert can(step, CaseState.DECIDED, APPROVE, has_lapsed=True) is (step in AFTER_DEFERRAL)
    assert next_state(Step.SUBMIT, CaseState.DECIDED, APPROVE, has_lapsed=True) is CaseState.SUBMITTED
    assert [kind.text for kind in LapseKind] == ["Not used in time", "Not ratified", "Too few without an interest"]


def test_every_word_has_its_text_and_every_state_its_next() -> None:
    assert set(NEXT) == set(CaseState)
    assert {state for state, _ in STEPS} == set(CaseState) - {CaseState.DECIDED, CaseState.WITHDRAWN}
    assert set(AFTER_DEFERRAL) == {Step.SUBMIT, Step.WITHDRAW}
    assert [one.text for one in Screening] == ["Complete", "Incomplete", "No panel is needed"]
    assert [one.step for one in Screening] == [Step.FIND_COMPLETE, Step.FIND_INCOMPLETE, Step.FIND_NOT_NEEDED]
    assert [one.text for one in DecisionKind] == ["Approved", "Approved with conditions", "Deferred", "Declined"]
    assert [one.approves for one in DecisionKind] == [True, True, False, False]
    assert all(kind.text[0].isupper() for kind in ConditionKind)
    assert CaseState.LISTED.text == "Listed"


WHY = "It meets the need, and nothing cheaper does."
GOOD = {
    APPROVE: Proposal(APPROVE, WHY),
    WITH_CONDITIONS: Proposal(WITH_CONDITIONS, WHY, (Condition(ConditionKind.RECYCLED_ONLY),)),
    DEFER: Proposal(DEFER, WHY, information=("A second quote",), review_on=TOMORROW),
    DECLINE: Proposal(DECLINE, WHY, alternative="A standard profiling bed"),
}
REVIEW = Condition(ConditionKind.REVIEW_BY)


@pytest.mark.parametrize("kind", DecisionKind)
def test_a_decision_that_says_all_is_taken(kind: DecisionKind) -> None:
    check_proposal(GOOD[kind], today=TODAY)


@pytest.mark.parametrize(
    ("proposal", "code", "field"),
    [
        *((replace(one, reasons="."), "not-a-reason", "reasons") for one in GOOD.values()),
        (replace(GOOD[WITH_CONDITIONS], conditions=()), "conditions-wanted", "conditions"),
        *(
            (replace(GOOD[kind], conditions=(REVIEW,)), "conditions-not-wanted", "conditions")
            for kind in (APPROVE, DEFER, DECLINE)
        ),
        (replace(GOOD[WITH_CONDITIONS], conditions=(REVIEW,)), "review-date-wanted", "review_on"),
        (
            replace(GOOD[WITH_CONDITIONS], conditions=(Condition(ConditionKind.OTHER, "."),)),
            "not-in-words",
            "conditions",
        ),
        (replace(GOOD[DEFER], review_on=None), "review-date-wanted", "review_on"),
        (replace(GOOD[DEFER], review_on=YESTERDAY), "day-is-past", "review_on"),
        (replace(GOOD[DECLINE], alternative=""), "alternative-wanted", "alternative"),
        (replace(GOOD[APPROVE], information=("A quote",)), "information-not-wanted", "information"),
        (replace(GOOD[APPROVE], alternative="A bed"), "alternative-not-wanted", "alternative"),
        (replace(GOOD[DECLINE], expires_on=TOMORROW), "nothing-expires", "expires_on"),
        (replace(GOOD[DEFER], expires_on=TOMORROW), "nothing-expires", "expires_on"),
        (replace(GOOD[APPROVE], expires_on=YESTERDAY), "day-is-past", "expires_on"),
        (replace(GOOD[APPROVE], expires_on=date(2036, 1, 1)), "day-too-far", "expires_on"),
    ],
)
def test_what_a_decision_does_not_say_is_named(proposal: Proposal, code: str, field: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_proposal(proposal, today=TODAY)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def test_days_of_today_and_other_conditions_in_words_are_taken() -> None:
    by_today = replace(
        GOOD[WITH_CONDITIONS], conditions=(REVIEW, Condition(ConditionKind.OTHER, "Shown to the carers"))
    )
    check_proposal(replace(by_today, review_on=TODAY, expires_on=TODAY), today=TODAY)
    check_proposal(replace(GOOD[DECLINE], alternative=None), today=TODAY)  # The short form of the API.


@pytest.mark.parametrize(
    ("words", "condition"),
    [
        ("trial_first", Condition(ConditionKind.TRIAL_FIRST)),
        ("Recycled only", Condition(ConditionKind.RECYCLED_ONLY)),
        ("ring-fenced return", Condition(ConditionKind.RING_FENCED_RETURN)),
        ("other", Condition(ConditionKind.OTHER, "other")),
        ("Carers are trained", Condition(ConditionKind.OTHER, "Carers are trained")),
    ],
)
def test_a_condition_is_read_from_its_name_or_kept_in_words(words: str, condition: Condition) -> None:
    assert read_condition(words) == condition


def test_an_approval_ends_on_the_day_the_panel_named_or_after_its_usual_days() -> None:
    assert expires_on(GOOD[APPROVE], today=TODAY, days=30) == date(2026, 4, 1)
    assert expires_on(replace(GOOD[APPROVE], expires_on=TOMORROW), today=TODAY, days=30) == TOMORROW
    assert expires_on(GOOD[DECLINE], today=TODAY, days=30) is None


@pytest.mark.parametrize(
    ("last_day", "is_used", "expired"),
    [(None, False, False), (TODAY, False, False), (YESTERDAY, False, True), (YESTERDAY, True, False)],
)
def test_only_an_approval_that_nobody_used_expires(last_day: date | None, is_used: bool, expired: bool) -> None:
    assert is_expired(last_day, is_used=is_used, today=TODAY) is expired


def test_the_decision_that_no_other_supersedes_holds() -> None:
    chain = [Link(1), Link(2, supersedes=1), Link(3, supersedes=2)]
    assert [in_force(chain[:many]) for many in range(4)] == [None, *chain]


def test_a_chair_acts_alone_only_when_it_is_urgent_and_a_later_meeting_ratifies() -> None:
    check_chair_action(is_urgent=True, kind=APPROVE)
    check_ratification(TODAY, TODAY)
    check_ratification(TODAY, TOMORROW)
    with pytest.raises(RuleError) as refusal:
        check_chair_action(is_urgent=False, kind=WITH_CONDITIONS)
    assert refusal.value.code == "not-urgent"
    for kind in (DEFER, DECLINE):
        with pytest.raises(RuleError) as refusal:
            check_chair_action(is_urgent=True, kind=kind)
        assert refusal.value.code == "only-approvals-are-urgent"
    with pytest.raises(RuleError) as refusal:
        check_ratification(TODAY, YESTERDAY)
    assert refusal.value.code == "meeting-was-before"


@pytest.mark.parametrize("state", CaseState)
def test_what_a_case_says_is_changed_before_it_is_submitted_and_after_a_deferral(state: CaseState) -> None:
    standing: dict[str, bool] = {"has_lapsed": False, "is_appealed": False}
    kind = DecisionKind.DEFER if state is CaseState.DECIDED else None
    if state in {CaseState.DRAFT, CaseState.DECIDED}:
        check_can_mend(state, kind, **standing)
    else:
        with pytest.raises(WrongState, match="what it says cannot be changed"):
            check_can_mend(state, kind, **standing)
