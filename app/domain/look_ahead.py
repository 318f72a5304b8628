"""Thorough examinations that fall due soon after an item goes out: somebody decides, and says why."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from enum import StrEnum

from app.domain.clearance import DueFact
from app.domain.dates import in_words
from app.domain.errors import Conflict, NotAllowed
from app.domain.hygiene import TO_EXAMINE_OR_DECIDE
from app.domain.inspections import DueState, InspectionKind, due_state


class HandingOut(StrEnum):
    """What is about to happen to the item."""

    RELEASE = "release"
    ISSUE = "issue"
    ALLOCATE = "allocate"

    @property
    def text(self) -> str:
        """What is done, as people read it."""
        return {
            HandingOut.RELEASE: "Released to the shelf",
            HandingOut.ISSUE: "Issued to a client",
            HandingOut.ALLOCATE: "Held for an order",
        }[self]


def examination_due_soon(due: Iterable[DueFact], *, on: date, soon_days: int) -> date | None:
    """When the item's thorough examination falls due, if that is within so many days; 0 days: nobody asks.

    What is overdue, failed or unknown is a blocker, which no decision lifts.
    """
    for one in due:
        state = due_state(one.due_on, failed=one.failed, on=on, soon_days=soon_days)
        if soon_days and one.kind is InspectionKind.LOLER and state is DueState.DUE_SOON:
            return one.due_on
    return None


def check_decision(due_on: date, barcode: str, reason: str, *, may_decide: bool) -> None:
    """Raises Conflict `examination-due-soon` without a reason, NotAllowed `not-yours-to-decide` for others' reasons."""
    when = f"The thorough examination of {barcode} falls due on {in_words(due_on)}."
    if not reason:
        detail = (
            f"{when} Examine it first, take another one, or have somebody who may decide say why it goes all the same."
        )
        error = Conflict("examination-due-soon", detail, field="due_soon_reason")
        step = asdict(TO_EXAMINE_OR_DECIDE)
        error.told = {"due_on": due_on.isoformat(), "barcode": barcode, "next_step": step}
        raise error
    if not may_decide:
        detail = f"{when} A manager or a senior prescriber decides whether it goes all the same."
        raise NotAllowed("not-yours-to-decide", detail, field="due_soon_reason")
