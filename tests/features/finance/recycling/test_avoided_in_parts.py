"""Cost avoided is put together of what is settled and what is not: however that is looked for, it says the same."""

from datetime import date, timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.features.finance.recycling import avoided, queries
from app.features.finance.recycling.asking import Terms
from app.features.finance.recycling.avoided import settle_spells
from app.features.finance.recycling.schemas import AvoidedItem
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import done
from tests.given import Given
from tests.test_charging import rate


async def test_it_says_the_same_now_and_then_and_of_few_and_many(
    given: Given,
    connection: AsyncConnection,
    session: AsyncSession,
    clock: Clock,
    query: Query,
    as_finance: AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await rate(connection, "decontamination", pence=1250)
    for _ in range(3):
        await given.loan(await given.recycled())
    clock.move(days=3)
    assert await settle_spells(session, at=clock.now) == 3
    before = clock.now
    clock.move(days=1)
    # One is settled no longer, and another one is not yet.
    line = (await query("SELECT min(id) AS id FROM charge WHERE kind = 'decontamination'"))[0]["id"]
    done(await as_finance.post(f"/api/v1/finance/charges/{line}/reverse", json={"reason": "Not done."}), 201)
    await given.loan(await given.recycled())
    clock.move(minutes=1)
    assert (await query("SELECT count(*) AS few FROM spell WHERE is_recycled AND new_pence IS NULL"))[0]["few"] == 2

    async def listed(at: object, *, is_past: bool) -> list[AvoidedItem]:
        terms = Terms(date(2026, 3, 1), date(2026, 6, 30), at, is_past=is_past)  # type: ignore[arg-type]
        rows = await queries.list_avoided(session, terms, after=0, limit=10)
        counted = await queries.count_avoided(session, terms)
        said = (await queries.read_avoided(session, terms)).in_all
        assert (counted.items, counted.pence) == (said.issues, said.avoided_pence)
        assert (said.issues, said.cost_pence) == (len(rows), sum(one.cost_pence for one in rows))
        return rows

    now = await listed(clock.now, is_past=False)
    assert [one.cost_pence for one in now] == [0, 1250, 1250, 1250]
    then = await listed(before, is_past=True)
    assert [one.cost_pence for one in then] == [1250, 1250, 1250]
    # All are settled, the first by a line that is later than that instant.
    clock.move(days=2)
    assert await settle_spells(session, at=clock.now) == 2
    assert await listed(clock.now, is_past=False) == await listed(clock.now, is_past=True) == now
    assert await listed(before, is_past=True) == then
    monkeypatch.setattr(avoided, "FEW", -1)
    assert await listed(before + timedelta(days=1, minutes=1), is_past=True) == now
    assert await listed(before, is_past=True) == then
