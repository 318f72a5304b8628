"""A device whose clock is lost ends no loan, brings back what is not lent, and breaks nobody's list."""

from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query
from tests.features.scans import batch, send
from tests.given import Given


@pytest.mark.parametrize(
    "claimed",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1999-12-31T23:59:59Z", "2026-03-02T15:05:01Z"],
)
async def test_a_time_that_cannot_be_is_not_kept(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, claimed: str
) -> None:
    back = await given.item(State.DISPATCHED)
    scans = [{"scan_id": str(uuid4()), "barcode": barcode, "scanned_at": claimed} for barcode in (back, "NOBODYS-BOX")]
    answer = await as_technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans})
    assert [result["outcome"] for result in answer.json()["results"]] == ["accepted", "unknown"]
    for result in answer.json()["results"]:
        assert [warning["code"] for warning in result["warnings"]] == ["clock-wrong"]
    assert [result["code"] for result in answer.json()["results"]] == ["clock-wrong", "unknown-barcode"]
    listed = await as_manager.get("/api/v1/returns/unmatched")
    assert listed.status_code == 200
    assert listed.json()["items"][-1]["scanned_at"] is None


@pytest.mark.parametrize("zone", ["+16:00", "-16:00", "+23:59", "-23:59"])
async def test_a_zone_that_is_nowhere_on_earth_loses_no_scan(
    as_technician: AsyncClient, given: Given, clock: Clock, zone: str
) -> None:
    odd, plain = [await given.loan() for _ in range(2)]
    clock.move(days=3)
    scans = [
        {"scan_id": str(uuid4()), "barcode": loan.barcode, "scanned_at": f"2026-03-05T10:00:00{of}"}
        for loan, of in ((odd, zone), (plain, "Z"))
    ]
    answer = await as_technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans})
    assert answer.status_code == 200
    assert {result["outcome"] for result in answer.json()["results"]} == {"accepted"}


async def test_a_clock_that_is_a_little_fast_or_a_scan_that_waited_long_is_believed(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    loans = [await given.loan() for _ in range(2)]
    clock.move(days=20)
    for loan, claimed in zip(loans, ("2026-03-22T14:06:59Z", "2026-03-03T08:00:00Z"), strict=True):
        scans = [{"scan_id": str(uuid4()), "barcode": loan.barcode, "scanned_at": claimed}]
        answer = await as_technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans})
        [result] = answer.json()["results"]
        assert (result["outcome"], result["code"], result["warnings"]) == ("accepted", None, [])


@pytest.mark.parametrize("says_its_clock", [False, True])
@pytest.mark.parametrize(("ago", "is_doubted"), [(timedelta(days=90), False), (timedelta(days=91), True)])
async def test_a_scan_of_long_ago_is_taken_and_doubted_aloud(
    as_technician: AsyncClient,
    given: Given,
    clock: Clock,
    query: Query,
    *,
    ago: timedelta,
    is_doubted: bool,
    says_its_clock: bool,
) -> None:
    lent = await given.loan()
    body = batch(lent.barcode, at=clock.now - ago) | ({"sent_at": clock.now.isoformat()} if says_its_clock else {})
    clock_was = clock.now - ago
    [result] = await send(as_technician, "returns", body)
    if says_its_clock:
        # By a clock that is right now it was made before the item went out.
        assert (result["outcome"], result["code"]) == ("refused", "moved-since-scan")
    else:
        assert (result["outcome"], result["state"]) == ("accepted", "returned")
    told = [warning["code"] for warning in result["warnings"]]
    assert told == (["scanned-long-ago"] if is_doubted else [])
    if is_doubted:
        assert "so long ago that its clock may be wrong" in result["warnings"][0]["detail"]
    [kept] = await query("SELECT scanned_at, device_scanned_at FROM return_scan")
    assert kept["scanned_at"] == clock_was
    assert kept["device_scanned_at"] == (clock_was if is_doubted else None)


@pytest.mark.parametrize(("behind", "how"), [(timedelta(days=1), "1 day slow"), (timedelta(hours=-5), "5 hours fast")])
async def test_a_clock_that_is_wrong_by_what_it_shows_as_it_sends_is_put_right_and_both_times_are_kept(
    as_technician: AsyncClient, given: Given, clock: Clock, query: Query, behind: timedelta, how: str
) -> None:
    loan = await given.loan()
    clock.move(hours=2)
    body = batch(loan.barcode, at=clock.now - behind)
    clock.move(hours=1)
    [result] = await send(as_technician, "returns", body | {"sent_at": (clock.now - behind).isoformat()})
    assert (result["outcome"], result["code"]) == ("accepted", "clock-wrong")
    assert result["detail"].startswith(f"The clock of this device is {how}. The time of this scan was put right.")
    [kept] = await query("SELECT scanned_at, device_scanned_at FROM return_scan")
    assert kept["scanned_at"] == clock.now - timedelta(hours=1)
    assert kept["device_scanned_at"] == kept["scanned_at"] - behind


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday", 17, None])
async def test_a_device_that_says_nothing_sensible_of_its_clock_still_brings_the_item_back(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, sent_at: object
) -> None:
    loan = await given.loan()
    body = batch(loan.barcode, "BOX", at=clock.now) | {"sent_at": sent_at}
    results = await send(as_technician, "returns", body)
    assert [result["outcome"] for result in results] == ["accepted", "unknown"]
    assert (await as_manager.get("/api/v1/returns/unmatched")).status_code == 200


async def test_a_return_that_waited_while_its_item_went_to_another_client_ends_no_loan(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    barcode = (await given.loan()).barcode
    clock.move(hours=1)
    waiting = batch(barcode, at=clock.now)
    clock.move(hours=1)
    await given.scan(barcode)
    clock.move(minutes=2)
    [shelved] = await send(as_technician, "returns", batch(barcode, at=clock.now, sent_at=clock.now))
    assert shelved["code"] == "already-returned"
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    await given.inspected(barcode)
    await given.released(barcode)
    clock.move(hours=1)
    await given.loan(barcode)
    clock.move(hours=1)
    [result] = await send(as_technician, "returns", waiting | {"sent_at": clock.now.isoformat()})
    assert (result["outcome"], result["code"], result["state"]) == ("refused", "moved-since-scan", "on_loan")
    assert result["next_step"]["route"] == "scan_again"
    assert len(await query("SELECT id FROM loan WHERE ended_at IS NULL")) == 1
    codes = [one["code"] for one in (await as_manager.get("/api/v1/returns/unmatched")).json()["items"]]
    assert "moved-since-scan" in codes
    # It is in somebody's hands after all: a scan of now says so.
    [now] = await send(as_technician, "returns", batch(barcode, at=clock.now, sent_at=clock.now))
    assert now["outcome"] == "accepted"


async def test_a_scan_that_is_older_than_the_loan_ends_neither_it_nor_the_notice_that_stops_its_use(
    as_technician: AsyncClient, as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    barcode, other = (await given.loan()).barcode, (await given.loan()).barcode
    clock.move(hours=1)
    waiting = batch(barcode, other, at=clock.now)
    clock.move(hours=1)
    await given.scan(barcode)
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    await given.inspected(barcode)
    await given.released(barcode)
    again = await given.loan(barcode)
    stopped = {"reason": "The brake slips.", "item_fault": "no"}
    assert (await as_ot.post(f"/api/v1/loans/{again.id}/stop-use", json=stopped)).status_code == 201
    clock.move(hours=1)
    # As the contract has it: nothing says what the device's clock shows. The scan of the other one is good.
    old, good = await send(as_technician, "returns", waiting)
    assert (old["outcome"], old["code"], old["state"]) == ("refused", "moved-since-scan", "on_loan")
    assert "If it is here now, scan it again" in old["detail"]
    assert (good["outcome"], good["state"]) == ("accepted", "returned")
    assert (await as_ot.get("/api/v1/stop-use-notices", params={"open": True})).json()["items"] != []
    [kept] = await query("SELECT outcome FROM return_scan WHERE result ->> 'code' = 'moved-since-scan'")
    assert kept["outcome"] == "refused"
    # Without any time it counts as made now; so does one that is made now.
    untimed = batch(barcode, at=clock.now)
    del untimed["scans"][0]["scanned_at"]
    [back] = await send(as_technician, "returns", untimed)
    assert (back["outcome"], back["state"]) == ("accepted", "returned")
    assert (await as_ot.get("/api/v1/stop-use-notices", params={"open": True})).json()["items"] == []
    assert await query("SELECT id FROM loan WHERE ended_at IS NULL") == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=30), timedelta(hours=3), timedelta(days=1)])
@pytest.mark.parametrize("sent_at", [False, True])
async def test_a_time_that_is_still_to_come_ends_no_loan_and_no_notice(
    as_technician: AsyncClient,
    as_ot: AsyncClient,
    given: Given,
    clock: Clock,
    query: Query,
    ahead: timedelta,
    sent_at: bool,
) -> None:
    lent = await given.loan()
    stopped = {"reason": "The brake slips.", "item_fault": "no"}
    assert (await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json=stopped)).status_code == 201
    body = batch(lent.barcode, at=clock.now + ahead)
    # Where the device says what its clock shows, the time is put right.
    if sent_at:
        clock.move(hours=1)
        [result] = await send(as_technician, "returns", body | {"sent_at": (clock.now + ahead).isoformat()})
        assert (result["outcome"], result["state"]) == ("accepted", "returned")
        return
    [result] = await send(as_technician, "returns", body)
    assert (result["outcome"], result["code"], result["state"]) == ("refused", "clock-wrong", "on_loan")
    assert result["next_step"]["route"] == "set_clock"
    assert await query("SELECT id FROM loan WHERE ended_at IS NOT NULL") == []
    assert len((await as_ot.get("/api/v1/stop-use-notices", params={"open": True})).json()["items"]) == 1
    [kept] = await query("SELECT raw, outcome FROM return_scan")
    assert kept == {"raw": lent.barcode, "outcome": "refused"}
    clock.move(minutes=5)
    [now] = await send(as_technician, "returns", batch(lent.barcode, at=clock.now))
    assert (now["outcome"], now["state"]) == ("accepted", "returned")


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(hours=3), timedelta(days=-40)])
async def test_a_time_that_cannot_be_brings_the_item_back_where_its_use_is_not_stopped(
    as_technician: AsyncClient, given: Given, clock: Clock, off: timedelta
) -> None:
    lent = await given.loan()
    clock.move(hours=1)
    [result] = await send(as_technician, "returns", batch(lent.barcode, at=clock.now + off))
    assert (result["outcome"], result["state"]) == ("accepted", "returned")
