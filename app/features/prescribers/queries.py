"""Reads about teams, prescribers, their delegations and funders: typed rows for pages and the API."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.db import literally
from app.domain.access import GRANTS, Permission, Role
from app.domain.authority import Authority, Delegation, Tier
from app.domain.errors import NotFound
from app.features.prescribers.rules import LendingState, Registration, lending_state, registration_on
from app.models import Funder, Team


def grants(roles: Iterable[str], permission: Permission) -> bool:
    """Whether any of these roles gives the permission."""
    return any(permission in GRANTS[Role(role)] for role in roles)


def roles_that(permission: Permission) -> list[str]:
    """The roles that give the permission."""
    return [role.value for role, granted in GRANTS.items() if permission in granted]


@dataclass(frozen=True, slots=True)
class PrescriberRow:
    """One prescriber: the account, its team and what it may order alone."""

    account_id: int
    username: str
    name: str
    is_active: bool
    roles: list[str]
    team_id: int
    team: str
    team_name: str
    tier: Tier
    spend_limit_pence: int
    registration_number: str | None
    registration_expires_on: date | None
    is_supervised: bool
    version: int
    registration: Registration

    @property
    def may_authorise(self) -> bool:
        """Whether the account is open and its roles authorise orders."""
        return self.is_active and grants(self.roles, Permission.AUTHORISE_ORDERS)

    @property
    def may_sign(self) -> bool:
        """Whether the account is open and its roles may sign orders, with a lent authority for example."""
        return self.is_active and grants(self.roles, Permission.SIGN_ORDERS)

    def authority(self) -> Authority:
        """The same as the rules take it."""
        return Authority(
            username=self.username,
            name=self.name,
            team_id=self.team_id,
            tier=self.tier,
            spend_limit_pence=self.spend_limit_pence,
            registration_number=self.registration_number,
            registration_expires_on=self.registration_expires_on,
            is_supervised=self.is_supervised,
            may_authorise=self.may_authorise,
        )


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """Somebody with a prescribing role who is not set up as a prescriber."""

    username: str
    name: str


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """Authority lent from one person to another."""

    id: int
    from_username: str
    from_name: str
    to_username: str
    to_name: str
    from_on: date
    until_on: date
    reason: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None
    state: LendingState

    @property
    def is_open(self) -> bool:
        """Whether it is, or will be, in force."""
        return self.state in {LendingState.PLANNED, LendingState.IN_FORCE}


PRESCRIBERS = """
    SELECT account.id AS account_id, account.username, account.name, account.is_active,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id ORDER BY role) AS roles,
           team.id AS team_id, team.code AS team, team.name AS team_name, prescriber.tier,
           prescriber.spend_limit_pence, prescriber.registration_number, prescriber.registration_expires_on,
           prescriber.is_supervised, prescriber.version
    FROM prescriber JOIN account ON account.id = prescriber.account_id JOIN team ON team.id = prescriber.team_id
"""
ONE = text(f"{PRESCRIBERS} WHERE account.username = :username")
MANY = text(f"""{PRESCRIBERS}
    WHERE (CAST(:in_team AS text) IS NULL OR team.code = :in_team)
      AND (team.code, account.username) > (:team, :username)
    ORDER BY team.code, account.username LIMIT :limit
""")
MOST_RECEIVERS: Final = 100
RECEIVERS = text(f"""{PRESCRIBERS}
    WHERE account.is_active AND account.username <> :lender AND (account.username = :chosen
          OR CASE WHEN :holds = '' THEN team.id = :team_id
                  ELSE account.name ILIKE :holds OR account.username ILIKE :holds END)
    ORDER BY account.username <> :chosen, account.name, account.username LIMIT :most
""")
CANDIDATES = text("""
    SELECT username, name FROM account
    WHERE is_active AND NOT EXISTS (SELECT FROM prescriber WHERE account_id = account.id)
      AND EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:roles))
    ORDER BY name, username
""")
DELEGATIONS = """
    SELECT delegation.id, lender.username AS from_username, lender.name AS from_name,
           receiver.username AS to_username, receiver.name AS to_name, delegation.from_on, delegation.until_on,
           delegation.reason, delegation.made_at, delegation.made_by, delegation.ended_at, delegation.ended_by
    FROM delegation JOIN account AS lender ON lender.id = delegation.from_account_id
    JOIN account AS receiver ON receiver.id = delegation.to_account_id
"""
ONE_DELEGATION = text(f"{DELEGATIONS} WHERE delegation.id = :id")
MANY_DELEGATIONS = text(f"""{DELEGATIONS}
    WHERE delegation.id > :after
      AND (CAST(:username AS text) IS NULL OR :username IN (lender.username, receiver.username))
      AND (CAST(:seen_by AS text) IS NULL OR :seen_by IN (lender.username, receiver.username))
      AND (CAST(:open AS boolean) IS NULL OR (ended_at IS NULL AND until_on >= :today) = :open)
    ORDER BY delegation.id LIMIT :limit
""")


async def get_prescriber(session: AsyncSession, username: str, *, today: date) -> PrescriberRow:
    """One prescriber. Raises NotFound `unknown-prescriber`."""
    row = await find_prescriber(session, username, today=today)
    if row is None:
        detail = "Nobody is set up as a prescriber under this username. Set them up first."
        raise NotFound("unknown-prescriber", detail, field="username")
    return row


async def find_prescriber(session: AsyncSession, username: str, *, today: date) -> PrescriberRow | None:
    """The prescriber of that username, if they are set up as one."""
    row = (await session.execute(ONE, {"username": username})).mappings().one_or_none()
    return _prescriber(dict(row), today) if row else None


async def list_prescribers(
    session: AsyncSession,
    *,
    today: date,
    team: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int | None = None,
) -> list[PrescriberRow]:
    """Prescribers by team and username, at most `limit`; `after` is the team and username of the last one before."""
    values = {"in_team": team, "team": after[0], "username": after[1], "limit": limit}
    return [_prescriber(dict(row), today) for row in (await session.execute(MANY, values)).mappings()]


async def list_receivers(
    session: AsyncSession, lender: PrescriberRow, *, today: date, q: str = "", chosen: str = ""
) -> list[PrescriberRow]:
    """Whom the lender's authority can be lent to, a hundred at most: open accounts, in date and not supervised.

    They are those whose name or username holds `q`; without it the lender's own team; and who is `chosen` already.
    """
    literal = literally(q.strip())
    asked = {
        "lender": lender.username,
        "team_id": lender.authority().team_id,
        "chosen": chosen,
        "holds": literal and f"%{literal}%",
        "most": MOST_RECEIVERS,
    }
    people = [_prescriber(dict(row), today) for row in (await session.execute(RECEIVERS, asked)).mappings()]
    return [
        person
        for person in people
        if person.may_sign
        and not person.is_supervised
        and person.registration in {Registration.IN_DATE, Registration.ENDS_SOON}
    ]


async def list_candidates(session: AsyncSession) -> list[CandidateRow]:
    """Everybody who has a prescribing role and is not set up yet, by name."""
    roles = roles_that(Permission.PLACE_ORDERS)
    return [CandidateRow(**row) for row in (await session.execute(CANDIDATES, {"roles": roles})).mappings()]


async def get_delegation(session: AsyncSession, delegation_id: int, *, today: date) -> DelegationRow:
    """One delegation. Raises NotFound `unknown-delegation`."""
    row = (await session.execute(ONE_DELEGATION, {"id": delegation_id})).mappings().one_or_none()
    if row is None:
        detail = "There is no delegation with this number among those that you may see."
        raise NotFound("unknown-delegation", detail, field="delegation_id")
    return _delegation(dict(row), today)


async def list_delegations(
    session: AsyncSession,
    *,
    today: date,
    username: str | None = None,
    seen_by: str | None = None,
    is_open: bool | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[DelegationRow]:
    """Delegations in the order they were made; `username`: from or to this person; `is_open`: in force or planned.

    `seen_by`: only what is from or to this person (None: everything).
    """
    values = {"username": username, "seen_by": seen_by, "open": is_open, "today": today, "after": after, "limit": limit}
    return [_delegation(dict(row), today) for row in (await session.execute(MANY_DELEGATIONS, values)).mappings()]


async def list_teams(session: AsyncSession, *, after: str = "", limit: int | None = None) -> list[Team]:
    """Teams by code."""
    wanted = select(Team).where(col(Team.code) > after).order_by(col(Team.code)).limit(limit)
    return list((await session.execute(wanted)).scalars())


async def list_funders(session: AsyncSession, *, after: str = "", limit: int | None = None) -> list[Funder]:
    """Funders by code."""
    wanted = select(Funder).where(col(Funder.code) > after).order_by(col(Funder.code)).limit(limit)
    return list((await session.execute(wanted)).scalars())


def as_rules(rows: Collection[DelegationRow]) -> list[Delegation]:
    """Delegations as the rules take them."""
    return [Delegation(row.from_username, row.to_username, row.from_on, row.until_on) for row in rows]


def _prescriber(row: dict[str, Any], today: date) -> PrescriberRow:
    registration = registration_on(row["registration_expires_on"], today)
    return PrescriberRow(**row | {"tier": Tier(row["tier"])}, registration=registration)


def _delegation(row: dict[str, Any], today: date) -> DelegationRow:
    is_ended = row["ended_at"] is not None
    state = lending_state(row["from_on"], row["until_on"], is_ended=is_ended, today=today)
    return DelegationRow(**row, state=state)
