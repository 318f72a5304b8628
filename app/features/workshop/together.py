"""What is done with many items at once: scan them all, then one action. Any number costs the same statements."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import find_blockers, is_past_use
from app.domain.dates import uk_date
from app.domain.disposal import Disposal
from app.domain.errors import Conflict, RuleError
from app.domain.hygiene import Outcome
from app.domain.lifecycle import Move, State, can_move, refusal
from app.domain.look_ahead import check_decision, examination_due_soon
from app.features.workshop import scans
from app.features.workshop.cleaning import finish_decontaminations, start_decontaminations
from app.features.workshop.queue_schemas import Together, TogetherForm
from app.ledger import ItemRecord, Moved, Refused
from app.web.disposing import scrap_together
from app.web.look_ahead import LookAhead
from app.web.results import ItemResults
from app.web.tags import sort_tags

Done = tuple[list[Moved], list[Refused]]


async def do_together(
    session: AsyncSession, wanted: TogetherForm, *, prefix: str, actor: str, at: datetime, ahead: LookAhead
) -> ItemResults:
    """One result for each tag, in order; one that is refused does not keep the others. Raises as `Terms.check` does."""
    tags, errors = sort_tags(wanted.barcodes, prefix=prefix)
    barcodes = list(dict.fromkeys(tags[raw] for raw in wanted.barcodes if raw in tags))
    moved, turned_away = await _do(session, wanted, barcodes, actor=actor, at=at, ahead=ahead)
    asked = [(tags.get(raw, raw), wanted.do.value) for raw in wanted.barcodes]
    return await scans.answer_batch(session, asked, errors, moved, turned_away, reader=actor, at=at)


async def _do(
    session: AsyncSession,
    wanted: TogetherForm,
    barcodes: Sequence[str],
    *,
    actor: str,
    at: datetime,
    ahead: LookAhead,
) -> Done:
    if wanted.do is Together.START:
        return await start_decontaminations(
            session, barcodes, route=wanted.route, terms=wanted.terms, actor=actor, at=at
        )
    if wanted.do is Together.RELEASE:
        return await release_all(session, barcodes, bay=wanted.bay or None, actor=actor, at=at, ahead=ahead)
    if wanted.do is Together.SCRAP:
        disposal = wanted.disposal(f"Past use. {wanted.notes}".strip())
        return await scrap_all(session, barcodes, disposal, actor=actor, at=at)
    outcome = Outcome(wanted.do.value)
    said = [wanted.said(barcode, outcome, wanted.notes) for barcode in barcodes]
    return await finish_decontaminations(session, said, actor=actor, at=at)


async def release_all(
    session: AsyncSession, barcodes: Sequence[str], *, bay: str | None, actor: str, at: datetime, ahead: LookAhead
) -> Done:
    """Put what is clean and checked on the shelf; what is reserved stands there already.

    What is examined again soon is refused (`examination-due-soon`): somebody decides on each by itself.
    """

    check = partial(_may_be_released, releaser=actor, on=uk_date(at), soon_days=ahead.soon_days)
    fit, refused = await _sort_out(session, barcodes, check)
    moved, turned_away = await ledger.move(session, fit, Move.RELEASE, actor=actor, at=at, bay=bay)
    return moved, refused + turned_away


async def scrap_all(
    session: AsyncSession, barcodes: Sequence[str], said: Disposal, *, actor: str, at: datetime
) -> Done:
    """Scrap those that await it: nothing makes them fit for another client. Others have a page that asks why.

    What is dear is refused: another person must agree to it, each by itself.
    """
    fit, refused = await _sort_out(session, barcodes, _awaits_scrap)
    moved, turned_away = await scrap_together(session, fit, said, actor=actor, at=at)
    return moved, refused + turned_away


async def _sort_out(
    session: AsyncSession, barcodes: Sequence[str], check: Callable[[ItemRecord], None]
) -> tuple[list[str], list[Refused]]:
    """Those that pass, and those that are unknown, which the ledger refuses; and the others, refused."""
    items = await ledger.read_items(session, barcodes, lock=True)
    refused = {}
    for barcode, item in items.items():
        try:
            check(item)
        except RuleError as error:
            refused[barcode] = Refused(barcode, error, item)
    return [barcode for barcode in barcodes if barcode not in refused], list(refused.values())


def _may_be_released(item: ItemRecord, *, releaser: str, on: date, soon_days: int) -> None:
    """Whether the ledger is to be asked; what is in the way of the others it says itself."""
    if item.state is State.RESERVED:
        raise refusal(item.state, Move.RELEASE)
    due_on = examination_due_soon(item.evidence.due, on=on, soon_days=soon_days)
    if due_on and can_move(item.state, Move.RELEASE) and not find_blockers(item.evidence, on=on, releaser=releaser):
        check_decision(due_on, item.barcode, reason="", may_decide=False)


def _awaits_scrap(item: ItemRecord) -> None:
    if item.state is State.SCRAPPED:
        raise refusal(item.state, Move.SCRAP)
    if not is_past_use(item.evidence, item.route) or item.state in {State.IN_STOCK, State.RESERVED}:
        detail = "It does not await scrap. If it is to be scrapped all the same, do it on its own page and say why."
        raise Conflict("not-awaiting-scrap", detail)
