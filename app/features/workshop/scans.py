"""Scans of a workshop mode: the verb one stands for, its result, and a batch's. How the page looks is not here."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.dates import uk_date
from app.domain.errors import Conflict, RuleError, WrongState
from app.domain.hygiene import Cleaned, Outcome
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.kept_scans import SAME_SCAN
from app.domain.lifecycle import Move
from app.domain.scanning import check_tag
from app.features.workshop import cleaning, service
from app.features.workshop.inspections.service import inspect
from app.ledger import Moved, Refused
from app.models import ScanOutcome
from app.web.look_ahead import LookAhead
from app.web.results import ItemResult, ItemResults, accepted, already_done, contradicted, refused
from app.web.scan_repeats import JUST_NOW

LONGEST_RAW = 300
JUST_DONE = text("""
    SELECT item.barcode, last.move
    FROM item JOIN movement AS last
      ON last.item_id = item.id AND last.seq = item.last_seq AND last.at = item.last_moved_at
    WHERE item.barcode = ANY(:barcodes) AND last.actor = :actor AND last.at >= :since AND item.last_moved_at >= :since
""")
ALREADY = "Already scanned just now. It was done once."

Verb = Callable[..., Awaitable[Moved]]


async def do_scan(
    session: AsyncSession,
    mode: str,
    raw: str,
    *,
    prefix: str,
    actor: str,
    at: datetime,
    ahead: LookAhead,
    cleaned: Cleaned,
) -> ItemResult:
    """Do what `mode` says with the item of this label. Never raises for what a scanner may send.

    `cleaned`: how, where the mode says that cleaning passed.
    """
    try:
        tag = check_tag(raw, prefix=prefix)
    except RuleError as error:
        return refused(raw[:LONGEST_RAW], error)
    try:
        # Some verbs refuse after they have moved the item; what they wrote must go.
        async with session.begin_nested():
            details: dict[str, dict[str, Any]] = {
                "release": {"ahead": ahead},
                "pass_decontamination": {"cleaned": cleaned},
            }
            moved = await VERBS[mode](session, tag, actor=actor, at=at, **details.get(mode, {}))
    except RuleError as error:
        items = await ledger.read_items(session, [tag])
        result = refused(tag, error, items.get(tag), reader=actor, on=uk_date(at))
        [result] = await fold_again(session, [(result, MOVES.get(mode))], actor=actor, at=at)
        return result
    return accepted(moved)


async def fold_again(
    session: AsyncSession, results: Sequence[tuple[ItemResult, Move | None]], *, actor: str, at: datetime
) -> list[ItemResult]:
    """The results, each with the move that was asked for. What is refused for where the item stands, because the same
    person did the same with it a moment before, is a `duplicate`, `already-scanned`. No statement where nothing is."""
    doubtful = [one.barcode for one, how in results if one.code == "wrong-state" and how]
    if not doubtful:
        return [one for one, _ in results]
    values = {"barcodes": doubtful, "actor": actor, "since": at - SAME_SCAN}
    done = {(row.barcode, row.move) for row in await session.execute(JUST_DONE, values)}
    changes = {"outcome": ScanOutcome.DUPLICATE, "code": JUST_NOW, "detail": ALREADY}
    return [
        one.model_copy(update=changes) if one.code == "wrong-state" and (one.barcode, how) in done else one
        for one, how in results
    ]


@asynccontextmanager
async def told_if_again(
    session: AsyncSession, barcode: str, how: Move | None, *, actor: str, at: datetime
) -> AsyncIterator[None]:
    """Where one item is asked for, and what is refused says only that it was done a moment ago: Conflict
    `already-scanned` instead of `wrong-state`."""
    try:
        # Some verbs refuse after they have moved the item: that is not what was done before.
        async with session.begin_nested():
            yield
    except WrongState as error:
        values = {"barcodes": [barcode], "actor": actor, "since": at - SAME_SCAN}
        done = {row.move for row in await session.execute(JUST_DONE, values)}
        if how not in done:
            raise
        again = Conflict(JUST_NOW, ALREADY)
        again.told = error.told
        raise again from error


async def answer_batch(
    session: AsyncSession,
    asked: Sequence[tuple[str, str]],
    errors: Mapping[str, RuleError],
    moved: Sequence[Moved],
    turned_away: Sequence[Refused],
    *,
    reader: str,
    at: datetime,
) -> ItemResults:
    """One result for each (tag or what was sent, what was asked), in order.

    An item that comes again after it moved is told what became of it: a duplicate, or refused when the second word
    contradicts the first. One that did not move is refused as often as it came, unless it was done a moment ago.
    """
    done = {one.item.barcode: one for one in moved}
    refusals = {raw: refused(raw[:LONGEST_RAW], error) for raw, error in errors.items()}
    refusals |= {
        one.barcode: refused(one.barcode, one.error, one.item, reader=reader, on=uk_date(at)) for one in turned_away
    }
    first: dict[str, str] = {}
    results: list[tuple[ItemResult, Move | None]] = []
    for key, what in asked:
        if key not in done:
            results.append((refusals[key], MOVES.get(what)))
        elif key not in first:
            first[key] = what
            results.append((accepted(done[key]), None))
        else:
            results.append(((already_done if first[key] == what else contradicted)(done[key]), None))
    return ItemResults(results=await fold_again(session, results, actor=reader, at=at))


async def _start(session: AsyncSession, tag: str, *, actor: str, at: datetime) -> Moved:
    moved, turned_away = await cleaning.start_decontaminations(session, [tag], route=None, actor=actor, at=at)
    if turned_away:
        raise turned_away[0].error
    return moved[0]


async def _finish(session: AsyncSession, tag: str, *, cleaned: Cleaned, actor: str, at: datetime) -> Moved:
    said = [replace(cleaned, barcode=tag)]
    moved, turned_away = await cleaning.finish_decontaminations(session, said, actor=actor, at=at)
    if turned_away:
        raise turned_away[0].error
    return moved[0]


async def _fail(session: AsyncSession, tag: str, *, actor: str, at: datetime) -> Moved:
    return await _finish(session, tag, cleaned=Cleaned(tag, Outcome.FAILED), actor=actor, at=at)


async def _inspect(session: AsyncSession, tag: str, *, outcome: InspectionOutcome, actor: str, at: datetime) -> Moved:
    kind = InspectionKind.FUNCTIONAL
    recorded = await inspect(session, tag, kind=kind, outcome=outcome, next_due_on=None, notes="", actor=actor, at=at)
    return recorded.moved


MOVES: dict[str, Move] = {
    "start": Move.START_DECONTAMINATION,
    Outcome.PASSED.value: Move.PASS_DECONTAMINATION,
    Outcome.FAILED.value: Move.FAIL_DECONTAMINATION,
    Outcome.CANNOT.value: Move.FAIL_DECONTAMINATION,
    "start_decontamination": Move.START_DECONTAMINATION,
    "pass_decontamination": Move.PASS_DECONTAMINATION,
    "fail_decontamination": Move.FAIL_DECONTAMINATION,
    "fail_inspection": Move.FAIL_INSPECTION,
    "release": Move.RELEASE,
}
"""The move that each mode, and each word on a cleaning, stands for. An inspection may pass twice."""

VERBS: dict[str, Verb] = {
    "start_decontamination": _start,
    "pass_decontamination": _finish,
    "fail_decontamination": _fail,
    "pass_inspection": partial(_inspect, outcome=InspectionOutcome.PASSED),
    "fail_inspection": partial(_inspect, outcome=InspectionOutcome.FAILED),
    "release": partial(service.release, bay=None),
}
"""What a scan does in each mode of the workshop."""
