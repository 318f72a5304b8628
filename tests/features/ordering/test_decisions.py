"""Authorising, declining and cancelling: who may, who may not and why, and what is given back."""

from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import Orders, done, pieces, weigh
from tests.given import TRIED, Given
from tests.problems import check_problem

WHY = {"reason": "Not needed any more."}


async def test_a_students_order_is_countersigned_by_a_senior_and_by_nobody_else(
    orders: Orders, given: Given, as_student: AsyncClient, as_ot: AsyncClient, as_senior_ot: AsyncClient, query: Query
) -> None:
    order = await orders.submitted(await given.product(), by="student.ot")
    assert order["state"] == "awaiting_authorisation"
    assert [one["code"] for one in order["authority"]["reasons"]] == ["needs-countersignature"]
    url = f"/api/v1/orders/{order['number']}"
    own = check_problem(await as_student.post(f"{url}/authorise"), 403, "own-order")
    assert "Sarah Okafor can." in own["detail"]
    check_problem(await as_ot.post(f"{url}/authorise"), 403, "not-an-authoriser")
    signed = done(await as_senior_ot.post(f"{url}/authorise", json={"note": "Seen together."}))
    assert (signed["state"], signed["decided_by"]) == ("approved", "senior.ot")
    assert (signed["authority"]["signed_by"], signed["authority"]["note"]) == ("senior.ot", "Seen together.")
    assert [event["action"] for event in signed["history"]] == [
        "order_drafted",
        "order_submitted",
        "order_authorised",
    ]
    told = await query("SELECT to_name FROM message WHERE purpose = 'order_authorised'")
    assert told == [{"to_name": "Sam Whitfield"}]
    check_problem(await as_senior_ot.post(f"{url}/authorise"), 409, "wrong-state")


async def test_the_acts_of_an_order_are_those_that_would_be_allowed(
    orders: Orders, given: Given, as_senior_ot: AsyncClient, clock: Clock
) -> None:
    product = await given.product()
    await given.item(product=product)
    lent = {"to_username": "ot", "from_on": clock.day(0), "until_on": clock.day(6), "reason": "Annual leave"}
    done(await as_senior_ot.post("/api/v1/delegations", json=lent), 201)
    special = await given.product(tier="highly_specialist")
    own = await orders.submitted(special)
    assert own["state"] == "awaiting_authorisation"
    students = await orders.submitted(product, by="student.ot")
    approved = await orders.submitted(product)
    draft = await orders.draft(product)
    found = {
        (name, by): (await orders.get(order["number"], by=by))["acts"]
        for name, order, by in (
            ("own", own, "ot"),
            ("own", own, "senior.ot"),
            ("student's", students, "ot"),
            ("student's", students, "student.ot"),
            ("approved", approved, "ot"),
            ("approved", approved, "technician"),
            ("draft", draft, "ot"),
            ("draft", draft, "senior.ot"),
        )
    }
    assert found == {
        ("own", "ot"): ["cancel"],
        ("own", "senior.ot"): ["authorise", "decline", "cancel"],
        ("student's", "ot"): ["authorise", "decline", "cancel"],
        ("student's", "student.ot"): ["cancel"],
        ("approved", "ot"): ["cancel"],
        ("approved", "technician"): ["cancel", "allocate"],
        ("draft", "ot"): ["submit", "cancel"],
        ("draft", "senior.ot"): [],
    }


async def test_nobody_authorises_their_own(orders: Orders, given: Given, as_senior_ot: AsyncClient) -> None:
    dear = await given.product(purchase_price_pence=240_000)
    lines = [{"product_code": dear}]
    order = await orders.submitted(dear, by="senior.ot", lines=lines)
    assert order["state"] == "approved"
    answer = await as_senior_ot.post(f"/api/v1/orders/{order['number']}/authorise")
    check_problem(answer, 409, "wrong-state")


async def test_an_endorsed_order_of_the_panel_waits_for_the_panel(orders: Orders, given: Given) -> None:
    special = await given.product(tier="highly_specialist")
    order = await orders.submitted(special)
    assert order["state"] == "awaiting_authorisation"
    order = await orders.step(order["number"], "authorise", by="senior.ot")
    assert (order["state"], order["decided_at"]) == ("awaiting_panel", None)


async def test_declining_needs_a_reason_gives_items_back_and_tells_the_maker(
    orders: Orders, given: Given, as_senior_ot: AsyncClient, query: Query
) -> None:
    product = await given.product()
    item = await given.item(product=product)
    order = await orders.submitted(product, by="student.ot")
    url = f"/api/v1/orders/{order['number']}/decline"
    assert (await as_senior_ot.post(url, json={})).status_code == 422
    order = done(await as_senior_ot.post(url, json={"reason": "A frame would do."}))
    assert (order["state"], pieces(order), order["decision_reason"]) == ("declined", ["cancelled"], "A frame would do.")
    assert (await given.record(item)).state is State.IN_STOCK
    assert await query("SELECT ended_because FROM reservation") == [{"ended_because": "order_ended"}]
    [told] = await query("SELECT to_name, body FROM message WHERE purpose = 'order_declined'")
    assert (told["to_name"], "A frame would do." in told["body"]) == ("Sam Whitfield", True)


async def test_cancelling_gives_up_what_has_not_left_and_keeps_what_has(
    orders: Orders, given: Given, as_ot: AsyncClient
) -> None:
    one, other = await given.product(), await given.product()
    gone, here = await given.item(product=one), await given.item(product=other)
    order = await orders.submitted(one, other)
    await orders.step(order["number"], "dispatch", barcodes=[gone])
    order = await orders.step(order["number"], "cancel", by="manager", **WHY)
    assert (order["state"], pieces(order)) == ("dispatched", ["dispatched", "cancelled"])
    assert (await given.record(here)).state is State.IN_STOCK
    answer = await as_ot.post(f"/api/v1/orders/{order['number']}/cancel", json=WHY)
    check_problem(answer, 409, "wrong-state")
    order = await orders.step(order["number"], "deliver", received_by="Mo")
    assert order["state"] == "delivered"


async def test_an_order_is_cancelled_for_a_reason_that_says_something(
    orders: Orders, given: Given, as_ot: AsyncClient
) -> None:
    draft = await orders.draft(await given.product())
    for reason in (".", "Not now.", "aaaaaa bbbbbb"):
        answer = await as_ot.post(f"/api/v1/orders/{draft['number']}/cancel", json={"reason": reason})
        problem = check_problem(answer, 422, field="reason")
        assert [error["code"] for error in problem["errors"]] == ["not-a-reason"]


async def test_a_draft_is_cancelled(orders: Orders, given: Given) -> None:
    draft = await orders.draft(await given.product())
    order = await orders.step(draft["number"], "cancel", by="ot", **WHY)
    assert (order["state"], order["acts"]) == ("cancelled", [])


async def test_what_waits_for_me_is_listed_for_those_who_can_sign_and_for_nobody_else(
    orders: Orders, given: Given, as_student: AsyncClient, as_ot: AsyncClient, as_senior_ot: AsyncClient
) -> None:
    order = await orders.submitted(await given.product(), by="student.ot")
    url = "/api/v1/orders?awaiting_me=true"
    for person, found in ((as_student, []), (as_ot, []), (as_senior_ot, [order["number"]])):
        assert [row["number"] for row in done(await person.get(url))["items"]] == found


async def test_whoever_signs_answers_what_is_warned_of_since_it_was_submitted(
    orders: Orders, given: Given, as_senior_ot: AsyncClient, as_ot: AsyncClient, senior_ot: Browser
) -> None:
    product = await given.product(safe_working_load_kg=100)
    client = await given.client("C-9", weight_kg=70, weighed_on=given.today)
    order = await orders.submitted(product, client=client, by="student.ot")
    await weigh(as_ot, client, 120)
    url = f"/orders/{order['number']}/authorise"
    refused = check_problem(await as_senior_ot.post(f"/api/v1{url}"), 422, "answer-the-warnings", field="answers")
    [warning] = refused["warnings"]
    assert warning["code"] == "over-safe-working-load"
    page = await senior_ot.post_form(url)
    assert page.status == 422
    [field] = page.errors
    answered = await senior_ot.post_form(url, **{field: "Used lying down only; spoken about with the carer."})
    assert answered.status == 303
    shown = await orders.get(order["number"])
    assert shown["state"] == "approved"
    assert [(one["code"], one["answered_by"]) for one in shown["warnings"]] == [("over-safe-working-load", "senior.ot")]


async def test_an_order_that_nobody_can_sign_is_told_to_the_managers(
    orders: Orders, given: Given, as_admin: AsyncClient, query: Query
) -> None:
    done(await as_admin.patch("/api/v1/users/senior.ot", json={"is_active": False}, headers={"If-Match": '"1"'}))
    order = await orders.submitted(await given.product(), by="student.ot")
    [told] = await query("SELECT to_name, subject FROM message WHERE purpose = 'order_without_signer'")
    assert told == {"to_name": "Martin Lowe", "subject": f"Nobody can authorise order {order['number']}"}


async def test_who_signed_an_order_on_trial_signed_for_keeping_it_too(
    orders: Orders, given: Given, as_ot: AsyncClient
) -> None:
    product = await given.product(tier="specialist")
    await given.item(product=product)
    order = await orders.submitted(product, lines=[{"product_code": product, "kind": "trial", "trial_days": 7}])
    await orders.step(order["number"], "authorise", by="senior.ot")
    await orders.step(order["number"], "dispatch")
    order = await orders.step(order["number"], "deliver", received_by="Mo")
    [unit] = order["lines"][0]["units"]
    body = {"outcome": "keep", **TRIED}
    kept = done(await as_ot.post(f"/api/v1/loans/{unit['loan_id']}/trial-outcome", json=body))
    assert kept["kind"] == "loan"


async def test_every_refusal_says_who_can_by_name(
    orders: Orders,
    given: Given,
    as_manager: AsyncClient,
    as_student: AsyncClient,
    as_senior_ot: AsyncClient,
    as_admin: AsyncClient,
    manager: Browser,
    ot: Browser,
) -> None:
    students = await orders.submitted(await given.product(), by="student.ot")
    url = f"/orders/{students['number']}"
    refused = check_problem(await as_manager.post(f"/api/v1{url}/authorise"), 403, "not-allowed")
    assert refused["detail"] == (
        "Your role (manager) does not allow this. Sarah Okafor can. Nobody signs what they ordered themselves."
    )
    assert "Authorise: Sarah Okafor can." in (await manager.get(url)).text
    mine = await orders.submitted(await given.product())
    store = "Martin Lowe, Tasha Bello or Terry Nash can"
    assert f"Start picking: The store does this: {store}." in (await ot.get(f"/orders/{mine['number']}")).text
    cancelled = check_problem(await as_student.post(f"/api/v1/orders/{mine['number']}/cancel", json=WHY), 403)
    assert cancelled["detail"] == (
        "You work under supervision, and Olu Thompson made this order. Olu Thompson, Sarah Okafor, Martin Lowe, Tasha "
        "Bello or Terry Nash can cancel it."
    )
    draft = await orders.draft(await given.product())
    cancelled = check_problem(await as_senior_ot.post(f"/api/v1/orders/{draft['number']}/cancel", json=WHY), 403)
    assert cancelled["detail"].startswith("Olu Thompson is drawing up this order. Olu Thompson, Martin Lowe, Tasha")
    for username in ("senior.ot", "ot"):
        await as_admin.patch(f"/api/v1/users/{username}", json={"is_active": False}, headers={"If-Match": '"1"'})
    refused = check_problem(await as_manager.post(f"/api/v1{url}/authorise"), 403, "not-allowed")
    assert refused["detail"].endswith(
        "Nobody here can at present: it wants the role prescriber or senior prescriber. Ask the service."
    )
    assert "Authorise: At present nobody can. Ask the manager to name somebody." in (await manager.get(url)).text
