"""Who gets what: by district and by age, to the penny, and nobody is recognised."""

from datetime import date
from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem

EQUITY = "/api/v1/finance/reports/equity"


async def people(given: Given, many: int, postcode: str, **details: Any) -> list[str]:
    """Clients of a district."""
    return [await given.client(postcode=postcode, **details) for _ in range(many)]


async def test_issues_cost_wait_and_trials_by_district(
    as_finance: AsyncClient, finance: Browser, given: Given, orders: Orders, clock: Clock, query: Query, rates: None
) -> None:
    clock.move(days=31)  # Into the new financial year.
    commode = await given.product(purchase_price_pence=1_000)
    await given.items(1, product=commode)
    order = await orders.submitted(commode)
    await orders.step(order["number"], "allocate")
    await orders.step(order["number"], "dispatch")
    for client in [*await people(given, 7, "DH1 1AA"), *await people(given, 6, "DH1 2BB")]:
        await given.loan((await given.items(1, product=commode))[0], client=client)
    for client in await people(given, 6, "SR8 1AA"):
        await given.trial((await given.items(1, product=commode))[0], client=client)
    [lonely] = await people(given, 1, "NE66 1AA")
    await given.loan((await given.items(1, product=commode))[0], client=lonely)
    clock.move(days=5)
    await orders.step(order["number"], "deliver", received_by="Mr Moor")
    said = done(await as_finance.get(EQUITY, params={"year": "2026"}))
    told = {row["name"]: row for row in said["rows"]}
    # One of NE66 and one of SR7 are two, so the next smallest goes with them.
    assert set(told) == {"DH1", "Fewer than 5 people"}
    assert [told["DH1"][name] for name in ("people", "issues", "cost_pence", "person_pence")] == [13, 13, 13_000, 1_000]
    assert (told["Fewer than 5 people"]["people"], told["Fewer than 5 people"]["trials"]) == (8, 6)
    [paid] = await query("SELECT sum(amount_pence) AS pence FROM charge WHERE client_id IS NOT NULL")
    assert said["totals"]["cost_pence"] == sum(row["cost_pence"] for row in said["rows"]) == paid["pence"]
    assert said["totals"]["issues"] == 21
    # One person alone waited for an order: nothing is said of it, in the total neither.
    assert {row["waited"] for row in said["rows"]} == {None}
    assert (said["totals"]["waited"], said["totals"]["wait"]) == (None, None)
    assert "Groups of fewer than 5 people are put together" in said["definition"]
    page = await finance.get("/finance/reports/equity?year=2026")
    assert "NE66" not in page.text
    file = (await as_finance.get(EQUITY, params={"year": "2026", "format": "csv", "head": "true"})).text
    assert "NE66" not in file
    assert "An empty figure is about fewer than 5 people" in file


async def test_by_age_with_the_wait_of_enough_people(
    as_finance: AsyncClient, given: Given, orders: Orders, clock: Clock, rates: None
) -> None:
    clock.move(days=35)  # Monday, 6 April, is Easter Monday.
    bed = await given.product(purchase_price_pence=9_000)
    born = (date(1990, 4, 7), date(1930, 1, 1), None)
    for day in born:
        for client in await people(given, 5, "DH1 1AA", date_of_birth=day):
            await given.items(1, product=bed)
            order = await orders.submitted(bed, client_ref=client)
            await orders.step(order["number"], "allocate")
            await orders.step(order["number"], "dispatch")
            clock.move(days=1)
            await orders.step(order["number"], "deliver", received_by="Mr Moor")
            clock.move(days=-1)
    said = done(await as_finance.get(EQUITY, params={"by": "age", "year": "2026/27"}))
    assert [row["name"] for row in said["rows"]] == ["18 to 64", "85 and over", "Not recorded"]
    assert {(row["people"], row["issues"], row["waited"], row["wait"]) for row in said["rows"]} == {(5, 5, 5, 1.0)}
    assert said["totals"]["people"] == 15


async def test_where_few_are_in_all_nothing_is_said(as_finance: AsyncClient, finance: Browser, given: Given) -> None:
    await given.loan()
    for by in ("district", "age"):
        said = done(await as_finance.get(EQUITY, params={"by": by}))
        assert [row["name"] for row in said["rows"]] == ["Fewer than 5 people: not shown"]
        assert said["totals"] == {}
        assert "Fewer than 5 people: not shown" in (await finance.get(f"/finance/reports/equity?by={by}")).text
    assert done(await as_finance.get(EQUITY, params={"year": "2001"}))["rows"] == []
    check_problem(await as_finance.get(EQUITY, params={"year": "26"}), 422, "bad-year")
    check_problem(await as_finance.get(EQUITY, params={"by": "name"}), 422, "malformed")
