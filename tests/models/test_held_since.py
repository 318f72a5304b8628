"""Since when an item is held is what its open holds say, whoever writes them."""

import pytest
from sqlalchemy import text

from tests.conftest import Query, Sessions
from tests.given import Given

PLACE = (
    "INSERT INTO hold (item_id, kind, reason, placed_at, placed_by) "
    "SELECT id, 'fault', :reason, CAST(:at AS text)::timestamptz, 'x' FROM item WHERE barcode = ANY(:barcodes)"
)
LIFT = "UPDATE hold SET lifted_at = now(), lifted_by = 'x', lift_reason = 'x' WHERE reason = ANY(:reasons)"
SAID = (
    "SELECT item.held_since, (SELECT min(placed_at) FROM hold WHERE item_id = item.id AND lifted_at IS NULL) AS oldest "
    "FROM item ORDER BY item.id"
)


@pytest.mark.parametrize("lifted_first", ["first", "second"])
async def test_it_is_the_oldest_open_holds_instant_and_nothing_once_none_is_open(
    given: Given, sessions: Sessions, query: Query, lifted_first: str
) -> None:
    barcodes = await given.items(3)
    async with sessions.begin() as session:
        for reason, day, some in [("second", "2026-01-06", barcodes), ("first", "2026-01-05", barcodes[1:])]:
            await session.execute(text(PLACE), {"reason": reason, "at": f"{day} 09:00Z", "barcodes": some})
    days = [(row["held_since"].day, row["held_since"] == row["oldest"]) for row in await query(SAID)]
    assert days == [(6, True), (5, True), (5, True)]
    async with sessions.begin() as session:
        await session.execute(text(LIFT), {"reasons": [lifted_first]})
    left = {"first": [6, 6, 6], "second": [None, 5, 5]}[lifted_first]
    assert [row["held_since"] and row["held_since"].day for row in await query(SAID)] == left
    async with sessions.begin() as session:
        await session.execute(text("UPDATE hold SET placed_at = placed_at - interval '3 days'"))
    assert [row["held_since"] == row["oldest"] for row in await query(SAID)] == [True] * 3
    async with sessions.begin() as session:
        await session.execute(text(LIFT), {"reasons": ["first", "second"]})
    assert [row["held_since"] for row in await query(SAID)] == [None] * 3


async def test_a_hold_that_is_written_as_lifted_holds_nothing(given: Given, sessions: Sessions, query: Query) -> None:
    await given.items(1)
    async with sessions.begin() as session:
        await session.execute(
            text(
                "INSERT INTO hold (item_id, kind, reason, placed_at, placed_by, lifted_at, lifted_by, lift_reason) "
                "SELECT id, 'fault', 'x', now(), 'x', now(), 'x', 'x' FROM item"
            )
        )
    assert [row["held_since"] for row in await query(SAID)] == [None]
