"""Spells: each time that an item went out, kept beside the movements that they follow from."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Index, Integer, text
from sqlmodel import Field

from app.models.base import Table, instant_column, pence_column, text_column


class Spell(Table, table=True):
    """One time out: issued, collected by the first return, passed by the first release after that (ADR 54).

    A trigger writes it with the movements, and nothing else does. `number` 0: what came back before it was ever issued
    here. `pence`: what was paid for the item. `funder_ids`: who was first charged a part of the issue. `came_back_seq`:
    the return that ended the spell before. From `new_pence` on stands what reissuing it avoided, settled once
    (`finance/recycling/avoided.py`); a trigger unsettles it when its work is corrected. `costed_until`: when the last
    line of that work was posted.
    """

    __table_args__ = (
        CheckConstraint("(number = 0) = (issued_id IS NULL)", name="begins_with_an_issue"),
        Index("ix_spell_issued_at", "issued_at"),
        Index("ix_spell_collected_at", "collected_at", postgresql_where=text("collected_at IS NOT NULL")),
        Index("ix_spell_passed_at", "passed_at", postgresql_where=text("passed_at IS NOT NULL")),
        Index(
            "ix_spell_issued_at_while_unsettled",
            "issued_at",
            postgresql_where=text("is_recycled AND new_pence IS NULL"),
        ),
    )

    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    issued_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    issued_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    issued_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    store_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    product_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    pence: int = Field(sa_column=pence_column())
    funder_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    is_recycled: bool = Field(sa_column=Column(Boolean, nullable=False))
    collected_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    collected_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    collected_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    passed_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    passed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    came_back_seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    new_pence: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    new_from: str | None = Field(default=None, sa_column=text_column(nullable=True))
    cost_pence: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    unpriced: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    costed_until: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
