"""Approvals that hold no more: not used in time, or a chair's action that a meeting does not ratify."""

from typing import Any

import pytest

from app.cli.worker import ACTOR
from app.domain.dates import uk_date
from app.features.panel.lapsing import expire_approvals
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given
from tests.problems import check_problem

ACT: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}


async def expire(sessions: Sessions, clock: Clock) -> int:
    """What the worker does in the night."""
    async with sessions.begin() as session:
        return await expire_approvals(session, today=uk_date(clock.now), actor=ACTOR, at=clock.now)


async def test_an_approval_that_nobody_used_expires_once_and_can_be_brought_again(
    jsep: Panel, given: Given, clock: Clock, sessions: Sessions, query: Query
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    bound = {"conditions": ["trial_first", "recycled_only"], "expires_on": clock.day(7)}
    done(await jsep.decide(number, "approve_with_conditions", by="chair", funding=SPLIT, **bound))
    await jsep.post("technician", f"/orders/{order}/allocate")
    clock.move(days=7)
    assert await expire(sessions, clock) == 0
    clock.move(days=1)
    assert [await expire(sessions, clock), await expire(sessions, clock)] == [1, 0]
    waiting = await jsep.get(f"/orders/{order}")
    assert (waiting["state"], waiting["lines"][0]["kind"]) == ("awaiting_panel", "loan")
    assert (waiting["authority"]["panel_conditions"], waiting["promised_on"]) == ([], None)
    assert (await given.record(barcode)).state.value == "in_stock"
    assert len(await query("SELECT 1 FROM message WHERE purpose = 'panel_case_has_expired'")) == 1
    case = await jsep.get(f"/panel-cases/{number}")
    assert (case["state"], case["decisions"][0]["lapsed"]) == ("decided", "expired")
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await jsep.meeting(number)
    newest, oldest = done(await jsep.decide(number, funding=SPLIT))["decisions"]
    assert (newest["supersedes"], newest["lapsed"]) == (oldest["number"], None)


async def test_what_was_used_does_not_expire(jsep: Panel, given: Given, clock: Clock, sessions: Sessions) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    done(await jsep.decide(number, expires_on=clock.day(7), funding=SPLIT))
    await jsep.post("technician", f"/orders/{order}/allocate")
    await jsep.post("technician", f"/orders/{order}/dispatch")
    clock.move(days=9)
    assert await expire(sessions, clock) == 0


async def test_a_chair_approves_an_urgent_case_alone_and_the_next_meeting_ratifies_it(
    jsep: Panel, clock: Clock
) -> None:
    calm = await jsep.screened()
    chair = await jsep.sign_in("chair")
    check_problem(await chair.post(f"/api/v1/panel-cases/{calm}/chair-action", json=ACT), 409, "not-urgent")
    number = await jsep.submitted(urgent=True)
    path = f"/api/v1/panel-cases/{number}"
    check_problem(await chair.post(f"{path}/ratify"), 409, "nothing-to-ratify")
    later = ACT | {"decision": "decline"}
    check_problem(await chair.post(f"{path}/chair-action", json=later), 422, "only-approvals-are-urgent")
    case = done(await chair.post(f"{path}/chair-action", json=ACT))
    [decision] = case["decisions"]
    assert (decision["is_chair_action"], decision["took_part"], decision["ratified"]) == (True, ["chair"], None)
    assert (await jsep.get(f"/orders/{case['order_number']}"))["state"] == "approved"
    check_problem(await chair.post(f"{path}/chair-action", json=ACT), 409, "already-decided")
    check_problem(await chair.post(f"{path}/ratify"), 409, "no-meeting-yet")
    clock.move(days=1)
    await jsep.meeting(present=["chair", "panel1"])
    check_problem(await chair.post(f"{path}/ratify"), 409, "not-quorate")
    await jsep.meeting()
    assert done(await chair.post(f"{path}/ratify"))["decisions"][0]["ratified"] is True
    check_problem(await chair.post(f"{path}/ratify"), 409, "nothing-to-ratify")


async def test_a_chair_with_an_interest_does_not_act(jsep: Panel) -> None:
    number = await jsep.submitted(urgent=True)
    await jsep.post("chair", f"/panel-cases/{number}/interests", 201, kind="related")
    chair = await jsep.sign_in("chair")
    answer = await chair.post(f"/api/v1/panel-cases/{number}/chair-action", json=ACT)
    check_problem(answer, 409, "conflict-of-interest")


@pytest.mark.parametrize("is_out", [False, True])
async def test_what_is_not_ratified_is_stopped_or_named_where_it_is_out(
    jsep: Panel, given: Given, query: Query, clock: Clock, is_out: bool
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.submitted(order, urgent=True)
    chair = await jsep.sign_in("chair")
    done(await chair.post(f"/api/v1/panel-cases/{number}/chair-action", json=ACT))
    await jsep.post("technician", f"/orders/{order}/allocate")
    if is_out:
        await jsep.post("technician", f"/orders/{order}/dispatch")
    await jsep.meeting()
    path = f"/api/v1/panel-cases/{number}/ratify"
    check_problem(await chair.post(path, json={"ratified": False}), 422, "not-a-reason")
    said = {"ratified": False, "reasons": "A tilt chair from stock would have done."}
    [decision] = done(await chair.post(path, json=said))["decisions"]
    assert (decision["ratified"], decision["lapsed"]) == (False, "not_ratified")
    state = (await given.record(barcode)).state.value
    stands = (await jsep.get(f"/orders/{order}"))["state"]
    assert (state, stands) == (("dispatched", "dispatched") if is_out else ("in_stock", "awaiting_panel"))
    [told] = await query("SELECT body FROM message WHERE purpose = 'panel_case_was_not_ratified'")
    assert ("is on its way and comes back" in told["body"]) is is_out
    stopped = await jsep.get(f"/orders/{order}", by="technician")
    assert (stopped["authority"]["panel_stopped"] is not None) is is_out
    if is_out:
        await check_comes_back(jsep, given, query, clock, order, barcode)


async def check_comes_back(jsep: Panel, given: Given, query: Query, clock: Clock, order: str, barcode: str) -> None:
    """The store is told, and nothing is handed over unless it was already; what comes back is off the order."""
    [told] = await query("SELECT body FROM message WHERE purpose = 'order_to_bring_back' GROUP BY body")
    assert "The panel did not ratify what its chair approved. Do not hand over" in told["body"]
    store = await jsep.sign_in("technician")
    answer = await store.post(f"/api/v1/orders/{order}/deliver", json={"received_by": "Her son"})
    assert "bring it back" in check_problem(answer, 409, "panel-stopped")["detail"]
    scan = {
        "scan_id": "6f2c1e7a-0b55-4a53-9d0e-0d3c8b1f7a10",
        "barcode": barcode,
        "scanned_at": clock.now.isoformat(),
        "received_by": "Her son",
    }
    results = done(await store.post("/api/v1/deliveries/scans", json={"store": "MAIN", "scans": [scan]}))["results"]
    assert [(one["outcome"], one["code"]) for one in results] == [("refused", "panel-stopped")]
    await given.scan(barcode)
    again = await jsep.get(f"/orders/{order}", by="technician")
    assert [unit["state"] for line in again["lines"] for unit in line["units"]] == ["cancelled"]


async def test_what_was_handed_over_before_anybody_knew_is_recorded_and_its_pages_warn(
    jsep: Panel, given: Given, query: Query, technician: Browser
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.submitted(order, urgent=True)
    await jsep.post("chair", f"/panel-cases/{number}/chair-action", **ACT)
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.meeting()
    await jsep.post("chair", f"/panel-cases/{number}/ratify", ratified=False, reasons="A stock chair would do.")
    why = "The panel did not ratify what its chair approved."
    for path in (f"/orders/{order}", f"/orders/{order}/deliver", "/orders/pick"):
        page = await technician.get(path)
        assert (why in page.text, "bring" in page.text.lower()) == (True, True), path
    assert "Do not deliver: the client has died, or the panel stopped it" in (await technician.get("/")).text
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son", handed_over_already=True)
    [told] = await query("SELECT body FROM message WHERE purpose = 'order_delivered'")
    assert f"It was handed over in spite of this: {why}" in told["body"]
    rows = (await (await jsep.sign_in("senior.ot")).get("/api/v1/panel-follow-up")).json()
    assert [(one["number"], one["kind"]) for one in rows] == [(number, "not_ratified")]


async def test_the_pages_of_a_chairs_action(jsep: Panel, chair: Browser) -> None:
    number = await jsep.submitted(urgent=True)
    here = f"/panel-cases/{number}"
    page = await chair.get(f"{here}/chair-action")
    assert page.heading == "Approve between meetings"
    refused = await chair.send(page, f"{here}/chair-action")
    assert refused.status == 422
    typed = {"decision": "approve", "reasons": WHY}
    acted = await chair.follow(await chair.send(page, f"{here}/chair-action", **typed))
    assert "The next meeting ratifies it or not." in acted.text
    page = await chair.get(f"{here}/ratify")
    assert (await chair.send(page, f"{here}/ratify")).status == 422
    early = await chair.send(page, f"{here}/ratify", ratified="yes")
    assert "A meeting ratifies it" in early.text
    await jsep.meeting()
    vague = await chair.send(page, f"{here}/ratify", ratified="no")
    assert "reasons" in vague.errors
    done_page = await chair.follow(await chair.send(page, f"{here}/ratify", ratified="no", reasons="Stock would do."))
    assert "Not ratified on" in done_page.text
    assert "Its order waits for the panel again." in done_page.text
