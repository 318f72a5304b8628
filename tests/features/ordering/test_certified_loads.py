"""An order gets an item that carries its client, by what was certified for that item, and keeps no other (ADR 28)."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.clearance import HoldKind
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.scans import batch, send
from tests.given import Given
from tests.problems import check_problem

INSPECTIONS = [{"kind": "loler", "every_months": 6}]
TOLD = "SELECT body FROM message WHERE purpose = 'order_promise_withdrawn'"


def weighs(kg: int) -> dict[str, Any]:
    return {"weight_kg": kg, "weighed_on": "2026-02-20"}


@pytest.fixture
async def product(given: Given) -> str:
    """A stand aid that carries 200 kg."""
    return await given.product("AID-200", safe_working_load_kg=200, inspections=INSPECTIONS)


async def certify(given: Given, barcode: str, kg: int) -> None:
    await given.inspected(barcode, kind=InspectionKind.LOLER, safe_working_load_kg=kg)


async def test_orders_get_what_carries_the_client(orders: Orders, given: Given, product: str) -> None:
    weak, strong = await given.items(2, product=product)
    await certify(given, weak, 160)
    heavy = await given.client(**weighs(180))
    order = await orders.submitted(product, client=heavy)
    assert barcodes(order) == [strong]
    # Where nobody knows the weight, what carries less than what was ordered is not sent.
    unknown = await orders.submitted(product, client=await given.client())
    assert barcodes(unknown) == [None]
    light = await orders.submitted(product, client=await given.client(**weighs(150)))
    assert barcodes(light) == [weak]


async def test_what_was_decided_about_the_product_does_not_cover_a_weaker_item(
    orders: Orders, given: Given, product: str
) -> None:
    weak, strong = await given.items(2, product=product)
    await certify(given, weak, 160)
    order = await orders.submitted(product, product, client=await given.client(**weighs(220)))
    assert sorted(filter(None, barcodes(order))) == [strong]


async def test_a_promise_is_looked_at_again_and_kept_by_another_that_carries_the_client(
    orders: Orders, given: Given, query: Query, product: str
) -> None:
    client = await given.client(**weighs(180))
    first = await given.item(product=product)
    order = await orders.submitted(product, client=client)
    assert order["promised_on"]
    second = await given.item(product=product)
    await certify(given, first, 160)
    order = await orders.get(order["number"])
    assert (barcodes(order), bool(order["promised_on"])) == ([second], True)
    assert (await given.record(first)).state is State.IN_STOCK
    await certify(given, second, 170)
    order = await orders.get(order["number"])
    assert order["promised_on"] is None
    [told] = await query(TOLD)
    assert "By its thorough examination of 2 March 2026 it carries only 170 kg." in told["body"]
    # It does not go out.
    order = await orders.step(order["number"], "allocate")
    assert barcodes(order) == [None]


async def test_what_is_with_the_driver_for_a_heavier_client_is_not_left_there(
    orders: Orders, given: Given, product: str
) -> None:
    barcode = await given.item(product=product)
    order = await orders.dispatched(product, client=await given.client(**weighs(180)))
    await certify(given, barcode, 160)
    assert [hold.kind for hold in (await given.record(barcode)).evidence.holds] == [HoldKind.INVESTIGATION]
    driver = await orders.sign_in("technician")
    refusal = await driver.post(f"/api/v1/orders/{order['number']}/deliver", json={"received_by": "Her son"})
    check_problem(refusal, 409, "on-hold")


async def test_a_load_is_asked_about_at_the_door_and_what_was_handed_over_all_the_same_is_stopped(
    orders: Orders, given: Given, product: str, query: Query
) -> None:
    barcode = await given.item(product=product)
    order = await orders.dispatched(product, client=await given.client(**weighs(180)))
    await certify(given, barcode, 160)
    [hold] = await query("SELECT id FROM hold WHERE lifted_at IS NULL")
    manager, driver = await orders.sign_in("manager"), await orders.sign_in("technician")
    hold_url = f"/api/v1/items/{barcode}/holds/{hold['id']}"
    lifted = await manager.delete(hold_url, params={"reason": "Looked at: it is whole."})
    assert lifted.status_code == 204, lifted.text
    await given.labelled(barcode)
    deliver = f"/api/v1/orders/{order['number']}/deliver"
    refusal = check_problem(await driver.post(deliver, json={"received_by": "Her son"}), 409, "not-clear")
    assert [blocker["code"] for blocker in refusal["blockers"]] == ["load-too-low"]
    assert await query("SELECT id FROM stop_use_notice") == []
    told = {"received_by": "Her son", "handed_over_already": True}
    assert (await driver.post(deliver, json=told)).status_code == 200
    assert len(await query("SELECT id FROM stop_use_notice")) == 1


async def test_nothing_is_sent_out_with_a_label_that_says_too_much(
    orders: Orders, given: Given, product: str, technician: Browser
) -> None:
    barcode = await given.item(product=product)
    await certify(given, barcode, 160)
    order = await orders.submitted(product, client=await given.client(**weighs(80)))
    number = order["number"]
    await orders.step(number, "allocate")
    as_store = await orders.sign_in("technician")
    [line] = (await as_store.get("/api/v1/pick-list")).json()["items"]
    assert line["label_wanted"] is True
    refusal = check_problem(await as_store.post(f"/api/v1/orders/{number}/dispatch"), 409, "not-clear")
    assert [one["code"] for one in refusal["blockers"]] == ["label-says-too-much"]
    for page in ("/orders/pick", f"/orders/{number}/dispatch"):
        shown = await technician.get(page)
        assert shown.soup.select_one(f'a[href="/labels?barcode={barcode}"]') is not None, page
    scanned = await technician.get(f"/orders/{number}/dispatch", barcode=barcode)
    assert "its label may say more. Print a new label" in scanned.text
    assert "0 of 1 scanned" in scanned.text
    await given.labelled(barcode)
    assert (await orders.step(number, "dispatch"))["state"] == "dispatched"


@pytest.mark.parametrize("by_scan", [False, True])
async def test_what_was_handed_over_although_it_is_too_weak_asks_for_a_weight_that_nobody_knows(
    orders: Orders, given: Given, query: Query, clock: Clock, ot: Browser, as_ot: AsyncClient, by_scan: bool
) -> None:
    chair = await given.product("CHAIR", category="18 09 21", safe_working_load_kg=200, inspections=INSPECTIONS)
    barcode, client = await given.item(product=chair), await given.client()
    order = await orders.dispatched(chair, client=client)
    await certify(given, barcode, 160)
    [hold] = await query("SELECT id FROM hold WHERE lifted_at IS NULL")
    manager, driver = await orders.sign_in("manager"), await orders.sign_in("technician")
    hold_url = f"/api/v1/items/{barcode}/holds/{hold['id']}"
    await manager.delete(hold_url, params={"reason": "Looked at: it is whole."})
    deliver = f"/api/v1/orders/{order['number']}/deliver"
    if by_scan:
        now = clock.now
        [live] = await send(driver, "deliveries", batch(barcode, at=now, sent_at=now, received_by="Her son"))
        assert (live["outcome"], "less than the 200 kg that were ordered" in live["detail"]) == ("refused", True)
        clock.move(hours=3)
        late = batch(barcode, at=now, sent_at=clock.now, received_by="Her son")
        [done] = await send(driver, "deliveries", late)
        assert [one["code"] for one in done["warnings"]] == ["handed-over-blocked"]
    else:
        refusal = check_problem(await driver.post(deliver, json={"received_by": "Her son"}), 409, "not-clear")
        assert {one["code"] for one in refusal["blockers"]} == {"label-says-too-much"}
        told = {"received_by": "Her son", "handed_over_already": True}
        assert (await driver.post(deliver, json=told)).status_code == 200
    assert await query("SELECT id FROM stop_use_notice") == []
    [letter] = await query("SELECT to_name, body FROM message WHERE purpose = 'weight_wanted'")
    assert (letter["to_name"], "less than what was ordered" in letter["body"]) == (
        "Olu Thompson",
        True,
    )
    [lent] = (await as_ot.get("/api/v1/loans")).json()["items"]
    assert "Weigh them before it is used again" in lent["weight_wanted"]
    assert "Weigh them before it is used again" in (await ot.get(f"/clients/{client}")).text
    assert "1 person to weigh" in " ".join((await ot.get("/")).text.split())
