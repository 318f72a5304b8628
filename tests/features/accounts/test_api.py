"""Signing in by the API: tokens, their end, and the brake on guessing."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.seed import PASSWORD, PEOPLE
from app.domain.access import Role
from app.models import SignInFailure
from tests.conftest import Clock, Query, SignIn
from tests.problems import check_problem

TOKEN = "/api/v1/token"
WRONG = "not the password"


async def ask_token(client: AsyncClient, username: str = "technician", password: str = PASSWORD) -> str:
    answer = await client.post(TOKEN, data={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "bearer"
    assert answer.json()["expires_in"] == 12 * 3600
    return str(answer.json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_says_who_one_is(anonymous: AsyncClient) -> None:
    token = await ask_token(anonymous, "Technician ")
    me = await anonymous.get("/api/v1/me", headers=bearer(token))
    assert me.json() == {
        "username": "technician",
        "name": "Terry Nash",
        "roles": ["technician"],
        "stores": ["MAIN", "COAST"],
    }


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.username)
async def test_everybody_has_their_role(sign_in: SignIn, person: object) -> None:
    username: str = person.username  # type: ignore[attr-defined]
    roles: tuple[Role, ...] = person.roles  # type: ignore[attr-defined]
    client = await sign_in(username)
    assert (await client.get("/api/v1/me")).json()["roles"] == [role.value for role in roles]


@pytest.mark.parametrize(
    ("username", "password"),
    [("technician", WRONG), ("nobody", PASSWORD), ("technician", PASSWORD + "\x00"), ("x" * 5000, PASSWORD)],
)
async def test_a_wrong_name_or_password_is_not_told_apart(anonymous: AsyncClient, username: str, password: str) -> None:
    answer = await anonymous.post(TOKEN, data={"username": username, "password": password})
    check_problem(answer, 401, "wrong-sign-in")


async def test_a_name_that_cannot_be_written_is_refused(anonymous: AsyncClient) -> None:
    answer = await anonymous.post(TOKEN, data={"username": "tech\x00nician", "password": PASSWORD})
    check_problem(answer, 422, "bad-character")


@pytest.mark.parametrize("form", [{}, {"username": "technician"}, {"password": PASSWORD}, {"grant_type": "implicit"}])
async def test_a_form_with_something_missing_is_malformed(anonymous: AsyncClient, form: dict[str, str]) -> None:
    check_problem(await anonymous.post(TOKEN, data=form), 422, "malformed")


async def test_a_token_ends_after_its_hours(anonymous: AsyncClient, clock: Clock) -> None:
    token = await ask_token(anonymous)
    clock.move(hours=12, seconds=-1)
    assert (await anonymous.get("/api/v1/me", headers=bearer(token))).status_code == 200
    clock.move(seconds=1)
    refusal = await anonymous.get("/api/v1/me", headers=bearer(token))
    check_problem(refusal, 401, "not-signed-in")
    assert refusal.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic dGVjaG5pY2lhbjo=", "bearer \x7f", "x" * 5000])
async def test_what_is_no_token_of_ours_signs_nobody_in(anonymous: AsyncClient, header: str) -> None:
    check_problem(await anonymous.get("/api/v1/me", headers={"Authorization": header}), 401, "not-signed-in")


async def test_only_the_hash_of_a_token_is_kept(anonymous: AsyncClient, query: Query) -> None:
    token = await ask_token(anonymous)
    rows = await query("SELECT sign_in.*::text AS line FROM sign_in")
    assert all(token not in row["line"] for row in rows)


async def test_one_may_end_ones_own_sign_ins_and_nobody_elses(sign_in: SignIn) -> None:
    first, second, other = await sign_in("ot"), await sign_in("ot"), await sign_in("technician")
    mine = (await first.get("/api/v1/sign-ins")).json()
    assert [line["is_this"] for line in mine] == [False, True]
    url = f"/api/v1/sign-ins/{mine[0]['id']}"
    check_problem(await other.delete(url), 404, "unknown-sign-in")
    assert (await first.delete(url)).status_code == 204
    check_problem(await first.delete(url), 404, "unknown-sign-in")
    check_problem(await second.get("/api/v1/me"), 401, "not-signed-in")
    assert (await first.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "99999999999999999999999", "one", "1.5"])
async def test_a_number_that_no_sign_in_can_have_is_malformed(as_ot: AsyncClient, number: str) -> None:
    check_problem(await as_ot.delete(f"/api/v1/sign-ins/{number}"), 422, "malformed")


async def test_an_account_that_was_closed_is_signed_out_and_cannot_sign_in(
    anonymous: AsyncClient, as_technician: AsyncClient, session: AsyncSession
) -> None:
    await session.execute(text("UPDATE account SET is_active = false WHERE username = 'technician'"))
    await session.commit()
    check_problem(await as_technician.get("/api/v1/me"), 401, "not-signed-in")
    answer = await anonymous.post(TOKEN, data={"username": "technician", "password": PASSWORD})
    check_problem(answer, 401, "wrong-sign-in")


async def test_five_wrong_passwords_close_the_door_for_a_quarter_of_an_hour(
    anonymous: AsyncClient, clock: Clock
) -> None:
    for _ in range(5):
        check_problem(await anonymous.post(TOKEN, data={"username": "ot", "password": WRONG}), 401, "wrong-sign-in")
    right = {"username": "ot", "password": PASSWORD}
    refusal = await anonymous.post(TOKEN, data=right)
    check_problem(refusal, 429, "too-many-sign-ins")
    assert int(refusal.headers["retry-after"]) > 0
    await ask_token(anonymous, "technician")
    clock.move(minutes=15, seconds=1)
    await ask_token(anonymous, "ot")


async def test_a_right_password_forgets_the_wrong_ones(anonymous: AsyncClient) -> None:
    for _ in range(2):
        for _ in range(4):
            await anonymous.post(TOKEN, data={"username": "ot", "password": WRONG})
        await ask_token(anonymous, "ot")


@pytest.mark.parametrize(
    ("failures", "username", "is_refused"),
    [
        ([("ot", f"10.0.0.{n}") for n in range(29)], "ot", False),
        ([("ot", f"10.0.0.{n}") for n in range(30)], "ot", True),
        ([(f"user{n}", "127.0.0.1") for n in range(59)], "ot", False),
        ([(f"user{n}", "127.0.0.1") for n in range(60)], "ot", True),
        ([("ot", "10.0.0.1")] * 5, "ot", False),
        ([("ot", "127.0.0.1")] * 4, "ot", False),
    ],
    ids=["29 of a name", "30 of a name", "59 of a place", "60 of a place", "5 from elsewhere", "4 from here"],
)
async def test_failures_of_a_name_or_of_a_place_add_up(
    app: FastAPI,
    session: AsyncSession,
    clock: Clock,
    failures: list[tuple[str, str]],
    username: str,
    is_refused: bool,
) -> None:
    # Written straight into the table: each failure by the verb costs the time that hashing a password takes.
    at = clock.now - timedelta(minutes=14)
    rows = [{"username": name, "address": address, "failed_at": at} for name, address in failures]
    await session.execute(insert(SignInFailure), rows)
    await session.commit()
    async with AsyncClient(
        transport=ASGITransport(app, client=("127.0.0.1", 1)), base_url="https://stores.test"
    ) as here:
        answer = await here.post(TOKEN, data={"username": username, "password": PASSWORD})
    assert answer.status_code == (429 if is_refused else 200), answer.text


async def test_everybody_who_is_signed_in_sees_the_stores(as_finance: AsyncClient) -> None:
    stores = await as_finance.get("/api/v1/stores")
    assert stores.json() == [
        {"code": "COAST", "name": "Coast satellite store"},
        {"code": "MAIN", "name": "Main store"},
    ]


async def test_signing_in_is_in_the_audit_trail(anonymous: AsyncClient, query: Query) -> None:
    await ask_token(anonymous)
    [event] = await query("SELECT chain, action, subject, detail FROM audit_event")
    assert dict(event) == {
        "chain": "technician",
        "action": "signed_in",
        "subject": "account:technician",
        "detail": {"kind": "api"},
    }
