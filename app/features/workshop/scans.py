"""Scans of a workshop mode: the verb one stands for, its result, and a batch's. How the page looks is not here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.dates import uk_date
from app.domain.errors import RuleError
from app.domain.hygiene import Cleaned, Outcome
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.scanning import check_tag
from app.features.workshop import cleaning, service
from app.features.workshop.inspections.service import inspect
from app.ledger import Moved, Refused
from app.web.look_ahead import LookAhead
from app.web.results import ItemResult, ItemResults, accepted, already_done, contradicted, refused

LONGEST_RAW = 300

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
        return refused(tag, error, items.get(tag), reader=actor, on=uk_date(at))
    return accepted(moved)


def answer_batch(
    asked: Sequence[tuple[str, str]],
    errors: Mapping[str, RuleError],
    moved: Sequence[Moved],
    turned_away: Sequence[Refused],
    *,
    reader: str,
    on: date,
) -> ItemResults:
    """One result for each (tag or what was sent, what was asked), in order.

    An item that comes again after it moved is told what became of it: a duplicate, or refused when the second word
    contradicts the first. One that did not move is refused as often as it came.
    """
    done = {one.item.barcode: one for one in moved}
    refusals = {raw: refused(raw[:LONGEST_RAW], error) for raw, error in errors.items()}
    refusals |= {one.barcode: refused(one.barcode, one.error, one.item, reader=reader, on=on) for one in turned_away}
    first: dict[str, str] = {}
    results = []
    for key, what in asked:
        if key not in done:
            results.append(refusals[key])
        elif key not in first:
            first[key] = what
            results.append(accepted(done[key]))
        else:
            results.append((already_done if first[key] == what else contradicted)(done[key]))
    return ItemResults(results=results)


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


VERBS: dict[str, Verb] = {
    "start_decontamination": _start,
    "pass_decontamination": _finish,
    "fail_decontamination": _fail,
    "pass_inspection": partial(_inspect, outcome=InspectionOutcome.PASSED),
    "fail_inspection": partial(_inspect, outcome=InspectionOutcome.FAILED),
    "release": partial(service.release, bay=None),
}
"""What a scan does in each mode of the workshop."""
