"""What a safety notice covers, as data: lines that include or exclude, each with makers, models and conditions.

The conditions are `notice_conditions.py`; reading from JSON and back is `notice_parsing.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from app.domain.maker_names import name_key
from app.domain.notice_conditions import (
    Feature,
    Leaf,
    Makers,
    OlderThan,
    PartFitted,
    ProductCodes,
    TogetherWith,
    Unpublished,
    product_leaves,
)


class Effect(StrEnum):
    """Whether a line takes items in or leaves them out."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True)
class All:
    """All of these."""

    of: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these."""

    of: tuple["Node", ...]


Node: TypeAlias = Leaf | All | AnyOf


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the scope: its lists (each that is not empty must hold) and its conditions."""

    effect: Effect
    manufacturers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    product_codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    where: Node | None = None

    @property
    def is_exclude(self) -> bool:
        """Whether it leaves items out."""
        return self.effect is Effect.EXCLUDE

    @property
    def condition(self) -> All:
        """All that must hold."""
        product = product_leaves(self.manufacturers, self.models, self.product_codes, self.categories)
        return All((*product, *([self.where] if self.where else [])))

    @property
    def asked_of_product(self) -> int:
        """How many of its leaves, from the first, its lists make: they ask about the product."""
        return len(self.condition.of) - (self.where is not None)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Its single conditions, in the order in which their findings are listed."""
        return tuple(leaves_of(self.condition))


@dataclass(frozen=True, slots=True)
class Scope:
    """What a notice covers: what an include line takes in and no exclude line leaves out."""

    lines: tuple[Line, ...]

    @property
    def is_rolling(self) -> bool:
        """Whether its answer changes by the day alone, so that it is asked again every day."""
        return any(isinstance(leaf, OlderThan) for line in self.lines for leaf in line.leaves)

    @property
    def asks_together(self) -> bool:
        """Whether its answer changes by what else comes to the same home."""
        return any(isinstance(leaf, TogetherWith) for line in self.lines for leaf in line.leaves)

    @property
    def makers(self) -> frozenset[str]:
        """The makers that it names, by their keys."""
        leaves = [leaf for line in self.lines for leaf in line.leaves]
        named = [leaf.names for leaf in leaves if isinstance(leaf, Makers)]
        named += [leaf.manufacturers for leaf in leaves if isinstance(leaf, TogetherWith)]
        return frozenset(name_key(name) for names in named for name in names)

    @property
    def product_codes(self) -> list[tuple[int, str]]:
        """The products of our catalogue that it names, each with the place of its line."""
        leaves = [(place, leaf) for place, line in enumerate(self.lines) for leaf in line.leaves]
        named = [(place, leaf.codes) for place, leaf in leaves if isinstance(leaf, ProductCodes)]
        named += [(place, leaf.product_codes) for place, leaf in leaves if isinstance(leaf, TogetherWith)]
        return [(place, code) for place, codes in named for code in codes]

    @property
    def home_questions(self) -> frozenset[str]:
        """Those of its questions that only a look where the item is used can answer with no."""
        leaves = (leaf for line in self.lines for leaf in line.leaves if isinstance(leaf, TogetherWith))
        return frozenset(question_of(leaf) or "" for leaf in leaves)

    @property
    def list_questions(self) -> frozenset[str]:
        """Those of its questions that only the maker's list can answer with no."""
        leaves = (leaf for line in self.lines for leaf in line.leaves if isinstance(leaf, Unpublished))
        return frozenset(question_of(leaf) or "" for leaf in leaves)

    @property
    def questions(self) -> tuple[str, ...]:
        """What must be looked at on the item, each once: `question_of` its condition."""
        asked = (question_of(leaf) for line in self.lines for leaf in line.leaves)
        return tuple({question: None for question in asked if question})


@dataclass(frozen=True, slots=True)
class Words:
    """A part of the scope in plain English, and what stands under it."""

    text: str
    under: tuple["Words", ...] = ()


def line_in_words(line: Line) -> Words:
    """A line as people read it: whether it takes in or leaves out, and what must hold."""
    says = "Leaves out" if line.is_exclude else "Covers"
    return Words(f"{says} what is all of this:", tuple(_node_in_words(node) for node in line.condition.of))


def question_of(leaf: Leaf) -> str | None:
    """What to look at or ask about the item where no record can tell; the answer is kept under these words."""
    match leaf:
        case Feature():
            return leaf.question
        case PartFitted() | TogetherWith() | Unpublished():
            return f"{leaf.text()}?"
    return None


def leaves_of(node: Node) -> Iterator[Leaf]:
    """The single conditions under a node, in order."""
    if isinstance(node, All | AnyOf):
        for child in node.of:
            yield from leaves_of(child)
    else:
        yield node


def _node_in_words(node: Node) -> Words:
    if isinstance(node, All):
        return Words("All of these:", tuple(map(_node_in_words, node.of)))
    if isinstance(node, AnyOf):
        return Words("One or more of these:", tuple(map(_node_in_words, node.of)))
    return Words(node.text())
