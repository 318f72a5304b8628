"""A serial number that is read off the label of an item is a look's result: who read it, and what the record said."""

import csv
from io import StringIO
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query
from tests.features.notices.covering import activated, here
from tests.given import Given
from tests.problems import check_problem


async def test_a_serial_number_that_was_read_off_the_label_decides_and_what_was_recorded_is_kept(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    product = await given.product(model="KS1019")
    [unknown] = await given.items(1, product=product)
    [wrong] = await given.items(1, product=product, serial_numbers=["AB 1000"])
    [other] = await given.items(1, product=product, serial_numbers=["AB3000"])
    scope = {"effect": "include", "models": ["KS1019"], "where": {"serial_range": {"from": "AB1000", "to": "AB1999"}}}
    await activated(as_safety, as_manager, scope)

    def read(serial: str, **more: Any) -> dict[str, Any]:
        return {"action": "inspected", "notes": "Read off its label.", "serial_read": serial, **more}

    async def send(barcode: str, body: dict[str, Any], who: AsyncClient = as_safety) -> Any:
        return await who.post(f"{here()}/matches/{barcode}/actions", json=body)

    check_problem(await send(unknown, read("AB3000")), 409, "duplicate-serial")
    check_problem(await send(unknown, read("- -")), 422, "empty-serial")
    check_problem(await send(unknown, read("AB1", action="quarantined")), 422, "no-label-here")
    many = {"barcodes": [unknown, wrong], **read("AB1")}
    check_problem(await as_safety.post(f"{here()}/matches/actions", json=many), 422, "one-label")
    # What makes it affected counts at once; what would take it out, another person confirms.
    assert (await send(unknown, read("AB 1500"))).json()["result"] == "affected"
    assert (await send(wrong, read("AB 2000"))).json() == {
        "barcode": wrong, "result": "not_affected", "outcome": None, "is_held": True, "is_escalated": False
    }  # fmt: skip
    check_problem(await send(wrong, {"action": "cleared", "notes": "It is AB 2000."}), 403, "same-person")
    assert (await send(wrong, read("AB 2000"), as_manager)).json()["outcome"] == "cleared"
    rows = await query("SELECT barcode, serial_number, serial_key FROM item ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        (unknown, "AB 1500", "ab1500"),
        (wrong, "AB 2000", "ab2000"),
        (other, "AB3000", "ab3000"),
    ]
    acts = (await as_safety.get(f"{here()}/matches/{wrong}")).json()["actions"]
    assert [(act["serial_read"], act["serial_before"]) for act in acts] == [
        ("AB 2000", "AB 1000"),
        ("AB 2000", "AB 2000"),
    ]


async def test_another_number_than_was_recorded_is_read_by_two_people_and_the_old_one_stays_known(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, as_auditor: AsyncClient, given: Given
) -> None:
    product = await given.product(model="KS1019")
    [barcode] = await given.items(1, product=product, serial_numbers=["ZH0510"])
    for reference in ("MDA/2015/025", "MDA/2015/026"):
        scope = {"effect": "include", "models": ["KS1019"], "where": {"serials": ["ZH0510"]}}
        await activated(as_safety, as_manager, scope, reference=reference)
    acts = f"{here()}/matches/{barcode}/actions"
    look = {"action": "inspected", "notes": "Read off its label. Ask Una.", "serial_read": "ZH 0780"}
    clear = {"action": "cleared", "notes": "The label says another number."}
    assert (await as_technician.post(acts, json=look)).json()["is_held"] is True
    for reference in ("MDA/2015/025", "MDA/2015/026"):
        refused = await as_manager.post(f"{here(reference)}/matches/{barcode}/actions", json=clear)
        check_problem(refused, 409, "second-reading")
        said = "technician read ZH 0780 off its label, where our record said ZH0510."
        match = (await as_auditor.get(f"{here(reference)}/matches/{barcode}")).json()
        assert match["hold_ends"].startswith(said)
    # The same person reads it again: that is no second reading. Another person reads the same.
    assert (await as_technician.post(acts, json=look)).json()["is_held"] is True
    assert (await as_manager.post(acts, json=look | {"serial_read": "zh-0780"})).json()["outcome"] == "cleared"
    other = await as_manager.post(f"{here('MDA/2015/026')}/matches/{barcode}/actions", json=clear)
    assert other.json()["outcome"] == "cleared"

    item = (await as_auditor.get(f"/api/v1/items/{barcode}")).json()
    assert item["serial_number"] == "zh-0780"
    first = item["serials_read"][0]
    assert (first["read"], first["before"], first["by"]) == ("ZH 0780", "ZH0510", "technician")
    for number in ("zh 0510", "ZH0780"):
        found = (await as_auditor.get("/api/v1/items", params={"q": number})).json()["items"]
        assert [one["barcode"] for one in found] == [barcode]
    for what in ("reply", "evidence"):
        answer = await as_auditor.get(f"{here()}/{what}", params={"format": "csv"})
        [row] = list(csv.DictReader(StringIO(answer.text)))
        assert (row["serial_number"], row["result"]) == ("zh-0780", "not_affected")
        assert "ZH0510" in row["serial_number_before"]


async def test_auditors_read_what_was_done_without_the_names_of_clients(
    as_safety: AsyncClient, as_manager: AsyncClient, as_ot: AsyncClient, auditor: Browser, as_auditor: AsyncClient,
    given: Given,
) -> None:  # fmt: skip
    product = await given.product(model="KS1019")
    barcode = await given.item(State.ON_LOAN, product=product, client=await given.client("C-77", name="Una Quick"))
    await activated(as_safety, as_manager, {"effect": "include", "models": ["KS1019"]})
    told = {"action": "contacted", "channel": "phone", "notes": "Mrs Quick knows of it."}
    await as_manager.post(f"{here()}/matches/{barcode}/actions", json=told)
    for who, notes in ((as_auditor, "Mrs [name] knows of it."), (as_safety, "Mrs Quick knows of it.")):
        match = (await who.get(f"{here()}/matches/{barcode}")).json()
        assert [act["notes"] for act in match["actions"]] == [notes]
    check_problem(await as_ot.get(f"{here()}/matches/{barcode}"), 403, "not-allowed")
    notice_id = (await as_auditor.get(here())).json()["id"]
    page = await auditor.get(f"/safety-notices/{notice_id}/matches/{barcode}")
    assert "Mrs [name] knows of it." in page.text
    assert "Record what was done" not in page.text


@pytest.mark.parametrize("recorded", [None, "unknown"])
async def test_a_label_that_takes_an_item_out_is_confirmed_by_another_person(
    as_technician: AsyncClient, as_safety: AsyncClient, as_manager: AsyncClient, given: Given, recorded: str | None
) -> None:
    numbers: dict[str, Any] = {"serial_numbers": [recorded]} if recorded else {}
    [barcode] = await given.items(1, product=await given.product(model="KS1019"), **numbers)
    await activated(
        as_safety, as_manager, {"effect": "include", "models": ["KS1019"], "where": {"serials": ["AB1000"]}}
    )
    where = f"{here()}/matches/{barcode}/actions"
    look = {"action": "inspected", "notes": "Read off its label.", "serial_read": "AB2000"}
    said = (await as_technician.post(where, json=look)).json()
    assert (said["result"], said["outcome"], said["is_held"]) == ("not_affected", None, True)
    cleared = {"action": "cleared", "notes": "I have read the label, too."}
    check_problem(await as_technician.post(where, json=cleared), 403, "same-person")
    answer = await as_safety.post(where, json=cleared)
    if recorded:
        # What stood there is another number: somebody else reads the label, too.
        check_problem(answer, 409, "second-reading")
        answer = await as_safety.post(where, json=look)
    assert answer.json()["outcome"] == "cleared"
