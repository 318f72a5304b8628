"""Scrap: where the waste goes, what must be said of it, when a second person must agree, what may be taken off first.

Old electrical equipment is WEEE (Waste Electrical and Electronic Equipment Regulations 2013), and who hands waste over
keeps the note of its transfer (Environmental Protection Act 1990, section 34).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.clearance import Evidence, HoldFact, HoldKind, hygiene_blockers
from app.domain.dates import in_words
from app.domain.errors import BadValue, Blocker, Conflict, NotAllowed, NotClear
from app.domain.labels import display
from app.domain.lifecycle import State


class WasteStream(StrEnum):
    """The way that the waste of a scrapped item goes."""

    WEEE = "weee"
    BATTERIES = "batteries"
    MATTRESS = "mattress"
    METAL = "metal"
    GENERAL = "general"
    CLINICAL = "clinical"
    MAKER = "maker"
    NOWHERE = "nowhere"

    @property
    def text(self) -> str:
        """The stream as people read it."""
        return STREAM_TEXT[self][0]

    @property
    def means(self) -> str:
        """What belongs in it."""
        return STREAM_TEXT[self][1]


STREAM_TEXT: dict[WasteStream, tuple[str, str]] = {
    WasteStream.WEEE: ("Electrical (WEEE)", "Whatever has a plug, a battery or a control"),
    WasteStream.BATTERIES: ("Batteries apart", "Lead-acid or lithium batteries by themselves"),
    WasteStream.MATTRESS: ("Mattresses", "Mattresses and cushions"),
    WasteStream.METAL: ("Metal", "Frames, rails, chairs without anything electrical"),
    WasteStream.GENERAL: ("General", "What fits nowhere else and is clean"),
    WasteStream.CLINICAL: ("Clinical", "What cannot be made clean"),
    WasteStream.MAKER: ("Returned to the maker", "The maker or supplier takes it back"),
    WasteStream.NOWHERE: ("None: it is missing", "Nobody has it, so no waste goes anywhere"),
}


class Batteries(StrEnum):
    """What became of the batteries of something electrical."""

    TAKEN_OUT = "taken_out"
    LEFT_IN = "left_in"
    NONE = "none"

    @property
    def text(self) -> str:
        """The answer as people read it."""
        return BATTERIES_TEXT[self]


BATTERIES_TEXT: dict[Batteries, str] = {
    Batteries.TAKEN_OUT: "Taken out, and they go apart",
    Batteries.LEFT_IN: "Left in it, and the carrier is told",
    Batteries.NONE: "It has none",
}


class PartCondition(StrEnum):
    """How a part is that was taken off a scrapped item."""

    AS_NEW = "as_new"
    GOOD = "good"
    WORN = "worn"

    @property
    def text(self) -> str:
        """The condition as people read it."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Disposal:
    """What is said of a scrap. `reference`: of the consignment or waste transfer note; `reference_follows`: not yet."""

    reason: str
    stream: WasteStream
    batteries: Batteries | None = None
    reference: str = ""
    reference_follows: bool = False


def check_disposal(said: Disposal) -> None:
    """Whether all is said that the waste needs. Raises BadValue `batteries-wanted`, `reference-wanted`."""
    if said.stream is WasteStream.WEEE and said.batteries is None:
        detail = "It is electrical. Say whether its batteries are taken out, or that it has none."
        raise BadValue("batteries-wanted", detail, field="batteries")
    if not (said.reference or said.reference_follows or said.stream is WasteStream.NOWHERE):
        detail = "Give the reference of the waste transfer note, or say that it is recorded later."
        raise BadValue("reference-wanted", detail, field="reference")


def check_is_there(state: State, stream: WasteStream) -> None:
    """Whether the waste can go there. Raises Conflict `nothing-to-dispose-of` for a missing item, `not-missing`."""
    if state is State.MISSING and stream is not WasteStream.NOWHERE:
        detail = f"It is missing, so no waste goes anywhere. Choose “{WasteStream.NOWHERE.text}”."
        raise Conflict("nothing-to-dispose-of", detail, field="waste_stream")
    if state is not State.MISSING and stream is WasteStream.NOWHERE:
        raise Conflict("not-missing", "It is not missing. Choose where its waste goes.", field="waste_stream")


@dataclass(frozen=True, slots=True)
class TakenPart:
    """A part that was taken off an item, when and by whom."""

    description: str
    part_number: str
    taken_on: date
    taken_by: str


def check_not_taken(description: str, part_number: str, before: Iterable[TakenPart]) -> None:
    """Whether a part may be taken off of which none is there any more. Raises Conflict `already-harvested`.

    Two parts are the same by their numbers, or by their descriptions where one has no number.
    """
    for one in before:
        if part_number and one.part_number:
            is_same = part_number.casefold() == one.part_number.casefold()
        else:
            is_same = description.casefold().split() == one.description.casefold().split()
        if is_same:
            detail = (
                f"{one.taken_by} took “{one.description}” off it on {in_words(one.taken_on)}. If this is another one "
                "like it that was on the item too, say so."
            )
            raise Conflict("already-harvested", detail, field="another_like_it")


def needs_second_person(price_pence: int, limit_pence: int) -> bool:
    """Whether an item is so dear that another person must agree to its scrap."""
    return price_pence >= limit_pence


def second_person_wanted(barcode: str) -> Conflict:
    """Why a dear item is not scrapped together with others."""
    detail = f"{display(barcode)} is dear, so another person must agree. Ask for its scrap on its own page."
    return Conflict("second-person-wanted", detail, field="barcode")


def check_other_person(asked_by: str, actor: str) -> None:
    """Raises NotAllowed `same-person` for who asked for the scrap."""
    if actor == asked_by:
        raise NotAllowed("same-person", "You asked for this scrap yourself. Somebody else must agree.")


def other_holds(holds: tuple[HoldFact, ...]) -> list[Blocker]:
    """The holds that are about more than that the item is to be scrapped."""
    return [Blocker("on-hold", hold.text) for hold in holds if hold.kind is not HoldKind.SCRAP_REQUEST]


def check_harvest(evidence: Evidence, *, was_here: bool) -> None:
    """Whether parts may be taken off an item for repairs of others. `was_here`: it did not get lost.

    Raises Conflict `not-scrapped`, `not-here`; NotClear `not-clear` with all that speaks against it. What is not
    known is never taken for safe: while another person may still decline its scrap, it stays whole.
    """
    if evidence.state is not State.SCRAPPED:
        detail = (
            "Parts are taken off what is scrapped. Record its scrap first; what is dear is whole until it is agreed."
        )
        raise Conflict("not-scrapped", detail)
    if not was_here:
        raise Conflict("not-here", "It was missing, so nothing can be taken off it.")
    blockers = [*other_holds(evidence.holds), *hygiene_blockers(evidence)]
    if blockers:
        why = " ".join(blocker.detail for blocker in blockers)
        raise NotClear("not-clear", f"No part of it may be used again. {why}", blockers)


SPREADS: Final = frozenset({HoldKind.SAFETY_NOTICE, HoldKind.FAULT, HoldKind.INVESTIGATION})
"""Holds that may be about a part that was taken off before."""


def part_reason(parts: str, donor: str, why: str) -> str:
    """Why an item is held that carries parts of one that is held now. `why`: what that one is held for."""
    held = f"It carries a part of {display(donor)} ({parts}), which is held now: {why.rstrip('.')}."
    return f"{held} Look at the part, or change it."


def check_donor(barcode: str, holds: tuple[HoldFact, ...]) -> None:
    """Whether a part from the bin may be fitted, by what is known today of the item that it came from.

    Raises Conflict `donor-on-hold`.
    """
    if found := other_holds(holds):
        detail = f"This part came from {display(barcode)}, which is on hold. {found[0].detail} Do not fit it."
        raise Conflict("donor-on-hold", detail, field="harvested_part_id")
