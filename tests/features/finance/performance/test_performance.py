"""Orders by their promised day, pieces within seven working days, collections within their speed."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Statements
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem

REPORT = "/api/v1/finance/reports/performance"
PERIOD = {"from": "2026-03-01", "to": "2026-04-30"}


@pytest.fixture
def orders(given: Given, sign_in: Any) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


async def report(client: AsyncClient, **asked: str) -> dict[str, Any]:
    """How it stands."""
    return done(await client.get(REPORT, params=PERIOD | asked))


async def test_orders_in_time_late_and_waited_for(
    orders: Orders, given: Given, clock: Clock, as_finance: AsyncClient, finance: Browser, senior_ot: Browser
) -> None:
    product = await given.product()
    await given.items(3, product=product)
    in_time, late = [await orders.dispatched(product) for _ in range(2)]
    waiting = await orders.submitted(product, speed="seven_day")
    await orders.step(in_time["number"], "deliver", received_by="Mr Moor")
    await orders.step(late["number"], "failed-visit", reason="Nobody was at home.")
    undated = await orders.submitted(await given.product())
    assert undated["promised_on"] is None
    said = await report(as_finance)
    assert [said["in_all"][name] for name in ("on_time", "late", "waiting", "percent")] == [1, 0, 2, 100.0]
    assert said["undated"] == 1
    clock.move(days=8)  # The five days are over, the seven not.
    await orders.step(late["number"], "deliver", received_by="Mr Moor")
    said = await report(as_finance)
    five, seven = said["by_speed"]
    wanted = ("key", "on_time", "late", "waiting", "percent", "failed_visits", "pieces", "within_seven")
    assert [five[name] for name in wanted] == ["five_day", 1, 1, 0, 50.0, 1, 2, 2]
    assert [seven[name] for name in wanted] == ["seven_day", 0, 0, 1, None, 0, 0, 0]
    [listed] = done(await as_finance.get(said["drill"]["late"]))["items"]
    assert (listed["number"], listed["delivered_on"]) == (late["number"], "2026-03-10")
    for by, key, found in (("store", "MAIN", 1), ("month", "2026-03", 1), ("speed", "seven_day", 0), ("team", "X", 0)):
        page = done(await as_finance.get(f"{REPORT}/orders", params=PERIOD | {"by": by, "key": key}))
        assert len(page["items"]) == found, by
    shown = await finance.get("/finance/performance", **PERIOD)
    assert "50.0 %" in shown.text
    assert late["number"] in (await finance.get("/finance/performance/orders", **PERIOD)).text
    assert (
        waiting["number"]
        in (await finance.get("/finance/performance/orders", **(PERIOD | {"outcome": "waiting"}))).text
    )


async def test_what_came_before_its_promised_day_counts_at_once_and_on_the_dashboard_alike(
    orders: Orders, given: Given, clock: Clock, as_finance: AsyncClient, finance: Browser
) -> None:
    clock.move(days=25)  # Friday, 27 March: five working days end in April.
    product = await given.product()
    await given.items(3, product=product)
    early, waiting = [await orders.dispatched(product) for _ in range(2)]
    assert early["promised_on"] > "2026-04-01"
    await orders.step(early["number"], "failed-visit", reason="Nobody was at home.")
    await orders.step(early["number"], "deliver", received_by="Mr Moor")
    until_today = {"from": "2026-03-01", "to": clock.today.isoformat()}
    said = await report(as_finance, **until_today)
    wanted = ("on_time", "late", "waiting", "percent", "failed_visits")
    assert [said["in_all"][name] for name in wanted] == [1, 0, 0, 100.0, 1]
    assert [row["key"] for row in said["by_month"]] == ["2026-03"]
    for name in ("on_time", "failed_visits"):
        [listed] = done(await as_finance.get(said["by_month"][0]["drill"][name]))["items"]
        assert listed["number"] == early["number"]
    rows = (await finance.client.get("/finance/dashboard/deliveries?format=csv")).text.splitlines()
    assert rows[-2] == "2026-03,1,0,0,100.0"
    # It is counted once: in the month of its promised day only what had not come by then.
    april = await report(as_finance, **{"from": "2026-04-01", "to": "2026-04-30"})
    assert [april["in_all"][name] for name in ("on_time", "late", "waiting")] == [0, 0, 1]
    assert waiting["number"] in {
        one["number"] for one in done(await as_finance.get(april["in_all"]["drill"]["waiting"]))["items"]
    }


async def test_seven_working_days_from_the_approval(
    orders: Orders, given: Given, clock: Clock, as_finance: AsyncClient
) -> None:
    product = await given.product()
    await given.items(2, product=product)
    first, second = [await orders.dispatched(product) for _ in range(2)]
    clock.move(days=9)  # From Monday, 2 March, the seventh working day is Wednesday, 11 March.
    await orders.step(first["number"], "deliver", received_by="Mr Moor")
    clock.move(days=1)
    await orders.step(second["number"], "deliver", received_by="Mr Moor")
    said = await report(as_finance)
    assert [said["in_all"][name] for name in ("pieces", "within_seven", "seven_percent")] == [2, 1, 50.0]
    # In a month without any it is not 0 %.
    assert (await report(as_finance, **{"from": "2026-04-01"}))["in_all"]["seven_percent"] is None


async def test_collections_within_their_speed(given: Given, clock: Clock, as_finance: AsyncClient) -> None:
    in_time, late = await given.collection(), await given.collection()
    await given.item(State.AWAITING_COLLECTION)
    clock.move(days=7)  # The fifth working day.
    await given.scan(in_time.barcode)
    clock.move(days=1)
    await given.scan(late.barcode)
    said = await report(as_finance)
    wanted = ("on_time", "late", "waiting", "percent")
    assert [said["collections"][name] for name in wanted] == [1, 2, 0, 33.3]
    assert [one["key"] for one in said["collections_by_speed"]] == ["standard"]
    assert [one["name"] for one in said["collections_by_month"]] == ["March 2026"]


async def test_each_figure_leads_to_what_it_counts(
    orders: Orders, given: Given, clock: Clock, as_finance: AsyncClient, finance: Browser, manager: Browser
) -> None:
    product = await given.product()
    await given.items(3, product=product)
    in_time, late = [await orders.dispatched(product) for _ in range(2)]
    await orders.submitted(product, speed="seven_day")
    await orders.step(in_time["number"], "deliver", received_by="Mr Moor")
    await orders.step(late["number"], "failed-visit", reason="Nobody was at home.")
    undated = await orders.submitted(await given.product())
    fetched, _ = await given.collection(), await given.collection()
    clock.move(days=12)
    await orders.step(late["number"], "deliver", received_by="Mr Moor")
    await given.scan(fetched.barcode)
    said = await report(as_finance)
    tables = [said["in_all"], said["collections"], *said["collections_by_speed"], *said["collections_by_month"]]
    tables += [row for by in ("speed", "store", "team", "month") for row in said[f"by_{by}"]]
    seen = set()
    named = ("on_time", "late", "waiting", "failed_visits", "pieces", "within_seven")
    for row in tables:
        assert set(row["drill"]) == {name for name in named if row.get(name)}
        for name, link in row["drill"].items():
            listed = done(await as_finance.get(f"{link}&limit=200"))["items"]
            assert len(listed) == row[name], (name, row)
            seen.add(name)
    assert seen >= {"on_time", "late", "failed_visits", "pieces", "within_seven"}
    [listed] = done(await as_finance.get(f"{REPORT}/undated", params=PERIOD))["items"]
    assert (said["undated"], listed["number"]) == (1, undated["number"])
    longer = done(await as_finance.get(f"{REPORT}/pieces", params=PERIOD | {"within": "no"}))["items"]
    assert len(longer) == said["in_all"]["pieces"] - said["in_all"]["within_seven"] == 1
    page = await finance.get("/finance/performance", **PERIOD)
    links = {str(link["href"]) for link in page.soup.select("main a[href^='/finance/performance/']")}
    assert len(links) == sum(len(row["drill"]) for row in tables) + 1
    for link in links:
        assert (await finance.get(link)).status == 200
    assert f"/orders/{late['number']}" in (await manager.get("/finance/performance/pieces", **PERIOD)).response.text


async def test_bad_days_are_refused_and_few_statements_answer(
    as_finance: AsyncClient, finance: Browser, statements: Statements
) -> None:
    for asked, code in (
        ({"from": "2026-05-01"}, "ends-before-it-starts"),
        ({"from": "2010-05-01"}, "period-too-long"),
    ):
        check_problem(await as_finance.get(REPORT, params=PERIOD | asked), 422, code)
        for part in ("orders", "pieces", "collections", "visits", "undated"):
            check_problem(await as_finance.get(f"{REPORT}/{part}", params=PERIOD | asked), 422, code)
    assert (await finance.get("/finance/performance", **(PERIOD | {"from": "2026-05-01"}))).status == 422
    statements.clear()
    await report(as_finance, **{"from": "2021-04-01"})
    assert len([one for one in statements if "_timing" in one]) == 4


@pytest.mark.parametrize("by", ["speed", "store", "team", "month"])
async def test_each_table_is_a_file(
    orders: Orders, given: Given, finance: Browser, as_finance: AsyncClient, by: str
) -> None:
    product = await given.product()
    await given.items(1, product=product)
    await orders.dispatched(product)
    head, *rows = (await as_finance.get(REPORT, params=PERIOD | {"format": "csv", "by": by})).text.splitlines()
    assert head == "name,on_time,late,waiting,percent,failed_visits,pieces,within_seven,seven_percent"
    assert [row.split(",", 1)[1] for row in rows] == ["0,0,1,,0,0,0,"] * 2
    page = await finance.get("/finance/performance", **(PERIOD | {"by": by, "format": "csv"}))
    assert page.response.text.splitlines()[0] == head
    file = await as_finance.get(REPORT, params=PERIOD | {"format": "csv", "of": "collections"})
    assert file.text.splitlines()[0] == "name,on_time,late,waiting,percent,failed_visits"
