"""An item whose thorough examination falls due soon goes out only when somebody who may decide it says why."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser, page_from, shown_in
from tests.conftest import Clock, Query
from tests.given import Given
from tests.problems import check_problem

LOLER = [{"kind": "loler", "every_months": 6}]
DUE_ON = "2026-09-02"
REASON = {"due_soon_reason": "The visit is planned already."}


async def hoist(given: Given, clock: Clock, state: State = State.IN_STOCK, **details: Any) -> str:
    """A hoist that is due 28 days from now, standing there since it came."""
    barcode = await given.item(state, product=await given.product(inspections=LOLER, **details))
    if state is State.AWAITING_INSPECTION:
        await given.inspected(barcode)
    clock.move(days=156)
    assert clock.day(28) == DUE_ON
    return barcode


async def decisions(query: Query) -> list[tuple[Any, ...]]:
    rows = await query("SELECT handing_out, due_on, reason, decided_by FROM examination_decision ORDER BY id")
    return [(row["handing_out"], row["due_on"].isoformat(), row["reason"], row["decided_by"]) for row in rows]


async def test_a_release_is_decided_by_the_manager_and_kept_with_the_item(
    as_technician: AsyncClient, as_manager: AsyncClient, manager: Browser, given: Given, clock: Clock, query: Query
) -> None:
    barcode = await hoist(given, clock, State.AWAITING_INSPECTION)
    url = f"/api/v1/items/{barcode}/release"
    refusal = check_problem(await as_technician.post(url), 409, "examination-due-soon", field="due_soon_reason")
    assert (refusal["due_on"], refusal["barcode"], refusal["next_step"]["route"]) == (DUE_ON, barcode, "inspection")
    check_problem(await as_technician.post(url, json=REASON), 403, "not-yours-to-decide")
    check_problem(await as_manager.post(url, json={"due_soon_reason": " "}), 409, "examination-due-soon")
    assert await decisions(query) == []
    assert (await as_manager.post(url, json=REASON)).json()["state"] == "in_stock"
    assert await decisions(query) == [("release", DUE_ON, REASON["due_soon_reason"], "manager")]
    page = await manager.get(f"/items/{barcode}")
    assert "Gone on although its thorough examination fell due soon" in page.text
    assert "Due soon" in page.text


@pytest.mark.parametrize(("days", "asked"), [(-1, False), (0, True), (28, True), (29, False)])
async def test_only_what_falls_due_within_the_days_is_asked_about(
    as_senior_ot: AsyncClient, given: Given, clock: Clock, days: int, asked: bool
) -> None:
    barcode = await hoist(given, clock)
    clock.move(days=28 - days)
    body = {"barcode": barcode, "client_ref": await given.client()}
    answer = await as_senior_ot.post("/api/v1/loans", json=body)
    if asked:
        check_problem(answer, 409, "examination-due-soon")
        assert (await as_senior_ot.post("/api/v1/loans", json=body | REASON)).status_code == 201
    elif days < 0:  # It is overdue by now, which no decision lifts.
        check_problem(answer, 409, "not-clear")
        check_problem(await as_senior_ot.post("/api/v1/loans", json=body | REASON), 409, "not-clear")
    else:
        assert answer.status_code == 201, answer.text


async def test_a_prescriber_does_not_decide_it(as_ot: AsyncClient, given: Given, clock: Clock, query: Query) -> None:
    body = {"barcode": await hoist(given, clock), "client_ref": await given.client()}
    check_problem(await as_ot.post("/api/v1/loans", json=body | REASON), 403, "not-yours-to-decide")
    assert await query("SELECT 1 FROM loan") == []


async def test_the_page_of_a_release_asks_the_manager_and_tells_the_technician_whom_to_ask(
    technician: Browser, manager: Browser, given: Given, clock: Clock, query: Query
) -> None:
    barcode = await hoist(given, clock, State.AWAITING_INSPECTION)
    bench, url = "/workshop?bench=awaiting_inspection", f"/workshop/{barcode}/release"
    told = await technician.post_form(url, on=bench, bay="C3")
    assert (told.status, "ask the manager" in told.text) == (409, True)
    asked = await manager.post_form(url, on=bench, bay="C3")
    assert "2 September 2026" in asked.text
    empty = await manager.send(asked, url)
    assert empty.errors == {"due_soon_reason": "Say why it goes all the same."}
    done = await manager.send(empty, url, **REASON)
    assert (await manager.follow(done)).banner.endswith("Bay C3.")
    assert [row[0] for row in await decisions(query)] == ["release"]


async def test_the_page_of_an_issue_asks_and_keeps_what_was_typed(
    senior_ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    barcode, client = await hoist(given, clock), await given.client("C-1")
    url = f"/items/{barcode}/issue"
    asked = await senior_ot.post_form(url, client_ref=client, kind="loan")
    assert asked.status == 409
    done = await senior_ot.send(asked, url, **REASON)
    assert f"is with {client} on loan" in (await senior_ot.follow(done)).banner
    assert [row[0] for row in await decisions(query)] == ["issue"]


async def test_a_scan_at_the_bench_says_what_to_do_instead(technician: Browser, given: Given, clock: Clock) -> None:
    barcode = await hoist(given, clock, State.AWAITING_INSPECTION)
    form = shown_in((await technician.get("/scan")).form("/scan"))
    sent = {**form, "store": "MAIN", "mode": "release", "barcode": barcode}
    shown = page_from(await technician.client.post("/workshop/scan", data=sent))
    assert "Have it examined first" in shown.text
    assert (await given.record(barcode)).state is State.AWAITING_INSPECTION


async def test_of_many_released_together_those_that_are_examined_again_soon_wait_for_a_decision(
    technician2: Browser, given: Given, clock: Clock
) -> None:
    dirty = await given.item(State.RETURNED)
    soon, ready = await hoist(given, clock, State.AWAITING_INSPECTION), await given.item(State.AWAITING_INSPECTION)
    await given.inspected(ready)
    done = await technician2.post_form(
        "/workshop/together", barcodes="\n".join([dirty, soon, ready]), do="release", bay="C1"
    )
    assert "falls due on 2 September 2026" in done.text
    states = [(await given.record(barcode)).state for barcode in (dirty, soon, ready)]
    assert states == [State.RETURNED, State.AWAITING_INSPECTION, State.IN_STOCK]
