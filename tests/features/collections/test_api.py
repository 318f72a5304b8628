"""Collections by the API: asked for, planned, visited in vain, fetched, called off, and what else was found."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.domain.labels import make_tag
from app.domain.lifecycle import State
from tests.conftest import Clock, Query
from tests.given import Given
from tests.problems import check_problem

COLLECTIONS = "/api/v1/collections"
UNKNOWN = make_tag("ES", 9_999_999)


async def state_of(client: AsyncClient, barcode: str) -> str:
    return str((await client.get(f"/api/v1/items/{barcode}")).json()["state"])


async def test_a_collection_fetches_several_items_of_a_client(as_ot: AsyncClient, given: Given, query: Query) -> None:
    client = await given.client()
    loan, trial = await given.loan(client=client), await given.trial(client=client)
    body = {"client_ref": client, "barcodes": [loan.barcode, trial.barcode], "reason": "Moved.", "speed": "urgent"}
    made = await as_ot.post(COLLECTIONS, json=body)
    assert made.status_code == 201, made.text
    collection = made.json()
    assert (collection["speed"], collection["state"], collection["client_ref"]) == ("urgent", "open", client)
    assert [line["barcode"] for line in collection["lines"]] == sorted([loan.barcode, trial.barcode])
    await given.scan(loan.barcode)
    read = await as_ot.get(f"{COLLECTIONS}/{collection['number']}")
    assert [line["state"] for line in read.json()["lines"]] == ["collected", "open"]
    assert read.json()["state"] == "open"
    await given.scan(trial.barcode)
    assert (await as_ot.get(f"{COLLECTIONS}/{collection['number']}")).json()["state"] == "collected"
    assert len(await query("SELECT id FROM audit_event WHERE action = 'collection_read'")) == 2


async def test_a_collection_that_is_cancelled_lets_loans_and_trials_go_on(as_ot: AsyncClient, given: Given) -> None:
    client = await given.client()
    loan, trial = await given.loan(client=client), await given.trial(client=client)
    body = {"client_ref": client, "barcodes": [loan.barcode, trial.barcode], "reason": "Moved."}
    number = (await as_ot.post(COLLECTIONS, json=body)).json()["number"]
    # What fails in a client's home or is on hold stays there: the cancellation hands nothing out anew.
    await given.hold(trial.barcode)
    cancelled = await as_ot.post(f"{COLLECTIONS}/{number}/cancel", json={"reason": "Stays."})
    assert cancelled.json()["state"] == "cancelled", cancelled.text
    item = (await as_ot.get(f"/api/v1/items/{trial.barcode}")).json()
    assert (item["state"], item["times_issued"], item["loan"]["id"]) == ("on_trial", 1, trial.id)
    assert await state_of(as_ot, loan.barcode) == "on_loan"
    again = await as_ot.post(f"{COLLECTIONS}/{number}/cancel", json={"reason": "Stays."})
    check_problem(again, 409, "nothing-to-cancel")


async def test_a_collection_is_all_or_nothing(as_ot: AsyncClient, given: Given, query: Query) -> None:
    client = await given.client()
    mine, other = await given.loan(client=client), await given.loan()
    body = {"client_ref": client, "barcodes": [mine.barcode, other.barcode], "reason": "Moved."}
    refusal = check_problem(await as_ot.post(COLLECTIONS, json=body), 409, "not-with-this-client", field="barcodes")
    assert other.barcode in refusal["detail"]
    assert mine.barcode not in refusal["detail"]
    twice = await given.collection(mine.barcode, client=client)
    check_problem(await as_ot.post(COLLECTIONS, json=body | {"barcodes": [twice.barcode]}), 409, "wrong-state")
    assert len(await query("SELECT id FROM collection")) == 1


async def test_a_barcode_that_comes_twice_is_one_line(as_ot: AsyncClient, given: Given) -> None:
    lent = await given.loan()
    spoken = lent.barcode.lower()
    body = {"client_ref": lent.client_ref, "barcodes": [lent.barcode, spoken], "reason": "Moved."}
    assert len((await as_ot.post(COLLECTIONS, json=body)).json()["lines"]) == 1


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"barcodes": []}, 422, "barcodes"),
        ({"barcodes": [UNKNOWN] * 101}, 422, "barcodes"),
        ({"barcodes": ["ES000123473"]}, 422, "barcodes"),
        ({"barcodes": [None]}, 422, "barcodes"),
        ({"barcodes": UNKNOWN}, 422, "barcodes"),
        ({"client_ref": "NOBODY"}, 404, "client_ref"),
        ({"reason": ""}, 422, "reason"),
        ({"reason": "\x00"}, 422, "reason"),
        ({"speed": "now"}, 422, "speed"),
    ],
)
async def test_a_collection_that_cannot_be_is_refused(
    as_ot: AsyncClient, given: Given, change: dict[str, Any], status: int, field: str
) -> None:
    lent = await given.loan()
    body = {"client_ref": lent.client_ref, "barcodes": [lent.barcode], "reason": "Moved."}
    check_problem(await as_ot.post(COLLECTIONS, json=body | change), status, field=field)
    assert await state_of(as_ot, lent.barcode) == "on_loan"


async def test_a_collection_that_is_not_there_is_not_found(as_ot: AsyncClient) -> None:
    check_problem(await as_ot.get(f"{COLLECTIONS}/C999999"), 404, "unknown-collection")
    check_problem(await as_ot.post(f"{COLLECTIONS}/C9/cancel", json={"reason": "X"}), 404, "unknown-collection")
    check_problem(await as_ot.get(f"{COLLECTIONS}/%00"), 422, "bad-character")


async def test_the_new_collection_has_its_contact_and_the_day_it_is_due(as_ot: AsyncClient, given: Given) -> None:
    lent = await given.loan(client=await given.client("c-7"))
    body = {"client_ref": "C-7", "barcodes": [lent.barcode], "reason": "Moved.", "contact_name": "Rose Marsh"}
    made = (await as_ot.post(COLLECTIONS, json=body | {"contact_phone": "01632 960001"})).json()
    assert (made["client_ref"], made["contact_name"], made["contact_phone"]) == ("c-7", "Rose Marsh", "01632 960001")
    assert (made["due_on"], made["is_overdue"], made["scheduled_on"]) == ("2026-03-09", False, None)
    assert (made["is_bereavement"], made["visits"], made["found"]) == (False, [], [])


async def test_after_a_death_there_is_one_contact_and_nothing_is_planned_before_the_list_is_agreed(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    lent = await given.loan()
    body = {"client_ref": lent.client_ref, "barcodes": [lent.barcode], "reason": "Moved.", "is_bereavement": True}
    check_problem(await as_ot.post(COLLECTIONS, json=body), 422, "name-one-contact", field="contact_name")
    named = body | {"contact_name": "Rose Marsh"}
    check_problem(await as_ot.post(COLLECTIONS, json=named), 422, "name-one-contact", field="contact_phone")
    made = (await as_ot.post(COLLECTIONS, json=named | {"contact_phone": "01632 960001"})).json()
    here = f"{COLLECTIONS}/{made['number']}"
    refusal = await as_ot.post(f"{here}/schedule", json={"on": clock.day(1)})
    assert "Rose Marsh" in check_problem(refusal, 409, "agree-the-list-first")["detail"]
    agreed = (await as_ot.post(f"{here}/agree-list")).json()
    assert (agreed["list_agreed_by"], agreed["list_agreed_at"]) == ("ot", "2026-03-02T14:05:00Z")
    check_problem(await as_ot.post(f"{here}/agree-list"), 409, "list-agreed-already")
    assert (await as_ot.post(f"{here}/schedule", json={"on": clock.day(1)})).json()["scheduled_on"] == clock.day(1)


async def test_a_list_that_was_agreed_on_the_phone_is_agreed_from_the_start(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    lent = await given.loan()
    contact = {"contact_name": "Rose Marsh", "contact_phone": "01632 960001", "list_agreed": True}
    body = {"client_ref": lent.client_ref, "barcodes": [lent.barcode], "reason": "Moved.", "is_bereavement": True}
    made = (await as_ot.post(COLLECTIONS, json=body | contact)).json()
    assert made["list_agreed_by"] == "ot"
    planned = await as_ot.post(f"{COLLECTIONS}/{made['number']}/schedule", json={"on": clock.day(0)})
    assert planned.status_code == 200, planned.text


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("2026-03-01", "scheduled-in-the-past"),
        ("2027-03-04", "scheduled-too-far-ahead"),
        ("soon", "malformed"),
        ("2026-03-07", "not-a-working-day"),
        ("2026-03-08", "not-a-working-day"),
        ("2026-04-03", "not-a-working-day"),
    ],
)
async def test_a_visit_is_planned_for_a_day_that_is_to_come(
    as_ot: AsyncClient, given: Given, on: str, code: str
) -> None:
    fetched = await given.collection()
    check_problem(await as_ot.post(f"{COLLECTIONS}/{fetched.number}/schedule", json={"on": on}), 422, code, field="on")


async def test_a_visit_is_planned_for_a_saturday_where_the_stores_work_then(
    app: FastAPI, as_ot: AsyncClient, given: Given
) -> None:
    url = f"{COLLECTIONS}/{(await given.collection()).number}/schedule"
    refused = await as_ot.post(url, json={"on": "2026-03-07"})
    assert "The next working day is Monday 9 March 2026." in refused.json()["detail"]
    app.state.settings = app.state.settings.model_copy(update={"works_saturdays": True})
    assert (await as_ot.post(url, json={"on": "2026-03-07"})).json()["scheduled_on"] == "2026-03-07"
    check_problem(await as_ot.post(url, json={"on": "2026-03-08"}), 422, "not-a-working-day", field="on")


async def test_a_visit_in_vain_is_kept_with_its_reason_and_asks_for_another_day(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    fetched = await given.collection()
    here = f"{COLLECTIONS}/{fetched.number}"
    await as_ot.post(f"{here}/schedule", json={"on": clock.day(0)})
    clock.move(hours=2)
    early = {"reason": "Nobody was in.", "visited_at": "2026-03-02T14:04:00Z"}
    check_problem(await as_ot.post(f"{here}/fail", json=early), 422, "visited-when", field="visited_at")
    late = early | {"visited_at": "2026-03-02T16:06:00Z"}
    check_problem(await as_ot.post(f"{here}/fail", json=late), 422, "visited-when", field="visited_at")
    failed = (await as_ot.post(f"{here}/fail", json=early | {"visited_at": "2026-03-02T15:00:00Z"})).json()
    assert failed["visits"] == [{"visited_at": "2026-03-02T15:00:00Z", "reason": "Nobody was in.", "recorded_by": "ot"}]
    assert (failed["state"], failed["scheduled_on"], failed["failed_visits"]) == ("open", None, 1)
    await as_ot.post(f"{here}/cancel", json={"reason": "Stays."})
    check_problem(await as_ot.post(f"{here}/fail", json={"reason": "Nobody was in."}), 409, "collection-is-over")
    check_problem(await as_ot.post(f"{here}/schedule", json={"on": clock.day(1)}), 409, "collection-is-over")
    check_problem(await as_ot.post(f"{here}/agree-list"), 409, "collection-is-over")


async def test_collections_are_listed_by_state_client_and_day(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    opened, done, cancelled = await given.collection(), await given.collection(), await given.collection()
    await given.scan(done.barcode)
    await as_ot.post(f"{COLLECTIONS}/{cancelled.number}/cancel", json={"reason": "Stays."})
    await as_ot.post(f"{COLLECTIONS}/{opened.number}/schedule", json={"on": clock.day(1)})

    async def numbers(**params: str) -> list[str]:
        answer = await as_ot.get(COLLECTIONS, params=params)
        assert answer.status_code == 200, answer.text
        return [row["number"] for row in answer.json()["items"]]

    assert await numbers() == [opened.number, done.number, cancelled.number]
    assert await numbers(state="open") == await numbers(scheduled_on=clock.day(1)) == [opened.number]
    assert await numbers(state="collected") == await numbers(client_ref=done.client_ref.lower()) == [done.number]
    assert await numbers(state="cancelled") == [cancelled.number]
    page = (await as_ot.get(COLLECTIONS, params={"limit": "1"})).json()
    assert await numbers(after=page["next"], limit="1") == [done.number]
    assert len(await query("SELECT seq FROM audit_event WHERE action = 'collections_listed'")) == 8
    check_problem(await as_ot.get(COLLECTIONS, params={"state": "lost"}), 422, field="state")


async def test_what_is_found_there_is_taken_and_told_what_it_is(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    fetched = await given.collection()
    mine, other = await given.loan(client=fetched.client_ref), await given.loan()
    lost, in_store = await given.item(State.MISSING), await given.item()
    clock.move(hours=1)
    here = f"{COLLECTIONS}/{fetched.number}/found"

    async def found(**body: str) -> tuple[str, str | None, str | None]:
        answer = await as_technician.post(here, json=body)
        assert answer.status_code == 201, answer.text
        find = answer.json()
        return find["what"], find["barcode"], find["lent_to"]

    assert await found(label=mine.barcode) == ("lent-to-this-client", mine.barcode, fetched.client_ref)
    assert await found(label=other.barcode) == ("lent-to-another-client", other.barcode, other.client_ref)
    assert (await found(label=lost))[0] == "was-missing"
    assert await found(label=in_store) == ("in-the-store-by-the-record", in_store, None)
    assert await found(label=UNKNOWN) == ("unknown-label", None, None)
    assert await found(label="5012345678900", description="A walking frame") == ("not-our-label", None, None)
    assert await found(description="Grey bath board") == ("no-label", None, None)
    check_problem(await as_technician.post(here, json={}), 422, "describe-what-was-found", field="description")
    check_problem(await as_technician.post(here, json={"label": fetched.barcode}), 409, "on-the-list", field="label")
    held = await query("SELECT subject FROM audit_event WHERE action = 'hold_placed' ORDER BY id")
    assert [one["subject"] for one in held] == [f"item:{tag}" for tag in (mine.barcode, other.barcode, lost, in_store)]
    # Scanning it in does not change what it was.
    clock.move(hours=1)
    await given.scan(fetched.barcode, other.barcode)
    read = (await as_technician.get(f"{COLLECTIONS}/{fetched.number}")).json()
    [find] = [one for one in read["found"] if one["barcode"] == other.barcode]
    assert (find["what"], find["lent_to"], find["state"]) == ("lent-to-another-client", other.client_ref, "returned")
    # The driver may remember something when all else is in.
    assert (await found(description="A cushion"))[0] == "no-label"


async def test_the_manager_reconciles_a_find_once(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    fetched = await given.collection()
    find = (await as_technician.post(f"{COLLECTIONS}/{fetched.number}/found", json={"description": "Frame"})).json()
    check_problem(await as_technician.get("/api/v1/collection-finds"), 403)
    [listed] = (await as_manager.get("/api/v1/collection-finds", params={"open": "true"})).json()["items"]
    assert listed == find
    here = f"/api/v1/collection-finds/{find['id']}/reconcile"
    done = (await as_manager.post(here, json={"note": "It was their own, and went back."})).json()
    assert (done["reconciled_by"], done["reconciled_note"]) == ("manager", "It was their own, and went back.")
    check_problem(await as_manager.post(here, json={"note": "Looked at again."}), 409, "already-reconciled")
    unknown = await as_manager.post("/api/v1/collection-finds/999999/reconcile", json={"note": "Looked at it."})
    check_problem(unknown, 404, "unknown-find")
    assert (await as_manager.get("/api/v1/collection-finds", params={"open": "true"})).json()["items"] == []
    assert len((await as_manager.get("/api/v1/collection-finds")).json()["items"]) == 1


async def test_a_barcode_that_is_none_is_refused_at_its_place_in_the_list(as_ot: AsyncClient, given: Given) -> None:
    lent = await given.loan()
    body = {"client_ref": lent.client_ref, "barcodes": [lent.barcode, "ES000123473"], "reason": "Moved."}
    [error] = check_problem(await as_ot.post(COLLECTIONS, json=body), 422, "mistyped-barcode")["errors"]
    assert error["loc"] == ["body", "barcodes", 1]
