"""A notice of a made-up maker, found to be relevant and put into force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.notice_work import Handling
from app.features.notices import scopes

NOTICES = "/api/v1/safety-notices"
REFERENCE = "FSN 2026-07"
HERE = f"{NOTICES}/FSN%202026-07"
LETTER = {
    "reference": REFERENCE,
    "kind": "field-safety-notice",
    "title": "Harbour Beds Community 3: the side rail may drop",
    "issuer": "Harbour Beds",
    "issued_on": "2026-02-20",
    "body": "Serial numbers 1000 to 1999 of Community 3.\nCheck each rail.",
    "underway_by": "2026-03-06",
    "complete_by": "2026-04-30",
}
QUESTION = "Is the catch of the side rail of brass?"


def line(model: str = "Community 3", **where: Any) -> dict[str, Any]:
    """An include line about one model."""
    return {"effect": "include", "manufacturers": ["Harbour Beds"], "models": [model], "product_codes": [],
            "categories": [], **({"where": where} if where else {})}  # fmt: skip


async def relevant(client: AsyncClient, **changes: Any) -> int:
    """The notice of the letter, triaged; returns its number."""
    answer = await client.post(NOTICES, json=LETTER | changes)
    assert answer.status_code == 201, answer.text
    notice = answer.json()
    why = {"decision": "relevant", "reason": "We lend these beds to people at home.", "search": ["Community 3"]}
    assert (await client.post(f"{NOTICES}/{notice['reference']}/triage", json=why)).status_code == 200
    return int(notice["id"])


async def activate(
    session: AsyncSession,
    notice_id: int,
    lines: Sequence[dict[str, Any]],
    *,
    at: datetime,
    handling: Handling = Handling.QUARANTINE,
) -> None:
    """Its scope is entered by `safety` and put into force by `safety2`."""
    await scopes.draft_scope(session, notice_id, list(lines), handling=handling, actor="safety", at=at)
    await scopes.activate(session, notice_id, actor="safety2", at=at)
    await session.commit()
