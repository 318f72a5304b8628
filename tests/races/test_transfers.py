"""Many hands at one consignment, and at one item: it is sent once, it arrives once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

TRANSFERS = "/api/v1/transfers"


async def make(client: AsyncClient, sender: str = "MAIN", receiver: str = "COAST") -> str:
    answer = await client.post(TRANSFERS, json={"from_store": sender, "to_store": receiver})
    number: str = answer.json()["number"]
    return number


async def scan(client: AsyncClient, number: str, verb: str, barcodes: list[str]) -> list[dict[str, Any]]:
    scans = [{"scan_id": str(uuid4()), "barcode": barcode} for barcode in barcodes]
    answer = await client.post(f"{TRANSFERS}/{number}/{verb}", json={"scans": scans})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def test_an_item_that_is_scanned_by_many_is_sent_once_and_arrives_once(scratch: Scratch) -> None:
    one, two = await scratch.sign_in("technician"), await scratch.sign_in("technician2")
    barcodes = await scratch.given.items(8)
    numbers = [await make(one), await make(two)]
    for verb, move_count in (("sent", 1), ("received", 2)):
        answers = await asyncio.gather(
            *(
                scan(client, number, verb, order)
                for client in (one, two)
                for number in numbers
                for order in (barcodes, barcodes[::-1])
            )
        )
        accepted = [result["barcode"] for results in answers for result in results if result["outcome"] == "accepted"]
        assert sorted(accepted) == sorted(barcodes)
        moved = await scratch.query("SELECT id FROM movement WHERE move = 'transfer'")
        assert len(moved) == move_count * len(barcodes)
    assert await scratch.query("SELECT id FROM hold WHERE lifted_at IS NULL") == []
    await check_chains(scratch)


async def test_what_is_lent_while_it_is_scanned_out_goes_one_way(scratch: Scratch) -> None:
    technician, ot = await scratch.sign_in("technician"), await scratch.sign_in("ot")
    number = await make(technician)
    for _ in range(8):
        [barcode] = await scratch.given.items(1)
        body = {"barcode": barcode, "client_ref": await scratch.given.client()}
        [result], lent = await asyncio.gather(
            scan(technician, number, "sent", [barcode]), ot.post("/api/v1/loans", json=body)
        )
        record = await scratch.given.record(barcode)
        ended = (result["outcome"], lent.status_code, record.state, len(record.evidence.holds))
        assert ended in {("accepted", 409, State.IN_STOCK, 1), ("refused", 201, State.ON_LOAN, 0)}
    await check_chains(scratch)
