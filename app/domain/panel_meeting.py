"""Who decides at a panel's meeting: sides, who is there at the moment of the vote, interests, quorum, appeals.

Nobody decides their own case. Who presented or prescribed it, supervised that, or is related does not count for the
quorum either; nor does somebody who has left before the vote.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.authority import listed
from app.domain.errors import BadValue, Conflict, NotAllowed
from app.domain.reasons import is_reason

LONGEST_SITTING = timedelta(hours=12)
"""For so long counts as there who was not recorded as leaving: a meeting of an earlier day has nobody there."""


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
    appeal, and counted for nothing else; `sits`: they sit on the panel still (a guest: on any), by an account that is
    open."""

    username: str
    name: str
    side: Side
    is_chair: bool = False
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    is_guest: bool = False
    sits: bool = True

    def is_there(self, at: datetime) -> bool:
        """Whether they are in the meeting at that instant; at the instant at which they leave they are gone."""
        if not self.sits or self.arrived_at is None or not self.arrived_at <= at < self.arrived_at + LONGEST_SITTING:
            return False
        return self.left_at is None or at < self.left_at


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


def check_records_ratification(
    username: str, acted_by: str, chairs: Iterable[Seat], interests: Collection[Interest]
) -> None:
    """Whether this chair may record what a meeting says to a chair's action. Who took it does not, as long as somebody
    else may: a chair of the panel, or a member who was let chair the meeting.

    Raises Conflict `own-action`.
    """
    barred = {interest.username for interest in interests} | {acted_by}
    others = sorted({seat.name for seat in chairs if seat.is_chair and seat.username not in barred})
    if username == acted_by and others:
        detail = f"You took this action yourself. {listed(others, 'or')} records what the meeting says to it."
        raise Conflict("own-action", detail)


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
    decision that is appealed against, which others hear.

    Raises Conflict `not-quorate`, which says who is missing and why some do not count.
    """
    able = [seat for seat in deciders(seats, interests, at=at) if seat.username not in heard_before]
    if len(able) < terms.quorum:
        counted = f"{len(able)} of the members who are there can decide this case, and {terms.quorum} are needed."
        raise Conflict("not-quorate", f"{counted}{_left_out(seats, interests, heard_before, at)}")
    missing = _missing_sides(terms, {seat.side for seat in able}, is_joint=is_joint)
    if missing:
        sides = listed([side.text.lower() for side in missing], "and")
        detail = f"The money comes from both sides, and nobody who can decide is here for {sides}."
        raise Conflict("not-quorate", f"{detail}{_left_out(seats, interests, heard_before, at)}")
    return tuple(able)


def _missing_sides(terms: Terms, there: Collection[Side | None], *, is_joint: bool) -> list[Side]:
    return [side for side in Side if side not in there] if is_joint and terms.joint_needs_both else []


def still_stands(
    terms: Terms,
    took_part: Mapping[str, Side | None],
    interests: Iterable[Interest],
    *,
    is_joint: bool,
    is_alone: bool,
) -> bool:
    """Whether those who decided are enough without whom an interest became known of. `is_alone`: a chair's action that
    no meeting has heard, which wants the chair and nobody else."""
    conflicted = {interest.username for interest in interests}
    able = {username: side for username, side in took_part.items() if username not in conflicted}
    if is_alone:
        return bool(able)
    return len(able) >= terms.quorum and not _missing_sides(terms, set(able.values()), is_joint=is_joint)


def _left_out(
    seats: Sequence[Seat],
    interests: Collection[Interest],
    heard_before: Collection[str],
    at: datetime,
) -> str:
    """Who was there or is there, and does not count, each with the reason."""
    conflicted = {interest.username: interest for interest in interests}
    said = []
    for seat in seats:
        if not seat.sits and seat.arrived_at is not None:
            said.append(f"{seat.name} does not sit on the panel any more.")
        elif seat.left_at is not None and seat.left_at <= at:
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
