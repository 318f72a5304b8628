"""Charges of one visit, written by two people at the same moment."""

import asyncio

import pytest
from sqlalchemy import text

from app.features.ordering.delivery_scans import LOCK_ORDERS
from app.features.ordering.records import read_order
from tests.conftest import Scratch
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.scans import batch, said, send
from tests.races.chains import check_chains

pytestmark = pytest.mark.race


async def test_two_who_scan_in_what_came_on_the_same_visits_charge_each_visit_once(scratch: Scratch) -> None:
    one, two, manager = [await scratch.sign_in(name) for name in ("technician", "technician2", "manager")]
    mine, theirs = [], []
    for _ in range(4):
        client = await scratch.given.client()
        labels = [(await scratch.given.loan(client=client)).barcode for _ in range(2)]
        asked = {"client_ref": client, "barcodes": labels, "reason": "No longer needed.", "speed": "standard"}
        assert (await manager.post("/api/v1/collections", json=asked)).status_code == 201
        mine.append(labels[0])
        theirs.append(labels[1])
    at = scratch.clock.now
    results = await asyncio.gather(
        send(one, "returns", batch(*mine, at=at)), send(two, "returns", batch(*reversed(theirs), at=at))
    )
    assert {outcome for answers in results for outcome, _ in said(answers)} == {"accepted"}
    visits = await scratch.query("SELECT collection_id FROM charge WHERE kind = 'collection'")
    assert len(visits) == len({row["collection_id"] for row in visits}) == 4
    assert len(await scratch.query("SELECT id FROM charge WHERE kind = 'credit'")) == 8
    await check_chains(scratch)


async def test_who_closes_a_month_waits_for_who_posts_and_nobody_for_ever(scratch: Scratch) -> None:
    technician = await scratch.sign_in("technician")
    labels = [(await scratch.given.collection()).barcode for _ in range(6)]

    async def close() -> None:
        async with scratch.database.sessions.begin() as session:
            await session.execute(
                text("INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')")
            )

    at = scratch.clock.now
    scans = [send(technician, "returns", batch(label, at=at)) for label in labels]
    results = await asyncio.gather(*scans[:3], close(), *scans[3:])
    assert all(said(answers) == [("accepted", None)] for answers in results if answers)
    lines = await scratch.query("SELECT period::text FROM charge WHERE kind = 'collection'")
    assert len(lines) == 6
    assert {line["period"] for line in lines} <= {"2026-03-01", "2026-04-01"}


async def test_who_changes_an_order_keeps_nobody_from_taking_a_thing_of_it_back(scratch: Scratch) -> None:
    """What is charged for the return refers to the order; whoever holds that wants items next, and would be waited for
    in both directions."""
    product = await scratch.given.product()
    await scratch.given.items(4, product=product)
    orders = Orders(scratch.given, scratch.sign_in)
    order = await orders.dispatched(product, lines=[{"product_code": product, "quantity": 4}])
    one, two, three, left = sorted(barcode for barcode in barcodes(order) if barcode)
    await orders.step(order["number"], "deliver", received_by="Mo", barcodes=[one, two, three])
    for barcode, locked in ((one, False), (two, True)):
        async with asyncio.timeout(30), scratch.database.sessions.begin() as session:
            if locked:
                await session.execute(LOCK_ORDERS, {"barcodes": [left]})
            else:
                await read_order(session, order["number"], lock=True)
            [result] = await scratch.given.scan(barcode)
            assert result.outcome.value == "accepted"
    person = await scratch.sign_in("technician")
    async with asyncio.timeout(30):
        delivered, [returned] = await asyncio.gather(
            person.post(f"/api/v1/orders/{order['number']}/deliver", json={"received_by": "Mo", "barcodes": [left]}),
            scratch.given.scan(three),
        )
    assert (delivered.status_code, returned.outcome.value) == (200, "accepted"), delivered.text
    await check_chains(scratch)
