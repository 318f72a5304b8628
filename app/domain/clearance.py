"""May this item leave the store? Every reason why not, at once. What is not known is never taken for safe."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import Blocker, Conflict, NotClear
from app.domain.hygiene import (
    QUARANTINE,
    READY,
    TO_AGREE,
    TO_ANOTHER,
    TO_FETCH_STOPPED,
    TO_INSPECT_MORE,
    TO_KEEP,
    TO_RELEASE,
    TO_SCRAP,
    TO_WAIT_STOPPED,
    NextStep,
    Outcome,
    Route,
    next_step,
)
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import Move, State


class HoldKind(StrEnum):
    """Why an item is held. What is on its way between two stores is held until it is received there.

    Whereabouts: it was handed in although it never left, by the record (`domain/whereabouts.py`).
    """

    SAFETY_NOTICE = "safety_notice"
    FAULT = "fault"
    INVESTIGATION = "investigation"
    IN_TRANSIT = "in_transit"
    SCRAP_REQUEST = "scrap_request"
    WHEREABOUTS = "whereabouts_in_question"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return self.value.replace("_", " ").capitalize()


TO_RECEIVE = NextStep("receive", "It is on its way to another store. Scan it in there, under Transfers.")
TO_SETTLE = NextStep(
    "query_shelf",
    "Keep it on the query shelf: nobody knows where it has been. Look at it, and say on its page where it was.",
)

GATED = frozenset({Move.RESERVE, Move.DISPATCH, Move.DELIVER, Move.ISSUE, Move.START_TRIAL, Move.RELEASE})
"""Moves that ask for clearance. `needs_clearance` names the two that are exempt by their starting state."""

_LEAVES = frozenset({Move.DISPATCH, Move.DELIVER, Move.ISSUE, Move.START_TRIAL})
_LEAVES_FROM = frozenset({State.IN_STOCK, State.RESERVED, State.DISPATCHED})

HANDED_OVER = frozenset({(State.DISPATCHED, Move.DELIVER), (State.DISPATCHED, Move.START_TRIAL)})
"""Moves that may be recorded as having happened at a client's door in spite of what blocked them: an item that is there
and is not known to be there is the greater danger."""

CLEARABLE = frozenset({State.IN_STOCK, State.RESERVED})
"""States in which an item can be clear at all: on the shelf. What is ready to be released is not clear yet."""

WAITS_FOR = {
    State.RETURNED: "decontamination",
    State.DECONTAMINATING: "the end of its decontamination",
    State.AWAITING_INSPECTION: "inspection and release",
    State.IN_REPAIR: "repair, inspection and release",
    State.MISSING: "somebody to find it",
}
"""What must happen first with an item that is in no client's or driver's hands, and not on the shelf."""


@dataclass(frozen=True, slots=True)
class HoldFact:
    """One open hold. `notice`: the reference of the safety notice that placed it, and its number."""

    kind: HoldKind
    reason: str
    notice: str = ""
    notice_id: int | None = None

    @property
    def text(self) -> str:
        """As people read it. The reason of a notice's hold begins with its reference."""
        return f"{self.kind.text} {self.reason}" if self.notice else f"{self.kind.text}: {self.reason}"


@dataclass(frozen=True, slots=True)
class DueFact:
    """One inspection the product asks for; `due_on` None: nobody knows when. `failed`: its latest one did not pass."""

    kind: InspectionKind
    due_on: date | None
    failed: bool = False

    def is_met(self, on: date) -> bool:
        """Whether it is in date on that day and its latest one passed, if there was one."""
        return self.due_on is not None and self.due_on >= on and not self.failed


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the record says of one item. Sequence numbers are those of its movements, so no clock is trusted.

    `returned_seq`: its last return or finding. `inspectable_seq`: when it last came to the inspection bench.
    `decontamination_*`: its latest decontamination. `inspection_*`: its latest functional inspection.
    `is_label_wanted`: its label may say more than it carries; `label_load_kg`: what it must say, where that is known.
    """

    state: State
    single_patient_use: bool = False
    high_risk: bool = False
    times_issued: int = 0
    returned_seq: int | None = None
    inspectable_seq: int | None = None
    decontamination_outcome: Outcome | None = None
    decontamination_seq: int | None = None
    decontamination_started_by: str | None = None
    decontaminated_by: str | None = None
    inspection_outcome: InspectionOutcome | None = None
    inspection_seq: int | None = None
    holds: tuple[HoldFact, ...] = ()
    due: tuple[DueFact, ...] = ()
    label_load_kg: float | None = None
    is_label_wanted: bool = False

    @property
    def wants_label(self) -> bool:
        """A new label must be printed before it goes out, also where nobody knows any more what it carries."""
        return self.is_label_wanted or self.label_load_kg is not None

    @property
    def label_says(self) -> str:
        """What is wrong with the label, in the middle of a sentence."""
        known = self.label_load_kg is not None
        load = f"it carries {self.label_load_kg:g} kg" if known else "nobody knows what it carries"
        return f"{load}, and the old one may say {'more' if known else 'a load'}"

    @property
    def cannot_be_cleaned(self) -> bool:
        """Its latest decontamination ended with "cannot"; a return does not make that undone."""
        return self.decontamination_outcome is Outcome.CANNOT

    @property
    def waits_for_scrap(self) -> bool:
        """Somebody asked for its scrap, and nothing else holds it."""
        kinds = {hold.kind for hold in self.holds}
        return kinds == {HoldKind.SCRAP_REQUEST} and self.state is not State.SCRAPPED

    @property
    def is_spent(self) -> bool:
        """It is for a single patient and has had one."""
        return self.single_patient_use and self.times_issued > 0

    @property
    def is_inspected(self) -> bool:
        """The functional inspection after the last arrival at the bench has passed."""
        return (
            self.inspection_outcome is InspectionOutcome.PASSED
            and self.inspection_seq is not None
            and self.inspection_seq > max(self.inspectable_seq or 0, self.returned_seq or 0)
        )


def step_for(
    evidence: Evidence, route: Route, *, on: date | None = None, reader: str | None = None, is_stopped: bool = False
) -> NextStep:
    """What the person with the item in their hands does now, by what the record says of it.

    `on`: the day, where it is to be asked too whether all inspections are in date. `reader`: whose hands these are;
    who cleaned a high-risk item is never told to release it. A label that may say too high a load is to be printed anew
    whatever else is done. `is_stopped`: its use where a client has it.
    """
    step = (is_stopped and _where_stopped(evidence)) or _step(evidence, route, on=on, reader=reader)
    if not evidence.wants_label or step.route == TO_SCRAP.route:
        return step
    # What is on the shelf waits for that alone.
    text = step.text.replace(READY, "It must not go out yet.")
    return NextStep(step.route, f"{text} Print a new label for it: {evidence.label_says}.")


def _where_stopped(evidence: Evidence) -> NextStep | None:
    """What is done with an item that a client has and must not use, unless a safety notice says it already."""
    if any(hold.notice for hold in evidence.holds):
        return None
    if evidence.state in {State.ON_LOAN, State.ON_TRIAL}:
        return TO_FETCH_STOPPED
    return TO_WAIT_STOPPED if evidence.state is State.AWAITING_COLLECTION else None


def _step(evidence: Evidence, route: Route, *, on: date | None, reader: str | None) -> NextStep:
    if held := _by_its_holds(evidence):
        return held
    on_the_shelf = evidence.state in {State.IN_STOCK, State.RESERVED} and not evidence.holds
    if on and on_the_shelf and find_blockers(evidence, on=on):
        return TO_KEEP
    past_cleaning = evidence.state is State.RETURNED and evidence.cannot_be_cleaned
    step = next_step(
        evidence.state,
        Route.CANNOT if past_cleaning else route,
        on_hold=bool(evidence.holds),
        single_patient_use=evidence.is_spent,
        inspected=evidence.is_inspected,
    )
    if step is not TO_RELEASE:
        return step
    if on and find_blockers(evidence, on=on):
        return TO_INSPECT_MORE
    return TO_ANOTHER if _second_person(evidence, reader) else TO_RELEASE


def _by_its_holds(evidence: Evidence) -> NextStep | None:
    """What its holds alone say to do, where they say more than to keep it."""
    if evidence.holds and all(hold.kind is HoldKind.IN_TRANSIT for hold in evidence.holds):
        return TO_RECEIVE
    if {hold.kind for hold in evidence.holds} == {HoldKind.IN_TRANSIT, HoldKind.WHEREABOUTS}:
        return TO_RECEIVE
    if evidence.holds and all(hold.kind is HoldKind.WHEREABOUTS for hold in evidence.holds):
        return TO_SETTLE
    if evidence.waits_for_scrap:
        return TO_AGREE
    notices = [hold.notice for hold in evidence.holds if hold.notice]
    return _for_notices(evidence.state, notices) if notices else None


def _for_notices(state: State, notices: list[str]) -> NextStep:
    """What is done with an item that safety notices hold: it stays where nobody takes it, or is fetched to there."""
    plain = next_step(state, Route.CANNOT, on_hold=True)
    if state is State.SCRAPPED:
        return plain
    many = len(notices) > 1
    named = f"Safety notice{'s' if many else ''} {' and '.join(notices)} cover{'' if many else 's'}"
    if plain.route == QUARANTINE.route:
        return NextStep(plain.route, f"Quarantine it. {named} it, or may. It must not go out until it is cleared.")
    return NextStep(plain.route, f"{named} this, or may. Ask them to stop using it, and request an urgent collection.")


def is_past_use(evidence: Evidence, route: Route) -> bool:
    """Whether nothing on the benches makes it fit for another client, short of a manager's order to clean it."""
    past_cleaning = evidence.cannot_be_cleaned or route is Route.CANNOT
    return evidence.is_spent or (evidence.state is State.RETURNED and past_cleaning)


def check_cleaning(evidence: Evidence, route: Route, *, overruled: bool) -> None:
    """Whether an item may be cleaned for another use.

    Raises Conflict `single-patient-use`, and `cannot-be-decontaminated` for one that cannot be cleaned, unless a
    manager has overruled that by naming a route.
    """
    if evidence.is_spent:
        raise Conflict("single-patient-use", "It is for a single patient and has had one. It must be scrapped.")
    if not overruled and (evidence.cannot_be_cleaned or route is Route.CANNOT):
        detail = "It cannot be decontaminated. Scrap it, or ask the manager, who may name another way to clean it."
        raise Conflict("cannot-be-decontaminated", detail)


def needs_clearance(state: State, move: Move) -> bool:
    """Whether this move asks for clearance.

    Giving up a reservation puts nothing new on the shelf, and a trial that goes on after a cancelled collection
    does not leave the store: both are exempt.
    """
    exempt = {(State.RESERVED, Move.RELEASE), (State.AWAITING_COLLECTION, Move.START_TRIAL)}
    return move in GATED and (state, move) not in exempt


def find_blockers(evidence: Evidence, *, on: date, releaser: str | None = None) -> list[Blocker]:
    """Every reason why the item may not go out on that day; empty means the evidence is complete.

    `releaser`: who is about to release it. One person may not both clean and release a high-risk product.
    """
    return [
        *hold_blockers(evidence),
        *hygiene_blockers(evidence),
        *_inspection(evidence),
        *(_unmet(due) for due in evidence.due if not due.is_met(on)),
        *_second_person(evidence, releaser),
    ]


def inspection_blockers(evidence: Evidence, kind: InspectionKind, *, on: date) -> list[Blocker]:
    """What it lacks of inspections of this kind on that day."""
    checked = _inspection(evidence) if kind is InspectionKind.FUNCTIONAL else []
    return checked + [_unmet(due) for due in evidence.due if due.kind is kind and not due.is_met(on)]


def is_clear(evidence: Evidence, *, on: date) -> bool:
    """It may go to a client now: it stands on the shelf, and nothing blocks it, its label neither. To be releasable is
    not enough."""
    return evidence.state in CLEARABLE and not leaving_blockers(evidence, on=on)


def hold_blockers(evidence: Evidence) -> list[Blocker]:
    """What it is held for, a safety notice with its reference."""
    return [Blocker("on-hold", hold.text) for hold in evidence.holds]


def label_blockers(evidence: Evidence) -> list[Blocker]:
    """That its label may promise more than it carries: whoever stands beside it goes by its label."""
    if not evidence.wants_label:
        return []
    why = evidence.label_says.replace("the old one", "its label")
    detail = f"{why[0].upper()}{why[1:]}. Print a new label and stick it over the old one first."
    return [Blocker("label-says-too-much", detail)]


def needs_label(state: State, move: Move) -> bool:
    """Whether this move takes an item to a client or nearer to one, so that its label must be right (ADR 38)."""
    return move in _LEAVES and state in _LEAVES_FROM


def leaving_blockers(evidence: Evidence, *, on: date) -> list[Blocker]:
    """Every reason why the item may not leave the store, or the driver's hands, on that day: what `find_blockers` says,
    and its label."""
    return [*find_blockers(evidence, on=on), *label_blockers(evidence)]


def check_use_goes_on(evidence: Evidence) -> None:
    """Whether a client who has it may go on using it: a trial of what is held is neither kept nor extended.

    Raises NotClear `on-hold`.
    """
    if blockers := hold_blockers(evidence):
        why = " ".join(blocker.detail for blocker in blockers)
        what = "Have it collected, or have done what the hold is for: then the trial can go on."
        raise NotClear("on-hold", f"It is on hold, so it is neither kept nor tried on. {why} {what}", blockers)


def place_blockers(evidence: Evidence) -> list[Blocker]:
    """That the item does not stand on the shelf, and what is waited for. Release does not ask: it puts it there."""
    if evidence.state in CLEARABLE:
        return []
    waits_for = WAITS_FOR.get(evidence.state)
    if evidence.state is State.AWAITING_INSPECTION and evidence.is_inspected:
        by_another = evidence.high_risk and evidence.returned_seq is not None
        waits_for = "its release by somebody who did not clean it" if by_another else "its release"
    where = f"The item is “{evidence.state.text.lower()}”"
    return [Blocker("not-on-the-shelf", f"{where}: it waits for {waits_for}." if waits_for else f"{where}.")]


def hygiene_blockers(evidence: Evidence) -> list[Blocker]:
    """Why nobody else may use it as it is: for a single patient, or not clean since it came back."""
    blockers = []
    if evidence.is_spent:
        blockers.append(Blocker("single-patient-use", "It is for a single patient and has been issued before."))
    if evidence.returned_seq is None:
        return blockers
    outcome, seq = evidence.decontamination_outcome, evidence.decontamination_seq
    if evidence.cannot_be_cleaned:
        blockers.append(Blocker("cannot-be-decontaminated", "It cannot be decontaminated. It must be scrapped."))
    elif outcome is None or seq is None or seq <= evidence.returned_seq:
        blockers.append(Blocker("not-decontaminated", "It has not passed decontamination since it came back."))
    elif outcome is Outcome.FAILED:
        blockers.append(Blocker("decontamination-failed", "Its last decontamination failed. Clean it again."))
    return blockers


def _inspection(evidence: Evidence) -> list[Blocker]:
    if evidence.returned_seq is None and evidence.inspectable_seq is None:
        return []
    if evidence.is_inspected:
        return []
    since = max(evidence.inspectable_seq or 0, evidence.returned_seq or 0)
    if evidence.inspection_seq is not None and evidence.inspection_seq > since:
        return [Blocker("inspection-failed", "Its last functional check failed. Repair it, then check it again.")]
    return [Blocker("not-inspected", "It has not passed a functional check since it was cleaned or repaired.")]


def _unmet(due: DueFact) -> Blocker:
    if due.failed:
        return Blocker("inspection-failed", f"Its latest {due.kind.text} failed. It must pass one.")
    if due.due_on is None:
        return Blocker("inspection-unknown", f"No record says when its {due.kind.text} is due.")
    return Blocker("inspection-overdue", f"Its {due.kind.text} was due by {in_words(due.due_on)}.")


def _second_person(evidence: Evidence, releaser: str | None) -> list[Blocker]:
    if not (evidence.high_risk and releaser and evidence.returned_seq is not None):
        return []
    if releaser not in {evidence.decontamination_started_by, evidence.decontaminated_by}:
        return []
    return [Blocker("same-person", "You cleaned it, and its risk is high: somebody else must release it.")]
