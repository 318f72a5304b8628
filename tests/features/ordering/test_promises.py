"""A day is promised when there is something to send; until then it is said what is known."""

from datetime import datetime

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.domain.dates import UK
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import Orders, done, pieces
from tests.given import Given

NOTHING = "Nothing that fits is free on a shelf now."


async def test_an_order_gets_its_day_when_all_of_it_is_there_and_its_maker_is_told(
    orders: Orders, given: Given, clock: Clock, query: Query
) -> None:
    product = await given.product()
    await given.item(product=product)
    order = await orders.submitted(product, lines=[{"product_code": product, "quantity": 2}])
    assert (pieces(order), order["promised_on"], order["is_late"]) == (["held", "wanted"], None, False)
    clock.move(days=14)
    order = await orders.step(order["number"], "allocate")
    assert (order["promised_on"], order["is_late"]) == (None, False)
    await given.item(product=product)
    order = await orders.step(order["number"], "allocate")
    assert (pieces(order), order["promised_on"]) == (["held", "held"], "2026-03-23")
    [told] = await query("SELECT to_name, body FROM message WHERE purpose = 'order_given_a_day'")
    assert told["to_name"] == "Olu Thompson"
    assert "It is promised for 23 March 2026." in told["body"]


async def test_what_is_known_is_said_in_place_of_a_day(
    orders: Orders, given: Given, as_ot: AsyncClient, clock: Clock
) -> None:
    product = await given.product()
    assert (await orders.draft(product))["missing"][0]["detail"] == f"{NOTHING} None is known to be on its way."
    await given.item(State.RETURNED, product=product)
    await given.item(State.DECONTAMINATING, product=product)
    await given.hold(await given.item(State.RETURNED, product=product))  # stays where it is
    await given.item(State.IN_REPAIR, product=product)
    wanted = await orders.submitted(product)
    known = "2 are being cleaned or checked, and 1 is in repair."
    assert wanted["missing"][0]["detail"] == f"{NOTHING} {known}"
    fetched = await given.collection(await given.item(product=product))
    order = await orders.get(wanted["number"])
    assert "1 is to be collected, on a day that is not planned yet." in order["missing"][0]["detail"]
    done(await as_ot.post(f"/api/v1/collections/{fetched.number}/schedule", json={"on": "2026-03-12"}))
    order = await orders.get(wanted["number"])
    assert "and the next is due back on 12 March 2026." in order["missing"][0]["detail"]


@pytest.mark.parametrize(
    ("speed", "hour", "day"),
    [("same_day", 15, "2026-03-02"), ("same_day", 23, "2026-03-03"), ("emergency", 21, "2026-03-03")],
)
async def test_at_night_no_order_is_promised_for_the_same_day(
    orders: Orders, given: Given, clock: Clock, speed: str, hour: int, day: str
) -> None:
    clock.now = datetime(2026, 3, 2, hour, tzinfo=UK)
    product = await given.product()
    await given.item(product=product)
    assert (await orders.submitted(product, speed=speed))["promised_on"] == day


async def test_cut_offs_and_saturdays_are_the_services_to_set(
    app: FastAPI, orders: Orders, given: Given, clock: Clock
) -> None:
    set_here = {"cut_off_same_day": datetime(2026, 3, 6, 12, 0, tzinfo=UK).time(), "works_saturdays": True}
    app.state.settings = app.state.settings.model_copy(update=set_here)
    clock.now = datetime(2026, 3, 6, 12, 30, tzinfo=UK)
    product = await given.product()
    await given.item(product=product)
    assert (await orders.submitted(product, speed="same_day"))["promised_on"] == "2026-03-07"


async def test_lists_and_pages_show_orders_without_a_day(
    ot: Browser, technician: Browser, manager: Browser, orders: Orders, given: Given, as_ot: AsyncClient, clock: Clock
) -> None:
    product, client = await given.product(name="Bath board"), await given.client("C-7")
    there = await given.item(product=product)
    order = await orders.submitted(product, client=client, lines=[{"product_code": product, "quantity": 2}])
    dated = await given.product()
    await given.item(product=dated)
    other = await orders.submitted(dated, client=client)
    clock.move(days=30)
    number = order["number"]
    assert "No date yet" in (await ot.get(f"/orders/{number}")).text
    assert "Bath board: Nothing else that fits is free on a shelf now." in (await ot.get(f"/orders/{number}")).text
    for show, shown in (("undated", [number]), ("late", [other["number"]])):
        assert [row[0] for row in (await technician.get("/orders", show=show)).table()] == [shown[0]]
        found = done(await as_ot.get("/api/v1/orders", params={show: True}))["items"]
        assert [one["number"] for one in found] == shown
    picked = (await technician.get("/orders/pick")).table()
    assert [row[0] for row in picked] == ["9 March 2026 Late", "No date yet: something is missing"]
    assert there[-4:] in picked[1][2].replace("-", "")
    assert "No date yet" in (await ot.get("/clients/C-7")).text
    home = await ot.get("/")
    assert "Orders without a date, because something is missing" in home.text
    assert "1 order of yours without a date yet" in home.text
    assert "1 order without a date yet" in (await technician.get("/")).text
