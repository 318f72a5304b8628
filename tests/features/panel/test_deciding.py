"""Meetings and decisions: quorum, interests, splits, deferral, and what follows for the order."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock, Query
from tests.features.panel.conftest import SPLIT, Panel, done
from tests.given import Given
from tests.problems import check_problem

THIRDS = [{"funder": code, "percent": 33.33} for code in ("ASC", "ICB", "CHC")]


async def test_an_approval_by_the_contracts_words_alone_lets_the_order_go_on(jsep: Panel, given: Given) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_001)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    case = done(await jsep.decide(number, funding=SPLIT, conditions=[]))
    [decision] = case["decisions"]
    assert (case["state"], decision["decision"], decision["decided_by"]) == ("decided", "approve", "chair")
    assert decision["funding"] == [
        {"funder": "ASC", "name": "Adult social care", "percent": 60.0, "pence": 186_001},
        {"funder": "ICB", "name": "Integrated care board", "percent": 40.0, "pence": 124_000},
    ]
    assert decision["took_part"] == ["chair", "panel1", "panel2", "panel3"]
    assert decision["expires_on"] == "2026-05-31"
    released = await jsep.get(f"/orders/{order}")
    assert (released["state"], released["decided_by"]) == ("approved", "chair")
    assert (await jsep.post("technician", f"/orders/{order}/allocate"))["state"] == "allocated"


@pytest.mark.parametrize("decision", ["approve", "defer", "decline"])
async def test_a_case_is_decided_once(jsep: Panel, clock: Clock, decision: str) -> None:
    number = await jsep.listed()
    done(await jsep.decide(number, decision, review_on=clock.day(7)))
    check_problem(await jsep.decide(number), 409, "already-decided")


async def test_what_is_declined_gives_back_what_was_held(jsep: Panel, given: Given) -> None:
    product = await given.product(tier="highly_specialist")
    barcode = await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    case = done(await jsep.decide(number, "decline", alternative="A standard profiling bed"))
    assert case["decisions"][0]["alternative"] == "A standard profiling bed"
    assert case["decisions"][0]["funding"] == []
    declined = await jsep.get(f"/orders/{order}")
    assert (declined["state"], declined["decision_reason"]) == (
        "declined",
        "It meets the need, and nothing cheaper does.",
    )
    assert (await given.record(barcode)).state.value == "in_stock"


@pytest.mark.parametrize(
    ("present", "conflicted", "code"),
    [
        (["chair", "panel1"], [], "not-quorate"),
        (["chair", "panel1", "panel2"], ["panel2"], "not-quorate"),
        # Joint money wants a member for health.
        (["chair", "panel2", "panel3"], [], "not-quorate"),
        (["chair", "panel1", "panel2", "panel3"], ["panel1"], "not-quorate"),
        (["chair", "panel1", "panel2", "panel3"], ["panel2"], None),
        (["chair", "panel1", "panel2", "panel3"], ["chair"], "conflict-of-interest"),
        (["panel1", "panel2", "panel3"], [], "not-at-the-meeting"),
    ],
)
async def test_who_is_there_without_an_interest_decides(
    jsep: Panel, present: list[str], conflicted: list[str], code: str | None
) -> None:
    number = await jsep.listed(present=present)
    for username in conflicted:
        await jsep.post(username, f"/panel-cases/{number}/interests", 201, kind="related")
    answer = await jsep.decide(number, funding=SPLIT)
    if code is None:
        took_part = done(answer)["decisions"][0]["took_part"]
        assert set(took_part) == set(present) - set(conflicted)
    else:
        check_problem(answer, 409, code)
        assert (await jsep.get(f"/panel-cases/{number}"))["state"] == "listed"


async def test_money_of_one_side_needs_no_member_of_the_other(jsep: Panel) -> None:
    alone = [{"funder": "ASC", "percent": 100}]
    number = await jsep.listed(present=["chair", "panel2", "panel3"], proposed_funding=alone)
    assert done(await jsep.decide(number))["decisions"][0]["funding"][0]["percent"] == 100.0


async def test_who_left_before_the_vote_does_not_count(jsep: Panel, clock: Clock) -> None:
    number = await jsep.screened()
    meeting = await jsep.meeting(number, present=["chair", "panel1", "panel2"])
    clock.move(minutes=20)
    path = f"/panel-meetings/{meeting}/attendance"
    after = await jsep.post("chair", path, present=["chair", "panel2"])
    assert (after["present"], after["is_quorate"]) == (["chair", "panel2"], False)
    problem = check_problem(await jsep.decide(number, funding=SPLIT), 409, "not-quorate")
    assert "Peter Adeyemi has left." in problem["detail"]
    clock.move(minutes=5)
    back = await jsep.post("chair", path, present=["chair", "panel2", "panel1"])
    assert back["is_quorate"]
    done(await jsep.decide(number, funding=SPLIT))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"funding": THIRDS}, "funding-not-100-percent"),
        ({"funding": []}, "funding-not-100-percent"),
        ({"funding": [{"funder": "XX", "percent": 100}]}, "unknown-funder"),
        ({"funding": [{"funder": "ASC", "percent": 50}, {"funder": "asc", "percent": 50}]}, "funder-twice"),
        ({"decision": "approve_with_conditions"}, "conditions-wanted"),
        ({"conditions": ["recycled_only"]}, "conditions-not-wanted"),
        ({"decision": "defer"}, "review-date-wanted"),
        ({"decision": "decline", "alternative": ""}, "alternative-wanted"),
        ({"expires_on": "2026-03-01"}, "day-is-past"),
    ],
)
async def test_a_decision_that_does_not_say_all_is_refused_and_nothing_is_kept(
    jsep: Panel, query: Query, change: dict[str, Any], code: str
) -> None:
    number = await jsep.listed()
    check_problem(await jsep.decide(number, **{"funding": SPLIT} | change), 422, code)
    assert await query("SELECT 1 FROM panel_decision") == []


async def test_conditions_are_kept_by_their_kinds_or_in_words(jsep: Panel, clock: Clock) -> None:
    number = await jsep.listed()
    conditions = ["trial_first", "Shown to the carers first", {"kind": "review_by"}]
    answer = await jsep.decide(
        number, "approve_with_conditions", conditions=conditions, review_on=clock.day(90), funding=SPLIT
    )
    assert done(answer)["decisions"][0]["conditions"] == [
        {"kind": "trial_first", "detail": ""},
        {"kind": "other", "detail": "Shown to the carers first"},
        {"kind": "review_by", "detail": ""},
    ]
    order = await jsep.get(f"/orders/{answer.json()['order_number']}", by="technician")
    assert order["authority"]["panel_conditions"] == ["A trial first", "Shown to the carers first", "A review by a day"]


async def test_what_was_deferred_is_answered_and_decided_by_a_decision_that_supersedes(
    jsep: Panel, clock: Clock, as_senior_ot: AsyncClient
) -> None:
    number = await jsep.listed()
    deferred = done(await jsep.decide(number, "defer", conditions=["A second quote"], review_on=clock.day(7)))
    [first] = deferred["decisions"]
    assert (first["information"], first["review_on"], first["expires_on"]) == (["A second quote"], clock.day(7), None)
    # A late answer is an answer: an eligible need is not lost by it.
    clock.move(days=20)
    headers = {"If-Match": f'"{deferred["version"]}"'}
    body = {"quotes": [{"supplier": "Weald Seating", "price_pence": 300_000}]}
    done(await as_senior_ot.patch(f"/api/v1/panel-cases/{number}", json=body, headers=headers))
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    await jsep.post("panel2", f"/panel-cases/{number}/screen")
    await jsep.meeting(number)
    case = done(await jsep.decide(number, funding=SPLIT))
    newest, oldest = case["decisions"]
    assert (newest["supersedes"], oldest["superseded_by"]) == (oldest["number"], newest["number"])
    assert newest["digest"] != oldest["digest"]


async def test_an_interest_that_is_declared_after_the_decision_shows_on_it(jsep: Panel, clock: Clock) -> None:
    number = await jsep.listed()
    done(await jsep.decide(number, funding=SPLIT))
    clock.move(days=1)
    case = await jsep.post("panel1", f"/panel-cases/{number}/interests", 201, kind="related", detail="Her cousin.")
    assert case["decisions"][0]["declared_too_late"] == ["panel1"]


async def test_members_recommend_and_a_chair_decides(jsep: Panel, as_panel: AsyncClient, clock: Clock) -> None:
    number = await jsep.listed()
    path = f"/panel-cases/{number}/recommendations"
    await jsep.post("panel1", path, 201, recommendation="decline", reasons="A tilt chair would do as well.")
    await jsep.post("panel2", f"/panel-cases/{number}/interests", 201)
    problem = await (await jsep.sign_in("panel2")).post(
        f"/api/v1{path}", json={"recommendation": "approve", "reasons": "She needs it for her posture."}
    )
    check_problem(problem, 409, "conflict-of-interest")
    check_problem(await jsep.decide(number, by="panel1"), 403, "not-the-chair")
    case = done(await jsep.decide(number, funding=SPLIT))
    assert [one["username"] for one in case["recommendations"]] == ["panel1"]
    late = await as_panel.post(f"/api/v1{path}", json={"recommendation": "approve", "reasons": "Too late to say so."})
    check_problem(late, 409, "already-decided")


async def test_nothing_changes_what_was_decided(jsep: Panel, query: Query) -> None:
    number = await jsep.listed()
    done(await jsep.decide(number, funding=SPLIT))
    for table in ("panel_decision", "panel_allotment", "panel_case_version", "panel_screening"):
        with pytest.raises(Exception, match="append-only"):
            await query(f"DELETE FROM {table} RETURNING 1")  # noqa: S608


async def test_a_case_without_a_meeting_is_not_decided(jsep: Panel) -> None:
    number = await jsep.screened()
    check_problem(await jsep.decide(number, funding=SPLIT), 409, "wrong-state")


async def test_only_members_are_invited_and_present_and_only_a_chair_keeps_meetings(
    jsep: Panel, as_chair: AsyncClient, as_panel: AsyncClient, clock: Clock
) -> None:
    held = {"panel": "JSEP", "held_on": clock.day(7)}
    check_problem(await as_panel.post("/api/v1/panel-meetings", json=held), 403, "not-allowed")
    stranger = held | {"members": ["chair", "technician"]}
    check_problem(await as_chair.post("/api/v1/panel-meetings", json=stranger), 422, "not-a-member")
    nowhere = held | {"panel": "XX"}
    check_problem(await as_chair.post("/api/v1/panel-meetings", json=nowhere), 422, "unknown-panel")
    made = done(await as_chair.post("/api/v1/panel-meetings", json=held), 201)
    assert [one["username"] for one in made["members"]] == ["chair", "panel1", "panel2", "panel3"]
    path = f"/api/v1/panel-meetings/{made['id']}"
    check_problem(await as_chair.post(f"{path}/attendance", json={"present": ["ot"]}), 422, "not-a-member")
    check_problem(await as_chair.post(f"{path}/cases", json={"case": "P999999"}), 404, "unknown-case")
    check_problem(await as_chair.get("/api/v1/panel-meetings/999"), 404, "unknown-meeting")
    assert (await jsep.get("/panel-meetings", by="panel1"))["items"][0]["id"] == made["id"]
