"""People who are lent equipment: the least data that will do, their care providers, and how to get in, encrypted."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
    literal_column,
    text,
)
from sqlmodel import Field

from app.models.base import Table, both_or_neither, id_column, instant_column, reference_column, text_column


class CareProvider(Table, table=True):
    """An agency or home that cares for clients, and where it is told that an item must not be used any more."""

    __tablename__ = "care_provider"

    id: int = id_column()
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    email: str | None = Field(default=None, sa_column=text_column(nullable=True))
    phone: str = Field(default="", sa_column=text_column(server_default=""))


class Client(Table, table=True):
    """A person. `client_ref` is the service's own reference; not everybody has an NHS number when it is needed."""

    __table_args__ = (
        CheckConstraint("nhs_number ~ '^[0-9]{10}$'", name="nhs_number_has_ten_digits"),
        CheckConstraint("weight_kg BETWEEN 1 AND 600", name="weight_sensible"),
        both_or_neither("weight_and_its_day_together", "weight_kg", "weighed_on"),
        Index("ix_client_name_trigrams", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index("ix_client_postcode", "postcode"),
        Index("ix_client_date_of_birth", "date_of_birth"),
        # The operator class makes LIKE use an index in a database of any collation.
        Index(
            "ix_client_postcode_without_blank",
            literal_column("replace(postcode, ' ', '')").label("joined"),
            postgresql_ops={"joined": "text_pattern_ops"},
        ),
        Index(
            "uq_client_client_ref_in_any_case",
            literal_column("upper(client_ref)").label("in_capitals"),
            unique=True,
            postgresql_ops={"in_capitals": "text_pattern_ops"},
        ),
    )

    id: int = id_column()
    client_ref: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    nhs_number: str | None = Field(default=None, sa_column=Column(Text, nullable=True, unique=True))
    name: str = Field(sa_column=text_column())
    date_of_birth: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    address: str = Field(sa_column=text_column())
    postcode: str = Field(sa_column=text_column())
    phone: str = Field(default="", sa_column=text_column(server_default=""))
    weight_kg: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    weighed_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    died_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    care_provider_id: int | None = Field(default=None, sa_column=reference_column("care_provider.id", nullable=True))
    created_at: datetime = Field(sa_column=instant_column())
    created_by: str = Field(sa_column=text_column())
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class ClientAccess(Table, table=True):
    """How to get in: encrypted with a key that is not in the database."""

    __tablename__ = "client_access"

    client_id: int = Field(sa_column=reference_column("client.id", primary_key=True))
    notes_encrypted: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    written_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
