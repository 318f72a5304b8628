"""Decontamination: its routes, its outcomes, and what to do next with an item. The release gate is in `clearance.py`.

No contamination status means dirty (MHRA, Managing Medical Devices, section 9).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue, Conflict, RuleError
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


class InfectionRisk(StrEnum):
    """How likely the item as it came back gives somebody an infection. The higher band counts when two were named."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def text(self) -> str:
        """The band as people read it."""
        return self.value.capitalize()

    @property
    def means(self) -> str:
        """When an item is in this band."""
        return RISK_MEANS[self]


RISK_MEANS: dict[InfectionRisk, str] = {
    InfectionRisk.LOW: "It touched clothes or whole skin, and is not soiled.",
    InfectionRisk.MEDIUM: "It is soiled, or touched broken skin or a toilet.",
    InfectionRisk.HIGH: "Blood, a known infection or an infestation, or nobody knows. Another person releases it.",
}


NOT_RECORDED = "Not recorded: treat it as high"


class StrikeThrough(StrEnum):
    """The test of a cover: whether fluid comes through to the foam or cell beneath it."""

    PASSED = "passed"
    FAILED = "failed"


QUARANTINE_DAYS = 3
"""How long an item stays in quarantine when nobody named the day."""

LONGEST_QUARANTINE_DAYS = 90

WITH_A_PRODUCT = frozenset({Route.WASH_DOWN, Route.ULTRASONIC, Route.QUARANTINE_THEN_CLEAN})
"""Routes on which something is applied: a detergent, a disinfectant."""


@dataclass(frozen=True, slots=True)
class Job:
    """One cleaning that goes on. `has_cover`: the product asks for a strike-through test."""

    route: Route
    infection_risk: InfectionRisk | None = None
    quarantine_until: date | None = None
    has_cover: bool = False
    contractor: str = ""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is said of how the cleaning of one item ended.

    `is_risk_asked`: whoever says it was asked for the infection risk; the short form of the API does not ask (ADR 29).
    """

    barcode: str
    outcome: Outcome
    notes: str = ""
    infection_risk: InfectionRisk | None = None
    method: str = ""
    product_used: str = ""
    strike_through: StrikeThrough | None = None
    contractor: str = ""
    contractor_reference: str = ""
    is_risk_asked: bool = True


def quarantine_until(route: Route, asked: date | None, *, on: date) -> date | None:
    """Until which day an item stays in quarantine whose cleaning by this route starts on that day.

    Raises BadValue `quarantine-in-the-past` or `quarantine-too-long`.
    """
    if route is not Route.QUARANTINE_THEN_CLEAN:
        return None
    until = asked or on + timedelta(days=QUARANTINE_DAYS)
    if until < on:
        raise BadValue(
            "quarantine-in-the-past",
            "Quarantine ends today at the earliest. Name a later day.",
            field="quarantine_until",
        )
    if until > on + timedelta(days=LONGEST_QUARANTINE_DAYS):
        detail = f"Quarantine lasts {LONGEST_QUARANTINE_DAYS} days at the longest. Name an earlier day."
        raise BadValue("quarantine-too-long", detail, field="quarantine_until")
    return until


def higher_risk(one: InfectionRisk | None, other: InfectionRisk | None) -> InfectionRisk | None:
    """The higher of two bands, as it is recorded; where only one was named, that one."""
    bands = list(InfectionRisk)
    return max((band for band in (one, other) if band), key=bands.index, default=None)


def band_in_words(recorded: InfectionRisk | None) -> str:
    """The band on papers and pages; one that nobody recorded says how to treat the item."""
    return recorded.text if recorded else NOT_RECORDED


def check_passed(job: Job, said: Cleaned, *, on: date) -> None:
    """Whether the cleaning may be recorded as passed, by its route, its cover and the risk.

    Whoever is asked for the infection risk says it: what the certificate says rests on it.

    Raises Conflict `in-quarantine`; BadValue `strike-through-wanted`, `strike-through-failed`, `contractor-wanted`,
    `infection-risk-wanted`, `method-wanted`, `product-used-wanted`.
    """
    faults = [*_in_quarantine(job, on), *_cover(job, said), *_contractor(job, said), *_risk(job, said)]
    if faults:
        raise faults[0]


def needs_details(job: Job) -> bool:
    """Whether a pass needs more than one button: something must be said that nobody can guess."""
    return job.has_cover or job.route is Route.CONTRACTOR or job.infection_risk in {None, InfectionRisk.HIGH}


def _in_quarantine(job: Job, on: date) -> list[RuleError]:
    if job.quarantine_until is None or job.quarantine_until <= on:
        return []
    detail = f"It is in quarantine until {in_words(job.quarantine_until)}. Clean it then, and record it from that day."
    return [Conflict("in-quarantine", detail)]


def _cover(job: Job, said: Cleaned) -> list[RuleError]:
    if job.has_cover and said.strike_through is None:
        detail = "It has a cover. Do the strike-through test, and record whether it passed with the cleaning."
        return [BadValue("strike-through-wanted", detail, field="strike_through")]
    if said.strike_through is StrikeThrough.FAILED:
        detail = (
            "Fluid comes through its cover, so it is not clean inside. Record that the cleaning failed, change the "
            "cover, and clean it again; or record that it cannot be cleaned."
        )
        return [BadValue("strike-through-failed", detail, field="strike_through")]
    return []


def _contractor(job: Job, said: Cleaned) -> list[RuleError]:
    if job.route is not Route.CONTRACTOR or said.contractor or job.contractor:
        return []
    detail = "It was cleaned by a contractor, and nobody has recorded which. Say who the contractor is."
    return [BadValue("contractor-wanted", detail, field="contractor")]


def _risk(job: Job, said: Cleaned) -> list[RuleError]:
    recorded = higher_risk(job.infection_risk, said.infection_risk)
    if recorded is None and said.is_risk_asked:
        detail = (
            "Nobody has recorded how high its infection risk was as it came back. Record it with this result: on the "
            "page of its cleaning, or above the barcode on the scan page. Where nobody knows, it is high."
        )
        return [BadValue("infection-risk-wanted", detail, field="infection_risk")]
    if recorded is not InfectionRisk.HIGH:
        return []
    faults: list[RuleError] = []
    if not said.method:
        detail = "Its infection risk is high. Say by which method it was cleaned."
        faults.append(BadValue("method-wanted", detail, field="method"))
    if job.route in WITH_A_PRODUCT and not said.product_used:
        detail = "Its infection risk is high. Say which product was used."
        faults.append(BadValue("product-used-wanted", detail, field="product_used"))
    return faults


@dataclass(frozen=True, slots=True)
class NextStep:
    """Where the item goes now: `route` is a decontamination route or a bench, `text` a sentence to act on."""

    route: str
    text: str


QUARANTINE = NextStep("quarantine", "Quarantine it: it is on hold, and not to go out until that is lifted.")
TO_FETCH = NextStep(
    "collection", "It is on hold at the client's. Ask them to stop using it, and request an urgent collection."
)
TO_FETCH_STOPPED = NextStep(
    "collection", "Its use at the client's is stopped. Make sure that nobody uses it, and request an urgent collection."
)
TO_WAIT_STOPPED = NextStep(
    "collection",
    "Its use at the client's is stopped, and it waits to be collected. Scan it in at the returns desk: that ends it.",
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
TO_AGREE = NextStep(
    "scrap_cage", "Somebody else must agree to scrap it. Keep it in the scrap cage, where nobody takes it, until then."
)
TO_SCRAP = NextStep("scrap", "It must not be used again. Put it in the scrap cage and record the scrap.")

READY = "It is ready to issue."

BENCH: dict[State, NextStep] = {
    State.IN_STOCK: NextStep("shelf", f"Put it on the shelf. {READY}"),
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
