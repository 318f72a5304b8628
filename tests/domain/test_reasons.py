"""What counts as a reason."""

import pytest

from app.domain.errors import BadValue
from app.domain.reasons import check_reason, has_words, is_reason, is_sentence


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Assessed at home.", True),
        ("Frame bent", True),
        ("Leg bent.", True),
        ("broken", False),
        ("Cannot\nstand alone", True),
        ("Rhy wan yw hi", True),
        ("NatPSA/2023/010", True),
        ("", False),
        (".", False),
        ("..........", False),
        (". . . . . . . . . .", False),
        ("1234567890 12345", False),
        ("Because.", False),
        ("Becauseofthat", False),  # one word
        ("no no no no no", False),  # one word again and again
        ("aaaaaa bbbbbb", False),
        ("x y z a b c d e f", False),  # letters, no words
        ("Not used", False),  # too short to say anything
        ("It is    .", False),  # blanks are not words
    ],
)
def test_a_reason_is_in_words_that_somebody_can_read(text: str, counts: bool) -> None:
    assert is_reason(text) == counts


@pytest.mark.parametrize(
    ("text", "counts"),
    [("At home", True), ("Jo", True), ("2 carers", True), ("Ŵy", True), (".", False), ("", False), ("x", False),
     ("1 2 3", False), ("a. b. c.", False)],
)  # fmt: skip
def test_a_name_or_a_place_is_in_words(text: str, counts: bool) -> None:
    assert has_words(text) == counts


def test_what_is_no_reason_is_refused_in_words() -> None:
    check_reason("The frame is cracked.", field="reason")
    with pytest.raises(BadValue, match="in a few words") as refusal:
        check_reason(".", field="answer")
    assert (refusal.value.code, refusal.value.field) == ("not-a-reason", "answer")


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Need clear.", False),
        ("A tilt chair will do.", False),
        ("a a a a a a a a a a", False),
        ("A tilt chair of the store will do.", True),
    ],
)
def test_a_sentence_has_six_words(text: str, counts: bool) -> None:
    assert is_sentence(text) is counts
