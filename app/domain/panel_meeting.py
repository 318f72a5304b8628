"""Who decides at a panel's meeting: sides, who is there at the moment of the vote, interests, quorum, appeals.

Nobody decides their own case. Who presented or prescribed it, supervised that, or is related does not count for the
quorum either; nor does somebody who has left before the vote.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.authority import listed
from app.domain.errors import BadValue, Conflict, NotAllowed
from app.domain.reasons import is_reason


class Side(StrEnum):
    """For whom a member sits on a panel, or whose money a funder's is."""

    HEALTH = "health"
    SOCIAL_CARE = "social_care"

    @property
    def text(self) -> str:
        """The side as people read it."""
        return self.value.replace("_", " ").capitalize()


class InterestKind(StrEnum):
    """Why somebody cannot decide a case."""

    PRESENTED = "presented"
    PRESCRIBED = "prescribed"
    SUPERVISED = "supervised"
    RELATED = "related"
    OTHER = "other"

    @property
    def text(self) -> str:
        """The interest as people read it."""
        return _INTERESTS[self]


_INTERESTS = {
    InterestKind.PRESENTED: "Presents the case",
    InterestKind.PRESCRIBED: "Prescribed what is asked for",
    InterestKind.SUPERVISED: "Supervised or authorised the order",
    InterestKind.RELATED: "Is related to the person",
    InterestKind.OTHER: "Has another interest",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """How a panel decides. `joint_needs_both`: money of both sides wants a member of each."""

    quorum: int
    joint_needs_both: bool = True


@dataclass(frozen=True, slots=True)
class Seat:
    """A member at a meeting: when they came, and when they left. `is_guest`: of another panel, invited to hear an
    appeal, and counted for nothing else."""

    username: str
    name: str
    side: Side
    is_chair: bool = False
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    is_guest: bool = False

    def is_there(self, at: datetime) -> bool:
        """Whether they were in the meeting at that instant; at the instant at which they leave they are gone."""
        return self.arrived_at is not None and self.arrived_at <= at and (self.left_at is None or at < self.left_at)


@dataclass(frozen=True, slots=True)
class Interest:
    """That somebody cannot decide a case, why, and since when that is known; `declared_by`: who said so."""

    username: str
    kind: InterestKind
    detail: str = ""
    declared_at: datetime | None = None
    declared_by: str | None = None


def check_named(*, is_own: bool, detail: str) -> None:
    """Whether an interest may be taken down: one that is named for somebody else says what it is.

    Raises BadValue `interest-in-words`.
    """
    if not is_own and not is_reason(detail):
        wanted = "Say in a few words what the interest is. The member is told, and reads it with your name."
        raise BadValue("interest-in-words", wanted, field="detail")


def deciders(seats: Sequence[Seat], interests: Collection[Interest], *, at: datetime) -> tuple[Seat, ...]:
    """Who decides at that instant: who is there and has no interest in the case."""
    conflicted = {interest.username for interest in interests}
    return tuple(seat for seat in seats if seat.is_there(at) and seat.username not in conflicted)


def check_chair(
    chair: Seat | None,
    interests: Collection[Interest],
    *,
    at: datetime | None,
    heard_before: Collection[str] = (),
) -> None:
    """Whether this person may record the panel's decision. `at`: of a meeting, where they must be there;
    `heard_before`: as in `check_quorum`.

    Raises NotAllowed `not-the-chair`, Conflict `conflict-of-interest`, `heard-before`, `not-at-the-meeting`.
    """
    if chair is None or not chair.is_chair:
        raise NotAllowed("not-the-chair", "Only a chair of this panel records its decisions.")
    own = next((interest for interest in interests if interest.username == chair.username), None)
    if own:
        detail = f"You cannot decide this case: {own.kind.text.lower()}. Another chair of the panel decides it."
        raise Conflict("conflict-of-interest", detail)
    if chair.username in heard_before:
        detail = "You took part in the decision that is appealed against. Let somebody else chair this meeting."
        raise Conflict("heard-before", detail)
    if at is not None and not chair.is_there(at):
        detail = "You are not recorded as present at this meeting. Record who is there first."
        raise Conflict("not-at-the-meeting", detail)


def check_enough_others(
    terms: Terms, seats: Sequence[Seat], interests: Collection[Interest], heard_before: Collection[str]
) -> None:
    """Whether those who are invited can hear an appeal, if all of them come.

    Raises Conflict `too-few-others` or `no-other-chair`, each of which says who is to be asked.
    """
    barred = {interest.username for interest in interests} | set(heard_before)
    others = [seat for seat in seats if seat.username not in barred]
    if len(others) < terms.quorum:
        before = [seat.name for seat in seats if seat.username in heard_before]
        took_part = f" {listed(before, 'and')} took part in the decision." if before else ""
        count = f"Of those invited to this meeting {len(others)} can hear the appeal, and {terms.quorum} are needed."
        ask = "Invite members of another panel, or ask a manager for more members of this one."
        raise Conflict("too-few-others", f"{count}{took_part} {ask}")
    if not any(seat.is_chair for seat in others):
        names = listed([seat.name for seat in others], "or")
        raise Conflict(
            "no-other-chair", f"None of those who can hear the appeal chairs. Let {names} chair this meeting."
        )


def check_quorum(
    terms: Terms,
    seats: Sequence[Seat],
    interests: Collection[Interest],
    *,
    at: datetime,
    is_joint: bool,
    heard_before: Collection[str] = (),
) -> tuple[Seat, ...]:
    """Who decides, if they are enough and of the right sides. `heard_before`: usernames of those who took part in the
    decision that is appealed against; an appeal is heard by others.

    Raises Conflict `not-quorate`, which says who is missing and why some do not count.
    """
    able = [seat for seat in deciders(seats, interests, at=at) if seat.username not in heard_before]
    if len(able) < terms.quorum:
        counted = f"{len(able)} of the members who are there can decide this case, and {terms.quorum} are needed."
        raise Conflict("not-quorate", f"{counted}{_left_out(seats, interests, heard_before, at)}")
    missing = [side for side in Side if side not in {seat.side for seat in able}]
    if is_joint and terms.joint_needs_both and missing:
        sides = listed([side.text.lower() for side in missing], "and")
        detail = f"The money comes from both sides, and nobody who can decide is here for {sides}."
        raise Conflict("not-quorate", f"{detail}{_left_out(seats, interests, heard_before, at)}")
    return tuple(able)


def _left_out(
    seats: Sequence[Seat], interests: Collection[Interest], heard_before: Collection[str], at: datetime
) -> str:
    """Who was there or is there, and does not count, each with the reason."""
    conflicted = {interest.username: interest for interest in interests}
    said = []
    for seat in seats:
        if seat.left_at is not None and seat.left_at <= at:
            said.append(f"{seat.name} has left.")
        elif seat.is_there(at) and seat.username in conflicted:
            said.append(f"{seat.name} does not count: {conflicted[seat.username].kind.text.lower()}.")
        elif seat.is_there(at) and seat.username in heard_before:
            said.append(f"{seat.name} took part in the decision that is appealed against.")
    return "".join(f" {sentence}" for sentence in said)


def declared_too_late(
    took_part: Collection[str], interests: Iterable[Interest], *, decided_at: datetime
) -> tuple[Interest, ...]:
    """Interests of those who took part in a decision that became known only after it. They are taken down, because
    they are true, and the decision must be looked at again by others."""
    return tuple(
        interest
        for interest in interests
        if interest.username in took_part and interest.declared_at is not None and interest.declared_at > decided_at
    )
