"""Why a notice covers an item or does not: each finding as a sentence for people; and near misses, which people
decide."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from app.domain.goods import serial_key
from app.domain.notice_conditions import (
    Categories,
    DateKind,
    DateRange,
    DeviceIds,
    Leaf,
    Makers,
    Marking,
    Models,
    NumberList,
    NumberPattern,
    NumberRange,
    OlderThan,
    ProductCodes,
    Unmarked,
)
from app.domain.notice_products import Finding
from app.domain.notice_scope import All, AnyOf, Node, Scope, question_of
from app.domain.notices import Result, result_of, value_of
from app.domain.serials import is_near, looks_like, lot_key, neighbours

_SAID = {
    Finding.OUT: "{subject} is not covered: {asks}.",
    Finding.MISSING: "{subject} is not recorded, so it may be covered: {asks}.",
    Finding.OTHER_SHAPE: "{subject} is written in another way and cannot be compared: {asks}.",
    Finding.OPEN: "{subject} is not known exactly enough to say: {asks}.",
    Finding.OTHER_YEAR: "{subject} lies between the ends, but does not end in the year in which both do: {asks}.",
    Finding.UNDATED: "{subject} had other names over time, and when this was made is not known exactly enough: {asks}.",
    Finding.AMONG: "{subject} has more written around it, or in another way, and may be covered: {asks}.",
    Finding.IN: "{subject} is covered: {asks}.",
    Finding.OVERLAPS: "{subject} is not known to the day and may be covered: {asks}.",
    Finding.IMPLIED: "{subject} is not recorded, but its other dates show that it is covered: {asks}.",
    Finding.ALIAS: "{subject} is covered under another name: {asks}.",
    Finding.ABSENT: "{subject} is not recorded, as of what has none: {asks}.",
}
_LOOKED = {
    Finding.OUT: "Looked at, and it is not so: {asks}",
    Finding.INSPECT: "Only a look can tell: {asks}",
    Finding.NEARBY: "Something has come, since somebody looked, to what may be the same home written otherwise: {asks}",
    Finding.SEEN: "Looked at, and it is so: {asks}",
    Finding.IN: "It is on record: {asks}",
}
_DAY = {
    DateKind.MANUFACTURED: "Its date of manufacture",
    DateKind.DISPATCHED: "The date on which the maker sent it out",
    DateKind.RECEIVED: "The date on which it was received",
}
NO_LINE = "None of the lines of the notice is about this product."


def explain(scope: Scope, findings: Mapping[int, Sequence[int]]) -> tuple[str, ...]:
    """The reasons, each once, for the findings on the lines that had a say (of `notices.Match` or a row of SQL)."""
    said: dict[str, None] = {}
    for number, found in findings.items():
        line = scope.lines[number]
        if not all(found[: line.asked_of_product]):
            continue
        before = "Left out. " if line.is_exclude else ""
        said |= {f"{before}{sentence}": None for sentence in _reasons(line.condition, line.leaves, found)}
    return tuple(said) or (NO_LINE,)


def read_findings(evidence: str) -> dict[int, tuple[int, ...]]:
    """The findings of a row of the register: `0:10,1;2:13,10` is line 0 with 10 and 1, line 2 with 13 and 10.
    Nothing: no line is about the product."""
    lines = (line.split(":") for line in evidence.split(";") if line)
    return {int(number): tuple(map(int, found.split(","))) for number, found in lines}


def write_findings(findings: Mapping[int, Sequence[int]]) -> str:
    """The same, as it is kept."""
    return ";".join(f"{number}:{','.join(map(str, found))}" for number, found in sorted(findings.items()))


def _reasons(node: Node, leaves: Sequence[Leaf], findings: Sequence[int]) -> Iterator[str]:
    """Of "all of": everything, or what is out where something is. Of "any of": those that are most in."""
    if not isinstance(node, All | AnyOf):
        yield sentence(leaves[0], Finding(findings[0]))
        return
    parts = []
    start = 0
    for child in node.of:
        end = start + _count(child)
        parts.append((child, leaves[start:end], findings[start:end]))
        start = end
    whole = result_of(value_of(node, findings))
    for child, its_leaves, its_findings in parts:
        alike = result_of(value_of(child, its_findings)) is whole
        if alike or (isinstance(node, All) and whole is not Result.NOT_AFFECTED):
            yield from _reasons(child, its_leaves, its_findings)


def _count(node: Node) -> int:
    return sum(map(_count, node.of)) if isinstance(node, All | AnyOf) else 1


def sentence(leaf: Leaf, finding: Finding) -> str:
    """What was found on one condition."""
    question = question_of(leaf)
    if question:
        return _LOOKED[finding].format(asks=question)
    text = leaf.text()
    return _SAID[finding].format(subject=_subject(leaf), asks=text[0].lower() + text[1:])


def _subject(leaf: Leaf) -> str:
    match leaf:
        case NumberRange() | NumberList() | NumberPattern() | Unmarked():
            return f"Its {leaf.marking.text}"
        case DateRange():
            return _DAY[leaf.kind]
        case _:
            return _SUBJECTS[type(leaf)]


_SUBJECTS: Mapping[type, str] = {
    Makers: "Its maker",
    Models: "Its model",
    ProductCodes: "Its product",
    Categories: "Its category",
    DeviceIds: "Its device identifier (UDI-DI)",
    OlderThan: _DAY[DateKind.MANUFACTURED],
}


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A number on our record that is not on the notice's list, but easily taken for one that is. A person decides."""

    marking: Marking
    recorded: str
    listed: str


MOST_NEAR: Final = 500
"""More than a person will look through; a list of running numbers is near everything."""


def find_near_misses(marking: Marking, listed: Iterable[str], recorded: Iterable[str]) -> list[NearMiss]:
    """Those of the recorded numbers that are near one of the listed (`serials.is_near`), and not listed themselves.

    At most `MOST_NEAR`, and first those that look the same.
    """
    key_of = serial_key if marking is Marking.SERIAL else lot_key
    wanted = {key_of(number): number for number in listed}
    ours = {number: key for number in dict.fromkeys(recorded) if (key := key_of(number)) not in wanted}
    pairs = chain(_alike(wanted, ours), _a_digit_off(wanted, ours))
    return [NearMiss(marking, number, wanted[other]) for number, other in islice(pairs, MOST_NEAR)]


def _alike(wanted: Iterable[str], ours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    by_looks: dict[str, list[str]] = {}
    for other in wanted:
        by_looks.setdefault(looks_like(other), []).append(other)
    for number, key in ours.items():
        yield from ((number, other) for other in by_looks.get(looks_like(key), ()))


def _a_digit_off(wanted: Iterable[str], ours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    by_mark: dict[str, list[str]] = {}
    for other in wanted:
        for mark in neighbours(other):
            by_mark.setdefault(mark, []).append(other)
    for number, key in ours.items():
        candidates = sorted({other for mark in neighbours(key) for other in by_mark.get(mark, ())})
        near = (other for other in candidates if is_near(key, other) and looks_like(other) != looks_like(key))
        yield from ((number, other) for other in near)
