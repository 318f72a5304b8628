"""A label that its scanner read twice: the second scan is kept as it came, acknowledged, and nobody's work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.kept_scans import DONE_BEFORE, SAME_SCAN, is_same_scan
from app.models import ScanKind, ScanOutcome
from app.web.scans import Scan, ScanResult, read_tags

JUST_NOW = "already-scanned"

# A scan came in after it was made, so what was made just before the oldest of these came in after that.
EARLIER = text("""
    SELECT result ->> 'barcode' AS tag, outcome, result ->> 'code' AS code,
           coalesce(scanned_at, received_at) AS made_at, received_at
    FROM return_scan
    WHERE received_by = :actor AND received_at >= :since AND kind = :kind
      AND scanned_into IS NOT DISTINCT FROM CAST(:into AS text)
      AND result ->> 'barcode' = ANY(:tags) AND scan_id <> ALL(:scan_ids)
""")
CLOSE = text("""
    UPDATE return_scan SET reconciled_at = :at, reconciled_by = :actor,
        reconciled_note = 'The same scan again: the first one stands.'
    WHERE scan_id = ANY(:scan_ids)
""")


@dataclass(frozen=True, slots=True)
class _Made:
    """One of the person's scans of an item, and what was said of it."""

    tag: str
    outcome: ScanOutcome
    code: str | None
    made_at: datetime
    received_at: datetime


async def acknowledge_again(
    session: AsyncSession,
    scans: Sequence[Scan],
    answers: Mapping[UUID, ScanResult],
    *,
    kind: ScanKind,
    into: str | None = None,
    prefix: str,
    actor: str,
    at: datetime,
) -> dict[UUID, ScanResult]:
    """The answers, where a refusal only says again what the same person was just told of the same item.

    What was accepted a moment before is a `duplicate`, `already-scanned`. What was refused for the same reason is
    refused again, as it is still in their hands, and closed: the manager has the first one. Labels that are not ours
    are left alone, since two things may carry the same one. No statement where nothing of ours was refused.
    """
    tags, _ = read_tags(scans, prefix=prefix)
    ours = [scan for scan in scans if scan.scan_id in tags]
    refusals = [scan for scan in ours if _is_refusal(answers[scan.scan_id])]
    if not refusals:
        return dict(answers)
    since = min(_made_at(scan, at) for scan in refusals) - SAME_SCAN
    about = {"actor": actor, "kind": kind.value, "into": into, "since": since}
    known = await _read_earlier(session, about, ours, {tags[scan.scan_id] for scan in refusals})
    said, closed = dict(answers), list[UUID]()
    for scan in ours:
        now, earlier = answers[scan.scan_id], known[tags[scan.scan_id]]
        before = [one for one in earlier if _is_again(scan, one, at)] if _is_refusal(now) else []
        if now.code in DONE_BEFORE and any(one.outcome is ScanOutcome.ACCEPTED for one in before):
            said[scan.scan_id] = _just_now(now)
        elif any(one.code == now.code for one in before):
            closed.append(scan.scan_id)
        earlier.append(_Made(tags[scan.scan_id], now.outcome, now.code, scan.scanned_at or at, at))
    if closed:
        await session.execute(CLOSE, {"scan_ids": closed, "actor": actor, "at": at})
    return said


def _is_refusal(said: ScanResult) -> bool:
    return said.outcome in {ScanOutcome.REFUSED, ScanOutcome.UNKNOWN}


def _made_at(scan: Scan, at: datetime) -> datetime:
    """When it was made, where that is to be believed; else when it came in."""
    return scan.scanned_at if scan.is_measured and scan.scanned_at else at


def _is_again(scan: Scan, earlier: _Made, at: datetime) -> bool:
    when = earlier.made_at if scan.is_measured else earlier.received_at
    return is_same_scan(_made_at(scan, at), when)


def _just_now(refusal: ScanResult) -> ScanResult:
    detail = "Already scanned just now. It was done once."
    return refusal.model_copy(update={"outcome": ScanOutcome.DUPLICATE, "code": JUST_NOW, "detail": detail})


async def _read_earlier(
    session: AsyncSession, about: Mapping[str, Any], scans: Sequence[Scan], tags: set[str]
) -> dict[str, list[_Made]]:
    """What the person had scanned of these items before, by tag."""
    known: dict[str, list[_Made]] = defaultdict(list)
    values = {**about, "tags": sorted(tags), "scan_ids": [scan.scan_id for scan in scans]}
    for row in await session.execute(EARLIER, values):
        made = _Made(row.tag, ScanOutcome(row.outcome), row.code, row.made_at, row.received_at)
        known[row.tag].append(made)
    return known
