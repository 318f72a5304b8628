"""What recycling has avoided: the price of a new one less the work on this one, issue by issue and in sum."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.browser import Browser
from tests.conftest import Clock
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.test_charging import rate

AVOIDED = "/api/v1/finance/reports/cost-avoided"
PERIOD = {"from": "2026-03-01", "to": "2026-06-30"}


@pytest.fixture
def orders(given: Given, sign_in: Any) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


async def test_a_new_one_would_have_cost_more_than_the_work_on_this_one(
    given: Given, connection: AsyncConnection, clock: Clock, as_finance: AsyncClient, finance: Browser
) -> None:
    await rate(connection, "decontamination", pence=1250)
    await rate(connection, "inspection", pence=500)
    barcode = await given.recycled()
    await given.loan(barcode)
    await given.item()
    said = done(await as_finance.get(AVOIDED, params=PERIOD))
    row = {
        "name": "09 12 03",
        "issues": 1,
        "new_pence": 4500,
        "cost_pence": 1750,
        "avoided_pence": 2750,
        "unpriced": 0,
    }
    drills = [one.pop("drill") for one in (*said["by_category"], *said["by_month"], said["in_all"])]
    assert said["by_category"] == [row]
    assert said["by_month"] == [row | {"name": "2026-03"}]
    assert said["in_all"] == row | {"name": ""}
    for drill in drills:
        [one] = done(await as_finance.get(drill))["items"]
        assert (one["new_pence"], one["cost_pence"], one["avoided_pence"]) == (4500, 1750, 2750)
    [one] = done(await as_finance.get(said["drill"]))["items"]
    assert (one["barcode"], one["new_from"], one["avoided_pence"]) == (barcode, "item", 2750)
    page = await finance.get("/finance/cost-avoided", **PERIOD)
    assert "£27.50" in page.text
    assert "£27.50" in (await finance.get("/finance/cost-avoided/items", **PERIOD)).text
    file = await as_finance.get(AVOIDED, params=PERIOD | {"format": "csv", "by": "month"})
    assert file.text.splitlines()[1:] == ["2026-03,1,45.00,17.50,27.50,0", "Total,1,45.00,17.50,27.50,0"]
    asked = PERIOD | {"format": "csv", "by": "month"}
    assert (await finance.get("/finance/cost-avoided", **asked)).response.text == file.text
    clock.move(days=1)
    await given.scan(barcode)
    before = done(await as_finance.get(AVOIDED, params=PERIOD | {"as_at": "2026-03-02"}))
    assert before["in_all"].pop("drill")
    assert before["in_all"] == said["in_all"]


async def test_each_row_leads_to_the_issues_that_it_counts(
    given: Given, connection: AsyncConnection, clock: Clock, as_finance: AsyncClient, finance: Browser
) -> None:
    await rate(connection, "decontamination", pence=1251)
    for category in ("09 12 03", "09 12", "09 12 03"):
        product = await given.product(category=category)
        await given.loan(await given.recycled(product=product))
        clock.move(days=20)
    said = done(await as_finance.get(AVOIDED, params=PERIOD | {"category": "09"}))
    rows = [*said["by_category"], *said["by_month"]]
    assert len(rows) >= 4
    for row in rows:
        listed = done(await as_finance.get(row["drill"]))["items"]
        assert len(listed) == row["issues"], row
        for name in ("new_pence", "cost_pence", "avoided_pence", "unpriced"):
            assert sum(one[name] for one in listed) == row[name], row
    page = await finance.get("/finance/cost-avoided", **PERIOD)
    links = [str(link["href"]) for link in page.soup.select("td a[href*='/finance/cost-avoided/items']")]
    assert len(links) == len(rows) + 2
    for link in links:
        assert (await finance.get(link)).status == 200
    whole = (await finance.get("/finance/cost-avoided/items", **PERIOD, category="09")).text
    assert f"3 issues, which avoided £{said['in_all']['avoided_pence'] / 100:,.2f}." in whole


async def test_an_order_goes_by_its_price_and_work_without_a_rate_is_said(
    orders: Orders, given: Given, as_finance: AsyncClient
) -> None:
    product = await given.product(purchase_price_pence=6000)
    await given.recycled(product=product, purchase_price_pence=3900)
    order = await orders.dispatched(product)
    await orders.step(order["number"], "deliver", received_by="Mr Moor")
    [one] = done(await as_finance.get(f"{AVOIDED}/items", params=PERIOD))["items"]
    assert (one["new_pence"], one["new_from"], one["cost_pence"], one["avoided_pence"]) == (6000, "order", 0, 6000)
    assert one["unpriced"] == 2


async def test_nothing_recycled_is_nothing_avoided(as_finance: AsyncClient, finance: Browser) -> None:
    said = done(await as_finance.get(AVOIDED, params=PERIOD))
    assert (said["in_all"]["issues"], said["by_category"]) == (0, [])
    page = await finance.get("/finance/cost-avoided", **PERIOD)
    assert "Nothing that was used before was issued in this period." in page.text
