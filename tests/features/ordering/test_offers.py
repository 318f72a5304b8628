"""Between the look at an order and the hand that submits it: whoever is too late decides knowingly."""

from typing import Any

from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser, Page
from tests.conftest import Query
from tests.features.ordering.conftest import Orders, barcodes
from tests.given import Given
from tests.problems import check_problem


def answered(page: Page, path: str) -> dict[str, Any]:
    """Every box for an answer of that form, filled in."""
    boxes = page.form(path).find_all("textarea")
    return {str(box["name"]): "Assessed at home." for box in boxes}


async def test_a_recycled_item_that_went_meanwhile_is_refused_with_what_is_left(
    orders: Orders, given: Given, as_ot: AsyncClient, query: Query
) -> None:
    product = await given.product(name="Mobile hoist", purchase_price_pence=10_000)
    old, new = await given.recycled(product=product), await given.item(product=product)
    draft = await orders.draft(product)
    assert draft["offer"] == [
        {
            "position": 1,
            "product_code": product,
            "quantity": 1,
            "recycled": 1,
            "new": 0,
            "unit_price_pence": 10_000,
        }
    ]
    answers = [{"code": one["code"], "subject": one["subject"], "answer": "Seen."} for one in draft["warnings"]]
    body = {"answers": answers, "offer": draft["offer"]}
    await given.reservation(old)
    url = f"/api/v1/orders/{draft['number']}"
    refused = await as_ot.post(f"{url}/submit", json=body)
    check_problem(refused, 409, "recycled-went", field="offer")
    assert "you were shown 1 recycled. Somebody else was quicker: it would be 1 new now." in refused.json()["detail"]
    assert (await given.record(new)).state is State.IN_STOCK
    assert await query("SELECT id FROM order_unit") == []
    again = (await as_ot.get(url)).json()
    assert (again["state"], again["offer"][0]["new"]) == ("draft", 1)
    done = await as_ot.post(f"{url}/submit", json=body | {"offer": again["offer"]})
    assert barcodes(done.json()) == [new]
    assert done.json()["offer"] == []


async def test_an_offer_that_is_none_is_malformed_and_without_one_it_is_as_it_was(
    orders: Orders, given: Given, as_ot: AsyncClient
) -> None:
    draft = await orders.draft(await given.product())
    url = f"/api/v1/orders/{draft['number']}/submit"
    offers: tuple[Any, ...] = ({}, [{}], [draft["offer"][0] | {"recycled": -1}], [draft["offer"][0] | {"more": 1}])
    for offer in offers:
        check_problem(await as_ot.post(url, json={"offer": offer}), 422)
    assert (await orders.submit(draft))["missing"][0]["quantity"] == 1


async def test_the_check_page_comes_back_with_what_changed_and_what_was_answered(
    ot: Browser, orders: Orders, given: Given, query: Query
) -> None:
    product = await given.product(name="Mobile hoist", category="12 36 03")
    old = await given.recycled(product=product)
    draft = await orders.draft(product, client=await given.client("C-9"))  # nobody knows what they weigh
    path = f"/orders/{draft['number']}/check"
    page = await ot.get(path)
    await given.reservation(old)
    late = await ot.send(page, path, then="submit", **answered(page, path))
    assert (late.status, late.heading) == (409, "Check and submit")
    assert "it would be 1 not on a shelf now." in late.errors["main-content"]
    assert "1 of 1 not on a shelf" in late.text
    answers = await query("SELECT answer FROM order_answer")
    assert {row["answer"] for row in answers} == {"Assessed at home."}
    sent = await ot.send(late, path, then="submit")
    assert sent.goes_to == f"/orders/{draft['number']}"
    assert "Nothing that fits is free" in (await ot.follow(sent)).banner


async def test_an_offer_that_the_page_did_not_make_is_refused(ot: Browser, orders: Orders, given: Given) -> None:
    draft = await orders.draft(await given.product())
    path = f"/orders/{draft['number']}/check"
    page = await ot.get(path)
    for offer in ("nonsense", "[]", '[{"position": 1}]'):
        assert (await ot.send(page, path, then="submit", offer=offer, **answered(page, path))).status in {409, 422}
    assert (await orders.get(draft["number"]))["state"] == "draft"


async def test_the_check_shows_what_submitting_holds_also_where_a_load_wants_an_answer(
    ot: Browser, orders: Orders, given: Given
) -> None:
    product = await given.product(name="Commode", safe_working_load_kg=100)
    item = await given.item(product=product)
    client = await given.client(weight_kg=120, weighed_on="2026-02-01")
    draft = await orders.draft(product, client=client)
    page = await ot.get(f"/orders/{draft['number']}/check")
    assert "Held once you have answered the warning about its load." in page.text
    assert "9 March 2026, if you submit it now" in page.text
    assert "Nothing that fits" not in page.text
    assert (draft["missing"], draft["offer"][0]["new"]) == ([], 1)
    order = await orders.submit(draft)
    assert (barcodes(order), order["promised_on"]) == ([item], "2026-03-09")
