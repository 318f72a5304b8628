"""Counts that add up, a notice closed by two people, what comes after that, and the evidence of it all."""

import csv
from io import StringIO
from typing import Any

import pypdfium2
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.notice_work import Handling
from tests.conftest import Clock, Query
from tests.features.notices.activated import HERE, QUESTION, activate, line, relevant
from tests.features.notices.test_acting import act, is_clear
from tests.given import Given
from tests.problems import check_problem


@pytest.fixture
async def bed(given: Given) -> str:
    return await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")


async def counts(client: AsyncClient) -> dict[str, Any]:
    answer = await client.get(f"{HERE}/reconciliation")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def close(client: AsyncClient, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{HERE}/close", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_item_is_in_one_place_and_the_notice_is_closed_by_two_people_on_the_same_counts(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    sign_in: Any, query: Query,
) -> None:  # fmt: skip
    client = await given.client("C-77", name="Una Quick")
    shelf, home, repair, gone, lost = (
        await given.item(product=bed),
        await given.item(State.ON_LOAN, product=bed, client=client),
        await given.item(State.IN_REPAIR, product=bed),
        await given.item(State.SCRAPPED, product=bed),
        await given.item(State.MISSING, product=bed),
    )
    van, bench = await given.item(State.DISPATCHED, product=bed), await given.item(State.RETURNED, product=bed)
    await given.cleaning(bench, route="contractor")
    as_safety2 = await sign_in("safety2")
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    found = await counts(as_safety)
    assert (found["held"], found["found"], found["unlisted"], found["is_reconciled"]) == (7, 7, 0, False)
    assert found["where"] == {
        "in_store": 1,
        "with_client": 1,
        "in_repair": 1,
        "with_contractor": 1,
        "in_transit": 1,
        "scrapped": 1,
        "missing": 1,
    }
    assert found["missing"] == ["6 items: nothing has been done yet."]
    check_problem(await as_safety.post(f"{HERE}/close", json={}), 409, "not-reconciled")
    for barcode in (shelf, home, repair, van, bench):
        await act(as_technician, barcode, "corrected")
    assert (await counts(as_safety))["action_states"]["to_release"] == 5
    for barcode in (shelf, home, repair, van, bench):
        await act(as_safety, barcode, "cleared")
    await act(as_technician, lost, "untraceable")
    await act(as_technician, gone, "disposed")
    found = await counts(as_safety)
    assert (found["missing"], found["action_states"]["corrected"], found["action_states"]["untraceable"]) == ([], 5, 1)

    assert (await close(as_safety, seen=found["seen"]))["is_closed"] is False
    assert (await close(as_safety, 403))["code"] == "same-person"
    assert (await close(as_safety2, 412, seen="something else"))["code"] == "counts-changed"
    # It is set apart again and cleared again meanwhile: the same counts. It comes home: other ones.
    await given.scan(home)
    assert (await close(as_safety2, 409))["code"] == "counts-changed"
    assert (await close(as_safety2, again=True))["is_closed"] is False
    assert (await close(as_safety))["is_closed"] is True
    assert (await as_safety.get(HERE)).json()["state"] == "closed"
    assert (await close(as_safety2, 409))["code"] == "notice-closed"
    assert (await act(as_technician, shelf, "quarantined", 409))["code"] == "notice-closed"
    [closing] = await query("SELECT asked_by, closed_by, counts FROM notice_closing")
    assert (closing["asked_by"], closing["closed_by"], closing["counts"]["held"]) == ("safety2", "safety", 7)

    # What comes later is caught, counted apart, and worked on still.
    clock.move(days=2)
    late = await given.item(product=bed)
    after = await counts(as_safety)
    assert (after["late"], after["late_open"], after["held"], after["found"]) == (1, 1, 7, 7)
    assert (await as_technician.get(f"{HERE}/matches/{late}")).json()["is_after_closing"] is True
    await act(as_technician, late, "corrected")
    await act(as_safety, late, "cleared")
    assert (await counts(as_safety))["late_open"] == 0


async def test_a_danger_that_is_seen_after_the_closing_holds_the_item_at_once(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    sign_in: Any, query: Query,
) -> None:  # fmt: skip
    cleared, mended, sound = await given.items(3, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    for barcode in (cleared, sound):
        await act(as_technician, barcode, "inspected", answers={QUESTION: False})
    await act(as_technician, mended, "corrected")
    await act(as_safety, mended, "cleared")
    await close(as_safety)
    await close(await sign_in("safety2"))
    [signed] = await query("SELECT counts FROM notice_closing")
    clock.move(hours=2)
    written = "SELECT body FROM message WHERE purpose = 'notice_late'"
    again = await act(as_technician, sound, "inspected", answers={QUESTION: False})
    assert (again["outcome"], again["is_held"]) == ("cleared", False)
    assert await query(written) == []
    for times, barcode in enumerate((cleared, mended), 1):
        hit = await act(as_technician, barcode, "inspected", answers={QUESTION: True})
        assert (hit["outcome"], hit["is_held"]) == (None, True)
        assert not await is_clear(as_technician, barcode)
        assert (await as_technician.get(f"{HERE}/matches/{barcode}")).json()["is_after_closing"] is True
        now = await counts(as_safety)
        assert (now["late"], now["late_open"], now["still_held"]) == (times, times, times)
        letters = await query(written)
        assert display(barcode) in letters[-1]["body"]
        assert "It is held now." in letters[-1]["body"]
        clock.move(hours=2)
    assert await query("SELECT counts FROM notice_closing") == [signed]
    await act(as_technician, mended, "corrected")
    assert (await act(as_safety, mended, "cleared"))["is_held"] is False


async def test_a_fault_that_a_look_finds_holds_the_item_again_where_the_notice_asks_nothing(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    sign_in: Any,
) -> None:  # fmt: skip
    shelf, home = await given.item(product=bed), await given.item(State.ON_LOAN, product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    for barcode in (shelf, home):
        await act(as_technician, barcode, "corrected")
        await act(as_safety, barcode, "cleared")
    said: dict[str, Any] = {"notes": "The bolt is loose after all.", "sound": False}
    assert (await act(as_technician, home, "contacted", 422, channel="phone", **said))["code"] == "no-verdict-here"
    # The short form says nothing of how it was found.
    assert (await act(as_technician, shelf, "inspected"))["is_held"] is False
    for barcode in (shelf, home):
        found = await act(as_technician, barcode, "inspected", **said)
        assert (found["result"], found["outcome"], found["is_held"]) == ("affected", None, True)
        assert not await is_clear(as_technician, barcode)
        check_problem(await as_technician.post(f"{HERE}/matches/{barcode}/actions", json={
            "action": "cleared", "notes": "It looks sound now."}), 409, "no-evidence")  # fmt: skip
    assert (await counts(as_safety))["missing"] == [
        "2 items: looked at, and affected or not known. Correct, replace or dispose of them."
    ]
    for barcode in (shelf, home):
        await act(as_technician, barcode, "corrected")
        await act(as_safety, barcode, "cleared")
    await close(as_safety)
    await close(await sign_in("safety2"))
    clock.move(hours=2)
    for times, barcode in enumerate((shelf, home), 1):
        found = await act(as_technician, barcode, "inspected", **said)
        assert (found["outcome"], found["is_held"]) == (None, True)
        now = await counts(as_safety)
        assert (now["late"], now["late_open"], now["still_held"], now["held"]) == (times, times, times, 2 - times)
    assert [one["barcode"] for one in (await as_technician.get(f"{HERE}/homes")).json()["items"]] == [home]
    match = (await as_technician.get(f"{HERE}/matches/{shelf}")).json()
    assert [one["sound"] for one in match["actions"][-3:]] == [None, None, False]
    assert match["hold_ends"].startswith("technician has looked at it, and it is not sound.")
    await act(as_technician, shelf, "corrected")
    assert (await act(as_safety, shelf, "cleared"))["is_held"] is False


async def test_nobody_closes_over_what_was_recorded_since_it_was_asked_for(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    sign_in: Any,
) -> None:  # fmt: skip
    barcode = await given.item(product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    await act(as_technician, barcode, "corrected")
    await act(as_safety, barcode, "cleared")
    as_safety2 = await sign_in("safety2")
    older = await counts(as_safety)
    await close(as_safety)
    await act(as_technician, barcode, "inspected", notes="The bolt is very loose, do not close.")
    assert (await close(as_safety2, 409))["code"] == "counts-changed"
    assert (await close(as_safety2, 412, seen=older["seen"], again=True))["code"] == "counts-changed"
    now = await counts(as_safety)
    await close(as_safety, seen=now["seen"], again=True)
    assert (await close(as_safety2, 412, notes_seen=older["notes_seen"]))["code"] == "notes-changed"
    assert (await close(as_safety2))["is_closed"] is True


async def test_a_dot_is_no_evidence_of_a_correction(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    barcode = await given.item(product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    assert (await act(as_technician, barcode, "corrected", 422, notes="."))["code"] == "not-a-reason"
    await act(as_technician, barcode, "corrected")
    assert (await act(as_safety, barcode, "cleared", 422, notes="Done."))["code"] == "not-a-reason"
    assert not await is_clear(as_technician, barcode)


async def test_a_scope_that_only_advises_lets_go_also_what_somebody_was_told_of(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    told, other = await given.items(2, product=bed)
    told = await given.item(State.ON_LOAN, product=bed)
    notice_id = await relevant(as_safety)
    for handling in (Handling.ADVICE, Handling.QUARANTINE):
        await activate(session, notice_id, [line()], at=clock.now, handling=handling)
    await act(as_technician, told, "contacted", channel="phone")
    assert not await is_clear(as_technician, told)
    await activate(session, notice_id, [line()], at=clock.now, handling=Handling.ADVICE)
    for barcode in (told, other):
        assert await is_clear(as_technician, barcode)


async def test_what_the_scope_covers_and_the_list_does_not_have_keeps_it_open(
    given: Given, bed: str, as_safety: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    assert (await counts(as_safety))["missing"] == []
    # Nothing of ours leaves an item out: this is what a fault in that would look like.
    await given.item(product=bed)
    await session.execute(text("ALTER TABLE notice_match DISABLE TRIGGER ALL"))
    await session.execute(text("DELETE FROM notice_match"))
    await session.commit()
    assert (await counts(as_safety))["missing"] == [
        "1 item that its scope covers is not on its list. Activate a scope again."
    ]


async def test_a_notice_of_advice_is_closed_when_everybody_was_reviewed_and_the_organisation_has_acted(
    given: Given, bed: str, as_safety: AsyncClient, as_ot: AsyncClient, session: AsyncSession, clock: Clock,
    sign_in: Any, query: Query,
) -> None:  # fmt: skip
    client = await given.client("C-77", name="Una Quick")
    loan = await given.loan(await given.item(product=bed), client=client)
    notice_id = await relevant(as_safety)
    asked = {"action": "Review the policy on bed rails.", "owner": "Head of therapy", "due_on": clock.day(20)}
    action = (await as_safety.post(f"{HERE}/organisation-actions", json=asked)).json()["organisation_actions"][0]
    await activate(session, notice_id, [line()], at=clock.now, handling=Handling.ADVICE)
    assert await query("SELECT id FROM hold") == []
    assert (await counts(as_safety))["missing"] == [
        "1 of 1 reviews of people are not done.",
        "1 of 1 actions of the organisation are not done.",
    ]
    [review] = (await as_ot.get(f"{HERE}/reviews")).json()["items"]
    assert (review["client_ref"], review["because"], review["outcome"]) == ("C-77", [loan.barcode], None)
    # One call that nobody answers is no review.
    call = {"outcome": "not_reached", "note": "Nobody answered the telephone."}
    tried = (await as_ot.post(f"{HERE}/reviews/C-77", json=call)).json()
    assert (tried["outcome"], (await counts(as_safety))["reviews_open"]) == (None, 1)
    assert tried["note"] == "Not reached on 2 March 2026, ot: Nobody answered the telephone."
    assert len((await as_ot.get(f"{HERE}/reviews?done=false")).json()["items"]) == 1
    body = {"outcome": "changed", "note": "Rails taken off, and a low bed ordered."}
    assert (await as_ot.post(f"{HERE}/reviews/C-77", json=body)).json()["done_by"] == "ot"
    check_problem(await as_ot.post(f"{HERE}/reviews/C-77", json=call), 409, "reviewed-already")
    check_problem(await as_ot.post(f"{HERE}/reviews/C-78", json=body), 404, "no-review")
    assert (await as_ot.get(f"{HERE}/reviews?done=false")).json()["items"] == []
    read = await query("SELECT chain, detail FROM audit_event WHERE action = 'notice_reviews_listed' ORDER BY id")
    assert [(row["chain"], row["detail"]["found"]) for row in read] == [("ot", 1), ("ot", 1), ("ot", 0)]
    await as_safety.post(f"{HERE}/organisation-actions/{action['id']}/done", json={"note": "Minutes of 4 March."})
    await close(as_safety)
    assert (await close(await sign_in("safety2")))["is_closed"] is True


async def test_homes_are_listed_with_who_goes_there_and_the_reply_names_nobody(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, as_ot: AsyncClient,
    session: AsyncSession, clock: Clock, query: Query,
) -> None:  # fmt: skip
    client = await given.client("C-77", name="Una Quick")
    [numbered] = await given.items(1, product=bed, serial_numbers=["1001"])
    await given.loan(numbered, client=client)
    fetched = await given.collection(numbered, client=client)
    await given.items(2, product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    [home] = (await as_technician.get(f"{HERE}/homes")).json()["items"]
    assert (home["client_ref"], home["name"], home["collection_number"]) == ("C-77", "Una Quick", fetched.number)
    [read] = await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'notice_homes_listed'")
    assert (read["chain"], read["subject"], read["detail"]["found"]) == (
        "technician",
        "safety_notice:FSN 2026-07",
        1,
    )
    check_problem(await as_ot.get(f"{HERE}/homes"), 403, "not-allowed")
    answer = await as_ot.get(f"{HERE}/reply?format=csv")
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [(row["serial_number"], row["place"], row["quantity"]) for row in rows] == [
        ("1001", "with_client", "1"),
        ("", "in_store", "2"),
    ]
    assert not any(word in answer.text for word in ("Quick", "C-77", "Una"))


async def test_the_evidence_pack_has_the_counts_of_the_database_and_no_clients_name(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, as_auditor: AsyncClient,
    as_ot: AsyncClient, session: AsyncSession, clock: Clock, query: Query,
) -> None:  # fmt: skip
    client = await given.client("C-77", name="Una Quick")
    home = await given.item(State.ON_LOAN, product=bed, client=client)
    shelf, looked = await given.items(2, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    await act(as_technician, home, "contacted", channel="phone", notes="Mrs Quick says: come on Monday. " + "x " * 900)
    await act(as_technician, home, "no_access", notes="Una Quick was out.")
    await act(as_technician, looked, "inspected", answers={QUESTION: False})
    refused = await as_technician.post("/api/v1/reservations", json={
        "barcode": shelf, "client_ref": "C-77", "until": clock.day(3)})  # fmt: skip
    check_problem(refused, 409, "on-hold")
    answer = await as_auditor.get(f"{HERE}/evidence?format=pdf")
    assert answer.headers["content-type"] == "application/pdf"
    pages = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content))
    words = " ".join(" ".join(pages).split())
    [real] = await query(
        "SELECT count(*) AS held, count(first_blocked_at) AS blocked FROM notice_match WHERE outcome <> 'not_covered'"
        " OR outcome IS NULL"
    )
    [prevented] = await query("SELECT count(*) AS times FROM notice_prevented")
    assert f"Held {real['held']} = 3: in store 2, at homes 1" in words
    assert f"{real['blocked']} items were blocked, the first on 2 March 2026, 14:05" in words
    assert f"{prevented['times']} time an item was refused" in words
    for said in (
        "Entered by hand, safety",
        "We lend these beds",
        "Serial numbers 1000 to 1999",
        QUESTION,
        "by safety2",
        "By 6 March 2026: met on 2 March 2026",
        "Contacted, phone. 2 March 2026",
        "(A note stands on the item’s page under this notice.)",  # noqa: RUF001 - as people read it
        f"{QUESTION} No.",
    ):
        assert said in words, said
    assert not any(name in words for name in ("Quick", "Una"))
    table = await as_auditor.get(f"{HERE}/evidence?format=csv")
    rows = {row["barcode"]: row for row in csv.DictReader(StringIO(table.text))}
    assert len(rows) == real["held"]
    assert (rows[looked]["result"], rows[looked]["action_state"]) == ("not_affected", "cleared")
    assert (rows[shelf]["times_prevented"], rows[home]["contacts"], rows[home]["tries_in_vain"]) == ("1", "1", "1")
    check_problem(await as_ot.get(f"{HERE}/evidence"), 403, "not-allowed")
