"""What the catalogue says to the conditions of a notice: makers, models, codes, categories and device identifiers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from app.domain.catalogue import find_pairs
from app.domain.maker_names import ALWAYS, MakerNames, Periods, name_key
from app.domain.notice_conditions import (
    Categories,
    DeviceIds,
    Leaf,
    Makers,
    Models,
    ProductCodes,
    TogetherWith,
    core_of,
)
from app.domain.notice_scope import Line, Scope


class Finding(IntEnum):
    """What was found on one condition. 0 is out, 1 to 9 is not known, 10 and above is in: the order is the rule."""

    OUT = 0
    MISSING = 1
    OTHER_SHAPE = 2
    OPEN = 3
    INSPECT = 4
    OTHER_YEAR = 5
    UNDATED = 6
    AMONG = 7
    NEARBY = 8
    IN = 10
    OVERLAPS = 11
    IMPLIED = 12
    ALIAS = 13
    ABSENT = 14
    SEEN = 15


IS_IN: Final = int(Finding.IN)
"""From here on a condition is met."""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What the catalogue says of a product; what is empty is not known."""

    code: str = ""
    manufacturer: str = ""
    model: str = ""
    category: str = ""
    udi_di: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductFinding:
    """What was found on the product alone; `periods`: only for items that were made then."""

    finding: Finding
    periods: Periods = ALWAYS


def may_concern(scope: Scope, product: ProductFacts, names: MakerNames) -> bool:
    """Whether an item of this product could be covered at all: a line that takes in does not rule the product out."""
    asked = (line for line in scope.lines if not line.is_exclude)
    return any(find_products(line, [product], names)[0] is not None for line in asked)


def is_asked_otherwise(scope: Scope, makers: Collection[str], *, before: MakerNames, now: MakerNames) -> bool:
    """Whether the scope finds other makers of the catalogue than before, because somebody changed what they are called.
    `makers`: their keys."""
    changed = {key for key in {*makers, *scope.makers} if before.resolved(key) != now.resolved(key)}
    return any(
        before.ever_same(maker, [named]) != now.ever_same(maker, [named])
        for named in scope.makers
        for maker in (makers if named in changed else changed.intersection(makers))
    )


def find_products(
    line: Line, products: Sequence[ProductFacts], names: MakerNames
) -> list[tuple[ProductFinding, ...] | None]:
    """For each product what is found on those leaves of the line that ask about it, in order (`asks_product`);
    None where one that must hold rules it out."""
    leaves = [leaf for leaf in line.leaves if asks_product(leaf)]
    finder, must = ProductFinder(names), line.asked_of_product
    found: list[tuple[ProductFinding, ...] | None] = []
    for product in products:
        each: list[ProductFinding] = []
        for place, leaf in enumerate(leaves):
            each.append(finder.find(leaf, product))
            if place < must and each[-1].finding is Finding.OUT:
                found.append(None)
                break
        else:
            found.append(tuple(each))
    return found


def asks_product(leaf: Leaf) -> bool:
    """Whether the catalogue has a say in this condition."""
    return isinstance(leaf, Makers | Models | ProductCodes | Categories | DeviceIds)


class ProductFinder:
    """Finds what the catalogue says to a condition; remembers makers' names and lists of models, which come again."""

    def __init__(self, names: MakerNames) -> None:
        self._names = names
        self._makers: dict[tuple[Leaf, str], ProductFinding] = {}
        self._keys: dict[int, tuple[Leaf, frozenset[str]]] = {}

    def find(self, leaf: Leaf, product: ProductFacts) -> ProductFinding:
        """The finding on one condition that `asks_product`."""
        match leaf:
            case Makers():
                return self._maker(leaf, product.manufacturer)
            case Models():
                return ProductFinding(self._listed(leaf, leaf.models, product.model))
            case ProductCodes():
                return ProductFinding(self._listed(leaf, leaf.codes, product.code))
            case Categories():
                return ProductFinding(_category(leaf, product.category))
        assert isinstance(leaf, DeviceIds)
        return ProductFinding(_device_ids(leaf, product.udi_di))

    def _maker(self, leaf: Makers, name: str) -> ProductFinding:
        key = name_key(name)
        if (leaf, key) not in self._makers:
            self._makers[leaf, key] = self._new_maker(leaf, key)
        return self._makers[leaf, key]

    def _new_maker(self, leaf: Makers, key: str) -> ProductFinding:
        if not key:
            return ProductFinding(Finding.MISSING)
        wanted = [name_key(name) for name in leaf.names]
        if key in wanted:
            return ProductFinding(Finding.IN)
        periods = self._names.ever_same(key, wanted)
        return ProductFinding(Finding.ALIAS, periods) if periods else ProductFinding(Finding.OUT)

    def _listed(self, leaf: Leaf, values: tuple[str, ...], value: str) -> Finding:
        if id(leaf) not in self._keys:
            self._keys[id(leaf)] = leaf, frozenset(map(name_key, values))
        key = name_key(value)
        if not key:
            return Finding.MISSING
        return Finding.IN if key in self._keys[id(leaf)][1] else Finding.OUT


def _category(leaf: Categories, category: str) -> Finding:
    """A code that is shorter than the group, and with which the group begins, may be in it or not."""
    ours = find_pairs(category)
    if not ours:
        return Finding.MISSING
    groups = [find_pairs(group) for group in leaf.groups]
    if any(ours[: len(group)] == group for group in groups):
        return Finding.IN
    return Finding.OPEN if any(group[: len(ours)] == ours for group in groups) else Finding.OUT


def _device_ids(leaf: DeviceIds, ours: Sequence[str]) -> Finding:
    """By those of the catalogue; it may have several, of which not all are meant."""
    cores = leaf.cores
    covered = [core_of(gtin) in cores for gtin in ours]
    if not covered:
        return Finding.MISSING
    if all(covered):
        return Finding.IN
    return Finding.OPEN if any(covered) else Finding.OUT


def is_other_product(leaf: TogetherWith, product: ProductFacts, names: MakerNames) -> bool:
    """Whether a product is surely one of those together with which an item is meant."""
    finder = ProductFinder(names)
    return all(finder.find(asked, product).finding >= IS_IN for asked in leaf.product_leaves())
