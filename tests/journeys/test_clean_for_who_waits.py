"""What came back and is waited for: first in the queue, cleaned with all that its route asks for, proved, labelled."""

import re
from typing import Any

import pypdfium2
from playwright.async_api import expect

from tests.journeys.conftest import Walk


def words_of(pdf: bytes) -> str:
    """All the text of a PDF, on one line."""
    pages = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    return " ".join(" ".join(pages).split())


async def fetch(walk: Walk, path: str) -> str:
    """The words of a PDF at that address, as this person gets it."""
    answer = await walk.context.request.get(f"{walk.address}{path}")
    assert answer.headers["content-type"] == "application/pdf", await answer.text()
    return words_of(await answer.body())


async def test_what_a_prescriber_waits_for_is_cleaned_first_and_proved(walks: Any) -> None:
    walk: Walk = await walks("technician")
    page = walk.page
    await walk.go("/workshop?bench=returned")
    await walk.picture("queue")
    first = page.get_by_test_id("bench-item").first
    await expect(first).to_contain_text("Bariatric foam mattress")
    await expect(first).to_contain_text("1 prescriber waits for this, since")
    barcode = await first.get_attribute("data-barcode")

    await first.get_by_role("button", name=re.compile("With details")).click()
    await page.get_by_label("Medium").check()
    await walk.picture("cleaning-start")
    await walk.press("Start cleaning")
    await walk.go("/workshop?bench=decontaminating")
    row = page.get_by_test_id("bench-item").filter(has_text="Bariatric foam mattress")
    await row.get_by_role("button", name=re.compile("Record the cleaning")).click()
    await page.get_by_label("Method").fill("Washed by hand, rinsed and dried")
    await page.get_by_label("Product used").fill("Chlorine 1,000 ppm")
    await walk.press("Record it")
    assert "Do the strike-through test" in await walk.text()
    await page.get_by_label("Passed: the inside stayed dry").check()
    await walk.picture("cleaning-result")
    await walk.press("Record it")
    assert "Take it to the inspection bench" in await walk.text()

    await walk.go(f"/items/{barcode}")
    certificate = await page.get_by_role("link", name="Certificate of decontamination").get_attribute("href")
    says = await fetch(walk, certificate or "")
    for words in ("This certificate holds", "Chlorine 1,000 ppm", "Terry Nash", "Passed: no fluid comes through"):
        assert words in says
    label = await page.get_by_role("link", name="“clean” label").get_attribute("href")
    assert "CLEAN" in await fetch(walk, label or "")
    await walk.go(f"/items/{barcode}/cleanings")
    await walk.picture("cleanings")

    # What was scanned together is done together, and today's work is counted.
    await walk.go("/workshop/together")
    await page.get_by_label("Asset tags").fill(f"{barcode}\n")
    await page.get_by_label("Release to the shelf").check()
    await walk.press("Do it")
    assert "has not passed a functional check" in await walk.text()
    await walk.picture("together")
    await walk.go("/workshop")
    table = page.get_by_role("table", name=re.compile("Done today"))
    await expect(table).to_contain_text("Today")
    # On the smallest screen nothing of it has to be scrolled sideways.
    await page.set_viewport_size({"width": 320, "height": 640})
    frame = page.locator(".app-done")
    assert await frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
    await frame.scroll_into_view_if_needed()
    await walk.look()
    await walk.picture("done-today-small")
