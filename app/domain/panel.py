"""Cases that a panel decides: the way of a case, what each kind of decision must say, and what holds of it later.

A decision is never changed. What changes is a new one that supersedes it, so that anybody can read afterwards who
decided what, when, and on which evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue, Conflict, WrongState
from app.domain.reasons import check_reason, has_words

LONGEST_APPROVAL = timedelta(days=3 * 366)
TRIAL_DAYS = 28
"""For so long is tried what a panel wants tried first, where the order named no trial."""


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCREENED = "screened"
    LISTED = "listed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return self.value.capitalize()


class Step(StrEnum):
    """What can happen to a case."""

    SUBMIT = "submit"
    FIND_COMPLETE = "find_complete"
    FIND_INCOMPLETE = "find_incomplete"
    FIND_NOT_NEEDED = "find_not_needed"
    LIST = "list"
    TAKE_OFF = "take_off"
    DECIDE = "decide"
    CHAIR_ACTION = "chair_action"
    APPEAL = "appeal"
    WITHDRAW = "withdraw"


class Screening(StrEnum):
    """What came of looking at a submitted case before the panel does."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_NEEDED = "not_needed"

    @property
    def text(self) -> str:
        """The outcome as people read it."""
        return {"not_needed": "No panel is needed"}.get(self.value, self.value.capitalize())

    @property
    def step(self) -> Step:
        """What it does to the case."""
        return Step(f"find_{self.value}")


class DecisionKind(StrEnum):
    """What a panel can decide."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    DEFER = "defer"
    DECLINE = "decline"

    @property
    def text(self) -> str:
        """The decision as people read it."""
        return _DECIDED[self]

    @property
    def approves(self) -> bool:
        """Whether the order goes on."""
        return self in {DecisionKind.APPROVE, DecisionKind.APPROVE_WITH_CONDITIONS}


class LapseKind(StrEnum):
    """Why an approval does not hold any more although no new decision has taken its place."""

    EXPIRED = "expired"
    NOT_RATIFIED = "not_ratified"
    CONFLICT = "conflict"
    """Interests became known after it, and without those who have them too few decided."""

    @property
    def text(self) -> str:
        """The reason as people read it."""
        return _LAPSED[self]


class ConditionKind(StrEnum):
    """What an approval can depend on."""

    TRIAL_FIRST = "trial_first"
    RECYCLED_ONLY = "recycled_only"
    REVIEW_BY = "review_by"
    RING_FENCED_RETURN = "ring_fenced_return"
    OTHER = "other"

    @property
    def text(self) -> str:
        """The condition as people read it."""
        return _CONDITIONS[self]


_DECIDED = {
    DecisionKind.APPROVE: "Approved",
    DecisionKind.APPROVE_WITH_CONDITIONS: "Approved with conditions",
    DecisionKind.DEFER: "Deferred",
    DecisionKind.DECLINE: "Declined",
}
_LAPSED = {
    LapseKind.EXPIRED: "Not used in time",
    LapseKind.NOT_RATIFIED: "Not ratified",
    LapseKind.CONFLICT: "Too few without an interest",
}
_CONDITIONS = {
    ConditionKind.TRIAL_FIRST: "A trial first",
    ConditionKind.RECYCLED_ONLY: "Recycled equipment only",
    ConditionKind.REVIEW_BY: "A review by a day",
    ConditionKind.RING_FENCED_RETURN: "It comes back for the same service when it is no longer needed",
    ConditionKind.OTHER: "Another condition",
}

STEPS: Mapping[tuple[CaseState, Step], CaseState] = {
    (CaseState.DRAFT, Step.SUBMIT): CaseState.SUBMITTED,
    (CaseState.SUBMITTED, Step.FIND_COMPLETE): CaseState.SCREENED,
    (CaseState.SUBMITTED, Step.FIND_INCOMPLETE): CaseState.DRAFT,
    (CaseState.SUBMITTED, Step.FIND_NOT_NEEDED): CaseState.WITHDRAWN,
    (CaseState.SCREENED, Step.LIST): CaseState.LISTED,
    (CaseState.LISTED, Step.TAKE_OFF): CaseState.SCREENED,
    (CaseState.LISTED, Step.DECIDE): CaseState.DECIDED,
    (CaseState.SUBMITTED, Step.CHAIR_ACTION): CaseState.DECIDED,
    (CaseState.SCREENED, Step.CHAIR_ACTION): CaseState.DECIDED,
    (CaseState.LISTED, Step.CHAIR_ACTION): CaseState.DECIDED,
    (CaseState.DRAFT, Step.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.SUBMITTED, Step.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.SCREENED, Step.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.LISTED, Step.WITHDRAW): CaseState.WITHDRAWN,
}
AFTER_DEFERRAL: Mapping[Step, CaseState] = {Step.SUBMIT: CaseState.SUBMITTED, Step.WITHDRAW: CaseState.WITHDRAWN}
"""What can happen to a decided case while a deferral is in force, or once its approval has lapsed: the prescriber
answers or brings it again, or gives it up."""
AFTER_CONFLICT = CaseState.SCREENED
"""Where a case stands whose approval holds no more because of interests: complete, it waits for a meeting of others."""
CAN_BE_APPEALED = frozenset({DecisionKind.DECLINE, DecisionKind.APPROVE_WITH_CONDITIONS, DecisionKind.DEFER})
"""What somebody can be unhappy with: an approval as it was asked for leaves nothing to appeal against."""
IN_APPEAL: Mapping[Step, CaseState | None] = {
    Step.WITHDRAW: CaseState.DECIDED,
    Step.FIND_NOT_NEEDED: None,
    Step.CHAIR_ACTION: None,
}
"""What differs while an appeal is open: to withdraw it leaves the decision as it was, and a meeting hears it."""

NEXT: Mapping[CaseState, str] = {
    CaseState.DRAFT: "Its prescriber is drawing it up and submits it when it is ready.",
    CaseState.SUBMITTED: "It waits to be screened: somebody of the panel looks whether it is complete.",
    CaseState.SCREENED: "It is complete and waits for a meeting: list it in one.",
    CaseState.LISTED: "It is listed in a meeting, which decides it.",
    CaseState.DECIDED: "The panel has decided it. Read the decision; a new one can only supersede it.",
    CaseState.WITHDRAWN: "It was withdrawn. Make a new case if the equipment is still needed.",
}
"""What comes next for a case, said to somebody who tried something else."""

_DONE = {
    Step.SUBMIT: "submitted",
    Step.FIND_COMPLETE: "screened",
    Step.FIND_INCOMPLETE: "screened",
    Step.FIND_NOT_NEEDED: "screened",
    Step.LIST: "listed",
    Step.TAKE_OFF: "taken off a meeting",
    Step.DECIDE: "decided",
    Step.CHAIR_ACTION: "decided",
    Step.APPEAL: "appealed against",
    Step.WITHDRAW: "withdrawn",
}


def can(
    step: Step,
    state: CaseState,
    in_force: DecisionKind | None = None,
    *,
    has_lapsed: bool = False,
    is_appealed: bool = False,
) -> bool:
    """Whether this can happen to a case in that state. `in_force`: the newest decision, where there is one;
    `has_lapsed`: it was an approval, and does not hold any more; `is_appealed`: an appeal is open."""
    return _where_to(step, state, in_force, has_lapsed=has_lapsed, is_appealed=is_appealed) is not None


def check_can_mend(state: CaseState, in_force: DecisionKind | None, *, has_lapsed: bool, is_appealed: bool) -> None:
    """Whether what a case says can be changed: before it is submitted, and after a deferral. Raises WrongState."""
    if not can(Step.SUBMIT, state, in_force, has_lapsed=has_lapsed, is_appealed=is_appealed):
        detail = f"The case is “{state.text.lower()}”, so what it says cannot be changed. {NEXT[state]}"
        raise WrongState("wrong-state", detail)


def next_state(
    step: Step,
    state: CaseState,
    in_force: DecisionKind | None = None,
    *,
    has_lapsed: bool = False,
    is_appealed: bool = False,
) -> CaseState:
    """Where the case stands afterwards. Raises Conflict `already-decided`, WrongState `wrong-state`."""
    found = _where_to(step, state, in_force, has_lapsed=has_lapsed, is_appealed=is_appealed)
    if found:
        return found
    if state is CaseState.DECIDED and step in {Step.DECIDE, Step.CHAIR_ACTION}:
        said = f" It was {in_force.text.lower()}." if in_force else ""
        raise Conflict("already-decided", f"This case is decided already.{said} A decision is never changed.")
    if is_appealed and step in IN_APPEAL:
        raise WrongState("wrong-state", "An appeal is open: a meeting of others hears it, and nobody decides it alone.")
    detail = f"The case is “{state.text.lower()}”, so it cannot be {_DONE[step]}. {NEXT[state]}"
    raise WrongState("wrong-state", detail)


def _where_to(
    step: Step, state: CaseState, in_force: DecisionKind | None, *, has_lapsed: bool, is_appealed: bool
) -> CaseState | None:
    if is_appealed and step in IN_APPEAL and state is not CaseState.WITHDRAWN:
        return IN_APPEAL[step]
    if (state, step) in STEPS:
        return STEPS[state, step]
    if state is not CaseState.DECIDED:
        return None
    if (in_force is DecisionKind.DEFER or has_lapsed) and step in AFTER_DEFERRAL:
        return AFTER_DEFERRAL[step]
    is_new = step is Step.APPEAL and not is_appealed and not has_lapsed
    return CaseState.SCREENED if is_new and in_force in CAN_BE_APPEALED else None


@dataclass(frozen=True, slots=True)
class Condition:
    """What an approval depends on; `detail` says it in words where the kind alone does not."""

    kind: ConditionKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision as it is to be recorded. `review_on`: of an approval the day of its review, of a deferral the last
    day for what is asked. `information`: what a deferral asks for. `alternative`: what meets the need instead of what
    is declined; None where the short form of the API is not asked for it (ADR 29). `why_against`: why it goes against
    what most of those who decide recommended."""

    kind: DecisionKind
    reasons: str
    conditions: tuple[Condition, ...] = ()
    information: tuple[str, ...] = ()
    alternative: str | None = None
    review_on: date | None = None
    expires_on: date | None = None
    why_against: str = ""


def read_condition(words: str) -> Condition:
    """A condition as it was written: the name of a kind, or any other in words."""
    name = "_".join(words.casefold().replace("-", " ").replace("_", " ").split())
    if name in {kind.value for kind in ConditionKind if kind is not ConditionKind.OTHER}:
        return Condition(ConditionKind(name))
    return Condition(ConditionKind.OTHER, words)


def check_proposal(proposal: Proposal, *, today: date) -> None:
    """Whether the decision says all that one of its kind must.

    Raises BadValue as `find_unwanted` finds, `not-a-reason`, `conditions-wanted`, `review-date-wanted`,
    `alternative-wanted`, `not-in-words`, `day-is-past` or `day-too-far`.
    """
    check_reason(proposal.reasons, field="reasons")
    for refusal in find_unwanted(proposal):
        raise refusal
    _check_conditions(proposal)
    if proposal.kind is DecisionKind.DEFER and proposal.review_on is None:
        detail = "Say by which day the panel wants what is missing."
        raise BadValue("review-date-wanted", detail, field="review_on")
    alternative = proposal.alternative
    if proposal.kind is DecisionKind.DECLINE and alternative is not None and not has_words(alternative):
        detail = "Say what meets the need instead. A need that is eligible stays to be met."
        raise BadValue("alternative-wanted", detail, field="alternative")
    _check_days(proposal, today)


def find_unwanted(proposal: Proposal) -> list[BadValue]:
    """What is said and belongs to another kind of decision: nothing of it is left out in silence.

    BadValue `conditions-not-wanted`, `information-not-wanted`, `alternative-not-wanted`, `nothing-expires`.
    """
    kind, found = proposal.kind, []
    if kind is not DecisionKind.APPROVE_WITH_CONDITIONS and proposal.conditions:
        detail = "Only an approval with conditions has conditions. Choose that, or leave them out."
        found.append(BadValue("conditions-not-wanted", detail, field="conditions"))
    if kind is not DecisionKind.DEFER and proposal.information:
        detail = "Only a deferral asks for information. Choose that, or leave it out."
        found.append(BadValue("information-not-wanted", detail, field="information"))
    if kind is not DecisionKind.DECLINE and has_words(proposal.alternative or ""):
        detail = "Only what is declined has something else that meets the need. Choose that, or leave it out."
        found.append(BadValue("alternative-not-wanted", detail, field="alternative"))
    if not kind.approves and proposal.expires_on is not None:
        detail = "Only an approval can expire. Leave the day out."
        found.append(BadValue("nothing-expires", detail, field="expires_on"))
    return found


def _check_conditions(proposal: Proposal) -> None:
    kinds = [condition.kind for condition in proposal.conditions]
    if proposal.kind is DecisionKind.APPROVE_WITH_CONDITIONS and not kinds:
        raise BadValue("conditions-wanted", "Name the conditions, or approve it without any.", field="conditions")
    if ConditionKind.REVIEW_BY in kinds and proposal.review_on is None:
        raise BadValue("review-date-wanted", "Say by which day it is to be reviewed.", field="review_on")
    for condition in proposal.conditions:
        if condition.kind is ConditionKind.OTHER and not has_words(condition.detail):
            raise BadValue("not-in-words", "Say the condition in words.", field="conditions")


def _check_days(proposal: Proposal, today: date) -> None:
    for name, day in (("review_on", proposal.review_on), ("expires_on", proposal.expires_on)):
        if day is not None and day < today:
            raise BadValue("day-is-past", f"{in_words(day)} is past. Give today or a later day.", field=name)
    ends = proposal.expires_on
    if ends is not None and ends > today + LONGEST_APPROVAL:
        raise BadValue("day-too-far", "An approval lasts three years at most. Give an earlier day.", field="expires_on")


def expires_on(proposal: Proposal, *, today: date, days: int) -> date | None:
    """The last day on which an approval can be used: as the panel said, or so many days from now as usual."""
    if not proposal.kind.approves:
        return None
    return proposal.expires_on or today + timedelta(days=days)


def is_expired(last_day: date | None, *, is_used: bool, today: date) -> bool:
    """Whether an approval can no longer be used. What has been used does not expire."""
    return last_day is not None and not is_used and last_day < today


@dataclass(frozen=True, slots=True)
class Link:
    """A decision and the one that it takes the place of, by their numbers."""

    number: int
    supersedes: int | None = None


def in_force(decisions: Sequence[Link]) -> Link | None:
    """The decision that holds: the one that no other supersedes."""
    superseded = {one.supersedes for one in decisions}
    return next((one for one in decisions if one.number not in superseded), None)


def check_ratification(action_on: date, held_on: date) -> None:
    """Whether a meeting can ratify what the chair did between meetings: not one that was over before.

    Raises Conflict `meeting-was-before`.
    """
    if held_on < action_on:
        detail = f"The chair acted on {in_words(action_on)}, after this meeting. A later meeting ratifies it."
        raise Conflict("meeting-was-before", detail)


def check_chair_action(*, is_urgent: bool, kind: DecisionKind) -> None:
    """Whether a chair may act without a meeting. Raises Conflict `not-urgent`, BadValue `only-approvals-are-urgent`."""
    if not kind.approves:
        detail = "Between meetings a chair only approves. To defer or decline waits for the meeting."
        raise BadValue("only-approvals-are-urgent", detail, field="decision")
    if not is_urgent:
        detail = "The case is not urgent, so it waits for a meeting. Only an urgent one is decided between meetings."
        raise Conflict("not-urgent", detail)
