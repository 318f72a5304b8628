"""Decontamination: its routes, its outcomes, and what to do next with an item. The release gate is in `clearance.py`.

No contamination status means dirty (MHRA, Managing Medical Devices, section 9).
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.lifecycle import OUT, State


class Route(StrEnum):
    """How a product is decontaminated; set on the catalogue line."""

    WASH_DOWN = "wash_down"
    THERMAL = "thermal"
    LAUNDRY = "laundry"
    ULTRASONIC = "ultrasonic"
    CONTRACTOR = "contractor"
    QUARANTINE_THEN_CLEAN = "quarantine_then_clean"
    CANNOT = "cannot"

    @property
    def text(self) -> str:
        """The route as people read it."""
        return ROUTE_TEXT[self]


class Outcome(StrEnum):
    """How one decontamination ended."""

    PASSED = "passed"
    FAILED = "failed"
    CANNOT = "cannot"


ROUTE_TEXT: dict[Route, str] = {
    Route.WASH_DOWN: "Wash down",
    Route.THERMAL: "Thermal disinfection",
    Route.LAUNDRY: "Laundry",
    Route.ULTRASONIC: "Ultrasonic bath",
    Route.CONTRACTOR: "Send to the contractor",
    Route.QUARANTINE_THEN_CLEAN: "Quarantine, then clean",
    Route.CANNOT: "Cannot be decontaminated",
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """Where the item goes now: `route` is a decontamination route or a bench, `text` a sentence to act on."""

    route: str
    text: str


QUARANTINE = NextStep("quarantine", "Quarantine it: it is on hold, and not to go out until that is lifted.")
TO_FETCH = NextStep(
    "collection", "It is on hold at the client's. Ask them to stop using it, and request an urgent collection."
)
TO_KEEP = NextStep("keep", "Keep it here. It must not go out until what stands in the way is put right.")
TO_RELEASE = NextStep("release", "It passed. Release it to the shelf.")
TO_ANOTHER = NextStep(
    "second_person",
    "It passed. You cleaned it and this product is high-risk, so somebody else releases it. Hand it over.",
)
TO_INSPECT_MORE = NextStep(
    "inspection", "It passed its functional check, but not all that it needs. Take it to the inspection bench."
)
TO_EXAMINE_OR_DECIDE = NextStep(
    "inspection", "Have it examined first, or ask the manager to decide that it goes all the same."
)
TO_SCRAP = NextStep("scrap", "It must not be used again. Put it in the scrap cage and record the scrap.")

BENCH: dict[State, NextStep] = {
    State.IN_STOCK: NextStep("shelf", "Put it on the shelf. It is ready to issue."),
    State.RESERVED: NextStep("shelf", "Keep it on the shelf: it is reserved."),
    State.DISPATCHED: NextStep("van", "It is on its way to the client."),
    State.ON_LOAN: NextStep("client", "It is with a client. If it is in front of you, scan it as a return."),
    State.ON_TRIAL: NextStep("client", "It is on trial with a client. If it is in front of you, scan it as a return."),
    State.AWAITING_COLLECTION: NextStep("client", "It is waiting to be collected. If it is here, scan it as a return."),
    State.DECONTAMINATING: NextStep("decontamination", "It is being cleaned. Record how the cleaning ended."),
    State.AWAITING_INSPECTION: NextStep("inspection", "Take it to the inspection bench."),
    State.IN_REPAIR: NextStep("repair", "Take it to the repair bench."),
    State.SCRAPPED: NextStep("scrap", "It is scrapped. Keep it out of the store and tell the manager."),
    State.MISSING: NextStep("returns", "It was missing. Scan it as a return."),
}
"""What to do with an item that stands in this state. `returned` depends on the product: see `next_step`."""


DIRTY_OR_UNDER_WORK = frozenset({State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR})


def next_step(
    state: State, route: Route, *, on_hold: bool = False, single_patient_use: bool = False, inspected: bool = False
) -> NextStep:
    """What the person with the item in their hands does now.

    A hold goes before all else; then single-patient use, which never comes back to the shelf after a return.
    `inspected`: the functional inspection that release asks for has passed already.
    """
    if on_hold and state is not State.SCRAPPED:
        return TO_FETCH if state in OUT and state is not State.DISPATCHED else QUARANTINE
    if state in DIRTY_OR_UNDER_WORK and (single_patient_use or (route is Route.CANNOT and state is State.RETURNED)):
        return TO_SCRAP
    if state is State.RETURNED:
        return NextStep(route.value, f"Take it to decontamination: {route.text.lower()}.")
    if state is State.AWAITING_INSPECTION and inspected:
        return TO_RELEASE
    return BENCH[state]
