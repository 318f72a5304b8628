"""What a scope names and the catalogue does not have: perhaps a slip, by which a notice would cover nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from app.domain.maker_names import MakerNames, name_key
from app.domain.notice_conditions import Categories, Leaf, Makers, Models, TogetherWith
from app.domain.notice_products import Finding, ProductFacts, ProductFinder
from app.domain.notice_scope import Scope

MOST_NAMED: Final = 10
ALIKE: Final = 0.75
"""From here on, of 1, a name is near enough to ask whether it was meant."""

_SAYS: Final[Mapping[type, str]] = {Makers: "is made by", Models: "has the model", Categories: "is in ISO 9999 group"}


def find_unheld(scope: Scope, products: Sequence[ProductFacts], names: MakerNames) -> list[str]:
    """Each maker, model and group of ISO 9999 of which there is no product, in words, with what may have been meant."""
    finder = ProductFinder(names)
    unheld = [leaf for leaf in dict.fromkeys(_single(scope)) if not any(map(_finds(finder, leaf), products))]
    known = {Makers: _by_key(one.manufacturer for one in products), Models: _by_key(one.model for one in products)}
    said = [_sentence(leaf, known.get(type(leaf), {})) for leaf in unheld[:MOST_NAMED]]
    more = len(unheld) - MOST_NAMED
    return [*said, f"And {more} more that the catalogue does not have."] if more > 0 else said


def _finds(finder: ProductFinder, leaf: Leaf) -> Callable[[ProductFacts], bool]:
    return lambda product: finder.find(leaf, product).finding not in {Finding.OUT, Finding.MISSING}


def _single(scope: Scope) -> Iterator[Makers | Models | Categories]:
    """A condition for each name."""
    for line in scope.lines:
        for leaf in line.leaves:
            for asked in leaf.product_leaves() if isinstance(leaf, TogetherWith) else [leaf]:
                match asked:
                    case Makers(values) | Models(values) | Categories(values):
                        yield from (type(asked)((value,)) for value in values)


def _by_key(values: Iterator[str]) -> dict[str, str]:
    return {name_key(value): value for value in values if name_key(value)}


def _sentence(leaf: Makers | Models | Categories, known: Mapping[str, str]) -> str:
    [value] = leaf.names if isinstance(leaf, Makers) else leaf.models if isinstance(leaf, Models) else leaf.groups
    near = [known[key] for key in get_close_matches(name_key(value), known, n=3, cutoff=ALIKE)]
    meant = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"No product in the catalogue {_SAYS[type(leaf)]} {value}{meant}"
