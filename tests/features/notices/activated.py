"""A notice in force, as its activation writes it. To be replaced by the verbs that enter and activate a scope."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from httpx import AsyncClient
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import rematching
from app.domain.notice_work import Cause, Handling
from app.models import NoticeActivation, NoticeScope
from app.notice_matches import InForce

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
    """What entering the scope by `safety` and its activation by `safety2` write."""
    number = 1 + (await session.execute(
        text("SELECT count(*) FROM notice_scope WHERE notice_id = :id"), {"id": notice_id}
    )).scalar_one()  # fmt: skip
    digest = f"{notice_id}-{number}-{at.isoformat()}"
    scope = {"notice_id": notice_id, "number": number, "notice_version": 1, "lines": list(lines), "digest": digest}
    scope |= {"handling": handling, "drafted_at": at - timedelta(hours=1), "drafted_by": "safety"}
    made = await session.execute(insert(NoticeScope).values(**scope).returning(col(NoticeScope.id)))
    scope_id = made.scalar_one()
    there = (await session.execute(
        text("SELECT reference, title FROM safety_notice WHERE id = :id"), {"id": notice_id}
    )).one()  # fmt: skip
    notice = InForce(notice_id, there.reference, there.title, False, scope_id, number, digest, handling)
    cause = Cause.ACTIVATION if number == 1 else Cause.NEW_SCOPE
    asked = await rematching.ask_register(session, notice, cause=cause, actor="safety2", at=at)
    counts = {name: getattr(asked.counts, name) for name in ("affected", "possible", "not_affected")}
    activation = {"notice_id": notice_id, "scope_id": scope_id, "scope_author": "safety", **counts}
    await session.execute(insert(NoticeActivation).values(**activation, activated_at=at, activated_by="safety2"))
    await session.execute(text("UPDATE safety_notice SET state = 'active' WHERE id = :id"), {"id": notice_id})
    await session.commit()
