"""A safety notice that is entered, found to be relevant, given a scope and put into force, all by the API."""

from typing import Any
from urllib.parse import quote

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

REFERENCE = "MDA/2015/025"
TITLE = "Harbour hoists: the boom may crack"


def here(reference: str = REFERENCE) -> str:
    """Where the notice is in the API."""
    return f"/api/v1/safety-notices/{quote(reference, safe='')}"


def line(effect: str = "include", **asked: Any) -> dict[str, Any]:
    """A line of a scope."""
    return {"effect": effect, **asked}


async def relevant(client: AsyncClient, reference: str = REFERENCE) -> str:
    """A notice that concerns us; returns where it is."""
    facts = {"reference": reference, "kind": "devices", "title": TITLE, "issuer": "MHRA", "issued_on": "2026-02-20"}
    entered = await client.post("/api/v1/safety-notices", json=facts | {"body": "Models KS1019, AB1000 to AB1999."})
    assert entered.status_code == 201, entered.text
    said = {"decision": "relevant", "reason": "We lend such hoists."}
    assert (await client.post(f"{here(reference)}/triage", json=said)).status_code == 200
    return here(reference)


async def drafted(client: AsyncClient, *lines: dict[str, Any], reference: str = REFERENCE, **more: Any) -> str:
    """Its scope, as a draft; the notice is made where there is none."""
    if (await client.get(here(reference))).status_code == 404:
        await relevant(client, reference)
    answer = await client.put(f"{here(reference)}/scope", json={"lines": list(lines), **more})
    assert answer.status_code == 200, answer.text
    return here(reference)


async def activated(
    author: AsyncClient, other: AsyncClient, *lines: dict[str, Any], reference: str = REFERENCE, **more: Any
) -> dict[str, Any]:
    """In force; returns the counts."""
    where = await drafted(author, *lines, reference=reference, **more)
    answer = await other.post(f"{where}/activate", json={})
    assert answer.status_code == 200, answer.text
    counts: dict[str, Any] = answer.json()
    return {name: counts[name] for name in ("affected", "possible", "not_affected")}


async def matches(client: AsyncClient, reference: str = REFERENCE, **asked: str) -> list[dict[str, Any]]:
    """What it covers."""
    answer = await client.get(f"{here(reference)}/matches", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def results(client: AsyncClient, reference: str = REFERENCE) -> dict[str, tuple[str, str]]:
    """Of each item that it covers or covered, the result and the cause, by barcode."""
    return {row["barcode"]: (row["result"], row["cause"]) for row in await matches(client, reference)}


async def finish(session: AsyncSession, outcome: str) -> None:
    """As the work on the items ends: each with an outcome, its hold lifted, and the notice closed."""
    for statement in (
        "UPDATE hold SET lifted_at = now(), lifted_by = 'safety', lift_reason = 'x' WHERE lifted_at IS NULL",
        "UPDATE notice_match SET finished_at = now(), finished_by = 'safety', outcome = :outcome",
        "INSERT INTO notice_closing (notice_id, counts, asked_at, asked_by, closed_at, closed_by) "
        "SELECT notice_id, '{}', activated_at, 'safety', activated_at, 'safety2' FROM notice_activation",
        "UPDATE safety_notice SET state = 'closed'",
    ):
        await session.execute(text(statement), {"outcome": outcome} if ":outcome" in statement else {})
    await session.commit()
