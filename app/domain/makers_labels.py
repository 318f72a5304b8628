"""What a maker's GS1 label says about an item, and what on it must not be believed. No parsing of barcodes here.

Other people's labels are read with tolerance and a warning. What may be wrong is named by its AI in `doubtful`: it is
never filled in for anybody and never stands as evidence, because a lot number that swallowed its neighbour would make
a recalled item look safe.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.gs1_text import Framing, LabelText, not_a_barcode
from app.domain.identifiers import check_gtin

GTIN: Final = "01"
LOT: Final = "10"
MADE_ON: Final = "11"
SERIAL: Final = "21"

AI_NAMES: Final = {GTIN: "GTIN", LOT: "lot number", MADE_ON: "day of manufacture", SERIAL: "serial number"}

# Where GS1 says that two elements shut each other out, or that one needs another (General Specifications, 4.13), as far
# as labels of devices carry them. A count (37) beside a GTIN is against the rules as well, but is found on real labels.
_SHUT_OUT: Final = (("01", "02"), ("21", "235"))
_NEEDED: Final = {"250": "21"}

_GTINS: Final = frozenset({"01", "02", "03"})

# An element of fixed length in the middle of a value: one of GS1's dates, or a GTIN (its check digit is tried).
_DATE_INSIDE = re.compile(r"1[1-35-7][0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])")
_GTIN_INSIDE = re.compile(r"(?=0[12]([0-9]{14}))")

# Two elements of open length that stand beside each other on devices: when one is missing, it may be in the other.
_NEIGHBOUR: Final = {LOT: SERIAL, SERIAL: LOT}

# GS1 General Specifications, 7.12: two digits of a year mean the one that is nearest, at most 49 past or 50 to come.
_YEARS_AHEAD: Final = 50


class LabelKind(StrEnum):
    """Whose label it is."""

    OURS = "ours"
    GS1 = "gs1"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Element:
    """One part of a GS1 label: its application identifier and its value. `is_open`: its length is not fixed."""

    ai: str
    value: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a label to look at: a stable kebab-case code and a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What a label says. `tag` only on ours, `elements` only on GS1; `doubtful`: the AIs that must not be believed."""

    kind: LabelKind
    tag: str | None = None
    elements: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    doubtful: frozenset[str] = frozenset()
    is_broken: bool = False

    @property
    def suspect(self) -> bool:
        """Whether something on it must not be believed, so that it can clear nothing."""
        return bool(self.doubtful) or self.is_broken


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What a label says about the item it is on, without what is doubtful. `precision`: day or month."""

    udi_di: str | None = None
    serial_number: str | None = None
    lot_number: str | None = None
    manufactured_on: date | None = None
    precision: str | None = None


def judge(elements: Sequence[Element], seen: LabelText, *, rest: str = "") -> LabelReading:
    """What these elements are worth. `rest`: what could not be read after them.

    Raises BadValue `not-a-barcode` when they cannot be a label: a wrong check digit, two labels in one reading,
    elements that shut each other out, a rest after elements of fixed length.
    """
    kept = list(elements)
    remarks = list(_remarks_on_the_outside(seen))
    if rest:
        kept = _before_the_missing_separator(kept, rest)
        remarks.append(Remark("separator-missing", f"“{rest[:20]}” cannot be read: {_SEPARATOR_MISSING}"))
    values = _values(kept)
    _check_together(values)
    doubts = dict(_find_doubts(kept, seen, values))
    return LabelReading(
        LabelKind.GS1,
        elements=values,
        remarks=(*remarks, *dict.fromkeys(doubts.values())),
        doubtful=frozenset(doubts),
        is_broken=bool(rest),
    )


def judge_number(digits: str, *, also: Sequence[Element] = ()) -> LabelReading | None:
    """A retail or carton barcode: its number is a GTIN (None: it is not). `also`: how else it could be read.

    Eight digits that can be one of GS1's dates are the date: the numbers from 11 to 17 are hardly given to products.
    """
    try:
        gtin = check_gtin(digits)
    except ValueError:
        return None
    if all(element.is_open for element in also):
        return LabelReading(LabelKind.GS1, elements={GTIN: gtin})
    is_date = len(also) == 1
    elements = _values(also) if is_date else {GTIN: gtin}
    detail = f"{digits} can be the number of a product or a GS1 date. Look at what is printed on the label."
    doubtful = frozenset[str]() if is_date else frozenset({GTIN})
    return LabelReading(LabelKind.GS1, None, elements, (Remark("two-meanings", detail),), doubtful)


def facts_of(reading: LabelReading, *, today: date) -> LabelFacts:
    """What the label says about its item; what is doubtful is left out."""
    sure = {ai: value for ai, value in reading.elements.items() if ai not in reading.doubtful}
    day, precision = read_date(sure[MADE_ON], today=today) if MADE_ON in sure else (None, None)
    return LabelFacts(sure.get(GTIN), sure.get(SERIAL), sure.get(LOT), day, precision)


def read_date(value: str, *, today: date) -> tuple[date, str]:
    """The day of a GS1 date YYMMDD and how exactly it is known. DD 00 means the month: its first day stands for it."""
    year, month, day = (int(value[place : place + 2]) for place in (0, 2, 4))
    year += today.year - today.year % 100
    if year - today.year > _YEARS_AHEAD:
        year -= 100
    elif year - today.year <= _YEARS_AHEAD - 100:
        year += 100
    return date(year, month, day or 1), "day" if day else "month"


_SEPARATOR_MISSING = "a separator is missing, on the label or in what the scanner sends. Type in what follows."


def _remarks_on_the_outside(seen: LabelText) -> Iterator[Remark]:
    if seen.is_repaired and seen.framing is Framing.PRINTED:
        yield Remark("braces-for-brackets", "Its elements stand in braces where GS1 has brackets.")
    elif seen.is_repaired:
        detail = "Another character stood in the separator's place and was read as it. The scanner's settings do that."
        yield Remark("separator-replaced", detail)


def _before_the_missing_separator(elements: list[Element], rest: str) -> list[Element]:
    """What is sure of a label that cannot be read to its end: all before the element that took too much."""
    sure = elements[:-1]
    if not elements or not elements[-1].is_open or not any(element.ai == GTIN for element in sure):
        raise not_a_barcode(f"“{rest[:20]}” is no element of a GS1 label. Scan the label again, or type what it says.")
    return sure


def _values(elements: Sequence[Element]) -> dict[str, str]:
    values: dict[str, str] = {}
    for element in elements:
        if values.setdefault(element.ai, element.value) != element.value:
            raise not_a_barcode(
                f"There are two elements ({element.ai}) in it: these are two labels. Scan one at a time."
            )
    return values


def _check_together(values: Mapping[str, str]) -> None:
    for ai in _GTINS & values.keys():
        try:
            check_gtin(values[ai])
        except ValueError as wrong:
            raise not_a_barcode(f"({ai}) {values[ai]}: {wrong}") from wrong
    for one, other in _SHUT_OUT:
        if one in values and other in values:
            raise not_a_barcode(f"A label has ({one}) or ({other}), never both. Scan one label at a time.")
    for one, other in _NEEDED.items():
        if one in values and other not in values:
            raise not_a_barcode(f"A label with ({one}) has ({other}) too; this was read half. Scan it again.")


def _find_doubts(
    elements: Sequence[Element], seen: LabelText, values: Mapping[str, str]
) -> Iterator[tuple[str, Remark]]:
    """Each AI whose value must not be believed, and why."""
    if not seen.is_marked and seen.framing is Framing.MESSAGE and elements[0].is_open:
        detail = f"Nothing on it says that it is a GS1 label: {seen.text} may be a serial number as it stands."
        for element in elements:
            yield element.ai, Remark("perhaps-not-gs1", detail)
    for element in elements:
        if element.is_open and (_holds_fixed(element.value) or _may_hold_neighbour(element, elements, seen, values)):
            name = AI_NAMES.get(element.ai, f"value of ({element.ai})")
            detail = (
                f"The {name} “{element.value}” may have swallowed what follows it. Look at the label and type it in."
            )
            yield element.ai, Remark("swallowed-field", detail)


def _holds_fixed(value: str) -> bool:
    if _DATE_INSIDE.search(value, 1):
        return True
    return any(_is_gtin(match[1]) for match in _GTIN_INSIDE.finditer(value, 1))


def _may_hold_neighbour(
    element: Element, elements: Sequence[Element], seen: LabelText, values: Mapping[str, str]
) -> bool:
    """Whether a lot may have the serial number in it, or the reverse: only where no separator came through at all."""
    neighbour = _NEIGHBOUR.get(element.ai)
    if neighbour is None or neighbour in values or seen.framing is not Framing.MESSAGE or seen.has_separator:
        return False
    return element is elements[-1] and element.value.find(neighbour, 1, -1) > 0


def _is_gtin(digits: str) -> bool:
    try:
        check_gtin(digits)
    except ValueError:
        return False
    return True
