"""Collections by scan: what the driver took from clients onto the van, sent at once or hours later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, safety
from app.domain.access import StoreRef
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound, RuleError
from app.domain.lifecycle import State
from app.domain.scanning import TO_THE_STORE, why_not_collected
from app.models import ScanKind, ScanOutcome
from app.web.results import HoldBody, ItemResult, Step, refused
from app.web.scan_repeats import acknowledge_again
from app.web.scans import (
    KEEP,
    Scan,
    ScanResult,
    answer,
    answer_each,
    read_tags,
    refuse_what_moved_since,
    to_keep,
)

LINES = text("""
    SELECT item.barcode, line.id, line.picked_up_at, collection.number, loan.started_at
    FROM item JOIN collection_line AS line ON line.item_id = item.id
    JOIN collection ON collection.id = line.collection_id JOIN loan ON loan.id = line.loan_id
    WHERE item.barcode = ANY(:barcodes) AND line.collected_at IS NULL AND line.cancelled_at IS NULL
""")
PICK_UP = text("""
    UPDATE collection_line SET picked_up_at = now.at, picked_up_by = :actor
    FROM unnest(CAST(:lines AS bigint[]), CAST(:ats AS timestamptz[])) AS now (id, at)
    WHERE collection_line.id = now.id
""")


async def scan_collections(
    session: AsyncSession, scans: Sequence[Scan], *, store: StoreRef, prefix: str, actor: str, at: datetime
) -> list[ScanResult]:
    """Record what was taken onto the van, in one transaction; one result per scan, in order. Idempotent by scan id.

    The loan goes on until the item is scanned in at a store; until then its line says since when it is on the van. What
    no collection waits for is refused, with what to do with it, and kept for the manager. Never raises for what a
    scanner may send. Eight statements; one more when some came before, three more when some had waited, and those of
    `safety.put_in_question`.
    """

    async def take(fresh: list[Scan]) -> dict[UUID, ScanResult]:
        return await _pick_up(session, fresh, prefix=prefix, actor=actor, at=at) if fresh else {}

    return await answer_each(session, scans, take, kind=ScanKind.COLLECTION, store=store, actor=actor, at=at)


async def _pick_up(
    session: AsyncSession, scans: list[Scan], *, prefix: str, actor: str, at: datetime
) -> dict[UUID, ScanResult]:
    tags, results = read_tags(scans, prefix=prefix)
    items = await ledger.read_items(session, list(tags.values()), lock=True)
    results |= await refuse_what_moved_since(session, scans, tags, ends_loans=True, actor=actor, at=at)
    lines = {row.barcode: row for row in await session.execute(LINES, {"barcodes": list(tags.values())})}
    taken: dict[str, tuple[Any, datetime]] = {}
    here = [items[tag] for tag in dict.fromkeys(tags.values()) if tag in items]
    strange = await safety.put_in_question(session, here, how="Scanned as taken from a client", actor=actor, at=at)
    for scan in scans:
        tag = tags.get(scan.scan_id)
        if tag is None:
            continue
        line, item = lines.get(tag), items.get(tag)
        if line and item and item.state is State.AWAITING_COLLECTION and not line.picked_up_at and tag not in taken:
            taken[tag] = (line, _when(scan, line.started_at, at))
            results[scan.scan_id] = _picked_up(item, line.number)
        else:
            item = strange.get(tag, item)
            error = _why_not(item, is_on_a_list=line is not None)
            results[scan.scan_id] = refused(tag, error, item, reader=actor, on=uk_date(at))
    if taken:
        values = {"lines": [line.id for line, _ in taken.values()], "ats": [when for _, when in taken.values()]}
        await session.execute(PICK_UP, values | {"actor": actor})
        acts = [(f"collection:{line.number}", {"barcode": tag}) for tag, (line, _) in taken.items()]
        await audit.record_each(session, "collection_picked_up", acts, actor=actor, at=at)
    answers = {scan.scan_id: answer(scan, results[scan.scan_id]) for scan in scans}
    answers = await acknowledge_again(
        session, scans, answers, kind=ScanKind.COLLECTION, prefix=prefix, actor=actor, at=at
    )
    await session.execute(KEEP, {"answers": to_keep(answers)})
    return answers


def _picked_up(item: ledger.ItemRecord, number: str) -> ItemResult:
    return ItemResult(
        barcode=item.barcode,
        outcome=ScanOutcome.ACCEPTED,
        detail=f"Collection {number}.",
        state=item.state,
        product_name=item.product_name,
        next_step=Step(route=TO_THE_STORE.route, text=TO_THE_STORE.text),
        holds=[HoldBody(kind=hold.kind.value, reason=hold.reason) for hold in item.evidence.holds],
    )


def _why_not(item: ledger.ItemRecord | None, *, is_on_a_list: bool) -> RuleError:
    if item is None:
        return NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    if is_on_a_list and item.state is State.AWAITING_COLLECTION:
        return Conflict("already-collected", "It was scanned as collected before: by the record it is on the van.")
    return why_not_collected(item.state)


def _when(scan: Scan, lent_at: datetime, at: datetime) -> datetime:
    """When it was taken: as scanned, but not before the client had it, nor after now."""
    said = scan.scanned_at if scan.scanned_at and scan.is_measured else at
    return min(max(said, lent_at), at)
