"""Holding items for the pieces of an order, and giving them back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.allocation import Explanation
from app.domain.dates import uk_date
from app.domain.lifecycle import Move, State
from app.features.ordering.allocation import Shelf, choose_and_lock
from app.features.ordering.records import LineRecord, OrderRecord, UnitRecord
from app.models import ReservationEnd
from app.promising import KEPT_FOR

END_OWN = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'taken'
    WHERE client_id = :client_id AND ended_at IS NULL
      AND item_id IN (SELECT id FROM item WHERE barcode = ANY(:barcodes))
""")
KEEP = text("""
    WITH pair AS (
        SELECT unit_id, item.id AS item_id
        FROM jsonb_to_recordset(CAST(:pairs AS jsonb)) AS pair (unit_id bigint, barcode text)
        JOIN item ON item.barcode = pair.barcode
    ), stale AS (
        UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_missing'
        FROM pair JOIN order_unit ON order_unit.id = pair.unit_id
        WHERE reservation.id = order_unit.reservation_id AND reservation.ended_at IS NULL
    ), kept AS (
        INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by)
        SELECT item_id, :client_id, :from_on, :until_on, :at, :actor FROM pair RETURNING id, item_id
    )
    UPDATE order_unit SET reservation_id = kept.id
    FROM pair JOIN kept ON kept.item_id = pair.item_id WHERE order_unit.id = pair.unit_id
""")
EXPLAIN = text("""
    UPDATE order_line SET explanation = line.explanation
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (id bigint, explanation jsonb)
    WHERE order_line.id = line.id
""")
END = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = :because
    WHERE id = ANY(:reservations) AND ended_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class Held:
    """What came of trying to hold something for every piece that was wanted. `kinds`: recycled or new, of each item
    that a line got, by the line's number."""

    barcodes: list[str]
    still_wanted: int
    kinds: Mapping[int, Sequence[str]]


async def hold(
    session: AsyncSession,
    order: OrderRecord,
    shelf: Shelf,
    units: Sequence[UnitRecord],
    *,
    promised_on: date,
    actor: str,
    at: datetime,
) -> Held:
    """Hold the best item for each of these pieces, as far as there are any, and write down why it is that one."""
    today = uk_date(at)
    found: dict[int, Explanation] = {}
    pairs: list[dict[str, Any]] = []
    for line in order.lines:
        wanting = [unit for unit in units if unit.line_id == line.id]
        if wanting:
            found[line.id] = await choose_and_lock(session, shelf, order, line, len(wanting), today=today)
            pairs += [
                {"unit_id": unit.id, "barcode": barcode}
                for unit, barcode in zip(wanting, found[line.id].barcodes, strict=False)
            ]
    refused = await _reserve(session, order, [pair["barcode"] for pair in pairs], shelf.own, actor=actor, at=at)
    pairs = [pair for pair in pairs if pair["barcode"] not in refused]
    if pairs:
        values = {"client_id": order.client_id, "from_on": today, "until_on": max(promised_on, today) + KEPT_FOR}
        await session.execute(KEEP, values | {"pairs": json.dumps(pairs), "at": at, "actor": actor})
    held = {pair["barcode"] for pair in pairs}
    await _explain(session, order, found, held)
    kinds = {line: [one.code for one in why.chosen if one.barcode in held] for line, why in found.items()}
    return Held(sorted(held), len(units) - len(pairs), kinds)


async def give_back(
    session: AsyncSession,
    order: OrderRecord,
    units: Iterable[UnitRecord],
    *,
    because: ReservationEnd,
    reason: str,
    actor: str,
    at: datetime,
) -> list[str]:
    """Put what is held for these pieces back among what anybody may have; returns the barcodes."""
    held = [unit for unit in units if unit.is_reserved and unit.barcode]
    shelf = [unit.barcode for unit in held if unit.barcode and unit.item_state is State.RESERVED]
    if shelf:
        details: dict[str, Any] = {"actor": actor, "at": at, "reason": reason, "reference": order.reference}
        _, refused = await ledger.move(session, shelf, Move.RELEASE, **details)
        if refused:
            raise refused[0].error
    if held:
        reservations = [unit.reservation_id for unit in held]
        await session.execute(END, {"reservations": reservations, "because": because, "at": at, "actor": actor})
    return shelf


async def _reserve(
    session: AsyncSession, order: OrderRecord, barcodes: list[str], own: AbstractSet[str], *, actor: str, at: datetime
) -> set[str]:
    """Move what was chosen to `reserved`; what the client had reserved passes over to the order. What was refused."""
    if not barcodes:
        return set()
    kept = [barcode for barcode in barcodes if barcode in own]
    items = await ledger.read_items(session, kept) if kept else {}
    if kept:
        ours = {"client_id": order.client_id, "barcodes": kept, "at": at, "actor": actor}
        await session.execute(END_OWN, ours)
    free = [barcode for barcode in barcodes if barcode not in items or items[barcode].state is State.IN_STOCK]
    if not free:
        return set()
    _, refused = await ledger.move(session, free, Move.RESERVE, actor=actor, at=at, reference=order.reference)
    return {one.barcode for one in refused}


async def _explain(session: AsyncSession, order: OrderRecord, found: Mapping[int, Explanation], held: set[str]) -> None:
    """Keep why with each line: of what it holds or has had delivered, and why not the others this time."""
    lines = []
    for line in order.lines:
        if line.id not in found:
            continue
        said = found[line.id].as_json()
        chosen = [one for one in found[line.id].chosen if one.barcode in held]
        now = [{"barcode": one.barcode, "code": one.code, "detail": one.detail} for one in chosen]
        said |= {"chosen": [*_still_chosen(order, line), *now]}
        lines.append({"id": line.id, "explanation": said})
    if lines:
        await session.execute(EXPLAIN, {"lines": json.dumps(lines)})


def _still_chosen(order: OrderRecord, line: LineRecord) -> list[dict[str, str]]:
    here = {unit.barcode for unit in order.units if unit.line_id == line.id and (unit.is_reserved or unit.loan_id)}
    return [one for one in line.explanation.get("chosen", []) if one["barcode"] in here]
