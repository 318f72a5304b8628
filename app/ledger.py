"""The only door through which an item is born or changes state: lock, ask the rules, write the movement.

Set-based: one item or five hundred cost the same number of statements. What a move means for loans, jobs and
collections is not here; the verbs in `features/` write that in the same transaction.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import charging, prevented
from app.audit import Break, Tell, read_in_pieces, walk_chains
from app.db import array_of
from app.domain.clearance import (
    GATED,
    HANDED_OVER,
    DueFact,
    Evidence,
    HoldFact,
    HoldKind,
    find_blockers,
    label_blockers,
    needs_clearance,
    needs_label,
    place_blockers,
    step_for,
)
from app.domain.costs import Tariff
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotClear, NotFound, RuleError
from app.domain.hygiene import NextStep, Outcome, Route
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.labels import make_tag
from app.domain.lifecycle import BIRTH, IN_STORE, Move, State, can_move, is_issue, is_return, next_state
from app.domain.ring_fencing import RingFence, beside


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item as the ledger knows it; `evidence` is what clearance is decided on.

    `are_notices`: some safety notice is in force, or was; about which items it is, is not said here. `carries_kg`: this
    item, by its product and by what was certified for it (ADR 28); `product_load_kg`: its product. `ring_fence`: a
    panel keeps it for a team.
    """

    id: int
    barcode: str
    product_id: int
    product_code: str
    product_name: str
    route: Route
    store_id: int
    bay: str | None
    last_seq: int
    last_hash: str
    evidence: Evidence
    are_notices: bool = False
    carries_kg: int | None = None
    product_load_kg: int | None = None
    ring_fence: RingFence | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.evidence.state


@dataclass(frozen=True, slots=True)
class Moved:
    """An item that moved: as it was, the number of the movement, and the evidence as the move left it.

    `by`, `on`: who moved it, on which day.
    """

    item: ItemRecord
    seq: int
    evidence: Evidence
    by: str
    on: date

    @property
    def next_step(self) -> NextStep:
        """What the one who moved it does with it now."""
        step = step_for(self.evidence, self.item.route, on=self.on, reader=self.by)
        return beside(step, self.item.ring_fence, self.state)

    @property
    def state(self) -> State:
        """Where it stands now."""
        return self.evidence.state


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that did not move, and why; `item` is None when nobody knows the barcode."""

    barcode: str
    error: RuleError
    item: ItemRecord | None


@dataclass(frozen=True, slots=True)
class Birth:
    """One item to receive: everything that the ledger itself does not decide.

    `used_before`: it was issued elsewhere, before it came into these books. It counts as issued once, so that it is
    recycled, not new, and what is for a single patient never goes out again.
    """

    product_id: int
    serial_number: str | None
    serial_key: str | None
    lot_number: str | None
    manufactured_on: date | None
    manufactured_precision: str | None
    received_on: date
    dispatched_on: date | None
    purchase_price_pence: int
    udi_di: str | None
    maker_label: str | None = None
    import_ref: str | None = None
    used_before: bool = False


THESE = array_of("barcodes", "text")
LOCK = text(f"SELECT id FROM item WHERE barcode = ANY({THESE}) ORDER BY barcode FOR UPDATE")  # noqa: S608 - a constant
LOCK_IDS = text("SELECT id FROM item WHERE id = ANY(:item_ids) ORDER BY barcode FOR UPDATE")

# Read after the lock and by a statement of its own: a hold that was placed while we waited for the row is seen.
_READ = """
    SELECT item.id, item.barcode, item.state, item.store_id, item.bay, item.times_issued, item.last_seq, item.last_hash,
           item.returned_seq, item.inspectable_seq, product.id AS product_id, product.code AS product_code,
           product.name AS product_name, product.decontamination_route, product.single_patient_use,
           product.high_risk OR COALESCE(cleaning.infection_risk = 'high', false) AS high_risk,
           cleaning.outcome AS decontamination_outcome, cleaning.finished_seq AS decontamination_seq,
           cleaning.started_by AS decontamination_started_by, cleaning.finished_by AS decontaminated_by,
           checked.outcome AS inspection_outcome,
           checked.seq AS inspection_seq, held.holds, asked.due,
           product.safe_working_load_kg AS product_load_kg,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS carries_kg,
           item.label_wanted_since IS NOT NULL AS is_label_wanted,
           EXISTS (SELECT FROM notice_activation) AS are_notices, fence.fence{more}
    FROM item
    JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (
        SELECT outcome, finished_seq, started_by, finished_by, infection_risk FROM decontamination
        WHERE item_id = item.id AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1
    ) AS cleaning ON true
    LEFT JOIN LATERAL (
        SELECT outcome, seq FROM standing_inspection WHERE item_id = item.id AND kind = 'functional'
        ORDER BY examined_on DESC, id DESC LIMIT 1
    ) AS checked ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
                   'kind', hold.kind, 'reason', hold.reason, 'notice_id', notice.id,
                   'notice', COALESCE(notice.reference, '')) ORDER BY hold.id) AS holds
        FROM hold LEFT JOIN safety_notice AS notice ON notice.id = hold.notice_id
        WHERE hold.item_id = item.id AND hold.lifted_at IS NULL
    ) AS held ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
                   'kind', wanted.kind, 'due_on', known.due_on,
                   'failed', COALESCE((SELECT outcome <> 'passed' FROM standing_inspection
                                       WHERE item_id = item.id AND kind = wanted.kind
                                       ORDER BY examined_on DESC, id DESC LIMIT 1), false)
               ) ORDER BY wanted.kind) AS due
        FROM product_inspection AS wanted
        LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = wanted.kind
        WHERE wanted.product_id = item.product_id
    ) AS asked ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_build_object('loan_id', loan_id, 'team_id', team_id, 'team', team, 'case_number', case_number,
                                  'panel_id', panel_id, 'panel', panel) AS fence
        FROM ring_fence WHERE ring_fence.item_id = item.id LIMIT 1
    ) AS fence ON true{joined}
    WHERE item.barcode = ANY({these})
    ORDER BY item.barcode
"""
READ = text(_READ.format(more="", joined="", these=THESE))
MONEY = f""",
    money.facts, money.issued, {charging.COUNTER} AS counter, {charging.TARIFFS} AS tariffs, {charging.DRIVE} AS drive
"""
READ_TO_MOVE = text(_READ.format(more=MONEY, joined=charging.FACTS, these=THESE))

WRITE = text(f"""
    WITH line AS (
        SELECT * FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (
            item_id bigint, seq int, move text, from_state text, to_state text, actor text, at timestamptz,
            store_id bigint, bay text, reason text, reference text, hash text,
            issued int, returned boolean, inspectable boolean)
    ), moved AS (
        UPDATE item SET state = line.to_state, store_id = line.store_id, bay = line.bay,
               times_issued = item.times_issued + line.issued, last_seq = line.seq, last_hash = line.hash,
               last_moved_at = line.at,
               repair_seq = CASE WHEN line.to_state = 'in_repair' AND line.from_state <> 'in_repair' THEN line.seq
                                 ELSE item.repair_seq END,
               returned_seq = CASE WHEN line.returned THEN line.seq ELSE item.returned_seq END,
               inspectable_seq = CASE WHEN line.inspectable THEN line.seq ELSE item.inspectable_seq END
        FROM line WHERE item.id = line.item_id
    ), {charging.WRITE}
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, bay, reason, reference, hash)
    SELECT item_id, seq, move, from_state, to_state, actor, at, store_id, bay, reason, reference, hash FROM line
""")  # noqa: S608 - the part is a constant

NUMBERS = text("""
    SELECT nextval(pg_get_serial_sequence('item', 'id')) AS id, nextval('asset_number') AS asset_number
    FROM generate_series(1, :quantity)
""")

BEAR = text("""
    WITH line AS (
        SELECT * FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (
            item_id bigint, barcode text, product_id bigint, serial_number text, serial_key text, lot_number text,
            manufactured_on date, manufactured_precision text, received_on date, dispatched_on date,
            purchase_price_pence int, udi_di text, maker_label text, import_ref text, times_issued int, seq int,
            move text, to_state text, actor text, at timestamptz, store_id bigint, bay text, reference text, hash text)
    ), born AS (
        INSERT INTO item (id, barcode, product_id, serial_number, serial_key, lot_number, manufactured_on,
                          manufactured_precision, received_on, dispatched_on, purchase_price_pence, udi_di,
                          maker_label, import_ref, times_issued, state, store_id, bay, last_seq, last_hash,
                          last_moved_at)
        SELECT item_id, barcode, product_id, serial_number, serial_key, lot_number, manufactured_on,
               manufactured_precision, received_on, dispatched_on, purchase_price_pence, udi_di,
               maker_label, import_ref, times_issued, to_state, store_id, bay, seq, hash, at
        FROM line
    )
    INSERT INTO movement (item_id, seq, move, to_state, actor, at, store_id, bay, reference, hash)
    SELECT item_id, seq, move, to_state, actor, at, store_id, bay, reference, hash FROM line
""")


async def read_items(session: AsyncSession, barcodes: Sequence[str], *, lock: bool = False) -> dict[str, ItemRecord]:
    """The items of these barcodes; unknown ones are left out. `lock` keeps others from moving them until the end.

    Rows are locked in barcode order, so that two trolleys with the same items cannot block each other for ever.
    """
    if lock:
        await session.execute(LOCK, {"barcodes": list(barcodes)})
    rows = (await session.execute(READ, {"barcodes": list(barcodes)})).mappings()
    return {row["barcode"]: _record(row) for row in rows}


async def lock_items(session: AsyncSession, item_ids: Collection[int]) -> None:
    """Keep others from moving these until the end, where no more of them need be known. In the order of barcodes."""
    await session.execute(LOCK_IDS, {"item_ids": list(item_ids)})


async def move(  # noqa: PLR0913 - the one door: what a movement says is said here
    session: AsyncSession,
    barcodes: Sequence[str],
    how: Move,
    *,
    actor: str,
    at: datetime,
    store_id: int | None = None,
    bay: str | None = None,
    reason: str | None = None,
    reference: str | None = None,
    happened: bool = False,
    was_used: bool = False,
    billed: charging.Billed = charging.NOTHING_SAID,
) -> tuple[list[Moved], list[Refused]]:
    """Move each item and charge what follows from it, or say why not. Three statements, whatever the number of items.

    `store_id` is where it now stands (None: its store stays), `bay` likewise. A barcode that comes twice moves once.
    `happened`: it was handed over at a client's door already; what stood in the way becomes the movement's reason.
    `was_used`: somebody had it though the record knows of no issue; it counts as issued once, so it is recycled.
    `billed`: what only the verb knows of what it costs.
    The refusals carry WrongState, NotClear (with every blocker) or NotFound; nothing is raised for them.
    """
    items, accounts, tariffs = await _read_to_move(session, barcodes, billed, actor=actor, at=at)
    moved: dict[str, Moved] = {}
    refused: list[Refused] = []
    lines: list[dict[str, Any]] = []
    charges: list[dict[str, Any]] = []
    for barcode in barcodes:
        try:
            item = _wanted(items, moved, barcode)
            target, in_spite_of = _checked(item, how, actor=actor, on=uk_date(at), happened=happened)
        except RuleError as error:
            refused.append(Refused(barcode, error, items.get(barcode)))
            if isinstance(error, NotClear):
                prevented.note(session, items[barcode].id, items[barcode].evidence, how, actor=actor, at=at)
            continue
        why = f"Handed over in spite of: {in_spite_of}" if in_spite_of else reason
        line = _line(item, how, target, actor=actor, at=at, store_id=store_id, bay=bay, reason=why, ref=reference)
        line["issued"] |= int(was_used and not item.evidence.times_issued)
        lines.append(line)
        where = {"item_id": item.id, "seq": line["seq"], "store_id": line["store_id"]}
        charges += charging.lines_of(accounts[barcode], tariffs, how, item.state, **where, actor=actor, at=at)
        moved[barcode] = Moved(item, line["seq"], _after(item.evidence, line), actor, uk_date(at))
    if lines:
        await session.execute(WRITE, {"lines": json.dumps(lines), "charges": charging.as_written(charges)})
    return list(moved.values()), refused


async def move_one(session: AsyncSession, barcode: str, how: Move, **details: Any) -> Moved:
    """Move one item or raise what `move` would have refused it with. `details` are those of `move`.

    The refusal tells of the item which it is and where to take it instead.
    """
    moved, refused = await move(session, [barcode], how, **details)
    if not refused:
        return moved[0]
    error, item = refused[0].error, refused[0].item
    if item:
        step = step_for(item.evidence, item.route, on=uk_date(details["at"]), reader=details["actor"])
        error.told = {"product_name": item.product_name, "next_step": asdict(step)}
    raise error


async def receive(
    session: AsyncSession,
    births: Sequence[Birth],
    *,
    prefix: str,
    store_id: int,
    bay: str | None,
    actor: str,
    at: datetime,
    reference: str | None = None,
) -> list[tuple[int, str]]:
    """Take new items into a store: each gets an asset tag and its first movement. Returns (id, barcode) in order."""
    numbers = (await session.execute(NUMBERS, {"quantity": len(births)})).all()
    lines = []
    for birth, number in zip(births, numbers, strict=True):
        line: dict[str, Any] = {
            "item_id": number.id,
            "seq": 1,
            "move": Move.RECEIVE.value,
            "from_state": None,
            "to_state": BIRTH.value,
            "actor": actor,
            "at": at.isoformat(),
            "store_id": store_id,
            "bay": bay,
            "reason": None,
            "reference": reference,
        }
        line["hash"] = chain_hash("", line)
        line |= {
            "barcode": make_tag(prefix, number.asset_number),
            "product_id": birth.product_id,
            "serial_number": birth.serial_number,
            "serial_key": birth.serial_key,
            "lot_number": birth.lot_number,
            "manufactured_on": birth.manufactured_on and birth.manufactured_on.isoformat(),
            "manufactured_precision": birth.manufactured_precision,
            "received_on": birth.received_on.isoformat(),
            "dispatched_on": birth.dispatched_on and birth.dispatched_on.isoformat(),
            "purchase_price_pence": birth.purchase_price_pence,
            "udi_di": birth.udi_di,
            "maker_label": birth.maker_label,
            "import_ref": birth.import_ref,
            "times_issued": int(birth.used_before),
        }
        lines.append(line)
    await session.execute(BEAR, {"lines": json.dumps(lines)})
    return [(line["item_id"], line["barcode"]) for line in lines]


HASHED = ("item_id", "seq", "move", "from_state", "to_state", "actor", "at", "store_id", "bay", "reason", "reference")


def chain_hash(previous: str, line: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and every field of this movement, `at` as UTC ISO 8601."""
    fields = [line[name] for name in HASHED]
    return sha256(json.dumps([previous, *fields], separators=(",", ":")).encode()).hexdigest()


WALK = text("""
    SELECT COALESCE(item.barcode, 'number ' || line.item_id) AS chain, item.last_seq, item.last_hash, line.*
    FROM item FULL JOIN (
        SELECT item_id, seq, move, from_state, to_state, actor, at, store_id, bay, reason, reference, hash,
               seq AS until_seq
        FROM movement
        UNION ALL
        SELECT item_id, first_seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, until_hash, until_seq
        FROM movement_put_aside
    ) AS line ON line.item_id = item.id
    ORDER BY COALESCE(item.id, line.item_id), line.seq
""")


COUNTED = text("SELECT COALESCE(sum(last_seq), 0) FROM item")


async def verify(session: AsyncSession, *, tell: Tell | None = None) -> tuple[int, Break | None]:
    """Walk every item's movements in order. Returns how many hold, and the first that does not.

    Of those that were put aside with their months, the last one's hash stands for all.
    """
    of = int(await session.scalar(COUNTED) or 0)
    say = partial(_say, tell, of) if tell else None
    return await walk_chains(read_in_pieces(session, WALK, cursor="movements", tell=say), _hash_of_row)


def _say(tell: Tell, of: int, done: int) -> None:
    tell("Movements", done, of)


async def _read_to_move(
    session: AsyncSession, barcodes: Sequence[str], billed: charging.Billed, *, actor: str, at: datetime
) -> tuple[dict[str, ItemRecord], dict[str, charging.Account], list[Tariff]]:
    """The items, locked; the money of each; and the rates of the day."""
    await session.execute(LOCK, {"barcodes": list(barcodes)})
    asked = {"client_id": billed.client_id, "funder": billed.funder, "actor": actor, "at": at}
    rows = (await session.execute(READ_TO_MOVE, {"barcodes": list(barcodes), **asked})).mappings().all()
    rates = charging.read_tariffs(rows[0]["tariffs"] or ()) if rows else []
    return {row["barcode"]: _record(row) for row in rows}, charging.read_accounts(rows, billed), rates


def _record(row: RowMapping) -> ItemRecord:
    evidence = Evidence(
        state=State(row["state"]),
        single_patient_use=row["single_patient_use"],
        high_risk=row["high_risk"],
        times_issued=row["times_issued"],
        returned_seq=row["returned_seq"],
        inspectable_seq=row["inspectable_seq"],
        decontamination_outcome=row["decontamination_outcome"] and Outcome(row["decontamination_outcome"]),
        decontamination_seq=row["decontamination_seq"],
        decontamination_started_by=row["decontamination_started_by"],
        decontaminated_by=row["decontaminated_by"],
        inspection_outcome=row["inspection_outcome"] and InspectionOutcome(row["inspection_outcome"]),
        inspection_seq=row["inspection_seq"],
        holds=tuple(
            HoldFact(HoldKind(hold["kind"]), hold["reason"], hold["notice"], hold["notice_id"])
            for hold in row["holds"] or ()
        ),
        due=tuple(
            DueFact(InspectionKind(due["kind"]), due["due_on"] and date.fromisoformat(due["due_on"]), due["failed"])
            for due in row["due"] or ()
        ),
        label_load_kg=row["carries_kg"] if row["is_label_wanted"] else None,
        is_label_wanted=row["is_label_wanted"],
    )
    return ItemRecord(
        id=row["id"],
        barcode=row["barcode"],
        product_id=row["product_id"],
        product_code=row["product_code"],
        product_name=row["product_name"],
        route=Route(row["decontamination_route"]),
        store_id=row["store_id"],
        bay=row["bay"],
        last_seq=row["last_seq"],
        last_hash=row["last_hash"],
        evidence=evidence,
        are_notices=row["are_notices"],
        carries_kg=row["carries_kg"],
        product_load_kg=row["product_load_kg"],
        ring_fence=RingFence(**row["fence"]) if row["fence"] else None,
    )


def _wanted(items: Mapping[str, ItemRecord], moved: Mapping[str, Moved], barcode: str) -> ItemRecord:
    if barcode not in items:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    if barcode in moved:
        raise Conflict("repeated-barcode", "The same item came twice; it was moved once.", field="barcode")
    return items[barcode]


def _checked(item: ItemRecord, how: Move, *, actor: str, on: date, happened: bool) -> tuple[State, str]:
    """Where the move leads, and what would have stood in the way of one that has happened."""
    if not can_move(item.state, how):
        _explain_by_clearance(item, how, on=on)
    target = next_state(item.state, how)
    if needs_clearance(item.state, how):
        releaser = actor if how is Move.RELEASE else None
        blockers = find_blockers(item.evidence, on=on, releaser=releaser)
        blockers += label_blockers(item.evidence) if needs_label(item.state, how) else []
        if blockers and happened and (item.state, how) in HANDED_OVER:
            return target, " ".join(blocker.detail for blocker in blockers)
        if blockers:
            code = "on-hold" if item.evidence.holds and how is not Move.RELEASE else "not-clear"
            raise NotClear(code, " ".join(blocker.detail for blocker in blockers), blockers)
    return target, ""


def _explain_by_clearance(item: ItemRecord, how: Move, *, on: date) -> None:
    """An item that stands dirty in a store is refused with all that blocks it, which says more than its state."""
    if how not in GATED or not (how is Move.RELEASE or item.state in IN_STORE):
        return
    blockers = [*place_blockers(item.evidence), *find_blockers(item.evidence, on=on)]
    if blockers:
        raise NotClear("not-clear", " ".join(blocker.detail for blocker in blockers), blockers)


def _line(
    item: ItemRecord,
    how: Move,
    target: State,
    *,
    actor: str,
    at: datetime,
    store_id: int | None,
    bay: str | None,
    reason: str | None,
    ref: str | None,
) -> dict[str, Any]:
    stays = item.state in IN_STORE and target in IN_STORE and store_id in {None, item.store_id}
    line: dict[str, Any] = {
        "item_id": item.id,
        "seq": item.last_seq + 1,
        "move": how.value,
        "from_state": item.state.value,
        "to_state": target.value,
        "actor": actor,
        "at": at.isoformat(),
        "store_id": store_id or item.store_id,
        "bay": bay or (item.bay if stays else None),
        "reason": reason,
        "reference": ref,
    }
    line["hash"] = chain_hash(item.last_hash, line)
    line["issued"] = int(is_issue(item.state, how))
    line["returned"] = is_return(how)
    # What is taken back leaves the evidence as it was.
    arrives = target is State.AWAITING_INSPECTION and target is not item.state
    line["inspectable"] = arrives and how is not Move.TAKE_BACK_FAILURE
    return line


def _after(evidence: Evidence, line: Mapping[str, Any]) -> Evidence:
    return replace(
        evidence,
        state=State(line["to_state"]),
        times_issued=evidence.times_issued + line["issued"],
        returned_seq=line["seq"] if line["returned"] else evidence.returned_seq,
        inspectable_seq=line["seq"] if line["inspectable"] else evidence.inspectable_seq,
    )


def _hash_of_row(previous: str, row: Mapping[str, Any]) -> str:
    return chain_hash(previous, {**row, "at": row["at"].isoformat()}) if row["move"] else row["hash"]
