"""A month that is closed is compared from last night on: only what came since is gone through again (ADR 78)."""

from datetime import date

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.lifecycle import State
from app.domain.reconciling import Check
from app.features.finance.reconciling.service import Reconciled, reconcile_nightly, reconcile_since_night
from tests.browser import Browser
from tests.conftest import Clock
from tests.given import Given
from tests.test_charging import rate as write_rate

MARCH = date(2026, 3, 1)


@pytest.fixture
async def night(given: Given, clock: Clock, session: AsyncSession) -> str:
    """Something was lent, came back and was cleaned in March; everything was compared in the night after."""
    barcode = await given.item(State.AWAITING_INSPECTION)
    clock.move(hours=15)
    await reconcile_nightly(session, actor="worker", at=clock.now)
    clock.move(hours=4)
    return barcode


async def compared(session: AsyncSession, clock: Clock) -> tuple[int, Reconciled]:
    """How many movements of March were gone through, and all that came of it."""
    found = await reconcile_since_night(session, MARCH, at=clock.now)
    return found.sums[Check.MOVEMENTS].counted, found


async def behind_our_back(connection: AsyncConnection, change: str) -> None:
    """What no trigger sees."""
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text(change))
    await connection.execute(text("SET LOCAL session_replication_role = origin"))


async def test_what_the_night_went_through_is_not_gone_through_again(
    night: str, session: AsyncSession, clock: Clock, given: Given
) -> None:
    counted, found = await compared(session, clock)
    assert (counted, found.is_ok, found.night is None) == (0, True, False)
    await given.loan()
    counted, found = await compared(session, clock)
    assert found.is_ok
    assert counted > 0


@pytest.mark.parametrize(
    ("change", "is_ok"),
    [
        ("DELETE FROM charge WHERE kind = 'decontamination'", False),
        ("UPDATE charge SET amount_pence = amount_pence + 1 WHERE kind = 'decontamination'", False),
        # Nothing of this is wrong by itself: what comes late stands in a later month.
        ("UPDATE charge SET period = '2026-04-01' WHERE kind = 'decontamination'", True),
    ],
)
async def test_lines_that_are_not_what_they_were_have_all_compared(
    night: str, session: AsyncSession, clock: Clock, connection: AsyncConnection, change: str, is_ok: bool
) -> None:
    await behind_our_back(connection, change)
    counted, found = await compared(session, clock)
    assert (counted > 0, found.night, found.is_ok) == (True, None, is_ok)


async def test_a_movement_that_was_not_charged_since_is_found(
    night: str, session: AsyncSession, clock: Clock, connection: AsyncConnection, given: Given
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    newest = "id = (SELECT max(id) FROM charge WHERE kind = 'decontamination')"
    await behind_our_back(connection, f"DELETE FROM charge WHERE {newest}")  # noqa: S608 - our own words
    _, found = await compared(session, clock)
    assert found.night is not None
    assert [one.barcode for one in found.differences] == [barcode]


async def test_what_the_night_found_wrong_is_looked_at_again(
    given: Given, session: AsyncSession, clock: Clock, connection: AsyncConnection
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await behind_our_back(connection, "DELETE FROM charge WHERE kind = 'decontamination'")
    clock.move(hours=15)
    assert await reconcile_nightly(session, actor="worker", at=clock.now) > 0
    _, found = await compared(session, clock)
    assert found.night is not None
    assert {one.barcode for one in found.differences} == {barcode}


async def test_new_rates_changed_products_and_nights_of_long_ago_have_all_compared(
    night: str, session: AsyncSession, clock: Clock, connection: AsyncConnection
) -> None:
    kept = clock.now
    clock.move(days=2)
    assert (await compared(session, clock))[1].night is None
    clock.now = kept
    assert (await compared(session, clock))[1].night is not None
    await write_rate(connection, "repair", pence=1, made_at=clock.now)
    counted, found = await compared(session, clock)
    assert (counted > 0, found.night) == (True, None)


async def test_a_night_that_did_not_keep_how_months_stood_says_nothing(
    night: str, session: AsyncSession, clock: Clock, connection: AsyncConnection
) -> None:
    await connection.execute(text("UPDATE reconciliation_run SET sums = sums - 'standing'"))
    assert (await compared(session, clock))[1].night is None


async def test_the_question_says_when_all_was_compared(
    night: str, session: AsyncSession, clock: Clock, finance: Browser, as_finance: AsyncClient
) -> None:
    clock.move(days=29)
    await reconcile_nightly(session, actor="worker", at=clock.now)
    clock.move(hours=4)
    page = await finance.get("/finance/periods/2026-03/close")
    assert (
        "agree to the penny. All of it was compared on 1 April 2026 at 10:05am, and what came after that just now."
        in (" ".join(page.text.split()))
    )
    answer = await as_finance.post("/api/v1/finance/periods/2026-03/close")
    assert answer.status_code == 200, answer.text
