"""Every page that a role is led to: axe, 400 % zoom, keyboard, and without JavaScript."""

from typing import Any

import pytest
from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk

PAGES = {
    "technician": (
        "/",
        "/scan",
        "/scan/commands",
        "/items",
        "/items?state=on_loan",
        "/items/ES000000143",
        "/items/ES000000143/transfer",
        "/items/ES000000143/holds/new",
        "/items/ES000000143/missing",
        "/items/ES000000143/scrap",
        "/items/ES000000143/issue",
        "/items/receive",
        "/labels",
        "/printers",
        "/printers/new",
        "/workshop",
        "/workshop?bench=awaiting_inspection",
        "/workshop/ES000000143/inspection",
        "/products",
        "/products/HOIST-150",
        "/clients",
        "/clients/C-1001",
        "/clients/C-1001/collect",
        "/account",
        "/account/email",
        "/account/password",
        "/orders",
        "/orders/O000004",
        "/orders/pick",
        "/orders/O000004/dispatch",
        "/orders/O000002/deliver",
        "/orders/O000002/failed-visit",
        "/messages",
        "/stocktakes",
        "/stocktakes/new",
        "/transfers",
        "/transfers/new",
        "/transfers/replenish",
    ),
    "manager": (
        "/",
        "/returns/unmatched",
        "/products/new",
        "/products/HOIST-150/edit",
        "/clients/new",
        "/clients/C-1001/edit",
        "/items?held=yes",
        "/prescribers",
        "/prescribers/new",
        "/prescribers/ot",
        "/prescribers/senior.ot/lend",
        "/teams/new",
        "/import",
        "/import/items",
        "/messages/sent",
        "/transfers/levels",
    ),
    "ot": (
        "/",
        "/clients/new",
        "/clients?q=ashby",
        "/products?q=hosit",
        "/products/SLING-L",
        "/orders",
        "/orders/new",
        "/orders/new?product=STOOL-PERCH",
        "/orders/O000001",
        "/orders/O000006",
        "/orders/O000008/check",
        "/trials",
        "/collections",
        "/stop-use",
        "/my-authority",
        "/collections/C000001",
        "/reservations",
        "/reservations?whose=everybody",
        "/reservations/new",
        "/reservations/new?barcode=ES000000143",
        "/reservations/new?product=HOIST-150",
        "/items/ES000000143/calendar",
    ),
    "safety": ("/", "/items?held=yes"),
    "finance": ("/",),
    "chair": ("/",),
    "admin": ("/", "/users", "/users/new", "/users/technician", "/users/admin", "/audit", "/api/docs"),
    "auditor": ("/", "/audit", "/items/ES000000143"),
}


@pytest.mark.parametrize("username", PAGES)
async def test_every_page_passes_axe_and_reflows_at_four_hundred_percent(walks: Any, username: str) -> None:
    walk: Walk = await walks(username)
    for path in PAGES[username]:
        await walk.page.set_viewport_size({"width": 1280, "height": 900})
        await walk.go(path)
        # 1280 CSS pixels at 400 % are 320 (WCAG 2.2, 1.4.10).
        await walk.page.set_viewport_size({"width": 320, "height": 256})
        too_wide = await walk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, f"{path} scrolls sideways by {too_wide} pixels at 400 %"


async def test_a_role_is_led_only_to_what_it_may_do(walks: Any) -> None:
    prescriber: Walk = await walks("ot")
    assert "Workshop" not in await prescriber.page.locator("nav, header").all_inner_texts()
    await prescriber.go("/workshop")
    assert "You may not do this" in await prescriber.page.title()
    assert "technician" in await prescriber.text()


async def test_the_keyboard_alone_signs_in_and_finds_an_item(walks: Any) -> None:
    walk: Walk = await walks()
    page = walk.page
    await walk.go("/sign-in")
    await tab_to(walk, "Username")
    await page.keyboard.type("technician")
    await tab_to(walk, "Password")
    await page.keyboard.type("equipment-demo")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/")
    await page.keyboard.press("Tab")
    focused = await page.evaluate("document.activeElement.textContent.trim()")
    assert focused == "Skip to main content"
    await page.keyboard.press("Enter")
    await tab_to(walk, "Find an item")
    await page.keyboard.type("ES-0000001-43")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/items/ES000000143")
    await walk.look()


async def test_everything_works_without_javascript(walks: Any) -> None:
    walk: Walk = await walks(java_script_enabled=False)
    page = walk.page
    await page.goto(f"{walk.address}/sign-in")
    await page.get_by_label("Username", exact=True).fill("technician")
    await page.get_by_label("Password", exact=True).fill("equipment-demo")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{walk.address}/scan")
    await page.get_by_label("Barcode").fill("ES000000144")
    await page.get_by_role("button", name="Enter").click()
    await expect_that(page.locator("main")).to_contain_text("mistyped")
    await page.goto(f"{walk.address}/items?q=hoist")
    await expect_that(page.locator("main")).to_contain_text("Mobile hoist")


async def test_a_wrong_password_is_an_error_on_the_form(walks: Any) -> None:
    walk: Walk = await walks()
    await walk.go("/sign-in")
    await walk.picture("sign-in")
    await walk.page.get_by_label("Username", exact=True).fill("nobody.here")
    await walk.page.get_by_label("Password", exact=True).fill("not the password")
    await walk.press("Sign in")
    assert (await walk.page.title()).startswith("Error:")
    assert "do not go together" in await walk.text()


async def tab_to(walk: Walk, label: str) -> None:
    """Press Tab until the field of that label has the focus."""
    wanted = await walk.page.get_by_label(label, exact=True).get_attribute("id")
    for _ in range(40):
        await walk.page.keyboard.press("Tab")
        if await walk.page.evaluate("document.activeElement.id") == wanted:
            return
    raise AssertionError(f"Tab never came to {label}")


async def test_the_list_of_items_narrows_while_one_types(walks: Any) -> None:
    walk: Walk = await walks("technician")
    await walk.go("/items")
    rows = walk.page.get_by_role("row")
    before = await rows.count()
    await walk.page.get_by_label("Search").press_sequentially("mattress")
    await expect_that(rows.filter(has_text="Mobile hoist")).to_have_count(0)
    await expect_that(rows.filter(has_text="Dynamic air mattress").first).to_be_visible()
    assert await rows.count() < before
    await walk.look()
