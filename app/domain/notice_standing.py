"""How things stand with an item that a safety notice covers: where it is, how far the work has come, what was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.goods import serial_key
from app.domain.notice_work import MatchAction, MatchOutcome
from app.domain.notices import Result


class Place(StrEnum):
    """Where an item that a notice covers is, as far as the records know. Each item is in exactly one."""

    IN_STORE = "in_store"
    WITH_CLIENT = "with_client"
    IN_REPAIR = "in_repair"
    WITH_CONTRACTOR = "with_contractor"
    IN_TRANSIT = "in_transit"
    SCRAPPED = "scrapped"
    MISSING = "missing"

    @property
    def text(self) -> str:
        """The place as people read it."""
        return PLACES[self]


PLACES: Final = {
    Place.IN_STORE: "In store",
    Place.WITH_CLIENT: "At homes",
    Place.IN_REPAIR: "In repair",
    Place.WITH_CONTRACTOR: "With the contractor",
    Place.IN_TRANSIT: "In transit",
    Place.SCRAPPED: "Disposed",
    Place.MISSING: "Missing or untraceable",
}


class ActionState(StrEnum):
    """How far the work on one item has come: how it ended, or else what was done last."""

    OPEN = "open"
    CONTACTED = "contacted"
    NO_ACCESS = "no_access"
    QUARANTINED = "quarantined"
    INSPECTED = "inspected"
    TO_RELEASE = "to_release"
    TO_CONFIRM = "to_confirm"
    CORRECTED = "corrected"
    REPLACED = "replaced"
    DISPOSED = "disposed"
    UNTRACEABLE = "untraceable"
    CLEARED = "cleared"

    @property
    def text(self) -> str:
        """As people read it."""
        return ACTION_STATES.get(self) or self.value.replace("_", " ").capitalize()

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self in FINISHED


ACTION_STATES: Final = {
    ActionState.OPEN: "Nothing done yet",
    ActionState.TO_RELEASE: "Corrected, to be released",
    ActionState.TO_CONFIRM: "Said to be untraceable, to be confirmed",
    ActionState.CORRECTED: "Corrected and released",
}
FINISHED: Final = frozenset(
    {
        ActionState.CORRECTED,
        ActionState.REPLACED,
        ActionState.DISPOSED,
        ActionState.UNTRACEABLE,
        ActionState.CLEARED,
    }
)


class Channel(StrEnum):
    """How somebody was contacted."""

    PHONE = "phone"
    VISIT = "visit"
    LETTER = "letter"
    EMAIL = "email"
    TEXT_MESSAGE = "text_message"
    OTHER = "other"

    @property
    def text(self) -> str:
        """As people read it."""
        return {"email": "E-mail", "other": "Another way"}.get(self.value, self.value.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Act:
    """One line of what was done about an item. `to_confirm`: it counts when another person has said the same. `sound`:
    what whoever looked at it says of it; None where they cannot tell, or do not say."""

    action: MatchAction
    by: str
    answers: Mapping[str, bool] = field(default_factory=dict)
    on: date | None = None
    to_confirm: bool = False
    sound: bool | None = None

    @property
    def sees_fault(self) -> bool:
        """Whether it says that what the notice asks about, or another fault, is there."""
        return self.sound is False or any(self.answers.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """A serial number that somebody read off an item's label, and what our record said before."""

    by: str
    read: str
    before: str | None = None

    @property
    def is_contrary(self) -> bool:
        """Whether the record said something else."""
        return bool(self.before) and serial_key(self.read) != serial_key(self.before or "")

    def is_confirmed_by(self, other: "Reading") -> bool:
        """Whether somebody else has read the same."""
        return other.by != self.by and serial_key(other.read) == serial_key(self.read)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of an item before something is recorded of it. `is_counted`: a closing has counted it. `is_held`: the
    notice holds it now. `weakened_by`: who changed what is recorded so that it is covered less. `readings`: of its
    label, under any notice, the oldest first."""

    place: Place
    result: Result
    outcome: MatchOutcome | None = None
    acts: tuple[Act, ...] = ()
    is_counted: bool = False
    is_held: bool = False
    weakened_by: str | None = None
    readings: tuple[Reading, ...] = ()

    def with_act(self, act: Act) -> "Standing":
        """The same, with one line more."""
        return replace(self, acts=(*self.acts, act))

    @property
    def corrected_by(self) -> str | None:
        """Who corrected it, unless a later look has seen a fault, or it was cleared since: what comes up again after
        that is corrected again."""
        by = None
        for act in self.acts:
            if act.action is MatchAction.CORRECTED:
                by = act.by
            elif act.action is MatchAction.CLEARED or act.sees_fault:
                by = None
        return by

    @property
    def unsound_by(self) -> str | None:
        """Who looked at it last and found it not sound, unless it was cleared since."""
        by = None
        for act in self.acts:
            if act.sound is False:
                by = act.by
            elif act.action is MatchAction.CLEARED:
                by = None
        return by

    @property
    def contrary_by(self) -> str | None:
        """Who saw the contrary of what was seen before, unless somebody else has looked since and agrees, or it was
        cleared. Whoever looks at what another person has corrected may well see something else."""
        by, corrected_by, seen = None, None, dict[str, bool]()
        for act in self.acts:
            if act.action is MatchAction.CORRECTED:
                corrected_by = act.by
            elif act.action is MatchAction.CLEARED:
                by = None
            elif act.answers:
                is_contrary = any(seen.get(question, is_so) is not is_so for question, is_so in act.answers.items())
                if is_contrary and corrected_by in {None, act.by}:
                    by = act.by
                elif act.by != by:
                    by = None
                seen |= act.answers
        return by

    @property
    def reading_to_confirm(self) -> Reading | None:
        """The reading of its label that says something else than our record did, until somebody else reads the same."""
        found = None
        for reading in self.readings:
            if reading.is_contrary:
                found = reading
            elif found and found.is_confirmed_by(reading):
                found = None
        return found

    @property
    def untraceable_by(self) -> str | None:
        """Who said that nobody can trace it, unless something else was seen or heard of it since. Tries in vain say
        nothing against it."""
        by = None
        for act in self.acts:
            if act.to_confirm:
                by = act.by
            elif act.action is not MatchAction.NO_ACCESS:
                by = None
        return by

    @property
    def tries(self) -> int:
        """On how many days nobody opened since somebody was reached last."""
        days: set[date | None] = set()
        for act in self.acts:
            if act.action is MatchAction.NO_ACCESS:
                days.add(act.on)
            elif act.action is MatchAction.CONTACTED:
                days = set()
        return len(days)
