"""What a chair records of others is told to them; what goes against them is said; so is what work has come."""

from typing import Any

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.panel.conftest import ALL, SPLIT, WHY, Panel, done
from tests.problems import check_problem

NO = "A tilt chair of the store does the same."


async def told(query: Query, purpose: str) -> list[str]:
    """Who was told this."""
    rows = await query("SELECT purpose, username FROM message JOIN account ON account.id = to_account_id")
    return sorted(row["username"] for row in rows if row["purpose"] == purpose)


async def test_who_is_put_down_as_there_is_told_once_each_time_they_come(
    jsep: Panel, query: Query, clock: Clock
) -> None:
    meeting = await jsep.meeting()
    assert await told(query, "panel_member_is_there") == ["panel1", "panel2", "panel3"]
    clock.move(minutes=5)
    await jsep.post("chair", f"/panel-meetings/{meeting}/attendance", present=ALL)
    assert len(await told(query, "panel_member_is_there")) == 3


async def test_against_most_of_those_who_decide_the_chair_says_why_and_they_are_named(
    jsep: Panel, query: Query, chair: Browser
) -> None:
    number = await jsep.screened()
    meeting = await jsep.meeting(number)
    path = f"/panel-cases/{number}/recommendations"
    for username in ("panel1", "panel2", "panel3"):
        await jsep.post(username, path, 201, recommendation="decline", reasons=NO)
    page = await chair.get(f"/panel-cases/{number}/decide")
    for words in ("Who counts now", "Counts", "What members recommended", NO):
        assert words in page.text
    problem = check_problem(await jsep.decide(number, funding=SPLIT), 422, "why-against-wanted")
    assert "3 of the 4 who decide recommended otherwise." in problem["detail"]
    why = "Her chest does not wait for another trial."
    changed = [{"funder": "ASC", "percent": 50}, {"funder": "ICB", "percent": 50}]
    [decision] = done(await jsep.decide(number, funding=changed, why_against=why))["decisions"]
    assert (decision["dissented"], decision["why_against"]) == (["panel1", "panel2", "panel3"], why)
    assert decision["split_changed"] is True
    minutes = (await jsep.get(f"/panel-meetings/{meeting}", by="panel1"))["minutes"]
    [note] = [one["note"] for one in minutes if one["what"] == "approve"]
    assert note == (
        f"{WHY} Recommended otherwise: Peter Adeyemi, Priya Nair, Paula Marsh. Why all the same: {why} Who pays was "
        "changed from what the case proposed: ASC 50 %, ICB 50 % instead of ASC 60 %, ICB 40 %."
    )
    page = await chair.get(f"/panel-cases/{number}")
    assert f"Recommended otherwise: Peter Adeyemi, Priya Nair, Paula Marsh. Why it was decided all the same: {why}" in (
        page.text
    )
    assert "Who pays was changed" in page.text


async def test_one_who_recommended_otherwise_is_named_and_asks_for_no_more(jsep: Panel) -> None:
    number = await jsep.listed()
    path = f"/panel-cases/{number}/recommendations"
    await jsep.post("panel1", path, 201, recommendation="decline", reasons=NO)
    [decision] = done(await jsep.decide(number, funding=SPLIT))["decisions"]
    assert (decision["dissented"], decision["why_against"], decision["split_changed"]) == (["panel1"], "", False)


async def test_a_chair_alone_acts_against_members_only_with_a_reason(jsep: Panel) -> None:
    number = await jsep.submitted(urgent=True)
    path = f"/panel-cases/{number}/recommendations"
    for username in ("panel1", "panel2"):
        await jsep.post(username, path, 201, recommendation="decline", reasons=NO)
    acts: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
    chair = await jsep.sign_in("chair")
    refused = await chair.post(f"/api/v1/panel-cases/{number}/chair-action", json=acts)
    check_problem(refused, 422, "why-against-wanted")


async def test_an_interest_for_somebody_else_is_in_words_with_its_author_and_told(
    jsep: Panel, query: Query, chair: Browser
) -> None:
    number = await jsep.listed()
    path = f"/api/v1/panel-cases/{number}/interests"
    as_chair = await jsep.sign_in("chair")
    said = {"username": "panel1", "kind": "related"}
    check_problem(await as_chair.post(path, json=said), 422, "interest-in-words")
    case = done(await as_chair.post(path, json=said | {"detail": "He is her sister's husband."}), 201)
    [named] = [one for one in case["interests"] if one["username"] == "panel1"]
    assert (named["declared_by"], named["detail"]) == ("chair", "He is her sister's husband.")
    assert await told(query, "panel_interest_named") == ["panel1"]
    assert "named by Christine Hale" in (await chair.get(f"/panel-cases/{number}")).text
    await jsep.post("panel2", f"/panel-cases/{number}/interests", 201)
    assert await told(query, "panel_interest_named") == ["panel1"]


async def test_chairs_are_told_of_each_case_and_all_members_of_an_urgent_one(
    jsep: Panel, query: Query, chair: Browser, clock: Clock
) -> None:
    first = await jsep.submitted()
    assert await told(query, "panel_case_to_screen") == ["chair"]
    clock.move(days=2)
    second = await jsep.submitted()
    clock.move(days=1)
    urgent = await jsep.submitted(urgent=True)
    assert await told(query, "panel_case_to_screen") == ["chair", "chair", "chair", "panel1", "panel2", "panel3"]
    page = await chair.get("/panel-cases?state=submitted")
    shown = [str(link["href"]).split("/")[-1] for link in page.soup.select('table a[href^="/panel-cases/P"]')]
    assert shown == [urgent, first, second]
    assert "3 days ago" in page.text
    page = await chair.get("/")
    for words in ("panel cases to screen", "1 urgent. The oldest has waited 3 days"):
        assert words in page.text


async def test_the_list_of_cases_goes_on_after_a_full_page(jsep: Panel, chair: Browser, query: Query) -> None:
    numbers = [await jsep.submitted() for _ in range(3)]
    last = (await query(f"SELECT id FROM panel_case WHERE number = '{numbers[0]}'"))[0]["id"]  # noqa: S608
    page = await chair.get(f"/panel-cases?state=submitted&after={last}")
    shown = [str(link["href"]).split("/")[-1] for link in page.soup.select('table a[href^="/panel-cases/P"]')]
    assert shown == numbers[1:]
