"""The report of costs as a page draws it: a list with bars, or a cross of two dimensions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.cost_reports import Dimension
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import Group, Sums, sum_up

WIDEST = 12
"""A cross has so many columns at most; more are a list."""
MOST_SHOWN = 200
"""So many groups of one dimension are shown one by one on a page; a file and the API have all of them."""


@dataclass(frozen=True, slots=True)
class CrossRow:
    """A value of the first dimension: a cell for each value of the second, and all of them together."""

    name: str
    href: str
    cells: Sequence[dict[str, Any] | None]
    net_pence: int


@dataclass(frozen=True, slots=True)
class Cross:
    """Two dimensions: `heads` are the values of the second. Cells are net pence with the address of their lines."""

    heads: Sequence[str]
    rows: Sequence[CrossRow]
    sums: Sequence[dict[str, Any]]


def cross_of(groups: Sequence[Group], asked: Asked) -> Cross | None:
    """The groups as a cross; None where it would be too wide, or would tell what is put together."""
    if len(asked.group_by) < 2 or not groups or not all(one.keys for one in groups):
        return None
    seconds = _seconds(groups, asked.group_by[1])
    if len(seconds) > WIDEST:
        return None
    found = {one.keys: one for one in groups}
    names = {one.keys[0]: one.names[0] for one in groups}
    rows = []
    for first, name in names.items():
        cells = [_cell(asked, found.get((first, second))) for second in seconds]
        net = sum(cell["pence"] for cell in cells if cell)
        rows.append(CrossRow(name, asked.lines_at(first), cells, net))
    turned = _turned(asked)
    sums = [
        {
            "pence": sum_up([one.sums for one in groups if one.keys[1] == second]).net_pence,
            "href": turned.lines_at(second),
        }
        for second in seconds
    ]
    return Cross(list(seconds.values()), rows, sums)


def without_the_small(groups: Sequence[Group], asked: Asked) -> list[Group]:
    """Of one dimension the dearest, and all others together in one row, which leads nowhere: the total stays. What is
    put together because it is of few people stays a row of its own."""
    named = [one for one in groups if one.keys]
    if len(asked.group_by) > 1 or len(named) <= MOST_SHOWN + 1:
        return list(groups)
    others = [one.sums for one in named[MOST_SHOWN:]]
    rest = Group((), (f"All {len(others):,} others",), sum_up(others))
    return [*named[:MOST_SHOWN], rest, *(one for one in groups if not one.keys)]


def largest(nets: Sequence[int]) -> int:
    """What the longest bar stands for."""
    return max(nets, default=0) or 1


def _cell(asked: Asked, group: Group | None) -> dict[str, Any] | None:
    return {"pence": group.sums.net_pence, "href": asked.lines_at(*group.keys)} if group else None


def _seconds(groups: Sequence[Group], dimension: Dimension) -> dict[str, str]:
    """The values of the second dimension with their names, the dearest first, months in their order."""
    sums: dict[str, list[Sums]] = {}
    for one in groups:
        sums.setdefault(one.keys[1], []).append(one.sums)
    names = {one.keys[1]: one.names[1] for one in groups}
    if dimension is Dimension.PERIOD:
        return dict(sorted(names.items()))
    return {key: names[key] for key in sorted(sums, key=lambda key: (-sum_up(sums[key]).net_pence, key))}


def _turned(asked: Asked) -> Asked:
    """The same with the second dimension first, for the sums below a cross."""
    return Asked(asked.span, asked.group_by[::-1], asked.filters)
