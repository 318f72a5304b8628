"""What is done to an item in the store: decontaminations, inspections and when the next ones are due."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from app.domain.hygiene import InfectionRisk, Outcome, Route, StrikeThrough
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)


class Decontamination(Table, table=True):
    """One cleaning job: opened by a return, started, then finished with an outcome. A failed one opens the next.

    `finished_seq` is the movement that finished it; the release gate compares it with the item's last return. A trigger
    refuses to change one that is finished: a wrong pass is corrected by a line of its own, `corrects_id`, with the
    reason in its notes.
    """

    __table_args__ = (
        both_or_neither("started_at_and_by_together", "started_at", "started_by"),
        both_or_neither("started_at_and_route_together", "started_at", "route"),
        both_or_neither("finished_at_and_by_together", "finished_at", "finished_by"),
        both_or_neither("finished_at_and_outcome_together", "finished_at", "outcome"),
        both_or_neither("finished_at_and_seq_together", "finished_at", "finished_seq"),
        CheckConstraint(
            "corrects_id IS NULL OR (outcome <> 'passed' AND notes <> '')", name="a_correction_takes_a_pass_back"
        ),
        CheckConstraint(
            "quarantine_until IS NULL OR route = 'quarantine_then_clean'", name="only_quarantine_has_its_day"
        ),
        CheckConstraint(
            "outcome <> 'passed' OR strike_through IS DISTINCT FROM 'failed'", name="no_pass_with_a_cover_that_leaks"
        ),
        Index(
            "uq_decontamination_corrects_id",
            "corrects_id",
            unique=True,
            postgresql_where=text("corrects_id IS NOT NULL"),
        ),
        Index(
            "uq_decontamination_one_open_per_item",
            "item_id",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_decontamination_item_id_id", "item_id", "id"),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    opened_at: datetime = Field(sa_column=instant_column())
    route: Route | None = Field(default=None, sa_column=enum_column(Route, "route", nullable=True))
    started_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    started_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    finished_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    finished_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    outcome: Outcome | None = Field(default=None, sa_column=enum_column(Outcome, "outcome", nullable=True))
    notes: str = Field(default="", sa_column=text_column(server_default=""))
    infection_risk: InfectionRisk | None = Field(
        default=None, sa_column=enum_column(InfectionRisk, "infection_risk", nullable=True)
    )
    method: str = Field(default="", sa_column=text_column(server_default=""))
    product_used: str = Field(default="", sa_column=text_column(server_default=""))
    strike_through: StrikeThrough | None = Field(
        default=None, sa_column=enum_column(StrikeThrough, "strike_through", nullable=True)
    )
    contractor: str = Field(default="", sa_column=text_column(server_default=""))
    contractor_reference: str = Field(default="", sa_column=text_column(server_default=""))
    quarantine_until: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    corrects_id: int | None = Field(default=None, sa_column=reference_column("decontamination.id", nullable=True))


class Inspection(Table, table=True):
    """One inspection that was made; a trigger refuses UPDATE, DELETE and TRUNCATE.

    `seq` is the movement that it wrote, or the item's newest one where no move goes with it. `due_before`: by when it
    had been due. A wrong line is superseded by a new one, of this item or of the one that it was about; the view
    `standing_inspection` has those that no other supersedes.
    """

    __table_args__ = (
        both_or_neither("supersedes_and_reason_together", "supersedes_id", "supersede_reason"),
        UniqueConstraint("supersedes_id", name="uq_inspection_supersedes_id"),
        Index("ix_inspection_item_id_kind_examined_on_id", "item_id", "kind", "examined_on", "id"),
        Index("ix_inspection_id_of_dangers", "id", postgresql_where=text("outcome = 'danger'")),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    kind: InspectionKind = Field(sa_column=enum_column(InspectionKind, "kind"))
    outcome: InspectionOutcome = Field(sa_column=enum_column(InspectionOutcome, "outcome"))
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    inspected_at: datetime = Field(sa_column=instant_column())
    inspected_by: str = Field(sa_column=text_column())
    examined_on: date = Field(sa_column=Column(Date, nullable=False, server_default=text("CURRENT_DATE")))
    next_due_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    due_before: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    supersedes_id: int | None = Field(default=None, sa_column=reference_column("inspection.id", nullable=True))
    supersede_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
    notes: str = Field(default="", sa_column=text_column(server_default=""))


class InspectionDue(Table, table=True):
    """When an item's next inspection of a kind is due. No row where the product asks for one: it is not clear. What is
    scrapped has none: a trigger removes them."""

    __tablename__ = "inspection_due"
    __table_args__ = (Index("ix_inspection_due_due_on", "due_on", "item_id"),)

    item_id: int = Field(sa_column=reference_column("item.id", primary_key=True))
    kind: InspectionKind = Field(sa_column=enum_column(InspectionKind, "kind", primary_key=True))
    due_on: date = Field(sa_column=Column(Date, nullable=False))


class InspectionWithoutDay(Table, table=True):
    """An inspection that an item's product asks for and that has no row in `inspection_due`: nobody knows its day.

    Triggers keep it, so that these few are found without looking through all items."""

    __tablename__ = "inspection_without_day"

    item_id: int = Field(sa_column=reference_column("item.id", primary_key=True))
    kind: InspectionKind = Field(sa_column=enum_column(InspectionKind, "kind", primary_key=True))
