"""A hold that is placed while the item is being handed out: either comes first, and the record is true both ways."""

import asyncio

import pytest
from sqlalchemy import TextClause, text

from app.domain.clearance import HoldKind
from app.domain.lifecycle import State
from app.domain.loans import LoanKind
from app.features.loans import service as loans
from app.features.stock import service as stock
from tests.conftest import Scratch
from tests.problems import check_problem
from tests.races.chains import check_chains

pytestmark = pytest.mark.race


async def test_whoever_issues_while_a_hold_is_being_placed_waits_and_sees_it(scratch: Scratch) -> None:
    barcode, who = await scratch.given.item(), await scratch.given.client()
    ot = await scratch.sign_in("ot")
    async with scratch.database.sessions.begin() as session:
        await stock.place_hold(
            session, barcode, kind=HoldKind.FAULT, reason="Castor.", actor="safety", at=scratch.clock.now
        )
        issuing = asyncio.create_task(ot.post("/api/v1/loans", json={"barcode": barcode, "client_ref": who}))
        await asyncio.sleep(0.1)
        assert not issuing.done()
    check_problem(await issuing, 409, "on-hold")
    assert (await scratch.given.record(barcode)).state is State.IN_STOCK


async def test_whoever_places_a_hold_while_the_item_is_being_issued_waits_and_holds_it_at_the_clients(
    scratch: Scratch,
) -> None:
    barcode, who = await scratch.given.item(), await scratch.given.client()
    safety = await scratch.sign_in("safety")
    details = {"client_ref": who, "kind": LoanKind.LOAN, "trial_ends_on": None, "actor": "ot"}
    async with scratch.database.sessions.begin() as session:
        await loans.issue(session, barcode, **details, at=scratch.clock.now)  # type: ignore[arg-type]
        body = {"kind": "fault", "reason": "The castor is loose."}
        holding = asyncio.create_task(safety.post(f"/api/v1/items/{barcode}/holds", json=body))
        await asyncio.sleep(0.1)
        assert not holding.done()
    assert (await holding).status_code == 201
    record = await scratch.given.record(barcode)
    assert (record.state, len(record.evidence.holds)) == (State.ON_LOAN, 1)


@pytest.mark.parametrize("way", ["issue", "reserve", "release"])
async def test_after_a_hold_was_answered_nothing_goes_out(scratch: Scratch, way: str) -> None:
    manager, safety = await scratch.sign_in("manager"), await scratch.sign_in("safety")
    for turn in range(8):
        who = await scratch.given.client()
        barcode = await scratch.given.item(State.AWAITING_INSPECTION if way == "release" else State.IN_STOCK)
        if way == "release":
            await scratch.given.inspected(barcode)
        calls = {
            "issue": ("/api/v1/loans", {"barcode": barcode, "client_ref": who}),
            "reserve": ("/api/v1/reservations", {"barcode": barcode, "client_ref": who, "until": "2026-03-09"}),
            "release": (f"/api/v1/items/{barcode}/release", {}),
        }
        url, body = calls[way]
        answered = asyncio.Event()

        async def hold(barcode: str, answered: asyncio.Event, after: float) -> None:
            await asyncio.sleep(after)
            placed = await safety.post(
                f"/api/v1/items/{barcode}/holds", json={"kind": "fault", "reason": "The castor is loose."}
            )
            assert placed.status_code == 201, placed.text
            answered.set()

        async def go_on(url: str, body: dict[str, str], answered: asyncio.Event) -> list[tuple[bool, int]]:
            told = []
            for _ in range(6):
                was_answered = answered.is_set()
                told.append((was_answered, (await manager.post(url, json=body)).status_code))
            return told

        holding = asyncio.create_task(hold(barcode, answered, turn * 0.004))
        told = await asyncio.gather(*(go_on(url, body, answered) for _ in range(3)))
        await holding
        assert all(status >= 400 for goes in told for was_answered, status in goes if was_answered)
        assert [status < 300 for goes in told for _, status in goes].count(True) <= 1
        check_problem(await manager.post(url, json=body), 409)
    await check_chains(scratch)


@pytest.mark.parametrize("ends_first", ["lifts", "places"])
async def test_of_two_who_write_holds_at_once_the_second_says_since_when_the_item_is_held(
    scratch: Scratch, ends_first: str
) -> None:
    """Without the lock that our own verbs take before: what is kept beside the item does not depend on it."""
    await scratch.given.item()
    place = text(
        "INSERT INTO hold (item_id, kind, reason, placed_at, placed_by) "
        "SELECT id, 'fault', 'The castor is loose.', now(), 'x' FROM item"
    )
    lift = text(
        "UPDATE hold SET lifted_at = now(), lifted_by = 'x', lift_reason = 'x' WHERE id = (SELECT min(id) FROM hold)"
    )
    first, second = (lift, place) if ends_first == "lifts" else (place, lift)

    async def write(statement: TextClause) -> None:
        async with scratch.database.sessions.begin() as session:
            await session.execute(statement)

    await write(place)
    async with scratch.database.sessions.begin() as session:
        await session.execute(first)
        other = asyncio.create_task(write(second))
        await asyncio.sleep(0.1)
        assert not other.done()
    await other
    said = (
        "SELECT held_since = (SELECT min(placed_at) FROM hold WHERE item_id = item.id AND lifted_at IS NULL) FROM item"
    )
    async with scratch.database.sessions.begin() as session:
        assert await session.scalar(text(said))


async def test_many_who_place_and_lift_at_once_leave_it_as_its_holds_say(scratch: Scratch) -> None:
    barcodes = [await scratch.given.item() for _ in range(3)]
    safety = await scratch.sign_in("safety")

    async def place_and_lift(turn: int) -> None:
        url = f"/api/v1/items/{barcodes[turn % 3]}/holds"
        placed = await safety.post(url, json={"kind": "fault", "reason": f"The castor is loose, {turn}."})
        assert placed.status_code == 201, placed.text
        if turn % 5:
            lifted = await safety.delete(f"{url}/{placed.json()['id']}", params={"reason": "The castor was mended."})
            assert lifted.status_code < 300, lifted.text

    await asyncio.gather(*(place_and_lift(turn) for turn in range(18)))
    wrong = (
        "SELECT count(*) FROM item LEFT JOIN (SELECT item_id, min(placed_at) AS since FROM hold "
        "WHERE lifted_at IS NULL GROUP BY item_id) AS told ON told.item_id = item.id "
        "WHERE item.held_since IS DISTINCT FROM told.since"
    )
    async with scratch.database.sessions.begin() as session:
        assert await session.scalar(text(wrong)) == 0
