"""Where a reason is asked for that others act on, a dot is none: by API and by page."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from app.domain.reasons import IN_WORDS, NO_WORDS
from tests.browser import Browser
from tests.given import TRIED, Given
from tests.problems import check_problem

API = "/api/v1"
ORDER = {"client_ref": "C-7", "funder": "ICB", "speed": "five_day", "reason": "other"}

Asked = tuple[str, dict[str, Any], str]
"""An address, a body that is right but for the dot, and the path of the field with the dot."""


async def stop_use(given: Given) -> Asked:
    return f"loans/{(await given.loan()).id}/stop-use", {"reason": "."}, "reason"


async def old_equipment_at_the_counter(given: Given) -> Asked:
    old = await given.loan()
    said = [{"barcode": old.barcode, "action": "keep", "reason": "."}]
    new = {"barcode": await given.item(), "client_ref": old.client_ref, "supersedes": said}
    return "loans", new, "supersedes.0.reason"


async def old_equipment_of_an_order(given: Given) -> Asked:
    old = await given.loan(client=await given.client("C-7"))
    said = [{"barcode": old.barcode, "action": "collect", "reason": "."}]
    more = {"clinical_reasoning": "Cannot stand alone.", "lines": [{"product_code": await given.product()}]}
    return "orders", ORDER | more | {"supersedes": said}, "supersedes.0.reason"


async def delivery_in_vain(given: Given) -> Asked:
    return "orders/O000001/failed-visit", {"reason": "."}, "reason"


async def collection_in_vain(given: Given) -> Asked:
    return f"collections/{(await given.collection()).number}/fail", {"reason": "."}, "reason"


async def find(given: Given) -> Asked:
    return "collection-finds/1/reconcile", {"note": "."}, "note"


def trial(field: str) -> Callable[[Given], Awaitable[Asked]]:
    async def asked(given: Given) -> Asked:
        return f"loans/{(await given.trial()).id}/trial-outcome", TRIED | {"outcome": "keep", field: "."}, field

    return asked


@pytest.mark.parametrize(
    "ask",
    [
        stop_use,
        old_equipment_at_the_counter,
        old_equipment_of_an_order,
        delivery_in_vain,
        collection_in_vain,
        find,
        *(trial(name) for name in TRIED),
    ],
)
async def test_a_dot_is_no_reason_by_the_api(
    as_ot: AsyncClient, as_manager: AsyncClient, given: Given, ask: Callable[[Given], Awaitable[Asked]]
) -> None:
    path, body, field = await ask(given)
    by_store = ask in (delivery_in_vain, collection_in_vain, find)
    refusal = check_problem(await (as_manager if by_store else as_ot).post(f"{API}/{path}", json=body), 422)
    [error] = refusal["errors"]
    assert ".".join(str(part) for part in error["loc"][1:]) == field
    assert error["message"] in {IN_WORDS, NO_WORDS}


async def test_a_dot_is_no_reason_on_the_pages(
    ot: Browser, technician: Browser, manager: Browser, given: Given
) -> None:
    lent, trial, fetched = await given.loan(), await given.trial(), await given.collection()
    stop = await ot.post_form(f"/loans/{lent.id}/stop-use", reason=".", item_fault="yes")
    assert stop.errors == {"reason": IN_WORDS}
    outcome = await ot.post_form(f"/loans/{trial.id}/trial-outcome", outcome="keep", **dict.fromkeys(TRIED, "."))
    assert outcome.errors == {
        "tried_what": IN_WORDS, "tried_where": NO_WORDS, "who_was_there": NO_WORDS, "result": IN_WORDS
    }  # fmt: skip
    vain = await technician.post_form(f"/collections/{fetched.number}/fail", reason=".")
    assert vain.errors == {"reason": IN_WORDS}
    await technician.post_form(f"/collections/{fetched.number}/found", description="Grey bath board")
    finds = await manager.get("/collections/finds")
    ticks = [str(box["value"]) for box in finds.soup.select('input[name="finds"]')]
    found = await manager.send(finds, "/collections/finds/reconcile", finds=ticks, note=".")
    assert found.errors == {"note": IN_WORDS}
    new = f"/items/{await given.item()}/issue"
    why = {f"old-{lent.barcode}": "keep", f"why-{lent.barcode}": "."}
    issued = await ot.send(await ot.get(new, client_ref=lent.client_ref), new, kind="loan", **why)
    assert issued.errors == {f"why-{lent.barcode}": IN_WORDS}
    assert (await given.record(lent.barcode)).state is State.ON_LOAN


async def test_an_order_is_not_submitted_for_no_reason(as_ot: AsyncClient, ot: Browser, given: Given) -> None:
    await given.client("C-7")
    body = ORDER | {"clinical_reasoning": ".", "lines": [{"product_code": await given.product()}]}
    draft = (await as_ot.post(f"{API}/orders", json=body)).json()
    submit = f"{API}/orders/{draft['number']}/submit"
    refusal = check_problem(await as_ot.post(submit, json={}), 422, "not-a-reason", field="clinical_reasoning")
    assert refusal["detail"].startswith("The clinical reasoning does not say why the client needs this.")
    here = f"/orders/{draft['number']}/check"
    page = await ot.send(await ot.get(here), here, then="submit")
    assert (page.status, "The clinical reasoning does not say why" in page.text) == (422, True)
    assert (await as_ot.get(f"{API}/orders/{draft['number']}")).json()["state"] == "draft"
