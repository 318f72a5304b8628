"""Many people at one count: an item counts once, and a count is finished once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

COUNTS = "/api/v1/stocktakes"


async def begin(client: AsyncClient, **body: Any) -> Response:
    return await client.post(COUNTS, json={"store": "MAIN", **body})


def scans(barcodes: list[str], ids: list[str] | None = None) -> dict[str, Any]:
    ids = ids or [str(uuid4()) for _ in barcodes]
    return {"scans": [{"scan_id": i, "barcode": b} for i, b in zip(ids, barcodes, strict=True)]}


async def test_an_item_that_two_devices_scan_at_once_is_counted_once(scratch: Scratch) -> None:
    one, two = await scratch.sign_in("technician"), await scratch.sign_in("technician2")
    expected = await scratch.given.items(10)
    strangers = await scratch.given.items(5, store="COAST")
    number = (await begin(one)).json()["number"]
    barcodes = expected + strangers
    ids = [str(uuid4()) for _ in barcodes]
    sent = [scans(barcodes), scans(barcodes[::-1]), scans(barcodes, ids), scans(barcodes[::-1], ids[::-1])]
    answers = await asyncio.gather(
        *(client.post(f"{COUNTS}/{number}/scans", json=body) for client in (one, two) for body in sent)
    )
    assert [answer.status_code for answer in answers] == [200] * 8
    results = [result for answer in answers for result in answer.json()["results"]]
    accepted = [result["barcode"] for result in results if result["outcome"] == "accepted"]
    assert sorted(accepted) == sorted(barcodes)
    assert {result["outcome"] for result in results} == {"accepted", "duplicate"}


async def test_of_many_who_begin_to_count_a_place_at_once_one_does(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    bays = [{}, {"bay": "A1"}, {"bay": "a1"}, {}] * 2
    answers = await asyncio.gather(*(begin(client, **body) for body in bays))
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(201) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"stocktake-open"}


async def test_of_two_who_finish_at_once_one_does_and_each_correction_happens_once(scratch: Scratch) -> None:
    manager, technician = await scratch.sign_in("manager"), await scratch.sign_in("technician")
    lost = await scratch.given.items(6)
    [elsewhere] = await scratch.given.items(1, store="COAST")
    number = (await begin(technician)).json()["number"]
    await technician.post(f"{COUNTS}/{number}/scans", json=scans([elsewhere]))
    corrections = [{"barcode": barcode, "correction": "mark_missing"} for barcode in lost]
    corrections.append({"barcode": elsewhere, "correction": "transfer"})
    orders = [corrections, corrections[::-1]] * 4
    answers = await asyncio.gather(
        *(manager.post(f"{COUNTS}/{number}/finish", json={"corrections": order}) for order in orders)
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"stocktake-closed"}
    moved = await scratch.query("SELECT move FROM movement WHERE reference = :number", number=number)
    assert sorted(one["move"] for one in moved) == [*["mark_missing"] * 6, "transfer"]
    await check_chains(scratch)


async def test_what_is_lent_while_the_count_is_finished_is_not_lost(scratch: Scratch) -> None:
    manager, technician = await scratch.sign_in("manager"), await scratch.sign_in("technician")
    ot = await scratch.sign_in("ot")
    for _ in range(6):
        [barcode] = await scratch.given.items(1)
        client_ref = await scratch.given.client()
        number = (await begin(technician)).json()["number"]
        body = {"corrections": [{"barcode": barcode, "correction": "mark_missing"}]}
        finished, lent = await asyncio.gather(
            manager.post(f"{COUNTS}/{number}/finish", json=body),
            ot.post("/api/v1/loans", json={"barcode": barcode, "client_ref": client_ref}),
        )
        # One of the two was first, and the other was told.
        state = (await scratch.given.record(barcode)).state
        if finished.status_code == 200:
            assert (state, lent.status_code) == (State.MISSING, 409)
        else:
            assert (state, lent.status_code, finished.json()["code"]) == (State.ON_LOAN, 201, "differences-changed")
            await technician.post(f"{COUNTS}/{number}/cancel")
    await check_chains(scratch)
