"""Provide now, settle later: an order that funders do not agree about goes out, comes back, and is settled."""

from typing import Any

from tests.journeys.conftest import Walk


async def test_a_dispute_is_opened_looked_at_and_settled(walks: Any) -> None:
    finance: Walk = await walks("finance")
    page = finance.page
    await finance.go("/finance/funding")
    await page.get_by_label("Number of the order").fill("o000001")
    await page.get_by_role("button", name="Show").click()
    await page.wait_for_url("**/finance/funding/O000001")
    await finance.look()
    await finance.picture("who-pays")
    await page.get_by_label("What is not agreed?").fill("The board says that the council pays for all of it.")
    await finance.press("Open a dispute")
    assert "28 days left" in await finance.text()
    await finance.go("/finance/disputes")
    assert "The board says that the council pays for all of it." in await finance.text()
    await finance.picture("funding-disputes")
    await page.get_by_role("link", name="O000001").click()
    boxes = {"Adult social care": "33.34", "Integrated care board": "33.33", "Continuing healthcare": "33.32"}
    for label, percent in boxes.items():
        await page.get_by_label(label, exact=False).first.fill(percent)
    await finance.press("Show what each would pay")
    assert "The shares come to 99.99 %." in await finance.text()
    await page.get_by_label("Continuing healthcare", exact=False).first.fill("33.33")
    await finance.press("Show what each would pay")
    assert "Nothing is written yet." in await finance.text()
    await finance.picture("settlement-preview")
    await page.get_by_label("How was it agreed?").fill("All three agreed to thirds on 4 March.")
    await finance.press("Settle it")
    assert "All three agreed to thirds on 4 March." in await finance.text()
    await finance.picture("dispute-settled")
    ot: Walk = await walks("ot")
    await ot.go("/orders/O000001")
    assert "33.34 %" in await ot.text()
    await ot.picture("order-split")
    await ot.go("/orders/O000008/details")
    await ot.page.get_by_text("Several funders pay, or it is not agreed who pays").click()
    await ot.picture("draft-split")
