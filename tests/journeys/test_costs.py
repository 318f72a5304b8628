"""From this month's figure to the table, from a cell to its lines, and from a line to the item's history."""

from typing import Any

from tests.journeys.conftest import Walk


async def test_from_the_front_page_down_to_an_item(walks: Any) -> None:
    finance: Walk = await walks("finance")
    await finance.go("/finance")
    assert "so far" in await finance.text()
    await finance.picture("finance")
    await finance.go("/finance/dashboard")
    await finance.picture("finance-dashboard")
    await finance.go("/finance/packs/2026-03")
    await finance.picture("finance-pack")
    await finance.go("/finance")
    await finance.page.locator(".app-front").get_by_role("link", name="Costs").click()
    await finance.page.get_by_label("Period").select_option("this_year")
    await finance.page.get_by_label("By", exact=True).select_option("product")
    await finance.press("Show")
    await finance.picture("finance-costs")
    await finance.page.get_by_label("Then by").select_option("kind")
    await finance.press("Show")
    await finance.picture("finance-costs-cross")
    cell = finance.page.locator("main table td a").first
    said = await cell.inner_text()
    await cell.click()
    assert said in await finance.page.locator(".govuk-summary-list").inner_text()
    await finance.picture("finance-cost-lines")
    barcode = finance.page.locator("main table a.app-code").first
    tag = await barcode.inner_text()
    await barcode.click()
    assert tag in await finance.text()
    for name in ("credits-outstanding", "commitments", "accruals", "asc-fr"):
        await finance.go(f"/finance/reports/{name}")
        await finance.picture(f"finance-{name}")
