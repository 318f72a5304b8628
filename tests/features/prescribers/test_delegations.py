"""Authority lent from one person to another, by the API."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock, Query, SignIn
from tests.features.prescribers.test_api import OT, PRESCRIBERS, add_user, put
from tests.problems import check_problem

DELEGATIONS = "/api/v1/delegations"


def lending(clock: Clock, **change: Any) -> dict[str, Any]:
    body = {"to_username": "ot", "from_on": clock.day(0), "until_on": clock.day(6), "reason": "Annual leave"}
    return body | change


async def test_a_senior_prescriber_lends_authority_and_the_receiver_is_told(
    as_senior_ot: AsyncClient, as_ot: AsyncClient, clock: Clock, query: Query
) -> None:
    made = await as_senior_ot.post(DELEGATIONS, json=lending(clock))
    assert made.status_code == 201, made.text
    body = made.json()
    assert body == {
        "id": body["id"],
        "from_username": "senior.ot",
        "from_name": "Sarah Okafor",
        "to_username": "ot",
        "to_name": "Olu Thompson",
        "from_on": "2026-03-02",
        "until_on": "2026-03-08",
        "reason": "Annual leave",
        "made_at": "2026-03-02T14:05:00Z",
        "made_by": "senior.ot",
        "ended_at": None,
        "ended_by": None,
        "state": "in_force",
    }
    assert (await as_ot.get(DELEGATIONS)).json()["items"] == [body]
    [told] = await query("SELECT purpose, about, to_name, subject, body FROM message")
    assert told == {
        "purpose": "authority_lent",
        "about": f"delegation:{body['id']}",
        "to_name": "Olu Thompson",
        "subject": "Sarah Okafor has lent you their authority",
        "body": "You can authorise orders on behalf of Sarah Okafor from 2 March 2026 to 8 March 2026, both days "
        "included. What you sign says so.",
    }
    [line] = await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'authority_lent'")
    assert line == {
        "chain": "senior.ot",
        "subject": f"delegation:{body['id']}",
        "detail": {"lender": "senior.ot", "receiver": "ot", "from_on": "2026-03-02", "until_on": "2026-03-08"},
    }


async def test_the_manager_lends_on_somebodys_behalf_and_both_are_told(
    as_manager: AsyncClient, clock: Clock, query: Query
) -> None:
    made = await as_manager.post(DELEGATIONS, json=lending(clock, from_username="senior.ot"))
    assert (made.status_code, made.json()["made_by"]) == (201, "manager")
    told = await query("SELECT to_name, subject FROM message ORDER BY id")
    assert told == [
        {"to_name": "Olu Thompson", "subject": "Sarah Okafor has lent you their authority"},
        {"to_name": "Sarah Okafor", "subject": "Your authority is lent to Olu Thompson"},
    ]


async def test_nobody_lends_what_is_not_theirs(
    as_ot: AsyncClient, as_technician: AsyncClient, as_manager: AsyncClient, clock: Clock
) -> None:
    for client in (as_ot, as_technician):
        refused = await client.post(DELEGATIONS, json=lending(clock, from_username="senior.ot"))
        check_problem(refused, 403, "not-yours-to-lend")
    for body in (lending(clock, to_username="senior.ot"), lending(clock, from_username="ot", to_username="senior.ot")):
        check_problem(await as_ot.post(DELEGATIONS, json=body), 409, "not-an-authoriser", field="from_username")
    check_problem(await as_manager.post(DELEGATIONS, json=lending(clock)), 422, "not-a-prescriber")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"to_username": "senior.ot"}, 422, "lent-to-oneself", "to_username"),
        ({"to_username": "student.ot"}, 409, "is-supervised", "to_username"),
        ({"to_username": "technician"}, 422, "not-a-prescriber", "to_username"),
        ({"to_username": "nobody"}, 422, "not-a-prescriber", "to_username"),
        ({"from_on": "2026-03-01"}, 422, "in-the-past", "from_on"),
        ({"until_on": "2026-03-01"}, 422, "ends-before-it-starts", "until_on"),
        ({"until_on": "2026-06-02"}, 422, "lent-too-long", "until_on"),
        ({"until_on": "9999-12-31", "from_on": "9999-01-01"}, 422, "lent-too-long", "until_on"),
        ({"until_on": "9999-12-31", "from_on": "9999-12-31"}, 409, "registration-expired", "from_username"),
        ({"reason": " "}, 422, "malformed", "reason"),
    ],
)
async def test_what_cannot_be_lent_is_refused_at_its_field(
    as_senior_ot: AsyncClient, clock: Clock, change: dict[str, str], status: int, code: str, field: str
) -> None:
    check_problem(await as_senior_ot.post(DELEGATIONS, json=lending(clock, **change)), status, code, field=field)


async def test_who_is_no_longer_registered_can_neither_lend_nor_borrow(
    as_senior_ot: AsyncClient, as_manager: AsyncClient, clock: Clock
) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-03-01"})
    refused = await as_senior_ot.post(DELEGATIONS, json=lending(clock))
    problem = check_problem(refused, 409, "registration-expired", field="to_username")
    assert problem["detail"].startswith("The registration of Olu Thompson ends on 1 March 2026.")


async def test_the_same_people_share_no_day_twice_until_it_is_ended(as_senior_ot: AsyncClient, clock: Clock) -> None:
    first = (await as_senior_ot.post(DELEGATIONS, json=lending(clock))).json()
    over = lending(clock, from_on=clock.day(6), until_on=clock.day(9))
    check_problem(await as_senior_ot.post(DELEGATIONS, json=over), 409, "already-lent", field="from_on")
    assert (await as_senior_ot.delete(f"{DELEGATIONS}/{first['id']}")).status_code == 204
    second = await as_senior_ot.post(DELEGATIONS, json=over)
    assert (second.status_code, second.json()["state"]) == (201, "planned")
    shown = (await as_senior_ot.get(DELEGATIONS, params={"open": True})).json()["items"]
    assert [row["id"] for row in shown] == [second.json()["id"]]
    every = (await as_senior_ot.get(DELEGATIONS, params={"limit": 1})).json()
    assert (every["items"][0]["state"], every["next"]) == ("ended", str(first["id"]))


async def test_a_delegation_is_ended_by_its_lender_or_the_manager_and_once(
    as_senior_ot: AsyncClient, as_ot: AsyncClient, as_manager: AsyncClient, clock: Clock, query: Query
) -> None:
    made = (await as_senior_ot.post(DELEGATIONS, json=lending(clock))).json()
    address = f"{DELEGATIONS}/{made['id']}"
    check_problem(await as_ot.delete(address), 403, "not-yours-to-lend")
    clock.move(days=1)
    assert (await as_manager.delete(address)).status_code == 204
    check_problem(await as_senior_ot.delete(address), 409, "already-ended")
    [row] = (await as_manager.get(DELEGATIONS, params={"username": "ot"})).json()["items"]
    assert (row["ended_by"], row["ended_at"], row["state"]) == ("manager", "2026-03-03T14:05:00Z", "ended")
    [told] = await query("SELECT to_name, subject FROM message WHERE purpose = 'lending_ended'")
    assert told == {"to_name": "Olu Thompson", "subject": "You no longer have the authority of Sarah Okafor"}
    assert await query("SELECT chain FROM audit_event WHERE action = 'lending_ended'") == [{"chain": "manager"}]


async def test_a_delegation_whose_days_are_over_is_not_ended(as_senior_ot: AsyncClient, clock: Clock) -> None:
    made = (await as_senior_ot.post(DELEGATIONS, json=lending(clock))).json()
    clock.move(days=7)
    check_problem(await as_senior_ot.delete(f"{DELEGATIONS}/{made['id']}"), 409, "already-ended")
    assert (await as_senior_ot.get(DELEGATIONS)).json()["items"][0]["state"] == "over"


async def test_others_do_not_see_who_stands_in_for_whom(
    as_senior_ot: AsyncClient, as_admin: AsyncClient, as_technician: AsyncClient, sign_in: SignIn, clock: Clock
) -> None:
    made = (await as_senior_ot.post(DELEGATIONS, json=lending(clock))).json()
    await add_user(as_admin, "other.ot")
    for client in (await sign_in("other.ot"), as_technician):
        assert (await client.get(DELEGATIONS)).json()["items"] == []
        assert (await client.get(DELEGATIONS, params={"username": "ot"})).json()["items"] == []
        check_problem(await client.delete(f"{DELEGATIONS}/{made['id']}"), 404, "unknown-delegation")


async def test_a_closed_account_lends_and_borrows_nothing(
    as_senior_ot: AsyncClient, as_admin: AsyncClient, as_manager: AsyncClient, clock: Clock
) -> None:
    user = await as_admin.get("/api/v1/users/ot")
    await as_admin.patch("/api/v1/users/ot", json={"is_active": False}, headers={"If-Match": user.headers["etag"]})
    refused = await as_senior_ot.post(DELEGATIONS, json=lending(clock))
    check_problem(refused, 422, "not-a-prescriber", field="to_username")
    assert (await as_manager.get(f"{PRESCRIBERS}/ot")).json()["is_active"] is False
