"""What comes of labels: faults reported from the public label page, and files of labels that are being made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Uuid, text
from sqlmodel import Field

from app.models.base import Table, both_or_neither, id_column, instant_column, reference_column, text_column


class PublicRequest(Table, table=True):
    """One request of somebody who is not signed in, counted per address. Of the address only a keyed hash is kept."""

    __tablename__ = "public_request"
    __table_args__ = (
        Index("ix_public_request_kind_address_hash_made_at", "kind", "address_hash", "made_at"),
        Index("ix_public_request_made_at", "made_at"),
    )

    id: int = id_column()
    kind: str = Field(sa_column=text_column())
    address_hash: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())


class FaultReport(Table, table=True):
    """What somebody reported of an item. `form_id`: of the very form, so that one sent twice is one report.

    `phone` is forgotten some time after the report is closed. `done`: what was done about it.
    """

    __tablename__ = "fault_report"
    __table_args__ = (
        both_or_neither("closed_at_and_by_together", "closed_at", "closed_by"),
        both_or_neither("closed_at_and_done_together", "closed_at", "done"),
        CheckConstraint("is_dangerous = (hold_id IS NOT NULL)", name="what_is_dangerous_is_held"),
        Index("ix_fault_report_item_id", "item_id"),
        Index("ix_fault_report_hold_id", "hold_id"),
        Index("ix_fault_report_while_open", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_fault_report_id_of_dangerous", "id", postgresql_where=text("is_dangerous")),
    )

    id: int = id_column()
    form_id: UUID = Field(sa_column=Column(Uuid, nullable=False, unique=True))
    item_id: int = Field(sa_column=reference_column("item.id"))
    description: str = Field(sa_column=text_column())
    phone: str | None = Field(default=None, sa_column=text_column(nullable=True))
    is_dangerous: bool = Field(sa_column=Column(Boolean, nullable=False))
    reported_at: datetime = Field(sa_column=instant_column())
    hold_id: int | None = Field(default=None, sa_column=reference_column("hold.id", nullable=True))
    closed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    closed_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    done: str | None = Field(default=None, sa_column=text_column(nullable=True))


class LabelJob(Table, table=True):
    """A file of many labels: how far it is, then the file, which is kept a short time.

    `seen_at`: when its maker was last at work. Who died over it never says so.
    """

    __tablename__ = "label_job"
    __table_args__ = (
        both_or_neither("content_and_file_name_together", "content", "file_name"),
        both_or_neither("content_and_media_type_together", "content", "media_type"),
        CheckConstraint("content IS NULL OR failure IS NULL", name="made_or_failed"),
        Index("ix_label_job_made_at", "made_at"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    made_by: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    wanted: int = Field(sa_column=Column(Integer, nullable=False))
    done: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    seen_at: datetime = Field(sa_column=instant_column())
    failure: str | None = Field(default=None, sa_column=text_column(nullable=True))
    file_name: str | None = Field(default=None, sa_column=text_column(nullable=True))
    media_type: str | None = Field(default=None, sa_column=text_column(nullable=True))
    content: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
