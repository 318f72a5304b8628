"""Places that keep equipment."""

from sqlalchemy import Column, Text
from sqlmodel import Field

from app.models.base import Table, id_column, text_column


class Store(Table, table=True):
    """An equipment store or a satellite of one."""

    id: int = id_column()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text_column())
