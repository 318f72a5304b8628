"""A person never pays for an aid: every way to charge one is refused, but for a top-up that they agreed to."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.errors import RuleError
from app.domain.loans import LoanKind
from app.features.loans import service as loans
from app.features.loans.counter import Said
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, SignIn
from tests.features.finance.funding.conftest import Rate
from tests.features.finance.funding.test_funding import API, ICB, WHY, delivered, dispute, settle, stands
from tests.features.ordering.conftest import Orders, done
from tests.features.panel.conftest import Panel
from tests.given import TRIED, Given
from tests.problems import check_problem

SELF = [{"funder": "SELF", "percent": 100}]
PART = [{"funder": "ASC", "percent": 90}, {"funder": "self", "percent": 10}]
CODE = "person-never-charged"


def check(answer: Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (422, CODE), answer.text


async def test_no_order_is_a_persons(orders: Orders, given: Given, as_ot: AsyncClient, as_finance: AsyncClient) -> None:
    product = await given.product()
    await given.items(1, product=product)
    for details in ({"funder": "SELF"}, {"funding": PART}, {"funder": "SELF", "funding": SELF}):
        check(await as_ot.post("/api/v1/orders", json=await orders.body(product, **details)))
    draft = await orders.draft(product)
    for change in ({"funder": "SELF"}, {"funding": PART}):
        url = f"/api/v1/orders/{draft['number']}"
        check(await as_ot.patch(url, json=change, headers={"If-Match": '"1"'}))
    order = await orders.submit(draft)
    body = {"funding": PART, "reason": "They said they would pay."}
    check(await as_finance.put(f"{API}/orders/{order['number']}/funding", json=body))
    page = await as_ot.get(f"/api/v1/orders/{order['number']}")
    assert [one["funder"] for one in page.json()["funding"]] == ["ASC"]


async def test_no_settlement_makes_it_a_persons(orders: Orders, given: Given, as_finance: AsyncClient) -> None:
    number, _ = await delivered(orders, given)
    opened = await dispute(as_finance, number)
    url = f"{API}/disputes/{opened['id']}"
    check(await as_finance.post(f"{url}/preview", json={"funding": PART}))
    check(await as_finance.post(f"{url}/settle", json={"funding": PART, "settlement": "They said they would pay."}))


async def test_no_panel_does(given: Given, sign_in: SignIn, sessions: Sessions) -> None:
    jsep = Panel(given, sign_in, sessions)
    senior = await sign_in("senior.ot")
    number = await jsep.draft()
    version = {"If-Match": f'"{(await jsep.get(f"/panel-cases/{number}"))["version"]}"'}
    check(await senior.patch(f"/api/v1/panel-cases/{number}", json={"proposed_funding": PART}, headers=version))
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await jsep.meeting(number)
    check(await jsep.decide(number, funding=PART))


async def test_no_team_and_no_counter_does(
    given: Given, as_finance: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    team = done(await as_finance.get(f"{API}/teams"))["items"][0]
    url = f"{API}/teams/{team['code']}"
    tag = {"If-Match": (await as_finance.get(url)).headers["ETag"]}
    check(await as_finance.patch(url, json={"funder": "SELF"}, headers=tag))
    barcode, client = await given.item(), await given.client()
    with pytest.raises(RuleError) as refusal:
        await loans.issue(
            session,
            barcode,
            client_ref=client,
            kind=LoanKind.LOAN,
            trial_ends_on=None,
            said=Said(funder="SELF", answers=None),
            actor="ot",
            at=clock.now,
        )
    assert refusal.value.code == CODE


ISSUE = "SELECT min(item_id) AS item, min(movement_seq) AS seq, min(order_id) AS asked FROM charge"
LINE = """
    INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, funder_id, percent, amount_pence,
                        item_id, movement_seq, order_id{more})
    SELECT gen_random_uuid(), '{kind}', month_to_post('2026-03-02'), '2026-03-02', now(), 'x', id, 100, {pence},
           {item}, {seq}, {asked}{instead}
    FROM funder WHERE code = 'SELF'
"""
NAMED = (
    "UPDATE equipment_order SET funder_id = (SELECT id FROM funder WHERE code = 'SELF')",
    "UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'SELF')",
    "INSERT INTO order_share SELECT equipment_order.id, funder.id, 1, 100 FROM equipment_order, funder "
    "WHERE funder.code = 'SELF'",
    "UPDATE funder SET kind = 'person' WHERE code = 'ASC'",
    "UPDATE funder SET kind = 'other' WHERE code = 'SELF'",
    "DELETE FROM funder WHERE code = 'SELF'",
)


async def test_the_database_refuses_it_as_well(
    orders: Orders, given: Given, query: Query, connection: AsyncConnection
) -> None:
    await delivered(orders, given)
    [issue] = await query(ISSUE)
    plain = {**issue, "more": "", "instead": ""}
    kinds = ("new_purchase", "delivery", "repair", "write_off", "top_up")
    lines = [LINE.format(kind=kind, pence=1, **plain) for kind in kinds]
    # Neither instead of a line that was wrong.
    correction = {"more": ", corrects_id, because", "instead": ", (SELECT min(id) FROM charge), 'x'"}
    lines.append(LINE.format(kind="new_purchase", pence=1, **{**plain, **correction}))
    for statement in (*lines, *NAMED):
        with pytest.raises(Exception, match=r"person|funder"):
            async with connection.begin_nested():
                await connection.execute(text(statement))


async def test_shares_that_do_not_come_to_the_whole_are_refused_at_the_commit(
    orders: Orders, given: Given, connection: AsyncConnection
) -> None:
    await orders.draft(await given.product())
    short = (
        "INSERT INTO order_share SELECT equipment_order.id, funder.id, 1, 99.99 FROM equipment_order, funder "
        "WHERE funder.code = 'ASC'"
    )
    before = await connection.begin_nested()
    await connection.execute(text(short))
    with pytest.raises(IntegrityError, match="100 %"):
        await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await before.rollback()


Add = Callable[..., Awaitable[Response]]


@pytest.fixture
def add(as_finance: AsyncClient, given: Given) -> Add:
    """Records a top-up of something of £100.01."""

    async def post(number: str, barcode: str, **more: Any) -> Response:
        free = more.pop("free", None) or await given.product(purchase_price_pence=6_000)
        body = {
            "order_number": number,
            "barcode": barcode,
            "funder": "SELF",
            "alternative_product_code": free,
            "pence": 4_000,
            "agreed_on": "2026-03-02",
            "agreement": "They know the plain one is free, and want this.",
            "confirmed_by": "ot",
            "told_not_paid_back": True,
        }
        return await as_finance.post(f"{API}/top-ups", json=body | more)

    return post


async def test_what_somebody_agreed_to_add_is_charged_beside_the_issue_and_can_be_taken_back(
    orders: Orders, given: Given, query: Query, rates: Rate, add: Add, as_finance: AsyncClient
) -> None:
    await rates("credit", taper='[{"from_months": 0, "percent": 50}]')
    number, barcode = await delivered(orders, given, funding=[*PART[:1], {"funder": "ICB", "percent": 10}])
    made = done(await add(number, barcode), 201)
    assert (made["charged_pence"], made["alternative_pence"]) == (10_001, 6_000)
    assert await stands(query) == {"ASC": 9_001 - 3_600, "ICB": 1_000 - 400, "SELF": 4_000}
    assert (await add(number, barcode)).json()["code"] == "already-topped-up"
    # The item's price says who pays what of it: the person what they add, the funders so much less.
    paid = done(await as_finance.get(f"{API}/items/{barcode}"))["of_its_price"]
    assert [one["pence"] for one in paid] == [10_001, 9_001 - 3_600, 1_000 - 400, 4_000, 0]
    said = ["charged £54.01, credited £0", "charged £6, credited £0", "charged £40, credited £0"]
    assert [one["label"].split(": ")[1] for one in paid[1:4]] == said

    # Neither side of it, nor the issue, is taken back by itself.
    lines = await query("SELECT id FROM charge WHERE kind IN ('new_purchase', 'top_up')")
    assert len(lines) == 5
    for line in lines:
        answer = await as_finance.post(f"{API}/charges/{line['id']}/reverse", json={"reason": "It was put in twice."})
        check_problem(answer, 409, "topped-up")
        assert "Withdraw the top-up" in answer.json()["detail"]

    # A settlement moves what funders pay, and leaves the person's part alone. A return credits the funders.
    opened = await dispute(as_finance, number)
    moved = (await settle(as_finance, opened["id"], ICB))["moved"]
    assert [(one["funder"], one["pence"]) for one in moved] == [("ASC", -5_401), ("ICB", 5_401)]
    await given.scan(barcode)
    # Half of what the funders paid: not of what the person added.
    assert await stands(query) == {"ICB": 6_001 - 3_001, "SELF": 4_000}

    url = f"{API}/top-ups/{made['id']}/withdraw"
    body = {"reason": "They changed their mind about it."}
    assert done(await as_finance.post(url, json=body))["withdrawn_by"] == "finance"
    # Half of all that they pay now.
    assert await stands(query) == {"ICB": 10_001 - 5_001}
    assert (await as_finance.post(url, json=body)).json()["code"] == "withdrawn-already"
    listed = done(await as_finance.get(f"{API}/top-ups", params={"order": number}))["items"]
    assert [one["withdrawn_because"] for one in listed] == [body["reason"]]
    assert (await as_finance.post(f"{API}/top-ups/99/withdraw", json=body)).json()["code"] == "unknown-top-up"


async def test_a_top_up_that_is_none_is_refused(orders: Orders, given: Given, add: Add) -> None:
    number, barcode = await delivered(orders, given)
    same = (await given.record(barcode)).product_code
    asked: list[tuple[dict[str, Any], str]] = [
        ({"pence": 4_002}, "top-up-too-high"),
        ({"pence": 0}, "top-up-too-high"),
        ({"free": await given.product(purchase_price_pence=20_000)}, "nothing-to-top-up"),
        ({"free": "NOTHING"}, "unknown-product"),
        ({"free": same}, "same-product"),
        ({"funder": "ASC"}, "not-a-person"),
        ({"agreed_on": "2026-03-03"}, "agreed-later"),
        ({"agreed_on": "2026-03-01"}, "agreed-before-the-order"),
        ({"free": await given.product(purchase_price_pence=1_000, category="09 33 04")}, "another-class"),
        ({"confirmed_by": "technician"}, "not-a-prescriber"),
        ({"told_not_paid_back": False}, "not-told"),
        ({"confirmed_by": ""}, "malformed"),
        ({"order_number": "O999999"}, "unknown-order"),
        ({"barcode": await given.item()}, "not-issued"),
        ({"barcode": "nonsense"}, "unknown-barcode"),
        ({"agreement": "."}, "not-a-reason"),
    ]
    for change, code in asked:
        answer = await add(number, change.pop("barcode", barcode), **change)
        found = answer.json()
        assert code in {found["code"], *(one["code"] for one in found.get("errors", []))}, found


async def test_nobody_adds_to_what_is_on_trial_or_what_the_service_itself_pays_for(
    orders: Orders, given: Given, add: Add, as_ot: AsyncClient, as_finance: AsyncClient, finance: Browser, query: Query
) -> None:
    product = await given.product(purchase_price_pence=10_001)
    await given.items(1, product=product)
    lines = [{"product_code": product, "kind": "trial", "trial_days": 7}]
    order = await orders.step((await orders.dispatched(product, lines=lines))["number"], "deliver", received_by="Mo")
    [unit] = order["lines"][0]["units"]
    tried = await add(order["number"], unit["barcode"])
    check_problem(tried, 409, "on-trial")
    assert "Record on the loan that they keep it" in tried.json()["detail"]
    body = {"outcome": "keep", **TRIED}
    done(await as_ot.post(f"/api/v1/loans/{unit['loan_id']}/trial-outcome", json=body))
    made = done(await add(order["number"], unit["barcode"]), 201)
    done(await as_finance.post(f"{API}/top-ups/{made['id']}/withdraw", json={"reason": "They changed their mind."}))

    [issue] = await query("SELECT id FROM charge WHERE kind = 'new_purchase' AND is_issue")
    own = {"reason": "It was ours.", "instead": {"funding": [{"funder": None, "percent": 100}]}}
    done(await as_finance.post(f"{API}/charges/{issue['id']}/reverse", json=own), 201)
    check_problem(await add(order["number"], unit["barcode"]), 409, "service-pays")
    said = {"barcode": unit["barcode"], "alternative_product_code": product, "funder": "SELF", "amount": "40"}
    day = {"agreed_on-day": "2", "agreed_on-month": "3", "agreed_on-year": "2026"}
    words = {"agreement": "They know the plain one is free, and want this.", "confirmed_by": "ot"} | {
        "told_not_paid_back": "true"
    }
    page = await finance.post_form(f"/finance/funding/{order['number']}/top-up", **said, **day, **words)
    assert "a person adds only to what a funder pays for" in page.errors["barcode"]


async def test_a_person_never_pays_more_than_was_agreed(
    orders: Orders, given: Given, add: Add, query: Query, connection: AsyncConnection
) -> None:
    number, barcode = await delivered(orders, given)
    done(await add(number, barcode), 201)
    [issue] = await query(ISSUE)
    more = LINE.format(kind="top_up", pence=1, **{**issue, "more": "", "instead": ""})
    with pytest.raises(IntegrityError, match="person"):
        async with connection.begin_nested():
            await connection.execute(text(more))


SIXTY = [{"funder": "ASC", "percent": 60}, {"funder": "ICB", "percent": 40}]
THIRDS = [{"funder": code, "percent": part} for code, part in (("ASC", 33.34), ("ICB", 33.33), ("CHC", 33.33))]
LINES = """
    SELECT line.kind, funder.code AS funder, amount_pence AS pence, recycled, is_issue FROM charge AS line
    JOIN funder ON funder.id = line.funder_id WHERE reversal_of IS NULL AND NOT EXISTS (
        SELECT FROM charge AS undone WHERE undone.reversal_of = line.id) ORDER BY line.id
"""


async def test_nobody_is_credited_with_more_than_they_paid_whoever_added_to_it(
    orders: Orders, given: Given, query: Query, rates: Rate, add: Add, as_finance: AsyncClient
) -> None:
    await rates("credit", taper='[{"from_months": 0, "percent": 100}]')
    number, barcode = await delivered(orders, given, funding=SIXTY)
    free = await given.product(purchase_price_pence=5_000)
    done(await add(number, barcode, free=free, pence=5_001), 201)
    made = [row for row in await query(LINES) if row["kind"] == "top_up"]
    assert [(row["funder"], row["pence"], row["recycled"], row["is_issue"]) for row in made] == [
        ("SELF", 5_001, None, False),
        ("ASC", -3_001, None, False),
        ("ICB", -2_000, None, False),
    ]
    paid = {"ASC": 3_000, "ICB": 2_000, "SELF": 5_001}
    assert await stands(query) == paid
    order = done(await as_finance.get(f"{API}/orders/{number}/funding"))
    assert [(one["funder"], one["percent"], one["pence"], one["top_up_pence"]) for one in order["funding"]] == [
        ("ASC", 60, 3_000, -3_001),
        ("ICB", 40, 2_000, -2_000),
        ("SELF", 0, 5_001, 5_001),
    ]
    assert order["charged_pence"] == 10_001
    item = done(await as_finance.get(f"{API}/items/{barcode}"))
    assert {one["funder"]: one["net_pence"] for one in item["funders"]} == paid
    report = done(await as_finance.get(f"{API}/reports/credits-outstanding"))
    assert report["totals"]["credit_pence"] == 5_000

    opened = await dispute(as_finance, number)
    await settle(as_finance, opened["id"], THIRDS)
    thirds = {"ASC": 1_667, "ICB": 1_667, "CHC": 1_666}
    assert await stands(query) == thirds | {"SELF": 5_001}
    await given.scan(barcode)
    credited = {row["funder"]: -row["pence"] for row in await query(LINES) if row["kind"] == "credit"}
    assert credited == thirds
    again = await add(number, barcode, free=free, pence=1)
    assert (again.status_code, again.json()["code"]) == (409, "already-back")


async def test_while_a_person_adds_to_it_the_issue_stays_as_it_is(
    orders: Orders, given: Given, query: Query, add: Add, as_finance: AsyncClient
) -> None:
    number, barcode = await delivered(orders, given)
    made = done(await add(number, barcode), 201)
    before = await query("SELECT id FROM charge WHERE kind IN ('new_purchase', 'top_up')")
    assert len(before) == 3
    for row in before:
        for instead in (None, {"pence": 50}):
            answer = await as_finance.post(
                f"{API}/charges/{row['id']}/reverse", json={"reason": WHY, "instead": instead}
            )
            assert (answer.status_code, answer.json()["code"]) == (409, "topped-up"), answer.text
    done(await as_finance.post(f"{API}/top-ups/{made['id']}/withdraw", json={"reason": WHY}))
    assert await stands(query) == {"ASC": 10_001}
    body = {"reason": WHY, "instead": {"pence": 50}}
    done(await as_finance.post(f"{API}/charges/{before[0]['id']}/reverse", json=body), 201)
    assert await stands(query) == {"ASC": 50}


async def test_no_funder_is_called_as_a_filter_is(as_finance: AsyncClient) -> None:
    for code in ("none", "All"):
        new = {"code": code, "name": "Nobody", "side": "health", "kind": "other"}
        answer = await as_finance.post(f"{API}/funders", json=new)
        assert (answer.status_code, answer.json()["code"]) == (422, "reserved-code")


async def test_why_is_said_everywhere(as_finance: AsyncClient, orders: Orders, given: Given) -> None:
    number, _ = await delivered(orders, given)
    body = {"order_number": number, "reason": WHY[:3]}
    assert (await as_finance.post(f"{API}/disputes", json=body)).status_code == 422
