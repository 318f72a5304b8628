"""Copies of reports for the enforcing authority (LOLER 1998, reg. 10(1)(c)): recorded as sent, chased until then."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.labels import display
from app.features.workshop.inspections.out_of_use import tell_owners

LOCK = text("""
    SELECT copy.id, copy.sent_on, copy.sent_to, inspection.examined_on
    FROM authority_copy AS copy JOIN inspection ON inspection.id = copy.inspection_id
    WHERE copy.id = :copy_id FOR UPDATE OF copy
""")
SENT = text("""
    UPDATE authority_copy SET sent_on = :sent_on, sent_to = :sent_to, sent_how = :how, recorded_at = :at,
           recorded_by = :actor
    WHERE id = :copy_id
""")
OPEN = text("""
    SELECT copy.id, copy.inspection_id, copy.made_at, item.barcode, product.name AS product_name
    FROM authority_copy AS copy JOIN inspection ON inspection.id = copy.inspection_id
    JOIN item ON item.id = inspection.item_id JOIN product ON product.id = item.product_id
    WHERE copy.sent_on IS NULL
      AND CAST(COALESCE(copy.chased_at, copy.made_at) AT TIME ZONE 'Europe/London' AS date) < :today
    ORDER BY copy.id FOR UPDATE OF copy SKIP LOCKED
""")
CHASED = text("UPDATE authority_copy SET chased_at = :at WHERE id = ANY(:copies)")


async def record_sent(
    session: AsyncSession, copy_id: int, *, sent_on: date, sent_to: str, how: str, actor: str, at: datetime
) -> None:
    """The copy was sent. Raises NotFound `unknown-copy`, Conflict `sent-already`, BadValue about the day."""
    copy = (await session.execute(LOCK, {"copy_id": copy_id})).one_or_none()
    if copy is None:
        raise NotFound("unknown-copy", "There is no copy for the authority with this number.")
    if copy.sent_on is not None:
        detail = f"It is recorded already that it was sent to {copy.sent_to} on {in_words(copy.sent_on)}."
        raise Conflict("sent-already", detail)
    if sent_on > uk_date(at):
        raise BadValue("in-the-future", "It cannot have been sent after today.", field="sent_on")
    if sent_on < copy.examined_on:
        detail = f"It was examined on {in_words(copy.examined_on)}, so the copy was not sent before."
        raise BadValue("before-the-examination", detail, field="sent_on")
    values = {"copy_id": copy_id, "sent_on": sent_on, "sent_to": sent_to, "how": how, "at": at, "actor": actor}
    await session.execute(SENT, values)
    about = {"sent_on": sent_on.isoformat(), "sent_to": sent_to, "how": how}
    await audit.record(session, "authority_copy_sent", f"authority_copy:{copy_id}", actor=actor, at=at, **about)


async def chase_authority_copies(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Remind those who answer for the equipment, every day, of copies that nobody has sent; returns how many."""
    found = (await session.execute(OPEN, {"today": today})).all()
    for copy in found:
        subject = f"Send the report to the enforcing authority: {display(copy.barcode)}"
        body = (
            f"The report about {copy.product_name} ({display(copy.barcode)}) was made on "
            f"{in_words(uk_date(copy.made_at))}, and it is not recorded that the enforcing authority has a copy.\n\n"
            "LOLER asks for it as soon as is practicable. You find it under Inspections, Copies for the authority."
        )
        await tell_owners(session, "authority_copy_open", subject, body, copy.barcode, actor=actor, at=at)
    if found:
        await session.execute(CHASED, {"copies": [copy.id for copy in found], "at": at})
    return len(found)
