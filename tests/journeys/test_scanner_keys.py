"""What is a scan and what a hand typed: only the time between the keys tells."""

from typing import Any

from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk
from tests.journeys.test_scanning import type_in
from tests.journeys.test_the_whole_loop import scan


async def keys(walk: Walk, text: str, *, gap: int, after: int) -> None:
    """Keys with so many ms between them and `after` them, by the browser's own clock: nobody waits for them."""
    script = """([text, gap, after]) => {
        window.pretended ??= performance.now();
        for (const one of text) {
            const key = one === '\\n' ? 'Enter' : one;
            const event = new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true});
            Object.defineProperty(event, 'timeStamp', {value: window.pretended});
            document.activeElement.dispatchEvent(event);
            window.pretended += gap;
        }
        window.pretended += after;
    }"""
    await walk.page.evaluate(script, [text, gap, after])


async def test_a_key_struck_before_a_scan_is_left_out_and_said(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/scan")
    await type_in(technician, "CMD-LOOK-UP")
    lines = page.get_by_test_id("scan-line")
    for place, (before, gap, after) in enumerate([("7", 0, 500), ("7", 0, 4000), ("7", 0, 9000), ("ES00", 150, 700)]):
        await keys(technician, before, gap=gap, after=after)
        await expect_that(page.get_by_label("Barcode")).to_have_value(before)
        await keys(technician, "ES000000143", gap=2, after=2)
        await page.keyboard.press("Enter")
        await expect_that(lines).to_have_count(place + 1)
        await expect_that(lines.first).to_have_attribute("data-outcome", "accepted")
        await expect_that(lines.first).to_contain_text(f"“{before}” was typed before this scan and left out")
    await technician.look()


async def test_a_tag_typed_by_hand_is_taken_whole_however_slowly_and_a_stutter_splits_no_scan(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/scan")
    await type_in(technician, "CMD-LOOK-UP")
    lines = page.get_by_test_id("scan-line")
    for place, parts in enumerate(
        [[("ES000000143", 180, 0)], [("ES000", 400, 7000), ("000143", 90, 0)], [("ES000", 3, 200), ("000143", 3, 3)]]
    ):
        for text, gap, after in parts:
            await keys(technician, text, gap=gap, after=after)
        await page.keyboard.press("Enter")
        await expect_that(lines).to_have_count(place + 1)
        await expect_that(lines.first).to_have_attribute("data-outcome", "accepted")
        await expect_that(lines.first).not_to_contain_text("left out")
    # In the field itself the browser types; a key too close to the scan to be told apart is never guessed away.
    await page.get_by_label("Barcode").focus()
    result = await scan(technician, "7ES000000143")
    assert result["outcome"] == "refused"
    assert "Scan the label again" in result["text"]
    await page.keyboard.type("7")
    await page.wait_for_function("at => performance.now() - at > 320", arg=await page.evaluate("performance.now()"))
    result = await scan(technician, "ES000000143")
    assert result["outcome"] == "accepted"
    assert "“7” was typed before this scan" in result["text"]


async def test_a_scan_finds_its_item_from_home_items_and_workshop_wherever_the_focus_is(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    for path in ("/", "/items?state=on_loan", "/workshop"):
        await technician.go(path)
        async with page.expect_navigation():
            await keys(technician, "7", gap=1, after=400)
            await keys(technician, "ES000000143\n", gap=2, after=0)
        await expect_that(page).to_have_url(f"{technician.address}/items/ES000000143")


async def test_on_other_pages_a_hands_keys_and_a_fields_keys_do_what_they_always_do(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/")
    await keys(technician, "ES000000143\n", gap=150, after=0)
    await keys(technician, "ES000000143", gap=2, after=4000)
    await keys(technician, "\n", gap=0, after=0)
    await page.get_by_label("Find an item").focus()
    await page.keyboard.type("ES000000150")
    await expect_that(page.get_by_label("Find an item")).to_have_value("ES000000150")
    await keys(technician, "ES000000143\n", gap=2, after=0)
    await expect_that(page.get_by_label("Find an item")).to_have_value("ES000000150")
    await expect_that(page).to_have_url(f"{technician.address}/")
