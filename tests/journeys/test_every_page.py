"""Every page that a role is led to: axe, 400 % zoom, keyboard, and without JavaScript."""

from typing import Any

import pytest
from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk

PAGES = {
    None: (
        "/sign-in",
        "/l/ES000000143",
        "/l/ES000000143/fault",
        "/l/ES000000143/reported",
        "/l/ES000000144",
        "/l/ES000000337",
    ),
    "technician": (
        "/",
        "/scan",
        "/scan?mode=deliver",
        "/offline",
        "/scan/commands",
        "/items",
        "/items?state=on_loan",
        "/items/ES000000143",
        "/items/ES000000143/transfer",
        "/items/ES000000143/holds/new",
        "/items/ES000000143/missing",
        "/items/ES000000143/whereabouts",
        "/items/ES000000143/scrap",
        "/items/ES000000143/issue",
        "/items/receive",
        "/labels",
        "/printers",
        "/printers/new",
        "/faults",
        "/workshop",
        "/workshop?bench=awaiting_inspection",
        "/workshop?bench=decontaminating",
        "/workshop?bench=scrap",
        "/workshop?bench=in_repair",
        "/workshop/together",
        "/workshop/ES000000143/advice",
        "/workshop/ES000000143/repair/part",
        "/workshop/ES000000143/repair/estimate",
        "/parts-fitted/1/withdraw",
        "/parts-bin",
        "/items/ES000000143/harvest",
        "/disposals",
        "/workshop/ES000000143/decontamination",
        "/items/ES000000143/cleanings",
        "/decontaminations/1/correct",
        "/workshop/ES000000143/inspection",
        "/workshop/ES000000143/examination",
        "/inspections/due",
        "/inspections/due?where=home",
        "/inspections/visits",
        "/inspections/visits/1",
        "/inspections/visits/new",
        "/inspections/visits/new?client_ref=C-1006",
        "/inspections/1",
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
        "/safety-notices/1/matches?where=in_store",
        "/stocktakes",
        "/stocktakes/new",
        "/transfers",
        "/transfers/new",
        "/transfers/replenish",
    ),
    "manager": (
        "/",
        "/returns/unmatched",
        "/scrap-requests",
        "/scrap-requests?decided=true",
        "/scrap-requests/2",
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
        "/panels",
        "/panels/new",
        "/panels/JSEP",
        "/panel-learning",
        "/items/ES000000143/ring-fence/lift",
        "/import",
        "/import/items",
        "/messages/sent",
        "/transfers/levels",
        "/maker-aliases",
    ),
    "ot": (
        "/",
        "/clients/new",
        "/clients",
        "/products?q=hosit",
        "/products/SLING-L",
        "/orders",
        "/orders?show=undated",
        "/orders/new",
        "/orders/new?product=STOOL-PERCH",
        "/orders/new?client_ref=C-1006&q=stool",
        "/orders/new?client_ref=C-1006&product=STOOL-PERCH",
        "/products?client_ref=C-1006&q=stool",
        "/orders/O000001",
        "/orders/O000001/answers",
        "/loans/1/answers",
        "/orders/O000006",
        "/orders/O000008/check",
        "/orders/O000008/lines/1?pick=yes&q=bath",
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
    "safety": (
        "/",
        "/safety-notices",
        "/safety-notices?show=all",
        "/safety-notices/1",
        "/safety-notices/3",
        "/safety-notices/3/triage",
        "/safety-notices/1/version",
        "/safety-notices/1/actions/new",
        "/safety-notices/1/actions/1/done",
        "/safety-notices/1/scope",
        "/safety-notices/1/preview",
        "/safety-notices/1/preview?result=possible",
        "/safety-notices/1/matches",
        "/safety-notices/1/matches?where=with_client",
        "/safety-notices/new",
        "/safety-notices/import",
        "/safety-notices/1/matches?ticked=all",
        "/safety-notices/1/homes",
        "/safety-notices/1/reviews",
        "/safety-notices/1/reconciliation",
        "/safety-notices/4",
        "/safety-notices/4/matches",
        "/safety-notices/4/homes",
        "/safety-notices/4/reconciliation",
        "/items?held=yes",
        "/inspections/authority-copies",
        "/inspections/authority-copies?sent=true",
        "/inspections/authority-copies/1",
    ),
    "finance": (
        "/",
        "/finance/items/ES000000143",
        "/scrap-requests",
        "/panel-learning?panel=JSEP",
        "/finance/recycling",
        "/finance/recycling?basis=cohort&from=2020-01-01&to=2020-12-31",
        "/finance/recycling/items?rate=collection_rate&part=denominator",
        "/finance/cost-avoided",
        "/finance/cost-avoided/items",
        "/finance/performance",
        "/finance/performance/orders?outcome=waiting",
        "/finance",
        "/finance/reports/costs?period=this_year",
        "/finance/reports/costs?period=this_year&group_by=product&then_by=kind",
        "/finance/reports/costs?period=this_year&group_by=product&then_by=period&smallest=3",
        "/finance/reports/costs/lines?period=this_year&group_by=funder",
        "/finance/reports/credits-outstanding",
        "/finance/reports/commitments",
        "/finance/reports/accruals",
        "/finance/reports/asc-fr",
        "/finance/reports/equity",
        "/finance/reports/accruals/items?kind=inspection",
        "/finance/performance/pieces",
        "/finance/performance/undated",
        "/finance/tariffs",
        "/finance/tariffs/new",
        "/finance/tariffs/new?q=hoist",
        "/finance/tariffs/new?replaces=1",
        "/finance/tariffs/1",
        "/finance/tariffs/try",
        "/finance/tariffs/try?product=HOIST-150&recycled=true&age=24&speed=next_day&months=6",
        "/finance/charges",
        "/finance/charges?kind=credit",
        "/finance/charges/1",
        "/finance/periods",
        "/finance/periods/2026-11",
        "/finance/periods/2026-11/close",
        "/finance/reconciliation",
        "/finance/reconciliation?period=2026-11",
        "/finance/disputes",
        "/finance/disputes?show=settled",
        "/finance/funding",
        "/finance/funding/O000002",
        "/finance/funding/O000002/top-up",
        "/finance/funders",
        "/finance/funders/new",
        "/finance/funders/ASC",
        "/finance/teams/WEST",
        "/finance/exports",
        "/finance/exports?period=2020-01",
        "/finance/journal",
        "/finance/journal/layout",
        "/finance/pack",
        "/finance/packs/2026-03",
        "/finance/dashboard",
        "/finance/dashboard?months=25&funder=ASC",
        "/finance/statements/ASC?period=2026-11",
        "/finance/statements/ICB?period=2020-01",
        "/finance/budgets",
        "/finance/budgets/new",
        "/finance/budgets/1",
    ),
    "senior.ot": (
        "/panel-cases",
        "/panel-cases?state=decided",
        "/panel-cases/P000001",
        *(
            f"/panel-cases/P000001/parts/{section}"
            for section in ("need", "trials", "recycled", "options", "quotes", "lifetime", "funding")
        ),
        "/panel-cases/P000001/attachments",
        "/panel-cases/P000001/withdraw",
        "/panel-cases/P000004",
        "/panel-cases/P000004/appeal",
        "/panel-cases/P000004/decisions/1/papers",
        "/panel-cases/P000004/review",
        "/panel-follow-up",
        "/orders/O000007",
    ),
    "chair": (
        "/",
        "/panel-cases",
        "/panel-cases/P000003",
        "/panel-cases/P000003/decide",
        "/panel-cases/P000002/chair-action",
        "/panel-cases/P000002/ratify",
        "/panel-cases/P000002/screen",
        "/panel-cases/P000002/interest",
        "/panel-cases/P000002/recommend",
        "/panel-meetings",
        "/panel-meetings/new",
        "/panel-meetings/1",
        "/panel-meetings/2",
        "/panel-follow-up",
        "/panel-learning",
    ),
    "admin": ("/", "/users", "/users/new", "/users/technician", "/users/admin", "/audit", "/api/docs"),
    "auditor": (
        "/",
        "/audit",
        "/items/ES000000143",
        "/safety-notices?show=all",
        "/safety-notices/1",
        "/safety-notices/1/matches",
        "/panel-decisions",
    ),
}


@pytest.mark.parametrize("username", PAGES)
async def test_every_page_passes_axe_and_reflows_at_four_hundred_percent(walks: Any, username: str | None) -> None:
    walk: Walk = await walks(username)
    for path in PAGES[username]:
        await walk.page.set_viewport_size({"width": 1280, "height": 900})
        await walk.go(path)
        # A page that is not there passes axe, too. The labels of strangers are about what is not known.
        assert path.startswith("/l/") or "Not found" not in await walk.page.title(), path
        # 1280 CSS pixels at 400 % are 320 (WCAG 2.2, 1.4.10).
        await walk.page.set_viewport_size({"width": 320, "height": 256})
        too_wide = await walk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, f"{path} scrolls sideways by {too_wide} pixels at 400 %"


async def test_a_role_is_led_only_to_what_it_may_do(walks: Any) -> None:
    prescriber: Walk = await walks("ot")
    assert "Workshop" not in await prescriber.page.locator("nav, header").all_inner_texts()
    await prescriber.go("/workshop")
    assert "You may not do this" in await prescriber.page.title()
    assert "Terry Nash" in await prescriber.text()


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


async def test_a_client_is_looked_for_without_a_word_in_the_address_and_back_leads_to_the_list(walks: Any) -> None:
    walk: Walk = await walks("ot")
    page = walk.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await walk.go("/clients")
    await page.get_by_label("Find a client").fill("ashby")
    await page.keyboard.press("Enter")
    await expect_that(page.locator("#found")).to_be_focused()
    assert await page.get_by_label("Find a client").input_value() == "ashby"
    await walk.look()
    await walk.picture("client-search")
    await page.get_by_role("link", name="C-1001").click()
    await page.wait_for_url("**/clients/C-1001")
    await page.go_back()
    await expect_that(page.get_by_label("Find a client")).to_be_visible()
    assert page.url.endswith("/clients")
    assert [url for url in asked if "ashby" in url.lower()] == []


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
