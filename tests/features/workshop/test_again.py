"""A trigger that is pulled twice in a mode of the workshop: the second scan is told that it is done."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser, page_from, shown_in
from tests.conftest import Clock, Statements
from tests.given import Given
from tests.problems import check_problem

START, FINISH = "/api/v1/decontaminations", "/api/v1/decontaminations/results"
DONE = ("duplicate", "already-scanned", "Already scanned just now. It was done once.")


async def one(client: AsyncClient, url: str, body: dict[str, Any]) -> tuple[str, str, str]:
    answer = await client.post(url, json=body)
    assert answer.status_code == 200, answer.text
    [result] = answer.json()["results"]
    return result["outcome"], result["code"], result["detail"]


@pytest.mark.parametrize("outcome", ["passed", "failed"])
async def test_a_cleaning_that_is_scanned_twice_was_done_already(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, clock: Clock, outcome: str
) -> None:
    barcode = await given.item(State.RETURNED)
    began = {"barcodes": [barcode]}
    ended = {"results": [{"barcode": barcode, "outcome": outcome, "infection_risk": "low"}]}
    assert (await one(as_technician, START, began))[0] == "accepted"
    clock.move(seconds=2)
    assert await one(as_technician, START, began) == DONE
    assert (await one(as_technician2, START, began))[:2] == ("refused", "wrong-state")
    assert (await one(as_technician, FINISH, ended))[0] == "accepted"
    clock.move(seconds=60)
    assert await one(as_technician, FINISH, ended) == DONE
    clock.move(seconds=1)
    assert (await one(as_technician, FINISH, ended))[:2] == ("refused", "wrong-state")


async def test_a_release_and_a_failed_check_that_are_scanned_twice_were_done_already(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode)
    url = f"/api/v1/items/{barcode}/release"
    assert (await as_technician.post(url)).status_code == 200
    again = check_problem(await as_technician.post(url), 409, "already-scanned")
    assert again["detail"] == DONE[2]
    clock.move(seconds=61)
    check_problem(await as_technician.post(url), 409, "wrong-state")
    body = {"barcode": barcode, "kind": "functional", "outcome": "failed"}
    assert (await as_technician.post("/api/v1/inspections", json=body)).status_code == 201
    check_problem(await as_technician.post("/api/v1/inspections", json=body), 409, "already-scanned")


async def test_without_the_script_the_page_says_so_too(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED)
    pages = []
    for _ in range(2):
        form = shown_in((await technician.get("/scan")).form("/scan"))
        sent = {**form, "store": "MAIN", "mode": "start_decontamination", "barcode": barcode}
        pages.append(page_from(await technician.client.post("/workshop/scan", data=sent)))
    assert DONE[2] not in pages[0].text
    assert DONE[2] in pages[1].text


async def test_looking_whether_it_was_done_costs_the_same_for_any_number(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    barcodes = [await given.item(State.RETURNED) for _ in range(5)]
    counts = []
    for some in (barcodes[:1], barcodes[1:]):
        await as_technician.post(START, json={"barcodes": some})
        statements.clear()
        again = await as_technician.post(START, json={"barcodes": some})
        assert {result["code"] for result in again.json()["results"]} == {"already-scanned"}
        counts.append(len(statements))
    assert counts[0] == counts[1]
