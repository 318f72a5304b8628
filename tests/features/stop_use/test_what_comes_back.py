"""What becomes of an item whose use was stopped, once it is back: whoever handles it is told why."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.scans import batch, send
from tests.given import Given
from tests.problems import check_problem

REASON = "The brake does not hold on a slope."
STOPPED = f"Its use at a client's was stopped: {REASON}"


async def stop(client: AsyncClient, loan_id: int, **more: Any) -> dict[str, Any]:
    """Its use is stopped."""
    made = await client.post(f"/api/v1/loans/{loan_id}/stop-use", json={"reason": REASON} | more)
    assert made.status_code == 201, made.text
    notice: dict[str, Any] = made.json()
    return notice


@pytest.mark.parametrize(
    ("said", "fault", "kind"),
    [({}, "not_known", "investigation"), ({"item_fault": "yes"}, "yes", "fault")],
)
async def test_who_scans_it_back_reads_why_and_it_goes_to_nobody_until_that_is_lifted(
    as_ot: AsyncClient,
    as_manager: AsyncClient,
    as_technician: AsyncClient,
    given: Given,
    clock: Clock,
    said: dict[str, str],
    fault: str,
    kind: str,
) -> None:
    lent = await given.loan()
    assert (await stop(as_ot, lent.id, **said))["item_fault"] == fault
    at_home = (await as_technician.get(f"/api/v1/items/{lent.barcode}")).json()
    assert at_home["next_step"]["route"] == "collection"
    [scan] = await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    assert (scan["outcome"], scan["next_step"]["route"]) == ("accepted", "quarantine")
    assert scan["holds"] == [{"kind": kind, "reason": STOPPED}]
    await given.cleaning(lent.barcode)
    await given.cleaned(lent.barcode)
    await given.inspected(lent.barcode)
    release = f"/api/v1/items/{lent.barcode}/release"
    refusal = check_problem(await as_technician.post(release, json={}), 409, "not-clear")
    assert STOPPED in refusal["blockers"][0]["detail"]
    assert (await given.record(lent.barcode)).state is State.AWAITING_INSPECTION
    [hold] = (await as_manager.get(f"/api/v1/items/{lent.barcode}")).json()["holds"]
    lift, why = f"/api/v1/items/{lent.barcode}/holds/{hold['id']}", {"reason": "The brake was adjusted and tested."}
    check_problem(await as_technician.request("DELETE", lift, params=why), 403)
    assert (await as_manager.request("DELETE", lift, params=why)).status_code == 204
    await given.released(lent.barcode)


async def test_what_does_not_suit_one_person_is_not_held_for_the_next(
    as_ot: AsyncClient, as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    lent = await given.loan()
    assert (await stop(as_ot, lent.id, item_fault="no"))["item_fault"] == "no"
    [scan] = await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    assert (scan["holds"], scan["next_step"]["route"]) == ([], "wash_down")


async def test_what_is_replaced_and_only_does_not_suit_any_more_is_not_held(
    as_ot: AsyncClient, given: Given, query: Query
) -> None:
    product = await given.product()
    old = await given.loan(await given.item(product=product))
    narrow = {"action": "stop_use", "reason": "It is too narrow for them now.", "item_fault": "no"}
    said = [{"barcode": old.barcode, **narrow}]
    new = {"barcode": await given.item(product=product), "client_ref": old.client_ref, "supersedes": said}
    assert (await as_ot.post("/api/v1/loans", json=new)).status_code == 201
    assert await query("SELECT item_fault FROM stop_use_notice") == [{"item_fault": "no"}]
    assert await query("SELECT id FROM hold") == []


async def test_the_items_page_says_when_and_why(
    as_ot: AsyncClient, technician: Browser, finance: Browser, given: Given
) -> None:
    faulty, unsuitable = await given.loan(), await given.loan()
    await stop(as_ot, faulty.id)
    await stop(as_ot, unsuitable.id, item_fault="no")
    for one in (faulty, unsuitable):
        await given.scan(one.barcode)
    assert STOPPED in (await technician.get(f"/items/{faulty.barcode}")).soup.select_one(".app-hold").get_text()  # type: ignore[union-attr]
    rows = {}
    for who in (technician, finance):
        page = await who.get(f"/items/{unsuitable.barcode}")
        [caption] = [one for one in page.soup.select("caption") if "was stopped" in one.get_text()]
        rows[who] = [cell.get_text(strip=True) for cell in caption.parent.select("td, tbody th")]  # type: ignore[union-attr]
    assert rows[technician][1:] == ["ot", "It did not suit the person", REASON]
    assert rows[finance][1:] == ["ot", "It did not suit the person", ""]


@pytest.mark.parametrize("fault", ["maybe", "", None, True])
async def test_a_fault_that_is_none_is_refused(as_ot: AsyncClient, given: Given, fault: object) -> None:
    lent = await given.loan()
    body = {"reason": REASON, "item_fault": fault}
    check_problem(await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json=body), 422, field="item_fault")


async def test_a_missing_item_whose_use_was_stopped_is_scanned_back_and_not_typed_as_found(
    as_ot: AsyncClient,
    as_manager: AsyncClient,
    manager: Browser,
    as_technician: AsyncClient,
    given: Given,
    clock: Clock,
) -> None:
    lent = await given.loan()
    notice = await stop(as_ot, lent.id)
    await given.missing(lent.barcode)
    body = {"store": "MAIN", "reason": "Behind the beds."}
    found = await as_manager.post(f"/api/v1/items/{lent.barcode}/find", json=body)
    check_problem(found, 409, "scan-it-back")
    page = await manager.post_form(f"/items/{lent.barcode}/find", **body)
    assert (page.status, "Scan it in at the returns desk" in page.text) == (409, True)
    assert (await as_ot.get(f"/api/v1/stop-use-notices/{notice['id']}")).json()["is_open"] is True
    [scan] = await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    assert scan["outcome"] == "accepted"
    assert (await as_ot.get(f"/api/v1/stop-use-notices/{notice['id']}")).json()["is_open"] is False
