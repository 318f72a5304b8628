"""Who gets what: its words say by what people are told apart, and that few are never told of."""

import pytest

from app.domain.equity import Grouping, definition


@pytest.mark.parametrize(
    ("grouping", "words"),
    [
        (Grouping.DISTRICT, "by the postcode district that stands on their record now. Issues"),
        (Grouping.AGE, "by the age that stands on their record now, on the last day of the year or today. Issues"),
    ],
)
def test_what_is_told_says_by_what_and_of_when(grouping: Grouping, words: str) -> None:
    said = definition(grouping)
    assert words in said
    assert "Groups of fewer than 5 people are put together" in said
