"""Files that people sent in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, LargeBinary, Text
from sqlmodel import Field

from app.models.base import Table, instant_column, text_column


class KeptFile(Table, table=True):
    """A file as it was checked (`uploads.py`), once, under its SHA-256. Append-only."""

    __tablename__ = "kept_file"
    __table_args__ = (
        CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="is_its_hash"),
        CheckConstraint("media_type IN ('image/png', 'image/jpeg', 'application/pdf')", name="media_type"),
    )

    sha256: str = Field(sa_column=Column(Text, primary_key=True))
    media_type: str = Field(sa_column=text_column())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kept_at: datetime = Field(sa_column=instant_column())
    kept_by: str = Field(sa_column=text_column())
