"""What may be said of a product."""

import pytest

from app.domain.catalogue import (
    advise_examination,
    advise_strike_through,
    as_iso_9999,
    as_iso_9999_group,
    as_link,
    is_printable,
    unprintable_letters,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("12 36 03", "12 36 03"), ("123603", "12 36 03"), ("12.36", "12 36"), (" 12-36-03 ", "12 36 03")],
)
def test_an_iso_9999_code_has_one_form(typed: str, kept: str) -> None:
    assert as_iso_9999(typed) == kept


@pytest.mark.parametrize("typed", ["", "12", "12 3", "123", "12 36 03 04", "12  36", "twelve", "١٢ ٣٦"])
def test_what_is_no_iso_9999_code_is_refused_with_what_would_be(typed: str) -> None:
    with pytest.raises(ValueError, match="such as 12 36"):
        as_iso_9999(typed)


def test_codes_are_asked_for_by_their_first_pairs() -> None:
    assert [as_iso_9999_group(typed) for typed in ("12", "1236", "12 36 03")] == ["12", "12 36", "12 36 03"]
    with pytest.raises(ValueError, match="first two, four or six digits"):
        as_iso_9999_group("123")


@pytest.mark.parametrize(("category", "months"), [("12 36 03", 6), ("123603", 1), ("12 06 06", None), ("18 12 10", 12)])
def test_what_is_examined_often_enough_or_lifts_nobody_needs_no_advice(category: str, months: int | None) -> None:
    assert advise_examination(category, months) is None


@pytest.mark.parametrize(
    ("category", "months", "says"), [("12 36 21", None, "not at all"), ("1236", 12, "every 12 months")]
)
def test_what_lifts_people_and_is_not_examined_every_six_months_gets_advice(
    category: str, months: int | None, says: str
) -> None:
    assert says in (advise_examination(category, months) or "")


@pytest.mark.parametrize(
    ("category", "tested", "advised"),
    [("04 33 06", False, True), ("043303", False, True), ("04 33 06", True, False), ("12 06 06", False, False)],
)
def test_a_mattress_or_cushion_whose_cover_is_not_tested_gets_advice(
    category: str, tested: bool, advised: bool
) -> None:
    assert ("strike-through" in (advise_strike_through(category, tested=tested) or "")) == advised


def test_labels_print_european_letters_and_name_the_others_once() -> None:
    assert unprintable_letters("Tŷ Gŵyr, Łódź, Ходунки, Αναπηρικό, £20 “élan” 1\u00a0m, Ș e\u0301") == []
    assert unprintable_letters("車いす 車 🦽") == ["車", "い", "す", "🦽"]
    assert not is_printable("\x00")


@pytest.mark.parametrize("text", ["", "https://www.example.org/instructions.pdf?v=2#page=3", "http://192.0.2.1:8080/"])
def test_a_link_is_a_whole_web_address_or_nothing(text: str) -> None:
    assert as_link(text) == text


@pytest.mark.parametrize(
    "text",
    ["www.example.org", "javascript:alert(1)", "https://", "https://me@a.example", "https://[a", "https://a b.c"],
)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="whole web address"):
        as_link(text)
