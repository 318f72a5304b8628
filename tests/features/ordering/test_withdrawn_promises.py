"""A promised day holds while something is held for all of the order: it is looked at again when an item goes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.clearance import HoldKind
from app.domain.inspections import InspectionOutcome
from app.domain.labels import display
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.ordering.conftest import Orders, barcodes, done, pieces, weigh
from tests.given import Given

TOLD = "SELECT to_name, about, body FROM message WHERE purpose = 'order_promise_withdrawn'"
LOST = "SELECT to_name, about, body FROM message WHERE purpose = 'order_lost_an_item' ORDER BY id"
Goes = Callable[[Given, str], Awaitable[Any]]


async def fails(given: Given, barcode: str) -> None:
    """A check on the shelf finds a defect."""
    await given.inspected(barcode, InspectionOutcome.FAILED)


async def held(given: Given, barcode: str) -> None:
    """A hold, twice: nobody is told twice."""
    await given.hold(barcode)
    await given.hold(barcode, HoldKind.INVESTIGATION)


async def lost(given: Given, barcode: str) -> None:
    """It is not there."""
    await given.missing(barcode)


async def not_found(given: Given, barcode: str) -> None:
    """A stocktake does not find it."""
    await given.counted_as_missing(barcode)


@pytest.mark.parametrize("goes", [fails, held, lost, not_found])
async def test_an_order_of_which_an_item_goes_has_no_promised_day_any_more_and_its_maker_is_told_once(
    orders: Orders, given: Given, query: Query, clock: Clock, goes: Goes
) -> None:
    product = await given.product()
    item, _ = await given.items(2, product=product)
    order = await orders.submitted(product, lines=[{"product_code": product, "quantity": 2}])
    assert order["promised_on"] == "2026-03-09"
    await goes(given, item)
    order = await orders.get(order["number"])
    assert order["promised_on"] is None
    assert [one["action"] for one in order["history"]][-1] == "order_promise_withdrawn"
    [told] = await query(TOLD)
    assert (told["to_name"], told["about"]) == ("Olu Thompson", f"order:{order['number']}")
    assert "was promised for 9 March 2026." in told["body"]
    # There is something for all of it again: it gets a new day.
    another = await given.item(product=product)
    clock.move(days=1)
    order = await orders.step(order["number"], "allocate")
    assert (pieces(order), order["promised_on"]) == (["held", "held"], "2026-03-10")
    assert another in barcodes(order)
    assert len(await query("SELECT id FROM message WHERE purpose = 'order_given_a_day'")) == 1


@pytest.mark.parametrize("goes", [fails, held, lost, not_found])
async def test_the_day_stays_where_another_item_can_take_its_place_and_it_is_held_at_once(
    orders: Orders, given: Given, query: Query, goes: Goes
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.submitted(product)
    await given.hold(await given.item(product=product))  # cannot go out itself
    await given.reservation(await given.item(product=product))  # somebody else's
    new, recycled = await given.item(product=product), await given.recycled(product=product)
    await goes(given, item)
    order = await orders.get(order["number"])
    assert (barcodes(order), pieces(order), order["promised_on"]) == ([recycled], ["held"], "2026-03-09")
    assert order["lines"][0]["explanation"]["chosen"] == [
        {
            "barcode": recycled,
            "code": "recycled",
            "detail": f"It takes the place of {item}, which cannot go out now.",
        }
    ]
    assert order["cost"]["recycled_saving_pence"] == 4500
    assert await query(TOLD) == []
    assert (await given.record(new)).state is State.IN_STOCK
    assert (await given.record(item)).state is not State.RESERVED
    order = await orders.step(order["number"], "allocate")
    assert (order["state"], order["promised_on"]) == ("allocated", "2026-03-09")


async def test_what_is_too_weak_for_the_client_takes_no_place(orders: Orders, given: Given, query: Query) -> None:
    product = await given.product(safe_working_load_kg=100)
    item, _ = await given.items(2, product=product)
    client = await given.client(weight_kg=120, weighed_on="2026-02-01")
    draft = await orders.draft(product, client=client)
    order = await orders.submit(draft)
    assert order["promised_on"] == "2026-03-09"
    await given.hold(item)
    assert (await orders.get(order["number"]))["promised_on"] is None
    assert len(await query(TOLD)) == 1


async def test_what_a_person_is_asked_about_takes_no_place_by_itself(orders: Orders, given: Given) -> None:
    hoist = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    item, other = await given.items(2, product=hoist)
    order = await orders.submitted(hoist)
    await orders.step(order["number"], "allocate")
    await given.hold(item)
    order = await orders.get(order["number"], by="technician")
    assert (order["promised_on"], "allocate" in order["acts"]) == (None, True)
    order = await orders.step(order["number"], "allocate")
    assert (barcodes(order), order["promised_on"]) == ([other], "2026-03-09")


async def test_a_hold_that_was_lifted_again_leads_back_to_a_day(
    orders: Orders, given: Given, as_safety: AsyncClient
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.submitted(product)
    await orders.step(order["number"], "allocate")
    hold = await given.hold(item)
    done(await as_safety.delete(f"/api/v1/items/{item}/holds/{hold}", params={"reason": "Castor replaced."}), 204)
    order = await orders.get(order["number"], by="technician")
    assert (order["state"], order["promised_on"], order["acts"]) == (
        "allocated",
        None,
        ["cancel", "allocate", "dispatch"],
    )
    order = await orders.step(order["number"], "allocate")
    assert (order["promised_on"], barcodes(order)) == ("2026-03-09", [item])


async def test_what_is_held_up_on_the_van_or_came_back_is_promised_for_no_day(
    orders: Orders, given: Given, query: Query, as_technician: AsyncClient
) -> None:
    product = await given.product()
    first, second = await given.items(2, product=product)
    order = await orders.submitted(product, lines=[{"product_code": product, "quantity": 2}])
    await orders.step(order["number"], "allocate")
    await orders.step(order["number"], "dispatch", barcodes=[first])
    spare = await given.item(product=product)
    await given.hold(first)
    order = await orders.get(order["number"])
    assert (pieces(order), order["promised_on"]) == (["dispatched", "held"], None)
    # The other piece is there, and still no day can be promised for all of it.
    answer = await as_technician.post(f"/api/v1/orders/{order['number']}/allocate")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-stock")
    await given.scan(first)
    order = await orders.step(order["number"], "allocate")
    assert (sorted(map(str, barcodes(order))), order["promised_on"]) == (sorted([second, spare]), "2026-03-09")
    assert len(await query(TOLD)) == 1


async def test_what_comes_back_from_the_van_is_replaced_or_its_order_has_no_day(
    orders: Orders, given: Given, query: Query
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.dispatched(product)
    spare = await given.item(product=product)
    await given.scan(item)
    order = await orders.get(order["number"])
    assert (barcodes(order), order["state"], order["promised_on"]) == ([spare], "allocated", "2026-03-09")
    await orders.step(order["number"], "dispatch")
    await given.scan(spare)
    order = await orders.get(order["number"])
    assert (pieces(order), order["promised_on"]) == (["wanted"], None)
    assert len(await query(TOLD)) == 1


async def test_whose_item_comes_back_undelivered_is_told_and_the_scan_names_the_order(
    orders: Orders, given: Given, query: Query
) -> None:
    product = await given.product()
    first, second = await given.items(2, product=product)
    # Three are wanted: the order has no day, and what went ahead of the rest comes back.
    order = await orders.dispatched(product, lines=[{"product_code": product, "quantity": 3}])
    number = order["number"]
    assert order["promised_on"] is None
    [result] = await given.scan(first)
    warning = f"It was on its way for order {number} and comes back undelivered. Its prescriber is told."
    assert [(one.code, one.detail) for one in result.warnings] == [("came-back-undelivered", warning)]
    assert result.detail == warning
    [told] = await query(LOST)
    assert told["to_name"] == "Olu Thompson"
    assert "It came back to the store without having been delivered. Nothing is held in its place." in told["body"]
    spare = await given.item(product=product)
    await given.scan(second)
    order = await orders.get(number)
    assert sorted(pieces(order)) == ["held", "wanted", "wanted"]
    [_, again] = await query(LOST)
    assert f"{display(spare)} is held for it instead. Its day is not known yet." in again["body"]
    assert await query(TOLD) == []
    # What went out for this order once is nobody's news when it comes back from another.
    assert [one.warnings for one in await given.scan((await given.loan()).barcode)] == [[]]


async def test_what_is_free_at_this_moment_is_said_as_the_page_is_read(
    orders: Orders, given: Given, ot: Browser
) -> None:
    hoist = await given.product(name="Hoist", inspections=[{"kind": "loler", "every_months": 6}])
    item = await given.item(product=hoist)
    order = await orders.dispatched(hoist)
    await given.hold(await given.item(product=hoist))
    await given.scan(item)
    page = await ot.get(f"/orders/{order['number']}")
    assert "Nothing that fits is free on a shelf now. On a shelf, 1 is on hold. 1 is being cleaned" in page.text
    await given.items(6, product=hoist)
    [gap] = (await orders.get(order["number"]))["missing"]
    said = "6 that fit are free on a shelf now: the store holds it when it looks again."
    assert (gap["quantity"], gap["free"], gap["detail"]) == (1, 6, said)
    page = await ot.get(f"/orders/{order['number']}")
    assert said in page.text
    assert "Nothing that fits" not in page.text


async def test_who_starts_picking_what_is_too_weak_by_now_is_told_why_nothing_is_held(
    orders: Orders, given: Given, technician: Browser, as_ot: AsyncClient
) -> None:
    product = await given.product(name="Commode", safe_working_load_kg=100)
    await given.client("C-9", weight_kg=80, weighed_on="2026-02-01")
    await given.item(product=product)
    order = await orders.submitted(product, client="C-9")
    await weigh(as_ot, "C-9", 120)
    here = f"/orders/{order['number']}"
    page = await technician.follow(await technician.post_form(f"{here}/allocate", on=here))
    why = "On a shelf, 1 carries less than the client weighs. None is known to be on its way."
    assert (
        page.banner == f"Nothing is held for it yet; 1 wanted. Commode: Nothing that fits is free on a shelf now. {why}"
    )


async def test_what_the_store_gives_back_is_told_with_the_reason(
    orders: Orders, given: Given, query: Query, as_ot: AsyncClient
) -> None:
    product = await given.product(safe_working_load_kg=100)
    client = await given.client("C-9", weight_kg=80, weighed_on="2026-02-01")
    item = await given.item(product=product)
    order = await orders.submitted(product, client=client)
    await weigh(as_ot, "C-9", 120)
    order = await orders.step(order["number"], "allocate")
    why = f"{display(item)}: It carries 100 kg, and the client weighs 120 kg."
    assert (order["state"], pieces(order), order["promised_on"]) == ("approved", ["wanted"], None)
    assert order["history"][-1]["detail"]["because"] == why
    [told] = await query(TOLD)
    assert why in told["body"]
    # One that has no day loses an item: that is told as well.
    wanting = await orders.submitted(
        product,
        client=await given.client("C-8", weight_kg=80, weighed_on="2026-02-01"),
        lines=[{"product_code": product, "quantity": 2}],
    )
    await weigh(as_ot, "C-8", 120)
    await orders.step(wanting["number"], "allocate")
    assert [why in one["body"] for one in await query(LOST)] == [True]


async def test_pages_say_that_the_day_is_not_known(
    orders: Orders, given: Given, ot: Browser, technician: Browser
) -> None:
    product = await given.product(name="Bath board")
    item = await given.item(product=product)
    order = await orders.submitted(product)
    await given.hold(item)
    page = await ot.get(f"/orders/{order['number']}")
    assert "No date yet: something that is held for it cannot go out now." in page.text
    assert "Promised for 9 March 2026" not in page.text
    assert [row[0] for row in (await technician.get("/orders", show="undated")).table()] == [order["number"]]


@pytest.mark.parametrize(
    ("is_promised", "has_spare", "count"), [(False, False, 8), (True, False, 13), (True, True, 18)]
)
async def test_a_hold_costs_a_fixed_number_of_statements(
    orders: Orders,
    given: Given,
    statements: Statements,
    as_safety: AsyncClient,
    is_promised: bool,
    has_spare: bool,
    count: int,
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    if is_promised:
        await orders.submitted(product)
    if has_spare:
        await given.items(30, product=product)
    statements.clear()
    body = {"kind": "fault", "reason": "The castor is loose."}
    done(await as_safety.post(f"/api/v1/items/{item}/holds", json=body), 201)
    assert len(statements) == count, "\n".join(statements)


async def test_what_was_never_clean_goes_from_its_order_too(
    orders: Orders, given: Given, as_technician: AsyncClient, query: Query
) -> None:
    product = await given.product()
    item = await given.recycled(product=product)
    order = await orders.submitted(product)
    assert barcodes(order) == [item]
    [job] = (await as_technician.get(f"/api/v1/items/{item}/decontaminations")).json()["items"]
    correction = {"outcome": "failed", "reason": "Soiled."}
    done(await as_technician.post(f"/api/v1/decontaminations/{job['id']}/correction", json=correction), 201)
    assert (await orders.get(order["number"]))["promised_on"] is None
    assert len(await query(TOLD)) == 1
