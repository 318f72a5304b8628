"""Bodies of interests, recommendations and decisions."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from app.domain.panel import Condition, ConditionKind, DecisionKind, LapseKind, Proposal, read_condition
from app.domain.panel_appeal import AppealOutcome, Appellant
from app.domain.panel_funding import Share
from app.domain.panel_meeting import InterestKind
from app.domain.panel_review import ReviewOutcome
from app.web.fields import BIGGEST_ID, Body, Code, Day, Line, OptionalParagraph, Reason
from app.web.shapes import Shape

Username = Annotated[str, Field(min_length=1, max_length=100)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4, allow_inf_nan=False)]


class NewInterest(Body):
    """That somebody cannot decide the case: oneself, or another member, whom only a chair names."""

    username: Username | None = None
    kind: InterestKind = InterestKind.OTHER
    detail: OptionalParagraph = ""


class NewRecommendation(Body):
    """What a member recommends, and why."""

    recommendation: DecisionKind
    reasons: Reason


class NewCondition(Body):
    """A condition of a kind, with words where the kind says too little."""

    kind: ConditionKind
    detail: OptionalParagraph = ""


class FundingShare(Body):
    """A funder's code and its part in percent, with two decimals at most."""

    funder: Code
    percent: Percent


class NewDecision(Body):
    """A decision. `conditions`: each the name of a kind, other words, or a kind with words; of a deferral the pieces of
    information that are wanted, by `review_on`. `funding`: left out, it is as the case proposes. `why_against`:
    wanted where more than half of those who decide recommended otherwise."""

    decision: DecisionKind
    reasons: Reason
    conditions: Annotated[list[Line | NewCondition], Field(max_length=20, default_factory=list)]
    alternative: OptionalParagraph | None = None
    funding: Annotated[list[FundingShare], Field(max_length=20)] | None = None
    review_on: Day | None = None
    expires_on: Day | None = None
    why_against: OptionalParagraph = ""

    def as_proposal(self) -> Proposal:
        """The same as the rules take it."""
        defers = self.decision is DecisionKind.DEFER
        wanted = [one if isinstance(one, str) else one.detail or one.kind.text for one in self.conditions]
        return Proposal(
            kind=self.decision,
            reasons=self.reasons,
            conditions=() if defers else tuple(_condition(one) for one in self.conditions),
            information=tuple(wanted) if defers else (),
            alternative=self.alternative,
            review_on=self.review_on,
            expires_on=self.expires_on,
            why_against=self.why_against,
        )

    @property
    def shares(self) -> list[Share] | None:
        """Who pays, if it is said."""
        return None if self.funding is None else [Share(one.funder, one.percent) for one in self.funding]


def _condition(one: str | NewCondition) -> Condition:
    return read_condition(one) if isinstance(one, str) else Condition(one.kind, one.detail)


class RatifyBody(Body):
    """Whether the meeting ratifies what the chair did, and if not, why. Without `meeting_id`: the latest meeting."""

    ratified: bool = True
    reasons: OptionalParagraph = ""
    meeting_id: Annotated[int, Field(ge=1, le=BIGGEST_ID)] | None = None


class AppealBody(Body):
    """Why the decision in force is not right, what is new, and who says so. The page asks for grounds (ADR 29)."""

    grounds: Annotated[Reason, Field(validation_alias=AliasChoices("grounds", "reasons", "reason"))] = (
        "The grounds were not given with the appeal."
    )
    new_evidence: OptionalParagraph = ""
    appellant: Appellant = Appellant.PRESCRIBER


class ReviewBody(Body):
    """What a review found; `next_review_on`: when somebody looks again, if anybody is to."""

    outcome: ReviewOutcome
    findings: Reason
    next_review_on: Day | None = None


class AppealShown(Shape):
    """An appeal. `against`: the number of the decision; `outcome`: empty while it is open."""

    against: int
    appellant: Appellant
    grounds: str
    new_evidence: str
    made_at: datetime
    made_by: str
    outcome: AppealOutcome | None


class InterestBody(Shape):
    """Why somebody cannot decide the case; `declared_at` is empty for what follows from the order or the case itself;
    `declared_by`: who said so."""

    username: str
    kind: InterestKind
    detail: str = ""
    declared_at: datetime | None = None
    declared_by: str | None = None


class RecommendationBody(Shape):
    """What a member recommends; of several of one member the newest counts."""

    username: str
    name: str
    recommendation: DecisionKind
    reasons: str
    made_at: datetime


class ConditionBody(Shape):
    """What an approval depends on."""

    kind: ConditionKind
    detail: str


class AllotmentBody(Shape):
    """What a funder pays; `name`: of the funder."""

    funder: str
    name: str
    percent: float
    pence: int


class WhyBody(Shape):
    """Why."""

    reason: Reason


class FrozenBody(Shape):
    """What the panel had before it when it decided, as it was frozen (`seen`). `digest`: the SHA-256 of `seen` as JSON
    with its keys in order and without blanks, made when it was decided; `digest_now`: the same made now; `holds`:
    they are equal."""

    number: int
    case: str
    decision: DecisionKind
    reasons: str
    decided_at: datetime
    decided_by: str
    digest: str
    digest_now: str
    holds: bool
    seen: dict[str, Any]


class FrozenRow(Shape):
    """A decision in the list of those that have frozen papers."""

    id: int
    case: str
    panel_name: str
    decision: DecisionKind
    decided_at: datetime
    digest: str


class DecisionBody(Shape):
    """A decision. `held_on`: the day for which its meeting was scheduled, and whether it was decided
    `on_another_day`; `superseded_by`: the number of the one that took its place; `digest`: the hash of all that was
    seen; `dissented`: who of those who decided had recommended otherwise, and `why_against` what was said to that;
    `split_changed`: who pays is not what the case proposed; `declared_too_late`: who took part and declared an interest
    only afterwards; `lapsed`: why an approval does not hold any more; `ratified`: what a meeting said to a chair's
    action, in whose words (`ratification`); `ring_fenced`: the items that it keeps for the team."""

    number: int
    decision: DecisionKind
    reasons: str
    alternative: str
    information: list[str]
    conditions: list[ConditionBody]
    funding: list[AllotmentBody]
    value_pence: int
    review_on: date | None
    expires_on: date | None
    meeting_id: int | None
    is_chair_action: bool
    decided_at: datetime
    decided_by: str
    held_on: date | None
    on_another_day: bool
    took_part: list[str]
    dissented: list[str]
    why_against: str
    split_changed: bool
    supersedes: int | None
    superseded_by: int | None
    declared_too_late: list[str]
    lapsed: LapseKind | None
    lapsed_at: datetime | None
    ratified: bool | None
    ratified_at: datetime | None
    ratification: str | None
    ring_fenced: list[str]
    digest: str
