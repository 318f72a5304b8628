"""Reservations through the API."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.domain.labels import make_tag
from app.domain.lifecycle import IN_STORE, Move, State
from app.ledger import move_one, verify
from tests.conftest import Clock, Query, Sessions
from tests.given import Given
from tests.problems import check_problem

RESERVATIONS, LOANS = "/api/v1/reservations", "/api/v1/loans"
UNKNOWN = make_tag("ES", 9_999_999)
BEYOND = {"outcome": "beyond_repair", "notes": "Frame bent.", "waste_stream": "metal", "reference": "WTN-1"}


async def state_of(client: AsyncClient, barcode: str) -> str:
    return str((await client.get(f"/api/v1/items/{barcode}")).json()["state"])


async def reserve(client: AsyncClient, barcode: str, who: str, first: str, last: str) -> int:
    body = {"barcode": barcode, "client_ref": who, "from": first, "until": last}
    made = await client.post(RESERVATIONS, json=body)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


async def ends(query: Query) -> list[str | None]:
    rows = await query("SELECT ended_because, ended_at IS NULL AS live FROM reservation ORDER BY id")
    assert all((row["ended_because"] is None) == row["live"] for row in rows)
    return [row["ended_because"] for row in rows]


# Making one.


async def test_a_reservation_keeps_an_item_until_a_day(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    barcode, client = await given.item(), await given.client()
    body = {"barcode": barcode, "client_ref": client.lower(), "from": clock.day(0), "until": clock.day(0)}
    made = await as_ot.post(RESERVATIONS, json=body)
    assert made.status_code == 201, made.text
    assert made.json() | {"id": 0, "product_code": "", "product_name": "", "made_at": ""} == {
        "id": 0,
        "barcode": barcode,
        "product_code": "",
        "product_name": "",
        "client_ref": client,
        "from": clock.day(0),
        "until": clock.day(0),
        "state": "reserved",
        "made_at": "",
        "made_by": "ot",
        "ended_at": None,
        "ended_because": None,
        "order_number": None,
    }
    assert await state_of(as_ot, barcode) == "reserved"


async def test_from_a_later_day_the_item_stays_in_stock(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    barcode = await given.item()
    await reserve(as_ot, barcode, await given.client(), clock.day(7), clock.day(14))
    assert await state_of(as_ot, barcode) == "in_stock"
    body = {"barcode": barcode, "client_ref": await given.client()}
    told = check_problem(
        await as_ot.post(RESERVATIONS, json=body | {"from": clock.day(14), "until": clock.day(20)}),
        409,
        "already-reserved",
        field="barcode",
    )
    assert "from 9 March 2026 until 16 March 2026" in told["detail"]
    check_problem(await as_ot.post(RESERVATIONS, json=body | {"until": clock.day(7)}), 409, "already-reserved")
    for first, last in ((0, 6), (15, 20)):
        await reserve(as_ot, barcode, body["client_ref"], clock.day(first), clock.day(last))
    assert await state_of(as_ot, barcode) == "reserved"


async def test_by_product_recycled_stock_goes_first(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    product = await given.product()
    await given.items(1, product=product)
    recycled = await given.recycled(product=product)
    held = await given.recycled(product=product)
    await given.hold(held)
    body = {"product_code": product, "client_ref": await given.client(), "until": clock.day(7)}
    assert (await as_ot.post(RESERVATIONS, json=body)).json()["barcode"] == recycled
    assert (await as_ot.post(RESERVATIONS, json=body)).status_code == 201
    check_problem(await as_ot.post(RESERVATIONS, json=body), 409, "no-stock", field="product_code")


async def test_by_product_what_is_promised_for_later_comes_last_and_other_days_are_free(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    product, who = await given.product(), await given.client()
    [first, second] = await given.items(2, product=product)
    await reserve(as_ot, first, who, clock.day(30), clock.day(40))
    body = {"product_code": product, "client_ref": who, "until": clock.day(7)}
    assert [(await as_ot.post(RESERVATIONS, json=body)).json()["barcode"] for _ in range(2)] == [second, first]
    check_problem(await as_ot.post(RESERVATIONS, json=body), 409, "no-stock")
    later = body | {"from": clock.day(8), "until": clock.day(9)}
    assert [(await as_ot.post(RESERVATIONS, json=later)).json()["barcode"] for _ in range(2)] == [first, second]
    check_problem(await as_ot.post(RESERVATIONS, json=later), 409, "no-stock")


async def test_by_product_and_store_only_what_stands_there_is_taken(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    product = await given.product()
    await given.items(1, product=product, store="MAIN")
    [coast] = await given.items(1, product=product, store="COAST")
    body = {"product_code": product, "client_ref": await given.client(), "until": clock.day(7)}
    there = await as_ot.post(RESERVATIONS, json=body | {"store": "COAST"})
    assert there.json()["barcode"] == coast
    check_problem(await as_ot.post(RESERVATIONS, json=body | {"store": "COAST"}), 409, "no-stock")
    check_problem(await as_ot.post(RESERVATIONS, json=body | {"store": "MOON"}), 422, "unknown-store", field="store")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"barcode": None}, 422, "reserve-what", "barcode"),
        ({"product_code": "P"}, 422, "reserve-what", "barcode"),
        ({"barcode": None, "product_code": "NO-SUCH"}, 409, "no-stock", "product_code"),
        ({"barcode": UNKNOWN}, 404, "unknown-barcode", "barcode"),
        ({"barcode": "ES000123473"}, 422, "mistyped-barcode", "barcode"),
        ({"client_ref": "NOBODY"}, 404, "unknown-client", "client_ref"),
        ({"until": "2026-03-01"}, 422, "ends-before-it-starts", "until"),
        ({"from": "2026-03-10", "until": "2026-03-09"}, 422, "ends-before-it-starts", "until"),
        ({"from": "2026-03-01"}, 422, "starts-in-the-past", "from"),
        ({"from": "2026-12-01", "until": "2026-12-02"}, 422, "starts-too-far-ahead", "from"),
        ({"until": "2027-03-04"}, 422, "reserved-too-long", "until"),
        ({"until": None}, 422, "malformed", "until"),
        ({"until": "31/12/2026"}, 422, "malformed", "until"),
        ({"from": "x"}, 422, "malformed", "from"),
        ({"store": "MAIN"}, 422, "store-with-barcode", "store"),
    ],
)
async def test_a_reservation_that_cannot_be_is_refused(
    as_ot: AsyncClient,
    given: Given,
    clock: Clock,
    change: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    barcode = await given.item()
    body = {"barcode": barcode, "client_ref": await given.client(), "until": clock.day(7)}
    check_problem(await as_ot.post(RESERVATIONS, json=body | change), status, code, field=field)
    assert await state_of(as_ot, barcode) == "in_stock"


@pytest.mark.parametrize("first", [0, 30])
@pytest.mark.parametrize("state", list(State))
async def test_only_what_is_free_on_the_shelf_is_reserved(
    as_ot: AsyncClient, given: Given, clock: Clock, state: State, first: int
) -> None:
    barcode = await given.item(state)
    body = {"barcode": barcode, "client_ref": await given.client(), "from": clock.day(first), "until": clock.day(37)}
    answer = await as_ot.post(RESERVATIONS, json=body)
    if state is State.IN_STOCK or (state is State.RESERVED and first):
        assert answer.status_code == 201
    else:
        dirty = IN_STORE - {State.RESERVED}
        code = "already-reserved" if state is State.RESERVED else "not-clear" if state in dirty else "wrong-state"
        check_problem(answer, 409, code)


@pytest.mark.parametrize("first", [0, 3])
async def test_what_is_on_hold_is_not_reserved(as_ot: AsyncClient, given: Given, clock: Clock, first: int) -> None:
    barcode, who = await given.item(), await given.client()
    await given.hold(barcode)
    body = {"barcode": barcode, "client_ref": who, "from": clock.day(first), "until": clock.day(7)}
    assert check_problem(await as_ot.post(RESERVATIONS, json=body), 409, "on-hold")["blockers"]


# Reading, extending, giving up.


async def test_reservations_are_listed_by_client_item_maker_and_whether_they_live(
    as_ot: AsyncClient, as_senior_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    one, two, who = await given.item(), await given.item(), await given.client()
    first = await reserve(as_ot, one, who, clock.day(0), clock.day(3))
    second = await reserve(as_senior_ot, one, await given.client(), clock.day(5), clock.day(6))
    third = await reserve(as_ot, two, who, clock.day(0), clock.day(3))
    await as_ot.delete(f"{RESERVATIONS}/{third}")

    async def found(**params: Any) -> list[int]:
        answer = await as_ot.get(RESERVATIONS, params=params)
        assert answer.status_code == 200, answer.text
        return [line["id"] for line in answer.json()["items"]]

    assert await found() == [first, second, third]
    assert await found(client_ref=who.lower()) == [first, third]
    assert await found(barcode=one) == [first, second]
    assert await found(mine=True) == [first, third]
    assert await found(live=True) == [first, second]
    assert await found(live=False, mine=True) == [third]
    page = (await as_ot.get(RESERVATIONS, params={"limit": 1})).json()
    assert await found(after=page["next"]) == [second, third]
    [row] = await query("SELECT count(*) AS n FROM audit_event WHERE action = 'reservations_listed'")
    assert row["n"] == 8
    read = await as_ot.get(f"{RESERVATIONS}/{third}")
    assert (read.json()["ended_because"], read.json()["from"]) == ("given_up", clock.day(0))
    [row] = await query("SELECT subject FROM audit_event WHERE action = 'reservation_read'")
    assert row["subject"] == f"client:{who}"


async def test_a_reservation_is_extended_as_far_as_nobody_elses_days(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    mine = await reserve(as_ot, barcode, await given.client(), clock.day(0), clock.day(3))
    await reserve(as_ot, barcode, await given.client(), clock.day(10), clock.day(12))
    url = f"{RESERVATIONS}/{mine}"
    check_problem(await as_ot.patch(url, json={"until": clock.day(5)}), 412, "if-match-required")
    match = {"If-Match": (await as_ot.get(url)).headers["etag"]}
    check_problem(
        await as_ot.patch(url, json={"until": clock.day(10)}, headers=match), 409, "already-reserved", field="until"
    )
    longer = await as_ot.patch(url, json={"until": clock.day(9)}, headers=match)
    assert (longer.status_code, longer.json()["until"]) == (200, clock.day(9)), longer.text
    check_problem(await as_ot.patch(url, json={"until": clock.day(8)}, headers=match), 412, "stale")
    match = {"If-Match": longer.headers["etag"]}
    for until, code in ((clock.day(-1), "ends-in-the-past"), ("2027-03-04", "reserved-too-long")):
        check_problem(await as_ot.patch(url, json={"until": until}, headers=match), 422, code, field="until")
    assert (await as_ot.delete(url)).status_code == 204
    check_problem(await as_ot.patch(url, json={"until": clock.day(8)}, headers=match), 409, "already-ended")


async def test_a_reservation_that_is_given_up_frees_the_item_also_when_it_is_on_hold(
    as_ot: AsyncClient, given: Given, query: Query
) -> None:
    kept = await given.reservation()
    await given.hold(kept.barcode)
    assert (await as_ot.delete(f"{RESERVATIONS}/{kept.id}")).status_code == 204
    assert await state_of(as_ot, kept.barcode) == "in_stock"
    check_problem(await as_ot.delete(f"{RESERVATIONS}/{kept.id}"), 409, "already-ended")
    assert await ends(query) == ["given_up"]


async def test_one_for_later_is_given_up_without_moving_the_item(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    kept = await given.reservation(days=3)
    later = await reserve(as_ot, kept.barcode, await given.client(), clock.day(5), clock.day(6))
    assert (await as_ot.delete(f"{RESERVATIONS}/{later}")).status_code == 204
    assert await state_of(as_ot, kept.barcode) == "reserved"
    assert await ends(query) == [None, "given_up"]


async def test_an_item_that_was_put_aside_for_later_as_it_once_was_is_freed_when_that_is_given_up(
    as_ot: AsyncClient, given: Given, clock: Clock, sessions: Sessions
) -> None:
    barcode = await given.item()
    later = await reserve(as_ot, barcode, await given.client(), clock.day(5), clock.day(6))
    async with sessions.begin() as session:
        await move_one(session, barcode, Move.RESERVE, actor="ot", at=clock.now, reference=f"reservation {later}")
    assert (await as_ot.delete(f"{RESERVATIONS}/{later}")).status_code == 204
    assert await state_of(as_ot, barcode) == "in_stock"
    async with sessions() as session:
        assert (await verify(session))[1] is None


@pytest.mark.parametrize("number", ["9223372036854775807", "1"])
async def test_a_reservation_that_is_not_there_is_not_found(as_ot: AsyncClient, number: str) -> None:
    url = f"{RESERVATIONS}/{number}"
    check_problem(await as_ot.get(url), 404, "unknown-reservation")
    check_problem(await as_ot.delete(url), 404, "unknown-reservation")
    change = await as_ot.patch(url, json={"until": "2026-03-09"}, headers={"If-Match": '"1"'})
    check_problem(change, 404, "unknown-reservation")


# What it means for handing out.


async def test_a_reservation_for_later_blocks_a_loan_to_another_and_a_trial_that_reaches_into_it(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    barcode, theirs, other = await given.item(), await given.client(), await given.client()
    await reserve(as_ot, barcode, theirs, clock.day(10), clock.day(12))
    body = {"barcode": barcode, "client_ref": other}
    told = check_problem(await as_ot.post(LOANS, json=body), 409, "already-reserved", field="barcode")
    assert "from 12 March 2026 until 14 March 2026" in told["detail"]
    trial = body | {"kind": "trial", "trial_ends_on": clock.day(10)}
    check_problem(await as_ot.post(LOANS, json=trial), 409, "already-reserved")
    assert (await as_ot.post(LOANS, json=trial | {"trial_ends_on": clock.day(9)})).status_code == 201
    await given.scan(barcode)
    assert await ends(query) == [None]


async def test_a_loan_to_the_client_takes_all_their_reservations_of_the_item(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    barcode, who = await given.item(), await given.client()
    await reserve(as_ot, barcode, who, clock.day(0), clock.day(2))
    await reserve(as_ot, barcode, who, clock.day(10), clock.day(12))
    assert (await as_ot.post(LOANS, json={"barcode": barcode, "client_ref": who})).status_code == 201
    assert await ends(query) == ["taken", "taken"]


async def test_a_dispatched_item_that_is_scanned_back_loses_the_reservation_it_was_sent_for_and_no_other(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query, sessions: Sessions
) -> None:
    kept = await given.reservation()
    await reserve(as_ot, kept.barcode, await given.client(), clock.day(10), clock.day(12))
    async with sessions.begin() as session:
        await move_one(session, kept.barcode, Move.DISPATCH, actor="technician", at=clock.now)
    assert await ends(query) == [None, None]
    check_problem(await as_ot.delete(f"{RESERVATIONS}/{kept.id}"), 409, "wrong-state")
    await given.scan(kept.barcode)
    assert await ends(query) == ["item_unfit", None]


async def test_what_is_lost_fails_or_is_scrapped_says_why_its_reservations_ended(
    as_ot: AsyncClient, as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    missing, failed = await given.reservation(), await given.reservation()
    scrapped, mended = await given.item(), await given.item()
    for barcode in (missing.barcode, failed.barcode, scrapped, mended):
        await reserve(as_ot, barcode, await given.client(), clock.day(20), clock.day(21))
    await given.missing(missing.barcode)
    assert await ends(query) == ["item_missing", None, "item_missing", None, None, None]
    await as_technician.post("/api/v1/inspections", json={"barcode": failed.barcode, "outcome": "failed"})
    await given.scrapped(scrapped)
    assert await ends(query) == ["item_missing", "item_unfit", "item_missing", None, "item_unfit", None]
    await as_technician.post(f"/api/v1/items/{failed.barcode}/repair", json=BEYOND)
    assert await ends(query) == ["item_missing", "item_unfit", "item_missing", "item_unfit", "item_unfit", None]


async def test_what_an_order_holds_is_the_orders(
    as_ot: AsyncClient, given: Given, clock: Clock, sessions: Sessions, query: Query
) -> None:
    kept = await given.reservation()
    async with sessions.begin() as session:
        for statement in HELD_BY_AN_ORDER:
            await session.execute(text(statement), {"id": kept.id, "at": clock.now})
    url = f"{RESERVATIONS}/{kept.id}"
    read = await as_ot.get(url)
    assert read.json()["order_number"] == "O000001"
    match = {"If-Match": read.headers["etag"]}
    check_problem(await as_ot.delete(url), 409, "held-by-order")
    check_problem(await as_ot.patch(url, json={"until": clock.day(9)}, headers=match), 409, "held-by-order")
    after = {"barcode": kept.barcode, "client_ref": kept.client_ref, "from": clock.day(30), "until": clock.day(31)}
    check_problem(await as_ot.post(RESERVATIONS, json=after), 409, "already-reserved")
    loan = {"barcode": kept.barcode, "client_ref": kept.client_ref}
    check_problem(await as_ot.post(LOANS, json=loan), 409, "held-by-order")
    assert await ends(query) == [None]


HELD_BY_AN_ORDER = (
    """
    INSERT INTO equipment_order (number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning,
                                 decision, made_at, made_by, submitted_at, promised_on)
    SELECT 'O000001', (SELECT client_id FROM reservation WHERE id = :id), funder.id, team.id, store.id,
           'three_day', 'prevention', 'Needs it.', 'awaiting_authorisation', :at, 'ot', :at, DATE '2026-03-05'
    FROM funder, team, store ORDER BY funder.id, team.id, store.id LIMIT 1
    """,
    """
    INSERT INTO order_line (order_id, position, product_id, quantity, kind, unit_price_pence,
                            accept_equivalent, prefer_new)
    SELECT equipment_order.id, 1, item.product_id, 1, 'loan', 4500, false, false
    FROM equipment_order, reservation JOIN item ON item.id = item_id WHERE reservation.id = :id
    """,
    "INSERT INTO order_unit (order_line_id, reservation_id) SELECT order_line.id, :id FROM order_line",
)
