"""Makers' other names over time, which people keep."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, Index
from sqlmodel import Field

from app.models.base import Table, id_column, instant_column, text_column


class MakerAlias(Table, table=True):
    """`name` is another name of `resolves_to`, for what was made from a day until a day; a day that is NULL is open.

    The keys are the names without case, blanks and dashes. A name may stand for several makers, one after another.
    """

    __tablename__ = "maker_alias"
    __table_args__ = (
        CheckConstraint("name_key <> resolves_to_key", name="not_of_itself"),
        CheckConstraint("from_on <= until_on", name="ends_after_it_begins"),
        Index(
            "uq_maker_alias_name_key_resolves_to_key_from_on",
            "name_key",
            "resolves_to_key",
            "from_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: int = id_column()
    name: str = Field(sa_column=text_column())
    name_key: str = Field(sa_column=text_column())
    resolves_to: str = Field(sa_column=text_column())
    resolves_to_key: str = Field(sa_column=text_column())
    from_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())
