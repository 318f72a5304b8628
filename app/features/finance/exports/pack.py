"""The monthly pack: who asked for it, on which working day it is sent, and the letter, which has a link and no file."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, outbox
from app.domain.access import Permission, roles_with
from app.domain.errors import BadValue
from app.domain.finance_pack import pack_due
from app.domain.months import month_in_words, month_name

USUAL_DAY: Final = 5
ROLES: Final = [role.value for role in roles_with(Permission.SEE_COSTS)]

READERS = text("""
    SELECT account.username, account.name, reader.added_at, reader.added_by,
           account.is_active AND EXISTS (SELECT FROM account_role
                                         WHERE account_id = account.id AND role = ANY(:roles)) AS may_see
    FROM pack_reader AS reader JOIN account ON account.id = reader.account_id ORDER BY account.name, account.username
""")
CANDIDATES = text("""
    SELECT username, name FROM account
    WHERE is_active AND EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:roles))
      AND NOT EXISTS (SELECT FROM pack_reader WHERE account_id = account.id)
    ORDER BY name, username
""")
ADD = text("""
    INSERT INTO pack_reader (account_id, added_at, added_by)
    SELECT id, :at, :actor FROM account
    WHERE username = :username AND is_active
      AND EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:roles))
    ON CONFLICT (account_id) DO UPDATE SET account_id = excluded.account_id
    RETURNING added_by
""")
REMOVE = text("""
    DELETE FROM pack_reader USING account WHERE account.id = account_id AND username = :username RETURNING account_id
""")
DAY = text("SELECT working_day FROM pack_setting WHERE id = 1")
SET_DAY = text("""
    INSERT INTO pack_setting (id, working_day, changed_at, changed_by) VALUES (1, :day, :at, :actor)
    ON CONFLICT (id) DO UPDATE SET (working_day, changed_at, changed_by)
        = (excluded.working_day, excluded.changed_at, excluded.changed_by)
""")
CLAIM = text("""
    WITH claimed AS (
        INSERT INTO pack_sent (period, account_id, sent_at)
        SELECT :period, reader.account_id, :at
        FROM pack_reader AS reader JOIN account ON account.id = reader.account_id
        WHERE account.is_active
          AND EXISTS (SELECT FROM account_role WHERE account_id = account.id AND role = ANY(:roles))
        ON CONFLICT DO NOTHING RETURNING account_id
    )
    SELECT username FROM claimed JOIN account ON account.id = claimed.account_id ORDER BY username
""")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is written to. `may_see`: whether they may still see costs; who may not gets nothing."""

    username: str
    name: str
    added_at: datetime
    added_by: str
    may_see: bool


async def list_readers(session: AsyncSession) -> list[Reader]:
    """Who asked for the pack, or was added, by name."""
    return [Reader(**row) for row in (await session.execute(READERS, {"roles": ROLES})).mappings()]


async def list_candidates(session: AsyncSession) -> list[tuple[str, str]]:
    """Username and name of who may see costs and does not get the pack."""
    return [(row.username, row.name) for row in await session.execute(CANDIDATES, {"roles": ROLES})]


async def get_working_day(session: AsyncSession) -> int:
    """On which working day of a month the pack of the last one is sent."""
    day: int | None = await session.scalar(DAY)
    return day or USUAL_DAY


async def set_working_day(session: AsyncSession, day: int, *, actor: str, at: datetime) -> None:
    """Send it on this working day from now on."""
    await session.execute(SET_DAY, {"day": day, "actor": actor, "at": at})
    await audit.record(session, "finance_pack_day_set", "finance_pack:1", actor=actor, at=at, day=day)


async def add_reader(session: AsyncSession, username: str, *, actor: str, at: datetime) -> None:
    """Write to this account from now on. Raises BadValue `may-not-see-costs`."""
    values = {"username": username, "actor": actor, "at": at, "roles": ROLES}
    if await session.scalar(ADD, values) is None:
        detail = "Choose somebody with an account who may see costs: the pack is of no use to others."
        raise BadValue("may-not-see-costs", detail, field="username")
    await audit.record(session, "finance_pack_reader_added", f"account:{username}", actor=actor, at=at)


async def remove_reader(session: AsyncSession, username: str, *, actor: str, at: datetime) -> None:
    """Write to this account no more."""
    if await session.scalar(REMOVE, {"username": username}) is not None:
        await audit.record(session, "finance_pack_reader_removed", f"account:{username}", actor=actor, at=at)


async def send_finance_packs(
    session: AsyncSession, *, today: date, holidays: AbstractSet[date], address: str, actor: str, at: datetime
) -> int:
    """Write once to each reader about the month whose pack is due; returns to how many. `address`: of this service."""
    period = pack_due(today, await get_working_day(session), holidays)
    if period is None:
        return 0
    usernames = list(await session.scalars(CLAIM, {"period": period, "at": at, "roles": ROLES}))
    where = f"/finance/packs/{month_name(period)}"
    for username in usernames:
        month = month_in_words(period)
        find = f"Open it here, signed in: {address}{where}" if address else "You find it under Finance, Monthly pack."
        await outbox.post(
            session,
            purpose="finance_pack",
            subject=f"Finance pack of {month}",
            body=f"The reports and exports of {month} are ready.\n\n{find}\n\n"
            "Nothing is attached: figures stay where sign-in protects them. "
            "You get this because the monthly pack was asked for on your account; you end it on the same page.",
            to=username,
            about=f"finance_pack:{month_name(period)}",
            actor=actor,
            at=at,
        )
    return len(usernames)
