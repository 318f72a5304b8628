"""Who may order and authorise what: teams, prescribers' authority, its delegation, and the panels above them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Integer, Text
from sqlmodel import Field

from app.domain.authority import Tier
from app.domain.funders import FunderKind
from app.domain.panel_meeting import Side
from app.models.base import (
    Table,
    both_or_neither,
    enum_column,
    id_column,
    instant_column,
    pence_column,
    reference_column,
    text_column,
)


class Team(Table, table=True):
    """A base that prescribers order from; authority reaches as far as one's own team.

    `funder_id`: who pays for what it hands out over the counter; `cost_centre`: where that is booked.
    """

    __table_args__ = (Index("ix_team_funder_id", "funder_id"),)

    id: int = id_column()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text_column())
    funder_id: int | None = Field(default=None, sa_column=reference_column("funder.id", nullable=True))
    cost_centre: str = Field(default="", sa_column=text_column(server_default=""))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class Prescriber(Table, table=True):
    """The authority of an account to prescribe. A supervised student has no registration yet.

    `registration_number` is the number in the register of the Health and Care Professions Council (HCPC) or of
    another regulator.
    """

    __table_args__ = (
        CheckConstraint("spend_limit_pence >= 0", name="limit_not_negative"),
        both_or_neither("registration_number_and_expiry_together", "registration_number", "registration_expires_on"),
    )

    account_id: int = Field(sa_column=reference_column("account.id", primary_key=True))
    team_id: int = Field(sa_column=reference_column("team.id"))
    tier: Tier = Field(sa_column=enum_column(Tier, "tier"))
    spend_limit_pence: int = Field(sa_column=pence_column())
    registration_number: str | None = Field(default=None, sa_column=text_column(nullable=True))
    registration_expires_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    is_supervised: bool = False
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class Delegation(Table, table=True):
    """One prescriber's authority in another's hands from one day to another, while somebody deputises."""

    __table_args__ = (
        CheckConstraint("from_account_id <> to_account_id", name="not_to_oneself"),
        CheckConstraint("until_on >= from_on", name="ends_after_it_starts"),
        both_or_neither("ended_at_and_by_together", "ended_at", "ended_by"),
        Index("ix_delegation_to_account_id", "to_account_id"),
        Index("ix_delegation_from_account_id", "from_account_id"),
    )

    id: int = id_column()
    from_account_id: int = Field(sa_column=reference_column("account.id"))
    to_account_id: int = Field(sa_column=reference_column("account.id"))
    from_on: date = Field(sa_column=Column(Date, nullable=False))
    until_on: date = Field(sa_column=Column(Date, nullable=False))
    reason: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    made_by: str = Field(sa_column=text_column())
    ended_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(default=None, sa_column=text_column(nullable=True))


def _no() -> Any:
    return Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))


class Panel(Table, table=True):
    """A panel that decides what is beyond a prescriber's authority: lines of which tiers, outside the catalogue, from
    which value on, and of which funders (`panel_funder`; none named: of all). Of several that fit the lowest
    `precedence` decides. How many must be there, whether money of both sides wants members of both, and for how many
    days an approval lasts. One that is not active decides nothing new."""

    __table_args__ = (
        CheckConstraint("orders_above_pence >= 0", name="threshold_not_negative"),
        CheckConstraint("quorum BETWEEN 1 AND 20", name="quorum_sensible"),
        CheckConstraint("approval_days BETWEEN 1 AND 1096", name="approval_days_sensible"),
        CheckConstraint("precedence BETWEEN 1 AND 999", name="precedence_sensible"),
    )

    id: int = id_column()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text_column())
    orders_above_pence: int | None = Field(default=None, sa_column=pence_column(nullable=True))
    decides_highly_specialist: bool = False
    decides_specialist: bool = _no()
    decides_standard: bool = _no()
    decides_non_catalogue: bool = _no()
    precedence: int = Field(default=100, sa_column=Column(Integer, nullable=False, server_default="100"))
    quorum: int = Field(default=3, sa_column=Column(Integer, nullable=False, server_default="3"))
    joint_needs_both: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default="true"))
    approval_days: int = Field(default=90, sa_column=Column(Integer, nullable=False, server_default="90"))
    is_active: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default="true"))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class PanelFunder(Table, table=True):
    """A funder whose orders a panel decides; of a panel without any, everybody's."""

    __tablename__ = "panel_funder"
    __table_args__ = (Index("ix_panel_funder_funder_id", "funder_id"),)

    panel_id: int = Field(sa_column=reference_column("panel.id", primary_key=True))
    funder_id: int = Field(sa_column=reference_column("funder.id", primary_key=True))


class PanelBudget(Table, table=True):
    """What a panel may commit in a financial year, which begins in April of `year`."""

    __tablename__ = "panel_budget"
    __table_args__ = (
        CheckConstraint("pence >= 0", name="not_negative"),
        CheckConstraint("year BETWEEN 2000 AND 2999", name="year_sensible"),
    )

    panel_id: int = Field(sa_column=reference_column("panel.id", primary_key=True))
    year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    pence: int = Field(sa_column=Column(BigInteger, nullable=False))


class Funder(Table, table=True):
    """Who pays for an order: adult social care, the integrated care board, continuing healthcare, children. `side`:
    whose money it is, so that a panel knows what is joint; `kind`: what it is in the national return."""

    id: int = id_column()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=text_column())
    side: Side = Field(
        default=Side.SOCIAL_CARE, sa_column=enum_column(Side, "side", server_default=Side.SOCIAL_CARE.value)
    )
    kind: FunderKind = Field(
        default=FunderKind.OTHER, sa_column=enum_column(FunderKind, "kind", server_default=FunderKind.OTHER.value)
    )
    cost_centre: str = Field(default="", sa_column=text_column(server_default=""))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
