"""What a panel must have to be at work, and what its settings leave undone. The financial year of its budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.errors import BadValue
from app.domain.panel_meeting import Seat, Terms

FIRST_MONTH = 4
"""A financial year begins in April."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What the settings of a panel leave undone, in a sentence; it can work all the same."""

    code: str
    detail: str


def check_members(members: Sequence[Seat], terms: Terms, *, is_active: bool) -> None:
    """Whether a panel at work can decide at all. Raises BadValue `member-twice`, `no-chair`, `quorum-out-of-reach`."""
    if len({seat.username for seat in members}) < len(members):
        raise BadValue("member-twice", "Somebody is named twice. Name each member once.", field="members")
    if not is_active:
        return
    if not any(seat.is_chair for seat in members):
        detail = "A panel needs a chair, who records its decisions. Make one of its members the chair."
        raise BadValue("no-chair", detail, field="members")
    if len(members) < terms.quorum:
        counted = f"{len(members)} {'member sits' if len(members) == 1 else 'members sit'} on it"
        detail = f"{counted}, and {terms.quorum} must be there. Add members, or lower how many must be there."
        raise BadValue("quorum-out-of-reach", detail, field="quorum")


def find_gaps(members: Sequence[Seat], terms: Terms, *, has_rules: bool) -> tuple[Gap, ...]:
    """What will stop a panel at work sooner or later."""
    found = []
    if not has_rules:
        found.append(Gap("no-rules", "No rule is set, so no order comes to it."))
    if sum(seat.is_chair for seat in members) == 1:
        detail = "It has one chair. What they have an interest in nobody can decide: make another member a chair too."
        found.append(Gap("one-chair", detail))
    if len(members) == terms.quorum:
        detail = "As many must be there as sit on it. When one is away or has an interest, it cannot decide."
        found.append(Gap("all-must-be-there", detail))
    if terms.joint_needs_both and len({seat.side for seat in members}) == 1:
        detail = (
            "All members sit for one side, so it cannot decide about money of both. Add a member of the other side."
        )
        found.append(Gap("one-side", detail))
    return tuple(found)


def financial_year(day: date) -> int:
    """The year in which the financial year of that day began."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def year_in_words(year: int) -> str:
    """2025 to 2026, as people write it: 2025/26."""
    return f"{year}/{(year + 1) % 100:02}"


def first_day(year: int) -> date:
    """The first day of the financial year that begins in that year."""
    return date(year, FIRST_MONTH, 1)
