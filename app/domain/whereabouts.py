"""An item that is handed in although, by the record, it never left its store: nobody knows where it has been.

What is not known is never taken for safe. It is held until somebody has looked at it and said what happened.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.clearance import Evidence, HoldKind
from app.domain.errors import Conflict
from app.domain.lifecycle import Move, State


class Whereabouts(StrEnum):
    """What somebody found out about it."""

    NEVER_LEFT = "never_left"
    USED = "used"

    @property
    def text(self) -> str:
        """As people read it."""
        return {Whereabouts.NEVER_LEFT: "It never left the store", Whereabouts.USED: "It was used, or may have been"}[
            self
        ]


PAST_RETURN: Final = frozenset({State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR})
"""States of an item that was taken in and is being made fit again."""

AS_CLEAN: Final = frozenset({State.IN_STOCK, State.RESERVED}) | PAST_RETURN
"""States in which an item counts as clean, or soon will by what is being done to it."""


def is_put_in_question(evidence: Evidence, *, is_back_again: bool = False) -> bool:
    """Whether an item that is handed in is held for it: it stands on a shelf by the record, or is on its way between
    two, and nobody has asked yet. `is_back_again`: as `came_back_again` has it of one that was taken in."""
    states = {State.IN_STOCK, State.RESERVED} | (PAST_RETURN if is_back_again else frozenset())
    return evidence.state in states and not any(hold.kind is HoldKind.WHEREABOUTS for hold in evidence.holds)


def came_back_again(made_at: datetime, cleaned_since: datetime | None, *, is_elsewhere: bool) -> bool:
    """Whether a return scan of what was taken in says that it has been out since: it was made at another store, or
    after its cleaning had begun. What was scanned before that is the same return, scanned twice."""
    return is_elsewhere or cleaned_since is None or made_at > cleaned_since


def say_where_it_was(barcode: str) -> Conflict:
    """The refusal to lift its hold without a word on where it was: it may be dirty, or somebody may depend on it."""
    detail = (
        f"Nobody has said where it was. Look at it, and say under /items/{barcode}/whereabouts whether it never left "
        "the store or was used. That lifts the hold."
    )
    return Conflict("whereabouts-in-question", detail)


def moves_once_used(evidence: Evidence) -> tuple[Move, ...]:
    """How an item that was used goes to be cleaned: as one that was lost and found. None where it is dirty anyway.

    Raises Conflict `single-patient-use` for what is for one patient: somebody may have been that patient.
    """
    if evidence.single_patient_use:
        detail = "It is for a single patient, and somebody may have used it. Scrap it: that settles this."
        raise Conflict("single-patient-use", detail)
    if evidence.state in AS_CLEAN:
        return Move.MARK_MISSING, Move.FIND
    return (Move.FIND,) if evidence.state is State.MISSING else ()
