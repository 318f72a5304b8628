"""Cases: drawing up, what is frozen, screening, who may read one, and what ends one."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock, Query, SignIn, Statements
from tests.features.panel.conftest import Panel, done, said
from tests.given import Given
from tests.problems import check_problem


async def test_a_case_keeps_what_the_shelves_held_with_why_not(jsep: Panel, given: Given, query: Query) -> None:
    asked = await given.product(
        "SEAT-A", tier="highly_specialist", category="18 09 03", dimensions={"seat_width_mm": 450}
    )
    near = await given.product("SEAT-B", category="18 09 03", dimensions={"seat_width_mm": 460})
    held, spare = await jsep.recycled(asked), await jsep.recycled(asked)
    on_hold = await jsep.recycled(asked)
    await given.recycled(product=near)
    await given.hold(on_hold)
    number = await jsep.draft(await jsep.order(asked))
    case = await jsep.get(f"/panel-cases/{number}")
    [line] = case["search"]["lines"]
    assert [one["barcode"] for one in line["held"]] == [held]
    assert {one["barcode"]: one["code"] for one in line["others"]} == {spare: "free", on_hold: "on-hold"}
    assert [(one["product_code"], one["recycled"]) for one in line["equivalents"]] == [(near, 1)]
    assert "recycled" in {gap["section"] for gap in case["gaps"]}
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    [frozen] = await query("SELECT content, digest FROM panel_case_version")
    assert frozen["content"]["search"]["lines"] == case["search"]["lines"]
    assert (await jsep.get(f"/panel-cases/{number}"))["digest"] == frozen["digest"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {"proposed_funding": [{"funder": one, "percent": 33.33} for one in ("ASC", "ICB", "CHC")]},
            "funding-not-100-percent",
        ),
        ({"proposed_funding": [{"funder": "XX", "percent": 100}]}, "unknown-funder"),
        ({"options": [{"option": "adapt", "cost_pence": 1}, {"option": "none", "cost_pence": 1}]}, "why-not-wanted"),
        ({"trials": [1]}, "unknown-trial"),
        ({"order_number": "O999999"}, "unknown-order"),
    ],
)
async def test_what_cannot_be_is_refused_at_once(
    jsep: Panel, as_senior_ot: AsyncClient, change: dict[str, Any], code: str
) -> None:
    body = said(order_number=await jsep.order()) | change
    check_problem(await as_senior_ot.post("/api/v1/panel-cases", json=body), 404 if "order" in code else 422, code)


async def test_an_order_has_one_case_and_only_one_that_waits_for_the_panel(
    jsep: Panel, given: Given, as_senior_ot: AsyncClient, as_ot: AsyncClient
) -> None:
    order = await jsep.order()
    await jsep.draft(order)
    again = await as_senior_ot.post("/api/v1/panel-cases", json=said(order_number=order))
    check_problem(again, 409, "has-a-case")
    cheap = await given.product(purchase_price_pence=100)
    client = await given.client(weight_kg=70, weighed_on="2026-02-01")
    body = {
        "client_ref": client,
        "funder": "ASC",
        "speed": "five_day",
        "reason": "other",
        "clinical_reasoning": "Falls at night.",
    }
    plain = done(await as_ot.post("/api/v1/orders", json=body | {"lines": [{"product_code": cheap}]}), 201)
    waits = await as_ot.post("/api/v1/panel-cases", json=said(order_number=plain["number"]))
    check_problem(waits, 409, "order-not-waiting")


async def test_a_draft_says_what_it_lacks_and_is_saved_as_you_go(jsep: Panel, as_senior_ot: AsyncClient) -> None:
    order = await jsep.order()
    made = await as_senior_ot.post("/api/v1/panel-cases", json={"order_number": order})
    number = done(made, 201)["number"]
    path = f"/api/v1/panel-cases/{number}"
    # The order's own words are where it begins.
    assert made.json()["clinical_reasoning"] == "Cannot sit in any standard chair."
    problem = check_problem(await as_senior_ot.post(f"{path}/submit"), 422, "case-not-ready")
    assert {one["field"] for one in problem["missing"]} == {
        "need",
        "risk_assessment",
        "risk_of_not_providing",
        "options",
        "proposed_funding",
    }
    version = made.headers["ETag"]
    saved = await as_senior_ot.patch(path, json={"need": "She must sit upright."}, headers={"If-Match": version})
    assert (done(saved)["need"], saved.json()["clinical_reasoning"]) == (
        "She must sit upright.",
        "Cannot sit in any standard chair.",
    )
    stale = await as_senior_ot.patch(path, json={"need": "Something else."}, headers={"If-Match": version})
    check_problem(stale, 412, "stale")


async def test_an_incomplete_case_goes_back_with_its_gaps_and_comes_again(jsep: Panel, query: Query) -> None:
    number = await jsep.submitted()
    back = await jsep.post("panel1", f"/panel-cases/{number}/screen", outcome="incomplete", gaps=["The second quote"])
    assert (back["state"], back["screenings"][0]["gaps"]) == ("draft", ["The second quote"])
    [letter] = await query("SELECT body FROM message WHERE purpose = 'panel_case_is_incomplete'")
    assert "- The second quote" in letter["body"]
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    assert (await jsep.post("panel1", f"/panel-cases/{number}/screen"))["state"] == "screened"
    assert await query("SELECT count(*) AS many FROM panel_case_version") == [{"many": 2}]


async def test_a_panel_is_not_needed_only_when_no_rule_asks_for_it(
    jsep: Panel, as_panel: AsyncClient, given: Given
) -> None:
    number = await jsep.submitted()
    refused = await as_panel.post(f"/api/v1/panel-cases/{number}/screen", json={"outcome": "not_needed"})
    check_problem(refused, 409, "panel-is-needed")
    # Two orders that come to the threshold together; the first is called off, and the second stands alone.
    client = await given.client(weight_kg=70, weighed_on="2026-02-01")
    dear = await given.product(purchase_price_pence=200_000)
    other_dear = await given.product(purchase_price_pence=200_000, category="12 22 03")
    body = {
        "client_ref": client,
        "funder": "ASC",
        "speed": "five_day",
        "reason": "other",
        "clinical_reasoning": "Falls at night.",
    }
    first = await jsep.post("senior.ot", "/orders", 201, **body, lines=[{"product_code": dear}])
    await jsep.post("senior.ot", f"/orders/{first['number']}/submit")
    second = await jsep.order(other_dear, client=client)
    other = await jsep.submitted(second)
    await jsep.post("senior.ot", f"/orders/{first['number']}/cancel", reason="It is not needed any more.")
    case = await jsep.post("panel1", f"/panel-cases/{other}/screen", outcome="not_needed")
    assert case["state"] == "withdrawn"
    assert (await jsep.get(f"/orders/{second}"))["state"] == "approved"


async def test_a_case_whose_order_is_cancelled_is_withdrawn_with_it(jsep: Panel, as_chair: AsyncClient) -> None:
    order = await jsep.order()
    number = await jsep.listed(order)
    await jsep.post("senior.ot", f"/orders/{order}/cancel", reason="It is not needed any more.")
    case = await jsep.get(f"/panel-cases/{number}")
    assert (case["state"], case["meeting_id"]) == ("withdrawn", None)
    check_problem(await jsep.decide(number), 409, "wrong-state")


async def test_a_death_withdraws_the_case(jsep: Panel, as_ot: AsyncClient) -> None:
    number = await jsep.listed()
    ref = (await jsep.get(f"/panel-cases/{number}"))["client_ref"]
    etag = (await as_ot.get(f"/api/v1/clients/{ref}")).headers["ETag"]
    died = {"died_on": "2026-03-01"}
    done(await as_ot.patch(f"/api/v1/clients/{ref}", json=died, headers={"If-Match": etag}))
    assert (await jsep.get(f"/panel-cases/{number}"))["state"] == "withdrawn"


async def test_a_case_is_withdrawn_and_brought_again(jsep: Panel) -> None:
    order = await jsep.order()
    number = await jsep.submitted(order)
    assert (await jsep.post("senior.ot", f"/panel-cases/{number}/withdraw"))["state"] == "withdrawn"
    assert await jsep.draft(order) != number


async def test_who_brings_a_case_and_its_panel_read_it_and_each_reading_is_logged(
    jsep: Panel, sign_in: SignIn, query: Query
) -> None:
    draft = await jsep.draft()
    path = f"/api/v1/panel-cases/{draft}"
    for username, code in (
        ("student.ot", "not-your-case"),
        ("panel1", "not-your-case"),
        ("chair", "not-your-case"),
        ("technician", "not-allowed"),
        ("manager", "not-allowed"),
        ("auditor", "not-allowed"),
    ):
        check_problem(await (await sign_in(username)).get(path), 403, code)
    assert (await (await sign_in("panel1")).get("/api/v1/panel-cases")).json()["items"] == []
    # A qualified colleague of the team.
    assert (await (await sign_in("ot")).get(path)).status_code == 200
    await jsep.post("senior.ot", f"/panel-cases/{draft}/submit")
    assert (await (await sign_in("panel1")).get(path)).status_code == 200
    assert [one["number"] for one in (await jsep.get("/panel-cases", by="panel1"))["items"]] == [draft]
    readers = await query(
        "SELECT chain FROM audit_event WHERE action = 'panel_case_read' AND chain IN ('ot', 'panel1')"
    )
    assert sorted(row["chain"] for row in readers) == ["ot", "panel1"]


async def test_trials_of_the_client_are_taken_from_the_loans(jsep: Panel, given: Given) -> None:
    client = await given.client(weight_kg=70, weighed_on="2026-02-01")
    chair = await given.product(category="12 22 03")
    [barcode] = await given.items(1, product=chair, serial_numbers=["TS-1"])
    trial = await given.trial(barcode, client=client)
    number = await jsep.draft(await jsep.order(client=client), trials=[trial.id])
    [shown] = (await jsep.get(f"/panel-cases/{number}"))["trials"]
    assert (shown["barcode"], shown["serial_number"], shown["outcome"]) == (barcode, "TS-1", None)


async def test_a_case_is_read_by_as_many_statements_whatever_it_holds(
    jsep: Panel, as_panel: AsyncClient, statements: Statements, clock: Clock
) -> None:
    number = await jsep.submitted()
    statements.clear()
    await as_panel.get(f"/api/v1/panel-cases/{number}")
    assert len(statements) == 7, statements
    many = await jsep.listed()
    await jsep.post("panel1", f"/panel-cases/{many}/interests", 201)
    done(await jsep.decide(many, "defer", review_on=clock.day(3)))
    statements.clear()
    await as_panel.get(f"/api/v1/panel-cases/{many}")
    assert len(statements) == 7, statements
