"""Counting a store or a bay: the count, and each item in it. Its scans are in `scan.py`, as all scans are."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from app.domain.stocktakes import Correction, Difference
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)

# A store is all its bays: a range without ends overlaps every bay's own point. Two bays of a store meet in one point
# once in four thousand million times, and then wait for each other.
BAYS = (
    "(CASE WHEN bay IS NULL THEN int8range(NULL, NULL) "
    "ELSE int8range(hashtext(lower(bay)), hashtext(lower(bay)), '[]') END)"
)


class Stocktake(Table, table=True):
    """One count of a store, or of one bay. Open ones never overlap: a store's count is one of all its bays.

    `expected`, `counted`: how many there were, and how many of these were found; written when it ends.
    """

    __table_args__ = (
        both_or_neither("finished_at_and_by_together", "finished_at", "finished_by"),
        both_or_neither("cancelled_at_and_by_together", "cancelled_at", "cancelled_by"),
        both_or_neither("expected_and_counted_together", "expected", "counted"),
        CheckConstraint("finished_at IS NULL OR cancelled_at IS NULL", name="ends_one_way"),
        CheckConstraint("bay <> ''", name="bay_has_a_name"),
        ExcludeConstraint(
            (Column("store_id"), "="),
            (text(BAYS), "&&"),
            name="ex_stocktake_places_of_open_ones",
            using="gist",
            where=text("finished_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: int = id_column()
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    store_id: int = Field(sa_column=reference_column("store.id"))
    bay: str | None = Field(default=None, sa_column=text_column(nullable=True))
    started_at: datetime = Field(sa_column=instant_column())
    started_by: str = Field(sa_column=text_column())
    finished_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    finished_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    cancelled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    cancelled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    expected: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    counted: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))


class StocktakeItem(Table, table=True):
    """One item in a count: expected at the start, counted, or both.

    `expected_seq`: its newest movement when the count began, where the record had it there. `counted_seq`: its newest
    movement when it was scanned. `difference` and `correction` are written when the count is finished.
    """

    __tablename__ = "stocktake_item"
    __table_args__ = (
        both_or_neither("counted_at_and_by_together", "counted_at", "counted_by"),
        both_or_neither("counted_at_and_seq_together", "counted_at", "counted_seq"),
        both_or_neither("difference_and_correction_together", "difference", "correction"),
        CheckConstraint("expected_seq IS NOT NULL OR counted_at IS NOT NULL", name="is_there_for_a_reason"),
        Index("ix_stocktake_item_item_id", "item_id"),
        Index(
            "ix_stocktake_item_that_differed",
            "stocktake_id",
            "item_id",
            postgresql_where=text("difference IS NOT NULL"),
        ),
    )

    stocktake_id: int = Field(sa_column=reference_column("stocktake.id", primary_key=True))
    item_id: int = Field(sa_column=reference_column("item.id", primary_key=True))
    expected_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    counted_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    counted_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    counted_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    difference: Difference | None = Field(default=None, sa_column=enum_column(Difference, "difference", nullable=True))
    correction: Correction | None = Field(default=None, sa_column=enum_column(Correction, "correction", nullable=True))
