"""Who may order and authorise what in the demonstration: teams, prescribers, funders and the panel."""

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.authority import Tier
from app.models import Account, Funder, Panel, Prescriber, Team

TEAM: Final = {"code": "WEST", "name": "West Community Occupational Therapy"}
FUNDERS: Final = (
    ("ASC", "Adult social care"),
    ("ICB", "Integrated care board"),
    ("CHC", "Continuing healthcare"),
    ("CHILD", "Children's services"),
)
PANEL: Final[dict[str, Any]] = {
    "code": "JSEP",
    "name": "Joint Specialist Equipment Panel",
    "orders_above_pence": 250_000,
    "decides_highly_specialist": True,
}
LIMITS: Final = {"ot": (Tier.STANDARD, 100_000), "senior.ot": (Tier.HIGHLY_SPECIALIST, 500_000)}
SUPERVISED: Final = "student.ot"
REGISTERED_FOR: Final = timedelta(days=400)


async def add_authority(session: AsyncSession, *, today: date) -> None:
    """Write them for the accounts that are there already. Registrations end more than a year from `today`."""
    await session.execute(insert(Funder), [{"code": code, "name": name} for code, name in FUNDERS])
    await session.execute(insert(Panel).values(**PANEL))
    team_id = (await session.execute(insert(Team).values(**TEAM).returning(col(Team.id)))).scalar_one()
    wanted = [*LIMITS, SUPERVISED]
    accounts = select(col(Account.username), col(Account.id)).where(col(Account.username).in_(wanted))
    rows = await session.execute(accounts)
    for number, (username, account_id) in enumerate(sorted(rows), start=1):
        tier, limit = LIMITS.get(username, (Tier.STANDARD, 50_000))
        is_supervised = username == SUPERVISED
        registration = {
            "registration_number": f"OT{number:05}",
            "registration_expires_on": today + REGISTERED_FOR,
        }
        await session.execute(
            insert(Prescriber).values(
                account_id=account_id,
                team_id=team_id,
                tier=tier,
                spend_limit_pence=limit,
                is_supervised=is_supervised,
                **({} if is_supervised else registration),
            )
        )
