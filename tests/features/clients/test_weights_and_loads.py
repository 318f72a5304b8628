"""A new weight above what the client's equipment carries stops its use, as a load below the weight does (ADR 34)."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.inspections import InspectionKind
from tests.browser import Browser
from tests.conftest import Query, Statements
from tests.features.home.test_my_work import section
from tests.features.imports.sending import send
from tests.features.workshop.test_examinations import LOLER
from tests.given import Given
from tests.problems import check_problem

NOTICES = "SELECT barcode, stop_use_notice.reason FROM stop_use_notice JOIN loan ON loan.id = loan_id " \
          "JOIN item ON item.id = loan.item_id ORDER BY stop_use_notice.id"  # fmt: skip
TOLD = "SELECT purpose, to_name, body FROM message ORDER BY id"


async def weigh(api: AsyncClient, client: str, kg: int) -> None:
    """Write down a weight."""
    url = f"/api/v1/clients/{client}"
    read = await api.get(url)
    change = {"weight_kg": kg, "weighed_on": "2026-03-01"}
    changed = await api.patch(url, json=change, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200, changed.text


@pytest.fixture
async def chair(given: Given) -> str:
    """A chair for 150 kg."""
    return await given.product("CHAIR", category="18 09 03", safe_working_load_kg=150)


async def test_a_weight_above_the_load_stops_its_use_and_all_who_must_know_are_told(
    as_ot: AsyncClient, ot: Browser, visitor: Browser, given: Given, query: Query, chair: str
) -> None:
    carers = await given.care_provider(email="carers@example.org")
    client = await given.client("C-9", care_provider_id=carers, weight_kg=90, weighed_on="2026-02-01")
    loan = await given.loan(await given.item(product=chair), client=client)
    table = await given.product(category="18 03 15", safe_working_load_kg=20)
    await given.loan(await given.item(product=table), client=await given.client("C-10"))
    await weigh(as_ot, client, 151)
    why = "It carries only 150 kg. That is less than the person weighs."
    assert await query(NOTICES) == [{"barcode": loan.barcode, "reason": why}]
    told = await query(TOLD)
    assert [(one["purpose"], one["to_name"]) for one in told][:2] == [
        ("stop_use", "Harbour Care"),
        ("too_weak_for_client", "Olu Thompson"),
    ]
    assert {one["purpose"] for one in told[2:]} == {"weight_above_load"}
    assert all("151" not in one["body"] for one in told)
    page = await ot.get(f"/clients/{client}")
    box = page.soup.select_one("[data-testid=must-not-be-used]")
    assert box
    assert why in " ".join(box.get_text(" ").split())
    assert "Do not use this" in (await visitor.get(f"/l/{loan.barcode}")).text
    [lent] = (await as_ot.get("/api/v1/loans", params={"client_ref": client})).json()["items"]
    assert lent["must_not_be_used"] == why
    # Nothing is wrong with it, and a weight that falls again starts nothing.
    assert (await given.record(loan.barcode)).evidence.holds == ()
    await weigh(as_ot, client, 120)
    assert "Must not be used" in (await ot.get(f"/clients/{client}")).text
    await weigh(as_ot, client, 152)
    assert len(await query(NOTICES)) == 1


async def test_a_hoist_and_its_sling_carry_what_the_weaker_does(as_ot: AsyncClient, given: Given, query: Query) -> None:
    hoist = await given.product("HOIST", category="12 36 03", safe_working_load_kg=200)
    sling = await given.product("SLING", category="12 36 21", safe_working_load_kg=200, inspections=LOLER)
    client = await given.client(weight_kg=90, weighed_on="2026-02-01")
    weak = await given.item(product=sling)
    await given.inspected(weak, kind=InspectionKind.LOLER, safe_working_load_kg=130)
    await given.labelled(weak)
    lifts = await given.loan(await given.item(product=hoist), client=client)
    await given.loan(weak, client=client)
    await weigh(as_ot, client, 140)
    stopped = {row["barcode"]: row["reason"] for row in await query(NOTICES)}
    assert set(stopped) == {lifts.barcode, weak}
    assert "together they carry only 130 kg" in stopped[lifts.barcode]


async def test_a_load_lowered_below_the_weight_stops_what_it_is_used_with_too(given: Given, query: Query) -> None:
    hoist = await given.product("HOIST", category="12 36 03", safe_working_load_kg=200)
    sling = await given.product("SLING", category="12 36 21", safe_working_load_kg=200, inspections=LOLER)
    client = await given.client(weight_kg=140, weighed_on="2026-02-01")
    lifts = await given.loan(await given.item(product=hoist), client=client)
    weak = await given.item(product=sling)
    await given.inspected(weak, kind=InspectionKind.LOLER, safe_working_load_kg=200)
    await given.loan(weak, client=client)
    await given.inspected(weak, kind=InspectionKind.LOLER, safe_working_load_kg=130)
    stopped = {row["barcode"]: row["reason"] for row in await query(NOTICES)}
    assert stopped[weak] == (
        "By its thorough examination of 2 March 2026 it carries only 130 kg. That is less than the person weighs."
    )
    assert "together they carry only 130 kg" in stopped[lifts.barcode]


async def test_an_import_of_a_weight_does_the_same_and_one_that_is_no_higher_nothing(
    as_manager: AsyncClient, given: Given, query: Query, chair: str
) -> None:
    loan = await given.loan(await given.item(product=chair), client=await given.client("C-1"))
    head = "client_ref,name,address,postcode,weight_kg,weighed_on\nC-1,Maud,9 Lane,SR7 7AA,"
    status, _ = await send(as_manager, f"{head}150,2026-02-01", "clients")
    assert (status, await query(NOTICES)) == (200, [])
    status, _ = await send(as_manager, f"{head}160,2026-03-01", "clients")
    assert [row["barcode"] for row in await query(NOTICES)] == [loan.barcode]


async def test_what_is_with_the_driver_for_them_is_held(
    as_ot: AsyncClient, as_technician: AsyncClient, given: Given, query: Query, chair: str
) -> None:
    await given.item(product=chair)
    client = await given.client("C-9", weight_kg=90, weighed_on="2026-02-01")
    body = {
        "client_ref": client,
        "funder": "ASC",
        "speed": "five_day",
        "reason": "other",
        "clinical_reasoning": "Cannot rise alone.",
        "lines": [{"product_code": chair}],
    }
    number = (await as_ot.post("/api/v1/orders", json=body)).json()["number"]
    for api, act in ((as_ot, "submit"), (as_technician, "allocate"), (as_technician, "dispatch")):
        answer = await api.post(f"/api/v1/orders/{number}/{act}")
        assert answer.status_code == 200, answer.text
    await weigh(as_ot, client, 151)
    [held] = await query("SELECT kind, reason FROM hold")
    assert (held["kind"], "do not leave it there" in held["reason"]) == ("investigation", True)


async def test_where_nobody_knows_the_weight_the_prescriber_is_asked_for_it_until_it_is_written_down(
    as_ot: AsyncClient, ot: Browser, manager: Browser, visitor: Browser, given: Given, query: Query
) -> None:
    product = await given.product("AID", safe_working_load_kg=200, inspections=LOLER)
    barcode = await given.item(product=product)
    await given.inspected(barcode, kind=InspectionKind.LOLER, safe_working_load_kg=200)
    trial = await given.trial(barcode)
    asked = "People to weigh, because their equipment carries less than it did"
    assert section(await ot.get("/"), asked) == []
    await given.inspected(barcode, kind=InspectionKind.LOLER, safe_working_load_kg=160)
    [told] = await query("SELECT to_name, body FROM message WHERE purpose = 'weight_wanted'")
    assert (told["to_name"], "carries only 160 kg" in told["body"]) == ("Olu Thompson", True)
    wanted = (
        "Its load was lowered to 160 kg on 2 March 2026, and nobody knows what this person weighs. Weigh them before "
        "it is used again, and write the weight in their record."
    )
    assert wanted in (await ot.get(f"/clients/{trial.client_ref}")).text
    assert wanted in (await ot.get(f"/loans/{trial.id}/trial-outcome")).text
    [lent] = (await as_ot.get("/api/v1/loans")).json()["items"]
    assert lent["weight_wanted"] == wanted
    [row] = section(await ot.get("/"), asked)
    assert row[0].startswith(trial.client_ref)
    label = (await visitor.get(f"/l/{barcode}")).text
    assert "It carries 160 kg and no more It was certified for less than before on 2 March 2026, so" in label
    assert "Check what the person weighs before you use it." in label
    await weigh(as_ot, trial.client_ref, 161)
    assert section(await ot.get("/"), asked) == []
    assert wanted not in (await ot.get(f"/clients/{trial.client_ref}")).text
    assert [one["barcode"] for one in await query(NOTICES)] == [barcode]
    outcome = (await ot.get(f"/loans/{trial.id}/trial-outcome")).text
    assert "You cannot decide this. Its use was stopped. Have it collected." in outcome


async def test_what_was_known_to_be_too_weak_before_is_shown_though_nobody_stopped_it(
    session: AsyncSession, ot: Browser, given: Given, chair: str
) -> None:
    client = await given.client(weight_kg=140, weighed_on="2026-02-01")
    loan = await given.loan(await given.item(product=chair), client=client)
    # A catalogue of before lowered loads stopped anything.
    await session.execute(text("UPDATE product SET safe_working_load_kg = 130"))
    await session.commit()
    page = await ot.get(f"/clients/{client}")
    box = page.soup.select_one("[data-testid=too-weak]")
    assert box
    assert f"/loans/{loan.id}/stop-use" in str(box)


async def test_a_weight_costs_three_statements_where_everything_bears_them(
    as_ot: AsyncClient, given: Given, chair: str, statements: Statements
) -> None:
    client: dict[str, Any] = {"weight_kg": 90, "weighed_on": "2026-02-01"}
    few = await given.client(**client)
    await given.loan(await given.item(product=chair), client=few)
    counts = []
    for kg in (80, 100):
        statements.clear()
        await weigh(as_ot, few, kg)
        counts.append(len(statements))
    assert counts[1] - counts[0] == 3
    for _ in range(3):
        await given.loan(await given.item(product=chair), client=few)
    statements.clear()
    await weigh(as_ot, few, 110)
    assert len(statements) == counts[1]


async def test_an_older_weighing_never_takes_the_place_of_a_newer_one(
    as_ot: AsyncClient, as_manager: AsyncClient, ot: Browser, given: Given, query: Query
) -> None:
    client = await given.client("C-9", weight_kg=90, weighed_on="2026-02-01")
    url = f"/api/v1/clients/{client}"
    tag = (await as_ot.get(url)).headers["etag"]
    older = {"weight_kg": 70, "weighed_on": "2026-01-31"}
    refused = check_problem(await as_ot.patch(url, json=older, headers={"If-Match": tag}), 409, "older-weighing")
    assert "They were weighed since, on 1 February 2026" in refused["detail"]
    page = await ot.get(f"/clients/{client}/edit")
    days = {"weighed_on-day": "31", "weighed_on-month": "1", "weighed_on-year": "2026"}
    sent = await ot.send(page, page.path, weight_kg="70", **days)
    assert (sent.status, "They were weighed since" in sent.text) == (409, True)
    rows = "client_ref,name,address,weight_kg,weighed_on,postcode\nC-9,Al,1 Row,200,2026-01-31,SR8 1AA\n"
    imported = await send(as_manager, rows, "clients")
    assert "older-weighing" in str(imported)
    assert await query("SELECT weight_kg, postcode FROM client WHERE client_ref = 'C-9'") == [
        {"weight_kg": 90, "postcode": "SR8 1AA"}
    ]


async def test_an_import_takes_no_weight_out(as_manager: AsyncClient, given: Given, query: Query) -> None:
    await given.client("C-9", weight_kg=90, weighed_on="2026-02-01")
    rows = "client_ref,name,address,postcode,weight_kg,weighed_on\nC-9,Maud,9 Lane,SR7 7AA,,\n"
    status, report = await send(as_manager, rows, "clients")
    assert (status, "weight-is-known" in str(report)) == (200, True)
    assert await query("SELECT name, weight_kg FROM client") == [{"name": "Maud", "weight_kg": 90}]
