"""Charges of one visit, written by two people at the same moment."""

import asyncio

import pytest
from sqlalchemy import text

from tests.conftest import Scratch
from tests.features.scans import batch, said, send
from tests.races.chains import check_chains

pytestmark = pytest.mark.race


async def test_two_who_scan_in_what_came_on_the_same_visits_charge_each_visit_once(scratch: Scratch) -> None:
    one, two, manager = [await scratch.sign_in(name) for name in ("technician", "technician2", "manager")]
    mine, theirs = [], []
    for _ in range(4):
        client = await scratch.given.client()
        labels = [(await scratch.given.loan(client=client)).barcode for _ in range(2)]
        asked = {"client_ref": client, "barcodes": labels, "reason": "No longer needed.", "speed": "standard"}
        assert (await manager.post("/api/v1/collections", json=asked)).status_code == 201
        mine.append(labels[0])
        theirs.append(labels[1])
    at = scratch.clock.now
    results = await asyncio.gather(
        send(one, "returns", batch(*mine, at=at)), send(two, "returns", batch(*reversed(theirs), at=at))
    )
    assert {outcome for answers in results for outcome, _ in said(answers)} == {"accepted"}
    visits = await scratch.query("SELECT collection_id FROM charge WHERE kind = 'collection'")
    assert len(visits) == len({row["collection_id"] for row in visits}) == 4
    assert len(await scratch.query("SELECT id FROM charge WHERE kind = 'credit'")) == 8
    await check_chains(scratch)


async def test_who_closes_a_month_waits_for_who_posts_and_nobody_for_ever(scratch: Scratch) -> None:
    technician = await scratch.sign_in("technician")
    labels = [(await scratch.given.collection()).barcode for _ in range(6)]

    async def close() -> None:
        async with scratch.database.sessions.begin() as session:
            await session.execute(
                text("INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')")
            )

    at = scratch.clock.now
    scans = [send(technician, "returns", batch(label, at=at)) for label in labels]
    results = await asyncio.gather(*scans[:3], close(), *scans[3:])
    assert all(said(answers) == [("accepted", None)] for answers in results if answers)
    lines = await scratch.query("SELECT period::text FROM charge WHERE kind = 'collection'")
    assert len(lines) == 6
    assert {line["period"] for line in lines} <= {"2026-03-01", "2026-04-01"}
