"""Many hands at the returns desk at once: real commits on many connections."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

SCANS = "/api/v1/returns/scans"


def batch(barcodes: list[str], ids: list[str] | None = None) -> dict[str, Any]:
    ids = ids or [str(uuid4()) for _ in barcodes]
    return {"store": "MAIN", "scans": [{"scan_id": i, "barcode": b} for i, b in zip(ids, barcodes, strict=True)]}


async def send(client: AsyncClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.post(SCANS, json=body)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def test_when_32_clients_return_one_item_at_once_exactly_one_is_accepted(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    for _ in range(3):
        lent = await scratch.given.loan()
        answers = await asyncio.gather(*(send(client, batch([lent.barcode])) for _ in range(32)))
        told = [(one["outcome"], one["code"]) for [one] in answers]
        assert told.count(("accepted", None)) == 1
        assert told.count(("duplicate", "already-scanned")) == 31
    assert len(await scratch.query("SELECT id FROM movement WHERE move = 'return'")) == 3
    assert len(await scratch.query("SELECT id FROM decontamination")) == 3
    assert len(await scratch.query("SELECT id FROM return_scan")) == 3 * 32
    await check_chains(scratch)


async def test_a_queue_that_two_devices_drain_at_once_is_taken_once(scratch: Scratch) -> None:
    one, two = await scratch.sign_in("technician"), await scratch.sign_in("technician2")
    barcodes = [(await scratch.given.loan()).barcode for _ in range(12)]
    ids = [str(uuid4()) for _ in barcodes]
    forward, backward = batch(barcodes, ids), batch(barcodes[::-1], ids[::-1])
    answers = await asyncio.gather(*(send(c, b) for c in (one, two) for b in (forward, backward, forward)))
    outcomes: dict[str, list[str]] = {scan_id: [] for scan_id in ids}
    for results in answers:
        for result in results:
            outcomes[result["scan_id"]].append(result["outcome"])
    for found in outcomes.values():
        assert sorted(found) == ["accepted"] + ["duplicate"] * 5
    assert len(await scratch.query("SELECT id FROM movement WHERE move = 'return'")) == len(barcodes)
    await check_chains(scratch)


async def test_trolleys_with_the_same_items_in_opposite_order_do_not_block_each_other(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    barcodes = await scratch.given.items(20)
    for barcode in barcodes:
        await scratch.given.loan(barcode)
    orders = [barcodes, barcodes[::-1], barcodes[10:] + barcodes[:10], barcodes[::2] + barcodes[1::2]]
    answers = await asyncio.gather(*(send(client, batch(order)) for order in orders * 3))
    accepted = [one["barcode"] for results in answers for one in results if one["outcome"] == "accepted"]
    assert sorted(accepted) == sorted(barcodes)
    await check_chains(scratch)


async def test_benches_with_the_same_items_in_opposite_order_do_not_block_each_other(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    barcodes = [await scratch.given.item(State.RETURNED) for _ in range(12)]

    async def start(order: list[str]) -> list[dict[str, Any]]:
        answer = await client.post("/api/v1/decontaminations", json={"barcodes": order})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    async def finish(order: list[str], outcomes: list[str]) -> list[dict[str, Any]]:
        low = {"infection_risk": "low"}
        results = [{"barcode": b, "outcome": outcomes[n % len(outcomes)], **low} for n, b in enumerate(order)]
        answer = await client.post("/api/v1/decontaminations/results", json={"results": results})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    started = await asyncio.gather(*(start(order) for order in (barcodes, barcodes[::-1]) * 4))
    assert [one["outcome"] for results in started for one in results].count("accepted") == len(barcodes)
    # A batch that passes some and fails others takes its rows in two goes.
    mixed = ["passed", "failed"]
    orders = [(barcodes, mixed), (barcodes, mixed[::-1]), (barcodes[::-1], mixed), (barcodes[::-1], mixed[::-1])]
    done = await asyncio.gather(*(finish(order, outcomes) for order, outcomes in orders * 3))
    assert [one["outcome"] for results in done for one in results].count("accepted") == len(barcodes)
    await check_chains(scratch)


async def test_a_collection_that_is_cancelled_while_its_item_is_scanned_ends_one_way(scratch: Scratch) -> None:
    technician, ot = await scratch.sign_in("technician"), await scratch.sign_in("ot")
    for _ in range(10):
        fetched = await scratch.given.collection()
        cancel = ot.post(f"/api/v1/collections/{fetched.number}/cancel", json={"reason": "Stays."})
        [[result], cancelled] = await asyncio.gather(send(technician, batch([fetched.barcode])), cancel)
        # Cancelled first, then it comes back all the same; or back first, and then there is nothing to cancel.
        assert cancelled.status_code in {200, 409}, cancelled.text
        assert result["outcome"] == "accepted"
        assert (await scratch.given.record(fetched.barcode)).state is State.RETURNED
        open_lines = "SELECT id FROM collection_line WHERE collected_at IS NULL AND cancelled_at IS NULL"
        assert await scratch.query(open_lines) == []
    await check_chains(scratch)
