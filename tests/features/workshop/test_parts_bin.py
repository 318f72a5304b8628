"""The parts bin: what may go into it, what may be fitted from it, and when a part is gone."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.hygiene import Outcome
from app.domain.labels import display, make_tag
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query
from tests.given import Given
from tests.problems import check_problem

ITEMS = "/api/v1/items"
UNKNOWN = make_tag("ES", 9_999_999)
BIN = "/api/v1/harvested-parts"
HANDSET = {"description": "Handset", "part_number": "HS-4", "condition": "good"}
TODAY = {"fitted_on": "2026-03-02"}


async def harvest(client: AsyncClient, barcode: str, *parts: dict[str, Any]) -> list[int]:
    """Parts taken off a scrapped item."""
    answer = await client.post(f"{ITEMS}/{barcode}/harvested-parts", json={"parts": parts or (HANDSET,)})
    assert answer.status_code == 201, answer.text
    ids: list[int] = answer.json()["ids"]
    return ids


async def in_bin(client: AsyncClient, **params: str) -> list[int]:
    """What lies in the bin."""
    return [part["id"] for part in (await client.get(BIN, params=params)).json()["items"]]


async def test_a_part_is_taken_off_and_fitted_elsewhere_and_then_it_is_gone(
    as_technician: AsyncClient, given: Given
) -> None:
    donor, mended, other = await given.item(), await given.item(State.IN_REPAIR), await given.item(State.IN_REPAIR)
    await given.scrapped(donor)
    handset, castor = await harvest(as_technician, donor, HANDSET, HANDSET | {"description": "Castor"})
    assert await in_bin(as_technician, store="MAIN") == [handset, castor]
    assert await in_bin(as_technician, store="COAST") == []
    assert await in_bin(as_technician, q="castor") == [castor]
    body = {"outcome": "repaired", "parts": [TODAY | {"harvested_part_id": handset}]}
    assert (await as_technician.post(f"{ITEMS}/{mended}/repair", json=body)).status_code == 200
    assert await in_bin(as_technician) == [castor]
    [part] = (await as_technician.get(f"{ITEMS}/{mended}")).json()["parts_fitted"]
    told = {name: part[name] for name in ("description", "part_number", "cost_pence", "harvested_from")}
    assert told == {"description": "Handset", "part_number": "HS-4", "cost_pence": 0, "harvested_from": donor}
    again = {"parts": [TODAY | {"harvested_part_id": handset}]}
    check_problem(await as_technician.post(f"{ITEMS}/{other}/parts-fitted", json=again), 409, "part-is-gone")
    twice = {"parts": [TODAY | {"harvested_part_id": castor}] * 2}
    check_problem(await as_technician.post(f"{ITEMS}/{other}/parts-fitted", json=twice), 409, "part-is-gone")
    # Out of the bin only into what is on the bench.
    late = {"parts": [TODAY | {"harvested_part_id": castor}]}
    check_problem(await as_technician.post(f"{ITEMS}/{mended}/parts-fitted", json=late), 409, "wrong-state")
    reason = {"reason": "It was put back unused."}
    await as_technician.post(f"/api/v1/parts-fitted/{part['id']}/withdraw", json=reason)
    assert await in_bin(as_technician) == [handset, castor]


async def test_nothing_is_taken_off_what_is_not_known_to_be_safe(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    body = {"parts": [HANDSET]}
    on_shelf, dirty, held, lost, spent = (
        await given.item(),
        await given.item(State.RETURNED),
        await given.item(),
        await given.item(State.MISSING),
        await given.item(State.AWAITING_INSPECTION, product=await given.product(single_patient_use=False)),
    )
    hopeless = await given.item(State.DECONTAMINATING)
    await given.cleaned(hopeless, Outcome.CANNOT)
    await given.hold(held)
    for barcode in (dirty, held, lost, hopeless, spent):
        await given.scrapped(barcode)
    assert len(await harvest(as_technician, spent)) == 1
    for barcode, code in (
        (on_shelf, "not-scrapped"),
        (dirty, "not-clear"),
        (held, "not-clear"),
        (lost, "not-here"),
        (hopeless, "not-clear"),
    ):
        answer = await as_technician.post(f"{ITEMS}/{barcode}/harvested-parts", json=body)
        check_problem(answer, 409, code)
    unknown = await as_technician.post(f"{ITEMS}/{UNKNOWN}/harvested-parts", json=body)
    check_problem(unknown, 404, "unknown-barcode")
    assert len(await query("SELECT id FROM harvested_part")) == 1


async def test_nothing_is_taken_off_before_the_scrap_is_agreed_and_nothing_fitted_once_its_item_is_held(
    as_technician: AsyncClient, as_manager: AsyncClient, technician: Browser, given: Given
) -> None:
    asked = await given.item(product=await given.product(purchase_price_pence=90_000))
    donor, mended = await given.item(), await given.item(State.IN_REPAIR)
    for barcode in (asked, donor):
        await given.scrapped(barcode)
    assert (await given.record(asked)).state is State.IN_STOCK, "it waits in the cage until somebody agrees"
    body: dict[str, Any] = {"parts": [HANDSET]}
    early = await as_technician.post(f"{ITEMS}/{asked}/harvested-parts", json=body)
    check_problem(early, 409, "not-scrapped")
    assert (await technician.get(f"/items/{asked}")).soup.select_one('a[href$="/harvest"]') is None
    [part] = await harvest(as_technician, donor)
    form = f"/workshop/{mended}/repair/part"
    assert (await technician.get(form)).soup.select_one(f'option[value="{part}"]')
    await given.hold(donor, reason="NatPSA/2026/001 may cover its handset.")
    assert (await technician.get(form)).soup.select_one(f'option[value="{part}"]') is None
    body = {"parts": [TODAY | {"harvested_part_id": part}]}
    refused = check_problem(await as_technician.post(f"{ITEMS}/{mended}/parts-fitted", json=body), 409, "donor-on-hold")
    assert "Do not fit it." in refused["detail"]
    page = await technician.get("/parts-bin", q="handset", store="MAIN")
    assert "Do not fit it." in page.text


async def test_the_same_part_is_not_taken_off_twice_unless_there_were_more(
    as_technician: AsyncClient, technician: Browser, given: Given, query: Query
) -> None:
    donor = await given.item()
    await given.scrapped(donor)
    await harvest(as_technician, donor, HANDSET)
    url = f"{ITEMS}/{donor}/harvested-parts"
    again = await as_technician.post(url, json={"parts": [HANDSET]})
    said = check_problem(again, 409, "already-harvested", field="another_like_it")
    assert said["detail"].startswith("technician took “Handset” off it on 2 March 2026.")
    assert len(await harvest(as_technician, donor, HANDSET | {"another_like_it": True})) == 1
    castor = {"description": "Castor", "condition": "good", "quantity": 2}
    assert len(await harvest(as_technician, donor, castor)) == 2
    for quantity in (0, 21):
        check_problem(await as_technician.post(url, json={"parts": [castor | {"quantity": quantity}]}), 422)
    form = f"/items/{donor}/harvest"
    page = await technician.get(form)
    asked = await technician.send(page, form, description="castor", condition="worn", quantity="1")
    assert asked.status == 409
    assert "technician took “Castor” off it on 2 March 2026." in asked.text
    sent = await technician.send(
        asked, form, description="castor", condition="worn", quantity="1", another_like_it="true"
    )
    assert "is in the parts bin" in (await technician.follow(sent)).banner
    assert len(await query("SELECT id FROM harvested_part")) == 5


async def test_a_part_is_thrown_away_with_a_reason(
    as_technician: AsyncClient, technician: Browser, given: Given
) -> None:
    donor = await given.item()
    await given.scrapped(donor)
    form = f"/items/{donor}/harvest"
    assert set((await technician.post_form(form)).errors) == {"description", "condition"}
    sent = await technician.post_form(form, description="Handset", condition="worn")
    assert "is in the parts bin" in (await technician.follow(sent)).banner
    [part] = await in_bin(as_technician)
    assert "Handset" in (await technician.get("/parts-bin")).text
    page = f"/parts-bin/{part}/discard"
    assert set((await technician.post_form(page, reason=".")).errors) == {"reason"}
    gone = await technician.post_form(page, reason="Its cable is worn through.")
    assert "is thrown away" in (await technician.follow(gone)).banner
    assert await in_bin(as_technician) == []
    reason = {"reason": "Its cable is worn through."}
    check_problem(await as_technician.post(f"{BIN}/{part}/discard", json=reason), 409, "part-is-gone")
    check_problem(await as_technician.post(f"{BIN}/99/discard", json=reason), 404, "unknown-harvested-part")
    assert (await technician.get(page)).status == 404
    mended = await given.item(State.IN_REPAIR)
    body = {"parts": [TODAY | {"harvested_part_id": part}]}
    check_problem(await as_technician.post(f"{ITEMS}/{mended}/parts-fitted", json=body), 409, "part-is-gone")


async def test_a_part_of_the_bin_is_chosen_on_the_page(
    technician: Browser, as_technician: AsyncClient, given: Given
) -> None:
    donor, mended = await given.item(), await given.item(State.IN_REPAIR)
    await given.scrapped(donor)
    [part] = await harvest(as_technician, donor)
    today = {"fitted_on-day": "2", "fitted_on-month": "3", "fitted_on-year": "2026"}
    await technician.post_form(f"/workshop/{mended}/repair/part", harvested_part_id=str(part), **today)
    page = await technician.get(f"/workshop/{mended}/repair")
    assert "From the bin, off" in page.text
    refused = await technician.post_form(f"/items/{mended}/harvest", description="Handset", condition="good")
    assert refused.status == 409


@pytest.mark.parametrize("body", [{}, {"parts": []}, {"parts": [{}]}, {"parts": [HANDSET | {"condition": "new"}]}])
async def test_what_is_taken_off_is_named(as_technician: AsyncClient, given: Given, body: dict[str, Any]) -> None:
    donor = await given.item()
    await given.scrapped(donor)
    check_problem(await as_technician.post(f"{ITEMS}/{donor}/harvested-parts", json=body), 422, "malformed")


async def fit(client: AsyncClient, part: int, barcode: str) -> None:
    """A part of the bin goes into an item that is in repair, which is mended by that."""
    body = {"outcome": "repaired", "parts": [TODAY | {"harvested_part_id": part}]}
    answer = await client.post(f"{ITEMS}/{barcode}/repair", json=body)
    assert answer.status_code == 200, answer.text


async def test_what_carries_a_part_of_an_item_that_is_held_later_is_held_and_looked_at(
    as_technician: AsyncClient, as_safety: AsyncClient, given: Given, query: Query
) -> None:
    donor, middle, last, other = [await given.item(), *[await given.item(State.IN_REPAIR) for _ in range(3)]]
    await given.scrapped(donor)
    handset, castor, unused = await harvest(
        as_technician, donor, HANDSET, HANDSET | {"description": "Castor"}, HANDSET | {"description": "Brake"}
    )
    await fit(as_technician, handset, middle)
    await fit(as_technician, castor, other)
    # The line of the castor was wrong; the handset goes on into another item once the middle one is scrapped.
    [line] = await query("SELECT id FROM fitted_part WHERE harvested_part_id = :part", part=castor)
    withdrawn = {"reason": "It was put back unused."}
    await as_technician.post(f"/api/v1/parts-fitted/{line['id']}/withdraw", json=withdrawn)
    await given.scrapped(middle)
    [again] = await harvest(as_technician, middle, HANDSET)
    await fit(as_technician, again, last)
    await given.inspected(last)
    await given.released(last)
    lent = await given.loan(last)
    placed = await as_safety.post(f"{ITEMS}/{donor}/holds", json={"kind": "fault", "reason": "Its cables overheat."})
    assert placed.status_code == 201, placed.text
    held = {row["barcode"]: row["reason"] for row in await query(
        "SELECT barcode, reason FROM hold JOIN item ON item.id = item_id WHERE kind = 'investigation'")}  # fmt: skip
    assert set(held) == {middle, last}
    assert held[middle] == (
        f"It carries a part of {display(donor)} (Handset), which is held now: Fault: Its cables overheat. "
        "Look at the part, or change it."
    )
    assert held[last].startswith(f"It carries a part of {display(middle)} (Handset), which is held now: ")
    told = {row["to_name"] for row in await query(
        "SELECT to_name FROM message WHERE purpose = 'part_of_held_item' AND about = :about", about=f"item:{last}"
    )}  # fmt: skip
    assert "Olu Thompson" in told
    bodies = await query("SELECT body FROM message WHERE about = :about", about=f"item:{last}")
    assert all(f"It is with client {lent.client_ref}" in row["body"] for row in bodies)
    # At a client's it is as with any hold: its use is stopped.
    [notice] = await query("SELECT reason, item_fault FROM stop_use_notice WHERE loan_id = :loan", loan=lent.id)
    assert notice == {"reason": f"Investigation: {held[last]}", "item_fault": "not_known"}
    assert all("Its use there is stopped" in row["body"] for row in bodies)
    # What is held once for that is not held twice, and a wish to scrap says nothing of its parts.
    await as_safety.post(f"{ITEMS}/{donor}/holds", json={"kind": "fault", "reason": "Its cables overheat."})
    assert len(await query("SELECT id FROM hold WHERE kind = 'investigation'")) == 2
    check_problem(await as_technician.post(f"{ITEMS}/{other}/repair", json={"outcome": "repaired"}), 409)
    assert unused in await in_bin(as_technician)
