"""Agreeing to the scrap of a dear item, or declining it, and the reference of waste that came later.

How an item is scrapped, and how a request is made, is in `web/disposing.py`.
"""

from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger, outbox
from app.domain.disposal import Batteries, Disposal, WasteStream, check_other_person
from app.domain.errors import Conflict, NotFound
from app.domain.labels import display
from app.ledger import Moved
from app.web.disposing import scrap_as_agreed

OF_REQUEST = text("""
    SELECT item.barcode FROM disposal JOIN item ON item.id = disposal.item_id
    WHERE disposal.id = :request_id AND disposal.hold_id IS NOT NULL
""")
# Read once its item is locked, so that of two who decide one sees what the other did.
REQUEST = text("SELECT * FROM disposal WHERE id = :request_id FOR UPDATE")
LIFT = text("UPDATE hold SET lifted_at = :at, lifted_by = :actor, lift_reason = :reason WHERE id = :hold_id")
AGREED = text("UPDATE disposal SET agreed_at = :at, agreed_by = :actor, seq = :seq WHERE id = :request_id")
DECLINED = text("""
    UPDATE disposal SET declined_at = :at, declined_by = :actor, decline_reason = :reason WHERE id = :request_id
""")
SCRAPPED = text("""
    SELECT disposal.id, disposal.reference, disposal.waste_stream, disposal.seq
    FROM disposal JOIN item ON item.id = disposal.item_id
    WHERE item.barcode = :barcode AND disposal.declined_at IS NULL FOR UPDATE OF disposal
""")
REFER = text("UPDATE disposal SET reference = :reference WHERE id = :id")


async def agree(session: AsyncSession, request_id: int, *, actor: str, at: datetime) -> Moved:
    """Agree that an item is scrapped; it is, now. Both who asked and who agreed are kept.

    Raises NotFound `unknown-request`, Conflict `decided-already`, NotAllowed `same-person`, and what
    `scrap_as_agreed` raises.
    """
    barcode, request = await _open(session, request_id)
    check_other_person(request["asked_by"], actor)
    why = {"reason": "Its scrap is agreed to.", "hold_id": request["hold_id"]}
    await session.execute(LIFT, {**why, "actor": actor, "at": at})
    said = Disposal(
        request["reason"],
        WasteStream(request["waste_stream"]),
        request["batteries"] and Batteries(request["batteries"]),
        request["reference"],
    )
    asked_by = request["asked_by"]
    moved = await scrap_as_agreed(session, barcode, said, asked_by=asked_by, actor=actor, at=at)
    await session.execute(AGREED, {"request_id": request_id, "seq": moved.seq, "actor": actor, "at": at})
    await audit.record(session, "scrap_agreed_to", f"item:{barcode}", actor=actor, at=at, asked_by=asked_by)
    return moved


async def decline(session: AsyncSession, request_id: int, *, reason: str, actor: str, at: datetime) -> str:
    """Decline a scrap; the item is as it was, and who asked is told why. Returns its barcode.

    Raises NotFound `unknown-request`, Conflict `decided-already`.
    """
    barcode, request = await _open(session, request_id)
    values = {"reason": reason, "actor": actor, "at": at}
    await session.execute(LIFT, {**values, "hold_id": request["hold_id"]})
    await session.execute(DECLINED, {**values, "request_id": request_id})
    subject, facts = f"item:{barcode}", {"asked_by": request["asked_by"], "reason": reason}
    await audit.record(session, "scrap_declined", subject, actor=actor, at=at, **facts)
    letter = {
        "purpose": "scrap_declined",
        "subject": f"Not to be scrapped: {display(barcode)}",
        "body": f"{actor} declined your request to scrap {display(barcode)}: {reason}\n\nIt is not on hold for it now.",
        "about": subject,
    }
    await outbox.post(session, **letter, to=request["asked_by"], actor=actor, at=at)
    return barcode


async def record_reference(session: AsyncSession, barcode: str, *, reference: str, actor: str, at: datetime) -> None:
    """Record the waste reference of a scrapped item, or put a wrong one right; the audit trail keeps both.

    Raises NotFound `not-scrapped`, Conflict `nothing-to-dispose-of`.
    """
    found = (await session.execute(SCRAPPED, {"barcode": barcode})).one_or_none()
    if found is None or found.seq is None:
        raise NotFound("not-scrapped", "No scrapped item here has this barcode and a record of its waste.")
    if found.waste_stream == WasteStream.NOWHERE.value:
        raise Conflict("nothing-to-dispose-of", "It was missing when it was scrapped, so there was no waste.")
    await session.execute(REFER, {"id": found.id, "reference": reference})
    facts = {"was": found.reference, "now": reference}
    await audit.record(session, "waste_reference_recorded", f"item:{barcode}", actor=actor, at=at, **facts)


async def _open(session: AsyncSession, request_id: int) -> tuple[str, RowMapping]:
    """The barcode of a request's item, which is locked, and the request. Raises NotFound, Conflict."""
    barcode: str | None = await session.scalar(OF_REQUEST, {"request_id": request_id})
    if barcode is None:
        raise NotFound("unknown-request", "There is no scrap request with this number.")
    await ledger.read_items(session, [barcode], lock=True)
    request = (await session.execute(REQUEST, {"request_id": request_id})).mappings().one()
    if decided_by := request["agreed_by"] or request["declined_by"]:
        did = "agreed to" if request["agreed_by"] else "declined"
        raise Conflict("decided-already", f"{decided_by} {did} this request already.")
    return barcode, request
