"""Budgets of the demonstration: this financial year and the last, and a team's part. The sums are made up."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.seed_authority import TEAM
from app.domain.dates import uk_date
from app.domain.panel_settings import financial_year
from app.features.finance.budgets.schemas import NewBudget
from app.features.finance.budgets.service import set_budget

BUDGETS: Final = (
    ("ASC", None, 5_000_000, "Agreed by the joint commissioning board"),
    ("ASC", TEAM["code"], 2_600_000, ""),
    ("ICB", None, 900_000, "Agreed by the joint commissioning board"),
    ("CHC", None, 600_000, ""),
    ("CHILD", None, 450_000, ""),
)


async def set_budgets(session: AsyncSession, *, now: datetime) -> None:
    """Set what each funder may spend, in equal twelfths."""
    this = financial_year(uk_date(now))
    for year in (this - 1, this):
        for funder, team, pence, note in BUDGETS:
            new = NewBudget(funder=funder, team=team, year=year, pence=pence, note=note)
            await set_budget(session, new, actor="finance", at=now)
