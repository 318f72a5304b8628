"""Consignments by the API: out by scan, held on the way, in by scan, late, missing."""

from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.clearance import HoldKind
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

TRANSFERS = "/api/v1/transfers"
WASTE = {"waste_stream": "metal", "reference": "WTN-1"}


async def make(client: AsyncClient, sender: str = "MAIN", receiver: str = "COAST", **body: Any) -> str:
    answer = await client.post(TRANSFERS, json={"from_store": sender, "to_store": receiver, **body})
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    return number


async def scan(client: AsyncClient, number: str, verb: str, *barcodes: str) -> list[dict[str, Any]]:
    scans = [{"scan_id": str(uuid4()), "barcode": barcode} for barcode in barcodes]
    answer = await client.post(f"{TRANSFERS}/{number}/{verb}", json={"scans": scans})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [one["scan_id"] for one in results] == [one["scan_id"] for one in scans]
    return results


async def read(client: AsyncClient, number: str) -> dict[str, Any]:
    answer = await client.get(f"{TRANSFERS}/{number}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def told(results: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(one["outcome"], one["code"]) for one in results]


def lines(consignment: dict[str, Any]) -> dict[str, str]:
    return {one["barcode"]: one["line_state"] for one in consignment["lines"]}


async def test_what_is_sent_is_on_its_way_until_it_is_received(as_technician: AsyncClient, given: Given) -> None:
    clean, dirty = (await given.items(1, bay="A1"))[0], await given.item(State.RETURNED)
    number = await make(as_technician)
    assert (await read(as_technician, number))["state"] == "packing"
    assert told(await scan(as_technician, number, "sent", clean, dirty, clean)) == [
        ("accepted", None),
        ("accepted", "contaminated"),
        ("duplicate", "repeated-barcode"),
    ]
    assert told(await scan(as_technician, number, "sent", clean)) == [("duplicate", "already-sent")]
    record = await given.record(clean)
    main, coast = (await given.stores())["MAIN"].id, (await given.stores())["COAST"].id
    assert (record.state, record.store_id, record.bay) == (State.IN_STOCK, main, "On its way to COAST")
    assert [hold.kind for hold in record.evidence.holds] == [HoldKind.IN_TRANSIT]
    assert (await read(as_technician, number))["state"] == "on_its_way"

    results = await scan(as_technician, number, "received", clean, dirty)
    assert told(results) == [("accepted", None)] * 2
    assert [(one["state"], one["holds"]) for one in results] == [("in_stock", []), ("returned", [])]
    for barcode, state in ((clean, State.IN_STOCK), (dirty, State.RETURNED)):
        record = await given.record(barcode)
        assert (record.state, record.store_id, record.bay, record.evidence.holds) == (state, coast, None, ())
    assert told(await scan(as_technician, number, "received", clean)) == [("duplicate", "already-received")]
    consignment = await read(as_technician, number)
    assert (consignment["state"], consignment["sent"], consignment["arrived"]) == ("received", 2, 2)
    history = (await as_technician.get(f"/api/v1/items/{clean}/history")).json()["items"]
    assert [(line["move"], line["store"], line["reference"]) for line in history[1:]] == [
        ("transfer", "MAIN", number),
        ("transfer", "COAST", number),
    ]


async def test_nobody_can_be_given_what_is_on_its_way_and_nobody_moves_it_otherwise(
    as_technician: AsyncClient, as_ot: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    product = await given.product()
    [barcode] = await given.items(1, product=product)
    number = await make(as_technician)
    await scan(as_technician, number, "sent", barcode)
    client_ref = await given.client()
    lend = {"barcode": barcode, "client_ref": client_ref}
    check_problem(await as_ot.post("/api/v1/loans", json=lend), 409, "on-hold")
    until = (given.today.replace(day=28)).isoformat()
    keep = {"product_code": product, "client_ref": client_ref, "until": until}
    assert (await as_ot.post("/api/v1/reservations", json=keep)).status_code == 409
    found = (await as_ot.get(f"/api/v1/products/{product}")).json()
    assert [(one["recycled"], one["new"]) for one in found["availability"]] == [(0, 0), (0, 0)]
    item = f"/api/v1/items/{barcode}"
    why = {"reason": "Wanted somewhere else."}
    for verb, body in (("transfer", {"store": "COAST"}), ("missing", {}), ("scrap", WASTE)):
        check_problem(await as_manager.post(f"{item}/{verb}", json=body | why), 409, "in-transit")
    hold = (await as_manager.get(item)).json()["holds"][0]["id"]
    check_problem(await as_manager.delete(f"{item}/holds/{hold}", params=why), 409, "in-transit")
    by_hand = why | {"kind": "in_transit"}
    check_problem(await as_manager.post(f"{item}/holds", json=by_hand), 422, "not-by-hand")
    other = await make(as_technician)
    assert told(await scan(as_technician, other, "sent", barcode)) == [("refused", "in-transit")]


async def test_what_may_not_be_sent_is_refused_scan_by_scan(as_technician: AsyncClient, given: Given) -> None:
    kept, lent = (await given.reservation()).barcode, (await given.loan()).barcode
    [elsewhere] = await given.items(1, store="COAST")
    number = await make(as_technician)
    results = await scan(as_technician, number, "sent", kept, lent, elsewhere, "ES000000144", "XX000000155")
    assert told(results) == [
        ("refused", "reserved"),
        ("refused", "wrong-state"),
        ("refused", "not-here"),
        ("refused", "mistyped-barcode"),
        ("unknown", "other-service"),
    ]
    assert (await read(as_technician, number))["lines"] == []


async def test_a_scan_that_a_device_sends_again_is_answered_as_before_and_one_that_waited_too_long_is_refused(
    as_technician: AsyncClient, as_manager: AsyncClient, manager: Browser, given: Given, clock: Clock
) -> None:
    one, two = await given.items(2)
    back = (await given.loan()).barcode
    clock.move(hours=1)
    number = await make(as_technician)
    scans = [
        {"scan_id": str(uuid4()), "barcode": barcode, "scanned_at": clock.now.isoformat()}
        for barcode in (one, two, back)
    ]
    url = f"{TRANSFERS}/{number}/sent"
    for outcome in (("accepted", None), ("duplicate", "scan-already-taken")):
        body = {"scans": scans[:1], "sent_at": clock.now.isoformat()}
        assert told((await as_technician.post(url, json=body)).json()["results"]) == [outcome]
    clock.move(hours=1)
    await given.loan(two)
    await given.scan(two)
    clock.move(hours=2)
    # The second was put with what goes away three hours ago, and a client has had it since. The third came back from
    # one before it was put there, and the scan that says so has waited as long.
    await given.scan(back)
    body = {"scans": scans, "sent_at": clock.now.isoformat()}
    results = (await as_technician.post(url, json=body)).json()["results"]
    assert told(results) == [
        ("duplicate", "scan-already-taken"),
        ("refused", "moved-since-scan"),
        ("accepted", "contaminated"),
    ]
    [waiting] = (await as_manager.get("/api/v1/returns/unmatched")).json()["items"]
    assert (waiting["kind"], waiting["scanned_into"], waiting["barcode"]) == ("sent", number, two)
    assert f"Scanned as sent with consignment {number}" in (await manager.get("/returns/unmatched")).text


async def test_what_nobody_sent_is_taken_and_told(as_technician: AsyncClient, given: Given, query: Query) -> None:
    sent, of_another, stranger, sent_back = await given.items(4)
    [here] = await given.items(1, store="COAST")
    lent = (await given.loan()).barcode
    number, other = await make(as_technician), await make(as_technician)
    back = await make(as_technician, "COAST", "MAIN")
    await scan(as_technician, number, "sent", sent)
    await scan(as_technician, other, "sent", of_another, sent_back)
    results = await scan(as_technician, number, "received", sent, of_another, stranger, here, lent)
    assert told(results) == [
        ("accepted", None),
        ("accepted", "of-another-consignment"),
        ("accepted", "not-sent"),
        ("refused", "already-here"),
        ("refused", "not-in-a-store"),
    ]
    assert f"with {other} to COAST" in results[1]["detail"]
    assert lines(await read(as_technician, number)) == {
        sent: "arrived",
        of_another: "came_along",
        stranger: "came_along",
    }
    # It never left, or was brought back: whoever has it in their hands may say so.
    assert told(await scan(as_technician, back, "received", sent_back)) == [("accepted", "of-another-consignment")]
    record = await given.record(sent_back)
    assert (record.store_id, record.bay) == ((await given.stores())["MAIN"].id, "Arrivals")
    consignment = await read(as_technician, other)
    assert (consignment["state"], lines(consignment)) == ("received", {of_another: "arrived", sent_back: "arrived"})
    assert await query("SELECT id FROM hold WHERE lifted_at IS NULL") == []


async def test_what_does_not_arrive_is_late_is_on_the_start_page_and_can_be_missing(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    one, two = await given.items(2)
    number = await make(as_technician)
    await scan(as_technician, number, "sent", one, two)
    clock.move(days=3)
    assert (await as_technician.get(TRANSFERS, params={"late": True})).json()["items"] == []
    clock.move(days=1)
    await scan(as_technician, number, "received", two)
    [row] = (await as_technician.get(TRANSFERS, params={"late": True, "store": "COAST"})).json()["items"]
    assert (row["number"], row["late"], row["on_its_way"]) == (number, 1, 1)
    body = {"barcode": one, "reason": "The driver searched the van."}
    consignment = (await as_manager.post(f"{TRANSFERS}/{number}/missing", json=body)).json()
    assert (consignment["state"], lines(consignment)) == ("received", {one: "missing", two: "arrived"})
    record = await given.record(one)
    assert (record.state, record.evidence.holds) == (State.MISSING, ())
    for barcode in (one, two):
        again = await as_manager.post(f"{TRANSFERS}/{number}/missing", json=body | {"barcode": barcode})
        check_problem(again, 404, "not-on-its-way")


async def test_what_arrives_after_it_was_written_off_is_found_there_and_is_dirty(
    as_technician: AsyncClient, technician: Browser, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    one, lost = await given.items(2)
    number = await make(as_technician)
    await scan(as_technician, number, "sent", one)
    body = {"barcode": one, "reason": "The driver searched the van."}
    await as_manager.post(f"{TRANSFERS}/{number}/missing", json=body)
    # One that was missing before, and that nobody sent, is found as well.
    await given.missing(lost)
    results = await scan(as_technician, number, "received", one, lost)
    assert told(results) == [("accepted", "found"), ("accepted", "found")]
    assert results[0]["next_step"]["route"] == "wash_down"
    for barcode in (one, lost):
        record = await given.record(barcode)
        assert (record.state, record.store_id) == (State.RETURNED, (await given.stores())["COAST"].id)
    assert len(await query("SELECT id FROM decontamination WHERE finished_at IS NULL")) == 2
    assert lines(await read(as_technician, number)) == {one: "arrived", lost: "came_along"}
    assert "after it was recorded as missing" in (await technician.get(f"/transfers/{number}")).text
    assert told(await scan(as_technician, number, "received", one)) == [("duplicate", "already-received")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"from_store": "MAIN", "to_store": "MAIN"}, 422, "same-store"),
        ({"from_store": "MOON", "to_store": "MAIN"}, 422, "unknown-store"),
        ({"to_store": "MOON", "from_store": "MAIN"}, 422, "unknown-store"),
        ({"wanted": [{"product_code": "NO-SUCH", "quantity": 1}]}, 422, "unknown-product"),
        ({"wanted": [{"product_code": "P-1", "quantity": 1}] * 2}, 422, "repeated-product"),
    ],
)
async def test_a_consignment_that_makes_no_sense_is_refused(
    as_technician: AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    new = {"from_store": "MAIN", "to_store": "COAST"} | body
    check_problem(await as_technician.post(TRANSFERS, json=new), status, code)


async def test_what_is_on_hold_is_sent_with_words_that_say_so(as_technician: AsyncClient, given: Given) -> None:
    held = await given.item()
    await given.hold(held, reason="The castor is loose.")
    number = await make(as_technician)
    [result] = await scan(as_technician, number, "sent", held)
    assert (result["outcome"], result["code"], result["next_step"]["route"]) == ("accepted", "on-hold", "load_held")
    assert result["detail"] == "On hold. Fault: The castor is loose."
    assert "tell Coast" in result["next_step"]["text"]


async def test_what_is_refused_twice_for_one_reason_is_one_line(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    elsewhere = await given.item(State.ON_LOAN)
    number = await make(as_technician)
    for verb in ("sent", "received"):
        for _ in range(2):
            [result] = await scan(as_technician, number, verb, elsewhere)
            assert result["outcome"] == "refused"
    lines = (await as_manager.get("/api/v1/returns/unmatched")).json()["items"]
    assert [line["code"] for line in lines] == ["wrong-state", "not-in-a-store"]


async def test_a_consignment_is_cancelled_while_it_is_empty(as_technician: AsyncClient, given: Given) -> None:
    number, other = await make(as_technician), await make(as_technician)
    assert (await as_technician.post(f"{TRANSFERS}/{number}/cancel")).json()["state"] == "cancelled"
    scans = {"scans": [{"scan_id": str(uuid4()), "barcode": (await given.items(1))[0]}]}
    check_problem(await as_technician.post(f"{TRANSFERS}/{number}/sent", json=scans), 409, "cancelled")
    await as_technician.post(f"{TRANSFERS}/{other}/sent", json=scans)
    check_problem(await as_technician.post(f"{TRANSFERS}/{other}/cancel"), 409, "already-sent")
    check_problem(await as_technician.get(f"{TRANSFERS}/T999999"), 404, "unknown-consignment")
    check_problem(await as_technician.post(f"{TRANSFERS}/T999999/sent", json=scans), 404, "unknown-consignment")


async def test_a_count_tells_what_is_on_its_way_apart(as_technician: AsyncClient, given: Given) -> None:
    away, here = await given.items(2)
    number = await make(as_technician)
    await scan(as_technician, number, "sent", away)
    count = (await as_technician.post("/api/v1/stocktakes", json={"store": "MAIN"})).json()
    assert count["expected"] == 1
    scans = {"scans": [{"scan_id": str(uuid4()), "barcode": barcode} for barcode in (away, here)]}
    answer = await as_technician.post(f"/api/v1/stocktakes/{count['number']}/scans", json=scans)
    assert told(answer.json()["results"]) == [("accepted", "counted-in-transit"), ("accepted", None)]
    count = (await as_technician.get(f"/api/v1/stocktakes/{count['number']}")).json()
    assert [(one["barcode"], one["corrections"]) for one in count["differences"]] == [(away, ["none"])]


async def test_the_statements_do_not_grow_with_what_is_scanned(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    barcodes = await given.items(30)
    number = await make(as_technician)
    spent = []
    for verb in ("sent", "received"):
        for some in (barcodes[:1], barcodes[1:]):
            statements.clear()
            await scan(as_technician, number, verb, *some)
            spent.append(len(statements))
    statements.clear()
    await read(as_technician, number)
    assert (spent, len(statements)) == ([16, 16, 14, 14], 4)


async def test_what_is_contaminated_travels_marked_and_what_nobody_asked_for_is_said(
    as_technician: AsyncClient, technician: Browser, given: Given, query: Query, statements: Statements
) -> None:
    wanted, other = await given.product(), await given.product()
    listed = await given.items(3, product=wanted)
    unlisted = await given.items(1, product=other)
    dirty = await given.item(State.DECONTAMINATING, product=other)
    clean = await given.recycled(product=wanted)
    number = await make(as_technician, wanted=[{"product_code": wanted, "quantity": 2}])
    results = await scan(as_technician, number, "sent", listed[0], clean, listed[1], *unlisted, dirty)
    assert told(results) == [
        ("accepted", None),
        ("accepted", None),
        ("accepted", "not-on-the-list"),
        ("accepted", "not-on-the-list"),
        ("accepted", "contaminated"),
    ]
    assert "asks for 2 of these, and with this one 3 are sent" in results[2]["detail"]
    assert [one["code"] for one in results[4]["warnings"]] == ["contaminated", "not-on-the-list"]
    assert results[4]["next_step"]["route"] == "load_contaminated"
    assert "mark it “Contaminated”" in results[4]["next_step"]["text"]
    on_it = {
        one["barcode"]: (one["sent_contaminated"], one["is_wanted"])
        for one in (await read(as_technician, number))["lines"]
    }
    assert on_it == {
        **dict.fromkeys((*listed[:2], clean), (False, True)),
        unlisted[0]: (False, False),
        dirty: (True, False),
    }
    page = await technician.get(f"/transfers/{number}")
    assert "1 item travels contaminated" in page.text
    assert page.text.count("Not on the list") == 2
    assert "3 (more than wanted)" in page.text
    [move] = await query(
        "SELECT reason FROM movement JOIN item ON item.id = item_id WHERE barcode = :tag ORDER BY seq DESC LIMIT 1",
        tag=dirty,
    )
    assert move["reason"].endswith("Contaminated: it was not clean when it left.")
    # The device is told what it can warn of by itself.
    await given.on(listed[2], State.RETURNED)
    known = (await technician.get(f"/transfers/{number}/scan", mode="send_consignment")).soup.select_one("#known-here")
    assert known
    assert listed[2] in str(known["data-contaminated"]).split()
    assert unlisted[0] not in str(known["data-wanted"]).split()
    received = await technician.get(f"/transfers/{number}/scan", mode="receive_consignment")
    assert received.soup.select_one("#known-here") is None


async def test_many_that_are_sent_cost_as_many_statements_as_one(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    counts = []
    for some in (1, 5):
        tags = [await given.item(State.RETURNED) for _ in range(some)] + await given.items(some)
        number = await make(as_technician)
        statements.clear()
        await scan(as_technician, number, "sent", *tags)
        counts.append(len(statements))
    assert counts[0] == counts[1]
