"""Finishing a count: every difference is decided, and becomes a move in the item's history, or nothing does."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Query
from tests.features.stocktakes.test_counting import COUNTS, begin, differences, read, scan, told
from tests.given import Given
from tests.problems import check_problem


async def finish(client: AsyncClient, number: str, **decided: str) -> Any:
    corrections = [{"barcode": barcode, "correction": what} for barcode, what in decided.items()]
    return await client.post(f"{COUNTS}/{number}/finish", json={"corrections": corrections})


async def test_each_correction_is_a_move_that_names_the_stocktake(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    lost = (await given.reservation()).barcode
    [elsewhere] = await given.items(1, store="COAST", bay="C9")
    lent = await given.collection()
    missing = await given.item(State.MISSING)
    scrapped = await given.item(State.SCRAPPED)
    number = await begin(as_technician)
    await scan(as_technician, number, elsewhere, lent.barcode, missing, scrapped)
    decided = {
        lost: "mark_missing",
        elsewhere: "transfer",
        lent.barcode: "return",
        missing: "find",
        scrapped: "none",
    }
    answer = await finish(as_manager, number, **decided)
    assert answer.status_code == 200, answer.text
    count = answer.json()
    assert (count["state"], count["finished_by"], count["moved"]) == ("finished", "manager", [])
    assert {one["barcode"]: one["done"] for one in count["differences"]} == decided
    for barcode, state in (
        (lost, State.MISSING),
        (elsewhere, State.IN_STOCK),
        (lent.barcode, State.RETURNED),
        (missing, State.RETURNED),
        (scrapped, State.SCRAPPED),
    ):
        record = await given.record(barcode)
        assert (record.state, record.store_id) == (state, (await given.stores())["MAIN"].id)
        if barcode != scrapped:
            history = (await as_manager.get(f"/api/v1/items/{barcode}/history")).json()["items"]
            last = history[-1]
            assert (last["reference"], last["actor"], last["reason"]) == (number, "manager", f"Stocktake {number}.")
    assert await query("SELECT id FROM loan WHERE ended_at IS NULL") == []
    assert await query("SELECT id FROM reservation WHERE ended_at IS NULL") == []
    assert await query("SELECT id FROM collection_line WHERE collected_at IS NULL") == []
    assert len(await query("SELECT id FROM decontamination WHERE finished_at IS NULL")) == 2
    [event] = await query("SELECT detail FROM audit_event WHERE action = 'stocktake_finished'")
    assert event["detail"] == {"none": 1, "mark_missing": 1, "find": 1, "transfer": 1, "return": 1}


async def test_an_item_moved_here_by_a_bays_count_is_in_that_bay(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    [beside], [there] = await given.items(1, bay="B2"), await given.items(1, bay="A1")
    number = await begin(as_technician, bay="A1")
    await scan(as_technician, number, beside, there)
    assert (await finish(as_manager, number, **{beside: "transfer"})).status_code == 200
    assert (await given.record(beside)).bay == "A1"


async def test_what_was_not_decided_and_what_is_no_difference_any_more_corrects_nothing(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    one, two = await given.items(2)
    number = await begin(as_technician)
    for decided in ({}, {one: "mark_missing"}, {one: "mark_missing", two: "none", "ES000000143": "none"}):
        refusal = check_problem(await finish(as_manager, number, **decided), 409, "differences-changed")
        assert refusal["changed"] == sorted({one, two} ^ set(decided))
    # Somebody scans it between the manager's look and the button.
    await scan(as_technician, number, one)
    check_problem(await finish(as_manager, number, **{one: "mark_missing", two: "none"}), 409, "differences-changed")
    assert (await given.record(one)).state is State.IN_STOCK
    assert (await finish(as_manager, number, **{two: "none"})).json()["state"] == "finished"
    assert (await given.record(two)).state is State.IN_STOCK
    check_problem(await finish(as_manager, number, **{two: "none"}), 409, "stocktake-closed")


@pytest.mark.parametrize("correction", ["return", "find", "transfer"])
async def test_a_correction_that_does_not_fit_is_refused(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, correction: str
) -> None:
    [lost] = await given.items(1)
    number = await begin(as_technician)
    check_problem(await finish(as_manager, number, **{lost: correction}), 422, "correction-not-possible")
    twice = [{"barcode": lost, "correction": "none"}] * 2
    body = {"corrections": twice}
    check_problem(await as_manager.post(f"{COUNTS}/{number}/finish", json=body), 422, "repeated-barcode")


async def test_hundreds_of_corrections_are_named_by_the_first_few_when_they_are_refused(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    await given.items(30)
    number = await begin(as_technician)
    refusal = check_problem(await finish(as_manager, number), 409, "differences-changed")
    assert "and 25 more" in refusal["detail"]
    assert len(refusal["changed"]) == 30


async def test_after_the_end_a_place_can_be_counted_again_and_finds_what_was_lost(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    [lost] = await given.items(1)
    number = await begin(as_technician)
    await finish(as_manager, number, **{lost: "mark_missing"})
    again = await begin(as_technician)
    [result] = await scan(as_technician, again, lost)
    assert told(result) == ("accepted", "counted-missing-earlier")
    assert differences(await read(as_technician, again)) == {lost: "missing_earlier"}
    assert differences(await read(as_technician, number)) == {lost: "missing"}
