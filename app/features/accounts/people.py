"""Keeping people's accounts: what administrators do, by page, by the API and on the command line."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.access import Role
from app.domain.errors import BadValue, Conflict, Stale
from app.features.accounts import guessing
from app.features.accounts.addresses import checked_email, tell_old_address
from app.features.accounts.passwords import check_new_password, hash_password, make_up_password
from app.features.accounts.schemas import UserChange
from app.features.accounts.service import ONE_AT_A_TIME, end_where, get_account, keep_password
from app.models import Account, AccountRole, AccountStore, SignIn, Store

USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
TAKEN_BY_ADDRESSES: Final = {"new"}


async def add_account(
    session: AsyncSession,
    username: str,
    *,
    name: str,
    password: str,
    roles: Iterable[Role],
    stores: Sequence[str],
    actor: str,
    at: datetime,
    email: str | None = None,
    is_demonstration: bool = False,
) -> None:
    """Add a person with their roles and stores. Without `email` their messages are only shown to them here.

    Raises BadValue `bad-username`, `weak-password`, `password-is-username`, `bad-email` or `unknown-store`, and
    Conflict `duplicate-username`.
    """
    if not USERNAME.fullmatch(username) or username in TAKEN_BY_ADDRESSES:
        detail = "A username has small letters, digits and . _ - @ +, up to 100 of them, such as jo.bloggs."
        raise BadValue("bad-username", detail, field="username")
    check_new_password(password, username=username, field="password")
    places, address = await _store_ids(session, stores), checked_email(email)
    row = {
        "username": username,
        "name": name,
        "email": address,
        "password_hash": await hash_password(password, known_to_all=is_demonstration),
        "is_active": True,
        "created_at": at,
        "is_demonstration": is_demonstration,
    }
    added = postgresql.insert(Account).values(**row).on_conflict_do_nothing(index_elements=["username"])
    account_id = (await session.execute(added.returning(col(Account.id)))).scalar_one_or_none()
    if account_id is None:
        raise Conflict("duplicate-username", "Somebody has this username already.", field="username")
    given = sorted(set(roles))
    await _write_roles(session, account_id, given)
    await _write_stores(session, account_id, places)
    noted = {"roles": ", ".join(given)} | ({"email": address} if address else {})
    await audit.record(session, "account_added", f"account:{username}", actor=actor, at=at, **noted)


async def add_user(
    session: AsyncSession,
    username: str,
    *,
    name: str,
    roles: Iterable[Role],
    stores: Sequence[str],
    actor: str,
    at: datetime,
    email: str | None = None,
) -> str:
    """Add a person with a password that is made up for them, and return it. Raises what `add_account` does."""
    password = make_up_password()
    await add_account(
        session,
        username,
        name=name,
        password=password,
        roles=roles,
        stores=stores,
        actor=actor,
        at=at,
        email=email,
    )
    return password


async def change_account(
    session: AsyncSession, username: str, change: UserChange, *, version: int | None, actor: str, at: datetime
) -> None:
    """Change what `change` sets of an account as read at `version` (None: as it is now). Closing ends its sign-ins.

    Raises NotFound `unknown-user`, Stale `stale`, BadValue `unknown-store`, and Conflict `own-account` or
    `last-administrator`.
    """
    # Two administrators could else close each other at the same moment.
    await session.execute(ONE_AT_A_TIME)
    account = await get_account(session, username)
    if version is not None and account.version != version:
        raise Stale("stale", "Somebody changed this account since you read it. Read it again, then change it.")
    roles, stores = await _roles_of(session, account.id), await _stores_of(session, account.id)
    wanted: dict[str, Any] = change.model_dump(exclude_unset=True)
    before: dict[str, Any] = {
        "name": account.name,
        "email": account.email,
        "roles": roles,
        "stores": stores,
        "is_active": account.is_active,
    }
    after = before | wanted | {key: sorted(set(wanted[key])) for key in ("roles", "stores") if key in wanted}
    if after == before:
        return
    await _check_administrators(session, account, before, after, actor=actor)
    values = {key: after[key] for key in ("name", "email", "is_active")} | {"version": account.version + 1}
    places = await _store_ids(session, after["stores"])
    await session.execute(update(Account).where(col(Account.id) == account.id).values(**values))
    if after["roles"] != roles:
        await session.execute(delete(AccountRole).where(col(AccountRole.account_id) == account.id))
        await _write_roles(session, account.id, after["roles"])
    if after["stores"] != stores:
        await session.execute(delete(AccountStore).where(col(AccountStore.account_id) == account.id))
        await _write_stores(session, account.id, places)
    await _record_change(session, username, before, after, actor=actor, at=at)
    if after["email"] != before["email"]:
        await tell_old_address(session, username, old=before["email"], new=after["email"], actor=actor, at=at)
    if after["is_active"] != before["is_active"]:
        await _open_or_close(session, account.id, username, opens=after["is_active"], actor=actor, at=at)


async def set_password(session: AsyncSession, username: str, *, actor: str, at: datetime) -> str:
    """Give somebody a password that is made up, end all their sign-ins, and let them try at once; returns it.

    Raises NotFound `unknown-user`, Conflict `own-account`.
    """
    if actor == username:
        raise Conflict("own-account", "Change your own password on your account's page, where the old one is asked.")
    account = await get_account(session, username)
    password = make_up_password()
    await keep_password(session, account.id, password)
    await guessing.start_afresh(session, account.id, username)
    ended = await end_where(session, col(SignIn.account_id) == account.id, actor=actor, at=at)
    await audit.record(session, "password_set", f"account:{username}", actor=actor, at=at, sign_ins_ended=ended)
    return password


async def end_all_sign_ins(session: AsyncSession, username: str, *, actor: str, at: datetime) -> int:
    """End every sign-in of somebody; returns how many were open. Raises NotFound `unknown-user`."""
    account = await get_account(session, username)
    ended = await end_where(session, col(SignIn.account_id) == account.id, actor=actor, at=at)
    await audit.record(session, "sign_ins_ended", f"account:{account.username}", actor=actor, at=at, count=ended)
    return ended


async def _check_administrators(
    session: AsyncSession, account: Account, before: dict[str, Any], after: dict[str, Any], *, actor: str
) -> None:
    """Refuse to lose one's own way back, and the last administrator's."""

    def administers(state: dict[str, Any]) -> bool:
        return bool(state["is_active"]) and Role.ADMIN in state["roles"]

    if not administers(before) or administers(after):
        if actor == account.username and not after["is_active"]:
            raise _own()
        return
    if actor == account.username:
        raise _own()
    others = (
        select(col(Account.id))
        .where(col(Account.is_active), col(Account.id) != account.id)
        .where(exists().where(col(AccountRole.account_id) == col(Account.id), col(AccountRole.role) == Role.ADMIN))
    )
    if await session.scalar(others.limit(1)) is None:
        detail = "This is the last administrator who can sign in. Make somebody else an administrator first."
        raise Conflict("last-administrator", detail)


def _own() -> Conflict:
    detail = "You cannot close your own account or stop being an administrator. Ask another administrator to do it."
    return Conflict("own-account", detail)


async def _open_or_close(
    session: AsyncSession, account_id: int, username: str, *, opens: bool, actor: str, at: datetime
) -> None:
    subject = f"account:{username}"
    if opens:
        await audit.record(session, "account_reactivated", subject, actor=actor, at=at)
        return
    await guessing.start_afresh(session, account_id, username)
    ended = await end_where(session, col(SignIn.account_id) == account_id, actor=actor, at=at)
    await audit.record(session, "account_deactivated", subject, actor=actor, at=at, sign_ins_ended=ended)


async def _record_change(
    session: AsyncSession, username: str, before: dict[str, Any], after: dict[str, Any], *, actor: str, at: datetime
) -> None:
    """One line that says what was and what is, for whatever of name, e-mail, roles and stores is different."""
    detail: dict[str, str | None] = {}
    for key in ("name", "email", "roles", "stores"):
        if after[key] != before[key]:
            detail[f"{key}_before"] = _words(before[key])
            detail[key] = _words(after[key])
    if detail:
        await audit.record(session, "account_changed", f"account:{username}", actor=actor, at=at, **detail)


def _words(value: str | list[str] | None) -> str | None:
    return ", ".join(value) if isinstance(value, list) else value


async def _roles_of(session: AsyncSession, account_id: int) -> list[Role]:
    wanted = select(col(AccountRole.role)).where(col(AccountRole.account_id) == account_id)
    return sorted((await session.execute(wanted)).scalars())


async def _stores_of(session: AsyncSession, account_id: int) -> list[str]:
    wanted = (
        select(col(Store.code))
        .join(AccountStore, col(AccountStore.store_id) == col(Store.id))
        .where(col(AccountStore.account_id) == account_id)
    )
    return sorted((await session.execute(wanted)).scalars())


async def _store_ids(session: AsyncSession, codes: Sequence[str]) -> list[int]:
    known = {store.code: store.id for store in (await session.execute(select(Store))).scalars()}
    unknown = sorted(set(codes) - set(known))
    if unknown:
        raise BadValue("unknown-store", f"There is no store {', '.join(unknown)}.", field="stores")
    return [known[code] for code in sorted(set(codes))]


async def _write_roles(session: AsyncSession, account_id: int, roles: Sequence[Role]) -> None:
    if roles:
        await session.execute(insert(AccountRole), [{"account_id": account_id, "role": role} for role in roles])


async def _write_stores(session: AsyncSession, account_id: int, store_ids: Sequence[int]) -> None:
    if store_ids:
        rows = [{"account_id": account_id, "store_id": store_id} for store_id in store_ids]
        await session.execute(insert(AccountStore), rows)
