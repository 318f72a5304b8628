"""Reads of stock: one item with everything about it, lists, histories."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.db import literally
from app.domain.certificates import is_certified
from app.domain.clearance import CLEARABLE, find_blockers, is_clear, label_blockers, place_blockers, step_for
from app.domain.combinations import carries
from app.domain.errors import NotFound
from app.domain.inspections import due_state
from app.domain.labels import normalise
from app.domain.lifecycle import Move, State, moves_from
from app.domain.stop_use import ItemFault
from app.features.stock.schemas import (
    DecisionLine,
    DueBody,
    HistoryLine,
    HoldBody,
    InspectionLine,
    ItemBody,
    ItemLine,
    LoanBody,
    PastHoldBody,
    ReservationBody,
    RingFenceBody,
    StopLine,
    TrialReviewLine,
    Warned,
)
from app.number_sql import sql_lot_key
from app.web.results import BlockerBody, Step

DETAILS = text("""
    SELECT item.serial_number, item.lot_number, item.manufactured_on, item.manufactured_precision, item.received_on,
           item.dispatched_on, item.purchase_price_pence, item.udi_di,
           GREATEST(item.purchase_price_pence, product.purchase_price_pence) AS worth_pence, item.maker_label,
           item.condition,
           store.code AS store, loan.id AS loan_id, loan.kind AS loan_kind, loan.started_at, loan.trial_ends_on,
           client.client_ref,
           (SELECT id FROM stop_use_notice WHERE loan_id = loan.id) AS stop_use_notice,
           fitted.parts_fitted, gone.disposal, product.safe_working_load_kg AS product_load_kg,
           item.certified_load_kg, item.certified_on, product.model AS product_model,
           item.label_wanted_since IS NOT NULL AS label_wanted, labels.serials_read,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg
    FROM item
    JOIN store ON store.id = item.store_id
    JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('read', act.serial_read, 'before', act.serial_before,
                                            'at', act.recorded_at, 'by', act.recorded_by,
                                            'notice', notice.reference) ORDER BY act.id) AS serials_read
        FROM notice_match AS match JOIN notice_match_action AS act ON act.match_id = match.id
        JOIN safety_notice AS notice ON notice.id = match.notice_id
        WHERE match.item_id = item.id AND act.serial_read IS NOT NULL
    ) AS labels ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
                   'id', part.id, 'part_number', part.part_number, 'description', part.description,
                   'quantity', part.quantity, 'cost_pence', part.cost_pence, 'fitted_on', part.fitted_on,
                   'recorded_by', part.recorded_by, 'withdrawn_because', taken.reason,
                   'harvested_from', donor.barcode
               ) ORDER BY part.fitted_on DESC, part.id DESC) AS parts_fitted
        FROM repair JOIN fitted_part AS part ON part.repair_id = repair.id
        LEFT JOIN fitted_part_withdrawal AS taken ON taken.fitted_part_id = part.id
        LEFT JOIN harvested_part AS harvested ON harvested.id = part.harvested_part_id
        LEFT JOIN item AS donor ON donor.id = harvested.item_id
        WHERE repair.item_id = item.id
    ) AS fitted ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_build_object(
                   'id', id, 'reason', reason, 'waste_stream', waste_stream, 'batteries', batteries,
                   'reference', reference, 'asked_at', asked_at, 'asked_by', asked_by, 'agreed_by', agreed_by,
                   'is_open', seq IS NULL
               ) AS disposal
        FROM disposal WHERE disposal.item_id = item.id AND declined_at IS NULL
    ) AS gone ON true
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    LEFT JOIN client ON client.id = loan.client_id
    WHERE item.id = :item_id
""")
HOLDS = text("""
    SELECT id, kind, reason, placed_at, placed_by, notice_id FROM hold
    WHERE item_id = :item_id AND lifted_at IS NULL ORDER BY id
""")
RESERVATIONS = text("""
    SELECT reservation.id, reservation.from_on AS from_, reservation.until_on AS until, client.client_ref,
           reservation.made_by, holding.number AS order_number, client.weight_kg, product.category,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg
    FROM reservation JOIN client ON client.id = reservation.client_id
    JOIN item ON item.id = reservation.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (
        SELECT equipment_order.number FROM order_unit
        JOIN order_line ON order_line.id = order_unit.order_line_id
        JOIN equipment_order ON equipment_order.id = order_line.order_id
        WHERE order_unit.reservation_id = reservation.id AND order_unit.cancelled_at IS NULL
    ) AS holding ON true
    WHERE reservation.item_id = :item_id AND reservation.ended_at IS NULL ORDER BY reservation.from_on
""")
TRIAL_REVIEWS = text("""
    SELECT outcome, until_on, reviewed_at, reviewed_by,
           CASE WHEN :may_see_client THEN concat_ws(' ', NULLIF(result, ''), NULLIF(notes, '')) ELSE '' END AS notes
    FROM trial_review WHERE loan_id = :loan_id ORDER BY id
""")
# A loan carries the end as it is now; what it was before the first extension is in the audit trail.
FIRST_END = text("""
    SELECT detail->>'was_until' FROM audit_event
    WHERE subject = 'item:' || :barcode AND action = 'trial_extended' AND detail->>'loan' = :loan_id
    ORDER BY id LIMIT 1
""")
CHECKS = text("""
    SELECT wanted.kind, wanted.every_months, last.id AS last_id, last.examined_on AS last_on,
           last.outcome AS last_outcome
    FROM product_inspection AS wanted
    LEFT JOIN LATERAL (
        SELECT id, examined_on, outcome FROM standing_inspection AS made
        WHERE made.item_id = :item_id AND made.kind = wanted.kind ORDER BY examined_on DESC, id DESC LIMIT 1
    ) AS last ON true
    WHERE wanted.product_id = :product_id
""")
INSPECTIONS = text("""
    SELECT made.id, made.kind, made.outcome, made.examined_on, made.inspected_by, made.next_due_on, made.notes,
           EXISTS (SELECT FROM inspection AS newer WHERE newer.supersedes_id = made.id) AS is_superseded
    FROM inspection AS made JOIN item ON item.id = made.item_id
    WHERE item.barcode = :barcode ORDER BY made.examined_on DESC, made.id DESC LIMIT :limit
""")
DECISIONS = text("""
    SELECT handing_out, due_on, reason, decided_at, decided_by
    FROM examination_decision AS decision JOIN item ON item.id = decision.item_id
    WHERE item.barcode = :barcode ORDER BY decision.id DESC LIMIT :limit
""")
HISTORY = text("""
    SELECT movement.seq, movement.move, movement.from_state, movement.to_state, movement.actor, movement.at,
           store.code AS store, movement.bay, movement.reason, movement.reference, movement.hash
    FROM movement JOIN store ON store.id = movement.store_id JOIN item ON item.id = movement.item_id
    WHERE item.barcode = :barcode AND movement.seq > :after ORDER BY movement.seq LIMIT :limit
""")
IS_KNOWN = text("SELECT EXISTS (SELECT FROM item WHERE barcode = :barcode)")
LATEST = text("""
    SELECT movement.seq, movement.move, movement.from_state, movement.to_state, movement.actor, movement.at,
           store.code AS store, movement.bay, movement.reason, movement.reference, movement.hash
    FROM movement JOIN store ON store.id = movement.store_id JOIN item ON item.id = movement.item_id
    WHERE item.barcode = :barcode AND (CAST(:before AS int) IS NULL OR movement.seq < :before)
    ORDER BY movement.seq DESC LIMIT :limit
""")
# An item whose label was read another way is found by what our record said before, too.
HAD_SERIAL = f"""
    SELECT match.item_id FROM notice_match_action AS act JOIN notice_match AS match ON match.id = act.match_id
    WHERE act.serial_read IS NOT NULL AND lower({sql_lot_key("act.serial_before")}) = :serial
"""  # noqa: S608 - the part is a constant
PAST_HOLDS = text("""
    SELECT kind, reason, placed_at, placed_by, lifted_at, lifted_by, lift_reason
    FROM hold JOIN item ON item.id = hold.item_id
    WHERE item.barcode = :barcode AND lifted_at IS NOT NULL ORDER BY hold.id DESC LIMIT 50
""")
STOPS = text("""
    SELECT notice.given_at, notice.given_by, notice.item_fault, notice.reason, notice.withdrawn_at
    FROM item JOIN loan ON loan.item_id = item.id
    JOIN stop_use_notice AS notice ON notice.loan_id = loan.id OR notice.withdrawn_loan_id = loan.id
    WHERE item.barcode = :barcode ORDER BY notice.id DESC LIMIT 20
""")
OPEN_FAULTS = text("""
    SELECT report.id, report.description, report.is_dangerous, report.reported_at
    FROM fault_report AS report JOIN item ON item.id = report.item_id
    WHERE item.barcode = :barcode AND report.closed_at IS NULL ORDER BY report.id DESC LIMIT 10
""")
# What falls due is few, and is found by its day: with EXISTS each item is joined to its product and store first.
CHECK_DUE = """
    item.state <> 'scrapped' AND item.id = ANY(ARRAY(
        SELECT item_id FROM inspection_due WHERE due_on >= :due_from AND due_on < :due_before))
"""
PRODUCTS_OF_GTIN = text("SELECT code, name FROM product WHERE :gtin = ANY(udi_di) ORDER BY code LIMIT 10")
PRODUCTS = text("SELECT code, name FROM product ORDER BY code LIMIT 1000")
STORES = text("SELECT code, name FROM store ORDER BY code")
# All items of one receipt share its instant, and nobody can make two receipts in one microsecond.
RECEIPT = """
    JOIN movement ON movement.item_id = item.id AND movement.seq = 1
    WHERE movement.at = :at AND movement.actor = :actor
"""
SAME_SERIALS = text("""
    SELECT item.serial_number, other.barcode, product.name
    FROM item JOIN movement ON movement.item_id = item.id AND movement.seq = 1
    JOIN item AS other ON other.serial_key = item.serial_key AND other.product_id <> item.product_id
    JOIN product ON product.id = other.product_id
    WHERE movement.at = :at AND movement.actor = :actor ORDER BY item.id, other.id LIMIT 500
""")
LINES = """
    SELECT item.barcode, product.code AS product_code, product.name AS product_name, item.serial_number, item.state,
           store.code AS store, item.bay, item.times_issued,
           item.held_since IS NOT NULL AS held
    FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
"""
# Items of few products are found by these. Where the words are of one product in a hundred or more, a page of items is
# full after a few thousand tags; their items by their products would be a great part of the register.
NAMED = """
    WITH named AS MATERIALIZED (SELECT id FROM product WHERE name ILIKE :words),
         are AS MATERIALIZED (
        SELECT (SELECT count(*) FROM named) * 100 <= (SELECT count(*) FROM product) AS few)
"""
OF_FEW_PRODUCTS = "(SELECT few FROM are) AND item.product_id = ANY(ARRAY(SELECT id FROM named))"
WAYS_TO_FIND = (
    "item.barcode LIKE :tag",
    "item.serial_key = :serial",
    OF_FEW_PRODUCTS,
    # Not by the index of products.
    "(SELECT NOT few FROM are) AND item.product_id + 0 = ANY(ARRAY(SELECT id FROM named))",
    f"item.id = ANY(ARRAY({HAD_SERIAL}))",
)


@dataclass(frozen=True, slots=True)
class ReportedFault:
    """A fault that somebody reported from the item's label."""

    id: int
    description: str
    is_dangerous: bool
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """A code and the name that goes with it, to choose from."""

    code: str
    name: str


async def get_item(
    session: AsyncSession,
    barcode: str,
    *,
    today: date,
    may_see_client: bool,
    reader: str | None,
    releaser: str | None = None,
    soon_days: int = 0,
) -> ItemBody:
    """Everything about one item. Raises NotFound `unknown-barcode`.

    `reader`: who could release it, and is not told to do it where that must be somebody else. `releaser`: the same
    person, where that is to count among the blockers. `soon_days`: so near, a check is due soon.
    """
    record = (await ledger.read_items(session, [barcode])).get(barcode)
    if record is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    row = (await session.execute(DETAILS, {"item_id": record.id})).mappings().one()
    holds = (await session.execute(HOLDS, {"item_id": record.id})).mappings()
    reserved = (await session.execute(RESERVATIONS, {"item_id": record.id})).mappings()
    kept = [_kept(line, may_see_client=may_see_client) for line in reserved]
    fact = record.evidence
    at_the_bench = record.state is State.AWAITING_INSPECTION
    found = find_blockers(fact, on=today, releaser=releaser if at_the_bench else None)
    of_label = label_blockers(fact) if record.state in CLEARABLE else []
    blockers = [*place_blockers(fact), *found, *of_label]
    is_stopped = row["stop_use_notice"] is not None
    todo = step_for(fact, record.route, on=today, reader=reader, is_stopped=is_stopped)
    loan = row["loan_id"] and LoanBody(
        id=row["loan_id"],
        kind=row["loan_kind"],
        client_ref=row["client_ref"] if may_see_client else None,
        started_at=row["started_at"],
        trial_ends_on=row["trial_ends_on"],
        stop_use_notice=row["stop_use_notice"],
    )
    details = {name: row[name] for name in ItemBody.model_fields if name in row}
    details["parts_fitted"] = row["parts_fitted"] or []
    details["serials_read"] = row["serials_read"] or []
    return ItemBody(
        **details,
        barcode=record.barcode,
        product_code=record.product_code,
        product_name=record.product_name,
        state=record.state,
        bay=record.bay,
        is_clear=is_clear(fact, on=today),
        is_releasable=at_the_bench and not found,
        blockers=[BlockerBody(code=blocker.code, detail=blocker.detail) for blocker in blockers],
        holds=[HoldBody(**hold) for hold in holds],
        loan=loan or None,
        reservations=kept,
        next_inspections=await _checks(session, record, today=today, soon_days=soon_days),
        times_issued=fact.times_issued,
        moves=moves_from(record.state),
        next_step=Step(route=todo.route, text=todo.text),
        ring_fence=record.ring_fence and RingFenceBody.model_validate(record.ring_fence, from_attributes=True),
        is_certified=is_certified(fact),
    )


def _kept(line: RowMapping, *, may_see_client: bool) -> ReservationBody:
    facts = {name: line[name] for name in ("id", "from_", "until", "made_by", "order_number")}
    carried = carries(line["category"], line["safe_working_load_kg"], line["weight_kg"])
    client_ref = line["client_ref"] if may_see_client else None
    return ReservationBody(**facts, client_ref=client_ref, carries_client=carried)


async def list_items(
    session: AsyncSession,
    *,
    q: str | None = None,
    state: State | None = None,
    product_code: str | None = None,
    store: str | None = None,
    held: bool | None = None,
    due: tuple[date, date] | None = None,
    after: str = "",
    limit: int = 50,
) -> list[ItemLine]:
    """Items by barcode, `limit + 1` of them; `q`: part of a tag, a serial number, words of the product's name.

    `due`: a check falls due from the first day on and before the second.
    """
    where = ["item.barcode > :after"]
    values: dict[str, Any] = {"after": after, "limit": limit + 1}
    if due:
        where.append(CHECK_DUE)
        values |= {"due_from": due[0], "due_before": due[1]}
    if held is not None:
        where.append("item.held_since IS NOT NULL" if held else "item.held_since IS NULL")
    filters = {"state": state and state.value, "product_code": product_code, "store": store}
    clauses = {
        "state": "item.state = :state",
        "product_code": "item.product_id = (SELECT id FROM product WHERE code = :product_code)",
        "store": "item.store_id = (SELECT id FROM store WHERE code = :store)",
    }
    for name, value in filters.items():
        if value is not None:
            where.append(clauses[name])
            values[name] = value
    chosen = narrowed = " AND ".join(where)
    if due:
        chosen = f"item.id = ANY(ARRAY{_first(narrowed)})"
    if q:
        arms = " UNION ".join(_first(f"{narrowed} AND {way}") for way in WAYS_TO_FIND)
        chosen = f"item.id = ANY(ARRAY({arms}))"
        escaped = literally(q)
        values |= {"tag": f"%{normalise(escaped)}%", "serial": normalise(q).casefold(), "words": f"%{escaped}%"}
    wanted = f"{NAMED if q else ''} {LINES} WHERE {chosen} ORDER BY item.barcode LIMIT :limit"
    rows = (await session.execute(text(wanted), values)).mappings()
    return [ItemLine(**row) for row in rows]


def _first(narrowed: str) -> str:
    """The numbers of a page's items, before anything is joined to them: where more are read than the page shows. Each
    way to find is looked for by itself: together they would let no index be used.

    What is found by few products is read by these: whoever walked the items by tag until a page of them is found would
    walk most of them."""
    of_products = "OFFSET 0" if OF_FEW_PRODUCTS in narrowed else ""
    return f"""(
        SELECT id FROM (SELECT item.id, item.barcode FROM item WHERE {narrowed} {of_products}) AS found
        ORDER BY barcode LIMIT :limit)"""  # noqa: S608 - constants


async def list_lines(session: AsyncSession, barcodes: list[str]) -> list[ItemLine]:
    """These items as lines, by barcode."""
    wanted = text(f"{LINES} WHERE item.barcode = ANY(:barcodes) ORDER BY item.barcode")
    rows = (await session.execute(wanted, {"barcodes": barcodes})).mappings()
    return [ItemLine(**row) for row in rows]


AT_A_CLIENT = frozenset(
    {Move.ISSUE, Move.START_TRIAL, Move.KEEP_AFTER_TRIAL, Move.REQUEST_COLLECTION, Move.CANCEL_COLLECTION}
)
"""Moves whose reason is written about a client, and is kept from those who may not see clients."""


async def list_history(
    session: AsyncSession, barcode: str, *, may_see_client: bool, after: int = 0, limit: int = 500
) -> list[HistoryLine]:
    """The item's movements, oldest first, `limit + 1` of them; those that are put aside with their months are not
    among them. Raises NotFound `unknown-barcode`."""
    rows = await session.execute(HISTORY, {"barcode": barcode, "after": after, "limit": limit + 1})
    lines = [HistoryLine(**row) for row in rows.mappings()]
    # Every item has at least the movement by which it came in, which may be put aside.
    if not lines and not after and not await session.scalar(IS_KNOWN, {"barcode": barcode}):
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return _for_reader(lines, may_see_client=may_see_client)


async def list_latest_history(
    session: AsyncSession, barcode: str, *, may_see_client: bool, before: int | None, limit: int = 50
) -> list[HistoryLine]:
    """The item's movements, newest first, `limit + 1` of them; `before`: the number that the last page ended with."""
    rows = await session.execute(LATEST, {"barcode": barcode, "before": before, "limit": limit + 1})
    return _for_reader([HistoryLine(**row) for row in rows.mappings()], may_see_client=may_see_client)


def _for_reader(lines: list[HistoryLine], *, may_see_client: bool) -> list[HistoryLine]:
    if may_see_client:
        return lines
    return [line.model_copy(update={"reason": None}) if line.move in AT_A_CLIENT else line for line in lines]


async def list_open_faults(session: AsyncSession, barcode: str) -> list[ReportedFault]:
    """The faults that people reported from the item's label and that nobody has closed, the newest first."""
    rows = (await session.execute(OPEN_FAULTS, {"barcode": barcode})).mappings()
    return [ReportedFault(**row) for row in rows]


async def _checks(session: AsyncSession, record: ledger.ItemRecord, *, today: date, soon_days: int) -> list[DueBody]:
    """How the item stands with each inspection that its product asks for."""
    if not record.evidence.due:
        return []
    values = {"item_id": record.id, "product_id": record.product_id}
    rows = {row["kind"]: dict(row) for row in (await session.execute(CHECKS, values)).mappings()}
    return [
        DueBody(
            **rows[due.kind],
            due_on=due.due_on,
            state=due_state(due.due_on, failed=due.failed, on=today, soon_days=soon_days),
        )
        for due in record.evidence.due
        # Somebody may have changed the product between the two statements.
        if due.kind in rows
    ]


async def list_inspections(session: AsyncSession, barcode: str, *, limit: int = 20) -> list[InspectionLine]:
    """The item's newest inspections, also those that were wrong."""
    rows = await session.execute(INSPECTIONS, {"barcode": barcode, "limit": limit})
    return [InspectionLine(**row) for row in rows.mappings()]


async def list_decisions(session: AsyncSession, barcode: str, *, limit: int = 20) -> list[DecisionLine]:
    """Why the item went on although its thorough examination fell due soon, newest first."""
    rows = await session.execute(DECISIONS, {"barcode": barcode, "limit": limit})
    return [DecisionLine(**row) for row in rows.mappings()]


async def list_past_holds(session: AsyncSession, barcode: str) -> list[PastHoldBody]:
    """The item's holds that were lifted, newest first, fifty at most."""
    rows = await session.execute(PAST_HOLDS, {"barcode": barcode})
    return [PastHoldBody(**row) for row in rows.mappings()]


async def list_stops(session: AsyncSession, barcode: str, *, may_see_client: bool) -> list[StopLine]:
    """When its use at a client's was stopped, the newest first. What did not suit a person is told only to those who
    may see clients."""
    lines = [StopLine(**row) for row in (await session.execute(STOPS, {"barcode": barcode})).mappings()]
    return [
        line if may_see_client or line.item_fault is not ItemFault.NO else line.model_copy(update={"reason": ""})
        for line in lines
    ]


async def list_trial_reviews(session: AsyncSession, loan_id: int, *, may_see_client: bool) -> list[TrialReviewLine]:
    """What was decided about a trial, oldest first; how it went only for those who may see clients."""
    rows = await session.execute(TRIAL_REVIEWS, {"loan_id": loan_id, "may_see_client": may_see_client})
    return [TrialReviewLine(**row) for row in rows.mappings()]


async def find_first_end(session: AsyncSession, barcode: str, loan_id: int) -> date | None:
    """When a trial that was extended was to end at first; None when it never was, or nobody wrote it down."""
    first: str | None = await session.scalar(FIRST_END, {"barcode": barcode, "loan_id": str(loan_id)})
    return date.fromisoformat(first) if first else None


async def list_products_of(session: AsyncSession, gtin: str) -> list[Named]:
    """The products that have this GTIN (14 digits) among their UDI-DIs."""
    return [Named(row.code, row.name) for row in await session.execute(PRODUCTS_OF_GTIN, {"gtin": gtin})]


async def list_product_names(session: AsyncSession) -> list[Named]:
    """The catalogue's codes and names, to choose from."""
    return [Named(**row) for row in (await session.execute(PRODUCTS)).mappings()]


async def list_store_names(session: AsyncSession) -> list[Named]:
    """Every store by code, to choose from."""
    return [Named(**row) for row in (await session.execute(STORES)).mappings()]


async def list_receipt(session: AsyncSession, *, actor: str, at: datetime) -> tuple[list[ItemLine], list[Warned]]:
    """What `actor` received at that instant, in the order of the tags, and serial numbers that other products have."""
    values = {"actor": actor, "at": at}
    rows = (await session.execute(text(f"{LINES} {RECEIPT} ORDER BY item.barcode"), values)).mappings()
    same = await session.execute(SAME_SERIALS, values)
    warnings = [
        Warned(code="serial-on-another-product", detail=f"{row.serial_number} is also on {row.name} ({row.barcode}).")
        for row in same
    ]
    return [ItemLine(**row) for row in rows], warnings
