"""Who counts at a meeting, who is told of it, and what a chair cannot do alone."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.problems import check_problem

ACT: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
SECOND_CHAIR = text("""
    WITH role AS (INSERT INTO account_role (account_id, role) SELECT id, 'panel_chair' FROM account
                  WHERE username = 'panel2')
    UPDATE panel_member SET is_chair = true FROM account
    WHERE account.id = account_id AND username = 'panel2'
""")
PRESCRIBES = text("""
    WITH chair AS (SELECT id FROM account WHERE username = 'chair'), role AS (
        INSERT INTO account_role (account_id, role) SELECT id, 'senior_prescriber' FROM chair
    )
    INSERT INTO prescriber (account_id, team_id, tier, spend_limit_pence, is_supervised)
    SELECT chair.id, team_id, tier, spend_limit_pence, false FROM chair, prescriber
    JOIN account ON account.id = account_id WHERE username = 'senior.ot'
""")


async def test_whoever_changed_a_case_presents_it(jsep: Panel, sessions: Sessions) -> None:
    number = await jsep.draft()
    case = await jsep.get(f"/panel-cases/{number}")
    async with sessions.begin() as session:
        await session.execute(PRESCRIBES)
    chair = await jsep.sign_in("chair")
    change, headers = {"need": "She must sit upright."}, {"If-Match": f'"{case["version"]}"'}
    done(await chair.patch(f"/api/v1/panel-cases/{number}", json=change, headers=headers))
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await jsep.meeting(number)
    check_problem(await jsep.decide(number, funding=SPLIT), 409, "conflict-of-interest")
    interests = (await jsep.get(f"/panel-cases/{number}"))["interests"]
    assert {"username": "chair", "kind": "presented"}.items() <= next(
        one for one in interests if one["username"] == "chair"
    ).items()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM panel_member USING account WHERE account.id = account_id AND username = 'panel1'",
        "UPDATE account SET is_active = false WHERE username = 'panel1'",
    ],
)
async def test_who_is_no_member_any_more_does_not_count(jsep: Panel, sessions: Sessions, change: str) -> None:
    number = await jsep.listed(present=["chair", "panel1", "panel2"])
    async with sessions.begin() as session:
        await session.execute(text(change))
    problem = check_problem(await jsep.decide(number, funding=SPLIT), 409, "not-quorate")
    assert "Peter Adeyemi does not sit on the panel any more." in problem["detail"]


async def test_nobody_is_there_on_another_day_nor_in_two_meetings(jsep: Panel, clock: Clock) -> None:
    first, second = await jsep.screened(), await jsep.screened()
    early = await jsep.meeting(first)
    await jsep.meeting(second)
    seen = await jsep.get(f"/panel-meetings/{early}", by="panel1")
    assert (seen["present"], [one["what"] for one in seen["minutes"]].count("left")) == ([], 4)
    check_problem(await jsep.decide(first, funding=SPLIT), 409, "not-at-the-meeting")
    clock.move(hours=13)
    check_problem(await jsep.decide(second, funding=SPLIT), 409, "not-at-the-meeting")


async def test_meetings_are_scheduled_for_today_or_within_a_year(
    jsep: Panel, as_chair: AsyncClient, clock: Clock, chair: Browser
) -> None:
    for held_on, code in (
        (clock.day(-1), "day-is-past"),
        ("0001-01-01", "day-is-past"),
        (clock.day(367), "day-too-far"),
        ("9999-12-31", "day-too-far"),
    ):
        answer = await as_chair.post("/api/v1/panel-meetings", json={"panel": "JSEP", "held_on": held_on})
        check_problem(answer, 422, code)
    number = await jsep.screened()
    meeting = (await jsep.post("chair", "/panel-meetings", 201, panel="JSEP", held_on=clock.day(3)))["id"]
    path = f"/panel-meetings/{meeting}"
    await jsep.post("chair", f"{path}/cases", 201, case=number)
    await jsep.post("chair", f"{path}/attendance", present=["chair", "panel1", "panel2"])
    [decision] = done(await jsep.decide(number, funding=SPLIT))["decisions"]
    assert (decision["held_on"], decision["on_another_day"]) == (clock.day(3), True)
    [minute] = [one for one in (await jsep.get(path, by="panel1"))["minutes"] if one["case"]]
    assert minute["note"].endswith("Decided on another day than that of the meeting.")
    assert "and decided on another day" in (await chair.get(f"/panel-cases/{number}")).text
    clock.move(days=5)
    answer = await as_chair.post(f"/api/v1{path}/attendance", json={"present": ["chair"]})
    check_problem(answer, 409, "meeting-is-over")


async def test_each_action_is_listed_for_the_next_meeting_and_is_work_once_one_passed_it_over(
    jsep: Panel, clock: Clock, chair: Browser
) -> None:
    number = await jsep.submitted(urgent=True)
    await jsep.post("chair", f"/panel-cases/{number}/chair-action", **ACT)
    clock.move(hours=1)
    meeting = await jsep.meeting()
    listed = (await jsep.get(f"/panel-meetings/{meeting}", by="panel1"))["to_ratify"]
    assert [(one["number"], one["decision"], one["acted_by"]) for one in listed] == [
        (number, "approve", "Christine Hale")
    ]
    assert "actions to ratify" in (await chair.get(f"/panel-meetings/{meeting}")).text
    rows = await (await jsep.sign_in("panel1")).get("/api/v1/panel-follow-up")
    assert rows.json() == []
    held_on = clock.day(0)
    await jsep.post("chair", f"/panel-meetings/{meeting}/close")
    for who in ("panel1", "senior.ot"):
        [row] = (await (await jsep.sign_in(who)).get("/api/v1/panel-follow-up")).json()
        assert (row["number"], row["kind"], row["due_on"]) == (number, "to_ratify", held_on)
    assert "1 decided panel case to follow up" in (await chair.get("/")).text
    again = await jsep.meeting()
    assert len((await jsep.get(f"/panel-meetings/{again}", by="panel1"))["to_ratify"]) == 1
    await jsep.post("chair", f"/panel-cases/{number}/ratify")
    assert (await (await jsep.sign_in("panel1")).get("/api/v1/panel-follow-up")).json() == []
    assert (await jsep.get(f"/panel-meetings/{again}", by="panel1"))["to_ratify"] == []


async def test_who_took_an_action_records_what_a_meeting_says_to_it_only_where_nobody_else_may(
    jsep: Panel, query: Query, sessions: Sessions
) -> None:
    number = await jsep.submitted(urgent=True)
    await jsep.post("chair", f"/panel-cases/{number}/chair-action", **ACT)
    path = f"/api/v1/panel-cases/{number}/ratify"
    await jsep.meeting(present=["chair", "panel1"])
    only, other = await jsep.sign_in("chair"), await jsep.sign_in("panel3")
    check_problem(await only.post(path), 409, "not-quorate")
    check_problem(await other.post(path), 403, "not-the-chair")
    meeting = await jsep.meeting()
    await jsep.post("chair", f"/panel-meetings/{meeting}/members", 201, username="panel3", chairs=True)
    problem = check_problem(await only.post(path), 409, "own-action")
    assert "Paula Marsh records what the meeting says to it." in problem["detail"]
    case = done(await other.post(path))
    assert case["decisions"][0]["ratified"] is True
    [said] = await query("SELECT took_part, ratified_by FROM panel_ratification")
    assert (said["took_part"], said["ratified_by"]) == (["chair", "panel1", "panel2", "panel3"], "panel3")
    async with sessions.begin() as session:
        await session.execute(SECOND_CHAIR)
    second = await jsep.submitted(urgent=True)
    await jsep.post("chair", f"/panel-cases/{second}/chair-action", **ACT)
    await jsep.meeting()
    check_problem(await only.post(f"/api/v1/panel-cases/{second}/ratify"), 409, "own-action")
    assert done(await (await jsep.sign_in("panel2")).post(f"/api/v1/panel-cases/{second}/ratify"))
