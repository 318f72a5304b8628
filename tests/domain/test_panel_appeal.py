"""What can be appealed against, and what came of it."""

from itertools import product

import pytest

from app.domain.errors import RuleError
from app.domain.panel import Condition, ConditionKind, DecisionKind
from app.domain.panel_appeal import AppealOutcome, Appellant, check_appeal, outcome_of

APPROVE, WITH_CONDITIONS, DEFER, DECLINE = DecisionKind
PLAIN = {"has_lapsed": False, "waits_for_meeting": False, "is_appealed": False, "was_heard": False}
TRIAL, RECYCLED = Condition(ConditionKind.TRIAL_FIRST), Condition(ConditionKind.RECYCLED_ONLY)


@pytest.mark.parametrize("kind", [WITH_CONDITIONS, DEFER, DECLINE])
def test_what_is_not_an_approval_as_asked_can_be_appealed_against(kind: DecisionKind) -> None:
    check_appeal(kind, **PLAIN)


@pytest.mark.parametrize(
    ("kind", "fact", "code"),
    [
        (APPROVE, None, "nothing-to-appeal"),
        (DECLINE, "is_appealed", "already-appealed"),
        (DECLINE, "was_heard", "already-appealed"),
        (WITH_CONDITIONS, "has_lapsed", "nothing-to-appeal"),
        (WITH_CONDITIONS, "waits_for_meeting", "not-ratified-yet"),
    ],
)
def test_what_cannot_be_appealed_against_says_what_can_be_done(kind: DecisionKind, fact: str | None, code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_appeal(kind, **PLAIN | ({fact: True} if fact else {}))
    assert refusal.value.code == code
    assert refusal.value.detail.endswith(".")


def test_an_appeal_upholds_changes_or_asks_for_more() -> None:
    for before, after in product(DecisionKind, DecisionKind):
        outcome = outcome_of(before, [], after, [])
        if after is DEFER:
            assert outcome is None
        else:
            assert outcome is (AppealOutcome.UPHELD if before is after else AppealOutcome.CHANGED)
    same = outcome_of(WITH_CONDITIONS, [TRIAL, RECYCLED], WITH_CONDITIONS, [RECYCLED, TRIAL])
    assert same is AppealOutcome.UPHELD
    assert outcome_of(WITH_CONDITIONS, [TRIAL], WITH_CONDITIONS, [RECYCLED]) is AppealOutcome.CHANGED


def test_every_word_has_its_text() -> None:
    assert [one.text for one in Appellant] == ["The prescriber", "The person", "Somebody for the person"]
    texts = ["The decision stands", "The decision was changed", "The appeal was withdrawn"]
    assert [one.text for one in AppealOutcome] == texts
