"""The single conditions in which safety notices say what they cover, each able to say in plain English what it asks.

Lines, and how conditions are joined, are `notice_scope.py`; whether an item meets one is `notices.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from app.domain.dates import in_words
from app.domain.notice_days import Day, years_before
from app.domain.serials import KeyPattern, KeyRange

MOST_NAMED: Final = 10
"""So many of a list are named in a sentence; of the others it is said how many they are."""


class Marking(StrEnum):
    """A number that a maker may print on the label."""

    SERIAL = "serial"
    LOT = "lot"

    @property
    def text(self) -> str:
        """As people say it."""
        return "serial number" if self is Marking.SERIAL else "lot"


class DateKind(StrEnum):
    """What happened on the day: it was made, the maker sent it out (supplied, shipped, sold it), it came to us."""

    MANUFACTURED = "manufactured"
    DISPATCHED = "dispatched"
    RECEIVED = "received"

    @property
    def done(self) -> str:
        """As people say it after "it was"."""
        return {"manufactured": "made", "dispatched": "sent out by the maker", "received": "received by us"}[self.value]


@dataclass(frozen=True, slots=True)
class Makers:
    """Made by one of these, under this or another name."""

    names: tuple[str, ...]

    def text(self) -> str:
        """What it asks."""
        return f"Made by {named(self.names)}"


@dataclass(frozen=True, slots=True)
class Models:
    """One of these models, exactly."""

    models: tuple[str, ...]

    def text(self) -> str:
        """What it asks."""
        return f"{'Model' if len(self.models) == 1 else 'Models'} {named(self.models)}"


@dataclass(frozen=True, slots=True)
class ProductCodes:
    """One of these lines of our catalogue."""

    codes: tuple[str, ...]

    def text(self) -> str:
        """What it asks."""
        return f"{'Product' if len(self.codes) == 1 else 'Products'} {named(self.codes)} of our catalogue"


@dataclass(frozen=True, slots=True)
class Categories:
    """In one of these groups of ISO 9999: `12 36` holds `12 36 03`."""

    groups: tuple[str, ...]

    def text(self) -> str:
        """What it asks."""
        return f"In ISO 9999 group {named(self.groups)}"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A serial number or lot between two ends, as they are written in the notice, and their keys."""

    marking: Marking
    low: str | None
    high: str | None
    keys: KeyRange

    def text(self) -> str:
        """What it asks."""
        plural = "Serial numbers" if self.marking is Marking.SERIAL else "Lots"
        if self.low is None or self.high is None:
            included = self.keys.low_included if self.high is None else self.keys.high_included
            way = "from" if self.high is None else "up to"
            return f"{plural} {way} {self.low or self.high}, {'that one included' if included else 'without that one'}"
        return f"{plural} {self.low} to {self.high}, {self._ends()}"

    def _ends(self) -> str:
        if self.keys.low_included and self.keys.high_included:
            return "both included"
        if self.keys.low_included or self.keys.high_included:
            return f"{self.low if self.keys.low_included else self.high} included, the other end not"
        return "neither end included"


@dataclass(frozen=True, slots=True)
class NumberList:
    """One of these serial numbers or lots, as they are written, their keys, and `written_numbers.loose_forms`."""

    marking: Marking
    numbers: tuple[str, ...]
    keys: frozenset[str]
    loose: frozenset[str]

    def text(self) -> str:
        """What it asks."""
        one = {Marking.SERIAL: "Serial number", Marking.LOT: "Lot"}[self.marking]
        if len(self.numbers) == 1:
            return f"{one} {self.numbers[0]}"
        return f"One of {len(self.numbers):,} {one.lower()}s: {named(self.numbers)}"


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """A serial number or lot that is made like this: `DMW[1-8]2013`, `AB##*`."""

    marking: Marking
    written: str
    keys: KeyPattern

    def text(self) -> str:
        """What it asks."""
        one = {Marking.SERIAL: "Serial number", Marking.LOT: "Lot"}[self.marking]
        return f"{one} like {self.written}"


@dataclass(frozen=True, slots=True)
class DateRange:
    """Something happened between two days, weeks, months or years; an end that is None is open."""

    kind: DateKind
    low: Day | None
    high: Day | None
    low_included: bool = True
    high_included: bool = True

    @property
    def first(self) -> date | None:
        """The first day that counts."""
        if self.low is None:
            return None
        return self.low.first if self.low_included else self.low.last + timedelta(days=1)

    @property
    def last(self) -> date | None:
        """The last day that counts."""
        if self.high is None:
            return None
        return self.high.last if self.high_included else self.high.first - timedelta(days=1)

    def text(self) -> str:
        """What it asks."""
        ends = []
        if self.low:
            ends.append(f"{'from' if self.low_included else 'after'} {self.low.text()}")
        if self.high:
            ends.append(f"{'until' if self.high_included else 'before'} {self.high.text()}")
        if not (self.low_included and self.high_included):
            return f"{self._done()} {' and '.join(ends)}"
        return f"{self._done()} {' '.join(ends)}, {'both' if self.low and self.high else 'that'} included"

    def _done(self) -> str:
        return self.kind.done.capitalize()


@dataclass(frozen=True, slots=True)
class DeviceIds:
    """One of these device identifiers (UDI-DI, as 14-digit GTINs), or another packing level of the same."""

    gtins: tuple[str, ...]

    @property
    def cores(self) -> frozenset[str]:
        """Twelve digits of each: without the packing level before and the check digit behind."""
        return frozenset(map(core_of, self.gtins))

    def text(self) -> str:
        """What it asks."""
        return f"Device identifier (UDI-DI) {named(self.gtins)}, in any packing"


@dataclass(frozen=True, slots=True)
class OlderThan:
    """Made longer ago than so many years; the answer changes from day to day."""

    years: int

    def made_before(self, today: date) -> DateRange:
        """The same as a range, as of a day."""
        on = years_before(today, self.years)
        return DateRange(DateKind.MANUFACTURED, None, Day(on, on, on.isoformat()), high_included=False)

    def text(self) -> str:
        """What it asks."""
        return f"Made more than {self.years} {'year' if self.years == 1 else 'years'} ago"


@dataclass(frozen=True, slots=True)
class Unmarked:
    """The maker printed no serial number, or no lot, on it."""

    marking: Marking

    def text(self) -> str:
        """What it asks."""
        return f"Without a {self.marking.text}"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that only a look at the item can tell."""

    question: str

    def text(self) -> str:
        """What it asks."""
        return f"Look: {self.question}"


@dataclass(frozen=True, slots=True)
class PartFitted:
    """A part was put in, perhaps between two days; what the maker built in is on nobody's record."""

    part_number: str
    first: date | None = None
    last: date | None = None

    def text(self) -> str:
        """What it asks."""
        ends = [f"from {in_words(self.first)}"] if self.first else []
        ends += [f"until {in_words(self.last)}"] if self.last else []
        return f"Has part {self.part_number}{''.join(f' {end}' for end in ['fitted', *ends]) if ends else ''}"


@dataclass(frozen=True, slots=True)
class TogetherWith:
    """Used together with one of other products."""

    manufacturers: tuple[str, ...]
    models: tuple[str, ...]
    product_codes: tuple[str, ...]

    def text(self) -> str:
        """What it asks."""
        return f"Used together with: {'; '.join(leaf.text() for leaf in self.product_leaves())}"

    def product_leaves(self) -> list["ProductLeaf"]:
        """What the other product must be, all of it."""
        return product_leaves(self.manufacturers, self.models, self.product_codes, ())


@dataclass(frozen=True, slots=True)
class Unpublished:
    """On a list that has not been published, or not been entered here yet."""

    def text(self) -> str:
        """What it asks."""
        return "On a list that the maker gives on request"


ProductLeaf: TypeAlias = Makers | Models | ProductCodes | Categories
ItemLeaf: TypeAlias = (
    NumberRange
    | NumberList
    | NumberPattern
    | DateRange
    | DeviceIds
    | OlderThan
    | Unmarked
    | Feature
    | PartFitted
    | TogetherWith
    | Unpublished
)
Leaf: TypeAlias = ProductLeaf | ItemLeaf


def product_leaves(
    manufacturers: Sequence[str], models: Sequence[str], codes: Sequence[str], categories: Sequence[str]
) -> list[ProductLeaf]:
    """The conditions on the product; an empty list asks for nothing."""
    kinds: list[tuple[type[Makers] | type[Models] | type[ProductCodes] | type[Categories], Sequence[str]]]
    kinds = [(Makers, manufacturers), (Models, models), (ProductCodes, codes), (Categories, categories)]
    return [kind(tuple(values)) for kind, values in kinds if values]


def core_of(gtin: str) -> str:
    """The twelve digits that the packing levels of one product share."""
    return gtin[1:13]


def named(values: Sequence[str]) -> str:
    """`A, B or C`; of a long list the first few, and how many more there are."""
    if len(values) > MOST_NAMED:
        return f"{', '.join(values[:MOST_NAMED])} and {len(values) - MOST_NAMED:,} more"
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
