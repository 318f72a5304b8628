"""Verbs of stocktakes: begin a count, scan into it, cancel it. Finishing it is in `finishing.py`."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger
from app.domain.access import Actor, StoreRef
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.hygiene import NextStep
from app.domain.lifecycle import IN_STORE, State
from app.domain.stocktakes import Difference, Place, bays_like, step_after_count
from app.features.stocktakes import differences, queries
from app.features.stocktakes.schemas import NewStocktake
from app.models import ScanKind, ScanOutcome
from app.web.results import HoldBody, ItemResult, Step, refused
from app.web.scan_repeats import acknowledge_again
from app.web.scans import KEEP, Scan, ScanResult, answer, answer_each, read_tags, to_keep

OVERLAPPING = text("""
    SELECT number, bay FROM stocktake
    WHERE store_id = :store_id AND finished_at IS NULL AND cancelled_at IS NULL
      AND (bay IS NULL OR CAST(:bay AS text) IS NULL OR lower(bay) = lower(:bay)) ORDER BY id LIMIT 1
""")
# What is on its way between stores says so in the place of its bay.
BAYS = text("""
    SELECT DISTINCT bay FROM item
    WHERE store_id = :store_id AND bay IS NOT NULL AND state = ANY(:in_store)
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.kind = 'in_transit'
                      AND hold.lifted_at IS NULL)
""")
BEGIN = text("""
    INSERT INTO stocktake (id, number, store_id, bay, started_at, started_by)
    OVERRIDING SYSTEM VALUE VALUES (:id, :number, :store_id, :bay, :at, :actor)
""")
# What is on its way between stores stands in neither.
EXPECT = text("""
    INSERT INTO stocktake_item (stocktake_id, item_id, expected_seq)
    SELECT :id, item.id, item.last_seq FROM item
    WHERE item.store_id = :store_id AND item.state = ANY(:in_store)
      AND (CAST(:bay AS text) IS NULL OR lower(item.bay) = lower(:bay))
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.kind = 'in_transit'
                      AND hold.lifted_at IS NULL)
""")
FIND = """
    SELECT count.id, count.number, count.store_id, store.code AS store, count.bay,
           count.started_at, count.finished_at, count.cancelled_at
    FROM stocktake AS count JOIN store ON store.id = count.store_id WHERE count.number = :number FOR
"""
# Lists of what has ended read no lines.
KEPT_NUMBERS = """
    (expected, counted) = (
        SELECT count(expected_seq), count(counted_at) FILTER (WHERE expected_seq IS NOT NULL)
        FROM stocktake_item WHERE stocktake_id = :id)
"""
CANCEL = text(f"UPDATE stocktake SET cancelled_at = :at, cancelled_by = :actor, {KEPT_NUMBERS} WHERE id = :id")  # noqa: S608 - a constant
# A scan that a device kept while it had no network was made before what has happened to the item since. Counted from
# the newest on: what was before may be put aside with its month.
COUNT = text("""
    INSERT INTO stocktake_item AS line (stocktake_id, item_id, counted_at, counted_by, counted_seq)
    SELECT :id, item.id, coalesce(scan.scanned_at, :at), :actor,
           item.last_seq - (SELECT count(*) FROM movement WHERE item_id = item.id AND at > scan.scanned_at)
    FROM jsonb_to_recordset(CAST(:scans AS jsonb)) AS scan (item_id bigint, scanned_at timestamptz)
    JOIN item ON item.id = scan.item_id
    ORDER BY item.id
    ON CONFLICT (stocktake_id, item_id) DO UPDATE
    SET counted_at = excluded.counted_at, counted_by = excluded.counted_by, counted_seq = excluded.counted_seq
    WHERE line.counted_at IS NULL
    RETURNING line.item_id
""")

CLOSED = "This stocktake is over, so the scan was not counted."
NEW_COUNT = NextStep("leave", "Leave it where it is. If it was to be counted, begin another stocktake.")


async def start_stocktake(session: AsyncSession, new: NewStocktake, *, actor: Actor, at: datetime) -> str:
    """Begin to count a store or a bay: what the record has there now is expected. Returns the count's number.

    Raises BadValue `not-your-store`, and `unknown-bay` for a bay in which nothing is recorded, if `is_empty_bay` is
    false; Conflict `stocktake-open` while another count of it is open: a count of a store is one of all its bays.
    """
    store = actor.store(new.store)
    here: dict[str, Any] = {"store_id": store.id, "bay": new.bay}
    other = (await session.execute(OVERLAPPING, here)).one_or_none()
    if other:
        raise Conflict("stocktake-open", _overlap(other, store, new.bay), field="bay" if new.bay else "store")
    if new.bay and new.is_empty_bay is False:
        await _check_bay(session, store, new.bay)
    count_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('stocktake', 'id'))"))
    number = f"K{count_id:06}"
    await session.execute(BEGIN, here | {"id": count_id, "number": number, "actor": actor.username, "at": at})
    await session.execute(EXPECT, here | {"id": count_id, "in_store": sorted(IN_STORE)})
    about = f"stocktake:{number}"
    await audit.record(session, "stocktake_started", about, actor=actor.username, at=at, store=store.code, bay=new.bay)
    return number


async def cancel_stocktake(session: AsyncSession, number: str, *, actor: Actor, at: datetime) -> None:
    """Give up a count; nothing is corrected. Raises as `find_open`."""
    count = await find_open(session, number, actor=actor)
    await session.execute(CANCEL, {"id": count.id, "actor": actor.username, "at": at})
    await audit.record(session, "stocktake_cancelled", f"stocktake:{number}", actor=actor.username, at=at)


async def find_open(session: AsyncSession, number: str, *, actor: Actor) -> Row[Any]:
    """The count, which nobody else ends meanwhile. Raises NotFound, Conflict `stocktake-closed`, `not-your-store`."""
    count = await _find(session, number, actor=actor, lock="UPDATE")
    if count.finished_at or count.cancelled_at:
        how = "finished" if count.finished_at else "cancelled"
        raise Conflict("stocktake-closed", f"This stocktake was {how} already. Nothing was changed.")
    return count


async def scan_into(
    session: AsyncSession, number: str, scans: Sequence[Scan], *, prefix: str, actor: Actor, at: datetime
) -> list[ScanResult]:
    """Count what was scanned, in one transaction; one result per scan, in order. No item is moved.

    Idempotent by scan id; an item is counted once, whoever scans it, and as it stood when it was scanned. What comes
    when the count is over is refused, scan by scan, and kept for the manager. Six statements, seven when some came
    before. Raises NotFound, BadValue `not-your-store`.
    """
    count = await _find(session, number, actor=actor, lock="SHARE")

    async def take(fresh: list[Scan]) -> dict[UUID, ScanResult]:
        return await _count(session, count, fresh, prefix=prefix, actor=actor.username, at=at) if fresh else {}

    details: dict[str, Any] = {"kind": ScanKind.STOCKTAKE, "store": actor.store(count.store), "into": number}
    return await answer_each(session, scans, take, **details, actor=actor.username, at=at)


async def _find(session: AsyncSession, number: str, *, actor: Actor, lock: str) -> Row[Any]:
    found = await session.execute(text(f"{FIND} {lock} OF count"), {"number": number})
    count = found.one_or_none()
    if count is None:
        raise queries.unknown_stocktake()
    actor.store(count.store)
    return count


async def _check_bay(session: AsyncSession, store: StoreRef, bay: str) -> None:
    rows = await session.execute(BAYS, {"store_id": store.id, "in_store": sorted(IN_STORE)})
    known = list(rows.scalars())
    if bay.casefold() in {one.casefold() for one in known}:
        return
    like = bays_like(bay, known)
    meant = f" Bays of this store that are like it: {', '.join(like)}." if like else ""
    detail = f"Nothing is recorded in a bay {bay} of {store.name}.{meant} If it is a bay and empty, say so."
    raise BadValue("unknown-bay", detail, field="bay")


def _overlap(other: Row[Any], store: StoreRef, bay: str | None) -> str:
    what = f"bay {other.bay} of {store.name}" if other.bay else f"all of {store.name}"
    end = f"Finish or cancel {other.number} first."
    if other.bay and not bay:
        end = f"{end} Until then you can count its other bays, one by one."
    return f"{other.number} is counting {what} now. {end}"


async def _count(
    session: AsyncSession, count: Row[Any], scans: Sequence[Scan], *, prefix: str, actor: str, at: datetime
) -> dict[UUID, ScanResult]:
    tags, results = read_tags(scans, prefix=prefix)
    if count.finished_at or count.cancelled_at:
        items = await ledger.read_items(session, list(tags.values()))
        results |= {scan_id: _too_late(tag, items.get(tag), actor, uk_date(at)) for scan_id, tag in tags.items()}
    else:
        times = {tags[scan.scan_id]: _kept_since(scan, count, at) for scan in reversed(scans) if scan.scan_id in tags}
        seen = await _count_items(session, count, times, actor=actor, at=at) if tags else {}
        for scan_id, tag in tags.items():
            results[scan_id] = seen[tag]
            seen[tag] = _again(seen[tag], actor)
    answers = {scan.scan_id: answer(scan, results[scan.scan_id]) for scan in scans}
    about: dict[str, Any] = {"kind": ScanKind.STOCKTAKE, "into": count.number, "prefix": prefix}
    answers = await acknowledge_again(session, scans, answers, **about, actor=actor, at=at)
    await session.execute(KEEP, {"answers": to_keep(answers)})
    return answers


def _kept_since(scan: Scan, count: Row[Any], at: datetime) -> str | None:
    """When it was made, where the device had kept it; not before the count began."""
    if not (scan.scanned_at and scan.waited(at)):
        return None
    kept_since: datetime = max(scan.scanned_at, count.started_at)
    return kept_since.isoformat()


async def _count_items(
    session: AsyncSession, count: Row[Any], times: dict[str, str | None], *, actor: str, at: datetime
) -> dict[str, ItemResult]:
    items = await ledger.read_items(session, list(times))
    lines = [{"item_id": one.id, "scanned_at": times[one.barcode]} for one in items.values()]
    values = {"id": count.id, "scans": json.dumps(lines), "actor": actor, "at": at}
    counted_now = set((await session.execute(COUNT, values)).scalars())
    standing = await differences.list_counted(session, count.id, [one.id for one in items.values()])
    place = Place(count.store_id, count.bay)
    results: dict[str, ItemResult] = {}
    for tag in times:
        if tag not in items:
            results[tag] = refused(tag, NotFound("unknown-barcode", "No item here has this barcode.", field="barcode"))
            continue
        row = standing[items[tag].id]
        result = _counted(items[tag], row, differences.difference_of(row, place))
        results[tag] = result if items[tag].id in counted_now else _again(result, row["counted_by"])
    return results


def _counted(item: ledger.ItemRecord, row: RowMapping, difference: Difference | None) -> ItemResult:
    step = step_after_count(difference)
    return ItemResult(
        barcode=item.barcode,
        outcome=ScanOutcome.ACCEPTED,
        code=difference and f"counted-{difference.value.replace('_', '-')}",
        detail=difference and _in_words(item, row, difference),
        state=item.state,
        product_name=item.product_name,
        next_step=Step(route=step.route, text=step.text),
        holds=[HoldBody(kind=hold.kind.value, reason=hold.reason) for hold in item.evidence.holds],
    )


def _in_words(item: ledger.ItemRecord, row: RowMapping, difference: Difference) -> str:
    if difference in {Difference.OTHER_STORE, Difference.OTHER_BAY}:
        bay = f"bay {row['bay']}" if row["bay"] else "no bay"
        return f"Not expected here: by the record it is in {row['store']}, {bay}."
    if difference is Difference.IN_TRANSIT:
        return f"Not expected here: by the record it is on its way from {row['store']}."
    return f"Not expected here: by the record it is “{item.state.text.lower()}”."


def _again(result: ItemResult, who: str) -> ItemResult:
    """The result of an item that was counted before: as it stands now."""
    if result.outcome is not ScanOutcome.ACCEPTED:
        return result
    detail = " ".join(filter(None, [f"Counted already, by {who}.", result.detail]))
    changes = {"outcome": ScanOutcome.DUPLICATE, "code": "already-counted", "detail": detail}
    return result.model_copy(update=changes)


def _too_late(tag: str, item: ledger.ItemRecord | None, reader: str, on: date) -> ItemResult:
    if item is None:
        return refused(tag, NotFound("unknown-barcode", "No item here has this barcode.", field="barcode"))
    step, detail = NEW_COUNT, CLOSED
    if item.state is State.MISSING:
        step, detail = step_after_count(Difference.MISSING_EARLIER), f"{CLOSED} By the record it is missing."
    result = refused(tag, Conflict("stocktake-closed", detail), item, reader=reader, on=on)
    return result.model_copy(update={"next_step": Step(route=step.route, text=step.text)})
