"""What the verbs of the returns desk promise their callers beyond what the API shows."""

from uuid import uuid4

from sqlalchemy import text

from app.domain.lifecycle import State
from tests.conftest import Query, Sessions
from tests.given import Given


async def test_no_scan_at_all_is_no_work(given: Given) -> None:
    assert await given.scan() == []


async def test_a_batch_of_one_names_its_scan_and_a_larger_one_says_how_many(given: Given, query: Query) -> None:
    one, two, three = [(await given.loan()).barcode for _ in range(3)]
    scan_id = uuid4()
    await given.scan(one, scan_id=scan_id)
    await given.scan(two, three)
    lines = await query("SELECT reference FROM movement WHERE move = 'return' ORDER BY id")
    assert [line["reference"] for line in lines] == [f"scan {scan_id}", "2 scans", "2 scans"]


async def test_what_came_back_after_an_unfinished_cleaning_is_cleaned_anew(given: Given, query: Query) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await given.missing(barcode)
    await given.scan(barcode)
    jobs = await query("SELECT started_at, route, finished_at FROM decontamination")
    assert [tuple(job.values()) for job in jobs] == [(None, None, None)]
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    assert (await given.record(barcode)).state is State.AWAITING_INSPECTION


async def test_a_forgotten_commit_would_lose_its_work(sessions: Sessions, given: Given) -> None:
    barcode = await given.item()
    async with sessions() as session:
        columns = "item_id, kind, reason, placed_at, placed_by"
        await session.execute(text(f"INSERT INTO hold ({columns}) SELECT id, 'fault', 'x', now(), 'x' FROM item"))  # noqa: S608
    assert (await given.record(barcode)).evidence.holds == ()
