"""What is handed in although it never left, by the record, is held until somebody says where it was."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.scans import batch, said, send
from tests.given import Given
from tests.problems import check_problem

UNMATCHED = "/api/v1/returns/unmatched"
KIND = "whereabouts_in_question"
WHY = "It was scanned by mistake and stood in its bay."


async def settle(client: AsyncClient, barcode: str, decision: str, reason: str = WHY) -> Any:
    return await client.post(f"/api/v1/items/{barcode}/whereabouts", json={"decision": decision, "reason": reason})


async def item_of(client: AsyncClient, barcode: str) -> dict[str, Any]:
    item: dict[str, Any] = (await client.get(f"/api/v1/items/{barcode}")).json()
    return item


@pytest.mark.parametrize("state", [State.IN_STOCK, State.RESERVED])
async def test_what_never_left_by_the_record_is_held_and_goes_nowhere(
    as_technician: AsyncClient, as_ot: AsyncClient, given: Given, clock: Clock, query: Query, state: State
) -> None:
    barcode = await given.item(state)
    reason = "Scanned in as a return at MAIN, but by the record it was not out."
    body = batch(barcode, at=clock.now)
    [first] = await send(as_technician, "returns", body)
    assert (first["outcome"], first["code"], first["state"]) == ("refused", "not-out", state)
    assert first["holds"] == [{"kind": KIND, "reason": reason}]
    assert "nobody knows where it has been" in first["next_step"]["text"]
    # The same scan again, and others while it is held, add nothing.
    assert await send(as_technician, "returns", body) == [first]
    for _ in range(2):
        clock.move(minutes=2)
        [again] = await send(as_technician, "returns", batch(barcode, at=clock.now))
        assert (again["code"], again["holds"]) == ("not-out", first["holds"])
    assert len(await query("SELECT id FROM hold")) == 1
    item = await item_of(as_ot, barcode)
    assert (item["is_clear"], item["next_step"]["route"]) == (False, "query_shelf")
    assert [one["code"] for one in item["blockers"]] == ["on-hold"]
    lent = await as_ot.post("/api/v1/loans", json={"barcode": barcode, "client_ref": await given.client()})
    check_problem(lent, 409, "on-hold")


async def test_one_burst_of_scans_holds_each_once_at_a_fixed_cost(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query, statements: Statements
) -> None:
    shelf = await given.items(12)
    counts = []
    for some in (shelf[:1], shelf[1:]):
        statements.clear()
        await send(as_technician, "returns", batch(*some, some[0], at=clock.now))
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert len(await query("SELECT id FROM hold WHERE lifted_at IS NULL")) == 12


async def test_what_is_on_its_way_between_stores_is_put_in_question_and_stands_where_it_is_received(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    gone, moving = await given.item(State.SCRAPPED), await given.item()
    opened = await as_technician.post("/api/v1/transfers", json={"from_store": "MAIN", "to_store": "COAST"})
    scans = {"scans": batch(moving, at=clock.now)["scans"]}
    await as_technician.post(f"/api/v1/transfers/{opened.json()['number']}/sent", json=scans)
    results = await send(as_technician, "returns", batch(gone, moving, at=clock.now))
    assert said(results) == [("refused", "not-out"), ("refused", "not-out")]
    held = "SELECT barcode FROM hold JOIN item ON item.id = item_id WHERE hold.kind = 'whereabouts_in_question'"
    assert await query(held) == [{"barcode": moving}]
    check_problem(await settle(as_technician, moving, "never_left"), 409, "in-transit")
    clock.move(minutes=5)
    scans = {"scans": batch(moving, at=clock.now)["scans"]}
    await as_technician.post(f"/api/v1/transfers/{opened.json()['number']}/received", json=scans)
    assert (await settle(as_technician, moving, "never_left")).json()["store"] == "COAST"
    item = await item_of(as_technician, moving)
    assert (item["store"], item["is_clear"]) == ("COAST", True)


async def test_what_never_left_is_released_with_a_reason_and_its_scans_are_reconciled(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    for _ in range(2):
        await send(as_technician, "returns", batch(barcode, at=clock.now))
        clock.move(minutes=5)
    lines = (await as_manager.get(UNMATCHED)).json()["items"]
    assert [(line["barcode"], line["in_question"]) for line in lines] == [(barcode, True)] * 2
    check_problem(await settle(as_technician, barcode, "never_left", " "), 422)
    assert (await settle(as_technician, barcode, "never_left")).json() == {
        "barcode": barcode,
        "state": "in_stock",
        "store": "MAIN",
    }
    item = await item_of(as_technician, barcode)
    assert (item["is_clear"], item["holds"]) == (True, [])
    assert (await as_manager.get(UNMATCHED)).json()["items"] == []
    check_problem(await settle(as_technician, barcode, "never_left"), 409, "not-in-question")
    # Scanned again, it is in question again.
    [again] = await send(as_technician, "returns", batch(barcode, at=clock.now))
    assert [hold["kind"] for hold in again["holds"]] == [KIND]


async def test_its_hold_is_lifted_by_saying_where_it_was_and_in_no_other_way(
    as_technician: AsyncClient, as_manager: AsyncClient, manager: Browser, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    await send(as_technician, "returns", batch(barcode, at=clock.now))
    [hold] = (await item_of(as_manager, barcode))["holds"]
    url = f"/items/{barcode}/holds/{hold['id']}"
    lifted = await as_manager.delete(f"/api/v1{url}", params={"reason": WHY})
    refused = check_problem(lifted, 409, "whereabouts-in-question")
    assert f"/items/{barcode}/whereabouts" in refused["detail"]
    sent = await manager.post_form(f"{url}/lift", reason=WHY)
    assert (sent.status, "Nobody has said where it was." in sent.text) == (409, True)
    assert (await item_of(as_manager, barcode))["is_clear"] is False
    assert (await settle(as_manager, barcode, "never_left")).status_code == 200


@pytest.mark.parametrize("state", [State.IN_STOCK, State.RESERVED])
async def test_what_was_used_goes_to_be_cleaned_where_it_was_scanned(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query, state: State
) -> None:
    barcode = await given.item(state)
    await send(as_technician, "returns", batch(barcode, at=clock.now) | {"store": "COAST"})
    settled = await settle(as_technician, barcode, "used", "A carer brought it back.")
    assert settled.json() == {"barcode": barcode, "state": "returned", "store": "COAST"}
    item = await item_of(as_technician, barcode)
    assert (item["store"], item["is_clear"], item["holds"]) == ("COAST", False, [])
    assert item["times_issued"] == 1
    assert "not-decontaminated" in {one["code"] for one in item["blockers"]}
    assert len(await query("SELECT id FROM decontamination WHERE finished_at IS NULL")) == 1
    assert await query("SELECT id FROM reservation WHERE ended_at IS NULL") == []


async def test_what_never_left_but_was_scanned_elsewhere_stands_there_now(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    await send(as_technician, "returns", batch(barcode, at=clock.now) | {"store": "COAST"})
    await settle(as_technician, barcode, "never_left", "The driver took it to the wrong store, in its wrapping.")
    item = await item_of(as_technician, barcode)
    assert (item["store"], item["state"], item["is_clear"]) == ("COAST", "in_stock", True)


async def test_what_is_for_a_single_patient_and_may_have_had_one_is_scrapped(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item(product=await given.product(single_patient_use=True))
    await send(as_technician, "returns", batch(barcode, at=clock.now))
    check_problem(await settle(as_technician, barcode, "used"), 409, "single-patient-use")
    assert (await item_of(as_technician, barcode))["is_clear"] is False


async def test_what_a_driver_takes_from_a_client_although_it_never_left_is_held_too(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    reason = "Scanned as taken from a client, but by the record it was not out."
    for _ in range(2):
        [result] = await send(as_technician, "collections", batch(barcode, at=clock.now))
        assert (result["code"], result["holds"]) == ("not-out", [{"kind": KIND, "reason": reason}])
        clock.move(minutes=2)
    assert (await settle(as_technician, barcode, "used", "It was in a client's home.")).json()["state"] == "returned"


async def test_a_technician_settles_it_on_its_page_with_a_reason_and_one_press(
    technician: Browser, manager: Browser, as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    await send(as_technician, "returns", batch(barcode, at=clock.now))
    assert f"/items/{barcode}/whereabouts" in str((await manager.get("/returns/unmatched")).soup)
    page = await technician.get(f"/items/{barcode}")
    assert "Say where it was" in page.text
    path = f"/items/{barcode}/whereabouts"
    form = await technician.get(path)
    assert "It never left: release the hold" in form.text
    silent = await technician.send(form, path, decision="never_left", reason="")
    assert silent.status == 422
    assert "Say how you know." in silent.text
    done = await technician.send(form, path, decision="never_left", reason=WHY)
    assert done.status == 303
    assert "the hold is released" in (await technician.get(f"/items/{barcode}")).text
    assert "Nobody asks where it was" in (await technician.get(path)).text


@pytest.mark.parametrize("state", [State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR])
@pytest.mark.parametrize("where", ["MAIN", "COAST"])
async def test_what_is_handed_in_again_while_it_is_being_made_fit_is_held_and_cleaned_anew(
    as_technician2: AsyncClient, given: Given, clock: Clock, query: Query, state: State, where: str
) -> None:
    barcode = await given.item(state)
    clock.move(minutes=2)
    for _ in range(2):
        [result] = await send(as_technician2, "returns", batch(barcode, at=clock.now) | {"store": where})
        assert (result["code"], result["next_step"]["route"]) == ("not-out", "query_shelf")
        assert [hold["kind"] for hold in result["holds"]] == [KIND]
        clock.move(minutes=2)
    await given.cleaned(barcode) if state is State.DECONTAMINATING else None
    release = await as_technician2.post(f"/api/v1/items/{barcode}/release", json={})
    check_problem(release, 409)
    settled = await settle(as_technician2, barcode, "used", "A carer brought it back.")
    assert settled.json() == {"barcode": barcode, "state": "returned", "store": where}
    assert len(await query("SELECT id FROM decontamination WHERE finished_at IS NULL AND started_at IS NULL")) == 1


async def test_the_same_return_scanned_twice_offline_stays_one(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    lent = await given.loan()
    clock.move(hours=1)
    await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    clock.move(minutes=5)
    waiting = batch(lent.barcode, at=clock.now)
    clock.move(minutes=5)
    await given.cleaning(lent.barcode)
    clock.move(hours=1)
    for body in (
        waiting | {"sent_at": clock.now.isoformat()},
        batch(lent.barcode, at=clock.now - timedelta(hours=1, minutes=5)),
    ):
        [result] = await send(as_technician2, "returns", body)
        assert (result["code"], result["holds"]) == ("already-returned", [])
    # Elsewhere it is another return, whenever it was.
    [result] = await send(as_technician2, "returns", batch(lent.barcode, at=clock.now) | {"store": "COAST"})
    assert (result["code"], len(result["holds"])) == ("not-out", 1)
