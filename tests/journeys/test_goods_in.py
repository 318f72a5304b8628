"""Goods in by the maker's label: a scanner types into the field and presses Enter, as a keyboard would."""

from typing import Any

from tests.journeys.conftest import Walk

GTIN = "0109506000134352"
# A browser's field takes no key for the separator after the lot, so the lot arrives with the date in it.
SWALLOWED = GTIN + "10A7" + "11250700"
SOUND = GTIN + "11250700" + "21MH-SCANNED"


async def test_a_scan_fills_in_the_form_and_one_that_lost_its_separator_leaves_the_lot_to_be_typed(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/items/receive")
    await page.get_by_label("Store", exact=True).select_option("MAIN")
    for scanned in (SWALLOWED, SOUND):
        await page.locator("#maker_label").fill(scanned)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await technician.look()
        assert ("may have swallowed" in await technician.text()) == (scanned == SWALLOWED)
        await technician.picture("goods-in-by-label")
    assert await page.get_by_label("Product", exact=True).input_value() == "HOIST-150"
    assert await page.get_by_label("Serial numbers").input_value() == "MH-SCANNED"
    assert await page.get_by_label("Lot number").input_value() == ""
    await technician.press("Take them in")
    assert "1 item is in stock" in await technician.text()
    assert "MH-SCANNED" in await technician.text()
