"""Approvals that hold no more although no decision took their place: nobody used them in time, or a chair's action was
not ratified, or too few decided without an interest. What has not left the store is stopped, what is on its way comes
back, and what the person has is named, and stays with them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.labels import display
from app.domain.ordering import OrderDecision
from app.domain.panel import LapseKind, is_expired
from app.features.panel.cases import tell_presenter
from app.features.panel.records import CaseRecord, read_case
from app.features.panel.releasing import call_off_rest, give_back, read_issued, stop_delivery, wait_again
from app.models import PanelLapse

WHAT: Final = {
    LapseKind.EXPIRED: "has expired",
    LapseKind.NOT_RATIFIED: "was not ratified",
    LapseKind.CONFLICT: "is to be decided again by others",
}
STOPPED: Final = {
    LapseKind.EXPIRED: "The panel's approval was not used in time.",
    LapseKind.NOT_RATIFIED: "The panel did not ratify what its chair approved.",
    LapseKind.CONFLICT: "Too few of those who approved it were without an interest, so the panel decides it again.",
}
REVIEW_IT: Final = "review whether it may stay, and arrange its collection if not."
UNUSED = text("""
    SELECT brought.number FROM panel_decision AS made JOIN panel_case AS brought ON brought.id = made.case_id
    JOIN equipment_order AS asked ON asked.id = brought.order_id AND asked.decision = 'approved'
    WHERE brought.state = 'decided' AND made.expires_on < :today
      AND NOT EXISTS (SELECT FROM panel_decision AS later WHERE later.supersedes_id = made.id)
      AND NOT EXISTS (SELECT FROM panel_lapse WHERE decision_id = made.id)
      AND EXISTS (SELECT FROM order_unit WHERE order_id = asked.id AND cancelled_at IS NULL)
    ORDER BY brought.number
""")


async def expire_approvals(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """End the approvals whose last day is over and of which nothing was used; returns how many. As often as one likes:
    each is ended once."""
    ended = 0
    for number in list(await session.scalars(UNUSED, {"today": today})):
        case = await read_case(session, number, actor=actor, lock=True, is_system=True)
        newest = case.newest
        if newest is None or newest["lapsed"] or case.row["order_decision"] != OrderDecision.APPROVED:
            continue
        last_day = date.fromisoformat(newest["expires_on"])
        if is_expired(last_day, is_used=bool(await read_issued(session, case)), today=today):
            await lapse(session, case, LapseKind.EXPIRED, actor=actor, at=at)
            ended += 1
    return ended


async def lapse(session: AsyncSession, case: CaseRecord, kind: LapseKind, *, actor: str, at: datetime) -> None:
    """The approval in force, of a case that is locked with its order, holds no more.

    Nothing issued: the order waits for the panel again, what was held is free, and the prescriber may bring the case
    again. Something issued: what is still here is called off, what is on its way is not to be handed over, and what is
    out is named to who brings the case.
    """
    newest = case.newest
    if newest is None:
        raise LookupError(case.number)
    values = {"decision_id": newest["number"], "kind": kind, "lapsed_at": at, "lapsed_by": actor}
    await session.execute(insert(PanelLapse).values(**values))
    issued = await read_issued(session, case)
    on_its_way: list[str] = []
    if case.row["order_decision"] == OrderDecision.APPROVED:
        if issued:
            await call_off_rest(session, case, actor=actor, at=at)
            on_its_way = await stop_delivery(session, case, STOPPED[kind], actor=actor, at=at)
        else:
            await give_back(session, case, actor=actor, at=at)
            await wait_again(session, case)
    facts: dict[str, Any] = {"because": kind.value, "issued": ", ".join(issued)}
    await audit.record(session, "panel_approval_lapsed", case.subject, actor=actor, at=at, **facts)
    await tell_presenter(session, case, WHAT[kind], _in_words(kind, issued, on_its_way), actor=actor, at=at)


def _in_words(kind: LapseKind, issued: Sequence[str], on_its_way: Sequence[str]) -> str:
    is_conflict = kind is LapseKind.CONFLICT
    if not issued:
        freed = "The order waits for the panel again, and what was held for it is free."
        then = "Mend the case and submit it again if it is still needed, or cancel the order."
        return (
            f"{freed} {'Others of the panel decide the case; it stands as you submitted it.' if is_conflict else then}"
        )
    there = [barcode for barcode in issued if barcode not in on_its_way]
    said = []
    if on_its_way:
        said.append(f"{_tags(on_its_way)} is on its way and comes back: the store was told not to hand it over.")
    if there:
        then = "it stays until they have decided." if is_conflict else REVIEW_IT
        said.append(f"{_tags(there)} has been issued already: {then}")
    return " ".join(said)


def _tags(barcodes: Sequence[str]) -> str:
    return ", ".join(display(barcode) for barcode in barcodes)
