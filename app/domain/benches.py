"""The benches of the workshop, and why an item stands where it stands in the queue of one."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.lifecycle import State


class Bench(StrEnum):
    """Where items wait, in the order of their way to the shelf; those past use wait for the scrap cage."""

    RETURNED = "returned"
    DECONTAMINATING = "decontaminating"
    AWAITING_INSPECTION = "awaiting_inspection"
    IN_REPAIR = "in_repair"
    SCRAP = "scrap"

    @property
    def text(self) -> str:
        """The bench as people read it."""
        return BENCH_TEXT[self]

    @property
    def states(self) -> tuple[State, ...]:
        """The states of the items that may wait here."""
        return UNDER_WORK if self is Bench.SCRAP else (State(self.value),)


BENCH_TEXT: dict[Bench, str] = {
    Bench.RETURNED: "Awaiting decontamination",
    Bench.DECONTAMINATING: "Decontaminating",
    Bench.AWAITING_INSPECTION: "Awaiting inspection",
    Bench.IN_REPAIR: "In repair",
    Bench.SCRAP: "Awaiting scrap",
}

UNDER_WORK = (State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR)


@dataclass(frozen=True, slots=True)
class Demand:
    """Who waits for an item on a bench. All of it is nothing where the shelf has one of the product that may go out.

    `pieces`, `prescribers`, `since`: what is wanted of its product, by how many, since when the first. `place`: which
    one of its product it is on this bench. `kept_from`: from when this very item is reserved.
    """

    held: bool = False
    place: int = 1
    pieces: int = 0
    prescribers: int = 0
    since: date | None = None
    kept_from: date | None = None


NOBODY_WAITS = "Nobody waits for it. It stands by how long it has been here."
"""Why most items stand where they do: a page says it once for all of them."""


def why_here(demand: Demand) -> str:
    """Why an item stands where it does in its queue, for whoever works through it."""
    if demand.held:
        return "It is on hold, so it comes last."
    said = [f"It is kept for a client from {in_words(demand.kept_from)}."] if demand.kept_from else []
    if demand.since and demand.place <= demand.pieces:
        said.append(_who_waits(demand, demand.since))
    elif demand.since and not said:
        said.append(f"Those before it are enough for what is waited for: {demand.pieces} of this product.")
    return " ".join(said) or NOBODY_WAITS


def _who_waits(demand: Demand, since: date) -> str:
    many = f"{demand.pieces} of these" if demand.pieces > demand.prescribers else "this"
    if demand.prescribers == 1:
        return f"1 prescriber waits for {many}, since {in_words(since)}."
    return f"{demand.prescribers} prescribers wait for {many}, the first since {in_words(since)}."
