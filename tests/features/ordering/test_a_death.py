"""A client's death ends what was arranged for them, in the transaction that records it; a mistake can be put right."""

import pytest
from httpx import AsyncClient

from app.domain.clearance import HoldKind
from app.domain.lifecycle import State
from tests.browser import Browser, Page
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import Orders, barcodes, done, pieces
from tests.given import Given

CLIENT = "/api/v1/clients/C-7"
TOLD = """
    SELECT account.username AS reader, purpose, subject, body FROM message
    JOIN account ON account.id = message.to_account_id WHERE about = 'client:C-7' ORDER BY message.id
"""


async def die(person: AsyncClient, day: str | None = "2026-03-01") -> None:
    """Write down the day of death of C-7, or None: that it was a mistake."""
    version = (await person.get(CLIENT)).headers["ETag"]
    done(await person.patch(CLIENT, json={"died_on": day}, headers={"If-Match": version}))


@pytest.fixture
async def client(given: Given) -> str:
    """Somebody who weighs what is known."""
    return await given.client("C-7", name="Ivy Marsh", weight_kg=70, weighed_on="2026-02-01")


async def test_a_death_frees_what_was_held_and_cancels_what_was_not_delivered(
    given: Given, orders: Orders, as_senior_ot: AsyncClient, query: Query, client: str
) -> None:
    product = await given.product()
    [held, kept, later] = await given.items(3, product=product)
    await given.hold(kept, HoldKind.FAULT)
    order = await orders.submitted(product, client=client)
    assert barcodes(order) == [held]
    draft = await orders.draft(product, client=client)
    await given.reservation(later, client=client)
    await die(as_senior_ot)
    assert [(await given.record(tag)).state for tag in (held, later)] == [State.IN_STOCK, State.IN_STOCK]
    for one in (order, draft):
        now = await orders.get(one["number"])
        assert (now["state"], now["decision_reason"], now["acts"]) == ("cancelled", "The client died.", [])
    reasons = await query("SELECT ended_because, ended_by FROM reservation ORDER BY id")
    assert reasons == [{"ended_because": "client_died", "ended_by": "senior.ot"}] * 2
    lines = await query(
        "SELECT action, subject, detail FROM audit_event WHERE chain = 'senior.ot' AND action NOT LIKE '%read' "
        "ORDER BY seq"
    )
    assert [(line["action"], line["subject"]) for line in lines] == [
        ("client_changed", "client:C-7"),
        ("order_cancelled", f"order:{order['number']}"),
        ("order_cancelled", f"order:{draft['number']}"),
        ("reservation_ended", f"item:{later}"),
        ("client_death_recorded", "client:C-7"),
    ]
    assert lines[-1]["detail"]["orders"] == f"{order['number']}, {draft['number']}"
    [told] = await query(TOLD)
    assert (told["reader"], told["purpose"]) == ("ot", "called_off")
    assert f"orders {order['number']}, {draft['number']}; the reservation of" in told["body"]
    assert "Ivy" not in told["body"]


async def test_of_an_order_in_parts_what_was_delivered_stays_and_is_fetched(
    given: Given, orders: Orders, as_ot: AsyncClient, query: Query, client: str
) -> None:
    bed, rail = await given.product(), await given.product()
    [tag] = await given.items(1, product=bed)
    order = await orders.submitted(bed, rail, client=client)
    for step, more in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "Mo"})):
        await orders.step(order["number"], step, **more)
    await die(as_ot)
    now = await orders.get(order["number"])
    assert (now["state"], pieces(now), now["decision_reason"]) == ("delivered", ["delivered", "cancelled"], None)
    assert (await given.record(tag)).state is State.ON_LOAN
    # Whoever wrote it down knows: nobody else had arranged anything.
    assert await query(TOLD) == []


async def test_what_is_with_the_driver_is_not_handed_over_and_comes_off_the_order_at_the_returns_desk(
    given: Given, orders: Orders, as_ot: AsyncClient, as_technician: AsyncClient, technician: Browser, client: str
) -> None:
    product = await given.product()
    [tag] = await given.items(1, product=product)
    order = await orders.dispatched(product, client=client)
    number = order["number"]
    url = f"/api/v1/orders/{number}"
    await die(as_ot)
    now = await orders.get(number)
    assert (now["state"], now["client_died_on"], pieces(now)) == ("dispatched", "2026-03-01", ["dispatched"])
    refused = await as_technician.post(f"{url}/deliver", json={"received_by": "Mo"})
    assert (refused.status_code, refused.json()["code"]) == (409, "client-has-died")
    assert "bring it back" in refused.json()["detail"]
    assert "Do not deliver what is with the driver" in (await technician.get(f"/orders/{number}")).text
    assert "bring it back" in (await technician.get(f"/orders/{number}/deliver")).text
    assert number in words(await technician.get("/orders/pick"))
    assert "order to bring back" in (await technician.get("/")).text
    assert now["history"][-1]["action"] == "order_to_be_brought_back"
    assert f"comes back to the store: order {number}." in words(await technician.get("/clients/C-7"))
    await given.scan(tag)
    now = await orders.get(number)
    assert (now["state"], pieces(now), now["acts"]) == ("cancelled", ["cancelled"], [])
    assert "bring back" not in (await technician.get("/orders/pick")).text
    none_left = await as_technician.post(f"{url}/allocate")
    assert none_left.json()["code"] == "client-has-died"


async def test_a_visit_in_vain_to_somebody_who_has_died_since_is_not_to_be_made_again(
    given: Given, orders: Orders, as_ot: AsyncClient, as_technician: AsyncClient, technician: Browser, client: str
) -> None:
    product = await given.product()
    await given.item(product=product)
    number = (await orders.dispatched(product, client=client))["number"]
    await orders.step(number, "failed-visit", reason="Nobody was in.")
    in_vain = "/api/v1/orders?failed_visit=true"
    assert [row["number"] for row in done(await as_technician.get(in_vain))["items"]] == [number]
    assert "delivery to try again" in (await technician.get("/")).text
    await die(as_ot)
    assert done(await as_technician.get(in_vain))["items"] == []
    assert number not in words(await technician.get("/orders?show=failed"))
    assert "delivery to try again" not in (await technician.get("/")).text
    assert number in words(await technician.get("/orders/pick"))


async def test_what_goes_missing_on_the_way_back_is_not_wanted_again(
    given: Given, orders: Orders, as_ot: AsyncClient, client: str
) -> None:
    product = await given.product()
    [tag] = await given.items(1, product=product)
    order = await orders.dispatched(product, client=client)
    await die(as_ot)
    await given.missing(tag)
    assert (await orders.get(order["number"]))["state"] == "cancelled"


async def test_what_was_handed_over_before_anybody_knew_is_recorded_so_that_it_can_be_fetched(
    given: Given, orders: Orders, as_ot: AsyncClient, technician: Browser, client: str
) -> None:
    product = await given.product()
    [tag] = await given.items(1, product=product)
    order = await orders.dispatched(product, client=client)
    await die(as_ot)
    page = await technician.get(f"/orders/{order['number']}/deliver")
    told = await technician.send(page, f"/orders/{order['number']}/deliver", received_by="Mo")
    assert [error.startswith("The client has died. Do not hand") for error in told.errors.values()] == [True]
    await technician.send(told, f"/orders/{order['number']}/deliver", received_by="Mo", handed_over_already="true")
    assert (await given.record(tag)).state is State.ON_LOAN
    assert [one["barcode"] for one in (await as_ot.get(f"{CLIENT}/equipment")).json()] == [tag]


async def test_an_item_that_somebody_else_keeps_stays_kept(given: Given, as_ot: AsyncClient, client: str) -> None:
    [tag] = await given.items(1)
    for client_ref, first, last in (("C-8", 0, 3), (client, 5, 9)):
        if client_ref != client:
            await given.client(client_ref)
        days = {"from": (given.today.replace(day=2 + first)).isoformat(), "until": f"2026-03-{2 + last:02}"}
        done(await as_ot.post("/api/v1/reservations", json={"barcode": tag, "client_ref": client_ref, **days}), 201)
    await die(as_ot)
    assert (await given.record(tag)).state is State.RESERVED
    live = (await as_ot.get("/api/v1/reservations", params={"barcode": tag, "live": True})).json()["items"]
    assert [one["client_ref"] for one in live] == ["C-8"]


async def test_a_mistake_is_put_right_and_everybody_is_told_what_to_arrange_again(
    given: Given, orders: Orders, as_senior_ot: AsyncClient, ot: Browser, query: Query, clock: Clock, client: str
) -> None:
    product = await given.product(name="Commode chair")
    await given.items(2, product=product)
    order = await orders.submitted(product, client=client)
    [spare] = await given.items(1, product=product)
    await given.reservation(spare, client=client)
    await die(as_senior_ot)
    page = await ot.get("/clients/C-7")
    assert f"was called off: order {order['number']}, the reservation of Commode chair" in words(page)
    clock.move(days=2)
    await die(as_senior_ot, None)
    said = words(await ot.get("/clients/C-7"))
    assert "A death was recorded here by mistake" in said
    assert f"by itself: order {order['number']}, the reservation of Commode chair" in said
    assert [(one["reader"], one["purpose"]) for one in await query(TOLD)] == [
        ("ot", "called_off"),
        ("ot", "arrange_again"),
    ]
    assert (await orders.get(order["number"]))["state"] == "cancelled"
    clock.move(days=61)
    assert "by mistake" not in words(await ot.get("/clients/C-7"))


async def test_after_a_mistake_what_is_still_with_the_driver_is_delivered_after_all(
    given: Given, orders: Orders, as_ot: AsyncClient, ot: Browser, client: str
) -> None:
    product = await given.product()
    await given.items(1, product=product)
    number = (await orders.dispatched(product, client=client))["number"]
    await die(as_ot)
    await die(as_ot, None)
    said = words(await ot.get("/clients/C-7"))
    assert f"is delivered after all, unless it has come back: order {number}." in said
    assert (await orders.step(number, "deliver", received_by="Mo"))["state"] == "delivered"


async def test_a_corrected_day_of_death_ends_nothing_twice(
    given: Given, as_ot: AsyncClient, query: Query, client: str
) -> None:
    await given.reservation(client=client)
    for day in ("2026-03-01", "2026-02-28"):
        await die(as_ot, day)
    lines = await query("SELECT count(*) AS lines FROM audit_event WHERE action = 'client_death_recorded'")
    assert lines == [{"lines": 1}]


def words(page: Page) -> str:
    """The text of a page, in one line."""
    return " ".join(page.text.split()).replace(" ,", ",").replace(" .", ".")
