"""The pages of panels: from the order to the decision, with what was typed kept and what is wrong said."""

from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Statements, at_browser
from tests.features.panel.conftest import SPLIT, WHY, Panel, done
from tests.given import Given

panel2 = at_browser("panel2")
SECTIONS = {
    "need": {"need": "She must sit upright to eat.", "outcomes": "Eats at the table.", "urgent": "true"},
    "reasoning": {"clinical_reasoning": "No standard chair holds her."},
    "risks": {"risk_assessment": "Falls forward when tired.", "risk_of_not_providing": "Pressure damage in weeks."},
    "moving": {"moving_and_handling": "Two carers and a hoist."},
    "consent": {"consent_and_capacity": "She chose this chair herself."},
    "options": {
        "standard_stock-cost": "£400",
        "standard_stock-why_not": "She slid out of it.",
        "recycled_special-cost": "0",
        "other-words": "Ceiling hoist",
        "other-cost": "1,250.50",
        "other-why_not": "The ceiling does not hold it.",
    },
    "quotes": {"supplier-1": "Weald Seating", "reference-1": "Q-1", "price-1": "3100"},
    "setting": {"size_load_and_surroundings": "450 mm wide, 70 kg, level access."},
    "lifetime": {"lifetime_and_servicing": "Five years.", "lifetime_months": "60", "servicing": "120"},
    "funding": {"percent-ASC": "60", "percent-ICB": "40 %"},
}


async def test_a_case_is_drawn_up_page_by_page_and_submitted(
    jsep: Panel, senior_ot: Browser, as_senior_ot: AsyncClient
) -> None:
    order = await jsep.order()
    page = await senior_ot.get(f"/orders/{order}")
    page = await senior_ot.follow(await senior_ot.send(page, "/panel-cases/new"))
    assert "To do" in page.text
    here = page.heading.removeprefix("Draft case ")
    address = f"/panel-cases/{here}"
    refused = await senior_ot.send(page, f"{address}/submit")
    assert refused.status == 422
    assert "Say what the person needs" in refused.text
    for section, typed in SECTIONS.items():
        form = await senior_ot.get(f"{address}/parts/{section}")
        saved = await senior_ot.send(form, f"{address}/parts/{section}", **typed)
        assert saved.goes_to == address, saved.text
    case = done(await as_senior_ot.get(f"/api/v1{address}"))
    assert (case["urgent"], case["lifetime_months"], case["servicing_pence_per_year"]) == (True, 60, 12_000)
    assert [(one["option"], one["cost_pence"]) for one in case["options"]] == [
        ("Standard stock", 40_000),
        ("A recycled special", 0),
        ("Ceiling hoist", 125_050),
    ]
    page = await senior_ot.follow(await senior_ot.send(await senior_ot.get(address), f"{address}/submit"))
    assert "Case" in page.banner
    order_page = await senior_ot.get(f"/orders/{order}")
    assert f"Case {here} . It stands at “submitted”." in order_page.text


async def test_what_was_typed_wrongly_is_said_at_its_field(jsep: Panel, senior_ot: Browser) -> None:
    number = await jsep.draft()
    for section, typed, error in (
        ("funding", {"percent-ASC": "33.33", "percent-ICB": "33.33", "percent-CHC": "33.33"}, "exactly 100 %"),
        ("funding", {"percent-ASC": "a third"}, "Write a percentage"),
        ("options", {"care_package-why_not": "Too dear.", "care_package-cost": ""}, "Enter what it costs"),
        ("options", {"care_package-cost": "1.234"}, "parts of a penny"),
        ("quotes", {"price-1": "12"}, "Enter who quoted"),
        ("need", {"need": "x" * 4001}, "4000 characters or fewer"),
        ("lifetime", {"lifetime_months": "0"}, "must be 1 or more"),
    ):
        address = f"/panel-cases/{number}/parts/{section}"
        answer = await senior_ot.send(await senior_ot.get(address), address, **typed)
        assert answer.status == 422, (section, answer.text)
        assert error in answer.text, (section, answer.text)
    assert (await senior_ot.get(f"/panel-cases/{number}/parts/nothing")).status == 422


async def test_the_panel_screens_meets_and_decides(
    jsep: Panel, chair: Browser, panel: Browser, panel2: Browser, senior_ot: Browser, clock: Clock
) -> None:
    order = await jsep.order()
    number = await jsep.submitted(order)
    address = f"/panel-cases/{number}"
    form = await panel.get(f"{address}/screen")
    await panel.follow(await panel.send(form, f"{address}/screen", outcome="complete"))
    day, month, year = str(clock.today.day), str(clock.today.month), str(clock.today.year)
    form = await chair.get("/panel-meetings/new")
    when = {"held_on-day": day, "held_on-month": month, "held_on-year": year}
    meeting = await chair.follow(await chair.send(form, "/panel-meetings/new", panel="JSEP", **when))
    path = meeting.path
    meeting = await chair.follow(await chair.send(meeting, f"{path}/cases", case=number))
    there = ["chair", "panel1", "panel2"]
    meeting = await chair.follow(await chair.send(meeting, f"{path}/attendance", present=there))
    assert "3 members are there, and 3 are needed." in meeting.text
    form = await panel2.get(f"{address}/interest")
    await panel2.follow(await panel2.send(form, f"{address}/interest", kind="related", detail="Her neighbour."))
    form = await panel.get(f"{address}/recommend")
    await panel.follow(await panel.send(form, f"{address}/recommend", recommendation="approve", reasons=WHY))
    form = await chair.get(f"{address}/decide")
    refused = await chair.send(form, f"{address}/decide", decision="approve", reasons=WHY)
    assert refused.status == 409
    assert "Priya Nair does not count" in refused.text
    meeting = await chair.get(path)
    await chair.send(meeting, f"{path}/attendance", present=[*there, "panel3"])
    form = await chair.get(f"{address}/decide")
    decided = await chair.follow(
        await chair.send(
            form,
            f"{address}/decide",
            decision="approve_with_conditions",
            reasons=WHY,
            conditions=["recycled_only"],
            other="Shown to the carers first",
        )
    )
    assert decided.banner == f"Approved with conditions. Order {order} goes on."
    for words in ("60 %", "£1,860.00", "Recycled equipment only", "Shown to the carers first", "Christine Hale"):
        assert words in decided.text
    assert "Panel case" in (await senior_ot.get(f"/orders/{order}")).text


async def test_a_case_is_deferred_and_withdrawn_on_its_pages(
    jsep: Panel, chair: Browser, senior_ot: Browser, clock: Clock
) -> None:
    number = await jsep.listed()
    address = f"/panel-cases/{number}"
    form = await chair.get(f"{address}/decide")
    typed = {"decision": "defer", "reasons": WHY, "information": "A second quote\nA trial at home"}
    later = clock.today.replace(day=20)
    when = {"review_on-day": str(later.day), "review_on-month": str(later.month), "review_on-year": str(later.year)}
    await chair.follow(await chair.send(form, f"{address}/decide", **typed, **when))
    page = await senior_ot.get(address)
    assert "A trial at home" in page.text
    assert "Answer by 20 March 2026." in page.text
    clock.move(days=30)
    assert "The day for this is over; answer it all the same." in (await senior_ot.get(address)).text
    assert "Answer was wanted by 20 March 2026" in (await senior_ot.get("/panel-cases")).text
    form = await senior_ot.get(f"{address}/withdraw")
    assert (await senior_ot.send(form, f"{address}/withdraw", reason=".")).status == 422
    gone = await senior_ot.follow(await senior_ot.send(form, f"{address}/withdraw", reason="She has moved away."))
    assert "She has moved away." in gone.text


async def test_pages_are_made_by_fixed_numbers_of_statements(
    jsep: Panel, chair: Browser, given: Given, statements: Statements
) -> None:
    numbers = [await jsep.screened() for _ in range(2)]
    meeting = await jsep.meeting(*numbers)
    done(await jsep.decide(numbers[0], funding=SPLIT))
    counts = {}
    for path in ("/panel-cases", f"/panel-cases/{numbers[0]}", "/panel-meetings", f"/panel-meetings/{meeting}"):
        statements.clear()
        await chair.get(path)
        counts[path.strip("/").split("/")[0] + str(path.count("/"))] = len(statements)
    assert counts == {"panel-cases1": 4, "panel-cases2": 8, "panel-meetings1": 2, "panel-meetings2": 11}


async def test_what_belongs_to_another_decision_is_named_and_nothing_of_it_is_lost(jsep: Panel, chair: Browser) -> None:
    number = await jsep.listed()
    address = f"/panel-cases/{number}"
    form = await chair.get(f"{address}/decide")
    typed: dict[str, Any] = {
        "conditions": ["trial_first"],
        "other": "Only with two carers",
        "alternative": "A tilt chair",
    }
    for more, said in (
        (typed, ("Only an approval with conditions has conditions.", "Only what is declined has something else")),
        ({"other": "Only with two carers"}, ("Only an approval with conditions has conditions.",)),
        ({"information": "A second quote"}, ("Only a deferral asks for information.",)),
    ):
        refused = await chair.send(form, f"{address}/decide", decision="approve", reasons=WHY, **more)
        assert refused.status == 422
        for words in said:
            assert words in refused.text
    assert (await jsep.get(address))["decisions"] == []
    right: dict[str, Any] = {"decision": "approve_with_conditions", "reasons": WHY} | typed | {"alternative": ""}
    decided = await chair.follow(await chair.send(form, f"{address}/decide", **right))
    assert "Only with two carers" in decided.text
