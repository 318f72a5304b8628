"""When there is something to review, and what a review says."""

from datetime import date

import pytest

from app.domain.errors import RuleError
from app.domain.panel import DecisionKind
from app.domain.panel_review import FollowUp, ReviewOutcome, check_review

TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)


def test_what_was_approved_or_is_out_is_reviewed() -> None:
    for kind in DecisionKind:
        check_review(kind, TOMORROW, is_out=True, today=TODAY)
        if kind.approves:
            check_review(kind, None, is_out=False, today=TODAY)
            continue
        with pytest.raises(RuleError, match="nothing to review"):
            check_review(kind, None, is_out=False, today=TODAY)
    with pytest.raises(RuleError, match="nothing to review"):
        check_review(None, None, is_out=True, today=TODAY)


def test_the_next_review_is_on_a_later_day() -> None:
    with pytest.raises(RuleError) as refusal:
        check_review(DecisionKind.APPROVE, TODAY, is_out=False, today=TODAY)
    assert (refusal.value.code, refusal.value.field) == ("day-is-past", "next_review_on")


def test_every_word_has_its_text() -> None:
    assert all(one.text[0].isupper() for one in (*ReviewOutcome, *FollowUp))
