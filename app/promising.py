"""What becomes of an order's promised day when an item that is held for it is gone, in the transaction that takes it.

An item goes by a hold, a loss, a failed inspection, or because it came back from the van: all of these call this.
Whoever changes an order locks it before its items, and here the item is locked already. So an order that somebody is
changing at this moment is left to them: `allocate` looks at its promise itself.
"""

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox
from app.db import array_of
from app.domain.dates import uk_date
from app.domain.labels import display
from app.domain.lifecycle import Move, State
from app.domain.promises import ItemLost, Withdrawn

KEPT_FOR = timedelta(days=28)
"""So long after the promised day an order's reservation ends on paper; while the order wants the item it does not."""

CAME_BACK = "It came back to the store without having been delivered."

# Pieces of orders with a promised day whose item is not kept for them any more, is on hold, or carries less than their
# client weighs since it was examined (or, where nobody knows the weight, less than its product); of what came back from
# the van also those of orders that have no day. It begins from the open pieces that have these items: no index finds
# the reservations of an item that ended.
GONE = text(f"""
    SELECT asked.id AS order_id, asked.number, asked.client_id, asked.team_id, asked.promised_on, asked.store_id,
           unit.id AS unit_id, unit.reservation_id, line.id AS line_id, line.product_id, line.prefer_new,
           line.explanation,
           COALESCE(asked.authority -> 'panel_condition_kinds' ? 'recycled_only', false) AS recycled_only,
           client.weight_kg, item.barcode, item.state, kept.ended_at IS NULL AS is_kept,
           asked.allocated_at IS NOT NULL AND EXISTS (
               SELECT FROM product_inspection AS wanted
               WHERE wanted.product_id = line.product_id AND wanted.kind = 'loler') AS is_asked_about
    FROM order_unit AS unit JOIN reservation AS kept ON kept.id = unit.reservation_id
    JOIN item ON item.id = unit.item_id JOIN product ON product.id = item.product_id
    JOIN order_line AS line ON line.id = unit.order_line_id
    JOIN equipment_order AS asked ON asked.id = unit.order_id
    JOIN client ON client.id = asked.client_id AND client.died_on IS NULL
    WHERE unit.item_id = ANY({array_of("item_ids", "bigint")}) AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
      AND (asked.promised_on IS NOT NULL OR (:came_back AND kept.ended_at = :at))
      AND asked.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
      AND (kept.ended_at IS NOT NULL
           OR EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
           OR (item.certified_load_kg < COALESCE(client.weight_kg, product.safe_working_load_kg)
               AND COALESCE(item.certified_load_kg < product.safe_working_load_kg, true)))
    ORDER BY asked.id, unit.id FOR UPDATE OF asked SKIP LOCKED
""")  # noqa: S608 - constants
# In the order of `domain/allocation.py`. What others are taking at this moment is passed over, not waited for.
CHOOSE = text("""
    SELECT item.barcode, item.times_issued > 0 AS is_recycled FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN inspection_due AS examined ON examined.item_id = item.id AND examined.kind = 'loler'
    WHERE item.product_id = :product_id AND item.state = 'in_stock' AND item.barcode <> ALL(:passed_over)
      AND NOT (product.single_patient_use AND item.times_issued > 0)
      AND (item.times_issued > 0 OR NOT :recycled_only)
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL)
      AND NOT EXISTS (SELECT FROM ring_fence WHERE ring_fence.item_id = item.id AND ring_fence.team_id <> :team_id)
      AND NOT EXISTS (SELECT FROM reservation AS theirs
                      WHERE theirs.item_id = item.id AND theirs.ended_at IS NULL AND theirs.until_on >= :today)
      AND NOT EXISTS (
          SELECT FROM product_inspection AS wanted
          LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = wanted.kind
          WHERE wanted.product_id = product.id AND COALESCE(known.due_on < :today, true))
      AND COALESCE(LEAST(product.safe_working_load_kg, item.certified_load_kg)
                   >= COALESCE(CAST(:weight_kg AS integer), product.safe_working_load_kg), true)
    ORDER BY (item.times_issued > 0) = :prefer_new,
             NOT EXISTS (SELECT FROM ring_fence WHERE ring_fence.item_id = item.id), item.store_id <> :store_id,
             examined.due_on DESC NULLS LAST, item.barcode
    LIMIT 1 FOR UPDATE OF item SKIP LOCKED
""")
TAKE = text("""
    WITH stale AS (
        UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
        WHERE id = :reservation_id AND ended_at IS NULL
    ), kept AS (
        INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by)
        SELECT id, :client_id, :from_on, :until_on, :at, :actor FROM item WHERE barcode = :barcode RETURNING id
    ), said AS (
        UPDATE order_line SET explanation = CAST(:explanation AS jsonb) WHERE id = :line_id
    )
    UPDATE order_unit SET reservation_id = kept.id FROM kept WHERE order_unit.id = :unit_id
""")
WITHDRAW = text("""
    UPDATE equipment_order AS asked SET promised_on = NULL, version = asked.version + 1
    FROM equipment_order AS was JOIN client ON client.id = was.client_id
    WHERE asked.id = :order_id AND was.id = asked.id AND was.promised_on IS NOT NULL
    RETURNING asked.number, asked.made_by, client.client_ref, was.promised_on
""")


LOSER = text("""
    SELECT asked.number, asked.made_by, asked.promised_on, client.client_ref
    FROM equipment_order AS asked JOIN client ON client.id = asked.client_id WHERE asked.id = :order_id
""")


async def look_again(
    session: AsyncSession,
    item_ids: Collection[int],
    *,
    why: str = "",
    actor: str,
    at: datetime,
    came_back: bool = False,
) -> None:
    """These items went, are on hold, or carry less than they did: each order that had one keeps its promised day if
    another is held for it now.

    Otherwise its day is unknown, and its prescriber is told, once. What is with the driver is not replaced: it stays
    with the order until it is scanned back. Nor is what a person must be asked about (a thorough examination, of an
    allocated order): allocating again does that. `why` they cannot go out, in sentences, where it is known.
    `came_back`: from the van, undelivered, which each order's prescriber is told in any case. One statement where no
    promise depends on these items.
    """
    asked = {"item_ids": list(item_ids), "came_back": came_back, "at": at}
    gone = (await session.execute(GONE, asked)).mappings().all()
    lost: dict[int, list[str]] = {}
    replaced: dict[int, list[tuple[str, str]]] = {}
    said: dict[int, dict[str, Any]] = {}
    for piece in gone:
        on_the_van = piece["is_kept"] and piece["state"] == State.DISPATCHED
        asks = on_the_van or piece["is_asked_about"] or piece["order_id"] in lost
        held = None if asks else await _replace(session, piece, said, actor=actor, at=at)
        if held is None:
            lost.setdefault(piece["order_id"], []).append(piece["barcode"])
        else:
            replaced.setdefault(piece["order_id"], []).append((piece["barcode"], held))
    why = CAME_BACK if came_back else why
    for order_id, barcodes in lost.items():
        is_told = await withdraw(session, order_id, barcodes, why=why, actor=actor, at=at)
        if came_back and not is_told:
            await tell_of_loss(session, order_id, barcodes, why=why, actor=actor, at=at)
    for order_id, pairs in replaced.items() if came_back else ():
        barcodes, instead = [one for one, _ in pairs], [other for _, other in pairs]
        await tell_of_loss(session, order_id, barcodes, why=why, instead=instead, actor=actor, at=at)


async def withdraw(
    session: AsyncSession, order_id: int, barcodes: Collection[str], *, why: str = "", actor: str, at: datetime
) -> bool:
    """An order's promised day is not known any more, because nothing is there in place of these; its maker is told.

    Whether there was a day to withdraw. `why` they are gone, in sentences, where it is known.
    """
    row = (await session.execute(WITHDRAW, {"order_id": order_id})).mappings().one_or_none()
    if row is None:
        return False
    tags = [display(barcode) for barcode in barcodes]
    letter = Withdrawn(row["number"], row["client_ref"], row["promised_on"], tags, why).letter()
    subject, facts = f"order:{row['number']}", {"promised": row["promised_on"].isoformat(), "gone": ", ".join(barcodes)}
    await audit.record(session, "order_promise_withdrawn", subject, actor=actor, at=at, **facts, why=why or None)
    told: dict[str, Any] = {"subject": letter.subject, "body": letter.body, "to": row["made_by"], "about": subject}
    await outbox.post(session, purpose="order_promise_withdrawn", actor=actor, at=at, **told)
    return True


async def tell_of_loss(
    session: AsyncSession,
    order_id: int,
    barcodes: Collection[str],
    *,
    why: str,
    instead: Collection[str] = (),
    actor: str,
    at: datetime,
) -> None:
    """Tell an order's maker that these are gone, where its promised day does not change by that."""
    row = (await session.execute(LOSER, {"order_id": order_id})).mappings().one()
    tags, others = [display(one) for one in barcodes], [display(one) for one in instead]
    lost = ItemLost(row["number"], row["client_ref"], tags, why, others, row["promised_on"])
    letter, subject = lost.letter(), f"order:{row['number']}"
    facts: dict[str, Any] = {"gone": ", ".join(barcodes), "why": why}
    await audit.record(session, "order_lost_an_item", subject, actor=actor, at=at, **facts)
    told: dict[str, Any] = {"subject": letter.subject, "body": letter.body, "to": row["made_by"], "about": subject}
    await outbox.post(session, purpose="order_lost_an_item", actor=actor, at=at, **told)


async def _replace(
    session: AsyncSession, piece: RowMapping, said: dict[int, dict[str, Any]], *, actor: str, at: datetime
) -> str | None:
    """Hold another item of the same product for the piece, if one is free that nobody need be asked about; which."""
    found = await _reserve(session, piece, actor=actor, at=at)
    if found is None:
        return None
    reference = f"order {piece['number']}"
    if piece["is_kept"] and piece["state"] == State.RESERVED:
        await ledger.move_one(session, piece["barcode"], Move.RELEASE, actor=actor, at=at, reference=reference)
    explanation = said.get(piece["line_id"], piece["explanation"])
    others = [one for one in explanation.get("chosen", []) if one["barcode"] != piece["barcode"]]
    detail = f"It takes the place of {piece['barcode']}, which cannot go out now."
    chosen = {"barcode": found["barcode"], "code": "recycled" if found["is_recycled"] else "new", "detail": detail}
    said[piece["line_id"]] = {**explanation, "chosen": [*others, chosen]}
    today = uk_date(at)
    values = {name: piece[name] for name in ("reservation_id", "client_id", "unit_id", "line_id")}
    values |= {"from_on": today, "until_on": _kept_until(piece["promised_on"], today), "at": at, "actor": actor}
    values |= {"barcode": found["barcode"], "explanation": json.dumps(said[piece["line_id"]])}
    await session.execute(TAKE, values)
    facts = {"gone": piece["barcode"], "held": found["barcode"]}
    await audit.record(session, "order_piece_replaced", f"order:{piece['number']}", actor=actor, at=at, **facts)
    barcode: str = found["barcode"]
    return barcode


async def _reserve(session: AsyncSession, piece: RowMapping, *, actor: str, at: datetime) -> RowMapping | None:
    """The best free item, reserved; what the ledger refuses is passed over."""
    names = ("product_id", "store_id", "team_id", "weight_kg", "prefer_new", "recycled_only")
    values = {name: piece[name] for name in names} | {"today": uk_date(at)}
    passed_over: list[str] = [piece["barcode"]]
    while found := (await session.execute(CHOOSE, values | {"passed_over": passed_over})).mappings().one_or_none():
        reference = f"order {piece['number']}"
        moved, _ = await ledger.move(session, [found["barcode"]], Move.RESERVE, actor=actor, at=at, reference=reference)
        if moved:
            return found
        passed_over.append(found["barcode"])
    return None


def _kept_until(promised_on: date | None, today: date) -> date:
    return max(promised_on or today, today) + KEPT_FOR
