"""Months of movements and charges that were put aside, and what is kept of them (ADR 62)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Text
from sqlmodel import Field

from app.models.base import Table, instant_column, text_column


class MonthPutAside(Table, table=True):
    """That a partition was detached. `whole`: movement or charge; `digest`: over its lines in the order of their
    numbers, so that what is attached again is what was detached."""

    __tablename__ = "month_put_aside"

    whole: str = Field(sa_column=Column(Text, primary_key=True))
    month: date = Field(sa_column=Column(Date, primary_key=True))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str = Field(sa_column=text_column())
    put_aside_at: datetime = Field(sa_column=instant_column())
    put_aside_by: str = Field(sa_column=text_column())


class OrderPutAside(Table, table=True):
    """That an order was charged in a month that was put aside: it is charged, and who pays for it cannot be moved."""

    __tablename__ = "order_put_aside"
    __table_args__ = (Index("ix_order_put_aside_month", "month"),)

    order_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    month: date = Field(sa_column=Column(Date, primary_key=True))


class MovementPutAside(Table, table=True):
    """An anchor: an item's movements from one number to another went with a month, and this was the last one's hash."""

    __tablename__ = "movement_put_aside"
    __table_args__ = (
        CheckConstraint("first_seq <= until_seq", name="in_their_order"),
        Index("ix_movement_put_aside_month", "month"),
    )

    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    first_seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    until_seq: int = Field(sa_column=Column(Integer, nullable=False))
    until_hash: str = Field(sa_column=text_column())
    month: date = Field(sa_column=Column(Date, nullable=False))
