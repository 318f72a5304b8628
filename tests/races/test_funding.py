"""Settling who pays while the thing comes back, and twice at once: nothing keeps the old split, or moves twice."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.conftest import Scratch
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

SPLIT = {
    "funding": [{"funder": "ICB", "percent": 70}, {"funder": "CHC", "percent": 30}],
    "settlement": "Agreed at the meeting of both boards.",
}
LIVE = """
    SELECT charge.id, funder.code AS funder, charge.amount_pence, charge.kind, charge.is_provisional
    FROM charge LEFT JOIN funder ON funder.id = charge.funder_id
    WHERE reversal_of IS NULL AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = charge.id)
"""
MOVED = "SELECT count(*) AS lines, count(DISTINCT corrects_id) AS once FROM charge WHERE corrects_id IS NOT NULL"


async def delivered(scratch: Scratch, *, pieces: int = 1) -> tuple[str, list[str]]:
    """A delivered order of so many pieces; its number and its items."""
    product = await scratch.given.product(purchase_price_pence=10_001)
    items = await scratch.given.items(pieces, product=product, purchase_price_pence=10_001)
    ot, technician = await scratch.sign_in("ot"), await scratch.sign_in("technician")
    body = {
        "client_ref": await scratch.given.client(),
        "funder": "ASC",
        "speed": "five_day",
        "reason": "prevention",
        "clinical_reasoning": "Cannot stand at the basin.",
        "lines": [{"product_code": product, "quantity": pieces}],
    }
    number = str((await post(ot, "/orders", 201, **body))["number"])
    await post(ot, f"/orders/{number}/submit")
    await post(technician, f"/orders/{number}/allocate")
    await post(technician, f"/orders/{number}/dispatch")
    await post(technician, f"/orders/{number}/deliver", received_by="Her daughter")
    return number, items


async def post(client: AsyncClient, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    """One POST that must be answered so."""
    answer = await client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_comes_back_while_it_is_settled_keeps_nothing_of_the_old_split(scratch: Scratch) -> None:
    for _ in range(4):
        number, items = await delivered(scratch, pieces=3)
        finance = await scratch.sign_in("finance")
        said = {"order_number": number, "reason": "The council says that the board pays."}
        dispute = await post(finance, "/finance/disputes", 201, **said)

        async def settle(number: int = dispute["id"], client: AsyncClient = finance) -> Response:
            return await client.post(f"/api/v1/finance/disputes/{number}/settle", json=SPLIT)

        async with asyncio.timeout(60):
            answer, returned = await asyncio.gather(
                settle(), asyncio.gather(*(scratch.given.scan(barcode) for barcode in items))
            )
        assert answer.status_code == 200, answer.text
        assert [[result.outcome.value for result in results] for results in returned] == [["accepted"]] * 3
        live = await scratch.query(LIVE)
        assert {row["funder"] for row in live} == {"ICB", "CHC"}
        assert {row["is_provisional"] for row in live} == {False}
        assert sum(row["kind"] == "credit" for row in live) % 6 == 0
    await check_chains(scratch)


async def test_of_many_who_settle_at_once_one_does(scratch: Scratch) -> None:
    number, _ = await delivered(scratch)
    people = [await scratch.sign_in("finance") for _ in range(8)]
    said = {"order_number": number, "reason": "The council says that the board pays."}
    async with asyncio.timeout(60):
        opened = await asyncio.gather(*(one.post("/api/v1/finance/disputes", json=said) for one in people))
        assert sorted(answer.status_code for answer in opened) == [201, *[409] * 7]
        dispute_id = next(answer.json()["id"] for answer in opened if answer.status_code == 201)
        url = f"/api/v1/finance/disputes/{dispute_id}/settle"
        answers = await asyncio.gather(*(one.post(url, json=SPLIT) for one in people))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already-settled"}
    live = await scratch.query(LIVE)
    assert sum(row["amount_pence"] for row in live) == 10_001
    # The purchase and the delivery, each once for each of the two who pay.
    assert await scratch.query(MOVED) == [{"lines": 4, "once": 2}]
