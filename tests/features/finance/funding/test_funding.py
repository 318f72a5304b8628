"""Who pays for an order: split on the draft, by the panel, and anew when a dispute is settled; to the penny."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.features.finance.funding.disputes import remind_of_funding_disputes
from tests.conftest import Clock, Query, SignIn
from tests.features.finance.funding.conftest import Rate
from tests.features.ordering.conftest import Orders, done
from tests.given import Given

API = "/api/v1/finance"
THIRDS = [
    {"funder": "ASC", "percent": 33.34},
    {"funder": "ICB", "percent": 33.33},
    {"funder": "CHC", "percent": 33.33},
]
ASC = [{"funder": "ASC", "percent": 100}]
ICB = [{"funder": "ICB", "percent": 100}]
WHY = "The board says that the council pays for it."
STANDS = """
    SELECT funder.code AS funder, sum(amount_pence)::bigint AS pence, bool_or(is_provisional) AS provisional
    FROM charge AS line JOIN funder ON funder.id = line.funder_id
    WHERE reversal_of IS NULL AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = line.id)
    GROUP BY funder.code ORDER BY funder.code
"""
ALL = "SELECT sum(amount_pence)::bigint AS pence, sum(vat_pence)::bigint AS vat FROM charge"


async def stands(query: Query) -> dict[str, int]:
    """What each funder is charged with."""
    return {row["funder"]: row["pence"] for row in await query(STANDS)}


async def delivered(orders: Orders, given: Given, *, price: int = 10_001, **details: Any) -> tuple[str, str]:
    """An order of one new item that was delivered: its number, and the item."""
    product = await given.product(purchase_price_pence=price)
    [barcode] = await given.items(1, product=product, purchase_price_pence=price)
    order = await orders.dispatched(product, **details)
    await orders.step(order["number"], "deliver", received_by="Her daughter")
    return str(order["number"]), barcode


async def dispute(client: AsyncClient, number: str, **more: Any) -> dict[str, Any]:
    """A dispute that is opened."""
    body = {"order_number": number, "reason": WHY} | more
    return done(await client.post(f"{API}/disputes", json=body), 201)


async def settle(client: AsyncClient, dispute_id: int, funding: list[dict[str, Any]]) -> dict[str, Any]:
    """How it is settled."""
    body = {"funding": funding, "settlement": "Agreed at the meeting of both boards."}
    return done(await client.post(f"{API}/disputes/{dispute_id}/settle", json=body))


async def test_a_draft_says_who_pays_which_part_and_its_delivery_is_charged_so(
    orders: Orders, given: Given, query: Query
) -> None:
    number, _ = await delivered(orders, given, funding=THIRDS)
    order = await orders.get(number)
    assert [(one["funder"], one["percent"], one["pence"]) for one in order["funding"]] == [
        ("ASC", 33.34, 3335),
        ("ICB", 33.33, 3333),
        ("CHC", 33.33, 3333),
    ]
    assert await stands(query) == {"ASC": 3335, "CHC": 3333, "ICB": 3333}


@pytest.mark.parametrize(
    ("funding", "code"),
    [
        ([{"funder": "ASC", "percent": 99.99}], "funding-not-100-percent"),
        ([{"funder": "ASC", "percent": 60}, {"funder": "ICB", "percent": 40.01}], "funding-not-100-percent"),
        ([{"funder": "ASC", "percent": 50}, {"funder": "asc", "percent": 50}], "funder-twice"),
        ([{"funder": "ASC", "percent": 33.333}, {"funder": "ICB", "percent": 66.667}], "bad-percentage"),
        ([{"funder": "NOBODY", "percent": 100}], "unknown-funder"),
        (ICB, "lead-funder-pays-nothing"),
    ],
)
async def test_a_split_that_is_none_is_refused(
    orders: Orders, given: Given, as_ot: AsyncClient, funding: list[dict[str, Any]], code: str
) -> None:
    body = await orders.body(await given.product(), funding=funding)
    answer = await as_ot.post("/api/v1/orders", json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["loc"]) == (
        422,
        code,
        ["body", "funding"],
    )


async def test_a_draft_is_changed_and_another_lead_must_be_among_those_who_pay(
    orders: Orders, given: Given, as_ot: AsyncClient
) -> None:
    draft = await orders.draft(await given.product(), funding=THIRDS, funding_not_agreed="The board has not said yes.")
    assert draft["funding_dispute"]["reason"] == "The board has not said yes."
    url, tag = f"/api/v1/orders/{draft['number']}", {"If-Match": '"1"'}
    refused = await as_ot.patch(url, json={"funder": "CHILD"}, headers=tag)
    assert refused.json()["code"] == "lead-funder-pays-nothing"
    order = done(await as_ot.patch(url, json={"funder": "ICB"}, headers=tag))
    assert [one["funder"] for one in order["funding"]] == ["ASC", "ICB", "CHC"]
    gone: dict[str, Any] = {"funding": [], "funding_not_agreed": ""}
    order = done(await as_ot.patch(url, json=gone, headers={"If-Match": '"2"'}))
    assert [(one["funder"], one["percent"]) for one in order["funding"]] == [("ICB", 100)]
    assert order["funding_dispute"] is None
    assert order["history"][-1]["detail"]["fields"] == "funding, funding_not_agreed"


async def test_provide_now_settle_later(
    orders: Orders, given: Given, query: Query, rates: Rate, as_finance: AsyncClient, clock: Clock
) -> None:
    await rates("delivery", pence=1_500)
    await rates("decontamination", pence=1_250)
    await rates("credit", taper='[{"from_months": 0, "percent": 80}]')
    product = await given.product(purchase_price_pence=10_001)
    [barcode] = await given.items(1, product=product, purchase_price_pence=10_001)
    draft = await orders.draft(product, funding_not_agreed=WHY)
    assert done(await as_finance.get(f"{API}/disputes"))["items"] == []
    clock.move(days=3)
    order = await orders.submit(draft)
    assert order["funding_dispute"]["days_left"] == 28
    told = await query("SELECT DISTINCT subject FROM message WHERE purpose = 'funding_disputed'")
    assert [row["subject"] for row in told] == [f"Order {order['number']}: who pays is not agreed"]
    for verb, body in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "Her daughter"})):
        await orders.step(order["number"], verb, **body)
    [row] = done(await as_finance.get(f"{API}/disputes", params={"state": "open"}))["items"]
    assert (row["charged_pence"], row["provisional_pence"]) == (11_501, 11_501)
    before = await query(ALL)

    # What comes back meanwhile is provisional as well.
    await given.scan(barcode)
    assert await stands(query) == {"ASC": 11_501 - 8_001}
    split = [{"funder": "ASC", "percent": 40}, {"funder": "ICB", "percent": 60}]
    looked = done(await as_finance.post(f"{API}/disputes/{row['id']}/preview", json={"funding": split}))
    assert await stands(query) == {"ASC": 3_500}
    settled = await settle(as_finance, row["id"], split)
    assert settled == looked
    assert (settled["reversed"], settled["posted"]) == (3, 6)
    assert [(one["funder"], one["pence"]) for one in settled["moved"]] == [("ASC", -2_100), ("ICB", 2_100)]
    assert await stands(query) == {"ASC": 1_400, "ICB": 2_100}
    assert {row["provisional"] for row in await query(STANDS)} == {False}
    assert before == [{"pence": 11_501, "vat": 0}]
    assert await query(ALL) == [{"pence": 3_500, "vat": 0}]

    # What follows is charged by the settled split.
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    assert await stands(query) == {"ASC": 1_400 + 500, "ICB": 2_100 + 750}
    again = await as_finance.post(
        f"{API}/disputes/{row['id']}/settle", json={"funding": split, "settlement": "Agreed at the meeting once more."}
    )
    assert (again.status_code, again.json()["code"]) == (409, "already-settled")
    body = done(await as_finance.get(f"{API}/disputes/{row['id']}"))
    assert [body[name] for name in ("state", "days_left", "settled_by")] == ["settled", None, "finance"]
    assert [event["action"] for event in (await orders.get(order["number"]))["history"]][-1] == "funding_settled"


async def test_what_was_charged_before_the_dispute_is_settled_with_it(
    orders: Orders, given: Given, query: Query, as_finance: AsyncClient
) -> None:
    number, _ = await delivered(orders, given)
    opened = await dispute(as_finance, number, settle_by="2026-03-20")
    assert (opened["settle_by"], opened["days_left"], opened["charged_pence"]) == ("2026-03-20", 18, 10_001)
    twice = await as_finance.post(f"{API}/disputes", json={"order_number": number, "reason": WHY})
    assert (twice.status_code, twice.json()["code"]) == (409, "already-disputed")
    settled = await settle(as_finance, opened["id"], THIRDS)
    assert settled["moved"] == [
        {"funder": "ASC", "before_pence": 10_001, "after_pence": 3_335, "pence": -6_666, "vat_pence": 0},
        {"funder": "CHC", "before_pence": 0, "after_pence": 3_333, "pence": 3_333, "vat_pence": 0},
        {"funder": "ICB", "before_pence": 0, "after_pence": 3_333, "pence": 3_333, "vat_pence": 0},
    ]
    # Each line says what it corrects, and why; the issue is one still, for its return.
    rows = await query("SELECT because, is_issue FROM charge WHERE corrects_id IS NOT NULL AND kind = 'new_purchase'")
    assert {(row["because"], row["is_issue"]) for row in rows} == {("Agreed at the meeting of both boards.", True)}
    # And it can be disputed and settled again.
    opened = await dispute(as_finance, number)
    settled = await settle(as_finance, opened["id"], ASC)
    assert await stands(query) == {"ASC": 10_001}
    # The delivery, for which no rate is in force, follows it too.
    assert (settled["reversed"], settled["posted"]) == (6, 2)


async def test_a_closed_month_stays_as_it_is_and_the_journal_goes_into_the_next(
    orders: Orders, given: Given, query: Query, session: Any, as_finance: AsyncClient
) -> None:
    number, _ = await delivered(orders, given)
    opened = await dispute(as_finance, number)
    await session.execute(text("INSERT INTO finance_period VALUES ('2026-03-01', now(), 'x', 0, '{}', '')"))
    await session.commit()
    await settle(as_finance, opened["id"], ICB)
    periods = await query("SELECT period::text, sum(amount_pence)::bigint AS pence FROM charge GROUP BY 1 ORDER BY 1")
    assert periods == [{"period": "2026-03-01", "pence": 10_001}, {"period": "2026-04-01", "pence": 0}]


async def test_before_anything_is_charged_a_split_is_changed_and_afterwards_only_settled(
    orders: Orders, given: Given, query: Query, as_finance: AsyncClient
) -> None:
    product = await given.product()
    await given.items(1, product=product)
    draft = await orders.draft(product)
    url = f"{API}/orders/{draft['number']}/funding"
    body = {"funding": ICB, "reason": "It was sent under the wrong funder."}
    assert (await as_finance.put(url, json=body)).json()["code"] == "wrong-state"
    order = await orders.submit(draft)
    changed = done(await as_finance.put(url, json=body))
    assert [(one["funder"], one["percent"], one["pence"]) for one in changed["funding"]] == [("ICB", 100, 0)]
    event = (await orders.get(order["number"]))["history"][-1]
    assert (event["action"], event["detail"]["because"]) == ("funding_changed", body["reason"])
    for verb, said in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "Her daughter"})):
        await orders.step(order["number"], verb, **said)
    assert await stands(query) == {"ICB": 4_500}
    refused = await as_finance.put(url, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "charged-already")


async def test_disputes_that_are_none_are_refused(
    orders: Orders, given: Given, as_finance: AsyncClient, as_ot: AsyncClient
) -> None:
    draft = await orders.draft(await given.product())
    asked: list[tuple[str, dict[str, Any], int, str]] = [
        ("O999999", {}, 404, "unknown-order"),
        (draft["number"], {}, 409, "wrong-state"),
        (draft["number"], {"settle_by": "2026-03-01"}, 422, "settle-by-out-of-range"),
    ]
    for number, more, status, code in asked:
        answer = await as_finance.post(f"{API}/disputes", json={"order_number": number, "reason": WHY} | more)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    await orders.step(draft["number"], "cancel", by="ot", reason="She does not want it.")
    answer = await as_finance.post(f"{API}/disputes", json={"order_number": draft["number"], "reason": WHY})
    assert answer.json()["code"] == "wrong-state"
    for verb, body in (
        ("preview", {"funding": ASC}),
        ("settle", {"funding": ASC, "settlement": "Agreed by both of them."}),
    ):
        answer = await as_finance.post(f"{API}/disputes/99/{verb}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-dispute")
    short = await as_finance.post(
        f"{API}/disputes/99/settle",
        json={"funding": [{"funder": "ASC", "percent": 99.99}], "settlement": "Agreed by both of them."},
    )
    assert short.status_code == 404


async def test_whoever_settles_is_told_once_a_week_of_what_is_late(
    orders: Orders, given: Given, query: Query, session: Any, as_finance: AsyncClient, clock: Clock
) -> None:
    number, _ = await delivered(orders, given)
    opened = await dispute(as_finance, number)

    async def told(days: int) -> tuple[int, int]:
        clock.move(days=days)
        found = await remind_of_funding_disputes(session, today=clock.today, actor="worker", at=clock.now)
        await session.commit()
        [row] = await query("SELECT count(*) AS told FROM message WHERE purpose = 'funding_dispute_overdue'")
        return found, row["told"]

    assert [await told(days) for days in (28, 1, 1, 6)] == [(0, 0), (1, 1), (1, 1), (1, 2)]
    [row] = done(await as_finance.get(f"{API}/disputes", params={"state": "overdue"}))["items"]
    assert (row["id"], row["days_left"], row["state"]) == (opened["id"], -8, "overdue")


async def test_reading_a_list_costs_the_same_whatever_its_length(
    orders: Orders, given: Given, as_finance: AsyncClient, statements: Any
) -> None:
    counts = []
    for _ in range(2):
        number, _ = await delivered(orders, given)
        await dispute(as_finance, number)
        statements.clear()
        done(await as_finance.get(f"{API}/disputes"))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 3


async def test_who_may_not_settle_does_not(sign_in: SignIn, orders: Orders, given: Given) -> None:
    draft = await orders.draft(await given.product())
    for username in ("ot", "manager", "auditor"):
        client = await sign_in(username)
        answer = await client.post(f"{API}/disputes", json={"order_number": draft["number"], "reason": WHY})
        assert answer.status_code == 403


async def test_a_dispute_ends_with_its_order_where_nothing_was_charged(
    orders: Orders, given: Given, as_finance: AsyncClient, clock: Clock
) -> None:
    order = await orders.submitted(await given.product())
    opened = await dispute(as_finance, order["number"])
    await orders.step(order["number"], "cancel", by="ot", reason="They moved to another county.")
    url = f"{API}/disputes/{opened['id']}"
    assert (done(await as_finance.get(url))["state"], done(await as_finance.get(url))["days_left"]) == ("ended", None)
    for state, count in (("open", 0), ("overdue", 0), ("settled", 0), ("ended", 1)):
        assert len(done(await as_finance.get(f"{API}/disputes", params={"state": state}))["items"]) == count, state
    for verb, body in (("preview", {}), ("settle", {"settlement": "Agreed at the meeting of both boards."})):
        answer = await as_finance.post(f"{url}/{verb}", json={"funding": ICB} | body)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state"), answer.text


async def test_what_an_order_will_cost_is_split_piece_by_piece_as_it_is_charged(
    orders: Orders, given: Given, query: Query
) -> None:
    product = await given.product(purchase_price_pence=3_001)
    await given.items(3, product=product, purchase_price_pence=3_001)
    halves = [{"funder": "ASC", "percent": 50}, {"funder": "ICB", "percent": 50}]
    order = await orders.dispatched(product, funding=halves, lines=[{"product_code": product, "quantity": 3}])
    said = {one["funder"]: one["pence"] for one in order["funding"]}
    await orders.step(order["number"], "deliver", received_by="Her daughter")
    assert said == await stands(query) == {"ASC": 4_503, "ICB": 4_500}
