"""What the figures say: days at each stage, decisions, teams, specials, spend; and similar cases beside a new one."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn, Statements
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given
from tests.problems import check_problem

FIGURES = "/api/v1/panel-learning"


async def figures(client: AsyncClient, **asked: str) -> dict[str, Any]:
    """What the figures say."""
    return done(await client.get(FIGURES, params=asked))


async def budget(client: AsyncClient, **pence: int) -> None:
    """Set JSEP's budgets: `y2025=…`."""
    panel = await client.get("/api/v1/panels/JSEP")
    body = {"budgets": [{"year": int(year[1:]), "pence": amount} for year, amount in pence.items()]}
    done(await client.patch("/api/v1/panels/JSEP", json=body, headers={"If-Match": panel.headers["ETag"]}))


async def test_nothing_yet_is_said_as_nothing(as_finance: AsyncClient, auditor: Browser) -> None:
    said = await figures(as_finance)
    assert [said[name] for name in ("waiting", "decisions", "teams", "specials", "committed")] == [[], [], [], [], []]
    assert said["budgets"] == [{"year": 2025, "budget_pence": 24_000_000, "committed_pence": 0}]
    assert (said["since"], said["panel"]) == ("2025-04-01", None)
    page = await auditor.get("/panel-learning")
    assert "Nothing was decided in this period." in page.text


async def test_the_days_at_each_stage_are_those_of_the_clock(
    jsep: Panel, clock: Clock, as_finance: AsyncClient
) -> None:
    order = await jsep.order()
    clock.move(days=2)
    number = await jsep.submitted(order)
    clock.move(days=1)
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    clock.move(days=4)
    await jsep.meeting(number)
    done(await jsep.decide(number, funding=SPLIT))
    said = await figures(as_finance, panel="JSEP")
    assert [(one["stage"], one["cases"], round(one["median_days"], 1)) for one in said["waiting"]] == [
        ("drawing_up", 1, 2.0),
        ("screening", 1, 1.0),
        ("listing", 1, 4.0),
        ("decision", 1, 0.0),
        ("in_all", 1, 5.0),
    ]
    assert (await figures(as_finance, panel="NONE"))["waiting"] == []
    before = (clock.now.date() - timedelta(days=30)).isoformat()
    assert (await figures(as_finance, **{"from": before, "to": before}))["waiting"] == []


async def test_what_is_committed_is_what_holds_by_funder_and_against_the_budget(
    jsep: Panel, as_finance: AsyncClient, as_manager: AsyncClient, clock: Clock
) -> None:
    kept, cancelled = await jsep.order(), await jsep.order()
    for order in (kept, cancelled):
        done(await jsep.decide(await jsep.listed(order), funding=SPLIT))
    declined = await jsep.listed()
    done(await jsep.decide(declined, "decline", alternative="A standard chair with a wedge."))
    await jsep.post("senior.ot", f"/orders/{cancelled}/cancel", reason="It is not needed any more.")
    await budget(as_manager, y2025=500_000)
    said = await figures(as_finance)
    assert said["committed"] == [
        {"funder": "ASC", "name": "Adult social care", "pence": 186_000},
        {"funder": "ICB", "name": "Integrated care board", "pence": 124_000},
    ]
    assert said["budgets"] == [{"year": 2025, "budget_pence": 500_000, "committed_pence": 310_000}]
    [month] = said["decisions"]
    assert month["decisions"] == {"approve": 2, "approve_with_conditions": 0, "defer": 0, "decline": 1}
    # The next financial year begins with nothing committed.
    clock.move(days=60)
    said = await figures(as_finance)
    assert (said["committed"], said["budgets"]) == ([], [{"year": 2026, "budget_pence": None, "committed_pence": 0}])


async def test_of_a_team_with_few_cases_nothing_is_said(
    jsep: Panel, as_finance: AsyncClient, as_chair: AsyncClient
) -> None:
    for _ in range(4):
        await jsep.submitted()
    waiting = [one["number"] for one in (await jsep.get("/panel-cases", by="panel2"))["items"]]
    for number in waiting:
        await jsep.post("panel2", f"/panel-cases/{number}/screen", outcome="incomplete", gaps=["The second quote"])
    west = "West Community Occupational Therapy"
    hidden = {"team": west, "cases": None, "incomplete": None, "percent": None}
    assert (await figures(as_finance))["teams"] == [hidden]
    table = await as_finance.get("/panel-learning/teams.csv")
    assert table.text.splitlines()[1] == f"{west},fewer than 5,,"
    await jsep.screened()
    assert (await figures(as_chair))["teams"] == [{"team": west, "cases": 5, "incomplete": 4, "percent": 80}]


async def test_a_special_that_is_approved_often_says_so_with_what_recycled_ones_saved(
    jsep: Panel, given: Given, finance: Browser, as_finance: AsyncClient
) -> None:
    special = await given.product(tier="highly_specialist", purchase_price_pence=310_000, non_catalogue=True)
    await jsep.recycled(special)
    for _ in range(3):
        done(await jsep.decide(await jsep.listed(await jsep.order(special)), funding=SPLIT))
    [found] = (await figures(as_finance))["specials"]
    assert (found["approvals"], found["pieces"], found["saved_pence"], found["is_often"]) == (3, 3, 310_000, True)
    page = await finance.get("/panel-learning")
    assert "Often" in page.text
    assert "£3,100.00" in page.text


async def test_who_may_read_them_and_what_is_wrong_is_said(
    sign_in: SignIn, as_finance: AsyncClient, finance: Browser, statements: Statements
) -> None:
    for username, status in (("chair", 200), ("manager", 200), ("auditor", 200), ("panel1", 403), ("senior.ot", 403)):
        assert (await (await sign_in(username)).get(FIGURES)).status_code == status
    turned = {"from": "2026-03-02", "to": "2026-03-01"}
    check_problem(await as_finance.get(FIGURES, params=turned), 422, "ends-before-it-starts")
    page = await finance.get("/panel-learning", **turned)
    assert (page.status, page.errors) == (
        422,
        {"to": "The last day is before the first. Give the first day or a later one."},
    )
    empty = await finance.get("/panel-learning", **{"panel": "", "from": "", "to": ""})
    assert empty.status == 200
    for table in ("waiting", "decisions", "teams", "specials", "committed", "budgets"):
        file = await as_finance.get(f"/panel-learning/{table}.csv")
        assert file.headers["content-type"].startswith("text/csv")
    file = await as_finance.get(FIGURES, params={"format": "csv", "table": "budgets"})
    assert file.text.splitlines()[1] == "2025/26,24000000,0,24000000"
    assert (await as_finance.get("/panel-learning/people.csv")).status_code == 422
    statements.clear()
    await as_finance.get(FIGURES)
    assert len(statements) == 7, statements


async def test_similar_cases_stand_beside_a_new_one_without_the_person(
    jsep: Panel, given: Given, as_chair: AsyncClient, chair: Browser, query: Query
) -> None:
    details: dict[str, Any] = {"tier": "highly_specialist", "purchase_price_pence": 310_000, "category": "18 09 03"}
    same, near = await given.product(**details), await given.product(**details)
    other = await given.product(tier="highly_specialist", purchase_price_pence=310_000, category="12 22 03")
    past = await jsep.listed(await jsep.order(near))
    done(await jsep.decide(past, "decline", alternative="A standard chair with a wedge."))
    nearest = await jsep.listed(await jsep.order(same))
    done(await jsep.decide(nearest, funding=SPLIT))
    done(await jsep.decide(await jsep.listed(await jsep.order(other)), funding=SPLIT))
    await jsep.listed(await jsep.order(same))
    number = await jsep.submitted(await jsep.order(same))
    found: Any = (await as_chair.get(f"/api/v1/panel-cases/{number}/similar")).json()
    assert [(one["number"], one["decision"], one["is_same_product"], one["reasons"]) for one in found] == [
        (nearest, "approve", True, WHY),
        (past, "decline", False, WHY),
    ]
    assert {name for one in found for name in one} == {
        "number", "decision", "decided_on", "products", "is_same_product", "may_read", "reasons",
    }  # fmt: skip
    page = await chair.get(f"/panel-cases/{number}")
    assert "Similar cases that were decided" in page.text
    assert f"{nearest}" in page.text


async def test_a_day_before_our_time_is_refused(as_finance: AsyncClient, auditor: Browser) -> None:
    for asked in ({"from": "0001-01-01", "to": "0001-01-01"}, {"to": "0001-03-01"}, {"from": "9999-01-01"}):
        check_problem(await as_finance.get(FIGURES, params=asked), 422, "malformed")
    assert (await auditor.get("/panel-learning?to=0001-01-01")).status == 422
