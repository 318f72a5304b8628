"""Deliveries by scan: what the driver left at clients' doors, one label at a time, sent at once or hours later."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, used_together
from app.domain.access import StoreRef
from app.domain.clearance import leaving_blockers
from app.domain.dates import uk_date
from app.domain.errors import Blocker, Conflict, NotClear, NotFound, RuleError
from app.domain.labels import display
from app.domain.lifecycle import Move
from app.domain.loans import LoanKind
from app.domain.scanning import LEFT_WITH_CLIENT, check_was_with_driver
from app.features.ordering.fulfilment import (
    BRING_IT_BACK,
    LEND,
    not_to_be_handed_over,
    panel_stopped,
    tell_of_blocked,
    trial_end,
)
from app.features.ordering.old_equipment import collect_old
from app.features.ordering.records import OrderRecord, UnitRecord, read_order
from app.features.ordering.unfit import answer_for_too_weak, find_too_weak
from app.models import DeliveryVisit, ScanKind
from app.web.results import ItemResult, Step, accepted, refused
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

# Orders first, items after in the order of their barcodes: as every verb that changes an order locks them.
LOCK_ORDERS = text("""
    SELECT id, client_id FROM equipment_order
    WHERE id IN (SELECT unit.order_id FROM item JOIN order_unit AS unit ON unit.item_id = item.id
                 WHERE item.barcode = ANY(:barcodes) AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL)
    ORDER BY id FOR NO KEY UPDATE
""")
# Which items these are is found first: with OR between them, PostgreSQL asks it of every item there is.
LOCK_ITEMS = text("""
    SELECT id FROM item
    WHERE id = ANY(ARRAY(
        SELECT id FROM item WHERE barcode = ANY(:barcodes)
        UNION ALL SELECT unnest(CAST(:at_homes AS bigint[]))
        UNION ALL
        SELECT kept.item_id FROM order_unit AS unit
        JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
        WHERE unit.order_id = ANY(:orders)
        UNION ALL
        SELECT loan.item_id FROM order_supersedes AS old JOIN loan ON loan.id = old.loan_id
        WHERE old.order_id = ANY(:orders) AND old.action = 'collect' AND loan.ended_at IS NULL))
    ORDER BY barcode FOR UPDATE
""")
# Which of them are open is told apart afterwards: asked here, a planner without statistics reads all that are open anew
# for every item.
PIECES = text("""
    SELECT item.barcode, item.id AS item_id, unit.id AS unit_id, line.kind, line.trial_days, line.trial_goals,
           kept.id AS reservation_id, asked.id AS order_id, asked.number, asked.client_id,
           item.last_moved_at AS left_at,
           asked.authority ->> 'panel_stopped' AS stopped,
           LEAST(product.safe_working_load_kg, item.certified_load_kg)
             < COALESCE(client.weight_kg, ordered.safe_working_load_kg) AS may_be_too_weak,
           item.state = 'dispatched' AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL
             AND asked.decision = 'approved' AS is_with_driver
    FROM item JOIN reservation AS kept ON kept.item_id = item.id AND kept.ended_at IS NULL
    JOIN order_unit AS unit ON unit.reservation_id = kept.id JOIN order_line AS line ON line.id = unit.order_line_id
    JOIN equipment_order AS asked ON asked.id = unit.order_id JOIN client ON client.id = asked.client_id
    JOIN product ON product.id = item.product_id JOIN product AS ordered ON ordered.id = line.product_id
    WHERE item.barcode = ANY(:barcodes) ORDER BY kept.from_on DESC
""")
WITH_OLD_ONES = text("""
    SELECT DISTINCT asked.number FROM order_supersedes AS old JOIN equipment_order AS asked ON asked.id = old.order_id
    JOIN loan ON loan.id = old.loan_id AND loan.ended_at IS NULL
    WHERE old.order_id = ANY(:orders) AND old.action = 'collect' AND old.collection_id IS NULL ORDER BY asked.number
""")
MOVES = {LoanKind.LOAN.value: Move.DELIVER, LoanKind.TRIAL.value: Move.START_TRIAL}
BLOCKED = ScanWarning(
    code="handed-over-blocked",
    detail="It was not to be handed over, and was left there before anybody saw that. Its prescriber is told.",
)


async def scan_deliveries(
    session: AsyncSession, scans: Sequence[Scan], *, store: StoreRef, prefix: str, actor: str, at: datetime
) -> list[ScanResult]:
    """Record what was left with clients, in one transaction; one result per scan, in order. Idempotent by scan id.

    Each piece becomes a loan or a trial of its order's client from when it was scanned. What was put on hold is refused
    while the driver still stands there; a scan that waited on its device is recorded all the same, in those words, and
    the order's maker is told; so it is with what carries too little, has a label that may say more than it carries, or
    was stopped by a panel.
    Never raises for what a scanner may send. The number of statements does not depend on how
    many there are, but for orders that also take old items away, or of which something was left that is on hold.
    """

    async def take(fresh: list[Scan]) -> dict[UUID, ScanResult]:
        return await _Deliveries(session, fresh, prefix=prefix, actor=actor, at=at).take() if fresh else {}

    return await answer_each(session, scans, take, kind=ScanKind.DELIVERY, store=store, actor=actor, at=at)


class _Deliveries:
    """One batch of deliveries while it is taken."""

    def __init__(self, session: AsyncSession, scans: list[Scan], *, prefix: str, actor: str, at: datetime) -> None:
        self.session, self.scans, self.actor, self.at = session, scans, actor, at
        self.prefix = prefix
        self.tags, self.results = read_tags(scans, prefix=prefix)
        self.pieces: dict[str, Any] = {}
        self.items: dict[str, ledger.ItemRecord] = {}
        self.too_weak: dict[str, tuple[OrderRecord, UnitRecord, list[Blocker]]] = {}
        self.moved: dict[UUID, ledger.Moved] = {}
        self.homes = used_together.Homes([], [])
        self.combined: list[used_together.Combined] = []

    async def take(self) -> dict[UUID, ScanResult]:
        """Do all of it; the answer to each scan, which is kept."""
        await self._lock()
        self.results |= await refuse_what_moved_since(self.session, self.scans, self.tags, actor=self.actor, at=self.at)
        going = self._going()
        await self._weigh(going)
        for how in MOVES.values():
            for waited in (False, True):
                await self._move(going, how, waited=waited)
        self._refuse_the_rest(going)
        delivered = [scan for scan in going if scan.scan_id in self.moved]
        if delivered:
            await self._record(delivered)
        answers = {scan.scan_id: self._answer(scan) for scan in self.scans}
        about: dict[str, Any] = {"prefix": self.prefix, "actor": self.actor, "at": self.at}
        answers = await acknowledge_again(self.session, self.scans, answers, kind=ScanKind.DELIVERY, **about)
        await self.session.execute(KEEP, {"answers": to_keep(answers)})
        return answers

    async def _lock(self) -> None:
        barcodes = list(self.tags.values())
        orders = (await self.session.execute(LOCK_ORDERS, {"barcodes": barcodes})).all()
        self.homes = await used_together.read_homes(self.session, sorted({order.client_id for order in orders}))
        wanted = {"orders": [order.id for order in orders], "at_homes": list(self.homes.item_ids)}
        await self.session.execute(LOCK_ITEMS, {"barcodes": barcodes, **wanted})
        rows = await self.session.execute(PIECES, {"barcodes": barcodes})
        # Where one is promised to somebody else for later, the earliest is the one that it is out for.
        self.pieces = {row.barcode: row for row in rows if row.is_with_driver}
        # What stands elsewhere is read only to say where.
        self.items = await ledger.read_items(self.session, barcodes)

    def _going(self) -> list[Scan]:
        """The first scan of each piece that is with the driver for the order that was named, if one was."""
        found: dict[str, Scan] = {}
        for scan in self.scans:
            tag = self.tags.get(scan.scan_id)
            piece = self.pieces.get(tag or "")
            if tag and piece and scan.order_number in {None, piece.number}:
                found.setdefault(tag, scan)
        return list(found.values())

    async def _weigh(self, going: Iterable[Scan]) -> None:
        """What carries less than its client weighs by now. No statement where everything carries them."""
        tags = {self.tags[scan.scan_id] for scan in going if self._piece(scan).may_be_too_weak}
        for number in sorted({self.pieces[tag].number for tag in tags}):
            order = await read_order(self.session, number)
            units = [unit for unit in order.units if unit.is_reserved and unit.barcode in tags]
            for unit, blockers in await find_too_weak(self.session, order, units, at=self.at):
                self.too_weak[unit.barcode or ""] = (order, unit, blockers)

    async def _move(self, going: Iterable[Scan], how: Move, *, waited: bool) -> None:
        here = {
            self.tags[scan.scan_id]: scan.scan_id
            for scan in going
            if MOVES[self._piece(scan).kind] is how and scan.waited(self.at) is waited
        }
        for tag in [] if waited else [tag for tag in here if self.pieces[tag].stopped]:
            self.results[here.pop(tag)] = self._refused(tag, panel_stopped(self.pieces[tag].stopped))
        for tag in [] if waited else here.keys() & self.too_weak.keys():
            blockers = self.too_weak[tag][2]
            why = " ".join(blocker.detail for blocker in blockers)
            self.results[here.pop(tag)] = self._refused(tag, NotClear("not-clear", f"{why} {BRING_IT_BACK}", blockers))
        if not here:
            return
        orders = sorted({self.pieces[tag].number for tag in here})
        reference = f"order {orders[0]}" if len(orders) == 1 else f"{len(here)} deliveries"
        moved, turned_away = await ledger.move(
            self.session, list(here), how, actor=self.actor, at=self.at, reference=reference, happened=waited
        )
        self.moved |= {here[one.item.barcode]: one for one in moved}
        for one in turned_away:
            error = not_to_be_handed_over(one) if isinstance(one.error, NotClear) else one.error
            self.results[here[one.barcode]] = self._refused(one.barcode, error)

    def _refuse_the_rest(self, going: Iterable[Scan]) -> None:
        gone = {self.tags[scan.scan_id] for scan in going if scan.scan_id in self.moved}
        for scan in self.scans:
            tag = self.tags.get(scan.scan_id)
            if tag and scan.scan_id not in self.moved and scan.scan_id not in self.results:
                self.results[scan.scan_id] = self._refused(tag, self._why_not(scan, tag, gone))

    def _why_not(self, scan: Scan, tag: str, gone: set[str]) -> RuleError:
        piece = self.pieces.get(tag)
        if piece and scan.order_number not in {None, piece.number}:
            detail = f"{display(tag)} is with the driver for order {piece.number}, not for {scan.order_number}."
            return Conflict("another-order", detail)
        if tag in gone:
            return Conflict("already-delivered", "It came twice, and its delivery is recorded.")
        nowhere = Conflict("not-with-the-driver", "By the record it is on its way, but for no order.")
        if tag not in self.items:
            return NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
        return check_was_with_driver(self.items[tag].state, nowhere)

    def _refused(self, tag: str, error: RuleError) -> ItemResult:
        return refused(tag, error, self.items.get(tag), reader=self.actor, on=uk_date(self.at))

    async def _record(self, delivered: Sequence[Scan]) -> None:
        pieces = json.dumps([self._lent(scan) for scan in delivered])
        await self.session.execute(LEND, {"pieces": pieces, "at": self.at, "actor": self.actor})
        for tag in [self.tags[scan.scan_id] for scan in delivered]:
            if tag in self.too_weak:
                order, unit, blockers = self.too_weak[tag]
                weak = [(unit, blockers)]
                await answer_for_too_weak(self.session, order, weak, actor=self.actor, at=self.at)
        self.combined = await used_together.ask_about_homes(self.session, self.homes, actor=self.actor, at=self.at)
        visits = self._visits(delivered)
        await self.session.execute(insert(DeliveryVisit), [visit for visit, _ in visits])
        acts = [
            (f"order:{number}", {"barcodes": ", ".join(visit["barcodes"]), "received_by": visit["received_by"]})
            for visit, number in visits
        ]
        await audit.record_each(self.session, "order_delivered", acts, actor=self.actor, at=self.at)
        orders = {self._piece(scan).order_id: self._piece(scan).number for scan in delivered}
        for number in (await self.session.scalars(WITH_OLD_ONES, {"orders": list(orders)})).all():
            await collect_old(self.session, await read_order(self.session, number), actor=self.actor, at=self.at)
        for number in orders.values():
            there = [self.tags[scan.scan_id] for scan in delivered if self._is_blocked(scan, number)]
            if there:
                order = await read_order(self.session, number)
                await tell_of_blocked(self.session, order, there, actor=self.actor, at=self.at)

    def _visits(self, delivered: Sequence[Scan]) -> list[tuple[dict[str, Any], str]]:
        """One visit for each order and each person who took things in."""
        visits: dict[tuple[int, str], tuple[dict[str, Any], str]] = {}
        for scan in delivered:
            piece, when = self._piece(scan), self._when(scan)
            new = {
                "order_id": piece.order_id,
                "received_by": scan.handed_to,
                "barcodes": [],
                "visited_at": when,
                "note": "",
                "recorded_at": self.at,
                "recorded_by": self.actor,
            }
            visit, _ = visits.setdefault((piece.order_id, scan.handed_to or ""), (new, piece.number))
            visit["barcodes"].append(piece.barcode)
            visit["visited_at"] = max(visit["visited_at"], when)
        return list(visits.values())

    def _lent(self, scan: Scan) -> dict[str, Any]:
        piece, when = self._piece(scan), self._when(scan)
        names = ("unit_id", "reservation_id", "client_id", "item_id", "kind", "trial_goals")
        lent = {name: getattr(piece, name) for name in names}
        return lent | {"trial_ends_on": trial_end(piece.trial_days, when), "started_at": when.isoformat()}

    def _when(self, scan: Scan) -> datetime:
        """When it was left: as scanned, but not before it went out by the record, nor after now."""
        said = scan.scanned_at if scan.scanned_at and scan.is_measured else self.at
        left_at: datetime = self._piece(scan).left_at
        return min(max(said, left_at), self.at)

    def _piece(self, scan: Scan) -> Any:
        return self.pieces[self.tags[scan.scan_id]]

    def _is_blocked(self, scan: Scan, number: str) -> bool:
        return self._piece(scan).number == number and self._was_blocked(scan)

    def _was_blocked(self, scan: Scan) -> bool:
        is_blocked = leaving_blockers(self.moved[scan.scan_id].item.evidence, on=uk_date(self.at))
        return bool(is_blocked or self._piece(scan).stopped) or self.tags[scan.scan_id] in self.too_weak

    def _answer(self, scan: Scan) -> ScanResult:
        moved = self.moved.get(scan.scan_id)
        if moved is None:
            return answer(scan, self.results[scan.scan_id])
        said = f"Order {self._piece(scan).number}, taken in by {scan.handed_to}."
        done = accepted(moved).model_copy(update={"detail": said})
        if self._was_blocked(scan):
            return answer(scan, done, BLOCKED)
        todo = Step(route=LEFT_WITH_CLIENT.route, text=LEFT_WITH_CLIENT.text)
        done = done.model_copy(update={"next_step": todo})
        combined = [one for one in self.combined if moved.item.barcode in one.there]
        if combined:
            return answer(scan, done, ScanWarning(code="used-together", detail=used_together.in_words(combined)))
        return answer(scan, done)
