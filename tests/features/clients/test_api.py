"""Clients by the API: the least data, who sees what, and that every reading is logged."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import SecretStr

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, SignIn
from tests.given import Given
from tests.problems import check_problem

CLIENTS = "/api/v1/clients"
NUMBERS = json.loads((Path(__file__).parents[2] / "vectors" / "nhs_numbers.json").read_text())
ADA: dict[str, Any] = {
    "client_ref": "C-1001",
    "nhs_number": "9990000018",
    "name": "Ada Moor",
    "date_of_birth": "1941-05-09",
    "address": "3 Dene View\nSeaham",
    "postcode": "sr77aa",
    "phone": "0191 555 0100",
    "access_notes": "Key safe 1234",
}


async def test_a_client_is_added_and_read_back_without_the_access_notes(as_ot: AsyncClient) -> None:
    made = await as_ot.post(CLIENTS, json=ADA)
    assert made.status_code == 201, made.text
    read = await as_ot.get(f"{CLIENTS}/C-1001")
    unknown = dict.fromkeys(["weight_kg", "weighed_on", "died_on", "care_provider", "access_notes"])
    wanted = ADA | {"postcode": "SR7 7AA", "has_access_notes": True} | unknown
    assert read.json() == wanted
    assert made.json() == wanted | {"possible_duplicates": []}
    assert read.headers["etag"] == '"1"'


async def test_who_has_an_open_visit_and_says_why_sees_the_access_notes(
    as_ot: AsyncClient, as_technician: AsyncClient, given: Given
) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    await given.collection(client="C-1001")
    url, why = f"{CLIENTS}/C-1001", {"access_reason": "collection"}
    assert (await as_technician.get(url)).json()["access_notes"] is None
    assert (await as_technician.get(url, params=why)).json()["access_notes"] == "Key safe 1234"
    check_problem(await as_technician.get(url, params={"access_reason": "curious"}), 422, field="access_reason")
    check_problem(await as_ot.get(url, params=why), 403, "not-allowed")


async def test_the_database_alone_gives_no_door_away(as_ot: AsyncClient, query: Query) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    [row] = await query("SELECT notes_encrypted FROM client_access")
    assert b"1234" not in row["notes_encrypted"]
    events = await query("SELECT audit_event.*::text AS line FROM audit_event")
    assert not [event for event in events if "1234" in event["line"] or "Moor" in event["line"]]


async def test_notes_that_were_written_under_another_secret_are_said_to_be_lost(
    app: FastAPI, as_ot: AsyncClient, as_technician: AsyncClient, given: Given
) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    await given.collection(client="C-1001")
    other = SecretStr("another secret than they were written under")
    app.state.settings = app.state.settings.model_copy(update={"secret_key": other})
    why = {"access_reason": "collection"}
    check_problem(await as_technician.get(f"{CLIENTS}/C-1001", params=why), 409, "access-notes-unreadable")
    assert (await as_ot.get(f"{CLIENTS}/C-1001")).status_code == 200


async def test_every_reading_is_in_the_audit_trail(
    as_ot: AsyncClient, as_technician: AsyncClient, given: Given, query: Query
) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    await given.collection(client="C-1001")
    await as_technician.get(f"{CLIENTS}/c-1001", params={"access_reason": "collection"})
    await as_technician.get(f"{CLIENTS}/c-1001/equipment")
    await as_technician.get(CLIENTS)
    await as_technician.post(f"{CLIENTS}/search", json={"q": "Ada"})
    events = await query("SELECT action, subject, detail FROM audit_event WHERE chain = 'technician' ORDER BY seq")
    assert [(event["action"], event["subject"], event["detail"]) for event in events] == [
        ("client_read", "client:C-1001", {}),
        ("access_notes_read", "client:C-1001", {"reason": "collection"}),
        ("client_read", "client:C-1001", {}),
        ("clients_listed", "clients", {"by": None, "found": 1}),
        ("clients_listed", "clients", {"by": "a name", "found": 1}),
    ]


@pytest.mark.parametrize("number", NUMBERS["valid"], ids=lambda number: number["input"])
async def test_an_nhs_number_is_kept_as_ten_digits(as_ot: AsyncClient, number: dict[str, str]) -> None:
    made = await as_ot.post(CLIENTS, json=ADA | {"nhs_number": number["input"]})
    assert made.status_code == 201, made.text
    assert made.json()["nhs_number"] == number["normalised"]


@pytest.mark.parametrize("number", NUMBERS["invalid"], ids=lambda number: number["reason"])
async def test_an_nhs_number_that_cannot_be_is_refused_with_what_is_wrong(
    as_ot: AsyncClient, number: dict[str, str]
) -> None:
    answer = await as_ot.post(CLIENTS, json=ADA | {"nhs_number": number["input"]})
    assert number["says"] in check_problem(answer, 422, field="nhs_number")["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_ref": ""}, "client_ref"),
        ({"client_ref": "C 1"}, "client_ref"),
        ({"client_ref": "C\x00"}, "client_ref"),
        ({"client_ref": "x" * 1000}, "client_ref"),
        ({"name": ""}, "name"),
        ({"name": "A\x00"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": ["Ada"]}, "name"),
        ({"address": " \n "}, "address"),
        ({"address": "\x07"}, "address"),
        ({"address": "x" * 4001}, "address"),
        ({"postcode": "SR7"}, "postcode"),
        ({"postcode": "\x00"}, "postcode"),
        ({"postcode": ""}, "postcode"),
        ({"phone": "\x00"}, "phone"),
        ({"phone": 191}, "phone"),
        ({"access_notes": "\x00"}, "access_notes"),
        ({"date_of_birth": "2026-03-03"}, "date_of_birth"),
        ({"date_of_birth": "1899-12-31"}, "date_of_birth"),
        ({"date_of_birth": "1941-02-30"}, "date_of_birth"),
        ({"date_of_birth": "0000-00-00"}, "date_of_birth"),
        ({"date_of_birth": 10**30}, "date_of_birth"),
        ({"nhs_number": 9990000018}, "nhs_number"),
        ({"gender": "f"}, "gender"),
        ({"weight_kg": 80}, "weighed_on"),
        ({"weighed_on": "2026-03-02"}, "weight_kg"),
        ({"weight_kg": 80, "weighed_on": "2026-03-03"}, "weighed_on"),
        ({"weight_kg": 80, "weighed_on": "1899-03-03"}, "weighed_on"),
        ({"weight_kg": 0, "weighed_on": "2026-03-02"}, "weight_kg"),
        ({"weight_kg": 601, "weighed_on": "2026-03-02"}, "weight_kg"),
        ({"weight_kg": True, "weighed_on": "2026-03-02"}, "weight_kg"),
        ({"died_on": "2026-03-03"}, "died_on"),
        ({"died_on": "1941-05-08"}, "died_on"),
        ({"died_on": "1899-05-08", "date_of_birth": None}, "died_on"),
        ({"care_provider_id": 2**62}, "care_provider_id"),
        ({"care_provider_id": 2**63}, "care_provider_id"),
    ],
)
async def test_what_is_wrong_with_a_client_is_said_at_its_field_and_nothing_is_written(
    as_ot: AsyncClient, query: Query, change: dict[str, Any], field: str
) -> None:
    check_problem(await as_ot.post(CLIENTS, json=ADA | change), 422, field=field)
    assert await query("SELECT id FROM client") == []


@pytest.mark.parametrize("field", ["client_ref", "name", "address", "postcode"])
async def test_what_a_client_must_have_is_asked_for(as_ot: AsyncClient, field: str) -> None:
    body = {name: value for name, value in ADA.items() if name != field}
    check_problem(await as_ot.post(CLIENTS, json=body), 422, "malformed", field=field)


async def test_somebody_born_today_is_a_client(as_ot: AsyncClient, clock: Clock) -> None:
    made = await as_ot.post(CLIENTS, json=ADA | {"date_of_birth": clock.day(0)})
    assert made.status_code == 201


async def test_a_reference_and_an_nhs_number_belong_to_one_client(as_ot: AsyncClient) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    check_problem(await as_ot.post(CLIENTS, json=ADA), 409, "duplicate-client-ref", field="client_ref")
    answer = await as_ot.post(CLIENTS, json=ADA | {"client_ref": "C-2"})
    assert "C-1001" in check_problem(answer, 409, "duplicate-nhs-number", field="nhs_number")["detail"]
    without = {"client_ref": "C-2", "nhs_number": None}
    assert (await as_ot.post(CLIENTS, json=ADA | without)).status_code == 201
    assert (await as_ot.post(CLIENTS, json=ADA | without | {"client_ref": "C-3"})).status_code == 201


async def test_a_change_keeps_what_it_does_not_name_and_wants_the_version_that_was_read(as_ot: AsyncClient) -> None:
    made = await as_ot.post(CLIENTS, json=ADA)
    url, first = f"{CLIENTS}/C-1001", {"If-Match": made.headers["etag"]}
    changed = await as_ot.patch(url, json={"phone": ""}, headers=first)
    assert changed.json() | {"possible_duplicates": []} == made.json() | {"phone": ""}
    check_problem(await as_ot.patch(url, json={"name": "Ada"}, headers=first), 412, "stale")
    check_problem(await as_ot.patch(url, json={"name": "Ada"}), 412, "if-match-required")
    second = {"If-Match": changed.headers["etag"]}
    emptied = await as_ot.patch(url, json={"access_notes": "", "nhs_number": None}, headers=second)
    assert (emptied.json()["has_access_notes"], emptied.json()["nhs_number"]) == (False, None)


@pytest.mark.parametrize(
    "change",
    [{"nhs_number": "4865447041"}, {"name": ""}, {"name": None}, {"client_ref": "X"}, {"date_of_birth": "2030-01-01"}],
)
async def test_a_change_is_checked_like_a_new_client(as_ot: AsyncClient, change: dict[str, Any]) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    check_problem(await as_ot.patch(f"{CLIENTS}/C-1001", json=change, headers={"If-Match": '"1"'}), 422)


async def test_a_change_to_the_nhs_number_of_somebody_else_is_a_conflict(as_ot: AsyncClient, given: Given) -> None:
    await given.client(nhs_number="9990000034")
    await as_ot.post(CLIENTS, json=ADA)
    answer = await as_ot.patch(f"{CLIENTS}/C-1001", json={"nhs_number": "9990000034"}, headers={"If-Match": '"1"'})
    check_problem(answer, 409, "duplicate-nhs-number", field="nhs_number")


async def test_a_reference_is_taken_in_any_case(as_ot: AsyncClient, given: Given) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    await given.loan(client="c-1001")
    assert (await as_ot.get(f"{CLIENTS}/c-1001")).json()["client_ref"] == "C-1001"
    assert len((await as_ot.get(f"{CLIENTS}/c-1001/equipment")).json()) == 1
    changed = await as_ot.patch(f"{CLIENTS}/c-1001", json={"phone": ""}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    check_problem(await as_ot.post(CLIENTS, json=ADA | {"client_ref": "c-1001"}), 409, "duplicate-client-ref")


async def test_a_new_weight_comes_with_its_day(as_ot: AsyncClient) -> None:
    await as_ot.post(CLIENTS, json=ADA | {"weight_kg": 71, "weighed_on": "2025-03-01"})
    url, first, second = f"{CLIENTS}/C-1001", {"If-Match": '"1"'}, {"If-Match": '"2"'}
    check_problem(await as_ot.patch(url, json={"weight_kg": 80}, headers=first), 422, "weight-without-day")
    changed = await as_ot.patch(url, json={"weight_kg": 80, "weighed_on": "2026-03-02"}, headers=first)
    assert (changed.json()["weight_kg"], changed.json()["weighed_on"]) == (80, "2026-03-02")
    check_problem(await as_ot.patch(url, json={"weight_kg": None}, headers=second), 409, "weight-is-known")
    same = await as_ot.patch(url, json={"phone": ""}, headers=second)
    assert (same.json()["weight_kg"], same.json()["weighed_on"]) == (80, "2026-03-02")


async def test_a_death_is_measured_by_the_birth_that_is_known_already(as_ot: AsyncClient) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    url, version = f"{CLIENTS}/C-1001", {"If-Match": '"1"'}
    check_problem(await as_ot.patch(url, json={"died_on": "1941-05-08"}, headers=version), 422, "died-before-birth")
    died = await as_ot.patch(url, json={"died_on": "2026-03-01"}, headers=version)
    assert died.json()["died_on"] == "2026-03-01"


async def test_who_may_be_the_same_person_is_named_when_a_client_is_added(as_ot: AsyncClient) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    other: dict[str, Any] = {"client_ref": "C-2", "nhs_number": None}
    for change in ({"name": "ADA MOOR", "date_of_birth": None}, {"name": "Ada Moore", "postcode": "NE1 4LP"}):
        made = await as_ot.post(CLIENTS, json=ADA | other | change)
        assert made.json()["possible_duplicates"][0] == "C-1001", change
        other["client_ref"] += "0"
    far = {"client_ref": "C-3", "name": "Ada Moor", "date_of_birth": "1950-01-01", "postcode": "TN25 5AA"}
    assert (await as_ot.post(CLIENTS, json=ADA | other | far)).json()["possible_duplicates"] == []


@pytest.mark.parametrize("verb", ["get", "patch", "equipment"])
async def test_a_client_that_is_not_there_is_not_found(as_ot: AsyncClient, verb: str) -> None:
    calls = {
        "get": as_ot.get(f"{CLIENTS}/NOBODY"),
        "patch": as_ot.patch(f"{CLIENTS}/NOBODY", json={"name": "X"}, headers={"If-Match": '"1"'}),
        "equipment": as_ot.get(f"{CLIENTS}/NOBODY/equipment"),
    }
    wanted = calls.pop(verb)
    for other in calls.values():
        other.close()
    check_problem(await wanted, 404, "unknown-client")


async def test_what_a_client_has_now_is_listed(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    ada, bea = await given.client("ADA"), await given.client("BEA")
    lent = await given.loan(client=ada)
    trial = await given.trial(client=ada, days=5)
    await given.loan(client=bea)
    await given.item(State.RETURNED, client=ada)
    await given.hold(lent.barcode)
    fetched = await given.collection(lent.barcode, client=ada)
    clock.move(days=6)
    lines = (await as_ot.get(f"{CLIENTS}/ADA/equipment")).json()
    assert [(line["loan_id"], line["barcode"], line["kind"], line["state"]) for line in lines] == [
        (lent.id, lent.barcode, "loan", "awaiting_collection"),
        (trial.id, trial.barcode, "trial", "on_trial"),
    ]
    assert [(line["is_overdue"], line["held"], line["collection"]) for line in lines] == [
        (False, True, fetched.number),
        (True, False, None),
    ]


async def test_who_does_not_see_clients_sees_no_name_anywhere(sign_in: SignIn, given: Given) -> None:
    lent = await given.loan()
    finance = await sign_in("finance")
    check_problem(await finance.get(f"{CLIENTS}/{lent.client_ref}"), 403, "not-allowed")
    loan = (await finance.get(f"/api/v1/items/{lent.barcode}")).json()["loan"]
    assert loan["client_ref"] is None
