"""What a client has turns out not to be safe: its use is stopped there, and whose loan it is hears of it (ADR 37)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox, safety
from app.domain.access import Permission
from app.domain.clearance import HoldFact
from app.domain.labels import display
from app.domain.stop_use import STOPPED_THERE, fault_of, stops_use
from app.web.who import tell_all_who_may

# Whose it is: who ordered it, or who handed it out.
LENT = text("""
    SELECT loan.id, item.barcode, product.name AS product_name, client.client_ref,
           COALESCE(asked.made_by, loan.started_by) AS prescriber,
           EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id) AS is_stopped
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE loan.item_id = :item_id AND loan.ended_at IS NULL
""")
NOT_LOOKED_AT = (
    "Nobody has looked at the report yet, so its use there is not stopped by it. Find out whether it may be used. If "
    "not, stop its use on the client's page, have it collected, and order another."
)


@dataclass(frozen=True, slots=True)
class AtClient:
    """An item that a client has, and whose loan it is."""

    loan_id: int
    barcode: str
    product_name: str
    client_ref: str
    prescriber: str
    is_stopped: bool


async def find_client(session: AsyncSession, item_id: int) -> AtClient | None:
    """Who has the item; None where no client has it."""
    row = (await session.execute(LENT, {"item_id": item_id})).one_or_none()
    return AtClient(*row) if row else None


async def stop_held(
    session: AsyncSession, item_id: int, held: HoldFact, *, owners: bool = True, actor: str, at: datetime
) -> None:
    """Stop the use of what was put on hold while a client has it, and tell whose it is; `owners`: also who may lift
    holds. The caller has locked the item. One statement where no client has it."""
    there = await find_client(session, item_id)
    if there is None:
        return
    await _stop(session, there, held, actor=actor, at=at)
    what = f"it was put on hold. {held.text}\n\n{STOPPED_THERE}"
    letter = _letter(there, "held_at_client", f"Must not be used: {display(there.barcode)}", what)
    if there.prescriber != actor:
        await outbox.post(session, **letter, to=there.prescriber, actor=actor, at=at)
    if owners:
        await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, actor=actor, at=at)


async def stop_handed_over(
    session: AsyncSession, item_id: int, holds: Iterable[HoldFact], *, actor: str, at: datetime
) -> bool:
    """Stop the use of what was handed over although it is on hold; returns whether that was so. No statement where
    nothing that holds it tells of danger."""
    held = next((one for one in holds if stops_use(one.kind)), None)
    there = await find_client(session, item_id) if held else None
    if held is None or there is None:
        return False
    await _stop(session, there, held, actor=actor, at=at)
    return True


async def tell_of_report(session: AsyncSession, item_id: int, held: HoldFact, *, actor: str, at: datetime) -> None:
    """Tell whose it is that somebody reported it as dangerous while a client has it. Nobody vouches for that, so it
    stops nothing yet; who looks at the report does."""
    there = await find_client(session, item_id)
    if there is None:
        return
    what = f"it was put on hold. {held.text}\n\n{STOPPED_THERE if there.is_stopped else NOT_LOOKED_AT}"
    letter = _letter(there, "held_at_client", f"On hold while a client has it: {display(there.barcode)}", what)
    await outbox.post(session, **letter, to=there.prescriber, actor=actor, at=at)


async def _stop(session: AsyncSession, there: AtClient, held: HoldFact, *, actor: str, at: datetime) -> None:
    fault = fault_of(held.kind)
    await safety.stop_use(session, there.loan_id, reason=held.text, item_fault=fault, actor=actor, at=at)


def _letter(there: AtClient, purpose: str, subject: str, what: str) -> dict[str, str]:
    body = f"{there.product_name} ({display(there.barcode)}) is with client {there.client_ref}, and {what}"
    return {"purpose": purpose, "subject": subject, "body": body, "about": f"item:{there.barcode}"}
