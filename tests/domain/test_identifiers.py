"""NHS numbers and GTINs: right ones in every usual spelling, wrong ones with a sentence that helps."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import ean
from stdnum.gb import nhs

from app.domain.identifiers import NHS_NUMBER_EXAMPLE, check_gtin, check_nhs_number, check_postcode

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "nhs_numbers.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: str(vector["input"]))
def test_a_right_nhs_number_comes_back_as_ten_digits(vector: dict[str, str]) -> None:
    assert check_nhs_number(vector["input"]) == vector["normalised"]


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: str(vector["reason"]))
def test_a_wrong_nhs_number_is_refused_with_the_reason(vector: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=vector["says"]):
        check_nhs_number(vector["input"])


@pytest.mark.parametrize("raw", ["4865447041", "123456789012", "A999000001"])
def test_a_refusal_never_repeats_the_number_because_it_is_personal_data(raw: str) -> None:
    with pytest.raises(ValueError) as refused:
        check_nhs_number(raw)
    assert raw not in str(refused.value)


@pytest.mark.parametrize("digit", "0123456789")
def test_ten_equal_digits_stand_for_not_known_and_are_refused(digit: str) -> None:
    with pytest.raises(ValueError, match="Ten equal digits"):
        check_nhs_number(digit * 10)


@pytest.mark.parametrize(
    "raw",
    [
        "\uff19434765870",
        "943\n476\n5870",
        "943--476--5870",
        "943  476 5870",
        "-9434765870",
        "943476587\u2070",
        "9.43e9",
    ],
)
def test_other_digits_and_other_separators_are_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="written with digits"):
        check_nhs_number(raw)


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{10}", fullmatch=True).filter(lambda number: len(set(number)) > 1))
def test_the_nhs_check_digit_agrees_with_an_independent_one(number: str) -> None:
    try:
        ours = check_nhs_number(number) == number
    except ValueError:
        ours = False
    assert ours == nhs.is_valid(number)


@settings(deadline=None)
@given(st.from_regex(r"9[0-9]{8}", fullmatch=True))
def test_no_last_digit_fits_two_ways_and_one_wrong_digit_never_passes(stem: str) -> None:
    fitting = [stem + last for last in "0123456789" if nhs.is_valid(stem + last) and len(set(stem + last)) > 1]
    assert len(fitting) <= 1
    for number in fitting:
        for place, digit in enumerate(number):
            other = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
            with pytest.raises(ValueError, match=r"does not fit|equal digits"):
                check_nhs_number(other)


def test_the_example_in_the_sentences_is_itself_right_and_never_issued() -> None:
    assert check_nhs_number(NHS_NUMBER_EXAMPLE).startswith("9")


@pytest.mark.parametrize(
    ("raw", "fourteen"),
    [
        ("10080196546992", "10080196546992"),  # a bed's UDI-DI in AccessGUDID
        ("7032069804988", "07032069804988"),
        ("614141123452", "00614141123452"),
        ("96385074", "00000096385074"),
        ("5 012345 678900", "05012345678900"),
        (" 05012345-678900 ", "05012345678900"),
    ],
)
def test_a_gtin_of_any_length_comes_back_in_its_fourteen_digit_form(raw: str, fourteen: str) -> None:
    assert check_gtin(raw) == fourteen


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "digits only"),
        ("EAN", "digits only"),
        ("0501234567890\u0660", "digits only"),
        ("501 2345-678900", "digits only"),
        ("501234567891", "does not fit"),
        ("5012345678901", "does not fit"),
        ("123456789", "This has 9"),
        ("0" * 14, "row of zeros"),
        ("9" * 1000, "This has 1000"),
    ],
)
def test_a_wrong_gtin_is_refused_with_the_reason(raw: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_gtin(raw)


@settings(deadline=None)
@given(st.from_regex(r"[1-9][0-9]{12}", fullmatch=True))
def test_the_gtin_check_digit_agrees_with_an_independent_one(number: str) -> None:
    try:
        ours = check_gtin(number) == "0" + number
    except ValueError:
        ours = False
    assert ours == ean.is_valid(number)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("me14 1xq", "ME14 1XQ"),
        ("ME141XQ", "ME14 1XQ"),
        (" m1 1ae ", "M1 1AE"),
        ("B33 8TH", "B33 8TH"),
        ("CR2 6XH", "CR2 6XH"),
        ("DN55 1PT", "DN55 1PT"),
        ("W1A 1HQ", "W1A 1HQ"),
        ("EC1A 1BB", "EC1A 1BB"),
    ],
)
def test_a_postcode_is_written_as_royal_mail_does(typed: str, written: str) -> None:
    assert check_postcode(typed) == written


@pytest.mark.parametrize(
    "typed", ["", "ME14", "1XQ", "ME14 1X", "ME14 1CQ", "QQ1 1AA", "ME14 1XQ2", "\uff2d\uff2514 1XQ", "\x00"]
)
def test_what_has_no_shape_of_a_postcode_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match="such as ME14 1XQ"):
        check_postcode(typed)
