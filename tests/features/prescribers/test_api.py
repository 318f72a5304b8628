"""Prescribers, teams, funders and panels by the API."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Query
from tests.problems import check_problem

PRESCRIBERS = "/api/v1/prescribers"
OT: dict[str, Any] = {
    "team": "WEST",
    "tier": "standard",
    "spend_limit_pence": 100_000,
    "registration_number": "OT00001",
    "registration_expires_on": "2027-02-05",
    "is_supervised": False,
}


async def put(client: AsyncClient, username: str, body: dict[str, Any], etag: str = '"1"') -> Any:
    return await client.put(f"{PRESCRIBERS}/{username}", json=body, headers={"If-Match": etag})


async def add_user(admin: AsyncClient, username: str, role: str = "prescriber") -> None:
    body = {"username": username, "name": f"Name of {username}", "roles": [role]}
    answer = await admin.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text


async def test_prescribers_are_listed_by_team_and_page_by_page(as_manager: AsyncClient) -> None:
    every = (await as_manager.get(PRESCRIBERS)).json()
    assert [(row["team"], row["username"]) for row in every["items"]] == [
        ("WEST", "ot"),
        ("WEST", "senior.ot"),
        ("WEST", "student.ot"),
    ]
    first = (await as_manager.get(PRESCRIBERS, params={"limit": 2})).json()
    second = (await as_manager.get(PRESCRIBERS, params={"limit": 2, "after": first["next"]})).json()
    assert first["items"] + second["items"] == every["items"]
    assert (every["next"], second["next"]) == (None, None)
    assert (await as_manager.get(PRESCRIBERS, params={"team": "EAST"})).json()["items"] == []
    check_problem(await as_manager.get(PRESCRIBERS, params={"after": "ot"}), 422, "bad-cursor")


async def test_a_prescriber_is_read_changed_and_kept_in_the_audit_trail(as_manager: AsyncClient, query: Query) -> None:
    read = await as_manager.get(f"{PRESCRIBERS}/ot")
    about = {"username": "ot", "name": "Olu Thompson", "is_active": True, "may_authorise": False}
    stands = {"registration": "in_date", "team_name": "West Community Occupational Therapy"}
    assert read.json() == OT | about | stands
    wanted = OT | {"tier": "specialist", "registration_number": " ot 12345 ", "registration_expires_on": "2026-04-01"}
    changed = await put(as_manager, "ot", wanted, read.headers["etag"])
    assert changed.status_code == 200, changed.text
    body = changed.json()
    assert (body["tier"], body["registration_number"], body["registration"]) == ("specialist", "OT12345", "ends_soon")
    assert (read.headers["etag"], changed.headers["etag"]) == ('"1"', '"2"')
    [line] = await query("SELECT chain, detail FROM audit_event WHERE action = 'prescriber_changed'")
    assert line == {
        "chain": "manager",
        "detail": {
            "tier": "specialist",
            "tier_before": "standard",
            "registration_number": "OT12345",
            "registration_number_before": "OT00001",
            "registration_expires_on": "2026-04-01",
            "registration_expires_on_before": "2027-02-05",
        },
    }


async def test_a_change_of_nothing_writes_nothing(as_manager: AsyncClient, query: Query) -> None:
    assert (await put(as_manager, "ot", OT)).headers["etag"] == '"1"'
    assert await query("SELECT * FROM audit_event WHERE action = 'prescriber_changed'") == []


async def test_who_read_an_old_prescriber_changes_nothing(as_manager: AsyncClient) -> None:
    await put(as_manager, "ot", OT | {"tier": "specialist"})
    check_problem(await put(as_manager, "ot", OT | {"spend_limit_pence": 1}), 412, "stale")
    without = await as_manager.put(f"{PRESCRIBERS}/ot", json=OT)
    check_problem(without, 412, "if-match-required")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"team": "EAST"}, 422, "unknown-team", "team"),
        ({"tier": "expert"}, 422, "malformed", "tier"),
        ({"spend_limit_pence": -1}, 422, "malformed", "spend_limit_pence"),
        ({"registration_number": "12345"}, 422, "malformed", "registration_number"),
        ({"registration_number": "OTHER"}, 422, "malformed", "registration_number"),
        ({"registration_number": "OT-12345"}, 422, "malformed", "registration_number"),
        ({"registration_number": None}, 422, "half-a-registration", "registration_number"),
        ({"registration_expires_on": None}, 422, "half-a-registration", "registration_expires_on"),
        ({"registration_number": "OT00002"}, 409, "duplicate-registration", "registration_number"),
        ({"colour": "red"}, 422, "malformed", "colour"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field(
    as_manager: AsyncClient, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    check_problem(await put(as_manager, "ot", OT | change), status, code, field=field)


async def test_somebody_with_a_prescribing_role_is_set_up(as_manager: AsyncClient, as_admin: AsyncClient) -> None:
    await add_user(as_admin, "new.ot")
    address = f"{PRESCRIBERS}/new.ot"
    check_problem(await as_manager.get(address), 404, "unknown-prescriber")
    check_problem(await put(as_manager, "new.ot", OT), 404, "unknown-prescriber")
    student = {"team": "WEST", "tier": "standard", "spend_limit_pence": 0, "is_supervised": True}
    made = await as_manager.put(address, json=student, headers={"If-None-Match": "*"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert (made.json()["registration"], made.json()["is_supervised"]) == ("missing", True)
    again = await as_manager.put(address, json=student, headers={"If-None-Match": "*"})
    check_problem(again, 409, "already-a-prescriber")


async def test_only_an_open_account_with_a_prescribing_role_is_set_up(as_manager: AsyncClient) -> None:
    new = {"If-None-Match": "*"}
    refused = await as_manager.put(f"{PRESCRIBERS}/technician", json=OT, headers=new)
    check_problem(refused, 409, "not-a-prescribing-account")
    check_problem(await as_manager.put(f"{PRESCRIBERS}/nobody", json=OT, headers=new), 404, "unknown-user")


async def test_a_team_is_added_once(as_manager: AsyncClient, as_ot: AsyncClient) -> None:
    east = {"code": "EAST", "name": "East Team"}
    made = await as_manager.post("/api/v1/teams", json=east)
    assert (made.status_code, made.json()) == (201, east)
    check_problem(await as_manager.post("/api/v1/teams", json=east), 409, "duplicate-code", field="code")
    west = {"code": "WEST", "name": "West Community Occupational Therapy"}
    assert (await as_ot.get("/api/v1/teams")).json() == {"items": [east, west], "next": None}
    first = (await as_ot.get("/api/v1/teams", params={"limit": 1})).json()
    assert first == {"items": [east], "next": "EAST"}


async def test_funders_and_panels_are_read(as_ot: AsyncClient) -> None:
    funders = (await as_ot.get("/api/v1/funders")).json()
    assert [row["code"] for row in funders["items"]] == ["ASC", "CHAR", "CHC", "CHILD", "EDU", "ICB", "S117", "SELF"]
    panels = (await as_ot.get("/api/v1/panels")).json()
    names = ("code", "decides_highly_specialist", "orders_above_pence")
    assert [[one[name] for name in names] for one in panels["items"]] == [["JSEP", True, 250_000]]
