"""Reads of loans, reservations and collections."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import find_blockers, place_blockers
from app.domain.errors import Blocker, NotFound
from app.domain.lifecycle import Move, State, moves_from
from app.domain.loans import LoanKind
from app.features.loans.schemas import (
    CollectableLoan,
    CollectionBody,
    CollectionLineBody,
    FoundClient,
    Issuable,
    LoanBody,
    ReservationBody,
    TrialReviewLine,
)
from app.web.results import BlockerBody

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
ISSUABLE = text("""
    SELECT item.serial_number, store.code AS store, client.client_ref AS kept_for
    FROM item JOIN store ON store.id = item.store_id
    LEFT JOIN reservation ON reservation.item_id = item.id AND reservation.ended_at IS NULL
    LEFT JOIN client ON client.id = reservation.client_id
    WHERE item.id = :item_id
""")
CLIENTS = text("""
    SELECT client_ref, name, date_of_birth, postcode FROM client
    WHERE client_ref ILIKE :begins OR name ILIKE :holds OR nhs_number = :digits
       OR replace(postcode, ' ', '') ILIKE :postcode
    ORDER BY client_ref LIMIT :limit
""")
CLIENT = text("SELECT client_ref, name, date_of_birth, postcode FROM client WHERE client_ref = :client_ref")
COLLECTABLE = text("""
    SELECT item.barcode, product.name AS product_name, item.serial_number, loan.kind, loan.started_at
    FROM loan JOIN client ON client.id = loan.client_id JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id
    WHERE client.client_ref = :client_ref AND loan.ended_at IS NULL AND item.state = ANY(:states)
    ORDER BY loan.id
""")


async def get_issuable(session: AsyncSession, barcode: str, *, today: date) -> Issuable:
    """The item, and every reason why it may not be handed over. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    row = (await session.execute(ISSUABLE, {"item_id": item.id})).mappings().one()
    fact = item.evidence
    on_shelf = Move.ISSUE in moves_from(item.state)
    # What keeps a dirty item from the shelf is the bench's business; here it is enough that it is not on the shelf.
    blockers = find_blockers(fact, on=today) if on_shelf else place_blockers(fact)
    if not on_shelf and not blockers:
        blockers = [Blocker("not-on-the-shelf", f"The item is “{item.state.text.lower()}”.")]
    return Issuable(
        **row,
        barcode=item.barcode,
        product_code=item.product_code,
        product_name=item.product_name,
        state=item.state,
        bay=item.bay,
        times_issued=fact.times_issued,
        blockers=[BlockerBody(code=one.code, detail=one.detail) for one in blockers],
    )


async def find_clients(session: AsyncSession, q: str, *, limit: int) -> list[FoundClient]:
    """Clients by a reference, a name, an NHS number or a postcode."""
    literal = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {
        "begins": f"{literal}%",
        "holds": f"%{literal}%",
        "digits": "".join(character for character in q if character.isdigit()),
        "postcode": f"{literal.replace(' ', '')}%",
        "limit": limit,
    }
    return [FoundClient(**row) for row in (await session.execute(CLIENTS, values)).mappings()]


async def find_client(session: AsyncSession, client_ref: str) -> FoundClient | None:
    """The client of that reference, if there is one."""
    row = (await session.execute(CLIENT, {"client_ref": client_ref})).mappings().one_or_none()
    return FoundClient(**row) if row else None


async def list_collectable(session: AsyncSession, client_ref: str) -> list[CollectableLoan]:
    """What the client has and no collection fetches yet, oldest loan first."""
    states = [state.value for state in State if Move.REQUEST_COLLECTION in moves_from(state)]
    rows = await session.execute(COLLECTABLE, {"client_ref": client_ref, "states": states})
    return [CollectableLoan(**row) for row in rows.mappings()]


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


async def list_trial_reviews(session: AsyncSession, loan_id: int) -> list[TrialReviewLine]:
    """What was decided about a trial before, oldest first."""
    wanted = text("""
        SELECT outcome, until_on, notes, reviewed_at, reviewed_by FROM trial_review WHERE loan_id = :loan_id ORDER BY id
    """)
    return [TrialReviewLine(**row) for row in (await session.execute(wanted, {"loan_id": loan_id})).mappings()]


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
