"""Where an order goes by the rules of today: for one whose panel is at work no more, and for one that needs none."""

import json
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Permission
from app.domain.authority import Asked, Route, Tier, route
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.signing import read_others, read_panels, route_json
from app.web.who import who_can

FACTS = text("""
    SELECT asked.number, asked.made_by, asked.team_id, funder.code AS funder, array_agg(DISTINCT product.tier) AS tiers,
           sum(line.quantity * line.unit_price_pence) AS value_pence, bool_or(product.non_catalogue) AS is_non_catalogue
    FROM equipment_order AS asked JOIN funder ON funder.id = asked.funder_id
    JOIN order_line AS line ON line.order_id = asked.id JOIN product ON product.id = line.product_id
    WHERE asked.id = :order_id GROUP BY asked.id, funder.id
""")
SEND = text("""
    UPDATE equipment_order SET authority = authority || jsonb_build_object('route', CAST(:route AS jsonb)),
           version = equipment_order.version + 1
    FROM panel WHERE equipment_order.id = :order_id AND panel.code = :code RETURNING panel.id, equipment_order.number
""")


async def route_now(session: AsyncSession, order_id: int, *, today: date) -> Route | None:
    """The panel that decides this order by the rules of today, if any does. Three statements."""
    row = (await session.execute(FACTS, {"order_id": order_id})).one()
    others = (await read_others(session, [order_id], today=today))[order_id]
    tiers = frozenset(Tier(tier) for tier in row.tiers)
    facts = {"tiers": tiers, "funder": row.funder, "is_non_catalogue": row.is_non_catalogue}
    highest = max(tiers, key=list(Tier).index)
    asked = Asked(row.made_by, row.team_id, highest, int(row.value_pence), others, **facts)
    return route(asked, await read_panels(session))


async def send_to_another(session: AsyncSession, order_id: int, *, actor: str, at: datetime) -> int:
    """Send an order, which is locked, to the panel that decides it by the rules of today, because the one that it went
    to is at work no more; gives the panel's id. Raises Conflict `no-panel`, which says whom to ask."""
    panel = await route_now(session, order_id, today=uk_date(at))
    if panel is None:
        who = await who_can(session, Permission.KEEP_PANELS, today=uk_date(at))
        detail = "The panel that this order went to is at work no more, and the rules of no other fit it."
        raise Conflict("no-panel", f"{detail} Ask for a panel that decides it. To set that up: {who}")
    values = {"order_id": order_id, "code": panel.code, "route": json.dumps(route_json(panel))}
    sent = (await session.execute(SEND, values)).one()
    subject = f"order:{sent.number}"
    await audit.record(session, "order_sent_to_another_panel", subject, actor=actor, at=at, panel=panel.code)
    panel_id: int = sent.id
    return panel_id
