"""The review of one person that a notice of advice asks for: how often they were tried, and when it may be given up."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.errors import Conflict, NotAllowed
from app.domain.notice_work import ReviewOutcome
from app.domain.reasons import check_reason


@dataclass(frozen=True, slots=True)
class Tried:
    """On how many days somebody tried to reach them in vain, the last of these days, and whether those who handle
    notices were told."""

    tries: int = 0
    last_on: date | None = None
    is_escalated: bool = False

    def again(self, today: date) -> "Tried":
        """One more try; several on one day are one."""
        return self if self.last_on == today else Tried(self.tries + 1, today, self.is_escalated)

    def is_to_escalate(self, *, after_tries: int) -> bool:
        """Whether those who handle notices are told now: once."""
        return self.tries >= after_tries and not self.is_escalated


NOT_TRIED: Final = (
    "Nobody is given up on so soon: record each try as “could not be reached”. After {tries} days of trying, those who "
    "handle safety notices are told, and decide."
)
NOT_YOURS: Final = (
    "That nobody can reach them is decided by those who handle safety notices. Record your try as “could not be "
    "reached”: it stays on the list."
)


def check_review(outcome: ReviewOutcome, tried: Tried, *, after_tries: int, handles_notices: bool) -> None:
    """Whether a review may end so. Raises Conflict `not-tried-enough` and NotAllowed `not-yours-to-end`."""
    if outcome is not ReviewOutcome.UNREACHABLE:
        return
    if not tried.is_escalated:
        raise Conflict("not-tried-enough", NOT_TRIED.format(tries=after_tries))
    if not handles_notices:
        raise NotAllowed("not-yours-to-end", NOT_YOURS)


SUPERVISED: Final = (
    "You work under supervision. A colleague who does not looks at what you found, and records the review. What you "
    "tried can be recorded as “could not be reached”."
)


def check_reviewer(outcome: ReviewOutcome, note: str, *, is_supervised: bool) -> None:
    """Whether this person may end a review with these words; a try is anybody's. Raises NotAllowed `is-supervised` and
    BadValue `not-a-reason`."""
    if outcome is ReviewOutcome.NOT_REACHED:
        return
    if is_supervised:
        raise NotAllowed("is-supervised", SUPERVISED)
    check_reason(note, field="note")


def unreached_letter(reference: str, title: str, client_ref: str, tries: int) -> dict[str, str]:
    """What those who handle notices are told of a person whom nobody reaches."""
    return {
        "purpose": "notice_not_reached",
        "about": f"safety_notice:{reference}",
        "subject": f"{reference}: somebody could not be reached",
        "body": (
            f"Safety notice {reference}, “{title}”, asks for a review of client {client_ref}. On {tries} days nobody "
            f"could reach them.\n\nDecide what is done: write, ask who cares for them, or have somebody visit. They "
            f"stand under Safety notices, {reference}, Reviews of people. If nobody can reach them, record that there: "
            "the review ends by that, and is named when the notice is closed."
        ),
    }
