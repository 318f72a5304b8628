"""Inspections: their kinds, intervals and due dates. Reports and who may sign them do not live here."""

import calendar
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue

LONGEST_INTERVAL_MONTHS = 120


class InspectionKind(StrEnum):
    """What is examined. LOLER: thorough examination of lifting equipment (SI 1998/2307 reg. 9). PAT: electrical."""

    LOLER = "loler"
    PAT = "pat"
    SERVICE = "service"
    FUNCTIONAL = "functional"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return {
            InspectionKind.LOLER: "LOLER thorough examination",
            InspectionKind.PAT: "Portable appliance test",
            InspectionKind.SERVICE: "Service",
            InspectionKind.FUNCTIONAL: "Functional check",
        }[self]


class InspectionOutcome(StrEnum):
    """How an inspection ended. `danger`: a defect that is, or could become, a danger to people."""

    PASSED = "passed"
    FAILED = "failed"
    DANGER = "danger"


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last day of the month where that day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def check_next_due(
    next_due_on: date | None, *, kind: InspectionKind, on: date, every_months: int | None
) -> date | None:
    """The date by which the next inspection of this kind is due.

    What the inspector names may be earlier than the interval says, never later and never before the inspection
    itself. None where the product asks for no repetition and none was named, except that a thorough examination always
    has a next one (LOLER, SI 1998/2307, regulation 9(3)).
    Raises BadValue `next-due-unknown`, `next-due-too-early` or `next-due-too-late`.
    """
    latest = months_after(on, every_months) if every_months else None
    if next_due_on is None:
        if latest is None and kind is InspectionKind.LOLER:
            raise BadValue(
                "next-due-unknown",
                "The product has no interval for thorough examinations. Say when the next one is due.",
                field="next_due_on",
            )
        return latest
    if next_due_on <= on:
        raise BadValue("next-due-too-early", "The next inspection must fall after today.", field="next_due_on")
    if latest and next_due_on > latest:
        raise BadValue(
            "next-due-too-late",
            f"The interval is {every_months} months, so the next one is due by {in_words(latest)} at the latest.",
            field="next_due_on",
        )
    return next_due_on
