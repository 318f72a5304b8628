"""Who has authority over orders today, as the tables say: reads for whoever asks the rules in `domain/authority.py`.

Several features ask: what waits for a signature is on the home page, with the orders, and on a prescriber's own page.
They must not differ about who may sign (docs/adr/0012-one-reading-of-authority.md).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.access import GRANTS, Permission, Role
from app.domain.authority import Authority, Delegation, PanelRule, Setting, Tier

PEOPLE = text("""
    SELECT account.username, account.name, prescriber.team_id, prescriber.tier, prescriber.spend_limit_pence,
           prescriber.registration_number, prescriber.registration_expires_on, prescriber.is_supervised,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id) AS roles
    FROM prescriber JOIN account ON account.id = prescriber.account_id
    WHERE account.is_active ORDER BY account.username
""")
DELEGATIONS = text("""
    SELECT lender.username AS from_username, receiver.username AS to_username, from_on, until_on
    FROM delegation JOIN account AS lender ON lender.id = from_account_id
    JOIN account AS receiver ON receiver.id = to_account_id
    WHERE ended_at IS NULL AND :today BETWEEN from_on AND until_on ORDER BY delegation.id
""")
PANEL = text("SELECT code, orders_above_pence FROM panel WHERE decides_highly_specialist ORDER BY id LIMIT 1")


async def read_setting(session: AsyncSession, today: date) -> Setting:
    """Everybody with authority, what is lent today, and the panel."""
    people = [_authority(dict(row)) for row in (await session.execute(PEOPLE)).mappings()]
    delegations = (await session.execute(DELEGATIONS, {"today": today})).all()
    panel = (await session.execute(PANEL)).one_or_none()
    return Setting(
        on=today,
        people=[person for person in people if person],
        delegations=[Delegation(*row) for row in delegations],
        panel=PanelRule(panel.code, orders_above_pence=panel.orders_above_pence) if panel else None,
    )


def find_person(setting: Setting, username: str) -> Authority | None:
    """The authority of that person, if they have one."""
    return next((person for person in setting.people if person.username == username), None)


def _authority(row: dict[str, Any]) -> Authority | None:
    """None: their role does not sign orders any more, so they neither sign nor lend anything."""
    roles: Sequence[str] = row.pop("roles")
    granted = {permission for role in roles for permission in GRANTS[Role(role)]}
    if Permission.SIGN_ORDERS not in granted:
        return None
    may = Permission.AUTHORISE_ORDERS in granted
    return Authority(**row | {"tier": Tier(row["tier"])}, may_authorise=may)
