"""What is pasted, amended or changed between looking and activating is never put into force, or closed, unseen."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.notices.covering import activated, drafted, here, line, relevant, results
from tests.given import Given
from tests.problems import check_problem

A, B, C, D = "1942500017", "1942500025", "1942500030", "1942500053"
TRIAGE = {"decision": "relevant", "reason": "We lend such hoists."}


@pytest.fixture
async def hoist(given: Given) -> str:
    """A model that the notice names."""
    return await given.product("HOIST", model="KS1019", manufacturer="Coopers", name="Hoist")


async def amend(client: AsyncClient, body: str = "It covers KS1091, too.") -> None:
    told = {"body": body, "change_note": "The MHRA published it."}
    assert (await client.post(f"{here()}/versions", json=told)).status_code < 300


async def rename(client: AsyncClient, model: str) -> None:
    read = await client.get("/api/v1/products/HOIST")
    headers = {"If-Match": read.headers["etag"]}
    assert (await client.patch("/api/v1/products/HOIST", json={"model": model}, headers=headers)).status_code < 300


async def close(client: AsyncClient) -> Any:
    return await client.post(f"{here()}/close", json={})


async def test_every_number_of_a_pasted_list_counts(
    safety: Browser, as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, query: Query
) -> None:
    barcodes = await given.items(4, product=hoist, serial_numbers=[A, B, C, "1942500099"])
    await relevant(as_safety)
    [notice] = await query("SELECT id FROM safety_notice")
    where = f"/safety-notices/{notice['id']}/scope"
    form = {"handling": "quarantine", "l0-models": "KS1019", "l0c0-kind": "serials"}
    page = await safety.send(await safety.get(where), where, **form, **{"l0c0-values": f"{A} to {C}"}, do="keep")
    assert page.errors["l0c0-values"].startswith(f"“{A} to {C}” holds 2 numbers. Give each by itself")
    pasted = {"l0c0-values": f"Serial numbers: {A}, {B}  {C} and {D}."}
    assert "4 numbers, each once" in (await safety.send(page, where, **form, **pasted, do="count")).text
    preview = await safety.follow(await safety.send(page, where, **form, **pasted, do="keep"))
    assert f"Line 1: of 4 serial numbers, 1 stands on none of our records: {D}." in preview.text
    assert (await as_manager.post(f"{here()}/activate", json={})).status_code == 200
    assert set(await results(as_safety)) == set(barcodes[:3])


@pytest.mark.parametrize("where", [{"serials": [f"{A} {B}"]}, {"lots": ["1C0101 and 2C0202"]}], ids=str)
async def test_several_numbers_in_one_entry_are_refused(as_safety: AsyncClient, where: dict[str, Any]) -> None:
    await relevant(as_safety)
    lines = [line(models=["KS1019"], where=where)]
    check_problem(await as_safety.put(f"{here()}/scope", json={"lines": lines}), 422, "several-numbers")


async def test_another_text_wants_the_scope_entered_and_put_into_force_anew_before_the_closing(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, query: Query
) -> None:
    [barcode] = await given.items(1, product=hoist)
    scope = line(models=["KS1019"])
    await activated(as_safety, as_manager, scope)
    actions = f"{here()}/matches/{barcode}/actions"
    await as_safety.post(actions, json={"action": "corrected", "notes": "The boom was changed."})
    await as_manager.post(actions, json={"action": "cleared", "notes": "I have checked the boom."})
    assert (await close(as_safety)).json()["is_closed"] is False
    await amend(as_safety)
    assert (await as_safety.post(f"{here()}/triage", json=TRIAGE)).status_code == 200
    told = check_problem(await close(as_manager), 409, "not-reconciled")
    assert told["detail"].startswith("The scope in force was entered on version 1, and version 2 has another text.")
    assert (await as_safety.put(f"{here()}/scope", json={"lines": [scope]})).status_code == 200
    check_problem(await as_safety.put(f"{here()}/scope", json={"lines": [scope]}), 409, "nothing-changed")
    check_problem(await as_safety.post(f"{here()}/activate", json={}), 403, "same-person")
    assert (await as_manager.post(f"{here()}/activate", json={})).status_code == 200
    # What was finished stays so. The request was made on version 1.
    assert await query("SELECT outcome FROM notice_match") == [{"outcome": "corrected"}]
    check_problem(await close(as_manager), 409, "counts-changed")
    again = await as_manager.post(f"{here()}/close", json={"again": True})
    assert again.json()["is_closed"] is False
    assert (await close(as_safety)).json()["is_closed"] is True


async def test_other_days_alone_leave_the_scope_as_it_is_and_end_a_request_to_close(
    as_safety: AsyncClient, as_manager: AsyncClient, hoist: str
) -> None:
    await activated(as_safety, as_manager, line(models=["KS1019"]))
    assert (await close(as_safety)).json()["is_closed"] is False
    days = {"complete_by": "2026-06-01", "change_note": "The MHRA extended it."}
    assert (await as_safety.post(f"{here()}/versions", json=days)).status_code < 300
    check_problem(await close(as_manager), 409, "counts-changed")


async def test_a_scope_is_put_into_force_only_when_the_newest_text_was_triaged(
    as_safety: AsyncClient, as_manager: AsyncClient, hoist: str
) -> None:
    await drafted(as_safety, line(models=["KS1019"]))
    await amend(as_safety)
    check_problem(await as_manager.post(f"{here()}/activate", json={"version": 2}), 409, "to-triage")
    assert (await as_safety.post(f"{here()}/triage", json=TRIAGE)).status_code == 200
    assert (await as_manager.post(f"{here()}/activate", json={"version": 2})).status_code == 200


async def test_nobody_puts_into_force_what_they_have_not_seen(
    as_safety: AsyncClient, as_manager: AsyncClient, sign_in: Any, given: Given, hoist: str
) -> None:
    await given.items(2, product=hoist)
    as_safety2 = await sign_in("safety2")
    await drafted(as_safety, line(models=["KS1019"]))
    assert (await as_safety2.get(f"{here()}/scope/preview")).json()["affected"] == 2
    await drafted(as_manager, line(models=["KS1019"], where={"serials": ["X1"]}))
    check_problem(await as_safety2.post(f"{here()}/activate", json={}), 412, "stale")
    await as_safety2.get(f"{here()}/scope/preview")
    assert (await as_safety2.post(f"{here()}/activate", json={})).status_code == 200


async def test_what_left_since_somebody_looked_is_not_overlooked(
    as_safety: AsyncClient, as_manager: AsyncClient, sign_in: Any, safety: Browser, given: Given, hoist: str,
    query: Query,
) -> None:  # fmt: skip
    await given.items(2, product=hoist)
    as_safety2 = await sign_in("safety2")
    await drafted(as_manager, line(models=["KS1019"]))
    await as_safety2.get(f"{here()}/scope/preview")
    [notice] = await query("SELECT id FROM safety_notice")
    where = f"/safety-notices/{notice['id']}"
    page = await safety.get(f"{where}/preview")
    await rename(as_manager, "KS1020")
    told = check_problem(await as_safety2.post(f"{here()}/activate", json={}), 409, "fewer-than-seen")
    assert told["detail"].startswith("It would cover 0 affected and 0 possible items now. When you looked, it was 2")
    assert (await safety.send(page, f"{where}/activate")).status == 409
    await as_safety2.get(f"{here()}/scope/preview")
    assert (await as_safety2.post(f"{here()}/activate", json={})).json()["affected"] == 0


async def test_what_comes_after_a_change_that_nobody_confirmed_is_held_as_what_was_there(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, sign_in: Any, given: Given, hoist: str,
    query: Query,
) -> None:  # fmt: skip
    [before] = await given.items(1, product=hoist)
    await activated(as_safety, await sign_in("safety2"), line(models=["KS1019"]))
    await rename(as_manager, "KS1020")
    told = await query("SELECT body FROM message WHERE purpose = 'notice_weakened'")
    assert told
    assert all(one["body"].startswith("manager changed what the catalogue says of a product") for one in told)
    [after] = await given.items(1, product=hoist)
    assert (await as_technician.get(f"/api/v1/items/{after}")).json()["is_clear"] is False
    for barcode in (before, after):
        match = (await as_safety.get(f"{here()}/matches/{barcode}")).json()
        assert (match["result"], match["is_held"]) == ("not_affected", True)
        actions = f"{here()}/matches/{barcode}/actions"
        cleared = {"action": "cleared", "notes": "The label says KS1020."}
        check_problem(await as_manager.post(actions, json=cleared), 403, "same-person")
        assert (await as_safety.post(actions, json=cleared)).status_code == 201
    # It is confirmed: what comes now is free.
    [free] = await given.items(1, product=hoist)
    assert (await as_technician.get(f"/api/v1/items/{free}")).json()["holds"] == []


async def test_a_makers_name_that_is_taken_away_frees_nothing_that_comes_next(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, sign_in: Any, given: Given, hoist: str
) -> None:
    await given.items(1, product=hoist)
    alias = {"name": "Coopers", "resolves_to": "Sunrise"}
    made = await as_manager.post("/api/v1/maker-aliases", json=alias)
    assert made.status_code == 201, made.text
    await activated(as_safety, await sign_in("safety2"), line(manufacturers=["Sunrise"]))
    assert (await as_manager.delete(f"/api/v1/maker-aliases/{made.json()['id']}")).status_code < 300
    [after] = await given.items(1, product=hoist)
    assert (await as_technician.get(f"/api/v1/items/{after}")).json()["holds"] != []


async def test_a_look_does_not_say_that_an_item_is_on_no_list_of_the_maker(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, technician: Browser, given: Given,
    hoist: str, query: Query,
) -> None:  # fmt: skip
    [bare] = await given.items(1, product=hoist)
    numbered = await given.items(2, product=hoist, serial_numbers=["SN1001", "SN1002"])
    await activated(as_safety, as_manager, line(models=["KS1019"], where={"unpublished_list": True}))
    [question] = (await as_safety.get(f"{here()}/matches/{bare}")).json()["questions"]
    denied = {"action": "inspected", "notes": "Not on the list.", "answers": {question: False}}

    async def send(who: AsyncClient, *barcodes: str) -> Any:
        if len(barcodes) == 1:
            return await who.post(f"{here()}/matches/{barcodes[0]}/actions", json=denied)
        return await who.post(f"{here()}/matches/actions", json=denied | {"barcodes": barcodes})

    check_problem(await send(as_technician, numbered[0]), 422, "not-seen-on-it")
    check_problem(await send(as_technician, bare, *numbered), 422, "not-seen-on-it")
    check_problem(await send(as_safety, *numbered), 422, "one-by-one")
    check_problem(await send(as_safety, bare), 422, "no-number")
    [notice] = await query("SELECT id FROM safety_notice")
    page = await technician.post_form(
        f"/safety-notices/{notice['id']}/matches/{numbered[0]}", done="inspected", notes="No.", answer_0="no"
    )
    assert page.errors["answer_0"].startswith(f"“{question}” cannot be seen on an item.")
    assert (await send(as_safety, numbered[0])).json()["outcome"] == "cleared"


async def test_one_persons_look_at_many_clears_none_of_them_alone(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, given: Given, hoist: str
) -> None:
    barcodes = await given.items(2, product=hoist)
    await activated(as_safety, as_manager, line(models=["KS1019"], where={"feature": "Is the hook open?"}))
    look = {"action": "inspected", "notes": "Closed hooks.", "answers": {"Is the hook open?": False}}
    said = (await as_technician.post(f"{here()}/matches/actions", json=look | {"barcodes": barcodes})).json()
    assert [(one["outcome"], one["is_held"]) for one in said["results"]] == [(None, True)] * 2
    cleared = {"action": "cleared", "notes": "I have seen the hooks.", "barcodes": barcodes}
    check_problem(await as_technician.post(f"{here()}/matches/actions", json=cleared), 422, "not-recorded")
    said = (await as_manager.post(f"{here()}/matches/actions", json=cleared)).json()
    assert [one["outcome"] for one in said["results"]] == ["cleared"] * 2


@pytest.mark.parametrize("near", ["1, Test Ln", "No. 1 Test Lane, Whitstable"])
async def test_what_comes_to_the_same_house_written_otherwise_is_looked_at(
    as_safety: AsyncClient, as_manager: AsyncClient, as_ot: AsyncClient, given: Given, hoist: str, near: str,
    clock: Clock,
) -> None:  # fmt: skip
    home = await given.client(address="1 Test Lane", postcode="CT5 1AA")
    bed = await given.item(State.ON_LOAN, product=await given.product(model="Bed"), client=home)
    rail, other = await given.items(2, product=hoist)
    await activated(as_safety, as_manager, line(models=["Bed"], where={"together_with": {"models": ["KS1019"]}}))
    match = f"{here()}/matches/{bed}"
    [question] = (await as_safety.get(match)).json()["questions"]
    looked = {"action": "inspected", "notes": "There is no rail.", "answers": {question: False}}
    assert (await as_safety.post(f"{match}/actions", json=looked)).json()["outcome"] == "cleared"
    clock.move(hours=1)
    far = {"barcode": other, "client_ref": await given.client(address="2 Test Lane", postcode="CT5 1AA")}
    assert (await as_ot.post("/api/v1/loans", json=far)).status_code == 201
    assert (await as_safety.get(match)).json()["is_held"] is False
    loan = {"barcode": rail, "client_ref": await given.client(address=near, postcode="ct51aa")}
    assert (await as_ot.post("/api/v1/loans", json=loan)).status_code == 201
    found = (await as_safety.get(match)).json()
    assert (found["result"], found["is_held"]) == ("possible", True)
    assert found["because"][-1].startswith("Something has come, since somebody looked, to what may be the same home")
    clock.move(hours=1)
    assert (await as_safety.post(f"{match}/actions", json=looked)).json()["outcome"] == "cleared"
