"""Sending a file to the API, and where its faults are."""

from typing import Any

from httpx import AsyncClient


async def send(client: AsyncClient, text: str, kind: str = "items", **asked: Any) -> tuple[int, dict[str, Any]]:
    """Send a file to the API: the status and what was answered."""
    answer = await client.post(
        f"/api/v1/imports/{kind}", content=text.encode(), headers={"Content-Type": "text/csv"}, params=asked
    )
    return answer.status_code, answer.json()


def faults(report: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Where the faults are."""
    return [(one["row"], one["column"], one["code"]) for one in report["faults"]]
