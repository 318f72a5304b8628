"""How long the lines of a month take as CSV and as a spreadsheet, and how much memory of the server.

Beside the CSV stands a floor from the same run on the same machine: a bare COPY of the same query, thrown away.
The service runs as its own process, so that what it grows by is its own and not the reader's.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.domain.asked_period import of_month
from app.features.accounts.service import open_sign_in
from app.features.finance.exports.copying import PLAIN_DAYS, as_asyncpg
from app.features.finance.exports.lines import LinesAsked, csv_sql
from app.models import Account, SignInKind

MONTH: Final = datetime(2026, 3, 1, tzinfo=UTC)
SECRET: Final = "only to measure with, in a database that is thrown away"  # noqa: S105 - it protects nothing
READER: Final = "bench.finance"
TIMES: Final = 3
WAIT: Final = httpx.Timeout(600)

STATEMENTS: Final = (
    "INSERT INTO funder (code, name, cost_centre) VALUES ('B0', 'Bench social care', 'C0'), ('B1', 'Bench ICB', 'C1')",
    """
    INSERT INTO team (code, name, cost_centre)
    SELECT 'T' || n, 'Team ' || n, 'TC' || n FROM generate_series(1, 50) AS n
    """,
    """
    INSERT INTO equipment_order (number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning,
                                 decision, made_at, made_by, submitted_at, promised_on)
    SELECT 'BO' || n, client.id, (SELECT min(id) FROM funder WHERE code = 'B0'),
           (SELECT id FROM team WHERE code = 'T' || (1 + n % 50)), (SELECT id FROM store WHERE code = 'BENCH'),
           'five_day', 'hospital_discharge', 'Bench.', 'approved', timestamptz '2026-02-20', 'bench',
           timestamptz '2026-02-20', '2026-03-10'
    FROM generate_series(1, :orders) AS n
    JOIN client ON client.client_ref = 'B-' || (n % :clients)
    """,
    """
    INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                        amount_pence, vat_pence, basis, item_id, movement_seq, product_id, category, recycled, store_id,
                        order_id, client_id, team_id, prescriber, reason, district)
    SELECT md5((n / 2)::text)::uuid,
           CASE n / 2 % 5 WHEN 0 THEN 'recycled_issue' WHEN 1 THEN 'delivery' WHEN 2 THEN 'credit'
                          WHEN 3 THEN 'decontamination' ELSE 'new_purchase' END,
           CASE WHEN n / 2 % 5 = 1 THEN 'five_day' ELSE '' END, date '2026-03-01', date '2026-03-01' + (n % 31)::int,
           now(), 'bench',
           (SELECT id FROM funder WHERE code = 'B' || n % 2), 50,
           (n * 7919 % 20000) * CASE n / 2 % 5 WHEN 2 THEN -1 ELSE 1 END,
           n * 7919 % 20000 / 5, '50 % of £100.00 after 3 months', item.id, 2, item.product_id, product.category,
           n / 2 % 5 = 0, item.store_id, asked.id, asked.client_id, asked.team_id, 'prescriber.' || n % 1500,
           'hospital_discharge', 'AB' || n % 90
    FROM generate_series(0, :lines - 1) AS n
    JOIN item ON item.barcode = 'ES' || lpad((n / 2 % :items)::text, 9, '0')
    JOIN product ON product.id = item.product_id
    JOIN equipment_order AS asked ON asked.number = 'BO' || (1 + n / 4 % :orders)
    ORDER BY n
    """,
    """
    INSERT INTO order_line (order_id, position, product_id, quantity, kind, unit_price_pence, accept_equivalent,
                            prefer_new)
    SELECT id, 1, (SELECT min(id) FROM product), 1, 'loan', 10000, false, false FROM equipment_order
    """,
    """
    INSERT INTO order_unit (order_line_id, order_id, client_id, item_id, reservation_id, loan_id)
    SELECT order_line.id, line.order_id, line.client_id, line.item_id, loan.id, loan.id
    FROM (SELECT DISTINCT ON (item_id) item_id, order_id, client_id FROM charge) AS line
    JOIN order_line ON order_line.order_id = line.order_id
    JOIN loan ON loan.item_id = line.item_id AND loan.ended_at IS NULL
    """,
    """
    INSERT INTO account (username, name, password_hash, is_active, is_demonstration, created_at)
    VALUES ('bench.finance', 'Bench', 'none', true, false, now())
    """,
    "INSERT INTO account_role (account_id, role) SELECT id, 'finance' FROM account WHERE username = 'bench.finance'",
)


@dataclass(frozen=True, slots=True)
class Written:
    """What one kind of file took. `grown`: by how many bytes the server's memory had grown at its largest."""

    seconds: float
    bytes: int
    grown: int


@dataclass(frozen=True, slots=True)
class FinanceReport:
    """What one run found, the fastest of some times; `floor`: seconds of the bare COPY."""

    lines: int
    floor: float
    csv: Written
    xlsx: Written

    def as_markdown(self) -> str:
        """As the documents show it."""
        ratio = self.csv.seconds / self.floor
        rows = (
            ("bare COPY of the same query", f"{self.floor:.1f}", f"{self.lines / self.floor:,.0f}", "", ""),
            _row(f"CSV, {ratio:.2f} times that", self.csv, self.lines),
            _row("XLSX, made behind and fetched", self.xlsx, self.lines),
        )
        head = "| file | seconds | lines a second | MB | the server grew by, MB |\n|---|---:|---:|---:|---:|"
        body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        return f"{self.lines:,} lines of one month, over HTTP.\n\n{head}\n{body}\n"

    def as_figures(self) -> dict[str, Any]:
        """As numbers."""
        return asdict(self)


def _row(name: str, written: Written, lines: int) -> tuple[str, ...]:
    return (
        name,
        f"{written.seconds:.1f}",
        f"{lines / written.seconds:,.0f}",
        f"{written.bytes / 1e6:.1f}",
        f"{written.grown / 1e6:.0f}",
    )


async def fill(session: AsyncSession, *, lines: int, items: int, clients: int) -> None:
    """So many lines of one month, two for each charge, on a register that is there."""
    values = {"lines": lines, "items": items, "clients": clients, "orders": max(lines // 8, 1)}
    await session.execute(text("SELECT set_config('jit', 'off', true), set_config('work_mem', '256MB', true)"))
    # Nothing of it happened, so what guards what happens is left out; only a throw-away server's owner may.
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in STATEMENTS:
        names = {name: value for name, value in values.items() if f":{name}" in statement}
        await session.execute(text(statement), names)
    await session.execute(text("SELECT keep_charges_to_see_to('-infinity', 'infinity')"))


async def measure(engine: AsyncEngine, url: str, lines: int) -> FinanceReport:
    """The bare COPY, the CSV and the spreadsheet, by turns."""
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE charge, item, equipment_order, client, product"))
    async with AsyncSession(engine) as session, session.begin():
        account = (await session.execute(text("SELECT id FROM account WHERE username = :name"), {"name": READER})).one()
        reader = await session.get_one(Account, account.id)
        opened = await open_sign_in(
            session, reader, kind=SignInKind.API, device="bench", hours=24, at=datetime.now(UTC)
        )
    floors: list[float] = []
    csvs: list[Written] = []
    async with served(url) as server:
        headers = {"Authorization": f"Bearer {opened.secret}"}
        async with httpx.AsyncClient(base_url=server.address, headers=headers, timeout=WAIT) as client:
            await server.answers(client)
            for _ in range(TIMES):
                floors.append(await _floor(engine))
                csvs.append(await server.watched(_csv(client)))
            xlsx = await server.watched(_xlsx(client))
    fastest = min(csvs, key=lambda one: one.seconds)
    csv = Written(fastest.seconds, fastest.bytes, max(one.grown for one in csvs))
    return FinanceReport(lines, min(floors), csv, xlsx)


@dataclass(frozen=True, slots=True)
class Server:
    """The service in a process of its own, on a port of this machine."""

    address: str
    pid: int

    async def answers(self, client: httpx.AsyncClient) -> None:
        """Wait until it does, and let it warm up."""
        for _ in range(600):
            try:
                await client.get("/livez")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        answer = await client.get("/api/v1/finance/exports/lines", params={"period": "2020-01"})
        answer.raise_for_status()

    async def watched(self, work: Any) -> Written:
        """What the work took, and by how much this process had grown at its largest meanwhile."""
        before, most = self._memory(), 0
        started = time.perf_counter()
        task = asyncio.ensure_future(work)
        while not task.done():
            most = max(most, self._memory())
            await asyncio.wait([task], timeout=0.02)
        size = task.result()
        return Written(time.perf_counter() - started, size, max(most - before, 0))

    def _memory(self) -> int:
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def served(url: str) -> AsyncIterator[Server]:
    """The service on this database, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="stores-bench-") as folder:
        said = Path(folder) / "log"
        port = 18_400 + os.getpid() % 1_000
        settings = {"STORES_DATABASE_URL": url, "STORES_SECRET_KEY": SECRET, "STORES_LOG_FORMAT": "json"}
        program = [sys.executable, "-m", "app.cli.bench.serving", str(port)]
        with said.open("wb") as log:
            process = await asyncio.create_subprocess_exec(*program, env=os.environ | settings, stdout=log, stderr=log)
            try:
                yield Server(f"http://127.0.0.1:{port}", process.pid)
            finally:
                process.terminate()
                await process.wait()


async def _floor(engine: AsyncEngine) -> float:
    asked = LinesAsked(of_month(MONTH.date()), True, SECRET, "{}")
    query, arguments = as_asyncpg(csv_sql(asked.period), asked.values)

    async def drop(_piece: bytes) -> None:
        """It goes nowhere."""

    async with AsyncSession(engine) as session:
        await session.execute(PLAIN_DAYS)
        driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
        started = time.perf_counter()
        await driver.copy_from_query(query, *arguments, output=drop, format="csv", header=True, timeout=600)
        return time.perf_counter() - started


async def _csv(client: httpx.AsyncClient) -> int:
    size = 0
    async with client.stream("GET", "/api/v1/finance/exports/lines", params={"period": "2026-03"}) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            size += len(piece)
    return size


async def _xlsx(client: httpx.AsyncClient) -> int:
    answer = await client.post("/api/v1/finance/exports/jobs", params={"period": "2026-03"})
    answer.raise_for_status()
    job: dict[str, Any] = answer.json()
    while job["state"] == "making":
        await asyncio.sleep(0.2)
        job = (await client.get(answer.headers["location"])).raise_for_status().json()
    size = 0
    async with client.stream("GET", job["file"]) as file:
        async for piece in file.aiter_raw():
            size += len(piece)
    return size
