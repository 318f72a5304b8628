"""The start page: each role finds what waits for it, and nothing that is not its own."""

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.given import Given


def counts(text: str) -> str:
    """The part of the page between “Waiting” and the benches."""
    return text.partition("Waiting")[2].partition("On the benches")[0]


async def test_a_storekeeper_sees_what_waits_in_numbers(manager: Browser, given: Given, clock: Clock) -> None:
    hoist = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    await given.item(product=hoist)
    for state in (State.RETURNED, State.RETURNED, State.IN_REPAIR):
        await given.item(state)
    await given.collection()
    await given.scan("XX000123469")
    await given.hold(await given.item())
    page = await manager.get("/")
    assert page.heading == "Today, Monday 2 March 2026"
    for words in ("1 scan to reconcile", "1 collection open", "0 items with a check overdue", "1 item on hold"):
        assert words in counts(page.text), words
    assert [row[:2] for row in page.table()] == [
        ["Returned", "2"],
        ["Decontaminating", "0"],
        ["Awaiting inspection", "0"],
        ["In repair", "1"],
    ]
    bars = [str(bar["width"]) for bar in page.soup.select(".app-bar rect")]
    assert bars == ["100.0", "0.0", "0.0", "50.0"]
    clock.move(days=170)
    assert "1 item with a check due in 30 days" in (await manager.get("/")).text
    clock.move(days=30)
    assert "1 item with a check overdue" in (await manager.get("/")).text


async def test_a_prescriber_sees_their_own_trials_and_collections_and_that_is_logged(
    ot: Browser, senior_ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    soon = await given.trial(days=7)
    await given.trial(days=30)
    asked = await given.collection()
    page = await ot.get("/")
    assert page.soup.select_one(f'a[href="/loans/{soon.id}/trial-outcome"]')
    assert len(page.soup.select('a[href$="/trial-outcome"]')) == 1
    assert page.soup.select_one(f'a[href="/collections/{asked.number}"]')
    assert "Waiting" not in page.text
    others = await senior_ot.get("/")
    assert "None of your trials ends within seven days." in others.text
    assert asked.number not in others.text
    logged = await query("SELECT chain FROM audit_event WHERE action = 'clients_listed'")
    assert [row["chain"] for row in logged] == ["ot"]
    clock.move(days=8)
    assert "9 March 2026, overdue" in (await ot.get("/")).text


async def test_everybody_has_a_start_page_that_leads_only_where_they_may_go(
    safety: Browser, admin: Browser, auditor: Browser, finance: Browser, panel: Browser, given: Given
) -> None:
    await given.hold(await given.item())
    assert "1 item on hold" in (await safety.get("/")).text
    for person in (safety, admin, auditor, finance, panel):
        page = await person.get("/")
        assert "On the benches" not in page.text
        for link in page.soup.select("main a[href]"):
            assert (await person.get(str(link["href"]))).status == 200, link["href"]
