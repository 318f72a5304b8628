"""A label in a stranger's hand: its page on a telephone, a dangerous fault reported, and what the store makes of it."""

from typing import Any

from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk
from tests.journeys.test_scanning import burst

TAG = "ES000000143"
TELEPHONE = {"width": 390, "height": 844}


async def test_a_stranger_reports_a_danger_and_the_store_sees_it_at_once(walks: Any) -> None:
    stranger: Walk = await walks(viewport=TELEPHONE)
    await stranger.go(f"/l/{TAG}")
    await stranger.picture("label-page")
    await stranger.press("Report a fault")
    await stranger.press("Send the report")
    assert "Say whether somebody is in danger" in await stranger.text()
    await stranger.page.get_by_label("Yes", exact=True).check()
    await stranger.page.get_by_label("What is wrong with it?").fill("The sling bar is cracked.")
    await stranger.picture("label-page-fault")
    await stranger.press("Send the report")
    await stranger.page.wait_for_url("**/reported")
    await stranger.look()
    await stranger.picture("label-page-reported")

    technician: Walk = await walks("technician")
    await technician.go("/faults")
    await technician.picture("reported-faults")
    await technician.page.get_by_role("link", name="Open the report about ES-0000001-43").click()
    await technician.look()
    await technician.picture("reported-fault")
    await technician.go(f"/items/{TAG}")
    assert "Danger reported" in await technician.text()
    await technician.picture("item-with-fault")


async def test_a_scanner_reads_the_qr_code_and_the_data_matrix_of_a_label(walks: Any) -> None:
    technician: Walk = await walks("technician")
    await technician.go("/scan")
    await technician.page.get_by_label("Look up", exact=True).check()
    page = f"https://stores.example.org/l/{TAG}"
    await burst(technician, [page, f"80045012345{TAG}", f"]Q1{page.upper()}"])
    lines = technician.page.get_by_test_id("scan-line")
    await expect_that(lines).to_have_count(3)
    known = lines.filter(has_text="ES-0000001-43").filter(has_text="Mobile hoist")
    await expect_that(known).to_have_count(3)


async def test_a_thousand_labels_come_with_a_progress_bar(walks: Any) -> None:
    technician: Walk = await walks("technician")
    await technician.go("/labels")
    await technician.picture("print-labels")
    await technician.page.get_by_label("Asset tags").fill("\n".join([TAG] * 1000))
    await technician.page.get_by_label("What they carry to be scanned").select_option("code_128_and_qr")
    await technician.page.get_by_role("button", name="Make the labels").click()
    await technician.page.wait_for_url("**/labels/made/*")
    await expect_that(technician.page.locator("progress")).to_be_visible()
    await technician.picture("making-labels")
    await expect_that(technician.page.get_by_role("heading", name="1,000 labels are ready")).to_be_visible(
        timeout=60_000
    )
    await technician.look()
    async with technician.page.expect_download() as download:
        await technician.page.get_by_role("button", name="Download the labels").click()
    assert (await download.value).suggested_filename == "labels-1000-items.pdf"
