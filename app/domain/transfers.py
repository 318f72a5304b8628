"""Consignments between stores: what may be sent, what it is when something arrives, and what a store is short of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.domain.clearance import Evidence, HoldKind, hygiene_blockers
from app.domain.errors import Conflict, WrongState
from app.domain.hygiene import NextStep
from app.domain.lifecycle import IN_STORE, NEXT, State

LATE_AFTER: Final = timedelta(days=3)
"""What was sent and has not arrived after so long is looked for."""


CONTAMINATED: Final = frozenset({"not-decontaminated", "decontamination-failed", "cannot-be-decontaminated"})
"""Blockers that say that an item is not clean. No contamination status means dirty (MHRA, section 9)."""


def contamination(evidence: Evidence) -> str:
    """Why the item is contaminated and must be marked so before anybody carries it; empty where it is clean or new."""
    return next((one.detail for one in hygiene_blockers(evidence) if one.code in CONTAMINATED), "")


def held_because(evidence: Evidence) -> str:
    """Why the item is on hold, whatever its journey; empty where nothing holds it. It may be sent all the same, to
    where somebody looks at it, but not by mistake for one that is sound."""
    return " ".join(hold.text for hold in evidence.holds if hold.kind is not HoldKind.IN_TRANSIT)


def load_step(evidence: Evidence, place: str) -> NextStep:
    """What is done with an item that goes to another store: contaminated, on hold, or neither."""
    if contamination(evidence):
        return load_apart(place)
    if held_because(evidence):
        return load_held(place)
    return NextStep("load", f"Put it with what goes to {place}.")


def load_held(place: str) -> NextStep:
    """What is done with an item on hold that goes to another store."""
    text = f"It is on hold, and stays so. Mark it “On hold”, load it apart, and tell {place} why it comes."
    return NextStep("load_held", text)


def load_apart(place: str) -> NextStep:
    """What is done with a contaminated item that goes to another store. It is sent all the same: some stores cannot
    clean, and what may not be sent would be carried without a record."""
    text = f"Wrap it, mark it “Contaminated”, and load it apart from what is clean. It goes to {place}."
    return NextStep("load_contaminated", text)


def differs_from_list(wanted: int, sent: int) -> str:
    """Whether an item that is scanned out is more than the list asks for; `sent`: with this one."""
    if not wanted:
        return "It is not on the list of this consignment. Make sure that it is meant to go."
    if sent > wanted:
        return f"The list asks for {wanted} of these, and with this one {sent} are sent."
    return ""


class Arrival(StrEnum):
    """What it is when an item is scanned in from a consignment."""

    EXPECTED = "expected"
    OF_ANOTHER = "of_another"
    NOT_SENT = "not_sent"
    FOUND = "found"


def is_late(sent_on: date, today: date) -> bool:
    """Whether what was sent that day should have arrived."""
    return today - sent_on > LATE_AFTER


def on_its_way() -> Conflict:
    """What is on its way between stores is moved by its consignment only."""
    detail = "It is on its way to another store. Receive it there under Transfers, or record there that it is missing."
    return Conflict("in-transit", detail, field="barcode")


def check_may_send(state: State, *, is_here: bool, is_in_transit: bool) -> None:
    """Raises Conflict `in-transit`, `reserved`, `not-here`; WrongState `wrong-state` for what stands in no store."""
    if is_in_transit:
        raise Conflict("in-transit", "It is on its way already, with another consignment. Receive it there first.")
    if state not in IN_STORE:
        raise WrongState("wrong-state", f"The item is “{state.text.lower()}”, so it cannot be sent. {NEXT[state]}")
    if state is State.RESERVED:
        raise Conflict("reserved", "It is kept for a client here. Give up the reservation first, or send another one.")
    if not is_here:
        raise Conflict(
            "not-here", "By the record it is in another store. Transfer it here first, or send it from there."
        )


def find_arrival(state: State, *, is_here: bool, sent_with: str | None, consignment: str) -> Arrival:
    """What it is. `sent_with`: the consignment that it is on its way with, if any. What nobody sent is taken too.

    What was recorded as missing is found: whoever scans it has it in their hands, and it is dirty until it is cleaned.
    Raises WrongState `not-in-a-store` for what by the record is not in a store at all, and is dirty until it is
    cleaned; Conflict `already-here` for what the record has here.
    """
    if state is State.MISSING:
        return Arrival.FOUND
    if state not in IN_STORE:
        raise WrongState("not-in-a-store", f"By the record it is “{state.text.lower()}”. {NEXT[state]}")
    if sent_with:
        return Arrival.EXPECTED if sent_with == consignment else Arrival.OF_ANOTHER
    if is_here:
        raise Conflict("already-here", "By the record it is in this store already, and nobody sent it.")
    return Arrival.NOT_SENT


@dataclass(frozen=True, slots=True)
class Stock:
    """One product in one store. `free`: on the shelf and clear to go out, of which `recycled` were issued before.

    `coming`: on its way here. `minimum`: how many should be here; 0 where nobody has said. `blocked`: on the shelf, but
    it may not go out today. `store_name`: as people call it.
    """

    store: str
    product_code: str
    product_name: str
    minimum: int
    free: int
    recycled: int
    coming: int = 0
    blocked: int = 0
    store_name: str = ""

    @property
    def lacks(self) -> int:
        """How many are short of the minimum, counting those that are coming."""
        return max(self.minimum - self.free - self.coming, 0)

    @property
    def can_spare(self) -> int:
        """How many recycled ones may go without falling below its own minimum."""
        return max(min(self.recycled, self.free - self.minimum), 0)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """So many of a product could go from one store to another. `from_store` None: no store has recycled ones to spare,
    and `because` says in sentences what there is."""

    from_store: str | None
    to_store: str
    product_code: str
    product_name: str
    quantity: int
    because: str = ""


def suggest(stock: Sequence[Stock]) -> list[Suggestion]:
    """What would bring every store to its minimum from what other stores can spare, recycled ones only.

    Whoever can spare most gives first, so that few consignments are made; what is left short is told too, with why.
    """
    spare = {(one.store, one.product_code): one.can_spare for one in stock}
    found: list[Suggestion] = []
    for short in sorted(stock, key=lambda one: (one.store, one.product_code)):
        wanted = Suggestion(None, short.store, short.product_code, short.product_name, short.lacks)
        givers = [store for store, code in spare if code == short.product_code and store != short.store]
        for giver in sorted(givers, key=lambda store: (-spare[store, short.product_code], store)):
            gives = min(wanted.quantity, spare[giver, short.product_code])
            if gives:
                found.append(replace(wanted, from_store=giver, quantity=gives))
                spare[giver, short.product_code] -= gives
                wanted = replace(wanted, quantity=wanted.quantity - gives)
        if wanted.quantity:
            found.append(wanted)
    left = [
        replace(one, free=one.free - gone, recycled=one.recycled - gone)
        for one in stock
        for gone in [_gives(one, found)]
    ]
    return [one if one.from_store else replace(one, because=_because(one, left)) for one in found]


def _gives(one: Stock, found: Sequence[Suggestion]) -> int:
    where = (one.store, one.product_code)
    return sum(given.quantity for given in found if (given.from_store, given.product_code) == where)


def _because(short: Suggestion, left: Sequence[Stock]) -> str:
    """What there is of it, with all recycled ones given that can be spared: new ones, what stores keep for themselves,
    and what stands on a shelf and may not go out."""
    of_it = [one for one in left if one.product_code == short.product_code]
    others = [one for one in of_it if one.store != short.to_store]
    said = []
    for one in others:
        name, new = one.store_name or one.store, max(min(one.free - one.recycled, one.free - one.minimum), 0)
        kept = one.free - new
        if new:
            said.append(f"{name} has {new} new to spare: ask for {'it' if new == 1 else 'them'} there.")
        if kept:
            said.append(f"{name} needs {kept} for its own minimum of {one.minimum}.")
    said = said or ["No other store has one that may go out today."]
    for one in of_it:
        if one.blocked:
            where = (
                "On the shelf here" if one.store == short.to_store else f"On the shelf of {one.store_name or one.store}"
            )
            stand = "stands 1 that" if one.blocked == 1 else f"stand {one.blocked} that"
            said.append(f"{where} {stand} may not go out today.")
    return " ".join(said)
