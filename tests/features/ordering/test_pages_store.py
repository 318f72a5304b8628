"""The store's pages of orders: the pick list, scanning out, proof of delivery, and visits in vain."""

import pytest

from app.domain.lifecycle import State
from app.features.ordering import pages_store
from tests.browser import Browser, Page, shown_in
from tests.conftest import Clock
from tests.features.ordering.conftest import Orders, barcodes
from tests.given import Given


async def test_the_pick_list_is_by_store_day_and_bay_and_tags_what_is_late(
    technician: Browser, orders: Orders, given: Given, clock: Clock
) -> None:
    product = await given.product()
    tags = [await given.item(product=product, bay=bay) for bay in ("B2", "A1")]
    order = await orders.submitted(product, lines=[{"product_code": product, "quantity": 2}])
    page = await technician.get("/orders/pick")
    assert [row[1] for row in page.table()] == ["A1", "B2"]
    assert page.table()[0][0] == "9 March 2026"
    assert "There is nothing to pick." in (await technician.get("/orders/pick", store="COAST")).text
    clock.move(days=30)
    late = await technician.get("/orders/pick")
    assert late.table()[0][0] == "9 March 2026 Late"
    number = order["number"]
    begun = await technician.follow(await technician.post_form(f"/orders/{number}/allocate", on="/orders/pick"))
    assert begun.path == f"/orders/{number}/dispatch"
    assert all(tag[-4:-2] in begun.text for tag in tags)


async def test_the_pick_list_goes_on_where_its_page_ended(
    technician: Browser, orders: Orders, given: Given, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_store, "PIECES_ON_A_PAGE", 2)
    product = await given.product()
    for bay in ("Bay B 2", "", "A1", "C~1"):
        await given.item(product=product, bay=bay)
    await orders.submitted(product, lines=[{"product_code": product, "quantity": 3}])
    clock.move(days=1)
    await orders.submitted(product)
    first = await technician.get("/orders/pick")
    [further] = first.soup.select("a[rel=next]")
    second = await technician.get(str(further["href"]))
    shown = [[row[:2] for row in page.table()] for page in (first, second)]
    assert [len(rows) for rows in shown] == [2, 2]
    whole = [*shown[0], *shown[1]]
    assert sorted(bay for _, bay in whole) == ["A1", "Bay B 2", "C~1", "No bay"]
    days = [day for day, _ in whole]
    assert days == ["9 March 2026"] * 3 + ["10 March 2026"]
    assert [bay for _, bay in whole[:3]] == sorted(bay for _, bay in whole[:3])
    assert second.soup.select("a[rel=next]") == []
    for wrong in ("x", "2026-13-01 O1 ES000000143 MAIN", "2026-03-09 O1"):
        assert (await technician.client.get("/orders/pick", params={"after": wrong})).status_code == 422


def refusal(page: Page) -> str:
    """What the page says about a scan that it refused."""
    said = page.soup.select_one('main [role="alert"]')
    return said.get_text() if said else ""


async def send_out(technician: Browser, page: Page) -> Page:
    """Press the button below the list, whose form is sent to where the scans are sent to as well."""
    form = page.soup.select_one('main form[method="post"]')
    assert form is not None
    return await technician.post(str(form["action"]), **shown_in(form))


async def test_each_piece_is_scanned_before_it_goes_out(technician: Browser, orders: Orders, given: Given) -> None:
    product = await given.product()
    await given.items(2, product=product)
    other = await given.item()
    order = await orders.submitted(product, lines=[{"product_code": product, "quantity": 2}])
    first, second = sorted(str(tag) for tag in barcodes(order))
    here = f"/orders/{order['number']}/dispatch"
    wrong = await technician.get(here, barcode=other)
    assert f"is not on order {order['number']}" in refusal(wrong)
    assert wrong.title.startswith("Refused: ")
    assert "mistyped" in refusal(await technician.get(here, barcode="ES000000144"))
    empty = await send_out(technician, await technician.get(here))
    assert set(empty.errors) == {"barcode"}
    page = await technician.get(here, barcode=first)
    assert "1 of 2 scanned" in page.text
    twice = await technician.get(here, scanned=first, barcode=first)
    assert "was scanned already" in twice.text
    page = await technician.get(here, scanned=first, barcode=second)
    assert "2 of 2 scanned" in page.text
    sent = await technician.follow(await send_out(technician, page))
    assert sent.banner == "Sent out: 2 pieces are with the driver. Record the delivery here."
    assert (await given.record(first)).state is State.DISPATCHED
    again = await technician.get(here)
    assert "Nothing of this order is held" in again.text


async def test_an_item_that_may_not_go_out_is_refused_at_the_scan(
    technician: Browser, orders: Orders, given: Given
) -> None:
    product = await given.product()
    tag = await given.item(product=product)
    order = await orders.submitted(product)
    await given.hold(tag)
    page = await technician.get(f"/orders/{order['number']}/dispatch", barcode=tag)
    assert "may not go out" in refusal(page)


async def test_proof_of_delivery_has_a_name_and_a_time(
    technician: Browser, orders: Orders, given: Given, clock: Clock
) -> None:
    product = await given.product()
    tag = await given.item(product=product)
    order = await orders.dispatched(product)
    here = f"/orders/{order['number']}/deliver"
    clock.move(hours=2)
    page = await technician.post_form(here)
    assert set(page.errors) == {"received_by"}
    for time, words in (("noon", "hours and minutes"), ("23:59", "after now"), ("9.30", "before the equipment left")):
        assert words in (await technician.send(page, here, received_by="Rose Marsh", at=time)).errors["at"]
    yesterday = {"on-day": 1, "on-month": 3, "on-year": 2026}
    assert "time" in (await technician.send(page, here, received_by="Rose Marsh", **yesterday)).errors["at"]
    assert set((await technician.send(page, here, received_by="Rose", barcodes=[])).errors) == {"barcodes"}
    done = await technician.send(page, here, received_by="Rose Marsh", at="15:30", note="In the bedroom.")
    order_page = await technician.follow(done)
    assert order_page.banner == "Delivered: 1 piece to Rose Marsh."
    assert "2 March 2026 at 3:30pm" in order_page.text
    assert (await given.record(tag)).state is State.ON_LOAN
    assert "Nothing of this order is with the driver" in (await technician.get(here)).text


async def test_a_visit_in_vain_is_recorded_with_its_reason(
    technician: Browser, ot: Browser, orders: Orders, given: Given
) -> None:
    product = await given.product()
    await given.item(product=product)
    order = await orders.dispatched(product)
    here = f"/orders/{order['number']}/failed-visit"
    assert set((await technician.post_form(here)).errors) == {"reason"}
    page = await technician.follow(await technician.post_form(here, reason="Nobody was in."))
    assert "In vain: Nobody was in." in page.text
    assert [row[0] for row in (await technician.get("/orders", show="failed")).table()] == [order["number"]]
    assert (await ot.get(here)).status == 403
