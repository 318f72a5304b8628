"""Start pages, the pick list and own collections on a phone (320 CSS pixels): nothing is cut off at the right."""

from typing import Any

import pytest

from tests.journeys.conftest import Walk

CUT_OFF = """() => [...document.querySelectorAll('.app-table')].filter(
    table => table.scrollWidth > table.clientWidth + 1).map(table => table.getAttribute('aria-label'))"""
GLUED = """() => [...document.querySelectorAll('.app-table--stacked td')].map(cell => cell.innerText).filter(
    text => /[a-z][A-Z][a-z]/.test(text))"""
TALL = 6_500
"""So high may a start page be: a manager's counts and links alone are 3,000."""


@pytest.mark.parametrize("who", ["manager", "technician", "ot", "senior.ot", "safety", "chair"])
async def test_a_start_page_fits_a_phone(walks: Any, who: str) -> None:
    walk: Walk = await walks(who)
    await walk.page.set_viewport_size({"width": 320, "height": 600})
    await walk.go("/")
    assert await walk.page.evaluate(CUT_OFF) == []
    assert await walk.page.evaluate(GLUED) == []
    assert await walk.page.evaluate("document.documentElement.scrollHeight") < TALL


async def test_the_pick_list_fits_a_phone(walks: Any) -> None:
    walk: Walk = await walks("technician")
    await walk.page.set_viewport_size({"width": 320, "height": 600})
    await walk.go("/orders/pick")
    assert await walk.page.evaluate(CUT_OFF) == []
    assert await walk.page.evaluate(GLUED) == []


@pytest.mark.parametrize("who", ["ot", "technician"])
async def test_own_collections_can_be_read_wide_and_narrow(walks: Any, who: str) -> None:
    walk: Walk = await walks(who)
    for width in (1280, 320):
        await walk.page.set_viewport_size({"width": width, "height": 800})
        await walk.go("/collections?show=mine")
        assert await walk.page.evaluate(CUT_OFF) == []
        assert await walk.page.evaluate(GLUED) == []
        own = await walk.page.locator("main [aria-current=page]").inner_text()
        listed = await walk.page.locator("main tbody tr").count()
        assert own == f"Yours ({listed})"
