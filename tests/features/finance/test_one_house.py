"""Finance is one house: every report is a file in the same way, and its pages lead to one another."""

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from httpx import AsyncClient
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.costs import OWN_ACCOUNT_TEXT
from app.domain.lifecycle import State
from app.features.finance.dashboard.asking import Name
from app.features.finance.front import PLACES
from app.web.navigation import MENU
from tests.browser import Browser, Page
from tests.conftest import Clock
from tests.features.finance.conftest import Lines
from tests.given import Given

API = "/api/v1"
REPORTS = (
    "/finance/reports/costs?group_by=funder,kind&period=this_year",
    "/finance/reports/credits-outstanding",
    "/finance/reports/commitments",
    "/finance/reports/accruals",
    "/finance/reports/asc-fr",
    "/finance/reports/equity?by=age",
    "/finance/reports/budgets",
    "/finance/reports/recycling",
    "/finance/reports/cost-avoided",
    "/finance/reports/cost-avoided?by=month",
    "/finance/reports/performance?by=store",
    "/finance/reports/performance?of=collections",
    *(f"/finance/reports/dashboard/{name.value}" for name in Name),
)
HEAD = 5


def page_of(address: str) -> str:
    """The page of a report of the API."""
    for name in ("recycling", "cost-avoided", "performance", "budgets", "dashboard"):
        address = address.replace(f"/finance/reports/{name}", f"/finance/{name}")
    return address


def links_of(page: Page, under: str = "/") -> list[str]:
    """Where the page leads to, within the service."""
    found = {str(link["href"]) for link in page.soup.select("main a[href]")}
    return sorted(href for href in found if href.startswith(under))


@pytest.fixture
async def books(
    given: Given, as_finance: AsyncClient, quarter: None, split_order: dict[str, Any], connection: AsyncConnection
) -> dict[str, Any]:
    """Some of everything: a budget, a dispute, what has no rate, and an issue that nobody pays for."""
    body = {"year": 2025, "funder": "ASC", "pence": 100_000}
    assert (await as_finance.post(f"{API}/finance/budgets", json=body)).status_code == 201
    number = split_order["number"]
    said = {"order_number": number, "reason": "The board has not said yes.", "settle_by": None}
    assert (await as_finance.post(f"{API}/finance/disputes", json=said)).status_code == 201
    await connection.execute(text("UPDATE team SET funder_id = NULL"))
    await given.item(State.ON_LOAN)
    return split_order


async def test_every_report_is_a_file_in_the_same_way(
    as_finance: AsyncClient, finance: Browser, books: dict[str, Any]
) -> None:
    for address in (*REPORTS, f"/finance/items/{books['barcode']}"):
        more = "&" if "?" in address else "?"
        assert (await as_finance.get(f"{API}{address}")).headers["content-type"] == "application/json"
        plain = (await as_finance.get(f"{API}{address}{more}format=csv")).text
        columns, *rows = csv.reader(StringIO(plain))
        assert all(columns), address
        assert {len(row) for row in rows} <= {len(columns)}
        headed = list(csv.reader(StringIO((await as_finance.get(f"{API}{address}{more}format=csv&head=true")).text)))
        assert [row[0] for row in headed[:4]] == ["Report", "Period", "Definition", ""]
        assert all(row[1] for row in headed[:3])
        assert headed[4:] == [columns, *rows]
        page = await finance.client.get(f"{page_of(address)}{more}format=csv&head=true")
        assert list(csv.reader(StringIO(page.text))) == headed
        book = load_workbook(BytesIO((await as_finance.get(f"{API}{address}{more}format=xlsx")).content)).active
        assert book is not None
        assert [book.cell(row, 1).value for row in (1, 2, 3)] == [row[1] for row in headed[:3]], address
        assert (book.max_row, book.max_column) == (HEAD + len(rows), len(columns)), address


async def test_the_pages_of_finance_lead_to_one_another(finance: Browser, books: dict[str, Any], clock: Clock) -> None:
    seen: set[str] = set()
    front = await finance.get("/finance")
    assert {place.href for places in PLACES.values() for place in places} <= set(links_of(front))
    assert {link.href for link in MENU["Finance"]} - {"/finance"} <= set(links_of(front))
    month = f"{clock.today:%Y-%m}"
    for start in (
        "/",
        "/finance",
        "/finance/dashboard",
        f"/finance/packs/{month}",
        f"/finance/periods/{month}",
        f"/finance/items/{books['barcode']}",
        "/finance/budgets",
    ):
        page = await finance.get(start)
        assert page.status == 200
        for href in links_of(page):
            if href not in seen:
                assert (await finance.client.get(href)).status_code == 200, f"{start} leads to {href}"
                seen.add(href)
    assert len(seen) > len(REPORTS)


async def test_what_nobody_pays_for_is_counted_on_the_start_page_and_listed_behind_it(
    finance: Browser, books: dict[str, Any], lines: Lines
) -> None:
    home = await finance.get("/")
    [href] = links_of(home, "/finance/charges?nobodys")
    assert "1 charge that nobody is said to pay" in " ".join(home.text.split())
    listed = await lines(nobodys="true")
    assert [(line["is_issue"], line["funder"]) for line in listed] == [(True, None)]
    page = await finance.get(href)
    assert f"/finance/charges/{listed[0]['id']}" in links_of(page)
    assert OWN_ACCOUNT_TEXT in page.text


async def test_a_charge_leads_to_its_month_its_item_and_the_credits_that_followed_it(
    finance: Browser, given: Given, rates: None, lines: Lines
) -> None:
    barcode = await given.item(State.RETURNED)
    found = await lines(barcode=barcode)
    [issue] = [line for line in found if line["is_issue"]]
    [credit] = [line for line in found if line["kind"] == "credit"]
    page = await finance.get(f"/finance/charges/{issue['id']}")
    ways = links_of(page)
    wanted = {f"/finance/periods/{issue['period']}", f"/finance/items/{barcode}", f"/finance/charges/{credit['id']}"}
    assert wanted <= set(ways)
    reason = {"reason": "It was put in twice by somebody.", "what": "sum", "pence": "20.00"}
    await finance.post_form(f"/finance/charges/{issue['id']}", **reason)
    [instead] = [line for line in await lines(barcode=barcode) if line["corrects_id"] == issue["id"]]
    assert f"/finance/charges/{credit['id']}" in links_of(await finance.get(f"/finance/charges/{instead['id']}"))
    ledger = links_of(await finance.get(f"/finance/items/{barcode}"))
    assert {f"/finance/charges/{instead['id']}", f"/finance/charges?barcode={barcode}"} <= set(ledger)


async def test_one_rule_says_of_when(as_finance: AsyncClient) -> None:
    addresses = (
        "reports/costs",
        "reports/costs/lines",
        "reports/recycling",
        "reports/recycling/items?rate=collection_rate",
        "reports/cost-avoided",
        "reports/performance",
        "reports/performance/orders",
        "charges",
        "exports",
        "exports/lines",
    )
    for address in addresses:
        for asked, code in (
            ("period=2026-13", "not-a-period"),
            ("period=0026-01", "not-a-period"),
            ("from=2026-03-02&to=2026-03-01", "ends-before-it-starts"),
            ("from=2016-04-01&to=2026-03-31", "period-too-long"),
            ("from=2021-02-01&to=2026-03-01", "period-too-long"),
        ):
            answer = await as_finance.get(f"{API}/finance/{address}{'&' if '?' in address else '?'}{asked}")
            assert (answer.status_code, answer.json()["code"]) == (422, code), f"{address} {asked}"
        fits = "from=2021-02-01&to=2026-02-28"
        answer = await as_finance.get(f"{API}/finance/{address}{'&' if '?' in address else '?'}{fits}")
        assert answer.status_code == 200, address
