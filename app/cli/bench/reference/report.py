"""The tables that the documents show: a whole run, with the machine beside it."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from app.cli.bench.reference.figures import MEGABYTE, Scale
from app.cli.bench.reference.goals import GROWTH, Goal, Growth, goals_of, growths, pairs


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
        return goals_of(self.scales)

    def as_figures(self) -> dict[str, Any]:
        """As numbers."""
        goals = [asdict(goal) for goal in self.goals()]
        return {
            "command": self.command,
            "on": self.on.isoformat(),
            "machine": machine() | self.postgres,
            "workers": self.workers,
            "goals": goals,
            "growth": [asdict(one) for small, large in pairs(self.scales) for one in growths(small, large)],
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
            *_growth_lines(self.scales),
            *_sizes(self.scales),
            _HEAD,
            *(figure.row(scale.scale) for scale in self.scales for figure in scale.figures),
            *_forced(self.scales),
        ]
        return "\n".join(lines) + "\n"


_WORDS: Final = (
    "Server, database and sender share the machine. *Most* is a closed loop of so many clients. *Alone* is one "
    "client, which sends when it was answered: about the server's time. *At a rate* is an open loop of eight clients "
    "at half of the most that the first scale took (an export: that this one took); each latency counts from when its "
    "request was to be sent. "
    "Milliseconds: p50, p95, p99. The floor is pgbench with the same logical work, prepared "
    "(`app/cli/bench/reference/floors/`), or a bare COPY, in the same run; of pages it is only the question who asks. "
    "CPU is what a request of the closed loop cost in milliseconds of processors: those of a busy machine are to be "
    "judged by it. Handhelds send at random times, and each latency counts from then. Every answer was looked at, and "
    "what was written was counted in the database."
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


def _goal_lines(goals: Sequence[Goal]) -> list[str]:
    rows = [f"| {one.goal} | {one.found} | {'met' if one.is_met else '**not met**'} |" for one in goals]
    return ["| goal | found | |", "|---|---|---|", *rows, ""] if rows else []


def _growth_lines(scales: Sequence[Scale]) -> list[str]:
    """Each call's p95 at each scale, and how many times it is that of a tenth of the data."""
    ordered = sorted(scales, key=lambda one: one.scale)
    grown = {large.scale: {one.name: one for one in growths(small, large)} for small, large in pairs(ordered)}
    if not any(grown.values()):
        return []
    heads = ["call"]
    for scale in ordered:
        heads += [f"{scale.scale:g}", "times"] if scale.scale in grown else [f"{scale.scale:g}"]
    rows = []
    for name in dict.fromkeys(name for found in grown.values() for name in found):
        figures = [scale.named(name) for scale in ordered]
        cells = [next(one.title for one in figures if one)]
        for scale, figure in zip(ordered, figures, strict=True):
            cells.append(f"{figure.alone.p95:.1f}" if figure else "")
            if scale.scale in grown:
                cells.append(_told(grown[scale.scale].get(name)))
        rows.append(f"| {' | '.join(cells)} |")
    words = f"From one client, p95 in milliseconds, and how many times that of a tenth of the data (goal: < {GROWTH})."
    return [words, "", f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1), *rows, ""]


def _told(growth: Growth | None) -> str:
    if growth is None:
        return ""
    return f"{growth.times:.2f}" if growth.is_met else f"**{growth.times:.2f}**"


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
