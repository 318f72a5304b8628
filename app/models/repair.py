"""Repairs: what each was for and how it ended, what it was estimated to cost, the parts fitted, the parts bin."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from app.domain.disposal import PartCondition
from app.domain.refurbishing import RepairOutcome
from app.models.base import Table, enum_column, id_column, instant_column, pence_column, reference_column, text_column


class Repair(Table, table=True):
    """One stay on the repair bench, written when the first thing is recorded of it.

    `started_seq` is the movement that brought the item there: it says when, by whom and why. `finished_seq` is the one
    that ended it. A trigger refuses to change one that is finished.
    """

    __table_args__ = (
        UniqueConstraint("item_id", "started_seq", name="uq_repair_item_id_started_seq"),
        CheckConstraint(
            "num_nonnulls(finished_at, finished_by, finished_seq, outcome) IN (0, 4)", name="finished_as_a_whole"
        ),
        CheckConstraint("labour_minutes >= 0 AND labour_pence >= 0", name="labour_not_negative"),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    started_seq: int = Field(sa_column=Column(Integer, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    finished_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    finished_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    outcome: RepairOutcome | None = Field(default=None, sa_column=enum_column(RepairOutcome, "outcome", nullable=True))
    notes: str = Field(default="", sa_column=text_column(server_default=""))
    labour_minutes: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    labour_pence: int | None = Field(default=None, sa_column=pence_column(nullable=True))


class RepairEstimate(Table, table=True):
    """What somebody thinks that a repair will cost, parts and labour; the newest counts. Append-only."""

    __tablename__ = "repair_estimate"
    __table_args__ = (
        CheckConstraint("parts_pence >= 0 AND labour_pence >= 0", name="not_negative"),
        Index("ix_repair_estimate_repair_id_id", "repair_id", "id"),
    )

    id: int = id_column()
    repair_id: int = Field(sa_column=reference_column("repair.id"))
    parts_pence: int = Field(sa_column=pence_column())
    labour_pence: int = Field(sa_column=pence_column())
    notes: str = Field(default="", sa_column=text_column(server_default=""))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())


class HarvestedPart(Table, table=True):
    """A part that was taken off a scrapped item, or one in the scrap cage, and lies in the parts bin of a store.

    It is gone from there when a line of `fitted_part` that stands names it, or when it was thrown away.
    """

    __tablename__ = "harvested_part"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(discarded_at, discarded_by, discard_reason) IN (0, 3)", name="discarded_as_a_whole"
        ),
        Index("ix_harvested_part_item_id", "item_id"),
        Index("ix_harvested_part_id_while_kept", "id", postgresql_where=text("discarded_at IS NULL")),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    store_id: int = Field(sa_column=reference_column("store.id"))
    part_number: str = Field(default="", sa_column=text_column(server_default=""))
    description: str = Field(sa_column=text_column())
    condition: PartCondition = Field(sa_column=enum_column(PartCondition, "condition"))
    taken_at: datetime = Field(sa_column=instant_column())
    taken_by: str = Field(sa_column=text_column())
    discarded_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    discarded_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    discard_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))


class FittedPart(Table, table=True):
    """A part that a repair put into an item; `cost_pence` is of one. Append-only: the view `standing_part` has those
    that were not withdrawn."""

    __tablename__ = "fitted_part"
    __table_args__ = (
        CheckConstraint("quantity >= 1 AND cost_pence >= 0", name="something_at_a_price"),
        CheckConstraint("harvested_part_id IS NULL OR quantity = 1", name="one_from_the_bin"),
        Index("ix_fitted_part_repair_id", "repair_id"),
        Index("ix_fitted_part_harvested_part_id", "harvested_part_id"),
    )

    id: int = id_column()
    repair_id: int = Field(sa_column=reference_column("repair.id"))
    part_number: str = Field(default="", sa_column=text_column(server_default=""))
    description: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=Column(Integer, nullable=False))
    cost_pence: int = Field(sa_column=pence_column())
    fitted_on: date = Field(sa_column=Column(Date, nullable=False))
    harvested_part_id: int | None = Field(default=None, sa_column=reference_column("harvested_part.id", nullable=True))
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())


class FittedPartWithdrawal(Table, table=True):
    """That a line of a fitted part was wrong, and why. Append-only."""

    __tablename__ = "fitted_part_withdrawal"

    fitted_part_id: int = Field(sa_column=reference_column("fitted_part.id", primary_key=True))
    reason: str = Field(sa_column=text_column())
    withdrawn_at: datetime = Field(sa_column=instant_column())
    withdrawn_by: str = Field(sa_column=text_column())
