"""Which groups of few people are not told of by themselves, so that nobody is recognised by a published figure."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 5
"""Of fewer people than that nothing is published by itself."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group: its value of each dimension, how many people are in it, and which; `known` has them all where they are
    too few, otherwise as many as are enough. What is about nobody has no people, and tells of nobody."""

    keys: tuple[str, ...]
    people: int
    known: AbstractSet[int]


def hidden_groups(groups: Sequence[Group], smallest: int) -> frozenset[int] | None:
    """The places of the groups that are put together instead of being told of by themselves.

    Those of fewer than so many people are, somebody in several of them counted once. One alone could be worked out from
    the total and the others, so the next smallest goes with it, and more while those put together are still too few:
    in the whole table and, of two dimensions, in each row and each column, whose totals another report tells. A row
    that has nothing else is as small itself, and not told there either. None: no group is of enough people, so that
    nothing may be said at all, no total either.
    """
    hidden = {place for place, one in enumerate(groups) if 0 < one.people < smallest}
    if not hidden:
        return frozenset()
    if not any(one.people >= smallest for one in groups):
        return None
    lines = list(_lines(groups))
    while more := {place for line in lines for place in _wanted(groups, line, hidden, smallest)}:
        hidden |= more
    return frozenset(hidden)


def suppression_in_words(smallest: int) -> str:
    """The rule, as it stands at the head of a report."""
    return (
        f"Groups of fewer than {smallest} people are put together, each person counted once. Where one group alone "
        "would be hidden and could be worked out from a total, the next smallest is hidden with it, in each row and "
        f"each column. Where no group is of {smallest} people, nothing is shown, no total either."
    )


def once_in_words(months_or_year: str) -> str:
    """What suppression cannot keep anybody from, as it stands at the head of a report: reports beside one another."""
    return (
        f"What no single report gives away can still be worked out from two of them, though {months_or_year}. Give out "
        "one such report of a span, when it is over: not two of spans that overlap, nor one that is narrowed to a part."
    )


def few(smallest: int) -> str:
    """What those that are put together are called."""
    return f"Fewer than {smallest} people"


def not_shown(smallest: int) -> str:
    """What stands in the place of everything, where there are too few people for any of it."""
    return f"{few(smallest)}: not shown"


def _lines(groups: Sequence[Group]) -> Iterator[Sequence[int]]:
    """The places of the groups of the whole table, of each row and of each column."""
    yield range(len(groups))
    dimensions = len(groups[0].keys)
    for dimension in range(dimensions if dimensions > 1 else 0):
        for key in dict.fromkeys(one.keys[dimension] for one in groups):
            yield [place for place, one in enumerate(groups) if one.keys[dimension] == key]


def _wanted(groups: Sequence[Group], line: Sequence[int], hidden: AbstractSet[int], smallest: int) -> Sequence[int]:
    """The group that is to be hidden besides those of the line, if one is and there is another."""
    gone = [place for place in line if place in hidden]
    together = frozenset[int]().union(*(groups[place].known for place in gone))
    if not gone or (len(gone) > 1 and len(together) >= smallest):
        return ()
    # People first, the fewest of them; what is about nobody only where there is nothing else.
    left = sorted((not groups[place].people, groups[place].people, place) for place in line if place not in hidden)
    return [place for _, _, place in left[:1]]
