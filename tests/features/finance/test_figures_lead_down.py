"""Every figure of the reports of finance leads down to a list that counts exactly what it says, to the penny."""

from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.browser import Browser
from tests.conftest import Clock, Statements
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem
from tests.test_charging import rate

REPORTS = "/api/v1/finance/reports"


async def listed(client: AsyncClient, link: str) -> dict[str, Any]:
    """The list behind a row of a report."""
    found: dict[str, Any] = done(await client.get(f"/api/v1{link}"))
    return found


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    """What a column comes to."""
    return sum((Decimal(str(row[name] or 0)) for row in rows), Decimal(0))


@pytest.fixture
async def hired(given: Given, connection: AsyncConnection, clock: Clock, rates: None) -> None:
    """Two hired items that are out, one that came back, and an inspection without a rate; then two items on loan."""
    hoist = await given.product(purchase_price_pence=80_000)
    await rate(connection, "hire", pence=151)
    out, back, _ = [await given.loan((await given.items(1, product=hoist))[0]) for _ in range(3)]
    clock.move(days=3)
    await given.scan(back.barcode)
    await connection.execute(text("UPDATE tariff SET ends_on = '2026-03-31' WHERE kind = 'hire'"))
    clock.move(days=35)
    for price in (5_001, 5_001, 4_999):
        await given.loan((await given.items(1, product=await given.product(purchase_price_pence=price)))[0])
    assert out.barcode


async def test_credits_outstanding_lead_to_the_items_of_that_funder(
    as_finance: AsyncClient, split_order: dict[str, Any], hired: None, statements: Statements, finance: Browser
) -> None:
    said = done(await as_finance.get(f"{REPORTS}/credits-outstanding"))
    assert {row["funder"] for row in said["rows"]} == {"ASC", "ICB"}
    for row, link in zip(said["rows"], said["links"], strict=True):
        statements.clear()
        behind = await listed(as_finance, link)
        assert len(statements) == 2, statements
        for name in ("items", "charged_pence", "credit_pence", "no_rate"):
            found = total(behind["rows"], name)
            assert found == Decimal(str(row[name])) == Decimal(str(behind["totals"][name])), (row, name)
        assert (await finance.get(link)).status == 200
        assert len({one["barcode"] for one in behind["rows"]}) == len(behind["rows"])
    item = await listed(as_finance, said["links"][0])
    assert done(await as_finance.get(f"/api/v1{item['links'][0]}"))["barcode"] == item["rows"][0]["barcode"]
    check_problem(await as_finance.get(f"{REPORTS}/credits-outstanding/items?product=P-9"), 422, "unknown-product")
    check_problem(await as_finance.get(f"{REPORTS}/credits-outstanding/items"), 422, "malformed")


async def test_accruals_lead_to_their_nights_their_lines_and_their_pieces(
    as_finance: AsyncClient, hired: None, orders: Orders, given: Given, finance: Browser
) -> None:
    await given.recycled()  # inspected, without a rate for it
    stool = await given.product(purchase_price_pence=3_000)
    await orders.submitted(stool, stool)
    kinds: set[str] = set()
    for day in ("2026-03-20", ""):
        said = done(await as_finance.get(f"{REPORTS}/accruals", params={"as_at": day}))
        kinds = {row["kind"] for row in said["rows"]}
        assert "nights" in kinds
        for row, link in zip(said["rows"], said["links"], strict=True):
            behind = await listed(as_finance, link)
            counted = {"nights": "quantity", "undelivered": "pieces"}.get(row["kind"], "counted")
            assert total(behind["rows"], counted) == Decimal(str(row["quantity"])), row
            money = {"nights": "accrued_pence", "undelivered": "committed_pence"}.get(row["kind"])
            if money:
                sums = row["accrued_pence"] if row["kind"] == "nights" else row["undelivered_pence"]
                assert total(behind["rows"], money) == sums == behind["totals"][money], row
            assert (await finance.get(link)).status == 200
    assert kinds >= {"nights", "inspection", "undelivered"}
    check_problem(await as_finance.get(f"{REPORTS}/accruals/items?funder=NOBODY"), 422, "unknown-funder")
    check_problem(await as_finance.get(f"{REPORTS}/accruals/items?kind=hire&funder=NO"), 422, "unknown-funder")
    check_problem(await as_finance.get(f"{REPORTS}/accruals/items?as_at=2030-01-01"), 422, "not-yet")


async def test_commitments_lead_to_their_pieces(
    as_finance: AsyncClient, orders: Orders, given: Given, connection: AsyncConnection, finance: Browser
) -> None:
    stool, bed = await given.product(purchase_price_pence=3_333), await given.product(purchase_price_pence=10_001)
    await given.items(3, product=stool)
    number = (await orders.submitted(stool, bed, stool, bed))["number"]
    share = (
        "INSERT INTO order_share (order_id, funder_id, position, percent) SELECT asked.id, funder.id, funder.id, "
        "CASE code WHEN 'ASC' THEN 66.67 ELSE 33.33 END "
        "FROM equipment_order AS asked, funder WHERE asked.number = :number AND funder.code IN ('ASC', 'ICB')"
    )
    await connection.execute(text(share), {"number": number})
    said = done(await as_finance.get(f"{REPORTS}/commitments"))
    assert [(row["funder"], row["pieces"]) for row in said["rows"]] == [("ASC", 4), ("ICB", 4)]
    assert said["totals"]["pieces"] == 4
    for row, link in zip(said["rows"], said["links"], strict=True):
        behind = await listed(as_finance, link)
        assert len(behind["rows"]) == row["pieces"] == behind["totals"]["pieces"]
        assert total(behind["rows"], "committed_pence") == row["committed_pence"] == behind["totals"]["committed_pence"]
        assert total(behind["rows"], "price_pence") == said["totals"]["committed_pence"]
        assert (await finance.get(link)).status == 200
    only = done(await as_finance.get(f"{REPORTS}/commitments", params={"funder": "ICB"}))
    assert [row["funder"] for row in only["rows"]] == ["ICB"]
    assert "Only: funder ICB." in only["definition"]
    pieces = f"{REPORTS}/commitments/pieces"
    check_problem(await as_finance.get(f"{pieces}?order_number=O9&funder=ASC"), 422, "unknown-order")
    check_problem(await as_finance.get(f"{pieces}?order_number={number}&funder=NO"), 422, "unknown-funder")
    check_problem(await as_finance.get(f"{REPORTS}/commitments?team=NO"), 422, "unknown-team")
    page = await finance.get("/finance/reports/commitments?as_at=2030-01-01")
    assert "Choose today or a day before" in page.errors["as_at"]


async def test_a_budget_leads_to_what_is_spent_and_committed(
    as_finance: AsyncClient, finance: Browser, split_order: dict[str, Any], orders: Orders
) -> None:
    await orders.submitted(split_order["product"])
    team = done(await as_finance.get("/api/v1/finance/teams"))["items"][0]["code"]
    for whose in ({}, {"team": team}):
        asked = {"funder": "ASC", "year": 2025, "pence": 120_000} | whose
        done(await as_finance.post("/api/v1/finance/budgets", json=asked), 201)
    page = await finance.get("/finance/budgets?year=2025")
    links = [(link.get_text(strip=True), str(link["href"])) for link in page.soup.select("td a")]
    assert {href.partition("?")[0] for _, href in links} == {
        "/finance/reports/costs/lines",
        "/finance/reports/commitments",
    }
    # Of two budgets two each; and of who has none what was spent.
    assert len(links) == 5
    for said, href in links:
        behind = await finance.get(href)
        assert said in behind.text, href
    committed = done(await as_finance.get(f"{REPORTS}/commitments", params={"funder": "ASC", "team": team}))
    assert committed["totals"]["committed_pence"] == 10_001
