"""Faults that strangers report: kept, told, held where dangerous, closed with what was done."""

import re
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.labels import display
from app.domain.lifecycle import State
from app.features.faults.housekeeping import forget_strangers
from app.features.faults.limiting import MOST_IN_A_WINDOW
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, Statements
from tests.given import Given
from tests.problems import check_problem


async def report(visitor: Browser, barcode: str, **fields: str) -> int:
    """Send a report as a person does; the status of the answer."""
    said = {"danger": "no", "description": "A castor is loose."} | fields
    return (await visitor.post_form(f"/l/{barcode}/fault", **said)).status


async def test_a_report_is_kept_with_the_item_shown_and_told_to_the_managers(
    visitor: Browser, technician: Browser, manager: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(State.ON_LOAN)
    said = {"danger": "no", "description": "A castor is loose.\r\nIt squeaks.", "phone": "07700 900123"}
    sent = await visitor.post_form(f"/l/{barcode}/fault", **said)
    assert sent.goes_to == f"/l/{barcode}/reported"
    thanks = await visitor.follow(sent)
    assert "call 999" in thanks.text
    [row] = (await technician.get("/faults")).table()
    assert display(barcode) in row[0]
    assert "A castor is loose." in row[3]
    item = await technician.get(f"/items/{barcode}")
    assert "Fault reported" in item.text
    link = next(str(one["href"]) for one in item.soup.select("a") if str(one.get("href")).startswith("/faults/"))
    assert "07700 900123" in (await technician.get(link)).text
    [told] = await query("SELECT subject, body, to_name, about FROM message WHERE purpose = 'fault_reported'")
    assert told["subject"] == f"Fault reported: {display(barcode)}"
    assert "castor" not in told["body"] + told["subject"]
    assert "07700" not in told["body"]
    [written] = await query("SELECT action, chain FROM audit_event WHERE subject = :s", s=f"item:{barcode}")
    assert written == {"action": "fault_reported", "chain": "public"}
    assert await query("SELECT id FROM hold") == []


async def test_what_is_dangerous_is_held_at_once_and_only_a_manager_lifts_that(
    visitor: Browser, technician: Browser, manager: Browser, given: Given, as_technician: AsyncClient, query: Query
) -> None:
    barcode = await given.item(State.ON_LOAN)
    assert await report(visitor, barcode, danger="yes") == 303
    assert (await given.record(barcode)).state is State.ON_LOAN
    held = (await as_technician.get(f"/api/v1/items/{barcode}")).json()["holds"]
    assert [(hold["kind"], hold["placed_by"]) for hold in held] == [("fault", "public")]
    # Whose loan it is hears of it; managers hear of the report.
    told = "SELECT to_name FROM message WHERE purpose = 'held_at_client'"
    assert await query(told) == [{"to_name": "Olu Thompson"}]
    # Nobody has looked at it: its use there is stopped by who does.
    assert await query("SELECT id FROM stop_use_notice") == []
    # A second one finds the item on hold already.
    assert await report(visitor, barcode, danger="yes") == 303
    assert len(await query("SELECT id FROM hold")) == 1
    lift = f"/items/{barcode}/holds/{held[0]['id']}/lift"
    assert (await technician.get(lift)).status == 403
    # Closing the report does not lift it.
    [first, _] = (await as_technician.get("/api/v1/fault-reports", params={"dangerous": True})).json()["items"]
    assert first["on_hold"] is True
    page = await technician.get(f"/faults/{first['id']}")
    assert "its use there is not stopped yet" in page.text
    silent = await technician.send(page, page.path, done="Rang.")
    assert (silent.status, "Say whether its use there is stopped or goes on." in silent.text) == (422, True)
    await technician.send(page, page.path, done="Rang: the rail was loose.", stop_use="true")
    [notice] = await query("SELECT reason, given_by, item_fault FROM stop_use_notice")
    assert notice["given_by"] == "technician"
    assert notice["reason"].endswith("Reported from its label, and looked at: Rang: the rail was loose.")
    assert "its use there is stopped" in (await technician.get(page.path)).text
    assert len((await as_technician.get(f"/api/v1/items/{barcode}")).json()["holds"]) == 1
    assert (await manager.post_form(lift, reason="Mended and checked.")).goes_to == f"/items/{barcode}"
    # What is reported after that holds it again.
    assert await report(visitor, barcode, danger="yes") == 303
    assert len((await as_technician.get(f"/api/v1/items/{barcode}")).json()["holds"]) == 1


async def test_a_held_item_cannot_be_issued_again(visitor: Browser, given: Given, as_senior_ot: AsyncClient) -> None:
    barcode = await given.item()
    await report(visitor, barcode, danger="yes")
    body = {"barcode": barcode, "client_ref": await given.client(), "kind": "loan"}
    check_problem(await as_senior_ot.post("/api/v1/loans", json=body), 409, "on-hold")


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"danger": None}, "danger", "whether somebody is in danger"),
        ({"description": ""}, "description", "what is wrong with it"),
        ({"description": "x" * 2001}, "description", "2000 characters or fewer"),
        ({"phone": "1" * 41}, "phone", "40 characters or fewer"),
        ({"danger": "perhaps"}, "danger", ""),
    ],
)
async def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(
    typed: dict[str, str], field: str, words: str, visitor: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item()
    said = {"danger": "no", "description": "It squeaks."} | typed
    page = await visitor.post_form(f"/l/{barcode}/fault", **said)
    assert page.status == 422
    assert words in page.errors[field]
    assert "call 999" in page.text
    assert await query("SELECT id FROM fault_report") == []


async def test_what_a_program_fills_in_is_refused_in_words_that_help_a_person(
    visitor: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item()
    said = {"danger": "yes", "description": "Buy now", "website": "https://spam.example"}
    page = await visitor.post_form(f"/l/{barcode}/fault", **said)
    assert page.status == 422
    assert "must stay empty" in page.errors["main-content"]
    assert await query("SELECT id FROM fault_report UNION SELECT id FROM hold") == []
    # Its browser did it: sent once more as it is, the report is taken.
    assert (await visitor.send(page)).status == 303


async def test_a_form_from_elsewhere_or_without_its_token_is_refused(
    visitor: Browser, anonymous: AsyncClient, given: Given, query: Query
) -> None:
    barcode = await given.item()
    said = {"danger": "yes", "description": "x", "form_id": str(uuid4())}
    assert (await visitor.post(f"/l/{barcode}/fault", **said)).status == 403
    page = await visitor.get(f"/l/{barcode}/fault")
    token = str(page.form()["action"]) and page.form().select_one('[name="csrf_token"]')
    assert token
    foreign = {"sec-fetch-site": "cross-site"}
    sent = said | {"csrf_token": str(token["value"])}
    assert (await anonymous.post(f"/l/{barcode}/fault", data=sent, headers=foreign)).status_code == 403
    assert await query("SELECT id FROM fault_report") == []


async def test_the_same_form_sent_twice_is_one_report(visitor: Browser, given: Given, query: Query) -> None:
    page = await visitor.get(f"/l/{await given.item()}/fault")
    answers = [await visitor.send(page, danger="yes", description="It tips over.") for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    assert len(await query("SELECT id FROM fault_report")) == len(await query("SELECT id FROM hold")) == 1


async def test_one_address_cannot_report_without_end(
    visitor: Browser, given: Given, clock: Clock, query: Query
) -> None:
    barcode = await given.item()
    most = MOST_IN_A_WINDOW["fault_report"]
    assert {await report(visitor, barcode) for _ in range(most)} == {303}
    page = await visitor.post_form(f"/l/{barcode}/fault", danger="yes", description="It squeaks.")
    assert page.status == 429
    assert "phone us" in page.errors["main-content"]
    assert len(await query("SELECT id FROM fault_report")) == most
    clock.move(minutes=16)
    assert await report(visitor, barcode) == 303


async def test_a_report_on_a_label_that_nobody_has_is_answered_like_any_such_label(visitor: Browser) -> None:
    assert (await visitor.post("/l/ES999999900/fault", danger="yes", description="x")).status == 404


async def test_a_report_takes_a_fixed_number_of_statements(
    visitor: Browser, given: Given, statements: Statements
) -> None:
    counts = {}
    for danger in ("no", "yes"):
        page = await visitor.get(f"/l/{await given.item()}/fault")
        statements.clear()
        await visitor.send(page, danger=danger, description="It squeaks.")
        counts[danger] = len(statements)
    # The label, the brake (2), the item (2), the form, the report, the trail (2), who is told, and one message each;
    # of what is dangerous the hold too, its line in the trail, the orders that wait for it, and who has it.
    assert counts == {"no": 11, "yes": 17}


async def test_a_report_is_closed_once_with_what_was_done(
    visitor: Browser, technician: Browser, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    barcode = await given.item()
    await report(visitor, barcode)
    [fault] = (await as_manager.get("/api/v1/fault-reports", params={"open": True})).json()["items"]
    address = f"/faults/{fault['id']}"
    empty = await technician.post_form(address, done="")
    assert "what was done" in empty.errors["done"]
    opened = await technician.get(address)
    closed = await technician.send(opened, done="New castor.")
    assert closed.goes_to == "/faults"
    assert (await technician.follow(closed)).table() == []
    assert "New castor." in (await technician.get(address)).text
    again = await as_manager.post(f"/api/v1/fault-reports/{fault['id']}/close", json={"done": "Again."})
    check_problem(again, 409, "fault-closed-already")
    check_problem(
        await as_manager.post("/api/v1/fault-reports/4711/close", json={"done": "x"}), 404, "unknown-fault-report"
    )
    assert (await technician.get("/faults/4711")).status == 404
    mine = "SELECT action FROM audit_event WHERE chain = 'technician' AND action LIKE 'fault%' ORDER BY seq"
    trail = await query(mine)
    assert [row["action"] for row in trail][-3:] == ["fault_read", "fault_closed", "fault_read"]


async def test_a_prescriber_sees_no_reports(visitor: Browser, ot: Browser, given: Given) -> None:
    barcode = await given.item()
    await report(visitor, barcode, description="Mrs Sharp fell.")
    assert (await ot.get("/faults")).status == 403
    assert "Mrs Sharp" not in (await ot.get(f"/items/{barcode}")).text


async def test_strangers_are_forgotten(
    visitor: Browser, given: Given, clock: Clock, sessions: Sessions, query: Query, as_technician: AsyncClient
) -> None:
    for phone in ("07700 900123", "07700 900456"):
        await report(visitor, await given.item(), phone=phone)
    [first, _] = (await as_technician.get("/api/v1/fault-reports")).json()["items"]
    await as_technician.post(f"/api/v1/fault-reports/{first['id']}/close", json={"done": "Rang."})
    clock.move(days=31)
    async with sessions.begin() as session:
        assert await forget_strangers(session, at=clock.now) >= 3
    assert await query("SELECT phone FROM fault_report ORDER BY id") == [{"phone": None}, {"phone": "07700 900456"}]
    assert await query("SELECT id FROM public_request") == []
    assert not re.search("900123", (await as_technician.get("/api/v1/fault-reports")).text)


async def test_who_looks_at_a_report_says_by_the_api_whether_it_is_used_on(
    visitor: Browser, as_technician: AsyncClient, as_safety: AsyncClient, given: Given, query: Query
) -> None:
    goes_on, stopped, mild, shelf = await given.loan(), await given.loan(), await given.loan(), await given.item()
    for barcode, danger in ((goes_on.barcode, "yes"), (stopped.barcode, "yes"), (mild.barcode, "no"), (shelf, "yes")):
        await report(visitor, barcode, danger=danger)
    reports = (await as_technician.get("/api/v1/fault-reports")).json()["items"]
    assert [one["is_with_client"] for one in reports] == [True, True, True, False]
    first, second, third, fourth = (f"/api/v1/fault-reports/{one['id']}/close" for one in reports)
    problem = check_problem(await as_technician.post(first, json={"done": "Rang."}), 422, "say-whether-it-is-used")
    assert problem["errors"][0]["loc"][-1] == "stop_use"
    used_on = {"done": "Looked at it.", "stop_use": False}
    refused = check_problem(await as_technician.post(first, json=used_on), 403, "not-yours-to-decide")
    assert "said by who may lift its hold." in refused["detail"]
    assert " can. Stop its use, or leave the report to them." in refused["detail"]
    assert (await as_technician.get("/api/v1/fault-reports", params={"open": True})).json()["items"][0]["id"]
    assert await query("SELECT id FROM message WHERE purpose = 'used_on'") == []
    for who, url, said in (
        (as_safety, first, False),
        (as_technician, second, True),
        (as_technician, third, True),
        (as_technician, fourth, None),
    ):
        done = await who.post(url, json={"done": "Looked at it.", "stop_use": said})
        assert (done.status_code, done.json()["use_is_stopped"]) == (200, bool(said)), done.text
    # Whoever may lift holds hears of either: that it is used on, and that its use is stopped.
    assert len(await query("SELECT id FROM message WHERE purpose = 'used_on'")) > 1
    noted = await query("SELECT loan_id FROM stop_use_notice ORDER BY id")
    assert [row["loan_id"] for row in noted] == [stopped.id, mild.id]
    # What was not called dangerous was not on hold before.
    held = await query("SELECT placed_by FROM hold JOIN item ON item.id = item_id WHERE barcode = :b", b=mild.barcode)
    assert held == [{"placed_by": "technician"}]
