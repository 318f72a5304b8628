"""The monthly pack: asked for, sent once as a link, and never with a file."""

from datetime import date

from sqlalchemy import text

from app.domain.dates import uk_date
from app.features.finance.exports.pack import send_finance_packs
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions
from tests.features.finance.exports.conftest import Charged

LETTERS = "SELECT account.username, subject, body FROM message JOIN account ON account.id = to_account_id ORDER BY 1"


async def send(sessions: Sessions, clock: Clock, address: str = "https://stores.example.org") -> int:
    """What the worker does in the morning."""
    async with sessions.begin() as session:
        details = {"today": uk_date(clock.now), "holidays": frozenset[date](), "address": address}
        return await send_finance_packs(session, **details, actor="worker", at=clock.now)  # type: ignore[arg-type]


async def test_who_asked_for_it_is_told_once_on_the_working_day_with_a_link(
    finance: Browser, auditor: Browser, sessions: Sessions, clock: Clock, query: Query
) -> None:
    await auditor.post_form("/finance/pack/mine", on="/finance/pack")
    await finance.post_form("/finance/pack/readers", on="/finance/pack", username="manager")
    await finance.post_form("/finance/pack/day", on="/finance/pack", working_day="3")
    assert await send(sessions, clock) == 0  # Monday is the first working day.
    clock.move(days=2)
    assert await send(sessions, clock) == 2
    assert await send(sessions, clock) == 0
    letters = await query(LETTERS)
    assert [(one["username"], one["subject"]) for one in letters] == [
        ("auditor", "Finance pack of February 2026"),
        ("manager", "Finance pack of February 2026"),
    ]
    assert "https://stores.example.org/finance/packs/2026-02" in letters[0]["body"]
    # Who asks afterwards is told the next morning; who ended it is not told again.
    await finance.post_form("/finance/pack/mine", on="/finance/pack")
    await auditor.post_form("/finance/pack/mine/end", on="/finance/pack")
    clock.move(days=30)
    await finance.post_form("/finance/pack/readers/end", on="/finance/pack", username="manager")
    assert await send(sessions, clock, address="") == 1
    assert "under Finance, Monthly pack" in (await query(LETTERS))[1]["body"]


async def test_only_who_may_see_costs_gets_it(finance: Browser, sessions: Sessions, clock: Clock, query: Query) -> None:
    page = await finance.post_form("/finance/pack/readers", on="/finance/pack", username="technician")
    assert (page.status, list(page.errors)) == (422, ["username"])
    assert list((await finance.post_form("/finance/pack/readers", on="/finance/pack")).errors) == ["username"]
    assert list((await finance.post_form("/finance/pack/day", on="/finance/pack", working_day="16")).errors) == [
        "working_day"
    ]
    await finance.post_form("/finance/pack/readers", on="/finance/pack", username="manager")
    assert (await finance.post_form("/finance/pack/readers/end", on="/finance/pack", username=None)).status == 422
    async with sessions.begin() as session:
        await session.execute(
            text("DELETE FROM account_role WHERE account_id = (SELECT id FROM account WHERE username = 'manager')")
        )
    assert "may not see costs any more" in (await finance.get("/finance/pack")).text
    clock.move(days=10)
    assert await send(sessions, clock) == 0


async def test_the_pack_of_a_month_leads_to_its_reports(finance: Browser, auditor: Browser, charged: Charged) -> None:
    await charged()
    page = await auditor.get("/finance/packs/2026-03")
    assert "£32.50" in page.text
    for link in page.soup.select("main ul a"):
        assert (await auditor.get(str(link["href"]))).status == 200
    assert (await auditor.get("/finance/packs/march")).status == 404
    assert "/finance/packs/2026-02" in (await finance.get("/finance/pack")).response.text
