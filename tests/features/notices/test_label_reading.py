"""A serial number that is read off the label of an item is a look's result: who read it, and what the record said."""

from typing import Any

import pytest
from httpx import AsyncClient

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
    assert (await as_safety.post(where, json=cleared)).json()["outcome"] == "cleared"
