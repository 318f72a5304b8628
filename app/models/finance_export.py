"""What exports of finance keep: files that are being made, the journal's layout, and who asked for the monthly pack."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.journal import DateFormat
from app.models.base import Table, enum_column, instant_column, reference_column, text_column


class ExportJob(Table, table=True):
    """A spreadsheet that is being made: how far it is, and what it is called once it is whole.

    `seen_at`: when its maker was last at work. Who died over it never says so. `size`: of its chunks together.
    """

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint("size IS NULL OR failure IS NULL", name="made_or_failed"),
        Index("ix_export_job_made_at", "made_at"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    made_by: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    title: str = Field(sa_column=text_column())
    file_name: str = Field(sa_column=text_column())
    wanted: int = Field(sa_column=Column(Integer, nullable=False))
    done: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    seen_at: datetime = Field(sa_column=instant_column())
    failure: str | None = Field(default=None, sa_column=text_column(nullable=True))
    size: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class ExportChunk(Table, table=True):
    """A piece of a file, so that neither who makes it nor who hands it out has the whole in memory."""

    __tablename__ = "export_chunk"

    job_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("export_job.id"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class JournalLayout(Table, table=True):
    """How the general ledger wants its journal. One row, once somebody has set it."""

    __tablename__ = "journal_layout"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    columns: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    date_format: DateFormat = Field(sa_column=enum_column(DateFormat, "date_format"))
    accounts: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    vat_account: str = Field(sa_column=text_column())
    contra: str = Field(sa_column=text_column())
    contras: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    own_cost_centre: str = Field(sa_column=text_column())
    changed_at: datetime = Field(sa_column=instant_column())
    changed_by: str = Field(sa_column=text_column())
    version: int = Field(sa_column=Column(Integer, nullable=False))


class PackSetting(Table, table=True):
    """On which working day of a month the pack of the last one is sent. One row, once somebody has set it."""

    __tablename__ = "pack_setting"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("working_day BETWEEN 1 AND 15", name="working_day_sensible"),
    )

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    working_day: int = Field(sa_column=Column(Integer, nullable=False))
    changed_at: datetime = Field(sa_column=instant_column())
    changed_by: str = Field(sa_column=text_column())


class PackReader(Table, table=True):
    """Somebody who is written to when a month's pack is due."""

    __tablename__ = "pack_reader"

    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    added_at: datetime = Field(sa_column=instant_column())
    added_by: str = Field(sa_column=text_column())


class PackSent(Table, table=True):
    """That somebody was written to about the pack of a month: once."""

    __tablename__ = "pack_sent"
    __table_args__ = (Index("ix_pack_sent_account_id", "account_id"),)

    period: date = Field(sa_column=Column(Date, primary_key=True))
    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    sent_at: datetime = Field(sa_column=instant_column())
