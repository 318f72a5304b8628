"""Which orders wait for this person's signature: the rules of authority, asked of what is in the tables."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.authority import Asked, Tier, can_sign
from app.domain.promises import is_late
from app.signing import find_person, read_others, read_route, read_setting_around

WAITING = text("""
    SELECT asked.id, asked.number, asked.made_by, COALESCE(maker.name, asked.made_by) AS made_by_name,
           client.client_ref, asked.team_id, asked.promised_on, asked.authority,
           array_agg(DISTINCT product.tier) AS tiers, sum(line.quantity * line.unit_price_pence) AS value_pence,
           string_agg(line.quantity || ' x ' || product.name, ', ' ORDER BY line.position) AS products
    FROM equipment_order AS asked JOIN client ON client.id = asked.client_id
    JOIN order_line AS line ON line.order_id = asked.id JOIN product ON product.id = line.product_id
    LEFT JOIN account AS maker ON maker.username = asked.made_by
    WHERE asked.decision = 'awaiting_authorisation' GROUP BY asked.id, maker.name, client.client_ref ORDER BY asked.id
""")


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
    """The orders that wait for this person, by their own authority or a lent one; at most five statements."""
    waiting = (await session.execute(WAITING)).mappings().all()
    if not waiting:
        return []
    setting = await read_setting_around(session, today, username)
    others = await read_others(session, [row["id"] for row in waiting], today=today)
    me = find_person(setting, username)
    found = []
    for row in waiting:
        tier = max((Tier(tier) for tier in row["tiers"]), key=list(Tier).index)
        asked = Asked(row["made_by"], row["team_id"], tier, row["value_pence"], others[row["id"]])
        asked = replace(asked, routed=read_route(row["authority"]))
        if can_sign(asked, me, setting):
            names = ("number", "client_ref", "made_by_name", "products", "value_pence")
            late = is_late(row["promised_on"], None, today)
            found.append(ToSign(**{name: row[name] for name in names}, is_late=late))
    return found
