"""Who can do something today, by name: every refusal says so, and nobody has to guess whom a role means."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.access import Permission, roles_with
from app.domain.authority import authorisers, listed
from app.signing import read_setting

WITH_ROLES = text("""
    SELECT DISTINCT account.name, account.username
    FROM account JOIN account_role ON account_role.account_id = account.id
    WHERE account.is_active AND account_role.role = ANY(:roles) ORDER BY account.name, account.username
""")


async def names_with(session: AsyncSession, permission: Permission, *, today: date) -> list[str]:
    """The names of all who may do this today; of signing, those whose own or lent authority is in date."""
    if permission is Permission.SIGN_ORDERS:
        return [person.name for person in authorisers(await read_setting(session, today))]
    return list((await session.scalars(WITH_ROLES, {"roles": roles_with(permission)})).all())


async def tell_all_who_may(
    session: AsyncSession, permission: Permission, letter: Mapping[str, str], *, actor: str, at: datetime
) -> None:
    """One message to each person whose role may do that. `letter`: its purpose, subject, body and about."""
    await outbox.post_to_roles(session, roles_with(permission), letter, actor=actor, at=at)


async def who_can(session: AsyncSession, permission: Permission, *, today: date) -> str:
    """A sentence that names some of them, or the roles that nobody has at present."""
    names = await names_with(session, permission, today=today)
    if names:
        but = " Nobody signs what they ordered themselves." if permission is Permission.SIGN_ORDERS else ""
        return f"{listed(names, 'or')} can.{but}"
    roles = [role.text.lower() for role in roles_with(permission)]
    return f"Nobody here can at present: it wants the role {listed(roles, 'or')}. Ask the service."
