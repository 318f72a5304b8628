"""Reads of panels' settings."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.access import Permission, roles_with
from app.domain.authority import PanelRule, Tier
from app.domain.errors import NotFound
from app.domain.panel_meeting import Seat, Side, Terms
from app.domain.panel_settings import find_gaps
from app.features.panel.settings_schemas import PanelBody, PanelSettings

PANELS = text("""
    SELECT panel.*, ARRAY(SELECT funder.code FROM panel_funder JOIN funder ON funder.id = funder_id
                          WHERE panel_id = panel.id ORDER BY 1) AS funders
    FROM panel WHERE code > :after ORDER BY code LIMIT :limit
""")
PANEL = text("""
    SELECT panel.*, ARRAY(SELECT funder.code FROM panel_funder JOIN funder ON funder.id = funder_id
                          WHERE panel_id = panel.id ORDER BY 1) AS funders,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('username', account.username, 'name', account.name,
                       'side', side, 'is_chair', is_chair, 'is_able', account.is_active)
                       ORDER BY account.name, account.username), '[]')
            FROM panel_member JOIN account ON account.id = account_id WHERE panel_id = panel.id) AS members,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('year', year, 'pence', pence) ORDER BY year), '[]')
            FROM panel_budget WHERE panel_id = panel.id) AS budgets
    FROM panel WHERE upper(code) = upper(:code)
""")
CANDIDATES = text("""
    SELECT account.username, account.name,
           EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:chairing)) AS may_chair
    FROM account
    WHERE account.is_active
      AND EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:sitting))
    ORDER BY account.name, account.username
""")
SAME = (
    "code",
    "name",
    "decides_highly_specialist",
    "orders_above_pence",
    "decides_non_catalogue",
    "funders",
    "precedence",
    "quorum",
    "joint_needs_both",
    "approval_days",
    "is_active",
)


async def list_panels(session: AsyncSession, *, after: str = "", limit: int) -> list[PanelBody]:
    """Panels by code; `limit + 1` of them. One statement."""
    rows = (await session.execute(PANELS, {"after": after, "limit": limit + 1})).mappings()
    return [PanelBody(**_facts(dict(row))) for row in rows]


async def get_panel(session: AsyncSession, code: str) -> PanelSettings:
    """One panel with its members and budgets. One statement. Raises NotFound `unknown-panel`."""
    row = (await session.execute(PANEL, {"code": code})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-panel", "There is no panel with this code.", field="code")
    facts = _facts(dict(row))
    seats = [Seat(one["username"], one["name"], Side(one["side"]), one["is_chair"]) for one in able_of(row["members"])]
    terms = Terms(row["quorum"], row["joint_needs_both"])
    gaps = find_gaps(seats, terms, has_rules=bool(facts["rules"])) if row["is_active"] else ()
    warnings = [{"code": gap.code, "detail": gap.detail} for gap in gaps]
    lists = {name: row[name] for name in ("members", "budgets", "version")}
    return PanelSettings(**facts, **lists, warnings=warnings)


def able_of(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose account is open."""
    return [one for one in members if one["is_able"]]


async def list_candidates(session: AsyncSession) -> list[tuple[str, str, bool]]:
    """Who may sit on a panel by their role, and whether they may chair it. One statement."""
    roles = {
        "sitting": roles_with(Permission.SIT_ON_PANEL),
        "chairing": roles_with(Permission.CHAIR_PANEL),
    }
    return [(row.username, row.name, row.may_chair) for row in await session.execute(CANDIDATES, roles)]


def years_around(year: int) -> tuple[int, int]:
    """The financial years that a panel's page asks a budget for."""
    return year, year + 1


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    tiers = [tier for tier in Tier if row[f"decides_{tier.value}"]]
    rule = PanelRule(
        row["code"],
        row["orders_above_pence"],
        frozenset(tiers),
        row["decides_non_catalogue"],
        frozenset(row["funders"]),
    )
    return {name: row[name] for name in SAME} | {"tiers": tiers, "rules": [one.detail for one in rule.sentences]}
