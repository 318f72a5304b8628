"""Which orders wait for this person's signature: the rules of authority, asked of what is in the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.access import GRANTS, Permission, Role
from app.domain.authority import Asked, Authority, Delegation, PanelRule, Setting, Tier, who_can_authorise
from app.domain.promises import is_late

WAITING = text("""
    SELECT asked.number, asked.made_by, COALESCE(maker.name, asked.made_by) AS made_by_name, client.client_ref,
           asked.team_id, asked.promised_on, array_agg(DISTINCT product.tier) AS tiers,
           sum(line.quantity * line.unit_price_pence) AS value_pence,
           string_agg(line.quantity || ' x ' || product.name, ', ' ORDER BY line.position) AS products
    FROM equipment_order AS asked JOIN client ON client.id = asked.client_id
    JOIN order_line AS line ON line.order_id = asked.id JOIN product ON product.id = line.product_id
    LEFT JOIN account AS maker ON maker.username = asked.made_by
    WHERE asked.decision = 'awaiting_authorisation' GROUP BY asked.id, maker.name, client.client_ref ORDER BY asked.id
""")
PEOPLE = text("""
    SELECT account.username, account.name, prescriber.team_id, prescriber.tier, prescriber.spend_limit_pence,
           prescriber.registration_number, prescriber.registration_expires_on, prescriber.is_supervised,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id) AS roles
    FROM prescriber JOIN account ON account.id = prescriber.account_id WHERE account.is_active
""")
DELEGATIONS = text("""
    SELECT lender.username AS from_username, receiver.username AS to_username, from_on, until_on
    FROM delegation JOIN account AS lender ON lender.id = from_account_id
    JOIN account AS receiver ON receiver.id = to_account_id
    WHERE ended_at IS NULL AND :today BETWEEN from_on AND until_on
""")
PANEL = text("SELECT code, orders_above_pence FROM panel WHERE decides_highly_specialist ORDER BY id LIMIT 1")


@dataclass(frozen=True, slots=True)
class ToSign:
    """An order that this person may sign now."""

    number: str
    client_ref: str
    made_by_name: str
    products: str
    value_pence: int
    is_late: bool


async def list_to_sign(session: AsyncSession, username: str, *, today: date) -> list[ToSign]:
    """The orders that wait for this person, by their own authority or a lent one; at most four statements."""
    waiting = (await session.execute(WAITING)).mappings().all()
    if not waiting:
        return []
    setting = await _read_setting(session, today)
    found = []
    for row in waiting:
        tier = max((Tier(tier) for tier in row["tiers"]), key=list(Tier).index)
        asked = Asked(row["made_by"], row["team_id"], tier, row["value_pence"])
        if any(person.username == username for person in who_can_authorise(asked, setting)):
            names = ("number", "client_ref", "made_by_name", "products", "value_pence")
            late = is_late(row["promised_on"], None, today)
            found.append(ToSign(**{name: row[name] for name in names}, is_late=late))
    return found


async def _read_setting(session: AsyncSession, today: date) -> Setting:
    people = [_authority(dict(row)) for row in (await session.execute(PEOPLE)).mappings()]
    delegations = (await session.execute(DELEGATIONS, {"today": today})).all()
    panel = (await session.execute(PANEL)).one_or_none()
    return Setting(
        on=today,
        people=[person for person in people if person],
        delegations=[Delegation(*row) for row in delegations],
        panel=PanelRule(panel.code, orders_above_pence=panel.orders_above_pence) if panel else None,
    )


def _authority(row: Mapping[str, Any]) -> Authority | None:
    """None: their role does not sign orders any more."""
    granted = {permission for role in row["roles"] for permission in GRANTS[Role(role)]}
    if Permission.SIGN_ORDERS not in granted:
        return None
    facts = {name: value for name, value in row.items() if name != "roles"} | {"tier": Tier(row["tier"])}
    return Authority(**facts, may_authorise=Permission.AUTHORISE_ORDERS in granted)
