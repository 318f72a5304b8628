"""Polling GOV.UK, against a small server on this machine that answers as its two interfaces do; and reminders."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from structlog.testing import CapturingLogger

from app.cli.worker import Tools, poll_safety_notices, polling_of
from app.features.notices.polling import Polling
from app.features.notices.rating import rate_waiting_notices
from app.features.notices.reminders import remind_of_notice_deadlines
from app.integrations import govuk
from app.integrations.govuk import AlertsUnreachable, GovUkAlerts, NullAlerts
from app.integrations.mail import NullMailer
from app.settings import Settings
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions
from tests.features.notices.documents import Alerts, publishing
from tests.features.notices.test_api import BY_HAND, NOTICES
from tests.given import Given

BED = "/drug-device-alerts/a-bed"
PENS = "/drug-device-alerts/pens"


@pytest.fixture
def alerts() -> Iterator[Alerts]:
    """A server on which notices are published."""
    with publishing() as found:
        yield found


@pytest.fixture
def tools(alerts: Alerts, sessions: Sessions, clock: Clock) -> Tools:
    """A worker that asks that server."""
    source = GovUkAlerts(f"{alerts.address}/api/search.json", f"{alerts.address}/api/content")
    return Tools(sessions, NullMailer(), True, Polling(True, source), lambda: clock.now)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What a poll says in the log."""
    lines = CapturingLogger()
    monkeypatch.setattr("app.features.notices.polling.log", lines)
    return lines


def published(alerts: Alerts, path: str, day: str, **changed: Any) -> None:
    facts = {"title": f"Notice of {path[-5:]}", "public_updated_at": f"2026-{day}T09:00:00Z"}
    alerts.publish(path, **(facts | changed))


NOTICED = "SELECT reference, title, version, received_by FROM safety_notice ORDER BY id"
POLL = "SELECT tried_at, succeeded_at, failure FROM safety_notice_poll"


async def test_what_is_new_or_amended_is_taken_in_once_and_no_more_often_than_it_is_set(
    alerts: Alerts, tools: Tools, clock: Clock, query: Query, safety: Browser
) -> None:
    published(alerts, "/drug-device-alerts/old", "01-02", public_updated_at="2019-01-02T09:00:00Z")
    published(alerts, BED, "02-20", title="A bed (DSI/2026/001)")
    published(alerts, PENS, "02-27", alert_type="a-type-of-2031")
    assert await poll_safety_notices(tools) == 2
    first = await query(NOTICED)
    assert [(row["title"], row["version"]) for row in first] == [
        ("A bed (DSI/2026/001)", 1),
        (f"Notice of {PENS[-5:]}", 1),
    ]
    assert {row["received_by"] for row in first} == {"worker"}
    assert await query(POLL) == [{"tried_at": clock.now, "succeeded_at": clock.now, "failure": ""}]
    asked = len(alerts.asked)
    assert await poll_safety_notices(tools) == 0
    assert len(alerts.asked) == asked
    clock.move(hours=1)
    assert await poll_safety_notices(tools) == 0
    assert len(alerts.asked) == asked + 1
    published(alerts, BED, "03-02", title="A bed (DSI/2026/001)", body="<p>New</p>")
    clock.move(hours=1)
    assert await poll_safety_notices(tools) == 1
    assert [row["version"] for row in await query(NOTICED)] == [2, 1]


@pytest.mark.parametrize(("status", "filler"), [(503, 0), (200, govuk.MOST_BYTES), (302, 0), (422, 0)])
async def test_a_poll_that_fails_says_one_line_and_is_shown_with_when_it_last_went_well(
    alerts: Alerts, tools: Tools, clock: Clock, query: Query, log: CapturingLogger, status: int, filler: int
) -> None:
    await poll_safety_notices(tools)
    well = clock.now
    alerts.status, alerts.filler = status, filler
    clock.move(hours=2)
    assert await poll_safety_notices(tools) == 0
    assert [(line.method_name, line.args) for line in log.calls] == [("warning", ("mhra_poll_failed",))]
    [row] = await query(POLL)
    assert (row["tried_at"], row["succeeded_at"]) == (clock.now, well)
    assert row["failure"].startswith("GOV.UK answered")
    alerts.status, alerts.filler = 200, 0
    clock.move(hours=2)
    await poll_safety_notices(tools)
    assert await query(POLL) == [{"tried_at": clock.now, "succeeded_at": clock.now, "failure": ""}]


async def test_without_a_network_it_is_quiet(
    sessions: Sessions, clock: Clock, query: Query, log: CapturingLogger
) -> None:
    nowhere = GovUkAlerts("http://127.0.0.1:1/api/search.json", "http://127.0.0.1:1/api/content")
    tools = Tools(sessions, NullMailer(), True, Polling(True, nowhere), lambda: clock.now)
    assert await poll_safety_notices(tools) == 0
    assert len(log.calls) == 1
    assert (await query(POLL))[0]["failure"].startswith("GOV.UK cannot be reached")
    assert await poll_safety_notices(Tools(sessions, NullMailer(), True)) == 0


async def test_a_notice_whose_text_cannot_be_had_is_there_with_its_summary_and_is_asked_for_again(
    alerts: Alerts, tools: Tools, clock: Clock, query: Query
) -> None:
    published(alerts, BED, "02-20", title="A bed (DSI/2026/001)")
    whole = alerts.published.pop(BED)
    assert await poll_safety_notices(tools) == 1
    assert (await query(POLL))[0]["failure"].startswith("1 of 1 notices could not be fetched whole.")
    assert await query("SELECT is_whole, source FROM safety_notice_version") == [{"is_whole": False, "source": "poll"}]
    alerts.published[BED] = whole
    clock.move(hours=1)
    assert await poll_safety_notices(tools) == 1
    assert [row["is_whole"] for row in await query("SELECT is_whole FROM safety_notice_version ORDER BY id")] == [
        False,
        True,
    ]
    assert (await query(POLL))[0]["failure"] == ""


async def test_many_are_fetched_in_parts(
    alerts: Alerts, tools: Tools, clock: Clock, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.notices.polling.MOST_TEXTS", 2)
    monkeypatch.setattr("app.integrations.govuk.PAGE", 2)
    for number in range(1, 6):
        published(alerts, f"{BED}-{number}", f"02-0{number}")
    assert await poll_safety_notices(tools) == 2
    [row] = await query(POLL)
    assert (row["succeeded_at"], row["failure"]) == (None, "There are 3 more notices to fetch; they are next.")
    assert alerts.asked.count("/api/search.json") == 4
    for taken in (2, 1):
        clock.move(hours=1)
        assert await poll_safety_notices(tools) == taken
    # The oldest came first.
    assert [row["title"] for row in await query(NOTICED)] == [f"Notice of bed-{number}" for number in range(1, 6)]


async def test_the_null_source_has_nothing() -> None:
    assert await NullAlerts().search(0) == b'{"results": []}'
    with pytest.raises(AlertsUnreachable):
        await NullAlerts().content("/x")


def test_the_settings_say_whom_to_ask_and_the_demonstration_asks_nobody(settings: Settings) -> None:
    assert not polling_of(settings).is_on
    on = settings.model_copy(update={"mhra_poll": True, "mhra_every_minutes": 15})
    found = polling_of(on)
    assert (found.is_on, found.every, found.first_days) == (True, timedelta(minutes=15), 90)
    assert found.source == GovUkAlerts("https://www.gov.uk/api/search.json", "https://www.gov.uk/api/content")
    assert not polling_of(on.model_copy(update={"demonstration": True})).is_on


async def test_the_page_says_how_the_poll_went(
    alerts: Alerts, tools: Tools, clock: Clock, app: Any, settings: Settings, safety: Browser
) -> None:
    assert "GOV.UK is not asked for new notices here" in (await safety.get("/safety-notices")).text
    app.state.settings = settings.model_copy(update={"mhra_poll": True})
    assert "has not been asked" in (await safety.get("/safety-notices")).text
    await poll_safety_notices(tools)
    assert "That went well." in (await safety.get("/safety-notices")).text
    alerts.status = 503
    clock.move(hours=2)
    await poll_safety_notices(tools)
    page = await safety.get("/safety-notices")
    assert "GOV.UK answered 503" in page.text
    assert "It went well last on 2 March 2026" in page.text


async def test_reminders_go_once_for_each_threshold_to_those_who_handle_notices(
    as_safety: AsyncClient, sessions: Sessions, clock: Clock, query: Query
) -> None:
    await as_safety.post(NOTICES, json=BY_HAND | {"underway_by": None, "complete_by": "2026-03-20"})

    async def remind() -> int:
        async with sessions.begin() as session:
            return await remind_of_notice_deadlines(session, today=clock.today, actor="worker", at=clock.now)

    told = []
    for _ in range(22):
        told.append(await remind())
        assert await remind() == 0
        clock.move(days=1)
    assert [day for day, many in enumerate(told) if many] == [11, 17, 19]
    subjects = await query("SELECT subject, count(*) AS people FROM message GROUP BY subject ORDER BY min(id)")
    assert subjects == [
        {"subject": "FSN 2026-07: actions complete 7 days left", "people": 3},
        {"subject": "FSN 2026-07: actions complete 1 day left", "people": 3},
        {"subject": "FSN 2026-07: actions complete 1 day overdue", "people": 3},
    ]
    later = {"complete_by": "2026-04-20", "change_note": "The maker wrote on 20 March."}
    await as_safety.post(f"{NOTICES}/FSN 2026-07/versions", json=later)
    clock.move(days=21)
    assert await remind() == 1


async def test_what_comes_late_is_told_of_once(
    as_safety: AsyncClient, sessions: Sessions, clock: Clock, query: Query
) -> None:
    late = BY_HAND | {"underway_by": None, "complete_by": "2026-03-01", "issued_on": "2026-01-02"}
    await as_safety.post(NOTICES, json=late)
    for many in (1, 0):
        async with sessions.begin() as session:
            told = await remind_of_notice_deadlines(session, today=clock.today, actor="worker", at=clock.now)
        assert told == many
    decided = {"decision": "not_held", "reason": "We have none of these beds.", "search": ["Harbour"]}
    await as_safety.post(f"{NOTICES}/FSN 2026-07/triage", json=decided)
    clock.move(days=30)
    async with sessions.begin() as session:
        assert await remind_of_notice_deadlines(session, today=clock.today, actor="worker", at=clock.now) == 0


async def test_what_waits_is_rated_again_when_the_catalogue_has_grown(
    as_safety: AsyncClient, sessions: Sessions, given: Given, clock: Clock
) -> None:
    await as_safety.post(NOTICES, json=BY_HAND)
    assert (await as_safety.get(f"{NOTICES}/FSN 2026-07")).json()["likelihood"] == 0
    await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds")
    async with sessions.begin() as session:
        assert await rate_waiting_notices(session, at=clock.now) == 1
    assert (await as_safety.get(f"{NOTICES}/FSN 2026-07")).json()["likelihood"] >= 3


async def test_what_was_not_held_is_looked_for_again_when_something_comes(
    as_safety: AsyncClient, given: Given, sessions: Sessions, clock: Clock, query: Query
) -> None:
    await as_safety.post(NOTICES, json=BY_HAND_LETTER)
    nothing = {"decision": "not_held", "reason": "We have no walkers of that maker.", "search": ["Strider"]}
    decided = await as_safety.post(f"{NOTICES}/FSN%202026-09/triage", json=nothing)
    assert decided.status_code == 200, decided.text
    for come in (False, True):
        if come:
            await given.items(1, product=await given.product(name="Walker", manufacturer="Weald Walkers"))
        async with sessions.begin() as session:
            await rate_waiting_notices(session, at=clock.now)
        state = (await as_safety.get(f"{NOTICES}/FSN%202026-09")).json()["state"]
        assert state == ("received" if come else "not_held")
    assert await query("SELECT DISTINCT subject FROM message WHERE purpose = 'notice_held_now'") == [
        {"subject": "FSN 2026-09: the search finds more now"}
    ]


BY_HAND_LETTER = {
    "reference": "FSN 2026-09",
    "kind": "field-safety-notice",
    "title": "Strider: the brake may slip",
    "issuer": "Weald Walkers",
    "issued_on": "2026-02-20",
    "body": "All models.",
}
