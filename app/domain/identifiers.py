"""What other bodies issue (NHS numbers, GTINs, postcodes) and how to tell a wrong one. No look-ups of who or what."""

import re
from typing import Final

NHS_NUMBER_EXAMPLE: Final = "943 476 5870"
"""From the range 900 to 999, which is never issued to a person."""

_POSTCODE: Final = re.compile(
    r"(GIR|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-Z]|[A-HK-Y][0-9][A-Z]))([0-9][ABD-HJLN-UW-Z]{2})"
)
_GTIN_LENGTHS: Final = (8, 12, 13, 14)


def check_nhs_number(raw: str) -> str:
    """The ten digits of an NHS number; blanks or dashes between them are tolerated, but not both kinds.

    Scotland's CHI number has the same length and check digit and passes too. Raises ValueError with a sentence for
    people that never repeats the number, which is personal data.

    Source of the check digit: NHS Data Model and Dictionary, attribute NHS NUMBER (modulus 11 with weights 10 to 2; a
    result of 11 counts as 0; a result of 10 is never issued). The algorithm accepts ten equal digits, all of which
    are used as "not known" in practice, so they are refused here.
    """
    digits = _without_separators(raw)
    if not digits:
        raise ValueError(f"Enter an NHS number, for example {NHS_NUMBER_EXAMPLE}.")
    if not _is_digits(digits):
        raise ValueError(
            f"An NHS number is written with digits, and with spaces or dashes between them: {NHS_NUMBER_EXAMPLE}."
        )
    if len(digits) != 10:
        raise ValueError(f"An NHS number has 10 digits, for example {NHS_NUMBER_EXAMPLE}. This has {len(digits)}.")
    if len(set(digits)) == 1:
        raise ValueError("Ten equal digits are not an NHS number. Leave it empty when the number is not known.")
    if int(digits[9]) != _nhs_check_digit(digits):
        raise ValueError(
            "This NHS number has a wrong digit, or two digits have changed places: its last digit does not fit. "
            "Check it against a letter or the client's record."
        )
    return digits


def check_gtin(raw: str) -> str:
    """The GTIN in its 14-digit form, from a GTIN-8, -12, -13 or -14; blanks or dashes are tolerated.

    Raises ValueError with a sentence for people. Source of the check digit: GS1 General Specifications, section 7.9
    (modulus 10 with weights 3 and 1 from the right). The device identifier (UDI-DI) of a GS1 label is a GTIN.
    """
    digits = _without_separators(raw)
    if not digits or not _is_digits(digits):
        raise ValueError("A GTIN is written with digits only, for example 05012345678900.")
    if len(digits) not in _GTIN_LENGTHS:
        raise ValueError(f"A GTIN has 8, 12, 13 or 14 digits. This has {len(digits)}.")
    gtin = digits.zfill(14)
    if int(gtin) == 0:
        raise ValueError("A row of zeros is not a GTIN. Leave it empty when the product has none.")
    if sum(int(digit) * weight for digit, weight in zip(gtin, (3, 1) * 7, strict=True)) % 10:
        raise ValueError(
            "This GTIN has a wrong digit, or two digits have changed places: its last digit does not fit. "
            "Check it against the label."
        )
    return gtin


def check_postcode(raw: str) -> str:
    """A UK postcode as it is written, in capitals with one blank: `me141xq` becomes `ME14 1XQ`.

    Checked for its shape, not for existence. Source of the shapes: Royal Mail, Programmers' Guide to the Postcode
    Address File (outward code of two to four characters, inward code of a digit and two letters without C, I, K, M, O
    and V). Raises ValueError with a sentence for people.
    """
    shape = _POSTCODE.fullmatch("".join(raw.split()).upper()) if raw.isascii() else None
    if shape is None:
        raise ValueError("Enter a full UK postcode, such as ME14 1XQ.")
    return f"{shape[1]} {shape[2]}"


def _without_separators(raw: str) -> str:
    """The text less single blanks, or less single dashes. With both kinds, or two in a row, it stays as it is."""
    text = raw.strip(" \u00a0")
    for separator in ("[ \u00a0]", "-"):
        joined = re.sub(f"(?<=[0-9]){separator}(?=[0-9])", "", text)
        if _is_digits(joined):
            return joined
    return text


def _is_digits(text: str) -> bool:
    """Digits 0 to 9 alone: `str.isdigit` would also take full-width and superscript ones."""
    return text.isascii() and text.isdigit()


def _nhs_check_digit(digits: str) -> int:
    """0 to 10; 10 fits no digit, so such a number is refused whatever its last digit is."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11
