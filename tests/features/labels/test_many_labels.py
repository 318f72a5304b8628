"""More labels than somebody waits for: made behind a page that shows how far they are, kept for an hour."""

from dataclasses import replace
from uuid import uuid4

import pypdfium2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.labels import jobs
from app.features.labels.service import Target
from app.features.labels.stocks import STOCKS, LabelSize
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, Sessions, Statements
from tests.features.labels.test_label_sheets import labels
from tests.given import Given


async def ask(browser: Browser, given: Given, count: int = 101, /, **fields: str) -> Page:
    """Labels of one item, so many times, asked for on the page."""
    return await browser.post_form("/labels", barcodes="\n".join([await given.item()] * count), **fields)


async def test_more_than_a_hundred_labels_are_made_behind_a_page_and_then_downloaded(
    technician: Browser, given: Given
) -> None:
    answer = await ask(technician, given, skip="4")
    assert str(answer.goes_to).startswith("/labels/made/")
    page = await technician.follow(answer)
    assert page.heading == "101 labels are ready"
    assert "hx-trigger" not in page.response.text
    file = (await technician.get(f"{answer.goes_to}/file")).response
    assert file.headers["content-disposition"] == 'attachment; filename="labels-101-items.pdf"'
    assert len(pypdfium2.PdfDocument(file.content)) == 5


async def test_a_hundred_come_at_once(technician: Browser, given: Given) -> None:
    assert (await ask(technician, given, 100)).response.headers["content-type"] == "application/pdf"


async def test_a_zebra_gets_its_thousand_in_one_file_too(technician: Browser, given: Given) -> None:
    answer = await ask(technician, given, 1000, stock="ZEBRA-57X32/203")
    file = (await technician.get(f"{answer.goes_to}/file")).response
    assert file.headers["content-type"] == "application/zpl"
    assert file.text.count("^XA") == 1000


@pytest.mark.parametrize(
    ("fields", "status", "field"), [({"skip": "21"}, 422, "skip"), ({"stock": "L9999"}, 422, "stock")]
)
async def test_what_is_wrong_is_still_said_on_the_form(
    fields: dict[str, str], status: int, field: str, technician: Browser, given: Given, query: Query
) -> None:
    page = await ask(technician, given, **fields)
    assert (page.status, list(page.errors)) == (status, [field])
    assert await query("SELECT id FROM label_job") == []


async def test_the_page_shows_how_far_they_are_and_asks_again_by_itself(
    technician: Browser, manager: Browser, sessions: Sessions, clock: Clock, connection: AsyncConnection
) -> None:
    async with sessions.begin() as session:
        job_id = await jobs.begin(session, 1000, actor="technician", at=clock.now)
        await session.execute(jobs.TELL, {"id": job_id, "done": 250})
    page = await technician.get(f"/labels/made/{job_id}")
    bar = page.soup.select_one("progress")
    assert bar is not None
    assert (bar["value"], bar["max"]) == ("250", "1000")
    assert "250 of 1,000 are made" in page.text
    assert page.soup.select_one(f'#job[hx-get="/labels/made/{job_id}"][hx-trigger="every 1s"]')
    # Without the script there is a link to look again; nothing is there to download yet.
    assert page.soup.select_one(f'main a[href="/labels/made/{job_id}"]')
    assert (await technician.get(f"/labels/made/{job_id}/file")).status == 404
    # They are nobody else's.
    assert (await manager.get(f"/labels/made/{job_id}")).status == 404
    await connection.execute(text("UPDATE label_job SET seen_at = seen_at - interval '2 minutes'"))
    lost = await technician.get(f"/labels/made/{job_id}")
    assert "Make them again" in lost.text
    assert "hx-trigger" not in lost.response.text


async def test_how_far_they_are_is_told_while_they_are_made(
    sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch, query: Query, statements: Statements
) -> None:
    monkeypatch.setattr(jobs, "TOLD_EVERY_SECONDS", 0.01)
    async with sessions.begin() as session:
        job_id = await jobs.begin(session, 200, actor="technician", at=clock.now)
    statements.clear()
    await jobs.make(sessions, job_id, labels(200), Target(STOCKS["L7160"]), skip=0)
    assert sum("SET done = " in one and "seen_at" in one for one in statements) > 1
    [row] = await query("SELECT done, wanted, failure FROM label_job")
    assert row == {"done": 200, "wanted": 200, "failure": None}


async def test_why_there_is_no_file_is_told_on_its_page(technician: Browser, sessions: Sessions, clock: Clock) -> None:
    narrow = replace(STOCKS["L7651"], label=LabelSize(33, 21.2))
    for contents, words in ((labels(2), "too narrow"), ([], "our fault")):
        async with sessions.begin() as session:
            job_id = await jobs.begin(session, 2, actor="technician", at=clock.now)
        await jobs.make(sessions, job_id, contents, Target(narrow), skip=0)
        page = await technician.get(f"/labels/made/{job_id}")
        assert page.heading == "The labels are not made"
        assert words in page.text


async def test_files_are_kept_for_an_hour(technician: Browser, given: Given, sessions: Sessions, clock: Clock) -> None:
    answer = await ask(technician, given)
    async with sessions.begin() as session:
        assert await jobs.forget_labels(session, at=clock.now) == 0
    clock.move(minutes=61)
    async with sessions.begin() as session:
        assert await jobs.forget_labels(session, at=clock.now) == 1
    page = await technician.get(str(answer.goes_to))
    assert page.status == 404
    assert "Make them again" in page.text
    assert (await technician.get(f"/labels/made/{uuid4()}")).status == 404
