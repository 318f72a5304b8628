"""Spreadsheets of many lines: made behind a page that shows how far they are, kept for an hour."""

from io import BytesIO
from uuid import uuid4

import pytest
from httpx import AsyncClient
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.asked_period import of_month
from app.features.finance.exports import files, jobs
from app.features.finance.exports.lines import LinesAsked
from app.replica import Reports
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions, Statements
from tests.features.finance.exports.conftest import Charged
from tests.given import SECRET
from tests.problems import check_problem

JOBS = "/api/v1/finance/exports/jobs"


async def test_a_spreadsheet_is_made_behind_a_page_and_then_downloaded(finance: Browser, charged: Charged) -> None:
    await charged()
    page = await finance.get("/finance/exports?period=2026-03")
    assert "£32.50" in page.text
    answer = await finance.post_form("/finance/exports/spreadsheet", on="/finance/exports?period=2026-03")
    made = await finance.follow(answer)
    assert made.heading == "The spreadsheet is ready"
    assert "hx-trigger" not in made.response.text
    file = (await finance.get(f"{answer.goes_to}/file")).response
    assert file.headers["content-disposition"] == 'attachment; filename="charge-lines-2026-03.xlsx"'
    assert int(file.headers["content-length"]) == len(file.content)
    sheet = load_workbook(BytesIO(file.content)).active
    assert sheet is not None
    assert (sheet.max_row, sheet.cell(9, 1).value) == (9, "Total")


async def test_the_api_makes_one_behind_and_says_how_far_it_is(
    as_finance: AsyncClient, as_manager: AsyncClient, charged: Charged
) -> None:
    await charged()
    answer = await as_finance.post(JOBS, params={"from": "2026-03-01", "to": "2026-03-31"})
    assert answer.status_code == 202
    job = (await as_finance.get(answer.headers["location"])).json()
    assert (job["state"], job["done"], job["wanted"]) == ("ready", 3, 3)
    assert (await as_finance.get(job["file"])).content[:2] == b"PK"
    # It is nobody else's.
    check_problem(await as_manager.get(answer.headers["location"]), 404, "unknown-export")


async def test_how_far_it_is_is_told_while_it_is_written(
    charged: Charged,
    finance: Browser,
    as_finance: AsyncClient,
    sessions: Sessions,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    statements: Statements,
    connection: AsyncConnection,
) -> None:
    await charged()
    monkeypatch.setattr(jobs, "TOLD_EVERY_SECONDS", 0)
    monkeypatch.setattr(jobs, "ROWS_AT_A_TIME", 1)
    asked = LinesAsked(of_month(clock.today), True, SECRET, "{}")
    async with sessions.begin() as session:
        job_id = await jobs.begin(session, asked, actor="finance", at=clock.now)
        await session.execute(jobs.TELL, {"id": job_id, "done": 1})
    page = await finance.get(f"/finance/exports/made/{job_id}")
    bar = page.soup.select_one("progress")
    assert bar is not None
    assert (bar["value"], bar["max"]) == ("1", "3")
    assert page.soup.select_one(f'main a[href="/finance/exports/made/{job_id}"]')
    check_problem(await as_finance.get(f"{JOBS}/{job_id}/file"), 409, "export-not-ready")
    # One at a time: another would hold another connection.
    check_problem(await as_finance.post(JOBS), 409, "export-being-made")
    assert (
        "being made"
        in (await finance.post_form("/finance/exports/spreadsheet", on="/finance/exports?period=2026-03")).text
    )
    statements.clear()
    await jobs.make(Reports(sessions), job_id, asked)
    assert sum("SET done = " in one and "seen_at" in one for one in statements) == 4
    assert (await as_finance.get(f"{JOBS}/{job_id}")).json()["state"] == "ready"
    await connection.execute(text("UPDATE export_job SET size = NULL, seen_at = seen_at - interval '1 hour'"))
    check_problem(await as_finance.get(f"{JOBS}/{job_id}/file"), 409, "export-not-made")
    assert "Make it again" in (await finance.get(f"/finance/exports/made/{job_id}")).text


async def test_what_goes_wrong_is_told_on_its_page(
    finance: Browser, sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = LinesAsked(of_month(clock.today), True, SECRET, "{}")
    async with sessions.begin() as session:
        job_id = await jobs.begin(session, asked, actor="finance", at=clock.now)
    await jobs.make(Reports(sessions), job_id, LinesAsked(asked.period, True, SECRET, "no JSON"))
    assert "our fault" in (await finance.get(f"/finance/exports/made/{job_id}")).text


async def test_more_lines_than_a_sheet_holds_are_refused_before(
    finance: Browser, as_finance: AsyncClient, charged: Charged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await charged()
    monkeypatch.setattr(files, "MOST_AT_ONCE", 2)
    params = {"period": "2026-03", "format": "xlsx"}
    check_problem(await as_finance.get("/api/v1/finance/exports/lines", params=params), 409, "too-many-at-once")
    monkeypatch.setattr(jobs, "MOST_ROWS", 2)
    check_problem(await as_finance.post(JOBS, params={"period": "2026-03"}), 422, "too-many-rows")
    page = await finance.post_form("/finance/exports/spreadsheet", on="/finance/exports?period=2026-03")
    assert list(page.errors) == ["period"]


async def test_files_are_kept_for_an_hour(
    as_finance: AsyncClient, charged: Charged, sessions: Sessions, clock: Clock, query: Query
) -> None:
    await charged()
    where = (await as_finance.post(JOBS)).headers["location"]
    for minutes, forgotten in ((0, 0), (61, 1)):
        clock.move(minutes=minutes)
        async with sessions.begin() as session:
            assert await jobs.forget_exports(session, at=clock.now) == forgotten
    assert await query("SELECT 1 FROM export_chunk") == []
    check_problem(await as_finance.get(where), 404, "unknown-export")
    check_problem(await as_finance.get(f"{JOBS}/{uuid4()}/file"), 404, "unknown-export")


async def test_a_wrong_period_is_said_at_its_field(finance: Browser) -> None:
    page = await finance.get("/finance/exports?from=2016-04-01&to=2026-03-31")
    assert (page.status, list(page.errors)) == (422, ["to"])
    page = await finance.get("/finance/exports?from=31.2.2026&to=2026-03-31")
    assert (page.status, list(page.errors)) == (422, ["from"])
    assert (await finance.get("/finance/exports/lines.csv?period=nonsense")).status == 422
