"""Tables of finance at 400 % (1280 CSS pixels are 320; WCAG 2.2, 1.4.10): nothing is left to scroll sideways to."""

from typing import Any

from tests.journeys.conftest import Walk

BLOCKS = """() => [...document.querySelectorAll('.app-table--stacked')].map(table => ({
    scrolls: table.scrollWidth - table.clientWidth,
    narrowest: Math.min(...[...table.querySelectorAll('tbody tr > :first-child')].map(one => one.clientWidth)),
    unnamed: [...table.querySelectorAll('tbody tr > :not(:first-child)')].filter(
        one => one.textContent.trim() && !one.dataset.label).length,
    glued: table.querySelector('tbody').innerText.match(/[0-9][a-z]|[a-z]£/g),
}))"""

SHOWN_AS = "getComputedStyle(document.querySelector('.app-table--stacked tbody tr')).display"


async def test_rows_are_blocks_and_their_words_as_wide_as_the_screen(walks: Any) -> None:
    walk: Walk = await walks("finance")
    for path, tables in (("/finance/reconciliation?period=2026-11", 2), ("/finance/dashboard", 2)):
        await walk.page.set_viewport_size({"width": 320, "height": 256})
        await walk.go(path)
        found = await walk.page.evaluate(BLOCKS)
        assert len(found) == tables, path
        for one in found:
            assert (one["scrolls"], one["unnamed"], one["glued"]) == (0, 0, None), (path, found)
            assert one["narrowest"] > 200, (path, found)
        await walk.page.set_viewport_size({"width": 1280, "height": 900})
        shown = await walk.page.evaluate(
            "getComputedStyle(document.querySelector('.app-table--stacked tbody tr')).display"
        )
        assert shown == "table-row", path
