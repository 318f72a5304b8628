"""A notice's scope in the shape in which the API gives and takes it. The way back is `notice_parsing.py`."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.notice_conditions import (
    DateRange,
    DeviceIds,
    Feature,
    Marking,
    NumberList,
    NumberPattern,
    NumberRange,
    OlderThan,
    PartFitted,
    TogetherWith,
    Unmarked,
    Unpublished,
)
from app.domain.notice_scope import All, AnyOf, Line, Node, Scope

Json = dict[str, Any]


def scope_as_json(scope: Scope) -> list[Json]:
    """The lines. Read again, they are the same scope."""
    return [line_as_json(line) for line in scope.lines]


def line_as_json(line: Line) -> Json:
    """One line; `where` is left out where there is none."""
    lists = {
        "manufacturers": list(line.manufacturers),
        "models": list(line.models),
        "product_codes": list(line.product_codes),
        "categories": list(line.categories),
    }
    return {"effect": line.effect.value, **lists, **({"where": node_as_json(line.where)} if line.where else {})}


def node_as_json(node: Node) -> Json:
    """One condition, or several."""
    return _WRITERS[type(node)](node)


def _number_range(leaf: NumberRange) -> Json:
    ends = _ends(leaf.low, leaf.high, low_included=leaf.keys.low_included, high_included=leaf.keys.high_included)
    return {f"{leaf.marking.value}_range": ends}


def _date_range(leaf: DateRange) -> Json:
    low, high = (end.written if end else None for end in (leaf.low, leaf.high))
    ends = _ends(low, high, low_included=leaf.low_included, high_included=leaf.high_included)
    return {"date": {"kind": leaf.kind.value, **ends}}


def _ends(low: str | None, high: str | None, *, low_included: bool, high_included: bool) -> Json:
    from_end: Json = {"from": low, "from_inclusive": low_included} if low else {}
    to_end: Json = {"to": high, "to_inclusive": high_included} if high else {}
    return from_end | to_end


def _part(leaf: PartFitted) -> Json:
    days = {"fitted_from": leaf.first, "fitted_to": leaf.last}
    return {"part": {"part_number": leaf.part_number} | {end: day.isoformat() for end, day in days.items() if day}}


def _together(leaf: TogetherWith) -> Json:
    lists = {"manufacturers": leaf.manufacturers, "models": leaf.models, "product_codes": leaf.product_codes}
    return {"together_with": {name: list(values) for name, values in lists.items() if values}}


_WRITERS: Mapping[type[Any], Callable[[Any], Json]] = {
    All: lambda node: {"all": [node_as_json(child) for child in node.of]},
    AnyOf: lambda node: {"any": [node_as_json(child) for child in node.of]},
    NumberRange: _number_range,
    NumberList: lambda leaf: {"serials" if leaf.marking is Marking.SERIAL else "lots": list(leaf.numbers)},
    NumberPattern: lambda leaf: {f"{leaf.marking.value}_pattern": leaf.written},
    DateRange: _date_range,
    DeviceIds: lambda leaf: {"udi_di": list(leaf.gtins)},
    OlderThan: lambda leaf: {"older_than_years": leaf.years},
    Unmarked: lambda leaf: {"unmarked": leaf.marking.value},
    Feature: lambda leaf: {"feature": leaf.question},
    PartFitted: _part,
    TogetherWith: _together,
    Unpublished: lambda _: {"unpublished_list": True},
}
