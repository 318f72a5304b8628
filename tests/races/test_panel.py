"""Two chairs at once: one decision stands, the others are told so; and a decision against a cancelling."""

import asyncio

import pytest
from sqlalchemy import text

from tests.conftest import Scratch
from tests.features.panel.conftest import SPLIT, WHY, Panel
from tests.features.panel.test_ring_fences import came_back
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

SECOND_CHAIR = text("""
    UPDATE panel_member SET is_chair = true FROM account
    WHERE account.id = account_id AND account.username = 'panel2'
""")
PROMOTE = text(
    "UPDATE account_role SET role = 'panel_chair' FROM account "
    "WHERE account.id = account_id AND account.username = 'panel2'"
)


async def test_two_chairs_cannot_both_decide(scratch: Scratch) -> None:
    async with scratch.database.sessions.begin() as session:
        await session.execute(SECOND_CHAIR)
        await session.execute(PROMOTE)
    jsep = Panel(scratch.given, scratch.sign_in)
    await scratch.given.items(1)
    number = await jsep.listed()
    ways = [("chair", "approve"), ("panel2", "decline")] * 4
    people = [(await scratch.sign_in(username), decision) for username, decision in ways]
    bodies = {"approve": {"funding": SPLIT}, "decline": {}}
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(
                person.post(
                    f"/api/v1/panel-cases/{number}/decision",
                    json={"decision": decision, "reasons": WHY} | bodies[decision],
                )
                for person, decision in people
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already-decided"}
    [decided] = await scratch.query("SELECT kind FROM panel_decision")
    [order] = await scratch.query("SELECT decision FROM equipment_order")
    assert order["decision"] == {"approve": "approved", "decline": "declined"}[decided["kind"]]
    await check_chains(scratch)


async def test_an_order_is_not_both_cancelled_and_approved(scratch: Scratch) -> None:
    jsep = Panel(scratch.given, scratch.sign_in)
    await scratch.given.items(1)
    order = await jsep.order()
    number = await jsep.listed(order)
    senior, chair = await scratch.sign_in("senior.ot"), await scratch.sign_in("chair")
    async with asyncio.timeout(60):
        cancelled, decided = await asyncio.gather(
            senior.post(f"/api/v1/orders/{order}/cancel", json={"reason": "It is not needed any more."}),
            chair.post(
                f"/api/v1/panel-cases/{number}/decision",
                json={"decision": "decline", "reasons": WHY},
            ),
        )
    assert sorted((cancelled.status_code, decided.status_code)) == [200, 409], (cancelled.text, decided.text)
    [now] = await scratch.query("SELECT decision FROM equipment_order")
    [case] = await scratch.query("SELECT state FROM panel_case")
    assert (now["decision"], case["state"]) in {("cancelled", "withdrawn"), ("declined", "decided")}
    await check_chains(scratch)


async def test_a_ring_fence_is_lifted_once(scratch: Scratch) -> None:
    jsep = Panel(scratch.given, scratch.sign_in)
    product = await scratch.given.product(tier="highly_specialist", purchase_price_pence=310_000)
    barcode, _, _ = await came_back(jsep, scratch.given, product)
    people = [await scratch.sign_in(username) for username in ("chair", "manager") * 3]
    said = {"reason": "The team does not need it any more, and agrees."}
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(person.post(f"/api/v1/items/{barcode}/ring-fence/lift", json=said) for person in people)
        )
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"not-ring-fenced"}
    await check_chains(scratch)
