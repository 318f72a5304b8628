"""The returns desk: scans in, each with all its consequences, in six statements for one and for five hundred."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger
from app.consequences import OF_A_RETURN
from app.domain.access import StoreRef
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound
from app.domain.lifecycle import Move
from app.domain.scanning import check_was_out
from app.models import ScanOutcome
from app.web.results import ItemResult, accepted, refused
from app.web.scans import Scan, ScanResult, answer_of, raw_of, read_labels, repeat_of

UNMATCHED = frozenset({ScanOutcome.REFUSED, ScanOutcome.UNKNOWN})


# The scan ids are claimed in their own order, before any item is locked: two devices that drain the same queue wait
# for each other here and cannot block each other for ever.
CLAIM = text("""
    INSERT INTO return_scan (scan_id, raw, store_id, scanned_at, received_at, received_by)
    SELECT scan_id, raw, :store_id, scanned_at, :at, :actor
    FROM jsonb_to_recordset(CAST(:scans AS jsonb)) AS scan (scan_id uuid, raw text, scanned_at timestamptz)
    ORDER BY scan_id
    ON CONFLICT (scan_id) DO NOTHING
    RETURNING scan_id
""")

EARLIER = text("SELECT scan_id, raw, result FROM return_scan WHERE scan_id = ANY(:scan_ids)")

# Everything that a return means besides the movement itself, and the answers that a replay will get.
CONSEQUENCES = text(f"""
    {OF_A_RETURN}
    UPDATE return_scan SET outcome = answer.outcome, result = answer.result
    FROM jsonb_to_recordset(CAST(:answers AS jsonb)) AS answer (scan_id uuid, outcome text, result jsonb)
    WHERE return_scan.scan_id = answer.scan_id
""")  # noqa: S608 - the part is a constant


async def scan_returns(
    session: AsyncSession, scans: Sequence[Scan], *, store: StoreRef, prefix: str, actor: str, at: datetime
) -> list[ScanResult]:
    """Take back what was scanned, in one transaction; one result per scan, in order.

    Idempotent by scan id: a scan that was taken before is a `duplicate` with the answer of then. A returned item's loan
    and collection line are closed and its decontamination is opened. What is refused or unknown is kept for the
    manager to reconcile. Never raises for what a scanner may send. Five statements, six when some came before.
    """
    first: dict[UUID, Scan] = {}
    for scan in scans:
        first.setdefault(scan.scan_id, scan)
    fresh = await _claim(session, list(first.values()), store=store, actor=actor, at=at)
    answers = await _take_back(
        session, [first[scan_id] for scan_id in first if scan_id in fresh], store, prefix, actor, at
    )
    earlier = await _earlier(session, [scan_id for scan_id in first if scan_id not in fresh])
    results = []
    for scan in scans:
        fresh_now = scan.scan_id in fresh
        fresh.discard(scan.scan_id)
        if fresh_now:
            results.append(answers[scan.scan_id])
        else:
            results.append(
                repeat_of(scan, earlier.get(scan.scan_id) or (raw_of(first[scan.scan_id]), answers[scan.scan_id]))
            )
    return results


async def reconcile(session: AsyncSession, numbers: Sequence[int], *, note: str, actor: str, at: datetime) -> None:
    """The manager has dealt with scans that were refused or unknown: all of them, or none when one cannot be.

    Raises NotFound `unknown-scan`, Conflict `already-reconciled`.
    """
    find = text("SELECT id, reconciled_by, outcome FROM return_scan WHERE id = ANY(:numbers) ORDER BY id FOR UPDATE")
    found = (await session.execute(find, {"numbers": sorted(set(numbers))})).all()
    if len(found) < len(set(numbers)) or any(one.outcome not in UNMATCHED for one in found):
        raise NotFound("unknown-scan", "There is no such scan to reconcile.")
    done = [one for one in found if one.reconciled_by]
    if done:
        raise Conflict("already-reconciled", _done_already(done[0].reconciled_by, len(done), len(found)))
    write = text(
        "UPDATE return_scan SET reconciled_at = :at, reconciled_by = :actor, reconciled_note = :note "
        "WHERE id = ANY(:numbers)"
    )
    await session.execute(write, {"at": at, "actor": actor, "note": note, "numbers": [one.id for one in found]})
    for one in found:
        await audit.record(session, "scan_reconciled", f"scan:{one.id}", actor=actor, at=at, note=note)


def _done_already(who: str, done: int, asked: int) -> str:
    if asked == 1:
        return f"{who} has dealt with this scan already."
    which = f"{done} of these scans" if done > 1 else "one of these scans"
    return f"{who} has dealt with {which} already. Nothing was changed. Tick those that are left, and send again."


async def _claim(
    session: AsyncSession, scans: Sequence[Scan], *, store: StoreRef, actor: str, at: datetime
) -> set[UUID]:
    lines = [
        {
            "scan_id": str(scan.scan_id),
            "raw": raw_of(scan),
            "scanned_at": scan.scanned_at and scan.scanned_at.isoformat(),
        }
        for scan in scans
    ]
    rows = await session.execute(CLAIM, {"scans": json.dumps(lines), "store_id": store.id, "actor": actor, "at": at})
    return set(rows.scalars())


async def _take_back(
    session: AsyncSession, scans: Sequence[Scan], store: StoreRef, prefix: str, actor: str, at: datetime
) -> dict[UUID, ScanResult]:
    tags, results = read_labels(scans, prefix=prefix)
    reference = f"scan {scans[0].scan_id}" if len(scans) == 1 else f"{len(scans)} scans"
    moved, turned_away = (
        await ledger.move(
            session, list(tags.values()), Move.RETURN, actor=actor, at=at, store_id=store.id, reference=reference
        )
        if tags
        else ([], [])
    )
    taken = {one.item.barcode: one for one in moved}
    refusals = {
        one.barcode: _as_seen_at_the_desk(one, actor, uk_date(at)) for one in turned_away if one.barcode not in taken
    }
    for scan_id, tag in tags.items():
        one = taken.pop(tag, None)
        results[scan_id] = accepted(one) if one else _second_time(tag, refusals, moved)
    answers = {scan.scan_id: answer_of(scan, results[scan.scan_id]) for scan in scans}
    said = {tags[scan.scan_id]: scan.condition for scan in scans if scan.scan_id in tags and scan.condition}
    conditions = {one.item.id: said[one.item.barcode] for one in moved if one.item.barcode in said}
    await _write_consequences(session, [one.item.id for one in moved], conditions, answers, actor=actor, at=at)
    return answers


def _as_seen_at_the_desk(one: ledger.Refused, reader: str, on: date) -> ItemResult:
    error = check_was_out(one.item.state, one.error) if one.item else one.error
    return refused(one.barcode, error, one.item, reader=reader, on=on)


def _second_time(tag: str, refusals: dict[str, ItemResult], moved: Sequence[ledger.Moved]) -> ItemResult:
    """The same label came twice in one burst under two scan ids: the second is told what became of the first."""
    if tag in refusals:
        return refusals[tag]
    one = next(one for one in moved if one.item.barcode == tag)
    now = replace(one.item, evidence=one.evidence)
    return refused(tag, check_was_out(one.state, Conflict("already-returned", "")), now)


async def _write_consequences(
    session: AsyncSession,
    item_ids: list[int],
    conditions: dict[int, str],
    answers: dict[UUID, ScanResult],
    *,
    actor: str,
    at: datetime,
) -> None:
    if not answers:
        return
    lines = [
        {"scan_id": str(scan_id), "outcome": answer.outcome.value, "result": answer.model_dump(mode="json")}
        for scan_id, answer in answers.items()
    ]
    notes = [{"item_id": item_id, "condition": condition} for item_id, condition in conditions.items()]
    values: dict[str, Any] = {"item_ids": item_ids, "answers": json.dumps(lines), "conditions": json.dumps(notes)}
    await session.execute(CONSEQUENCES, values | {"actor": actor, "at": at})


async def _earlier(session: AsyncSession, scan_ids: list[UUID]) -> dict[UUID, tuple[str, ScanResult]]:
    if not scan_ids:
        return {}
    rows = await session.execute(EARLIER, {"scan_ids": scan_ids})
    return {row.scan_id: (row.raw, ScanResult.model_validate(row.result)) for row in rows}
