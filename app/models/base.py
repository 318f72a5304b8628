"""What every table shares: constraint names, enum and instant columns, surrogate keys. No tables live here."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, Enum, ForeignKey, Identity, Integer, MetaData, Text
from sqlalchemy.types import BigInteger
from sqlmodel import Field, SQLModel

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Table(SQLModel):
    """What each table is. Rows are not validated (input is, at the edge): no table needs its validator built."""

    model_config = {"defer_build": True}


def id_column() -> Any:
    """A bigint surrogate key that the database counts. Untyped because SQLModel types a field by its annotation."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))


def enum_column(kind: type[StrEnum], name: str, *, nullable: bool = False, **column: Any) -> Column[Any]:
    """A text column that takes only the values of `kind`, by a CHECK named `ck_<table>_<name>`."""
    sql_type = Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
        length=40,
    )
    return Column(name, sql_type, nullable=nullable, **column)


def instant_column(*, nullable: bool = False, primary_key: bool = False) -> Column[datetime]:
    """A point in time, with its zone."""
    return Column(DateTime(timezone=True), nullable=nullable, primary_key=primary_key)


def text_column(*, nullable: bool = False, **column: Any) -> Column[str]:
    """Text of any length; what is too long is refused at the edge."""
    return Column(Text, nullable=nullable, **column)


def pence_column(*, nullable: bool = False) -> Column[int]:
    """Money: whole pence."""
    return Column(Integer, nullable=nullable)


def reference_column(target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """A foreign key to another table's id; nothing cascades, because nothing here is deleted by accident."""
    return Column(BigInteger, ForeignKey(target), nullable=nullable, primary_key=primary_key)


def checked_reference_column(*, nullable: bool = False) -> Column[int]:
    """The same where thousands of rows name one: a trigger checks it once for each statement (ADR 36)."""
    return Column(BigInteger, nullable=nullable)


def both_or_neither(name: str, one: str, other: str) -> CheckConstraint:
    """A CHECK that two columns are filled together or not at all."""
    return CheckConstraint(f"({one} IS NULL) = ({other} IS NULL)", name=name)
