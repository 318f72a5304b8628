"""Deliveries and collections from a queue that two devices drain at once, while somebody works at a page too."""

import asyncio

import pytest

from tests.conftest import Scratch
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.scans import batch, send
from tests.races.chains import check_chains

pytestmark = pytest.mark.race


async def test_what_two_devices_and_a_page_say_at_once_is_recorded_once(scratch: Scratch) -> None:
    one, two = await scratch.sign_in("technician"), await scratch.sign_in("technician2")
    orders, labels, numbers = Orders(scratch.given, scratch.sign_in), [], []
    for _ in range(3):
        product = await scratch.given.product()
        await scratch.given.items(2, product=product)
        order = await orders.dispatched(product, lines=[{"product_code": product, "quantity": 2}])
        numbers.append(order["number"])
        labels += [barcode for barcode in barcodes(order) if barcode]
    fetched = [(await scratch.given.collection()).barcode for _ in range(6)]
    delivered = batch(*labels, at=scratch.clock.now, received_by="Mo")
    collected = batch(*fetched, at=scratch.clock.now)
    backward = delivered | {"scans": delivered["scans"][::-1]}
    by_page = one.post(f"/api/v1/orders/{numbers[1]}/deliver", json={"received_by": "Mo"})
    results = await asyncio.gather(
        send(one, "deliveries", delivered),
        send(two, "deliveries", backward),
        send(one, "collections", collected),
        send(two, "collections", collected | {"scans": collected["scans"][::-1]}),
        by_page,
    )
    for answers in results[:4]:
        assert isinstance(answers, list)
    outcomes: dict[str, list[str]] = {}
    for answers in results[:4]:
        for answer in answers:
            outcomes.setdefault(answer["scan_id"], []).append(answer["outcome"])
    assert {tuple(sorted(found)) for found in outcomes.values()} <= {("accepted", "duplicate"), ("refused", "refused")}
    assert [sorted(outcomes[scan["scan_id"]]) for scan in collected["scans"]] == [["accepted", "duplicate"]] * 6
    loans = await scratch.query("SELECT item_id FROM loan WHERE started_by IN ('technician', 'technician2')")
    assert len(loans) == len({loan["item_id"] for loan in loans}) == len(labels)
    assert len(await scratch.query("SELECT id FROM collection_line WHERE picked_up_at IS NOT NULL")) == 6
    await check_chains(scratch)
