"""What a run found, how it compares with the goals, and the tables that the documents show."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

MEGABYTE: Final = 1_000_000
GROWTH: Final = 1.3
"""At ten times the data the p95 of a call may be so many times as long."""
SHARE: Final = 0.25
"""Of the floor's transactions a second, for a single return."""
QUICK: Final = 15.0
PAGE: Final = 150.0
"""Milliseconds: the p95 of a return with few clients, and any page's of one client alone."""
EXPORT: Final = 1.5
START: Final = 2.0
"""Seconds, with the database up."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One loop: requests a second, milliseconds, and how much of a core the sender used. All were answered rightly.

    `service`, `database`: milliseconds of processors that the service and PostgreSQL used for a request.
    """

    count: int
    rate: float
    p50: float
    p95: float
    p99: float
    sender: float
    service: float
    database: float | None

    @classmethod
    def of(cls, found: dict[str, Any], service: float, database: float | None) -> Self:
        """From what the load tells."""
        latencies = sorted(found["latencies"])
        seconds = found["seconds"]
        p50, p95, p99 = (_percentile(latencies, share) for share in (0.5, 0.95, 0.99))
        count = len(latencies)
        each = None if database is None else database * 1000 / count
        return cls(count, count / seconds, p50, p95, p99, found["cpu"] / seconds, service * 1000 / count, each)


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class Figure:
    """One call at one scale. `most`: as many as it takes, closed; `opened`: at a rate, from the intended times;
    `alone`: one client after another; `closed`: few clients, closed. `floor`: units a second of the database alone."""

    name: str
    title: str
    unit: str
    per: int
    clients: int
    most: Timed
    opened: Timed
    opened_at: float
    alone: Timed
    closed: Timed | None
    statements: float
    floor: float | None
    memory_before: int
    memory_after: int
    is_page: bool

    @property
    def units(self) -> float:
        """Things a second."""
        return self.most.rate * self.per

    @property
    def share(self) -> float | None:
        """Of the floor."""
        return self.units / self.floor if self.floor else None

    def in_a_line(self) -> str:
        """While it runs."""
        share = f", {self.share:.2f} of the floor" if self.share is not None else ""
        return f"  {self.title}: {self.units:,.0f} {self.unit}/s{share}, alone p95 {self.alone.p95:.1f} ms"

    def row(self, scale: float) -> str:
        """In the table."""
        cells = [
            self.title,
            f"{scale:g}",
            f"{self.units:,.0f} {self.unit}",
            str(self.clients),
            *_times(self.alone),
            f"{self.opened_at:,.1f}",
            *_times(self.opened),
            f"{self.statements:g}",
            f"{self.most.service:.1f}",
            "" if self.most.database is None else f"{self.most.database:.1f}",
            f"{self.memory_before / MEGABYTE:.0f} → {self.memory_after / MEGABYTE:.0f}",
            f"{self.floor:,.0f}" if self.floor else "",
            f"{self.share:.2f}" if self.share is not None else "",
        ]
        return f"| {' | '.join(cells)} |"


def _times(timed: Timed) -> list[str]:
    return [f"{timed.p50:.1f}", f"{timed.p95:.1f}", f"{timed.p99:.1f}"]


@dataclass(frozen=True, slots=True)
class Forced:
    """A notice of one form: items held, seconds until it was answered, and those of the bare reading and writing."""

    form: str
    held: int
    seconds: float
    floor: float


@dataclass(frozen=True, slots=True)
class Scale:
    """All of one scale; `memory`: the service's before the first call and after the last. `starts`: seconds from its
    exec until it was ready, and those of processors. `filled`: seconds; nothing where a county was there before."""

    scale: float
    sizes: dict[str, int]
    filled: float | None
    figures: list[Figure]
    forced: list[Forced]
    memory_before: int
    memory_after: int
    starts: list[tuple[float, float]]

    def named(self, name: str) -> Figure | None:
        """A call's."""
        return next((one for one in self.figures if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, what was found, and whether it is met."""

    goal: str
    found: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class CountyReport:
    """A whole run."""

    command: str
    on: date
    postgres: dict[str, str]
    scales: list[Scale]
    workers: int = 1

    def goals(self) -> list[Goal]:
        """Each goal of which something was measured."""
        return [goal for scale in self.scales for goal in _goals_of(scale)] + _growth(self.scales)

    def as_figures(self) -> dict[str, Any]:
        """As numbers."""
        goals = [asdict(goal) for goal in self.goals()]
        return {
            "command": self.command,
            "on": self.on.isoformat(),
            "machine": machine() | self.postgres,
            "workers": self.workers,
            "goals": goals,
            "scales": [asdict(scale) for scale in self.scales],
        }

    def as_markdown(self) -> str:
        """As the documents show it."""
        about = machine() | self.postgres | {"processes of the service (`--workers`)": str(self.workers)}
        lines = [
            f"Measured on {self.on.isoformat()} with `{self.command}`.",
            "",
            *(f"- {name}: {value}" for name, value in about.items()),
            "",
            _WORDS,
            "",
            *_goal_lines(self.goals()),
            *_sizes(self.scales),
            _HEAD,
            *(figure.row(scale.scale) for scale in self.scales for figure in scale.figures),
            *_forced(self.scales),
        ]
        return "\n".join(lines) + "\n"


_WORDS: Final = (
    "Server, database and sender share the machine. *Most* is a closed loop of so many clients. *Alone* is one "
    "client, which sends when it was answered: about the server's time. *At a rate* is an open loop of eight clients "
    "at half of the most that the first scale took; each latency counts from when its request was to be sent. "
    "Milliseconds: p50, p95, p99. The floor is pgbench with the same logical work, prepared "
    "(`app/cli/bench/reference/floors/`), or a bare COPY, in the same run; of pages it is only the question who asks. "
    "CPU is what a request of the closed loop cost in milliseconds of processors: those of a busy machine are to be "
    "judged by it. Every answer was looked at, and what was written was counted in the database."
)
_HEAD: Final = (
    "| call | scale | most, a second | clients | alone p50 | p95 | p99 | at a rate of | p50 | p95 | p99 | statements "
    "| CPU, the service | CPU, PostgreSQL | memory, MB | floor, a second | of the floor |\n" + "|---|" + "---:|" * 16
)


def machine() -> dict[str, str]:
    """What it was measured on."""
    kilobytes = 0
    for line in Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []:
        if line.startswith("MemTotal:"):
            kilobytes = int(line.split()[1])
    load = os.getloadavg()[0]
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{kilobytes / 1_048_576:.0f} GiB",
        "load before the end": f"{load:.1f}",
        "Python": platform.python_version(),
    }


def _goals_of(scale: Scale) -> list[Goal]:
    at = f"scale {scale.scale:g}"
    goals = []
    if scale.starts:
        took, used = min(scale.starts)
        found = (
            f"{took:.2f} s ({used:.2f} s of processors), `stores serve`, files compiled, best of {len(scale.starts)}"
        )
        goals.append(Goal(f"{at}: from exec to ready, database up, < {START:g} s", found, took < START))
    single = scale.named("scan-return")
    if single and single.share is not None:
        found = f"{single.share:.2f} ({single.units:,.0f} of {single.floor:,.0f})"
        goals.append(Goal(f"{at}: a single return, of the floor's rate, ≥ {SHARE}", found, single.share >= SHARE))
        found = f"{single.opened.p95:.1f} ms at {single.opened_at:,.0f} a second"
        goals.append(Goal(f"{at}: its p95 at 8 clients, open, < {QUICK:g} ms", found, single.opened.p95 < QUICK))
    if single and single.closed:
        found = f"{single.closed.p95:.1f} ms at {single.closed.rate:,.0f} a second"
        goals.append(Goal(f"{at}: its p95 at 8 clients, closed, < {QUICK:g} ms", found, single.closed.p95 < QUICK))
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


def _growth(scales: Sequence[Scale]) -> list[Goal]:
    """From each scale to one of ten times the data."""
    goals = []
    for small in scales:
        for large in scales:
            if not 9 <= large.scale / small.scale <= 11:
                continue
            grown = [
                (there.alone.p95 / one.alone.p95, one.title)
                for one in small.figures
                if (there := large.named(one.name)) and one.name not in {"csv", "cost-report"}
            ]
            if grown:
                times, title = max(grown)
                words = (
                    f"scale {small.scale:g} to {large.scale:g}: p95 of each interactive call, alone, ≤ {GROWTH} times"
                )
                goals.append(Goal(words, f"{times:.2f} times at most: {title}", times <= GROWTH))
    return goals


def _goal_lines(goals: Sequence[Goal]) -> list[str]:
    rows = [f"| {one.goal} | {one.found} | {'met' if one.is_met else '**not met**'} |" for one in goals]
    return ["| goal | found | |", "|---|---|---|", *rows, ""] if rows else []


def _sizes(scales: Sequence[Scale]) -> list[str]:
    rows = [
        f"| {one.scale:g} | {' | '.join(f'{count:,}' for count in one.sizes.values())} "
        f"| {'before' if one.filled is None else f'{one.filled:,.0f}'} "
        f"| {one.memory_before / MEGABYTE:.0f} → {one.memory_after / MEGABYTE:.0f} |"
        for one in scales
    ]
    names = " | ".join(f"{name}s" for name in scales[0].sizes)
    head = f"| scale | {names} | filled in, s | the service's memory, MB |"
    return [head, "|---:|" + "---:|" * (len(scales[0].sizes) + 2), *rows, ""]


def _forced(scales: Sequence[Scale]) -> list[str]:
    rows = [
        f"| {one.form} | {scale.scale:g} | {one.held:,} | {one.seconds:.2f} | {one.floor:.2f} "
        f"| {one.seconds / one.floor:.1f} times |"
        for scale in scales
        for one in scale.forced
    ]
    if not rows:
        return []
    head = "| notice put into force | scale | items held | seconds | floor | of the floor |"
    return ["", head, "|---|---:|---:|---:|---:|---:|", *rows]
