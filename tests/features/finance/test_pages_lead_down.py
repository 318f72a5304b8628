"""What a figure on a page of finance leads to says the same figure, in words that somebody finds there."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.browser import Browser
from tests.conftest import Clock
from tests.features.ordering.conftest import Orders, done
from tests.given import Given

MINUS = "-\u2212"
"""A credit is said with its sign in one place, and by its name in another."""
CHARGES = "/api/v1/finance/charges"


async def check_cells(browser: Browser, address: str, where: str) -> int:
    """Follow every linked figure of a page's tables and tiles: what it says stands there; returns how many did."""
    page = await browser.get(address)
    found = [(one.get_text(strip=True), str(one["href"])) for one in page.soup.select(where)]
    for said, href in found:
        behind = await browser.get(href)
        assert said.lstrip(MINUS) in behind.text, (said, href)
    return len(found)


async def test_issues_by_month_lead_to_lines_that_say_how_many_issues_they_are(
    split_order: dict[str, Any], given: Given, as_finance: AsyncClient, finance: Browser
) -> None:
    await given.loan((await given.items(1, product=await given.product(purchase_price_pence=5_001)))[0])
    asked = {"kind": "new_purchase", "barcode": split_order["barcode"]}
    first = done(await as_finance.get(CHARGES, params=asked))["items"][0]["id"]
    instead = {"reason": "Billed at the wrong price", "instead": {"pence": 9_000}}
    done(await as_finance.post(f"{CHARGES}/{first}/reverse", json=instead), 201)
    page = await finance.get("/finance/dashboard")
    link = "/finance/charges?period=2026-03&kind=new_purchase"
    [cell] = page.soup.select(f'td a[href="{link}"]')
    behind = await finance.get(link)
    assert cell.get_text(strip=True) == "2"
    # Two funders of the one, charged, taken back and charged anew; and the other.
    assert "7 lines, 2 issues" in behind.text
    assert "one for each funder that pays a part" in behind.text
    totals = done(await as_finance.get(CHARGES, params={"period": "2026-03", "kind": "new_purchase"}))["totals"]
    assert (totals["lines"], totals["issues"]) == (7, 2)
    assert "issues" not in (await finance.get("/finance/charges?period=2026-03&kind=delivery")).text.split("Sums of")[1]


async def test_every_sum_of_the_dashboard_leads_to_the_lines_of_the_books_that_it_is(
    finance: Browser, split_order: dict[str, Any], clock: Clock, connection: AsyncConnection, given: Given
) -> None:
    clock.move(days=31)
    # It happened in March, and was posted when that month was closed.
    await connection.execute(text("INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')"))
    await given.loan((await given.items(1, product=await given.product(purchase_price_pence=7_003)))[0])
    for funder in ("", "?funder=ICB"):
        page = await finance.get(f"/finance/dashboard{funder}")
        tiles = page.soup.select(".app-figures__one")
        assert [bool(one.select("a[href]")) for one in tiles] == [True] * 5
        assert page.soup.select_one("#issues")
        tables = "[aria-label^='Where the money goes']"
        for table in page.soup.select(tables):
            net = [row.select("td")[1] for row in table.select("tbody tr")]
            assert len(net) > 1
            assert all(cell.select("a[href]") for cell in net), table.get_text()
        where = f"{tables} td a, .app-figures a[href^='/finance']"
        assert await check_cells(finance, f"/finance/dashboard{funder}", where) >= 8


async def test_the_front_page_and_exports_lead_from_each_figure_to_its_lines(
    finance: Browser, split_order: dict[str, Any]
) -> None:
    # Of two funders and of all of them: charged, credited and net; lines, net, VAT, gross and credits.
    assert await check_cells(finance, "/finance", "main td a") == 9
    for asked in ("?period=2026-03", "?from=2026-03-01&to=2026-03-20"):
        assert await check_cells(finance, f"/finance/exports{asked}", "main td a") == 15


async def test_lists_behind_delivery_performance_say_how_many_they_hold(
    finance: Browser, orders: Orders, given: Given, clock: Clock
) -> None:
    stool = await given.product()
    await given.items(2, product=stool)
    for _ in range(2):
        number = (await orders.dispatched(stool))["number"]
        await orders.step(number, "deliver", received_by="Mo")
    page = await finance.get("/finance/performance?from=2026-03-01&to=2026-03-31")
    links = {
        str(one["href"]): one.get_text(strip=True).partition(",")[0]
        for one in page.soup.select("td a[href^='/finance']")
    }
    assert {one.partition("?")[0].rpartition("/")[2] for one in links} >= {"orders", "pieces"}
    nouns = {"orders": "orders", "pieces": "pieces"}
    for href, said in links.items():
        noun = nouns[href.partition("?")[0].rpartition("/")[2]]
        assert f"{said} {noun}." in (await finance.get(href)).text, href
    # On whichever page somebody is, it is all of them that are counted.
    first = done(
        await finance.client.get("/api/v1/finance/reports/performance/pieces?from=2026-03-01&to=2026-03-31&limit=1")
    )
    part = "/finance/performance/pieces?from=2026-03-01&to=2026-03-31&limit=1"
    for address in (part, f"{part}&after={first['next']}"):
        assert "2 pieces; 1 of them are on this page." in (await finance.get(address)).text


async def test_who_gets_what_says_why_no_figure_leads_on(finance: Browser) -> None:
    page = await finance.get("/finance/reports/equity")
    assert "No figure here leads to the people or items behind it, on purpose" in page.text
    assert page.soup.select("main td a") == []
    assert "on purpose" not in (await finance.get("/finance/reports/accruals")).text
