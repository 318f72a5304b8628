"""A meeting of a panel as it goes: its agenda until it begins, what is taken down while it is held, and its end."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.domain.dates import UK, in_words
from app.domain.errors import BadValue, Conflict

FURTHEST = timedelta(days=366)


class AgendaChange(StrEnum):
    """What can be done to a case on an agenda."""

    UP = "up"
    DOWN = "down"
    OFF = "off"


def rearrange(agenda: Sequence[str], number: str, change: AgendaChange) -> list[str]:
    """The agenda afterwards; the first goes no higher, and the last no lower."""
    place = agenda.index(number)
    rest = [one for one in agenda if one != number]
    if change is AgendaChange.OFF:
        return rest
    there = place - 1 if change is AgendaChange.UP else place + 1
    there = min(max(there, 0), len(rest))
    return [*rest[:there], number, *rest[there:]]


def check_day(held_on: date, today: date) -> None:
    """Whether a meeting can be scheduled for that day. Raises BadValue `day-is-past`, `day-too-far`."""
    if held_on < today:
        detail = f"{in_words(held_on)} is past. Schedule the meeting for today or a later day."
        raise BadValue("day-is-past", detail, field="held_on")
    if held_on > today + FURTHEST:
        raise BadValue("day-too-far", "Schedule meetings for a year ahead at most.", field="held_on")


def check_not_over(held_on: date, at: datetime) -> None:
    """Whether somebody can still be recorded as there: until noon of the day after, since a meeting may run late. Who
    meets before the day for which it was scheduled may; what is decided then says so.

    Raises Conflict `meeting-is-over`.
    """
    if at >= datetime.combine(held_on + timedelta(days=1), time(12), UK):
        detail = f"This meeting was on {in_words(held_on)}. Schedule one for the day on which the panel meets."
        raise Conflict("meeting-is-over", detail)


def check_can_rearrange(*, has_begun: bool) -> None:
    """Raises Conflict `meeting-has-begun`: the numbers are those that people have in their packs."""
    if has_begun:
        detail = "The meeting has begun, so its agenda stays as it is. What it does not decide waits for another one."
        raise Conflict("meeting-has-begun", detail)


def check_being_held(*, has_begun: bool) -> None:
    """Raises Conflict `not-begun`."""
    if not has_begun:
        raise Conflict("not-begun", "Record who is there first: the meeting begins with that.")


def check_can_close(held_on: date, today: date, *, has_begun: bool) -> None:
    """Whether the meeting can end. Raises Conflict `not-begun`."""
    if held_on > today:
        raise Conflict("not-begun", f"The meeting is on {in_words(held_on)}, so it cannot have ended yet.")
    check_being_held(has_begun=has_begun)


def check_open(*, is_closed: bool) -> None:
    """Raises Conflict `meeting-is-closed`."""
    if is_closed:
        raise Conflict("meeting-is-closed", "This meeting is closed. What it took down and decided stays as it is.")
