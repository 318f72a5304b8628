"""Somebody leaves while a file is copied to them: the connection is free again at once, and PostgreSQL stops."""

import asyncio
import time

import pytest

from app.features.finance.exports.copying import copy_csv
from tests.conftest import Scratch

pytestmark = pytest.mark.race

BOUND = 5.0
"""Seconds; what asyncpg waits for, before it gives up, is thirty."""
LONG = "SELECT n, repeat('x', 1000) AS words FROM generate_series(1, 2000000) AS n"
SHORT = "SELECT 1 AS n"
RUNNING = "SELECT count(*) AS copies FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"


class Left(Exception):
    """The reader is gone."""


@pytest.mark.parametrize("sql", [SHORT, LONG], ids=["at the very end", "in the middle"])
@pytest.mark.parametrize("how", ["raises", "is cancelled"])
async def test_whoever_leaves_while_a_file_is_copied_holds_no_connection(scratch: Scratch, sql: str, how: str) -> None:
    came = asyncio.Event()

    async def leave(_piece: bytes) -> None:
        if how == "raises":
            raise Left
        came.set()
        await asyncio.sleep(60)

    begun = time.monotonic()
    copying = asyncio.create_task(copy_csv(scratch.database.reports, sql, {}, leave))
    if how == "is cancelled":
        await came.wait()
        copying.cancel()
    with pytest.raises(Left if how == "raises" else asyncio.CancelledError):
        await copying
    assert time.monotonic() - begun < BOUND
    for _ in range(100):
        if await scratch.query(RUNNING) == [{"copies": 0}]:
            break
        await asyncio.sleep(BOUND / 100)
    assert await scratch.query(RUNNING) == [{"copies": 0}]
