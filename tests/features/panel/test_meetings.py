"""Meetings as they go: the agenda before, notes meanwhile, and the end."""

from typing import Any

import pytest

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.panel.conftest import SPLIT, Panel, done
from tests.problems import check_problem


async def test_an_agenda_is_put_in_order_until_the_meeting_begins(jsep: Panel) -> None:
    numbers = [await jsep.screened() for _ in range(3)]
    one, two, three = numbers
    meeting = await jsep.meeting(*numbers, present=[])
    path = f"/panel-meetings/{meeting}/cases"

    async def change(number: str, what: str) -> list[tuple[int, str]]:
        answer = await jsep.post("chair", f"{path}/{number}", change=what)
        return [(case["position"], case["number"]) for case in answer["cases"]]

    assert await change(three, "up") == [(1, one), (2, three), (3, two)]
    assert await change(one, "up") == [(1, one), (2, three), (3, two)]
    assert await change(one, "off") == [(1, three), (2, two)]
    assert (await jsep.get(f"/panel-cases/{one}"))["state"] == "screened"
    chair, member = await jsep.sign_in("chair"), await jsep.sign_in("panel1")
    off, here = {"change": "off"}, f"/api/v1{path}"
    check_problem(await chair.post(f"{here}/{one}", json=off), 409, "not-on-the-agenda")
    check_problem(await chair.post(f"{here}/P999999", json=off), 404, "unknown-case")
    check_problem(await chair.post(f"{here}/{two}", json={"change": "away"}), 422, "malformed")
    check_problem(await member.post(f"{here}/{two}", json=off), 403, "not-the-chair")
    # What was taken off is listed again, at the end.
    listed = await jsep.post("chair", path, 201, case=one)
    assert [case["number"] for case in listed["cases"]] == [three, two, one]
    await jsep.post("chair", f"/panel-meetings/{meeting}/attendance", present=["chair"])
    check_problem(await chair.post(f"{here}/{two}", json=off), 409, "meeting-has-begun")


async def test_minutes_are_taken_as_it_goes_and_stay(jsep: Panel, clock: Clock, query: Query) -> None:
    number, left = await jsep.screened(), await jsep.screened()
    meeting = await jsep.meeting(number, left, present=[])
    here, chair = f"/panel-meetings/{meeting}", await jsep.sign_in("chair")
    note = {"note": "Minutes of the last meeting are agreed."}
    check_problem(await chair.post(f"/api/v1{here}/notes", json=note), 409, "not-begun")
    check_problem(await chair.post(f"/api/v1{here}/close"), 409, "not-begun")
    there = ["chair", "panel1", "panel2", "panel3"]
    await jsep.post("chair", f"{here}/attendance", present=there)
    clock.move(minutes=1)
    await jsep.post("panel2", f"{here}/notes", 201, **note)
    clock.move(minutes=1)
    await jsep.post("chair", f"{here}/attendance", present=["chair", "panel1", "panel2"])
    clock.move(minutes=1)
    await jsep.post("panel1", f"{here}/notes", 201, note="Her seat was tried at 45 degrees.", case=number)
    gone = await jsep.sign_in("panel3")
    check_problem(await gone.post(f"/api/v1{here}/notes", json=note), 403, "not-at-the-meeting")
    elsewhere = note | {"case": "P999999"}
    check_problem(await chair.post(f"/api/v1{here}/notes", json=elsewhere), 409, "not-on-the-agenda")
    check_problem(await chair.post("/api/v1/panel-meetings/999/notes", json=note), 404, "unknown-meeting")
    clock.move(minutes=1)
    await jsep.post("chair", f"{here}/attendance", present=there)
    clock.move(minutes=1)
    done(await jsep.decide(number, funding=SPLIT))
    clock.move(minutes=1)
    closed = await jsep.post("chair", f"{here}/close")
    happened = [(one["what"], one["who"], one["case"]) for one in closed["minutes"]]
    assert happened[:4] == [
        ("came", who, None) for who in ("Christine Hale", "Peter Adeyemi", "Priya Nair", "Paula Marsh")
    ]
    assert happened[4:-4] == [
        ("note", "Priya Nair", None),
        ("left", "Paula Marsh", None),
        ("note", "Peter Adeyemi", number),
        ("came", "Paula Marsh", None),
        ("approve", "Christine Hale", number),
    ]
    assert {what for what, _, _ in happened[-4:]} == {"left"}
    # Read as one of the person's record; and what was not decided waits for another meeting.
    assert await query("SELECT 1 FROM audit_event WHERE action = 'panel_minutes_read' AND chain = 'chair'")
    assert (await jsep.get(f"/panel-cases/{left}"))["state"] == "screened"
    for path, body in (("notes", note), ("attendance", {"present": there}), ("close", {}), ("cases", {"case": left})):
        check_problem(await chair.post(f"/api/v1{here}/{path}", json=body), 409, "meeting-is-closed")
    with pytest.raises(Exception, match="append-only"):
        await query("DELETE FROM panel_minute RETURNING 1")


async def test_what_is_closed_ratifies_nothing(jsep: Panel) -> None:
    number = await jsep.submitted(urgent=True)
    act: dict[str, Any] = {"decision": "approve", "reasons": "She cannot be moved without it.", "funding": SPLIT}
    await jsep.post("chair", f"/panel-cases/{number}/chair-action", **act)
    meeting = await jsep.meeting()
    await jsep.post("chair", f"/panel-meetings/{meeting}/close")
    answer = await (await jsep.sign_in("chair")).post(f"/api/v1/panel-cases/{number}/ratify")
    check_problem(answer, 409, "no-meeting-yet")


async def test_what_was_deferred_is_heard_again_at_the_same_meeting(jsep: Panel, clock: Clock) -> None:
    number = await jsep.screened()
    meeting = await jsep.meeting(number)
    done(await jsep.decide(number, "defer", review_on=clock.day(1)))
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    listed = await jsep.post("chair", f"/panel-meetings/{meeting}/cases", 201, case=number)
    assert [case["state"] for case in listed["cases"]] == ["listed"]


async def test_the_page_of_a_meeting_as_it_goes(jsep: Panel, chair: Browser, panel: Browser) -> None:
    one, two = await jsep.screened(), await jsep.screened()
    meeting = await jsep.meeting(one, two, present=[])
    path = f"/panel-meetings/{meeting}"
    page = await chair.get(path)
    page = await chair.follow(await chair.send(page, f"{path}/agenda", case=two, change="up"))
    assert page.banner == f"Case {two} is moved up."
    assert page.text.index(two) < page.text.index(one)
    page = await chair.follow(await chair.send(page, f"{path}/agenda", case=one, change="off"))
    assert f"Case {one} is taken off." in page.banner
    assert (await chair.send(page, f"{path}/agenda", case=two)).status == 422
    page = await chair.follow(await chair.send(page, f"{path}/attendance", present=["chair", "panel1", "panel2"]))
    member = await panel.get(path)
    assert (await panel.send(member, f"{path}/notes", about=two)).status == 422
    member = await panel.follow(await panel.send(member, f"{path}/notes", about=two, note="She was there herself."))
    assert "She was there herself." in member.text
    page = await chair.follow(await chair.send(await chair.get(path), f"{path}/close"))
    assert f"Not decided, and waiting for another meeting: {two}." in page.banner
    assert "by Christine Hale. Its minutes stay as they are." in page.text
    assert not page.soup.select(f'form[action^="{path}"]')
