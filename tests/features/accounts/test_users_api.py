"""Administrators keep accounts by the API."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from app.cli.seed import PASSWORD, PEOPLE
from app.domain.errors import RuleError
from app.features.accounts import people
from app.features.accounts.schemas import UserChange
from tests.conftest import Clock, Query, Scratch, SignIn
from tests.problems import check_problem

USERS = "/api/v1/users"
NEW: dict[str, Any] = {"username": "jo.bloggs", "name": "Jo Bloggs", "roles": ["technician"], "stores": ["MAIN"]}


async def token_status(client: AsyncClient, username: str, password: str) -> int:
    return (await client.post("/api/v1/token", data={"username": username, "password": password})).status_code


async def change(client: AsyncClient, username: str, /, **body: Any) -> Any:
    """PATCH with the version that is read now."""
    version = (await client.get(f"{USERS}/{username}")).headers["etag"]
    return await client.patch(f"{USERS}/{username}", json=body, headers={"If-Match": version})


async def events(query: Query, username: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = await query(
        "SELECT chain, action, detail FROM audit_event WHERE subject = :subject AND action <> 'signed_in' ORDER BY id",
        subject=f"account:{username}",
    )
    return [(row["chain"], row["action"], row["detail"]) for row in rows]


async def test_somebody_new_signs_in_with_the_password_that_was_made_up(
    as_admin: AsyncClient, anonymous: AsyncClient, query: Query
) -> None:
    answer = await as_admin.post(USERS, json=NEW)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    password = body.pop("password")
    assert body == NEW | {"email": None, "is_active": True, "open_sign_ins": 0}
    assert answer.headers["etag"] == '"1"'
    assert len(password) == 23
    assert await token_status(anonymous, "jo.bloggs", password) == 200
    assert await events(query, "jo.bloggs") == [("admin", "account_added", {"roles": "technician"})]


async def test_the_password_is_answered_once_and_kept_nowhere(as_admin: AsyncClient, query: Query) -> None:
    for url, body in ((USERS, NEW), (f"{USERS}/ot/password", None)):
        headers = {"Idempotency-Key": f"key of {url}"}
        first = await as_admin.post(url, json=body, headers=headers)
        again = await as_admin.post(url, json=body, headers=headers)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.status_code == first.status_code
        assert first.json()["password"]
        assert again.json() == first.json() | {"password": None}
    rows = await query("SELECT convert_from(body, 'UTF8') AS body FROM idempotency_key")
    assert [row["body"].count('"password":null') for row in rows] == [1, 1]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"username": "ot"}, 409, "duplicate-username"),
        ({"username": "Jo.Bloggs"}, 422, "bad-username"),
        ({"username": "jo/bloggs"}, 422, "bad-username"),
        ({"username": "jo bloggs"}, 422, "bad-username"),
        ({"username": "new"}, 422, "bad-username"),
        ({"username": ""}, 422, "malformed"),
        ({"name": ""}, 422, "malformed"),
        ({"roles": []}, 422, "malformed"),
        ({"roles": ["king"]}, 422, "malformed"),
        ({"stores": ["NORTH"]}, 422, "unknown-store"),
        ({"email": "jo@example..org"}, 422, "malformed"),
        ({"email": ""}, 422, "malformed"),
        ({"password": "three random words"}, 422, "malformed"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(
    as_admin: AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    check_problem(await as_admin.post(USERS, json=NEW | body), status, code)


async def test_the_list_goes_on_from_page_to_page(as_admin: AsyncClient) -> None:
    seen, after = [], None
    while True:
        page = (await as_admin.get(USERS, params={"limit": 4} | ({"after": after} if after else {}))).json()
        seen += [row["username"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == sorted(person.username for person in PEOPLE)
    assert len(seen) == len(set(seen))
    for wrong in ("Nobody Here", "%"):
        check_problem(await as_admin.get(USERS, params={"after": wrong}), 422, "bad-cursor", field="after")


async def test_the_list_is_narrowed_by_name_role_and_whether_the_account_is_open(as_admin: AsyncClient) -> None:
    await change(as_admin, "ot", is_active=False)

    async def found(**asked: Any) -> list[str]:
        return [row["username"] for row in (await as_admin.get(USERS, params=asked)).json()["items"]]

    assert await found(q="terry na") == ["technician"]
    assert await found(role="technician") == ["technician", "technician2"]
    assert await found(is_active=False) == ["ot"]
    assert await found(q="%") == []
    assert "ot" not in await found(is_active=True)
    check_problem(await as_admin.get(USERS, params={"role": "king"}), 422, "malformed")


async def test_one_account_is_read_with_its_version(as_admin: AsyncClient) -> None:
    answer = await as_admin.get(f"{USERS}/technician")
    assert answer.headers["etag"] == '"1"'
    assert answer.json() == {
        "username": "technician",
        "name": "Terry Nash",
        "email": None,
        "roles": ["technician"],
        "stores": ["COAST", "MAIN"],
        "is_active": True,
        "open_sign_ins": 0,
    }
    check_problem(await as_admin.get(f"{USERS}/nobody"), 404, "unknown-user")


async def test_roles_and_stores_count_at_once_and_the_trail_says_what_was_before(
    as_admin: AsyncClient, as_technician: AsyncClient, query: Query
) -> None:
    answer = await change(as_admin, "technician", roles=["manager", "technician", "manager"], stores=["COAST"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    me = (await as_technician.get("/api/v1/me")).json()
    assert (me["name"], me["roles"], me["stores"]) == ("Terry Nash", ["manager", "technician"], ["COAST"])
    assert await events(query, "technician") == [
        (
            "admin",
            "account_changed",
            {
                "roles_before": "technician",
                "roles": "manager, technician",
                "stores_before": "COAST, MAIN",
                "stores": "COAST",
            },
        )
    ]


async def test_an_address_is_given_changed_and_taken_away(as_admin: AsyncClient, query: Query) -> None:
    answer = await as_admin.post(USERS, json=NEW | {"email": "jo@example.org"})
    assert answer.json()["email"] == "jo@example.org"
    assert (await as_admin.get(f"{USERS}/jo.bloggs")).json()["email"] == "jo@example.org"
    kept = await change(as_admin, "jo.bloggs", name="J. Bloggs")
    assert kept.json()["email"] == "jo@example.org"
    assert (await change(as_admin, "jo.bloggs", email="bloggs@example.org")).json()["email"] == "bloggs@example.org"
    assert (await change(as_admin, "jo.bloggs", email=None)).json()["email"] is None
    assert (await events(query, "jo.bloggs")) == [
        ("admin", "account_added", {"roles": "technician", "email": "jo@example.org"}),
        ("admin", "account_changed", {"name_before": "Jo Bloggs", "name": "J. Bloggs"}),
        ("admin", "account_changed", {"email_before": "jo@example.org", "email": "bloggs@example.org"}),
        ("admin", "account_changed", {"email_before": "bloggs@example.org", "email": None}),
    ]
    told = await query("SELECT to_email, body FROM message ORDER BY id")
    assert [row["to_email"] for row in told] == ["jo@example.org", "bloggs@example.org"]
    assert told[0]["body"].startswith("An administrator changed where the messages to jo.bloggs go.")


async def test_what_is_as_it_was_is_no_change(as_admin: AsyncClient, query: Query) -> None:
    answer = await change(as_admin, "technician", name="Terry Nash", stores=["MAIN", "COAST"], is_active=True)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert await events(query, "technician") == []


async def test_who_read_an_older_version_is_told(as_admin: AsyncClient) -> None:
    check_problem(await as_admin.patch(f"{USERS}/ot", json={"name": "One"}), 412, "if-match-required")
    headers = {"If-Match": '"1"'}
    assert (await as_admin.patch(f"{USERS}/ot", json={"name": "One"}, headers=headers)).status_code == 200
    check_problem(await as_admin.patch(f"{USERS}/ot", json={"name": "Two"}, headers=headers), 412, "stale")
    check_problem(await as_admin.patch(f"{USERS}/nobody", json={"name": "One"}, headers=headers), 404, "unknown-user")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"roles": []}, "malformed"),
        ({"roles": None}, "malformed"),
        ({"username": "other"}, "malformed"),
        ({"stores": ["NORTH"]}, "unknown-store"),
        ({"email": "[ot@example.org"}, "malformed"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(as_admin: AsyncClient, body: dict[str, Any], code: str) -> None:
    check_problem(await change(as_admin, "ot", **body), 422, code)


async def test_closing_an_account_ends_its_sign_ins_and_opening_it_lets_the_person_in_again(
    as_admin: AsyncClient, as_ot: AsyncClient, anonymous: AsyncClient, query: Query
) -> None:
    closed = await change(as_admin, "ot", is_active=False)
    assert (closed.json()["is_active"], closed.json()["open_sign_ins"]) == (False, 0)
    check_problem(await as_ot.get("/api/v1/me"), 401, "not-signed-in")
    assert await token_status(anonymous, "ot", PASSWORD) == 401
    assert (await change(as_admin, "ot", is_active=True)).status_code == 200
    check_problem(await as_ot.get("/api/v1/me"), 401, "not-signed-in")
    assert await token_status(anonymous, "ot", PASSWORD) == 200
    assert await events(query, "ot") == [
        ("admin", "account_deactivated", {"sign_ins_ended": 1}),
        ("admin", "account_reactivated", {}),
    ]


async def test_a_new_password_ends_sign_ins_and_the_old_password(
    as_admin: AsyncClient, as_ot: AsyncClient, anonymous: AsyncClient, query: Query
) -> None:
    answer = await as_admin.post(f"{USERS}/ot/password")
    assert answer.status_code == 200, answer.text
    password = answer.json()["password"]
    check_problem(await as_ot.get("/api/v1/me"), 401, "not-signed-in")
    assert await token_status(anonymous, "ot", PASSWORD) == 401
    assert await token_status(anonymous, "ot", password) == 200
    assert await events(query, "ot") == [("admin", "password_set", {"sign_ins_ended": 1})]
    check_problem(await as_admin.post(f"{USERS}/nobody/password"), 404, "unknown-user")


@pytest.mark.parametrize("body", [{"is_active": False}, {"roles": ["auditor"]}])
async def test_administrators_cannot_lose_their_own_way_back(
    as_admin: AsyncClient, query: Query, body: dict[str, Any]
) -> None:
    await as_admin.post(USERS, json=NEW | {"roles": ["admin"]})
    check_problem(await change(as_admin, "admin", **body), 409, "own-account")
    check_problem(await as_admin.post(f"{USERS}/admin/password"), 409, "own-account")
    assert await events(query, "admin") == []
    assert (await change(as_admin, "admin", name="Ada", roles=["admin", "auditor"])).status_code == 200


async def test_another_administrator_may_be_closed_while_one_is_left(as_admin: AsyncClient, sign_in: SignIn) -> None:
    await as_admin.post(USERS, json=NEW | {"roles": ["admin"]})
    other = await sign_in("jo.bloggs")
    assert (await change(other, "admin", is_active=False)).status_code == 200
    check_problem(await as_admin.get(USERS), 401, "not-signed-in")
    check_problem(await change(other, "jo.bloggs", is_active=False), 409, "own-account")


@pytest.mark.parametrize("change", [UserChange(is_active=False), UserChange.model_validate({"roles": ["auditor"]})])
async def test_two_who_close_each_other_at_once_leave_one_administrator(scratch: Scratch, change: UserChange) -> None:
    at = scratch.clock.now
    async with scratch.database.sessions.begin() as session:
        body = {key: NEW[key] for key in ("name", "stores")} | {"roles": ["admin"]}
        await people.add_user(session, "jo.bloggs", **body, actor="admin", at=at)

    async def end(username: str, *, actor: str) -> str:
        try:
            async with scratch.database.sessions.begin() as session:
                await people.change_account(session, username, change, version=None, actor=actor, at=at)
        except RuleError as error:
            return error.code
        return "done"

    answers = await asyncio.gather(end("admin", actor="jo.bloggs"), end("jo.bloggs", actor="admin"))
    assert sorted(answers) == ["done", "last-administrator"]


async def test_only_administrators_keep_accounts(as_manager: AsyncClient, as_auditor: AsyncClient) -> None:
    for client in (as_manager, as_auditor):
        check_problem(await client.get(USERS), 403, "not-allowed")
        check_problem(await client.post(USERS, json=NEW), 403, "not-allowed")
        check_problem(await client.post(f"{USERS}/ot/password"), 403, "not-allowed")


async def test_a_made_up_password_is_never_the_same(as_admin: AsyncClient, clock: Clock) -> None:
    given = {(await as_admin.post(f"{USERS}/ot/password")).json()["password"] for _ in range(3)}
    assert len(given) == 3
