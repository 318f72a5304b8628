"""Scrapping items, at once or by a request that another person agrees to: written once for all features that scrap."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger, promising, safety
from app.consequences import SET_FREE
from app.db import SECOND_PERSON_PENCE
from app.domain.access import Permission
from app.domain.clearance import HoldKind
from app.domain.disposal import (
    Disposal,
    check_disposal,
    check_is_there,
    needs_second_person,
    second_person_wanted,
)
from app.domain.errors import Conflict, RuleError
from app.domain.labels import display
from app.domain.lifecycle import Move, State, can_move, next_state
from app.domain.transfers import on_its_way
from app.ledger import ItemRecord, Moved, Refused
from app.models import Disposal as DisposalRow
from app.models import ReservationEnd
from app.web.who import tell_all_who_may

USUAL_LIMIT_PENCE: Final = 50_000

# Read once the items are locked: a notice that is being given at this moment counts too.
FACTS = text("""
    SELECT item.id, item.barcode,
           GREATEST(item.purchase_price_pence, product.purchase_price_pence) AS worth_pence,
           EXISTS (SELECT FROM disposal WHERE disposal.item_id = item.id AND disposal.seq IS NULL
                   AND disposal.declined_at IS NULL) AS is_asked,
           EXISTS (SELECT FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id
                   WHERE loan.item_id = item.id AND loan.ended_at IS NULL) AS use_is_stopped,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.kind = 'in_transit'
                   AND hold.lifted_at IS NULL) AS is_on_its_way
    FROM item JOIN product ON product.id = item.product_id WHERE item.id = ANY(:ids)
""")
# What was on the repair bench is beyond repair: its repair ends with it.
END = text("""
    WITH gone AS (
        SELECT * FROM jsonb_to_recordset(CAST(:gone AS jsonb)) AS gone (item_id bigint, seq int, in_repair boolean)
    ), lent AS (
        UPDATE loan SET ended_at = :at, ended_by = :actor
        FROM gone WHERE loan.item_id = gone.item_id AND loan.ended_at IS NULL
    )
    INSERT INTO repair (item_id, started_seq, finished_at, finished_by, finished_seq, outcome, notes)
    SELECT gone.item_id, item.repair_seq, CAST(:at AS timestamptz), :actor, gone.seq,
           'beyond_repair', :reason
    FROM gone JOIN item ON item.id = gone.item_id WHERE gone.in_repair ORDER BY gone.item_id
    ON CONFLICT (item_id, started_seq) DO UPDATE
    SET finished_at = excluded.finished_at, finished_by = excluded.finished_by, finished_seq = excluded.finished_seq,
        outcome = excluded.outcome, notes = excluded.notes
""")


@dataclass(frozen=True, slots=True)
class Scrapped:
    """What came of a scrap: the item is scrapped (`moved`), or another person is asked (`request_id`)."""

    item: ItemRecord
    moved: Moved | None = None
    request_id: int | None = None


async def scrap(session: AsyncSession, barcode: str, said: Disposal, *, actor: str, at: datetime) -> Scrapped:
    """Take an item out of use for good; a missing one's loan ends with it. For a dear one another person is asked.

    Raises NotFound, WrongState, Conflict (`use-is-stopped`, `in-transit`, `scrap-asked-already`,
    `nothing-to-dispose-of`, `not-missing`), and BadValue as `check_disposal`.
    """
    items = await ledger.read_items(session, [barcode], lock=True)
    item = items.get(barcode)
    if item and can_move(item.state, Move.SCRAP):
        fact = (await _read_facts(session, items.values()))[item.id]
        _check(item, fact, said)
        if is_dear(session, fact["worth_pence"]):
            return Scrapped(item, request_id=await _ask(session, item, said, actor=actor, at=at))
    moved = await ledger.move_one(session, barcode, Move.SCRAP, **_details(said, actor, at))
    await session.execute(insert(DisposalRow), [_row(moved, said, actor=actor, at=at)])
    await _end(session, [moved], said.reason, actor=actor, at=at)
    return Scrapped(moved.item, moved)


async def scrap_together(
    session: AsyncSession, barcodes: Sequence[str], said: Disposal, *, actor: str, at: datetime
) -> tuple[list[Moved], list[Refused]]:
    """Scrap many items, the same being said of all; each that is dear is refused `second-person-wanted`.

    Raises BadValue as `check_disposal`.
    """
    check_disposal(said)
    items = await ledger.read_items(session, barcodes, lock=True)
    facts = await _read_facts(session, items.values())
    turned_away: dict[str, Refused] = {}
    for barcode, item in items.items():
        try:
            next_state(item.state, Move.SCRAP)
            _check(item, facts[item.id], said)
            if is_dear(session, facts[item.id]["worth_pence"]):
                raise second_person_wanted(barcode)
        except RuleError as error:
            turned_away[barcode] = Refused(barcode, error, item)
    fit = [barcode for barcode in barcodes if barcode not in turned_away]
    moved, refused = await ledger.move(session, fit, Move.SCRAP, **_details(said, actor, at))
    if moved:
        await session.execute(insert(DisposalRow), [_row(one, said, actor=actor, at=at) for one in moved])
    await _end(session, moved, said.reason, actor=actor, at=at)
    return moved, [*turned_away.values(), *refused]


async def scrap_as_agreed(
    session: AsyncSession, barcode: str, said: Disposal, *, asked_by: str, actor: str, at: datetime
) -> Moved:
    """Scrap a dear item, to which another person has agreed now.

    Raises WrongState, Conflict (`use-is-stopped`, `in-transit`, `nothing-to-dispose-of`, `not-missing`).
    The caller has locked the item, lifted the hold of the request, and writes down who agreed.
    """
    items = await ledger.read_items(session, [barcode])
    check_is_there(items[barcode].state, said.stream)
    facts = await _read_facts(session, items.values())
    _check_whereabouts(facts[items[barcode].id])
    details = _details(said, actor, at) | {"reason": f"{said.reason} Asked for by {asked_by}."}
    moved = await ledger.move_one(session, barcode, Move.SCRAP, **details)
    await _end(session, [moved], said.reason, actor=actor, at=at)
    return moved


def is_dear(session: AsyncSession, worth_pence: int) -> bool:
    """Whether another person must agree to the scrap of an item that is worth so much: what was paid for it, or what
    the catalogue asks for another, whichever is more, since whoever receives it types the first."""
    return needs_second_person(worth_pence, session.info.get(SECOND_PERSON_PENCE, USUAL_LIMIT_PENCE))


async def free(
    session: AsyncSession, item_ids: Collection[int], *, because: ReservationEnd, actor: str, at: datetime
) -> None:
    """End the items' reservations, those for later too, and take them off open collections."""
    values = {"at": at, "actor": actor, "item_ids": list(item_ids), "because": because.value}
    await session.execute(text(f"{SET_FREE} SELECT"), values)
    await promising.look_again(session, item_ids, actor=actor, at=at)


async def _read_facts(session: AsyncSession, items: Collection[ItemRecord]) -> dict[int, RowMapping]:
    rows = (await session.execute(FACTS, {"ids": [item.id for item in items]})).mappings()
    return {row["id"]: row for row in rows}


def _check(item: ItemRecord, fact: RowMapping, said: Disposal) -> None:
    check_disposal(said)
    check_is_there(item.state, said.stream)
    _check_whereabouts(fact)
    if fact["is_asked"]:
        detail = "Somebody asked for its scrap already. It waits in the scrap cage until another person agrees."
        raise Conflict("scrap-asked-already", detail, field="barcode")


def _check_whereabouts(fact: RowMapping) -> None:
    """What must not be used at a client's, or is on its way to another store, is written off by nobody's word."""
    if fact["is_on_its_way"]:
        raise on_its_way()
    if fact["use_is_stopped"]:
        detail = "Its use at a client's was stopped, and that stays open until it is scanned back. Look for it there."
        raise Conflict("use-is-stopped", detail, field="barcode")


def _details(said: Disposal, actor: str, at: datetime) -> dict[str, Any]:
    return {"reason": said.reason, "reference": said.reference or None, "actor": actor, "at": at}


async def _ask(session: AsyncSession, item: ItemRecord, said: Disposal, *, actor: str, at: datetime) -> int:
    """The request, the hold that keeps the item in the scrap cage, and a message to each who may agree."""
    kind = HoldKind.SCRAP_REQUEST
    hold_id = await safety.hold(session, item.id, item.barcode, kind=kind, reason=said.reason, actor=actor, at=at)
    row = _said(said, actor=actor, at=at) | {"item_id": item.id, "hold_id": hold_id}
    asked = insert(DisposalRow).values(**row).returning(col(DisposalRow.id))
    request_id: int = (await session.execute(asked)).scalar_one()
    facts: dict[str, Any] = {"request": request_id, "waste_stream": said.stream.value, "reason": said.reason}
    await audit.record(session, "scrap_asked_for", f"item:{item.barcode}", actor=actor, at=at, **facts)
    letter = {
        "purpose": "scrap_asked_for",
        "subject": f"Agree to a scrap: {display(item.barcode)}",
        "body": f"{actor} asks to scrap {item.product_name} ({display(item.barcode)}): {said.reason}\n\n"
        "It is dear, so another person must agree. It is on hold until somebody does, or declines. "
        "You find it under Scrap requests.",
        "about": f"item:{item.barcode}",
    }
    await tell_all_who_may(session, Permission.AGREE_TO_SCRAP, letter, actor=actor, at=at)
    return request_id


def _row(moved: Moved, said: Disposal, *, actor: str, at: datetime) -> dict[str, Any]:
    return _said(said, actor=actor, at=at) | {"item_id": moved.item.id, "seq": moved.seq}


def _said(said: Disposal, *, actor: str, at: datetime) -> dict[str, Any]:
    about = {"reason": said.reason, "waste_stream": said.stream, "batteries": said.batteries}
    return about | {"reference": said.reference, "asked_at": at, "asked_by": actor}


async def _end(session: AsyncSession, moved: Sequence[Moved], reason: str, *, actor: str, at: datetime) -> None:
    """What ends when items are scrapped: reservations, collections, the loans of what was missing, repairs."""
    gone = [{"item_id": one.item.id, "seq": one.seq, "in_repair": one.item.state is State.IN_REPAIR} for one in moved]
    because = ReservationEnd.ITEM_UNFIT
    await free(session, [one.item.id for one in moved], because=because, actor=actor, at=at)
    values = {"gone": json.dumps(gone), "at": at, "actor": actor, "reason": reason}
    await session.execute(END, values)
