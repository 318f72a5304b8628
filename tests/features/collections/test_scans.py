"""Collections by scan: what was taken onto the van, sent at once or hours later."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.scans import batch, said, send
from tests.given import Given


async def test_what_is_collected_is_on_the_van_until_it_is_scanned_in_and_its_loan_goes_on(
    given: Given, clock: Clock, query: Query, as_technician: AsyncClient
) -> None:
    fetched = await given.collection()
    clock.move(hours=1)
    body = batch(fetched.barcode, at=clock.now)
    clock.move(hours=5)
    body |= {"sent_at": clock.now.isoformat()}
    [result] = await send(as_technician, "collections", body)
    assert (result["outcome"], result["code"], result["state"]) == ("accepted", None, "awaiting_collection")
    assert (result["detail"], result["next_step"]["route"]) == (f"Collection {fetched.number}.", "store")
    [line] = (await as_technician.get(f"/api/v1/collections/{fetched.number}")).json()["lines"]
    assert (line["state"], line["picked_up_at"], line["picked_up_by"]) == ("open", "2026-03-02T15:05:00Z", "technician")
    acts = await query("SELECT subject, detail FROM audit_event WHERE action = 'collection_picked_up'")
    assert acts == [{"subject": f"collection:{fetched.number}", "detail": {"barcode": fetched.barcode}}]
    assert said(await send(as_technician, "collections", body)) == [("duplicate", "scan-already-taken")]
    again = batch(fetched.barcode, at=clock.now, sent_at=clock.now)
    assert said(await send(as_technician, "collections", again)) == [("refused", "already-collected")]
    assert await query("SELECT id FROM loan WHERE ended_at IS NULL")
    await given.scan(fetched.barcode)
    [line] = (await as_technician.get(f"/api/v1/collections/{fetched.number}")).json()["lines"]
    assert (line["state"], line["picked_up_by"]) == ("collected", "technician")


@pytest.mark.parametrize(
    ("state", "code", "step"),
    [
        (State.ON_LOAN, "not-called-back", "store"),
        (State.ON_TRIAL, "not-called-back", "store"),
        (State.DISPATCHED, "on-its-way", None),
        (State.IN_STOCK, "not-out", "query_shelf"),
        (State.DECONTAMINATING, "already-returned", "decontamination"),
    ],
)
async def test_what_no_collection_waits_for_is_refused_with_what_to_do_and_kept(
    given: Given,
    clock: Clock,
    as_technician: AsyncClient,
    as_manager: AsyncClient,
    state: State,
    code: str,
    step: str | None,
) -> None:
    barcode = await given.item(state)
    [result] = await send(as_technician, "collections", batch(barcode, at=clock.now))
    assert (result["outcome"], result["code"], result["state"]) == ("refused", code, state)
    assert step in {None, result["next_step"]["route"]}
    [kept] = (await as_manager.get("/api/v1/returns/unmatched")).json()["items"]
    assert (kept["kind"], kept["barcode"], kept["code"]) == ("collection", barcode, code)


async def test_one_bad_scan_never_loses_the_others(given: Given, clock: Clock, as_technician: AsyncClient) -> None:
    one, other = await given.collection(), await given.collection()
    body = batch("BOX", one.barcode, "ES000123473", one.barcode, "ES099999992", other.barcode, at=clock.now)
    body["scans"].append("no scan")
    answer = await as_technician.post("/api/v1/collections/scans", json=body)
    assert said(answer.json()["results"]) == [
        ("unknown", "unknown-barcode"),
        ("accepted", None),
        ("refused", "mistyped-barcode"),
        ("duplicate", "already-scanned"),
        ("refused", "mistyped-barcode"),
        ("accepted", None),
        ("refused", "malformed-scan"),
    ]


async def test_a_scan_that_waited_while_its_item_came_back_changes_nothing(
    given: Given, clock: Clock, as_technician: AsyncClient
) -> None:
    fetched = await given.collection()
    clock.move(hours=1)
    body = batch(fetched.barcode, at=clock.now)
    clock.move(hours=1)
    await given.scan(fetched.barcode)
    [result] = await send(as_technician, "collections", body | {"sent_at": clock.now.isoformat()})
    assert (result["outcome"], result["code"], result["next_step"]["route"]) == (
        "refused",
        "already-returned",
        "wash_down",
    )


@pytest.mark.parametrize("count", [1, 12])
async def test_it_costs_as_many_statements_for_a_dozen_as_for_one(
    given: Given, clock: Clock, statements: Statements, as_technician: AsyncClient, count: int
) -> None:
    labels = [(await given.collection()).barcode for _ in range(count)]
    body: dict[str, Any] = batch(*labels, at=clock.now)
    statements.clear()
    assert said(await send(as_technician, "collections", body)) == [("accepted", None)] * count
    assert len(statements) == 9, "\n".join(statements)
