"""Whether the counts of a safety notice add up, so that it can be closed; and what is missing, in words."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

from app.domain.dates import in_words
from app.domain.errors import Conflict, NotAllowed, Stale
from app.domain.notice_standing import ActionState, Place
from app.domain.safety_notices import IN_HAND, DeadlineKind, Deadlines, NoticeState


@dataclass(frozen=True, slots=True)
class Tally:
    """How many items of one product are in one place, and how far the work on them has come."""

    product_code: str
    product_name: str
    manufacturer: str
    model: str
    place: Place
    action_state: ActionState
    items: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The counts of a notice.

    `held`: how many items it covers or covered, counted by the notice's own list; `tallies` by where the items' records
    say that they are. `unlisted`: items that its scope covers and that are not on the list. `wants_items`: the notice
    holds items; one of advice has reviews and actions of the organisation instead. `reviews_unreached`: open reviews of
    people whom nobody has reached after many tries; `unreachable`: those that ended so. `version`: the newest of the
    notice. `older_version`: the one with another text on which the scope in force was entered. `last_line`: the newest
    line of what was done about an item, so that whoever closes has seen all that was recorded, also where it counts the
    same.
    """

    held: int
    tallies: tuple[Tally, ...]
    wants_items: bool
    unlisted: int = 0
    reviews: int = 0
    reviews_open: int = 0
    reviews_unreached: int = 0
    unreachable: int = 0
    actions: int = 0
    actions_open: int = 0
    is_activated: bool = True
    has_newer_scope: bool = False
    is_changed: bool = False
    version: int = 1
    older_version: int | None = None
    last_line: int = 0

    def in_place(self, place: Place) -> int:
        """How many items are there."""
        return self._sum(lambda tally: tally.place is place)

    def in_state(self, state: ActionState) -> int:
        """How many items the work has come so far with."""
        return self._sum(lambda tally: tally.action_state is state)

    @property
    def found(self) -> int:
        """The sum of all places."""
        return self._sum(lambda _: True)

    @property
    def finished(self) -> int:
        """How many items nothing is left to do with."""
        return self._sum(lambda tally: tally.action_state.is_finished)

    @property
    def missing(self) -> list[str]:
        """What is still to be done before it can be closed; nothing, when it adds up."""
        return [*self._of_the_notice(), *self._of_the_counts(), *self._of_the_work()]

    @property
    def counts(self) -> dict[str, Any]:
        """The counts as they are kept with a closing."""
        return {
            "version": self.version,
            "held": self.held,
            "places": {place.value: self.in_place(place) for place in Place},
            "action_states": {state.value: self.in_state(state) for state in ActionState},
            "models": [
                {
                    "product_code": tally.product_code,
                    "manufacturer": tally.manufacturer,
                    "model": tally.model,
                    "place": tally.place.value,
                    "action_state": tally.action_state.value,
                    "items": tally.items,
                }
                for tally in self.tallies
            ],
            "reviews": {"all": self.reviews, "open": self.reviews_open, "unreachable": self.unreachable},
            "organisation_actions": {"all": self.actions, "open": self.actions_open},
            "last_line": self.last_line,
        }

    @property
    def fingerprint(self) -> str:
        """A short word that changes with any of the counts, and with each line that is recorded: whoever saw these
        names them by it."""
        return fingerprint_of(self.counts)

    def _sum(self, counts: Callable[[Tally], bool]) -> int:
        return sum(tally.items for tally in self.tallies if counts(tally))

    def _of_the_notice(self) -> list[str]:
        said = []
        if self.is_changed:
            said.append("Its text has changed since somebody decided on it. Read what changed, and decide again.")
        if self.has_newer_scope:
            said.append("A newer scope is entered and not in force. Activate it first.")
        if self.older_version is not None and not self.has_newer_scope:
            said.append(
                f"The scope in force was entered on version {self.older_version}, and version {self.version} has "
                "another text. Enter it anew, also where it fits as it is, and have another person put it into force."
            )
        if not self.is_activated and not self.actions:
            said.append("Nothing was done about it yet. Enter its scope, or what the organisation does about it.")
        return said

    def _of_the_counts(self) -> list[str]:
        said = []
        if self.found != self.held:
            said.append(f"The notice lists {_items(self.held)}, and {_items(self.found)} were found in the records.")
        if self.unlisted:
            are = "is" if self.unlisted == 1 else "are"
            said.append(f"{_items(self.unlisted)} that its scope covers {are} not on its list. Activate a scope again.")
        return said

    @property
    def _unreached(self) -> str:
        if not self.reviews_unreached:
            return ""
        return (
            f" {self.reviews_unreached} of them {'is' if self.reviews_unreached == 1 else 'are'} of people whom nobody "
            "has reached: those who handle notices decide."
        )

    def _of_the_work(self) -> list[str]:
        said = []
        if self.wants_items:
            for state in ActionState:
                left = self.in_state(state)
                if left and not state.is_finished:
                    said.append(f"{_items(left)}: {LEFT[state]}")
        if self.reviews_open:
            said.append(f"{self.reviews_open} of {self.reviews} reviews of people are not done.{self._unreached}")
        if self.actions_open:
            said.append(f"{self.actions_open} of {self.actions} actions of the organisation are not done.")
        return said


LEFT: Final = {
    ActionState.OPEN: "nothing has been done yet.",
    ActionState.CONTACTED: "somebody was contacted, and nothing more. Inspect, correct or fetch them.",
    ActionState.NO_ACCESS: "nobody opened. Try again; where the client has gone, two people say so.",
    ActionState.QUARANTINED: "in quarantine. Correct and clear them, or dispose of them.",
    ActionState.INSPECTED: "looked at, and affected or not known. Correct, replace or dispose of them.",
    ActionState.TO_CONFIRM: "said to be untraceable at a client who has gone. Another person confirms it.",
    ActionState.TO_RELEASE: "corrected, and nobody else has checked that. Another person clears them.",
}
"""What is left to do, by how far the work has come."""


def fingerprint_of(counts: dict[str, Any]) -> str:
    """The same of counts that were kept."""
    return sha256(json.dumps(counts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Request:
    """That somebody asked for the notice to be closed with these counts."""

    by: str
    fingerprint: str


def check_closing(
    state: NoticeState, now: Reconciliation, asked: Request | None, *, actor: str, seen: str | None, again: bool
) -> bool:
    """Whether this closes the notice (True), or is the request that a second person closes it (False).

    `seen`: the fingerprint of the counts that the person saw. `again`: they ask anew, with the counts of now. Raises
    Conflict `notice-closed`, `not-in-hand`, `not-reconciled` or `counts-changed`, Stale `counts-changed`, NotAllowed
    `same-person`.
    """
    if state is NoticeState.CLOSED:
        raise Conflict("notice-closed", "This notice is closed already, and its record is final.")
    if state not in IN_HAND:
        raise Conflict("not-in-hand", f"Only what is relevant is closed. This one is “{state.text.lower()}”.")
    if now.missing:
        raise Conflict("not-reconciled", " ".join(now.missing))
    if seen is not None and seen != now.fingerprint:
        raise Stale("counts-changed", "Something was recorded since you looked, or the counts changed. Look again.")
    if asked is None or again:
        return False
    if asked.fingerprint != now.fingerprint:
        detail = (
            f"Since {asked.by} asked for it, something was recorded or the counts changed. Read what that was. If it "
            "may be closed all the same, ask anew (`again`); another person then closes it."
        )
        raise Conflict("counts-changed", detail)
    if asked.by == actor:
        raise NotAllowed(
            "same-person", "You asked for it to be closed. Somebody else must check the counts and close it."
        )
    return True


def check_notes_seen(seen: int | None, newest: int) -> None:
    """Whether whoever closes has read the notes as they are, where they say what they read. Raises Stale
    `notes-changed`."""
    if seen is not None and seen != newest:
        raise Stale("notes-changed", "The notes of staff are not those that you read. Read them again.")


def deadline_words(
    days: Deadlines, *, met_on: dict[DeadlineKind, date | None], today: date, first: Deadlines | None = None
) -> list[tuple[str, str]]:
    """Each deadline of a notice and whether it was met. `met_on`: the day on which what it wants was so. `first`: the
    days that stood there first: one that was moved is not forgotten."""
    said = []
    for kind in DeadlineKind:
        day, original = getattr(days, kind.value), getattr(first, kind.value, None)
        words = [_met(day, met_on.get(kind), today)] if day else []
        if original and original != day:
            words.append(f"Before it was changed: {_met(original, met_on.get(kind), today)}")
        if words:
            said.append((kind.text, ". ".join(words)))
    return said


def _met(due_on: date, met_on: date | None, today: date) -> str:
    said = f"By {in_words(due_on)}: "
    if met_on is None:
        return said + (f"not yet, {_days(today - due_on)} late" if today > due_on else "not yet")
    if met_on <= due_on:
        return f"{said}met on {in_words(met_on)}"
    return f"{said}{_days(met_on - due_on)} late, on {in_words(met_on)}"


def _days(apart: timedelta) -> str:
    return f"{apart.days} day{'' if apart.days == 1 else 's'}"


def _items(number: int) -> str:
    return f"{number} item{'' if number == 1 else 's'}"


def by_model(tallies: Iterable[Tally]) -> dict[tuple[str, str, str, str], Sequence[Tally]]:
    """The tallies of each model: by code, name, maker and model."""
    found: dict[tuple[str, str, str, str], list[Tally]] = {}
    for tally in tallies:
        key = tally.product_code, tally.product_name, tally.manufacturer, tally.model
        found.setdefault(key, []).append(tally)
    return dict(found)
