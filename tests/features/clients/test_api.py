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
    wanted = ADA | {"postcode": "SR7 7AA", "has_access_notes": True, "access_notes": None}
    assert read.json() == made.json() == wanted
    assert read.headers["etag"] == '"1"'


async def test_who_delivers_sees_the_access_notes(as_ot: AsyncClient, as_technician: AsyncClient) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    assert (await as_technician.get(f"{CLIENTS}/C-1001")).json()["access_notes"] == "Key safe 1234"


async def test_the_database_alone_gives_no_door_away(as_ot: AsyncClient, query: Query) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    [row] = await query("SELECT notes_encrypted FROM client_access")
    assert b"1234" not in row["notes_encrypted"]
    events = await query("SELECT audit_event.*::text AS line FROM audit_event")
    assert not [event for event in events if "1234" in event["line"] or "Moor" in event["line"]]


async def test_notes_that_were_written_under_another_secret_are_said_to_be_lost(
    app: FastAPI, as_ot: AsyncClient, as_technician: AsyncClient
) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    other = SecretStr("another secret than they were written under")
    app.state.settings = app.state.settings.model_copy(update={"secret_key": other})
    check_problem(await as_technician.get(f"{CLIENTS}/C-1001"), 409, "access-notes-unreadable")
    assert (await as_ot.get(f"{CLIENTS}/C-1001")).status_code == 200


async def test_every_reading_is_in_the_audit_trail(
    as_ot: AsyncClient, as_technician: AsyncClient, query: Query
) -> None:
    await as_ot.post(CLIENTS, json=ADA)
    await as_technician.get(f"{CLIENTS}/C-1001")
    await as_technician.get(f"{CLIENTS}/C-1001/equipment")
    await as_technician.get(CLIENTS)
    events = await query("SELECT action, subject FROM audit_event WHERE chain = 'technician' ORDER BY seq")
    assert [(event["action"], event["subject"]) for event in events] == [
        ("client_read", "client:C-1001"),
        ("access_notes_read", "client:C-1001"),
        ("client_read", "client:C-1001"),
        ("clients_listed", "clients"),
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
    assert changed.json() == made.json() | {"phone": ""}
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


async def refs(client: AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(CLIENTS, params=params)
    assert answer.status_code == 200, answer.text
    return [line["client_ref"] for line in answer.json()["items"]]


async def test_clients_are_found_by_reference_name_number_and_postcode(as_ot: AsyncClient, given: Given) -> None:
    await given.client("A-1", name="Ada Moor", nhs_number="9990000018", postcode="SR7 7AA")
    await given.client("B_2", name="Bea 100% Hill", postcode="NE1 4LP")
    assert await refs(as_ot, q="moor") == ["A-1"]
    assert await refs(as_ot, q="a-") == ["A-1"]
    assert await refs(as_ot, q="999 000 0018") == ["A-1"]
    assert await refs(as_ot, q="ne14lp") == ["B_2"]
    assert await refs(as_ot, q="ne1 4") == ["B_2"]
    assert await refs(as_ot, q="%") == ["B_2"]
    assert await refs(as_ot, q="_") == []
    assert await refs(as_ot, q="B_") == ["B_2"]
    assert await refs(as_ot, q="\\") == []
    assert await refs(as_ot) == ["A-1", "B_2"]
    assert await refs(as_ot, limit=1, after="A-1") == ["B_2"]


@pytest.mark.parametrize("params", [{"q": "\x00"}, {"after": "\x00"}, {"limit": 0}, {"limit": 501}, {"q": "x" * 101}])
async def test_a_question_that_cannot_be_is_malformed(as_ot: AsyncClient, params: dict[str, Any]) -> None:
    check_problem(await as_ot.get(CLIENTS, params=params), 422)


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


async def test_the_list_counts_open_loans(as_ot: AsyncClient, given: Given) -> None:
    ada = await given.client("ADA")
    await given.loan(client=ada)
    await given.trial(client=ada)
    await given.item(State.RETURNED, client=ada)
    [line] = (await as_ot.get(CLIENTS, params={"q": "ADA"})).json()["items"]
    assert line["open_loans"] == 2


async def test_who_does_not_see_clients_sees_no_name_anywhere(sign_in: SignIn, given: Given) -> None:
    lent = await given.loan()
    finance = await sign_in("finance")
    check_problem(await finance.get(f"{CLIENTS}/{lent.client_ref}"), 403, "not-allowed")
    loan = (await finance.get(f"/api/v1/items/{lent.barcode}")).json()["loan"]
    assert loan["client_ref"] is None
