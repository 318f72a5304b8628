"""Inspections: their kinds, intervals and due dates. Reports and who may sign them do not live here."""

import calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue, NotAllowed
from app.domain.reasons import has_words

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


def is_danger_without_words(kind: InspectionKind, outcome: InspectionOutcome, notes: str) -> bool:
    """Whether people are asked on a page what the danger is: whoever mends it must know. A thorough examination says it
    in its report, and a danger that another system records is never refused for its words (ADR 29)."""
    return outcome is InspectionOutcome.DANGER and kind is not InspectionKind.LOLER and not has_words(notes)


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last day of the month where that day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class DueState(StrEnum):
    """How an item stands with a kind of inspection."""

    IN_DATE = "in_date"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return {
            DueState.IN_DATE: "In date",
            DueState.DUE_SOON: "Due soon",
            DueState.OVERDUE: "Overdue",
            DueState.FAILED: "Failed: it must pass one",
            DueState.UNKNOWN: "Nobody knows: it counts as overdue",
        }[self]


def due_state(due_on: date | None, *, failed: bool, on: date, soon_days: int) -> DueState:
    """How an item stands with a kind of inspection on that day; `soon_days`: so near, it is due soon."""
    if failed:
        return DueState.FAILED
    if due_on is None:
        return DueState.UNKNOWN
    if due_on < on:
        return DueState.OVERDUE
    return DueState.DUE_SOON if (due_on - on).days <= soon_days else DueState.IN_DATE


def counts_as_overdue(due_on: date | None, *, on: date) -> bool:
    """Whether an inspection is overdue on that day. One of which nobody knows when it is due is: the item may never
    have been examined."""
    return due_on is None or due_on < on


def place_by_day(due_on: date | None) -> date:
    """Where an inspection stands in a list that goes by day: what is not known comes before all that is."""
    return due_on or date.min


def may_be_recorded_anywhere(kind: InspectionKind, outcome: InspectionOutcome) -> bool:
    """Whether it is taken down wherever the item is by now.

    A report of thorough examination comes days after the examination, when the item may have moved on; and a danger is
    never refused because of where the item is. What is checked at a bench belongs to that bench.
    """
    return kind is InspectionKind.LOLER or outcome is InspectionOutcome.DANGER


def check_next_due(
    next_due_on: date | None, *, kind: InspectionKind, on: date, every_months: int | None
) -> date | None:
    """The date by which the next inspection of this kind is due.

    `on`: the day of this one. What the inspector names may be earlier than the interval says, never later and never
    before the inspection itself. None where the product asks for no repetition and none was named, except that a
    thorough examination always has a next one (LOLER, SI 1998/2307, regulation 9(3)).
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
        raise BadValue("next-due-too-early", "The next inspection must fall after this one.", field="next_due_on")
    if latest and next_due_on > latest:
        raise BadValue(
            "next-due-too-late",
            f"The interval is {every_months} months, so the next one is due by {in_words(latest)} at the latest.",
            field="next_due_on",
        )
    return next_due_on


def check_same_kind(kind: InspectionKind, wrong: InspectionKind) -> None:
    """Whether one of this kind can put right one of the other. Raises BadValue `another-kind`."""
    if kind is not wrong:
        detail = f"What was wrong is recorded as “{wrong.text}”. Put it right with one of the same kind."
        raise BadValue("another-kind", detail, field="supersedes")


def may_put_right(*, is_own: bool, is_same_product: bool, may_any: bool) -> bool:
    """Whether somebody may say that an inspection was of the item that they record now. What others recorded of another
    product they cannot have mixed up with it. `may_any`: they answer for all records."""
    return is_own or is_same_product or may_any


@dataclass(frozen=True, slots=True)
class FoundDanger:
    """A danger that stands: who recorded it, which competent person found it, if somebody was named, and whether a
    repair was completed since."""

    by: str
    examiner: str
    is_mended: bool = False


def check_contradiction(danger: FoundDanger, *, by: str, examiner: str) -> None:
    """Whether this person may say that what is a danger by the record is none. Raises NotAllowed `same-person` for who
    recorded or found it, unless it was mended since: one person alone does not take a danger off the record."""
    is_same = by == danger.by or (bool(examiner.strip()) and _name(examiner) == _name(danger.examiner))
    if is_same and not danger.is_mended:
        detail = (
            "You found it dangerous, or the same competent person did, and no repair is recorded since. Another "
            "competent person must examine it, and somebody else record that."
        )
        raise NotAllowed("same-person", detail)


def _name(examiner: str) -> str:
    return " ".join(examiner.split()).casefold()
