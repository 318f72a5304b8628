"""Interests that become known after an approval: what is left of who decided, and what becomes of case and order."""

from typing import Any

import pytest

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given
from tests.problems import check_problem

LATE: dict[str, Any] = {"kind": "related", "detail": "I am her son."}


async def approved(jsep: Panel, given: Given, *, until: str) -> tuple[str, str, str]:
    """A case that `chair`, `panel1` and `panel3` approved, with its order and item."""
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order, present=["chair", "panel1", "panel3"])
    done(await jsep.decide(number, funding=SPLIT))
    for step in ("allocate", "dispatch", "deliver"):
        body: dict[str, Any] = {"received_by": "Her son"} if step == "deliver" else {}
        await jsep.post("technician", f"/orders/{order}/{step}", **body)
        if step == until:
            break
    return number, order, barcode


async def work(jsep: Panel, by: str = "panel2") -> list[tuple[str, str]]:
    rows = (await (await jsep.sign_in(by)).get("/api/v1/panel-follow-up")).json()
    return [(one["number"], one["kind"]) for one in rows]


async def decide_again(jsep: Panel, number: str, decision: str = "approve", **body: Any) -> dict[str, Any]:
    """By members without an interest: `chair`, `panel2`, `panel3` and a new one for health."""
    await jsep.meeting(number, present=["chair", "panel2", "panel3"])
    alone: dict[str, Any] = {"funding": [{"funder": "ASC", "percent": 100}]} if decision == "approve" else {}
    return done(await jsep.decide(number, decision, **alone, **body))


@pytest.mark.parametrize(
    ("until", "stands", "state"),
    [
        ("allocate", "awaiting_panel", "in_stock"),
        ("dispatch", "dispatched", "dispatched"),
        ("deliver", "delivered", "on_loan"),
    ],
)
async def test_an_approval_of_which_too_few_are_left_holds_no_more_and_others_decide_again(
    jsep: Panel, given: Given, clock: Clock, query: Query, until: str, stands: str, state: str
) -> None:
    number, order, barcode = await approved(jsep, given, until=until)
    clock.move(hours=1)
    case = await jsep.post("panel1", f"/panel-cases/{number}/interests", 201, **LATE)
    assert (case["state"], case["decisions"][0]["lapsed"]) == ("screened", "conflict")
    now = await jsep.get(f"/orders/{order}")
    assert (now["state"], (await given.record(barcode)).state.value) == (stands, state)
    told = await query(
        "SELECT account.username FROM message JOIN account ON account.id = to_account_id "
        "WHERE purpose = 'panel_case_to_decide_again'"
    )
    assert [row["username"] for row in told] == ["chair"]
    for who in ("panel2", "senior.ot"):
        assert await work(jsep, who) == [(number, "to_decide_again")]
    if until == "dispatch":
        answer = await (await jsep.sign_in("technician")).post(
            f"/api/v1/orders/{order}/deliver", json={"received_by": "X"}
        )
        check_problem(answer, 409, "panel-stopped")
    # Who has an interest does not decide this time.
    await jsep.meeting(number, present=["chair", "panel1", "panel3"])
    check_problem(await jsep.decide(number, funding=SPLIT), 409, "not-quorate")
    await jsep.post("chair", f"/panel-meetings/{(await jsep.get(f'/panel-cases/{number}'))['meeting_id']}/close")
    case = await decide_again(jsep, number)
    newest, oldest = case["decisions"]
    assert (newest["supersedes"], newest["took_part"]) == (oldest["number"], ["chair", "panel2", "panel3"])
    assert await work(jsep) == []
    again = await jsep.get(f"/orders/{order}")
    assert (again["state"], again["authority"]["panel_stopped"]) == (
        "approved" if until == "allocate" else stands,
        None,
    )
    if until == "dispatch":
        await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")


async def test_what_others_decline_stays_out_as_work_and_what_they_defer_is_answered(
    jsep: Panel, given: Given, clock: Clock
) -> None:
    number, order, barcode = await approved(jsep, given, until="deliver")
    await jsep.post("panel1", f"/panel-cases/{number}/interests", 201, **LATE)
    await decide_again(jsep, number, "defer", conditions=["A second quote"], review_on=clock.day(7))
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await decide_again(jsep, number, "decline", alternative="A tilt chair from stock.")
    assert (await jsep.get(f"/orders/{order}"))["state"] == "delivered"
    assert await work(jsep) == [(number, "not_ratified")]
    await given.scan(barcode)
    assert await work(jsep) == []


async def test_while_enough_are_left_it_stands(
    jsep: Panel, given: Given, senior_ot: Browser, panel: Browser, clock: Clock
) -> None:
    number = await jsep.listed()
    done(await jsep.decide(number, funding=SPLIT))
    clock.move(hours=1)
    case = await jsep.post("panel3", f"/panel-cases/{number}/interests", 201, **LATE)
    assert (case["state"], case["decisions"][0]["lapsed"]) == ("decided", None)
    assert "Those who are left were enough, so it stands." in (await panel.get(f"/panel-cases/{number}")).text
    # Joint money wants a member for health, and there was one.
    await jsep.post("panel1", f"/panel-cases/{number}/interests", 201, **LATE)
    page = await panel.get(f"/panel-cases/{number}")
    assert "Too few were left without one, so others decide it again." in page.text
    assert "Too few without an interest" in (await senior_ot.get(f"/panel-cases/{number}")).text.replace(
        "too few", "Too few"
    )


async def test_a_chairs_action_stands_by_the_chair_until_a_meeting_has_ratified_it(jsep: Panel, query: Query) -> None:
    act: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    states = []
    for is_heard in (False, True):
        number = await jsep.submitted(urgent=True)
        await jsep.post("chair", f"/panel-cases/{number}/chair-action", **act)
        if is_heard:
            await jsep.meeting()
            await jsep.post("chair", f"/panel-cases/{number}/ratify")
        case = await jsep.post("chair", f"/panel-cases/{number}/interests", 201, **LATE)
        states.append(case["state"])
    assert states == ["screened", "decided"]
    # There is no other chair, so each member is told.
    assert len(await query("SELECT 1 FROM message WHERE purpose = 'panel_case_to_decide_again'")) == 3


async def test_an_appeal_that_is_open_goes_on(jsep: Panel) -> None:
    number = await jsep.screened()
    await jsep.meeting(number, present=["chair", "panel1", "panel2"])
    conditions: dict[str, Any] = {"conditions": ["trial_first"], "funding": SPLIT}
    done(await jsep.decide(number, "approve_with_conditions", **conditions))
    grounds = {"grounds": "She was on trial with it in May already."}
    await jsep.post("senior.ot", f"/panel-cases/{number}/appeal", 201, **grounds)
    await jsep.hearing(number)
    case = await jsep.post("panel2", f"/panel-cases/{number}/interests", 201, **LATE)
    assert (case["state"], case["decisions"][0]["lapsed"]) == ("listed", "conflict")
    case = done(await jsep.decide(number, by="panel3", funding=SPLIT))
    assert [one["outcome"] for one in case["appeals"]] == ["changed"]
    assert (await jsep.get(f"/orders/{case['order_number']}"))["state"] == "approved"
