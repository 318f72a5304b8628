"""Behind PgBouncer in transaction mode: everything a web process does, on fewer connections than it has clients."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.cli.seed import PASSWORD
from app.main import database_of
from app.settings import Settings
from tests.cli.test_commands import stores
from tests.conftest import Scratch, client_of
from tests.features.finance.billing import usual_rates
from tests.features.ordering.conftest import Orders
from tests.given import Given

POOLER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_pooler = pytest.mark.skipif(
    POOLER is None,
    reason="THERE IS NO PGBOUNCER: whether this works behind one was not tested. apt-get install pgbouncer",
)
CLIENTS, CONNECTIONS = 5, 2
PEOPLE = ("technician", "technician2", "ot", "finance", "manager")
LEFT_BEHIND = """
    SELECT (SELECT count(*) FROM pg_prepared_statements) AS prepared, current_setting('work_mem') AS work_mem,
           current_setting('plan_cache_mode') AS plans, pg_sleep(0.05) IS NULL AS slept
"""


@pytest.fixture
def pooled_url(scratch: Scratch) -> Iterator[str]:
    """The address of a PgBouncer in transaction mode before the scratch database."""
    assert POOLER
    sockets = Path(str(make_url(scratch.url).query["host"]))
    owner = sockets.stat()
    with TemporaryDirectory(prefix="stores-pooler-") as folder:
        os.chown(folder, owner.st_uid, owner.st_gid)
        settings = Path(folder) / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={sockets} port=5432 user=postgres\n"
            f"[pgbouncer]\nlisten_port = 6432\nlisten_addr =\nunix_socket_dir = {folder}\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nmax_client_conn = 100\n"
        )
        settings.chmod(0o644)
        as_owner: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
        pooler = subprocess.Popen([POOLER, "--quiet", str(settings)], stderr=subprocess.PIPE, **as_owner)
        try:
            while not (Path(folder) / ".s.PGSQL.6432").exists():
                assert pooler.poll() is None, (pooler.stderr.read() if pooler.stderr else b"").decode()
            place = make_url(scratch.url).set(port=6432, query={"host": folder})
            yield place.render_as_string(hide_password=False)
        finally:
            pooler.terminate()
            pooler.communicate()


@pytest.fixture
async def pooled(scratch: Scratch, pooled_url: str) -> AsyncIterator[Scratch]:
    """The service behind it; what is given goes past it."""
    async with scratch.database.engine.begin() as connection:
        await usual_rates(connection)
    direct, scratch.app.state.database = (
        scratch.database,
        database_of(Settings(database_pooler="transaction"), pooled_url),
    )
    yield scratch
    await scratch.app.state.database.dispose()
    scratch.app.state.database = direct


def right(answer: Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer


async def signed_in(scratch: Scratch) -> dict[str, AsyncClient]:
    """A client of each, signed in with the password."""
    clients = {name: client_of(scratch.app) for name in PEOPLE}
    for name, client in clients.items():
        token = right(await client.post("/api/v1/token", data={"username": name, "password": PASSWORD}))
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return clients


class Round:
    """What happens to items in the main loop, through the API alone."""

    def __init__(self, people: dict[str, AsyncClient], given: Given, product: str) -> None:
        self.people, self.given, self.product = people, given, product

    async def run(self, clients: list[str], day: str) -> str:
        technician, other, ot = (self.people[name] for name in ("technician", "technician2", "ot"))
        goods = {"product_code": self.product, "store": "MAIN", "quantity": 3, "received_on": day}
        items = right(await technician.post("/api/v1/items", json=goods))["items"]
        one, *more = [item["barcode"] for item in items]
        assert right(await technician.post("/api/v1/labels", json={"barcodes": [one, *more]})).content[:4] == b"%PDF"
        for barcode, client in zip((one, *more), clients, strict=True):
            lent = {"barcode": barcode, "client_ref": client, "kind": "loan"}
            right(await ot.post("/api/v1/loans", json=lent, headers={"Idempotency-Key": uuid4().hex}))
        scans = [{"scan_id": str(uuid4()), "barcode": barcode} for barcode in (one, *more)]
        results = right(await technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans}))[
            "results"
        ]
        assert [result["outcome"] for result in results] == ["accepted"] * 3
        right(await technician.post("/api/v1/decontaminations", json={"barcodes": [one]}))
        cleaned = {"barcode": one, "outcome": "passed", "infection_risk": "low"}
        right(await technician.post("/api/v1/decontaminations/results", json={"results": [cleaned]}))
        right(await other.post("/api/v1/inspections", json={"barcode": one, "outcome": "passed"}))
        assert right(await other.post(f"/api/v1/items/{one}/release", json={}))["state"] == "in_stock"
        right(await ot.post("/api/v1/clients/search", json={"q": clients[0]}))
        return str(one)


@needs_pooler
async def test_the_main_loop_goes_through_a_pooler_on_two_connections(pooled: Scratch) -> None:
    people = await signed_in(pooled)
    product = await pooled.given.product()
    clients = [[await pooled.given.client() for _ in range(3)] for _ in range(CLIENTS)]
    rounds = Round(people, pooled.given, product)
    barcodes = await asyncio.gather(*(rounds.run(three, pooled.clock.day(0)) for three in clients))
    states = await pooled.query("SELECT DISTINCT state FROM item WHERE barcode = ANY(:barcodes)", barcodes=barcodes)
    assert states == [{"state": "in_stock"}]

    async def by(name: str) -> AsyncClient:
        return people[name]

    orders = Orders(pooled.given, by)  # type: ignore[arg-type]
    order = await orders.dispatched(product)
    await orders.step(order["number"], "deliver", received_by="The daughter")

    finance = people["finance"]
    lines = right(await finance.get("/api/v1/finance/exports/lines?period=2026-03")).text.splitlines()
    sheet = right(await finance.get("/api/v1/finance/exports/lines?period=2026-03&format=xlsx")).content
    assert load_workbook(BytesIO(sheet)).active is not None
    job = await finance.post("/api/v1/finance/exports/jobs?period=2026-03")
    made = right(await finance.get(job.headers["Location"]))
    assert (made["state"], made["wanted"]) == ("ready", len(lines) - 2)
    for path in ("reports/costs", "reports/recycling", "reports/performance", "reports/dashboard/spend"):
        right(await finance.get(f"/api/v1/finance/{path}"))
    assert right(await finance.get("/api/v1/finance/reconciliation?period=2026-03"))["is_ok"] is True
    assert (await finance.get("/readyz")).status_code == 200

    async def look() -> dict[str, Any]:
        async with pooled.app.state.database.sessions() as session:
            return dict((await session.execute(text(LEFT_BEHIND))).mappings().one())

    # Nothing stays on PostgreSQL's connections: no statement that was prepared, no setting.
    found = await asyncio.gather(*(look() for _ in range(CONNECTIONS * 2)))
    usual = {"work_mem": "4MB", "plans": "auto", "slept": False}
    assert found == [{"prepared": 0, **usual}] * len(found)
    for client in people.values():
        await client.aclose()


@needs_pooler
async def test_the_same_scan_from_two_clients_is_one_return_behind_a_pooler(pooled: Scratch) -> None:
    people = await signed_in(pooled)
    lent = await pooled.given.loan()
    body = {"store": "MAIN", "scans": [{"scan_id": str(uuid4()), "barcode": lent.barcode}]}
    answers = await asyncio.gather(
        *(people[name].post("/api/v1/returns/scans", json=body) for name in ("technician", "technician2") for _ in "12")
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await pooled.query("SELECT count(*) AS moves FROM movement WHERE move = 'return'") == [{"moves": 1}]
    for client in people.values():
        await client.aclose()


@pytest.mark.parametrize("command", [("worker", "--once", "send_messages"), ("db", "upgrade"), ("audit", "verify")])
async def test_commands_go_past_the_pooler_or_say_that_they_cannot(scratch: Scratch, command: tuple[str, ...]) -> None:
    code, said = await stores(scratch, *command, STORES_DATABASE_POOLER="transaction")
    assert (code, "Set STORES_DIRECT_DATABASE_URL to PostgreSQL itself." in said) == (1, True), said
    behind = {"STORES_DATABASE_POOLER": "transaction", "STORES_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/pooler"}
    code, said = await stores(scratch, *command, STORES_DIRECT_DATABASE_URL=scratch.url, **behind)
    assert code == 0, said
