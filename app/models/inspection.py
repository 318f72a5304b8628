"""What goes with inspections: reports of thorough examination, copies for the authority, visits, decisions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.inspections import InspectionKind
from app.domain.look_ahead import HandingOut
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)


class ThoroughExamination(Table, table=True):
    """The report of a thorough examination (LOLER 1998, Schedule 1) as it was made; a trigger refuses every change."""

    __tablename__ = "thorough_examination"

    inspection_id: int = Field(sa_column=reference_column("inspection.id", primary_key=True))
    report: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class AuthorityCopy(Table, table=True):
    """A copy of a report for the enforcing authority (LOLER 1998, regulation 10(1)(c)); open until it is sent."""

    __tablename__ = "authority_copy"
    __table_args__ = (
        both_or_neither("sent_on_and_to_together", "sent_on", "sent_to"),
        both_or_neither("sent_on_and_recorded_at_together", "sent_on", "recorded_at"),
        both_or_neither("recorded_at_and_by_together", "recorded_at", "recorded_by"),
        UniqueConstraint("inspection_id", name="uq_authority_copy_inspection_id"),
        Index("ix_authority_copy_id_while_open", "id", postgresql_where=text("sent_on IS NULL")),
    )

    id: int = id_column()
    inspection_id: int = Field(sa_column=reference_column("inspection.id"))
    made_at: datetime = Field(sa_column=instant_column())
    sent_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    sent_to: str | None = Field(default=None, sa_column=text_column(nullable=True))
    sent_how: str = Field(default="", sa_column=text_column(server_default=""))
    recorded_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    recorded_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    chased_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))


class ExaminationDecision(Table, table=True):
    """Why an item went on although its thorough examination falls due soon."""

    __tablename__ = "examination_decision"
    __table_args__ = (Index("ix_examination_decision_item_id", "item_id"),)

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    handing_out: HandingOut = Field(sa_column=enum_column(HandingOut, "handing_out"))
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    reason: str = Field(sa_column=text_column())
    decided_at: datetime = Field(sa_column=instant_column())
    decided_by: str = Field(sa_column=text_column())


class InspectionVisit(Table, table=True):
    """A visit to a client's home to inspect what is there: open (`ended_at` is NULL) until all is done or called off.

    Whoever is to make an open visit (`visitor`, a username) needs to get in. `escalated_at`: so often nobody opened
    that the manager was told.
    """

    __tablename__ = "inspection_visit"
    __table_args__ = (
        both_or_neither("ended_at_and_by_together", "ended_at", "ended_by"),
        CheckConstraint("tries >= 0", name="tries_not_negative"),
        Index("ix_inspection_visit_client_id", "client_id"),
        Index(
            "ix_inspection_visit_planned_on_while_open", "planned_on", "id", postgresql_where=text("ended_at IS NULL")
        ),
    )

    id: int = id_column()
    client_id: int = Field(sa_column=reference_column("client.id"))
    planned_on: date = Field(sa_column=Column(Date, nullable=False))
    visitor: str = Field(sa_column=text_column())
    planned_at: datetime = Field(sa_column=instant_column())
    planned_by: str = Field(sa_column=text_column())
    tries: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    escalated_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    ended_because: str = Field(default="", sa_column=text_column(server_default=""))


class InspectionVisitItem(Table, table=True):
    """One inspection that a visit is for; done by an inspection, or open."""

    __tablename__ = "inspection_visit_item"
    __table_args__ = (
        Index(
            "uq_inspection_visit_item_one_open_per_item_and_kind",
            "item_id",
            "kind",
            unique=True,
            postgresql_where=text("is_open"),
        ),
        Index("ix_inspection_visit_item_inspection_id", "inspection_id"),
    )

    visit_id: int = Field(sa_column=reference_column("inspection_visit.id", primary_key=True))
    item_id: int = Field(sa_column=reference_column("item.id", primary_key=True))
    kind: InspectionKind = Field(sa_column=enum_column(InspectionKind, "kind", primary_key=True))
    is_open: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    inspection_id: int | None = Field(default=None, sa_column=reference_column("inspection.id", nullable=True))


class InspectionVisitTry(Table, table=True):
    """A visit at which nobody opened, or the inspection could not be made; append-only."""

    __tablename__ = "inspection_visit_try"
    __table_args__ = (Index("ix_inspection_visit_try_visit_id", "visit_id"),)

    id: int = id_column()
    visit_id: int = Field(sa_column=reference_column("inspection_visit.id"))
    tried_at: datetime = Field(sa_column=instant_column())
    note: str = Field(sa_column=text_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())
