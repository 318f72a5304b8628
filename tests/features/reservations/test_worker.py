"""What the worker does with reservations as days go by."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.lifecycle import State
from app.features.reservations import service, worker
from tests.conftest import Clock, Query, Sessions
from tests.features.reservations.test_api import HELD_BY_AN_ORDER
from tests.given import Given

Run = Callable[..., Awaitable[int]]


@pytest.fixture
def run(sessions: Sessions, clock: Clock) -> Run:
    """Call a verb as the worker does."""

    async def run(verb: Callable[..., Awaitable[int]], **more: Any) -> int:
        async with sessions.begin() as session:
            if verb not in {worker.tell_of_lost_reservations, worker.tell_of_held_reservations}:
                more["today"] = clock.today
            return await verb(session, actor="worker", at=clock.now, **more)

    return run


@pytest.fixture
def keep(sessions: Sessions, clock: Clock, given: Given) -> Callable[..., Awaitable[int]]:
    """Reserve an item for some days from now."""

    async def keep(barcode: str, first: int, last: int) -> int:
        async with sessions.begin() as session:
            number, _ = await service.reserve(
                session,
                barcode=barcode,
                product_code=None,
                client_ref=await given.client(),
                from_on=clock.today + timedelta(days=first),
                until_on=clock.today + timedelta(days=last),
                actor="ot",
                at=clock.now,
            )
        return number

    return keep


async def messages(query: Query) -> list[tuple[str, str]]:
    """What was posted, and about what; each to whoever made the reservation."""
    rows = await query(
        "SELECT purpose, about, body, account.username FROM message "
        "JOIN account ON account.id = to_account_id ORDER BY message.id"
    )
    assert {row["username"] for row in rows} <= {"ot"}
    return [(row["purpose"], row["about"]) for row in rows]


async def ends(query: Query) -> list[tuple[str | None, str | None]]:
    rows = await query("SELECT ended_because, ended_by FROM reservation ORDER BY id")
    return [(row["ended_because"], row["ended_by"]) for row in rows]


async def test_an_item_is_put_aside_on_the_first_day_of_its_reservation(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query
) -> None:
    barcode = await given.item()
    await keep(barcode, 2, 5)
    clock.move(days=1)
    assert await run(worker.begin_reservations) == 0
    clock.move(days=1)
    assert await run(worker.begin_reservations) == 1
    assert await run(worker.begin_reservations) == 0
    assert (await given.record(barcode)).state is State.RESERVED
    assert await messages(query) == []


async def test_what_is_not_clear_on_the_day_is_said_once_and_begins_when_it_is(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query, sessions: Sessions
) -> None:
    held, tried = await given.item(), await given.item()
    numbers = [await keep(held, 5, 9), await keep(tried, 5, 9)]
    hold = await given.hold(held)
    await given.trial(tried, days=4)
    clock.move(days=5)
    for _ in range(2):
        assert await run(worker.begin_reservations) == 0
    assert await messages(query) == [(worker.CANNOT_BEGIN, f"reservation:{number}") for number in numbers]
    assert await ends(query) == [(None, None), (None, None)]
    bodies = [row["body"] for row in await query("SELECT body FROM message ORDER BY id")]
    assert "it is not clear to go out" in bodies[0]
    assert "it is “on trial”" in bodies[1]
    async with sessions.begin() as session:
        lift = text("UPDATE hold SET lifted_at = :at, lifted_by = 'x', lift_reason = 'x' WHERE id = :id")
        await session.execute(lift, {"at": clock.now, "id": hold})
    assert await run(worker.begin_reservations) == 1
    assert (await given.record(held)).state is State.RESERVED


async def test_a_reservation_that_nobody_used_ends_after_its_last_day_and_its_owner_is_told(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query
) -> None:
    barcode = await given.item()
    number = await keep(barcode, 0, 3)
    clock.move(days=3)
    assert await run(worker.expire_reservations) == 0
    clock.move(days=1)
    assert await run(worker.expire_reservations) == 1
    assert await run(worker.expire_reservations) == 0
    assert (await given.record(barcode)).state is State.IN_STOCK
    assert await ends(query) == [("expired", "worker")]
    assert await messages(query) == [(worker.ENDED, f"reservation:{number}")]
    lines = await query("SELECT action, subject, detail FROM audit_event WHERE chain = 'worker'")
    facts = {"reservation": number, "until": "2026-03-05"}
    assert lines == [{"action": "reservation_expired", "subject": f"item:{barcode}", "detail": facts}]


async def test_what_one_reservation_frees_the_next_begins_with_in_whatever_order(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query
) -> None:
    barcode = await given.item()
    await keep(barcode, 0, 3)
    await keep(barcode, 4, 6)
    clock.move(days=4)
    await run(worker.begin_reservations)
    assert await run(worker.expire_reservations) == 1
    await run(worker.begin_reservations)
    assert (await given.record(barcode)).state is State.RESERVED
    assert await ends(query) == [("expired", "worker"), (None, None)]


async def test_a_reservation_that_never_began_expires_without_moving_the_item(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query
) -> None:
    barcode = await given.item()
    await keep(barcode, 5, 6)
    await given.trial(barcode, days=4)
    clock.move(days=7)
    assert await run(worker.expire_reservations) == 1
    assert (await given.record(barcode)).state is State.ON_TRIAL
    assert await ends(query) == [("expired", "worker")]


@pytest.mark.parametrize(
    ("last", "warned_after"),
    [(9, 8), (14, 11), (13, 11), (12, 11), (1, 1), (0, None)],
    ids=["midweek", "a Monday", "a Sunday", "a Saturday", "tomorrow", "today"],
)
async def test_an_owner_is_warned_once_a_working_day_before_the_end(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query, last: int, warned_after: int | None
) -> None:
    number = await keep(await given.item(), 0, last)
    warned = []
    for day in range(last + 1):
        warned += [day] * await run(worker.warn_before_expiry)
        assert await run(worker.warn_before_expiry) == 0
        clock.move(days=1)
    assert warned == ([] if warned_after is None else [warned_after])
    assert await messages(query) == [(worker.ENDS_SOON, f"reservation:{number}")] * len(warned)


async def test_a_bank_holiday_is_no_working_day(given: Given, clock: Clock, run: Run, keep: Run) -> None:
    await keep(await given.item(), 0, 4)
    clock.move(days=2)
    assert await run(worker.warn_before_expiry) == 0
    assert await run(worker.warn_before_expiry, holidays={clock.today + timedelta(days=1)}) == 1


async def test_an_extended_reservation_is_warned_of_again(
    given: Given, clock: Clock, run: Run, keep: Run, sessions: Sessions
) -> None:
    number = await keep(await given.item(), 0, 2)
    clock.move(days=1)
    assert await run(worker.warn_before_expiry) == 1
    async with sessions.begin() as session:
        later = clock.today + timedelta(days=7)
        await service.extend(session, number, until_on=later, actor="ot", at=clock.now)
    assert await run(worker.warn_before_expiry) == 0
    clock.move(days=6)
    assert await run(worker.warn_before_expiry) == 1


async def test_what_an_order_holds_neither_expires_nor_is_warned_of(
    given: Given, clock: Clock, run: Run, query: Query, sessions: Sessions
) -> None:
    kept = await given.reservation(days=2)
    async with sessions.begin() as session:
        for statement in HELD_BY_AN_ORDER:
            await session.execute(text(statement), {"id": kept.id, "at": clock.now})
    for _ in range(4):
        clock.move(days=1)
        for verb in (worker.warn_before_expiry, worker.expire_reservations, worker.begin_reservations):
            assert await run(verb) == 0
    assert (await given.record(kept.barcode)).state is State.RESERVED
    assert await messages(query) == []


async def test_an_owner_whose_item_went_missing_or_failed_is_told_once(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query
) -> None:
    gone, given_up = await given.reservation(), await given.reservation()
    await given.missing(gone.barcode)
    later = await keep(await given.item(), 5, 6)
    assert await run(worker.tell_of_lost_reservations) == 1
    assert await run(worker.tell_of_lost_reservations) == 0
    assert await messages(query) == [(worker.ENDED, f"reservation:{gone.id}")]
    assert [end for end, _ in await ends(query)] == ["item_missing", None, None]
    assert {given_up.id, later}.isdisjoint({gone.id})


async def test_an_owner_whose_item_is_held_is_told_once(given: Given, clock: Clock, run: Run, query: Query) -> None:
    held, _ = await given.reservation(), await given.reservation()
    assert await run(worker.tell_of_held_reservations) == 0
    await given.hold(held.barcode)
    assert await run(worker.tell_of_held_reservations) == 1
    assert await run(worker.tell_of_held_reservations) == 0
    assert await messages(query) == [(worker.HELD, f"reservation:{held.id}")]
    assert [end for end, _ in await ends(query)] == [None, None]


async def test_a_message_goes_to_nobody_when_the_owner_has_no_account(
    given: Given, clock: Clock, run: Run, keep: Run, query: Query, sessions: Sessions
) -> None:
    await keep(await given.item(), 0, 1)
    async with sessions.begin() as session:
        await session.execute(text("UPDATE reservation SET made_by = 'import'"))
    clock.move(days=2)
    assert await run(worker.expire_reservations) == 1
    assert await messages(query) == []
