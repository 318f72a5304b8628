"""Consignments between stores, what is wanted on them, what travels with them, and how much a store should have."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field

from app.models.base import Table, both_or_neither, id_column, instant_column, reference_column, text_column


class Consignment(Table, table=True):
    """What goes from one store to another. How far it is follows from its lines."""

    __table_args__ = (
        both_or_neither("cancelled_at_and_by_together", "cancelled_at", "cancelled_by"),
        CheckConstraint("from_store_id <> to_store_id", name="goes_somewhere_else"),
    )

    id: int = id_column()
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    from_store_id: int = Field(sa_column=reference_column("store.id"))
    to_store_id: int = Field(sa_column=reference_column("store.id"))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    cancelled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    cancelled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


class ConsignmentWant(Table, table=True):
    """How many of a product are to go with a consignment."""

    __tablename__ = "consignment_want"
    __table_args__ = (CheckConstraint("quantity BETWEEN 1 AND 500", name="quantity_in_range"),)

    consignment_id: int = Field(sa_column=reference_column("consignment.id", primary_key=True))
    product_id: int = Field(sa_column=reference_column("product.id", primary_key=True))
    quantity: int = Field(sa_column=Column(Integer, nullable=False))


class ConsignmentLine(Table, table=True):
    """One item that was sent, or that came along without being sent (`sent_at` is empty).

    While it is on its way the hold `hold_id` keeps it from being given to anybody. `sent_contaminated`: it was not
    clean when it left; empty where nobody sent it, and in what was sent before this was recorded.
    """

    __tablename__ = "consignment_line"
    __table_args__ = (
        UniqueConstraint("consignment_id", "item_id", name="uq_consignment_line_consignment_id_item_id"),
        both_or_neither("sent_at_and_by_together", "sent_at", "sent_by"),
        both_or_neither("sent_at_and_hold_together", "sent_at", "hold_id"),
        both_or_neither("arrived_at_and_by_together", "arrived_at", "arrived_by"),
        both_or_neither("arrived_at_and_store_together", "arrived_at", "arrived_store_id"),
        both_or_neither("missing_at_and_by_together", "missing_at", "missing_by"),
        both_or_neither("missing_at_and_reason_together", "missing_at", "missing_reason"),
        Index(
            "ix_consignment_line_sent_at_while_on_its_way",
            "sent_at",
            "consignment_id",
            postgresql_where=text("arrived_at IS NULL AND missing_at IS NULL AND sent_at IS NOT NULL"),
        ),
        CheckConstraint("arrived_at >= missing_at", name="found_after_it_was_missing"),
        CheckConstraint("sent_at IS NOT NULL OR arrived_at IS NOT NULL", name="was_sent_or_arrived"),
        Index(
            "uq_consignment_line_one_open_per_item",
            "item_id",
            unique=True,
            postgresql_where=text("arrived_at IS NULL AND missing_at IS NULL"),
        ),
    )

    id: int = id_column()
    consignment_id: int = Field(sa_column=reference_column("consignment.id"))
    item_id: int = Field(sa_column=reference_column("item.id"))
    sent_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    sent_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    hold_id: int | None = Field(default=None, sa_column=reference_column("hold.id", nullable=True))
    sent_contaminated: bool | None = Field(default=None, sa_column=Column(Boolean, nullable=True))
    arrived_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    arrived_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    arrived_store_id: int | None = Field(default=None, sa_column=reference_column("store.id", nullable=True))
    missing_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    missing_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    missing_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))


class MinimumLevel(Table, table=True):
    """How many of a product a store should have on its shelf."""

    __tablename__ = "minimum_level"
    __table_args__ = (CheckConstraint("minimum BETWEEN 1 AND 500", name="minimum_in_range"),)

    store_id: int = Field(sa_column=reference_column("store.id", primary_key=True))
    product_id: int = Field(sa_column=reference_column("product.id", primary_key=True))
    minimum: int = Field(sa_column=Column(Integer, nullable=False))
