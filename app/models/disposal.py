"""How items are scrapped: asked for, agreed to where they are dear, and where their waste went."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Integer, text
from sqlmodel import Field

from app.domain.disposal import Batteries, WasteStream
from app.models.base import Table, enum_column, id_column, instant_column, reference_column, text_column


class Disposal(Table, table=True):
    """The scrap of one item. `seq` is its movement; until there is one it is a request, which another person agrees to
    or declines, and `hold_id` keeps the item from going out. What needed no second person has no `agreed_by`.
    """

    __table_args__ = (
        CheckConstraint("agreed_by <> asked_by", name="by_two_people"),
        CheckConstraint("agreed_at IS NULL OR seq IS NOT NULL", name="agreed_is_scrapped"),
        CheckConstraint("num_nonnulls(agreed_at, agreed_by) IN (0, 2)", name="agreed_as_a_whole"),
        CheckConstraint("num_nonnulls(declined_at, declined_by, decline_reason) IN (0, 3)", name="declined_as_a_whole"),
        CheckConstraint("declined_at IS NULL OR seq IS NULL", name="not_both_declined_and_scrapped"),
        CheckConstraint("seq IS NOT NULL OR hold_id IS NOT NULL", name="a_request_holds_its_item"),
        CheckConstraint("waste_stream <> 'weee' OR batteries IS NOT NULL", name="electrical_says_of_batteries"),
        Index("uq_disposal_one_per_item", "item_id", unique=True, postgresql_where=text("declined_at IS NULL")),
        Index("ix_disposal_id_while_asked", "id", postgresql_where=text("seq IS NULL AND declined_at IS NULL")),
        Index(
            "ix_disposal_id_without_reference",
            "id",
            postgresql_where=text("seq IS NOT NULL AND reference = '' AND waste_stream <> 'nowhere'"),
        ),
    )

    id: int = id_column()
    item_id: int = Field(sa_column=reference_column("item.id"))
    reason: str = Field(sa_column=text_column())
    waste_stream: WasteStream = Field(sa_column=enum_column(WasteStream, "waste_stream"))
    batteries: Batteries | None = Field(default=None, sa_column=enum_column(Batteries, "batteries", nullable=True))
    reference: str = Field(default="", sa_column=text_column(server_default=""))
    asked_at: datetime = Field(sa_column=instant_column())
    asked_by: str = Field(sa_column=text_column())
    hold_id: int | None = Field(default=None, sa_column=reference_column("hold.id", nullable=True))
    agreed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    agreed_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    declined_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    declined_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    decline_reason: str | None = Field(default=None, sa_column=text_column(nullable=True))
    seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
