"""Requests that must not be done twice: the Idempotency-Key."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.main import create_app
from tests.conftest import Clock, Query, Sessions, SignIn
from tests.given import Given
from tests.problems import check_problem

CLIENTS, LOANS = "/api/v1/clients", "/api/v1/loans"
ADA = {"client_ref": "ADA", "name": "Ada Moor", "address": "3 Dene View", "postcode": "SR7 7AA"}
KEY = {"Idempotency-Key": "0b7b6d5c-7f0a-4a52-9d55-1a0f9b8f5f7e"}


async def test_a_replay_is_answered_as_the_first_was_and_done_once(as_ot: AsyncClient, query: Query) -> None:
    first = await as_ot.post(CLIENTS, json=ADA, headers=KEY)
    again = await as_ot.post(CLIENTS, json=ADA, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(await query("SELECT id FROM client")) == 1
    assert len(await query("SELECT id FROM audit_event WHERE action = 'client_added'")) == 1


async def test_a_key_is_remembered_across_a_restart(
    app: FastAPI, as_ot: AsyncClient, sessions: Sessions, clock: Clock
) -> None:
    await as_ot.post(CLIENTS, json=ADA, headers=KEY)
    fresh = create_app(app.state.settings)
    fresh.state.database.sessions = sessions
    fresh.state.clock = clock.read
    async with AsyncClient(
        transport=ASGITransport(fresh), base_url="https://stores.test", headers=as_ot.headers
    ) as after:
        again = await after.post(CLIENTS, json=ADA, headers=KEY)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


async def test_the_same_key_with_another_body_or_address_is_refused(as_ot: AsyncClient, query: Query) -> None:
    await as_ot.post(CLIENTS, json=ADA, headers=KEY)
    other = await as_ot.post(CLIENTS, json=ADA | {"client_ref": "BEA"}, headers=KEY)
    check_problem(other, 409, "idempotency-key-reused")
    elsewhere = await as_ot.post("/api/v1/reservations", json=ADA | {"until": "2026-03-09"}, headers=KEY)
    assert elsewhere.status_code in {409, 422}
    assert len(await query("SELECT id FROM client")) == 1


async def test_two_people_may_choose_the_same_key(as_ot: AsyncClient, sign_in: SignIn) -> None:
    await as_ot.post(CLIENTS, json=ADA, headers=KEY)
    other = await (await sign_in("senior.ot")).post(CLIENTS, json=ADA | {"client_ref": "BEA"}, headers=KEY)
    assert other.status_code == 201, other.text


async def test_a_refusal_is_not_kept_so_that_the_same_request_may_be_tried_again(
    as_ot: AsyncClient, as_safety: AsyncClient, given: Given
) -> None:
    barcode, client = await given.item(), await given.client()
    hold_id = await given.hold(barcode)
    body = {"barcode": barcode, "client_ref": client}
    check_problem(await as_ot.post(LOANS, json=body, headers=KEY), 409, "on-hold")
    await as_safety.delete(f"/api/v1/items/{barcode}/holds/{hold_id}", params={"reason": "It was mended."})
    made = await as_ot.post(LOANS, json=body, headers=KEY)
    assert made.status_code == 201, made.text
    assert "idempotency-replayed" not in made.headers
    again = await as_ot.post(LOANS, json=body, headers=KEY)
    assert (again.json(), again.headers["idempotency-replayed"]) == (made.json(), "true")


@pytest.mark.parametrize("key", ["", "x" * 201, "\tx", "é"])
async def test_a_key_that_cannot_be_one_is_refused(as_ot: AsyncClient, query: Query, key: str) -> None:
    answer = await as_ot.post(CLIENTS, json=ADA, headers={b"Idempotency-Key": key.encode()})
    check_problem(answer, 422, "bad-idempotency-key")
    assert await query("SELECT id FROM client") == []


async def test_a_key_at_its_longest_will_do(as_ot: AsyncClient) -> None:
    assert (await as_ot.post(CLIENTS, json=ADA, headers={"Idempotency-Key": "k" * 200})).status_code == 201


VERBS: dict[str, Any] = {
    "release": ("awaiting_inspection", {}),
    "missing": ("in_stock", {"reason": "Not in its bay."}),
    "scrap": ("in_stock", {"reason": "The frame is bent.", "waste_stream": "metal", "reference": "WTN-1"}),
    "transfer": ("in_stock", {"reason": "More room there.", "store": "COAST"}),
    "holds": ("in_stock", {"reason": "The castor is loose.", "kind": "fault"}),
    "repair": ("in_repair", {"outcome": "repaired"}),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_on_an_item_can_be_sent_again(
    as_manager: AsyncClient, given: Given, query: Query, verb: str
) -> None:
    state, body = VERBS[verb]
    barcode = await given.item(state)
    if verb == "release":
        await given.inspected(barcode)
    url = f"/api/v1/items/{barcode}/{verb}"
    first = await as_manager.post(url, json=body, headers=KEY)
    assert first.status_code in {200, 201}, first.text
    counted = await query("SELECT (SELECT count(*) FROM movement) AS moves, (SELECT count(*) FROM hold) AS holds")
    again = await as_manager.post(url, json=body, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (
        await query("SELECT (SELECT count(*) FROM movement) AS moves, (SELECT count(*) FROM hold) AS holds") == counted
    )


async def test_an_answer_without_a_body_is_replayed_too(as_manager: AsyncClient, query: Query) -> None:
    body = {"store": "MAIN", "scans": [{"scan_id": "5b9a9e3c-0e5a-4f1e-9d2f-5b1f3c3b7a10", "barcode": "X"}]}
    await as_manager.post("/api/v1/returns/scans", json=body)
    [kept] = await query("SELECT id FROM return_scan")
    url = f"/api/v1/returns/unmatched/{kept['id']}"
    for replayed in (None, "true"):
        answer = await as_manager.post(url, json={"note": "Done."}, headers=KEY)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers.get("idempotency-replayed") == replayed
