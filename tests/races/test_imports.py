"""An import beside the day's work: it holds what it changes, and nothing else; who changed it meanwhile wins."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from app.features.clients import service as clients
from app.features.clients.schemas import ClientChange
from app.features.imports.columns import Kind
from app.features.imports.schemas import ImportReport
from app.features.imports.service import import_file
from tests.conftest import Scratch
from tests.given import SECRET

pytestmark = pytest.mark.race

CATALOGUE = "code,name,category,purchase_price\nP-1,Shower chair,091203,40\nP-2,Perching stool,093307,30"
CLIENTS = "client_ref,name,address,postcode\nC-1,Maud Penrose,4 Lime Walk,SR7 7AA\nC-2,Idris Vaughan,5 Elm Row,SR7 7AA"
WAITS = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted"


async def run(scratch: Scratch, session: Any, kind: Kind, content: str, *, dry_run: bool = False) -> ImportReport:
    """Import in that session, which is the caller's to commit."""
    details: dict[str, Any] = {"stores": (), "prefix": "ES", "actor": "manager", "at": scratch.clock.now}
    return await import_file(session, kind, content.encode(), dry_run=dry_run, **details)


async def there(scratch: Scratch) -> None:
    """Two products and two clients that the files change, and one item of each product."""
    for number in (1, 2):
        await scratch.given.product(f"P-{number}", purchase_price_pence=4500)
        await scratch.given.client(f"C-{number}")


async def test_while_an_import_holds_its_rows_items_are_issued_and_ordered_for_other_clients(scratch: Scratch) -> None:
    await there(scratch)
    first, second, third = await scratch.given.items(3, product="P-1")
    for client in ("C-3", "C-4"):
        await scratch.given.client(client)
    ot = await scratch.sign_in("ot")
    order = {
        "client_ref": "C-3",
        "funder": "ASC",
        "speed": "five_day",
        "reason": "prevention",
        "clinical_reasoning": "Cannot stand at the basin.",
        "lines": [{"product_code": "P-1"}],
    }
    async with scratch.database.sessions.begin() as session, asyncio.timeout(20):
        for kind, content in ((Kind.CATALOGUE, CATALOGUE), (Kind.CLIENTS, CLIENTS)):
            report = await run(scratch, session, kind, content)
            assert (report.changed, report.fault_count) == (2, 0)
        issued = [
            await ot.post("/api/v1/loans", json={"barcode": barcode, "client_ref": client})
            for barcode, client in ((first, "C-3"), (second, "C-4"))
        ]
        drawn_up = await ot.post("/api/v1/orders", json=order)
        answers = [
            {"code": one["code"], "subject": one["subject"], "answer": "Assessed in the bathroom today."}
            for one in drawn_up.json()["warnings"]
        ]
        old = [{"barcode": first, "action": "keep", "reason": "One for each floor of the house."}]
        url = f"/api/v1/orders/{drawn_up.json()['number']}"
        version = {"If-Match": drawn_up.headers["etag"]}
        decided = await ot.patch(url, json={"supersedes": old}, headers=version)
        submitted = await ot.post(f"{url}/submit", json={"answers": answers})
        async with scratch.database.sessions() as other:
            checked = await run(scratch, other, Kind.CATALOGUE, CATALOGUE, dry_run=True)
    assert [one.status_code for one in (*issued, decided, submitted)] == [201, 201, 200, 200], submitted.text
    assert submitted.json()["lines"][0]["units"][0]["barcode"] == third
    # Others see what is committed: to them these two still differ.
    assert checked.changed == 2
    for kind, content in ((Kind.CATALOGUE, CATALOGUE), (Kind.CLIENTS, CLIENTS)):
        async with scratch.database.sessions.begin() as session:
            again = await run(scratch, session, kind, content)
        assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


async def test_what_somebody_changes_meanwhile_is_told_and_not_overwritten(scratch: Scratch) -> None:
    await there(scratch)

    async def import_them() -> ImportReport:
        async with scratch.database.sessions.begin() as session:
            return await run(scratch, session, Kind.CLIENTS, CLIENTS)

    async with scratch.database.sessions.begin() as session:
        at, change = scratch.clock.now, ClientChange(phone="01632 960001")
        await clients.change_client(session, "C-2", change, version=1, secret=SECRET, actor="ot", at=at)
        importing = asyncio.create_task(import_them())
        for _ in range(1000):
            if await session.scalar(text(WAITS)):
                break
            await asyncio.sleep(0.01)
    report = await importing
    assert [(one.row, one.code) for one in report.faults] == [(3, "changed-meanwhile")]
    assert "client C-2" in report.faults[0].detail
    rows = await scratch.query(
        "SELECT client_ref, phone, version, name LIKE 'Alex%' AS as_before FROM client ORDER BY id"
    )
    assert rows == [
        {"client_ref": "C-1", "phone": "", "version": 1, "as_before": True},
        {"client_ref": "C-2", "phone": "01632 960001", "version": 2, "as_before": True},
    ]
