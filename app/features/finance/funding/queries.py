"""Reads of who pays: disputes, the split of an order, funders, teams, and top-ups."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import funding
from app.charging import IS_CHARGED, ORDERS_CHARGES_ASIDE, SINCE_MADE
from app.domain.access import Actor
from app.domain.costs import OWN_ACCOUNT_TEXT
from app.domain.errors import NotFound
from app.domain.months import put_aside_before
from app.domain.panel_funding import WHOLE, Share
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.funding.schemas import (
    DisputeBody,
    DisputeRow,
    DisputeState,
    FunderBody,
    OrderFunding,
    OrderPayer,
    TeamBody,
    TopUpBody,
)
from app.features.finance.posters import poster, seen_by

# A dispute about an order that ended before anything of it was charged has ended with it. One that a draft says is none
# yet.
ENDED: Final = f"""
    said.settled_at IS NULL AND asked.decision IN ('declined', 'cancelled') AND NOT {IS_CHARGED}
"""
DISPUTES: Final = f"""
    SELECT said.id, asked.number AS order_number, stands.state AS order_state, team.code AS team, said.reason,
           said.settle_by, said.opened_at, {poster("said.opened_by")} AS opened_by,
           said.settled_at, said.settled_by, said.settlement,
           CASE WHEN said.settled_at IS NOT NULL THEN 'settled' WHEN {ENDED} THEN 'ended'
                WHEN said.settle_by < :today THEN 'overdue' ELSE 'open' END AS state,
           CASE WHEN said.settled_at IS NULL AND NOT ({ENDED})
                THEN said.settle_by - CAST(:today AS date) END AS days_left,
           (SELECT COALESCE(sum(amount_pence), 0)::bigint FROM charge
            WHERE order_id = asked.id AND {SINCE_MADE}) AS charged_pence,
           (SELECT COALESCE(sum(line.amount_pence), 0)::bigint FROM charge AS line
            WHERE line.order_id = asked.id AND line.{SINCE_MADE}
              AND said.settled_at IS NULL AND {IN_DISPUTE}) AS provisional_pence
    FROM funding_dispute AS said JOIN equipment_order AS asked ON asked.id = said.order_id
    JOIN equipment_order_state AS stands ON stands.order_id = asked.id JOIN team ON team.id = asked.team_id
    WHERE asked.decision <> 'draft'
"""  # noqa: S608 - the part is a constant
MANY: Final = text(f"""
    {DISPUTES} AND said.id > :after
      AND CASE CAST(:state AS text)
          WHEN 'open' THEN said.settled_at IS NULL AND NOT ({ENDED})
          WHEN 'overdue' THEN said.settled_at IS NULL AND said.settle_by < :today AND NOT ({ENDED})
          WHEN 'settled' THEN said.settled_at IS NOT NULL
          WHEN 'ended' THEN {ENDED} ELSE true END
      AND (CAST(:number AS text) IS NULL OR asked.number = upper(:number))
    ORDER BY said.id LIMIT :limit
""")
ONE: Final = text(f"{DISPUTES} AND said.id = :id")
OVERDUE: Final = text(f"""
    SELECT said.id, asked.number AS order_number, said.settle_by FROM funding_dispute AS said
    JOIN equipment_order AS asked ON asked.id = said.order_id
    WHERE said.settled_at IS NULL AND said.settle_by < :today AND asked.decision <> 'draft' AND NOT ({ENDED})
    ORDER BY said.id
""")  # noqa: S608 - the part is a constant
ORDER: Final = text(f"""
    SELECT asked.id, asked.number, asked.decision, stands.state, team.code AS team, funder.code AS lead,
           {IS_CHARGED} AS is_charged, {ORDERS_CHARGES_ASIDE} AS put_aside,
           (SELECT id FROM funding_dispute WHERE order_id = asked.id AND settled_at IS NULL) AS dispute
    FROM equipment_order AS asked JOIN equipment_order_state AS stands ON stands.order_id = asked.id
    JOIN team ON team.id = asked.team_id JOIN funder ON funder.id = asked.funder_id
    WHERE asked.number = upper(:number)
""")  # noqa: S608 - the parts are constants
NAMES: Final = text("SELECT code, name FROM funder")
# What was taken back comes to nothing with what took it back.
PAID: Final = text("""
    SELECT funder.code AS funder, sum(line.amount_pence)::bigint AS pence,
           COALESCE(sum(line.amount_pence) FILTER (WHERE line.kind = 'top_up'), 0)::bigint AS top_up_pence
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE line.order_id = :order_id
      AND line.period >= (SELECT CAST(date_trunc('month', made_at) AS date) FROM equipment_order WHERE id = :order_id)
    GROUP BY funder.code ORDER BY funder.code NULLS LAST
""")
CHOICES: Final = text("SELECT code, name FROM funder WHERE (kind = 'person') = :persons ORDER BY name")
FUNDERS: Final = """
    SELECT code, name, side, kind, cost_centre, version FROM funder
"""
MANY_FUNDERS: Final = text(f"{FUNDERS} WHERE code > :after ORDER BY code LIMIT :limit")
ONE_FUNDER: Final = text(f"{FUNDERS} WHERE upper(code) = upper(:code)")
TEAMS: Final = """
    SELECT team.code, team.name, funder.code AS funder, team.cost_centre, team.version
    FROM team LEFT JOIN funder ON funder.id = team.funder_id
"""
MANY_TEAMS: Final = text(f"{TEAMS} WHERE team.code > :after ORDER BY team.code LIMIT :limit")
ONE_TEAM: Final = text(f"{TEAMS} WHERE team.code = :code")
TOP_UPS: Final = """
    SELECT agreed.id, asked.number AS order_number, item.barcode, product.name AS product_name, funder.code AS funder,
           agreed.pence, agreed.charged_pence, other.code AS alternative_product_code, agreed.alternative_pence,
           agreed.agreed_on, agreed.agreement, agreed.confirmed_by,
           agreed.made_at, agreed.made_by, agreed.withdrawn_at, agreed.withdrawn_by,
           agreed.withdrawn_because
    FROM order_top_up AS agreed JOIN equipment_order AS asked ON asked.id = agreed.order_id
    JOIN item ON item.id = agreed.item_id JOIN product ON product.id = item.product_id
    JOIN product AS other ON other.id = agreed.alternative_product_id JOIN funder ON funder.id = agreed.funder_id
"""
MANY_TOP_UPS: Final = text(f"""{TOP_UPS}
    WHERE agreed.id > :after AND (CAST(:number AS text) IS NULL OR asked.number = upper(:number))
    ORDER BY agreed.id LIMIT :limit
""")
ONE_TOP_UP: Final = text(f"{TOP_UPS} WHERE agreed.id = :id")


async def list_disputes(
    session: AsyncSession,
    *,
    actor: Actor,
    state: DisputeState | None = None,
    number: str | None = None,
    today: date,
    after: int = 0,
    limit: int = 50,
) -> list[DisputeRow]:
    """Disputes in the order in which they were opened, `limit + 1` of them; those that are overdue are open, too."""
    values = {
        "state": state,
        "number": number,
        "today": today,
        "after": after,
        "limit": limit + 1,
        **seen_by(actor),
    }
    return [DisputeRow(**row) for row in (await session.execute(MANY, values)).mappings()]


async def get_dispute(session: AsyncSession, dispute_id: int, *, actor: Actor, today: date) -> DisputeBody:
    """One dispute with who pays at present, as this reader may see it. Raises NotFound `unknown-dispute`."""
    row = (await session.execute(ONE, {"id": dispute_id, "today": today, **seen_by(actor)})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-dispute", "There is no funding dispute with this number.", field="dispute_id")
    order = await get_order(session, row["order_number"])
    return DisputeBody(**row, funding=order.funding)


async def get_order(session: AsyncSession, number: str) -> OrderFunding:
    """Who pays for an order, and how much by now. Raises NotFound `unknown-order`."""
    row = (await session.execute(ORDER, {"number": number})).one_or_none()
    if row is None:
        raise NotFound("unknown-order", "There is no order with this number.", field="order_number")
    shares = await funding.read_shares(session, row.id) or (Share(row.lead, WHOLE),)
    names = {one.code: one.name for one in await session.execute(NAMES)}
    pays = {one.funder: one for one in await session.execute(PAID, {"order_id": row.id})}
    parts: dict[str | None, float] = {share.funder: float(share.percent) for share in shares}
    others = [code for code, one in pays.items() if code not in parts and (one.pence or one.top_up_pence)]
    shown = [
        OrderPayer(
            funder=code,
            name=names[code] if code else OWN_ACCOUNT_TEXT,
            percent=parts.get(code, 0),
            pence=pays[code].pence if code in pays else 0,
            top_up_pence=pays[code].top_up_pence if code in pays else 0,
        )
        for code in [*parts, *others]
    ]
    return OrderFunding(
        order_number=row.number,
        order_state=row.state,
        team=row.team,
        funder=row.lead,
        funding=shown,
        charged_pence=sum(one.pence for one in pays.values()),
        is_charged=row.is_charged,
        put_aside=put_aside_before(row.put_aside),
        dispute=row.dispute,
    )


async def list_choices(session: AsyncSession, *, persons: bool = False) -> list[tuple[str, str]]:
    """Who can pay, as a list to choose from; `persons`: those whose own money a top-up is."""
    return [(row.code, row.name) for row in await session.execute(CHOICES, {"persons": persons})]


async def list_funders(session: AsyncSession, *, after: str = "", limit: int = 500) -> list[FunderBody]:
    """Funders by code, `limit + 1` of them."""
    rows = (await session.execute(MANY_FUNDERS, {"after": after, "limit": limit + 1})).mappings()
    return [FunderBody(**row) for row in rows]


async def get_funder(session: AsyncSession, code: str) -> FunderBody:
    """One funder. Raises NotFound `unknown-funder`."""
    row = (await session.execute(ONE_FUNDER, {"code": code})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-funder", "There is no funder with this code.", field="code")
    return FunderBody(**row)


async def list_teams(session: AsyncSession, *, after: str = "", limit: int = 500) -> list[TeamBody]:
    """Teams by code, `limit + 1` of them."""
    rows = (await session.execute(MANY_TEAMS, {"after": after, "limit": limit + 1})).mappings()
    return [TeamBody(**row) for row in rows]


async def get_team(session: AsyncSession, code: str) -> TeamBody:
    """One team. Raises NotFound `unknown-team`."""
    row = (await session.execute(ONE_TEAM, {"code": code})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-team", "There is no team with this code.", field="code")
    return TeamBody(**row)


async def list_top_ups(
    session: AsyncSession, *, number: str | None = None, after: int = 0, limit: int = 50
) -> Sequence[TopUpBody]:
    """Top-ups in the order in which they were recorded, `limit + 1` of them."""
    values = {"number": number, "after": after, "limit": limit + 1}
    return [TopUpBody(**row) for row in (await session.execute(MANY_TOP_UPS, values)).mappings()]


async def get_top_up(session: AsyncSession, top_up_id: int) -> TopUpBody:
    """One top-up. Raises NotFound `unknown-top-up`."""
    row = (await session.execute(ONE_TOP_UP, {"id": top_up_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-top-up", "There is no top-up with this number.", field="top_up_id")
    return TopUpBody(**row)
