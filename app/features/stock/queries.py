"""Reads of stock: one item with everything about it, lists, histories."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import find_blockers, is_clear, place_blockers
from app.domain.errors import NotFound
from app.domain.hygiene import next_step
from app.domain.labels import normalise
from app.domain.lifecycle import State, moves_from
from app.features.stock.schemas import DueBody, HistoryLine, HoldBody, ItemBody, ItemLine, LoanBody
from app.web.results import BlockerBody, Step

DETAILS = text("""
    SELECT item.serial_number, item.lot_number, item.manufactured_on, item.manufactured_precision, item.received_on,
           item.dispatched_on, item.purchase_price_pence, item.udi_di, item.condition, store.code AS store,
           loan.id AS loan_id, loan.kind AS loan_kind, loan.started_at, loan.trial_ends_on, client.client_ref
    FROM item
    JOIN store ON store.id = item.store_id
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    LEFT JOIN client ON client.id = loan.client_id
    WHERE item.id = :item_id
""")
HOLDS = text("""
    SELECT id, kind, reason, placed_at, placed_by FROM hold WHERE item_id = :item_id AND lifted_at IS NULL ORDER BY id
""")
HISTORY = text("""
    SELECT movement.seq, movement.move, movement.from_state, movement.to_state, movement.actor, movement.at,
           store.code AS store, movement.bay, movement.reason, movement.reference, movement.hash
    FROM movement JOIN store ON store.id = movement.store_id JOIN item ON item.id = movement.item_id
    WHERE item.barcode = :barcode AND movement.seq > :after ORDER BY movement.seq LIMIT :limit
""")
LINES = """
    SELECT item.barcode, product.code AS product_code, product.name AS product_name, item.serial_number, item.state,
           store.code AS store, item.bay, item.times_issued,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL) AS held
    FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
"""


async def get_item(session: AsyncSession, barcode: str, *, today: date, may_see_client: bool) -> ItemBody:
    """Everything about one item. Raises NotFound `unknown-barcode`."""
    record = (await ledger.read_items(session, [barcode])).get(barcode)
    if record is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    row = (await session.execute(DETAILS, {"item_id": record.id})).mappings().one()
    holds = (await session.execute(HOLDS, {"item_id": record.id})).mappings()
    fact = record.evidence
    blockers = [*place_blockers(fact), *find_blockers(fact, on=today)]
    todo = next_step(
        record.state,
        record.route,
        on_hold=bool(fact.holds),
        single_patient_use=fact.single_patient_use,
        inspected=fact.is_inspected,
    )
    loan = row["loan_id"] and LoanBody(
        id=row["loan_id"],
        kind=row["loan_kind"],
        client_ref=row["client_ref"] if may_see_client else None,
        started_at=row["started_at"],
        trial_ends_on=row["trial_ends_on"],
    )
    details = {name: row[name] for name in ItemBody.model_fields if name in row}
    return ItemBody(
        **details,
        barcode=record.barcode,
        product_code=record.product_code,
        product_name=record.product_name,
        state=record.state,
        bay=record.bay,
        is_clear=is_clear(fact, on=today),
        blockers=[BlockerBody(code=blocker.code, detail=blocker.detail) for blocker in blockers],
        holds=[HoldBody(**hold) for hold in holds],
        loan=loan or None,
        next_inspections=[DueBody(kind=due.kind, due_on=due.due_on) for due in fact.due],
        times_issued=fact.times_issued,
        moves=moves_from(record.state),
        next_step=Step(route=todo.route, text=todo.text),
    )


async def list_items(
    session: AsyncSession,
    *,
    q: str | None = None,
    state: State | None = None,
    product_code: str | None = None,
    store: str | None = None,
    held: bool | None = None,
    after: str = "",
    limit: int = 50,
) -> list[ItemLine]:
    """Items by barcode, `limit + 1` of them; `q`: part of a tag, a serial number, words of the product's name."""
    where = ["item.barcode > :after"]
    values: dict[str, Any] = {"after": after, "limit": limit + 1}
    filters = {"state": state and state.value, "product_code": product_code, "store": store, "held": held}
    clauses = {
        "state": "item.state = :state",
        "product_code": "product.code = :product_code",
        "store": "store.code = :store",
        "held": "EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND lifted_at IS NULL) = :held",
    }
    for name, value in filters.items():
        if value is not None:
            where.append(clauses[name])
            values[name] = value
    if q:
        where.append("(item.barcode LIKE :tag OR item.serial_key = :serial OR product.name ILIKE :words)")
        escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"tag": f"%{normalise(escaped)}%", "serial": normalise(q).casefold(), "words": f"%{escaped}%"}
    wanted = f"{LINES} WHERE {' AND '.join(where)} ORDER BY item.barcode LIMIT :limit"
    rows = (await session.execute(text(wanted), values)).mappings()
    return [ItemLine(**row) for row in rows]


async def list_lines(session: AsyncSession, barcodes: list[str]) -> list[ItemLine]:
    """These items as lines, by barcode."""
    wanted = text(f"{LINES} WHERE item.barcode = ANY(:barcodes) ORDER BY item.barcode")
    rows = (await session.execute(wanted, {"barcodes": barcodes})).mappings()
    return [ItemLine(**row) for row in rows]


async def list_history(session: AsyncSession, barcode: str, *, after: int = 0, limit: int = 500) -> list[HistoryLine]:
    """The item's movements, oldest first, `limit + 1` of them."""
    rows = await session.execute(HISTORY, {"barcode": barcode, "after": after, "limit": limit + 1})
    return [HistoryLine(**row) for row in rows.mappings()]
