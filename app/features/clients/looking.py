"""A look at how to get into a client's home: only for those who go there, and each look is written down."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Actor, Permission
from app.domain.access_notes import AccessReason, Visits, check_may_see
from app.domain.dates import uk_date
from app.domain.errors import RuleError
from app.features.clients.access_notes import decrypt
from app.features.clients.schemas import ClientBody
from app.web.who import names_with

MOST_NAMED = 5

NOTES = text("SELECT NULLIF(notes_encrypted, '') FROM client_access WHERE client_id = :client_id")
# A delivery is a visit from the moment at which something is put aside for it.
VISITS = text("""
    WITH home AS (
        SELECT loan.id AS loan_id, loan.item_id FROM loan WHERE loan.client_id = :client_id AND loan.ended_at IS NULL
    )
    SELECT ARRAY(
               SELECT DISTINCT store.code FROM equipment_order AS asked JOIN store ON store.id = asked.store_id
               JOIN client ON client.id = asked.client_id AND client.died_on IS NULL
               JOIN order_unit AS unit ON unit.order_id = asked.id
               JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
               JOIN item ON item.id = kept.item_id AND item.state IN ('reserved', 'dispatched')
               WHERE asked.client_id = :client_id AND asked.decision = 'approved' AND unit.loan_id IS NULL
                 AND unit.cancelled_at IS NULL) AS delivering,
           EXISTS (SELECT FROM collection JOIN collection_line AS line ON line.collection_id = collection.id
                   WHERE collection.client_id = :client_id AND line.collected_at IS NULL
                     AND line.cancelled_at IS NULL) AS collection,
           ARRAY(SELECT visitor FROM inspection_visit WHERE client_id = :client_id AND ended_at IS NULL) AS visitors,
           EXISTS (SELECT FROM home JOIN hold ON hold.item_id = home.item_id AND hold.lifted_at IS NULL) AS on_hold,
           EXISTS (SELECT FROM home JOIN stop_use_notice AS notice ON notice.loan_id = home.loan_id)
               AS must_not_be_used
""")


@dataclass(frozen=True, slots=True)
class Look:
    """Why somebody looks; `because`: what a manager wrote down, in the field of that name."""

    reason: AccessReason
    because: str
    field: str


async def read_access_notes(
    session: AsyncSession, client: ClientBody, look: Look, *, secret: str, actor: Actor, at: datetime
) -> str | None:
    """How to get in, and a line in the audit trail that it was seen and why; None when nothing is kept.

    Raises what `domain.access_notes.check_may_see` does, and Conflict `access-notes-unreadable`.
    """
    kept: bytes | None = await session.scalar(NOTES, {"client_id": client.id})
    if kept is None:
        return None
    visits = Visits(**(await session.execute(VISITS, {"client_id": client.id})).mappings().one())
    managers = await names_with(session, Permission.SEE_ALL_ACCESS_NOTES, today=uk_date(at))
    try:
        overruled = check_may_see(
            look.reason,
            visits,
            username=actor.username,
            stores={store.code for store in actor.stores},
            may_overrule=actor.may(Permission.SEE_ALL_ACCESS_NOTES),
            because=look.because,
            managers=managers[:MOST_NAMED],
        )
    except RuleError as refused:
        refused.field = look.field if refused.field else None
        raise
    facts = {"reason": look.reason.value} | ({"because": look.because.strip()} if overruled else {})
    notes = decrypt(kept, secret=secret)
    subject = f"client:{client.client_ref}"
    await audit.record(session, "access_notes_read", subject, actor=actor.username, at=at, **facts)
    return notes
