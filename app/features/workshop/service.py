"""What is done to an item between its return and the shelf: decontamination, repair, release."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import check_cleaning
from app.domain.errors import Conflict, WrongState
from app.domain.hygiene import Outcome, Route
from app.domain.lifecycle import Move, State, can_move, next_state
from app.domain.look_ahead import HandingOut
from app.ledger import Moved, Refused
from app.web.look_ahead import NOTHING_DECIDED, LookAhead, check_ahead

START = text("""
    INSERT INTO decontamination (item_id, opened_at, route, started_at, started_by)
    SELECT item_id, :at, route, :at, :actor
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (item_id bigint, route text)
    ON CONFLICT (item_id) WHERE finished_at IS NULL
    DO UPDATE SET route = excluded.route, started_at = excluded.started_at, started_by = excluded.started_by
""")
FINISH = text("""
    UPDATE decontamination
    SET finished_at = :at, finished_by = :actor, outcome = line.outcome, finished_seq = line.seq, notes = line.notes
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (item_id bigint, outcome text, seq int, notes text)
    WHERE decontamination.item_id = line.item_id AND decontamination.finished_at IS NULL
""")
# Nothing is reserved of what is gone.
UNFIT = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
    WHERE item_id = :id AND ended_at IS NULL
""")


async def start_decontaminations(
    session: AsyncSession,
    barcodes: Sequence[str],
    *,
    route: Route | None,
    actor: str,
    at: datetime,
    may_overrule: bool = False,
    because: str = "",
) -> tuple[list[Moved], list[Refused]]:
    """Begin to clean items, each by its product's route unless one is named. Six statements for any number.

    `may_overrule`: a manager, who may name a route for what was said to be past cleaning; `because`: why it can be
    cleaned after all.
    """
    overruled = may_overrule and route not in {None, Route.CANNOT}
    items = await ledger.read_items(session, barcodes, lock=True)
    past_cleaning = _past_cleaning(items, overruled=overruled)
    fit = [barcode for barcode in barcodes if barcode not in past_cleaning]
    reason = f"Cleaned by order: {route.text.lower()}{because and f'. {because}'}" if overruled and route else None
    moved, refused = await ledger.move(session, fit, Move.START_DECONTAMINATION, actor=actor, at=at, reason=reason)
    refused += [past_cleaning[barcode] for barcode in barcodes if barcode in past_cleaning]
    lines = [{"item_id": one.item.id, "route": (route or one.item.route).value} for one in moved]
    if lines:
        await session.execute(START, {"lines": json.dumps(lines), "at": at, "actor": actor})
    return moved, refused


def _past_cleaning(items: Mapping[str, ledger.ItemRecord], *, overruled: bool) -> dict[str, Refused]:
    found = {}
    for barcode, item in items.items():
        if not can_move(item.state, Move.START_DECONTAMINATION):
            continue
        try:
            check_cleaning(item.evidence, item.route, overruled=overruled)
        except Conflict as error:
            found[barcode] = Refused(barcode, error, item)
    return found


async def finish_decontaminations(
    session: AsyncSession, results: Sequence[tuple[str, Outcome, str]], *, actor: str, at: datetime
) -> tuple[list[Moved], list[Refused]]:
    """Record how cleanings ended, as (barcode, outcome, notes). What failed goes back to be cleaned again."""
    moved: list[Moved] = []
    refused: list[Refused] = []
    told = {barcode: (outcome, notes) for barcode, outcome, notes in reversed(results)}
    groups: Mapping[tuple[Move, str], list[str]] = defaultdict(list)
    for barcode, outcome, notes in results:
        how = Move.PASS_DECONTAMINATION if outcome is Outcome.PASSED else Move.FAIL_DECONTAMINATION
        groups[how, notes].append(barcode)
    # All of them at once, in barcode order, before the two kinds of outcome take their turns.
    await ledger.read_items(session, list(told), lock=True)
    for (how, notes), barcodes in groups.items():
        done, turned_away = await ledger.move(session, barcodes, how, actor=actor, at=at, reason=notes or None)
        moved += done
        refused += turned_away
    lines = [
        {
            "item_id": one.item.id,
            "seq": one.seq,
            "outcome": told[one.item.barcode][0],
            "notes": told[one.item.barcode][1],
        }
        for one in moved
    ]
    if lines:
        await session.execute(FINISH, {"lines": json.dumps(lines), "at": at, "actor": actor})
    return [_cleaned(one, told[one.item.barcode][0], actor) for one in moved], refused


async def release(
    session: AsyncSession,
    barcode: str,
    *,
    bay: str | None,
    actor: str,
    at: datetime,
    ahead: LookAhead = NOTHING_DECIDED,
) -> Moved:
    """Put a clean and checked item on the shelf. Raises NotClear with every blocker, WrongState, NotFound.

    One whose thorough examination falls due soon goes there when somebody decides it (`ahead`): Conflict
    `examination-due-soon`, NotAllowed `not-yours-to-decide`.
    """
    moved = await ledger.move_one(session, barcode, Move.RELEASE, actor=actor, at=at, bay=bay)
    if moved.item.state is State.RESERVED:
        # The table has this move for a reservation that is given up; the bench must not end one by the way.
        raise WrongState("wrong-state", "The item is on the shelf, reserved. Give up the reservation instead.")
    await check_ahead(session, [moved.item], HandingOut.RELEASE, ahead, actor=actor, at=at)
    return moved


async def complete_repair(session: AsyncSession, barcode: str, *, notes: str, actor: str, at: datetime) -> Moved:
    """The item is mended: it goes back to the inspection bench. Raises NotFound, WrongState."""
    return await ledger.move_one(session, barcode, Move.COMPLETE_REPAIR, actor=actor, at=at, reason=notes or None)


async def give_up_repair(session: AsyncSession, barcode: str, *, notes: str, actor: str, at: datetime) -> Moved:
    """The item is beyond repair: it is scrapped. Raises NotFound, WrongState when it is not in repair."""
    reason = f"Beyond repair. {notes}".strip()
    moved = await ledger.move_one(session, barcode, Move.SCRAP, actor=actor, at=at, reason=reason)
    next_state(moved.item.state, Move.COMPLETE_REPAIR)
    await session.execute(UNFIT, {"at": at, "actor": actor, "id": moved.item.id})
    return moved


def _cleaned(moved: Moved, outcome: Outcome, actor: str) -> Moved:
    """The move with the evidence that was recorded beside it."""
    evidence = replace(
        moved.evidence, decontamination_outcome=outcome, decontamination_seq=moved.seq, decontaminated_by=actor
    )
    return replace(moved, evidence=evidence)
