"""What the counter warns of, keeping a trial warns of too; going on with one, where it carries too little."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.loans.test_trials import boxes
from tests.given import TRIED, Given, Lent
from tests.problems import check_problem

NOTES = {"notes": "It suits her."}
ANSWER = "Two carers, and it is only for transfers."


@pytest.fixture
async def trial(given: Given, session: AsyncSession) -> Lent:
    """A chair on trial that carries less than the client weighs, by a catalogue of before lowered loads stopped
    anything."""
    await given.product("CHAIR", category="18 09 03", safe_working_load_kg=150)
    client = await given.client("C-9", weight_kg=140, weighed_on="2026-02-20")
    lent = await given.trial(await given.item(product="CHAIR"), client=client)
    await session.execute(text("UPDATE product SET safe_working_load_kg = 130"))
    await session.commit()
    return lent


def url(trial: Lent) -> str:
    return f"/api/v1/loans/{trial.id}/trial-outcome"


def answered(warnings: list[dict[str, Any]]) -> dict[str, Any]:
    return {"answers": [{"code": one["code"], "subject": one["subject"], "answer": ANSWER} for one in warnings]}


async def test_what_is_too_weak_is_kept_only_with_an_answer_that_is_kept_with_the_loan(
    as_ot: AsyncClient, ot: Browser, trial: Lent, query: Query
) -> None:
    short: dict[str, Any]
    refusal: dict[str, Any] = {}
    for short in ({**NOTES, "answers": []}, NOTES):
        refusal = check_problem(
            await as_ot.post(url(trial), json={"outcome": "keep", **short}), 422, "answer-the-warnings"
        )
        assert [(one["severity"], one["code"]) for one in refusal["warnings"]] == [("danger", "over-safe-working-load")]
    assert await query("SELECT id FROM trial_review") == []
    said = answered(refusal["warnings"])
    kept = await as_ot.post(url(trial), json={"outcome": "keep", **NOTES, **said})
    assert kept.status_code == 200, kept.text
    [answer] = kept.json()["answers"]
    assert (answer["code"], answer["answer"], answer["answered_by"]) == ("over-safe-working-load", ANSWER, "ot")
    page = await ot.get(f"/loans/{trial.id}/trial-outcome")
    assert ANSWER in page.text
    assert "carries 130 kg, and the client weighs 140 kg" in page.text


async def test_a_trial_of_it_goes_on_only_with_an_answer_each_time(
    as_ot: AsyncClient, trial: Lent, clock: Clock
) -> None:
    said = []
    for days in (20, 30):
        body = {"outcome": "extend", "until": clock.day(days), **NOTES}
        refusal = check_problem(await as_ot.post(url(trial), json=body), 422, "answer-the-warnings")
        longer = await as_ot.post(url(trial), json=body | answered(refusal["warnings"]))
        assert longer.status_code == 200, longer.text
        said = [one["answer"] for one in longer.json()["answers"]]
        clock.move(days=1)
    assert said == [ANSWER, ANSWER]


async def test_to_have_it_collected_wants_no_answer(as_ot: AsyncClient, trial: Lent) -> None:
    assert (await as_ot.post(url(trial), json={"outcome": "collect", **NOTES})).status_code == 200


async def test_the_page_shows_and_asks_what_the_counter_does(
    ot: Browser, trial: Lent, clock: Clock, query: Query
) -> None:
    form = f"/loans/{trial.id}/trial-outcome"
    page = await ot.get(form)
    assert "carries 130 kg, and the client weighs 140 kg. Choose a stronger one." in page.text
    box = "answer-over-safe-working-load-CHAIR"
    for outcome in ({"outcome": "keep"}, {"outcome": "extend", **boxes("until", clock, 20)}):
        refused = await ot.send(page, form, **outcome, **TRIED)
        assert (refused.status, set(refused.errors)) == (422, {box})
    # With all else that is missing, at once.
    assert {box, "result"} <= set((await ot.send(page, form, outcome="keep")).errors)
    sent = await ot.send(page, form, outcome="keep", **TRIED, **{box: ANSWER})
    assert sent.status == 303
    assert await query("SELECT code, answer FROM loan_answer") == [{"code": "over-safe-working-load", "answer": ANSWER}]


async def test_a_weight_that_nobody_knows_is_asked_on_the_page_and_not_in_the_short_form(
    ot: Browser, as_ot: AsyncClient, given: Given, query: Query
) -> None:
    product = await given.product(category="18 09 03", safe_working_load_kg=150)
    one, other = [await given.trial(await given.item(product=product)) for _ in range(2)]
    refused = await ot.post_form(f"/loans/{one.id}/trial-outcome", outcome="keep", **TRIED)
    assert set(refused.errors) == {"answer-weight-unknown-client"}
    assert (await as_ot.post(url(other), json={"outcome": "keep", **NOTES})).status_code == 200
    [event] = await query("SELECT subject, detail FROM audit_event WHERE action = 'warning_not_answered'")
    assert event == {"subject": f"loan:{other.id}", "detail": {"warning": "weight-unknown"}}
    whole = {"outcome": "keep", **TRIED, "answers": []}
    check_problem(await as_ot.post(url(one), json=whole), 422, "answer-the-warnings")


async def test_a_danger_beside_its_load_is_warned_of_when_it_is_kept(as_ot: AsyncClient, given: Given) -> None:
    lever = await given.product("LEVER", category="18 12 27")
    trial = await given.trial(
        await given.item(product=lever), client=await given.client(weight_kg=80, weighed_on="2026-02-20")
    )
    refusal = check_problem(await as_ot.post(url(trial), json={"outcome": "keep", **NOTES}), 422, "answer-the-warnings")
    assert [one["code"] for one in refusal["warnings"]] == ["entrapment"]
