"""What is measured: each call with who makes it, what it sends, what a right answer holds, and what is there after.

A call that writes is sent no more often than there is something to write about; what is read is read again and again.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.bench.reference import filling
from app.cli.bench.reference.service import Service, cpu_of_server

READ_ABOUT: Final = 400
"""So many different items are read by turns."""
LABELS: Final = 65
"""On one sheet."""
STORE: Final = "MAIN"
TODAY: Final = "happened_on >= CAST(CAST(:since AS timestamptz) AS date)"
"""Of a charge: an index has it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request. A right answer has this status, and `mark` in it at least `times` times."""

    method: str
    path: str
    body: Any = None
    status: int = 200
    mark: str = ""
    times: int = 1

    def as_planned(self, service: Service, who: str, *, is_page: bool) -> dict[str, Any]:
        """As the load takes it."""
        body = "" if self.body is None else json.dumps(self.body)
        proof = (
            f"Cookie: stores_session={service.cookies[who]}"
            if is_page
            else f"Authorization: Bearer {service.tokens[who]}"
        )
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{service.port}", proof, "Accept: */*"]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
        send = "\r\n".join(lines) + "\r\n\r\n" + body
        return {"send": send, "status": self.status, "mark": self.mark, "times": self.times}


@dataclass(slots=True)
class Ground:
    """What the calls are made on. `run`: not twice the same in a database; `turn`: not twice the same in a run."""

    engine: AsyncEngine
    turn: int = 0
    run: str = field(default_factory=lambda: uuid4().hex[:8])

    async def column(self, sql: str, **values: Any) -> list[Any]:
        """The first column."""
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(sql), values)).scalars())

    async def number(self, sql: str, **values: Any) -> int:
        """One number."""
        async with self.engine.connect() as connection:
            return int(await connection.scalar(text(sql), values) or 0)

    async def cpu(self) -> float | None:
        """Seconds of processors that PostgreSQL has used so far, where it is on this machine."""
        async with self.engine.connect() as connection:
            return cpu_of_server(int(await connection.scalar(text("SELECT pg_backend_pid()")) or 0))


@dataclass(frozen=True, slots=True)
class Proof:
    """Rows of a table that are new since: their count, by so many for each thing that was done."""

    what: str
    sql: str


Make = Callable[[Ground, int], Awaitable[list[Sent]]]


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to measure. `per`: how many things one request does; `most_a_second` of them are put ready for each
    second. `floor`: the script of pgbench beside it. `is_export`: a copy of a whole month, which PostgreSQL plans each
    time, and which takes ten seconds of a register of three million items: there is nothing to warm but its pages."""

    name: str
    title: str
    who: str
    make: Make
    is_page: bool = False
    per: int = 1
    unit: str = "requests"
    most_a_second: int = 0
    most_clients: int = 1_000
    floor: str = ""
    is_export: bool = False
    proofs: tuple[Proof, ...] = field(default=())

    @property
    def writes(self) -> bool:
        """Whether something is used up."""
        return self.most_a_second > 0


def _since(table: str, condition: str, counted: str = "count(*)") -> Proof:
    return Proof(table, f"SELECT {counted} FROM {table} WHERE {condition}")  # noqa: S608 - words of our own


def _scan_proofs() -> tuple[Proof, ...]:
    return (
        _since("movement", "at >= :since AND move = 'return' AND actor = 'technician'"),
        _since("return_scan", "received_at >= :since AND outcome = 'accepted' AND received_by = 'technician'"),
        _since("loan", "ended_at >= :since AND ended_by = 'technician'"),
        _since("collection_line", "collected_at >= :since AND collected_by = 'technician'"),
        _since("decontamination", "opened_at >= :since AND finished_at IS NULL"),
        _since(
            "charge",
            f"{TODAY} AND posted_at >= :since AND kind = 'credit' AND posted_by = 'technician'",
            "count(DISTINCT posting_id)",
        ),
    )


def _scans(per: int) -> Make:
    async def make(ground: Ground, count: int) -> list[Sent]:
        barcodes = await filling.ready_returns(ground.engine, count * per)
        batches = [barcodes[at : at + per] for at in range(0, len(barcodes) - per + 1, per)]
        return [_scan(batch) for batch in batches]

    return make


def _scan(barcodes: Sequence[str]) -> Sent:
    at = datetime.now(UTC).isoformat()
    scans = [{"scan_id": str(uuid4()), "barcode": barcode, "scanned_at": at} for barcode in barcodes]
    body = {"store": STORE, "scans": scans}
    return Sent("POST", "/api/v1/returns/scans", body, mark='"outcome":"accepted"', times=len(barcodes))


async def _some(ground: Ground) -> list[str]:
    """Items of every state, by turns; they are what the floor reads too."""
    async with ground.engine.begin() as connection:
        await connection.execute(text("TRUNCATE bench_item"))
        await connection.execute(
            text("""
                INSERT INTO bench_item (n, item_id, barcode, product_id)
                SELECT row_number() OVER (), id, barcode, product_id
                FROM (SELECT id, barcode, product_id FROM item ORDER BY hashint8(id) LIMIT :count) AS picked
            """),
            {"count": READ_ABOUT},
        )
    return await ground.column("SELECT barcode FROM bench_item ORDER BY n")


async def _lookups(ground: Ground, _: int) -> list[Sent]:
    return [Sent("GET", f"/api/v1/items/{one}", mark=f'"barcode":"{one}"') for one in await _some(ground)]


async def _item_pages(ground: Ground, _: int) -> list[Sent]:
    return [Sent("GET", f"/items/{one}", mark="<h1") for one in await _some(ground)]


async def _histories(ground: Ground, _: int) -> list[Sent]:
    return [Sent("GET", f"/api/v1/items/{one}/history", mark='"move":"receive"') for one in await _some(ground)]


async def _searches(ground: Ground, _: int) -> list[Sent]:
    names = await ground.column("SELECT name FROM product ORDER BY hashint8(id) LIMIT :count", count=READ_ABOUT)
    asked = [name.replace(" ", "%20") for name in names]
    return [Sent("GET", f"/api/v1/products?q={one}", mark='"code":') for one in asked]


async def _reservations(ground: Ground, count: int) -> list[Sent]:
    ground.turn += 1
    ready = await filling.ready_shelf(ground.engine, count, turn=f"{ground.run}-{ground.turn}")
    until = (date.today() + timedelta(days=7)).isoformat()  # noqa: DTZ011 - a week from now, roughly
    return [
        Sent(
            "POST",
            "/api/v1/reservations",
            {"barcode": barcode, "client_ref": client, "until": until},
            status=201,
            mark=f'"client_ref":"{client}"',
        )
        for barcode, _, client in ready
    ]


async def _issues(ground: Ground, count: int) -> list[Sent]:
    ground.turn += 1
    ready = await filling.ready_shelf(ground.engine, count, turn=f"{ground.run}-{ground.turn}")
    return [
        Sent(
            "POST",
            "/api/v1/loans",
            {"barcode": barcode, "client_ref": client, "kind": "loan"},
            status=201,
            mark=f'"client_ref":"{client}"',
        )
        for barcode, _, client in ready
    ]


async def _labels(ground: Ground, _: int) -> list[Sent]:
    barcodes = await _some(ground)
    sheets = [barcodes[at : at + LABELS] for at in range(0, len(barcodes) - LABELS + 1, LABELS)]
    return [Sent("POST", "/api/v1/labels", {"barcodes": sheet, "format": "pdf"}, mark="%PDF-") for sheet in sheets]


async def _costs(_: Ground, __: int) -> list[Sent]:
    asked = f"period={last_full_month()}&group_by=funder,category"
    return [Sent("GET", f"/api/v1/finance/reports/costs?{asked}", mark='"rows":')]


async def _csv(ground: Ground, _: int) -> list[Sent]:
    lines = await month_lines(ground)
    return [Sent("GET", f"/api/v1/finance/exports/lines?period={last_full_month()}", mark="\r\n", times=lines)]


async def month_lines(ground: Ground) -> int:
    """How many lines the month has that is exported."""
    asked = {"period": date.fromisoformat(f"{last_full_month()}-01")}
    return await ground.number("SELECT count(*) FROM charge WHERE period = :period", **asked)


def last_full_month() -> str:
    """The month before the last one: as `2026-03`."""
    first = datetime.now(UTC).date().replace(day=1)
    return f"{(first - timedelta(days=40)):%Y-%m}"


def _page(path: str) -> Make:
    async def make(_: Ground, __: int) -> list[Sent]:
        return [Sent("GET", path, mark="<h1")]

    return make


HOMES: Final = (
    "ot",
    "senior.ot",
    "technician",
    "safety",
    "panel1",
    "chair",
    "finance",
    "manager",
    "admin",
    "auditor",
)
_RESERVED = (
    _since("movement", "at >= :since AND move = 'reserve' AND actor = 'ot'"),
    _since("reservation", "made_at >= :since AND made_by = 'ot'"),
)
_ISSUED = (
    _since("movement", "at >= :since AND move = 'issue' AND actor = 'technician'"),
    _since("loan", "started_at >= :since AND started_by = 'technician'"),
    _since(
        "charge",
        f"{TODAY} AND posted_at >= :since AND posted_by = 'technician' AND is_issue",
        "count(DISTINCT (item_id, movement_seq))",
    ),
)

CALLS: Final = (
    *(
        Call(f"home-{who}", f"Home page of {who}", who, _page("/"), is_page=True, unit="pages", floor="page")
        for who in HOMES
    ),
    Call("item-lookup", "Item lookup", "technician", _lookups, floor="item_lookup"),
    Call("item-page", "Item, as a page", "technician", _item_pages, is_page=True, unit="pages", floor="item_lookup"),
    Call("item-history", "Item history", "technician", _histories, floor="item_history"),
    Call("catalogue-search", "Catalogue search", "ot", _searches, floor="catalogue_search"),
    Call("cost-report", "Cost report of a month", "finance", _costs, most_clients=8, floor="cost_report"),
    Call("csv", "CSV of a month's lines", "finance", _csv, unit="lines", most_clients=1, floor="copy", is_export=True),
    Call("labels", "Label sheets as PDF", "technician", _labels, per=LABELS, unit="labels", most_clients=8),
    Call("reserve", "Reserve an item", "ot", _reservations, most_a_second=400, floor="reserve", proofs=_RESERVED),
    Call("issue", "Issue an item", "technician", _issues, most_a_second=400, floor="issue", proofs=_ISSUED),
    Call(
        "scan-return",
        "Scan-return, single",
        "technician",
        _scans(1),
        unit="scans",
        most_a_second=500,
        floor="scan_return",
        proofs=_scan_proofs(),
    ),
    Call(
        "scan-return-100",
        "Scan-return, batches of 100",
        "technician",
        _scans(100),
        per=100,
        unit="scans",
        most_a_second=40,
        floor="scan_return",
        proofs=_scan_proofs(),
    ),
    Call(
        "scan-return-500",
        "Scan-return, batches of 500",
        "technician",
        _scans(500),
        per=500,
        unit="scans",
        most_a_second=8,
        most_clients=8,
        floor="scan_return",
        proofs=_scan_proofs(),
    ),
)
