"""Budgets beside the books: spent, committed and forecast, for funders and teams; and what finance is told of them."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.budgets import twelfths
from app.domain.lifecycle import State
from app.features.finance.budgets.service import tell_of_budgets
from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn, Statements
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem

BUDGETS = "/api/v1/finance/budgets"
REPORT = "/api/v1/finance/reports/budgets"
SPLIT = """
    INSERT INTO order_share (order_id, funder_id, position, percent)
    SELECT asked.id, funder.id, place, 100.0 / 2 FROM equipment_order AS asked,
           (VALUES ('ASC', 1), ('ICB', 2)) AS paying (code, place) JOIN funder ON funder.code = paying.code
    WHERE asked.number = :number
"""


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


@pytest.fixture
async def paying(connection: AsyncConnection) -> None:
    """The team's loans are paid by adult social care."""
    await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))


async def budget(finance: AsyncClient, **details: Any) -> dict[str, Any]:
    """A budget for 2025/26, in which the tests stand."""
    facts = {"funder": "ASC", "year": 2025, "pence": 1_200_000} | details
    return done(await finance.post(BUDGETS, json=facts), 201)


async def rows(client: AsyncClient, year: int = 2025) -> list[dict[str, Any]]:
    """The rows of the report."""
    found: list[dict[str, Any]] = done(await client.get(REPORT, params={"year": year}))["rows"]
    return found


async def team_of(query: Query) -> str:
    """The code of the demonstration's team."""
    return str((await query("SELECT code FROM team ORDER BY id LIMIT 1"))[0]["code"])


async def test_a_budget_is_kept_in_twelfths_or_by_month_and_changed_by_who_has_read_it(
    as_finance: AsyncClient, query: Query
) -> None:
    kept = await budget(as_finance, pence=1_000_001, note="Agreed in March")
    assert (kept["months"], kept["pence"]) == (list(twelfths(1_000_001)), 1_000_001)
    months = [0] * 11 + [500]
    team = await team_of(query)
    of_team = await budget(as_finance, team=team, pence=None, months=months)
    assert (of_team["months"], of_team["team"], of_team["warnings"]) == (months, team, [])
    url = f"{BUDGETS}/{kept['id']}"
    read = await as_finance.get(url)
    change = {"pence": 120}
    changed = await as_finance.patch(url, json=change, headers={"If-Match": read.headers["ETag"]})
    assert done(changed)["months"] == [10] * 12
    assert changed.json()["note"] == "Agreed in March"
    assert changed.json()["warnings"][0].startswith("Adult social care: The budgets of its teams come to £5, which")
    stale = await as_finance.patch(url, json=change, headers={"If-Match": read.headers["ETag"]})
    check_problem(stale, 412, "stale")
    check_problem(await as_finance.patch(url, json=change), 412, "if-match-required")
    listed = done(await as_finance.get(BUDGETS, params={"year": 2025, "limit": 1}))
    assert ([one["id"] for one in listed["items"]], listed["next"]) == ([kept["id"]], str(kept["id"]))
    trail = "SELECT action, detail ->> 'pence' AS pence FROM audit_event WHERE subject LIKE 'budget:%' ORDER BY id"
    audited = await query(trail)
    assert [tuple(row.values()) for row in audited] == [
        ("budget_set", "1000001"),
        ("budget_set", "500"),
        ("budget_changed", "120"),
    ]


@pytest.mark.parametrize(
    ("details", "status", "code"),
    [
        ({"funder": "NOBODY"}, 422, "unknown-funder"),
        ({"team": "NONE"}, 422, "unknown-team"),
        ({"pence": None}, 422, "no-amount"),
        ({"months": [1] * 13}, 422, "twelve-months"),
        ({"months": [1] * 12}, 422, "months-do-not-add-up"),
        ({"months": [10**11] * 12, "pence": None}, 422, "budget-too-large"),
        ({"months": [-1] * 12, "pence": None}, 422, "validation-error"),
        ({"pence": True}, 422, "validation-error"),
        ({"pence": 10**12}, 422, "validation-error"),
        ({"year": 1999}, 422, "validation-error"),
        ({"year": 3000}, 422, "validation-error"),
        ({"year": 2999}, 422, "budget-year-out-of-range"),
        ({"year": 2036}, 422, "budget-year-out-of-range"),
        ({"month": 1}, 422, "validation-error"),
    ],
)
async def test_what_is_no_budget_is_refused(
    as_finance: AsyncClient, details: dict[str, Any], status: int, code: str
) -> None:
    facts = {"funder": "ASC", "year": 2025, "pence": 1_200_000} | details
    answer = await as_finance.post(BUDGETS, json=facts)
    assert answer.status_code == status
    assert answer.json()["code"] == code or code == "validation-error", answer.text


async def test_a_funder_has_one_budget_a_year_and_each_of_its_teams_one(as_finance: AsyncClient, query: Query) -> None:
    team = await team_of(query)
    for details in ({}, {"team": team}, {"year": 2026}, {"year": 2035}, {"funder": "ICB"}):
        await budget(as_finance, **details)
    for details in ({}, {"team": team}):
        again = {"funder": "ASC", "year": 2025, "pence": 1, **details}
        check_problem(await as_finance.post(BUDGETS, json=again), 409, "budget-exists")
    check_problem(await as_finance.get(f"{BUDGETS}/{2**63 - 1}"), 404, "unknown-budget")
    check_problem(await as_finance.get(REPORT, params={"year": 1}), 422, None)


async def test_what_is_spent_and_committed_is_counted_for_the_funder_and_its_team(
    as_finance: AsyncClient, given: Given, orders: Orders, query: Query, connection: AsyncConnection, paying: None
) -> None:
    team = await team_of(query)
    await budget(as_finance)
    await budget(as_finance, team=team, pence=600_000)
    await budget(as_finance, funder="ICB", pence=100_000)
    spent = await given.product(purchase_price_pence=10_001)
    await given.item(State.ON_LOAN, product=spent)
    wanted = await given.product(purchase_price_pence=3_001)
    await given.items(2, product=wanted)
    order = await orders.submitted(wanted)
    await connection.execute(text(SPLIT), {"number": order["number"]})
    found = {(row["funder"], row["team"]): row for row in await rows(as_finance)}
    of_funder, of_team, of_other = found["ASC", None], found["ASC", team], found["ICB", None]
    assert (of_funder["actual_pence"], of_funder["committed_pence"]) == (10_001, 1_501)
    assert (of_team["actual_pence"], of_team["committed_pence"]) == (10_001, 1_501)
    assert (of_other["actual_pence"], of_other["committed_pence"]) == (0, 1_500)
    assert of_funder["left_pence"] == 1_200_000 - 10_001 - 1_501
    await orders.step(order["number"], "allocate")
    await orders.step(order["number"], "dispatch")
    await orders.step(order["number"], "deliver", received_by="Mrs Moor")
    found = {(row["funder"], row["team"]): row for row in await rows(as_finance)}
    assert [row["committed_pence"] for row in found.values()] == [0, 0, 0]
    assert found["ICB", None]["actual_pence"] == 1_500


async def test_the_report_says_what_is_spent_without_a_budget_and_has_totals_of_funders_alone(
    as_finance: AsyncClient, given: Given, query: Query, paying: None
) -> None:
    product = await given.product(purchase_price_pence=500)
    await given.item(State.ON_LOAN, product=product)
    empty = done(await as_finance.get(REPORT))
    alone = [{"funder": "Adult social care", "actual_pence": 500, "committed_pence": 0}]
    assert ([row["funder"] for row in empty["rows"]], empty["without_budget"]) == (["Without a budget"], alone)
    totals = empty["totals"]
    assert (empty["year"], totals["budget_pence"], totals["actual_pence"]) == (2025, 0, 500)
    of_team = await budget(as_finance, team=await team_of(query), pence=5)
    report = done(await as_finance.get(REPORT))
    assert (report["totals"]["budget_pence"], report["without_budget"]) == (5, [])
    await budget(as_finance)
    report = done(await as_finance.get(REPORT))
    assert (report["totals"]["budget_pence"], report["without_budget"]) == (1_200_000, [])
    assert of_team["pence"] == 5
    file = await as_finance.get(REPORT, params={"format": "csv"})
    lines = file.text.splitlines()
    assert lines[0].startswith("funder,team,budget,due,actual")
    assert lines[-1].startswith("All funders,,12000.00,")


async def test_finance_is_told_once_for_each_level_and_again_when_the_budget_is_another(
    as_finance: AsyncClient, given: Given, session: AsyncSession, clock: Clock, query: Query, paying: None
) -> None:
    kept = await budget(as_finance, pence=10_000)
    product = await given.product(purchase_price_pence=8_000)
    await given.item(State.ON_LOAN, product=product)

    async def tell() -> int:
        told = await tell_of_budgets(session, today=clock.today, actor="worker", at=clock.now)
        await session.commit()
        return told

    # In March, with nothing before: eighty per cent are spent, and no month is to come.
    assert (await tell(), await tell()) == (1, 0)
    subjects = "SELECT subject FROM message WHERE purpose LIKE 'budget%' ORDER BY id"
    assert await query(subjects) == [{"subject": "Budget of Adult social care 2025/26: 80 % used"}]
    await given.item(State.ON_LOAN, product=product)
    assert (await tell(), await tell()) == (2, 0)
    standing = "SELECT level, stands FROM budget_alert ORDER BY of_pence, level"
    assert {row["level"]: row["stands"] for row in await query(standing)} == {
        "most_used": True,
        "all_used": True,
        "forecast_over": True,
    }
    url = f"{BUDGETS}/{kept['id']}"
    version = (await as_finance.get(url)).headers["ETag"]
    done(await as_finance.patch(url, json={"pence": 18_000}, headers={"If-Match": version}))
    assert (await tell(), await tell()) == (1, 0)
    assert [row["stands"] for row in await query(standing)] == [False, False, False, True]
    clock.now += timedelta(days=60)
    assert await tell() == 0, "the year is over"


async def test_a_budget_is_set_and_changed_on_its_pages(
    finance: Browser, manager: Browser, as_finance: AsyncClient, given: Given, query: Query, paying: None
) -> None:
    product = await given.product(purchase_price_pence=25_000)
    await given.item(State.ON_LOAN, product=product)
    wrong = await finance.post_form("/finance/budgets/new", funder="ASC", year="2025", pence="twelve")
    assert "Write the amount in pounds and pence, such as 149.99." in wrong.text
    wrong = await finance.post_form("/finance/budgets/new", year="2025", pence="12", month_0="11")
    assert "Choose whose budget it is." in wrong.text
    wrong = await finance.post_form("/finance/budgets/new", funder="ASC", year="2025", pence="12", month_0="11")
    assert "The months come to £11, and the year to £12." in wrong.text
    wrong = await finance.post_form("/finance/budgets/new", funder="ASC", year="2099", pence="12")
    assert "2099/00 is too far ahead for a budget. Give a financial year up to 2035/36." in wrong.text
    team = await team_of(query)
    for details in ({"pence": "260.00"}, {"pence": "30000", "team": team}):
        await finance.post_form("/finance/budgets/new", funder="ASC", year="2025", **details)
    page = await finance.get("/finance/budgets?year=2025")
    assert "which is £29,740 more than its own of £260" in page.text
    assert [row[1] for row in page.table()][:2] == ["80 % used 96 % used", "Within budget 0 % used"]
    [kept, _] = await query("SELECT id, version FROM budget ORDER BY id")
    url = f"/finance/budgets/{kept['id']}"
    one = await finance.get(url)
    assert "£250 spent" in one.text
    saved = await finance.post_form(url, pence="250", note="Less", version="1")
    assert saved.status == 303
    page = await finance.get("/finance/budgets?year=2025")
    assert "The budget is changed." in page.text
    assert page.table()[0][1] == "Used up 100 % used"
    stale = await finance.post_form(url, pence="240", note="Less", version="1")
    assert "Somebody changed this while you had it open." in stale.text
    seen = await manager.get(url)
    assert "Change this budget" not in seen.text
    assert (await manager.get("/finance/budgets/new")).status == 403
    file = await as_finance.get("/api/v1/finance/reports/budgets?year=2025&format=csv")
    assert "ASC" in file.text


async def test_a_year_of_budgets_takes_the_same_statements_however_many_there_are(
    as_finance: AsyncClient, query: Query, statements: Statements
) -> None:
    await budget(as_finance)
    statements.clear()
    await rows(as_finance)
    few = len(statements)
    for details in ({"funder": "ICB"}, {"funder": "CHC"}, {"team": await team_of(query)}):
        await budget(as_finance, **details)
    statements.clear()
    await rows(as_finance)
    assert (few, len(statements)) == (5, 5), "\n".join(statements)


async def test_all_funders_are_all_lines_and_all_commitments_whoever_has_a_budget(
    as_finance: AsyncClient, given: Given, orders: Orders, query: Query
) -> None:
    """Adult social care has a budget for another team only, health has none, and the counter's loans are nobody's."""
    product = await given.product(purchase_price_pence=10_001)
    await given.item(State.ON_LOAN, product=product)
    await given.items(2, product=product)
    await orders.submitted(product)
    await given.item(State.ON_LOAN)

    async def totals() -> tuple[int, int]:
        report = done(await as_finance.get(REPORT))
        counted = [(row["actual_pence"], row["committed_pence"]) for row in report["rows"] if row["team"] is None]
        sums = report["totals"]
        assert (sums["actual_pence"], sums["committed_pence"]) == tuple(map(sum, zip(*counted, strict=True)))
        return sums["actual_pence"], sums["committed_pence"]

    [row] = await query("SELECT sum(amount_pence)::int AS pence FROM charge")
    before = await totals()
    assert before == (row["pence"], 10_001)
    await budget(as_finance, funder="ICB")
    assert await totals() == before
    await budget(as_finance)
    assert await totals() == before
