"""Collections by the API: asked for, fetched, called off."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.labels import make_tag
from tests.conftest import Query
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
        ({"barcodes": ["ES000123473"]}, 422, "barcode"),
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
