"""What finance prints: nothing of a page is wider than the paper that it is printed on."""

from io import BytesIO
from typing import Any

from playwright.async_api import PdfMargins
from pypdf import PdfReader

from tests.journeys.conftest import Walk

MARGIN_MM = 10
PIXELS_A_MM = 96 / 25.4
PAPER = {"portrait": (210, 297), "landscape": (297, 210)}
WIDEST = (
    "/finance/budgets",
    "/finance/reports/costs?period=this_year&group_by=product&then_by=kind",
    "/finance/reports/costs?period=this_year&group_by=product&then_by=period&smallest=3",
    "/finance/reports/costs/lines?period=this_year&group_by=funder",
    "/finance/reports/credits-outstanding",
    "/finance/reports/equity",
    "/finance/recycling",
    "/finance/cost-avoided/items",
    "/finance/performance",
    "/finance/performance/pieces",
    "/finance/statements/ASC?period=2026-11",
    "/finance/charges",
    "/finance/charges/1",
    "/finance/reconciliation?period=2026-11",
    "/finance/items/ES000000143",
    "/finance/dashboard",
)
# What is only for those who listen, and what stands inside a drawing, is not on the paper.
TOO_WIDE = """wide => [...document.querySelectorAll('main *')]
    .filter(one => !one.closest('svg, .govuk-visually-hidden') && one.getBoundingClientRect().right > wide + 1
                   && one.getBoundingClientRect().width > 0)
    .map(one => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 40)}`)"""


async def test_nothing_is_wider_than_the_paper(walks: Any) -> None:
    walk: Walk = await walks("finance")
    await walk.page.emulate_media(media="print")
    for path in WIDEST:
        answer = await walk.page.goto(f"{walk.address}{path}")
        assert answer is not None
        assert answer.ok, path
        for paper, (width, _) in PAPER.items():
            wide = int((width - 2 * MARGIN_MM) * PIXELS_A_MM)
            await walk.page.set_viewport_size({"width": wide, "height": 900})
            assert await walk.page.evaluate(TOO_WIDE, wide) == [], f"{path} is cut off on A4 {paper}"
    await walk.page.goto(f"{walk.address}{WIDEST[0]}")
    around = f"{MARGIN_MM}mm"
    margin: PdfMargins = {"top": around, "right": around, "bottom": around, "left": around}
    for width, height in PAPER.values():
        printed = await walk.page.pdf(width=f"{width}mm", height=f"{height}mm", margin=margin)
        page = PdfReader(BytesIO(printed)).pages[0]
        assert round(float(page.mediabox.width) / 72 * 25.4) == width
        assert "Forecast against budget" in " ".join(page.extract_text().split())


async def test_the_dashboard_on_paper_has_the_figures_that_its_charts_are_drawn_from(walks: Any) -> None:
    walk: Walk = await walks("finance")
    await walk.page.goto(f"{walk.address}/finance/dashboard")
    figures = walk.page.locator(".app-chart__figures")
    assert await figures.count() > 0
    wanted = await figures.evaluate_all("all => all.map(one => one.querySelector('caption').textContent.trim())")
    sums = await figures.first.evaluate(
        "one => [...one.querySelectorAll('tr:last-child td')].map(td => td.textContent.trim())"
    )
    printed = await walk.page.pdf(width="297mm", height="210mm")
    paper = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(printed)).pages)
    assert [caption for caption in wanted if paper.count(caption) < 2] == [], "its heading and its table"
    assert [one for one in sums if one and one not in paper] == []
    assert "Show the figures" not in paper
    # On the screen they stay as they were.
    assert await walk.page.locator(".app-chart__figures[open]").count() == 0
