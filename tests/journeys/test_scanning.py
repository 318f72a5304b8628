"""The scan page at its worst: bursts, no network, a reload in between, a sign-in that ends."""

import asyncio
from typing import Any
from uuid import uuid4

from playwright.async_api import Route
from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk
from tests.journeys.test_the_whole_loop import scan

SCANS = "**/api/v1/returns/scans"


def tags_of(count: int) -> list[str]:
    """So many barcodes that nobody here knows, each another one."""
    return [f"BOX{uuid4().hex[:9].upper()}X" for _ in range(count)]


async def burst(walk: Walk, barcodes: list[str]) -> float:
    """Key events of a scanner, as fast as the page takes them; gives the seconds that it took."""
    script = """async barcodes => {
        const began = performance.now();
        for (const barcode of barcodes) {
            for (const key of [...barcode, 'Enter']) {
                document.activeElement.dispatchEvent(
                    new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
            }
            await new Promise(next => setTimeout(next, 25));
        }
        return (performance.now() - began) / 1000;
    }"""
    seconds: float = await walk.page.evaluate(script, barcodes)
    return seconds


async def type_in(walk: Walk, text: str) -> None:
    """What a scanner types, when no line is to come of it."""
    await walk.page.keyboard.type(text)
    await walk.page.keyboard.press("Enter")


async def test_a_burst_of_thirty_scans_in_a_second_loses_none_and_shows_one_line_each(walks: Any) -> None:
    technician: Walk = await walks("technician")
    await technician.go("/scan")
    barcodes = tags_of(30)
    seconds = await burst(technician, barcodes)
    assert seconds < 1.5
    lines = technician.page.get_by_test_id("scan-line")
    await expect_that(lines).to_have_count(30)
    await expect_that(technician.page.get_by_test_id("scan-waiting-count")).to_have_text("0")
    shown = " ".join(await lines.all_inner_texts())
    assert [barcode for barcode in barcodes if barcode not in shown] == []
    await technician.look()


WATCH_THE_DISK = """
    window.seen = {kept: 0, early: 0, lines: 0, writes: 0, last: 0};
    const put = IDBObjectStore.prototype.put;
    const writes = new Map();
    IDBObjectStore.prototype.put = function (...all) {
        const write = this.transaction;
        if (!writes.has(write)) {
            // The page has set its own handler when it comes to write; what has to be before it goes before it.
            const after = write.oncomplete;
            write.oncomplete = () => { seen.kept += writes.get(write); seen.writes += 1; after(); };
        }
        writes.set(write, (writes.get(write) ?? 0) + 1);
        return put.apply(this, all);
    };
    addEventListener('DOMContentLoaded', () => {
        const lines = document.getElementById('scan-lines');
        new MutationObserver(() => {
            seen.lines = lines.children.length;
            seen.early += seen.lines > seen.kept ? 1 : 0;
            seen.last = performance.now();
        }).observe(lines, {childList: true});
    });
"""


async def test_a_line_shows_only_when_the_browser_has_it_on_the_disk_in_order_and_still_at_once(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await page.add_init_script(WATCH_THE_DISK)
    await technician.go("/scan")
    barcodes = tags_of(30)
    await page.evaluate(
        """barcodes => {
            for (const key of barcodes.flatMap((barcode) => [...barcode, 'Enter'])) {
                document.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
            }
            window.endedAt = performance.now();
        }""",
        barcodes,
    )
    lines = page.get_by_test_id("scan-line")
    await expect_that(lines).to_have_count(30)
    seen = await page.evaluate("({...seen, took: seen.last - endedAt})")
    assert (seen["lines"], seen["early"], seen["kept"]) == (30, 0, 30)
    # Those that come while the first is being written are written together, or thirty waits for the disk would add up.
    assert seen["writes"] <= 3
    assert seen["took"] < 1_000
    shown = await page.locator(".app-scan-line__tag").all_inner_texts()
    assert shown == barcodes[::-1]


async def test_a_scan_that_the_browser_cannot_keep_is_shown_and_sent_all_the_same(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await page.add_init_script(
        "IDBObjectStore.prototype.put = function () { this.transaction.abort(); throw new Error('no space'); };"
    )
    await technician.go("/scan")
    await burst(technician, tags_of(3))
    await expect_that(page.get_by_test_id("scan-line")).to_have_count(3)
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0")
    await expect_that(page.get_by_test_id("scan-network")).to_contain_text("keeps no scans when the page closes")


async def test_without_a_network_scans_wait_survive_a_reload_and_are_sent_by_themselves(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/scan")

    async def cut(route: Route) -> None:
        await route.abort("internetdisconnected")

    await page.route(SCANS, cut)
    barcodes = tags_of(5)
    await burst(technician, barcodes)
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("5")
    await expect_that(page.get_by_test_id("scan-network")).to_have_attribute("data-network", "offline")
    await technician.look()
    await technician.picture("scan-offline")

    await page.reload()
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("5")
    await page.unroute(SCANS)
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0", timeout=20_000)
    shown = " ".join(await page.get_by_test_id("scan-line").all_inner_texts())
    assert [barcode for barcode in barcodes if barcode not in shown] == []


async def test_a_scan_whose_answer_was_lost_is_sent_again_and_counts_once(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/workshop")
    await technician.go("/scan")
    answers: list[int] = []

    async def lose_the_first_answer(route: Route) -> None:
        answer = await route.fetch()
        answers.append(answer.status)
        if len(answers) == 1:
            await route.abort("connectionreset")
        else:
            await route.fulfill(response=answer)

    await page.route(SCANS, lose_the_first_answer)
    await burst(technician, tags_of(1))
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0", timeout=20_000)
    await expect_that(page.get_by_test_id("scan-line")).to_have_count(1)
    assert answers == [200, 200]


async def test_a_sign_in_that_ended_keeps_the_scans_and_says_so(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/scan")
    await technician.context.clear_cookies()
    await burst(technician, tags_of(2))
    await expect_that(page.get_by_test_id("scan-network")).to_have_attribute("data-network", "sign-in")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("2")
    await technician.sign_in("technician")
    await page.goto(f"{technician.address}/scan")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0", timeout=20_000)
    await expect_that(page.get_by_test_id("scan-line")).to_have_count(2)


async def test_a_second_tab_notices_that_the_sign_in_is_back_and_drains_by_itself(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/scan")
    await technician.context.clear_cookies()
    barcodes = tags_of(2)
    await burst(technician, barcodes)
    await expect_that(page.get_by_test_id("scan-network")).to_have_attribute("data-network", "sign-in")
    await technician.look()
    await technician.picture("scan-signed-out")
    other = Walk(technician.context, await technician.context.new_page(), technician.address)
    await other.sign_in("technician")
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0")
    await expect_that(page.get_by_test_id("scan-network")).to_have_attribute("data-network", "ready")
    await burst(technician, tags_of(1))
    await expect_that(page.get_by_test_id("scan-line")).to_have_count(3)
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0")


async def test_when_somebody_else_signs_in_scans_stay_with_who_made_them_and_are_shown(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    await technician.go("/scan")
    await scan(technician, "CMD-RELEASE")
    await scan(technician, "CMD-RETURN")
    await technician.context.clear_cookies()
    barcodes = tags_of(2)
    await burst(technician, barcodes)
    await expect_that(page.get_by_test_id("scan-network")).to_have_attribute("data-network", "sign-in")
    sent: list[str] = []
    await technician.context.route(SCANS, lambda route: note_and_go_on(route, sent))

    # Another tab: the first page begins anew by itself, for the other person.
    other = Walk(technician.context, await technician.context.new_page(), technician.address)
    await other.sign_in("technician2")
    kept = page.get_by_test_id("scan-others")
    await expect_that(kept).to_contain_text("2 scans are kept here for somebody else")
    for words in (*barcodes, "Return, scanned by technician,", "not sent in your name"):
        await expect_that(kept).to_contain_text(words)
    await expect_that(page.get_by_test_id("scan-mode-told")).to_contain_text("Somebody else worked here before you")
    await technician.look()
    await technician.picture("scan-kept-for-another")
    await burst(technician, tags_of(1))
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0")
    assert [barcode for barcode in barcodes if barcode in " ".join(sent)] == []

    await technician.context.clear_cookies()
    await other.sign_in("technician")
    await expect_that(page.get_by_test_id("scan-line")).to_have_count(2)
    await expect_that(page.get_by_test_id("scan-waiting-count")).to_have_text("0")
    await expect_that(kept).to_be_hidden()
    assert [barcode for barcode in barcodes if barcode not in " ".join(sent)] == []


async def note_and_go_on(route: Route, sent: list[str]) -> None:
    sent.append(route.request.post_data or "")
    await route.continue_()


async def test_a_mode_outlives_a_reload_for_the_same_person_is_said_loudly_and_is_left_by_one_press(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    mode, told = page.get_by_test_id("scan-mode"), page.get_by_test_id("scan-mode-told")
    await technician.go("/scan")
    await expect_that(mode).to_have_text("Return")
    await expect_that(told).to_be_hidden()
    await expect_that(page.get_by_role("status")).to_have_text("Each scan now does: Return.")
    await type_in(technician, "*cmd-release*")
    await expect_that(page.get_by_test_id("scan-mode-warning")).to_contain_text("ready for the next client")
    shown = await scan(technician, tags_of(1)[0])
    assert "Release to shelf" in shown["text"]
    await page.reload()
    await expect_that(mode).to_have_text("Release to shelf")
    await expect_that(told).to_contain_text("Still “Release to shelf”, as you left it just now.")
    await technician.look()
    await technician.picture("scan-release")
    await page.set_viewport_size({"width": 390, "height": 844})
    await technician.look()
    await technician.picture("scan-release-phone")
    await page.get_by_role("button", name="Go back to “Return”").click()
    await expect_that(mode).to_have_text("Return")
    await expect_that(told).to_be_hidden()
    await page.reload()
    await expect_that(mode).to_have_text("Return")


async def test_a_mode_is_not_kept_for_another_person_nor_after_half_an_hour(walks: Any) -> None:
    technician: Walk = await walks("technician")
    page = technician.page
    mode, told = page.get_by_test_id("scan-mode"), page.get_by_test_id("scan-mode-told")
    await technician.go("/scan")
    await scan(technician, "CMD-RELEASE")
    await page.evaluate("""() => {
        const kept = JSON.parse(sessionStorage.getItem('stores-scan-desk /scan'));
        sessionStorage.setItem('stores-scan-desk /scan', JSON.stringify({...kept, at: kept.at - 31 * 60000}));
    }""")
    await page.reload()
    await expect_that(mode).to_have_text("Return")
    await expect_that(told).to_contain_text("You were away for a while. You begin again with “Return”.")
    await scan(technician, "CMD-RELEASE")
    await technician.sign_out()
    await technician.sign_in("technician2")
    await technician.go("/scan")
    await expect_that(mode).to_have_text("Return")
    await expect_that(told).to_contain_text("Somebody else worked here before you. You begin with “Return”.")
    await expect_that(page.locator('input[value="return"]')).to_be_checked()


async def test_a_scanner_that_sends_more_than_the_label_is_understood(walks: Any) -> None:
    technician: Walk = await walks("technician")
    await technician.go("/scan")
    await type_in(technician, "]C0CMD-LOOK-UP")
    for sent in ("*ES000000143*", "]A0*es000000143*", "]C1ES000000143"):
        result = await scan(technician, sent)
        assert result["outcome"] == "accepted", result
        assert "ES-0000001-43" in result["text"]


async def test_the_manager_reconciles_several_scans_with_one_note(walks: Any) -> None:
    technician: Walk = await walks("technician")
    await technician.go("/scan")
    await burst(technician, tags_of(30))
    await expect_that(technician.page.get_by_test_id("scan-waiting-count")).to_have_text("0")
    manager: Walk = await walks("manager")
    await manager.go("/returns/unmatched")
    await manager.follow("Tick all 25 on this page")
    await manager.picture("scans-to-reconcile")
    await manager.page.get_by_label("What was done").fill("Empty boxes. Recycled.")
    await manager.press("Reconcile the ticked scans")
    assert "The 25 scans are off the list" in await manager.text()
    await manager.page.get_by_text("Show one store, or some days").click()
    await manager.page.get_by_label("Store", exact=True).select_option("MAIN")
    await manager.look()
    await manager.picture("scans-to-reconcile-narrow")
    await manager.press("Show")
    assert "store=MAIN" in manager.page.url


async def test_on_a_small_screen_the_newest_scan_and_its_next_step_are_in_view_untouched(walks: Any) -> None:
    technician: Walk = await walks("technician", viewport={"width": 320, "height": 640})
    page = technician.page
    for width, height in ((320, 640), (360, 740), (412, 915)):
        await page.set_viewport_size({"width": width, "height": height})
        await technician.go("/scan")
        for from_below in (False, True):
            if from_below:
                await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
            await scan(technician, "XX000123469")
            line = page.get_by_test_id("scan-line").first
            # Chromium says how much of it is in view.
            await expect_that(line.locator(".app-scan-line__tag")).to_be_in_viewport(ratio=1)
            await expect_that(line.get_by_text("Next: Put it on the query shelf")).to_be_in_viewport(ratio=1)
            await expect_that(page.get_by_test_id("scan-mode")).to_be_in_viewport(ratio=1)
        await technician.look()


async def test_what_is_not_ours_is_a_result_with_the_next_thing_to_do(walks: Any) -> None:
    technician: Walk = await walks("technician")
    await technician.go("/scan")
    for barcode, outcome, words in (
        ("ES000000144", "refused", "mistyped"),
        ("XX000123469", "unknown", "another service"),
        ("05012345678900", "unknown", "query shelf"),
        ("ES000000143", "refused", "was not out"),
    ):
        result = await scan(technician, barcode)
        assert result["outcome"] == outcome, result
        assert words in result["text"]
    await technician.look()
    await technician.picture("scan-refused")


async def test_two_desks_scan_the_same_return_and_one_is_told_that_it_was_done(walks: Any) -> None:
    first: Walk = await walks("technician")
    second: Walk = await walks("technician2")
    await first.go("/items?state=on_loan&q=commode")
    tag = (await first.page.get_by_role("row").nth(1).get_by_role("link").first.inner_text()).strip()
    barcode = tag.replace("-", "")
    await asyncio.gather(first.go("/scan"), second.go("/scan"))
    results = await asyncio.gather(scan(first, barcode), scan(second, barcode))
    assert sorted(result["outcome"] for result in results) == ["accepted", "refused"]
