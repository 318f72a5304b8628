"""A technician's phone on the van: no network, a reload, a cold start, a new release, and somebody else's hands."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from playwright.async_api import BrowserContext, Page, Playwright, ViewportSize
from playwright.async_api import expect as expect_that

from app.cli.seed import PASSWORD
from tests.journeys.cable import Cable
from tests.journeys.conftest import Walk, arguments
from tests.journeys.test_scanning import burst, tags_of

PHONE = ViewportSize(width=390, height=844)


class Office:
    """What others do meanwhile, by the API."""

    def __init__(self, address: str) -> None:
        self.client = AsyncClient(base_url=f"{address}/api/v1", timeout=30)
        self.tokens: dict[str, str] = {}

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """One call; it must succeed."""
        if who not in self.tokens:
            answer = await self.client.post("/token", data={"username": who, "password": PASSWORD})
            self.tokens[who] = answer.json()["access_token"]
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def items(self, count: int, bay: str | None = None) -> list[str]:
        """New perching stools in the main store."""
        goods = {"product_code": "STOOL-PERCH", "store": "MAIN", "quantity": count, "received_on": "2026-01-05"}
        goods |= {"bay": bay} if bay else {}
        return [one["barcode"] for one in (await self.ask("technician", "POST", "/items", goods))["items"]]

    async def lent(self, client_ref: str) -> str:
        """A stool that a client has."""
        [barcode] = await self.items(1)
        await self.ask("ot", "POST", "/loans", {"barcode": barcode, "client_ref": client_ref, "kind": "loan"})
        return barcode

    async def held_at_home(self, client_ref: str) -> str:
        """One that is on hold as well."""
        barcode = await self.lent(client_ref)
        held = {"kind": "fault", "reason": "Mrs Ray says that a leg is loose."}
        await self.ask("manager", "POST", f"/items/{barcode}/holds", held)
        return barcode

    async def called_back(self, client_ref: str) -> str:
        """A stool that is to be collected."""
        barcode = await self.lent(client_ref)
        body = {"client_ref": client_ref, "barcodes": [barcode], "reason": "No longer needed."}
        await self.ask("ot", "POST", "/collections", body)
        return barcode

    async def with_the_driver(self, client_ref: str) -> tuple[str, str]:
        """An order that is on the van: its number, and the label of its one piece."""
        await self.items(1)
        asked = {
            "client_ref": client_ref,
            "funder": "ASC",
            "speed": "five_day",
            "reason": "hospital_discharge",
            "clinical_reasoning": "Cannot stand to wash.",
            "lines": [{"product_code": "STOOL-PERCH"}],
        }
        draft = await self.ask("senior.ot", "POST", "/orders", asked)
        answers = [
            {"code": one["code"], "subject": one["subject"], "answer": "Seen at home."} for one in draft["warnings"]
        ]
        url = f"/orders/{draft['number']}"
        await self.ask("senior.ot", "POST", f"{url}/submit", {"answers": answers})
        await self.ask("technician", "POST", f"{url}/allocate")
        order = await self.ask("technician", "POST", f"{url}/dispatch")
        return order["number"], order["lines"][0]["units"][0]["barcode"]


@pytest.fixture
async def office(address: str) -> AsyncIterator[Office]:
    """Everybody who is not on the van."""
    made = Office(address)
    yield made
    await made.client.aclose()


class Phone:
    """One browser with one profile, which can be switched off and on again."""

    def __init__(self, playwright: Playwright, executable: str | None, profile: Path, address: str) -> None:
        self.playwright, self.executable, self.profile, self.address = playwright, executable, profile, address
        self.context: BrowserContext | None = None

    async def on(self) -> Walk:
        """Start the browser anew, with what it kept."""
        self.context = await self.playwright.chromium.launch_persistent_context(
            self.profile, executable_path=self.executable, args=arguments(), viewport=PHONE
        )
        self.context.set_default_timeout(15_000)
        return Walk(self.context, self.context.pages[0], self.address)

    async def off(self) -> None:
        """End the browser."""
        if self.context:
            await self.context.close()
        self.context = None


@pytest.fixture
async def phone(
    playwright: Playwright, chromium_path: str | None, tmp_path: Path, address: str
) -> AsyncIterator[tuple[Phone, Cable]]:
    """A phone, and the cable between it and the service."""
    async with Cable(address) as cable:
        made = Phone(playwright, chromium_path, tmp_path / "profile", cable.address)
        yield made, cable
        await made.off()


async def until(page: Page, question: str) -> None:
    """Ask the page again and again until the promise that it answers with comes true."""
    for _ in range(150):
        if await page.evaluate(question):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"It never came true: {question}")


async def kept_for_later(page: Page) -> None:
    """Until the device has all that it needs to open the scan page by itself."""
    await until(
        page,
        "async () => !!navigator.serviceWorker.controller"
        " && !!(await caches.match('/scan')) && !!(await caches.match('/api/v1/deliveries'))"
        " && !!(await caches.match('/api/v1/held-items'))",
    )


async def scan_into(page: Page, field: str, text: str) -> None:
    """A scanner types into the field that has the focus, as fast as only a scanner does, and presses Enter."""
    await page.evaluate(
        """([id, text]) => {
            const field = document.getElementById(id);
            for (const key of [...text, 'Enter']) {
                const down = new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true});
                const wanted = field.dispatchEvent(down);
                field.value += wanted && key !== 'Enter' ? key : '';
            }
        }""",
        [field, text],
    )


async def waiting(page: Page, count: int) -> None:
    """So many scans wait on this device, and the title says so."""
    # The page tries again by itself, up to fifteen seconds after it has failed.
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text(str(count), timeout=30_000)
    title = re.compile(rf"^\({count} waiting\) Scan ") if count else re.compile("^Scan ")
    await expect_that(page).to_have_title(title)


async def test_a_day_on_the_van_without_a_network_arrives_exactly_once(
    phone: tuple[Phone, Cable], office: Office
) -> None:
    device, cable = phone
    returned, fetched = await office.held_at_home("C-1001"), await office.called_back("C-1007")
    number, delivered = await office.with_the_driver("C-1006")
    another, elsewhere = await office.with_the_driver("C-1003")
    walk = await device.on()
    page = walk.page
    # Signed in, and never on the scan page: any page gets the device ready for the way.
    await walk.begin_as("technician")
    await kept_for_later(page)

    await cable.pull()
    # Cold: the browser is ended and begun anew. From the home screen it opens the start page.
    await device.off()
    walk = await device.on()
    page = walk.page
    await page.goto(f"{walk.address}/")
    await expect_that(page).to_have_url(f"{walk.address}/scan")
    await burst(walk, [returned])
    await waiting(page, 1)
    await the_device_itself_says_held(page)
    await burst(walk, ["CMD-DELIVERED"])
    await burst(walk, [delivered])
    await expect_that(page.get_by_test_id("scan-line").first).to_contain_text("Write who takes it in")
    await page.get_by_label("Who takes it in?").fill("Ida Ray")
    await page.get_by_label("Order", exact=True).select_option(number)
    # The order is another door, so the name that was given at the last one is gone.
    await expect_that(page.get_by_label("Who takes it in?")).to_have_value("")
    await page.get_by_label("Who takes it in?").fill("Ida Ray")
    await scan_into(page, "received_by", delivered)
    await expect_that(page.get_by_label("Who takes it in?")).to_have_value("Ida Ray")
    await expect_that(page.get_by_test_id("scan-network")).to_have_attribute("data-network", "offline")
    await scan_into(page, "received_by", elsewhere)
    wrong_door = page.get_by_test_id("scan-line").filter(has_text=f"it is for order {another}, not {number}")
    await expect_that(wrong_door).to_contain_text("Do not leave it here.")
    await waiting(page, 3)
    await walk.look()
    await walk.picture("scan-on-the-van")
    await scan_into(page, "received_by", "CMD-COLLECTED")
    await burst(walk, [fetched])
    await waiting(page, 4)
    await go_to_and_fro(walk, 4)

    await cable.plug_in()
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await waiting(page, 0)
    lines = page.get_by_test_id("scan-line")
    await expect_that(lines).to_have_count(4)
    await now_the_service_says_it(page)
    for words in ("Returned", f"Order {number}, taken in by Ida Ray.", "Collected"):
        await expect_that(lines.filter(has_text=words)).to_have_attribute("data-outcome", "accepted")
    await expect_that(wrong_door).to_have_attribute("data-outcome", "refused")
    await walk.look()
    await walk.picture("scan-back-from-the-van")
    states = {returned: "returned", delivered: "on_loan", fetched: "awaiting_collection", elsewhere: "dispatched"}
    await stand_there_once(office, states)


async def the_device_itself_says_held(page: Page) -> None:
    """By the list that it fetched before the signal went; nothing that somebody wrote is in it."""
    age = page.get_by_test_id("scan-held")
    await expect_that(age).to_have_text(re.compile(r"^Held items: \d+ items?, as of \d\d:\d\d\.$"))
    told = page.get_by_test_id("scan-line").first
    await expect_that(told).to_contain_text("Held: a fault is recorded. Do not deliver it or hand it over.")
    await expect_that(told).to_contain_text("By the list on this device, as of")
    await expect_that(told).not_to_contain_text("Mrs Ray")


# What the device keeps of what is held is two days old.
TWO_DAYS_LATER = """async () => {
    const cache = await caches.open("stores-kept");
    const kept = await cache.match("/api/v1/held-items");
    const headers = new Headers(kept.headers);
    headers.set("Date", new Date(Date.now() - 2 * 24 * 3_600_000).toUTCString());
    await cache.put("/api/v1/held-items", new Response(await kept.text(), { headers }));
}"""


async def what_is_not_known_is_said(walk: Walk) -> None:
    """A list that is too old is no list: nothing is taken for safe by it."""
    list_age = walk.page.get_by_test_id("scan-held")
    await expect_that(list_age).to_have_attribute("data-known", "no")
    await expect_that(list_age).to_contain_text(
        "Older than a day: without a network, ask before you hand anything over."
    )
    said = await walk.page.evaluate(
        """async () => {
            const loaded = performance.getEntriesByType("resource").find(({ name }) => name.includes("scan/held.js"));
            const { heldHere } = await import(loaded.name);
            return [heldHere("ES000000000", "deliver"), heldHere("ES000000000", "collect")];
        }"""
    )
    assert re.fullmatch(
        r"Not known whether it is held\. By the list on this device, as of \d\d:\d\d on \d+ \w+\. That is too old\. "
        r"Ask the store before you hand it over\.",
        said[0],
    )
    assert said[1] == ""
    await walk.look()
    await walk.picture("scan-held-not-known")


async def now_the_service_says_it(page: Page) -> None:
    """The list is new again, and no line speaks by it any more."""
    await expect_that(page.get_by_test_id("scan-held")).to_have_attribute("data-known", "yes")
    by_the_list = page.get_by_test_id("scan-line").filter(has_text="By the list on this device, as of")
    await expect_that(by_the_list).to_have_count(0)


async def go_to_and_fro(walk: Walk, count: int) -> None:
    """Without a network, two days later: a reload, a page that cannot be had, and the scan page again, where as many
    scans wait."""
    page = walk.page
    await page.evaluate(TWO_DAYS_LATER)
    await page.reload()
    await waiting(page, count)
    await what_is_not_known_is_said(walk)
    await page.goto(f"{walk.address}/orders")
    await expect_that(page.get_by_role("heading", level=1)).to_have_text("No connection")
    await page.get_by_role("link", name="Scanning").click()
    await waiting(page, count)


async def stand_there_once(office: Office, states: dict[str, str]) -> None:
    """Each item stands where it should, and no move came twice."""
    for barcode, state in states.items():
        assert (await office.ask("ot", "GET", f"/items/{barcode}"))["state"] == state
        moves = [one["move"] for one in (await office.ask("ot", "GET", f"/items/{barcode}/history"))["items"]]
        assert len(moves) == len(set(moves)), moves


async def test_a_count_and_a_consignment_go_on_in_a_cellar_and_arrive_exactly_once(
    phone: tuple[Phone, Cable], office: Office
) -> None:
    device, cable = phone
    here, beside = await office.items(2, bay="Cellar")
    [stranger, sent] = await office.items(2)
    count = (await office.ask("technician", "POST", "/stocktakes", {"store": "MAIN", "bay": "Cellar"}))["number"]
    way = {"from_store": "MAIN", "to_store": "COAST"}
    consignment = (await office.ask("technician", "POST", "/transfers", way))["number"]
    walk = await device.on()
    page = walk.page
    await walk.begin_as("technician")
    await kept_for_later(page)
    await page.goto(f"{walk.address}/transfers/{consignment}/scan?mode=send_consignment")
    await page.goto(f"{walk.address}/stocktakes/{count}/count")
    await burst(walk, [here])
    await expect_that(page.get_by_test_id("progress")).to_contain_text("1 of 2 expected", timeout=8_000)
    await until(page, f"async () => !!(await caches.match('/stocktakes/{count}/count'))")

    await cable.pull()
    await burst(walk, [beside])
    await expect_that(page).to_have_title(re.compile(rf"^\(1 waiting\) Stocktake {count} "), timeout=30_000)
    await page.reload()
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("1")
    # Cold, where no list can be had: the scan page leads to what was being counted.
    await device.off()
    walk = await device.on()
    page = walk.page
    await page.goto(f"{walk.address}/")
    await waiting(page, 1)
    await expect_that(page.get_by_test_id("scan-line")).to_contain_text(f"Count, {count}")
    await walk.look()
    await walk.picture("scan-without-a-network")
    await page.get_by_role("link", name=f"Stocktake {count}").click()
    await expect_that(page.get_by_test_id("scan-mode")).to_have_text("Count")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("1")
    await burst(walk, [stranger, beside])
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("3")
    await walk.look()
    await walk.picture("stocktake-without-a-network")
    await page.get_by_role("link", name=f"Consignment {consignment}").click()
    await expect_that(page.get_by_test_id("scan-mode")).to_have_text("Send")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("3")
    await burst(walk, [sent])
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("4")

    await cable.plug_in()
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0", timeout=30_000)
    outcomes = await page.get_by_test_id("scan-line").evaluate_all("lines => lines.map((one) => one.dataset.outcome)")
    assert outcomes == ["accepted", "duplicate", "accepted", "accepted"]
    await both_are_recorded(office, count, stranger, consignment, sent)


async def both_are_recorded(office: Office, count: str, stranger: str, consignment: str, sent: str) -> None:
    """All was counted, with one stranger, and one item is on its way; the count is given up, for the next to begin."""
    result = await office.ask("technician", "GET", f"/stocktakes/{count}")
    assert (result["expected"], result["counted"]) == (2, 2)
    assert [(one["barcode"], one["difference"]) for one in result["differences"]] == [(stranger, "other_bay")]
    lines = (await office.ask("technician", "GET", f"/transfers/{consignment}"))["lines"]
    assert [(one["barcode"], one["line_state"]) for one in lines] == [(sent, "on_its_way")]
    await office.ask("technician", "POST", f"/stocktakes/{count}/cancel")


async def sign_out_all_the_same(walk: Walk) -> None:
    """Whoever has scans waiting is told of them first."""
    page = walk.page
    await page.get_by_role("button", name="Sign out").click()
    question = page.get_by_role("dialog", name="Sign out now?")
    await expect_that(question).to_contain_text(
        "2 scans wait on this device. They stay here and are sent when you sign in again."
    )
    await walk.picture("sign-out-question")
    await question.get_by_role("button", name="Stay signed in").click()
    await expect_that(question).to_be_hidden()
    await page.get_by_role("button", name="Sign out").click()
    await question.get_by_role("button", name="Sign out all the same").click()


async def send_what_waits(walk: Walk) -> None:
    """Every page says what waits, and leads to where it is sent."""
    page = walk.page
    await walk.go("/workshop")
    told = page.get_by_role("link", name="2 scans wait on this device")
    await expect_that(told).to_be_visible()
    await walk.look()
    await walk.picture("scans-wait")
    await told.click()
    await expect_that(page.get_by_test_id("scan-line")).to_have_count(2)
    await waiting(page, 0)
    await expect_that(page.locator("#waiting-here")).to_be_hidden()
    await walk.sign_out()


async def test_a_new_release_and_another_person_leave_the_queue_alone_and_nobody_elses_pages_behind(
    phone: tuple[Phone, Cable],
) -> None:
    device, cable = phone
    walk = await device.on()
    page = walk.page
    await walk.begin_as("technician")
    await walk.go("/scan")
    await kept_for_later(page)
    script = await (await walk.context.request.get(f"{walk.address}/service-worker.js")).text()
    release = re.search(r'VERSION = "(\w+)"', script)
    assert release
    await cable.pull()
    labels = tags_of(2)
    await burst(walk, labels)
    await waiting(page, 2)

    # The next release is on its way to the device while the old page is open, and takes over once that is closed.
    cable.swap = (release[1].encode(), b"f" * len(release[1]))
    await cable.plug_in()
    await page.route("**/api/v1/returns/scans", lambda route: route.abort())
    await page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
    await until(page, "async () => !!(await navigator.serviceWorker.getRegistration()).waiting")
    await cable.pull()
    await device.off()
    walk = await device.on()
    page = walk.page
    await page.goto(f"{walk.address}/scan")
    await waiting(page, 2)
    used = await page.evaluate("document.querySelector('script[src*=\"scan.js\"]').src")
    assert used.endswith("?v=" + "f" * len(release[1]))
    names = await page.evaluate("caches.keys()")
    assert sorted(names) == ["stores-assets-" + "f" * len(release[1]), "stores-kept"]

    # Signing out without a network lets go of the page, not of the scans.
    await sign_out_all_the_same(walk)
    await expect_that(page.get_by_role("heading", level=1)).to_have_text("No connection")
    assert not await page.evaluate("caches.match('/scan').then(Boolean)")
    await cable.plug_in()
    await walk.context.clear_cookies()
    await walk.sign_in("technician2")
    await kept_for_later(page)
    kept = await page.evaluate("caches.match('/scan').then((page) => page.text())")
    assert 'data-user="technician2"' in kept
    await walk.go("/scan")
    await expect_that(page.get_by_test_id("scan-others")).to_contain_text("2 scans are kept here for somebody else")
    await walk.sign_out()
    await walk.sign_in("technician")
    await send_what_waits(walk)
