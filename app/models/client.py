"""People who are lent equipment: the least data that will do, and their access notes encrypted apart."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.models.base import id_column, instant_column, reference_column, text_column


class Client(SQLModel, table=True):
    """A person. `client_ref` is the service's own reference; not everybody has an NHS number when it is needed."""

    __table_args__ = (CheckConstraint("nhs_number ~ '^[0-9]{10}$'", name="nhs_number_has_ten_digits"),)

    id: int = id_column()
    client_ref: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    nhs_number: str | None = Field(default=None, sa_column=Column(Text, nullable=True, unique=True))
    name: str = Field(sa_column=text_column())
    date_of_birth: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    address: str = Field(sa_column=text_column())
    postcode: str = Field(sa_column=text_column())
    phone: str = Field(default="", sa_column=text_column(server_default=""))
    created_at: datetime = Field(sa_column=instant_column())
    created_by: str = Field(sa_column=text_column())
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class ClientAccess(SQLModel, table=True):
    """How to get in: encrypted with a key that is not in the database."""

    __tablename__ = "client_access"

    client_id: int = Field(sa_column=reference_column("client.id", primary_key=True))
    notes_encrypted: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
