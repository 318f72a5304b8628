"""What holds and matches refer to is looked up once for each statement, and nothing that is referred to goes away."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.conftest import Sessions
from tests.given import Given

HOLD = (
    "INSERT INTO hold (item_id, kind, reason, notice_id, placed_at, placed_by)"
    " SELECT {}, 'safety_notice', 'x', {}, now(), 'x'"
)
MATCH = (
    "INSERT INTO notice_match (notice_id, item_id, scope_id, result, evidence, cause, found_at, found_by,"
    " first_blocked_at, hold_id) SELECT {}, {}, {}, 'affected', '', 'daily', now(), 'x', now(), {}"
)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (HOLD.format("0", "NULL"), "fk_hold_item_id"),
        (HOLD.format("(SELECT min(id) FROM item)", "0"), "fk_hold_notice_id"),
        # One of several rows of a statement is enough.
        (HOLD.format("unnest(ARRAY[(SELECT min(id) FROM item), 0])", "NULL"), "fk_hold_item_id"),
        (MATCH.format("0", "(SELECT min(id) FROM item)", "0", "NULL"), "fk_notice_match_notice_id"),
    ],
)
async def test_what_is_not_there_cannot_be_named(
    given: Given, sessions: Sessions, statement: str, constraint: str
) -> None:
    await given.items(1)
    async with sessions() as session:
        with pytest.raises(IntegrityError) as caught:
            await session.execute(text(statement))
    assert caught.value.orig is not None
    assert constraint in str(getattr(caught.value.orig.__cause__, "constraint_name", ""))


@pytest.mark.parametrize("statement", ["DELETE FROM hold", "UPDATE hold SET item_id = item_id + 1"])
async def test_a_hold_stays_and_stays_with_its_item(given: Given, sessions: Sessions, statement: str) -> None:
    [barcode] = await given.items(1)
    await given.hold(barcode)
    async with sessions() as session:
        with pytest.raises(DBAPIError, match="hold"):
            await session.execute(text(statement))
