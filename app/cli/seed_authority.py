"""Who may order and authorise what in the demonstration: teams, prescribers, funders and the panel."""

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.authority import Tier
from app.domain.funders import FunderKind, check_funder_code
from app.domain.panel_meeting import Side
from app.domain.panel_settings import financial_year
from app.models import Account, Funder, Panel, PanelBudget, PanelMember, Prescriber, Team

TEAM: Final[dict[str, Any]] = {"code": "WEST", "name": "West Community Occupational Therapy", "cost_centre": "A110"}
FUNDERS: Final = (
    ("ASC", "Adult social care", Side.SOCIAL_CARE, FunderKind.ADULT_SOCIAL_CARE, "A100"),
    ("ICB", "Integrated care board", Side.HEALTH, FunderKind.INTEGRATED_CARE_BOARD, "H200"),
    ("CHC", "Continuing healthcare", Side.HEALTH, FunderKind.CONTINUING_HEALTHCARE, "H210"),
    ("CHILD", "Children's services", Side.SOCIAL_CARE, FunderKind.CHILDRENS_SERVICES, "C300"),
    ("S117", "Section 117 aftercare", Side.HEALTH, FunderKind.SECTION_117, "H220"),
    ("EDU", "Education", Side.SOCIAL_CARE, FunderKind.EDUCATION, "E400"),
    ("SELF", "A person's own top-up", Side.SOCIAL_CARE, FunderKind.PERSON, "X900"),
    ("CHAR", "Charity", Side.SOCIAL_CARE, FunderKind.CHARITY, "X910"),
)
PAYS_FOR_THE_TEAM: Final = "ASC"
"""Who pays for what the team hands out over the counter."""
PANEL: Final[dict[str, Any]] = {
    "code": "JSEP",
    "name": "Joint Specialist Equipment Panel",
    "orders_above_pence": 250_000,
    "decides_highly_specialist": True,
    "quorum": 3,
    "joint_needs_both": True,
    "approval_days": 90,
}
MEMBERS: Final = {
    "chair": (Side.SOCIAL_CARE, True),
    "panel1": (Side.HEALTH, False),
    "panel2": (Side.SOCIAL_CARE, False),
    "panel3": (Side.SOCIAL_CARE, False),
}
"""Who sits on the panel, for whom, and who chairs it."""
BUDGET: Final = 24_000_000
"""What the panel may commit in this financial year, in pence."""
LIMITS: Final = {"ot": (Tier.STANDARD, 100_000), "senior.ot": (Tier.HIGHLY_SPECIALIST, 500_000)}
SUPERVISED: Final = "student.ot"
REGISTERED_FOR: Final = timedelta(days=400)


async def add_authority(session: AsyncSession, *, today: date) -> None:
    """Write them for the accounts that are there already. Registrations end more than a year from `today`."""
    names = ("code", "name", "side", "kind", "cost_centre")
    for code, *_ in FUNDERS:
        check_funder_code(code)
    await session.execute(insert(Funder), [dict(zip(names, one, strict=True)) for one in FUNDERS])
    await _add_panel(session, today)
    payer = await session.scalar(select(col(Funder.id)).where(col(Funder.code) == PAYS_FOR_THE_TEAM))
    team_id = (await session.execute(insert(Team).values(**TEAM, funder_id=payer).returning(col(Team.id)))).scalar_one()
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


async def _add_panel(session: AsyncSession, today: date) -> None:
    panel_id = (await session.execute(insert(Panel).values(**PANEL).returning(col(Panel.id)))).scalar_one()
    accounts = select(col(Account.username), col(Account.id)).where(col(Account.username).in_(list(MEMBERS)))
    rows = [
        {"panel_id": panel_id, "account_id": account_id, "side": MEMBERS[username][0], "is_chair": MEMBERS[username][1]}
        for username, account_id in await session.execute(accounts)
    ]
    await session.execute(insert(PanelMember), rows)
    await session.execute(insert(PanelBudget).values(panel_id=panel_id, year=financial_year(today), pence=BUDGET))
