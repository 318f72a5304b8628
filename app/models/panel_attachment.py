"""Files that are attached to a panel's case, and that one was taken out again. Both append-only."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text
from sqlmodel import Field

from app.models.base import Table, id_column, instant_column, reference_column, text_column


class PanelAttachment(Table, table=True):
    """A file of a case. `sha256` is of the file (`kept_file`); `name` is what it was called where it came from."""

    __tablename__ = "panel_attachment"
    __table_args__ = (
        CheckConstraint("title <> ''", name="said_in_words"),
        CheckConstraint("size_bytes > 0", name="not_empty"),
        CheckConstraint("pages > 0", name="has_pages"),
        Index("ix_panel_attachment_case_id_id", "case_id", "id"),
    )

    id: int = id_column()
    case_id: int = Field(sa_column=reference_column("panel_case.id"))
    title: str = Field(sa_column=text_column())
    name: str = Field(sa_column=text_column())
    sha256: str = Field(sa_column=Column(Text, ForeignKey("kept_file.sha256"), nullable=False))
    size_bytes: int = Field(sa_column=Column(Integer, nullable=False))
    pages: int = Field(sa_column=Column(Integer, nullable=False))
    added_at: datetime = Field(sa_column=instant_column())
    added_by: str = Field(sa_column=text_column())


class PanelAttachmentRemoval(Table, table=True):
    """That an attachment does not belong to what is put before the panel any more. The file stays."""

    __tablename__ = "panel_attachment_removal"

    attachment_id: int = Field(sa_column=reference_column("panel_attachment.id", primary_key=True))
    taken_out_at: datetime = Field(sa_column=instant_column())
    taken_out_by: str = Field(sa_column=text_column())
