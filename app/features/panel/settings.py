"""Keeping panels: rules, how they decide, members and budgets. Changed rules touch only what is not submitted yet."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.authority import Tier
from app.domain.errors import BadValue, Conflict, Stale
from app.domain.panel_meeting import Seat, Terms
from app.domain.panel_settings import check_members
from app.features.panel.settings_queries import get_panel, list_candidates
from app.features.panel.settings_schemas import (
    MemberBody,
    NewPanel,
    PanelChange,
    PanelDetails,
    PanelSettings,
)
from app.models import Panel, PanelBudget, PanelFunder, PanelMember

LOCK = text("SELECT id FROM panel WHERE upper(code) = upper(:code) FOR UPDATE")
FUNDERS = text("SELECT id, code FROM funder WHERE code = ANY(:codes)")
ACCOUNTS = text("SELECT id, username FROM account WHERE username = ANY(:usernames)")
OPEN_CASES = text("""
    SELECT count(*) FROM panel_case WHERE panel_id = :panel_id AND state IN ('draft', 'submitted', 'screened', 'listed')
""")
PLAIN = (
    "name",
    "orders_above_pence",
    "decides_non_catalogue",
    "precedence",
    "quorum",
    "joint_needs_both",
    "approval_days",
    "is_active",
)


async def add_panel(session: AsyncSession, new: NewPanel, *, actor: str, at: datetime) -> None:
    """Add a panel. Raises Conflict `duplicate-code`, and BadValue as `change_panel` does."""
    added = postgresql.insert(Panel).values(code=new.code, **_columns(new)).on_conflict_do_nothing()
    panel_id = (await session.execute(added.returning(col(Panel.id)))).scalar_one_or_none()
    if panel_id is None:
        raise Conflict("duplicate-code", "Another panel has this code. Choose a new one.", field="code")
    await _write_lists(session, panel_id, new, {"members", "funders", "budgets"}, known=())
    await audit.record(session, "panel_added", f"panel:{new.code}", actor=actor, at=at, **_in_words(new))


async def change_panel(
    session: AsyncSession, code: str, change: PanelChange, *, version: int, actor: str, at: datetime
) -> None:
    """Change what the body names, as it was read at `version`; nothing is written when nothing differs.

    Raises NotFound `unknown-panel`, Stale, Conflict `panel-has-cases`, BadValue `unknown-funder`, `unknown-member`,
    `not-a-chair` or as `check_members` does.
    """
    panel_id = await session.scalar(LOCK, {"code": code})
    before = await get_panel(session, code)
    if before.version != version:
        raise Stale("stale", "Somebody changed this panel since you read it. Read it again, then change it.")
    was = _as_read(before)
    after = was.model_copy(update={name: getattr(change, name) for name in change.model_fields_set})
    old, now = _in_words(was), _in_words(after)
    changed = {name for name in now if now[name] != old[name]}
    if not changed:
        return
    if was.is_active and not after.is_active:
        await _check_has_no_cases(session, panel_id, before)
    await _write_lists(session, panel_id, after, changed, known={one.username for one in before.members})
    mine = update(Panel).where(col(Panel.id) == panel_id)
    await session.execute(mine.values(**_columns(after), version=version + 1))
    told = {name: now[name] for name in changed} | {f"{name}_before": old[name] for name in changed}
    await audit.record(session, "panel_changed", f"panel:{before.code}", actor=actor, at=at, **told)


async def _check_has_no_cases(session: AsyncSession, panel_id: int, panel: PanelSettings) -> None:
    waiting = await session.scalar(OPEN_CASES, {"panel_id": panel_id})
    if waiting:
        cases = "1 case is" if waiting == 1 else f"{waiting} cases are"
        detail = f"{cases} before {panel.name}. Let it decide them, or have them withdrawn, before it stops."
        raise Conflict("panel-has-cases", detail, field="is_active")


async def _write_lists(
    session: AsyncSession, panel_id: int, details: PanelDetails, changed: set[str], *, known: Collection[str]
) -> None:
    """Members, funders and budgets, after what no single field can show was checked. `known`: who sits on it already;
    those of them whose account is closed do not count."""
    able = await _check_accounts(session, details, known)
    seats = [Seat(one.username, one.username, one.side, one.is_chair) for one in details.members]
    counted = [seat for seat in seats if seat.username in able or not details.is_active]
    check_members(counted, Terms(details.quorum, details.joint_needs_both), is_active=details.is_active)
    if "members" in changed:
        names = [one.username for one in details.members]
        ids = {row.username: row.id for row in await session.execute(ACCOUNTS, {"usernames": names})}
        rows = [one.model_dump(exclude={"username"}) | {"account_id": ids[one.username]} for one in details.members]
        await _replace(session, PanelMember, panel_id, rows)
    if "funders" in changed:
        found = {row.code: row.id for row in await session.execute(FUNDERS, {"codes": details.funders})}
        strangers = sorted(set(details.funders) - set(found))
        if strangers:
            detail = f"{strangers[0]} is no funder here. Choose one of the list."
            raise BadValue("unknown-funder", detail, field="funders")
        await _replace(session, PanelFunder, panel_id, [{"funder_id": one} for one in found.values()])
    if "budgets" in changed:
        if len({one.year for one in details.budgets}) < len(details.budgets):
            raise BadValue("year-twice", "A year is named twice. Name each year once.", field="budgets")
        await _replace(session, PanelBudget, panel_id, [one.model_dump() for one in details.budgets])


async def _check_accounts(session: AsyncSession, details: PanelDetails, known: Collection[str]) -> set[str]:
    """Whether everybody may sit where they are to sit; returns those who can by their account and role."""
    may_chair = {username: chairs for username, _, chairs in await list_candidates(session)}
    for one in details.members:
        if one.username not in may_chair and one.username not in known:
            detail = (
                f"{one.username} has no open account whose role sits on panels. Ask an administrator for that first."
            )
            raise BadValue("unknown-member", detail, field="members")
        if one.is_chair and may_chair.get(one.username) is False:
            detail = f"{one.username} does not have the role of a chair. Ask an administrator for that first."
            raise BadValue("not-a-chair", detail, field="members")
    return set(may_chair)


async def _replace(session: AsyncSession, table: Any, panel_id: int, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(delete(table).where(table.panel_id == panel_id))
    if rows:
        await session.execute(insert(table), [row | {"panel_id": panel_id} for row in rows])


def _columns(details: PanelDetails) -> dict[str, Any]:
    tiers = {f"decides_{tier.value}": tier in details.tiers for tier in Tier}
    return {name: getattr(details, name) for name in PLAIN} | tiers


def _in_words(details: PanelDetails) -> dict[str, str | int | bool | None]:
    """The settings as the audit trail keeps them."""
    members = [f"{one.username} ({one.side.value}{', chair' if one.is_chair else ''})" for one in details.members]
    return {name: getattr(details, name) for name in PLAIN} | {
        "tiers": ", ".join(tier.value for tier in Tier if tier in details.tiers),
        "funders": ", ".join(sorted(details.funders)),
        "members": ", ".join(sorted(members)),
        "budgets": ", ".join(f"{one.year}: {one.pence}" for one in sorted(details.budgets, key=lambda one: one.year)),
    }


def _as_read(panel: PanelSettings) -> PanelDetails:
    """The settings as they stand, in the form in which they are changed."""
    lists: dict[str, Any] = {
        "members": [MemberBody.model_construct(**one.model_dump(include=MEMBER)) for one in panel.members],
        "budgets": panel.budgets,
    }
    same: dict[str, Any] = {name: getattr(panel, name) for name in PanelDetails.model_fields if name not in lists}
    return PanelDetails.model_construct(**same, **lists)


MEMBER = set(MemberBody.model_fields)
