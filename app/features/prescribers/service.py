"""Keeping teams and prescribers: who may order what without anybody else."""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotFound, Stale
from app.features.prescribers.queries import get_prescriber, grants
from app.features.prescribers.rules import check_registration
from app.features.prescribers.schemas import PrescriberDetails
from app.models import Account, Prescriber, Team

# Set-ups and changes wait for each other: two people could else be given one registration at the same moment.
ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('prescribers'))")
ACCOUNT: Final = text("""
    SELECT id, is_active, ARRAY(SELECT role FROM account_role WHERE account_id = account.id) AS roles
    FROM account WHERE username = :username
""")


async def add_team(session: AsyncSession, code: str, *, name: str, actor: str, at: datetime) -> None:
    """Add a team that prescribers order from. Raises Conflict `duplicate-code`."""
    added = postgresql.insert(Team).values(code=code, name=name).on_conflict_do_nothing(index_elements=["code"])
    if (await session.execute(added.returning(col(Team.id)))).scalar_one_or_none() is None:
        raise Conflict("duplicate-code", "Another team has this code. Choose a new one.", field="code")
    await audit.record(session, "team_added", f"team:{code}", actor=actor, at=at, name=name)


async def set_up_prescriber(
    session: AsyncSession, username: str, details: PrescriberDetails, *, actor: str, at: datetime
) -> None:
    """Give an account with a prescribing role its authority.

    Raises NotFound `unknown-user`, Conflict `not-a-prescribing-account`, `already-a-prescriber` or
    `duplicate-registration`, and BadValue `unknown-team` or `half-a-registration`.
    """
    await session.execute(ONE_AT_A_TIME)
    account = (await session.execute(ACCOUNT, {"username": username})).one_or_none()
    if account is None:
        raise NotFound("unknown-user", "Nobody has this username.", field="username")
    if not (account.is_active and grants(account.roles, Permission.PLACE_ORDERS)):
        detail = "This account is closed or has no prescribing role. Ask an administrator to see to that first."
        raise Conflict("not-a-prescribing-account", detail, field="username")
    if await session.scalar(select(col(Prescriber.version)).where(col(Prescriber.account_id) == account.id)):
        detail = "They are set up as a prescriber already. Change that instead."
        raise Conflict("already-a-prescriber", detail, field="username")
    values = await _values(session, account.id, details)
    await session.execute(insert(Prescriber).values(account_id=account.id, **values))
    told = _in_words(details)
    await audit.record(session, "prescriber_added", f"prescriber:{username}", actor=actor, at=at, **told)


async def change_prescriber(
    session: AsyncSession, username: str, details: PrescriberDetails, *, version: int, actor: str, at: datetime
) -> None:
    """Replace the authority of a prescriber as it was read at `version`; nothing is written when nothing differs.

    Raises NotFound `unknown-prescriber`, Stale `stale`, Conflict `duplicate-registration`, and BadValue
    `unknown-team` or `half-a-registration`.
    """
    await session.execute(ONE_AT_A_TIME)
    row = await get_prescriber(session, username, today=uk_date(at))
    if row.version != version:
        raise Stale("stale", "Somebody changed this prescriber since you read it. Read it again, then change it.")
    before = _in_words(PrescriberDetails.model_construct(**{name: getattr(row, name) for name in DETAILS}))
    after = _in_words(details)
    changed = {name for name in DETAILS if after[name] != before[name]}
    if not changed:
        return
    values = await _values(session, row.account_id, details)
    mine = update(Prescriber).where(col(Prescriber.account_id) == row.account_id)
    await session.execute(mine.values(**values, version=version + 1))
    told = {name: after[name] for name in changed} | {f"{name}_before": before[name] for name in changed}
    await audit.record(session, "prescriber_changed", f"prescriber:{username}", actor=actor, at=at, **told)


DETAILS: Final = tuple(PrescriberDetails.model_fields)


async def _values(session: AsyncSession, account_id: int, details: PrescriberDetails) -> dict[str, Any]:
    """The columns of the row, after what no single field can show was checked."""
    check_registration(details.registration_number, details.registration_expires_on)
    team_id = await session.scalar(select(col(Team.id)).where(col(Team.code) == details.team))
    if team_id is None:
        raise BadValue("unknown-team", f"There is no team {details.team}. Add it first.", field="team")
    if details.registration_number:
        await _check_only_theirs(session, account_id, details.registration_number)
    return {**details.model_dump(exclude={"team"}), "team_id": team_id}


async def _check_only_theirs(session: AsyncSession, account_id: int, number: str) -> None:
    other = (
        select(col(Account.name))
        .join(Prescriber, col(Prescriber.account_id) == col(Account.id))
        .where(col(Prescriber.registration_number) == number, col(Prescriber.account_id) != account_id)
    )
    name = await session.scalar(other.limit(1))
    if name is not None:
        detail = f"{name} has this registration number. Check it on the register."
        raise Conflict("duplicate-registration", detail, field="registration_number")


def _in_words(details: PrescriberDetails) -> dict[str, str | int | bool | None]:
    """The authority as the audit trail keeps it."""
    values = {name: getattr(details, name) for name in DETAILS}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
