"""A notice's scope read from the shape that the API and the page send, with everything that is wrong with it.

What contradicts itself is refused with its reason, so that nobody activates what the notice cannot mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from app.domain.catalogue import as_iso_9999_group
from app.domain.errors import Fault, Incomplete
from app.domain.goods import serial_key
from app.domain.identifiers import check_gtin
from app.domain.maker_names import name_key
from app.domain.notice_conditions import (
    DateKind,
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
from app.domain.notice_days import Day, read_day
from app.domain.notice_scope import All, AnyOf, Effect, Line, Node, Scope
from app.domain.serials import LONGEST, KeyRange, find_repeated, lot_key, numbers_in, read_pattern, shape_of
from app.domain.written_numbers import loose_forms

MOST_LINES: Final = 500
MOST_NUMBERS: Final = 100_000
MOST_VALUES: Final = 1_000
MOST_DEEP: Final = 10
MOST_CONDITIONS: Final = 2_000
LONGEST_QUESTION: Final = 500
LISTS: Final = ("manufacturers", "models", "product_codes", "categories")
KEYS: Final[Mapping[Marking, Callable[[str], str]]] = {Marking.SERIAL: serial_key, Marking.LOT: lot_key}


def read_scope(lines: object, *, is_new: bool = False) -> Scope:
    """The scope. `is_new`: it is entered now; what was kept is read as it was taken in. Raises Incomplete with a fault
    for everything that is wrong, each by its path within `lines`."""
    reader = _Reader(is_new)
    read = reader.lines(lines)
    if reader.faults:
        first = reader.faults[0]
        raise Incomplete(first.code, first.detail, field="lines", faults=reader.faults)
    return Scope(tuple(read))


@dataclass
class _Reader:
    """Reads, and notes what is wrong; what could not be read is None and is only returned when something was noted."""

    is_new: bool = False
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, at: str, code: str, detail: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(at, code, detail))

    def lines(self, given: object) -> list[Line]:
        """All lines."""
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_LINES:
            self.wrong("0", "no-lines", f"Give a list of lines, at least one and at most {MOST_LINES}.")
            return []
        read = [line for number, each in enumerate(given) if (line := self.line(each, str(number)))]
        if not self.faults and all(line.is_exclude for line in read):
            self.wrong(
                "0", "nothing-included", "Every line leaves something out. Add a line that says what is covered."
            )
        if sum(len(line.leaves) for line in read) > MOST_CONDITIONS:
            self.wrong("0", "too-much", f"Give at most {MOST_CONDITIONS:,} conditions in all. Lists count as one.")
        self._check_contradictions(read)
        return read

    def _check_contradictions(self, lines: list[Line]) -> None:
        seen: dict[tuple[object, ...], tuple[int, Effect]] = {}
        for number, line in enumerate(lines):
            same = line.manufacturers, line.models, line.product_codes, line.categories, line.where
            before = seen.setdefault(same, (number, line.effect))
            if before[0] != number:
                twice = before[1] is line.effect
                code = "duplicate-line" if twice else "excluded-again"
                also = "is the same" if twice else "says the opposite of the same items"
                self.wrong(str(number), code, f"Line {before[0] + 1} {also}. Remove or change one of them.")

    def line(self, given: object, at: str) -> Line | None:
        """One line."""
        keys = {"effect", "where", *LISTS}
        if not self.is_object(given, at, keys):
            return None
        effect = given.get("effect")
        if effect not in {"include", "exclude"}:
            self.wrong(f"{at}.effect", "unknown-effect", "A line has the effect include or exclude.")
            effect = "include"
        lists = {name: self.texts(given.get(name) or [], f"{at}.{name}", empty=True) for name in LISTS}
        lists["categories"] = self._each(lists["categories"], as_iso_9999_group, f"{at}.categories", "bad-category")
        where = given.get("where")
        node = self.node(where, f"{at}.where", 1, joins=effect == "include") if where is not None else None
        if where is None and not any(lists.values()):
            detail = "Say what this line is about: makers, models, product codes, categories, or a condition."
            self.wrong(at, "empty-line", detail)
        return Line(Effect(effect), where=node, **lists)

    def node(self, given: object, at: str, depth: int, *, joins: bool) -> Node | None:
        """A condition, or several. `joins`: several without a word between them mean any, which takes in more."""
        if not self.is_object(given, at, {*_READERS, "all", "any"}):
            return None
        if depth > MOST_DEEP:
            self.wrong(at, "too-deep", f"Conditions may stand in one another {MOST_DEEP} deep.")
            return None
        if len(given) == 1:
            [(name, value)] = given.items()
            return self.one(name, value, f"{at}.{name}", depth, joins=joins)
        if not given or not joins:
            detail = "Give exactly one condition, or several in {“all”: […]} or {“any”: […]}."
            self.wrong(at, "one-condition", detail)
            return None
        read = [self.one(name, value, f"{at}.{name}", depth, joins=joins) for name, value in given.items()]
        return AnyOf(tuple(node for node in read if node))

    def one(self, name: str, value: object, at: str, depth: int, *, joins: bool) -> Node | None:
        """A condition by its name."""
        if name not in {"all", "any"}:
            return _READERS[name](self, value, at)
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES:
            self.wrong(at, "no-conditions", f"Give a list of conditions, at least one and at most {MOST_VALUES}.")
            return None
        read = [self.node(child, f"{at}.{place}", depth + 1, joins=joins) for place, child in enumerate(value)]
        nodes = tuple(node for node in read if node)
        return All(nodes) if name == "all" else AnyOf(nodes)

    def is_object(self, given: object, at: str, keys: set[str]) -> TypeGuard[Mapping[str, object]]:
        """Whether it is an object with none but these keys; else that is noted."""
        if not isinstance(given, Mapping):
            self.wrong(at, "not-an-object", f"Give an object with one of these: {', '.join(sorted(keys))}.")
            return False
        unknown = [str(key) for key in given if key not in keys]
        if unknown:
            detail = f"“{unknown[0][:LONGEST]}” is not known here. Known: {', '.join(sorted(keys))}."
            self.wrong(at, "unknown-condition", detail)
        return not unknown

    def text(self, given: object, at: str, longest: int = LONGEST) -> str | None:
        """A text of one line, without blanks around it; noted where it is none."""
        if not isinstance(given, str) or not given.strip().isprintable() or not name_key(given):
            self.wrong(at, "no-text", "Give a text of one line.")
            return None
        if len(given.strip()) > longest:
            self.wrong(at, "too-long", f"Give at most {longest} characters.")
            return None
        return given.strip()

    def texts(self, given: object, at: str, *, empty: bool = False, most: int = MOST_VALUES) -> tuple[str, ...]:
        """A list of texts."""
        if not isinstance(given, list) or not (empty or given) or len(given) > most:
            self.wrong(at, "no-list", f"Give a list of texts, at most {most:,}{'' if empty else ', at least one'}.")
            return ()
        read = (self.text(value, f"{at}.{place}") for place, value in enumerate(given))
        return tuple(value for value in read if value)

    def _each(self, values: tuple[str, ...], check: Callable[[str], str], at: str, code: str) -> tuple[str, ...]:
        """Each as `check` has it; what it refuses is noted."""
        checked = []
        for place, value in enumerate(values):
            try:
                checked.append(check(value))
            except ValueError as refusal:
                self.wrong(f"{at}.{place}", code, str(refusal))
        return tuple(checked)

    def flag(self, given: Mapping[str, object], name: str, at: str) -> bool:
        """True or false, and true where nothing is said: ends are included unless the notice says otherwise."""
        value = given.get(name, True)
        if not isinstance(value, bool):
            self.wrong(f"{at}.{name}", "not-true-or-false", "Give true or false.")
        return value is True

    def number_range(self, marking: Marking, given: object, at: str) -> NumberRange | None:
        """A range of serial numbers or lots."""
        if not self.is_object(given, at, {"from", "to", "from_inclusive", "to_inclusive"}):
            return None
        low, high = (
            self.text(given[end], f"{at}.{end}") if given.get(end) is not None else None for end in ("from", "to")
        )
        included = [self.flag(given, f"{end}_inclusive", at) for end in ("from", "to")]
        if given.get("from") is None and given.get("to") is None:
            self.wrong(at, "range-without-ends", "Give the first number, the last, or both.")
        key_of = KEYS[marking]
        keys = KeyRange(key_of(low) if low else None, key_of(high) if high else None, included[0], included[1])
        if keys.low is not None and keys.high is not None:
            self._check_ends(keys, f"{low}", f"{high}", at)
        return NumberRange(marking, low, high, keys)

    def _check_ends(self, keys: KeyRange, low: str, high: str, at: str) -> None:
        ends = keys.low or "", keys.high or ""
        if shape_of(ends[0]) != shape_of(ends[1]):
            same_kinds = [digits for digits, _ in shape_of(ends[0])] == [digits for digits, _ in shape_of(ends[1])]
            what = "do not have the same number of characters" if same_kinds else "are not written alike"
            detail = f"{low} and {high} {what}. Check both against the notice; if they are right, give two ranges."
            self.wrong(f"{at}.to", "range-shape-differs", detail)
        elif ends[0] > ends[1]:
            self.wrong(f"{at}.to", "range-inverted", f"{high} comes before {low}. Check both ends against the notice.")
        elif ends[0] == ends[1] and not (keys.low_included and keys.high_included):
            self.wrong(at, "range-empty", f"There is nothing between {low} and {high} without its ends.")

    def number_list(self, marking: Marking, given: object, at: str) -> NumberList | None:
        """A list of serial numbers or lots."""
        numbers = self.texts(given, at, most=MOST_NUMBERS)
        for place, number in enumerate(numbers if self.is_new else ()):
            if several := numbers_in(number):
                detail = (
                    f"“{number}” holds {len(several)} numbers. Give each by itself, and numbers from one to another "
                    "as a range. If it is one number, leave out what stands between, or give it as a pattern."
                )
                self.wrong(f"{at}.{place}", "several-numbers", detail)
        repeated = find_repeated(numbers)
        if repeated:
            named = ", ".join(repeated[:10])
            more = f" and {len(repeated) - 10:,} more" if len(repeated) > 10 else ""
            detail = (
                f"These stand here more than once: {named}{more}. Check them against the notice: one may be another."
            )
            self.wrong(at, f"duplicate-{marking.value}", detail)
        loose = frozenset(form for number in numbers for form in loose_forms(number))
        return NumberList(marking, numbers, frozenset(map(KEYS[marking], numbers)), loose)

    def number_pattern(self, marking: Marking, given: object, at: str) -> NumberPattern | None:
        """A pattern of serial numbers or lots."""
        written = self.text(given, at)
        pattern = read_pattern(written, KEYS[marking]) if written else None
        if written and pattern is None:
            detail = (
                "Write it like DMW[1-8]2013: a number between brackets has ends of the same length, the smaller first; "
                "# stands for one digit, and * at the end for anything."
            )
            self.wrong(at, "bad-pattern", detail)
        return NumberPattern(marking, written or "", pattern) if pattern else None

    def date_range(self, given: object, at: str) -> DateRange | None:
        """A range of dates."""
        if not self.is_object(given, at, {"kind", "from", "to", "from_inclusive", "to_inclusive"}):
            return None
        kind = given.get("kind")
        if kind not in set(DateKind):
            detail = f"The kind of a date is one of: {', '.join(DateKind)}. Supplied, shipped and sold are dispatched."
            self.wrong(f"{at}.kind", "unknown-date-kind", detail)
            kind = DateKind.MANUFACTURED
        low, high = (
            self.day(given[end], f"{at}.{end}") if given.get(end) is not None else None for end in ("from", "to")
        )
        included = [self.flag(given, f"{end}_inclusive", at) for end in ("from", "to")]
        if given.get("from") is None and given.get("to") is None:
            self.wrong(at, "range-without-ends", "Give the first day, the last, or both.")
        read = DateRange(DateKind(str(kind)), low, high, included[0], included[1])
        if low and high and low.first > high.last:
            self.wrong(f"{at}.to", "range-inverted", f"{high.written} is before {low.written}. Check both dates.")
        elif read.first and read.last and read.first > read.last:
            self.wrong(at, "range-empty", f"There is no day between {low and low.written} and {high and high.written}.")
        return read

    def day(self, given: object, at: str) -> Day | None:
        """A day, month, year or ISO week. Nothing is guessed: 12/5/08 may be in May or in December."""
        read = read_day(given) if isinstance(given, str) else None
        if read is None:
            detail = (
                "Write a day as 2008-05-12, a month as 2008-05, a week as 2008-W20 or a year as 2008. "
                "Dates like 12/5/08 are not read, because they mean different days in different countries."
            )
            self.wrong(at, "bad-date", detail)
        return read

    def device_ids(self, given: object, at: str) -> DeviceIds | None:
        """A list of device identifiers."""
        return DeviceIds(self._each(self.texts(given, at), check_gtin, at, "bad-gtin"))

    def older_than(self, given: object, at: str) -> OlderThan | None:
        """An age."""
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 100:
            self.wrong(at, "bad-years", "Give a whole number of years, from 1 to 100.")
            return None
        return OlderThan(given)

    def unmarked(self, given: object, at: str) -> Unmarked | None:
        """A marking that is not there."""
        if given not in set(Marking):
            self.wrong(at, "unknown-marking", f"Give one of: {', '.join(Marking)}.")
            return None
        return Unmarked(Marking(str(given)))

    def feature(self, given: object, at: str) -> Feature | None:
        """A question about the item."""
        question = self.text(given, at, LONGEST_QUESTION)
        return Feature(question) if question else None

    def part(self, given: object, at: str) -> PartFitted | None:
        """A part that was fitted."""
        if not self.is_object(given, at, {"part_number", "fitted_from", "fitted_to"}):
            return None
        number = self.text(given.get("part_number"), f"{at}.part_number")
        ends = {end: self.day(given[end], f"{at}.{end}") for end in ("fitted_from", "fitted_to") if given.get(end)}
        first, last = ends.get("fitted_from"), ends.get("fitted_to")
        if first and last and first.first > last.last:
            self.wrong(
                f"{at}.fitted_to", "range-inverted", f"{last.written} is before {first.written}. Check both dates."
            )
        return PartFitted(number or "", first.first if first else None, last.last if last else None)

    def together_with(self, given: object, at: str) -> TogetherWith | None:
        """Other products."""
        if not self.is_object(given, at, set(LISTS[:3])):
            return None
        lists = {name: self.texts(given.get(name) or [], f"{at}.{name}", empty=True) for name in LISTS[:3]}
        if not any(given.get(name) for name in LISTS[:3]):
            self.wrong(at, "empty-line", "Say which other products: their makers, models or product codes.")
        return TogetherWith(**lists)

    def unpublished(self, given: object, at: str) -> Unpublished | None:
        """A list that is not there yet."""
        if given is not True:
            self.wrong(at, "not-true", "Give true, or leave it out.")
            return None
        return Unpublished()


_READERS: Final[Mapping[str, Callable[[_Reader, object, str], Node | None]]] = {
    "serial_range": lambda reader, given, at: reader.number_range(Marking.SERIAL, given, at),
    "lot_range": lambda reader, given, at: reader.number_range(Marking.LOT, given, at),
    "serials": lambda reader, given, at: reader.number_list(Marking.SERIAL, given, at),
    "lots": lambda reader, given, at: reader.number_list(Marking.LOT, given, at),
    "serial_pattern": lambda reader, given, at: reader.number_pattern(Marking.SERIAL, given, at),
    "lot_pattern": lambda reader, given, at: reader.number_pattern(Marking.LOT, given, at),
    "date": _Reader.date_range,
    "udi_di": _Reader.device_ids,
    "older_than_years": _Reader.older_than,
    "unmarked": _Reader.unmarked,
    "feature": _Reader.feature,
    "part": _Reader.part,
    "together_with": _Reader.together_with,
    "unpublished_list": _Reader.unpublished,
}
