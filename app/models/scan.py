"""Every scan at the returns desk, on the van, of a count and of a consignment, whatever came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    reference_column,
    text_column,
)


class ScanOutcome(StrEnum):
    """What came of one scan."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ScanKind(StrEnum):
    """What a scan says of an item: it came back, was delivered or collected, stands here, or goes to another store."""

    RETURN = "return"
    DELIVERY = "delivery"
    COLLECTION = "collection"
    STOCKTAKE = "stocktake"
    SENT = "sent"
    RECEIVED = "received"

    @property
    def text(self) -> str:
        """What it was scanned as, within a sentence."""
        return {"return": "returned", "delivery": "delivered", "collection": "collected", "stocktake": "counted"}.get(
            self.value, self.value
        )


class ReturnScan(Table, table=True):
    """One scan, known by the id that the scanner gave it. What was not accepted stays open until it is reconciled.

    `raw` is what the scanner sent, control characters written out, at most 300 characters. `scanned_at` is by the
    service's clock; where the device's was wrong, `device_scanned_at` keeps what that said. `handed_to` and
    `order_number` are what a delivery was scanned with. `scanned_into`: the number of the stocktake or consignment.
    """

    __tablename__ = "return_scan"
    __table_args__ = (
        both_or_neither("reconciled_at_and_by_together", "reconciled_at", "reconciled_by"),
        both_or_neither("reconciled_at_and_note_together", "reconciled_at", "reconciled_note"),
        CheckConstraint(
            "(scanned_into IS NOT NULL) = (kind IN ('stocktake', 'sent', 'received'))", name="kind_says_into_what"
        ),
        Index("ix_return_scan_received_by_received_at", "received_by", "received_at"),
        Index("ix_return_scan_scanned_into", "scanned_into", postgresql_where=text("scanned_into IS NOT NULL")),
        Index(
            "ix_return_scan_to_reconcile",
            "id",
            postgresql_where=text("outcome IN ('refused', 'unknown') AND reconciled_at IS NULL"),
        ),
    )

    id: int = id_column()
    scan_id: UUID = Field(sa_column=Column(Uuid, nullable=False, unique=True))
    raw: str = Field(sa_column=text_column())
    kind: ScanKind = Field(
        default=ScanKind.RETURN, sa_column=enum_column(ScanKind, "kind", server_default=ScanKind.RETURN.value)
    )
    store_id: int = Field(sa_column=reference_column("store.id"))
    handed_to: str | None = Field(default=None, sa_column=text_column(nullable=True))
    order_number: str | None = Field(default=None, sa_column=text_column(nullable=True))
    scanned_into: str | None = Field(default=None, sa_column=text_column(nullable=True))
    device_scanned_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    scanned_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    received_at: datetime = Field(sa_column=instant_column())
    received_by: str = Field(sa_column=text_column())
    outcome: ScanOutcome | None = Field(default=None, sa_column=enum_column(ScanOutcome, "outcome", nullable=True))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    reconciled_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    reconciled_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    reconciled_note: str | None = Field(default=None, sa_column=text_column(nullable=True))
