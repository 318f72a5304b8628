"""The words in which the work on a safety notice is kept."""

from enum import StrEnum

import pytest

from app.domain.notice_work import (
    CAUSES,
    Cause,
    Handling,
    MatchAction,
    MatchOutcome,
    ReviewOutcome,
    changed_letter,
    freed_letter,
    held_letter,
    hold_reason,
    is_reopened,
    late_letter,
    weakened_by,
)
from app.domain.notices import Result


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (Handling.QUARANTINE, "Hold the items"),
        (Handling.ADVICE, "Advice only: nothing is held"),
        (Cause.GOODS_IN, "Goods in"),
        (MatchAction.NO_ACCESS, "No access"),
        (MatchOutcome.NOT_COVERED, "No longer covered"),
        (MatchOutcome.CORRECTED, "Corrected"),
        (ReviewOutcome.NO_CHANGE, "Nothing to change"),
    ],
)
def test_people_read_it_in_words(word: StrEnum, said: str) -> None:
    assert word.text == said  # type: ignore[attr-defined]


def test_every_cause_has_its_words() -> None:
    assert set(CAUSES) == set(Cause)


@pytest.mark.parametrize(
    ("outcome", "was", "now", "cause", "other_reasons", "again"),
    [
        (MatchOutcome.NOT_COVERED, Result.NOT_AFFECTED, Result.POSSIBLE, Cause.EDIT, False, True),
        (MatchOutcome.UNTRACEABLE, Result.AFFECTED, Result.AFFECTED, Cause.RETURN, False, True),
        (MatchOutcome.UNTRACEABLE, Result.AFFECTED, Result.AFFECTED, Cause.FOUND, False, True),
        (MatchOutcome.UNTRACEABLE, Result.AFFECTED, Result.AFFECTED, Cause.DAILY, False, False),
        (MatchOutcome.CORRECTED, Result.AFFECTED, Result.AFFECTED, Cause.NEW_SCOPE, False, False),
        (MatchOutcome.CORRECTED, Result.AFFECTED, Result.AFFECTED, Cause.NEW_SCOPE, True, True),
        (MatchOutcome.CLEARED, Result.POSSIBLE, Result.AFFECTED, Cause.NEW_SCOPE, False, True),
        (MatchOutcome.CLEARED, Result.POSSIBLE, Result.AFFECTED, Cause.EDIT, False, True),
        (MatchOutcome.CLEARED, Result.POSSIBLE, Result.POSSIBLE, Cause.EDIT, True, False),
        (MatchOutcome.CLEARED, Result.AFFECTED, Result.AFFECTED, Cause.EDIT, True, False),
        (MatchOutcome.CLEARED, Result.NOT_AFFECTED, Result.POSSIBLE, Cause.EDIT, False, False),
        (MatchOutcome.CLEARED, Result.NOT_AFFECTED, Result.POSSIBLE, Cause.INSPECTION, False, True),
        (MatchOutcome.CORRECTED, Result.POSSIBLE, Result.AFFECTED, Cause.RETURN, False, False),
    ],
)
def test_what_ended_stays_so_unless_something_about_it_is_new(
    outcome: MatchOutcome, was: Result, now: Result, cause: Cause, other_reasons: bool, again: bool
) -> None:
    assert is_reopened(outcome, was=was, now=now, cause=cause, other_reasons=other_reasons) is again


@pytest.mark.parametrize(
    ("before", "was", "now", "cause", "who"),
    [
        (None, Result.AFFECTED, Result.NOT_AFFECTED, Cause.CATALOGUE, "me"),
        (None, Result.AFFECTED, Result.POSSIBLE, Cause.PART, "me"),
        (None, Result.POSSIBLE, Result.POSSIBLE, Cause.EDIT, "me"),
        (None, Result.NOT_AFFECTED, Result.POSSIBLE, Cause.EDIT, None),
        (None, Result.AFFECTED, Result.NOT_AFFECTED, Cause.DAILY, None),
        ("other", Result.POSSIBLE, Result.NOT_AFFECTED, Cause.INSPECTION, "other"),
        ("other", Result.NOT_AFFECTED, Result.NOT_AFFECTED, Cause.NEW_SCOPE, "other"),
        ("other", Result.POSSIBLE, Result.AFFECTED, Cause.CATALOGUE, None),
    ],
)
def test_who_changes_a_record_is_not_to_clear_what_is_covered_less_by_it(
    before: str | None, was: Result, now: Result, cause: Cause, who: str | None
) -> None:
    assert weakened_by(before, was=was, now=now, cause=cause, actor="me") == who


def test_a_hold_says_of_which_notice_it_is_and_how_sure_that_is() -> None:
    assert hold_reason("MDA/1", Result.AFFECTED, "Rails may drop") == "MDA/1: it is affected. Rails may drop."
    assert hold_reason("MDA/1", Result.POSSIBLE, "Do rails drop?") == (
        "MDA/1: it may be affected; look at it. Do rails drop?"
    )


def test_what_is_caught_late_is_named_as_far_as_a_letter_goes() -> None:
    one = late_letter("MDA/1", "Rails may drop", ["ES-1"], is_held=True)
    assert "covers ES-1. It is held now." in one["body"]
    many = late_letter("MDA/1", "Rails may drop", [f"ES-{number}" for number in range(22)], is_held=False)
    assert "ES-19 and 2 more.\n" in many["body"]
    assert many["about"] == "safety_notice:MDA/1"


def test_a_change_of_a_closed_notice_is_told() -> None:
    letter = changed_letter("MDA/1", "Rails may drop")
    assert letter["subject"] == "MDA/1: changed since it was closed"
    assert "“Rails may drop”" in letter["body"]


def test_who_handles_notices_is_told_what_one_person_has_changed_and_what_is_held_now() -> None:
    freed = freed_letter("FSN 1", "Beds", [f"ES{number}" for number in range(21)], by="manager")
    assert freed["body"].startswith(
        "manager changed what the catalogue says of a product or a maker. By that, safety notice FSN 1, “Beds”, would "
        "not surely cover ES0, ES1, "
    )
    assert "ES19 and 1 more any more." in freed["body"]
    held = held_letter("FSN 1", "Beds", ["1 product like beds, 2 items"])
    assert "The same search finds more now: 1 product like beds, 2 items." in held["body"]
