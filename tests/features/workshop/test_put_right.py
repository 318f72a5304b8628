"""An inspection that was wrong is put right: nothing is used by a pass that was none, nor mended for nothing."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.labels import display
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query
from tests.features.workshop.reports import report_body
from tests.features.workshop.test_examinations import LOLER, body, recorded
from tests.given import Given
from tests.problems import check_problem

INSPECTIONS, ITEMS = "/api/v1/inspections", "/api/v1/items"
WHY = {"supersede_reason": "It was this one, not that one."}
NEWEST = "SELECT max(inspection.id) AS id FROM inspection JOIN item ON item.id = item_id WHERE barcode = :barcode"
HELD = "SELECT reason FROM hold JOIN item ON item.id = item_id WHERE barcode = :barcode AND lifted_at IS NULL"
STOPPED = "SELECT reason FROM stop_use_notice"
LAST = "SELECT move, to_state FROM movement JOIN item ON item.id = item_id WHERE barcode = :barcode ORDER BY seq DESC"


async def number_of(query: Query, barcode: str) -> int:
    """The item's newest inspection."""
    [row] = await query(NEWEST, barcode=barcode)
    number: int = row["id"]
    return number


async def test_a_pass_that_was_of_another_item_stops_the_use_of_the_one_that_nobody_checked(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    wrong, right = await given.recycled(), await given.item(State.AWAITING_INSPECTION)
    lent = await given.loan(wrong)
    was = await number_of(query, wrong)
    await recorded(as_technician, {"barcode": right, "outcome": "passed", "supersedes": was, **WHY})
    [held] = await query(HELD, barcode=wrong)
    assert held["reason"] == (
        f"Its Functional check of 2 March 2026 was of another item ({display(right)}): It was this one, not that one. "
        "It has not passed a functional check since it was cleaned or repaired."
    )
    assert await query(STOPPED) == [{"reason": f"Investigation: {held['reason']}"}]
    told = await query("SELECT purpose, to_name FROM message WHERE about = :about ORDER BY id", about=f"item:{wrong}")
    purposes = {row["purpose"]: set[str]() for row in told}
    for row in told:
        purposes[row["purpose"]].add(row["to_name"])
    assert set(purposes) == {"held_at_client", "pass_taken_back", "inspection_corrected"}
    assert len(purposes["inspection_corrected"]) == 1, "who recorded the first, technician2"
    assert len(purposes["pass_taken_back"]) > 1
    step = (await as_technician.get(f"{ITEMS}/{wrong}")).json()["next_step"]["text"]
    assert "stop" in step.lower()
    assert lent.client_ref


async def test_a_report_that_was_of_another_hoist_stops_the_use_of_the_one_that_was_never_examined(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    product = await given.product(safe_working_load_kg=150, inspections=LOLER)
    wrong, right = await given.items(2, product=product, received_on="2025-01-02")
    await given.inspected(wrong, kind=InspectionKind.LOLER)
    await given.loan(wrong)
    was = await number_of(query, wrong)
    sent = body(right, report_body(on=given.today, safe_working_load_kg=150))
    await recorded(as_technician, sent | {"supersedes": was, **WHY})
    assert len(await query(HELD, barcode=wrong)) == 1
    assert len(await query(STOPPED)) == 1


async def test_what_is_examined_all_the_same_is_not_held(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    wrong, right = await given.recycled(), await given.item(State.AWAITING_INSPECTION)
    await given.inspected(wrong)
    await given.loan(wrong)
    was = await number_of(query, wrong)
    await recorded(as_technician, {"barcode": right, "outcome": "passed", "supersedes": was, **WHY})
    assert await query(HELD, barcode=wrong) == []
    assert await query(STOPPED) == []


async def test_only_one_of_the_same_kind_and_of_ones_own_or_the_same_product_is_put_right(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    hoist = await given.item(product=await given.product(safe_working_load_kg=150, inspections=LOLER))
    await given.inspected(hoist, kind=InspectionKind.LOLER)
    tested = await given.item(product=await given.product(inspections=[{"kind": "pat", "every_months": 12}]))
    await given.inspected(tested, kind=InspectionKind.PAT)
    stool, other = await given.item(State.AWAITING_INSPECTION), await given.item(State.AWAITING_INSPECTION)
    for was in (hoist, tested):
        sent = {"barcode": stool, "outcome": "passed", "supersedes": await number_of(query, was), **WHY}
        refused = check_problem(await as_technician.post(INSPECTIONS, json=sent), 422, "another-kind")
        assert "the same kind" in refused["detail"]
    await given.inspected(other)
    theirs = {"supersedes": await number_of(query, other), **WHY}
    lift = await given.item(State.AWAITING_INSPECTION, product=await given.product())
    sent = {"barcode": lift, "outcome": "passed", **theirs}
    refused = check_problem(await as_technician.post(INSPECTIONS, json=sent), 403, "another-product")
    assert refused["detail"].startswith("technician2 recorded this inspection, of another product.")
    assert " can." in refused["detail"]
    await recorded(as_manager, sent)
    # One's own is put right whatever it was.
    mine = await recorded(as_technician, {"barcode": stool, "outcome": "passed"})
    third = await given.item(State.AWAITING_INSPECTION, product=await given.product())
    await recorded(as_technician, {"barcode": third, "outcome": "passed", "supersedes": mine["id"], **WHY})


@pytest.mark.parametrize("state", [State.AWAITING_INSPECTION, State.IN_STOCK])
async def test_a_failure_that_was_a_slip_is_taken_back_at_once(
    as_technician: AsyncClient, given: Given, query: Query, state: State
) -> None:
    barcode = await given.item(state)
    failed = await recorded(as_technician, {"barcode": barcode, "outcome": "failed"})
    assert failed["state"] == "in_repair"
    put_right = {"barcode": barcode, "outcome": "passed", "supersedes": failed["id"], **WHY}
    made = await recorded(as_technician, put_right)
    assert made["state"] == state.value
    assert (await given.record(barcode)).state is state
    moves = [row["move"] for row in await query(LAST, barcode=barcode)]
    ends = ["pass_inspection", "take_back_failure", "fail_inspection"]
    assert moves[:4] == (["release", *ends] if state is State.IN_STOCK else [*ends, moves[3]])
    if state is State.AWAITING_INSPECTION:
        await given.released(barcode)


@pytest.mark.parametrize("state", [State.AWAITING_INSPECTION, State.IN_STOCK])
async def test_a_failure_that_was_of_another_item_leaves_the_innocent_one_where_it_was(
    as_technician: AsyncClient, given: Given, query: Query, state: State
) -> None:
    innocent, broken = await given.item(state), await given.item(State.AWAITING_INSPECTION)
    failed = await recorded(as_technician, {"barcode": innocent, "outcome": "failed"})
    made = await recorded(as_technician, {"barcode": broken, "outcome": "failed", "supersedes": failed["id"], **WHY})
    assert made["state"] == "in_repair"
    record = await given.record(innocent)
    assert (record.state, record.evidence.is_inspected) == (state, False)
    if state is State.AWAITING_INSPECTION:
        await given.inspected(innocent)
        await given.released(innocent)


async def test_a_failure_is_not_taken_back_once_something_else_has_happened(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    castor = {"part_number": "C-1", "description": "Castor", "cost_pence": 900, "fitted_on": "2026-03-02"}
    part = {"parts": [castor]}
    moved, mended = [await given.item(State.IN_REPAIR) for _ in range(2)]
    place = {"store": "COAST", "reason": "The workshop is there."}
    assert (await as_technician.post(f"{ITEMS}/{moved}/transfer", json=place)).status_code == 200
    assert (await as_technician.post(f"{ITEMS}/{mended}/parts-fitted", json=part)).status_code == 201
    for barcode in (moved, mended):
        sent = {"barcode": barcode, "outcome": "passed", "supersedes": await number_of(query, barcode), **WHY}
        check_problem(await as_technician.post(INSPECTIONS, json=sent), 409, "wrong-state")
    # Nor by another item: that one is mended and checked as any other.
    other = await given.item(State.AWAITING_INSPECTION)
    sent = {"barcode": other, "outcome": "failed", "supersedes": await number_of(query, mended), **WHY}
    await recorded(as_technician, sent)
    assert (await given.record(mended)).state is State.IN_REPAIR


async def test_a_danger_that_another_competent_person_takes_back_keeps_its_hold(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    hoist = await given.item(product=await given.product(safe_working_load_kg=150, inspections=LOLER))
    await given.inspected(hoist, InspectionOutcome.DANGER, InspectionKind.LOLER)
    sent = body(hoist, report_body(on=given.today, safe_working_load_kg=150, examiner_name="Ruth Hale"))
    made = await recorded(as_technician, sent | {"supersedes": await number_of(query, hoist), **WHY})
    assert made["state"] == "awaiting_inspection"
    assert len(await query(HELD, barcode=hoist)) == 1


async def test_the_page_puts_a_failure_right(technician: Browser, given: Given, query: Query) -> None:
    barcode = await given.item(State.IN_REPAIR)
    number = await number_of(query, barcode)
    form = await technician.follow(await technician.get(f"/inspections/{number}", barcode=barcode))
    assert "This puts right inspection" in form.text
    wanted: dict[str, Any] = {"outcome": "passed", "supersede_reason": ""}
    refused = await technician.send(form, f"/workshop/{barcode}/inspection", **wanted)
    assert (refused.status, set(refused.errors)) == (422, {"supersede_reason"})
    sent = await technician.send(
        refused, f"/workshop/{barcode}/inspection", **wanted | {"supersede_reason": "Wrong button."}
    )
    assert "Functional check passed" in (await technician.follow(sent)).banner
    assert (await given.record(barcode)).state is State.AWAITING_INSPECTION
