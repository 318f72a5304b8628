"""What the store does: allocate, send out, deliver, come back; and old equipment on the same visit."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import Orders, barcodes, done, pieces, weigh
from tests.given import Given
from tests.problems import check_problem


async def test_allocating_what_is_not_there_is_refused_and_what_comes_later_is_held(
    orders: Orders, given: Given, as_technician: AsyncClient
) -> None:
    product = await given.product()
    order = await orders.submitted(product)
    url = f"/api/v1/orders/{order['number']}/allocate"
    check_problem(await as_technician.post(url), 409, "no-stock")
    item = await given.item(product=product)
    order = done(await as_technician.post(url))
    assert (order["state"], barcodes(order)) == ("allocated", [item])
    check_problem(await as_technician.post(url), 409, "wrong-state")


async def test_allocating_a_part_says_what_is_missing(orders: Orders, given: Given) -> None:
    one, other = await given.product(), await given.product()
    await given.item(product=one)
    order = await orders.submitted(one, other)
    order = await orders.step(order["number"], "allocate")
    assert (order["state"], pieces(order)) == ("approved", ["held", "wanted"])
    assert [(one["position"], one["quantity"]) for one in order["missing"]] == [(2, 1)]


async def test_an_item_that_got_a_hold_is_refused_by_name_and_replaced_by_allocating_again(
    orders: Orders, given: Given, as_technician: AsyncClient, query: Query
) -> None:
    product = await given.product()
    first = await given.item(product=product)
    order = await orders.submitted(product)
    await orders.step(order["number"], "allocate")
    await given.hold(first)
    second = await given.item(product=product)
    url = f"/api/v1/orders/{order['number']}"
    refused = check_problem(await as_technician.post(f"{url}/dispatch"), 409, "on-hold")
    assert refused["detail"].startswith(f"{first} may not go out. Fault: The castor is loose.")
    assert [one["code"] for one in done(await as_technician.get(url))["lines"][0]["units"][0]["blockers"]] == [
        "on-hold"
    ]
    order = done(await as_technician.post(f"{url}/allocate"))
    assert (order["state"], barcodes(order)) == ("allocated", [second])
    ended = await query("SELECT ended_because FROM reservation WHERE ended_at IS NOT NULL")
    assert ended == [{"ended_because": "item_unfit"}]
    assert (await orders.step(order["number"], "dispatch"))["state"] == "dispatched"


async def test_what_waits_for_a_signature_is_not_allocated_even_when_its_item_is_unfit(
    orders: Orders, given: Given, as_technician: AsyncClient
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.submitted(product, by="student.ot")
    await given.hold(item)
    answer = await as_technician.post(f"/api/v1/orders/{order['number']}/allocate")
    check_problem(answer, 409, "wrong-state")


async def test_only_what_is_held_for_the_order_is_sent(
    orders: Orders, given: Given, as_technician: AsyncClient
) -> None:
    product = await given.product()
    await given.item(product=product)
    order = await orders.submitted(product)
    other = await given.item(product=product)
    url = f"/api/v1/orders/{order['number']}/dispatch"
    check_problem(await as_technician.post(url, json={"barcodes": [other]}), 409, "not-held-for-this-order")


async def test_a_delivery_makes_loans_and_trials_with_their_goals(
    orders: Orders, given: Given, clock: Clock, query: Query
) -> None:
    lent, tried = await given.product(), await given.product()
    await given.item(product=lent)
    await given.item(product=tried)
    trial = {"product_code": tried, "kind": "trial", "trial_days": 14, "trial_goals": "Sits for an hour."}
    order = await orders.dispatched(lent, tried, lines=[{"product_code": lent}, trial])
    clock.move(days=1)
    when = clock.now.isoformat()
    clock.move(days=1)
    order = await orders.step(
        order["number"], "deliver", received_by="Mo Smith", delivered_at=when, note="At the back."
    )
    assert (order["state"], pieces(order)) == ("delivered", ["delivered", "delivered"])
    loans = await query("SELECT kind, trial_ends_on::text AS ends, trial_goals AS goals FROM loan ORDER BY id")
    assert loans == [
        {"kind": "loan", "ends": None, "goals": None},
        {"kind": "trial", "ends": "2026-03-17", "goals": "Sits for an hour."},
    ]
    states = await query("SELECT state FROM item ORDER BY id")
    assert [row["state"] for row in states] == ["on_loan", "on_trial"]
    ended = await query("SELECT DISTINCT ended_because FROM reservation")
    assert ended == [{"ended_because": "taken"}]
    assert order["visits"][0]["received_by"] == "Mo Smith"


async def test_a_visit_is_neither_in_the_future_nor_before_it_left(
    orders: Orders, given: Given, as_technician: AsyncClient
) -> None:
    product = await given.product()
    await given.item(product=product)
    order = await orders.dispatched(product)
    url = f"/api/v1/orders/{order['number']}/deliver"
    for when, code in (
        ("2026-03-02T14:06:00Z", "time-in-the-future"),
        ("2026-03-01T14:00:00Z", "before-it-left"),
        ("2026-03-02T14:05:00", "time-without-zone"),
    ):
        body = {"received_by": "Mo", "delivered_at": when}
        check_problem(await as_technician.post(url, json=body), 422, code, field="delivered_at")


async def test_after_a_failed_visit_what_is_scanned_back_is_wanted_again_by_itself(
    orders: Orders, given: Given, as_technician: AsyncClient, query: Query
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.dispatched(product)
    order = await orders.step(order["number"], "failed-visit", reason="Nobody was in.")
    assert (order["state"], order["visits"][0]["failed_because"]) == ("dispatched", "Nobody was in.")
    failed = done(await as_technician.get("/api/v1/orders?failed_visit=true"))["items"]
    assert [row["number"] for row in failed] == [order["number"]]
    told = await query("SELECT subject FROM message WHERE purpose = 'order_not_delivered'")
    assert told == [{"subject": f"Order {order['number']} was not delivered"}]
    await given.scan(item)
    order = await orders.get(order["number"])
    assert (order["state"], pieces(order), barcodes(order)) == ("approved", ["wanted"], [None])
    other = await given.item(product=product)
    order = await orders.step(order["number"], "allocate")
    assert (order["state"], barcodes(order)) == ("allocated", [other])


async def test_old_equipment_must_be_decided_about_and_is_fetched_on_the_same_visit(
    orders: Orders, given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product, client = await given.product(), await given.client("C-9")
    old = await given.loan(await given.item(product=product), client=client)
    await given.item(product=product)
    draft = await orders.draft(product, client=client)
    assert [(one["barcode"], one["action"]) for one in draft["supersedes"]] == [(old.barcode, None)]
    url = f"/api/v1/orders/{draft['number']}"
    refused = check_problem(await as_ot.post(f"{url}/submit"), 422, "say-what-becomes-of-old-equipment")
    assert [one["barcode"] for one in refused["old_equipment"]] == [old.barcode]
    said = [{"barcode": old.barcode, "action": "collect", "reason": "Too low now."}]
    draft = done(await as_ot.patch(url, json={"supersedes": said}, headers={"If-Match": '"1"'}))
    order = await orders.submit(draft)
    assert (await given.record(old.barcode)).state is State.ON_LOAN
    order = await orders.step(order["number"], "dispatch")
    assert (await given.record(old.barcode)).state is State.AWAITING_COLLECTION
    [fetched] = await query("SELECT number, requested_by FROM collection")
    assert order["supersedes"][0]["collection"] == fetched["number"]
    await given.scan(old.barcode)
    assert (await orders.step(order["number"], "deliver", received_by="Mo"))["state"] == "delivered"


async def test_stop_use_takes_effect_at_submission_whoever_must_still_sign(
    orders: Orders, given: Given, query: Query
) -> None:
    product, client = await given.product(), await given.client("C-9")
    old = await given.loan(await given.item(product=product), client=client)
    said = [{"barcode": old.barcode, "action": "stop_use", "reason": "The loops are worn."}]
    order = await orders.submitted(product, by="student.ot", client=client, supersedes=said)
    assert order["state"] == "awaiting_authorisation"
    notices = await query("SELECT loan_id, reason, given_by, told FROM stop_use_notice")
    assert notices == [{"loan_id": old.id, "reason": "The loops are worn.", "given_by": "student.ot", "told": None}]
    [told] = await query("SELECT to_name, body FROM message WHERE purpose = 'stop_use_phone'")
    assert told["to_name"] == "Sam Whitfield"
    assert "No care provider is recorded for this client" in told["body"]


async def test_old_equipment_of_another_client_is_refused(orders: Orders, given: Given, as_ot: AsyncClient) -> None:
    old = await given.loan()
    said = [{"barcode": old.barcode, "action": "keep", "reason": "A spare one."}]
    body = await orders.body(await given.product(), supersedes=said)
    check_problem(await as_ot.post("/api/v1/orders", json=body), 409, "not-with-this-client")


async def test_the_pick_list_is_by_promised_day_store_and_bay_with_what_is_late(
    orders: Orders, given: Given, as_technician: AsyncClient, clock: Clock
) -> None:
    one, other = await given.product(), await given.product()
    await given.item(product=one, bay="B2")
    await given.item(product=other, bay="A1", store="COAST")
    later = await orders.submitted(one)
    soon = await orders.submitted(other, speed="same_day")
    clock.move(days=1)
    rows = (await as_technician.get("/api/v1/pick-list")).json()["items"]
    assert [(row["number"], row["store"], row["bay"], row["is_late"]) for row in rows] == [
        (soon["number"], "COAST", "A1", True),
        (later["number"], "MAIN", "B2", False),
    ]
    assert [row["bay"] for row in (await as_technician.get("/api/v1/pick-list?store=MAIN")).json()["items"]] == ["B2"]
    late = done(await as_technician.get("/api/v1/orders?late=true"))["items"]
    assert [row["number"] for row in late] == [soon["number"]]
    due = done(await as_technician.get("/api/v1/orders?due_on=2026-03-09"))["items"]
    assert [row["number"] for row in due] == [later["number"]]


async def test_the_pick_list_of_the_api_comes_in_pages_and_those_without_a_day_stand_last(
    orders: Orders, given: Given, as_technician: AsyncClient, clock: Clock, session: AsyncSession
) -> None:
    product = await given.product()
    wanted = [await given.item(product=product) for _ in range(4)]
    undated = await orders.submitted(product)
    # As an order stands whose promise was withdrawn.
    await session.execute(
        text("UPDATE equipment_order SET promised_on = NULL WHERE number = :number"), {"number": undated["number"]}
    )
    await session.commit()
    first = await orders.submitted(product, lines=[{"product_code": product, "quantity": 2}])
    clock.move(days=1)
    last = await orders.submitted(product)
    rows: list[dict[str, Any]] = []
    after = None
    for _ in wanted:
        asked = {"limit": "1"} | ({"after": after} if after else {})
        page = done(await as_technician.get("/api/v1/pick-list", params=asked))
        rows, after = rows + page["items"], page["next"]
    assert after is None
    assert sorted(row["barcode"] for row in rows) == sorted(wanted)
    numbers = [first["number"], first["number"], last["number"], undated["number"]]
    assert [row["number"] for row in rows] == numbers
    whole = done(await as_technician.get("/api/v1/pick-list", params={"limit": "2"}))["items"]
    assert whole == rows[:2]
    refused = await as_technician.get("/api/v1/pick-list", params={"after": "x"})
    check_problem(refused, 422, "bad-cursor", field="after")
    for show, found in (("undated", undated), ("due_on", last)):
        value = {"undated": "true", "due_on": last["promised_on"]}[show]
        listed = done(await as_technician.get("/api/v1/orders", params={show: value}))["items"]
        assert [row["number"] for row in listed] == [found["number"]]


async def test_reading_the_pick_list_is_logged_because_it_names_clients(
    as_technician: AsyncClient, query: Query
) -> None:
    assert (await as_technician.get("/api/v1/pick-list")).json()["items"] == []
    assert await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'orders_listed'") == [
        {"chain": "technician", "subject": "orders", "detail": {"found": 0}}
    ]


async def test_lists_come_newest_first_in_pages_and_by_state(
    orders: Orders, given: Given, as_ot: AsyncClient, as_senior_ot: AsyncClient
) -> None:
    product = await given.product()
    numbers = [(await orders.draft(product))["number"] for _ in range(3)]
    first = done(await as_ot.get("/api/v1/orders?limit=2&state=draft"))
    second = done(await as_ot.get(f"/api/v1/orders?limit=2&state=draft&after={first['next']}"))
    listed = [row["number"] for row in (*first["items"], *second["items"])]
    assert (listed, second["next"]) == (numbers[::-1], None)
    assert done(await as_senior_ot.get("/api/v1/orders?mine=true"))["items"] == []
    row = first["items"][0]
    assert (row["products"], row["pieces"], row["value_pence"]) == ("1 x Commode 1", 1, 4500)


async def test_what_was_put_on_hold_on_the_way_is_not_handed_over_and_where_it_was_that_is_known(
    orders: Orders, given: Given, as_technician: AsyncClient, query: Query
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.dispatched(product)
    await given.hold(item, reason="Field safety notice.")
    url, body = f"/api/v1/orders/{order['number']}/deliver", {"received_by": "Mo Smith"}
    refused = check_problem(await as_technician.post(url, json=body), 409, "on-hold")
    assert refused["detail"].endswith("bring it back. If it was handed over already, say so in the record.")
    order = done(await as_technician.post(url, json=body | {"handed_over_already": True}))
    assert order["state"] == "delivered"
    assert (await given.record(item)).state is State.ON_LOAN
    [moved] = await query("SELECT reason FROM movement WHERE move = 'deliver'")
    assert moved["reason"] == "Handed over in spite of: Fault: Field safety notice."
    [told] = await query("SELECT to_name, body FROM message WHERE purpose = 'order_delivered'")
    assert told["to_name"] == "Olu Thompson"
    assert "Its use is stopped: have it collected." in told["body"]
    assert await query("SELECT reason, given_by FROM stop_use_notice") == [
        {"reason": "Fault: Field safety notice.", "given_by": "technician"}
    ]


async def test_nothing_leaves_for_a_client_who_weighs_more_than_it_carries_by_now(
    orders: Orders, given: Given, as_ot: AsyncClient, as_technician: AsyncClient
) -> None:
    product = await given.product(safe_working_load_kg=100)
    await given.item(product=product)
    client = await given.client("C-9", weight_kg=70, weighed_on=given.today)
    order = await orders.submitted(product, client=client)
    await weigh(as_ot, client, 120)
    url = f"/api/v1/orders/{order['number']}"
    refused = check_problem(await as_technician.post(f"{url}/dispatch"), 409, "not-clear")
    assert "It carries 100 kg, and the client weighs 120 kg." in refused["detail"]
    order = done(await as_technician.post(f"{url}/allocate"))
    assert pieces(order) == ["wanted"]


async def test_a_load_that_the_prescriber_knows_of_and_decided_about_goes_out(orders: Orders, given: Given) -> None:
    product = await given.product(safe_working_load_kg=100)
    item = await given.item(product=product)
    client = await given.client("C-9", weight_kg=120, weighed_on=given.today)
    order = await orders.submitted(product, client=client)
    assert barcodes(order) == [item]
    await orders.step(order["number"], "allocate")
    assert (await orders.step(order["number"], "dispatch"))["state"] == "dispatched"


async def test_what_lifts_is_never_sent_to_a_client_who_is_too_heavy_whatever_was_decided(
    orders: Orders, given: Given
) -> None:
    hoist = await given.product(safe_working_load_kg=100, category="12 36 03")
    await given.item(product=hoist)
    client = await given.client("C-9", weight_kg=120, weighed_on=given.today)
    order = await orders.submitted(hoist, client=client)
    assert barcodes(order) == [None]
    assert order["lines"][0]["explanation"]["counted"] == {"load-too-low": 1}
