"""A funder's statement of a month: it reconciles with the report of costs, and says what is of when."""

from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem

STATEMENTS = "/api/v1/finance/statements"
COSTS = "/api/v1/finance/reports/costs"
SUMS = ("lines", "charged_pence", "credited_pence", "net_pence", "vat_pence", "gross_pence")


async def statement(client: AsyncClient, funder: str, period: str = "2026-03") -> dict[str, Any]:
    """The statement as the API gives it."""
    found: dict[str, Any] = done(await client.get(f"{STATEMENTS}/{funder}", params={"period": period}))
    return found


async def check_behind(client: AsyncClient, link: str, counted: dict[str, Any]) -> None:
    """The lines behind a figure are as many as it says, about as many items, and come to it."""
    lines = done(await client.get(f"/api/v1{link}&limit=200"))["items"]
    assert len(lines) == counted["lines"], link
    assert sum(line["amount_pence"] for line in lines) == counted["net_pence"], link
    assert sum(line["vat_pence"] for line in lines) == counted["vat_pence"], link
    if "items" in counted:
        assert len({line["barcode"] for line in lines} - {None}) == counted["items"], link
        shared = {line["barcode"] for line in lines if line["percent"] < 100}
        assert len(shared - {None}) == counted["shared_items"], link


async def test_every_statement_agrees_with_the_costs_and_with_its_own_lines(
    as_finance: AsyncClient, quarter: None, split_order: dict[str, Any], clock: Clock
) -> None:
    seen = 0
    for period in ("2026-03", "2026-04", "2026-05"):
        report = done(await as_finance.get(COSTS, params={"period": period}))
        for row in (row for row in report["rows"] if row["funder"]):
            found = await statement(as_finance, row["funder"], period)
            assert found["sums"] == {name: row[name] for name in SUMS}
            for table in ("by_kind", "by_team", "by_recycled"):
                assert {name: found[table]["totals"][name] for name in SUMS} == found["sums"], table
            for table in ("by_kind", "by_team", "by_recycled"):
                for counted, link in zip(found[table]["rows"], found[table]["links"], strict=True):
                    await check_behind(as_finance, link, counted)
            for part in found["parts"]:
                asked = f"/finance/reports/costs/lines?period={period}&funder={row['funder']}&part={part['part']}"
                await check_behind(
                    as_finance, asked, {name: part[name] for name in ("lines", "net_pence", "vat_pence")}
                )
            parts = [sum(part[name] for part in found["parts"]) for name in ("lines", "net_pence", "vat_pence")]
            assert parts == [found["sums"][name] for name in ("lines", "net_pence", "vat_pence")]
            lines = found["lines"]
            assert len(lines["rows"]) == found["sums"]["lines"]
            assert (lines["totals"]["net"], lines["totals"]["gross"]) == (row["net_pence"], row["gross_pence"])
            seen += 1
    assert seen >= 4


async def test_what_corrects_a_closed_month_stands_apart_and_the_year_against_its_budget(
    as_finance: AsyncClient, split_order: dict[str, Any], query: Query, clock: Clock
) -> None:
    done(await as_finance.post("/api/v1/finance/budgets", json={"funder": "ASC", "year": 2026, "pence": 120_000}), 201)
    clock.move(days=31)
    done(await as_finance.post("/api/v1/finance/periods/2026-03/close"))
    [bought] = await query("SELECT min(id) AS id FROM charge WHERE kind = 'new_purchase'")
    reason = {"reason": "It was never delivered"}
    done(await as_finance.post(f"/api/v1/finance/charges/{bought['id']}/reverse", json=reason), 201)
    march, april = await statement(as_finance, "ASC"), await statement(as_finance, "ASC", "2026-04")
    assert [part["net_pence"] for part in march["parts"]] == [7_501, 0, 0]
    assert [part["net_pence"] for part in april["parts"]] == [0, 0, -6_001]
    assert (march["state"], march["closed_at"] is not None, march["year"]["budget_pence"]) == ("closed", True, None)
    assert "do not change any more" in march["opening"]
    assert april["year"] == {
        "year": 2026,
        "net_pence": -6_001,
        "budget_pence": 120_000,
        "due_pence": 10_000,
        "left_pence": 126_001,
    }
    assert (april["state"], april["closed_at"], april["cost_centre"]) == ("open", None, "A100")


async def test_what_is_in_dispute_is_said(as_finance: AsyncClient, orders: Orders, given: Given, rates: None) -> None:
    bed = await given.product(category="18 12 10", purchase_price_pence=10_001)
    await given.items(1, product=bed)
    number = (await orders.submitted(bed))["number"]
    said = {"order_number": number, "reason": "Whether it is health's is open"}
    dispute = done(await as_finance.post("/api/v1/finance/disputes", json=said), 201)
    for step, details in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "The daughter"})):
        await orders.step(number, step, **details)
    [payer] = dispute["funding"]
    found = await statement(as_finance, payer["funder"])
    assert found["disputes"] == [
        {"order_number": number, "settle_by": dispute["settle_by"], "provisional_pence": 12_501}
    ]
    assert found["provisional_pence"] == found["sums"]["net_pence"] == 12_501
    behind = f"{COSTS}/lines?period=2026-03&funder={payer['funder']}&provisional="
    lines = done(await as_finance.get(f"{behind}{number}"))["items"]
    assert sum(line["amount_pence"] for line in lines) == 12_501
    check_problem(await as_finance.get(f"{behind}O9"), 422, "unknown-order")
    check_problem(await as_finance.get(f"{COSTS}/lines?period=2026-03&part=some"), 422, "unknown-part")


async def test_a_dispute_that_is_opened_after_delivery_is_one_everywhere(
    as_finance: AsyncClient, finance: Browser, orders: Orders, given: Given, query: Query, clock: Clock, rates: None
) -> None:
    bed = await given.product(category="18 12 10", purchase_price_pence=10_001)
    [barcode] = await given.items(1, product=bed)
    order = await orders.dispatched(bed)
    number = order["number"]
    await orders.step(number, "deliver", received_by="The daughter")
    clock.move(days=1)
    said = {"order_number": number, "reason": "Whether it is health's is open"}
    dispute = done(await as_finance.post("/api/v1/finance/disputes", json=said), 201)
    clock.move(days=1)
    await given.collection(barcode, client=order["client_ref"])
    await given.scan(barcode)
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    # What it is charged since is provisional, of whatever kind.
    since = await query(
        "SELECT kind, is_provisional FROM charge WHERE posted_at > (SELECT opened_at FROM funding_dispute) ORDER BY id"
    )
    assert {row["kind"] for row in since} == {"collection", "credit", "decontamination"}
    assert {row["is_provisional"] for row in since} == {True}
    # In dispute is that, and what was charged before: the same sum everywhere.
    [payer] = dispute["funding"]
    found = await statement(as_finance, payer["funder"])
    listed = done(await as_finance.get("/api/v1/finance/disputes"))["items"]
    lines = done(await as_finance.get("/api/v1/finance/charges?provisional=true"))["items"]
    sums = [found["provisional_pence"], listed[0]["provisional_pence"], sum(one["amount_pence"] for one in lines)]
    assert sums == [listed[0]["charged_pence"]] * 3
    assert {"new_purchase", "credit"} <= {one["kind"] for one in lines}
    assert all(one["is_provisional"] for one in lines)
    for page in ("/finance/disputes", f"/finance/statements/{payer['funder']}", "/finance/charges?provisional=true"):
        assert "before" in (text := (await finance.get(page)).text)
        assert "since" in text, page


async def test_a_statement_names_nobody_and_is_a_page_to_print_and_a_file(
    as_finance: AsyncClient, finance: Browser, split_order: dict[str, Any], statements: Statements
) -> None:
    url = "/finance/statements/ASC"
    listed = await finance.get("/finance/funders")
    assert listed.soup.select_one(f'a[href="{url}"]')
    costs = await finance.get("/finance/reports/costs?period=2026-03")
    assert costs.soup.select_one(f'a[href="{url}?period=2026-03"]')
    page = await finance.get(f"{url}?period=2026-03")
    assert page.heading == "Statement for Adult social care, March 2026"
    assert "£75.01" in page.text
    assert "1 all shared: 60 %" in " ".join(page.text.split())
    assert "<br" not in page.text
    file = await as_finance.get(f"{STATEMENTS}/ASC?period=2026-03&format=csv")
    rows = file.text.splitlines()
    assert rows[0].startswith("line,happened_on,charge_kind,variant,order_number,person")
    assert rows[-1].startswith("Total,")
    assert ",75.01,0.00,75.01," in rows[-1]
    paged = await finance.client.get(f"{url}?period=2026-03&format=xlsx")
    assert paged.headers["content-disposition"] == 'attachment; filename="statement-ASC-2026-03.xlsx"'
    statements.clear()
    await statement(as_finance, "ASC")
    assert len(statements) == 11, "\n".join(statements)


async def test_who_is_no_funder_and_what_is_no_month_is_refused(as_finance: AsyncClient) -> None:
    check_problem(await as_finance.get(f"{STATEMENTS}/NOBODY"), 404, "unknown-funder")
    check_problem(await as_finance.get(f"{STATEMENTS}/ASC?period=2026-13"), 422, "not-a-period")
    empty = await statement(as_finance, "ASC", "2001-01")
    assert (empty["sums"]["gross_pence"], empty["lines"]["rows"]) == (0, [])
    assert empty["opening"].endswith("No charge has been recorded yet.")
    asked = await as_finance.get(f"{STATEMENTS}/asc")
    assert (asked.json()["funder"], asked.json()["period"]) == ("ASC", "2026-02")
