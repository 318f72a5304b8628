"""Deliveries by scan: what was left at a client's door, sent at once or hours later."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.notices.covering import activated, results
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.scans import batch, said, send
from tests.given import Given
from tests.problems import check_problem


async def out(orders: Orders, given: Given, count: int = 1, **details: Any) -> tuple[str, list[str]]:
    """An order that is with the driver: its number and its labels."""
    product = await given.product()
    await given.items(count, product=product)
    order = await orders.dispatched(product, lines=[{"product_code": product, "quantity": count} | details])
    return order["number"], [barcode for barcode in barcodes(order) if barcode]


async def test_deliveries_to_several_clients_in_one_batch_become_loans_and_trials_from_when_they_were_scanned(
    orders: Orders, given: Given, clock: Clock, query: Query, as_technician: AsyncClient
) -> None:
    first, [bed, rail] = await out(orders, given, 2)
    second, [chair] = await out(orders, given, kind="trial", trial_days=14, trial_goals="Sits for an hour.")
    clock.move(hours=1)
    body = batch(bed, rail, chair, at=clock.now, received_by="Mo Smith")
    body["scans"][2]["received_by"] = "Ida Ray"
    clock.move(hours=5)
    results = await send(as_technician, "deliveries", body | {"sent_at": clock.now.isoformat()})
    assert said(results) == [("accepted", None)] * 3
    assert [one["state"] for one in results] == ["on_loan", "on_loan", "on_trial"]
    assert results[0]["detail"] == f"Order {first}, taken in by Mo Smith."
    assert results[0]["next_step"]["route"] == "client"
    rows = await query("SELECT started_at, kind, trial_ends_on::text AS ends FROM loan ORDER BY id")
    assert [(row["kind"], row["ends"]) for row in rows] == [("loan", None), ("loan", None), ("trial", "2026-03-16")]
    assert {row["started_at"].hour for row in rows} == {15}
    for number, receiver, count in ((first, "Mo Smith", 2), (second, "Ida Ray", 1)):
        order = await orders.get(number)
        assert (order["state"], order["visits"][0]["received_by"]) == ("delivered", receiver)
        assert len(order["visits"][0]["barcodes"]) == count
    acts = await query("SELECT subject FROM audit_event WHERE action = 'order_delivered' ORDER BY subject")
    assert [act["subject"] for act in acts] == [f"order:{first}", f"order:{second}"]


async def test_the_same_queue_from_two_devices_delivers_each_once(
    orders: Orders, given: Given, clock: Clock, query: Query, as_technician: AsyncClient
) -> None:
    _, [one, two] = await out(orders, given, 2)
    body = batch(one, two, at=clock.now, sent_at=clock.now, received_by="Mo")
    assert said(await send(as_technician, "deliveries", body)) == [("accepted", None)] * 2
    assert said(await send(as_technician, "deliveries", body)) == [("duplicate", "scan-already-taken")] * 2
    again = batch(one, at=clock.now, sent_at=clock.now, received_by="Mo")
    assert said(await send(as_technician, "deliveries", again)) == [("duplicate", "already-scanned")]
    clock.move(minutes=2)
    again = batch(one, at=clock.now, sent_at=clock.now, received_by="Mo")
    assert said(await send(as_technician, "deliveries", again)) == [("refused", "already-delivered")]
    # The same id for a return is another scan: it must not be answered with what became of the delivery.
    assert said(await send(as_technician, "returns", body)) == [("refused", "scan-id-reused")] * 2
    assert len(await query("SELECT id FROM loan")) == 2


async def test_one_bad_scan_never_loses_the_others_and_is_kept_with_who_took_it(
    orders: Orders, given: Given, clock: Clock, as_technician: AsyncClient, as_manager: AsyncClient
) -> None:
    number, [bed, rail] = await out(orders, given, 2)
    shelf, lent = await given.item(), await given.loan()
    nowhere = await given.item(State.DISPATCHED)
    labels = (bed, bed, shelf, lent.barcode, nowhere, "ES000123473", "BOX")
    body = batch(*labels, at=clock.now, received_by="Mo Smith")
    body["scans"] += [
        batch(rail, at=clock.now, received_by="Mo", order="O999999")["scans"][0],
        batch(rail, at=clock.now)["scans"][0],
        batch(rail, at=clock.now, received_by="x" * 201)["scans"][0],
        {"scan_id": "7", "barcode": rail},
    ]
    results = await send(as_technician, "deliveries", body)
    assert said(results) == [
        ("accepted", None),
        ("duplicate", "already-scanned"),
        ("refused", "not-with-the-driver"),
        ("refused", "already-delivered"),
        ("refused", "not-with-the-driver"),
        ("refused", "mistyped-barcode"),
        ("unknown", "unknown-barcode"),
        ("refused", "another-order"),
        *[("refused", "malformed-scan")] * 3,
    ]
    assert number in results[7]["detail"]
    assert results[7]["next_step"]["route"] == "ring_store"
    assert results[8]["detail"] == "A delivery must say who took it in, on one line."
    listed = (await as_manager.get("/api/v1/returns/unmatched?limit=100")).json()["items"]
    assert {one["kind"] for one in listed} == {"delivery"}
    [other] = [one for one in listed if one["code"] == "another-order"]
    assert (other["handed_to"], other["order_number"]) == ("Mo", "O999999")


async def test_what_got_a_hold_is_refused_at_the_door_and_recorded_when_the_driver_has_long_gone(
    orders: Orders, given: Given, clock: Clock, query: Query, as_technician: AsyncClient
) -> None:
    _, [bed, rail] = await out(orders, given, 2)
    await given.hold(bed)
    await given.hold(rail)
    now = clock.now
    [refused] = await send(as_technician, "deliveries", batch(bed, at=now, sent_at=now, received_by="Mo"))
    assert (refused["outcome"], refused["code"], len(refused["holds"])) == ("refused", "on-hold", 1)
    assert "Do not hand it over" in refused["detail"]
    clock.move(hours=3)
    late = batch(rail, at=now, sent_at=clock.now, received_by="Mo")
    [taken] = await send(as_technician, "deliveries", late)
    assert (taken["outcome"], taken["code"], len(taken["holds"])) == ("accepted", "handed-over-blocked", 1)
    assert taken["next_step"]["route"] == "collection"
    [told] = await query("SELECT body FROM message WHERE purpose = 'order_delivered'")
    assert f"{rail} was handed over in spite of this: Fault: The castor is loose." in told["body"]
    [stopped] = await query(
        "SELECT item.barcode, notice.reason FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id "
        "JOIN item ON item.id = loan.item_id"
    )
    assert stopped == {"barcode": rail, "reason": "Fault: The castor is loose."}


async def test_a_scan_that_waited_while_its_item_came_back_and_went_to_somebody_else_changes_nothing(
    orders: Orders, given: Given, clock: Clock, as_technician: AsyncClient
) -> None:
    _, [bed, rail] = await out(orders, given, 2)
    clock.move(hours=1)
    body = batch(bed, rail, at=clock.now, received_by="Mo")
    clock.move(hours=1)
    await given.scan(bed)
    clock.move(days=1)
    results = await send(as_technician, "deliveries", body | {"sent_at": clock.now.isoformat()})
    assert said(results) == [("refused", "already-returned"), ("accepted", None)]
    assert results[0]["detail"] == (
        "It was scanned on 2 March 2026 at 15:05, and it came in at the store after that, on 2 March 2026 at 16:05. "
        "Nothing was changed."
    )


async def test_old_equipment_is_called_back_with_the_delivery(
    orders: Orders, given: Given, clock: Clock, query: Query, as_technician: AsyncClient
) -> None:
    product = await given.product(category="12 22 03")
    lent = await given.loan(await given.item(product=product))
    await given.items(1, product=product)
    supersedes = [{"barcode": lent.barcode, "action": "collect", "reason": "Too narrow now."}]
    order = await orders.dispatched(product, client=lent.client_ref, supersedes=supersedes)
    assert len(await query("SELECT id FROM collection")) == 1
    body = batch(*[one for one in barcodes(order) if one], at=clock.now, received_by="Mo")
    assert said(await send(as_technician, "deliveries", body)) == [("accepted", None)]


async def test_what_must_not_be_used_together_is_said_at_the_door_and_held(
    orders: Orders, given: Given, clock: Clock, as_technician: AsyncClient, as_safety: AsyncClient,
    as_manager: AsyncClient,
) -> None:  # fmt: skip
    home = await given.client(address="1 High Street")
    other = await given.product(model="S1", category="12 36 21")
    sling = await given.item(State.ON_LOAN, product=other, client=home)
    both = {"effect": "include", "models": ["S1"], "where": {"together_with": {"models": ["KS1019"]}}}
    await activated(as_safety, as_manager, both)
    product = await given.product(model="KS1019")
    await given.items(1, product=product)
    order = await orders.dispatched(product, client=home)
    [hoist] = [one for one in barcodes(order) if one]
    told = check_problem(
        await as_technician.post(f"/api/v1/orders/{order['number']}/deliver", json={"received_by": "Mo"}),
        409,
        "used-together",
    )
    assert told["detail"].endswith("say so in the record.")
    [result] = await send(as_technician, "deliveries", batch(hoist, at=clock.now, received_by="Mo"))
    assert said([result]) == [("accepted", "used-together")]
    assert await results(as_safety) == {sling: ("affected", "loan")}


async def test_the_run_that_a_device_keeps_names_no_client(
    orders: Orders, given: Given, as_technician: AsyncClient, as_ot: AsyncClient
) -> None:
    number, [bed] = await out(orders, given)
    [row] = (await as_technician.get("/api/v1/deliveries")).json()
    assert (row.keys(), row["barcode"], row["order"]) == ({"barcode", "product_name", "order"}, bed, number)
    check_problem(await as_ot.get("/api/v1/deliveries"), 403)


@pytest.mark.parametrize("count", [1, 12])
async def test_it_costs_as_many_statements_for_a_dozen_as_for_one(
    orders: Orders, given: Given, clock: Clock, statements: Statements, as_technician: AsyncClient, count: int
) -> None:
    _, labels = await out(orders, given, count)
    body = batch(*labels, at=clock.now, received_by="Mo")
    statements.clear()
    await send(as_technician, "deliveries", body)
    assert len(statements) == 16, "\n".join(statements)
