"""What follows a panel's decisions, and what is taken down at its meetings. All of it is append-only."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, Date, Index
from sqlmodel import Field

from app.domain.panel_appeal import AppealOutcome, Appellant
from app.domain.panel_review import ReviewOutcome
from app.models.base import Table, enum_column, id_column, instant_column, reference_column, text_column


class PanelAppeal(Table, table=True):
    """That somebody is not content with a decision, and why. It is open until it has an end."""

    __tablename__ = "panel_appeal"
    __table_args__ = (Index("ix_panel_appeal_case_id", "case_id"),)

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    decision_id: int = Field(sa_column=reference_column("panel_decision.id"))
    appellant: Appellant = Field(sa_column=enum_column(Appellant, "appellant"))
    grounds: str = Field(sa_column=text_column())
    new_evidence: str = Field(default="", sa_column=text_column(server_default=""))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())


class PanelAppealEnd(Table, table=True):
    """What came of an appeal; `decision_id`: the decision on it, unless it was withdrawn."""

    __tablename__ = "panel_appeal_end"

    appeal_id: int = Field(sa_column=reference_column("panel_appeal.id", primary_key=True))
    outcome: AppealOutcome = Field(sa_column=enum_column(AppealOutcome, "outcome"))
    decision_id: int | None = Field(default=None, sa_column=reference_column("panel_decision.id", nullable=True))
    ended_at: datetime = Field(sa_column=instant_column())
    ended_by: str = Field(sa_column=text_column())


class PanelAttendance(Table, table=True):
    """That somebody came to a meeting, or left it."""

    __tablename__ = "panel_attendance"
    __table_args__ = (Index("ix_panel_attendance_meeting_id", "meeting_id"),)

    id: int = id_column()
    meeting_id: int = Field(sa_column=reference_column("panel_meeting.id"))
    account_id: int = Field(sa_column=reference_column("account.id"))
    came: bool = Field(sa_column=Column(Boolean, nullable=False))
    at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())


class PanelMinute(Table, table=True):
    """A note of a meeting while it was held: about one of its cases, or about none."""

    __tablename__ = "panel_minute"
    __table_args__ = (Index("ix_panel_minute_meeting_id", "meeting_id"),)

    id: int = id_column()
    meeting_id: int = Field(sa_column=reference_column("panel_meeting.id"))
    case_id: int | None = Field(default=None, sa_column=reference_column("panel_case.id", nullable=True))
    note: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())


class PanelReview(Table, table=True):
    """What somebody found who looked again at what a decision led to; `next_on`: the day of the next look, if any."""

    __tablename__ = "panel_review"
    __table_args__ = (
        Index("ix_panel_review_decision_id_id", "decision_id", "id"),
        Index("ix_panel_review_reviewed_at", "reviewed_at"),
    )

    id: int = id_column()
    decision_id: int = Field(sa_column=reference_column("panel_decision.id"))
    outcome: ReviewOutcome = Field(sa_column=enum_column(ReviewOutcome, "outcome"))
    findings: str = Field(sa_column=text_column())
    next_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    reviewed_at: datetime = Field(sa_column=instant_column())
    reviewed_by: str = Field(sa_column=text_column())


class RingFenceLift(Table, table=True):
    """That others may have an item again that a panel ring-fenced when it was lent, until it is lent so again.

    What is ring-fenced is not stored: the view `ring_fence` tells it by the last loan that a panel decided about.
    """

    __tablename__ = "ring_fence_lift"

    loan_id: int = Field(sa_column=reference_column("loan.id", primary_key=True))
    reason: str = Field(sa_column=text_column())
    lifted_at: datetime = Field(sa_column=instant_column())
    lifted_by: str = Field(sa_column=text_column())


class PanelReminder(Table, table=True):
    """That somebody was reminded of a day that a decision had set."""

    __tablename__ = "panel_reminder"

    decision_id: int = Field(sa_column=reference_column("panel_decision.id", primary_key=True))
    due_on: date = Field(sa_column=Column(Date, primary_key=True))
    reminded_at: datetime = Field(sa_column=instant_column())
