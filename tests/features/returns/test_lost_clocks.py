"""A device whose clock is lost still brings the item back, and breaks nobody's list."""

from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.given import Given


@pytest.mark.parametrize(
    "claimed",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1999-12-31T23:59:59Z", "2026-03-02T15:05:01Z"],
)
async def test_a_time_that_cannot_be_is_not_kept(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, claimed: str
) -> None:
    loan = await given.loan()
    scans = [
        {"scan_id": str(uuid4()), "barcode": barcode, "scanned_at": claimed}
        for barcode in (loan.barcode, "NOBODYS-BOX")
    ]
    answer = await as_technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans})
    assert [result["outcome"] for result in answer.json()["results"]] == ["accepted", "unknown"]
    for result in answer.json()["results"]:
        assert [warning["code"] for warning in result["warnings"]] == ["clock-wrong"]
    assert [result["code"] for result in answer.json()["results"]] == ["clock-wrong", "unknown-barcode"]
    listed = await as_manager.get("/api/v1/returns/unmatched")
    assert listed.status_code == 200
    assert listed.json()["items"][-1]["scanned_at"] is None


async def test_a_clock_that_is_a_little_fast_or_a_scan_that_waited_long_is_believed(
    as_technician: AsyncClient, given: Given
) -> None:
    for claimed in ("2026-03-02T15:04:59Z", "2025-11-02T08:00:00Z"):
        loan = await given.loan()
        scans = [{"scan_id": str(uuid4()), "barcode": loan.barcode, "scanned_at": claimed}]
        answer = await as_technician.post("/api/v1/returns/scans", json={"store": "MAIN", "scans": scans})
        [result] = answer.json()["results"]
        assert (result["outcome"], result["code"], result["warnings"]) == ("accepted", None, [])
