"""Appeals: heard once, by others than those who decided, and the order follows what they say."""

from typing import Any

import pytest

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given
from tests.problems import check_problem

GROUNDS = {"grounds": "The tilt chair was tried in May, and she slid out of it."}


async def test_others_hear_an_appeal_and_what_was_declined_goes_on_again(
    jsep: Panel, given: Given, query: Query
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.appealed(order)
    assert len(await query("SELECT 1 FROM message WHERE purpose = 'panel_case_appealed'")) == 1
    # Nobody else than those who decided is enough to hear it.
    held = {"panel": "JSEP", "held_on": given.today.isoformat()}
    meeting = (await jsep.post("chair", "/panel-meetings", 201, **held))["id"]
    chair = await jsep.sign_in("chair")
    listing = {"case": number}
    refused = await chair.post(f"/api/v1/panel-meetings/{meeting}/cases", json=listing)
    assert "Invite members of another panel" in check_problem(refused, 409, "too-few-others")["detail"]
    await jsep.hearing(number)
    as_member = await jsep.sign_in("panel1")
    said = {"recommendation": "decline", "reasons": WHY}
    check_problem(await as_member.post(f"/api/v1/panel-cases/{number}/recommendations", json=said), 409, "heard-before")
    check_problem(await jsep.decide(number, funding=SPLIT), 409, "heard-before")
    check_problem(await jsep.decide(number, by="manager", funding=SPLIT), 403, "not-the-chair")
    case = done(await jsep.decide(number, by="panel3", funding=SPLIT))
    newest, oldest = case["decisions"]
    assert (newest["took_part"], newest["supersedes"]) == (["manager", "panel3", "safety"], oldest["number"])
    assert [(one["against"], one["outcome"]) for one in case["appeals"]] == [(oldest["number"], "changed")]
    assert (await jsep.get(f"/orders/{order}"))["state"] == "approved"
    assert (await jsep.post("technician", f"/orders/{order}/allocate"))["state"] == "allocated"
    senior = await jsep.sign_in("senior.ot")
    again = await senior.post(f"/api/v1/panel-cases/{number}/appeal", json=GROUNDS)
    check_problem(again, 409, "already-appealed")


async def test_who_took_part_does_not_count_and_who_left_neither(jsep: Panel) -> None:
    number = await jsep.appealed()
    meeting = await jsep.hearing(number)
    await jsep.post("panel3", f"/panel-meetings/{meeting}/attendance", present=["panel1", "panel3", "manager"])
    problem = check_problem(await jsep.decide(number, by="panel3", funding=SPLIT), 409, "not-quorate")
    assert "Peter Adeyemi took part in the decision that is appealed against." in problem["detail"]


@pytest.mark.parametrize(
    ("decision", "outcome", "state"), [("decline", "upheld", "declined"), ("defer", None, "declined")]
)
async def test_what_is_upheld_or_deferred_leaves_the_order_as_it_was(
    jsep: Panel, clock: Clock, decision: str, outcome: str | None, state: str
) -> None:
    order = await jsep.order()
    number = await jsep.appealed(order)
    await jsep.hearing(number)
    case = done(await jsep.decide(number, decision, by="panel3", review_on=clock.day(9)))
    assert [one["outcome"] for one in case["appeals"]] == [outcome]
    assert (await jsep.get(f"/orders/{order}"))["state"] == state
    if decision == "defer":
        # Answered, it is heard by others still.
        await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
        await jsep.post("panel2", f"/panel-cases/{number}/screen")
        meeting = await jsep.meeting(present=["chair", "panel1", "panel2"])
        answer = await (await jsep.sign_in("chair")).post(
            f"/api/v1/panel-meetings/{meeting}/cases", json={"case": number}
        )
        check_problem(answer, 409, "too-few-others")


@pytest.mark.parametrize("is_out", [False, True])
@pytest.mark.parametrize("change", ["approve", "decline"])
async def test_conditions_are_changed_on_appeal_as_far_as_the_order_can_follow(
    jsep: Panel, given: Given, change: str, is_out: bool
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.screened(order)
    meeting = await jsep.meeting(number, present=["chair", "panel1", "panel2"])
    with_trial: dict[str, Any] = {"conditions": ["trial_first"], "funding": SPLIT}
    done(await jsep.decide(number, "approve_with_conditions", **with_trial))
    await jsep.post("chair", f"/panel-meetings/{meeting}/close")
    if is_out:
        for step in ("allocate", "dispatch"):
            await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("senior.ot", f"/panel-cases/{number}/appeal", 201, **GROUNDS, appellant="person")
    await jsep.hearing(number)
    funding = {"funding": SPLIT} if change == "approve" else {}
    done(await jsep.decide(number, change, by="panel3", **funding))
    now = await jsep.get(f"/orders/{order}")
    assert now["authority"]["panel_conditions"] == []
    state = (await given.record(barcode)).state.value
    if is_out:
        assert (now["state"], state, now["lines"][0]["kind"]) == ("dispatched", "dispatched", "trial")
        rows = (await (await jsep.sign_in("senior.ot")).get("/api/v1/panel-follow-up")).json()
        expected = [("not_ratified", [barcode])] if change == "decline" else []
        assert [(one["kind"], one["barcodes"]) for one in rows] == expected
    elif change == "approve":
        assert (now["state"], now["lines"][0]["kind"]) == ("approved", "loan")
    else:
        assert (now["state"], state) == ("declined", "in_stock")


async def test_what_cannot_be_appealed_against_is_refused(jsep: Panel, clock: Clock) -> None:
    senior, colleague = await jsep.sign_in("senior.ot"), await jsep.sign_in("student.ot")
    number = await jsep.listed()
    path = f"/api/v1/panel-cases/{number}/appeal"
    check_problem(await senior.post(path, json=GROUNDS), 409, "wrong-state")
    done(await jsep.decide(number, funding=SPLIT))
    check_problem(await senior.post(path, json=GROUNDS), 409, "nothing-to-appeal")
    check_problem(await colleague.post(path, json=GROUNDS), 403, "not-your-case")
    check_problem(await senior.post(path, json={"grounds": "."}), 422, "malformed")
    acted = await jsep.submitted(urgent=True)
    conditions: dict[str, Any] = {
        "decision": "approve_with_conditions",
        "conditions": ["recycled_only"],
        "reasons": WHY,
    }
    await jsep.post("chair", f"/panel-cases/{acted}/chair-action", **conditions, funding=SPLIT)
    check_problem(await senior.post(f"/api/v1/panel-cases/{acted}/appeal"), 409, "not-ratified-yet")
    died = await jsep.declined()
    ref = (await jsep.get(f"/panel-cases/{died}"))["client_ref"]
    etag = (await senior.get(f"/api/v1/clients/{ref}")).headers["ETag"]
    change, headers = {"died_on": clock.day(0)}, {"If-Match": etag}
    done(await senior.patch(f"/api/v1/clients/{ref}", json=change, headers=headers))
    check_problem(await senior.post(f"/api/v1/panel-cases/{died}/appeal"), 409, "order-cannot-go-on")


async def test_an_appeal_is_taken_back_and_the_decision_stands(jsep: Panel) -> None:
    number = await jsep.appealed()
    chair = await jsep.sign_in("chair")
    action = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    check_problem(await chair.post(f"/api/v1/panel-cases/{number}/chair-action", json=action), 409, "wrong-state")
    case = await jsep.post("senior.ot", f"/panel-cases/{number}/withdraw")
    assert (case["state"], [one["outcome"] for one in case["appeals"]]) == ("decided", ["withdrawn"])


async def test_guests_see_and_count_for_appeals_alone(jsep: Panel) -> None:
    number = await jsep.appealed()
    other = await jsep.screened()
    meeting = await jsep.hearing(number, other)
    seen = await jsep.get(f"/panel-meetings/{meeting}", by="manager")
    assert [one["number"] for one in seen["cases"]] == [number]
    guest = await jsep.sign_in("manager")
    assert (await guest.get(f"/api/v1/panel-cases/{number}")).status_code == 200
    check_problem(await guest.get(f"/api/v1/panel-cases/{other}"), 403, "not-your-case")
    assert seen["is_quorate"] is False
    check_problem(await jsep.decide(other, by="panel3", funding=SPLIT), 409, "not-quorate")
    check_problem(await guest.post(f"/api/v1/panel-meetings/{meeting}/close"), 403, "not-the-chair")
    stranger = {"username": "ot"}
    answer = await (await jsep.sign_in("chair")).post(f"/api/v1/panel-meetings/{meeting}/members", json=stranger)
    check_problem(answer, 422, "not-a-member")


async def test_the_pages_of_an_appeal(jsep: Panel, senior_ot: Browser, chair: Browser) -> None:
    number = await jsep.declined()
    here = f"/panel-cases/{number}"
    page = await senior_ot.get(here)
    assert page.soup.select_one(f'a[href="{here}/appeal"]')
    form = await senior_ot.get(f"{here}/appeal")
    refused = await senior_ot.send(form, f"{here}/appeal", grounds=".")
    assert refused.status == 422
    assert "Choose who appeals." in refused.text
    typed = {"appellant": "person", "grounds": GROUNDS["grounds"], "new_evidence": "A film of the trial."}
    page = await senior_ot.follow(await senior_ot.send(form, f"{here}/appeal", **typed))
    for words in ("Appealed against", "The person, on", "A film of the trial.", "Christine Hale"):
        assert words in page.text
    meeting = await jsep.meeting(present=[])
    path = f"/panel-meetings/{meeting}"
    page = await chair.get(path)
    assert f"{number}, an appeal" in page.text
    refused = await chair.send(page, f"{path}/cases", case=number)
    assert "1 can hear the appeal, and 3 are needed." in refused.text
    await jsep.others("manager", "safety")
    page = await chair.get(path)
    page = await chair.follow(await chair.send(page, f"{path}/members", username="manager"))
    assert "invited to hear appeals" in page.text
    form = await senior_ot.get(f"{here}/withdraw")
    assert form.heading == "Withdraw the appeal"
