"""Safety notices as they are received and triaged: states, references, deadlines, and what a new version changed. Which
items a notice covers is not decided here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

from app.domain.dates import in_words
from app.domain.errors import BadValue, Conflict, NotAllowed, Stale


class NoticeState(StrEnum):
    """How far the work on a notice has come. Triage leads as far as `relevant`; the rest follows its scope."""

    RECEIVED = "received"
    NOT_RELEVANT = "not_relevant"
    NOT_HELD = "not_held"
    RELEVANT = "relevant"
    SCOPE_ENTERED = "scope_entered"
    ACTIVE = "active"
    CLOSED = "closed"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return "To triage" if self is NoticeState.RECEIVED else self.value.replace("_", " ").capitalize()


class Decision(StrEnum):
    """What triage says of a notice: it concerns us, it concerns nobody like us, or we hold nothing that it names."""

    RELEVANT = "relevant"
    NOT_RELEVANT = "not_relevant"
    NOT_HELD = "not_held"

    @property
    def text(self) -> str:
        """The decision as people read it."""
        return self.value.replace("_", " ").capitalize()


TRIAGED = frozenset({NoticeState.RELEVANT, NoticeState.NOT_RELEVANT, NoticeState.NOT_HELD})
IN_HAND = frozenset({NoticeState.RELEVANT, NoticeState.SCOPE_ENTERED, NoticeState.ACTIVE})
"""Found to be relevant, and not closed: what has an owner, dates and actions."""
OPEN = IN_HAND | {NoticeState.RECEIVED}


def after_triage(state: NoticeState, decision: Decision, *, is_changed: bool = False) -> NoticeState:
    """The state that a decision leads to. Raises Conflict `notice-closed` or `scope-entered`.

    A closed notice that has changed since (`is_changed`) is decided on again, and stays closed until another scope is
    put into force.
    """
    if state is NoticeState.CLOSED and is_changed:
        return state
    if state is NoticeState.CLOSED:
        raise Conflict("notice-closed", "This notice is closed. What is decided of it stands.")
    if state in {NoticeState.SCOPE_ENTERED, NoticeState.ACTIVE}:
        if decision is Decision.RELEVANT:
            return state
        detail = "Its scope is entered already, so it was found to be relevant. Close it with its counts instead."
        raise Conflict("scope-entered", detail)
    return NoticeState(decision.value)


def after_new_version(state: NoticeState) -> NoticeState:
    """The state of a notice of which another text arrived: what was decided on the old one is decided again."""
    return NoticeState.RECEIVED if state in TRIAGED else state


def after_scope(state: NoticeState) -> NoticeState:
    """The state of a notice whose scope is entered: an active or closed one stays so until that is activated.

    Raises Conflict `not-relevant`.
    """
    if state in {NoticeState.ACTIVE, NoticeState.CLOSED}:
        return state
    if state in {NoticeState.RELEVANT, NoticeState.SCOPE_ENTERED}:
        return NoticeState.SCOPE_ENTERED
    detail = f"A scope belongs to a notice that is relevant. This one is “{state.text.lower()}”: triage it first."
    raise Conflict("not-relevant", detail)


def check_can_activate(state: NoticeState, *, author: str, actor: str, is_newest: bool) -> None:
    """Whether a scope may be put into force, by this person. A closed notice is open again then.

    Raises Conflict `not-relevant` or `active-already`, NotAllowed `same-person`.
    """
    after_scope(state)
    if not is_newest:
        raise Conflict("active-already", "This scope is in force already. Enter another one first, if it has changed.")
    if author == actor:
        raise NotAllowed("same-person", "You entered this scope. Somebody else must check it and put it into force.")


def check_scope_is_current(drafted_on: int, version: int, looked_at: int | None) -> None:
    """Whether a scope that was entered on a version of the notice may be put into force under the newest. `looked_at`:
    the version with which the person who puts it into force has looked at it again.

    Raises Conflict `older-version`, and Stale `stale` where another one has arrived since they looked.
    """
    if drafted_on >= version:
        return
    if looked_at is None:
        detail = (
            f"This scope was entered on version {drafted_on} of the notice, and version {version} has arrived since. "
            f"Read what changed. Then say that the scope still fits version {version}, or enter another scope."
        )
        raise Conflict("older-version", detail)
    if looked_at != version:
        detail = f"Version {version} has arrived since you looked at version {looked_at}. Read that one first."
        raise Stale("stale", detail)


def check_is_triaged(version: int, triaged: int | None) -> None:
    """Whether the newest text was decided on, before a scope is put into force. Raises Conflict `to-triage`."""
    if triaged != version:
        detail = (
            f"Nobody has decided yet on version {version} of this notice. Read what changed and triage it first; then "
            "the scope can be put into force."
        )
        raise Conflict("to-triage", detail)


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw of what a scope would hit."""

    scope: int
    affected: int
    possible: int


def check_same_scope(number: int, newest: int) -> None:
    """Whether the scope that somebody checked is the newest. Raises Stale `stale`."""
    if number != newest:
        raise Stale("stale", f"Scope {newest} has been entered since you checked scope {number}. Check that one first.")


def check_hits_no_less(seen: Seen | None, now: Seen) -> None:
    """Whether a scope hits what somebody saw, or more: what is missing may have left by a slip, or by somebody's hand.
    Raises Conflict `fewer-than-seen`."""
    if seen and (now.affected < seen.affected or now.affected + now.possible < seen.affected + seen.possible):
        detail = (
            f"It would cover {now.affected:,} affected and {now.possible:,} possible items now. When you looked, it "
            f"was {seen.affected:,} and {seen.possible:,}. Find out what was changed, and look again."
        )
        raise Conflict("fewer-than-seen", detail)


def check_can_act(state: NoticeState) -> None:
    """Raises Conflict `not-relevant` where nobody has said that the notice concerns the organisation."""
    if state not in IN_HAND:
        detail = f"Actions belong to a notice that is relevant. This one is “{state.text.lower()}”: triage it first."
        raise Conflict("not-relevant", detail)


KINDS = {
    "national-patient-safety": "National Patient Safety Alert",
    "device-safety-information": "Device Safety Information",
    "field-safety-notices": "Field safety notices",
    "field-safety-notice": "Field safety notice",
    "medicines-recall-notification": "Medicines recall or notification",
    "mhra-safety-round-up": "MHRA Safety Roundup",
    "devices": "Medical device alert",
    "drugs": "Drug alert",
    "company-led-drugs": "Company-led medicines recall",
    "product-recall": "Product recall",
    "product-safety-alert": "Product safety alert",
    "product-safety-report": "Product safety report",
}
"""Kinds that are known, by the words that GOV.UK has for them; any other is taken in as it is written."""


def kind_text(kind: str) -> str:
    """The kind as people read it; one that is not known, in its own words."""
    words = kind.replace("_", "-")
    return KINDS.get(words) or words.replace("-", " ").capitalize()


LONGEST_REFERENCE = 100
_SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ()._/&+-]*")
OWN_ADDRESSES = frozenset(
    {
        "import",
        "triage",
        "versions",
        "organisation-actions",
        "scope",
        "activate",
        "matches",
        "homes",
        "reviews",
        "reconciliation",
        "close",
        "evidence",
        "reply",
    }
)
"""Words that follow a reference in an address, so that none may be a part of one."""


def check_reference(text: str) -> str:
    """The reference with its blanks set right. Raises BadValue `bad-reference` where no address could hold it."""
    reference = " ".join(text.split())
    parts = reference.split("/")
    if not _SHAPE.fullmatch(reference) or len(reference) > LONGEST_REFERENCE or any(not p.strip(" .") for p in parts):
        detail = (
            f"Write the reference as the notice has it, up to {LONGEST_REFERENCE} letters, digits, spaces, dots, "
            "dashes, brackets and slashes, such as NatPSA/2023/010/MHRA."
        )
        raise BadValue("bad-reference", detail, field="reference")
    if taken := OWN_ADDRESSES.intersection(part.strip().lower() for part in parts):
        detail = f"“{min(taken)}” between slashes is an address of this service. Write the reference without it."
        raise BadValue("bad-reference", detail, field="reference")
    return reference


_REFERENCES = re.compile(r"\b(?:NatPSA|DSI|MDA|EFN|EFA|SN|CHT|ICN)/\d{4}/\d{1,4}(?:/[A-Za-z]+\b)*")


def find_reference(*texts: str) -> str | None:
    """The reference that the first of these texts names which names any; none where a text names two."""
    for text in texts:
        found = {name.upper(): name for name in _REFERENCES.findall(text)}
        if found:
            return next(iter(found.values())) if len(found) == 1 else None
    return None


class DeadlineKind(StrEnum):
    """What has to be done by a day: begun and completed as the notice says, or as the service has set itself."""

    UNDERWAY = "underway_by"
    OWN_TARGET = "own_target_on"
    COMPLETE = "complete_by"

    @property
    def text(self) -> str:
        """The deadline as people read it."""
        return DEADLINES[self]


DEADLINES = {
    DeadlineKind.UNDERWAY: "Actions underway",
    DeadlineKind.OWN_TARGET: "Our own target",
    DeadlineKind.COMPLETE: "Actions complete",
}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The days of a notice, each of which may be missing."""

    underway_by: date | None = None
    complete_by: date | None = None
    own_target_on: date | None = None


def check_deadlines(days: Deadlines, *, issued_on: date | None) -> None:
    """Raises BadValue `deadline-before-issue`, `underway-after-complete` or `target-after-complete`."""
    for kind in DeadlineKind:
        day = getattr(days, kind.value)
        if day and issued_on and day < issued_on:
            detail = f"{in_words(day)} is before the notice was issued, on {in_words(issued_on)}. Enter a later day."
            raise BadValue("deadline-before-issue", detail, field=kind.value)
    last = days.complete_by
    if last and days.underway_by and days.underway_by > last:
        detail = f"Actions must be underway before they are complete, by {in_words(last)}. Enter an earlier day."
        raise BadValue("underway-after-complete", detail, field="underway_by")
    if last and days.own_target_on and days.own_target_on > last:
        detail = f"The notice wants its actions complete by {in_words(last)}. Set your own target no later."
        raise BadValue("target-after-complete", detail, field="own_target_on")


def check_days_kept(before: Deadlines, after: Deadlines) -> None:
    """A day that the notice sets may be moved, with the reason, and never taken away. Raises Conflict
    `deadline-removed`."""
    for kind in (DeadlineKind.UNDERWAY, DeadlineKind.COMPLETE):
        if getattr(before, kind.value) and not getattr(after, kind.value):
            detail = (
                f"“{kind.text}” has a day, and is not taken away: enter another day, and say why. The first one "
                "stays on record."
            )
            raise Conflict("deadline-removed", detail)


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline that runs, and the days until it; fewer than none when it is over."""

    kind: DeadlineKind
    due_on: date
    days_left: int

    @property
    def is_overdue(self) -> bool:
        """Whether its day is over."""
        return self.days_left < 0

    @property
    def text(self) -> str:
        """How long there is still."""
        if self.days_left == 0:
            return "due today"
        many = abs(self.days_left)
        return f"{many} day{'' if many == 1 else 's'} {'overdue' if self.is_overdue else 'left'}"


def clocks(state: NoticeState, days: Deadlines, *, is_underway: bool, today: date) -> list[Clock]:
    """The deadlines that still run, the soonest first. What is underway has no more day to begin."""
    if state not in OPEN:
        return []
    running = []
    for kind in DeadlineKind:
        day = getattr(days, kind.value)
        is_met = kind is DeadlineKind.UNDERWAY and (is_underway or state is NoticeState.ACTIVE)
        if day and not is_met:
            running.append(Clock(kind, day, (day - today).days))
    return sorted(running, key=lambda clock: clock.due_on)


REMIND_DAYS_BEFORE = (1, 7)
OVERDUE = -1


def threshold_of(days_left: int) -> int | None:
    """Which reminder is due so many days before a deadline: for 7 days, for 1, for what is overdue (-1), or none."""
    if days_left < 0:
        return OVERDUE
    return next((days for days in REMIND_DAYS_BEFORE if days_left <= days), None)


def furthest_day(today: date) -> date:
    """The last day of which somebody is reminded today."""
    return today + timedelta(days=max(REMIND_DAYS_BEFORE))


@dataclass(frozen=True, slots=True)
class Text:
    """What a version of a notice says. `lines` are its paragraphs as plain text."""

    title: str
    summary: str
    kind: str
    issued_on: date | None
    deadlines: Deadlines
    is_withdrawn: bool
    is_whole: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a version changed, in words. An empty side: it was not there, or is there no more."""

    what: str
    before: str
    after: str


MOST_LINES = 40
MOST_COMPARED = 2000
LONGEST_LINE = 1000


def changes_between(before: Text, after: Text) -> list[Change]:
    """What is different between two versions, for people."""
    pairs = [
        ("Title", before.title, after.title),
        ("Summary", before.summary, after.summary),
        ("Kind", kind_text(before.kind), kind_text(after.kind)),
        ("Issued", _day(before.issued_on), _day(after.issued_on)),
        *((kind.text, *_days(before, after, kind)) for kind in DeadlineKind),
        ("Withdrawn", _yes(before.is_withdrawn), _yes(after.is_withdrawn)),
    ]
    changes = [Change(what, old, new) for what, old, new in pairs if old != new]
    if after.is_whole and not before.is_whole:
        return [*changes, Change("Text", "Only the summary", "The whole text")]
    if before.is_whole and not after.is_whole:
        return [*changes, Change("Text", "The whole text", "Only the summary: the new text has not been fetched yet")]
    return [*changes, *_lines_between(before.lines, after.lines)]


def _lines_between(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    found = []
    for old, new in _parts_between(before, after):
        pairs = zip_longest(old, new, fillvalue="")
        found += [Change("Text", a[:LONGEST_LINE], b[:LONGEST_LINE]) for a, b in pairs]
    if len(found) > MOST_LINES:
        more = f"{len(found) - MOST_LINES} more paragraphs"
        return [*found[:MOST_LINES], Change("Text", more, more)]
    return found


def _parts_between(before: Sequence[str], after: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """What stands in the place of what. Very long texts are compared by which lines they have, in no order."""
    if max(len(before), len(after)) > MOST_COMPARED:
        gone, new = set(before) - set(after), set(after) - set(before)
        return [([line for line in before if line in gone], [line for line in after if line in new])]
    parts = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(before[a:b], after[c:d]) for what, a, b, c, d in parts if what != "equal"]


def _days(before: Text, after: Text, kind: DeadlineKind) -> tuple[str, str]:
    return _day(getattr(before.deadlines, kind.value)), _day(getattr(after.deadlines, kind.value))


def _day(day: date | None) -> str:
    return in_words(day) if day else ""


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
