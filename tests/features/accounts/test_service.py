"""Keeping accounts, which the command line does."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.access import Role
from app.domain.errors import BadValue, Conflict, NotFound, RuleError
from app.features.accounts import people, queries
from tests.conftest import Clock, SignIn
from tests.problems import check_problem

NEW: dict[str, Any] = {
    "name": "New Person",
    "password": "three random words",
    "roles": [Role.TECHNICIAN],
    "stores": ["MAIN"],
    "actor": "command line",
}


async def test_somebody_new_can_sign_in(session: AsyncSession, clock: Clock, sign_in: SignIn) -> None:
    await people.add_account(session, "new.person", **NEW, at=clock.now)
    await session.commit()
    me = await (await sign_in("new.person")).get("/api/v1/me")
    assert me.json()["roles"] == ["technician"]
    assert me.json()["stores"] == ["MAIN"]


@pytest.mark.parametrize(
    ("username", "change", "kind", "code"),
    [
        ("New.Person", {}, BadValue, "bad-username"),
        (" new", {}, BadValue, "bad-username"),
        ("", {}, BadValue, "bad-username"),
        ("x" * 101, {}, BadValue, "bad-username"),
        ("new\x00person", {}, BadValue, "bad-username"),
        ("new.person", {"password": "elevenchars"}, BadValue, "weak-password"),
        ("new.person", {"email": "new@person"}, BadValue, "bad-email"),
        ("new.person", {"stores": ["MAIN", "NORTH"]}, BadValue, "unknown-store"),
        ("technician", {}, Conflict, "duplicate-username"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(
    session: AsyncSession, clock: Clock, username: str, change: dict[str, Any], kind: type[RuleError], code: str
) -> None:
    with pytest.raises(kind) as refusal:
        await people.add_account(session, username, **(NEW | change), at=clock.now)
    assert refusal.value.code == code


async def test_all_sign_ins_of_somebody_can_be_ended(session: AsyncSession, clock: Clock, sign_in: SignIn) -> None:
    first, second = await sign_in("ot"), await sign_in("ot")
    assert await people.end_all_sign_ins(session, "ot", actor="admin", at=clock.now) == 2
    await session.commit()
    for client in (first, second):
        check_problem(await client.get("/api/v1/me"), 401, "not-signed-in")
    assert await people.end_all_sign_ins(session, "ot", actor="admin", at=clock.now) == 0
    with pytest.raises(NotFound):
        await people.end_all_sign_ins(session, "nobody", actor="admin", at=clock.now)


async def test_the_list_of_people_counts_their_open_sign_ins(
    session: AsyncSession, clock: Clock, sign_in: SignIn
) -> None:
    await sign_in("ot", hours=1)
    await sign_in("ot", hours=3)
    clock.move(hours=2)
    by_name = {person.username: person for person in await queries.list_people(session, now=clock.now)}
    assert by_name["ot"].open_sign_ins == 1
    assert by_name["technician"].stores == ["COAST", "MAIN"]


async def test_the_audit_trail_can_be_read_by_subject_and_by_actor(session: AsyncSession, clock: Clock) -> None:
    for name in ("one", "two", "three"):
        await people.add_account(session, name, **NEW, at=clock.now)
    newest = await queries.list_audit_events(session, subject=None, actor="command line", before=None, limit=2)
    assert [event.subject for event in newest] == ["account:three", "account:two", "account:one"]
    rest = await queries.list_audit_events(session, subject=None, actor=None, before=newest[1].id, limit=2)
    assert [event.subject for event in rest] == ["account:one"]
    [one] = await queries.list_audit_events(session, subject="account:two", actor=None, before=None, limit=2)
    assert one.detail == {"roles": "technician"}
