"""A repair that is not worth it: the advice, a second person for the scrap, and a part that lives on elsewhere."""

import re
from typing import Any

from playwright.async_api import expect

from tests.journeys.conftest import Walk


async def on_the_bench(walk: Walk, bench: str, product: str) -> str:
    """The tag of the first item of that product on a bench."""
    await walk.go(f"/workshop?bench={bench}")
    row = walk.page.get_by_test_id("bench-item").filter(has_text=product).first
    tag = await row.get_attribute("data-barcode")
    assert tag
    return tag


async def ask_for_its_scrap(technician: Walk) -> None:
    """From its page on the repair bench; it is dear, so another person must agree."""
    page = technician.page
    await page.get_by_role("button", name="It is beyond repair").click()
    await page.get_by_label("Why is it scrapped?").fill("The mast is bent, and its repair costs more than it is worth.")
    await page.get_by_label("Electrical (WEEE)").check()
    await page.get_by_label("Taken out, and they go apart").check()
    await page.get_by_label("It is recorded later").check()
    await technician.picture("scrap")
    await technician.press("Ask for its scrap")
    assert "another person is asked to agree" in await technician.text()
    await technician.picture("scrap-asked")


async def take_its_handset(technician: Walk, hoist: str) -> None:
    """Off the scrapped hoist, into the parts bin."""
    page = technician.page
    await technician.go(f"/items/{hoist}")
    assert "Asked by technician, agreed by manager" in await technician.text()
    await page.get_by_role("link", name="Take a part off it").click()
    await page.get_by_label("What is it?").fill("Handset with cable")
    await page.get_by_label("Good").check()
    await technician.picture("harvest")
    await technician.press("Put it into the bin")
    await technician.go("/parts-bin?q=handset")
    await technician.picture("parts-bin")


async def mend_a_bed_with_it(technician: Walk) -> None:
    """What fails its inspection is mended with the part of the bin."""
    page = technician.page
    bed = await on_the_bench(technician, "awaiting_inspection", "bed")
    await technician.go(f"/workshop/{bed}/inspection")
    await page.get_by_label("Failed", exact=True).check()
    await page.get_by_label("Notes (optional)").fill("Its handset is dead.")
    await technician.press("Record the inspection")
    await technician.go(f"/workshop/{bed}/repair/part")
    await page.get_by_label("Is it from the parts bin?").select_option(index=1)
    await technician.press("Record the part")
    await page.get_by_label("How long the work took (optional)").fill("20")
    await technician.press("It is mended")
    await technician.go(f"/items/{bed}")
    await expect(page.get_by_role("table", name="Parts fitted")).to_contain_text("From the bin, off")
    await technician.picture("parts-fitted")
    await technician.go("/disposals")
    await technician.picture("scrapped-without-reference")


async def test_a_hoist_is_not_worth_its_repair_and_its_handset_mends_a_bed(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    hoist = await on_the_bench(technician, "in_repair", "hoist")
    await technician.picture("repair-bench")
    await technician.go(f"/workshop/{hoist}/repair")
    await expect(page.get_by_role("table", name="Parts fitted in this repair")).to_contain_text("Rear castor")

    await page.get_by_role("button", name="Record a part").click()
    await page.get_by_label("What is it?").fill("Front castor")
    await page.get_by_label("What one cost").fill("24.50")
    await technician.picture("repair-part")
    await technician.press("Record the part")
    await page.get_by_role("button", name="Estimate what it costs").click()
    await page.get_by_label("Parts").fill("980")
    await page.get_by_label("Work", exact=True).fill("120")
    await technician.press("Keep the estimate")
    assert "Advice: scrap it." in await technician.text()
    await technician.picture("repair")

    await ask_for_its_scrap(technician)
    manager: Walk = await walks("manager")
    await manager.go("/scrap-requests")
    await manager.picture("scrap-requests")
    request = manager.page.get_by_role("row").filter(has_text="The mast is bent")
    await request.get_by_role("link", name=re.compile("Open")).click()
    await manager.picture("scrap-request")
    await manager.press("Agree: scrap it for good")
    assert "is scrapped." in await manager.text()

    await take_its_handset(technician, hoist)
    await mend_a_bed_with_it(technician)
