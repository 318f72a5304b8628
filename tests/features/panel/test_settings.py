"""Panels are kept by page and API: rules, members, budget; what changed is on record; routing follows them."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn
from tests.features.panel.conftest import Panel, done, said
from tests.given import Given
from tests.problems import check_problem

CEP = {
    "code": "CEP",
    "name": "Children's Equipment Panel",
    "tiers": ["specialist", "highly_specialist"],
    "funders": ["CHILD"],
    "precedence": 10,
    "quorum": 2,
    "joint_needs_both": False,
    "members": [
        {"username": "chair", "side": "social_care", "is_chair": True},
        {"username": "panel3", "side": "social_care"},
    ],
    "budgets": [{"year": 2026, "pence": 5_000_000}],
}


async def change(client: AsyncClient, code: str = "JSEP", **body: Any) -> Any:
    """A change of the panel as it stands."""
    read = await client.get(f"/api/v1/panels/{code}")
    return await client.patch(f"/api/v1/panels/{code}", json=body, headers={"If-Match": read.headers["ETag"]})


async def ordered(client: AsyncClient, given: Given, product: str, **body: Any) -> Any:
    """A draft order of `senior.ot`."""
    details = {
        "client_ref": await given.client(weight_kg=70, weighed_on="2026-02-01"),
        "funder": "ASC",
        "speed": "five_day",
        "reason": "long_term_need",
        "clinical_reasoning": "Cannot sit in any standard chair.",
        "lines": [{"product_code": product}],
    }
    return done(await client.post("/api/v1/orders", json=details | body), 201)


async def test_a_panel_is_added_read_and_changed_with_what_was_before(
    as_manager: AsyncClient, as_ot: AsyncClient, query: Query
) -> None:
    made = done(await as_manager.post("/api/v1/panels", json=CEP), 201)
    assert made["rules"] == [
        "CEP decides every highly specialist line that CHILD pays for.",
        "CEP decides every specialist line that CHILD pays for.",
    ]
    assert [one["code"] for one in made["warnings"]] == ["one-chair", "all-must-be-there"]
    assert [(one["name"], one["is_chair"]) for one in made["members"]] == [
        ("Christine Hale", True),
        ("Paula Marsh", False),
    ]
    listed = done(await as_ot.get("/api/v1/panels"))["items"]
    assert [(one["code"], one["precedence"], one["funders"]) for one in listed] == [
        ("CEP", 10, ["CHILD"]),
        ("JSEP", 100, []),
    ]
    changed = done(await change(as_manager, "CEP", quorum=1, members=[CEP["members"][0]]))  # type: ignore[index]
    assert (changed["quorum"], [one["username"] for one in changed["members"]]) == (1, ["chair"])
    assert changed["budgets"] == CEP["budgets"]
    done(await change(as_manager, "CEP", quorum=1))
    [event] = await query("SELECT detail FROM audit_event WHERE action = 'panel_changed'")
    assert event["detail"] == {
        "quorum": 1,
        "quorum_before": 2,
        "members": "chair (social_care, chair)",
        "members_before": "chair (social_care, chair), panel3 (social_care)",
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "JSEP"}, 409, "duplicate-code"),
        ({"members": []}, 422, "no-chair"),
        ({"quorum": 3}, 422, "quorum-out-of-reach"),
        ({"members": [{"username": "chair", "side": "health", "is_chair": True}] * 2}, 422, "member-twice"),
        ({"members": [{"username": "ot", "side": "health", "is_chair": True}]}, 422, "unknown-member"),
        ({"members": [{"username": "panel1", "side": "health", "is_chair": True}]}, 422, "not-a-chair"),
        ({"funders": ["XX"]}, 422, "unknown-funder"),
        ({"budgets": [{"year": 2026, "pence": 1}] * 2}, 422, "year-twice"),
        ({"precedence": 0}, 422, "malformed"),
        ({"tiers": ["royal"]}, 422, "malformed"),
    ],
)
async def test_what_cannot_be_a_panel_is_refused(
    as_manager: AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    check_problem(await as_manager.post("/api/v1/panels", json=CEP | body), status, code)


async def test_of_two_who_change_a_panel_the_second_reads_it_again(
    as_manager: AsyncClient, as_admin: AsyncClient
) -> None:
    old = (await as_admin.get("/api/v1/panels/JSEP")).headers["ETag"]
    done(await change(as_manager, approval_days=60))
    stale = await as_admin.patch("/api/v1/panels/JSEP", json={"quorum": 2}, headers={"If-Match": old})
    check_problem(stale, 412, "stale")
    done(await change(as_admin, quorum=2))
    check_problem(await as_admin.get("/api/v1/panels/NONE"), 404, "unknown-panel")
    assert (await as_manager.get("/panels/NONE")).status_code == 404


async def test_the_draft_says_where_it_goes_and_the_case_goes_there(
    jsep: Panel, given: Given, as_senior_ot: AsyncClient, senior_ot: Browser, as_manager: AsyncClient
) -> None:
    done(await as_manager.post("/api/v1/panels", json=CEP), 201)
    product = await given.product(tier="specialist", purchase_price_pence=20_000)
    draft = await ordered(as_senior_ot, given, product)
    assert (draft["authority"]["decision"], draft["authority"]["panel"]) == ("approved", None)
    draft = await ordered(as_senior_ot, given, product, funder="CHILD")
    assert draft["authority"]["panel"] == {
        "code": "CEP",
        "name": "Children's Equipment Panel",
        "reasons": [
            {
                "code": "panel-decides-this-tier",
                "detail": "CEP decides every specialist line that CHILD pays for.",
            }
        ],
    }
    page = await senior_ot.get(f"/orders/{draft['number']}")
    assert "It goes to Children's Equipment Panel, the panel that decides it" in page.text
    assert "CEP decides every specialist line that CHILD pays for." in page.text
    done(await as_senior_ot.post(f"/api/v1/orders/{draft['number']}/submit"))
    # What changes now touches only what is not submitted.
    done(await change(as_manager, "CEP", tiers=["highly_specialist"]))
    number = await jsep.draft(draft["number"])
    assert (await jsep.get(f"/panel-cases/{number}"))["panel"] == "CEP"
    refused = await change(as_manager, "CEP", is_active=False)
    assert check_problem(refused, 409, "panel-has-cases")["detail"].startswith("1 case is before Children's")


async def test_what_a_special_costs_does_not_matter_where_a_panel_decides_all_of_them(
    given: Given, as_senior_ot: AsyncClient, as_ot: AsyncClient, as_manager: AsyncClient
) -> None:
    done(await change(as_manager, decides_non_catalogue=True))
    special = await given.product(non_catalogue=True, purchase_price_pence=100)
    draft = await ordered(as_senior_ot, given, special)
    assert [one["code"] for one in draft["authority"]["panel"]["reasons"]] == ["panel-decides-non-catalogue"]
    # Nor is it lent over the counter.
    handed = {"barcode": await given.item(product=special), "client_ref": await given.client()}
    check_problem(await as_ot.post("/api/v1/loans", json=handed), 403, "needs-an-order")


async def test_an_order_of_a_closed_panel_goes_to_another_or_says_whom_to_ask(
    jsep: Panel, as_manager: AsyncClient, as_senior_ot: AsyncClient, query: Query
) -> None:
    order, other = await jsep.order(), await jsep.order()
    done(await change(as_manager, is_active=False))
    refused = await as_senior_ot.post("/api/v1/panel-cases", json=said(order_number=order))
    detail = check_problem(refused, 409, "no-panel")["detail"]
    assert "the rules of no other fit it. Ask for a panel that decides it." in detail
    assert detail.endswith(" can.")
    done(await as_manager.post("/api/v1/panels", json=CEP | {"funders": []}), 201)
    number = await jsep.draft(other)
    assert (await jsep.get(f"/panel-cases/{number}"))["panel"] == "CEP"
    assert (await jsep.get(f"/orders/{other}"))["authority"]["panel"]["code"] == "CEP"
    [event] = await query("SELECT detail FROM audit_event WHERE action = 'order_sent_to_another_panel'")
    assert event["detail"] == {"panel": "CEP"}


async def test_what_was_signed_goes_where_it_went_when_it_was_submitted(
    given: Given, as_ot: AsyncClient, sign_in: SignIn, as_manager: AsyncClient
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=20_000)
    draft = await ordered(as_ot, given, product)
    sent = done(await as_ot.post(f"/api/v1/orders/{draft['number']}/submit"))
    assert (sent["state"], sent["authority"]["panel"]["code"]) == ("awaiting_authorisation", "JSEP")
    done(await change(as_manager, tiers=[], orders_above_pence=None))
    senior = await sign_in("senior.ot")
    signed = done(await senior.post(f"/api/v1/orders/{draft['number']}/authorise"))
    assert (signed["state"], signed["authority"]["panel"]["code"]) == ("awaiting_panel", "JSEP")


async def test_the_pages_keep_a_panel(manager: Browser, as_manager: AsyncClient, clock: Clock) -> None:
    page = await manager.get("/panels")
    assert page.table()[0][1] == ("JSEP decides every highly specialist line. JSEP decides every order above £2,500.")
    typed: dict[str, Any] = {
        "code": "CEP",
        "name": "Children's Equipment Panel",
        "above": "£1,000",
        "funders": ["CHILD"],
        "quorum": "2",
    }
    seats: dict[str, Any] = {"seat-chair": "social_care", "seat-panel1": "health", "budget_1": "£250,000"}
    refused = await manager.post_form("/panels/new", **typed, **seats)
    assert refused.errors == {
        "main-content": "A panel needs a chair, who records its decisions. Make one of its members the chair."
    }
    made = await manager.send(refused, "/panels/new", chairs=["chair"])
    assert made.goes_to == "/panels/CEP"
    page = await manager.follow(made)
    assert "It has one chair." in page.text
    kept = done(await as_manager.get("/api/v1/panels/CEP"))
    assert (kept["orders_above_pence"], kept["funders"], kept["budgets"]) == (
        100_000,
        ["CHILD"],
        [{"year": 2025, "pence": 25_000_000}],
    )
    old = await manager.get("/panels/CEP")
    saved = await manager.send(page, "/panels/CEP", approval_days="30", budget_2="300000", is_active=[])
    assert saved.goes_to == "/panels/CEP", saved.text
    stale = await manager.send(old, "/panels/CEP", approval_days="31")
    assert (stale.status, "Somebody changed this" in stale.text) == (412, True)
    wrong = await manager.send(await manager.get("/panels/CEP"), "/panels/CEP", quorum="0")
    assert wrong.status == 422
    assert "Not at work" in (await manager.get("/panels")).text
