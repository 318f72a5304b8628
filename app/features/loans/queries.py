"""Reads of loans, reservations and collections."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.loans import LoanKind
from app.features.loans.schemas import CollectionBody, CollectionLineBody, LoanBody, ReservationBody

LOANS = """
    SELECT loan.id, item.barcode, product.name AS product_name, client.client_ref, loan.kind, item.state,
           loan.started_at, loan.started_by, loan.trial_ends_on, loan.ended_at
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
"""
ONE = text(f"{LOANS} WHERE loan.id = :loan_id")
MANY = text(f"""{LOANS}
    WHERE loan.id > :after
      AND (CAST(:client_ref AS text) IS NULL OR client.client_ref = :client_ref)
      AND (CAST(:kind AS text) IS NULL OR loan.kind = :kind)
      AND (CAST(:due_before AS date) IS NULL OR (loan.kind = 'trial' AND loan.trial_ends_on < :due_before))
      AND (CAST(:open AS boolean) IS NULL OR (loan.ended_at IS NULL) = :open)
    ORDER BY loan.id LIMIT :limit
""")
COLLECTION = text("""
    SELECT collection.number, client.client_ref, collection.reason, collection.speed, collection.requested_at,
           collection.requested_by, item.barcode, product.name AS product_name,
           CASE WHEN line.collected_at IS NOT NULL THEN 'collected'
                WHEN line.cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'open' END AS line_state
    FROM collection JOIN client ON client.id = collection.client_id
    JOIN collection_line AS line ON line.collection_id = collection.id
    JOIN item ON item.id = line.item_id JOIN product ON product.id = item.product_id
    WHERE collection.number = :number ORDER BY line.id
""")
RESERVATION = text("""
    SELECT reservation.id, item.barcode, client.client_ref, reservation.until_on AS until
    FROM reservation JOIN item ON item.id = reservation.item_id JOIN client ON client.id = reservation.client_id
    WHERE reservation.id = :reservation_id
""")


async def get_loan(session: AsyncSession, loan_id: int) -> LoanBody:
    """One loan. Raises NotFound `unknown-loan`."""
    row = (await session.execute(ONE, {"loan_id": loan_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    return LoanBody(**row)


async def list_loans(
    session: AsyncSession,
    *,
    client_ref: str | None = None,
    kind: LoanKind | None = None,
    due_before: date | None = None,
    is_open: bool | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[LoanBody]:
    """Loans, oldest first, `limit + 1` of them; `due_before`: trials that end before that day."""
    values = {
        "client_ref": client_ref,
        "kind": kind and kind.value,
        "due_before": due_before,
        "open": is_open,
        "after": after,
        "limit": limit + 1,
    }
    return [LoanBody(**row) for row in (await session.execute(MANY, values)).mappings()]


async def get_collection(session: AsyncSession, number: str) -> CollectionBody:
    """One collection with its lines. Raises NotFound `unknown-collection`."""
    rows = (await session.execute(COLLECTION, {"number": number})).all()
    if not rows:
        raise NotFound("unknown-collection", "There is no collection with this number.", field="number")
    first = rows[0]
    lines = [CollectionLineBody(barcode=r.barcode, product_name=r.product_name, state=r.line_state) for r in rows]
    states = {line.state for line in lines}
    state = "open" if "open" in states else "collected" if "collected" in states else "cancelled"
    return CollectionBody(
        number=first.number,
        client_ref=first.client_ref,
        reason=first.reason,
        speed=first.speed,
        state=state,
        requested_at=first.requested_at,
        requested_by=first.requested_by,
        lines=lines,
    )


async def get_reservation(session: AsyncSession, reservation_id: int) -> ReservationBody:
    """One reservation. Raises NotFound `unknown-reservation`."""
    row = (await session.execute(RESERVATION, {"reservation_id": reservation_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-reservation", "There is no reservation with this number.")
    return ReservationBody(**row)
