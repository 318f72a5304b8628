"""A warning that a short form of the API left without an answer stays where people see it until it is answered."""

from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Query, SignIn
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem

WEIGHT = "The client's weight is not known, and this equipment must bear it. Weigh the client, or ask."
ANSWER = {"code": "weight-unknown", "subject": "client", "answer": "Weighed at home: 70 kg."}


async def sent_short(orders: Orders, given: Given, client: AsyncClient, *, by: str = "ot", **product: Any) -> str:
    """An order that was submitted by the short form, of one piece that is there; gives its number."""
    code = await given.product(category="18 09 21", safe_working_load_kg=100, **product)
    await given.item(product=code)
    draft = await orders.draft(code, client=await given.client(), by=by)
    done(await client.post(f"/api/v1/orders/{draft['number']}/submit"))
    number: str = draft["number"]
    return number


def open_warnings(order: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["code"], one["answer"]) for one in order["warnings"] if one["needs_answer"]]


async def test_it_is_seen_wherever_the_order_is_until_it_is_answered(
    orders: Orders, given: Given, as_ot: AsyncClient, as_technician: AsyncClient, ot: Browser, technician: Browser
) -> None:
    number = await sent_short(orders, given, as_ot)
    assert open_warnings(await orders.get(number)) == [("weight-unknown", None)]
    [line] = (await as_technician.get("/api/v1/pick-list")).json()["items"]
    assert line["not_answered"] == [WEIGHT]
    await orders.step(number, "allocate")
    for browser, path in (
        (technician, f"/orders/{number}"),
        (technician, "/orders/pick"),
        (technician, f"/orders/{number}/dispatch"),
        (ot, f"/orders/{number}"),
        (ot, "/"),
    ):
        assert WEIGHT in (await browser.get(path)).text, path
    assert "1 order of yours has a warning to answer" in (await ot.get("/")).text
    # It has gone out: it is still to be answered.
    await orders.step(number, "dispatch")
    assert WEIGHT in (await ot.get("/")).text
    answered = done(await as_ot.post(f"/api/v1/orders/{number}/answers", json={"answers": [ANSWER]}))
    [warning] = answered["warnings"]
    assert (warning["needs_answer"], warning["answer"], warning["answered_by"]) == (False, ANSWER["answer"], "ot")
    assert warning["answered_at"]
    assert WEIGHT not in (await ot.get("/")).text
    again = await as_ot.post(f"/api/v1/orders/{number}/answers", json={"answers": [ANSWER]})
    check_problem(again, 422, "nothing-to-answer")


async def test_whoever_signs_sees_it_and_answers_on_the_page(
    orders: Orders, given: Given, sign_in: SignIn, senior_ot: Browser, query: Query
) -> None:
    student = await sign_in("student.ot")
    number = await sent_short(orders, given, student, by="student.ot")
    path = f"/orders/{number}/authorise"
    page = await senior_ot.get(path)
    assert "Warnings without an answer" in page.text
    assert WEIGHT in page.text
    refused = await senior_ot.send(page, path, note="")
    assert refused.status == 422
    await senior_ot.send(page, path, **{"note": "", "answer-weight-unknown-client": "Weighed on the ward: 70 kg."})
    [kept] = await query("SELECT answer, answered_by FROM order_answer")
    assert kept == {"answer": "Weighed on the ward: 70 kg.", "answered_by": "senior.ot"}


async def test_whoever_signed_by_the_short_form_may_answer_afterwards(
    orders: Orders, given: Given, sign_in: SignIn
) -> None:
    as_senior = await sign_in("senior.ot")
    student = await sign_in("student.ot")
    number = await sent_short(orders, given, student, by="student.ot")
    signed = done(await as_senior.post(f"/api/v1/orders/{number}/authorise"))
    assert (signed["state"], open_warnings(signed)) == ("approved", [("weight-unknown", None)])
    answered = done(await as_senior.post(f"/api/v1/orders/{number}/answers", json={"answers": [ANSWER]}))
    assert open_warnings(answered) == []


async def test_its_maker_answers_on_a_page_and_others_cannot(
    orders: Orders, given: Given, as_ot: AsyncClient, sign_in: SignIn, ot: Browser
) -> None:
    number = await sent_short(orders, given, as_ot)
    student = await sign_in("student.ot")
    refused = await student.post(f"/api/v1/orders/{number}/answers", json={"answers": [ANSWER]})
    check_problem(refused, 403, "not-your-order")
    path = f"/orders/{number}/answers"
    page = await ot.get(path)
    silent = await ot.send(page, path)
    assert (silent.status, "Answer at least one" in silent.text) == (422, True)
    await ot.send(page, path, **{"answer-weight-unknown-client": ANSWER["answer"]})
    after = await ot.get(f"/orders/{number}")
    assert "Your answers are kept" in after.text
    assert after.soup.select_one('[data-testid="not-answered"]') is None
    assert "Every warning of this order has its answer." in (await ot.get(path)).text
