"""Repairs: the parts that stay on record, what they cost, the advice, and a dear item that is beyond repair."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import REPAIR_LIMIT_PERCENT
from app.domain.labels import make_tag
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, Statements
from tests.given import Given
from tests.problems import check_problem

ITEMS = "/api/v1/items"
UNKNOWN = make_tag("ES", 9_999_999)
CASTOR = {"part_number": "CAS-02", "description": "Rear castor", "cost_pence": 1_250, "fitted_on": "2026-03-02"}
WASTE = {"waste_stream": "metal", "reference": "WTN-1"}


async def hoist(given: Given, state: State = State.IN_REPAIR, **product: Any) -> str:
    """An item in repair of a product that costs £400 and lasts ten years."""
    facts: dict[str, Any] = {"purchase_price_pence": 40_000, "expected_life_months": 120} | product
    return await given.item(state, product=await given.product(**facts))


async def fitted(client: AsyncClient, barcode: str) -> list[tuple[Any, ...]]:
    """The parts on an item's record."""
    parts = (await client.get(f"{ITEMS}/{barcode}")).json()["parts_fitted"]
    names = ("part_number", "description", "quantity", "cost_pence", "fitted_on", "withdrawn_because")
    return [tuple(part[name] for name in names) for part in parts]


async def test_a_repair_ends_with_its_parts_and_they_stay_on_the_record(
    as_technician: AsyncClient, as_auditor: AsyncClient, given: Given
) -> None:
    barcode = await hoist(given)
    pad = CASTOR | {"part_number": "", "description": "Arm pad", "quantity": 2, "cost_pence": 0}
    body = {"outcome": "repaired", "notes": "Both mended.", "parts": [CASTOR, pad], "labour_minutes": 40}
    ended = await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body | {"labour_pence": 2_000})
    assert (ended.status_code, ended.json()["state"]) == (200, "awaiting_inspection"), ended.text
    kept = [
        ("", "Arm pad", 2, 0, "2026-03-02", None),
        ("CAS-02", "Rear castor", 1, 1_250, "2026-03-02", None),
    ]
    assert await fitted(as_auditor, barcode) == kept
    [repair] = (await as_auditor.get(f"{ITEMS}/{barcode}/repairs")).json()["items"]
    told = {name: repair[name] for name in ("started_by", "finished_by", "outcome", "notes", "labour_minutes")}
    assert told == {
        "started_by": "technician2",
        "finished_by": "technician",
        "outcome": "repaired",
        "notes": "Both mended.",
        "labour_minutes": 40,
    }
    assert (repair["labour_pence"], len(repair["parts"])) == (2_000, 2)
    await given.scrapped(barcode)
    assert await fitted(as_auditor, barcode) == kept


async def test_a_wrong_part_is_withdrawn_by_a_line_of_its_own_and_never_changed(
    as_technician: AsyncClient, technician: Browser, given: Given, connection: AsyncConnection, query: Query
) -> None:
    barcode = await hoist(given)
    made = await as_technician.post(f"{ITEMS}/{barcode}/parts-fitted", json={"parts": [CASTOR]})
    part = made.json()["parts"][0]["id"]
    assert (made.status_code, made.json()["finished_at"]) == (201, None)
    await given.repaired(barcode)
    url = f"/api/v1/parts-fitted/{part}/withdraw"
    check_problem(await as_technician.post(url, json={"reason": "Wrong."}), 422, field="reason")
    form = f"/parts-fitted/{part}/withdraw"
    assert set((await technician.post_form(form)).errors) == {"reason"}
    sent = await technician.post_form(form, reason="It was fitted to the other hoist.")
    assert "It stays on record" in (await technician.follow(sent)).banner
    check_problem(await as_technician.post(url, json={"reason": "Once more, please."}), 409, "withdrawn-already")
    check_problem(
        await as_technician.post("/api/v1/parts-fitted/999/withdraw", json={"reason": "Not there at all."}), 404
    )
    [line] = await fitted(as_technician, barcode)
    assert line[-1] == "It was fitted to the other hoist."
    # The right one is a line of its own, of the repair that has ended.
    right = CASTOR | {"part_number": "CAS-03"}
    again = await as_technician.post(f"{ITEMS}/{barcode}/parts-fitted", json={"parts": [right]})
    assert [one["part_number"] for one in again.json()["parts"]] == ["CAS-02", "CAS-03"]
    page = await technician.get(f"/items/{barcode}")
    assert "Parts fitted" in page.text
    assert "Withdrawn: It was fitted to the other hoist." in page.text
    for change in ("UPDATE fitted_part SET cost_pence = 1", "DELETE FROM fitted_part_withdrawal"):
        with pytest.raises(IntegrityError, match="append-only"):
            async with connection.begin_nested():
                await connection.execute(text(change))
    with pytest.raises(IntegrityError, match="append-only"):
        async with connection.begin_nested():
            await connection.execute(text("UPDATE repair SET notes = 'Nothing.'"))
    assert len(await query("SELECT id FROM repair WHERE finished_at IS NOT NULL")) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"description": ""}, "malformed"),
        ({"cost_pence": None}, "malformed"),
        ({"quantity": 0}, "malformed"),
        ({"quantity": True}, "malformed"),
        ({"harvested_part_id": 1, "quantity": 2}, "malformed"),
        ({"fitted_on": "2026-03-03"}, "date-in-the-future"),
        ({"fitted_on": "2026-03-01"}, "date-too-old"),
        ({"harvested_part_id": 99}, "unknown-harvested-part"),
    ],
)
async def test_a_part_that_cannot_be_so_is_refused_and_nothing_of_it_is_kept(
    as_technician: AsyncClient, given: Given, query: Query, change: dict[str, Any], code: str
) -> None:
    barcode = await hoist(given)
    body = {"outcome": "repaired", "parts": [CASTOR, CASTOR | change]}
    check_problem(
        await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body), 404 if "unknown" in code else 422, code
    )
    assert (await given.record(barcode)).state is State.IN_REPAIR
    assert await query("SELECT id FROM fitted_part") == []


async def test_parts_belong_to_a_repair(as_technician: AsyncClient, given: Given) -> None:
    never = await given.item()
    body = {"parts": [CASTOR]}
    check_problem(await as_technician.post(f"{ITEMS}/{never}/parts-fitted", json=body), 409, "never-repaired")
    check_problem(await as_technician.post(f"{ITEMS}/{UNKNOWN}/parts-fitted", json=body), 404, "unknown-barcode")
    estimate = {"parts_pence": 1, "labour_pence": 1}
    for path, said in (("repair-estimates", estimate), ("repair", {"outcome": "repaired"})):
        check_problem(await as_technician.post(f"{ITEMS}/{never}/{path}", json=said), 409, "wrong-state")
        check_problem(await as_technician.post(f"{ITEMS}/{UNKNOWN}/{path}", json=said), 404, "unknown-barcode")
    for path in ("repairs", "repair-advice"):
        check_problem(await as_technician.get(f"{ITEMS}/{UNKNOWN}/{path}"), 404, "unknown-barcode")


async def test_the_advice_follows_the_estimate_and_all_repairs_before(
    as_technician: AsyncClient, technician: Browser, given: Given, clock: Clock, sessions: Sessions
) -> None:
    barcode = await hoist(given)
    url = f"{ITEMS}/{barcode}/repair-advice"
    assert (await as_technician.get(url)).json()["advice"] == "decide"
    form = f"/workshop/{barcode}/repair/estimate"
    assert set((await technician.post_form(form, parts="x")).errors) == {"parts", "labour"}
    sent = await technician.post_form(form, parts="60", labour="40.50")
    assert sent.goes_to == f"/workshop/{barcode}/repair"
    assert "Advice: repair it." in (await technician.follow(sent)).banner
    # Two years later it is worth £320, so £192 is the limit; £100 went into it before.
    body = {"outcome": "repaired", "parts": [CASTOR | {"cost_pence": 8_000}], "labour_pence": 2_000}
    await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body)
    clock.move(days=731)
    await given.inspected(barcode)
    await given.released(barcode)
    await as_technician.post("/api/v1/inspections", json={"barcode": barcode, "outcome": "failed"})
    estimate = {"parts_pence": 9_000, "labour_pence": 201}
    said = (await as_technician.post(f"{ITEMS}/{barcode}/repair-estimates", json=estimate)).json()
    lines = {line["label"]: line["pence"] for line in said["lines"] if line["pence"] is not None}
    assert lines == {
        "It was bought for": 40_000,
        "A new one costs now": 40_000,
        "What it is worth after 24 months of 120": 32_000,
        "Limit: 60 % of what it is worth": 19_200,
        "Repairs before this one": 10_000,
        "Parts fitted in this repair": 0,
        "This repair, as estimated": 9_201,
        "All repairs together": 19_201,
    }
    assert said["advice"] == "scrap"
    page = await technician.get(f"/workshop/{barcode}/advice")
    assert "Advice: scrap it" in page.text
    assert "£192.01" in page.text
    queue = await as_technician.get("/api/v1/workshop/queue", params={"bench": "in_repair"})
    assert [(line["barcode"], line["advice"]) for line in queue.json()["items"]] == [(barcode, "scrap")]
    bench = await technician.get("/workshop", bench="in_repair")
    link = bench.soup.select_one(f'a[href^="/workshop/{barcode}/advice"]')
    assert link
    assert link.get_text().startswith("Advice: scrap it")
    sessions.configure(info={REPAIR_LIMIT_PERCENT: 61})
    assert (await as_technician.get(url)).json()["advice"] == "repair"


async def test_a_part_is_recorded_on_its_page(technician: Browser, given: Given) -> None:
    barcode = await hoist(given)
    form = f"/workshop/{barcode}/repair/part"
    today = {"fitted_on-day": "2", "fitted_on-month": "3", "fitted_on-year": "2026"}
    assert set((await technician.post_form(form, **today)).errors) == {"description"}
    assert set((await technician.post_form(form, description="Castor", **today)).errors) == {"cost"}
    tomorrow = today | {"fitted_on-day": "3"}
    late = await technician.post_form(form, description="Castor", cost="12.50", **tomorrow)
    assert set(late.errors) == {"fitted_on"}
    back = f"/workshop/{barcode}/repair"
    page = await technician.get(form)
    sent = await technician.send(page, form, description="Castor", cost="12.50", quantity="2", **today)
    assert sent.goes_to == back
    shown = await technician.get(back)
    assert "£25.00" in shown.text
    assert (await technician.post_form(form, quantity="x", **today)).status == 422


async def test_what_is_beyond_repair_says_where_it_goes(as_technician: AsyncClient, given: Given, query: Query) -> None:
    barcode = await hoist(given)
    url, body = f"{ITEMS}/{barcode}/repair", {"outcome": "beyond_repair", "notes": "The mast is bent."}
    check_problem(await as_technician.post(url, json=body), 422, "waste-stream-wanted", field="waste_stream")
    check_problem(await as_technician.post(url, json=body | {"waste_stream": "metal"}), 422, "reference-wanted")
    weee = body | {"waste_stream": "weee", "reference": "CN-1"}
    check_problem(await as_technician.post(url, json=weee), 422, "batteries-wanted", field="batteries")
    check_problem(await as_technician.post(url, json=body | WASTE | {"notes": "."}), 422, "not-a-reason", field="notes")
    more = {"parts": [CASTOR], "labour_minutes": 10, "labour_pence": 500}
    done = await as_technician.post(url, json=weee | {"batteries": "taken_out"} | more)
    assert (done.status_code, done.json()["state"]) == (200, "scrapped")
    [repair] = await query("SELECT outcome, notes, finished_by, labour_pence FROM repair")
    assert tuple(repair.values()) == ("beyond_repair", "Beyond repair. The mast is bent.", "technician", 500)
    assert len(await fitted(as_technician, barcode)) == 1


async def test_a_dear_item_beyond_repair_waits_for_another_person(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    barcode = await hoist(given, purchase_price_pence=50_000)
    body = {"outcome": "beyond_repair", "notes": "The mast is bent."} | WASTE
    asked = await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body)
    assert (asked.status_code, asked.json()["state"]) == (202, "in_repair"), asked.text
    assert asked.json()["next_step"]["route"] == "scrap_cage"
    request = asked.json()["scrap_request"]
    check_problem(await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body), 409, "scrap-asked-already")
    agreed = await as_manager.post(f"/api/v1/scrap-requests/{request}/agree")
    assert (agreed.status_code, agreed.json()["item_state"]) == (200, "scrapped"), agreed.text
    [repair] = (await as_manager.get(f"{ITEMS}/{barcode}/repairs")).json()["items"]
    assert repair["outcome"] == "beyond_repair"


async def test_an_item_with_many_parts_costs_as_many_statements_as_one_with_none(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    barcode, counts = await hoist(given), []
    for parts in (0, 5):
        if parts:
            await as_technician.post(f"{ITEMS}/{barcode}/parts-fitted", json={"parts": [CASTOR] * parts})
        for path in ("", "/repairs", "/repair-advice"):
            statements.clear()
            await as_technician.get(f"{ITEMS}/{barcode}{path}")
            counts.append(len(statements))
    assert counts[:3] == counts[3:]
