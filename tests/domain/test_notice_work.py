"""The words in which the work on a safety notice is kept."""

from enum import StrEnum

import pytest

from app.domain.notice_work import CAUSES, Cause, Handling, MatchAction, MatchOutcome, ReviewOutcome


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
