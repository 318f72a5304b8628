"""Words on a label: cleaned, wrapped and shortened so that they never run into anything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.catalogue import unprintable_letters
from app.features.labels.words import clean, shorten, shrink, wrap


def a_millimetre_a_letter(text: str, size_mm: float, bold: bool) -> float:
    return len(text) * size_mm * (1.1 if bold else 1.0)


def test_control_characters_go_and_blanks_become_single() -> None:
    assert clean("  Perching\x00 \x1b[31m stool\r\n\twith  arms \u200b") == "Perching [31m stool with arms"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("£20 café “élan” …", "£20 café “élan” …"),
        ("cafe\u0301", "café"),
        ("Tŷ Gŵyr, Łódź", "Tŷ Gŵyr, Łódź"),
        ("Ходунки, Αναπηρικό", "Ходунки, Αναπηρικό"),
        ("½ ﬁt", "½ fit"),
        ("車いす Ж", "??? Ж"),
        ("\ud800", ""),
    ],
)
def test_letters_that_a_font_lacks_are_taken_apart_or_become_a_question_mark(text: str, printed: str) -> None:
    assert clean(text) == printed


@settings(deadline=None)
@given(st.text())
def test_any_text_at_all_becomes_one_short_line_that_every_format_can_print(text: str) -> None:
    printed = clean(text)
    assert printed.isprintable()
    assert unprintable_letters(printed) == []
    assert len(printed) <= 1000


def test_a_text_that_fits_is_left_alone() -> None:
    assert shorten("Commode", 7.0, 1.0, False, a_millimetre_a_letter) == "Commode"


def test_a_text_too_long_ends_in_an_ellipsis_without_a_dangling_blank_or_comma() -> None:
    assert shorten("Chair, riser", 7.0, 1.0, False, a_millimetre_a_letter) == "Chair…"


def test_where_not_even_three_letters_fit_nothing_is_printed() -> None:
    assert shorten("Commode", 3.0, 1.0, False, a_millimetre_a_letter) == ""


def test_bold_words_become_a_little_smaller_before_they_are_shortened() -> None:
    text, size = shrink("Commode", 7.0, 1.0, a_millimetre_a_letter)
    assert text == "Commode"
    assert size == pytest.approx(1 / 1.1)
    text, size = shrink("Commode, mobile, large", 10.0, 1.0, a_millimetre_a_letter)
    assert text.endswith("…")
    assert 0.7 < size < 0.8


def test_words_are_wrapped_between_words_and_the_last_line_is_shortened() -> None:
    lines = wrap("Bath lift with a battery", 2, 9.0, 1.0, a_millimetre_a_letter)
    assert lines == ["Bath lift", "with a b…"]


@settings(deadline=None)
@given(st.text(alphabet="abc W-", max_size=80), st.integers(1, 3), st.floats(1, 40))
def test_no_line_is_ever_wider_than_its_room(text: str, most_lines: int, room: float) -> None:
    lines = wrap(text, most_lines, room, 1.0, a_millimetre_a_letter)
    assert len(lines) <= most_lines
    assert all(a_millimetre_a_letter(line, 1.0, False) <= room for line in lines)
