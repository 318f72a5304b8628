"""Finance reads the recycling rates, and follows one down to an item's history."""

from typing import Any

from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk


async def test_from_a_rate_to_the_history_of_a_barcode(walks: Any) -> None:
    finance: Walk = await walks("finance")
    page = finance.page
    await finance.go("/")
    await page.get_by_role("link", name="Finance", exact=True).first.click()
    await page.wait_for_url("**/finance")
    await finance.go("/finance/recycling")
    await finance.picture("recycling-rates")
    await page.get_by_role("link", name="items: Issued", exact=False).first.click()
    await expect_that(page.locator("h1")).to_have_text("Collection rate: issued")
    await finance.picture("recycling-items")
    await page.locator("main table a").first.click()
    await page.wait_for_url("**/items/ES*")
    await finance.go("/finance/cost-avoided")
    await finance.picture("cost-avoided")
    await finance.go("/finance/performance")
    await finance.picture("delivery-performance")
