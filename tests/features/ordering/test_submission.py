"""Drawing up and submitting an order: what is shown, what must be said, where it goes, what is held."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.ordering.conftest import Orders, barcodes, done, pieces
from tests.given import Given
from tests.problems import check_problem


async def test_a_draft_shows_its_cost_what_would_be_chosen_and_where_it_would_go(orders: Orders, given: Given) -> None:
    product = await given.product(purchase_price_pence=10_000)
    old, new = await given.recycled(product=product), await given.item(product=product)
    draft = await orders.draft(product, lines=[{"product_code": product, "quantity": 3}])
    assert (draft["state"], draft["acts"]) == ("draft", ["submit", "cancel"])
    assert {key: value for key, value in draft["cost"].items() if key != "lines"} == {
        "value_pence": 30_000,
        "recycled_saving_pence": 10_000,
        "to_buy_pence": 20_000,
    }
    [line] = draft["lines"]
    assert [one["barcode"] for one in line["explanation"]["chosen"]] == [old, new]
    assert [(one["product_code"], one["quantity"]) for one in draft["missing"]] == [(product, 1)]
    assert draft["authority"]["decision"] == "approved"
    assert (await given.record(old)).state is State.IN_STOCK


async def test_submitting_holds_what_is_there_and_allocating_commits_the_store(
    orders: Orders, given: Given, query: Query
) -> None:
    product = await given.product()
    old = await given.recycled(product=product)
    order = await orders.submitted(product)
    assert (order["state"], pieces(order), barcodes(order)) == ("approved", ["held"], [old])
    assert order["promised_on"] == "2026-03-09"
    kept = await query("SELECT until_on, ended_at FROM reservation")
    assert [(row["until_on"].isoformat(), row["ended_at"]) for row in kept] == [("2026-04-06", None)]
    history = await query("SELECT reference FROM movement WHERE move = 'reserve'")
    assert history == [{"reference": f"order {order['number']}"}]
    order = await orders.step(order["number"], "allocate")
    assert (order["state"], order["missing"]) == ("allocated", [])


async def test_what_the_client_had_reserved_is_taken_first(orders: Orders, given: Given, query: Query) -> None:
    product = await given.product()
    await given.recycled(product=product)
    new = await given.item(product=product)
    kept = await given.reservation(new, client=await given.client("C-7"))
    order = await orders.submitted(product, client="c-7")
    assert barcodes(order) == [new]
    [why] = order["lines"][0]["explanation"]["chosen"]
    assert why["detail"].startswith("It was reserved for this client.")
    [ended] = await query("SELECT ended_because FROM reservation WHERE id = :id", id=kept.id)
    assert ended["ended_because"] == "taken"


async def test_what_is_reserved_for_another_client_is_not_taken(orders: Orders, given: Given) -> None:
    product = await given.product()
    await given.reservation(await given.item(product=product))
    order = await orders.submitted(product)
    assert (order["state"], pieces(order), barcodes(order)) == ("approved", ["wanted"], [None])
    assert order["lines"][0]["explanation"]["counted"] == {"state-reserved": 1}
    detail = "Nothing that fits is free on a shelf now. None is known to be on its way."
    assert order["missing"][0]["detail"] == detail


async def test_an_equivalent_is_offered_and_taken_only_when_the_line_accepts_it(orders: Orders, given: Given) -> None:
    wanted = await given.product(safe_working_load_kg=150)
    other = await given.product(safe_working_load_kg=160)
    there = await given.item(product=other)
    order = await orders.submitted(wanted)
    assert [one["product_code"] for one in order["lines"][0]["equivalents"]] == [other]
    assert f"({other}) is there, a close equivalent." in order["missing"][0]["detail"]
    line = {"product_code": wanted, "accept_equivalent": True}
    order = await orders.submitted(wanted, lines=[line])
    assert barcodes(order) == [there]


async def test_an_equivalent_goes_round_no_limit_and_no_warning(orders: Orders, given: Given) -> None:
    cheap, dear = await given.product(), await given.product(purchase_price_pence=300_000)
    await given.item(product=dear)
    order = await orders.submitted(cheap, lines=[{"product_code": cheap, "accept_equivalent": True}])
    assert barcodes(order) == [None]
    medium = await given.product(category="12 36 21", dimensions={"length_mm": 900})
    other = await given.product(category="12 36 21", dimensions={"length_mm": 900})
    await given.item(product=other)
    order = await orders.submitted(medium, lines=[{"product_code": medium, "accept_equivalent": True}])
    assert barcodes(order) == [None]


async def test_what_is_on_hold_never_hides_what_is_free(orders: Orders, given: Given) -> None:
    product = await given.product()
    for barcode in await given.items(101, product=product):
        await given.hold(barcode)
    free = await given.item(product=product)
    assert barcodes(await orders.submitted(product)) == [free]


async def test_new_over_recycled_needs_a_reason(orders: Orders, given: Given, as_ot: AsyncClient) -> None:
    product = await given.product()
    await given.recycled(product=product)
    new = await given.item(product=product)
    line = {"product_code": product, "prefer_new": True}
    draft = await orders.draft(product, lines=[line])
    assert draft["lines"][0]["needs_reason_for_new"] is True
    refused = await as_ot.post(f"/api/v1/orders/{draft['number']}/submit")
    check_problem(refused, 422, "reason-for-new")
    order = await orders.submitted(product, lines=[line | {"reason_for_new": "Infection risk."}])
    assert barcodes(order) == [new]


async def test_warnings_must_be_answered_and_the_answers_are_kept(
    orders: Orders, given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product = await given.product(category="18 09 21", safe_working_load_kg=100)
    client = await given.client()
    draft = await orders.draft(product, client=client)
    assert [one["code"] for one in draft["warnings"]] == ["weight-unknown"]
    url = f"/api/v1/orders/{draft['number']}/submit"
    refused = check_problem(await as_ot.post(url, json={"answers": []}), 422, "answer-the-warnings")
    assert [(one["code"], one["subject"]) for one in refused["warnings"]] == [("weight-unknown", "client")]
    answer = {"code": "weight-unknown", "subject": "client", "answer": "About 70 kg by the ward's notes."}
    for nothing in (".", "ok ok ok ok ok", "Because."):
        said = check_problem(
            await as_ot.post(url, json={"answers": [answer | {"answer": nothing}]}), 422, field="answer"
        )
        assert [error["code"] for error in said["errors"]] == ["not-a-reason"]
    done(await as_ot.post(url, json={"answers": [answer]}))
    [kept] = await query("SELECT code, answer, answered_by, warning FROM order_answer")
    assert (kept["answer"], kept["answered_by"]) == (answer["answer"], "ot")
    assert kept["warning"] == draft["warnings"][0]["detail"]


async def test_the_short_form_of_the_api_is_not_asked_for_a_weight_that_nobody_knows(
    orders: Orders, given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product = await given.product(category="18 09 21", safe_working_load_kg=100)
    draft = await orders.draft(product, client=await given.client())
    done(await as_ot.post(f"/api/v1/orders/{draft['number']}/submit"))
    [kept] = await query(
        "SELECT detail ->> 'not_answered' AS left_out FROM audit_event WHERE action = 'order_submitted'"
    )
    assert kept["left_out"] == "weight-unknown"


async def test_a_duplicate_for_the_same_need_is_pointed_out(orders: Orders, given: Given) -> None:
    product = await given.product()
    first = await orders.submitted(product, client=await given.client("C-1"))
    draft = await orders.draft(product, client="C-1")
    [warning] = draft["warnings"]
    assert (warning["code"], warning["needs_answer"]) == ("already-on-order", True)
    assert first["number"] in warning["detail"]


async def test_what_goes_beyond_authority_waits_and_whoever_can_sign_is_told(
    orders: Orders, given: Given, query: Query
) -> None:
    dear = await given.product(purchase_price_pence=150_000)
    item = await given.item(product=dear)
    order = await orders.submitted(dear)
    assert (order["state"], pieces(order), barcodes(order)) == ("awaiting_authorisation", ["held"], [item])
    assert [one["code"] for one in order["authority"]["reasons"]] == ["over-your-limit"]
    assert order["authority"]["signers"] == [{"username": "senior.ot", "name": "Sarah Okafor"}]
    told = await query("SELECT to_name, about FROM message WHERE purpose = 'order_awaits_signature'")
    assert told == [{"to_name": "Sarah Okafor", "about": f"order:{order['number']}"}]


async def test_a_highly_specialist_line_goes_to_the_panel(orders: Orders, given: Given) -> None:
    special = await given.product(tier="highly_specialist")
    order = await orders.submitted(special, by="senior.ot")
    assert order["state"] == "awaiting_panel"
    assert order["acts"] == ["cancel"]


async def test_what_nobody_can_sign_goes_to_the_panel_that_decides_it_anyway(orders: Orders, given: Given) -> None:
    dear = await given.product(purchase_price_pence=576_000)
    order = await orders.submitted(dear, by="senior.ot")
    assert (order["state"], order["authority"]["signers"]) == ("awaiting_panel", [])
    codes = [one["code"] for one in order["authority"]["reasons"]]
    assert codes == ["over-your-limit", "panel-decides-this-value"]


async def test_a_lapsed_registration_is_told_when_it_ended_and_who_else_can(
    orders: Orders, given: Given, as_ot: AsyncClient, clock: Clock
) -> None:
    clock.move(days=2000)
    draft = await orders.draft(await given.product())
    assert draft["authority"]["decision"] is None
    refused = await as_ot.post(f"/api/v1/orders/{draft['number']}/submit")
    body = check_problem(refused, 403, "registration-expired")
    assert "Your registration with the HCPC ended on" in body["detail"]


async def test_only_its_maker_submits_and_changes_a_draft(
    orders: Orders, given: Given, as_senior_ot: AsyncClient
) -> None:
    draft = await orders.draft(await given.product())
    url = f"/api/v1/orders/{draft['number']}"
    check_problem(await as_senior_ot.post(f"{url}/submit"), 403, "not-your-order")
    changed = await as_senior_ot.patch(url, json={"speed": "next_day"}, headers={"If-Match": '"1"'})
    check_problem(changed, 403, "not-your-order")


async def test_a_draft_is_changed_by_who_has_read_it_and_not_once_it_is_submitted(
    orders: Orders, given: Given, as_ot: AsyncClient
) -> None:
    one, other = await given.product(), await given.product()
    draft = await orders.draft(one)
    url = f"/api/v1/orders/{draft['number']}"
    first = await as_ot.patch(
        url, json={"speed": "next_day", "lines": [{"product_code": other}]}, headers={"If-Match": '"1"'}
    )
    assert (done(first)["speed"], first.headers["ETag"]) == ("next_day", '"2"')
    assert [line["product_code"] for line in first.json()["lines"]] == [other]
    check_problem(await as_ot.patch(url, json={}, headers={"If-Match": '"1"'}), 412, "stale")
    whole = await orders.body(one, client=draft["client_ref"])
    assert done(await as_ot.put(url, json=whole, headers={"If-Match": '"2"'}))["speed"] == "five_day"
    await orders.submit(done(await as_ot.get(url)))
    late = await as_ot.patch(url, json={"speed": "same_day"}, headers={"If-Match": '"4"'})
    check_problem(late, 409, "wrong-state")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_ref": "C-NOBODY"}, 404, "unknown-client"),
        ({"funder": "NHS"}, 422, "unknown-funder"),
        ({"store": "NORTH"}, 422, "unknown-store"),
        ({"lines": [{"product_code": "NOTHING"}]}, 422, "unknown-product"),
        ({"lines": []}, 422, "invalid-input"),
        ({"lines": [{"product_code": "ONE", "kind": "trial"}]}, 422, "trial-without-end"),
        ({"lines": [{"product_code": "ONE", "trial_days": 3}]}, 422, "loan-with-trial-end"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused(
    orders: Orders, given: Given, as_ot: AsyncClient, changes: dict[str, Any], status: int, code: str
) -> None:
    await given.product("ONE")
    answer = await as_ot.post("/api/v1/orders", json=await orders.body("ONE") | changes)
    assert answer.status_code == status
    assert code in {answer.json()["code"], "invalid-input"}


async def test_an_unknown_order_is_not_found(as_ot: AsyncClient) -> None:
    for verb in ("", "/submit"):
        answer = await (as_ot.post if verb else as_ot.get)(f"/api/v1/orders/O999999{verb}")
        check_problem(answer, 404, "unknown-order")


async def test_reading_an_order_is_logged_as_a_reading_of_the_clients_record(
    orders: Orders, given: Given, as_technician: AsyncClient, query: Query
) -> None:
    draft = await orders.draft(await given.product(), client=await given.client("C-5"))
    done(await as_technician.get(f"/api/v1/orders/{draft['number'].lower()}"))
    read = await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'order_read'")
    assert read == [{"chain": "technician", "subject": "client:C-5", "detail": {"order": draft["number"]}}]


async def test_statements_do_not_grow_with_the_order(
    orders: Orders, given: Given, as_ot: AsyncClient, statements: Statements
) -> None:
    counts = []
    for quantity in (1, 5):
        product = await given.product()
        await given.items(quantity, product=product)
        order = await orders.submitted(product, lines=[{"product_code": product, "quantity": quantity}])
        for url in (f"/api/v1/orders/{order['number']}", "/api/v1/orders?mine=true&late=true", "/api/v1/orders"):
            statements.clear()
            done(await as_ot.get(url))
            counts.append(len(statements))
    assert counts[:3] == counts[3:]
    assert counts[0] <= 18
    assert counts[2] <= 4


@pytest.mark.parametrize("quantity", [True, "2", 2.0, 2.5])
async def test_a_number_is_a_number(as_ot: AsyncClient, orders: Orders, given: Given, quantity: object) -> None:
    body = await orders.body(await given.product())
    body["lines"][0]["quantity"] = quantity
    told = check_problem(await as_ot.post("/api/v1/orders", json=body), 422, "malformed", field="quantity")
    assert told["detail"] == "Quantity must be a whole number."
