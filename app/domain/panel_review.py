"""What came of an approval: reviews of it, when they are due, and what is out although it was not approved for good."""

from datetime import date
from enum import StrEnum

from app.domain.errors import BadValue, Conflict
from app.domain.panel import DecisionKind


class ReviewOutcome(StrEnum):
    """What a review found."""

    MEETS_NEED = "meets_need"
    IN_PART = "in_part"
    DOES_NOT = "does_not"
    NOT_USED = "not_used"

    @property
    def text(self) -> str:
        """The outcome as people read it."""
        return _OUTCOMES[self]


_OUTCOMES = {
    ReviewOutcome.MEETS_NEED: "It meets the need",
    ReviewOutcome.IN_PART: "It meets the need in part",
    ReviewOutcome.DOES_NOT: "It does not meet the need",
    ReviewOutcome.NOT_USED: "It is not used",
}


class FollowUp(StrEnum):
    """Why a decided case is still somebody's work."""

    NOT_RATIFIED = "not_ratified"
    TO_DECIDE_AGAIN = "to_decide_again"
    TO_RATIFY = "to_ratify"
    ANSWER_OVERDUE = "answer_overdue"
    REVIEW = "review"

    @property
    def text(self) -> str:
        """The work as people read it."""
        return _FOLLOW_UPS[self]


_FOLLOW_UPS = {
    FollowUp.NOT_RATIFIED: "Out although the panel does not approve it",
    FollowUp.TO_DECIDE_AGAIN: "To be decided again by others",
    FollowUp.TO_RATIFY: "Action of a chair that no meeting has heard, though one was held since",
    FollowUp.ANSWER_OVERDUE: "Answer to a deferral overdue",
    FollowUp.REVIEW: "Review",
}


def check_review(kind: DecisionKind | None, next_on: date | None, *, is_out: bool, today: date) -> None:
    """Whether there is something to review, and whether the day of the next review is one to come.

    Raises Conflict `nothing-to-review`, BadValue `day-is-past`.
    """
    if kind is None or not (kind.approves or is_out):
        raise Conflict(
            "nothing-to-review", "Nothing of this case was approved or is out, so there is nothing to review."
        )
    if next_on is not None and next_on <= today:
        raise BadValue("day-is-past", "Give a later day than today for the next review.", field="next_review_on")
