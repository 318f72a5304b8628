"""What is not in the charges yet: credits outstanding, commitments, accruals; and the line of the national return."""

from datetime import date
from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.finance.conftest import TAKE_BACK
from tests.features.ordering.conftest import Orders
from tests.given import Given
from tests.problems import check_problem
from tests.test_charging import rate

REPORTS = "/api/v1/finance/reports"


async def report(client: AsyncClient, name: str, **asked: str) -> dict[str, Any]:
    """A report as the API answers it."""
    answer = await client.get(f"{REPORTS}/{name}", params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def rows_of(body: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of its rows."""
    return [tuple(row[name] for name in names) for row in body["rows"]]


async def test_what_a_return_today_would_credit_is_what_it_credits(
    as_finance: AsyncClient, given: Given, split_order: dict[str, Any], clock: Clock, query: Query
) -> None:
    names = ("funder", "product", "items", "charged_pence", "credit_pence")
    bed = split_order["product"]
    said = await report(as_finance, "credits-outstanding")
    assert rows_of(said, *names) == [("ASC", bed, 0.6, 6_001, 4_801), ("ICB", bed, 0.4, 4_000, 3_200)]
    # After a year the rate is a lower one.
    clock.move(days=370)
    said = await report(as_finance, "credits-outstanding")
    assert rows_of(said, *names) == [("ASC", bed, 0.6, 6_001, 3_001), ("ICB", bed, 0.4, 4_000, 2_000)]
    assert said["totals"] == {"items": 1, "charged_pence": 10_001, "credit_pence": 5_001, "no_rate": 0}
    await given.scan(split_order["barcode"])
    credits = await query("SELECT amount_pence FROM charge WHERE kind = 'credit' ORDER BY id")
    assert [line["amount_pence"] for line in credits] == [-3_001, -2_000]
    assert (await report(as_finance, "credits-outstanding"))["rows"] == []


async def test_what_would_not_be_credited_is_not_outstanding(
    as_finance: AsyncClient, given: Given, connection: AsyncConnection, clock: Clock, rates: None
) -> None:
    await rate(connection, "hire", pence=150)
    await given.loan()  # hired
    await connection.execute(text("UPDATE tariff SET ends_on = '2026-02-28' WHERE kind IN ('hire', 'credit')"))
    once = await given.product(single_patient_use=True)
    await given.loan((await given.items(1, product=once))[0])
    await given.item(State.RESERVED)
    undone = await given.loan()
    line = await connection.scalar(
        text("SELECT charge.id FROM charge JOIN item ON item.id = item_id WHERE barcode = :barcode"),
        {"barcode": undone.barcode},
    )
    await connection.execute(TAKE_BACK, {"id": line, "on": clock.today})
    kept = await given.loan()
    said = await report(as_finance, "credits-outstanding")
    assert said["totals"] == {"items": 1, "charged_pence": 4_500, "credit_pence": 0, "no_rate": 1}
    assert said["period"] == "On 2 March 2026"
    product = (await as_finance.get(f"/api/v1/items/{kept.barcode}")).json()["product_code"]
    assert rows_of(said, "funder_name", "product") == [("Adult social care", product)]


async def test_what_is_approved_and_not_delivered_is_committed_by_the_split(
    as_finance: AsyncClient, as_manager: AsyncClient, orders: Orders, given: Given, connection: AsyncConnection
) -> None:
    stool, bed = await given.product(purchase_price_pence=3_000), await given.product(purchase_price_pence=10_001)
    await given.items(3, product=stool)
    await given.items(1, product=bed)
    whole = await orders.submitted(stool, stool)
    split = await orders.submitted(bed)
    await orders.draft(stool)
    called_off = await orders.submitted(stool)
    await orders.step(called_off["number"], "cancel", by="ot", reason="It is not needed any more.")
    share = (
        "INSERT INTO order_share (order_id, funder_id, position, percent) SELECT asked.id, funder.id, funder.id, 50 "
        "FROM equipment_order AS asked, funder WHERE asked.number = :number AND funder.code IN ('ASC', 'ICB')"
    )
    await connection.execute(text(share), {"number": split["number"]})
    said = await report(as_finance, "commitments")
    assert rows_of(said, "order_number", "funder", "percent", "pieces", "committed_pence", "panel_case") == [
        (whole["number"], "ASC", 100, 2, 6_000, None),
        (split["number"], "ASC", 50, 1, 5_001, None),
        (split["number"], "ICB", 50, 1, 5_000, None),
    ]
    assert said["totals"] == {"pieces": 3, "committed_pence": 16_001}
    for step, more in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "Mo"})):
        await orders.step(split["number"], step, **more)
    assert (await report(as_finance, "commitments"))["totals"] == {"pieces": 2, "committed_pence": 6_000}
    assert (await as_manager.get(f"/api/v1{said['links'][0]}")).status_code == 200


async def test_accruals_are_nights_of_hire_and_what_has_no_rate(
    as_finance: AsyncClient, given: Given, orders: Orders, connection: AsyncConnection, clock: Clock, rates: None
) -> None:
    hoist = await given.product(purchase_price_pence=80_000)
    await rate(connection, "hire", pence=150)
    await connection.execute(text("UPDATE tariff SET ends_on = '2026-03-31' WHERE kind = 'hire'"))
    await given.loan((await given.items(1, product=hoist))[0])
    clock.move(days=1)
    brought_back = await given.loan((await given.items(1, product=hoist))[0])
    clock.move(days=3)
    await given.scan(brought_back.barcode)
    await given.item(State.IN_REPAIR)  # inspected, without a rate for it
    stool = await given.product(purchase_price_pence=3_000)
    await orders.submitted(stool)
    said = await report(as_finance, "accruals")
    names = ("what", "funder", "quantity", "accrued_pence", "undelivered_pence")
    hire = "Nights of hire until the day"
    assert rows_of(said, *names)[0] == (hire, "ASC", 4, 600, None)
    assert ("No rate was in force: inspection", "ASC", 1, None, None) in rows_of(said, *names)
    assert rows_of(said, *names)[-1] == ("Approved, not delivered", "ASC", 1, None, 3_000)
    assert said["totals"] == {"accrued_pence": 600, "undelivered_pence": 3_000}
    # As at a day before: both were out, nothing was ordered, and nothing was without a rate.
    said = await report(as_finance, "accruals", as_at="2026-03-04")
    assert rows_of(said, *names) == [(hire, "ASC", 3, 450, None)]
    assert said["period"] == "As at 4 March 2026"
    check_problem(await as_finance.get(f"{REPORTS}/accruals?as_at=2026-03-07"), 422, "not-yet")
    check_problem(await as_finance.get(f"{REPORTS}/accruals?as_at=soon"), 422, "bad-day")


async def test_the_national_return_has_the_funders_of_adult_social_care(
    as_finance: AsyncClient, quarter: None, split_order: dict[str, Any], clock: Clock
) -> None:
    costs = await report(as_finance, "costs", period="this_year", funder="ASC")
    said = await report(as_finance, "asc-fr", year="2026/27")
    assert said["period"] == "2026/27: April 2026 to March 2027, by the month of the books"
    [row] = said["rows"]
    assert (row["funder"], row["capital_pence"], row["lines"]) == ("ASC", 0, costs["totals"]["lines"])
    assert row["expenditure_pence"] == costs["totals"]["charged_pence"] > 0
    assert row["income_pence"] == -costs["totals"]["credited_pence"] > 0
    assert row["net_pence"] == costs["totals"]["net_pence"] == said["totals"]["net_pence"]
    assert clock.today > date(2026, 4, 1)
    lines = await as_finance.get(f"/api/v1{said['links'][0]}")
    assert len(lines.json()["items"]) == row["lines"]
    check_problem(await as_finance.get(f"{REPORTS}/asc-fr?year=26"), 422, "bad-year")
    assert (await report(as_finance, "asc-fr", year="2019"))["totals"]["net_pence"] == 0


async def test_pages_and_files_say_the_same(
    finance: Browser,
    manager: Browser,
    quarter: None,
    split_order: dict[str, Any],
    orders: Orders,
    statements: Statements,
) -> None:
    order = await orders.submitted(split_order["product"])
    for name, counted, said in (
        ("credits-outstanding", 2, "Credit if returned today"),
        ("commitments", 2, "£100.01"),
        ("accruals", 4, "No rate was in force"),
        ("asc-fr", 3, "Adult social care"),
    ):
        statements.clear()
        page = await finance.get(f"/finance/reports/{name}")
        assert (page.status, len(statements)) == (200, counted), statements
        assert said in page.text
        file = await finance.client.get(f"/finance/reports/{name}?format=csv")
        assert file.headers["content-type"].startswith("text/csv")
    pieces = f"/finance/reports/commitments/pieces?order_number={order['number']}&funder=ASC"
    assert f"/orders/{order['number']}" not in (await finance.get(pieces)).response.text
    assert f"/orders/{order['number']}" in (await manager.get(pieces)).response.text
    assert (
        "Choose today or a day before"
        in (await finance.get("/finance/reports/accruals?as_at=2030-01-01")).errors["as_at"]
    )
    assert "such as 2025" in (await finance.get("/finance/reports/asc-fr?year=x")).errors["year"]


async def test_the_front_page_shows_this_month_and_where_to_go(
    finance: Browser, auditor: Browser, split_order: dict[str, Any], statements: Statements
) -> None:
    statements.clear()
    page = await finance.get("/finance")
    assert len(statements) == 2, statements
    assert page.table() == [
        ["Adult social care", "£75.01", "£0.00", "£75.01", ""],
        ["Integrated care board", "£50.00", "£0.00", "£50.00", ""],
        ["Total", "£125.01", "£0.00", "£125.01", ""],
    ]
    links = [str(link["href"]) for link in (await auditor.get("/finance")).soup.select(".app-front a")]
    assert "/finance/reports/costs" in links
    assert "/finance/journal/layout" not in links
    for link in links:
        assert (await auditor.get(link)).status == 200
