"""The same is recorded of many items at once, by the API and on the page; and what is held still after a closing."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.notices.activated import HERE, QUESTION, activate, line, relevant
from tests.features.notices.test_acting import act, is_clear
from tests.features.notices.test_closing import close, counts
from tests.given import Given
from tests.problems import check_problem

MANY = f"{HERE}/matches/actions"


@pytest.fixture
async def bed(given: Given) -> str:
    return await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")


async def test_one_act_is_recorded_of_many_and_decides_each(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    query: Query,
) -> None:  # fmt: skip
    barcodes = sorted(await given.items(4, product=bed))
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    said = {"action": "inspected", "notes": "Steel on all of them.", "answers": {QUESTION: False}}
    answer = await as_technician.post(MANY, json=said | {"barcodes": [*barcodes[:3], barcodes[0]]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["results"] == [
        {"barcode": one, "result": "not_affected", "outcome": None, "is_held": True, "is_escalated": False}
        for one in barcodes[:3]
    ]
    # One look at many clears none of them alone: somebody else looks, too.
    again = await as_safety.post(MANY, json=said | {"barcodes": barcodes[:2]})
    assert [one["outcome"] for one in again.json()["results"]] == ["cleared", "cleared"]
    await act(as_safety, barcodes[2], "cleared")
    assert [await is_clear(as_technician, one) for one in barcodes] == [True, True, True, False]
    [kept] = await query("SELECT count(*) AS lines, count(DISTINCT match_id) AS items FROM notice_match_action")
    assert kept == {"lines": 6, "items": 3}
    [seen] = await query("SELECT count(DISTINCT match_action_id) AS acts, count(*) AS answers FROM notice_answer")
    assert seen == {"acts": 5, "answers": 5}
    [told] = await query("SELECT count(*) AS lines FROM audit_event WHERE action = 'notice_item_acted_on'")
    assert told == {"lines": 6}


async def test_all_of_them_or_none_and_each_that_cannot_is_named(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    query: Query,
) -> None:  # fmt: skip
    home, shelf = await given.item(State.ON_LOAN, product=bed), await given.item(product=bed)
    other = await given.item(product=await given.product("OTHER", manufacturer="Shore", model="S1"))
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    letter = {"action": "contacted", "channel": "letter", "notes": "Told not to use it."}
    refused = await as_technician.post(MANY, json=letter | {"barcodes": [home, shelf, other]})
    problem = check_problem(refused, 422, "not-recorded")
    assert [(one["loc"], one["code"]) for one in problem["errors"]] == [
        (["body", "barcodes", 1], "nobody-to-contact"),
        (["body", "barcodes", 2], "not-covered"),
    ]
    assert await query("SELECT id FROM notice_match_action") == []
    for barcodes, status in (([], 422), ([home] * 501, 422), (None, 422), (["x"], 404), ([1], 422)):
        assert (await as_technician.post(MANY, json=letter | {"barcodes": barcodes})).status_code == status
    assert (await as_technician.post(MANY, json=letter | {"barcodes": [home]})).status_code == 201
    check_problem(await as_technician.post(MANY, json=letter | {"barcodes": [shelf]}), 409, "nobody-to-contact")


async def test_in_vain_at_many_homes_is_one_letter(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    query: Query,
) -> None:  # fmt: skip
    homes = [await given.item(State.ON_LOAN, product=bed) for _ in range(2)]
    await activate(session, await relevant(as_safety), [line()], at=clock.now)
    in_vain = {"action": "no_access", "notes": "Nobody opened.", "barcodes": homes}
    told = []
    for _ in range(3):
        told.append((await as_technician.post(MANY, json=in_vain)).json()["results"])
        clock.move(days=1)
    assert [[one["is_escalated"] for one in each] for each in told] == [[False] * 2, [False] * 2, [True] * 2]
    [letter] = await query("SELECT body FROM message WHERE purpose = 'notice_no_access'")
    assert "covers them, and they are in use" in letter["body"]


async def test_many_take_as_many_statements_as_few(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, session: AsyncSession, clock: Clock,
    statements: Statements,
) -> None:  # fmt: skip
    barcodes = await given.items(300, product=bed)
    await activate(session, await relevant(as_safety), [line(feature=QUESTION)], at=clock.now)
    looked: dict[str, Any] = {"action": "inspected", "notes": "Steel.", "answers": {QUESTION: False}}
    taken = []
    for action, some in (
        ({"action": "quarantined", "notes": "Set apart."}, [barcodes[:2], barcodes[2:202]]),
        (looked, [barcodes[:2], barcodes[2:202]]),
    ):
        for each in some:
            statements.clear()
            answer = await as_technician.post(MANY, json=action | {"barcodes": each})
            assert answer.status_code == 201, answer.text
            taken.append(len(statements))
    assert taken[0] == taken[1] <= 11
    assert taken[2] == taken[3] <= 29


async def test_many_are_ticked_or_scanned_on_the_list(
    given: Given, bed: str, technician: Browser, ot: Browser, as_safety: AsyncClient, session: AsyncSession,
    clock: Clock, statements: Statements,
) -> None:  # fmt: skip
    home, shelf = await given.item(State.ON_LOAN, product=bed), await given.item(product=bed)
    second = await given.item(State.ON_LOAN, product=bed)
    notice_id = await relevant(as_safety)
    await activate(session, notice_id, [line(feature=QUESTION)], at=clock.now)
    here = f"/safety-notices/{notice_id}/matches"
    page = await technician.get(here)
    assert len(page.soup.select("input[name=tick]")) == 3
    assert len((await technician.get(f"{here}?ticked=all")).soup.select("input[name=tick][checked]")) == 3
    assert (await ot.get(here)).soup.select("input[name=tick]") == []
    assert (await technician.get(f"{here}?ticked=x")).status == 422

    nothing = await technician.post_form(here, done="contacted", channel="letter", notes="Told.")
    assert nothing.errors == {"tags": "Tick the items, or scan or type their asset tags."}
    mistyped = await technician.post_form(here, done="contacted", channel="letter", notes="Told.", tags="ES000000144")
    assert mistyped.errors["tags"].startswith("ES000000144: ")
    assert set((await technician.post_form(here, tick=[home])).errors) == {"done", "notes"}
    wrong = await technician.post_form(here, tick=[home, shelf], done="contacted", channel="letter", notes="Told.")
    assert wrong.status == 422
    assert wrong.errors["main-content"].startswith("Nothing is recorded: 1 item cannot take it.")
    assert "there is nobody to contact" in wrong.errors[f"tick-{shelf}"]
    assert len(wrong.soup.select("input[name=tick][checked]")) == 2
    elsewhere = f"{here}?where=with_client"
    wrong = await technician.post_form(
        elsewhere, on=elsewhere, tick=[home], tags=shelf, done="contacted", channel="letter", notes="Told."
    )
    assert "there is nobody to contact" in wrong.text
    silent = await technician.post_form(here, tick=[home], done="inspected", notes="Looked.")
    assert set(silent.errors) == {"answer_0"}
    done = await technician.follow(
        await technician.post_form(
            here, tick=[home], tags=f" {second},\n{home} ", done="contacted", channel="letter", notes="Told."
        )
    )
    assert done.banner == "It is recorded of 2 items. 2 of them are on hold."
    taken = []
    for one in (here, here):
        statements.clear()
        await technician.get(one)
        taken.append(len(statements))
    assert taken[0] == taken[1] <= 8


async def test_what_was_replaced_is_held_after_the_closing_until_it_is_corrected_and_checked(
    given: Given, bed: str, as_safety: AsyncClient, as_technician: AsyncClient, technician: Browser,
    session: AsyncSession, clock: Clock, sign_in: Any,
) -> None:  # fmt: skip
    mended, scrapped = await given.item(product=bed), await given.item(product=bed)
    lost = await given.item(State.MISSING, product=bed)
    notice_id = await relevant(as_safety)
    await activate(session, notice_id, [line()], at=clock.now)
    for barcode in (mended, scrapped):
        await act(as_technician, barcode, "replaced")
    await act(as_technician, lost, "untraceable")
    before = (await counts(as_safety))["action_states"]
    await close(as_safety)
    await close(await sign_in("safety2"))
    assert (await counts(as_safety))["still_held"] == 3
    page = await technician.get(f"/safety-notices/{notice_id}/matches/{mended}")
    assert "Its client has another one; this one is affected as before. Its hold ends when" in page.text
    item = await technician.get(f"/items/{mended}")
    assert f"/safety-notices/{notice_id}/matches/{mended}" in str(item.soup)
    assert "3 items are on hold still" in (await technician.get(f"/safety-notices/{notice_id}/reconciliation")).text

    assert (await act(as_technician, mended, "quarantined", 409))["code"] == "counted-already"
    assert (await act(as_technician, mended, "untraceable", 409))["code"] == "counted-already"
    done = await act(as_technician, mended, "corrected")
    assert (done["outcome"], done["is_held"]) == ("replaced", True)
    match = (await as_technician.get(f"{HERE}/matches/{mended}")).json()
    assert match["hold_ends"].startswith("Its correction is recorded, by technician.")
    assert (await act(as_technician, mended, "cleared", 403))["code"] == "same-person"
    done = await act(as_safety, mended, "cleared")
    assert (done["outcome"], done["is_held"]) == ("corrected", False)
    assert await is_clear(as_technician, mended)
    assert (await act(as_safety, mended, "corrected", 409))["code"] == "notice-closed"

    await given.scrapped(scrapped)
    assert (await act(as_technician, scrapped, "disposed"))["outcome"] == "disposed"
    after = await counts(as_safety)
    assert (after["still_held"], after["late"], after["held"], after["found"]) == (1, 0, 3, 3)
    # What two people closed is kept as it was.
    assert after["closings"][0]["closed_by"] == "safety2"
    assert before["replaced"] == 2
    assert (after["action_states"]["corrected"], after["action_states"]["disposed"]) == (1, 1)
