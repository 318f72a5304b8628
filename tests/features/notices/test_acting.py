"""What is done about the items of a notice: recorded by the API, with what follows for each item's hold."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.notices.activated import HERE, QUESTION, activate, line, relevant
from tests.given import Given
from tests.problems import check_problem


@pytest.fixture
async def bed(given: Given) -> str:
    return await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")


async def act(client: AsyncClient, barcode: str, action: str, status: int = 201, **more: Any) -> dict[str, Any]:
    body = {"action": action, "notes": "Written down on the day."} | more
    answer = await client.post(f"{HERE}/matches/{barcode}/actions", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def is_clear(client: AsyncClient, barcode: str) -> bool:
    item = (await client.get(f"/api/v1/items/{barcode}")).json()
    return not item["holds"]


async def test_a_correction_ends_the_hold_only_when_another_person_has_checked_it(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    query: Query,
) -> None:  # fmt: skip
    barcode = await given.item(product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    assert not await is_clear(as_technician, barcode)
    held = await act(as_technician, barcode, "quarantined")
    assert held == {"barcode": barcode, "result": "affected", "outcome": None, "is_held": True, "is_escalated": False}
    check_problem(await as_technician.post(f"{HERE}/matches/{barcode}/actions",
                  json={"action": "cleared", "notes": "It looks sound."}), 409, "no-evidence")  # fmt: skip
    await act(as_technician, barcode, "corrected", notes="Catch replaced, part 4711; photograph in the file.")
    refused = await as_technician.post(
        f"{HERE}/matches/{barcode}/actions", json={"action": "cleared", "notes": "It is done."}
    )
    check_problem(refused, 403, "same-person")
    assert not await is_clear(as_technician, barcode)
    done = await act(as_safety, barcode, "cleared", notes="Seen: the new catch holds.")
    assert (done["outcome"], done["is_held"]) == ("corrected", False)
    assert await is_clear(as_technician, barcode)
    match = (await as_technician.get(f"{HERE}/matches/{barcode}")).json()
    assert [one["action"] for one in match["actions"]] == ["quarantined", "corrected", "cleared"]
    assert (match["where"], match["action_state"], match["is_held"]) == ("in_store", "corrected", False)
    [hold] = await query("SELECT lifted_by, lift_reason FROM hold")
    assert hold == {"lifted_by": "safety", "lift_reason": "FSN 2026-07: corrected."}
    # A wrong line is put right by another: it is set apart again, and held again.
    again = await act(as_technician, barcode, "quarantined", notes="The catch has come off again.")
    assert (again["outcome"], again["is_held"]) == (None, True)
    assert not await is_clear(as_technician, barcode)


async def test_what_was_seen_decides_at_once(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    sound, brass = await given.items(2, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    assert (await as_technician.get(f"{HERE}/matches/{sound}")).json()["questions"] == [QUESTION]
    unasked = {"action": "inspected", "notes": "Seen.", "answers": {"Is it red?": True}}
    check_problem(await as_technician.post(f"{HERE}/matches/{sound}/actions", json=unasked), 422, "unknown-question")
    silent = {"action": "inspected", "notes": "Looked at."}
    check_problem(await as_technician.post(f"{HERE}/matches/{sound}/actions", json=silent), 422, "answers-needed")
    seen = await act(as_technician, sound, "inspected", answers={QUESTION: False})
    assert seen == {
        "barcode": sound,
        "result": "not_affected",
        "outcome": "cleared",
        "is_held": False,
        "is_escalated": False,
    }
    assert await is_clear(as_technician, sound)
    assert (await act(as_technician, sound, "cleared", 409))["code"] == "cleared-already"
    hit = await act(as_technician, brass, "inspected", answers={QUESTION: True})
    assert (hit["result"], hit["outcome"], hit["is_held"]) == ("affected", None, True)
    # The answer was wrong: another look says so, and the item is held again.
    wrong = await act(as_technician, sound, "inspected", answers={QUESTION: True})
    assert (wrong["result"], wrong["outcome"], wrong["is_held"]) == ("affected", None, True)
    assert not await is_clear(as_technician, sound)


async def test_what_is_said_by_telephone_clears_nothing(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    barcode = await given.item(State.ON_LOAN, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    heard: dict[str, Any] = {"channel": "phone", "answers": {QUESTION: False}}
    assert (await act(as_technician, barcode, "inspected", 422, **heard))["code"] == "not-seen"
    assert (await act(as_technician, barcode, "contacted", 422, **heard))["code"] == "no-answers-here"
    said = await act(as_technician, barcode, "contacted", channel="phone", notes="Her carer says that it is of steel.")
    assert (said["result"], said["outcome"], said["is_held"]) == ("possible", None, True)
    seen = await act(as_technician, barcode, "inspected", channel="visit", answers={QUESTION: False})
    assert (seen["outcome"], seen["is_held"]) == ("cleared", False)


async def test_who_saw_the_fault_does_not_clear_the_item_alone(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    one, other = await given.items(2, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    for barcode in (one, other):
        await act(as_technician, barcode, "inspected", answers={QUESTION: True})
        again = await act(as_technician, barcode, "inspected", answers={QUESTION: False})
        assert (again["result"], again["outcome"], again["is_held"]) == ("not_affected", None, True)
    assert (await act(as_technician, one, "cleared", 403))["code"] == "same-person"
    match = (await as_technician.get(f"{HERE}/matches/{one}")).json()
    assert match["hold_ends"].startswith("technician has seen the contrary of what was seen before.")
    assert (await act(as_safety, one, "cleared"))["is_held"] is False
    # Another person who looks and sees the same has checked it, too.
    assert (await act(as_safety, other, "inspected", answers={QUESTION: False}))["is_held"] is False
    assert await is_clear(as_technician, other)


async def test_nobody_opens_three_times_and_the_manager_is_told_once(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    query: Query,
) -> None:  # fmt: skip
    barcode = await given.item(State.ON_LOAN, product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    assert (await act(as_technician, barcode, "contacted", 422))["code"] == "channel-needed"
    await act(as_technician, barcode, "contacted", channel="phone", notes="Their daughter will be there on Monday.")
    told = []
    for hours in (0, 1, 24, 24, 1, 24):
        clock.move(hours=hours)
        told.append((await act(as_technician, barcode, "no_access"))["is_escalated"])
    assert told == [False, False, False, True, False, False]  # What was tried twice on one day counts once.
    [letter] = await query("SELECT subject, body FROM message WHERE purpose = 'notice_no_access'")
    assert letter["subject"] == "FSN 2026-07: no access after 3 tries"
    for action, code in (
        ("quarantined", "not-in-a-store"),
        ("replaced", "still-with-the-client"),
        ("disposed", "not-scrapped"),
    ):
        assert (await act(as_technician, barcode, action, 409))["code"] == code
    # Its client is known, so somebody has to go there; where they have gone, two people say so.
    moved: dict[str, Any] = {"notes": "Moved away; nobody knows where to.", "client_gone": True}
    assert (await act(as_technician, barcode, "untraceable", 409))["code"] == "with-a-client"
    assert (await act(as_technician, barcode, "no_access", 422, client_gone=True))["code"] == "no-client-gone-here"
    said = await act(as_technician, barcode, "untraceable", **moved)
    assert (said["outcome"], said["is_held"]) == (None, True)
    where = (await as_technician.get(f"{HERE}/matches/{barcode}")).json()
    assert (where["where"], where["action_state"]) == ("with_client", "to_confirm")
    assert where["actions"][-1]["to_confirm"] is True
    assert (await act(as_technician, barcode, "untraceable", 403, **moved))["code"] == "same-person"
    lost = await act(as_safety, barcode, "untraceable", **moved)
    assert (lost["outcome"], lost["is_held"]) == ("untraceable", True)
    where = (await as_technician.get(f"{HERE}/matches/{barcode}")).json()
    assert (where["where"], where["action_state"]) == ("missing", "untraceable")


async def test_only_what_is_scrapped_counts_as_disposed(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    scrapped, on_the_shelf = await given.item(State.SCRAPPED, product=bed), await given.item(product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    assert (await act(as_technician, on_the_shelf, "disposed", 409))["code"] == "not-scrapped"
    assert (await as_technician.get(f"{HERE}/matches/{scrapped}")).json()["action_state"] == "disposed"
    assert (await act(as_technician, scrapped, "disposed"))["outcome"] == "disposed"
    assert (await act(as_technician, on_the_shelf, "replaced"))["is_held"] is True


async def test_what_a_notice_does_not_cover_and_a_notice_that_is_not_in_force_are_refused(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock
) -> None:
    other, barcode = (
        await given.item(product=await given.product("OTHER", manufacturer="Shore", model="S1")),
        await given.item(product=bed),
    )
    notice_id = await relevant(as_safety)
    assert (await act(as_technician, barcode, "quarantined", 404))["code"] == "not-covered"
    await activate(session, notice_id, [line()], at=clock.now)
    assert (await act(as_technician, other, "quarantined", 404))["code"] == "not-covered"
    assert (await act(as_technician, "ES999999999", "quarantined", 422))["code"]
    for body in ({}, {"action": "x", "notes": "y"}, {"action": "cleared"}, {"action": "cleared", "notes": " "},
                 {"action": "inspected", "notes": "y", "answers": {"": True}},
                 {"action": "inspected", "notes": "y", "answers": {QUESTION: "perhaps"}}):  # fmt: skip
        answer = await as_technician.post(f"{HERE}/matches/{barcode}/actions", json=body)
        assert answer.status_code == 422, answer.text


async def test_an_item_costs_the_same_however_many_there_are(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    statements: Statements,
) -> None:  # fmt: skip
    barcodes = await given.items(200, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    statements.clear()
    await act(as_technician, barcodes[0], "quarantined")
    assert len(statements) <= 10
    statements.clear()
    await act(as_technician, barcodes[1], "inspected", answers={QUESTION: False})
    assert len(statements) <= 28
    for page, most in (("homes", 7), ("reconciliation", 14), ("evidence", 24)):
        statements.clear()
        answer = await as_safety.get(f"{HERE}/{page}")
        assert answer.status_code == 200, answer.text
        assert len(statements) <= most, page
