"""An order is not picked from what falls due soon until somebody who may decide it says why."""

from tests.browser import Browser, shown_in
from tests.conftest import Clock, Query, SignIn
from tests.features.ordering.conftest import Orders, barcodes
from tests.given import Given
from tests.problems import check_problem

LOLER = [{"kind": "loler", "every_months": 6}]
REASON = {"due_soon_reason": "It goes for two weeks."}


async def test_the_manager_decides_once_for_what_an_order_is_picked_from(
    orders: Orders, sign_in: SignIn, manager: Browser, given: Given, clock: Clock, query: Query
) -> None:
    product = await given.product(inspections=LOLER)
    [item] = await given.items(1, product=product)
    clock.move(days=160)
    order = await orders.submitted(product)
    assert barcodes(order) == [item]
    url = f"/api/v1/orders/{order['number']}/allocate"
    technician = await sign_in("technician")
    refusal = check_problem(await technician.post(url), 409, "examination-due-soon")
    assert refusal["barcode"] == item
    check_problem(await technician.post(url, json=REASON), 403, "not-yours-to-decide")
    asked = await manager.post_form(f"/orders/{order['number']}/allocate", on=f"/orders/{order['number']}")
    assert asked.status == 409
    await manager.send(asked, f"/orders/{order['number']}/allocate", **REASON)
    assert (await orders.get(order["number"]))["state"] == "allocated"
    [kept] = await query("SELECT handing_out, decided_by FROM examination_decision")
    assert (kept["handing_out"], kept["decided_by"]) == ("allocate", "manager")
    # What was decided is not asked about again.
    assert await orders.step(order["number"], "dispatch")


async def test_whoever_orders_is_told_that_what_is_offered_falls_due_soon(
    orders: Orders, ot: Browser, given: Given, clock: Clock
) -> None:
    product = await given.product(inspections=LOLER)
    await given.items(1, product=product)
    clock.move(days=160)
    draft = await orders.draft(product)
    [chosen] = draft["lines"][0]["explanation"]["chosen"]
    assert "That is soon: it goes out once it is examined" in chosen["detail"]
    assert "That is soon" in (await ot.get(f"/orders/{draft['number']}/check")).text
    order = await orders.submit(draft)
    [unit] = order["lines"][0]["units"]
    assert unit["due_soon_on"] == "2026-09-02"
    assert (
        "Its thorough examination falls due on 2 September 2026." in (await ot.get(f"/orders/{order['number']}")).text
    )
    clock.move(days=-40)
    assert (await orders.get(order["number"]))["lines"][0]["units"][0]["due_soon_on"] is None


async def test_what_was_held_without_picking_is_asked_about_where_it_is_sent_out(
    orders: Orders, sign_in: SignIn, manager: Browser, given: Given, clock: Clock, query: Query
) -> None:
    product = await given.product(inspections=LOLER)
    [item] = await given.items(1, product=product)
    clock.move(days=160)
    order = await orders.submitted(product)
    url = f"/api/v1/orders/{order['number']}/dispatch"
    technician = await sign_in("technician")
    assert check_problem(await technician.post(url), 409, "examination-due-soon")["barcode"] == item
    check_problem(await technician.post(url, json=REASON), 403, "not-yours-to-decide")
    assert (await orders.get(order["number"]))["state"] == "approved"
    page = f"/orders/{order['number']}/dispatch"
    scanned = await manager.get(page, barcode=item)
    form = scanned.soup.select_one('main form[method="post"]')
    assert form is not None
    asked = await manager.post(page, **shown_in(form))
    assert asked.status == 409
    await manager.send(asked, page, **REASON)
    assert (await orders.get(order["number"]))["state"] == "dispatched"
    [kept] = await query("SELECT handing_out, decided_by, reason FROM examination_decision")
    assert tuple(kept.values()) == ("allocate", "manager", REASON["due_soon_reason"])
