"""A meeting of a panel as it goes: its agenda until it begins, what is taken down while it is held, and its end."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import Conflict


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
