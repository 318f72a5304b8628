"""What a run found: each loop, each call, each scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

MEGABYTE: Final = 1_000_000


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
    `alone`: one client after another; `closed`: few clients, closed; `bursts`: by how many a second they send in all,
    handhelds who do not wait for each other. `floor`: units a second of the database alone."""

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
    bursts: dict[int, Timed]
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
