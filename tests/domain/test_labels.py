"""The asset tag: what its check digits catch, and what each kind of scanned or typed text is."""

import json
from itertools import pairwise
from pathlib import Path
from string import ascii_uppercase, digits

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from app.domain.labels import TagFault, TagKind, TagReading, bare, display, is_tag, make_tag, normalise, read_tag

VECTORS = Path(__file__).parent.parent / "vectors"
GS1_TEXTS: list[str] = json.loads((VECTORS / "gs1_texts.json").read_text())["texts"]

prefixes = st.text(ascii_uppercase, min_size=2, max_size=4)
numbers = st.integers(1, 9_999_999)
tags = st.builds(make_tag, prefixes, numbers)
NOT_A_BARCODE = TagReading(TagKind.NOT_A_BARCODE)
NOT_A_TAG = TagReading(TagKind.NOT_A_TAG)


def letters_of(tag: str) -> str:
    return tag[:-9]


def one_digit_replaced(tag: str) -> list[str]:
    return [
        tag[:place] + digit + tag[place + 1 :]
        for place in range(len(tag) - 9, len(tag))
        for digit in digits
        if digit != tag[place]
    ]


def one_letter_replaced(tag: str) -> list[str]:
    return [
        tag[:place] + letter + tag[place + 1 :]
        for place in range(len(tag) - 9)
        for letter in ascii_uppercase
        if letter != tag[place]
    ]


def neighbours_changed_places(tag: str) -> list[str]:
    """Digits with digits and letters with letters; a letter and a digit would break the shape."""
    return [
        tag[:place] + right + left + tag[place + 2 :]
        for place, (left, right) in enumerate(pairwise(tag))
        if left != right and left.isdigit() == right.isdigit()
    ]


def test_a_tag_is_prefix_seven_digits_and_two_check_digits() -> None:
    assert make_tag("ES", 1234) == "ES000123430"
    assert make_tag("ES", 9_999_999) == "ES999999915"
    assert make_tag("KENT", 1) == "KENT0000001" + mod_97_10.calc_check_digits("KENT0000001")


@settings(deadline=None)
@given(prefixes, numbers)
def test_the_check_digits_are_those_of_an_independent_iso_7064_mod_97_10(prefix: str, number: int) -> None:
    tag = make_tag(prefix, number)
    assert mod_97_10.is_valid(tag)
    assert tag[-2:] == mod_97_10.calc_check_digits(tag[:-2])


@pytest.mark.parametrize("number", [0, -1, 10_000_000, True])
def test_a_number_out_of_range_is_refused_with_the_range(number: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 9,999,999"):
        make_tag("ES", number)


@pytest.mark.parametrize("prefix", ["", "E", "ABCDE", "es", "E5", "E ", "ÉS", "ES\n", "\uff25\uff33"])
def test_a_prefix_that_is_not_two_to_four_capitals_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="2 to 4 capital letters"):
        make_tag(prefix, 1)
    with pytest.raises(ValueError, match="2 to 4 capital letters"):
        read_tag("ES000123430", prefix=prefix)


@settings(deadline=None)
@given(tags)
def test_a_tag_reads_as_ours(tag: str) -> None:
    assert read_tag(tag, prefix=letters_of(tag)) == TagReading(TagKind.OURS, tag=tag)


@settings(deadline=None)
@given(tags)
def test_the_form_for_people_reads_as_ours_too(tag: str) -> None:
    shown = display(tag)
    assert shown == f"{tag[:-9]}-{tag[-9:-2]}-{tag[-2:]}"
    assert normalise(shown) == tag
    assert read_tag(shown, prefix=letters_of(tag)).tag == tag


@pytest.mark.parametrize(
    "typed",
    [
        "es000123430",
        "Es-0001234-30",
        " ES 000 1234 30 ",
        "ES\u20130001234\u201130",
        "E S-0-0-0-1-2-3-4-3-0",
        "ES\u00a000012\u202f3430",
    ],
)
def test_small_letters_blanks_and_dashes_are_tolerated(typed: str) -> None:
    assert read_tag(typed, prefix="ES").tag == "ES000123430"


@settings(deadline=None)
@given(
    tags,
    st.sampled_from(["", "]C0", "]C1", "]c1", "]A0", "]A7"]),
    st.booleans(),
    st.sampled_from(["", "\r", "\n", "\r\n", "\t", " \t\r\n"]),
    st.booleans(),
)
def test_what_a_scanner_sends_around_a_tag_changes_nothing(
    tag: str, identifier: str, starred: bool, ending: str, small: bool
) -> None:
    label = tag.lower() if small else tag
    sent = identifier + (f"*{label}*" if starred else label) + ending
    assert bare(sent) == label
    assert read_tag(sent, prefix=letters_of(tag)) == TagReading(TagKind.OURS, tag=tag)


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ("*ES000123430", "*ES000123430"),
        ("ES000123430*", "ES000123430*"),
        ("**ES000123430**", "*ES000123430*"),
        ("*]C1ES000123430*", "]C1ES000123430"),
        ("]C1]C1ES000123430", "]C1ES000123430"),
        ("]E0ES000123430", "]E0ES000123430"),
        ("]C5ES000123430", "]C5ES000123430"),
        ("~ES000123430", "~ES000123430"),
        ("ES000123430\x1d", "ES000123430\x1d"),
        ("**", "**"),
    ],
)
def test_nothing_else_is_taken_off_and_the_rest_is_not_ours(sent: str, left: str) -> None:
    assert bare(sent) == left
    assert read_tag(sent, prefix="ES").kind is not TagKind.OURS


@settings(deadline=None)
@given(tags)
def test_every_single_wrong_digit_is_detected(tag: str) -> None:
    for wrong in one_digit_replaced(tag):
        reading = read_tag(wrong, prefix=letters_of(tag))
        assert reading == TagReading(TagKind.MISTYPED, fault=TagFault.CHECK_DIGITS)


@settings(deadline=None)
@given(tags)
def test_every_two_neighbours_that_changed_places_are_detected(tag: str) -> None:
    for wrong in neighbours_changed_places(tag):
        assert read_tag(wrong, prefix=letters_of(tag)).kind is TagKind.MISTYPED


@settings(deadline=None)
@given(tags)
def test_every_single_wrong_letter_of_our_prefix_is_detected_as_mistyped_and_not_as_another_service(tag: str) -> None:
    for wrong in one_letter_replaced(tag):
        reading = read_tag(wrong, prefix=letters_of(tag))
        assert reading == TagReading(TagKind.MISTYPED, fault=TagFault.PREFIX)


def test_all_single_slips_of_a_hundred_tags_are_detected_without_exception() -> None:
    slips = undetected = 0
    for number in range(1, 9_999_999, 99_999):
        tag = make_tag("ES", number)
        wrong = [*one_digit_replaced(tag), *one_letter_replaced(tag), *neighbours_changed_places(tag)]
        slips += len(wrong)
        undetected += sum(map(is_tag, wrong))
    assert slips > 13_000
    assert undetected == 0


@settings(deadline=None)
@given(tags)
def test_of_the_hundred_pairs_of_check_digits_exactly_one_fits(tag: str) -> None:
    assert [pair for pair in range(100) if is_tag(f"{tag[:-2]}{pair:02d}")] == [int(tag[-2:])]


@pytest.mark.parametrize(
    "typed", ["ESO00123430", "ES-OOO1234-30", "es000l23430", "ES000I23430", "ES00012343O", "ES0O0123430"]
)
def test_a_letter_that_looks_like_a_digit_is_mistyped_and_never_guessed(typed: str) -> None:
    assert read_tag(typed, prefix="ES") == TagReading(TagKind.MISTYPED, fault=TagFault.LETTER_FOR_DIGIT)


@pytest.mark.parametrize("typed", ["ES00012343", "ES0001234", "ES0000123430", "ES00001234300"])
def test_a_digit_too_few_or_too_many_is_mistyped(typed: str) -> None:
    assert read_tag(typed, prefix="ES") == TagReading(TagKind.MISTYPED, fault=TagFault.LENGTH)


def test_the_number_nought_is_never_ours_even_with_its_right_check_digits() -> None:
    nought = "ES0000000" + mod_97_10.calc_check_digits("ES0000000")
    assert read_tag(nought, prefix="ES").kind is TagKind.MISTYPED
    assert not is_tag(nought)


def test_check_digits_that_leave_the_same_remainder_but_are_never_made_are_refused() -> None:
    twin = next(tag for tag in (make_tag("ES", number) for number in range(1, 2_000)) if tag.endswith("02"))
    assert mod_97_10.is_valid(twin[:-2] + "99")
    assert read_tag(twin[:-2] + "99", prefix="ES").kind is TagKind.MISTYPED


@settings(deadline=None)
@given(tags, prefixes)
def test_another_services_tag_is_known_as_such(tag: str, ours: str) -> None:
    assume(letters_of(tag) != ours)
    assert read_tag(tag, prefix=ours) == TagReading(TagKind.OTHER_SERVICE, tag=tag)


def test_another_services_label_need_not_reckon_check_digits_as_we_do() -> None:
    assert read_tag("XX-0000001-99", prefix="ES") == TagReading(TagKind.OTHER_SERVICE, tag="XX000000199")


def test_a_longer_prefix_that_begins_with_ours_is_another_service() -> None:
    tag = make_tag("ESX", 1234)
    assert read_tag(tag, prefix="ES") == TagReading(TagKind.OTHER_SERVICE, tag=tag)


@pytest.mark.parametrize("text", GS1_TEXTS)
def test_a_makers_gs1_text_is_not_a_tag(text: str) -> None:
    assert read_tag(text, prefix="ES") == NOT_A_TAG


@pytest.mark.parametrize(
    "text", ["CMD-RETURN", "ES", "ES-12", "ESSEX COUNTY", "ESSOBILGQ", "A000123430", "wheelchair", "\u2194"]
)
def test_any_other_text_is_not_a_tag(text: str) -> None:
    assert read_tag(text, prefix="ES") == NOT_A_TAG


@pytest.mark.parametrize(
    "text",
    [
        "ES\uff10\uff10\uff10123430",  # full-width noughts
        "ES\u0660\u0660\u0660123430",  # Arabic-Indic noughts
        "\uff25\uff33000123430",  # full-width letters
        "E\u017f000123430",  # a long s, which str.upper would make an S
        "ES00012343\u2070",  # a superscript nought, which str.isdigit would take
        "\u0415\u0405000123430",  # Cyrillic letters of the same look
    ],
)
def test_characters_of_other_alphabets_never_pass_as_ours(text: str) -> None:
    assert read_tag(text, prefix="ES") == NOT_A_TAG


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "--- -",
        "\x1d",
        "9" * 101,
        "ES000123430" * 91,
        "ES0001\n23430",
        "ES000123430\x0b",
        "]C1",
        "* *",
        "ES\x00000123430",
        "ES000123430\x7f",
        "\x1b[31mES000123430",
        "ES000\u200b123430",  # a zero-width space, from a web page
        "\u202eES000123430",  # right-to-left override
        "ES000123430\ud800",  # half a character, which no database stores
    ],
)
def test_what_no_label_carries_is_not_a_barcode(raw: str) -> None:
    assert read_tag(raw, prefix="ES") == NOT_A_BARCODE


def test_a_hundred_characters_are_still_a_barcode() -> None:
    assert read_tag("9" * 100, prefix="ES") == NOT_A_TAG


@settings(deadline=None)
@given(st.text(max_size=120))
@example("\x1d\x1d")
@example("ES" + "0" * 9)
def test_any_text_at_all_gets_one_consistent_reading(raw: str) -> None:
    reading = read_tag(raw, prefix="ES")
    assert (reading.tag is not None) == (reading.kind in {TagKind.OURS, TagKind.OTHER_SERVICE})
    assert (reading.fault is not None) == (reading.kind is TagKind.MISTYPED)
    if reading.kind is TagKind.OURS:
        assert reading.tag == normalise(bare(raw))
        assert is_tag(reading.tag)


@pytest.mark.parametrize("text", ["CMD-RETURN", "", "0110080196546992", "ES-12"])
def test_what_is_not_a_tag_is_displayed_as_it_is(text: str) -> None:
    assert display(text) == text
