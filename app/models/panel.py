"""Specialist equipment panels at work: members, cases, meetings, interests, recommendations and decisions.

What was said and decided is append-only: versions of a case, screenings, interests, recommendations, decisions with
their conditions and what each funder pays. A decision is superseded by a new one that names it.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.panel import CaseState, ConditionKind, DecisionKind, LapseKind, Screening
from app.domain.panel_case import OptionKind
from app.domain.panel_meeting import InterestKind, Side
from app.models.base import Table, enum_column, id_column, instant_column, pence_column, reference_column, text_column


def _words() -> Any:
    return Field(default="", sa_column=text_column(server_default=""))


def _facts(server_default: str | None = None) -> Any:
    return Field(sa_column=Column(JSONB, nullable=False, server_default=server_default))


def _number() -> Any:
    return Field(sa_column=Column(Integer, nullable=False))


def _day() -> Any:
    return Field(default=None, sa_column=Column(Date, nullable=True))


def _percent() -> Any:
    return Field(sa_column=Column(Numeric(5, 2), nullable=False))


class PanelMember(Table, table=True):
    """Somebody who sits on a panel, for whom, and whether they chair it."""

    __tablename__ = "panel_member"

    panel_id: int = Field(sa_column=reference_column("panel.id", primary_key=True))
    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    side: Side = Field(sa_column=enum_column(Side, "side"))
    is_chair: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))


class PanelMeeting(Table, table=True):
    """A meeting of a panel on a day. Once it is closed nothing of it changes any more."""

    __tablename__ = "panel_meeting"
    __table_args__ = (
        CheckConstraint("num_nonnulls(closed_at, closed_by) IN (0, 2)", name="closed_by_somebody"),
        Index("ix_panel_meeting_panel_id_held_on", "panel_id", "held_on"),
    )

    id: int = id_column()
    panel_id: int = Field(sa_column=reference_column("panel.id"))
    held_on: date = Field(sa_column=Column(Date, nullable=False))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    closed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    closed_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class PanelSeat(Table, table=True):
    """A member who is invited to a meeting; when they came and left last, and for whom they sat there. `is_guest`: of
    another panel, invited to hear an appeal."""

    __tablename__ = "panel_seat"
    __table_args__ = (
        CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name="left_after_arriving"),
        CheckConstraint("left_at IS NULL OR arrived_at IS NOT NULL", name="only_who_came_has_left"),
        Index("ix_panel_seat_account_id", "account_id"),
    )

    meeting_id: int = Field(sa_column=reference_column("panel_meeting.id", primary_key=True))
    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    side: Side = Field(sa_column=enum_column(Side, "side"))
    is_chair: bool = Field(sa_column=Column(Boolean, nullable=False))
    arrived_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    left_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    is_guest: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))


class PanelCase(Table, table=True):
    """What is put before a panel about one order. `search`: what the shelves held when the stock was searched last;
    `changed_by`: who has written in it, in the order in which they did.

    A listed case stands in one meeting; what is deferred or withdrawn stands in none.
    """

    __tablename__ = "panel_case"
    __table_args__ = (
        CheckConstraint("(state = 'listed') = (meeting_id IS NOT NULL)", name="only_a_listed_case_has_a_meeting"),
        CheckConstraint("state IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL", name="submitted"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_because IS NOT NULL)", name="withdrawn_for_a_reason"),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)", name="withdrawn_as_a_whole"
        ),
        CheckConstraint("num_nonnulls(submitted_at, submitted_by) IN (0, 2)", name="submitted_by_somebody"),
        CheckConstraint("lifetime_months BETWEEN 1 AND 600", name="lifetime_sensible"),
        CheckConstraint("servicing_pence_per_year >= 0", name="servicing_not_negative"),
        Index("uq_panel_case_one_per_order", "order_id", unique=True, postgresql_where=text("state <> 'withdrawn'")),
        Index("ix_panel_case_panel_id_state", "panel_id", "state", "id"),
        Index("ix_panel_case_order_id", "order_id"),
        Index("ix_panel_case_made_by", "made_by"),
        Index("ix_panel_case_meeting_id", "meeting_id"),
    )

    id: int = id_column()
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    panel_id: int = Field(sa_column=reference_column("panel.id"))
    order_id: int = Field(sa_column=reference_column("equipment_order.id"))
    state: CaseState = Field(sa_column=enum_column(CaseState, "state"))
    meeting_id: int | None = Field(default=None, sa_column=reference_column("panel_meeting.id", nullable=True))
    is_urgent: bool = Field(sa_column=Column(Boolean, nullable=False))
    need: str = _words()
    outcomes: str = _words()
    clinical_reasoning: str = _words()
    risk_assessment: str = _words()
    risk_of_not_providing: str = _words()
    moving_and_handling: str = _words()
    consent_and_capacity: str = _words()
    why_not_equivalents: str = _words()
    size_load_and_surroundings: str = _words()
    lifetime_and_servicing: str = _words()
    lifetime_months: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    servicing_pence_per_year: int | None = Field(default=None, sa_column=pence_column(nullable=True))
    search: dict[str, Any] = _facts("{}")
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    changed_by: list[str] = _facts("[]")
    submitted_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    submitted_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    withdrawn_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    withdrawn_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    withdrawn_because: str | None = Field(default=None, sa_column=text_column(nullable=True))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class PanelCaseOption(Table, table=True):
    """A way to meet the need, its cost, and why it will not do."""

    __tablename__ = "panel_case_option"
    __table_args__ = (CheckConstraint("cost_pence >= 0", name="cost_not_negative"),)

    case_id: int = Field(sa_column=reference_column("panel_case.id", primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True))
    kind: OptionKind = Field(sa_column=enum_column(OptionKind, "kind"))
    detail: str = _words()
    cost_pence: int = Field(sa_column=pence_column())
    why_not: str = _words()


class PanelCaseQuote(Table, table=True):
    """What a supplier wants for it."""

    __tablename__ = "panel_case_quote"
    __table_args__ = (CheckConstraint("price_pence >= 0", name="price_not_negative"),)

    case_id: int = Field(sa_column=reference_column("panel_case.id", primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True))
    supplier: str = Field(sa_column=text_column())
    reference: str = _words()
    price_pence: int = Field(sa_column=pence_column())


class PanelCaseTrial(Table, table=True):
    """A trial of the client's that the case rests on; item, days and outcome are those of the loan."""

    __tablename__ = "panel_case_trial"
    __table_args__ = (Index("ix_panel_case_trial_loan_id", "loan_id"),)

    case_id: int = Field(sa_column=reference_column("panel_case.id", primary_key=True))
    loan_id: int = Field(sa_column=reference_column("loan.id", primary_key=True))


class PanelCaseShare(Table, table=True):
    """What part a funder is to pay, as the prescriber proposes."""

    __tablename__ = "panel_case_share"
    __table_args__ = (CheckConstraint("percent > 0 AND percent <= 100", name="a_part_of_the_whole"),)

    case_id: int = Field(sa_column=reference_column("panel_case.id", primary_key=True))
    funder_id: int = Field(sa_column=reference_column("funder.id", primary_key=True))
    position: int = _number()
    percent: Decimal = _percent()


class PanelCaseVersion(Table, table=True):
    """A case as it was submitted, whole, with its hash."""

    __tablename__ = "panel_case_version"
    __table_args__ = (UniqueConstraint("case_id", "number", name="uq_panel_case_version_case_id_number"),)

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    number: int = _number()
    content: dict[str, Any] = _facts()
    digest: str = Field(sa_column=text_column())
    frozen_at: datetime = Field(sa_column=instant_column())
    frozen_by: str = Field(sa_column=text_column())


class PanelScreening(Table, table=True):
    """What came of looking whether a case is complete, and whether it needs the panel. `gaps`: what is missing."""

    __tablename__ = "panel_screening"
    __table_args__ = (Index("ix_panel_screening_case_id_id", "case_id", "id"),)

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    outcome: Screening = Field(sa_column=enum_column(Screening, "outcome"))
    gaps: list[str] = _facts("[]")
    note: str = _words()
    screened_at: datetime = Field(sa_column=instant_column())
    screened_by: str = Field(sa_column=text_column())


class PanelListing(Table, table=True):
    """A case on the agenda of a meeting, in which place; it may have been taken off before the meeting began."""

    __tablename__ = "panel_listing"
    __table_args__ = (
        CheckConstraint("num_nonnulls(taken_off_at, taken_off_by) IN (0, 2)", name="taken_off_by_somebody"),
        Index("ix_panel_listing_case_id", "case_id"),
    )

    meeting_id: int = Field(sa_column=reference_column("panel_meeting.id", primary_key=True))
    case_id: int = Field(sa_column=reference_column("panel_case.id", primary_key=True))
    position: int = _number()
    listed_at: datetime = Field(sa_column=instant_column())
    listed_by: str = Field(sa_column=text_column())
    taken_off_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    taken_off_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class PanelInterest(Table, table=True):
    """That a member cannot decide a case, and why. Declared after a decision it is taken down all the same."""

    __tablename__ = "panel_interest"
    __table_args__ = (
        UniqueConstraint("case_id", "account_id", "kind", name="uq_panel_interest_case_id_account_id_kind"),
        Index("ix_panel_interest_account_id", "account_id"),
    )

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    account_id: int = Field(sa_column=reference_column("account.id"))
    kind: InterestKind = Field(sa_column=enum_column(InterestKind, "kind"))
    detail: str = _words()
    declared_at: datetime = Field(sa_column=instant_column())
    declared_by: str = Field(sa_column=text_column())


class PanelRecommendation(Table, table=True):
    """What a member recommends; of several of one member the newest counts."""

    __tablename__ = "panel_recommendation"
    __table_args__ = (Index("ix_panel_recommendation_case_id_id", "case_id", "id"),)

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    account_id: int = Field(sa_column=reference_column("account.id"))
    kind: DecisionKind = Field(sa_column=enum_column(DecisionKind, "kind"))
    reasons: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())


class PanelDecision(Table, table=True):
    """A decision, for good. `seen` is everything that the panel saw and who decided, with its hash.

    One that names none before it is the first of its case, and there is one first; each is superseded once at most.
    """

    __tablename__ = "panel_decision"
    __table_args__ = (
        CheckConstraint("(meeting_id IS NULL) = is_chair_action", name="at_a_meeting_or_by_the_chair"),
        CheckConstraint("kind <> 'defer' OR review_on IS NOT NULL", name="a_deferral_has_a_day"),
        CheckConstraint(
            "(expires_on IS NOT NULL) = (kind IN ('approve', 'approve_with_conditions'))", name="approvals_expire"
        ),
        CheckConstraint("value_pence >= 0", name="value_not_negative"),
        UniqueConstraint("id", "case_id", name="uq_panel_decision_id_case_id"),
        UniqueConstraint("supersedes_id", name="uq_panel_decision_supersedes_id"),
        ForeignKeyConstraint(
            ["supersedes_id", "case_id"],
            ["panel_decision.id", "panel_decision.case_id"],
            name="fk_panel_decision_supersedes_one_of_its_case",
        ),
        Index("uq_panel_decision_one_first", "case_id", unique=True, postgresql_where=text("supersedes_id IS NULL")),
        Index("ix_panel_decision_case_id_id", "case_id", "id"),
        Index("ix_panel_decision_meeting_id", "meeting_id"),
    )

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    supersedes_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    kind: DecisionKind = Field(sa_column=enum_column(DecisionKind, "kind"))
    reasons: str = Field(sa_column=text_column())
    alternative: str = _words()
    information: list[str] = _facts("[]")
    review_on: date | None = _day()
    expires_on: date | None = _day()
    meeting_id: int | None = Field(default=None, sa_column=reference_column("panel_meeting.id", nullable=True))
    is_chair_action: bool = Field(sa_column=Column(Boolean, nullable=False))
    value_pence: int = Field(sa_column=pence_column())
    seen: dict[str, Any] = _facts()
    digest: str = Field(sa_column=text_column())
    decided_at: datetime = Field(sa_column=instant_column())
    decided_by: str = Field(sa_column=text_column())


class PanelCondition(Table, table=True):
    """What an approval depends on."""

    __tablename__ = "panel_condition"

    decision_id: int = Field(sa_column=reference_column("panel_decision.id", primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True))
    kind: ConditionKind = Field(sa_column=enum_column(ConditionKind, "kind"))
    detail: str = _words()


class PanelAllotment(Table, table=True):
    """What a funder pays of an approval. A trigger sees at the end of the transaction that they come to the whole."""

    __tablename__ = "panel_allotment"
    __table_args__ = (
        CheckConstraint("percent > 0 AND percent <= 100", name="a_part_of_the_whole"),
        CheckConstraint("pence >= 0", name="pence_not_negative"),
        Index("ix_panel_allotment_funder_id", "funder_id"),
    )

    decision_id: int = Field(sa_column=reference_column("panel_decision.id", primary_key=True))
    funder_id: int = Field(sa_column=reference_column("funder.id", primary_key=True))
    position: int = _number()
    percent: Decimal = _percent()
    pence: int = Field(sa_column=pence_column())


class PanelLapse(Table, table=True):
    """That an approval does not hold any more although no decision has taken its place yet, and why."""

    __tablename__ = "panel_lapse"

    decision_id: int = Field(sa_column=reference_column("panel_decision.id", primary_key=True))
    kind: LapseKind = Field(sa_column=enum_column(LapseKind, "kind"))
    lapsed_at: datetime = Field(sa_column=instant_column())
    lapsed_by: str = Field(sa_column=text_column())


class PanelRatification(Table, table=True):
    """What a meeting said to what the chair did before it; who of it counted."""

    __tablename__ = "panel_ratification"
    __table_args__ = (Index("ix_panel_ratification_meeting_id", "meeting_id"),)

    decision_id: int = Field(sa_column=reference_column("panel_decision.id", primary_key=True))
    meeting_id: int = Field(sa_column=reference_column("panel_meeting.id"))
    is_ratified: bool = Field(sa_column=Column(Boolean, nullable=False))
    reasons: str = _words()
    took_part: list[str] = _facts()
    ratified_at: datetime = Field(sa_column=instant_column())
    ratified_by: str = Field(sa_column=text_column())
