"""A load that is lowered in the catalogue does what one that is certified lower does (ADR 34)."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.browser import Browser
from tests.conftest import Query
from tests.features.home.test_my_work import section
from tests.features.imports.sending import send
from tests.given import Given
from tests.problems import check_problem

NOTICES = "SELECT barcode, stop_use_notice.reason FROM stop_use_notice JOIN loan ON loan.id = loan_id " \
          "JOIN item ON item.id = loan.item_id ORDER BY barcode"  # fmt: skip
TOLD = "SELECT purpose, to_name, body FROM message ORDER BY id"
LABELS = "SELECT barcode FROM item WHERE label_wanted_since IS NOT NULL ORDER BY barcode"
CAPTION = "People to weigh, because their equipment carries less than it did"
WHY = "By the catalogue it carries only 120 kg. That is less than the person weighs."


async def lower(api: AsyncClient, kg: int | None, code: str = "CHAIR") -> None:
    """Write a load into the catalogue."""
    url = f"/api/v1/products/{code}"
    read = await api.get(url)
    changed = await api.patch(url, json={"safe_working_load_kg": kg}, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200, changed.text


@pytest.fixture
async def chair(given: Given) -> str:
    """A chair for 150 kg."""
    return await given.product("CHAIR", name="Shower chair", category="18 09 03", safe_working_load_kg=150)


async def test_its_use_is_stopped_where_the_client_weighs_more_and_all_who_must_know_are_told(
    as_manager: AsyncClient, as_ot: AsyncClient, given: Given, query: Query, chair: str
) -> None:
    heavy = await given.client("C-1", weight_kg=130, weighed_on="2026-02-01")
    light = await given.client("C-2", weight_kg=120, weighed_on="2026-02-01")
    shelf = await given.item(product=chair)
    lent = await given.trial(await given.item(product=chair), client=heavy)
    other = await given.loan(await given.item(product=chair), client=light)
    await lower(as_manager, 120)
    assert await query(NOTICES) == [{"barcode": lent.barcode, "reason": WHY}]
    told = await query(TOLD)
    assert ("too_weak_for_client", "Olu Thompson") in {(one["purpose"], one["to_name"]) for one in told}
    assert {one["purpose"] for one in told} == {"stop_use_phone", "too_weak_for_client", "load_lowered"}
    assert all("130" not in one["body"] for one in told)
    assert {one["barcode"] for one in await query(LABELS)} == {shelf, lent.barcode, other.barcode}
    keep = {"outcome": "keep", "notes": "It goes well."}
    check_problem(await as_ot.post(f"/api/v1/loans/{lent.id}/trial-outcome", json=keep), 409, "use-was-stopped")
    # What falls no further, or rises, does nothing.
    await lower(as_manager, 150)
    assert len(await query(TOLD)) == len(told)


async def test_what_is_reserved_for_somebody_who_weighs_more_is_free_again(
    as_manager: AsyncClient, given: Given, query: Query, chair: str
) -> None:
    heavy = await given.client("C-1", weight_kg=130, weighed_on="2026-02-01")
    weak = await given.reservation(await given.item(product=chair), client=heavy)
    await given.reservation(await given.item(product=chair))
    await lower(as_manager, 120)
    [ended] = await query("SELECT id, ended_because FROM reservation WHERE ended_at IS NOT NULL")
    assert ended == {"id": weak.id, "ended_because": "item_unfit"}
    told = {one["purpose"]: one["body"] for one in await query(TOLD)}
    assert "By the catalogue it carries only 120 kg. That is less" in told["reservation_too_weak"]


async def test_where_nobody_knows_the_weight_it_is_asked_for(
    as_manager: AsyncClient, as_ot: AsyncClient, ot: Browser, given: Given, query: Query, chair: str
) -> None:
    lent = [await given.loan(await given.item(product=chair)) for _ in range(2)]
    await lower(as_manager, 120)
    assert await query(NOTICES) == []
    [asked] = [one for one in await query(TOLD) if one["purpose"] == "weight_wanted"]
    assert asked["to_name"] == "Olu Thompson"
    assert all(f"at client {one.client_ref}" in asked["body"] for one in lent)
    loan = (await as_ot.get("/api/v1/loans", params={"client_ref": lent[0].client_ref})).json()["items"][0]
    assert loan["weight_wanted"].startswith("Its load was lowered to 120 kg on 2 March 2026, and nobody knows")
    assert "Shower chair" in str(section(await ot.get("/"), CAPTION))
    assert "120 kg" in (await ot.get(f"/l/{lent[0].barcode}")).text


async def test_a_load_that_nobody_knew_stops_what_is_too_weak_and_asks_for_no_label(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    product = await given.product("CHAIR", category="18 09 03", safe_working_load_kg=None)
    heavy = await given.client("C-1", weight_kg=130, weighed_on="2026-02-01")
    lent = await given.loan(await given.item(product=product), client=heavy)
    await given.loan(await given.item(product=product))
    await lower(as_manager, 120)
    assert await query(NOTICES) == [{"barcode": lent.barcode, "reason": WHY}]
    assert await query(LABELS) == []
    assert "weight_wanted" not in {one["purpose"] for one in await query(TOLD)}


async def test_an_import_does_the_same(as_manager: AsyncClient, given: Given, query: Query, chair: str) -> None:
    heavy = await given.client("C-1", weight_kg=130, weighed_on="2026-02-01")
    lent = await given.loan(await given.item(product=chair), client=heavy)
    status, report = await send(
        as_manager,
        "code,name,category,purchase_price,safe_working_load_kg\nCHAIR,Shower chair,18 09 03,20.00,120",
        "catalogue",
    )
    assert status == 200, report
    assert await query(NOTICES) == [{"barcode": lent.barcode, "reason": WHY}]


async def test_what_is_with_the_driver_for_somebody_who_weighs_more_is_held(
    as_ot: AsyncClient, as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query, chair: str
) -> None:
    barcode = await given.item(product=chair)
    body = {
        "client_ref": await given.client("C-9", weight_kg=130, weighed_on="2026-02-01"),
        "funder": "ASC",
        "speed": "five_day",
        "reason": "other",
        "clinical_reasoning": "Cannot rise alone.",
        "lines": [{"product_code": chair}],
    }
    number = (await as_ot.post("/api/v1/orders", json=body)).json()["number"]
    for api, act in ((as_ot, "submit"), (as_technician, "allocate"), (as_technician, "dispatch")):
        await api.post(f"/api/v1/orders/{number}/{act}")
    await lower(as_manager, 120)
    [hold] = (await given.record(barcode)).evidence.holds
    assert hold.reason.startswith("The client for whom it is on its way may weigh more than it carries")


async def test_a_load_that_is_known_is_never_taken_out(
    as_manager: AsyncClient, manager: Browser, as_ot: AsyncClient, given: Given, query: Query, chair: str
) -> None:
    heavy = await given.client("C-1", weight_kg=190, weighed_on="2026-02-01")
    barcode = await given.item(product=chair)
    await lower(as_manager, 120)
    url = f"/api/v1/products/{chair}"
    read = await as_manager.get(url)
    blank = await as_manager.patch(url, json={"safe_working_load_kg": None}, headers={"If-Match": read.headers["etag"]})
    check_problem(blank, 409, "load-is-known", field="safe_working_load_kg")
    page = await manager.get(f"/products/{chair}/edit")
    assert set((await manager.send(page, page.path, safe_working_load_kg="")).errors) == {"safe_working_load_kg"}
    head = "code,name,category,purchase_price,safe_working_load_kg"
    status, report = await send(as_manager, f"{head}\n{chair},Shower chair,18 09 03,45.00,", "catalogue")
    assert (status, "load-is-known" in str(report)) == (200, True)
    assert await query("SELECT safe_working_load_kg AS kg FROM product") == [{"kg": 120}]
    body = {"barcode": barcode, "client_ref": heavy}
    check_problem(await as_ot.post("/api/v1/loans", json=body), 409, "load-too-low")


async def test_what_nobody_knows_the_load_of_any_more_keeps_its_block_until_a_label_is_printed(
    session: AsyncSession, as_manager: AsyncClient, as_ot: AsyncClient, given: Given, chair: str
) -> None:
    barcode = await given.item(product=chair)
    await lower(as_manager, 120)
    # Records of before loads were kept.
    await session.execute(text("UPDATE product SET safe_working_load_kg = NULL"))
    await session.commit()
    body = {"barcode": barcode, "client_ref": await given.client()}
    refused = check_problem(await as_ot.post("/api/v1/loans", json=body), 409, "not-clear")
    assert [one["code"] for one in refused["blockers"]] == ["label-says-too-much"]
    await given.labelled(barcode)
    assert (await as_ot.post("/api/v1/loans", json=body)).status_code == 201
