"""The server is killed in the middle of a storm of scans: what was acknowledged is there, and nothing is twice."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.given import SECRET
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

ROOT = Path(__file__).resolve().parents[2]
DEVICES, SCANS_EACH = 8, 20
KILL_AFTER = 40


@contextmanager
def serving(url: str, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`stores serve` as it runs in earnest, on a free port; killed at the end if it still runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"STORES_DATABASE_URL": url, "STORES_SECRET_KEY": SECRET, "STORES_PORT": str(port)}
    command = [sys.executable, "-m", "app.cli.main", "serve", *options]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        give_up = time.monotonic() + 180
        while not is_alive(address):
            assert server.poll() is None, "the server ended before it answered"
            assert time.monotonic() < give_up, "the server did not answer in three minutes"
            time.sleep(0.05)
        yield server, address
    finally:
        server.kill()
        server.wait()


def is_alive(address: str) -> bool:
    try:
        return httpx.get(f"{address}/livez", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


class Device:
    """A scanner that remembers what was acknowledged, as the scan page's outbox does."""

    def __init__(self, scans: list[dict[str, Any]], headers: dict[str, str]) -> None:
        self.waiting, self.acknowledged, self.headers = list(scans), dict[str, dict[str, Any]](), headers

    async def drain(self, address: str, note: Callable[[], None] = lambda: None) -> None:
        """Send what waits, one by one; stop when the line is dead."""
        async with httpx.AsyncClient(base_url=address, headers=self.headers, timeout=30) as client:
            while self.waiting:
                scan = self.waiting[0]
                try:
                    answer = await client.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": [scan]})
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                [self.acknowledged[scan["scan_id"]]] = answer.json()["results"]
                self.waiting.pop(0)
                note()


def killing(server: subprocess.Popen[bytes]) -> Callable[[], None]:
    """To be called at each acknowledgement: kill -9 in the midst of it."""
    acknowledged = count(1)

    def note() -> None:
        if next(acknowledged) == KILL_AFTER:
            server.send_signal(signal.SIGKILL)

    return note


async def test_nothing_acknowledged_is_lost_and_nothing_is_twice_when_the_server_is_killed(scratch: Scratch) -> None:
    client = await scratch.sign_in("technician")
    headers = {"Authorization": client.headers["Authorization"]}
    cheap = await scratch.given.product(purchase_price_pence=100)
    barcodes, who = await scratch.given.items(DEVICES * SCANS_EACH, product=cheap), await scratch.given.client()
    for barcode in barcodes:
        await scratch.given.loan(barcode, client=who)
    scans = [{"scan_id": str(uuid4()), "barcode": barcode} for barcode in barcodes]
    devices = [Device(scans[n::DEVICES], headers) for n in range(DEVICES)]
    # The server's clock is the real one, by which the tests' sign-ins last for years.
    with serving(scratch.url) as (server, address):
        note = killing(server)
        await asyncio.gather(*(device.drain(address, note) for device in devices))
        server.wait()
    before = {scan_id for device in devices for scan_id in device.acknowledged}
    assert KILL_AFTER <= len(before) < len(scans), "the kill came too early or too late to show anything"
    kept = await scratch.query("SELECT scan_id, outcome FROM return_scan")
    assert before <= {str(row["scan_id"]) for row in kept}
    assert {row["outcome"] for row in kept} == {"accepted"}
    returned = await scratch.query("SELECT reference FROM movement WHERE move = 'return'")
    assert {f"scan {row['scan_id']}" for row in kept} == {row["reference"] for row in returned}

    with serving(scratch.url) as (_, address):
        await asyncio.gather(*(device.drain(address) for device in devices))
        again = Device([scan for scan in scans if scan["scan_id"] in before], headers)
        await again.drain(address)
    assert [device.waiting for device in devices] == [[]] * DEVICES
    told = {scan_id: result for device in devices for scan_id, result in device.acknowledged.items()}
    assert set(told) == {scan["scan_id"] for scan in scans}
    # What was done but not acknowledged is told as a duplicate when it is sent again: it was done once.
    assert {result["outcome"] for result in told.values()} <= {"accepted", "duplicate"}
    assert {result["outcome"] for result in again.acknowledged.values()} == {"duplicate"}
    assert len(await scratch.query("SELECT id FROM movement WHERE move = 'return'")) == len(scans)
    assert len(await scratch.query("SELECT id FROM return_scan")) == len(scans)
    states = await scratch.query("SELECT state, count(*) AS items FROM item GROUP BY state")
    assert [tuple(row.values()) for row in states] == [(State.RETURNED, len(scans))]
    await check_chains(scratch)
