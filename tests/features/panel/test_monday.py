"""What a prescriber and a chair find on a Monday: lists and messages that say all that they must."""

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given
from tests.problems import check_problem


async def test_messages_say_conditions_what_is_asked_for_and_why_not(jsep: Panel, query: Query, clock: Clock) -> None:
    approved, deferred, declined = [await jsep.screened() for _ in range(3)]
    await jsep.meeting(approved, deferred, declined)
    done(await jsep.decide(approved, "approve_with_conditions", conditions=["trial_first"], funding=SPLIT))
    done(await jsep.decide(deferred, "defer", conditions=["A second quote"], review_on=clock.day(7)))
    done(await jsep.decide(declined, "decline", alternative="A tilt chair."))
    rows = await query("SELECT purpose, body FROM message ORDER BY id")
    bodies = {row["purpose"]: row["body"] for row in rows}
    assert "Conditions: A trial first." in bodies["order_approved"]
    assert "asks for:\n- A second quote\nAnswer by 9 March 2026" in bodies["panel_case_was_deferred"]
    assert f"Why: {WHY}" in bodies["order_declined"]


async def test_a_list_says_what_was_not_ratified(jsep: Panel, chair: Browser) -> None:
    number = await jsep.submitted(urgent=True)
    acts = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    done(await (await jsep.sign_in("chair")).post(f"/api/v1/panel-cases/{number}/chair-action", json=acts))
    await jsep.meeting()
    no = {"ratified": False, "reasons": "A tilt chair of the store does the same."}
    done(await (await jsep.sign_in("chair")).post(f"/api/v1/panel-cases/{number}/ratify", json=no))
    assert "Approve, not ratified" in (await chair.get("/panel-cases")).text
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    assert "Before: Approve, not ratified" in (await chair.get("/panel-cases?state=submitted")).text


async def test_a_deferral_is_answered_by_a_change(
    jsep: Panel, senior_ot: Browser, as_senior_ot: AsyncClient, clock: Clock
) -> None:
    number = await jsep.listed()
    case = done(await jsep.decide(number, "defer", conditions=["A second quote"], review_on=clock.day(7)))
    page = await senior_ot.get(f"/panel-cases/{number}")
    refused = await senior_ot.send(page, f"/panel-cases/{number}/submit")
    assert "Nothing was changed since the panel deferred it." in refused.text
    body = {"quotes": [{"supplier": "Weald Seating", "price_pence": 300_000}]}
    headers = {"If-Match": f'"{case["version"]}"'}
    done(await as_senior_ot.patch(f"/api/v1/panel-cases/{number}", json=body, headers=headers))
    page = await senior_ot.get(f"/panel-cases/{number}")
    await senior_ot.follow(await senior_ot.send(page, f"/panel-cases/{number}/submit"))
    assert (await jsep.get(f"/panel-cases/{number}"))["state"] == "submitted"


async def test_what_is_submitted_says_that_it_cannot_be_changed(jsep: Panel, as_senior_ot: AsyncClient) -> None:
    number = await jsep.submitted()
    version = (await jsep.get(f"/panel-cases/{number}"))["version"]
    path, headers = f"/api/v1/panel-cases/{number}", {"If-Match": f'"{version}"'}
    refused = await as_senior_ot.patch(path, json={"urgent": True}, headers=headers)
    assert "cannot be changed" in check_problem(refused, 409, "wrong-state")["detail"]
    again = await as_senior_ot.post(f"{path}/submit")
    assert "cannot be submitted" in check_problem(again, 409, "wrong-state")["detail"]


async def test_what_does_not_meet_the_need_stays_work_and_what_is_out_is_committed(
    jsep: Panel, given: Given, clock: Clock
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.submitted(order, urgent=True)
    acts = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    done(await (await jsep.sign_in("chair")).post(f"/api/v1/panel-cases/{number}/chair-action", json=acts))
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
    finds = {"outcome": "does_not", "findings": "She slides out of it after an hour."}
    await jsep.post("senior.ot", f"/panel-cases/{number}/review", 201, **finds)
    rows = (await (await jsep.sign_in("senior.ot")).get("/api/v1/panel-follow-up")).json()
    assert [(one["kind"], one["barcodes"], one["due_on"]) for one in rows] == [("review", [barcode], clock.day(0))]
    finds = {"outcome": "meets_need", "findings": "With the wedge she sits well for hours."}
    await jsep.post("senior.ot", f"/panel-cases/{number}/review", 201, **finds)
    assert (await (await jsep.sign_in("senior.ot")).get("/api/v1/panel-follow-up")).json() == []
    await jsep.meeting()
    no = {"ratified": False, "reasons": "A tilt chair of the store does the same."}
    done(await (await jsep.sign_in("chair")).post(f"/api/v1/panel-cases/{number}/ratify", json=no))
    figures = await jsep.get("/panel-learning?panel=JSEP", by="chair")
    assert sum(one["pence"] for one in figures["committed"]) == 310_000


async def test_a_no_on_the_page_wants_a_sentence(jsep: Panel, chair: Browser) -> None:
    number = await jsep.listed()
    form = await chair.get(f"/panel-cases/{number}/decide")
    typed = {"decision": "decline", "reasons": "Need clear.", "alternative": "A tilt chair."}
    refused = await chair.send(form, f"/panel-cases/{number}/decide", **typed)
    assert refused.status == 422
    assert "six words at least" in refused.text
    typed["reasons"] = "A tilt chair of the store does the same for her."
    await chair.follow(await chair.send(form, f"/panel-cases/{number}/decide", **typed))
