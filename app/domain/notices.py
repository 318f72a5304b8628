"""Whether a safety notice covers an item: affected, possible, or not affected, and why. Missing data never clears.

Each single condition gives a finding (`notice_products.py` has what they are, and those on the catalogue). They are
ordered: what is out, what is not known, what is in. So "all of" is the least of them and "any of" the greatest. The
same findings come from SQL for the whole register (`app/matching.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.domain.goods import serial_key, span
from app.domain.maker_names import ALWAYS, FIRST, LAST, MakerNames, Periods
from app.domain.notice_conditions import (
    Categories,
    DateKind,
    DateRange,
    DeviceIds,
    Feature,
    Leaf,
    Makers,
    Marking,
    Models,
    NumberList,
    NumberPattern,
    NumberRange,
    OlderThan,
    PartFitted,
    ProductCodes,
    TogetherWith,
    Unmarked,
    Unpublished,
    core_of,
)
from app.domain.notice_products import IS_IN, Finding, ProductFacts, ProductFinder, is_other_product
from app.domain.notice_scope import All, AnyOf, Line, Node, Scope, question_of
from app.domain.serials import lot_key, shape_of
from app.domain.written_numbers import bare_number, forms_of, has_digit


class Result(StrEnum):
    """What a notice means for an item."""

    AFFECTED = "affected"
    POSSIBLE = "possible"
    NOT_AFFECTED = "not_affected"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is recorded of an item.

    `parts`: number and day of each part that a repair put in. `together`: what else those who have it have.
    `nearby`: the same of what is in the same postcode and perhaps in the same house, and since when both are there.
    `answers`: what was seen on inspection, by the question, and `seen_at` when.
    """

    product: ProductFacts
    received_on: date
    serial_number: str | None = None
    lot_number: str | None = None
    manufactured_on: date | None = None
    manufactured_precision: str | None = None
    dispatched_on: date | None = None
    udi_di: str | None = None
    parts: tuple[tuple[str, date], ...] = ()
    together: tuple[ProductFacts, ...] = ()
    nearby: tuple[tuple[ProductFacts, datetime], ...] = ()
    answers: Mapping[str, bool] = field(default_factory=dict)
    seen_at: Mapping[str, datetime] = field(default_factory=dict)

    def days_of(self, kind: DateKind) -> tuple[date, date, bool]:
        """The first and the last day on which it can have happened, and whether that is recorded of it.

        What is not recorded lies between other days: it was made before the maker sent it out, and that was before it
        came to us.
        """
        if kind is DateKind.RECEIVED:
            return self.received_on, self.received_on, True
        made = span(self.manufactured_on, self.manufactured_precision) if self.manufactured_on else None
        if kind is DateKind.MANUFACTURED:
            return (*made, True) if made else (FIRST, min(self.dispatched_on or LAST, self.received_on), False)
        if self.dispatched_on:
            return self.dispatched_on, self.dispatched_on, True
        return made[0] if made else FIRST, self.received_on, False


@dataclass(frozen=True, slots=True)
class Asking:
    """With what it is asked: the makers' names, the day, and whether the line leaves out, which wants evidence."""

    names: MakerNames
    today: date
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What a notice means for an item. `findings`: by the number of each line that had a say, one for each leaf."""

    result: Result
    findings: Mapping[int, tuple[int, ...]]


def match(scope: Scope, item: ItemFacts, *, names: MakerNames, today: date) -> Match:
    """Whether the scope covers the item, as of a day."""
    return decide(
        scope, {number: find_all(line, item, names=names, today=today) for number, line in enumerate(scope.lines)}
    )


def decide(scope: Scope, found: Mapping[int, tuple[int, ...]]) -> Match:
    """What follows from the findings on the lines, by their number; one that rules the product out may be missing."""
    values = {number: value_of(scope.lines[number].condition, findings) for number, findings in found.items()}
    return Match(conclude(scope, values), {number: found[number] for number in _deciding(scope, values)})


def find_all(line: Line, item: ItemFacts, *, names: MakerNames, today: date) -> tuple[int, ...]:
    """What is found on each leaf of a line."""
    asking = Asking(names, today, strict=line.is_exclude)
    return tuple(int(find(leaf, item, asking)) for leaf in line.leaves)


def value_of(node: Node, findings: Sequence[int]) -> int:
    """The finding on a node from those on its leaves, in their order."""
    return _value(node, iter(findings))


def conclude(scope: Scope, values: Mapping[int, int]) -> Result:
    """The result, from the value of each line. A line that leaves out wins only when it is in."""
    excluded = [value for number, value in values.items() if scope.lines[number].is_exclude]
    included = [value for number, value in values.items() if not scope.lines[number].is_exclude]
    if any(value >= IS_IN for value in excluded):
        return Result.NOT_AFFECTED
    return result_of(max(included, default=0))


def result_of(value: int) -> Result:
    """What the value of a line, or of a condition, means."""
    if value >= IS_IN:
        return Result.AFFECTED
    return Result.POSSIBLE if value > Finding.OUT else Result.NOT_AFFECTED


def _deciding(scope: Scope, values: Mapping[int, int]) -> list[int]:
    """The lines that made the result: those that leave it out; else those that include it most."""
    out = [number for number, value in values.items() if scope.lines[number].is_exclude and value >= IS_IN]
    included = [number for number in values if not scope.lines[number].is_exclude]
    best = max((result_of(values[number]) for number in included), key=_RANK.__getitem__, default=Result.NOT_AFFECTED)
    if out and best is not Result.NOT_AFFECTED:
        return out
    return [number for number in included if result_of(values[number]) is best]


_RANK = {Result.NOT_AFFECTED: 0, Result.POSSIBLE: 1, Result.AFFECTED: 2}


def _value(node: Node, findings: Any) -> int:
    if isinstance(node, All):
        return min([_value(child, findings) for child in node.of])
    if isinstance(node, AnyOf):
        return max([_value(child, findings) for child in node.of])
    return int(next(findings))


def find(leaf: Leaf, item: ItemFacts, asking: Asking) -> Finding:
    """What is found on one condition."""
    return _FINDERS[type(leaf)](leaf, item, asking)


def _product(leaf: Leaf, item: ItemFacts, asking: Asking) -> Finding:
    found = ProductFinder(asking.names).find(leaf, item.product)
    if found.periods == ALWAYS:
        return found.finding
    return _AS_ALIAS[_in_periods(item.days_of(DateKind.MANUFACTURED), found.periods, strict=asking.strict)]


_AS_ALIAS = {
    Finding.OUT: Finding.OUT,
    Finding.MISSING: Finding.UNDATED,
    Finding.OPEN: Finding.UNDATED,
    Finding.IN: Finding.ALIAS,
    Finding.OVERLAPS: Finding.ALIAS,
    Finding.IMPLIED: Finding.ALIAS,
}


def _device(leaf: DeviceIds, item: ItemFacts, asking: Asking) -> Finding:
    """The item's own identifier counts before those of its product."""
    if not item.udi_di:
        return _product(leaf, item, asking)
    return Finding.IN if core_of(item.udi_di) in leaf.cores else Finding.OUT


def _key(marking: Marking, item: ItemFacts) -> str:
    """The key of its serial number or lot; empty when that is not recorded."""
    written = _written(marking, item)
    return serial_key(written) if marking is Marking.SERIAL else lot_key(written)


def _written(marking: Marking, item: ItemFacts) -> str:
    """Its serial number or lot as it is recorded."""
    return (item.serial_number if marking is Marking.SERIAL else item.lot_number) or ""


def _number_range(leaf: NumberRange, item: ItemFacts, _: Asking) -> Finding:
    key = _key(leaf.marking, item)
    if not key:
        return Finding.MISSING
    if shape_of(key) != leaf.keys.shape:
        return Finding.OTHER_SHAPE
    if leaf.keys.holds(key):
        return Finding.OTHER_YEAR if leaf.keys.year not in {None, key[-4:]} else Finding.IN
    written, loose = _written(leaf.marking, item), leaf.keys.loose
    if any(shape_of(form) == loose.shape and loose.holds(form) for form in forms_of(written)):
        return Finding.AMONG
    return Finding.OUT if shape_of(bare_number(written)) == loose.shape else Finding.OTHER_SHAPE


def _number_list(leaf: NumberList, item: ItemFacts, _: Asking) -> Finding:
    key = _key(leaf.marking, item)
    if not key:
        return Finding.MISSING
    if key in leaf.keys:
        return Finding.IN
    written = _written(leaf.marking, item)
    return _not_found(written, is_among=not leaf.loose.isdisjoint(forms_of(written)))


def _number_pattern(leaf: NumberPattern, item: ItemFacts, _: Asking) -> Finding:
    key = _key(leaf.marking, item)
    if not key:
        return Finding.MISSING
    if leaf.keys.holds(key):
        return Finding.IN
    written, loose = _written(leaf.marking, item), leaf.keys.loose
    return _not_found(written, is_among=any(map(loose.holds, forms_of(written))))


def _not_found(written: str, *, is_among: bool) -> Finding:
    """Of a number that is not covered as it stands: what has more around it, or is no number, may be."""
    if is_among:
        return Finding.AMONG
    return Finding.OUT if has_digit(written) else Finding.OTHER_SHAPE


def _unmarked(leaf: Unmarked, item: ItemFacts, asking: Asking) -> Finding:
    """That nothing is recorded speaks for it; for leaving the item out it proves nothing."""
    if _key(leaf.marking, item):
        return Finding.OUT if has_digit(_written(leaf.marking, item)) else Finding.OPEN
    return Finding.OPEN if asking.strict else Finding.ABSENT


def _date_range(leaf: DateRange, item: ItemFacts, asking: Asking) -> Finding:
    period = leaf.first or FIRST, leaf.last or LAST
    return _in_periods(item.days_of(leaf.kind), (period,), strict=asking.strict)


def _older_than(leaf: OlderThan, item: ItemFacts, asking: Asking) -> Finding:
    return _date_range(leaf.made_before(asking.today), item, asking)


def _in_periods(days: tuple[date, date, bool], periods: Periods, *, strict: bool) -> Finding:
    """Recorded days that overlap count; inferred ones, and all where it is about leaving out, must lie within."""
    first, last, recorded = days
    if first > last:
        return Finding.MISSING
    if not any(begins <= last and first <= ends for begins, ends in periods):
        return Finding.OUT
    if any(begins <= first and last <= ends for begins, ends in periods):
        return Finding.IN if recorded else Finding.IMPLIED
    if not recorded:
        return Finding.MISSING
    return Finding.OPEN if strict else Finding.OVERLAPS


def _looked_at(leaf: Leaf, item: ItemFacts, _: Asking) -> Finding:
    answer = item.answers.get(question_of(leaf) or "")
    if answer is None:
        return Finding.INSPECT
    return Finding.SEEN if answer else Finding.OUT


def _part_fitted(leaf: PartFitted, item: ItemFacts, asking: Asking) -> Finding:
    key, first, last = lot_key(leaf.part_number), leaf.first or FIRST, leaf.last or LAST
    if any(lot_key(number) == key and first <= day <= last for number, day in item.parts):
        return Finding.IN
    return _looked_at(leaf, item, asking)


def _together_with(leaf: TogetherWith, item: ItemFacts, asking: Asking) -> Finding:
    if any(is_other_product(leaf, product, asking.names) for product in item.together):
        return Finding.IN
    found = _looked_at(leaf, item, asking)
    at = item.seen_at.get(question_of(leaf) or "")
    came = [product for product, since in item.nearby if at is None or since > at]
    is_nearby = any(is_other_product(leaf, product, asking.names) for product in came)
    return Finding.NEARBY if found is Finding.OUT and is_nearby else found


_FINDERS: Mapping[type[Any], Callable[[Any, ItemFacts, Asking], Finding]] = {
    Makers: _product,
    Models: _product,
    ProductCodes: _product,
    Categories: _product,
    NumberRange: _number_range,
    NumberList: _number_list,
    NumberPattern: _number_pattern,
    DateRange: _date_range,
    DeviceIds: _device,
    OlderThan: _older_than,
    Unmarked: _unmarked,
    Feature: _looked_at,
    PartFitted: _part_fitted,
    TogetherWith: _together_with,
    Unpublished: _looked_at,
}
