"""The load that a report certifies for an item: kept with the item, which carries no more from then on (ADR 28).

What was promised to or lies with somebody whom it no longer bears is looked at again in the same transaction.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, promising, safety
from app.domain.clearance import HoldFact, HoldKind
from app.domain.combinations import item_load
from app.domain.dates import in_words, uk_date
from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.thorough_examinations import LoadBefore, Report
from app.features.workshop.inspections.out_of_use import tell_owners
from app.ledger import Moved
from app.web.overloads import ask_for_weight, stop_overloads
from app.web.weak_reservations import end_for_items

# Of the reports before this one, and not of the one that this one puts right; but who recorded a load that is less
# than the new one counts also where that is put right.
BEFORE = text("""
    SELECT product.safe_working_load_kg AS product_kg, last.kg AS certified_kg, last.examined_on,
           lower.kg AS lower_kg, lower.by AS lower_by
    FROM item JOIN product ON product.id = item.product_id
    LEFT JOIN LATERAL (
        SELECT CAST(made.report ->> 'safe_working_load_kg' AS int) AS kg, stands.examined_on
        FROM standing_inspection AS stands JOIN thorough_examination AS made ON made.inspection_id = stands.id
        WHERE stands.item_id = item.id AND stands.kind = 'loler' AND stands.id IS DISTINCT FROM CAST(:not_of AS bigint)
          AND stands.examined_on <= :examined_on
        ORDER BY stands.examined_on DESC, stands.id DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT CAST(made.report ->> 'safe_working_load_kg' AS int) AS kg, stands.inspected_by AS by
        FROM standing_inspection AS stands JOIN thorough_examination AS made ON made.inspection_id = stands.id
        WHERE stands.item_id = item.id AND stands.kind = 'loler'
          AND (stands.id = CAST(:not_of AS bigint) OR stands.examined_on <= :examined_on)
        ORDER BY COALESCE(stands.id = CAST(:not_of AS bigint), false) DESC, stands.examined_on DESC, stands.id DESC
        LIMIT 1
    ) AS lower ON true
    WHERE item.barcode = :barcode
""")
CERTIFY = text("""
    WITH was AS (SELECT id, certified_load_kg FROM item WHERE id = :item_id)
    UPDATE item SET (certified_load_kg, certified_on) = (
        SELECT CAST(made.report ->> 'safe_working_load_kg' AS int), stands.examined_on
        FROM standing_inspection AS stands JOIN thorough_examination AS made ON made.inspection_id = stands.id
        WHERE stands.item_id = :item_id AND stands.kind = 'loler'
        ORDER BY stands.examined_on DESC, stands.id DESC LIMIT 1)
    FROM was JOIN item AS same ON same.id = was.id JOIN product ON product.id = same.product_id
    WHERE item.id = was.id
    RETURNING item.certified_load_kg AS kg, item.certified_on, was.certified_load_kg AS was_kg, item.state,
              product.safe_working_load_kg AS product_kg, product.name AS product_name
""")
LOAN = text("""
    SELECT loan.id, loan.client_id, client.weight_kg FROM loan JOIN client ON client.id = loan.client_id
    WHERE loan.item_id = :item_id AND loan.ended_at IS NULL
""")
# Whoever writes down a weight locks the client before reading what the client has: so one of the two sees the other.
LOCK_CLIENT = text("""
    SELECT client.id FROM item JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    JOIN client ON client.id = loan.client_id WHERE item.barcode = :barcode FOR NO KEY UPDATE OF client
""")
MARK = text("""
    UPDATE item SET label_wanted_since = CASE WHEN :is_lower THEN :at ELSE label_wanted_since END,
           load_lowered_at = CASE WHEN :is_lower THEN :at WHEN :is_whole THEN NULL ELSE load_lowered_at END
    WHERE id = :item_id
""")
# For orders; where nobody knows the weight, what an order asked for is too weak.
ORDERED = text("""
    SELECT kept.from_on FROM reservation AS kept JOIN client ON client.id = kept.client_id
    WHERE kept.item_id = :item_id AND kept.ended_at IS NULL AND COALESCE(client.weight_kg > :kg, true)
      AND EXISTS (SELECT FROM order_unit AS unit WHERE unit.reservation_id = kept.id AND unit.cancelled_at IS NULL)
""")


@dataclass(frozen=True, slots=True)
class Raised:
    """An item that carries more than it did. Its label may say less: nobody trusts it with too much by that."""

    carries_kg: float

    @property
    def beside_the_step(self) -> str:
        """What whoever recorded it reads."""
        return f"It carries {self.carries_kg:g} kg from now on."

    def left(self, moved: Moved) -> Moved:
        """The move, with the load that a label must say which is wanted already."""
        evidence = moved.evidence
        if evidence.wants_label:
            evidence = replace(evidence, label_load_kg=self.carries_kg)
        return replace(moved, evidence=evidence)


@dataclass(frozen=True, slots=True)
class Lowered:
    """An item that carries less than it did. `on`: the day of the examination.

    `stopped`: its use, by a client who weighs more. `not_known`: the weight of the client who has it.
    `released`: from a reservation for somebody who weighs more. `held`: with the driver, for such a client.
    `is_label_wanted`: it carried more before, and its label may say so.
    """

    barcode: str
    product_name: str
    carries_kg: float
    product_kg: int | None
    on: date
    stopped: bool = False
    not_known: bool = False
    released: bool = False
    held: str = ""
    is_label_wanted: bool = False

    @property
    def why(self) -> str:
        """What was certified, in a sentence that tells nobody's weight."""
        return f"By its thorough examination of {in_words(self.on)} it carries only {self.carries_kg:g} kg."

    @property
    def what_to_do(self) -> str:
        """What the one who reads it does now."""
        return self._said(": print a new label for it.")

    @property
    def beside_the_step(self) -> str:
        """The same beside the item's next step, which asks for the label where one is wanted."""
        return self._said("." if self.is_label_wanted else ": print a new label for it.")

    def _said(self, about_label: str) -> str:
        of_product = f", and others of its kind {self.product_kg} kg" if self.product_kg else ""
        said = [f"It carries {self.carries_kg:g} kg from now on{of_product}{about_label}"]
        if self.stopped:
            said.append("The client who has it weighs more: its use there is stopped. Bring a stronger one.")
        if self.not_known:
            said.append("Nobody knows what the client who has it weighs: find that out before it is used again.")
        if self.held:
            said.append("It is with the driver for somebody who must not have it, and on hold: have it brought back.")
        return " ".join(said)

    def left(self, moved: Moved) -> Moved:
        """The move, with what became of the item by this."""
        evidence = moved.evidence
        if self.released:
            evidence = replace(evidence, state=State.IN_STOCK)
        if self.held:
            evidence = replace(evidence, holds=(*evidence.holds, HoldFact(HoldKind.INVESTIGATION, self.held)))
        if self.is_label_wanted:
            evidence = replace(evidence, label_load_kg=self.carries_kg)
        return replace(moved, evidence=evidence)


async def lock_client(session: AsyncSession, barcode: str) -> None:
    """Keep others from writing down a weight of the client who has the item, before the item itself is locked."""
    await session.execute(LOCK_CLIENT, {"barcode": barcode})


async def read_before(session: AsyncSession, barcode: str, report: Report, corrects: int | None) -> LoadBefore:
    """What the item carried before that report; `corrects`: the inspection that it puts right. One statement."""
    values = {"barcode": barcode, "not_of": corrects, "examined_on": report.examined_on or date.max}
    row = (await session.execute(BEFORE, values)).one_or_none()
    if row is None:
        return LoadBefore()
    return LoadBefore(row.product_kg, row.certified_kg, row.examined_on, row.lower_kg, row.lower_by or "")


async def certify(
    session: AsyncSession, item_id: int, barcode: str, *, actor: str, at: datetime
) -> Lowered | Raised | None:
    """Keep with the item what its newest report that stands certifies, and do what follows where that is less than it
    carried. The caller has locked the item. One statement where it is not less."""
    row = (await session.execute(CERTIFY, {"item_id": item_id})).one()
    if row.kg != row.was_kg:
        facts = {"load": row.kg, "was": row.was_kg}
        await audit.record(session, "load_certified", f"item:{barcode}", actor=actor, at=at, **facts)
    carries, carried = item_load(row.product_kg, row.kg), item_load(row.product_kg, row.was_kg)
    is_lower = carries is not None and carried is not None and carries < carried
    if carries != carried and carried is not None and row.state != State.SCRAPPED:
        marks = {"is_lower": is_lower, "is_whole": carries == row.product_kg, "item_id": item_id, "at": at}
        await session.execute(MARK, marks)
    if carries is not None and carried is not None and carries > carried:
        return Raised(carries)
    if row.kg is None or carries is None or carries == carried:
        return None
    lowered = Lowered(barcode, row.product_name, carries, row.product_kg, row.certified_on)
    if row.state == State.SCRAPPED:
        return lowered
    lowered = replace(lowered, is_label_wanted=is_lower)
    lowered = await _at_a_client(session, item_id, lowered, actor=actor, at=at)
    lowered = await _promised(session, item_id, State(row.state), lowered, actor=actor, at=at)
    if carried is None and not (lowered.stopped or lowered.released or lowered.held):
        return lowered  # It carries no less than before: nobody knew what it carries.
    subject = f"Carries less than it did: {display(barcode)}"
    body = f"{lowered.product_name} ({display(barcode)}). {lowered.why} {lowered.what_to_do}"
    await tell_owners(session, "load_lowered", subject, body, barcode, actor=actor, at=at)
    return lowered


async def _at_a_client(session: AsyncSession, item_id: int, lowered: Lowered, *, actor: str, at: datetime) -> Lowered:
    loan = (await session.execute(LOAN, {"item_id": item_id})).one_or_none()
    if loan is None:
        return lowered
    if loan.weight_kg is None:
        if lowered.is_label_wanted:
            await ask_for_weight(session, loan.id, why=lowered.why, actor=actor, at=at)
        return replace(lowered, not_known=True)
    said: dict[str, Any] = {"weakest": {lowered.barcode}, "because": lowered.why, "actor": actor, "at": at}
    stopped = await stop_overloads(session, [loan.client_id], **said)
    return replace(lowered, stopped=bool(stopped) or loan.weight_kg > lowered.carries_kg)


async def _promised(
    session: AsyncSession, item_id: int, state: State, lowered: Lowered, *, actor: str, at: datetime
) -> Lowered:
    released = await end_for_items(session, [item_id], why=lowered.why, actor=actor, at=at)
    lowered = replace(lowered, released=bool(released))
    weak = (await session.execute(ORDERED, {"item_id": item_id, "kg": lowered.carries_kg})).all()
    if not weak:
        return lowered
    await promising.look_again(session, [item_id], why=f"{lowered.why} That is too little.", actor=actor, at=at)
    today = uk_date(at)
    if state is State.DISPATCHED and any(one.from_on <= today for one in weak):
        reason = f"{lowered.why} The client for whom it is on its way may weigh more: do not leave it there."
        details: dict[str, Any] = {"kind": HoldKind.INVESTIGATION, "reason": reason, "actor": actor, "at": at}
        await safety.hold(session, item_id, lowered.barcode, **details)
        lowered = replace(lowered, held=reason)
    return lowered
