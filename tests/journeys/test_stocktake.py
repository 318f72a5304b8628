"""A bay is counted by scan: found, missing, in another store, on loan; the items' histories tell what was corrected."""

import re
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import expect as expect_that

from app.cli.seed import PASSWORD
from app.domain.dates import uk_date
from tests.journeys.conftest import Walk
from tests.journeys.test_the_whole_loop import scan


class Api:
    """The API, as somebody who is signed in to it."""

    def __init__(self, walk: Walk, username: str) -> None:
        self.request, self.address, self.username = walk.context.request, f"{walk.address}/api/v1", username

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a POST that must succeed."""
        who: dict[str, str | float | bool] = {"username": self.username, "password": PASSWORD}
        token = (await (await self.request.post(f"{self.address}/token", form=who)).json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.request.post(f"{self.address}{path}", data=body, headers=headers)
        assert answer.ok, await answer.text()
        return await answer.json()

    async def receive(self, quantity: int, store: str, bay: str) -> list[str]:
        """New commodes in a bay."""
        goods = {"product_code": "COMMODE", "store": store, "bay": bay, "quantity": quantity}
        made = await self.post("/items", goods | {"received_on": uk_date(datetime.now(UTC)).isoformat()})
        return [one["barcode"] for one in made["items"]]


async def see_and_finish(manager: Walk) -> None:
    """What will happen is said in numbers before it does."""
    await manager.press("See what will happen")
    assert "1 item is marked missing." in await manager.text()
    await manager.look()
    await manager.picture("stocktake-confirm")
    await manager.press("Finish and correct the record")


async def test_a_bay_is_counted_and_the_record_is_put_right(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    api = Api(technician, "technician")
    found, lost, lent = await api.receive(3, "MAIN", "Z9")
    [elsewhere] = await api.receive(1, "COAST", "C1")
    await Api(technician, "senior.ot").post("/loans", {"barcode": lent, "client_ref": "C-1007"})

    await technician.go("/stocktakes/new")
    await page.get_by_label("Store", exact=True).select_option("MAIN")
    await page.get_by_label("Bay (optional)").fill("Z9")
    await technician.press("Begin")
    here = page.url
    await technician.press("Scan")
    line = await scan(technician, found)
    assert (line["outcome"], "Counted" in line["text"]) == ("accepted", True)
    line = await scan(technician, elsewhere)
    assert (line["outcome"], "Counted, not expected" in line["text"]) == ("accepted", True)
    assert "dirty until it is cleaned" in (await scan(technician, lent))["text"]
    assert (await scan(technician, found))["outcome"] == "duplicate"
    assert (await scan(technician, "XX000000155"))["outcome"] == "unknown"
    await expect_that(page.get_by_test_id("progress")).to_contain_text("1 of 2 expected", timeout=15_000)
    await technician.look()
    await technician.picture("stocktake-count")
    await page.set_viewport_size({"width": 390, "height": 844})
    await technician.look()
    await technician.picture("stocktake-count-phone")
    await page.set_viewport_size({"width": 1280, "height": 900})

    manager: Walk = await walks("manager")
    await manager.page.goto(here)
    await manager.look()
    await manager.picture("stocktake")
    await manager.press("Finish")
    await manager.look()
    choice = manager.page.get_by_label(re.compile("What is done about"))
    assert await choice.count() == 3
    await manager.picture("stocktake-finish")
    for barcode, what in ((lost, "mark_missing"), (elsewhere, "transfer")):
        await manager.page.locator(f"#do-{barcode}").select_option(what)
    await see_and_finish(manager)
    assert "2 items were corrected" in await manager.text()
    await manager.look()
    await manager.picture("stocktake-finished")
    number = here.rsplit("/", 1)[1]
    for barcode, words in ((lost, "Marked as missing"), (elsewhere, "Moved to another place")):
        await manager.go(f"/items/{barcode}")
        text = await manager.text()
        assert words in text
        assert number in text
    await manager.go(f"/items/{lent}")
    assert "On loan" in await manager.text()


async def test_what_a_store_lacks_is_seen_and_sent(walks: Any) -> None:
    manager: Walk = await walks("manager")
    page = manager.page
    await manager.go("/transfers/levels")
    for product in ("COMMODE", "STOOL-PERCH"):
        await page.get_by_label("Store", exact=True).select_option("COAST")
        await page.get_by_label("Product", exact=True).select_option(product)
        await page.get_by_label("Minimum", exact=True).fill("4")
        await manager.press("Set it")
    await manager.look()
    await manager.picture("minimum-levels")
    await manager.go("/transfers/replenish")
    await manager.look()
    await manager.picture("replenish")
    await manager.go("/transfers")
    await manager.picture("transfers")
    await manager.go("/stocktakes")
    await manager.picture("stocktakes")


async def send_something_dirty(technician: Walk, here: str) -> None:
    """It goes, and everybody is told that it is contaminated: the device by itself while there is no network."""
    page = technician.page
    await technician.go("/workshop?bench=returned&store=MAIN")
    row = page.locator('[data-testid="bench-item"]').filter(has_not_text="On hold").first
    dirty = str(await row.get_attribute("data-barcode"))
    await page.goto(here)
    await technician.press("Scan out")
    await page.context.set_offline(True)
    await page.keyboard.type(dirty)
    await page.keyboard.press("Enter")
    line = page.get_by_test_id("scan-line").first
    await line.get_by_text("By the list on this device it is contaminated").wait_for()
    assert await line.get_attribute("data-warned") == "yes"
    await page.context.set_offline(False)
    await line.get_by_text("load it apart from what is clean").wait_for(timeout=20_000)
    assert await line.get_attribute("data-outcome") == "accepted"
    assert await line.get_attribute("data-warned") == "yes"
    assert "By the list on this device" not in await line.inner_text()


async def test_a_consignment_goes_from_store_to_store_by_scan(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    api = Api(technician, "technician")
    sent, lost = await api.receive(2, "MAIN", "Z8")
    [stranger] = await api.receive(1, "MAIN", "Z8")
    await technician.go("/transfers/new")
    await page.get_by_label("From", exact=True).select_option("MAIN")
    await page.get_by_label("To", exact=True).select_option("COAST")
    await technician.press("Begin")
    here = page.url
    await technician.press("Scan out")
    for barcode in (sent, lost):
        line = await scan(technician, barcode)
        assert (line["outcome"], "Put it with what goes to Coast" in line["text"]) == ("accepted", True)
    await technician.look()
    await send_something_dirty(technician, here)
    await technician.picture("transfer-scan-out")
    await technician.go(f"/items/{sent}")
    assert "On hold: in transit" in await technician.text()
    await technician.picture("transfer-item")
    await page.goto(here)
    await technician.press("Scan in")
    assert (await scan(technician, sent))["outcome"] == "accepted"
    assert "Nobody scanned it out" in (await scan(technician, stranger))["text"]
    await page.goto(here)
    await technician.look()
    await technician.picture("transfer")
    await page.locator(f'a[href$="/missing/{lost}"]').click()
    await technician.look()
    await page.get_by_label("What was done to find it?").fill("The driver searched the van.")
    await technician.press("Record it as missing")
    assert "Missing: The driver searched the van." in await technician.text()
