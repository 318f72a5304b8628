"""Visits to homes for inspections: when nobody opens so often that the manager must know."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from app.domain.errors import BadValue

LONGEST_AHEAD = timedelta(days=365)

SAME_TRY = timedelta(hours=1)
"""What the same person records within so long of a try is that try again: a form sent twice, a second note, a card that
was forgotten. Nobody drives away, comes back and knocks again in less."""


def is_to_escalate(tries: int, *, after_tries: int, escalated: bool) -> bool:
    """Whether this try is the one after which the manager is told."""
    return tries >= after_tries and not escalated


def is_same_try(tried_at: datetime, earlier: Iterable[datetime]) -> bool:
    """Whether it is one of the tries that the same person has recorded of the visit already."""
    return any(abs(tried_at - one) < SAME_TRY for one in earlier)


def check_day(planned_on: date, *, today: date) -> None:
    """Raises BadValue `planned-in-the-past` or `planned-too-far-ahead`."""
    if planned_on < today:
        raise BadValue("planned-in-the-past", "Choose today or a later day.", field="planned_on")
    if planned_on > today + LONGEST_AHEAD:
        raise BadValue("planned-too-far-ahead", "Choose a day within a year.", field="planned_on")


def check_try(tried_at: datetime, *, planned_at: datetime, now: datetime) -> None:
    """Raises BadValue `tried-when`: a try is after the visit was planned, and not in the future."""
    # People write minutes, so the minute in which it was planned is not before it.
    if not planned_at - timedelta(minutes=1) <= tried_at <= now:
        detail = "The try must be after the visit was planned, and not in the future."
        raise BadValue("tried-when", detail, field="tried_at")
