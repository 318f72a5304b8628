"""Appeals against what a panel decided: what can be appealed against, by whom, and what came of it.

An appeal is heard once, by people who took no part in the decision. Who still disagrees complains to the service, and
then to the Ombudsman.
"""

from collections.abc import Collection
from enum import StrEnum

from app.domain.errors import Conflict
from app.domain.panel import Condition, DecisionKind


class Appellant(StrEnum):
    """Who is not content with a decision."""

    PRESCRIBER = "prescriber"
    PERSON = "person"
    REPRESENTATIVE = "representative"

    @property
    def text(self) -> str:
        """Who appeals, as people read it."""
        return {"person": "The person", "representative": "Somebody for the person"}.get(self.value, "The prescriber")


class AppealOutcome(StrEnum):
    """What came of an appeal."""

    UPHELD = "upheld"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"

    @property
    def text(self) -> str:
        """The outcome as people read it."""
        return {"upheld": "The decision stands", "changed": "The decision was changed"}.get(
            self.value, "The appeal was withdrawn"
        )


def check_appeal(
    kind: DecisionKind | None, *, has_lapsed: bool, waits_for_meeting: bool, is_appealed: bool, was_heard: bool
) -> None:
    """Whether the decision in force can be appealed against. `waits_for_meeting`: a chair's action that no meeting has
    heard; `was_heard`: it was made on an appeal itself.

    Raises Conflict `already-appealed`, `nothing-to-appeal`, `not-ratified-yet`.
    """
    if is_appealed:
        raise Conflict("already-appealed", "An appeal is open already. Others of the panel hear it.")
    if was_heard:
        detail = "This was decided on an appeal. Who still disagrees complains to the service, then to the Ombudsman."
        raise Conflict("already-appealed", detail)
    if has_lapsed:
        detail = "This approval does not hold any more. Bring the case again; there is nothing to appeal against."
        raise Conflict("nothing-to-appeal", detail)
    if waits_for_meeting:
        detail = "The next meeting hears what the chair did. Appeal against what it says then."
        raise Conflict("not-ratified-yet", detail)
    if kind is DecisionKind.APPROVE:
        raise Conflict(
            "nothing-to-appeal", "It was approved as it was asked for, so there is nothing to appeal against."
        )


def outcome_of(
    kind: DecisionKind, conditions: Collection[Condition], new: DecisionKind, new_conditions: Collection[Condition]
) -> AppealOutcome | None:
    """What the new decision makes of the one that was appealed against; None while it asks for more information."""
    if new is DecisionKind.DEFER:
        return None
    is_same = new is kind and set(conditions) == set(new_conditions)
    return AppealOutcome.UPHELD if is_same else AppealOutcome.CHANGED
