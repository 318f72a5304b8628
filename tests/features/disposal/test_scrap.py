"""Scrap: where the waste goes, a second person for what is dear, and references that come later."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.db import SECOND_PERSON_PENCE
from app.domain.hygiene import Route
from app.domain.labels import make_tag
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query, Sessions, SignIn, Statements
from tests.given import Given
from tests.problems import check_problem

ITEMS = "/api/v1/items"
UNKNOWN = make_tag("ES", 9_999_999)
REQUESTS = "/api/v1/scrap-requests"
WHY = {"reason": "The frame is cracked."}
METAL = WHY | {"waste_stream": "metal", "reference": "WTN-1"}
LATER = WHY | {"waste_stream": "metal", "reference_follows": True}


async def dear(given: Given, state: State = State.IN_STOCK, **product: Any) -> str:
    """An item that costs £900."""
    return await given.item(state, product=await given.product(purchase_price_pence=90_000, **product))


async def ask(client: AsyncClient, barcode: str) -> int:
    """A scrap request for a dear item."""
    answer = await client.post(f"{ITEMS}/{barcode}/scrap", json=METAL)
    assert answer.status_code == 202, answer.text
    number: int = answer.json()["disposal"]["id"]
    return number


async def sent(query: Query) -> list[tuple[str, str]]:
    """The messages so far: what for, and to whom."""
    rows = await query("""
        SELECT purpose, username FROM message JOIN account ON account.id = to_account_id ORDER BY message.id
    """)
    return [(row["purpose"], row["username"]) for row in rows]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (WHY, "malformed", "waste_stream"),
        (WHY | {"reference": "WTN-1"}, "malformed", "waste_stream"),
        (WHY | {"waste_stream": "river", "reference": "WTN-1"}, "malformed", "waste_stream"),
        (WHY | {"waste_stream": "metal"}, "reference-wanted", "reference"),
        (WHY | {"waste_stream": "weee", "reference": "CN-1"}, "batteries-wanted", "batteries"),
        (WHY | {"waste_stream": "weee", "reference": "CN-1", "batteries": "maybe"}, "malformed", "batteries"),
    ],
)
async def test_scrap_says_where_the_waste_goes(
    as_technician: AsyncClient, given: Given, body: dict[str, Any], code: str, field: str
) -> None:
    barcode = await given.item()
    check_problem(await as_technician.post(f"{ITEMS}/{barcode}/scrap", json=body), 422, code, field=field)
    assert (await given.record(barcode)).state is State.IN_STOCK


async def test_what_is_missing_goes_nowhere(as_technician: AsyncClient, given: Given) -> None:
    here, lost = await given.item(), await given.item(State.MISSING)
    nowhere = WHY | {"waste_stream": "nowhere"}
    check_problem(await as_technician.post(f"{ITEMS}/{here}/scrap", json=nowhere), 409, "not-missing")
    check_problem(await as_technician.post(f"{ITEMS}/{lost}/scrap", json=METAL), 409, "nothing-to-dispose-of")
    assert (await as_technician.post(f"{ITEMS}/{lost}/scrap", json=nowhere)).status_code == 200
    url, body = f"{ITEMS}/{lost}/waste-reference", {"reference": "WTN-1"}
    check_problem(await as_technician.post(url, json=body), 409, "nothing-to-dispose-of")


async def test_a_dear_item_is_scrapped_by_two_people_and_stays_here_until_then(
    as_technician: AsyncClient, as_manager: AsyncClient, as_ot: AsyncClient, given: Given, query: Query
) -> None:
    barcode = await dear(given)
    request = await ask(as_technician, barcode)
    assert set(await sent(query)) == {("scrap_asked_for", "finance"), ("scrap_asked_for", "manager")}
    item = (await as_technician.get(f"{ITEMS}/{barcode}")).json()
    assert (item["state"], [hold["kind"] for hold in item["holds"]]) == ("in_stock", ["scrap_request"])
    assert item["next_step"]["route"] == "scrap_cage"
    assert (item["disposal"]["is_open"], item["disposal"]["asked_by"]) == (True, "technician")
    loan = {"barcode": barcode, "client_ref": await given.client()}
    check_problem(await as_technician.post("/api/v1/loans", json=loan), 409, "on-hold")
    check_problem(await as_technician.post(f"{REQUESTS}/{request}/agree"), 403, "not-allowed")
    check_problem(await as_technician.post(f"{ITEMS}/{barcode}/scrap", json=METAL), 409, "scrap-asked-already")
    [open_one] = (await as_manager.get(REQUESTS, params={"open": "true"})).json()["items"]
    assert (open_one["barcode"], open_one["state"], open_one["scrapped_at"]) == (barcode, "open", None)
    agreed = (await as_manager.post(f"{REQUESTS}/{request}/agree")).json()
    assert (agreed["state"], agreed["asked_by"], agreed["agreed_by"]) == ("agreed", "technician", "manager")
    [line] = await query("SELECT actor, reason, reference FROM movement WHERE move = 'scrap'")
    assert tuple(line.values()) == ("manager", "The frame is cracked. Asked for by technician.", "WTN-1")
    for act, body in (("agree", None), ("decline", {"reason": "It can be mended."})):
        check_problem(await as_manager.post(f"{REQUESTS}/{request}/{act}", json=body), 409, "decided-already")
        check_problem(await as_manager.post(f"{REQUESTS}/99/{act}", json=body), 404, "unknown-request")
    check_problem(await as_manager.get(f"{REQUESTS}/99"), 404, "unknown-request")
    assert (await as_manager.get(REQUESTS, params={"open": "false"})).json()["items"][0]["id"] == request
    assert len((await as_manager.get(REQUESTS)).json()["items"]) == 1
    assert (await query("SELECT id FROM hold WHERE lifted_at IS NULL")) == []


async def test_nobody_agrees_to_what_they_asked_for(
    as_manager: AsyncClient, as_finance: AsyncClient, manager: Browser, given: Given
) -> None:
    request = await ask(as_manager, await dear(given))
    check_problem(await as_manager.post(f"{REQUESTS}/{request}/agree"), 403, "same-person")
    page = await manager.get(f"/scrap-requests/{request}")
    assert "You asked for this yourself" in page.text
    assert page.soup.select_one(f'form[action="/scrap-requests/{request}/agree"]') is None
    assert (await as_finance.post(f"{REQUESTS}/{request}/agree")).status_code == 200


async def test_a_declined_item_is_as_it_was_and_who_asked_is_told(
    as_technician: AsyncClient, manager: Browser, given: Given, query: Query
) -> None:
    barcode = await dear(given)
    request = await ask(as_technician, barcode)
    page = f"/scrap-requests/{request}"
    assert set((await manager.send(await manager.get(page), f"{page}/decline")).errors) == {"reason"}
    done = await manager.send(await manager.get(page), f"{page}/decline", reason="A new frame is on order.")
    assert "technician is told why" in (await manager.follow(done)).banner
    assert ("scrap_declined", "technician") in await sent(query)
    item = (await as_technician.get(f"{ITEMS}/{barcode}")).json()
    assert (item["state"], item["is_clear"], item["disposal"]) == ("in_stock", True, None)
    assert "declined" in (await manager.get(page)).text
    assert "Declined by manager" in (await manager.get("/scrap-requests?decided=true")).text
    # It may be asked for again.
    assert await ask(as_technician, barcode) != request


async def test_the_hold_of_a_request_is_neither_placed_nor_lifted_by_hand(
    as_technician: AsyncClient, as_safety: AsyncClient, safety: Browser, given: Given
) -> None:
    barcode = await dear(given)
    placed = await as_technician.post(f"{ITEMS}/{barcode}/holds", json=WHY | {"kind": "scrap_request"})
    check_problem(placed, 422, "not-by-hand", field="kind")
    await ask(as_technician, barcode)
    [hold] = (await as_safety.get(f"{ITEMS}/{barcode}")).json()["holds"]
    url = f"{ITEMS}/{barcode}/holds/{hold['id']}"
    check_problem(await as_safety.delete(url, params=WHY), 409, "scrap-is-asked")
    assert "Lift this hold" not in (await safety.get(f"/items/{barcode}")).text


async def test_the_limit_is_a_setting_and_what_is_past_use_follows_it_too(
    as_technician: AsyncClient, given: Given, sessions: Sessions
) -> None:
    cheap = await given.item()
    spent = await given.item(State.RETURNED, product=await given.product(decontamination_route=Route.CANNOT))
    hopeless = await dear(given, State.RETURNED, decontamination_route=Route.CANNOT)
    assert (await as_technician.post(f"{ITEMS}/{spent}/scrap", json=METAL)).status_code == 200
    assert (await as_technician.post(f"{ITEMS}/{hopeless}/scrap", json=METAL)).status_code == 202
    sessions.configure(info={SECOND_PERSON_PENCE: 0})
    assert (await as_technician.post(f"{ITEMS}/{cheap}/scrap", json=METAL)).status_code == 202


async def test_of_many_the_dear_ones_are_refused_one_by_one(technician: Browser, given: Given) -> None:
    cheap = await given.item(State.RETURNED, product=await given.product(decontamination_route=Route.CANNOT))
    costly = await dear(given, State.RETURNED, decontamination_route=Route.CANNOT)
    together = "/workshop/together"
    tags = {"barcodes": f"{cheap}\n{costly}\n{UNKNOWN}", "do": "scrap"}
    assert (await technician.post_form(together, **tags)).errors == {"main-content": "Choose where the waste goes."}
    without = await technician.post_form(together, **tags, waste_stream="general")
    assert set(without.errors) == {"reference"}
    done = await technician.post_form(together, **tags, waste_stream="general", reference="WTN-2")
    assert "so another person must agree" in done.text
    assert (await given.record(cheap)).state is State.SCRAPPED
    assert (await given.record(costly)).state is State.RETURNED


async def test_many_scrapped_cost_as_many_statements_as_one(
    technician: Browser, given: Given, statements: Statements
) -> None:
    product = await given.product(decontamination_route=Route.CANNOT)
    barcodes = [await given.item(State.RETURNED, product=product) for _ in range(5)]
    counts = []
    for some in (barcodes[:1], barcodes[1:]):
        page = await technician.get("/workshop/together")
        statements.clear()
        said = {"barcodes": "\n".join(some), "do": "scrap", "waste_stream": "general", "reference": "WTN-3"}
        await technician.send(page, "/workshop/together", **said)
        counts.append(len(statements))
    assert counts[0] == counts[1], counts


async def test_what_was_scrapped_without_reference_is_listed_until_it_has_one(
    as_technician: AsyncClient, technician: Browser, given: Given, query: Query
) -> None:
    barcode, other = await given.items(2)
    await as_technician.post(f"{ITEMS}/{barcode}/scrap", json=LATER)
    await as_technician.post(f"{ITEMS}/{other}/scrap", json=METAL)
    listed = (await as_technician.get("/api/v1/disposals", params={"without_reference": "true"})).json()["items"]
    assert [one["barcode"] for one in listed] == [barcode]
    assert len((await as_technician.get("/api/v1/disposals")).json()["items"]) == 2
    assert "Recorded later" in (await technician.get(f"/items/{barcode}")).text
    form = f"/items/{barcode}/waste-reference"
    assert f'href="{form}"' in (await technician.get("/disposals")).response.text
    assert set((await technician.post_form(form)).errors) == {"reference"}
    done = await technician.post_form(form, reference="WTN-77")
    assert "is recorded" in (await technician.follow(done)).banner
    assert "Nothing lacks its reference." in (await technician.get("/disposals")).text
    assert "WTN-77" in (await technician.get(f"/items/{barcode}")).text
    await as_technician.post(f"{ITEMS}/{barcode}/waste-reference", json={"reference": "WTN-78"})
    events = await query(
        "SELECT detail ->> 'was' AS was, detail ->> 'now' AS now FROM audit_event "
        "WHERE action = 'waste_reference_recorded' ORDER BY seq"
    )
    assert [tuple(event.values()) for event in events] == [("", "WTN-77"), ("WTN-77", "WTN-78")]
    shelf = await given.item()
    for url in (f"{ITEMS}/{shelf}/waste-reference", f"{ITEMS}/{UNKNOWN}/waste-reference"):
        check_problem(await as_technician.post(url, json={"reference": "WTN-1"}), 404, "not-scrapped")
    assert (await technician.get(f"/items/{shelf}/waste-reference")).status == 404


async def test_the_pages_ask_for_a_scrap_and_agree_to_it(technician: Browser, manager: Browser, given: Given) -> None:
    barcode = await dear(given)
    form = f"/items/{barcode}/scrap"
    page = await technician.get(form)
    assert "Another person must agree" in page.text
    assert set((await technician.post_form(form)).errors) == {"reason", "waste_stream"}
    weee = {"reason": "The frame is cracked.", "waste_stream": "weee"}
    assert set((await technician.post_form(form, **weee, reference="CN-1")).errors) == {"batteries"}
    sent_off = await technician.post_form(form, **weee, batteries="taken_out", reference_follows="true")
    assert "another person is asked" in (await technician.follow(sent_off)).banner
    bench = await technician.get(f"/items/{barcode}")
    assert "Another person must agree" in bench.text
    worklist = await manager.get("/scrap-requests")
    [link] = worklist.soup.select('main td a[href^="/scrap-requests/"]')
    request = str(link["href"])
    done = await manager.send(await manager.get(request), f"{request}/agree")
    assert "is scrapped" in (await manager.follow(done)).banner
    assert "It is scrapped." in (await manager.get(request)).text
    assert "Asked by technician, agreed by manager" in (await manager.get(f"/items/{barcode}")).text


async def test_a_request_for_what_turned_up_again_is_declined_not_agreed_to(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    barcode = await dear(given, State.MISSING)
    body = WHY | {"waste_stream": "nowhere"}
    asked = await as_technician.post(f"{ITEMS}/{barcode}/scrap", json=body)
    assert asked.status_code == 202
    await given.found(barcode)
    url = f"{REQUESTS}/{asked.json()['disposal']['id']}"
    check_problem(await as_manager.post(f"{url}/agree"), 409, "not-missing")
    assert (await as_manager.post(f"{url}/decline", json={"reason": "It was found again."})).status_code == 200


async def test_who_may_not_agree_sees_no_request(sign_in: SignIn, given: Given, as_technician: AsyncClient) -> None:
    await ask(as_technician, await dear(given))
    for username in ("technician", "ot", "safety", "auditor"):
        check_problem(await (await sign_in(username)).get(REQUESTS), 403, "not-allowed")


async def test_a_price_that_was_typed_low_does_not_spare_the_second_person(
    as_technician: AsyncClient, technician: Browser, given: Given
) -> None:
    product = await given.product(purchase_price_pence=112_000)
    [barcode] = await given.items(1, product=product, purchase_price_pence=100)
    page = await technician.get(f"/items/{barcode}/scrap")
    assert "Another one costs £1,120.00. Another person must agree" in page.text
    await ask(as_technician, barcode)
    assert (await given.record(barcode)).state is State.IN_STOCK
    # What was dear when it was bought is dear, whatever the catalogue asks by now.
    cheap = await given.product(purchase_price_pence=4_500)
    [paid] = await given.items(1, product=cheap, purchase_price_pence=112_000)
    assert "It cost £1,120.00." in (await technician.get(f"/items/{paid}/scrap")).text
    await ask(as_technician, paid)
