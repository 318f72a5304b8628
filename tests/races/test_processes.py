"""Several web processes on one database: none knows anything that another does not, and each finishes what it began."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from httpx import AsyncClient, Response
from sqlalchemy import text

from app.cli.seed import PASSWORD
from app.features.accounts.guessing import MOST_FAILURES_FROM_ONE_PLACE
from tests.conftest import Scratch
from tests.races.test_kill import serving

pytestmark = pytest.mark.race

SCANS = "/api/v1/returns/scans"
ASKED = re.compile(r'stores_requests_total\{method="GET",route="/api/v1/me",status="200"\} ([0-9.]+)')


@dataclass(frozen=True)
class Host:
    """One `stores serve`, and a way to it."""

    server: subprocess.Popen[bytes]
    client: AsyncClient


@pytest.fixture
async def hosts(scratch: Scratch) -> AsyncIterator[tuple[Host, Host]]:
    """Two on one database, the first with two processes."""
    with ExitStack() as running:
        # Both at once: each takes seconds to start.
        started = (serving(scratch.url, "--workers", "2"), serving(scratch.url))
        found = await asyncio.gather(*(asyncio.to_thread(running.enter_context, one) for one in started))
        async with AsyncExitStack() as stack:
            ways = [await stack.enter_async_context(AsyncClient(base_url=url, timeout=30)) for _, url in found]
            yield Host(found[0][0], ways[0]), Host(found[1][0], ways[1])


async def token(at: AsyncClient, username: str, password: str = PASSWORD) -> Response:
    return await at.post("/api/v1/token", data={"username": username, "password": password})


def cookies_of(answer: Response) -> str:
    """What a browser would send back; ours are for https alone."""
    return "; ".join(line.partition(";")[0] for line in answer.headers.get_list("set-cookie"))


async def test_what_one_process_did_every_other_knows_and_none_is_cut_off(
    scratch: Scratch, hosts: tuple[Host, Host]
) -> None:
    here, there = hosts
    await walk_a_session(here.client, there.client)
    await guess_at_both(here.client, there.client)
    signed_in = (await token(here.client, "technician")).json()["access_token"]
    for host in hosts:
        host.client.headers["Authorization"] = f"Bearer {signed_in}"
    await ask_twice_at_once(scratch, here.client, there.client)
    await scan_at_both(scratch, here.client, there.client)
    await make_here_and_fetch_there(here.client, there.client)
    await count_for_all(here.client)
    await lose_a_process(here)
    for host in (there, here):
        await stop_in_the_middle(scratch, host)


async def walk_a_session(here: AsyncClient, there: AsyncClient) -> None:
    """The form from one process, sent to another, and signed out at the first."""
    form = await here.get("/sign-in")
    field = BeautifulSoup(form.text, "html.parser").find("input", {"name": "csrf_token"})
    assert field is not None
    sent = {"csrf_token": str(field["value"]), "username": "finance", "password": PASSWORD}
    answer = await there.post("/sign-in", data=sent, headers={"Cookie": cookies_of(form)})
    assert answer.status_code == 303, answer.text
    session = {"Cookie": cookies_of(answer)}
    page = await here.get("/finance/dashboard", headers=session)
    assert page.status_code == 200
    field = BeautifulSoup(page.text, "html.parser").find("input", {"name": "csrf_token"})
    assert field is not None
    await there.post("/sign-out", data={"csrf_token": str(field["value"])}, headers=session)
    for way in (here, there):
        assert (await way.get("/finance/dashboard", headers=session)).status_code == 303


async def guess_at_both(here: AsyncClient, there: AsyncClient) -> None:
    """The brake counts what was guessed anywhere."""
    for number in range(MOST_FAILURES_FROM_ONE_PLACE):
        assert (await token((here, there)[number % 2], "ot", "wrong")).status_code == 401
    for way in (here, there):
        assert (await token(way, "ot")).status_code == 429


async def ask_twice_at_once(scratch: Scratch, here: AsyncClient, there: AsyncClient) -> None:
    """The same Idempotency-Key at both: done once, answered alike."""
    product = await scratch.given.product()
    goods = {"product_code": product, "store": "MAIN", "quantity": 2, "received_on": str(date(2026, 3, 2))}
    key = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(way.post("/api/v1/items", json=goods, headers=key) for way in (here, there, here)))
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.text for answer in answers}) == 1
    count = await scratch.query("SELECT count(*) AS items FROM item")
    assert count == [{"items": 2}]


async def scan_at_both(scratch: Scratch, here: AsyncClient, there: AsyncClient) -> None:
    """The same scan, and other scans of the same item, at both at once: one return."""
    lent = await scratch.given.loan()
    scan = {"scan_id": str(uuid4()), "barcode": lent.barcode}
    again = {"scan_id": str(uuid4()), "barcode": lent.barcode}
    sent = [(way, one) for one in (scan, again) for way in (here, there)] * 3
    answers = await asyncio.gather(*(way.post(SCANS, json={"store": "MAIN", "scans": [one]}) for way, one in sent))
    assert {answer.status_code for answer in answers} == {200}
    moves = await scratch.query("SELECT count(*) AS moves FROM movement WHERE move = 'return'")
    assert moves == [{"moves": 1}]


async def make_here_and_fetch_there(here: AsyncClient, there: AsyncClient) -> None:
    """A file that one process makes behind, another tells of and hands out."""
    finance = {"Authorization": f"Bearer {(await token(here, 'finance')).json()['access_token']}"}
    job = await here.post("/api/v1/finance/exports/jobs?period=2026-03", headers=finance)
    made = {"state": "making"}
    for _ in range(600):
        made = (await there.get(job.headers["Location"], headers=finance)).json()
        if made["state"] != "making":
            break
        await asyncio.sleep(0.05)
    assert (await there.get(made["file"], headers=finance)).content[:2] == b"PK"


async def count_for_all(here: AsyncClient) -> None:
    """Whichever process is asked, it says what all of them counted."""
    before = ASKED.search((await here.get("/metrics")).text)
    for _ in range(6):
        # A connection each, so that both processes get some.
        async with AsyncClient(base_url=here.base_url, headers=here.headers) as fresh:
            assert (await fresh.get("/api/v1/me")).status_code == 200
    after = ASKED.search((await here.get("/metrics")).text)
    assert after
    assert float(after[1]) - (float(before[1]) if before else 0) == 6


async def lose_a_process(here: Host) -> None:
    """One of two dies: the other answers at once."""
    children = children_of(here.server.pid)
    assert len(children) == 2
    os.kill(children[0], signal.SIGKILL)
    async with AsyncClient(base_url=here.client.base_url, headers=here.client.headers, timeout=30) as fresh:
        for _ in range(3):
            assert (await fresh.get("/api/v1/me")).status_code == 200


def children_of(number: int) -> list[int]:
    """The processes that serve under this one."""
    listed = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    return [int(one) for one in listed if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]


async def stop_in_the_middle(scratch: Scratch, host: Host) -> None:
    """SIGTERM while a scan is under way: it is answered, and then the process ends well."""
    lent = await scratch.given.loan()
    body = {"store": "MAIN", "scans": [{"scan_id": str(uuid4()), "barcode": lent.barcode}]}
    waiting = (
        "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with scratch.database.sessions.begin() as session:
        await session.execute(
            text("SELECT id FROM item WHERE barcode = :barcode FOR UPDATE"), {"barcode": lent.barcode}
        )
        asked = asyncio.create_task(host.client.post(SCANS, json=body))
        for _ in range(500):
            if (await scratch.query(waiting))[0]["n"]:
                break
            await asyncio.sleep(0.02)
        host.server.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert host.server.poll() is None
        assert not asked.done()
    answer = await asked
    [result] = answer.json()["results"]
    assert (answer.status_code, result["outcome"]) == (200, "accepted")
    assert await asyncio.to_thread(host.server.wait, 30) in {0, -signal.SIGTERM}
