"""The returns desk: scans in, each with all its consequences, in six statements for one and for five hundred."""

import json
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, promising, rematching, safety
from app.consequences import OF_A_RETURN
from app.domain.access import StoreRef
from app.domain.clearance import TO_SETTLE, HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound
from app.domain.lifecycle import Move, State
from app.domain.notice_work import Cause
from app.domain.scanning import check_was_out
from app.domain.whereabouts import PAST_RETURN, came_back_again
from app.models import ScanKind, ScanOutcome
from app.web.results import ItemResult, Step, accepted, refused
from app.web.scan_repeats import acknowledge_again
from app.web.scans import (
    KEEP,
    Scan,
    ScanResult,
    ScanWarning,
    answer,
    answer_each,
    read_tags,
    refuse_what_moved_since,
    to_keep,
)

UNMATCHED = frozenset({ScanOutcome.REFUSED, ScanOutcome.UNKNOWN})

# For which orders these were on the van.
WENT_OUT_FOR = text("""
    SELECT item.barcode, asked.number, client.died_on IS NOT NULL AS has_died
    FROM item JOIN reservation AS kept ON kept.item_id = item.id AND kept.ended_at IS NULL
    JOIN order_unit AS unit ON unit.reservation_id = kept.id AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
    JOIN equipment_order AS asked ON asked.id = unit.order_id AND asked.decision = 'approved'
    JOIN client ON client.id = asked.client_id
    WHERE item.id = ANY(:item_ids) ORDER BY kept.from_on DESC
""")
# Since when these are being cleaned after their last return.
CLEANED_SINCE = text("""
    SELECT item.id, max(movement.at) AS at FROM item LEFT JOIN movement ON movement.item_id = item.id
      AND movement.seq > item.returned_seq AND movement.move = 'start_decontamination'
    WHERE item.id = ANY(:item_ids) GROUP BY item.id
""")
# Everything that a return means besides the movement itself, and the answers that a replay will get.
CONSEQUENCES = text(f"{OF_A_RETURN} {KEEP.text}")


async def scan_returns(
    session: AsyncSession, scans: Sequence[Scan], *, store: StoreRef, prefix: str, actor: str, at: datetime
) -> list[ScanResult]:
    """Take back what was scanned, in one transaction; one result per scan, in order.

    Idempotent by scan id: a scan that was taken before is a `duplicate` with the answer of then. A returned item's loan
    and collection line are closed and its decontamination is opened. What is refused or unknown is kept for the
    manager to reconcile; so is a scan that was made before the item went out again. What comes back from
    the van is answered with a warning that names its order. Never raises for what a
    scanner may send. Five statements; one more when some came before, three more when some had waited, and one or two
    more when one was refused, which may be the trigger pulled twice (`acknowledge_again`);
    one and those of `promising` when some had been with the driver; two and those of `promising` when some never left,
    by the record, which are held until somebody says where they were; one when some were taken in before;
    one and those of `rematching` when safety notices are in force.
    """

    async def take(fresh: list[Scan]) -> dict[UUID, ScanResult]:
        return await _take_back(session, fresh, store, prefix, actor, at)

    return await answer_each(session, scans, take, kind=ScanKind.RETURN, store=store, actor=actor, at=at)


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


async def _take_back(
    session: AsyncSession, scans: Sequence[Scan], store: StoreRef, prefix: str, actor: str, at: datetime
) -> dict[UUID, ScanResult]:
    tags, results = read_tags(scans, prefix=prefix)
    results |= await refuse_what_moved_since(session, scans, tags, ends_loans=True, actor=actor, at=at)
    reference = f"scan {scans[0].scan_id}" if len(scans) == 1 else f"{len(scans)} scans"
    moved, turned_away = (
        await ledger.move(
            session, list(tags.values()), Move.RETURN, actor=actor, at=at, store_id=store.id, reference=reference
        )
        if tags
        else ([], [])
    )
    moved = await _caught_by_notices(session, moved, actor=actor, at=at)
    taken = {one.item.barcode: one for one in moved}
    strangers = [one.item for one in turned_away if one.item and one.barcode not in taken]
    again = await _out_again(
        session, strangers, {tags[scan.scan_id]: scan for scan in scans if scan.scan_id in tags}, store, at
    )
    how = f"Scanned in as a return at {store.code}"
    held = await safety.put_in_question(session, strangers, back_again=again, how=how, actor=actor, at=at)
    refusals = {
        one.barcode: _as_seen_at_the_desk(replace(one, item=held.get(one.barcode, one.item)), again, actor, uk_date(at))
        for one in turned_away
        if one.barcode not in taken
    }
    for scan_id, tag in tags.items():
        one = taken.pop(tag, None)
        results[scan_id] = accepted(one) if one else _second_time(tag, refusals, moved)
    from_the_van = [one.item.id for one in moved if one.item.state is State.DISPATCHED]
    undelivered = await _warn_of_orders(session, from_the_van)
    answers = {
        scan.scan_id: answer(scan, results[scan.scan_id], *_warning_for(results[scan.scan_id], undelivered))
        for scan in scans
    }
    answers = await acknowledge_again(session, scans, answers, kind=ScanKind.RETURN, prefix=prefix, actor=actor, at=at)
    said = {tags[scan.scan_id]: scan.condition for scan in scans if scan.scan_id in tags and scan.condition}
    conditions = {one.item.id: said[one.item.barcode] for one in moved if one.item.barcode in said}
    what = {"item_ids": [one.item.id for one in moved], "undelivered_ids": from_the_van}
    await _write_consequences(session, what, conditions, answers, actor=actor, at=at)
    if from_the_van:
        await promising.look_again(session, from_the_van, actor=actor, at=at, came_back=True)
    return answers


async def _caught_by_notices(
    session: AsyncSession, moved: list[ledger.Moved], *, actor: str, at: datetime
) -> list[ledger.Moved]:
    """What safety notices cover of what came back is held before it is said where it goes. No statement where none is
    in force; one where none could concern these products."""
    if not any(one.item.are_notices for one in moved):
        return moved
    items = {one.item.id: one.item.barcode for one in moved}
    caught = await rematching.ask_about_what_came(session, items, cause=Cause.RETURN, actor=actor, at=at)
    holds: dict[int, tuple[HoldFact, ...]] = {}
    for one in caught:
        if one.hold:
            holds[one.item_id] = (*holds.get(one.item_id, ()), one.hold)
    return [
        replace(one, evidence=replace(one.evidence, holds=(*one.evidence.holds, *holds.get(one.item.id, ()))))
        for one in moved
    ]


async def _warn_of_orders(session: AsyncSession, item_ids: list[int]) -> dict[str, ScanWarning]:
    """Of what comes back from the van: the order that it was on its way for. No statement for none."""
    rows = (await session.execute(WENT_OUT_FOR, {"item_ids": item_ids})).all() if item_ids else []
    return {row.barcode: _undelivered(row.number, has_died=row.has_died) for row in rows}


def _undelivered(number: str, *, has_died: bool) -> ScanWarning:
    what = f"It was on its way for order {number} and comes back undelivered."
    then = "Its client has died: it is off the order." if has_died else "Its prescriber is told."
    return ScanWarning(code="came-back-undelivered", detail=f"{what} {then}")


def _warning_for(result: ItemResult, undelivered: dict[str, ScanWarning]) -> list[ScanWarning]:
    warning = undelivered.get(result.barcode)
    return [warning] if warning and result.outcome is ScanOutcome.ACCEPTED else []


async def _out_again(
    session: AsyncSession, items: Sequence[ledger.ItemRecord], scans: dict[str, Scan], store: StoreRef, at: datetime
) -> set[str]:
    """Those that were taken in and are being made fit, and have been out since, by these scans of them. No statement
    for none."""
    taken_in = [item for item in items if item.state in PAST_RETURN]
    if not taken_in:
        return set()
    rows = await session.execute(CLEANED_SINCE, {"item_ids": [item.id for item in taken_in]})
    since = {row.id: row.at for row in rows}
    return {
        item.barcode
        for item in taken_in
        if came_back_again(scans[item.barcode].scanned_at or at, since[item.id], is_elsewhere=item.store_id != store.id)
    }


def _as_seen_at_the_desk(one: ledger.Refused, again: Set[str], reader: str, on: date) -> ItemResult:
    error = one.error
    if one.item:
        error = check_was_out(one.item.state, one.error, is_back_again=one.barcode in again)
    result = refused(one.barcode, error, one.item, reader=reader, on=on)
    if one.item and any(hold.kind is HoldKind.WHEREABOUTS for hold in one.item.evidence.holds):
        return result.model_copy(update={"next_step": Step(route=TO_SETTLE.route, text=TO_SETTLE.text)})
    return result


def _second_time(tag: str, refusals: dict[str, ItemResult], moved: Sequence[ledger.Moved]) -> ItemResult:
    """The same label came twice in one burst under two scan ids: the second is told what became of the first."""
    if tag in refusals:
        return refusals[tag]
    one = next(one for one in moved if one.item.barcode == tag)
    now = replace(one.item, evidence=one.evidence)
    return refused(tag, check_was_out(one.state, Conflict("already-returned", "")), now)


async def _write_consequences(
    session: AsyncSession,
    what: dict[str, list[int]],
    conditions: dict[int, str],
    answers: dict[UUID, ScanResult],
    *,
    actor: str,
    at: datetime,
) -> None:
    if not answers:
        return
    notes = [{"item_id": item_id, "condition": condition} for item_id, condition in conditions.items()]
    values: dict[str, Any] = {"answers": to_keep(answers), "conditions": json.dumps(notes)}
    await session.execute(CONSEQUENCES, {**what, **values, "actor": actor, "at": at})
