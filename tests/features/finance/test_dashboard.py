"""The dashboard: sums of the lines, whether they were summed before or not; and every figure leads to its lines."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.costs import ChargeKind
from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.recycling import Rate
from app.features.finance.dashboard.asking import Name
from app.features.finance.dashboard.charts import CHARTS
from app.features.finance.dashboard.parts import against
from app.features.finance.dashboard.reading import Sums, months_until, read_sums
from app.features.finance.monthly.sums import sum_up_months
from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn, Statements
from tests.features.ordering.conftest import Orders
from tests.given import Given

LINE = """
    INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, funder_id, percent, amount_pence,
                        category, recycled, reversal_of, because)
    SELECT CAST(:posting AS uuid), :kind, :period, :period, now(), 'x',
           (SELECT id FROM funder WHERE code = CAST(:funder AS text)), :percent, :pence, :category, :recycled,
           CAST(:reversal_of AS bigint), CASE WHEN CAST(:reversal_of AS bigint) IS NOT NULL THEN 'Wrong' END
    RETURNING id
"""


class Books:
    """Lines of months long ago, as they would have been posted then."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection, self.made = connection, 0

    async def post(self, month: str, kind: str, pence: int, **details: Any) -> int:
        """One charge of one line."""
        self.made += 1
        values = {
            "posting": f"00000000-0000-4000-8000-{self.made:012}",
            "kind": kind,
            "period": date.fromisoformat(f"{month}-01"),
            "funder": "ASC",
            "percent": 100,
            "pence": pence,
            "category": None,
            "recycled": None,
            "reversal_of": None,
        }
        number: int = (await self.connection.execute(text(LINE), values | details)).scalar_one()
        return number

    async def close(self, month: str) -> None:
        """Close a month, as it stands."""
        close = "INSERT INTO finance_period VALUES (CAST(:month AS date), now(), 'finance', 0, '{}', '')"
        await self.connection.execute(text(close), {"month": date.fromisoformat(f"{month}-01")})


@pytest.fixture
async def books(connection: AsyncConnection) -> Books:
    """A year with a bit of everything."""
    made = Books(connection)
    await made.post("2025-03", "new_purchase", 50_000, category="12 36 03", recycled=False)
    await made.post("2025-12", "recycled_issue", 9_000, category="12 36 03", recycled=True)
    await made.post("2025-12", "delivery", 2_400, funder="ICB")
    wrong = await made.post("2026-01", "new_purchase", 7_000, category="18 12 10", recycled=False)
    await made.post("2026-01", "new_purchase", -7_000, category="18 12 10", recycled=False, reversal_of=wrong)
    await made.post("2026-01", "credit", -40_000, category="12 36 03")
    await made.post("2026-02", "scrap", 800, funder=None, category="12 36 03")
    await made.post("2025-02", "scrap", 99_999)
    return made


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


def shown(sums: Sums) -> dict[str, Any]:
    """Everything that charts are drawn from."""
    return {
        "funders": {
            one.code: found for one in sums.funders if (found := [pence for pence in sums.of_funder(one) if pence])
        },
        "net": sum(sums.net),
        "credits": [pence for pence in sums.of_kinds(ChargeKind.CREDIT) if pence],
        "new": [number for number in sums.issued("new") if number],
        "recycled": [number for number in sums.issued("recycled") if number],
        "categories": {code: pence for code, pence in sums.by_category.items() if pence},
    }


WANTED = {
    "funders": {"ASC": [50_000, 9_000, -40_000], "ICB": [2_400], "": [800]},
    "net": 22_200,
    "credits": [-40_000],
    "new": [1],
    "recycled": [1],
    "categories": {"12": 19_800, "": 2_400},
}


def test_thirteen_months_end_with_this_one() -> None:
    months = months_until(date(2026, 1, 31), 13)
    assert (months[0], months[-2], months[-1], len(months)) == (
        date(2025, 1, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        13,
    )


async def test_sums_are_the_same_from_the_lines_as_they_are_kept(
    session: AsyncSession, books: Books, clock: Clock, query: Query
) -> None:
    async def read() -> dict[str, Any]:
        return shown(await read_sums(session, months=13, funder=None, today=clock.today))

    assert await read() == WANTED
    assert await sum_up_months(session, at=clock.now) == 13
    assert await read() == WANTED
    books_alone = "SELECT count(*) AS kept FROM charge_month WHERE grain = 1 AND period >= '2025-03-01' AND NOT is_late"
    assert await query(books_alone) == [{"kept": 6}]
    assert await sum_up_months(session, at=clock.now) == 0, "nothing came"
    assert await read() == WANTED


async def test_what_comes_to_a_month_that_was_summed_up_counts_at_once(
    session: AsyncSession, books: Books, clock: Clock, query: Query
) -> None:
    await sum_up_months(session, at=clock.now)
    for month in ("2025-12", "2026-02", "2026-03", "2026-03"):
        await books.post(month, "repair", 100)
    late = "SELECT DISTINCT period::text AS month FROM charge_month WHERE is_late ORDER BY 1"
    assert [row["month"] for row in await query(late)] == ["2025-12-01", "2026-02-01", "2026-03-01"]
    for _ in range(2):
        sums = await read_sums(session, months=13, funder="ASC", today=clock.today)
        assert (sum(sums.of_kinds(ChargeKind.REPAIR)), sum(sums.net)) == (400, 19_400)
        await sum_up_months(session, at=clock.now)
    assert await query(late) == []


async def test_a_month_that_goes_on_is_read_from_its_lines(
    session: AsyncSession, books: Books, clock: Clock, query: Query
) -> None:
    # As PostgreSQL's clock has it, by which the trigger goes.
    [row] = await query(
        "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS month, (now() AT TIME ZONE 'UTC')::date AS day"
    )
    await books.post(row["month"], "repair", 100)
    await sum_up_months(session, at=clock.now)
    assert await query(
        "SELECT count(*) AS kept FROM charge_month_summed WHERE period >= date_trunc('month', now())"
    ) == [{"kept": 0}]
    assert await query("SELECT count(*) AS kept FROM charge_month WHERE kind = 'repair'") == [{"kept": 0}]
    sums = await read_sums(session, months=1, funder=None, today=row["day"])
    assert sums.of_kinds(ChargeKind.REPAIR) == [100]


async def test_every_figure_of_the_page_leads_to_its_lines_and_is_had_as_a_file(
    finance: Browser, as_finance: AsyncClient, books: Books
) -> None:
    page = await finance.get("/finance/dashboard")
    assert page.heading == "Finance dashboard"
    # Not the recycled share of all issues: it has a name of its own, and says what it does not count.
    assert "Recycled, of issues charged" in page.text
    assert "50 % 1 of 2 issues charged in 13 months." in page.text
    assert "The recycled share of issues, among the recycling rates, is another figure" in page.text
    links = {str(one["href"]) for one in page.soup.select("main a[href]")}
    assert {
        "/finance/charges?period=2025-12&funder=ICB",
        "/finance/charges?period=2025-12",
        "/finance/charges?period=2026-01&kind=credit",
        "/finance/reports/costs/lines?from=2025-03-01&to=2026-03-31&by=period&kind=delivery",
        "/finance/reports/costs?group_by=product&category=12&from=2025-03-01&to=2026-03-31",
    } <= links
    drawn = page.soup.select("svg[role=group]")
    assert len(drawn) == 3
    assert {str(one["href"]) for one in page.soup.select("svg a")} <= links
    assert {name.value for name in Name} == set(CHARTS)
    files = {}
    # Nothing moved: of charges that are made up no rate can be said, and nothing was due.
    for name in set(Name) - {Name.RECYCLING, Name.DELIVERIES}:
        address = f"/finance/dashboard/{name.value}?months=13"
        assert {f"{address}&format=csv&head=true", f"{address}&format=xlsx"} <= links
        files[name] = (await finance.client.get(f"{address}&format=csv")).text.splitlines()
    assert (files[Name.CREDITS][0], files[Name.CREDITS][-1]) == ("month,credited", "All months,400.00")
    spend = (await finance.client.get("/finance/dashboard/spend?months=25")).text.splitlines()
    assert spend[0] == "month,ASC,ICB,own,total"
    assert (len(spend), spend[-1]) == (27, "All months,1189.99,24.00,8.00,1221.99")


async def test_each_share_says_what_it_is_of(finance: Browser, as_finance: AsyncClient, books: Books) -> None:
    page = (await finance.get("/finance/dashboard")).text
    assert "Of all charges" not in page
    shares = {}
    for name in ("kinds", "categories"):
        told = (await as_finance.get(f"/api/v1/finance/reports/dashboard/{name}")).json()
        heading = next(one["heading"] for one in told["columns"] if one["key"] == "percent")
        assert heading in page
        shares[heading] = [(one["net_pence"], one["percent"]) for one in told["rows"]]
    assert shares == {
        "Of charges before credits": [(50_000, 80.4), (9_000, 14.5), (2_400, 3.9), (800, 1.3), (-40_000, None)],
        "Of charges less credits": [(19_800, 89.2), (2_400, 10.8)],
    }


async def test_the_four_recycling_rates_are_drawn_by_month_and_lead_to_their_barcodes(
    finance: Browser, given: Given, clock: Clock
) -> None:
    clock.move(days=-31)
    barcode = await given.recycled()
    clock.move(days=31)
    await given.loan(barcode)
    page = await finance.get("/finance/dashboard")
    assert [one.text for one in page.soup.select("h3.app-chart__name")] == [rate.text for rate in Rate]
    [link] = {
        str(one["href"])
        for one in page.soup.select("main table a")
        if "rate=recycled_issue_share" in one["href"] and "from=2026-03-01" in one["href"]
    }
    items = await finance.get(link)
    assert display(barcode) in items.text
    rows = (await finance.client.get("/finance/dashboard/recycling?format=csv")).text.splitlines()
    assert rows[0].startswith("month,collection_rate,collection_rate_by_value,reuse_of_collected")
    assert rows[-2].startswith("2026-03,0.0,0.0,,,100.0,100.0")


async def test_deliveries_on_time_are_drawn_by_month_and_lead_to_the_performance_report(
    finance: Browser, orders: Orders, given: Given, clock: Clock
) -> None:
    product = await given.product()
    await given.items(3, product=product)
    in_time, late = [await orders.dispatched(product) for _ in range(2)]
    await orders.step(in_time["number"], "deliver", received_by="Mo")
    clock.move(days=8)
    await orders.step(late["number"], "deliver", received_by="Mo")
    await orders.submitted(product)
    page = await finance.get("/finance/dashboard?funder=ASC")
    assert "Deliveries on time by month" in page.text
    [link] = {str(one["href"]) for one in page.soup.select("main table a") if "/finance/performance?" in one["href"]}
    assert link == "/finance/performance?from=2026-03-01&to=2026-03-31"
    assert "50.0 %" in (await finance.get(link)).text
    rows = (await finance.client.get("/finance/dashboard/deliveries?format=csv")).text.splitlines()
    assert rows[0] == "month,on_time,late,waiting,percent"
    assert rows[-3:] == ["2026-02,0,0,0,", "2026-03,1,1,1,50.0", "All months,1,1,1,50.0"]


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (100, 100, "As in May"),
        (150, 100, "50 % more than in May"),
        (75, 100, "25 % less than in May"),
        (0, 100, "100 % less than in May"),
        (199, 100, "99 % more than in May"),
        (200, 100, "2 times as much as in May"),
        (1_234, 100, "12.3 times as much as in May"),
        (9_999, 100, "100 times as much as in May"),
        (10_000, 100, ""),  # What was nearly nothing is not compared with.
        (100, 0, ""),
        (100, -100, ""),
        (-100, 100, ""),
    ],
)
def test_a_month_beside_the_one_before(now: int, before: int, words: str) -> None:
    assert against(now, before, "May") == words


async def test_an_empty_service_a_funder_and_what_is_asked_wrongly(finance: Browser) -> None:
    page = await finance.get("/finance/dashboard?months=25&funder=ASC")
    assert page.text.count("Nothing was charged in these months.") == 5
    assert "March 2024 to March 2026, Adult social care" in page.text
    assert "None issued" in page.text
    for wrong in ("months=12", "funder=NOBODY", "funder=" + "x" * 41):
        assert (await finance.get(f"/finance/dashboard?{wrong}")).status == 422


async def test_the_dashboard_takes_the_same_statements_however_many_lines_there_are(
    finance: Browser, books: Books, given: Given, statements: Statements
) -> None:
    await given.item(State.ON_LOAN)
    statements.clear()
    await finance.get("/finance/dashboard?months=25")
    assert len(statements) == 7, "\n".join(statements)


async def test_the_start_page_says_what_waits_in_the_books(
    finance: Browser, books: Books, given: Given, connection: AsyncConnection
) -> None:
    await connection.execute(text("UPDATE team SET funder_id = NULL"))
    await given.item(State.ON_LOAN)
    await given.item(State.AWAITING_INSPECTION)
    page = await finance.get("/")
    for words in (
        "charges without a price",
        "2 charges that nobody is said to pay",
        "13 months to close",
    ):
        assert words in page.text, words
    await books.close("2025-02")
    assert "12 months to close" in (await finance.get("/")).text
