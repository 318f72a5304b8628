"""A month is closed while lines are posted: each is in it and in its sums, or in the next; none is lost or refused."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from httpx import Response

from app.domain.lifecycle import State
from app.features.collections import service as collections
from app.features.finance.periods import service as periods
from app.features.finance.reconciling.service import reconcile
from tests.conftest import Clock, Scratch
from tests.features.finance.billing import usual_rates
from tests.given import Given
from tests.problems import check_problem
from tests.races.chains import check_chains
from tests.races.test_funding import SPLIT, delivered, post

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
    fetched = await given.collection(second.barcode, client=second.client_ref)
    async with scratch.database.sessions() as session:
        await usual_rates(await session.connection())
        await session.commit()
    async with scratch.database.sessions.begin() as posting:
        when = datetime(2026, 3, 31, 21, 0, tzinfo=UTC)
        nobody: dict[str, Any] = {"reason": "Nobody opened.", "visited_at": when, "actor": "technician", "at": when}
        await collections.fail(posting, fetched.number, **nobody)
        closing = asyncio.create_task(finance.post(CLOSE))
        await asyncio.sleep(0.4)
        assert not closing.done()
    closed = (await closing).json()
    assert (closed["lines"], closed["net_pence"]) == (3, 4500 + 4500 + 900)
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


async def test_what_is_put_right_settled_and_priced_while_a_month_is_closed_is_in_it_or_in_the_next(
    scratch: Scratch,
) -> None:
    """Nothing is refused or lost, nobody waits for ever, and each charge is taken back once."""
    scratch.clock.now = datetime(2026, 3, 31, 19, 0, tzinfo=UTC)
    number, items = await delivered(scratch, pieces=3)
    lent = [await scratch.given.loan() for _ in range(4)]
    await scratch.given.item(State.AWAITING_INSPECTION)
    given, finance = late(scratch), await scratch.sign_in("finance")
    said = {"order_number": number, "reason": "The council says that the board pays."}
    dispute = await post(finance, "/finance/disputes", 201, **said)
    async with scratch.database.sessions() as session:
        await usual_rates(await session.connection(), made_at=scratch.clock.now)
        await session.commit()
    charges = {
        row["barcode"]: row["id"]
        for row in await scratch.query(
            "SELECT charge.id, barcode FROM charge JOIN item ON item.id = item_id WHERE kind = 'new_purchase'"
        )
    }
    people = [await scratch.sign_in("finance") for _ in range(6)]

    async def ask(place: int, path: str, **body: Any) -> Response:
        await asyncio.sleep(place * 0.03)
        return await people[place].post(f"/api/v1/finance{path}", json=body)

    wrong = {"reason": "The invoice had another price.", "instead": {"pence": 5}}
    async with asyncio.timeout(120):
        closed, answers, scans = await asyncio.gather(
            finance.post(CLOSE),
            asyncio.gather(
                ask(0, f"/charges/{charges[lent[0].barcode]}/reverse", **wrong),
                ask(1, f"/disputes/{dispute['id']}/settle", **SPLIT),
                ask(2, "/charges/price-unpriced"),
                ask(3, f"/charges/{charges[lent[1].barcode]}/reverse", **wrong),
                ask(4, "/charges/price-unpriced", period="2026-03"),
                ask(5, f"/charges/{charges[lent[1].barcode]}/reverse", **wrong),
            ),
            asyncio.gather(*(given.scan(barcode) for barcode in (*items, *(one.barcode for one in lent[2:])))),
        )
    assert closed.status_code == 200, closed.text
    codes = [answer.status_code for answer in answers]
    assert (codes[0], codes[1], codes[2], codes[4]) == (201, 200, 200, 200), [answer.text for answer in answers]
    assert sorted((codes[3], codes[5])) == [201, 409]
    assert [result.outcome.value for results in scans for result in results] == ["accepted"] * 5
    [march] = await scratch.query(IN_MARCH)
    assert (closed.json()["lines"], closed.json()["net_pence"]) == (march["lines"], march["net"])
    undone = "SELECT reversal_of FROM charge WHERE reversal_of IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    assert await scratch.query(undone) == []
    await check_books(scratch)
