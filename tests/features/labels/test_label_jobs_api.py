"""Many labels in one file through the API: asked for, watched, fetched."""

from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import uuid4

import pypdfium2
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.labels import make_tag
from app.features.labels import jobs
from app.features.labels.service import Target
from app.features.labels.stocks import STOCKS, LabelSize
from tests.conftest import Clock, Query, Sessions, Statements
from tests.features.labels.test_label_sheets import labels
from tests.given import Given
from tests.problems import check_problem

JOBS = "/api/v1/label-jobs"


async def ask(client: AsyncClient, given: Given, count: int, **body: Any) -> Any:
    """Labels of one item, so many times."""
    headers = {"Idempotency-Key": str(body.pop("key", uuid4()))}
    barcodes = [body.pop("barcode", None) or await given.item()] * count
    return await client.post(JOBS, json={"barcodes": barcodes, **body}, headers=headers)


async def test_a_thousand_labels_are_accepted_at_once_and_made_within_ten_seconds(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode, began = await given.item(), monotonic()
    answer = await ask(as_technician, given, 1000, barcode=barcode, stock="L7651")
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["state"], job["done"], job["wanted"], job["failure"], job["file"]) == ("making", 0, 1000, None, None)
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    # The answer is sent first; here the client has it once all that follows it is done too.
    job = (await as_technician.get(answer.headers["location"])).json()
    assert (job["state"], job["done"], job["failure"]) == ("ready", 1000, None)
    file = await as_technician.get(job["file"])
    assert monotonic() - began < 10
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == 'attachment; filename="labels-1000-items.pdf"'
    assert len(pypdfium2.PdfDocument(file.content)) == 16


async def test_the_same_request_sent_again_makes_nothing_twice(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    barcode = await given.item()
    first, again = [await ask(as_technician, given, 2, barcode=barcode, key="one", format="zpl") for _ in range(2)]
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.json(), again.headers["location"]) == (
        202,
        first.json(),
        first.headers["location"],
    )
    assert await query("SELECT count(*) AS jobs FROM label_job") == [{"jobs": 1}]
    file = await as_technician.get(f"{first.headers['location']}/file")
    assert (file.headers["content-type"], file.text.count("^XA")) == ("application/zpl", 2)


async def test_how_far_they_are_and_that_they_were_lost_is_said_to_who_asked_and_nobody_else(
    as_technician: AsyncClient, as_manager: AsyncClient, sessions: Sessions, clock: Clock, connection: AsyncConnection
) -> None:
    async with sessions.begin() as session:
        job_id = await jobs.begin(session, 1000, actor="technician", at=clock.now)
        await session.execute(jobs.TELL, {"id": job_id, "done": 250})
    job = (await as_technician.get(f"{JOBS}/{job_id}")).json()
    assert (job["state"], job["done"], job["wanted"], job["file"]) == ("making", 250, 1000, None)
    problem = check_problem(await as_technician.get(f"{JOBS}/{job_id}/file"), 409, "labels-not-ready")
    assert problem["detail"] == "250 of 1000 labels are made. Ask for the file when the state is “ready”."
    for path in (f"{JOBS}/{job_id}", f"{JOBS}/{job_id}/file"):
        check_problem(await as_manager.get(path), 404, "unknown-labels")
    await connection.execute(text("UPDATE label_job SET seen_at = seen_at - interval '2 minutes'"))
    job = (await as_technician.get(f"{JOBS}/{job_id}")).json()
    assert (job["state"], job["failure"]) == ("failed", jobs.LOST)
    check_problem(await as_technician.get(f"{JOBS}/{job_id}/file"), 409, "labels-not-made")
    check_problem(await as_technician.get(f"{JOBS}/{uuid4()}"), 404, "unknown-labels")
    check_problem(await as_technician.get(f"{JOBS}/1"), 422, field="job_id")


async def test_what_shows_only_as_they_are_drawn_is_the_failure(
    as_technician: AsyncClient, sessions: Sessions, clock: Clock
) -> None:
    narrow = replace(STOCKS["L7651"], label=LabelSize(33, 21.2))
    async with sessions.begin() as session:
        job_id = await jobs.begin(session, 2, actor="technician", at=clock.now)
    await jobs.make(sessions, job_id, labels(2), Target(narrow), skip=0)
    job = (await as_technician.get(f"{JOBS}/{job_id}")).json()
    assert job["state"] == "failed"
    assert "too narrow" in job["failure"]
    problem = check_problem(await as_technician.get(f"{JOBS}/{job_id}/file"), 409, "labels-not-made")
    assert problem["detail"] == job["failure"]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"skip": 21}, 422, "skip-off-the-sheet", "skip"),
        ({"stock": "L9999"}, 422, "unknown-stock", "stock"),
        ({"format": "png"}, 422, "one-label-a-file", "format"),
        ({"symbols": "data_matrix"}, 422, "no-company-prefix", "symbols"),
        ({"barcodes": [make_tag("ES", 9_999_999)]}, 404, "unknown-barcodes", "barcodes"),
        ({"barcodes": ["ES000000144"]}, 422, "mistyped-barcodes", "barcodes"),
        ({"barcodes": []}, 422, "malformed", "barcodes"),
        ({"barcodes": ["ES000000143"] * 1001}, 422, "malformed", "barcodes"),
        ({"printer": 1}, 404, "unknown-printer", None),
    ],
)
async def test_what_is_wrong_is_refused_at_once_as_by_the_labels_themselves(
    body: dict[str, Any],
    status: int,
    code: str,
    field: str | None,
    as_technician: AsyncClient,
    given: Given,
    query: Query,
) -> None:
    wanted = {"barcodes": [await given.item()] * 2} | body
    for path in (JOBS, "/api/v1/labels"):
        check_problem(await as_technician.post(path, json=wanted), status, code, field=field)
    assert await query("SELECT id FROM label_job") == []


@pytest.mark.parametrize("count", [1, 40])
async def test_asking_and_looking_take_a_fixed_number_of_statements(
    as_technician: AsyncClient, given: Given, statements: Statements, count: int
) -> None:
    barcodes = await given.items(count)
    statements.clear()
    answer = await as_technician.post(JOBS, json={"barcodes": barcodes})
    # Who asks, what the labels say, whose were wanted, the job and how it stands; behind the answer, the file.
    assert len(statements) == 6, "\n".join(statements)
    for path, reads in ((answer.headers["location"], 2), (f"{answer.headers['location']}/file", 3)):
        statements.clear()
        assert (await as_technician.get(path)).status_code == 200
        assert len(statements) == reads, "\n".join(statements)
