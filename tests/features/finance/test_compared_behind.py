"""A month of a county is compared behind a page that shows how far it is."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.domain.months import read_month
from app.features.finance.reconciling import runs
from app.features.finance.reconciling.service import reconcile_nightly
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, Statements
from tests.given import Given

PAGE = "/finance/reconciliation"
RUNS = f"{PAGE}/runs"
OF_MARCH = f"{PAGE}?period=2026-03"
MARCH = read_month("2026-03")


@pytest.fixture
async def many(rates: None, given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month with more items than are compared while somebody waits."""
    await given.item(State.AWAITING_INSPECTION)
    monkeypatch.setattr(runs, "AT_ONCE", 0)


async def test_a_month_with_many_items_is_compared_behind_and_what_came_of_it_is_kept(
    many: None, finance: Browser, auditor: Browser, query: Query
) -> None:
    page = await finance.get(OF_MARCH)
    assert "It was not compared by itself yet." in page.text
    assert "Adds up" not in page.text
    sent = await finance.post_form(RUNS, on=OF_MARCH)
    made = await finance.follow(sent)
    assert made.heading == "March 2026 is compared"
    [run] = await query("SELECT period::text, made_by, is_ok, wanted, done FROM reconciliation_run")
    assert run == {"period": "2026-03-01", "made_by": "finance", "is_ok": True, "wanted": 1, "done": 1}
    for person in (finance, auditor):
        page = await person.get(OF_MARCH)
        assert "Adds up" in page.text
        assert "Compare it again" in page.text


async def test_how_far_it_is_shows_and_whoever_asks_meanwhile_is_led_to_the_same(
    many: None,
    finance: Browser,
    sessions: Sessions,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    query: Query,
    statements: Statements,
) -> None:
    async with sessions.begin() as session:
        number, is_new = await runs.begin(session, MARCH, wanted=1, actor="finance", at=clock.now)
    assert is_new
    page = await finance.get(f"{RUNS}/{number}")
    bar = page.soup.select_one("progress")
    assert bar is not None
    assert (bar["value"], bar["max"], page.heading) == ("0", "1", "Comparing March 2026")
    sent = await finance.post_form(RUNS, on=OF_MARCH)
    assert sent.goes_to == f"{RUNS}/{number}"
    monkeypatch.setattr(runs, "TOLD_EVERY_SECONDS", 0)
    statements.clear()
    await runs.make(sessions, number, MARCH)
    assert sum("SET done = " in one and "seen_at" in one for one in statements) == 1
    assert await query("SELECT id, is_ok FROM reconciliation_run") == [{"id": number, "is_ok": True}]


async def test_what_goes_wrong_is_told_on_its_page_and_can_be_begun_again(
    many: None,
    finance: Browser,
    sessions: Sessions,
    session: AsyncSession,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("The books burn.")

    number, _ = await runs.begin(session, MARCH, wanted=1, actor="finance", at=clock.now)
    await session.commit()
    with monkeypatch.context() as patched:
        patched.setattr(runs, "reconcile", broken)
        await runs.make(sessions, number, MARCH)
    page = await finance.get(f"{RUNS}/{number}")
    assert "our fault" in page.text
    made = await finance.follow(await finance.post_form(RUNS, on=OF_MARCH))
    assert made.heading == "March 2026 is compared"


async def test_a_run_whose_maker_is_not_heard_of_is_over(
    many: None, finance: Browser, session: AsyncSession, clock: Clock
) -> None:
    number, _ = await runs.begin(session, MARCH, wanted=1, actor="finance", at=clock.now)
    await session.execute(text("UPDATE reconciliation_run SET seen_at = seen_at - interval '1 hour'"))
    await session.commit()
    page = await finance.get(f"{RUNS}/{number}")
    assert (page.heading, "Begin again" in page.text) == ("March 2026 is not compared", True)
    _, is_new = await runs.begin(session, MARCH, wanted=1, actor="finance", at=clock.now)
    assert is_new


async def test_a_night_is_no_run_and_a_month_that_cannot_be_is_said_at_its_field(
    many: None, finance: Browser, session: AsyncSession, clock: Clock
) -> None:
    await reconcile_nightly(session, actor="worker", at=clock.now)
    await session.commit()
    [number] = await session.scalars(text("SELECT id FROM reconciliation_run"))
    assert (await finance.get(f"{RUNS}/{number}")).status == 404
    for period in ("2026-13", "2026-04"):
        page = await finance.post_form(RUNS, on=OF_MARCH, period=period)
        assert (page.status, list(page.errors)) == (422, ["period"])
    page = await finance.get(f"{PAGE}?period=2026-04")
    assert (page.status, "April 2026 has not begun." in page.text) == (422, True)
