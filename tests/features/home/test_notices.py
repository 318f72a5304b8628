"""What the start page counts of open safety notices: the items that are to be done, without what is scrapped."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.features.home.safety_notices import open_items
from tests.browser import Browser
from tests.conftest import Clock
from tests.features.notices.activated import activate, line, relevant
from tests.given import Given


@pytest.fixture
async def notice(session: AsyncSession, as_safety: AsyncClient, given: Given, clock: Clock) -> int:
    """A notice in force of six beds, of which the first two and the fourth are scrapped: three are to be done."""
    bed = await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")
    gone, shelf = State.SCRAPPED, State.IN_STOCK
    for state in (gone, gone, shelf, gone, shelf, shelf):
        await given.item(state, product=bed)
    notice = await relevant(as_safety)
    await activate(session, notice, [line()], at=clock.now)
    return notice


async def test_what_is_scrapped_is_not_to_be_done(notice: int, safety: Browser, manager: Browser) -> None:
    for person in (safety, manager):
        assert "3 of 6 items" in (await person.get("/")).text


@pytest.mark.parametrize("first", [1, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("most", [1, 2, 3, 4])
async def test_it_is_counted_right_however_few_are_looked_at_first(
    notice: int, session: AsyncSession, most: int, first: int
) -> None:
    counting = f"SELECT ({open_items(most, first)}) FROM safety_notice AS notice"  # noqa: S608 - numbers of ours
    counted = await session.scalar(text(counting))
    assert counted == min(3, most + 1)
