"""Counting a store or a bay: what differs from the record, and what may be done about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from app.domain.hygiene import NextStep
from app.domain.lifecycle import OUT, Move, State


class Difference(StrEnum):
    """How an item that was counted, or was not, differs from the record."""

    MISSING = "missing"
    OTHER_BAY = "other_bay"
    OTHER_STORE = "other_store"
    OUT = "out"
    MISSING_EARLIER = "missing_earlier"
    SCRAPPED = "scrapped"
    IN_TRANSIT = "in_transit"

    @property
    def text(self) -> str:
        """The difference as people read it."""
        return DIFFERENCE_TEXT[self]


class Correction(StrEnum):
    """What is done about a difference when the count is finished."""

    NONE = "none"
    MARK_MISSING = "mark_missing"
    FIND = "find"
    TRANSFER = "transfer"
    RETURN = "return"

    @property
    def text(self) -> str:
        """The correction as people choose it."""
        return CORRECTION_TEXT[self]


DIFFERENCE_TEXT: dict[Difference, str] = {
    Difference.MISSING: "Not found",
    Difference.OTHER_BAY: "Recorded in another bay",
    Difference.OTHER_STORE: "Recorded in another store",
    Difference.OUT: "Recorded as not in a store",
    Difference.MISSING_EARLIER: "Was missing",
    Difference.SCRAPPED: "Recorded as scrapped, and it is still here",
    Difference.IN_TRANSIT: "Recorded as on its way",
}

CORRECTION_TEXT: dict[Correction, str] = {
    Correction.NONE: "Change nothing",
    Correction.MARK_MISSING: "Mark as missing",
    Correction.FIND: "Found: to decontamination",
    Correction.TRANSFER: "Record it here",
    Correction.RETURN: "Take it back: to decontamination, its loan ends",
}

CORRECTIONS: dict[Difference, tuple[Correction, ...]] = {
    Difference.MISSING: (Correction.MARK_MISSING, Correction.NONE),
    Difference.OTHER_BAY: (Correction.TRANSFER, Correction.NONE),
    Difference.OTHER_STORE: (Correction.TRANSFER, Correction.NONE),
    # It ends a loan, and a wrong label read here would leave a client's hoist on nobody's record.
    Difference.OUT: (Correction.NONE, Correction.RETURN),
    Difference.MISSING_EARLIER: (Correction.FIND, Correction.NONE),
    # Scrapped is for good: somebody must look at it first.
    Difference.SCRAPPED: (Correction.NONE,),
    # Its consignment is received by scan, which says where it is.
    Difference.IN_TRANSIT: (Correction.NONE,),
}
"""What may be done about each difference; the first is proposed. What could harm somebody is never proposed."""

MOVES_OF: dict[Correction, Move] = {
    Correction.MARK_MISSING: Move.MARK_MISSING,
    Correction.FIND: Move.FIND,
    Correction.TRANSFER: Move.TRANSFER,
    Correction.RETURN: Move.RETURN,
}
"""The move that each correction is; `none` is none."""

NOT_IN_STORE: dict[State, Difference] = {
    **dict.fromkeys(sorted(OUT), Difference.OUT),
    State.MISSING: Difference.MISSING_EARLIER,
    State.SCRAPPED: Difference.SCRAPPED,
}
"""What it is to count an item that by the record stands in no store."""

AT_A_DESK: frozenset[tuple[State, Move]] = frozenset(
    {
        (State.IN_STOCK, Move.RESERVE),
        (State.RESERVED, Move.RELEASE),
        (State.ON_TRIAL, Move.KEEP_AFTER_TRIAL),
        (State.ON_LOAN, Move.REQUEST_COLLECTION),
        (State.ON_TRIAL, Move.REQUEST_COLLECTION),
        (State.AWAITING_COLLECTION, Move.CANCEL_COLLECTION),
        (State.AWAITING_COLLECTION, Move.START_TRIAL),
    }
)
"""Moves that somebody records without the item in their hands: they say nothing of where it is."""

NUMBERS: dict[Correction, tuple[str, str]] = {
    Correction.MARK_MISSING: ("{items} item is marked missing.", "{items} items are marked missing."),
    Correction.FIND: (
        "{items} item that was missing goes to decontamination.",
        "{items} items that were missing go to decontamination.",
    ),
    Correction.TRANSFER: (
        "{items} item is recorded in {here} from now on.",
        "{items} items are recorded in {here} from now on.",
    ),
    Correction.RETURN: (
        "{items} item is taken back: its loan ends, and it goes to decontamination.",
        "{items} items are taken back: their loans end, and they go to decontamination.",
    ),
    Correction.NONE: ("The record of {items} item stays as it is.", "The record of {items} items stays as it is."),
}
"""What will happen to one item and to several, in words."""

MOST_LIKE = 5

TO_ASIDE = NextStep(
    "query_shelf", "Put it aside with the returns: it is dirty until it is cleaned. It is decided later."
)
TO_THE_CAGE = NextStep(
    "scrap_cage",
    "It must not be used again. Put it in the scrap cage, where nobody takes it, and tell the manager: "
    "it is scrapped by the record, and should be gone.",
)
TO_LEAVE = NextStep("leave", "Leave it here. What becomes of the record is decided when the count is finished.")
TO_RECEIVE = NextStep("receive", "It was sent from store to store: scan it in under Transfers as well.")
TO_LEAVE_AS_IS = NextStep("leave", "Leave it where it is.")


@dataclass(frozen=True, slots=True)
class Place:
    """What is counted: a store, or one bay of it."""

    store_id: int
    bay: str | None = None

    def holds(self, store_id: int, bay: str | None) -> bool:
        """Whether what is recorded in that store and bay belongs to the count. Bays are the same in any case."""
        if store_id != self.store_id:
            return False
        return self.bay is None or (bay or "").lower() == self.bay.lower()


@dataclass(frozen=True, slots=True)
class Standing:
    """One item in a count. `is_expected`: the record had it here at the start. `was_handled`: it moved, in somebody's
    hands, since it was counted, or since the start when it was not counted."""

    state: State
    store_id: int
    bay: str | None
    is_expected: bool
    is_counted: bool
    was_handled: bool
    is_in_transit: bool = False


def find_difference(item: Standing, place: Place) -> Difference | None:
    """How it differs from the record, if it does. What came or went while people counted is no difference."""
    if item.was_handled:
        return None
    if not item.is_counted:
        return Difference.MISSING if item.is_expected else None
    if item.state in NOT_IN_STORE or item.is_in_transit:
        return NOT_IN_STORE.get(item.state, Difference.IN_TRANSIT)
    if place.holds(item.store_id, item.bay):
        return None
    return Difference.OTHER_BAY if item.store_id == place.store_id else Difference.OTHER_STORE


def step_after_count(difference: Difference | None) -> NextStep:
    """What whoever counts does with the item in their hands."""
    if difference is None:
        return TO_LEAVE_AS_IS
    if difference is Difference.IN_TRANSIT:
        return TO_RECEIVE
    if difference is Difference.SCRAPPED:
        return TO_THE_CAGE
    return TO_LEAVE if difference in {Difference.OTHER_BAY, Difference.OTHER_STORE} else TO_ASIDE


def in_numbers(correction: Correction, items: int, *, here: str) -> str:
    """What will happen to so many items, in a sentence; `here`: what is counted."""
    single, several = NUMBERS[correction]
    return (single if items == 1 else several).format(items=items, here=here)


def bays_like(bay: str, known: Iterable[str]) -> list[str]:
    """The store's bays that somebody may have meant, the likeliest first."""
    by_key = {one.casefold(): one for one in known}
    like = get_close_matches(bay.casefold(), by_key, n=MOST_LIKE, cutoff=0.5)
    return [by_key[key] for key in like]


def may_correct(difference: Difference, correction: Correction) -> bool:
    """Whether this may be done about that."""
    return correction in CORRECTIONS[difference]
