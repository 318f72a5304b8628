"""Counting a store by scan: what is expected, what is answered, what is told apart, by the API."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

COUNTS = "/api/v1/stocktakes"


async def begin(client: AsyncClient, store: str = "MAIN", **body: Any) -> str:
    answer = await client.post(COUNTS, json={"store": store, **body})
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    assert answer.headers["location"] == f"{COUNTS}/{number}"
    return number


async def scan(
    client: AsyncClient, number: str, *barcodes: str, sent_at: str | None = None, **details: Any
) -> list[dict[str, Any]]:
    scans = [{"scan_id": str(uuid4()), "barcode": barcode, **details} for barcode in barcodes]
    answer = await client.post(f"{COUNTS}/{number}/scans", json={"scans": scans, "sent_at": sent_at})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def read(client: AsyncClient, number: str) -> dict[str, Any]:
    answer = await client.get(f"{COUNTS}/{number}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def differences(count: dict[str, Any]) -> dict[str, str]:
    return {one["barcode"]: one["difference"] for one in count["differences"]}


def told(result: dict[str, Any]) -> tuple[str, str | None]:
    return result["outcome"], result["code"]


async def test_every_kind_of_difference_is_found_and_the_rest_is_not_told(
    as_technician: AsyncClient, given: Given
) -> None:
    here, lost, kept = await given.items(3)
    await given.reservation(kept)
    [elsewhere] = await given.items(1, store="COAST", bay="C9")
    lent, missing, scrapped = (
        await given.item(State.ON_LOAN),
        await given.item(State.MISSING),
        await given.item(State.SCRAPPED),
    )
    number = await begin(as_technician)
    results = await scan(as_technician, number, here, elsewhere, lent, missing, scrapped, "ES000000144", "XX000000155")
    assert [told(one) for one in results] == [
        ("accepted", None),
        ("accepted", "counted-other-store"),
        ("accepted", "counted-out"),
        ("accepted", "counted-missing-earlier"),
        ("accepted", "counted-scrapped"),
        ("refused", "mistyped-barcode"),
        ("unknown", "other-service"),
    ]
    assert results[1]["detail"] == "Not expected here: by the record it is in COAST, bay C9."
    assert results[2]["next_step"]["route"] == "query_shelf"
    assert results[4]["next_step"]["route"] == "scrap_cage"
    assert results[4]["next_step"]["text"].startswith("It must not be used again.")
    count = await read(as_technician, number)
    assert differences(count) == {
        lost: "missing",
        kept: "missing",
        elsewhere: "other_store",
        lent: "out",
        missing: "missing_earlier",
        scrapped: "scrapped",
    }
    assert {name: count[name] for name in ("state", "expected", "counted", "left", "missing", "unexpected")} == {
        "state": "open",
        "expected": 3,
        "counted": 1,
        "left": 2,
        "missing": 2,
        "unexpected": 4,
    }
    by_tag = {one["barcode"]: one for one in count["differences"]}
    assert [line["move"] for line in by_tag[lent]["history"]] == ["issue", "receive"]
    assert by_tag[lent]["corrections"] == ["none", "return"]
    assert by_tag[lent]["counted_by"] == "technician"
    assert [one["raw"] for one in count["strange_labels"]] == ["ES000000144", "XX000000155"]


async def test_a_bay_is_counted_by_itself_and_an_item_of_another_bay_is_told(
    as_technician: AsyncClient, given: Given
) -> None:
    [in_bay] = await given.items(1, bay="A1")
    [beside] = await given.items(1, bay="A2")
    number = await begin(as_technician, bay="a1")
    results = await scan(as_technician, number, in_bay, beside)
    assert [told(one) for one in results] == [("accepted", None), ("accepted", "counted-other-bay")]
    count = await read(as_technician, number)
    assert (count["expected"], count["counted"], differences(count)) == (1, 1, {beside: "other_bay"})


async def test_what_comes_and_goes_while_people_count_is_told_apart_and_is_no_loss(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    gone, seen_then_gone, reserved, moved_away = await given.items(4)
    lent = await given.loan()
    number = await begin(as_technician)
    await scan(as_technician, number, seen_then_gone)
    clock.move(minutes=1)
    await given.loan(gone)
    await given.loan(seen_then_gone)
    await given.scan(lent.barcode)
    await given.reservation(reserved)
    body = {"store": "COAST", "reason": "Wanted there."}
    assert (await as_technician.post(f"/api/v1/items/{moved_away}/transfer", json=body)).status_code == 200
    clock.move(minutes=1)
    await scan(as_technician, number, lent.barcode)
    count = await read(as_technician, number)
    assert differences(count) == {reserved: "missing"}
    assert {(one["barcode"], one["was_expected"]) for one in count["moved"]} == {
        (gone, True),
        (seen_then_gone, True),
        (moved_away, True),
        (lent.barcode, False),
    }


async def test_a_scan_that_a_device_kept_was_made_before_what_has_happened_since(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    [barcode] = await given.items(1)
    number = await begin(as_technician)
    clock.move(minutes=5)
    scanned_at = clock.now
    clock.move(hours=2)
    await given.loan(barcode)
    clock.move(minutes=5)
    # The clock of the device is an hour slow, which shows as it sends.
    slow = timedelta(hours=1)
    said = {"scanned_at": (scanned_at - slow).isoformat(), "sent_at": (clock.now - slow).isoformat()}
    [result] = await scan(as_technician, number, barcode, **said)
    assert told(result) == ("accepted", "clock-wrong")
    count = await read(as_technician, number)
    assert (differences(count), [one["barcode"] for one in count["moved"]]) == ({}, [barcode])
    [row] = await query("SELECT counted_at FROM stocktake_item")
    assert row["counted_at"] == scanned_at


async def test_a_scan_counts_once_whoever_sends_it_and_however_often(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given
) -> None:
    one, two = await given.items(2)
    number = await begin(as_technician)
    scans = {"scans": [{"scan_id": str(uuid4()), "barcode": barcode} for barcode in (one, "no label of ours")]}
    first = (await as_technician.post(f"{COUNTS}/{number}/scans", json=scans)).json()["results"]
    again = (await as_technician.post(f"{COUNTS}/{number}/scans", json=scans)).json()["results"]
    assert [told(result) for result in first] == [("accepted", None), ("unknown", "unknown-barcode")]
    assert [told(result) for result in again] == [("duplicate", "scan-already-taken"), ("unknown", "unknown-barcode")]
    results = await scan(as_technician2, number, one, two, two)
    assert [told(result) for result in results] == [
        ("duplicate", "already-counted"),
        ("accepted", None),
        ("duplicate", "already-counted"),
    ]
    assert [result["detail"] for result in results] == [
        "Counted already, by technician.",
        None,
        "Counted already, by technician2.",
    ]


async def test_one_bad_scan_never_loses_the_others(as_technician: AsyncClient, given: Given) -> None:
    [barcode] = await given.items(1)
    number = await begin(as_technician)
    scans: list[Any] = [None, {"barcode": "x"}, {"scan_id": str(uuid4()), "barcode": 7}]
    scans.append({"scan_id": str(uuid4()), "barcode": barcode})
    answer = await as_technician.post(f"{COUNTS}/{number}/scans", json={"scans": scans})
    assert [told(one) for one in answer.json()["results"]] == [*[("refused", "malformed-scan")] * 3, ("accepted", None)]
    for wrong in ([], [scans[-1]] * 501):
        check_problem(await as_technician.post(f"{COUNTS}/{number}/scans", json={"scans": wrong}), 422)


@pytest.mark.parametrize(("first", "second"), [(None, None), (None, "A1"), ("A1", None), ("A1", "a1")])
async def test_one_count_of_a_place_is_open_at_a_time(
    as_technician: AsyncClient, given: Given, first: str | None, second: str | None
) -> None:
    for store in ("MAIN", "COAST"):
        await given.items(1, store=store, bay="A1")
    number = await begin(as_technician, bay=first)
    refusal = check_problem(
        await as_technician.post(COUNTS, json={"store": "MAIN", "bay": second}), 409, "stocktake-open"
    )
    assert number in refusal["detail"]
    await begin(as_technician, "COAST", bay=second)
    assert (await as_technician.post(f"{COUNTS}/{number}/cancel")).json()["state"] == "cancelled"
    await begin(as_technician, bay=second)


async def test_a_bay_in_which_nothing_is_recorded_is_asked_about(as_technician: AsyncClient, given: Given) -> None:
    await given.items(1, bay="A1")
    await given.items(1, bay="A11")
    await given.items(1, store="COAST", bay="A01")
    body = {"store": "MAIN", "bay": "A01"}
    problem = check_problem(
        await as_technician.post(COUNTS, json=body | {"is_empty_bay": False}), 422, "unknown-bay", field="bay"
    )
    assert "like it: A1, A11." in problem["detail"]
    started = await as_technician.post(COUNTS, json=body | {"is_empty_bay": True})
    assert (started.status_code, started.json()["expected"]) == (201, 0)
    # The short form of the API is not asked.
    assert (await as_technician.post(COUNTS, json={"store": "MAIN", "bay": "B01"})).status_code == 201


async def test_two_bays_are_counted_side_by_side(as_technician: AsyncClient, given: Given) -> None:
    for bay in ("A1", "A2"):
        await given.items(1, bay=bay)
    one, two = await begin(as_technician, bay="A1"), await begin(as_technician, bay="A2")
    listed = (await as_technician.get(COUNTS, params={"state": "open", "store": "MAIN", "limit": 1})).json()
    assert ([row["number"] for row in listed["items"]], listed["next"]) == ([two], two.lstrip("K0"))
    listed = (await as_technician.get(COUNTS, params={"after": listed["next"]})).json()
    assert [row["number"] for row in listed["items"]] == [one]


async def test_what_is_scanned_after_the_end_is_refused_scan_by_scan(as_technician: AsyncClient, given: Given) -> None:
    one, two = await given.items(2)
    number = await begin(as_technician)
    before = {"scan_id": str(uuid4()), "barcode": one}
    await as_technician.post(f"{COUNTS}/{number}/scans", json={"scans": [before]})
    await as_technician.post(f"{COUNTS}/{number}/cancel")
    late = {"scan_id": str(uuid4()), "barcode": two}
    answer = await as_technician.post(f"{COUNTS}/{number}/scans", json={"scans": [before, late]})
    assert [told(result) for result in answer.json()["results"]] == [
        ("duplicate", "scan-already-taken"),
        ("refused", "stocktake-closed"),
    ]
    check_problem(await as_technician.post(f"{COUNTS}/{number}/cancel"), 409, "stocktake-closed")


async def test_what_a_device_kept_for_too_long_waits_for_the_manager_and_the_strange_labels_of_a_count_do_not(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    lost, here = await given.items(2)
    number = await begin(as_technician)
    await scan(as_technician, number, here, "no label of ours")
    decided = {"corrections": [{"barcode": lost, "correction": "mark_missing"}]}
    assert (await as_manager.post(f"{COUNTS}/{number}/finish", json=decided)).status_code == 200
    results = await scan(as_technician, number, lost, here, "ES000000144", "ES999999915")
    assert [told(one) for one in results] == [
        ("refused", "stocktake-closed"),
        ("refused", "stocktake-closed"),
        ("refused", "mistyped-barcode"),
        ("unknown", "unknown-barcode"),
    ]
    assert results[0]["detail"].endswith("By the record it is missing.")
    assert [one["next_step"]["route"] for one in results[:2]] == ["query_shelf", "leave"]
    waiting = (await as_manager.get("/api/v1/returns/unmatched")).json()["items"]
    kept = {(one["kind"], one["scanned_into"], one["barcode"]) for one in waiting}
    assert kept == {("stocktake", number, lost), ("stocktake", number, here)}


async def test_what_is_not_there_and_what_is_another_stores_is_refused(
    as_technician: AsyncClient, as_manager: AsyncClient, query: Query
) -> None:
    check_problem(await as_technician.get(f"{COUNTS}/K999999"), 404, "unknown-stocktake")
    scans = {"scans": [{"scan_id": str(uuid4()), "barcode": "x"}]}
    check_problem(await as_technician.post(f"{COUNTS}/K999999/scans", json=scans), 404, "unknown-stocktake")
    check_problem(await as_technician.post(COUNTS, json={"store": "MOON"}), 422, "not-your-store")
    check_problem(await as_technician.post(COUNTS, json={"store": "MAIN", "bay": " "}), 422)
    check_problem(await as_technician.post(f"{COUNTS}/K999999/finish", json={}), 403)
    check_problem(await as_manager.post(f"{COUNTS}/K999999/finish", json={}), 404, "unknown-stocktake")
    assert await query("SELECT id FROM stocktake") == []


async def test_the_statements_do_not_grow_with_what_is_scanned(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    barcodes = await given.items(40)
    number = await begin(as_technician)
    spent = []
    for some in (barcodes[:1], barcodes[1:]):
        statements.clear()
        await scan(as_technician, number, *some)
        spent.append(len(statements))
    statements.clear()
    await read(as_technician, number)
    assert (spent, len(statements)) == ([7, 7], 4)


async def test_a_clock_that_is_wrong_is_told(as_technician: AsyncClient, given: Given, clock: Clock) -> None:
    [barcode] = await given.items(1)
    number = await begin(as_technician)
    [result] = await scan(as_technician, number, barcode, scanned_at=(clock.now + timedelta(days=1)).isoformat())
    assert told(result) == ("accepted", "clock-wrong")
