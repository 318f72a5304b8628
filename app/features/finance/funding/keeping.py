"""Keeping funders, and who pays for what a team hands out."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, funding
from app.domain.errors import Conflict, Stale
from app.domain.funders import check_funder_code, check_kind_stays
from app.features.finance.funding.queries import get_funder, get_team
from app.features.finance.funding.schemas import FunderChange, NewFunder, TeamChange
from app.models import Funder, Team

# Two of one code in another case could else be added at the same moment.
ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('funders'))")
SAME_CODE: Final = text("SELECT code FROM funder WHERE upper(code) = upper(:code)")
FUNDER_ID: Final = text("SELECT id FROM funder WHERE upper(code) = upper(:code)")
LOCK_FUNDER: Final = text("SELECT id FROM funder WHERE upper(code) = upper(:code) FOR NO KEY UPDATE")
LOCK_TEAM: Final = text("SELECT id FROM team WHERE code = :code FOR NO KEY UPDATE")
STALE: Final = "Somebody changed it since you read it. Read it again, then change it."


async def add_funder(session: AsyncSession, new: NewFunder, *, actor: str, at: datetime) -> None:
    """Add a funder; it is never deleted. Raises BadValue `reserved-code`, Conflict `duplicate-code`."""
    check_funder_code(new.code)
    await session.execute(ONE_AT_A_TIME)
    if await session.scalar(SAME_CODE, {"code": new.code}):
        raise Conflict("duplicate-code", "Another funder has this code. Choose a new one.", field="code")
    await session.execute(insert(Funder).values(**new.model_dump()))
    facts = {"name": new.name, "side": new.side.value, "kind": new.kind.value, "cost_centre": new.cost_centre}
    await audit.record(session, "funder_added", f"funder:{new.code}", actor=actor, at=at, **facts)


async def change_funder(
    session: AsyncSession, code: str, change: FunderChange, *, version: int, actor: str, at: datetime
) -> None:
    """Change a funder as it was read at `version`; nothing is written when nothing differs.

    Raises NotFound `unknown-funder`, Stale `stale`, BadValue `kind-stays`.
    """
    await session.execute(LOCK_FUNDER, {"code": code})
    now = await get_funder(session, code)
    if now.version != version:
        raise Stale("stale", STALE)
    asked = {name: getattr(change, name) for name in change.model_fields_set}
    values = {name: value for name, value in asked.items() if getattr(now, name) != value}
    if not values:
        return
    check_kind_stays(now.kind, values.get("kind", now.kind))
    changed = update(Funder).where(col(Funder.code) == now.code).values(**values, version=version + 1)
    await session.execute(changed)
    before = {f"{name}_before": str(getattr(now, name)) for name in values}
    told = {name: str(value) for name, value in values.items()} | before
    await audit.record(session, "funder_changed", f"funder:{now.code}", actor=actor, at=at, **told)


async def change_team(
    session: AsyncSession, code: str, change: TeamChange, *, version: int, actor: str, at: datetime
) -> None:
    """Say who pays for what a team hands out over the counter, and where that is booked.

    Raises NotFound `unknown-team`, Stale `stale`, BadValue `unknown-funder`, `person-never-charged`.
    """
    await session.execute(LOCK_TEAM, {"code": code})
    now = await get_team(session, code)
    if now.version != version:
        raise Stale("stale", STALE)
    values: dict[str, Any] = {}
    told: dict[str, str | None] = {}
    if "funder" in change.model_fields_set and change.funder != now.funder:
        if change.funder is not None:
            await funding.refuse_person(session, change.funder)
        values["funder_id"] = await session.scalar(FUNDER_ID, {"code": change.funder}) if change.funder else None
        told |= {"funder": change.funder, "funder_before": now.funder}
    if "cost_centre" in change.model_fields_set and change.cost_centre != now.cost_centre:
        values["cost_centre"] = change.cost_centre
        told |= {"cost_centre": change.cost_centre, "cost_centre_before": now.cost_centre}
    if values:
        changed = update(Team).where(col(Team.code) == code).values(**values, version=version + 1)
        await session.execute(changed)
        await audit.record(session, "team_money_changed", f"team:{code}", actor=actor, at=at, **told)
