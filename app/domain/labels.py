"""The asset tag: its grammar, its check digits, and what a scanned or typed text is. No drawing and no look-ups here.

A tag is the service's prefix (2 to 4 letters), seven digits and two check digits, written without blanks or dashes:
`ES000123430`. People see it as `ES-0001234-30`. The check digits are ISO/IEC 7064 MOD 97-10 over prefix and number with
A = 10 … Z = 35, as in an IBAN (ISO 13616) or a Legal Entity Identifier (ISO 17442).

What the check digits promise, because 97 is a prime that divides neither 10 nor 99 nor a difference of two characters:

* every single digit replaced by another digit is detected;
* every single letter replaced by another letter is detected;
* every two unequal adjacent digits, or letters, that changed places are detected;
* of all other errors 1 in 97 passes by chance, about 1 %.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_CHARACTERS: Final = 100
"""No label that a store meets carries more: a longer reading is two labels run together, or noise."""

HIGHEST_NUMBER: Final = 9_999_999

GROUP_SEPARATOR: Final = "\x1d"
"""The one control character of a label: it ends a field of variable length in a GS1 element string."""

_PREFIX = re.compile(r"[A-Z]{2,4}")
_TAG = re.compile(r"([A-Z]{2,4})([0-9]{7})([0-9]{2})")
_TWO_TAGS = re.compile(r"([A-Z]{2,4}[0-9]{9})([A-Z]{2,4}[0-9]{9})")
_NEARLY_THE_DIGITS = re.compile(r"[0-9OQDILZSGB]{7,11}")

# What a scanner may say before the label: which kind of barcode it read (ISO/IEC 15424), here Code 39, Code 128, Data
# Matrix or QR code, in small letters when its shift lock is on.
_SYMBOLOGY = re.compile(r"\](?:C[0-4]|A[0-7]|D[0-6]|Q[0-6])", re.IGNORECASE)

# Blanks and dashes as people type them and as word processors change them, and the 26 small letters. `str.upper` is not
# used, because it turns letters of other alphabets into ours (the long s of old print becomes S).
_NORMAL = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    " \u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
)

# Control (Cc), invisible (Cf) and surrogate (Cs) characters: no reader sends them, people cannot see them, and a NUL or
# a lone surrogate cannot even be stored.
_NEVER_ON_A_LABEL = frozenset({"Cc", "Cf", "Cs"})


class TagKind(StrEnum):
    """What a scanned or typed text is, as far as the text alone can tell."""

    OURS = "ours"
    OTHER_SERVICE = "other_service"
    MISTYPED = "mistyped"
    NOT_A_TAG = "not_a_tag"
    NOT_A_BARCODE = "not_a_barcode"


class TagFault(StrEnum):
    """Why a text that was meant to be one of our tags is not one."""

    CHECK_DIGITS = "check_digits"
    PREFIX = "prefix"
    LETTER_FOR_DIGIT = "letter_for_digit"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class TagReading:
    """What `read_tag` found. Only OURS and OTHER_SERVICE may carry a `tag`, only MISTYPED a `fault`."""

    kind: TagKind
    tag: str | None = None
    fault: TagFault | None = None


def make_tag(prefix: str, number: int) -> str:
    """The tag of item `number` (1 to 9,999,999) of the service with this prefix, in normal form.

    Raises ValueError for a prefix that is not 2 to 4 capital letters A to Z, and for a number out of range.
    """
    _check_prefix(prefix)
    if isinstance(number, bool) or not 1 <= number <= HIGHEST_NUMBER:
        raise ValueError(f"An asset tag's number is from 1 to {HIGHEST_NUMBER:,}, not {number!r}.")
    stem = f"{prefix}{number:07d}"
    return stem + _check_digits(stem)


def normalise(raw: str) -> str:
    """The text in capitals A to Z without blanks or dashes. Nothing else is changed, so any text is welcome."""
    return raw.translate(_NORMAL)


def bare(raw: str) -> str:
    """The text of the label, without what a scanner may be set to send around it, and nothing else taken away.

    That is: blanks, Tab and line ends on either side, the symbology identifier of Code 39, Code 128, Data Matrix or QR
    code before it, and the pair of asterisks in which Code 39 starts and stops.
    """
    text = raw.strip("\t\r\n ")
    identifier = _SYMBOLOGY.match(text)
    text = text[identifier.end() :] if identifier else text
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "*" else text


def display(tag: str) -> str:
    """The tag for people, in groups: `ES-0001234-30`. A text that is not of the tag's shape comes back as it was."""
    shape = _TAG.fullmatch(normalise(tag))
    return "-".join(shape.groups()) if shape else tag


def is_tag(text: str) -> bool:
    """Whether the text is a tag of any service in normal form, with the right check digits."""
    shape = _TAG.fullmatch(text)
    return shape is not None and int(shape[2]) > 0 and shape[3] == _check_digits(shape[1] + shape[2])


def holds_a_tag(raw: str, *, prefix: str) -> bool:
    """Whether a text that is no tag of this service has one in it, or is two services' tags run together.

    That is how a key struck before a scan reads, or two scans with no Enter between them. Which of it was meant is not
    for us to guess.
    """
    text = normalise(bare(raw))
    own = re.compile(rf"(?={prefix}([0-9]{{9}}))")
    if any(is_tag(prefix + found[1]) for found in own.finditer(text)):
        return not is_tag(text)
    pair = _TWO_TAGS.fullmatch(text)
    return pair is not None and is_tag(pair[1]) and is_tag(pair[2])


def read_tag(raw: str, *, prefix: str) -> TagReading:
    """What a scanned or typed text is to the service with this prefix. Never raises for any `raw`.

    What the scanner sends around the label is taken off (`bare`), and small letters, blanks and dashes are tolerated.
    A letter O among the digits is **not** read as a zero, nor I as a one: that is MISTYPED. A scanner never makes that
    slip, so only a person is asked, and a person can look again; guessing would spend the check digits on the guess,
    and a second slip might then pick another item.

    A tag-shaped text with another prefix is OTHER_SERVICE whatever its check digits are, because other services may
    reckon theirs otherwise; except that it is MISTYPED when our prefix in its place would make it right.

    Raises ValueError for a `prefix` that is not 2 to 4 capital letters A to Z.
    """
    _check_prefix(prefix)
    label = bare(raw)
    if not _could_be_a_barcode(label):
        return TagReading(TagKind.NOT_A_BARCODE)
    text = normalise(label)
    shape = _TAG.fullmatch(text)
    if shape is None:
        return _read_other_shape(text, prefix)
    if shape[1] == prefix:
        return _read_own_shape(text)
    if not is_tag(text) and is_tag(prefix + shape[2] + shape[3]):
        return TagReading(TagKind.MISTYPED, fault=TagFault.PREFIX)
    return TagReading(TagKind.OTHER_SERVICE, tag=text)


def _read_own_shape(text: str) -> TagReading:
    if is_tag(text):
        return TagReading(TagKind.OURS, tag=text)
    return TagReading(TagKind.MISTYPED, fault=TagFault.CHECK_DIGITS)


def _read_other_shape(text: str, prefix: str) -> TagReading:
    """Our prefix followed by nearly nine digits was meant to be a tag; anything else is something else."""
    rest = text.removeprefix(prefix)
    if rest == text or not _NEARLY_THE_DIGITS.fullmatch(rest) or sum(map(str.isdigit, rest)) < 5:
        return TagReading(TagKind.NOT_A_TAG)
    fault = TagFault.LENGTH if rest.isdigit() else TagFault.LETTER_FOR_DIGIT
    return TagReading(TagKind.MISTYPED, fault=fault)


def _could_be_a_barcode(raw: str) -> bool:
    if len(raw) > MOST_CHARACTERS or not normalise(raw).strip():
        return False
    return not any(
        unicodedata.category(character) in _NEVER_ON_A_LABEL for character in raw if character != GROUP_SEPARATOR
    )


def _check_prefix(prefix: str) -> None:
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"An asset tag's prefix is 2 to 4 capital letters A to Z, not {prefix!r}.")


def _check_digits(stem: str) -> str:
    """Two digits that make the whole, read as one number with A = 10 … Z = 35, leave 1 when divided by 97."""
    as_number = "".join(str(int(character, 36)) for character in stem)
    return f"{98 - int(as_number + '00') % 97:02d}"
