"""What follows a decision: reviews, late answers, and what is out without an approval."""

from typing import Any

from app.cli.worker import ACTOR
from app.domain.dates import uk_date
from app.features.panel.reviewing import remind_of_panel_days
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, Statements
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given
from tests.problems import check_problem

FOUND: dict[str, Any] = {"outcome": "in_part", "findings": "She sits through one meal, and slides during the second."}


async def remind(sessions: Sessions, clock: Clock) -> int:
    """What the worker does in the morning."""
    async with sessions.begin() as session:
        return await remind_of_panel_days(session, today=uk_date(clock.now), actor=ACTOR, at=clock.now)


async def work(jsep: Panel, by: str = "senior.ot") -> list[tuple[str, str, str]]:
    rows = (await (await jsep.sign_in(by)).get("/api/v1/panel-follow-up")).json()
    return [(one["number"], one["kind"], one["due_on"]) for one in rows]


async def test_a_review_becomes_work_and_what_it_found_comes_back_to_the_panel(
    jsep: Panel, clock: Clock, sessions: Sessions, query: Query, given: Given
) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.screened(order)
    meeting = await jsep.meeting(number)
    with_review: dict[str, Any] = {"conditions": ["review_by"], "review_on": clock.day(30), "funding": SPLIT}
    done(await jsep.decide(number, "approve_with_conditions", **with_review))
    await jsep.post("chair", f"/panel-meetings/{meeting}/close")
    due = clock.day(30)
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
    assert await work(jsep) == []
    clock.move(days=16)
    for who in ("senior.ot", "ot", "panel1", "chair"):
        assert await work(jsep, who) == [(number, "review", due)]
    assert await work(jsep, "student.ot") == []
    assert await remind(sessions, clock) == 0
    clock.move(days=14)
    assert [await remind(sessions, clock), await remind(sessions, clock)] == [1, 0]
    assert len(await query("SELECT 1 FROM message WHERE purpose = 'panel_review'")) == 1
    again = clock.day(60)
    path = f"/panel-cases/{number}/review"
    early = await (await jsep.sign_in("senior.ot")).post(
        f"/api/v1{path}", json=FOUND | {"next_review_on": clock.day(0)}
    )
    check_problem(early, 422, "day-is-past")
    case = await jsep.post("senior.ot", path, 201, **FOUND, next_review_on=again)
    [found] = case["came_of_it"]
    assert (found["kind"], found["outcome"], found["next_on"]) == ("review", "in_part", again)
    assert await work(jsep) == []
    following = await jsep.meeting()
    shown = await jsep.get(f"/panel-meetings/{following}", by="panel1")
    assert [(one["case"], one["findings"]) for one in shown["came_of_it"]] == [(number, FOUND["findings"])]
    clock.move(days=60)
    assert await work(jsep) == [(number, "review", again)]
    await jsep.post("senior.ot", path, 201, outcome="not_used", findings="It stands in the hall.")
    assert await work(jsep) == []


async def test_the_outcome_of_a_trial_comes_back_to_the_panel(jsep: Panel, given: Given, query: Query) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    done(await jsep.decide(number, "approve_with_conditions", conditions=["trial_first"], funding=SPLIT))
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
    [[loan]] = [row.values() for row in await query("SELECT id FROM loan WHERE ended_at IS NULL")]
    said: dict[str, Any] = {"outcome": "keep", "notes": "She sat through two meals."}
    await jsep.post("senior.ot", f"/loans/{loan}/trial-outcome", **said)
    [found] = (await jsep.get(f"/panel-cases/{number}"))["came_of_it"]
    assert (found["kind"], found["outcome"]) == ("trial", "keep")
    assert "She sat through two meals." in found["findings"]


async def test_a_deferral_whose_day_passed_is_work_and_its_prescriber_is_told(
    jsep: Panel, clock: Clock, sessions: Sessions, query: Query
) -> None:
    number = await jsep.listed()
    done(await jsep.decide(number, "defer", conditions=["A second quote"], review_on=clock.day(7)))
    due = clock.day(7)
    clock.move(days=7)
    assert await work(jsep) == []
    clock.move(days=1)
    assert await work(jsep, "panel2") == [(number, "answer_overdue", due)]
    assert await remind(sessions, clock) == 1
    [told] = await query("SELECT body FROM message WHERE purpose = 'panel_answer_overdue'")
    assert "The need is not lost by it." in told["body"]
    await jsep.post("senior.ot", f"/panel-cases/{number}/submit")
    assert await work(jsep) == []
    nothing = await (await jsep.sign_in("senior.ot")).post(f"/api/v1/panel-cases/{number}/review", json=FOUND)
    check_problem(nothing, 409, "nothing-to-review")


async def test_what_went_out_and_was_not_ratified_is_work_until_it_is_back_or_reviewed(
    jsep: Panel, given: Given, clock: Clock, sessions: Sessions, senior_ot: Browser, statements: Statements
) -> None:
    numbers, barcodes = [], []
    for _ in range(2):
        product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
        barcodes.append(await jsep.recycled(product))
        order = await jsep.order(product)
        number = await jsep.submitted(order, urgent=True)
        numbers.append(number)
        act: dict[str, Any] = {"decision": "approve", "reasons": WHY, "funding": SPLIT}
        await jsep.post("chair", f"/panel-cases/{number}/chair-action", **act)
        for step in ("allocate", "dispatch"):
            await jsep.post("technician", f"/orders/{order}/{step}")
        await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
        await jsep.meeting()
        await jsep.post("chair", f"/panel-cases/{number}/ratify", ratified=False, reasons="A stock chair would do.")
    today = clock.day(0)
    assert await work(jsep) == [(number, "not_ratified", today) for number in numbers]
    assert await remind(sessions, clock) == 2
    home = await senior_ot.get("/")
    assert "2 decided panel cases to follow up" in home.text
    statements.clear()
    page = await senior_ot.get("/panel-follow-up")
    assert len(statements) == 4
    assert page.text.count("Out although the panel does not approve it") == 2
    await given.scan(barcodes[0])
    assert await work(jsep) == [(numbers[1], "not_ratified", today)]
    here = f"/panel-cases/{numbers[1]}"
    form = await senior_ot.get(f"{here}/review")
    refused = await senior_ot.send(form, f"{here}/review", findings=".")
    assert refused.status == 422
    typed = {"outcome": "meets_need", "findings": "Nothing else holds her until the new chair comes."}
    case = await senior_ot.follow(await senior_ot.send(form, f"{here}/review", **typed))
    assert "Review: It meets the need" in case.text
    assert await work(jsep) == []
    assert "to follow up" not in (await senior_ot.get("/")).text
