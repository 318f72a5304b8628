"""A safety notice is put into force while thirty-two clients issue what it covers, and while goods come in."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.features.notices.covering import drafted, here, line, matches
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

CLIENTS, ITEMS = 32, 96
MODEL = line(models=["KS1019"])


async def test_after_an_activation_has_answered_nothing_that_it_covers_goes_out(scratch: Scratch) -> None:
    safety, safety2, ot = [await scratch.sign_in(name) for name in ("safety", "safety2", "ot")]
    product = await scratch.given.product(model="KS1019")
    barcodes = await scratch.given.items(ITEMS, product=product)
    people = [await scratch.given.client(address=f"{number} High Street") for number in range(CLIENTS)]
    await drafted(safety, MODEL)
    answered = asyncio.Event()

    async def issue(number: int, mine: list[str]) -> list[tuple[str, bool, int]]:
        told: list[tuple[str, bool, int]] = []
        for barcode in mine:
            was_answered = answered.is_set()
            loan = {"barcode": barcode, "client_ref": people[number]}
            keep = [
                {"barcode": one, "action": "keep", "reason": "One upstairs."} for one, _, status in told if status < 300
            ]
            answer = await ot.post("/api/v1/loans", json=loan | {"supersedes": keep})
            told.append((barcode, was_answered, answer.status_code))
        return told

    async def activate() -> None:
        await asyncio.sleep(0.3)
        done = await safety2.post(f"{here()}/activate", json={})
        answered.set()
        assert done.status_code == 200, done.text
        assert done.json()["affected"] == ITEMS

    going = [issue(number, barcodes[number::CLIENTS]) for number in range(CLIENTS)]
    async with asyncio.timeout(60):
        activating = asyncio.create_task(activate())
        told = await asyncio.gather(*going)
        await activating
    tries = [one for each in told for one in each]
    assert {status for _, was_answered, status in tries if was_answered} <= {409}
    assert 500 not in {status for _, _, status in tries}
    rows = {row["barcode"]: row for row in await all_matches(safety)}
    out = {barcode for barcode, _, status in tries if status < 300}
    assert {name for name, row in rows.items() if row["where"] == "with_client"} == out
    assert all(row["is_held"] for row in rows.values())
    assert len(rows) == ITEMS
    await check_chains(scratch)


async def test_what_comes_in_during_an_activation_is_held_whoever_is_first(scratch: Scratch) -> None:
    safety, safety2, technician = [await scratch.sign_in(name) for name in ("safety", "safety2", "technician")]
    product = await scratch.given.product(model="KS1019")
    await drafted(safety, MODEL)
    goods = {"product_code": product, "store": "MAIN", "quantity": 2, "received_on": scratch.given.today.isoformat()}

    async def receive() -> None:
        for _ in range(6):
            assert (await technician.post("/api/v1/items", json=goods)).status_code == 201

    async def activate() -> None:
        await asyncio.sleep(0.05)
        assert (await safety2.post(f"{here()}/activate", json={})).status_code == 200

    async with asyncio.timeout(60):
        await asyncio.gather(activate(), *(receive() for _ in range(4)))
    rows = await all_matches(safety)
    assert len(rows) == 48
    assert all(row["is_held"] for row in rows)
    assert {(await scratch.given.record(row["barcode"])).state for row in rows} == {State.IN_STOCK}


async def all_matches(client: AsyncClient) -> list[dict[str, Any]]:
    """Every page of them."""
    return await matches(client, limit="200")
