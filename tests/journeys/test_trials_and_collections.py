"""The worklists of trials, collections and stop-use notices, and what leads on from them: axe on every page."""

from typing import Any

from playwright.async_api import expect as expect_that

from tests.journeys.conftest import Walk


async def test_the_worklists_and_what_leads_on_from_them_pass(walks: Any) -> None:
    walk: Walk = await walks("ot")
    for path in ("/trials", "/trials?show=overdue&mine=true", "/collections", "/collections/new"):
        await walk.go(path)
    await walk.page.get_by_label("Whose equipment is it?").fill("ashby")
    await walk.page.get_by_role("button", name="Search").click()
    await expect_that(walk.page.locator("#found")).to_be_focused()
    assert walk.page.url.endswith("/collections/new")
    await walk.look()
    for path in ("/collections/C000001", "/collections/C000001/fail", "/collections/C000001/found"):
        await walk.go(path)
    await walk.go("/clients/C-1001/collect?bereavement=true")
    await walk.go("/loans/1/stop-use")
    await walk.go("/stop-use")


async def test_a_find_waits_for_the_manager(walks: Any) -> None:
    walk: Walk = await walks("manager")
    await walk.go("/collections/C000001/found")
    await walk.page.get_by_label("What is it like?").fill("Grey bath board")
    await walk.press("Take it")
    assert "It has no label." in await walk.text()
    await walk.go("/collections/finds")
    assert "Grey bath board" in await walk.text()
