"""The database goes away and comes back: said as such, nothing lost, no restart of the service needed."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.postgres import EmbeddedPostgres, throwaway
from tests.browser import Browser
from tests.conftest import Scratch, scratch_database
from tests.database import make_template
from tests.problems import check_problem

SCANS = "/api/v1/returns/scans"


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL of our own, which we may stop."""
    with throwaway() as server:
        make_template(server.url)
        yield server


async def test_without_a_database_every_answer_says_so_and_afterwards_all_goes_on(
    scratch_app: FastAPI, server: EmbeddedPostgres
) -> None:
    async with scratch_database(scratch_app, server.url, "stopped_and_started") as scratch:
        client = await scratch.sign_in("technician")
        lent = await scratch.given.loan()
        body = {"store": "MAIN", "scans": [{"scan_id": str(uuid4()), "barcode": lent.barcode}]}
        assert (await client.get("/api/v1/me")).status_code == 200
        url = server.url
        server.stop()
        try:
            for _ in range(2):
                for answer in (await client.get("/api/v1/me"), await client.post(SCANS, json=body)):
                    check_problem(answer, 503, "try-again")
                    assert int(answer.headers["retry-after"]) > 0
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["parts"]["database"]) == (503, "cannot be reached")
            assert (await client.get("/livez")).status_code == 200
            page = await Browser(client).get("/items")
            assert page.status == 503
            assert "Try again" in page.text
        finally:
            server.start()
        assert server.url == url
        assert (await client.get("/readyz")).json()["parts"]["database"] == "ok"
        [result] = (await client.post(SCANS, json=body)).json()["results"]
        assert result["outcome"] == "accepted"


async def test_a_connection_that_is_cut_in_the_middle_is_said_and_the_next_one_works(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    assert (await client.get("/api/v1/me")).status_code == 200
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
    )
    async with scratch.database.sessions.begin() as session:
        await session.execute(cut, {"name": scratch.name})
    answer = await client.get("/api/v1/me")
    if answer.status_code != 200:
        check_problem(answer, 503, "try-again")
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_a_wait_for_a_lock_that_takes_too_long_is_for_another_time(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    barcode = await scratch.given.item()
    async with scratch.database.sessions.begin() as session:
        await session.execute(text(f"ALTER DATABASE \"{scratch.name}\" SET lock_timeout = '100ms'"))
    await scratch.database.dispose()
    async with scratch.database.sessions.begin() as session:
        await session.execute(text("SELECT id FROM item WHERE barcode = :barcode FOR UPDATE"), {"barcode": barcode})
        answer = await client.post(f"/api/v1/items/{barcode}/missing", json={"reason": "Not in its bay."})
        check_problem(answer, 503, "try-again")
    assert (
        await client.post(f"/api/v1/items/{barcode}/missing", json={"reason": "Not in its bay."})
    ).status_code == 200
