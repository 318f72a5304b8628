"""The returns desk by the API: every scan is answered with what happened and what to do next, and none is lost."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.domain.hygiene import Route
from app.domain.labels import make_tag
from app.domain.lifecycle import OUT, State
from app.main import create_app
from tests.conftest import Clock, Query, Sessions, Statements
from tests.given import Given
from tests.problems import check_problem

SCANS = "/api/v1/returns/scans"
UNMATCHED = "/api/v1/returns/unmatched"
UNKNOWN = make_tag("ES", 9_999_999)
AT = "2026-03-02T14:04:00Z"


def batch(*barcodes: str, store: str = "MAIN") -> dict[str, Any]:
    scans = [{"scan_id": str(uuid4()), "barcode": barcode, "scanned_at": AT} for barcode in barcodes]
    return {"store": store, "scans": scans}


async def scan(client: AsyncClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.post(SCANS, json=body)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [str(one["scan_id"]) for one in results] == [str(sent["scan_id"]) for sent in body["scans"]]
    for one in results:
        assert one["next_step"]["text"].endswith("."), one
    return results


async def test_a_return_closes_the_loan_and_the_collection_and_opens_the_cleaning(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    fetched = await given.collection()
    [result] = await scan(as_technician, batch(fetched.barcode, store="COAST"))
    assert result["outcome"] == "accepted"
    assert (result["state"], result["code"], result["holds"]) == ("returned", None, [])
    assert result["next_step"] == {"route": "wash_down", "text": "Take it to decontamination: wash down."}
    assert result["product_name"].startswith("Commode")
    [loan] = await query("SELECT ended_at, ended_by FROM loan")
    assert (loan["ended_by"], loan["ended_at"] is not None) == ("technician", True)
    [line] = await query("SELECT collected_by, cancelled_at FROM collection_line")
    assert tuple(line.values()) == ("technician", None)
    [job] = await query("SELECT started_at, finished_at FROM decontamination")
    assert tuple(job.values()) == (None, None)
    item = (await as_technician.get(f"/api/v1/items/{fetched.barcode}")).json()
    assert (item["store"], item["loan"], item["state"]) == ("COAST", None, "returned")
    [kept] = await query("SELECT outcome, raw, received_by FROM return_scan")
    assert tuple(kept.values()) == ("accepted", fetched.barcode, "technician")


@pytest.mark.parametrize("state", sorted({*OUT, State.MISSING}))
async def test_whatever_is_out_can_come_back(
    as_technician: AsyncClient, given: Given, query: Query, state: State
) -> None:
    barcode = await given.item(state)
    [result] = await scan(as_technician, batch(barcode))
    assert (result["outcome"], result["state"]) == ("accepted", "returned")
    assert await query("SELECT id FROM loan WHERE ended_at IS NULL") == []
    assert len(await query("SELECT id FROM decontamination WHERE finished_at IS NULL")) == 1


@pytest.mark.parametrize(
    ("state", "code", "step"),
    [
        (State.IN_STOCK, "not-out", "query_shelf"),
        (State.RESERVED, "not-out", "query_shelf"),
        (State.SCRAPPED, "not-out", "query_shelf"),
        (State.RETURNED, "already-returned", "wash_down"),
        (State.DECONTAMINATING, "already-returned", "decontamination"),
        (State.AWAITING_INSPECTION, "already-returned", "inspection"),
        (State.IN_REPAIR, "already-returned", "repair"),
    ],
)
async def test_what_was_not_out_is_a_result_with_the_next_thing_to_do_and_is_kept(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, state: State, code: str, step: str
) -> None:
    barcode = await given.item(state)
    # A trigger pulled twice would be the same scan.
    clock.move(minutes=2)
    [result] = await scan(as_technician, batch(barcode))
    assert (result["outcome"], result["code"], result["state"]) == ("refused", code, state)
    assert result["next_step"]["route"] == step
    assert result["detail"]
    [open_scan] = (await as_manager.get(UNMATCHED)).json()["items"]
    assert (open_scan["barcode"], open_scan["code"], open_scan["outcome"]) == (barcode, code, "refused")


@pytest.mark.parametrize(
    ("raw", "outcome", "code", "step"),
    [
        (UNKNOWN, "unknown", "unknown-barcode", "query_shelf"),
        ("05012345678900", "unknown", "unknown-barcode", "query_shelf"),
        (make_tag("XY", 5), "unknown", "other-service", "query_shelf"),
        ("ES000123473", "refused", "mistyped-barcode", "scan_again"),
        ("7" + UNKNOWN, "refused", "suspect-barcode", "scan_again"),
        (UNKNOWN + UNKNOWN, "refused", "suspect-barcode", "scan_again"),
        ("", "refused", "not-a-barcode", "scan_again"),
        ("x" * 1000, "refused", "not-a-barcode", "scan_again"),
        ("ES\x00000123472", "refused", "not-a-barcode", "scan_again"),
        ("\x1b[31m", "refused", "not-a-barcode", "scan_again"),
        ("<script>alert(1)</script>", "unknown", "unknown-barcode", "query_shelf"),
        ("\u202eES000123472", "refused", "not-a-barcode", "scan_again"),
    ],
)
async def test_what_is_no_item_of_ours_is_a_result_and_is_kept(
    as_technician: AsyncClient, as_manager: AsyncClient, raw: str, outcome: str, code: str, step: str
) -> None:
    [result] = await scan(as_technician, batch(raw))
    assert (result["outcome"], result["code"], result["state"]) == (outcome, code, None)
    assert result["next_step"]["route"] == step
    [kept] = (await as_manager.get(UNMATCHED)).json()["items"]
    assert (kept["outcome"], kept["code"], kept["store"]) == (outcome, code, "MAIN")
    assert kept["raw"].isprintable()
    assert len(kept["raw"]) <= 300


async def test_a_hold_is_shown_and_the_item_is_quarantined(as_technician: AsyncClient, given: Given) -> None:
    lent = await given.loan()
    await given.hold(lent.barcode, reason="NatPSA/2026/001")
    [result] = await scan(as_technician, batch(lent.barcode))
    assert result["holds"] == [{"kind": "fault", "reason": "NatPSA/2026/001"}]
    assert result["next_step"]["route"] == "quarantine"


@pytest.mark.parametrize(
    ("details", "step"),
    [({"decontamination_route": route.value}, route.value) for route in Route if route is not Route.CANNOT]
    + [({"decontamination_route": "cannot"}, "scrap"), ({"single_patient_use": True}, "scrap")],
)
async def test_the_next_step_follows_from_the_product(
    as_technician: AsyncClient, given: Given, details: dict[str, Any], step: str
) -> None:
    barcode = await given.item(State.ON_LOAN, product=await given.product(**details))
    [result] = await scan(as_technician, batch(barcode))
    assert result["next_step"]["route"] == step


async def test_a_scan_that_is_sent_again_is_a_duplicate_with_the_answer_of_then(
    as_technician: AsyncClient, given: Given, query: Query, clock: Clock
) -> None:
    lent = await given.loan()
    body = batch(lent.barcode)
    [first] = await scan(as_technician, body)
    await given.cleaning(lent.barcode)
    clock.move(days=3)
    [second] = await scan(as_technician, body)
    assert second == first | {"outcome": "duplicate", "code": "scan-already-taken"}
    assert len(await query("SELECT id FROM movement WHERE move = 'return'")) == 1
    assert len(await query("SELECT id FROM return_scan")) == 1


async def test_a_refusal_that_is_sent_again_is_the_same_refusal(as_technician: AsyncClient, query: Query) -> None:
    body = batch(UNKNOWN, "ES000123473")
    assert await scan(as_technician, body) == await scan(as_technician, body)
    assert len(await query("SELECT id FROM return_scan")) == 2


async def test_a_scan_id_is_remembered_across_a_restart(
    app: FastAPI, sessions: Sessions, clock: Clock, as_technician: AsyncClient, given: Given
) -> None:
    body = batch((await given.loan()).barcode)
    await scan(as_technician, body)
    fresh = create_app(app.state.settings)
    fresh.state.database.sessions = sessions
    fresh.state.clock = clock.read
    async with AsyncClient(
        transport=ASGITransport(fresh), base_url="https://stores.test", headers=as_technician.headers
    ) as after:
        [again] = await scan(after, body)
    assert again["outcome"] == "duplicate"


async def test_a_scan_id_of_another_label_is_refused_and_changes_nothing(
    as_technician: AsyncClient, given: Given
) -> None:
    one, two = await given.loan(), await given.loan()
    body = batch(one.barcode)
    await scan(as_technician, body)
    body["scans"][0]["barcode"] = two.barcode
    [result] = await scan(as_technician, body)
    assert (result["outcome"], result["code"]) == ("refused", "scan-id-reused")
    assert (await given.record(two.barcode)).state is State.ON_LOAN


async def test_the_same_scan_twice_in_one_batch_is_taken_once(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    body = batch((await given.loan()).barcode)
    body["scans"] *= 2
    first, second = await scan(as_technician, body)
    assert (first["outcome"], second["outcome"]) == ("accepted", "duplicate")
    assert len(await query("SELECT id FROM movement WHERE move = 'return'")) == 1


async def test_the_same_label_twice_in_one_batch_is_returned_once(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    lent = await given.loan()
    first, second = await scan(as_technician, batch(lent.barcode, f" {lent.barcode.lower()}\n"))
    assert (first["outcome"], first["state"]) == ("accepted", "returned")
    assert (second["outcome"], second["code"], second["state"]) == ("duplicate", "already-scanned", "returned")
    assert second["detail"] == "Already scanned just now. It was done once."
    assert second["next_step"]["route"] == "wash_down"
    assert len(await query("SELECT id FROM movement WHERE move = 'return'")) == 1


async def test_the_same_unknown_label_twice_in_one_batch_is_two_refusals(as_technician: AsyncClient) -> None:
    results = await scan(as_technician, batch(UNKNOWN, UNKNOWN, "ES000123473", "ES000123473"))
    assert [one["code"] for one in results] == ["unknown-barcode"] * 2 + ["mistyped-barcode"] * 2


async def test_one_bad_scan_never_loses_the_others(as_technician: AsyncClient, given: Given, query: Query) -> None:
    good, shelf = await given.loan(), await given.item()
    body = batch(UNKNOWN, good.barcode, "\x00", shelf, good.barcode)
    body["scans"] += [
        {"scan_id": "not a uuid", "barcode": good.barcode},
        {"scan_id": str(uuid4())},
        {"scan_id": str(uuid4()), "barcode": 17, "scanned_at": AT},
        {"scan_id": str(uuid4()), "barcode": good.barcode, "scanned_at": "yesterday"},
        {"scan_id": str(uuid4()), "barcode": good.barcode, "condition": "x" * 5000},
        {"scan_id": str(uuid4()), "barcode": good.barcode, "condition": "\x00"},
    ]
    results = await scan(as_technician, body)
    assert [one["outcome"] for one in results] == [
        "unknown",
        "accepted",
        "refused",
        "refused",
        "duplicate",
        *["refused"] * 6,
    ]
    assert [one["code"] for one in results[5:]] == ["malformed-scan"] * 6
    # All but the one without an id are kept.
    assert len(await query("SELECT id FROM return_scan")) == len(results) - 1
    [empty] = await scan(as_technician, {"store": "MAIN", "scans": [{"scan_id": "7"}]})
    assert empty["outcome"] == "refused"


@pytest.mark.parametrize(
    ("wrong", "echo", "step", "words"),
    [
        ({"scanned_at": "yesterday"}, UNKNOWN, "set_clock", "“yesterday”, is no date and time"),
        ({"scanned_at": "2026-03-02T14:04:00"}, UNKNOWN, "set_clock", "does not say its time zone"),
        ({"condition": "x" * 5000}, UNKNOWN, "scan_again", "must be 200 characters or fewer"),
        ({"barcode": None}, "", "scan_again", "came without a barcode"),
        ({"barcode": {"is": "no text"}}, "", "scan_again", "must be text"),
        ({"barcode": 17}, "17", "scan_again", "must be text"),
        ({"scan_id": None}, UNKNOWN, "use_another_device", "no id of its own"),
        ({"scan_id": "7", "barcode": None}, "", "use_another_device", "It was not kept."),
    ],
)
async def test_a_malformed_scan_is_told_what_is_wrong_with_it_and_what_helps(
    as_technician: AsyncClient, wrong: dict[str, Any], echo: str, step: str, words: str
) -> None:
    body = batch(UNKNOWN)
    body["scans"][0] |= wrong
    [result] = (await as_technician.post(SCANS, json=body)).json()["results"]
    assert (result["outcome"], result["code"]) == ("refused", "malformed-scan")
    assert (result["barcode"], result["next_step"]["route"]) == (echo, step)
    assert words in result["detail"]
    assert "None" not in str(result["scan_id"])


@pytest.mark.parametrize("sent", [None, "ES000123472", 17, True, ["ES000123472"]])
async def test_a_scan_that_is_no_object_is_refused_alone(
    as_technician: AsyncClient, given: Given, sent: object
) -> None:
    good = await given.loan()
    body = batch(good.barcode)
    body["scans"].insert(0, sent)
    answer = await as_technician.post(SCANS, json=body)
    assert answer.status_code == 200, answer.text
    bad, taken = answer.json()["results"]
    assert (bad["outcome"], bad["code"], bad["scan_id"]) == ("refused", "malformed-scan", "")
    assert bad["detail"] == "A scan must be an object with scan_id and barcode. It was not kept."
    assert bad["next_step"]["route"] == "use_another_device"
    assert (taken["outcome"], taken["state"]) == ("accepted", "returned")


async def test_what_a_scanner_sends_around_a_tag_is_taken_off_before_it_is_read(
    as_technician: AsyncClient, given: Given
) -> None:
    for sent in ("*{}*", "]C1{}", "]A0*{}*", "{}\r\n", "{}\t"):
        lent = await given.loan()
        [result] = await scan(as_technician, batch(sent.format(lent.barcode.lower())))
        assert (result["outcome"], result["barcode"]) == ("accepted", lent.barcode)


async def test_a_scan_may_say_when_and_in_what_condition(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    lent = await given.loan()
    body = batch(lent.barcode)
    body["scans"][0] |= {"scanned_at": "2026-03-02T15:04:00+01:00", "condition": "Arm rest torn"}
    await scan(as_technician, body)
    [kept] = await query("SELECT scanned_at FROM return_scan")
    assert kept["scanned_at"].isoformat() == "2026-03-02T14:04:00+00:00"
    assert (await as_technician.get(f"/api/v1/items/{lent.barcode}")).json()["condition"] == "Arm rest torn"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"store": "NORTH"}, "store"),
        ({"store": "\x00"}, "store"),
        ({"store": None}, "store"),
        ({"scans": []}, "scans"),
        ({"scans": [{"scan_id": str(uuid4()), "barcode": "X"}] * 501}, "scans"),
        ({"scans": "ES000123472"}, "scans"),
        ({"scans": {"0": {}}}, "scans"),
        ({"device": "wedge"}, "device"),
    ],
)
async def test_a_batch_that_cannot_be_is_refused_as_a_whole(
    as_technician: AsyncClient, query: Query, change: dict[str, Any], field: str
) -> None:
    check_problem(await as_technician.post(SCANS, json=batch(UNKNOWN) | change), 422, field=field)
    assert await query("SELECT id FROM return_scan") == []


async def test_one_scan_with_all_its_consequences_costs_six_statements(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    fetched = await given.collection()
    body = batch(fetched.barcode)
    statements.clear()
    [result] = await scan(as_technician, body)
    assert result["outcome"] == "accepted"
    assert len(statements) <= 6, "\n".join(statements)


@pytest.mark.parametrize("scans", [100, 500])
async def test_a_full_trolley_costs_seventeen_statements(
    as_technician: AsyncClient, given: Given, statements: Statements, query: Query, scans: int
) -> None:
    client, barcodes = await given.client(), await given.items(scans - 10)
    for barcode in barcodes[:20]:
        await given.loan(barcode, client=client)
    await given.collection(barcodes[0], client=client)
    before = batch(*barcodes[10:15])
    await scan(as_technician, before)
    body = batch(*barcodes, UNKNOWN, "ES000123473", "x" * 1000, barcodes[0], barcodes[0])
    body["scans"] += before["scans"]
    assert len(body["scans"]) == scans
    statements.clear()
    results = await scan(as_technician, body)
    assert len(statements) <= 17, "\n".join(statements)
    assert [one["outcome"] for one in results].count("accepted") == 15
    assert [one["outcome"] for one in results].count("duplicate") == 12


# What is kept for the manager.


async def test_the_manager_reconciles_what_was_refused(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    shelf = await given.item()
    for raw in (UNKNOWN, shelf, "ES000123473", (await given.loan()).barcode):
        await scan(as_technician, batch(raw))
    first = (await as_manager.get(UNMATCHED, params={"limit": 2})).json()
    assert [line["code"] for line in first["items"]] == ["unknown-barcode", "not-out"]
    rest = (await as_manager.get(UNMATCHED, params={"limit": 2, "after": first["next"]})).json()
    assert [line["code"] for line in rest["items"]] == ["mistyped-barcode"]
    assert rest["next"] is None
    number = first["items"][0]["number"]
    assert (await as_manager.post(f"{UNMATCHED}/{number}", json={"note": "Sent back."})).status_code == 204
    check_problem(await as_manager.post(f"{UNMATCHED}/{number}", json={"note": "X"}), 409, "already-reconciled")
    assert number not in [line["number"] for line in (await as_manager.get(UNMATCHED)).json()["items"]]
    [kept] = await query("SELECT reconciled_by, reconciled_note FROM return_scan WHERE id = :id", id=number)
    assert tuple(kept.values()) == ("manager", "Sent back.")


async def test_what_needs_no_reconciling_cannot_be_reconciled(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    await scan(as_technician, batch((await given.loan()).barcode))
    [kept] = await query("SELECT id FROM return_scan")
    for number in (kept["id"], kept["id"] + 1):
        check_problem(await as_manager.post(f"{UNMATCHED}/{number}", json={"note": "X"}), 404, "unknown-scan")
    for number in ("0", "x", "9223372036854775808"):
        check_problem(await as_manager.post(f"{UNMATCHED}/{number}", json={"note": "X"}), 422, "malformed")
    for note in ("", "\x00", None, "x" * 4001):
        answer = await as_manager.post(f"{UNMATCHED}/{kept['id']}", json={"note": note})
        check_problem(answer, 422, "malformed", field="note")


async def test_a_technician_does_not_reconcile(as_technician: AsyncClient) -> None:
    check_problem(await as_technician.get(UNMATCHED), 403, "not-allowed")
