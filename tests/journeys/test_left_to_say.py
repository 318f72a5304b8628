"""What nobody has said yet stays in sight: where a thing has been, and what becomes of a warning."""

from typing import Any

from playwright.async_api import expect as expect_that

from app.domain.labels import display
from tests.journeys.conftest import Walk
from tests.journeys.test_ordering import reflows
from tests.journeys.test_the_whole_loop import scan


async def test_what_never_left_is_held_until_a_technician_says_so(walks: Any) -> None:
    walk: Walk = await walks("technician")
    page = walk.page
    found = await (await walk.context.request.get(f"{walk.address}/api/v1/items?state=in_stock&held=false")).json()
    barcode = found["items"][0]["barcode"]
    await walk.go("/scan")
    await scan(walk, barcode)
    line = page.get_by_test_id("scan-line").first
    await expect_that(line).to_contain_text("By the record it was not out")
    await expect_that(line).to_contain_text("nobody knows where it has been")
    await walk.picture("whereabouts-scan")
    await walk.go(f"/items/{barcode}")
    await walk.picture("whereabouts-item")
    await walk.follow("Say where it was")
    await reflows(walk)
    await walk.picture("whereabouts")
    await page.get_by_label("How do you know?").fill("It was scanned by mistake and stood in its bay.")
    await walk.press("It never left: release the hold")
    assert "On hold:" not in await walk.text()
    assert display(barcode) in await walk.text()


async def test_a_warning_that_was_left_out_is_answered_afterwards(walks: Any) -> None:
    walk: Walk = await walks("ot")
    page, api = walk.page, f"{walk.address}/api/v1"
    token = await page.locator('meta[name="csrf-token"]').get_attribute("content")
    headers = {"X-CSRF-Token": token or ""}
    body = {"client_ref": "C-7001", "name": "Wren Ashdown", "date_of_birth": "1950-01-01", "address": "1 Mill Lane"}
    made = await walk.context.request.post(f"{api}/clients", data=body | {"postcode": "EX1 1AA"}, headers=headers)
    assert made.status == 201, await made.text()
    order = {
        "client_ref": "C-7001",
        "funder": "ASC",
        "speed": "five_day",
        "reason": "hospital_discharge",
        "clinical_reasoning": "Cannot rise from a low surface alone.",
        "lines": [{"product_code": "STOOL-PERCH"}],
    }
    drawn = await walk.context.request.post(f"{api}/orders", data=order, headers=headers)
    number = (await drawn.json())["number"]
    sent = await walk.context.request.post(f"{api}/orders/{number}/submit", headers=headers)
    assert sent.ok, await sent.text()
    await walk.go("/")
    await expect_that(page.get_by_role("table", name="Warnings about your orders")).to_contain_text(number)
    await walk.picture("left-out-home")
    store: Walk = await walks("technician")
    await store.go("/orders/pick")
    await expect_that(store.page.locator("main")).to_contain_text("Not answered: The client's weight is not known")
    await store.picture("left-out-pick")
    await walk.go(f"/orders/{number}")
    await walk.picture("left-out-order")
    await walk.press("Answer now")
    await reflows(walk)
    await page.get_by_label("What you decided, and why").fill("Weighed at home today: 70 kg.")
    await walk.picture("left-out-answer")
    await walk.press("Keep these answers")
    assert "Weighed at home today: 70 kg." in await walk.text()
    assert await page.get_by_test_id("not-answered").count() == 0
