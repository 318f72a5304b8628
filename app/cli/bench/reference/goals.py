"""The goals of the county, and how what was found compares with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.cli.bench.reference.figures import Figure, Scale

GROWTH: Final = 1.3
"""At ten times the data the p95 of a call may be so many times as long."""
GROWS_WITH_ITS_MONTH: Final = frozenset({"csv", "cost-report"})
"""What is read is as much as the county did in a month: no interactive call."""
SHARE: Final = 0.25
"""Of the floor's transactions a second, for a single return."""
QUICK: Final = 15.0
PAGE: Final = 150.0
"""Milliseconds: the p95 of a return with few clients, and any page's of one client alone."""
EXPORT: Final = 1.5
START: Final = 2.0
"""Seconds, with the database up."""
FEW: Final = 8
"""So many clients where the latency of a return is asked about."""
HANDHELDS: Final = 20
BURSTS: Final = (2, 20)
"""Scans a second: a reference county's own burst (domain.md §5.3: 120 a minute from twenty handhelds), and ten of them
at once."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, what was found, and whether it is met."""

    goal: str
    found: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Growth:
    """The p95 of one call, alone, from one scale to the next larger one of the run."""

    name: str
    title: str
    small: float
    large: float
    times: float

    @property
    def is_met(self) -> bool:
        """It grows by less than the bound."""
        return self.times < GROWTH


def goals_of(scales: Sequence[Scale]) -> list[Goal]:
    """Each goal of which something was measured."""
    each = [goal for scale in scales for goal in _of_one(scale)]
    return [*each, *(_of_growth(small, large) for small, large in pairs(scales) if growths(small, large))]


def pairs(scales: Sequence[Scale]) -> Iterator[tuple[Scale, Scale]]:
    """Each scale with the next larger one, where that is ten times as large."""
    for small, large in pairwise(sorted(scales, key=lambda one: one.scale)):
        if 9 <= large.scale / small.scale <= 11:
            yield small, large


def growths(small: Scale, large: Scale) -> list[Growth]:
    """Of each interactive call that was measured at both."""
    return [
        Growth(one.name, one.title, small.scale, large.scale, there.alone.p95 / one.alone.p95)
        for one in small.figures
        if (there := large.named(one.name)) and one.name not in GROWS_WITH_ITS_MONTH
    ]


def _of_growth(small: Scale, large: Scale) -> Goal:
    found = growths(small, large)
    most = max(found, key=lambda one: one.times)
    over = sum(not one.is_met for one in found)
    return Goal(
        f"scale {small.scale:g} to {large.scale:g}: p95 of each interactive call, alone, < {GROWTH} times",
        f"{most.times:.2f} times at most: {most.title}" + (f"; {over} of {len(found)} calls are over" if over else ""),
        over == 0,
    )


def _of_one(scale: Scale) -> list[Goal]:
    at = f"scale {scale.scale:g}"
    goals = []
    if scale.starts:
        took, used = min(scale.starts)
        found = (
            f"{took:.2f} s ({used:.2f} s of processors), `stores serve`, files compiled, best of {len(scale.starts)}"
        )
        goals.append(Goal(f"{at}: from exec to ready, database up, < {START:g} s", found, took < START))
    if single := scale.named("scan-return"):
        goals += _of_a_return(at, single)
    for name in ("scan-return-100", "scan-return-500"):
        batch = scale.named(name)
        if batch and batch.share is not None:
            goals.append(
                Goal(f"{at}: {batch.title}, per item, ≥ the floor", f"{batch.share:.2f} times", batch.share >= 1)
            )
    export = scale.named("csv")
    if export and export.share:
        times = 1 / export.share
        goals.append(Goal(f"{at}: CSV ≤ {EXPORT} times COPY", f"{times:.2f} times", times <= EXPORT))
    pages = [one for one in scale.figures if one.is_page]
    if pages and scale.scale <= 1:
        slowest = max(pages, key=lambda one: one.alone.p95)
        found = f"{slowest.alone.p95:.0f} ms: {slowest.title}"
        goals.append(Goal(f"{at}: no page over {PAGE:g} ms, p95 alone", found, slowest.alone.p95 <= PAGE))
    return goals


def _of_a_return(at: str, single: Figure) -> list[Goal]:
    goals = []
    if single.share is not None:
        found = f"{single.share:.2f} ({single.units:,.0f} of {single.floor:,.0f})"
        goals.append(Goal(f"{at}: a single return, of the floor's rate, ≥ {SHARE}", found, single.share >= SHARE))
    # From what a county does to what none does: its burst, ten of them at once, half of the most, and no rest at all.
    loops = [(f"from {HANDHELDS} handhelds, {rate} a second in all", one) for rate, one in single.bursts.items()]
    loops.append((f"at {FEW} clients, open", single.opened))
    if single.closed:
        loops.append((f"at {FEW} clients, closed", single.closed))
    for how, loop in loops:
        found = f"{loop.p95:.1f} ms at {loop.rate:,.1f} a second, of {loop.count:,}"
        goals.append(Goal(f"{at}: its p95 {how}, < {QUICK:g} ms", found, loop.p95 < QUICK))
    return goals
