"""A month is closed while lines are posted: each is in it and in its sums, or in the next; none is lost or refused."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from httpx import Response
from sqlalchemy import text

from app.features.finance.periods import service as periods
from app.features.finance.reconciling.service import reconcile
from tests.conftest import Clock, Scratch
from tests.given import Given
from tests.problems import check_problem
from tests.races.chains import check_chains

pytestmark = pytest.mark.race


CLOSE = "/api/v1/finance/periods/2026-03/close"
IN_MARCH = "SELECT count(*) AS lines, sum(amount_pence)::bigint AS net FROM charge WHERE period = '2026-03-01'"
AFTERWARDS = "SELECT count(*) AS lines FROM charge WHERE period > '2026-03-01'"


def late(scratch: Scratch) -> Given:
    """Verbs of the last evening of March, done when the books are in April already."""
    evening = Clock()
    evening.now = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
    scratch.clock.now = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
    return Given(scratch.database.sessions, evening)


async def check_books(scratch: Scratch) -> None:
    """The closed month is what was frozen, and everything adds up."""
    async with scratch.database.sessions() as session:
        assert list((await reconcile(session)).differences) == []
    await check_chains(scratch)


async def test_lines_that_are_posted_while_a_month_is_closed_are_in_it_or_in_the_next(scratch: Scratch) -> None:
    given, finance = late(scratch), await scratch.sign_in("finance")
    barcodes = [(await given.loan()).barcode for _ in range(16)]

    async def scan(place: int, barcode: str) -> str:
        await asyncio.sleep(place * 0.01)
        [result] = await given.scan(barcode)
        return result.outcome.value

    async def lend() -> None:
        await asyncio.sleep(0.02)
        await given.loan()

    closing = finance.post(CLOSE)
    answers = await asyncio.gather(
        closing, *(scan(place, barcode) for place, barcode in enumerate(barcodes)), *(lend() for _ in range(8))
    )
    closed, outcomes = answers[0], answers[1 : 1 + len(barcodes)]
    assert isinstance(closed, Response)
    assert closed.status_code == 200, closed.text
    assert set(outcomes) == {"accepted"}
    [march] = await scratch.query(IN_MARCH)
    assert (closed.json()["lines"], closed.json()["net_pence"]) == (march["lines"], march["net"])
    [after] = await scratch.query(AFTERWARDS)
    # 24 issues, and 16 credits without a rate.
    assert march["lines"] + after["lines"] == 24 + 16
    await check_books(scratch)


async def test_who_closes_waits_for_who_posts_and_who_posts_waits_for_who_closes(scratch: Scratch) -> None:
    given, finance = late(scratch), await scratch.sign_in("finance")
    first, second = [await given.loan() for _ in range(2)]
    async with scratch.database.sessions.begin() as posting:
        line = (
            "INSERT INTO charge (posting_id, kind, happened_on, posted_at, posted_by, percent, amount_pence) "
            "VALUES (gen_random_uuid(), 'failed_visit', '2026-03-31', now(), 'x', 100, 700)"
        )
        await posting.execute(text(line))
        closing = asyncio.create_task(finance.post(CLOSE))
        await asyncio.sleep(0.4)
        assert not closing.done()
    closed = (await closing).json()
    assert (closed["lines"], closed["net_pence"]) == (3, 4500 + 4500 + 700)
    scratch.clock.move(days=30)
    async with scratch.database.sessions.begin() as session:
        await periods.close(session, date(2026, 4, 1), actor="finance", at=scratch.clock.now)
        scanning = asyncio.create_task(given.scan(first.barcode))
        await asyncio.sleep(0.3)
        assert not scanning.done()
    assert [one.outcome.value for one in await scanning] == ["accepted"]
    assert [one.outcome.value for one in await given.scan(second.barcode)] == ["accepted"]
    lines = await scratch.query("SELECT DISTINCT period::text FROM charge WHERE kind = 'credit'")
    assert lines == [{"period": "2026-05-01"}]
    await check_books(scratch)


async def test_of_two_who_close_a_month_at_once_one_does(scratch: Scratch) -> None:
    given = late(scratch)
    await given.loan()
    people = [await scratch.sign_in("finance") for _ in range(4)]
    answers = await asyncio.gather(*(one.post(CLOSE) for one in people))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    for one in answers:
        if one.status_code == 409:
            check_problem(one, 409, "period-closed", field="period")
    assert len(await scratch.query("SELECT period FROM finance_period")) == 1
    await check_books(scratch)
