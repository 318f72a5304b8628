"""A trigger that is pulled twice: the second scan is kept and acknowledged, and is nobody's work."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.scans import batch, send
from tests.given import Given

UNMATCHED = "/api/v1/returns/unmatched"


def said(results: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(one["outcome"], one["code"]) for one in results]


@pytest.mark.parametrize(
    ("seconds", "answer", "for_the_manager"),
    [
        (0, ("duplicate", "already-scanned"), 0),
        (60, ("duplicate", "already-scanned"), 0),
        (61, ("refused", "already-returned"), 1),
    ],
)
async def test_what_was_returned_a_moment_ago_is_acknowledged(
    as_technician: AsyncClient,
    as_manager: AsyncClient,
    given: Given,
    clock: Clock,
    query: Query,
    seconds: int,
    answer: tuple[str, str],
    for_the_manager: int,
) -> None:
    lent = await given.loan()
    await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    clock.move(seconds=seconds)
    [again] = await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    assert (again["outcome"], again["code"]) == answer
    assert (again["state"], again["next_step"]["route"]) == ("returned", "wash_down")
    assert len((await as_manager.get(UNMATCHED)).json()["items"]) == for_the_manager
    assert len(await query("SELECT id FROM return_scan")) == 2


async def test_another_person_is_told_that_it_was_returned(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, clock: Clock
) -> None:
    lent = await given.loan()
    await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    other = await send(as_technician2, "returns", batch(lent.barcode, at=clock.now))
    assert said(other) == [("refused", "already-returned")]
    # For another thing it is no repetition either.
    collected = await send(as_technician, "collections", batch(lent.barcode, at=clock.now))
    assert said(collected) == [("refused", "already-returned")]


async def test_two_scans_that_waited_are_compared_by_when_they_were_made(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    together, apart = await given.loan(), await given.loan()
    clock.move(hours=2)
    made = clock.now - timedelta(hours=1)
    later = {together.barcode: timedelta(seconds=5), apart.barcode: timedelta(minutes=20)}
    body = batch(together.barcode, apart.barcode, at=made, sent_at=clock.now)
    for barcode, after in later.items():
        body["scans"] += batch(barcode, at=made + after)["scans"]
    assert said(await send(as_technician, "returns", body)) == [
        ("accepted", None),
        ("accepted", None),
        ("duplicate", "already-scanned"),
        ("refused", "already-returned"),
    ]
    # Sent one by one, the later ones were made before the first had come in.
    one = await given.loan()
    clock.move(hours=2)
    made = clock.now - timedelta(hours=1)
    await send(as_technician, "returns", batch(one.barcode, at=made, sent_at=clock.now))
    clock.move(seconds=30)
    second = batch(one.barcode, at=made + timedelta(seconds=5), sent_at=clock.now)
    assert said(await send(as_technician, "returns", second)) == [("duplicate", "already-scanned")]
    assert len((await as_manager.get(UNMATCHED)).json()["items"]) == 1


async def test_what_is_refused_twice_for_one_reason_is_refused_and_one_line(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    shelf = await given.item(State.IN_STOCK)
    for _ in range(3):
        assert said(await send(as_technician, "returns", batch(shelf, at=clock.now))) == [("refused", "not-out")]
        clock.move(seconds=2)
    # Two things may carry the same label of another maker: each is told.
    for _ in range(2):
        await send(as_technician, "returns", batch("05012345678900", at=clock.now))
    lines = (await as_manager.get(UNMATCHED)).json()["items"]
    assert [line["code"] for line in lines] == ["not-out", "unknown-barcode", "unknown-barcode"]
    assert len(await query("SELECT id FROM return_scan")) == 5


async def test_looking_for_repetitions_costs_the_same_for_any_number(
    as_technician: AsyncClient, given: Given, clock: Clock, statements: Statements
) -> None:
    shelf = await given.items(12)
    counts = []
    for some in (shelf[:1], shelf[1:]):
        await send(as_technician, "returns", batch(*some, at=clock.now))
        statements.clear()
        await send(as_technician, "returns", batch(*some, at=clock.now))
        counts.append(len(statements))
    assert counts[0] == counts[1]
