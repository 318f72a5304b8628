"""A notice that was given by mistake is withdrawn by another person, told, and kept on record."""

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.clearance import HoldKind
from tests.browser import Browser
from tests.conftest import Query
from tests.features.clients.test_weights_and_loads import weigh
from tests.features.stop_use.test_api import NOTICES, cared_for, stop
from tests.given import Given
from tests.problems import check_problem

WHY = {"reason": "The hoist of another client was meant."}


async def test_another_person_withdraws_it_with_a_reason_and_its_use_can_be_stopped_again(
    as_ot: AsyncClient, as_safety: AsyncClient, given: Given, query: Query
) -> None:
    lent = await cared_for(given)
    notice = await stop(as_safety, lent, item_fault="no")
    url = f"{NOTICES}/{notice['id']}/withdraw"
    check_problem(await as_ot.post(url, json=WHY), 403, "not-allowed")
    check_problem(await as_safety.post(url, json=WHY), 403, "same-person")
    mine = await stop(as_ot, await given.loan(), item_fault="no")
    check_problem(await as_safety.post(f"{NOTICES}/{mine['id']}/withdraw", json={"reason": " "}), 422, field="reason")
    check_problem(await as_safety.post(f"{NOTICES}/999999/withdraw", json=WHY), 404, "unknown-notice")
    withdrawn = await as_safety.post(f"{NOTICES}/{mine['id']}/withdraw", json=WHY)
    assert withdrawn.status_code == 200, withdrawn.text
    facts = ("is_open", "closed_at", "withdrawn_by", "withdrawn_reason", "loan_id")
    assert [withdrawn.json()[name] for name in facts] == [False, None, "safety", WHY["reason"], mine["loan_id"]]
    check_problem(await as_safety.post(f"{NOTICES}/{mine['id']}/withdraw", json=WHY), 409, "withdrawn-already")
    said = {"by": "Jo", "how": "By phone"}
    check_problem(await as_ot.post(f"{NOTICES}/{mine['id']}/acknowledge", json=said), 409, "withdrawn-already")
    check_problem(await as_ot.post(f"{NOTICES}/{mine['id']}/chase"), 409, "nothing-to-chase")
    listed = (await as_ot.get(NOTICES, params={"open": True})).json()["items"]
    assert [one["id"] for one in listed] == [notice["id"]]
    told = await query("SELECT purpose, to_name FROM message WHERE purpose LIKE 'stop_use_%' ORDER BY id DESC LIMIT 2")
    assert told == [
        {"purpose": "stop_use_mistaken", "to_name": "Olu Thompson"},
        {"purpose": "stop_use_withdrawn", "to_name": "Safia Rahman"},
    ]
    again = await as_ot.post(f"/api/v1/loans/{mine['loan_id']}/stop-use", json={"reason": "It tips over now."})
    assert (again.status_code, again.json()["is_open"]) == (201, True)
    assert len(await query("SELECT id FROM stop_use_notice")) == 3


async def test_what_a_hold_an_inspection_or_a_weight_asks_for_is_not_withdrawn(
    as_safety: AsyncClient, as_manager: AsyncClient, as_ot: AsyncClient, given: Given, query: Query
) -> None:
    held = await given.loan()
    number = await given.hold(held.barcode, HoldKind.INVESTIGATION)
    chair = await given.item(product=await given.product(category="18 09 03", safe_working_load_kg=150))
    client = await given.client("C-9", weight_kg=90, weighed_on="2026-02-01")
    weak = await given.loan(chair, client=client)
    await weigh(as_ot, client, 151)
    first, second = (f"{NOTICES}/{row['id']}/withdraw" for row in await query("SELECT id FROM stop_use_notice"))
    problem = check_problem(await as_manager.post(first, json=WHY), 409, "still-not-to-be-used")
    assert "have that lifted first" in problem["detail"]
    lift = f"/api/v1/items/{held.barcode}/holds/{number}"
    assert (await as_manager.request("DELETE", lift, params={"reason": "Looked at: it is sound."})).status_code == 204
    assert (await as_manager.post(first, json=WHY)).status_code == 200
    problem = check_problem(await as_safety.post(second, json=WHY), 409, "still-not-to-be-used")
    assert "It carries less than the client weighs, or nobody knows" in problem["detail"]
    await given.scan(weak.barcode)
    check_problem(await as_safety.post(second, json=WHY), 409, "loan-ended")


async def test_it_is_withdrawn_on_its_page_and_stays_in_the_history(
    as_ot: AsyncClient, ot: Browser, manager: Browser, given: Given
) -> None:
    lent = await given.loan()
    notice = await stop(as_ot, lent, item_fault="no")
    here = f"/stop-use/{notice['id']}"
    assert "Withdraw it" not in (await ot.get(here)).text
    page = await manager.get(here)
    assert set((await manager.send(page, f"{here}/withdraw", reason="")).errors) == {"reason"}
    done = await manager.follow(await manager.send(page, f"{here}/withdraw", **WHY))
    assert "Withdrawn. Whoever was told to stop is told that it was a mistake." in done.banner
    assert "Withdrawn by manager" in done.text
    assert "There is none." in (await ot.get("/stop-use")).text
    item = await ot.get(f"/items/{lent.barcode}")
    assert "Withdrawn on 2 March 2026: it was a mistake." in item.text
    assert f"/loans/{lent.id}/stop-use" in str(item.soup)


async def test_what_was_stopped_for_its_load_stays_so_while_nobody_knows_the_weight(
    session: AsyncSession, as_safety: AsyncClient, as_ot: AsyncClient, given: Given, query: Query
) -> None:
    chair = await given.item(product=await given.product(category="18 09 03", safe_working_load_kg=150))
    client = await given.client("C-9", weight_kg=90, weighed_on="2026-02-01")
    await given.loan(chair, client=client)
    await weigh(as_ot, client, 151)
    [notice] = await query("SELECT id FROM stop_use_notice")
    # A record of before weights were kept.
    await session.execute(text("UPDATE client SET weight_kg = NULL, weighed_on = NULL"))
    await session.commit()
    refused = await as_safety.post(f"{NOTICES}/{notice['id']}/withdraw", json=WHY)
    assert "or nobody knows" in check_problem(refused, 409, "still-not-to-be-used")["detail"]
