"""A scope as a form without JSON: lines, each with its lists and with rows of conditions.

The fields of line 0 are `l0-effect`, `l0-models` and so on, those of its second condition `l0c1-kind`, `l0c1-from`,
`l0c1-to`, `l0c1-ends`, `l0c1-values`. What stands deeper than "all of" or "any of" is kept as it is in `l0-tree`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.domain.errors import Fault
from app.domain.notice_parsing import LISTS, MOST_LINES, read_scope
from app.domain.notice_scope import Words, line_in_words
from app.domain.serials import find_odd_ones, find_repeated, split_pasted
from app.web.forms import Form

KINDS: Final = (
    ("serial_range", "Serial numbers from … to …"),
    ("serials", "One of these serial numbers"),
    ("serial_pattern", "A serial number made like this"),
    ("lot_range", "Lots from … to …"),
    ("lots", "One of these lots"),
    ("lot_pattern", "A lot made like this"),
    ("manufactured", "Made between"),
    ("dispatched", "Sent out by the maker between"),
    ("received", "Received by us between"),
    ("older_than_years", "Made more than … years ago"),
    ("udi_di", "A device identifier (UDI-DI)"),
    ("unmarked_serial", "Without a serial number"),
    ("unmarked_lot", "Without a lot"),
    ("feature", "A question to look at on the item"),
    ("part", "Has a part that a repair put in"),
    ("together_with", "Used together with"),
    ("unpublished_list", "On a list that the maker gives on request"),
)
RANGES: Final = ("serial_range", "lot_range")
DATES: Final = ("manufactured", "dispatched", "received")
NUMBERS: Final = ("serials", "lots", "udi_di")
ENDS: Final = (
    ("both", "Both ends are covered"),
    ("from", "Only the first is covered, not the last"),
    ("to", "Only the last is covered, not the first"),
    ("neither", "Neither end is covered"),
)
OTHERS: Final = {"maker": "manufacturers", "model": "models", "product": "product_codes"}
MOST_ROWS: Final = 50
_NAME = re.compile(r"l(\d{1,3})(?:c(\d{1,3}))?-")


@dataclass(frozen=True, slots=True)
class Row:
    """A condition on the page: the beginning of its fields' names, and what is said of its list."""

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class LineOnPage:
    """A line on the page; `tree`: what only the API can write, in words."""

    name: str
    rows: tuple[Row, ...]
    tree: Words | None


def lines_on_page(form: Form) -> list[LineOnPage]:
    """The lines that the form has, at least one."""
    return [
        LineOnPage(
            f"l{line}",
            tuple(Row(f"l{line}c{row}", _said(form, f"l{line}c{row}")) for row in range(rows)),
            _tree(form.value(f"l{line}-tree")),
        )
        for line, rows in enumerate(_sizes(form))
    ]


def lines_of(form: Form) -> list[dict[str, Any]]:
    """What was typed, in the shape of the API."""
    return [_line(form, f"l{line}", rows) for line, rows in enumerate(_sizes(form))]


def fields_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """A scope as somebody would have typed it."""
    fields: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        name = f"l{number}"
        fields[f"{name}-effect"] = [line["effect"]]
        fields |= {f"{name}-{each}": ["\n".join(line[each])] for each in LISTS}
        join, conditions, tree = _split(line.get("where"))
        fields[f"{name}-join"] = [join]
        fields[f"{name}-tree"] = [json.dumps(tree) if tree else ""]
        for place, condition in enumerate(conditions):
            fields |= {f"{name}c{place}-{field}": [value] for field, value in _as_typed(condition).items()}
    return fields


def changed(form: Form, do: str) -> Form:
    """The form with a line or a condition more, or less: `add-line`, `add-condition-0`, `remove-line-0`,
    `remove-condition-0-1`, `remove-tree-0`."""
    typed, sizes = form.typed, _sizes(form)
    what, *places = do.rsplit("-", do.count("-") - 1) if do.count("-") > 1 else (do,)
    numbers = [int(place) for place in places if place.isascii() and place.isdigit()]
    line = numbers[0] if numbers and numbers[0] < len(sizes) else 0
    if what == "add-line" and len(sizes) < MOST_ROWS:
        typed[f"l{len(sizes)}-effect"] = ["include"]
    elif what == "add-condition" and sizes[line] < MOST_ROWS:
        typed[f"l{line}c{sizes[line]}-kind"] = [""]
    elif what == "remove-tree":
        typed[f"l{line}-tree"] = [""]
    elif what == "remove-line":
        typed = _without(typed, lambda at, _: at == line, line_gone=line)
    elif what == "remove-condition" and len(numbers) == 2:
        typed = _without(typed, lambda at, row: (at, row) == (line, numbers[1]), row_gone=(line, numbers[1]))
    return Form(typed)


def place_of(form: Form, fault: Fault) -> str | None:
    """The field that a fault is about, by its path within the lines."""
    number, *rest = fault.name.split(".")
    name = f"l{number}"
    if not rest:
        return f"{name}-effect"
    if rest[0] != "where":
        return f"{name}-{rest[0]}"
    path = rest[1:]
    if form.value(f"{name}-tree"):
        path = path[2:]  # `all`, and the tree's own place in it or that of the rows.
    rows = [row for row in range(_sizes(form)[int(number)]) if form.value(f"{name}c{row}-kind")]
    row = 0
    if path and path[0] in {"all", "any"}:
        row, path = int(path[1]) if len(path) > 1 else 0, path[2:]
    if row >= len(rows):
        return None
    end = path[-1].removeprefix("fitted_").removesuffix("_inclusive") if path else ""
    field = end if end in {"from", "to"} else "values" if path else "kind"
    if field == "values" and form.value(f"{name}c{rows[row]}-kind") in {*RANGES, *DATES}:
        field = "from"
    return f"{name}c{rows[row]}-{field}"


def _sizes(form: Form) -> list[int]:
    """How many conditions each line has."""
    sizes: dict[int, int] = {0: 0}
    for name in form.names:
        if found := _NAME.match(name):
            line, row = int(found[1]), int(found[2]) + 1 if found[2] else 0
            sizes[line] = max(sizes.get(line, 0), row)
    most = min(max(sizes), MOST_LINES - 1)
    return [sizes.get(line, 0) for line in range(most + 1)]


def _line(form: Form, name: str, rows: int) -> dict[str, Any]:
    lists = {each: _split_lines(form.value(f"{name}-{each}")) for each in LISTS}
    line: dict[str, Any] = {"effect": form.value(f"{name}-effect") or "include", **lists}
    typed = [_condition(form, f"{name}c{row}") for row in range(rows) if form.value(f"{name}c{row}-kind")]
    join = "all" if form.value(f"{name}-join") == "all" else "any"
    where = typed[0] if len(typed) == 1 else {join: typed} if typed else None
    tree = _read_tree(form.value(f"{name}-tree"))
    if tree is not None:
        where = {"all": [tree, *([where] if where else [])]} if where else tree
    return line | ({"where": where} if where else {})


def _condition(form: Form, name: str) -> dict[str, Any]:
    kind, low, high, values = (form.value(f"{name}-{field}").strip() for field in ("kind", "from", "to", "values"))
    ends = {"from": low} if low else {}
    ends |= {"to": high} if high else {}
    which = form.value(f"{name}-ends") or "both"
    between: dict[str, Any] = ends | {f"{end}_inclusive": which in {"both", end} for end in ends}
    if kind in DATES:
        return {"date": {"kind": kind, **between}}
    if kind.startswith("unmarked_"):
        return {"unmarked": kind.removeprefix("unmarked_")}
    if kind in RANGES:
        return {kind: between}
    if kind in NUMBERS:
        return {kind: split_pasted(values)}
    written: dict[str, Any] = {
        "older_than_years": int(values) if re.fullmatch("[0-9]{1,3}", values) else values,
        "part": {"part_number": values, **{f"fitted_{end}": day for end, day in ends.items()}},
        "together_with": _others(values),
        "unpublished_list": True,
    }
    return {kind: written.get(kind, values)}


def _others(values: str) -> dict[str, list[str]]:
    """`maker: Arjo`, `model: KS1019`, `product: BED-1`, a line each; a line without such a word is a model."""
    lists: dict[str, list[str]] = {}
    for line in _split_lines(values):
        word, _, name = line.partition(":")
        known = OTHERS.get(word.strip().lower())
        lists.setdefault(known or "models", []).append(name.strip() if known else line)
    return lists


def _split(where: Mapping[str, Any] | None) -> tuple[str, list[Mapping[str, Any]], Mapping[str, Any] | None]:
    """How the conditions of a line are joined, those that have a row, and what is deeper."""
    if where is None:
        return "any", [], None
    [(name, value)] = where.items()
    if name not in {"all", "any"}:
        return "any", [where], None
    if any({"all", "any"} & each.keys() for each in value) or len(value) > MOST_ROWS:
        return "any", [], where
    return name, value, None


def _as_typed(condition: Mapping[str, Any]) -> dict[str, str]:
    [(kind, value)] = condition.items()
    if kind == "date":
        return {"kind": value["kind"], **_ends_as_typed(value)}
    if kind in RANGES:
        return {"kind": kind, **_ends_as_typed(value)}
    if kind == "unmarked":
        return {"kind": f"unmarked_{value}"}
    if kind == "part":
        days = {end: value.get(f"fitted_{end}", "") for end in ("from", "to")}
        return {"kind": kind, "values": value["part_number"], **days}
    words = {many: one for one, many in OTHERS.items()}
    if isinstance(value, Mapping):
        value = [f"{words[name]}: {one}" for name in value for one in value[name]]
    text = "\n".join(value) if isinstance(value, list) else "" if value is True else str(value)
    return {"kind": kind, "values": text}


def _ends_as_typed(value: Mapping[str, Any]) -> dict[str, str]:
    low, high = value.get("from_inclusive", True), value.get("to_inclusive", True)
    ends = {(True, True): "both", (True, False): "from", (False, True): "to", (False, False): "neither"}[low, high]
    return {"from": value.get("from", ""), "to": value.get("to", ""), "ends": ends}


def _split_lines(values: str) -> list[str]:
    return [part.strip() for part in re.split(r"[\r\n]+", values) if part.strip()]


def _said(form: Form, name: str) -> str:
    """How many numbers a list has, which stand there twice, and which are not written like the others."""
    if form.value(f"{name}-kind") not in NUMBERS or not form.value(f"{name}-values").strip():
        return ""
    numbers = split_pasted(form.value(f"{name}-values"))
    twice = find_repeated(numbers)
    count = f"{len(numbers):,} number{'' if len(numbers) == 1 else 's'}"
    said = f"{count}; more than once: {', '.join(twice[:10])}" if twice else f"{count}, each once"
    odd = find_odd_ones(numbers)
    return f"{said}; not written like the others: {', '.join(odd[:10])}" if odd else said


def _read_tree(raw: str) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return raw  # Nobody types here; what is no tree is refused with the rest.


def _tree(raw: str) -> Words | None:
    if not raw:
        return None
    try:
        scope = read_scope([{"effect": "include", "where": _read_tree(raw)}])
    except Exception:
        return Words("What cannot be read. Remove it")
    return line_in_words(scope.lines[0]).under[0]


def _without(
    typed: Mapping[str, list[str]],
    is_gone: Any,
    *,
    line_gone: int | None = None,
    row_gone: tuple[int, int] | None = None,
) -> dict[str, list[str]]:
    """The fields without some; those behind move up."""
    kept: dict[str, list[str]] = {}
    for name, values in typed.items():
        found = _NAME.match(name)
        if found is None:
            kept[name] = values
            continue
        line, row = int(found[1]), int(found[2]) if found[2] else None
        if is_gone(line, row):
            continue
        if line_gone is not None and line > line_gone:
            line -= 1
        if row_gone is not None and row is not None and line == row_gone[0] and row > row_gone[1]:
            row -= 1
        middle = f"c{row}" if row is not None else ""
        kept[f"l{line}{middle}-{name[found.end() :]}"] = values
    return kept
