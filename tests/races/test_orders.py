"""Orders sent by many at once: the last item goes to one, everybody else is told in the answer, and nobody hangs."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from tests.conftest import Scratch
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

AT_ONCE = 64
TELL = {"reason": "It is not wanted."}
DISAGREEING = """
    SELECT item.barcode FROM item
    JOIN reservation AS kept ON kept.item_id = item.id AND kept.ended_at IS NULL
    JOIN order_unit AS unit ON unit.reservation_id = kept.id
    WHERE item.state NOT IN ('reserved', 'dispatched') OR unit.cancelled_at IS NOT NULL OR unit.loan_id IS NOT NULL
"""


async def drafts(scratch: Scratch, product: str, count: int, *, by: str = "ot", quantity: int = 1) -> list[str]:
    """Drafts of the same product, each for a client of their own."""
    lines = [{"product_code": product, "quantity": quantity}]
    return [await draft(scratch, await scratch.given.client(), by=by, lines=lines) for _ in range(count)]


async def draft(scratch: Scratch, client: str, *, by: str = "ot", **details: Any) -> str:
    """One draft for that client; returns its number."""
    body = {
        "client_ref": client,
        "funder": "ASC",
        "speed": "five_day",
        "reason": "prevention",
        "clinical_reasoning": "Cannot stand at the basin.",
    }
    answer = await (await scratch.sign_in(by)).post("/api/v1/orders", json=body | details)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    return number


async def submit_all(scratch: Scratch, numbers: list[str], *, by: str = "ot") -> list[dict[str, Any]]:
    """Submit them at once, each from a connection of its own; every answer must come, and be a success."""
    people = [await scratch.sign_in(by) for _ in numbers]
    async with asyncio.timeout(60):
        asked = (person.post(f"/api/v1/orders/{number}/submit") for person, number in zip(people, numbers, strict=True))
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    return [answer.json() for answer in answers]


def first_unit(order: dict[str, Any]) -> dict[str, Any]:
    """The first piece of an order."""
    unit: dict[str, Any] = order["lines"][0]["units"][0]
    return unit


async def test_of_64_orders_for_the_last_recycled_chair_one_holds_it_and_63_are_told_at_once(scratch: Scratch) -> None:
    product = await scratch.given.product()
    chair = await scratch.given.recycled(product=product)
    orders = await submit_all(scratch, await drafts(scratch, product, AT_ONCE))
    winners = [order for order in orders if first_unit(order)["state"] == "held"]
    assert [first_unit(order)["barcode"] for order in winners] == [chair]
    told = [order for order in orders if order not in winners]
    assert len(told) == AT_ONCE - 1
    for order in told:
        assert first_unit(order)["state"] == "wanted"
        assert [line["product_code"] for line in order["missing"]] == [product]
        assert order["cost"]["recycled_saving_pence"] == 0
    live = await scratch.query("SELECT count(*) AS live FROM reservation WHERE ended_at IS NULL")
    assert live == [{"live": 1}]
    assert await scratch.query(DISAGREEING) == []
    await check_chains(scratch)


async def test_of_16_who_were_shown_the_last_recycled_chair_one_gets_it_and_15_decide_again(scratch: Scratch) -> None:
    product = await scratch.given.product()
    chair = await scratch.given.recycled(product=product)
    await scratch.given.items(16, product=product)
    numbers = await drafts(scratch, product, 16)
    ot = await scratch.sign_in("ot")
    offers = [(await ot.get(f"/api/v1/orders/{number}")).json()["offer"] for number in numbers]
    assert [(offer[0]["recycled"], offer[0]["new"]) for offer in offers] == [(1, 0)] * 16
    people = [await scratch.sign_in("ot") for _ in numbers]
    asked = (
        person.post(f"/api/v1/orders/{number}/submit", json={"offer": offer})
        for person, number, offer in zip(people, numbers, offers, strict=True)
    )
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 15]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"recycled-went"}
    live = await scratch.query(
        "SELECT item.barcode FROM reservation JOIN item ON item.id = item_id WHERE ended_at IS NULL"
    )
    assert live == [{"barcode": chair}]
    await check_chains(scratch)


async def test_everything_on_the_shelf_goes_out_when_there_are_more_orders_than_items(scratch: Scratch) -> None:
    product = await scratch.given.product()
    old = await scratch.given.recycled(product=product)
    new = await scratch.given.items(9, product=product)
    orders = await submit_all(scratch, await drafts(scratch, product, 16))
    held = [first_unit(order)["barcode"] for order in orders if first_unit(order)["state"] == "held"]
    assert sorted(held) == sorted([old, *new])
    assert sum(order["cost"]["recycled_saving_pence"] > 0 for order in orders) == 1


async def test_of_two_authorisers_at_once_one_signs_and_the_other_is_told(scratch: Scratch) -> None:
    product = await scratch.given.product()
    await scratch.given.items(1, product=product)
    [number] = await drafts(scratch, product, 1, by="student.ot")
    await submit_all(scratch, [number], by="student.ot")
    seniors = [await scratch.sign_in("senior.ot") for _ in range(8)]
    asked = [
        senior.post(f"/api/v1/orders/{number}/{verb}", json=body)
        for senior, (verb, body) in zip(seniors, [("authorise", {}), ("decline", TELL)] * 4, strict=True)
    ]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    await check_chains(scratch)


async def test_a_cancellation_and_a_dispatch_at_once_agree(scratch: Scratch) -> None:
    product = await scratch.given.product()
    technician, ot = await scratch.sign_in("technician"), await scratch.sign_in("ot")
    for _ in range(5):
        item = (await scratch.given.items(1, product=product))[0]
        [number] = await drafts(scratch, product, 1)
        await submit_all(scratch, [number])
        url = f"/api/v1/orders/{number}"
        sent, cancelled = await asyncio.gather(technician.post(f"{url}/dispatch"), ot.post(f"{url}/cancel", json=TELL))
        assert sorted([sent.status_code, cancelled.status_code]) == [200, 409], (sent.text, cancelled.text)
        order = (await ot.get(url)).json()
        state = (await scratch.given.record(item)).state
        assert (order["state"], state) == (
            ("dispatched", "dispatched") if sent.status_code == 200 else ("cancelled", "in_stock")
        )
        if state == "in_stock":
            await scratch.given.scrapped(item)
    assert await scratch.query(DISAGREEING) == []
    await check_chains(scratch)


async def test_steps_of_one_order_at_once_happen_once(scratch: Scratch) -> None:
    product = await scratch.given.product()
    await scratch.given.items(2, product=product)
    [number] = await drafts(scratch, product, 1, quantity=2)
    await submit_all(scratch, [number])
    people = [await scratch.sign_in("technician") for _ in range(8)]
    steps: tuple[tuple[str, dict[str, str]], ...] = (
        ("allocate", {}),
        ("dispatch", {}),
        ("deliver", {"received_by": "Mo"}),
    )
    for verb, body in steps:
        answers = await asyncio.gather(*(send(person, number, verb, body) for person in people))
        assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7], [a.text for a in answers]
    assert await scratch.query("SELECT count(*) AS loans FROM loan") == [{"loans": 2}]
    await check_chains(scratch)


async def send(person: AsyncClient, number: str, verb: str, body: dict[str, str]) -> Response:
    """One step of an order."""
    return await person.post(f"/api/v1/orders/{number}/{verb}", json=body)


async def test_of_orders_for_one_need_at_once_the_later_ones_are_warned_of_the_first(scratch: Scratch) -> None:
    product, client = await scratch.given.product(), await scratch.given.client("C-9")
    numbers = [await draft(scratch, client, lines=[{"product_code": product}]) for _ in range(6)]
    ot = await scratch.sign_in("ot")
    asked = [ot.post(f"/api/v1/orders/{number}/submit") for number in numbers]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, *[422] * 5]
    for answer in answers:
        if answer.status_code == 422:
            assert [one["code"] for one in answer.json()["warnings"]] == ["already-on-order"]


async def test_of_orders_that_stop_one_item_at_once_each_succeeds_and_one_notice_is_given(scratch: Scratch) -> None:
    given, ot = scratch.given, await scratch.sign_in("ot")
    product, client = await given.product(), await given.client("C-9")
    old = await given.loan(await given.item(product=product), client=client)
    stop = [{"barcode": old.barcode, "action": "stop_use", "reason": "The loops are worn."}]
    lines = [{"product_code": product}]
    numbers = [await draft(scratch, client, lines=lines, supersedes=stop) for _ in range(4)]
    known = {"answers": [{"code": "already-on-order", "subject": product, "answer": "Each for another room."}]}
    answers = await asyncio.gather(*(ot.post(f"/api/v1/orders/{number}/submit", json=known) for number in numbers))
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    assert await scratch.query("SELECT item_fault FROM stop_use_notice") == [{"item_fault": "not_known"}]
    assert await scratch.query("SELECT kind FROM hold") == [{"kind": "investigation"}]


async def test_of_orders_that_replace_one_faulty_item_at_once_each_succeeds_and_it_is_held(
    scratch: Scratch,
) -> None:
    given, ot = scratch.given, await scratch.sign_in("ot")
    product, client = await given.product(), await given.client("C-9")
    old = await given.loan(await given.item(product=product), client=client)
    why = {"barcode": old.barcode, "reason": "The frame is cracked.", "item_fault": "yes"}
    said = [why | {"action": action} for action in ("collect", "stop_use", "collect", "stop_use")]
    lines = [{"product_code": product}]
    numbers = [await draft(scratch, client, lines=lines, supersedes=[one]) for one in said]
    known = {"answers": [{"code": "already-on-order", "subject": product, "answer": "Each for another room."}]}
    answers = await asyncio.gather(*(ot.post(f"/api/v1/orders/{number}/submit", json=known) for number in numbers))
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    held = {row["kind"] for row in await scratch.query("SELECT kind FROM hold")}
    assert held == {"fault"}
    assert len(await scratch.query("SELECT id FROM stop_use_notice")) == 1


async def test_a_hold_never_waits_for_who_changes_the_order_and_who_does_looks_at_its_promise(scratch: Scratch) -> None:
    product = await scratch.given.product()
    item = await scratch.given.item(product=product)
    [number] = await drafts(scratch, product, 1)
    assert (await submit_all(scratch, [number]))[0]["promised_on"]
    technician, safety = await scratch.sign_in("technician"), await scratch.sign_in("safety")
    body = {"kind": "fault", "reason": "The castor is loose."}
    async with asyncio.timeout(20), scratch.database.sessions.begin() as session:
        await session.execute(
            text("SELECT id FROM equipment_order WHERE number = :number FOR UPDATE"), {"number": number}
        )
        assert (await safety.post(f"/api/v1/items/{item}/holds", json=body)).status_code == 201
    order = (await technician.get(f"/api/v1/orders/{number}")).json()
    assert order["promised_on"] is not None
    order = (await technician.post(f"/api/v1/orders/{number}/allocate")).json()
    assert (order["promised_on"], first_unit(order)["state"]) == (None, "wanted")
    await check_chains(scratch)
