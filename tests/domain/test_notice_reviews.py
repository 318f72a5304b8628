"""When somebody counts as not reached, who is told, and who may give up."""

from datetime import date

import pytest

from app.domain.errors import RuleError
from app.domain.notice_reviews import Tried, check_review, check_reviewer, unreached_letter
from app.domain.notice_work import ReviewOutcome

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_tries_on_one_day_are_one_and_those_who_handle_notices_are_told_once() -> None:
    tried, told = Tried(), []
    for day in (MONDAY, MONDAY, TUESDAY, TUESDAY):
        tried = tried.again(day)
        told.append((tried.tries, tried.is_to_escalate(after_tries=2)))
    assert told == [(1, False), (1, False), (2, True), (2, True)]
    assert not Tried(5, TUESDAY, is_escalated=True).is_to_escalate(after_tries=2)


@pytest.mark.parametrize(
    ("outcome", "note", "is_supervised", "code"),
    [
        (ReviewOutcome.NOT_REACHED, ".", True, None),
        (ReviewOutcome.CHANGED, "Rails taken off, low bed ordered.", True, "is-supervised"),
        (ReviewOutcome.NO_CHANGE, ".", False, "not-a-reason"),
        (ReviewOutcome.NO_CHANGE, "She does not use the rails.", False, None),
    ],
)
def test_a_review_is_ended_in_words_by_somebody_who_works_without_supervision(
    outcome: ReviewOutcome, note: str, is_supervised: bool, code: str | None
) -> None:
    found = None
    try:
        check_reviewer(outcome, note, is_supervised=is_supervised)
    except RuleError as error:
        found = error.code
    assert found == code


@pytest.mark.parametrize(
    ("outcome", "escalated", "handles", "code"),
    [
        (ReviewOutcome.CHANGED, False, False, None),
        (ReviewOutcome.NO_CHANGE, False, False, None),
        (ReviewOutcome.NOT_REACHED, True, False, None),
        (ReviewOutcome.UNREACHABLE, False, True, "not-tried-enough"),
        (ReviewOutcome.UNREACHABLE, True, False, "not-yours-to-end"),
        (ReviewOutcome.UNREACHABLE, True, True, None),
    ],
)
def test_nobody_is_given_up_on_but_by_those_who_handle_notices_after_many_tries(
    outcome: ReviewOutcome, escalated: bool, handles: bool, code: str | None
) -> None:
    found = None
    try:
        check_review(outcome, Tried(3, TUESDAY, escalated), after_tries=3, handles_notices=handles)
    except RuleError as error:
        found = error.code
    assert found == code


def test_the_letter_names_the_client_by_reference_alone() -> None:
    letter = unreached_letter("MDA/1", "Bed rails", "C-77", 3)
    assert "client C-77. On 3 days nobody could reach them." in letter["body"]
    assert {one.text for one in ReviewOutcome} == {
        "Nothing to change",
        "Changed",
        "Could not be reached",
        "Nobody can reach them",
    }
