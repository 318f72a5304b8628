"""What is charged of repairs and inspections, also where nothing moves, and what a plain correction takes back."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.finance.billing import ALL, charged, rate, usual_rates
from tests.features.ordering.conftest import done
from tests.given import Given

ITEMS = "/api/v1/items"
CASTOR = {"part_number": "CAS-02", "description": "Rear castor", "cost_pence": 1_250, "fitted_on": "2026-03-02"}


@pytest.fixture(autouse=True)
async def rates(connection: AsyncConnection) -> None:
    """Everything has its price."""
    await usual_rates(connection)


async def of_the_bench(query: Query, barcode: str) -> list[tuple[str, str, int]]:
    """What was charged of a repair."""
    return [line for line in await charged(query, barcode) if line[0] in {"repair", "parts", "scrap", "write_off"}]


async def test_parts_are_charged_when_the_repair_is_over_and_as_they_stand_then(
    given: Given, query: Query, as_technician: AsyncClient
) -> None:
    barcode = await given.item(State.IN_REPAIR)
    url = f"{ITEMS}/{barcode}/parts-fitted"
    early = done(await as_technician.post(url, json={"parts": [CASTOR, CASTOR]}), 201)["parts"]
    off = await as_technician.post(f"/api/v1/parts-fitted/{early[0]['id']}/withdraw", json={"reason": "Never fitted."})
    assert off.status_code == 204
    assert await of_the_bench(query, barcode) == []
    body = {"outcome": "repaired", "parts": [CASTOR | {"quantity": 2}], "labour_pence": 3_000}
    done(await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body))
    assert await of_the_bench(query, barcode) == [("repair", "ASC", 2_200), ("parts", "ASC", 3_750)]


async def test_labour_is_what_was_said_where_no_rate_is(
    given: Given, query: Query, connection: AsyncConnection, as_technician: AsyncClient
) -> None:
    await connection.execute(text("UPDATE tariff SET ends_on = '2026-03-01' WHERE kind = 'repair'"))
    for labour, expected, unpriced in ((3_000, 3_000, False), (None, 0, True)):
        barcode = await given.item(State.IN_REPAIR)
        body = {"outcome": "repaired", "labour_pence": labour}
        done(await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body))
        [line] = [row for row in await query(ALL) if row["kind"] == "repair" and row["barcode"] == barcode]
        assert (line["amount_pence"], line["is_unpriced"]) == (expected, unpriced)


async def test_what_was_fitted_is_charged_also_when_the_repair_is_given_up(
    given: Given, query: Query, as_technician: AsyncClient
) -> None:
    barcode = await given.item(State.IN_REPAIR)
    disposal = {"waste_stream": "metal", "reference_follows": True}
    body = {"outcome": "beyond_repair", "notes": "The frame is bent.", "parts": [CASTOR], "labour_pence": 500}
    done(await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body | disposal))
    assert await of_the_bench(query, barcode) == [
        ("repair", "ASC", 2_200),
        ("parts", "ASC", 1_250),
        ("scrap", "ASC", 850),
        ("write_off", "", 3_600),
    ]


async def test_parts_that_are_written_down_or_withdrawn_later_change_what_was_charged(
    given: Given, query: Query, connection: AsyncConnection, as_technician: AsyncClient
) -> None:
    await rate(connection, "parts", percent=110)
    barcode = await given.item(State.IN_REPAIR)
    done(await as_technician.post(f"{ITEMS}/{barcode}/repair", json={"outcome": "repaired", "parts": [CASTOR]}))
    late = CASTOR | {"cost_pence": 1_000}
    url = f"{ITEMS}/{barcode}/parts-fitted"
    parts = done(await as_technician.post(url, json={"parts": [late]}), 201)["parts"]
    for part in parts:
        withdrawn = await as_technician.post(
            f"/api/v1/parts-fitted/{part['id']}/withdraw", json={"reason": "It was another item's."}
        )
        assert withdrawn.status_code == 204
    lines = [row for row in await query(ALL) if row["kind"] == "parts"]
    sums = [line["amount_pence"] for line in lines]
    first, second = sums[0], sums[2]
    assert (first, second) == (1_375, 2_475)
    assert sum(sums) == 0
    assert lines[1]["reversal_of"] == lines[0]["id"] == lines[2]["corrects_id"]
    assert {line["funder"] for line in lines} == {"ASC"}
    assert len({line["movement_seq"] for line in lines}) == 1


async def test_a_part_of_nothing_changes_nothing(given: Given, query: Query, as_technician: AsyncClient) -> None:
    barcode = await given.item(State.IN_REPAIR)
    done(await as_technician.post(f"{ITEMS}/{barcode}/repair", json={"outcome": "repaired"}))
    free = {"parts": [CASTOR | {"cost_pence": 0}]}
    done(await as_technician.post(f"{ITEMS}/{barcode}/parts-fitted", json=free), 201)
    assert await of_the_bench(query, barcode) == [("repair", "ASC", 2_200)]


async def test_a_cleaning_that_was_none_is_taken_back(given: Given, query: Query, as_technician: AsyncClient) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    [number] = [row["id"] for row in await query("SELECT id FROM decontamination")]
    body = {"reason": "It is soiled.", "outcome": "failed"}
    answer = await as_technician.post(f"/api/v1/decontaminations/{number}/correction", json=body)
    assert answer.status_code < 300, answer.text
    assert (await charged(query, barcode))[2:] == [("decontamination", "ASC", 700), ("decontamination", "ASC", -700)]
    [line, undone] = [row for row in await query(ALL) if row["kind"] == "decontamination"]
    assert (undone["reversal_of"], undone["because"]) == (line["id"], "The cleaning was none: It is soiled.")
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    assert sum(pence for kind, _, pence in await charged(query) if kind == "decontamination") == 700


async def test_an_inspection_that_is_put_right_is_charged_once(
    given: Given, query: Query, as_technician2: AsyncClient
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode, InspectionOutcome.FAILED)
    [number] = [row["id"] for row in await query("SELECT id FROM inspection")]
    body = {"barcode": barcode, "kind": "functional", "outcome": "passed"}
    right = {"supersedes": number, "supersede_reason": "Read the wrong label."}
    answer = await as_technician2.post("/api/v1/inspections", json=body | right)
    assert answer.status_code < 300, answer.text
    assert (await charged(query, barcode))[3:] == [
        ("inspection", "ASC", 300),
        ("inspection", "ASC", -300),
        ("inspection", "ASC", 300),
    ]


async def test_an_inspection_that_moves_nothing_is_charged_all_the_same(
    given: Given, query: Query, clock: Clock
) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    barcode = await given.item(product=product)
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    await given.loan(barcode)
    await given.scan(barcode)
    clock.move(hours=1)
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    lines = [row for row in await query(ALL) if row["kind"] == "inspection"]
    # On the shelf it is nobody's; what has come back is still theirs who had it.
    assert [(line["funder"], line["amount_pence"], line["variant"]) for line in lines] == [
        ("", 3_500, "loler"),
        ("ASC", 3_500, "loler"),
    ]
    assert (lines[1]["movement_seq"], lines[1]["client_id"] is None) == (4, False)


async def test_nobody_opens_for_an_inspection(
    given: Given, query: Query, clock: Clock, statements: Statements, as_technician: AsyncClient
) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    barcode = await given.item(product=product)
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    client = await given.client()
    await given.loan(barcode, client=client)
    wanted: dict[str, Any] = {"client_ref": client, "planned_on": "2026-03-05", "visitor": "technician"}
    wanted["items"] = [{"barcode": barcode, "kind": "loler"}]
    visit = done(await as_technician.post("/api/v1/inspection-visits", json=wanted), 201)
    clock.move(days=3)
    url = f"/api/v1/inspection-visits/{visit['id']}/no-access"
    done(await as_technician.post(url, json={"note": "Nobody in."}))
    done(await as_technician.post(url, json={"note": "Nobody in."}))
    assert [line for line in await charged(query) if line[0] == "failed_visit"] == [("failed_visit", "ASC", 800)]
    writes = [one for one in statements if "charged AS" in one and "line AS" not in one]
    assert len(writes) == 1, "the same try, said twice, is one"


async def test_a_repair_given_up_with_a_part_of_the_bin_is_charged_when_another_agrees(
    given: Given, query: Query, as_technician: AsyncClient, as_finance: AsyncClient
) -> None:
    donor = await given.item(State.SCRAPPED)
    handset = {"description": "Handset", "part_number": "HS-4", "condition": "good"}
    url = f"{ITEMS}/{donor}/harvested-parts"
    [taken] = done(await as_technician.post(url, json={"parts": [handset]}), 201)["ids"]
    product = await given.product(purchase_price_pence=250_000, tier="specialist")
    barcode = await given.item(State.IN_REPAIR, product=product)
    part = {"harvested_part_id": taken, "fitted_on": "2026-03-02", "cost_pence": 900}
    disposal = {"waste_stream": "metal", "reference_follows": True}
    body = {"outcome": "beyond_repair", "notes": "The frame is bent.", "parts": [part], "labour_pence": 500}
    asked = await as_technician.post(f"{ITEMS}/{barcode}/repair", json=body | disposal)
    assert asked.status_code == 202, asked.text
    assert await of_the_bench(query, barcode) == []
    [request] = await query("SELECT id FROM disposal WHERE seq IS NULL")
    done(await as_finance.post(f"/api/v1/scrap-requests/{request['id']}/agree"))
    assert [kind for kind, _, _ in await of_the_bench(query, barcode)] == ["repair", "parts", "scrap", "write_off"]
    assert ("parts", "ASC", 900) in await of_the_bench(query, barcode)
