"""Stopping the use of an item at a client's. A notice is closed by nothing but the item coming back;
one that was a mistake is withdrawn (`withdrawing.py`).

Coroner's report 2023-0336 (Friend): a sling judged unsuitable was neither removed nor was its use stopped.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, safety
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict, NotFound
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed
from app.domain.stop_use import ItemFault, StopUse
from app.fetching import Lent, request_collection
from app.models import StopUseNotice

LOCK = text("SELECT item.id FROM item JOIN loan ON loan.item_id = item.id WHERE loan.id = :loan_id FOR UPDATE OF item")
LOAN = text("""
    SELECT loan.item_id, loan.client_id, loan.ended_at, item.barcode, item.state, notice.id AS notice_id,
           notice.given_at
    FROM loan JOIN item ON item.id = loan.item_id
    LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    WHERE loan.id = :loan_id
""")
NOTICE = text("SELECT id, acknowledged_by, withdrawn_at FROM stop_use_notice WHERE id = :notice_id FOR UPDATE")


async def stop_use(
    session: AsyncSession,
    loan_id: int,
    *,
    reason: str,
    item_fault: ItemFault,
    collect: bool,
    actor: str,
    at: datetime,
) -> int:
    """Stop the use of what a client has on loan; returns the notice's number.

    The client's care provider is told by e-mail; without an address, who gave the notice is told to phone. `collect`
    asks for an urgent collection at once, unless one is to fetch it already. `item_fault`: an item of which it is not
    known that nothing is wrong with it is held from now on, wherever it is: whoever scans it back, and the benches, see
    why, and it goes out to nobody before somebody has lifted that. Raises NotFound `unknown-loan`, Conflict
    `loan-ended` or `use-stopped-already`, and what the ledger refuses.
    """
    # Read only once nobody else can scan the item back or stop its use.
    await session.execute(LOCK, {"loan_id": loan_id})
    loan = (await session.execute(LOAN, {"loan_id": loan_id})).one_or_none()
    if loan is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    if loan.ended_at is not None:
        raise Conflict("loan-ended", "This loan has ended: the item is not with the client any more.")
    if loan.notice_id is not None:
        raise _stopped_already(loan.given_at)
    said: dict[str, Any] = {"reason": reason, "item_fault": item_fault, "actor": actor, "at": at}
    notice_id = await safety.stop_and_hold(session, loan_id, loan.item_id, loan.barcode, **said)
    if notice_id is None:
        raise _stopped_already(at)
    if collect and State(loan.state) is not State.AWAITING_COLLECTION:
        there = [Lent(loan.item_id, loan_id, loan.barcode)]
        details: dict[str, Any] = {"reason": reason, "speed": CollectionSpeed.URGENT, "actor": actor, "at": at}
        await request_collection(session, loan.client_id, there, **details)
    return notice_id


async def acknowledge(session: AsyncSession, notice_id: int, *, by: str, how: str, actor: str, at: datetime) -> None:
    """Somebody at the care provider's has said that the item is not used any more. The notice stays open.

    Raises NotFound `unknown-notice`, Conflict `acknowledged-already` or `withdrawn-already`.
    """
    found = (await session.execute(NOTICE, {"notice_id": notice_id})).one_or_none()
    if found is None:
        raise unknown_notice()
    if found.withdrawn_at:
        raise Conflict("withdrawn-already", "This notice is withdrawn: it was a mistake.")
    if found.acknowledged_by:
        raise Conflict("acknowledged-already", f"{found.acknowledged_by} has acknowledged this notice already.")
    said = {"acknowledged_at": at, "acknowledged_by": by, "acknowledged_how": how}
    await session.execute(update(StopUseNotice).where(col(StopUseNotice.id) == notice_id).values(**said))
    await audit.record(
        session, "stop_use_acknowledged", f"stop_use_notice:{notice_id}", actor=actor, at=at, by=by, how=how
    )


def unknown_notice() -> NotFound:
    """What is said when no notice has the number."""
    return NotFound("unknown-notice", "There is no stop-use notice with this number.")


def facts_of(row: Any, **more: Any) -> StopUse:
    """What a letter needs, from a row that names the item, the client and the care provider."""
    return StopUse(
        barcode=row.barcode,
        product_name=row.product_name,
        client_ref=row.client_ref,
        client_name=row.client_name,
        provider=row.provider or "",
        email=row.email,
        phone=row.phone or "",
        **more,
    )


def _stopped_already(given_at: datetime) -> Conflict:
    since = in_words(uk_date(given_at))
    detail = f"Its use was stopped on {since}. That notice stays open until the item is scanned back."
    return Conflict("use-stopped-already", detail)
