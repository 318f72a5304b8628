"""Budgets, what finance was told of them, and the sums of the charges by month that dashboards read."""

from datetime import date, datetime
from typing import Final

import sqlalchemy
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from app.domain.budgets import Level
from app.models.base import Table, enum_column, id_column, instant_column, metadata, reference_column, text_column


class Budget(Table, table=True):
    """What a funder, or a team of its money, may spend in a financial year. `year`: that in which it begins;
    `months`: pence from April to March, whose sum is the year's."""

    __table_args__ = (
        CheckConstraint("array_length(months, 1) = 12 AND 0 <= ALL (months)", name="twelve_months_not_negative"),
        CheckConstraint("year BETWEEN 2000 AND 2999", name="year_sensible"),
        UniqueConstraint(
            "funder_id",
            "team_id",
            "year",
            name="uq_budget_funder_id_team_id_year",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_budget_team_id", "team_id"),
        Index("ix_budget_year", "year"),
    )

    id: int = id_column()
    funder_id: int = Field(sa_column=reference_column("funder.id"))
    team_id: int | None = Field(default=None, sa_column=reference_column("team.id", nullable=True))
    year: int = Field(sa_column=Column(Integer, nullable=False))
    months: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    note: str = Field(default="", sa_column=text_column(server_default=""))
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    changed_at: datetime = Field(sa_column=instant_column())
    changed_by: str = Field(sa_column=text_column())
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class BudgetAlert(Table, table=True):
    """That finance was told of a level, once for each amount of the budget. `stands`: it was so at the last look."""

    __tablename__ = "budget_alert"

    budget_id: int = Field(sa_column=reference_column("budget.id", primary_key=True))
    level: Level = Field(sa_column=enum_column(Level, "level", primary_key=True))
    of_pence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    told_at: datetime = Field(sa_column=instant_column())
    stands: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default="true"))


CHARGE_MONTH: Final = sqlalchemy.Table(
    "charge_month",
    metadata,
    Column("period", Date, nullable=False),
    Column("grain", SmallInteger, nullable=False),
    Column("is_late", Boolean, nullable=False, server_default="false"),
    *(Column(name, BigInteger) for name in ("funder_id", "team_id", "store_id", "product_id")),
    *(Column(name, Text) for name in ("kind", "speed", "category", "recycled", "reason", "district", "prescriber")),
    Column("lines", BigInteger, nullable=False),
    Column("quantity_percent", Numeric(18, 2), nullable=False),
    Column("net_pence", BigInteger, nullable=False),
    Column("credited_pence", BigInteger, nullable=False),
    Column("vat_pence", BigInteger, nullable=False),
    Column("issue_percent", Numeric(14, 2), nullable=False),
    Index("ix_charge_month_grain_period", "grain", "period"),
    Index("ix_charge_month_period_of_late", "period", postgresql_where=text("is_late")),
)
"""The sums of the charges of a month, in each grain that `finance/monthly/grains.py` has (ADR 63).

Zero and empty where the line has nothing there, null where the grain does not know it. `is_late`: a line that came
since; a trigger adds it. `recycled`: `new`, `recycled` or empty. `issue_percent`: hundred for each issue, less those
that were taken back; `quantity_percent`: the same of everything that is charged. No key: what comes at once in two
transactions stands in two rows, and neither waits.
"""


class ChargeMonthSummed(Table, table=True):
    """When the sums of a month were made. What is not here is read from the lines."""

    __tablename__ = "charge_month_summed"

    period: date = Field(sa_column=Column(Date, primary_key=True))
    summed_at: datetime = Field(sa_column=instant_column())
