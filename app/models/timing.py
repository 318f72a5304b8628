"""When orders came, and what was to be fetched: kept beside the orders and collections that it follows from."""

from datetime import date

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, Index, Integer, text
from sqlmodel import Field

from app.models.base import Table, text_column


class OrderTiming(Table, table=True):
    """An order that was approved, or of which something was handed over, and of which not every piece was called off
    (ADR 55). Triggers write it with the order, as the view `order_timing_now` finds it, and nothing else does.

    `delivered_on`: when the last piece that is wanted was handed over; empty while one is waited for. `handed_on`: the
    day of each piece, in their order. `failed_visits`: visits that came back without having done it.
    """

    __tablename__ = "order_timing"
    __table_args__ = (
        Index("ix_order_timing_counted_on", text("LEAST(promised_on, delivered_on)")),
        # What still has to be delivered is found without what was.
        Index(
            "ix_order_timing_promised_on_while_open",
            "promised_on",
            "order_id",
            postgresql_where=text("is_approved AND delivered_on IS NULL"),
        ),
        Index(
            "ix_order_timing_order_id_of_failed_visits_while_open",
            "order_id",
            postgresql_where=text("is_approved AND delivered_on IS NULL AND failed_visits > 0"),
        ),
    )

    order_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    speed: str = Field(sa_column=text_column())
    store_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    team_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    is_approved: bool = Field(sa_column=Column(Boolean, nullable=False))
    approved_on: date = Field(sa_column=Column(Date, nullable=False))
    promised_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    delivered_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    handed_on: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    failed_visits: int = Field(sa_column=Column(Integer, nullable=False))


class CollectionTiming(Table, table=True):
    """A line of a collection that was not called off (ADR 55). Triggers write it, as `collection_timing_now` finds it.

    `fetched_on`: when the item left the client's home; empty while it is there.
    """

    __tablename__ = "collection_timing"
    __table_args__ = (Index("ix_collection_timing_requested_on", "requested_on"),)

    line_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    speed: str = Field(sa_column=text_column())
    requested_on: date = Field(sa_column=Column(Date, nullable=False))
    fetched_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
