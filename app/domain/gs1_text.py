"""What a scanner or a person hands over as a maker's label, and in which way its parts are told from each other.

Only the outside is read here: symbology identifier, separators, brackets. Which parts there are is the integration's to
say (`integrations/gs1.py`), what they mean is said in `makers_labels.py`.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.errors import BadValue
from app.domain.labels import GROUP_SEPARATOR

MOST_CHARACTERS: Final = 300
"""The longest device labels have about 150; beyond this it is several labels run together, or noise."""

FEWEST_CHARACTERS: Final = 4
"""Less is the rest of a label that was read half."""

SHOWN_SEPARATOR: Final = "\N{SYMBOL FOR GROUP SEPARATOR}"
"""How a page shows the separator, which cannot be seen, and takes it back: `shown` and `as_scanned` are inverse."""

# The symbology identifiers (ISO/IEC 15424) of barcodes that hold GS1 elements, and of those that hold a number alone.
_ELEMENTS_INSIDE = frozenset({"C1", "e0", "e1", "e2", "d2", "Q3", "J1"})
_NUMBER_INSIDE = frozenset({"E0", "E3", "E4", "I1"})
_SYMBOLOGY = re.compile(r"\]([A-Za-z][0-9A-Za-z])")

# What editors, keyboard layouts and drivers have put in the separator's place. None of them can be data (GS1's
# character set 82 has neither), so nothing is lost by reading them as the separator.
_STAND_INS = str.maketrans(dict.fromkeys("|↔", GROUP_SEPARATOR))

_BRACKETS = {"(": ")", "{": "}"}
_NEVER_ON_A_LABEL = frozenset({"Cc", "Cf", "Cs"})


class Framing(StrEnum):
    """How the parts of the text are told from each other."""

    MESSAGE = "message"  # as in the barcode: one element after the other, the separator after one of open length
    PRINTED = "printed"  # as under the barcode: (01)…(10)…
    LINK = "link"  # a web address with the elements in its path
    NUMBER = "number"  # a retail or carton barcode: the GTIN alone


@dataclass(frozen=True, slots=True)
class LabelText:
    """What was scanned, without what the scanner put around it.

    `is_marked`: the text itself says that it is GS1, by its symbology identifier, FNC1, a separator or its brackets.
    """

    framing: Framing
    text: str
    is_marked: bool
    has_separator: bool = False
    is_repaired: bool = False


def shown(raw: str) -> str:
    """The scan as a page can show it and be sent it back."""
    return raw.replace(GROUP_SEPARATOR, SHOWN_SEPARATOR)


def as_scanned(text: str) -> str:
    """The scan that `shown` was given, without blanks and line ends around it."""
    return text.strip("\t\r\n ").replace(SHOWN_SEPARATOR, GROUP_SEPARATOR)


def read_outside(raw: str) -> LabelText:
    """How the text is framed. Raises BadValue `not-a-barcode` for what no label carries."""
    text = as_scanned(raw)
    _check_it_can_be_on_a_label(text)
    identifier = _SYMBOLOGY.match(text)
    symbology = identifier[1] if identifier else ""
    text = text[identifier.end() :] if identifier else text
    if len(text) < FEWEST_CHARACTERS:
        raise not_a_barcode("This is too short for a label: it was read half, or is half printed. Scan it again.")
    if symbology in _NUMBER_INSIDE:
        return LabelText(Framing.NUMBER, text, is_marked=True)
    if text.lower().startswith(("https://", "http://")):
        return LabelText(Framing.LINK, text, is_marked=False)
    if text[0] in _BRACKETS:
        return LabelText(Framing.PRINTED, text, is_marked=True, is_repaired=text[0] == "{")
    return _message(text, is_marked=symbology in _ELEMENTS_INSIDE)


def split_printed(text: str) -> list[tuple[str, str]]:
    """The elements of the printed form, (AI, value) in order: `(17)221231(10)123`. Braces do as well as brackets.

    Blanks do not count. A bracket in a value is written with a backslash; one without it that opens no AI makes the
    whole unreadable, because a lot must never be cut in two. Raises BadValue `not-a-barcode`.
    """
    opening, closing = map(re.escape, (text[0], _BRACKETS[text[0]]))
    part = re.compile(rf"{opening}([0-9]{{2,4}}){closing}((?:\\[(){{}}]|[^\\{opening}])+)")
    whole = "".join(text.split())
    found, end = [], 0
    for match in part.finditer(whole):
        if match.start() != end:
            break
        found.append((match[1], re.sub(r"\\(.)", r"\1", match[2])))
        end = match.end()
    if end != len(whole):
        raise not_a_barcode(f"“{whole[end:][:20]}” is no element of a GS1 label. Each is (AI)value: (10)0329.")
    return found


def begins_late(text: str) -> bool:
    """Whether elements in brackets come after something else, as in `aaa(17)221231`."""
    return re.search(r"\([0-9]", text) is not None


def not_a_barcode(detail: str) -> BadValue:
    """The refusal of what no label carries."""
    return BadValue("not-a-barcode", detail)


def _message(text: str, *, is_marked: bool) -> LabelText:
    # In the notation of GS1's own tools ^ stands for FNC1; it is none when it is not the first character.
    if text.startswith("^"):
        text, is_marked = text.replace("^", GROUP_SEPARATOR), True
    whole = text.translate(_STAND_INS)
    is_repaired = whole != text
    is_marked = is_marked or GROUP_SEPARATOR in whole
    inside = whole.strip(GROUP_SEPARATOR)
    if not inside:
        raise not_a_barcode("There is nothing but separators in it. Scan the label again.")
    return LabelText(Framing.MESSAGE, inside, is_marked, GROUP_SEPARATOR in inside, is_repaired)


def _check_it_can_be_on_a_label(text: str) -> None:
    if not text:
        raise not_a_barcode("It is empty. Scan the label.")
    if len(text) > MOST_CHARACTERS:
        detail = f"No label carries more than {MOST_CHARACTERS} characters: scan one label at a time."
        raise not_a_barcode(detail)
    if any(unicodedata.category(one) in _NEVER_ON_A_LABEL for one in text if one != GROUP_SEPARATOR):
        raise not_a_barcode("It has characters that cannot be printed, so no label carries it. Scan the label again.")
    if text.startswith("="):
        raise not_a_barcode("This is a label of blood, tissue or cells (ICCBBA). No equipment carries it.")
