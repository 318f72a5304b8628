"""What a panel had before it when it decided: opened again, and its hash made again, for whoever may read the case and
for auditors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Actor, Permission
from app.domain.errors import NotFound
from app.domain.panel import DecisionKind
from app.features.panel.cases import digest_of
from app.features.panel.decision_schemas import FrozenBody, FrozenRow
from app.features.panel.frozen_pdf import Frozen, frozen_pdf
from app.features.panel.records import CaseRecord, read_case

MADE = text("""
    SELECT id AS number, kind, reasons, decided_at, decided_by, digest, seen FROM panel_decision
    WHERE case_id = :case_id AND id = :decision_id
""")
FILES = text("SELECT sha256, content FROM kept_file WHERE sha256 = ANY(:hashes)")
ALL = text("""
    SELECT made.id, brought.number AS case, panel.name AS panel_name, made.kind AS decision, made.decided_at,
           made.digest
    FROM panel_decision AS made JOIN panel_case AS brought ON brought.id = made.case_id
    JOIN panel ON panel.id = brought.panel_id
    WHERE made.id < :before ORDER BY made.id DESC LIMIT :limit
""")
# What was kept is what the audit trail signed; a decision of before its hash was written there is signed by its number.
KEPT = text("""
    SELECT 'Decision ' || made.id || ' of panel case ' || brought.number AS name, seen AS content, digest, EXISTS (
        SELECT FROM audit_event WHERE action IN ('panel_decided', 'panel_chair_acted')
          AND subject = 'panel_case:' || brought.number AND detail ->> 'number' = made.id::text
          AND COALESCE(detail ->> 'digest', digest) = digest
    ) AS is_signed
    FROM panel_decision AS made JOIN panel_case AS brought ON brought.id = made.case_id
    UNION ALL
    SELECT 'Version ' || version.number || ' of panel case ' || brought.number, content, digest, EXISTS (
        SELECT FROM audit_event WHERE action = 'panel_case_submitted' AND subject = 'panel_case:' || brought.number
          AND detail ->> 'digest' = digest)
    FROM panel_case_version AS version JOIN panel_case AS brought ON brought.id = version.case_id
    ORDER BY name
""")
READ: Final = "panel_frozen_papers_read"


@dataclass(frozen=True, slots=True)
class Opened:
    """A decision's papers with the case that they are about."""

    case: CaseRecord
    body: FrozenBody


async def open_papers(session: AsyncSession, number: str, decision_id: int, *, actor: Actor, at: datetime) -> Opened:
    """The papers of a decision as they were frozen, with the hash that they have now; the reading is logged.

    Raises NotFound `unknown-case`, `unknown-decision`, NotAllowed `not-your-case`.
    """
    audits = actor.may(Permission.SEE_ALL_PANEL_PAPERS)
    case = await read_case(session, number, actor=actor.username, is_system=audits)
    values = {"case_id": case.id, "decision_id": decision_id}
    row = (await session.execute(MADE, values)).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-decision", "The case has no decision with this number.")
    again = digest_of(row["seen"])
    facts: dict[str, Any] = {"case": case.number, "decision": decision_id}
    await audit.record(session, READ, f"client:{case.row['client_ref']}", actor=actor.username, at=at, **facts)
    body = FrozenBody(
        **{name: row[name] for name in ("number", "reasons", "decided_at", "decided_by", "digest", "seen")},
        case=case.number,
        decision=DecisionKind(row["kind"]),
        digest_now=again,
        holds=again == row["digest"],
    )
    return Opened(case, body)


async def bind_papers(session: AsyncSession, opened: Opened, *, service: str, at: datetime) -> bytes:
    """The same as one PDF, with the attachments bound in by their hashes."""
    attached = opened.body.seen["case"].get("attachments", [])
    hashes = [one["sha256"] for one in attached]
    found = {row.sha256: row.content for row in await session.execute(FILES, {"hashes": hashes})}
    known = {one["number"]: one for one in opened.case.row["attachments"]}
    files: list[tuple[Mapping[str, Any], bytes]] = [
        (known[one["number"]] | one, found[one["sha256"]]) for one in attached
    ]
    frozen = Frozen(opened.case, opened.body, files)
    return await to_thread.run_sync(partial(frozen_pdf, frozen, service=service, at=at))


async def list_frozen(session: AsyncSession, *, before: int, limit: int) -> list[FrozenRow]:
    """Every decision of every panel, the newest first; `limit + 1` of them. Nothing of a person. One statement."""
    rows = (await session.execute(ALL, {"before": before, "limit": limit + 1})).mappings()
    return [FrozenRow(**row) for row in rows]


async def verify_papers(session: AsyncSession) -> tuple[int, str | None]:
    """How much was frozen for panels, and the first of it that is not what was signed."""
    held = 0
    async for row in (await session.stream(KEPT)).mappings():
        if digest_of(row["content"]) != row["digest"] or not row["is_signed"]:
            return held, row["name"]
        held += 1
    return held, None
