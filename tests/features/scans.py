"""Batches of scans as a device sends them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from httpx import AsyncClient


def batch(*barcodes: str, at: datetime, sent_at: datetime | None = None, **each: Any) -> dict[str, Any]:
    """Scans of these labels made at `at` by the device's clock; `sent_at`: what that shows as it sends them."""
    scans = [
        {"scan_id": str(uuid4()), "barcode": barcode, "scanned_at": (at + timedelta(seconds=place)).isoformat()} | each
        for place, barcode in enumerate(barcodes)
    ]
    return {"store": "MAIN", "scans": scans} | ({"sent_at": sent_at.isoformat()} if sent_at else {})


async def send(client: AsyncClient, kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Send them to `returns`, `deliveries` or `collections`; each must be answered, in order, with a next step."""
    answer = await client.post(f"/api/v1/{kind}/scans", json=body)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [one["scan_id"] for one in results] == [str(sent.get("scan_id")) for sent in body["scans"]]
    for one in results:
        assert one["next_step"]["text"].endswith("."), one
    return results


def said(results: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """What became of each."""
    return [(one["outcome"], one["code"]) for one in results]
