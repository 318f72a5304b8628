"""What is said of a panel's work in numbers, and of whom nothing is said because they are too few."""

from datetime import date
from enum import StrEnum

from app.domain.errors import BadValue

FEWEST_CASES = 5
"""Of a team with fewer cases nothing is said: it would be said of a person."""
OFTEN = 3
"""A special that was approved so often in the period is worth a line in the agreed range."""
LONGEST_YEARS = 10


class Stage(StrEnum):
    """What a case waits for, one after the other, and all of it together."""

    DRAWING_UP = "drawing_up"
    SCREENING = "screening"
    LISTING = "listing"
    DECISION = "decision"
    IN_ALL = "in_all"

    @property
    def text(self) -> str:
        """The stage as people read it."""
        return _STAGES[self]


_STAGES = {
    Stage.DRAWING_UP: "From the order until the case is submitted",
    Stage.SCREENING: "Until it is screened",
    Stage.LISTING: "Once complete, until it is on an agenda",
    Stage.DECISION: "Until it is decided",
    Stage.IN_ALL: "From the first submission to the first decision",
}


def percent_of(part: int, whole: int) -> int | None:
    """The part in whole percent; None where the whole is so small that nothing is said of it."""
    return round(100 * part / whole) if whole >= FEWEST_CASES else None


def check_period(since: date, until: date) -> None:
    """Raises BadValue `ends-before-it-starts`, `period-too-long`."""
    if until < since:
        detail = "The last day is before the first. Give the first day or a later one."
        raise BadValue("ends-before-it-starts", detail, field="until")
    if until.year - since.year > LONGEST_YEARS:
        raise BadValue("period-too-long", f"Choose {LONGEST_YEARS} years at most.", field="until")
