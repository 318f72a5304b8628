"""Verbs of consignments: make one, scan items out and in, say that one never arrived, cancel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, promising, safety
from app.consequences import OF_A_RETURN, SET_FREE
from app.domain.access import Actor, StoreRef
from app.domain.clearance import HoldKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotFound, RuleError
from app.domain.lifecycle import IN_STORE, Move, State
from app.domain.transfers import Arrival, check_may_send, contamination, find_arrival, load_step
from app.features.transfers import queries
from app.features.transfers.schemas import NewConsignment
from app.features.transfers.warning import Warner
from app.models import ReservationEnd, ScanKind, ScanOutcome
from app.web.results import ItemResult, accepted, refused
from app.web.scan_repeats import acknowledge_again
from app.web.scans import (
    KEEP,
    Scan,
    ScanResult,
    ScanWarning,
    answer,
    answer_each,
    read_tags,
    refuse_what_moved_since,
    to_keep,
)

FIND = text("""
    SELECT consignment.id, consignment.number, consignment.cancelled_at, sender.id AS from_id, sender.code AS from_code,
           sender.name AS from_name, receiver.id AS to_id, receiver.code AS to_code, receiver.name AS to_name
    FROM consignment JOIN store AS sender ON sender.id = consignment.from_store_id
    JOIN store AS receiver ON receiver.id = consignment.to_store_id
    WHERE consignment.number = :number FOR UPDATE OF consignment
""")
MAKE = text("""
    INSERT INTO consignment (id, number, from_store_id, to_store_id, made_at, made_by)
    OVERRIDING SYSTEM VALUE VALUES (:id, :number, :from_id, :to_id, :at, :actor)
""")
WANT = text("""
    INSERT INTO consignment_want (consignment_id, product_id, quantity)
    SELECT :id, product.id, want.quantity
    FROM unnest(CAST(:codes AS text[]), CAST(:quantities AS int[])) AS want (code, quantity)
    JOIN product ON product.code = want.code RETURNING product_id
""")
CANCEL = text("UPDATE consignment SET cancelled_at = :at, cancelled_by = :actor WHERE id = :id")
# Where each item is on its way to, and whether it is or was on this consignment.
LINES = text("""
    SELECT line.id, line.item_id, line.consignment_id, line.hold_id, consignment.number, receiver.code AS to_code,
           line.arrived_at IS NULL AND line.missing_at IS NULL AS is_open, line.arrived_at IS NOT NULL AS has_arrived
    FROM consignment_line AS line JOIN consignment ON consignment.id = line.consignment_id
    JOIN store AS receiver ON receiver.id = consignment.to_store_id
    WHERE line.item_id = ANY(:item_ids)
      AND (line.consignment_id = :id OR (line.arrived_at IS NULL AND line.missing_at IS NULL))
    ORDER BY line.id
""")
SEND = text("""
    INSERT INTO consignment_line (consignment_id, item_id, hold_id, sent_at, sent_by, sent_contaminated)
    SELECT :id, sent.item_id, sent.hold_id, :at, :actor, sent.dirty
    FROM unnest(CAST(:item_ids AS bigint[]), CAST(:hold_ids AS bigint[]), CAST(:dirty AS boolean[]))
         AS sent (item_id, hold_id, dirty)
""")
RECEIVE = text("""
    WITH arrived AS (
        UPDATE consignment_line SET arrived_at = :at, arrived_by = :actor, arrived_store_id = :store_id
        WHERE id = ANY(:line_ids)
    )
    INSERT INTO consignment_line (consignment_id, item_id, arrived_at, arrived_by, arrived_store_id)
    SELECT :id, unnest(CAST(:came_along AS bigint[])), :at, :actor, :store_id
    ON CONFLICT (consignment_id, item_id) DO NOTHING
""")
LOSE = text(f"""
    {SET_FREE}
    UPDATE consignment_line SET missing_at = :at, missing_by = :actor, missing_reason = :reason WHERE id = :line_id
""")  # noqa: S608 - the part is a constant
FOUND = text(f"{OF_A_RETURN} SELECT")
ARRIVALS = "Arrivals"
UNCLEAN = " Contaminated: it was not clean when it left."
Lines = dict[int, list[Row[Any]]]


async def make_consignment(session: AsyncSession, new: NewConsignment, *, actor: Actor, at: datetime) -> str:
    """Begin a consignment; returns its number. Either store may, the one that sends or the one that asks.

    Raises BadValue `not-your-store`, `unknown-store`, `same-store`, `repeated-product`, `unknown-product`.
    """
    places = await _stores(session, new)
    sender, receiver = places[new.from_store], places[new.to_store]
    if sender.id == receiver.id:
        raise BadValue("same-store", "Choose another store: it is there already.", field="to_store")
    _check_own(actor, sender.code, receiver.code)
    codes = [want.product_code for want in new.wanted]
    if len(set(codes)) < len(codes):
        raise BadValue("repeated-product", "A product is listed twice. List it once.", field="wanted")
    consignment_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('consignment', 'id'))"))
    number = f"T{consignment_id:06}"
    values = {"id": consignment_id, "number": number, "from_id": sender.id, "to_id": receiver.id}
    await session.execute(MAKE, values | {"actor": actor.username, "at": at})
    if codes:
        quantities = [want.quantity for want in new.wanted]
        found = await session.execute(WANT, {"id": consignment_id, "codes": codes, "quantities": quantities})
        if len(found.all()) < len(codes):
            raise BadValue("unknown-product", "There is no product with one of these codes.", field="wanted")
    about = f"consignment:{number}"
    places_named = {"from_store": sender.code, "to_store": receiver.code}
    await audit.record(session, "consignment_made", about, actor=actor.username, at=at, **places_named)
    return number


async def cancel_consignment(session: AsyncSession, number: str, *, actor: Actor, at: datetime) -> None:
    """Give up a consignment that nothing was sent with. Raises NotFound, Conflict `already-sent`, `cancelled`."""
    consignment = await _find(session, number)
    _check_own(actor, consignment.from_code, consignment.to_code)
    sent = await session.scalar(
        text("SELECT count(*) FROM consignment_line WHERE consignment_id = :id"), {"id": consignment.id}
    )
    if sent:
        raise Conflict(
            "already-sent", "Items were scanned out with it already. They must be received, or found missing."
        )
    await session.execute(CANCEL, {"id": consignment.id, "at": at, "actor": actor.username})
    await audit.record(session, "consignment_cancelled", f"consignment:{number}", actor=actor.username, at=at)


async def send(
    session: AsyncSession, number: str, scans: Sequence[Scan], *, prefix: str, actor: Actor, at: datetime
) -> list[ScanResult]:
    """Scan items out of the store that sends; one result per scan, in order. They are held until they are received.

    Idempotent by scan id. The number of statements does not depend on how many there are. Raises NotFound, Conflict
    `cancelled`, BadValue `not-your-store`.
    """
    consignment = await _find(session, number)
    here = actor.store(consignment.from_code)

    async def take(fresh: list[Scan]) -> dict[UUID, ScanResult]:
        return await _send(session, consignment, fresh, prefix=prefix, actor=actor.username, at=at) if fresh else {}

    details: dict[str, Any] = {"kind": ScanKind.SENT, "store": here, "into": number}
    return await answer_each(session, scans, take, **details, actor=actor.username, at=at)


async def receive(
    session: AsyncSession, number: str, scans: Sequence[Scan], *, prefix: str, actor: Actor, at: datetime
) -> list[ScanResult]:
    """Scan in what came, in the store that it was sent to; one result per scan, in order. Otherwise as `send`.

    What nobody sent with it is taken too, and told; what was recorded as missing is found, and goes to decontamination.
    """
    consignment = await _find(session, number)
    here = actor.store(consignment.to_code)

    async def take(fresh: list[Scan]) -> dict[UUID, ScanResult]:
        done = _receive(session, consignment, here, fresh, prefix=prefix, actor=actor.username, at=at)
        return await done if fresh else {}

    details: dict[str, Any] = {"kind": ScanKind.RECEIVED, "store": here, "into": number}
    return await answer_each(session, scans, take, **details, actor=actor.username, at=at)


async def declare_missing(
    session: AsyncSession, number: str, barcode: str, *, reason: str, actor: Actor, at: datetime
) -> None:
    """What was sent never arrived, and was looked for. Raises NotFound `not-on-its-way`, BadValue `not-your-store`.

    The item is missing from then on. One that turns up is found like any other, and goes to decontamination.
    """
    consignment = await _find(session, number)
    _check_own(actor, consignment.from_code, consignment.to_code)
    items = await ledger.read_items(session, [barcode], lock=True)
    known = (await _lines(session, consignment, items)).values()
    line = next((one for rows in known for one in rows if one.is_open and one.consignment_id == consignment.id), None)
    if line is None:
        raise NotFound("not-on-its-way", "No such item is on its way with this consignment.", field="barcode")
    if items[barcode].state in IN_STORE:
        details: dict[str, Any] = {"actor": actor.username, "at": at, "reference": number}
        await ledger.move_one(session, barcode, Move.MARK_MISSING, reason=reason, **details)
    values: dict[str, Any] = {
        "item_ids": [line.item_id],
        "because": ReservationEnd.ITEM_MISSING.value,
        "reason": reason,
    }
    values |= {"line_id": line.id, "at": at, "actor": actor.username}
    await session.execute(LOSE, values)
    await safety.lift_each(session, {line.hold_id: barcode}, reason=reason, actor=actor.username, at=at)
    await promising.look_again(session, [line.item_id], actor=actor.username, at=at)


async def _send(
    session: AsyncSession, consignment: Row[Any], scans: list[Scan], *, prefix: str, actor: str, at: datetime
) -> dict[UUID, ScanResult]:
    tags, items, results = await _read(session, scans, prefix=prefix, actor=actor, at=at)
    lines = await _lines(session, consignment, items)

    def decide(item: ledger.ItemRecord) -> None:
        if any(line.consignment_id == consignment.id for line in lines.get(item.id, [])):
            raise Conflict("already-sent", "It was scanned out with this consignment already.")
        in_transit = any(hold.kind is HoldKind.IN_TRANSIT for hold in item.evidence.holds)
        check_may_send(item.state, is_here=item.store_id == consignment.from_id, is_in_transit=in_transit)

    going, said = _sort(tags, items, decide, actor, uk_date(at))
    warnings: dict[str, list[ScanWarning]] = {}
    if going:
        reason = f"Sent from {consignment.from_name} to {consignment.to_name}, consignment {consignment.number}."
        details: dict[str, Any] = {"actor": actor, "at": at, "reference": consignment.number}
        bay = f"On its way to {consignment.to_code}"
        unclean = {tag for tag in going if contamination(items[tag].evidence)}
        moved: list[ledger.Moved] = []
        for some, why in (([tag for tag in going if tag not in unclean], reason), (sorted(unclean), reason + UNCLEAN)):
            if some:
                moved += (await ledger.move(session, some, Move.TRANSFER, bay=bay, **details, reason=why))[0]
        gone = {one.item.id: one.item.barcode for one in moved}
        holds = await safety.hold_each(session, gone, kind=HoldKind.IN_TRANSIT, reason=reason, actor=actor, at=at)
        dirty = {one.item.id: one.item.barcode in unclean for one in moved}
        values = {"id": consignment.id, "item_ids": list(holds), "hold_ids": list(holds.values())}
        values["dirty"] = [dirty[item_id] for item_id in holds]
        warner = await Warner.of(session, consignment.id)
        await session.execute(SEND, values | {"at": at, "actor": actor})
        for one in moved:
            tag, place = one.item.barcode, consignment.to_name
            warnings[tag] = warner.warn(one.item)
            step = load_step(one.item.evidence, place)
            said[tag] = _with(accepted(one), next_step={"route": step.route, "text": step.text})
    about: dict[str, Any] = {"kind": ScanKind.SENT, "into": consignment.number, "prefix": prefix}
    return await _answered(session, scans, tags, results, said, warnings, **about, actor=actor, at=at)


async def _receive(
    session: AsyncSession,
    consignment: Row[Any],
    here: StoreRef,
    scans: list[Scan],
    *,
    prefix: str,
    actor: str,
    at: datetime,
) -> dict[UUID, ScanResult]:
    tags, items, results = await _read(session, scans, prefix=prefix, actor=actor, at=at)
    lines = await _lines(session, consignment, items)
    coming = {item_id: line for item_id, known in lines.items() for line in known if line.is_open}
    of_this = {
        item_id: one for item_id, known in lines.items() for one in known if one.consignment_id == consignment.id
    }
    arrivals: dict[str, Arrival] = {}

    def decide(item: ledger.ItemRecord) -> None:
        line, mine = coming.get(item.id), of_this.get(item.id)
        if mine and mine.has_arrived and item.state is not State.MISSING:
            raise Conflict("already-received", "It was received with this consignment already.")
        arrivals[item.barcode] = find_arrival(
            item.state,
            is_here=item.store_id == here.id,
            sent_with=line and line.number,
            consignment=consignment.number,
        )

    came, said = _sort(tags, items, decide, actor, uk_date(at))
    if came:
        reason = f"Received in {here.name}, consignment {consignment.number}."
        details: dict[str, Any] = {"reason": reason, "actor": actor, "at": at}
        moved = await _take_in(session, came, items, here, reference=consignment.number, **details)
        held = {line.hold_id: one.item.barcode for one in moved if (line := coming.get(one.item.id))}
        if held:
            await safety.lift_each(session, held, **details)
        values: dict[str, Any] = {
            "line_ids": [line.id for one in moved if (line := coming.get(one.item.id) or of_this.get(one.item.id))],
            "came_along": [one.item.id for one in moved if one.item.id not in of_this],
        }
        values |= {"id": consignment.id, "store_id": here.id, "at": at, "actor": actor}
        await session.execute(RECEIVE, values)
        for one in moved:
            said[one.item.barcode] = _received(one, arrivals[one.item.barcode], coming.get(one.item.id))
    about: dict[str, Any] = {"kind": ScanKind.RECEIVED, "into": consignment.number, "prefix": prefix}
    return await _answered(session, scans, tags, results, said, **about, actor=actor, at=at)


async def _read(
    session: AsyncSession, scans: list[Scan], *, prefix: str, actor: str, at: datetime
) -> tuple[dict[UUID, str], dict[str, ledger.ItemRecord], dict[UUID, ItemResult]]:
    """The tags, their items, which nobody else moves meanwhile, and the refusals of what says nothing of any."""
    tags, results = read_tags(scans, prefix=prefix)
    results |= await refuse_what_moved_since(session, scans, tags, is_within_stores=True, actor=actor, at=at)
    return tags, await ledger.read_items(session, sorted(set(tags.values())), lock=True), results


async def _take_in(
    session: AsyncSession, tags: list[str], items: dict[str, ledger.ItemRecord], here: StoreRef, **details: Any
) -> list[ledger.Moved]:
    # What came back to where it was sent from would keep the words that it is on its way for its bay.
    back = [tag for tag in tags if items[tag].store_id == here.id]
    lost = [tag for tag in tags if items[tag].state is State.MISSING]
    came: list[ledger.Moved] = []
    others = [tag for tag in tags if tag not in {*back, *lost}]
    back = [tag for tag in back if tag not in lost]
    for some, how, bay in ((others, Move.TRANSFER, None), (back, Move.TRANSFER, ARRIVALS), (lost, Move.FIND, None)):
        if some:
            moved, _ = await ledger.move(session, some, how, bay=bay, store_id=here.id, **details)
            came += moved
    if lost:
        values = {"item_ids": [items[tag].id for tag in lost], "undelivered_ids": [], "conditions": "[]"}
        await session.execute(FOUND, values | {"actor": details["actor"], "at": details["at"]})
    return came


async def _find(session: AsyncSession, number: str) -> Row[Any]:
    """The consignment, which nobody else changes meanwhile."""
    consignment = (await session.execute(FIND, {"number": number})).one_or_none()
    if consignment is None:
        raise queries.unknown_consignment()
    if consignment.cancelled_at:
        raise Conflict("cancelled", "This consignment was cancelled. Make another one.")
    return consignment


async def _stores(session: AsyncSession, new: NewConsignment) -> dict[str, StoreRef]:
    rows = await session.execute(text("SELECT id, code, name FROM store"))
    places = {row.code: StoreRef(row.id, row.code, row.name) for row in rows}
    for field in ("from_store", "to_store"):
        if getattr(new, field) not in places:
            raise BadValue("unknown-store", "There is no store with this code.", field=field)
    return places


def _check_own(actor: Actor, *codes: str) -> None:
    """One of the two stores must be where they work."""
    own = {store.code for store in actor.stores}
    if not own & set(codes):
        actor.store(codes[0])


async def _lines(session: AsyncSession, consignment: Row[Any], items: dict[str, ledger.ItemRecord]) -> Lines:
    if not items:
        return {}
    values = {"id": consignment.id, "item_ids": [item.id for item in items.values()]}
    found: Lines = {}
    for row in await session.execute(LINES, values):
        found.setdefault(row.item_id, []).append(row)
    return found


def _sort(
    tags: dict[UUID, str],
    items: dict[str, ledger.ItemRecord],
    decide: Callable[[ledger.ItemRecord], None],
    reader: str,
    on: date,
) -> tuple[list[str], dict[str, ItemResult]]:
    """The tags of what may go on, and the answers about the rest."""
    going: list[str] = []
    said: dict[str, ItemResult] = {}
    for tag in dict.fromkeys(tags.values()):
        try:
            if tag not in items:
                raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
            decide(items[tag])
            going.append(tag)
        except RuleError as error:
            said[tag] = _told(refused(tag, error, items.get(tag), reader=reader, on=on))
    return going, said


def _told(result: ItemResult) -> ItemResult:
    again = result.code in {"already-sent", "already-received"}
    return _with(result, outcome=ScanOutcome.DUPLICATE) if again else result


def _received(one: ledger.Moved, arrival: Arrival, line: Row[Any] | None) -> ItemResult:
    holds = tuple(hold for hold in one.evidence.holds if hold.kind is not HoldKind.IN_TRANSIT)
    result = accepted(replace(one, evidence=replace(one.evidence, holds=holds)))
    if arrival is Arrival.OF_ANOTHER and line:
        detail = f"It was sent with {line.number} to {line.to_code}. It is recorded here now: tell that store."
        return _with(result, code="of-another-consignment", detail=detail)
    if arrival is Arrival.FOUND:
        detail = "It had been recorded as missing. It is found now, and dirty until it is cleaned."
        return _with(result, code="found", detail=detail)
    if arrival is Arrival.NOT_SENT:
        detail = "Nobody scanned it out. It is recorded here now: tell the store that sent it."
        return _with(result, code="not-sent", detail=detail)
    return result


def _with(result: ItemResult, **changes: Any) -> ItemResult:
    return ItemResult.model_validate(result.model_dump() | changes)


async def _answered(
    session: AsyncSession,
    scans: Sequence[Scan],
    tags: dict[UUID, str],
    results: dict[UUID, ItemResult],
    said: dict[str, ItemResult],
    warnings: Mapping[str, Sequence[ScanWarning]] | None = None,
    **about: Any,
) -> dict[UUID, ScanResult]:
    """One answer per scan, kept; an item that came twice was done once. `about`: as for `acknowledge_again`."""
    answers: dict[UUID, ScanResult] = {}
    for scan in scans:
        tag = tags.get(scan.scan_id)
        told = (warnings or {}).get(tag, ()) if tag else ()
        answers[scan.scan_id] = answer(scan, said[tag] if tag else results[scan.scan_id], *told)
        if tag and said[tag].outcome is ScanOutcome.ACCEPTED:
            said[tag] = _with(said[tag], outcome=ScanOutcome.DUPLICATE, code="repeated-barcode")
    answers = await acknowledge_again(session, scans, answers, **about)
    await session.execute(KEEP, {"answers": to_keep(answers)})
    return answers
