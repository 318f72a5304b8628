"""Items are asked about again whenever something that a notice asks for changes: each way at least once."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.labels import display
from app.domain.lifecycle import State
from app.features.notices.daily import ask_again
from app.features.notices.new_loans import Watch, ask_about_new_loans
from app.features.workshop.repairs import service as repairs
from app.features.workshop.repairs.service import NewPart
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, Statements
from tests.features.imports.sending import send
from tests.features.notices.covering import REFERENCE, activated, finish, here, line, matches, results
from tests.given import Given
from tests.problems import check_problem

MODEL = line(models=["KS1019"])


@pytest.fixture
async def hoist(given: Given) -> str:
    """A model that the notice names."""
    return await given.product(model="KS1019", manufacturer="Coopers", name="Hoist")


async def test_goods_in_warns_at_once_and_holds(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, hoist: str, clock: Clock
) -> None:
    await activated(as_safety, as_manager, MODEL)
    goods = {"product_code": hoist, "store": "MAIN", "quantity": 2, "received_on": clock.day(0)}
    answer = (await as_technician.post("/api/v1/items", json=goods)).json()
    barcodes = [one["barcode"] for one in answer["items"]]
    [warning] = answer["warnings"]
    assert warning["code"] == "safety-notice"
    assert warning["detail"].startswith(f"Safety notice {REFERENCE} covers it. It is held: quarantine it. ")
    assert await results(as_safety) == dict.fromkeys(barcodes, ("affected", "goods_in"))
    item = (await as_technician.get(f"/api/v1/items/{barcodes[0]}")).json()
    assert [one["code"] for one in item["blockers"]] == ["on-hold"]


async def test_an_edit_of_the_catalogue_and_another_name_of_a_maker_ask_again(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    plain = await given.product(model="", manufacturer="Mechanaids")
    other = await given.product(model="A1", manufacturer="Nobody")
    edited, renamed = await given.item(product=other), await given.item(product=plain)
    both = line(manufacturers=["Arjo"], models=["A1"])
    await activated(as_safety, as_manager, both)
    assert await results(as_safety) == {}
    change = {"manufacturer": "Arjo", "model": "A1"}
    read = await as_manager.get(f"/api/v1/products/{other}")
    headers = {"If-Match": read.headers["etag"]}
    changed = await as_manager.patch(f"/api/v1/products/{other}", json=change, headers=headers)
    assert changed.status_code == 200, changed.text
    assert await results(as_safety) == {edited: ("affected", "catalogue")}
    alias = {"name": "Mechanaids", "resolves_to": "Arjo"}
    made = await as_manager.post("/api/v1/maker-aliases", json=alias)
    assert made.status_code == 201, made.text
    assert await results(as_safety) == {
        edited: ("affected", "catalogue"),
        renamed: ("possible", "catalogue"),  # Its model is not recorded.
    }
    # Back again: what is not covered any more stays held until somebody who handles notices clears it.
    read = await as_manager.get(f"/api/v1/products/{other}")
    headers = {"If-Match": read.headers["etag"]}
    await as_manager.patch(f"/api/v1/products/{other}", json={"model": "B2"}, headers=headers)
    [row] = [one for one in await matches(as_safety) if one["barcode"] == edited]
    assert (row["result"], row["is_held"], row["action_state"]) == ("not_affected", True, "open")
    assert row["because"] == [
        "It would not be affected any more, since manager changed what is recorded: somebody else confirms that.",
        "None of the lines of the notice is about this product.",
    ]
    # Who changed it does not clear it, nor does another scope; somebody else does.
    acts, clear = f"{here()}/matches/{edited}/actions", {"action": "cleared", "notes": "It is a B2."}
    told = check_problem(await as_manager.post(acts, json=clear), 403, "same-person")
    assert told["detail"].startswith("You changed what is recorded")
    page = (await as_manager.get(f"{here()}/matches/{edited}")).json()
    assert page["hold_ends"].endswith("somebody else confirms that. Its hold ends when they clear it.")
    await activated(as_safety, as_manager, line(manufacturers=["Arjo"], models=["A1", "A2"]))
    assert [row["is_held"] for row in await matches(as_safety)] == [True, True]
    assert (await as_safety.post(acts, json=clear)).json()["outcome"] == "cleared"


async def test_who_takes_away_another_name_of_a_maker_clears_nothing_by_it(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    barcode = await given.item(product=await given.product(model="A1", manufacturer="Mechanaids"))
    made = await as_manager.post("/api/v1/maker-aliases", json={"name": "Mechanaids", "resolves_to": "Arjo"})
    feature = {"any": [{"feature": "Is it red?"}, {"lots": ["L1"]}]}
    await activated(as_safety, as_manager, line(manufacturers=["Arjo"], where=feature))
    assert (await as_safety.delete(f"/api/v1/maker-aliases/{made.json()['id']}")).status_code == 204
    acts = f"{here()}/matches/{barcode}/actions"
    look = {"action": "inspected", "notes": "It is blue.", "answers": {"Is it red?": False}}
    assert (await as_safety.post(acts, json=look)).json() == {
        "barcode": barcode, "result": "not_affected", "outcome": None, "is_held": True, "is_escalated": False
    }  # fmt: skip
    assert (await as_manager.post(acts, json=look)).json()["outcome"] == "cleared"


async def test_a_part_that_is_fitted_or_taken_back_asks_again(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, sessions: Sessions, clock: Clock
) -> None:
    barcode = await given.item(State.IN_REPAIR, product=hoist)
    await activated(as_safety, as_manager, line(models=["KS1019"], where={"part": {"part_number": "PB-17"}}))
    assert await results(as_safety) == {barcode: ("possible", "activation")}
    part = NewPart(part_number="pb 17", description="Push bar", cost_pence=1, fitted_on=clock.today)
    async with sessions.begin() as session:
        await repairs.fit_parts(session, barcode, [part], actor="technician", at=clock.now)
        number: int = (await session.execute(text("SELECT max(id) FROM fitted_part"))).scalar_one()
    assert await results(as_safety) == {barcode: ("affected", "part")}
    async with sessions.begin() as session:
        await repairs.withdraw_part(session, number, reason="It was another item.", actor="technician", at=clock.now)
    assert await results(as_safety) == {barcode: ("possible", "part")}


async def test_a_return_and_a_finding_ask_again(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, session: AsyncSession
) -> None:
    home, lost = await given.item(State.ON_LOAN, product=hoist), await given.item(State.MISSING, product=hoist)
    await activated(as_safety, as_manager, MODEL)
    await finish(session, "untraceable")
    assert {row["action_state"] for row in await matches(as_safety)} == {"untraceable"}
    [result] = await given.scan(home)
    assert result.next_step is not None
    assert (result.next_step.route, [one.kind for one in result.holds]) == ("quarantine", ["safety_notice"])
    await given.found(lost)
    assert await results(as_safety) == {home: ("affected", "return"), lost: ("affected", "found")}
    assert {(row["is_held"], row["is_after_closing"], row["action_state"]) for row in await matches(as_safety)} == {
        (True, True, "open")
    }


async def test_a_stocktake_that_finds_one_asks_again(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, session: AsyncSession, query: Query
) -> None:
    barcode = await given.item(State.MISSING, product=hoist)
    await activated(as_safety, as_manager, MODEL)
    await finish(session, "untraceable")
    number = (await as_manager.post("/api/v1/stocktakes", json={"store": "MAIN"})).json()["number"]
    scan = {"scan_id": "11111111-1111-4111-8111-111111111111", "barcode": barcode, "scanned_at": "2026-03-02T14:05:00Z"}
    counted = await as_manager.post(f"/api/v1/stocktakes/{number}/scans", json={"scans": [scan]})
    assert counted.status_code == 200, counted.text
    done = await as_manager.post(
        f"/api/v1/stocktakes/{number}/finish", json={"corrections": [{"barcode": barcode, "correction": "find"}]}
    )
    assert done.status_code == 200, done.text
    assert await results(as_safety) == {barcode: ("affected", "found")}


async def test_the_daily_check_catches_what_has_grown_too_old_also_after_the_closing(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, sessions: Sessions, clock: Clock,
    session: AsyncSession,
) -> None:  # fmt: skip
    made = clock.today.replace(year=clock.today.year - 10) + timedelta(days=1)
    aged: dict[str, Any] = {"manufactured_on": made, "manufactured_precision": "day"}
    barcode = await given.item(product=hoist, **aged)
    await activated(as_safety, as_manager, line(models=["KS1019"], where={"older_than_years": 10}))
    assert await results(as_safety) == {}
    assert await ask_again(sessions, actor="worker", at=clock.now) == 0
    await finish(session, "corrected")
    clock.move(days=2)
    assert await ask_again(sessions, actor="worker", at=clock.now) == 1
    assert await ask_again(sessions, actor="worker", at=clock.now) == 0
    [row] = await matches(as_safety)
    assert (row["barcode"], row["cause"], row["is_held"], row["is_after_closing"]) == (barcode, "daily", True, True)


async def test_what_comes_to_the_same_home_is_found_within_a_minute(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, sessions: Sessions, clock: Clock,
    statements: Statements, query: Query,
) -> None:  # fmt: skip
    watch, home = Watch(), await given.client(address="1 High Street")
    sling = await given.item(State.ON_LOAN, product=await given.product(model="S1", manufacturer="Shore"), client=home)

    async def ask() -> int:
        return await ask_about_new_loans(sessions, watch, actor="worker", at=clock.now)

    await activated(as_safety, as_manager, line(models=["Z9"]), reference="MDA/2015/026")
    assert await ask() == 0
    assert watch.after is None  # No notice in force asks for that.
    both = line(models=["S1"], where={"together_with": {"models": ["KS1019"]}})
    await activated(as_safety, as_manager, both)
    match = f"{here()}/matches/{sling}"
    [question] = (await as_safety.get(match)).json()["questions"]
    looked = {"action": "inspected", "notes": "Used by hand alone.", "answers": {question: False}}
    assert (await as_safety.post(f"{match}/actions", json=looked)).json()["outcome"] == "cleared"
    assert await ask() == 0
    lent = await given.item(
        State.ON_LOAN, product=await given.product(model="KS1019"), client=await given.client(address="2 High Street")
    )
    assert await ask() == 0  # At another home.
    # What came while a notice was put into force: nobody has asked about it.
    came = (
        "INSERT INTO loan (item_id, client_id, kind, started_at, started_by) "
        "SELECT item.id, client.id, 'loan', now(), 'ot' FROM item, client "
        "WHERE item.barcode = :barcode AND client.client_ref = :client_ref"
    )
    beside = await given.item(product=await given.product(model="KS1019"))
    async with sessions.begin() as session:
        await session.execute(text(came), {"barcode": beside, "client_ref": home})
    assert await ask() == 1
    assert await results(as_safety) == {sling: ("affected", "loan")}
    assert [row["action_state"] for row in await matches(as_safety)] == ["inspected"]
    statements.clear()
    assert await ask() == 0
    assert len(statements) == 3
    assert lent not in await results(as_safety)
    assert len(await query("SELECT id FROM hold WHERE lifted_at IS NULL")) == 1


async def test_what_must_not_be_used_with_what_is_at_the_home_is_not_handed_out(
    as_safety: AsyncClient, as_manager: AsyncClient, as_ot: AsyncClient, given: Given, hoist: str,
    statements: Statements,
) -> None:  # fmt: skip
    home = await given.client(address="1 High Street")
    other = await given.product(model="S1", category="12 36 21")
    sling = await given.item(State.ON_LOAN, product=other, client=home)
    both = line(models=["S1"], where={"together_with": {"models": ["KS1019"]}})
    await activated(as_safety, as_manager, both)
    assert await results(as_safety) == {sling: ("possible", "activation")}
    stored = await given.item(product=other)
    match = f"{here()}/matches/{stored}"
    [question] = (await as_safety.get(match)).json()["questions"]
    looked = {"action": "inspected", "notes": "Nothing lies beside it.", "answers": {question: False}}
    check_problem(await as_safety.post(f"{match}/actions", json=looked), 422, "only-at-home")
    barcode = await given.item(product=hoist)
    loan = {"barcode": barcode, "client_ref": await given.client(address="1 High  street")}
    away = {"barcode": barcode, "client_ref": await given.client(address="2 High Street")}
    told = check_problem(await as_ot.post("/api/v1/loans", json={**loan, "client_ref": home}), 409, "used-together")
    assert told["detail"] == (
        f"By safety notice {REFERENCE} it must not be used together with what is at this home: that affects "
        f"{display(sling)}. Choose another item, or have the other one fetched first."
    )
    assert (await results(as_safety))[sling] == ("possible", "activation")
    statements.clear()
    assert (await as_ot.post("/api/v1/loans", json=away)).status_code == 201
    assert len(statements) <= 30


async def test_what_arrives_after_the_closing_is_caught_held_and_marked(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, session: AsyncSession
) -> None:
    before = await given.item(product=hoist)
    await activated(as_safety, as_manager, MODEL)
    await finish(session, "corrected")
    after = await given.item(product=hoist)
    rows = {row["barcode"]: row for row in await matches(as_safety)}
    assert {name: (row["is_held"], row["is_after_closing"], row["action_state"]) for name, row in rows.items()} == {
        before: (False, False, "corrected"),
        after: (True, True, "open"),
    }


async def test_what_is_caught_after_the_closing_is_told_and_shown(
    as_safety: AsyncClient, as_manager: AsyncClient, safety: Browser, given: Given, hoist: str, session: AsyncSession,
    query: Query, clock: Clock,
) -> None:  # fmt: skip
    await given.item(product=hoist)
    await activated(as_safety, as_manager, MODEL)
    await finish(session, "corrected")
    assert "caught something since" not in (await safety.get("/")).text
    [first, _] = await given.items(2, product=hoist)
    written = "SELECT to_name, subject, body FROM message WHERE purpose = 'notice_late' ORDER BY id"
    letters = await query(written)
    assert {one["subject"] for one in letters} == {f"{REFERENCE}: caught after the closing"}
    assert display(first) in letters[0]["body"]
    assert "They are held now." in letters[0]["body"]
    people = len(letters)
    assert len({one["to_name"] for one in letters}) == people > 1
    await given.item(product=hoist)
    assert len(await query(written)) == people  # Within the hour it is only listed.
    clock.move(hours=2)
    await given.item(product=hoist)
    assert len(await query(written)) == 2 * people
    home = await safety.get("/")
    assert "1 closed safety notice has caught something since" in home.text
    [notice] = await query("SELECT id FROM safety_notice")
    page = await safety.get(f"/safety-notices/{notice['id']}")
    assert "4 items were caught after a closing, 4 of them are open." in page.text


async def test_what_was_seen_on_an_item_counts_until_something_else_is(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, session: AsyncSession, query: Query
) -> None:
    question = "Is the hook open?"
    seen, other = await given.item(product=hoist), await given.item(product=hoist)
    answer = (
        "INSERT INTO notice_answer (item_id, question, is_so, seen_at, seen_by) "
        "SELECT id, :question, :is_so, now(), 'safety' FROM item WHERE barcode = :barcode"
    )
    for is_so in (True, False):
        await session.execute(text(answer), {"question": question, "is_so": is_so, "barcode": seen})
    await session.commit()
    counts = await activated(as_safety, as_manager, line(models=["KS1019"], where={"feature": question}))
    assert counts == {"affected": 0, "possible": 1, "not_affected": 1}
    assert await results(as_safety) == {other: ("possible", "activation")}


async def test_an_import_asks_about_what_it_brings_and_about_what_it_changes(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str
) -> None:
    from_before = await given.item(product=await given.product("OTHER", model="B2", manufacturer="Coopers"))
    await activated(as_safety, as_manager, MODEL)
    catalogue = "code,name,manufacturer,model,category,purchase_price\nOTHER,Hoist,Coopers,KS1019,12 36 03,45.00\n"
    status, report = await send(as_manager, catalogue, "catalogue")
    assert status == 200, report
    items = f"import_ref,product_code,store,received_on,used_before\nOLD-1,{hoist},MAIN,2026-01-05,no\n"
    status, report = await send(as_manager, items)
    assert status == 200, report
    found = await results(as_safety)
    assert found.pop(from_before) == ("affected", "catalogue")
    assert list(found.values()) == [("affected", "import")]


async def test_an_ordinary_day_costs_one_statement_more(
    as_technician: AsyncClient, as_manager: AsyncClient, as_safety: AsyncClient, given: Given, hoist: str,
    statements: Statements, clock: Clock,
) -> None:  # fmt: skip
    async def asked(sent: Any) -> int:
        statements.clear()
        answer = await sent
        assert answer.status_code < 300, answer.text
        return sum("notice" in one for one in statements if "safety_notice AS notice ON notice.id = hold" not in one)

    goods = {"product_code": hoist, "store": "MAIN", "quantity": 1, "received_on": clock.day(0)}
    assert await asked(as_technician.post("/api/v1/items", json=goods)) == 1
    etag = (await as_manager.get(f"/api/v1/products/{hoist}")).headers["etag"]
    edit = as_manager.patch(f"/api/v1/products/{hoist}", json={"model": "X"}, headers={"If-Match": etag})
    assert await asked(edit) == 1
    etag = (await as_manager.get(f"/api/v1/products/{hoist}")).headers["etag"]
    edit = as_manager.patch(f"/api/v1/products/{hoist}", json={"name": "Y"}, headers={"If-Match": etag})
    assert await asked(edit) == 0
    lent = await given.item(State.ON_LOAN, product=hoist)
    statements.clear()
    await given.scan(lent)
    assert not [one for one in statements if "notices_in_force" in one]
    # One in force that is about something else: three more, and nothing is written.
    await activated(as_safety, as_manager, line(models=["Z9"]))
    assert (await as_safety.get(here())).json()["state"] == "active"
    await as_technician.post("/api/v1/items", json=goods)
    statements.clear()
    await as_technician.post("/api/v1/items", json=goods)
    assert sum("notice_match" in one for one in statements) == 1
