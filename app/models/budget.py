"""Budgets, what finance was told of them, and the sums of the charges by month that dashboards read."""

from datetime import date, datetime
from decimal import Decimal

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
    Text,
    UniqueConstraint,
)
from sqlmodel import Field

from app.domain.budgets import Level
from app.domain.costs import ChargeKind
from app.models.base import Table, enum_column, id_column, instant_column, reference_column, text_column


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


class ChargeMonth(Table, table=True):
    """The sums of the charges of a month, made from them again and again until the month is closed (ADR 52).

    Zero and empty where the line has nothing there. `category`: the first level of ISO 9999; `condition`: `new` or
    `recycled`, of lines of issues; `issue_percent`: hundred for each issue, less those that were taken back;
    `quantity_percent`: the same of everything that is charged.
    """

    __tablename__ = "charge_month"

    period: date = Field(sa_column=Column(Date, primary_key=True))
    funder_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    team_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    store_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: ChargeKind = Field(sa_column=enum_column(ChargeKind, "kind", primary_key=True))
    category: str = Field(sa_column=Column(Text, primary_key=True))
    condition: str = Field(sa_column=Column(Text, primary_key=True))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    quantity_percent: Decimal = Field(sa_column=Column(Numeric(18, 2), nullable=False))
    net_pence: int = Field(sa_column=Column(BigInteger, nullable=False))
    vat_pence: int = Field(sa_column=Column(BigInteger, nullable=False))
    issue_percent: Decimal = Field(sa_column=Column(Numeric(14, 2), nullable=False))


class ChargeMonthSummed(Table, table=True):
    """When the sums of a month were made. `is_final`: it was closed by then, so they will not change."""

    __tablename__ = "charge_month_summed"

    period: date = Field(sa_column=Column(Date, primary_key=True))
    summed_at: datetime = Field(sa_column=instant_column())
    is_final: bool = Field(sa_column=Column(Boolean, nullable=False))
