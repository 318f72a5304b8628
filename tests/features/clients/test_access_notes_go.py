"""How to get in is forgotten when the last loan ends: with the scan itself, or at night, and that is written down."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.clients.purging import purge_access_notes
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.clients.rows import add_order
from tests.given import Given

CLIENTS = "/api/v1/clients"
NOTES = "SELECT client_ref FROM client_access JOIN client ON client.id = client_id WHERE notes_encrypted <> ''"
LINES = "SELECT chain, subject, detail FROM audit_event WHERE action = 'access_notes_purged' ORDER BY id"
LINE = {"chain": "worker", "subject": "client:ADA", "detail": {"because": "the last loan ended"}}


async def kept(query: Query) -> list[str]:
    """Whose access notes can still be read."""
    return sorted(row["client_ref"] for row in await query(NOTES))


async def purge(session: AsyncSession, clock: Clock) -> list[str]:
    """What the worker does at night."""
    gone = await purge_access_notes(session, actor="worker", at=clock.now)
    await session.commit()
    return gone


async def test_they_go_with_the_scan_of_the_last_item_and_not_before(
    as_ot: AsyncClient, given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    ada = await given.client("ADA", access_notes="Key safe 4471")
    await given.client("BEA", access_notes="Ring twice")
    first, second = await given.loan(client=ada), await given.loan(client=ada)
    await given.scan(first.barcode)
    assert await kept(query) == ["ADA", "BEA"]
    await given.scan(second.barcode)
    assert await kept(query) == ["BEA"]
    assert (await as_ot.get(f"{CLIENTS}/ADA")).json()["has_access_notes"] is False
    assert await query(LINES) == []
    assert await purge(session, clock) == ["ADA"]
    assert await purge(session, clock) == []
    assert await query(LINES) == [LINE]
    assert len(await query("SELECT client_id FROM client_access")) == 1


async def test_they_go_when_one_trolley_brings_everything_back(given: Given, query: Query) -> None:
    ada, bea = await given.client("ADA", access_notes="4471"), await given.client("BEA", access_notes="4472")
    barcodes = [(await given.loan(client=client)).barcode for client in (ada, ada, bea, bea)]
    await given.scan(*barcodes[:3])
    assert await kept(query) == ["BEA"]


@pytest.mark.parametrize("decision", ["awaiting_authorisation", "awaiting_panel", "approved"])
async def test_they_stay_while_an_order_is_on_its_way_and_go_at_night_once_it_is_not(
    given: Given, query: Query, session: AsyncSession, clock: Clock, decision: str
) -> None:
    ada = await given.client("ADA", access_notes="4471")
    lent = await given.loan(client=ada)
    unit_id = await add_order(session, ada, decision)
    await given.scan(lent.barcode)
    assert await purge(session, clock) == []
    assert await kept(query) == ["ADA"]
    cancel = text("UPDATE order_unit SET cancelled_at = now(), cancelled_by = 'ot' WHERE id = :unit_id")
    await session.execute(cancel, {"unit_id": unit_id})
    assert await purge(session, clock) == ["ADA"]
    assert await query(LINES) == [LINE]


@pytest.mark.parametrize("decision", ["draft", "declined", "cancelled"])
async def test_an_order_that_brings_nothing_keeps_nothing(
    given: Given, query: Query, session: AsyncSession, decision: str
) -> None:
    ada = await given.client("ADA", access_notes="4471")
    lent = await given.loan(client=ada)
    await add_order(session, ada, decision)
    await given.scan(lent.barcode)
    assert await kept(query) == []


async def test_a_loan_that_ends_without_a_scan_is_found_at_night(
    given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    ada = await given.client("ADA", access_notes="4471")
    lent = await given.loan(client=ada)
    await session.execute(text("UPDATE loan SET ended_at = now(), ended_by = 'x' WHERE id = :id"), {"id": lent.id})
    assert await purge(session, clock) == ["ADA"]
    assert await kept(query) == []


async def test_notes_for_somebody_who_has_not_had_anything_yet_stay(
    given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    await given.client("ADA", access_notes="4471")
    assert await purge(session, clock) == []
    assert await kept(query) == ["ADA"]


async def test_notes_that_are_written_after_the_last_loan_are_for_the_next(
    as_ot: AsyncClient, given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    ada = await given.client("ADA", access_notes="4471")
    await given.scan((await given.loan(client=ada)).barcode)
    clock.move(hours=1)
    changed = await as_ot.patch(f"{CLIENTS}/ADA", json={"access_notes": "4999"}, headers={"If-Match": '"1"'})
    assert changed.json()["has_access_notes"] is True
    assert await query(LINES) == [LINE | {"chain": "ot"}]
    assert await purge(session, clock) == []
    assert await kept(query) == ["ADA"]


IDLE = {
    "chain": "worker",
    "subject": "client:ADA",
    "detail": {"because": "they are older than 30 days and nothing is open"},
}


async def test_notes_for_somebody_who_never_had_anything_go_after_thirty_days(
    given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    await given.client("ADA", access_notes="4471")
    clock.move(days=30)
    assert await purge(session, clock) == []
    clock.move(seconds=1)
    assert await purge(session, clock) == ["ADA"]
    assert await purge(session, clock) == []
    assert await query(LINES) == [IDLE]


async def test_notes_that_were_for_a_next_loan_that_never_came_go_after_thirty_days(
    as_ot: AsyncClient, given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    ada = await given.client("ADA", access_notes="4471")
    await given.scan((await given.loan(client=ada)).barcode)
    clock.move(days=29)
    await as_ot.patch(f"{CLIENTS}/ADA", json={"access_notes": "4999"}, headers={"If-Match": '"1"'})
    clock.move(days=29)
    assert await purge(session, clock) == []
    clock.move(days=2)
    assert await purge(session, clock) == ["ADA"]
    assert await query(LINES) == [LINE | {"chain": "ot"}, IDLE]


async def test_what_will_never_be_fetched_does_not_keep_the_notes(
    given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    ada, bea = await given.client("ADA", access_notes="4471"), await given.client("BEA", access_notes="4472")
    for client, returnable in ((ada, False), (bea, False), (bea, True)):
        product = await given.product(returnable=returnable)
        await given.loan(await given.item(product=product), client=client)
    clock.move(days=31)
    assert await purge(session, clock) == ["ADA"]
    assert await kept(query) == ["BEA"]


@pytest.mark.parametrize("decision", ["awaiting_authorisation", "awaiting_panel", "approved"])
async def test_an_open_order_keeps_them_however_old_they_are(
    given: Given, session: AsyncSession, clock: Clock, decision: str
) -> None:
    await given.client("ADA", access_notes="4471")
    await given.product()
    await add_order(session, "ADA", decision)
    clock.move(days=31)
    assert await purge(session, clock) == []


@pytest.mark.parametrize("decision", ["declined", "cancelled"])
async def test_an_order_that_came_to_nothing_keeps_nothing_for_ever(
    given: Given, session: AsyncSession, clock: Clock, decision: str
) -> None:
    await given.client("ADA", access_notes="4471")
    await given.product()
    await add_order(session, "ADA", decision)
    clock.move(days=31)
    assert await purge(session, clock) == ["ADA"]


async def test_a_draft_keeps_them_for_as_long_as_notes_are_young(
    given: Given, session: AsyncSession, clock: Clock
) -> None:
    await given.client("ADA", access_notes="4471")
    await given.product()
    clock.move(days=31)
    await add_order(session, "ADA", "draft")
    await session.execute(text("UPDATE equipment_order SET made_at = :at"), {"at": clock.now})
    assert await purge(session, clock) == []
    clock.move(days=31)
    assert await purge(session, clock) == ["ADA"]


async def test_what_is_reserved_or_to_be_collected_keeps_them(
    given: Given, query: Query, session: AsyncSession, clock: Clock
) -> None:
    for name in ("ADA", "BEA"):
        await given.client(name, access_notes="4471")
    await given.reservation(client="ADA", days=60)
    lent = await given.loan(await given.item(product=await given.product(returnable=False)), client="BEA")
    await given.collection(lent.barcode, client="BEA")
    clock.move(days=31)
    assert await purge(session, clock) == []
    assert await kept(query) == ["ADA", "BEA"]


async def test_what_is_gone_is_not_offered(technician: Browser, given: Given) -> None:
    ada = await given.client("ADA", access_notes="4471")
    await given.scan((await given.loan(client=ada)).barcode)
    page = await technician.get("/clients/ADA")
    assert page.soup.select_one('form[action="/clients/ADA/access"]') is None
