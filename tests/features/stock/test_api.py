"""Stock by the API: goods in, one item, lists and histories, moves between stores, holds, losses and scrap."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.labels import make_tag, read_tag
from app.domain.lifecycle import IN_STORE, Move, State, can_move
from tests.conftest import Clock, Query
from tests.given import Given
from tests.problems import check_problem

ITEMS = "/api/v1/items"
REASON = {"reason": "Moved to make room."}
SCRAP: dict[str, object] = {"waste_stream": "metal", "reference_follows": True}


def goods(product: str, clock: Clock, **change: Any) -> dict[str, Any]:
    return {"product_code": product, "store": "MAIN", "quantity": 1, "received_on": clock.day(0)} | change


async def test_goods_come_in_by_number_and_each_has_a_tag_that_can_be_read(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    product = await given.product(purchase_price_pence=4500)
    made = await as_technician.post(ITEMS, json=goods(product, clock, quantity=3, bay="A1", lot_number="L-7"))
    assert made.status_code == 201, made.text
    lines = made.json()["items"]
    assert len({line["barcode"] for line in lines}) == 3
    for line in lines:
        assert read_tag(line["barcode"], prefix="ES").tag == line["barcode"]
        assert (line["state"], line["store"], line["bay"], line["times_issued"]) == ("in_stock", "MAIN", "A1", 0)
    item = (await as_technician.get(f"{ITEMS}/{lines[0]['barcode']}")).json()
    assert (item["lot_number"], item["purchase_price_pence"]) == ("L-7", 4500)
    assert (item["is_clear"], item["blockers"], item["holds"], item["loan"]) == (True, [], [], None)
    assert item["next_step"]["route"] == "shelf"


async def test_goods_come_in_by_serial_number(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    details = {
        "quantity": 2,
        "serial_numbers": ["SN-001", "0002"],
        "manufactured_on": "2025-11-30",
        "manufactured_precision": "month",
        "received_on": "2026-02-27",
        "dispatched_on": "2026-02-25",
        "purchase_price_pence": 99,
        "udi_di": "05012345678900",
    }
    made = await as_technician.post(ITEMS, json=goods(product, clock, **details))
    assert made.status_code == 201, made.text
    assert [line["serial_number"] for line in made.json()["items"]] == ["SN-001", "0002"]
    item = (await as_technician.get(f"{ITEMS}/{made.json()['items'][0]['barcode']}")).json()
    kept = {name: item[name] for name in details if name in item}
    assert kept == {name: value for name, value in details.items() if name in item}
    due = {"kind": "loler", "every_months": 6, "due_on": "2026-08-27", "state": "in_date"}
    assert item["next_inspections"] == [due | {"last_on": None, "last_outcome": None, "last_id": None}]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"product_code": "NO-SUCH"}, "unknown-product", "product_code"),
        ({"product_code": "\x00"}, None, "product_code"),
        ({"store": "NORTH"}, "not-your-store", "store"),
        ({"store": ""}, None, "store"),
        ({"quantity": 0}, None, "quantity"),
        ({"quantity": 501}, None, "quantity"),
        ({"quantity": -5}, None, "quantity"),
        ({"quantity": 10**40}, None, "quantity"),
        ({"quantity": 1.5}, None, "quantity"),
        ({"quantity": None}, None, "serial_numbers"),
        ({"quantity": 2, "serial_numbers": ["A"]}, None, "serial_numbers"),
        (
            {"manufactured_on": "2026-01-02", "manufactured_precision": "day", "dispatched_on": "2026-01-01"},
            "sent-before-it-was-made",
            "dispatched_on",
        ),
        ({"quantity": None, "serial_numbers": [""]}, None, "serial_numbers"),
        ({"quantity": None, "serial_numbers": ["--"]}, "empty-serial", "serial_numbers"),
        ({"quantity": None, "serial_numbers": ["A\x00"]}, None, "serial_numbers"),
        ({"quantity": None, "serial_numbers": ["A\nB"]}, None, "serial_numbers"),
        ({"quantity": None, "serial_numbers": ["x" * 201]}, None, "serial_numbers"),
        ({"quantity": None, "serial_numbers": "ABC"}, None, "serial_numbers"),
        ({"quantity": None, "serial_numbers": [f"S{n}" for n in range(501)]}, None, "serial_numbers"),
        ({"quantity": None, "serial_numbers": ["SN-1", "B", "sn 1"]}, "duplicate-serial", "serial_numbers"),
        ({"received_on": "2026-03-03"}, "date-in-the-future", "received_on"),
        ({"received_on": "1949-12-31"}, "date-too-old", "received_on"),
        ({"received_on": "soon"}, None, "received_on"),
        ({"received_on": None}, None, "received_on"),
        ({"manufactured_on": "2026-03-03", "manufactured_precision": "day"}, "date-in-the-future", "manufactured_on"),
        ({"manufactured_on": "2026-01-01"}, None, "manufactured_precision"),
        ({"manufactured_precision": "day"}, None, "manufactured_precision"),
        ({"manufactured_on": "2026-01-01", "manufactured_precision": "era"}, None, "manufactured_precision"),
        (
            {"received_on": "2026-01-01", "manufactured_on": "2026-01-02", "manufactured_precision": "day"},
            "made-after-it-came",
            "manufactured_on",
        ),
        ({"dispatched_on": "2026-03-03"}, "date-in-the-future", "dispatched_on"),
        ({"received_on": "2026-01-01", "dispatched_on": "2026-01-02"}, "sent-after-it-came", "dispatched_on"),
        ({"purchase_price_pence": -1}, None, "purchase_price_pence"),
        ({"purchase_price_pence": 2**64}, None, "purchase_price_pence"),
        ({"udi_di": "5012345678901"}, None, "udi_di"),
        ({"bay": "A\x00"}, None, "bay"),
        ({"lot_number": "\x1b"}, None, "lot_number"),
        ({"state": "on_loan"}, None, "state"),
    ],
)
async def test_goods_that_cannot_be_are_refused_at_their_field_and_nothing_is_written(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query, change: dict[str, Any], code: str, field: str
) -> None:
    product = await given.product()
    check_problem(await as_technician.post(ITEMS, json=goods(product, clock, **change)), 422, code, field=field)
    assert await query("SELECT id FROM item") == []
    assert await query("SELECT id FROM movement") == []


async def test_a_serial_number_of_the_same_product_is_refused_and_of_another_is_a_warning(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    hoist, bed = await given.product("HOIST", name="Hoist"), await given.product("BED")
    [first] = await given.items(1, product=hoist, serial_numbers=["SN-001"])
    again = goods(hoist, clock, quantity=None, serial_numbers=["NEW", "sn 001"])
    detail = check_problem(
        await as_technician.post(ITEMS, json=again), 409, "duplicate-serial", field="serial_numbers"
    )["detail"]
    assert first in detail
    assert "SN-001" in detail
    other = await as_technician.post(ITEMS, json=goods(bed, clock, quantity=None, serial_numbers=["SN001"]))
    assert other.status_code == 201
    [warning] = other.json()["warnings"]
    assert warning["code"] == "serial-on-another-product"
    assert first in warning["detail"]


async def test_leading_zeros_of_a_serial_number_count(as_technician: AsyncClient, given: Given, clock: Clock) -> None:
    product = await given.product()
    both = await as_technician.post(ITEMS, json=goods(product, clock, quantity=2, serial_numbers=["001", "1"]))
    assert both.status_code == 201, both.text


@pytest.mark.parametrize(
    ("barcode", "status", "code"),
    [
        (make_tag("ES", 9_999_999), 404, "unknown-barcode"),
        ("ES000123473", 422, "mistyped-barcode"),
        (make_tag("XY", 1), 404, "other-service"),
        ("05012345678900", 404, "unknown-barcode"),
        ("x" * 1000, 422, "not-a-barcode"),
        ("A%00B", 422, "not-a-barcode"),
        ("A%0AB", 422, "not-a-barcode"),
        ("%20", 422, "not-a-barcode"),
        ("%F0%9F%A6%BD", 404, "unknown-barcode"),
    ],
)
@pytest.mark.parametrize("rest", ["", "/history", "/release", "/scrap", "/find", "/transfer", "/missing", "/holds"])
async def test_a_barcode_that_is_not_one_of_ours_is_said_to_be_what_it_is(
    as_manager: AsyncClient, barcode: str, status: int, code: str, rest: str
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/release": {},
        "/scrap": REASON | SCRAP,
        "/find": REASON | {"store": "MAIN"},
        "/transfer": REASON | {"store": "MAIN"},
        "/missing": REASON,
        "/holds": REASON | {"kind": "fault"},
    }
    url = f"{ITEMS}/{barcode}{rest}"
    answer = await (as_manager.post(url, json=bodies[rest]) if rest in bodies else as_manager.get(url))
    check_problem(answer, status, code)


async def test_a_tag_may_be_written_with_blanks_and_dashes(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item()
    spoken = f"{barcode[:2]}-{barcode[2:9]}-{barcode[9:]}".lower()
    assert (await as_technician.get(f"{ITEMS}/{spoken}")).json()["barcode"] == barcode


@pytest.mark.parametrize("state", list(State))
async def test_an_item_says_what_can_be_done_with_it_and_why_it_is_not_clear(
    as_technician: AsyncClient, given: Given, state: State
) -> None:
    barcode = await given.item(state)
    item = (await as_technician.get(f"{ITEMS}/{barcode}")).json()
    assert item["state"] == state
    assert item["moves"] == [move for move in Move if can_move(state, move)]
    assert item["is_clear"] == (item["blockers"] == [])
    assert item["is_clear"] == (state in {State.IN_STOCK, State.RESERVED})
    with_client = {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}
    assert (item["loan"] is not None) == (state in with_client)


async def test_a_history_tells_everything_in_order_and_in_pages(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.recycled()
    lines: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        params = {"limit": 3} | ({"after": after} if after else {})
        page = (await as_technician.get(f"{ITEMS}/{barcode}/history", params=params)).json()
        lines += page["items"]
        after = page["next"]
        if after is None:
            break
    assert [line["move"] for line in lines] == [
        "receive",
        "issue",
        "return",
        "start_decontamination",
        "pass_decontamination",
        "pass_inspection",
        "release",
    ]
    assert [line["seq"] for line in lines] == list(range(1, 8))
    assert [line["from_state"] for line in lines[1:]] == [line["to_state"] for line in lines[:-1]]
    assert [line["actor"] for line in lines] == [
        "technician",
        "ot",
        "technician",
        "technician",
        "technician",
        "technician2",
        "technician2",
    ]
    assert len({line["hash"] for line in lines}) == 7


async def barcodes(client: AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(ITEMS, params=params)
    assert answer.status_code == 200, answer.text
    return [line["barcode"] for line in answer.json()["items"]]


async def test_items_are_found_by_tag_serial_words_and_filters(as_ot: AsyncClient, given: Given) -> None:
    hoist, bed = await given.product("HOIST", name="Hoist 50%"), await given.product("BED", name="Bed_1")
    [one] = await given.items(1, product=hoist, serial_numbers=["SN-001"])
    [two] = await given.items(1, product=bed, store="COAST")
    await given.hold(two)
    three = await given.item(State.ON_LOAN, product=bed)
    assert await barcodes(as_ot, q="sn001") == [one]
    assert await barcodes(as_ot, q=two[2:9]) == [two]
    assert await barcodes(as_ot, q="bed") == [two, three]
    assert await barcodes(as_ot, q="%") == [one]
    assert await barcodes(as_ot, q="_") == [two, three]
    assert await barcodes(as_ot, q="\\") == []
    assert await barcodes(as_ot, q="' OR 1=1 --") == []
    assert await barcodes(as_ot, state="on_loan") == [three]
    assert await barcodes(as_ot, product_code="BED", held=False) == [three]
    assert await barcodes(as_ot, held=True) == [two]
    assert await barcodes(as_ot, store="COAST") == [two]
    assert await barcodes(as_ot, limit=1) == [one]
    assert await barcodes(as_ot, limit=2, after=one) == [two, three]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": "all"},
        {"state": "lost"},
        {"held": "maybe"},
        {"q": "x" * 101},
        {"q": "\x00"},
        {"after": "\x00"},
        {"store": "\x00"},
        {"product_code": "\x00"},
    ],
)
async def test_a_question_that_cannot_be_is_malformed(as_ot: AsyncClient, params: dict[str, Any]) -> None:
    check_problem(await as_ot.get(ITEMS, params=params), 422)


@pytest.mark.parametrize("after", ["-1", "x", "1.0", "9223372036854775808", "²", "0x1", " "])
async def test_a_cursor_that_is_not_ours_is_refused(as_ot: AsyncClient, given: Given, after: str) -> None:
    barcode = await given.item()
    check_problem(await as_ot.get(f"{ITEMS}/{barcode}/history", params={"after": after}), 422, "bad-cursor")


@pytest.mark.parametrize("state", list(State))
async def test_only_what_stands_in_a_store_is_transferred(
    as_technician: AsyncClient, given: Given, state: State
) -> None:
    barcode = await given.item(state)
    answer = await as_technician.post(f"{ITEMS}/{barcode}/transfer", json=REASON | {"store": "COAST", "bay": "C3"})
    if state not in IN_STORE:
        check_problem(answer, 409, "wrong-state")
        return
    assert answer.status_code == 200, answer.text
    assert (answer.json()["store"], answer.json()["bay"], answer.json()["state"]) == ("COAST", "C3", state)


async def test_a_transfer_to_a_store_that_one_does_not_work_in_is_refused(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item()
    answer = await as_technician.post(f"{ITEMS}/{barcode}/transfer", json=REASON | {"store": "NORTH"})
    check_problem(answer, 422, "not-your-store", field="store")


@pytest.mark.parametrize("state", list(State))
async def test_what_is_marked_missing_keeps_its_loan_and_loses_its_reservation_and_collection(
    as_technician: AsyncClient, given: Given, query: Query, state: State
) -> None:
    barcode = await given.item(state)
    before = await query("SELECT count(*) AS open FROM loan WHERE ended_at IS NULL")
    answer = await as_technician.post(f"{ITEMS}/{barcode}/missing", json={"reason": "Not at the house."})
    if not can_move(state, Move.MARK_MISSING):
        check_problem(answer, 409, "wrong-state")
        return
    assert answer.json()["state"] == "missing"
    assert await query("SELECT count(*) AS open FROM loan WHERE ended_at IS NULL") == before
    assert await query("SELECT id FROM reservation WHERE ended_at IS NULL") == []
    assert await query("SELECT id FROM collection_line WHERE collected_at IS NULL AND cancelled_at IS NULL") == []


@pytest.mark.parametrize("with_loan", [False, True])
async def test_a_missing_item_that_is_found_is_dirty_and_its_loan_is_over(
    as_technician: AsyncClient, given: Given, query: Query, with_loan: bool
) -> None:
    barcode = await given.item(State.ON_LOAN if with_loan else State.IN_STOCK)
    await given.missing(barcode)
    answer = await as_technician.post(f"{ITEMS}/{barcode}/find", json={"store": "COAST", "reason": "In the shed."})
    assert answer.json() == {"barcode": barcode, "state": "returned"}
    item = (await as_technician.get(f"{ITEMS}/{barcode}")).json()
    assert (item["loan"], item["store"]) == (None, "COAST")
    assert "not-decontaminated" in [blocker["code"] for blocker in item["blockers"]]
    [job] = await query("SELECT finished_at, started_at FROM decontamination")
    assert (job["finished_at"], job["started_at"]) == (None, None)


@pytest.mark.parametrize("state", list(State))
async def test_an_item_is_scrapped_only_where_the_lifecycle_says(
    as_technician: AsyncClient, given: Given, query: Query, state: State
) -> None:
    barcode = await given.item(state)
    stream = "nowhere" if state is State.MISSING else "metal"
    body = {"reason": "Frame cracked.", "waste_stream": stream, "reference": "WTN-1"}
    answer = await as_technician.post(f"{ITEMS}/{barcode}/scrap", json=body)
    if not can_move(state, Move.SCRAP):
        check_problem(answer, 409, "wrong-state")
        return
    assert answer.json()["state"] == "scrapped"
    [line] = await query("SELECT reason, reference FROM movement WHERE move = 'scrap'")
    assert (line["reason"], line["reference"]) == ("Frame cracked.", "WTN-1")


async def test_a_missing_item_that_is_scrapped_ends_its_loan(as_technician: AsyncClient, given: Given) -> None:
    lent = await given.loan()
    await given.missing(lent.barcode)
    body = {"reason": "Never seen again.", "waste_stream": "nowhere"}
    scrapped = await as_technician.post(f"{ITEMS}/{lent.barcode}/scrap", json=body)
    assert (scrapped.json()["state"], scrapped.json()["loan"]) == ("scrapped", None)


@pytest.mark.parametrize("verb", ["transfer", "missing", "scrap", "find", "holds"])
@pytest.mark.parametrize("reason", ["", "   ", "\x00", "x" * 4001, None, 7])
async def test_each_of_these_wants_a_reason(as_manager: AsyncClient, given: Given, verb: str, reason: object) -> None:
    barcode = await given.item(State.MISSING if verb == "find" else State.IN_STOCK)
    more: dict[str, dict[str, object]] = {
        "transfer": {"store": "MAIN"},
        "find": {"store": "MAIN"},
        "holds": {"kind": "fault"},
        "scrap": SCRAP,
    }
    answer = await as_manager.post(f"{ITEMS}/{barcode}/{verb}", json=more.get(verb, {}) | {"reason": reason})
    check_problem(answer, 422, "malformed", field="reason")


@pytest.mark.parametrize("state", list(State))
async def test_a_hold_can_be_placed_in_any_state_and_lifted_by_who_may(
    as_ot: AsyncClient, as_safety: AsyncClient, given: Given, state: State
) -> None:
    barcode = await given.item(state)
    placed = await as_ot.post(f"{ITEMS}/{barcode}/holds", json={"kind": "safety_notice", "reason": "NatPSA/2026/001"})
    assert placed.status_code == 201, placed.text
    url = f"{ITEMS}/{barcode}/holds/{placed.json()['id']}"
    item = (await as_ot.get(f"{ITEMS}/{barcode}")).json()
    assert [hold["id"] for hold in item["holds"]] == [placed.json()["id"]]
    assert "on-hold" in [blocker["code"] for blocker in item["blockers"]]
    assert item["is_clear"] is False
    check_problem(await as_ot.delete(url, params={"reason": "Fine."}), 403, "not-allowed")
    assert (await as_safety.delete(url, params={"reason": "Checked and fine."})).status_code == 204
    check_problem(await as_safety.delete(url, params={"reason": "Checked and fine."}), 409, "already-lifted")
    assert (await as_ot.get(f"{ITEMS}/{barcode}")).json()["holds"] == []


async def test_a_hold_on_what_a_client_has_stops_its_use_and_the_prescriber_and_who_may_lift_it_are_told(
    as_technician: AsyncClient, as_ot: AsyncClient, given: Given, query: Query
) -> None:
    lent, shelf = await given.loan(), await given.item()
    for barcode in (shelf, lent.barcode):
        body = {"kind": "fault", "reason": "Hydraulics leak."}
        assert (await as_technician.post(f"{ITEMS}/{barcode}/holds", json=body)).status_code == 201
    told = await query("SELECT about, to_name, body FROM message WHERE purpose = 'held_at_client' ORDER BY id")
    assert {one["about"] for one in told} == {f"item:{lent.barcode}"}
    assert {"Olu Thompson", "Martin Lowe", "Safia Rahman"} <= {one["to_name"] for one in told}
    assert f"is with client {lent.client_ref}, and it was put on hold. Fault: Hydraulics leak." in told[0]["body"]
    assert "Its use there is stopped until it is scanned back." in told[0]["body"]
    [notice] = (await as_ot.get("/api/v1/stop-use-notices")).json()["items"]
    facts = ("barcode", "reason", "item_fault", "given_by", "is_open")
    assert [notice[name] for name in facts] == [lent.barcode, "Fault: Hydraulics leak.", "yes", "technician", True]
    item = (await as_technician.get(f"{ITEMS}/{lent.barcode}")).json()
    assert item["loan"]["stop_use_notice"] == notice["id"]
    assert item["next_step"]["text"].startswith("Its use at the client's is stopped.")
    # One more hold is told, and gives no second notice.
    body = {"kind": "investigation", "reason": "The legs differ."}
    assert (await as_technician.post(f"{ITEMS}/{lent.barcode}/holds", json=body)).status_code == 201
    assert len(await query("SELECT id FROM stop_use_notice")) == 1


async def test_a_hold_of_another_item_or_without_a_reason_is_not_lifted(as_safety: AsyncClient, given: Given) -> None:
    one, two = await given.items(2)
    hold_id = await given.hold(one)
    reason = {"reason": "Checked and fine."}
    check_problem(await as_safety.delete(f"{ITEMS}/{two}/holds/{hold_id}", params=reason), 404, "unknown-hold")
    check_problem(await as_safety.delete(f"{ITEMS}/{one}/holds/{hold_id}"), 422, "malformed", field="reason")
    nul = await as_safety.delete(f"{ITEMS}/{one}/holds/{hold_id}", params={"reason": "\x00"})
    check_problem(nul, 422, "malformed", field="reason")
    for number in ("0", "9223372036854775808", "x"):
        check_problem(await as_safety.delete(f"{ITEMS}/{one}/holds/{number}", params=reason), 422, "malformed")


@pytest.mark.parametrize("kind", ["recall", "", None, 1])
async def test_a_hold_of_no_known_kind_is_refused(as_ot: AsyncClient, given: Given, kind: object) -> None:
    barcode = await given.item()
    answer = await as_ot.post(f"{ITEMS}/{barcode}/holds", json=REASON | {"kind": kind})
    check_problem(answer, 422, "malformed", field="kind")


async def test_holds_are_in_the_audit_trail(as_safety: AsyncClient, given: Given, query: Query) -> None:
    barcode = await given.item()
    placed = await as_safety.post(f"{ITEMS}/{barcode}/holds", json={"kind": "fault", "reason": "The castor is loose."})
    await as_safety.delete(f"{ITEMS}/{barcode}/holds/{placed.json()['id']}", params={"reason": "It has a new castor."})
    events = await query(
        "SELECT action, detail ->> 'reason' AS reason FROM audit_event WHERE chain = 'safety' ORDER BY seq"
    )
    assert [tuple(event.values()) for event in events] == [
        ("hold_placed", "The castor is loose."),
        ("hold_lifted", "It has a new castor."),
    ]


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("items", "xx"),
        ("items", "ES00000014"),
        ("inspections/due", "ES000000143"),
        ("clients", "C 1"),
        ("products", "~"),
        ("teams", "/"),
        ("funders", "a b"),
        ("panels", "\x7f"),
    ],
)
async def test_a_cursor_that_ends_no_page_is_refused(as_manager: AsyncClient, path: str, after: str) -> None:
    answer = await as_manager.get(f"/api/v1/{path}", params={"after": after})
    check_problem(answer, 422, "bad-cursor", field="after")


@pytest.mark.parametrize(
    ("verb", "more"),
    [("holds", {"kind": "fault"}), ("scrap", SCRAP), ("missing", {}), ("transfer", {"store": "COAST"})],
)
async def test_a_full_stop_is_no_reason(as_manager: AsyncClient, given: Given, verb: str, more: dict[str, str]) -> None:
    url = f"{ITEMS}/{await given.item()}/{verb}"
    for reason in (".", "Worn.", "..............", "xxxx xxxx xxxx"):
        problem = check_problem(await as_manager.post(url, json={"reason": reason, **more}), 422, field="reason")
        assert [error["code"] for error in problem["errors"]] == ["not-a-reason"]
    assert (await as_manager.post(url, json={"reason": "The frame is cracked.", **more})).is_success


async def test_a_full_stop_lifts_no_hold(as_safety: AsyncClient, given: Given) -> None:
    barcode = await given.item()
    url = f"{ITEMS}/{barcode}/holds/{await given.hold(barcode)}"
    for reason in (".", "Mended.", "xxxx xxxx xxxx"):
        problem = check_problem(await as_safety.delete(url, params={"reason": reason}), 422, field="reason")
        assert [error["code"] for error in problem["errors"]] == ["not-a-reason"]
    assert (await as_safety.delete(url, params={"reason": "The castor was mended."})).status_code == 204
