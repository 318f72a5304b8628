"""What a defect means for the item and for people: held at once, its use stopped, the owner and the authority told."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import promising, safety
from app.domain.access import Permission
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import in_words, uk_date
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.thorough_examinations import Report
from app.ledger import Moved
from app.models import AuthorityCopy
from app.web.held_at_clients import stop_held
from app.web.who import tell_all_who_may

# Of what has begun by that day: what is reserved for later may be mended by then.
UNFIT = text("""
    UPDATE reservation SET ended_at = :at, ended_by = :actor, ended_because = 'item_unfit'
    WHERE item_id = :id AND ended_at IS NULL AND from_on <= :until
""")


@dataclass(frozen=True, slots=True)
class Found:
    """The inspection and what it found."""

    inspection_id: int
    kind: InspectionKind
    outcome: InspectionOutcome
    report: Report | None

    @property
    def is_dangerous(self) -> bool:
        """It is a danger now."""
        return self.outcome is InspectionOutcome.DANGER

    @property
    def what(self) -> str:
        """What was found, in a sentence."""
        found = f"{self.kind.text} found {'a dangerous defect' if self.is_dangerous else 'a defect'}"
        defects = self.report.defects if self.report else ()
        parts = "; ".join(f"{one.part}: {one.description}" for one in defects)
        return f"{found}: {parts}" if parts else f"{found}."


async def act_on(session: AsyncSession, moved: Moved, found: Found, *, actor: str, at: datetime) -> Moved:
    """Do what follows from what was found; returns the move with the hold, where the item is held."""
    if found.outcome is InspectionOutcome.PASSED:
        if found.report and found.report.danger_by:
            await _tell_of_coming_danger(session, moved, found, found.report.danger_by, actor=actor, at=at)
        return moved
    if moved.item.state is State.RESERVED:
        await session.execute(UNFIT, {"at": at, "actor": actor, "id": moved.item.id, "until": uk_date(at)})
        await promising.look_again(session, [moved.item.id], actor=actor, at=at)
    await stop_held(session, moved.item.id, HoldFact(HoldKind.FAULT, found.what), owners=False, actor=actor, at=at)
    if found.is_dangerous:
        await _tell_of_danger(session, moved, found, actor=actor, at=at)
        if found.report:
            copy = insert(AuthorityCopy).values(inspection_id=found.inspection_id, made_at=at)
            await session.execute(copy)
    if moved.state is State.SCRAPPED or (moved.state is State.IN_REPAIR and not found.is_dangerous):
        return moved
    return await _hold(session, moved, found.what, actor=actor, at=at)


async def _hold(session: AsyncSession, moved: Moved, reason: str, *, actor: str, at: datetime) -> Moved:
    details: dict[str, Any] = {"kind": HoldKind.FAULT, "reason": reason, "actor": actor, "at": at}
    await safety.hold(session, moved.item.id, moved.item.barcode, **details)
    holds = (*moved.evidence.holds, HoldFact(HoldKind.FAULT, reason))
    return replace(moved, evidence=replace(moved.evidence, holds=holds))


async def _tell_of_danger(session: AsyncSession, moved: Moved, found: Found, *, actor: str, at: datetime) -> None:
    copy = (
        "\n\nThe report goes to the enforcing authority as well. It waits under Inspections, Copies for the authority, "
        "until it is recorded when and to whom it was sent."
    )
    body = (
        f"{found.what}\n\n{moved.item.product_name} ({display(moved.item.barcode)}) was "
        f"“{moved.item.state.text.lower()}”. It is out of use and must not be used before the defect is mended."
        f"{copy if found.report else ''}"
    )
    subject = f"Dangerous defect: {display(moved.item.barcode)}"
    await tell_owners(session, "dangerous_defect", subject, body, moved.item.barcode, actor=actor, at=at)


async def _tell_of_coming_danger(
    session: AsyncSession, moved: Moved, found: Found, by: date, *, actor: str, at: datetime
) -> None:
    body = (
        f"{found.what}\n\n{moved.item.product_name} ({display(moved.item.barcode)}) may be used until "
        f"{in_words(by)} and not after, unless that is mended before."
    )
    subject = f"Could become dangerous by {in_words(by)}: {display(moved.item.barcode)}"
    await tell_owners(session, "defect_to_mend", subject, body, moved.item.barcode, actor=actor, at=at)


async def tell_owners(
    session: AsyncSession, purpose: str, subject: str, body: str, barcode: str, *, actor: str, at: datetime
) -> None:
    """One message to each of those who answer for the equipment: who may lift holds."""
    letter = {"purpose": purpose, "subject": subject, "body": body, "about": f"item:{barcode}"}
    await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, actor=actor, at=at)
