"""Trials on their pages: the worklist, what was tried and decided, and the reminders before and after the end."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.features.loans.trial_reminders import remind_of_ending_trials
from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn
from tests.features.prescribers.test_api import OT, PRESCRIBERS, add_user
from tests.given import TRIED, Given
from tests.problems import check_problem


def boxes(name: str, clock: Clock, days: int) -> dict[str, str]:
    """The three boxes of a date so many days from today."""
    day = clock.today + timedelta(days=days)
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def remind(session: AsyncSession, clock: Clock) -> int:
    """What the worker does once a day."""
    sent = await remind_of_ending_trials(session, today=clock.today, actor="worker", at=clock.now)
    await session.commit()
    return sent


async def test_a_trial_is_kept_or_goes_on_with_what_was_tried(
    ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    kept, longer = await given.trial(), await given.trial(days=14)
    await ot.post_form(f"/loans/{kept.id}/trial-outcome", outcome="keep", notes="It suits her.", **TRIED)
    assert (await given.record(kept.barcode)).state is State.ON_LOAN
    [review] = await query("SELECT tried_what, tried_where, who_was_there, result, notes FROM trial_review")
    assert review == TRIED | {"notes": "It suits her."}
    form = f"/loans/{longer.id}/trial-outcome"
    too_soon = await ot.post_form(form, outcome="extend", **TRIED, **boxes("until", clock, 14))
    assert set(too_soon.errors) == {"until"}
    sent = await ot.send(too_soon, form, **boxes("until", clock, 21))
    assert (await ot.follow(sent)).banner.endswith("The trial goes on until 23 March 2026.")
    [row] = await query("SELECT trial_ends_on FROM loan WHERE id = :id", id=longer.id)
    assert row["trial_ends_on"] == clock.today + timedelta(days=21)
    [said] = (await ot.get(form)).table()
    assert said[1:4] == [
        "Extend until 23 March 2026",
        "Transfers from bed to chair. At home, with The client and two carers",
        "Safe with both carers.",
    ]


async def test_a_trial_that_is_not_kept_names_and_links_its_collection(ot: Browser, given: Given) -> None:
    trial = await given.trial()
    sent = await ot.post_form(f"/loans/{trial.id}/trial-outcome", outcome="collect", **TRIED)
    page = await ot.follow(sent)
    assert page.banner.startswith("Collection C")
    [link] = page.soup.select('main a[href^="/collections/"]')
    collection = await ot.get(str(link["href"]))
    assert collection.heading == f"Collection {link.get_text()}"
    assert "Safe with both carers." in collection.text
    assert (await given.record(trial.barcode)).state is State.AWAITING_COLLECTION


async def test_the_api_answers_with_the_number_of_the_collection(as_ot: AsyncClient, given: Given) -> None:
    trial = await given.trial()
    answer = await as_ot.post(f"/api/v1/loans/{trial.id}/trial-outcome", json={"outcome": "collect", **TRIED})
    number = answer.json()["collection_number"]
    collection = (await as_ot.get(f"/api/v1/collections/{number}")).json()
    assert [line["barcode"] for line in collection["lines"]] == [trial.barcode]


async def test_a_trial_has_goals_and_a_loan_has_none(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    client = await given.client("c-7")
    body = {"client_ref": "C-7", "trial_goals": "Two carers can use it."}
    trial = {"kind": "trial", "trial_ends_on": clock.day(7)}
    made = await as_ot.post("/api/v1/loans", json={"barcode": await given.item(), **body, **trial})
    assert (made.json()["trial_goals"], made.json()["client_ref"]) == ("Two carers can use it.", client)
    refused = await as_ot.post("/api/v1/loans", json={"barcode": await given.item(), **body})
    check_problem(refused, 422, "loan-with-goals", field="trial_goals")


async def test_a_trial_outcome_asks_what_was_tried_and_a_loan_has_none(ot: Browser, given: Given) -> None:
    trial, loan = await given.trial(), await given.loan()
    empty = await ot.post_form(f"/loans/{trial.id}/trial-outcome")
    assert set(empty.errors) == {"outcome", *TRIED}
    page = await ot.get(f"/loans/{loan.id}/trial-outcome")
    assert "nothing to decide" in page.text
    assert (await ot.get("/loans/999999/trial-outcome")).status == 404


async def specialist_trial(as_ot: AsyncClient, given: Given, clock: Clock, **details: Any) -> str:
    """Where the outcome is told of a trial that `ot`, who orders standard products, gave one tier beyond their own."""
    barcode = await given.item(product=await given.product(tier="specialist", **details))
    body = {"barcode": barcode, "client_ref": await given.client(), "kind": "trial", "trial_ends_on": clock.day(7)}
    made = await as_ot.post("/api/v1/loans", json=body)
    assert made.status_code == 201, made.text
    return f"/loans/{made.json()['id']}/trial-outcome"


async def test_what_was_tried_beyond_ones_tier_is_kept_by_who_has_it(
    ot: Browser, senior_ot: Browser, as_ot: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    url = await specialist_trial(as_ot, given, clock)
    who = "Sarah Okafor can decide that they keep it."
    refused = check_problem(
        await as_ot.post(f"/api/v1{url}", json={"outcome": "keep", **TRIED}), 403, "above-your-tier"
    )
    assert refused["detail"] == f"It is specialist, and your tier is standard. {who}"
    refused = check_problem(
        await as_manager.post(f"/api/v1{url}", json={"outcome": "keep", **TRIED}), 403, "no-authority"
    )
    assert refused["detail"] == f"You are not set up as a prescriber, so you cannot decide this. {who}"
    page = await ot.get(url)
    assert f"You cannot decide this. It is specialist, and your tier is standard. {who}" in page.text
    sent = await ot.send(page, url, outcome="keep", **TRIED)
    assert (sent.status, who in sent.text) == (403, True)
    assert "You cannot decide this" not in (await senior_ot.get(url)).text
    assert (await senior_ot.post_form(url, outcome="keep", **TRIED)).status == 303


async def test_who_deputises_keeps_it_on_behalf_of_who_lent_the_authority(
    as_ot: AsyncClient, as_senior_ot: AsyncClient, as_admin: AsyncClient, as_manager: AsyncClient, sign_in: SignIn,
    given: Given, clock: Clock, query: Query,
) -> None:  # fmt: skip
    await add_user(as_admin, "other.ot")
    new = OT | {"registration_number": "OT00009"}
    made = await as_manager.put(f"{PRESCRIBERS}/other.ot", json=new, headers={"If-None-Match": "*"})
    assert made.status_code == 201, made.text
    url = f"/api/v1{await specialist_trial(await sign_in('other.ot'), given, clock)}"
    check_problem(await as_ot.post(url, json={"outcome": "keep", **TRIED}), 403, "above-your-tier")
    lent = {"to_username": "ot", "from_on": clock.day(0), "until_on": clock.day(1), "reason": "Leave"}
    assert (await as_senior_ot.post("/api/v1/delegations", json=lent)).status_code == 201
    assert (await as_ot.post(url, json={"outcome": "keep", **TRIED})).status_code == 200
    [kept] = await query("SELECT chain, detail FROM audit_event WHERE action = 'trial_kept'")
    assert (kept["chain"], kept["detail"]["on_behalf_of"]) == ("ot", "senior.ot")


async def test_what_the_panel_decides_is_kept_by_nobody_without_it(as_senior_ot: AsyncClient, given: Given) -> None:
    barcode = await given.item(product=await given.product(tier="highly_specialist"))
    trial = await given.trial(barcode)
    url = f"/api/v1/loans/{trial.id}/trial-outcome"
    refused = check_problem(await as_senior_ot.post(url, json={"outcome": "keep", **TRIED}), 403, "needs-an-order")
    assert refused["detail"].startswith("JSEP decides every highly specialist line. Let the trial go on, and order")


async def test_a_form_whose_time_has_passed_is_answered_with_how_things_stand_now(ot: Browser, given: Given) -> None:
    trial = await given.trial()
    outcome = f"/loans/{trial.id}/trial-outcome"
    old_outcome = await ot.get(outcome)
    await given.scan(trial.barcode)
    late = await ot.send(old_outcome, outcome)
    assert (late.status, "nothing to decide" in late.text) == (409, True)


async def test_the_worklist_shows_what_ends_soon_what_is_overdue_and_whose_it_is(
    ot: Browser, manager: Browser, given: Given, clock: Clock, query: Query
) -> None:
    soon, later, over = await given.trial(days=9), await given.trial(days=30), await given.trial(days=1)
    await given.scan((await given.trial(days=1)).barcode)
    clock.move(days=2)
    everything = await ot.get("/trials")
    assert [row[2] for row in everything.table()] == [over.client_ref, soon.client_ref, later.client_ref]
    assert [row[5] for row in everything.table()] == ["Overdue by 1 day", "7 days", "28 days"]
    assert [row[2] for row in (await ot.get("/trials", show="ending")).table()] == [soon.client_ref]
    assert [row[2] for row in (await ot.get("/trials", show="overdue", mine="true")).table()] == [over.client_ref]
    assert "There is none." in (await manager.get("/trials", mine="true")).text
    assert (await ot.get("/trials", after="2026-03-03.x")).status == 422
    assert (await ot.get("/trials", after=f"2026-03-03.{over.id}")).table()[0][2] == soon.client_ref
    [row] = await query("SELECT action FROM audit_event WHERE chain = 'manager' ORDER BY seq DESC LIMIT 1")
    assert row["action"] == "loans_listed"


async def test_who_started_a_trial_is_told_three_working_days_before_its_end_and_once_when_it_is_over(
    session: AsyncSession, given: Given, clock: Clock, query: Query
) -> None:
    trial = await given.trial(days=7)
    await given.loan()
    assert await remind(session, clock) == 0
    # From Wednesday 4 March it is three working days to Monday 9 March.
    clock.move(days=2)
    assert [await remind(session, clock), await remind(session, clock)] == [1, 0]
    clock.move(days=5)
    assert await remind(session, clock) == 0
    clock.move(days=1)
    assert [await remind(session, clock), await remind(session, clock)] == [1, 0]
    clock.move(days=1)
    assert await remind(session, clock) == 0
    told = await query(
        "SELECT purpose, username, about FROM message JOIN account ON account.id = to_account_id ORDER BY message.id"
    )
    about = {"username": "ot", "about": f"loan:{trial.id}"}
    assert told == [{"purpose": "trial_ends_soon", **about}, {"purpose": "trial_overdue", **about}]


async def test_a_trial_that_goes_on_is_told_of_afresh_and_a_collected_one_no_more(
    as_ot: AsyncClient, session: AsyncSession, given: Given, clock: Clock
) -> None:
    longer, fetched = await given.trial(days=1), await given.trial(days=1)
    assert await remind(session, clock) == 2
    body = {"outcome": "extend", "until": clock.day(14), **TRIED}
    assert (await as_ot.post(f"/api/v1/loans/{longer.id}/trial-outcome", json=body)).status_code == 200
    await as_ot.post(f"/api/v1/loans/{fetched.id}/trial-outcome", json={"outcome": "collect", **TRIED})
    clock.move(days=8)
    assert await remind(session, clock) == 0
    clock.move(days=1)
    assert await remind(session, clock) == 1


@pytest.mark.parametrize(
    ("outcome", "more", "what"),
    [
        ("keep", {}, "they keep it, and it is a loan now."),
        ("collect", {}, "it is collected, by collection C"),
        ("extend", {"until": "2026-04-01"}, "it goes on until 1 April 2026."),
    ],
)
async def test_whose_trial_it_is_hears_what_somebody_else_decided(
    as_ot: AsyncClient,
    as_senior_ot: AsyncClient,
    given: Given,
    query: Query,
    outcome: str,
    more: dict[str, Any],
    what: str,
) -> None:
    theirs, own = await given.trial(), await given.trial()
    body = {"outcome": outcome, **TRIED, **more}
    assert (await as_ot.post(f"/api/v1/loans/{own.id}/trial-outcome", json=body)).status_code == 200
    assert await query("SELECT id FROM message") == []
    assert (await as_senior_ot.post(f"/api/v1/loans/{theirs.id}/trial-outcome", json=body)).status_code == 200
    [told] = await query("SELECT username, purpose, subject, body, about FROM message "
                         "JOIN account ON account.id = to_account_id")  # fmt: skip
    assert (told["username"], told["purpose"], told["about"]) == ("ot", "trial_decided", f"loan:{theirs.id}")
    assert f"with client {theirs.client_ref}: {what}" in told["body"]
    assert theirs.client_ref not in told["subject"]


async def test_a_trial_of_somebody_who_has_died_is_collected_after_a_death_and_nothing_else(
    as_ot: AsyncClient, ot: Browser, given: Given
) -> None:
    trial = await given.trial()
    url = f"/api/v1/clients/{trial.client_ref}"
    tag = (await as_ot.get(url)).headers["etag"]
    died = await as_ot.patch(url, json={"died_on": "2026-03-01"}, headers={"If-Match": tag})
    assert died.status_code == 200, died.text
    outcome = f"/api/v1/loans/{trial.id}/trial-outcome"
    for body in ({"outcome": "keep"}, {"outcome": "collect"}, {"outcome": "extend", "until": "2026-03-30"}):
        check_problem(await as_ot.post(outcome, json=body | TRIED), 409, "client-has-died", field="outcome")
    page = await ot.get(f"/loans/{trial.id}/trial-outcome")
    assert "The client has died. Nothing is decided about the trial" in page.text
    [row] = (await ot.get("/trials")).table()
    assert (row[5], row[7].startswith("Have it collected")) == ("The client has died", True)
    collected = {"client_ref": trial.client_ref, "barcodes": [trial.barcode], "reason": "She liked it very much."}
    bare = await as_ot.post("/api/v1/collections", json=collected)
    check_problem(bare, 422, "name-one-contact", field="contact_name")
    whom = {"contact_name": "Rose Marsh", "contact_phone": "01632 960001"}
    made = await as_ot.post("/api/v1/collections", json=collected | whom)
    assert (made.status_code, made.json()["is_bereavement"]) == (201, True)
    assert (await given.record(trial.barcode)).state is State.AWAITING_COLLECTION
