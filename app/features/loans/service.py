"""Handing out and calling back: loans over the counter, trials and their outcomes, collections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.lifecycle import Move, State
from app.domain.loans import CollectionSpeed, LoanKind, TrialOutcome, check_trial_dates
from app.models import Client, Collection, CollectionLine, Loan, Reservation, TrialReview

NOT_KEPT = "Trial ended: not kept"

OPEN_LINES = text("""
    SELECT line.id, item.barcode, loan.kind
    FROM collection JOIN collection_line AS line ON line.collection_id = collection.id
    JOIN item ON item.id = line.item_id JOIN loan ON loan.id = line.loan_id
    WHERE collection.number = :number AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    ORDER BY item.barcode
""")
OPEN_LOANS = text("""
    SELECT item.id, item.barcode, loan.id AS loan_id FROM loan JOIN item ON item.id = loan.item_id
    WHERE item.barcode = ANY(:barcodes) AND loan.client_id = :client_id AND loan.ended_at IS NULL
""")


async def issue(
    session: AsyncSession,
    barcode: str,
    *,
    client_ref: str,
    kind: LoanKind,
    trial_ends_on: date | None,
    actor: str,
    at: datetime,
) -> int:
    """Hand an item to a client over the counter, on loan or on trial; returns the loan's number.

    Raises NotFound (`unknown-client`, `unknown-barcode`), WrongState, NotClear (`on-hold`, `not-clear`),
    Conflict `already-reserved` when it is kept for somebody else, and BadValue for a trial's dates.
    """
    check_trial_dates(kind, trial_ends_on, today=uk_date(at))
    client_id = await find_client(session, client_ref)
    loan_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('loan', 'id'))"))
    how = Move.START_TRIAL if kind is LoanKind.TRIAL else Move.ISSUE
    moved = await ledger.move_one(session, barcode, how, actor=actor, at=at, reference=f"loan {loan_id}")
    if moved.item.state not in {State.IN_STOCK, State.RESERVED}:
        raise Conflict("wrong-state", "Only an item from the shelf can be handed over the counter.", field="barcode")
    if moved.item.state is State.RESERVED:
        await _use_reservation(session, moved.item.id, client_id, actor=actor, at=at)
    values = {
        "id": loan_id,
        "item_id": moved.item.id,
        "client_id": client_id,
        "kind": kind,
        "trial_ends_on": trial_ends_on,
        "started_at": at,
        "started_by": actor,
    }
    await session.execute(insert(Loan).values(**values))
    return loan_id


async def decide_trial(
    session: AsyncSession,
    loan_id: int,
    outcome: TrialOutcome,
    *,
    notes: str,
    until: date | None,
    actor: str,
    at: datetime,
) -> None:
    """Record what was decided about a trial: keep it, have it collected, or go on until another day.

    Raises NotFound `unknown-loan`, Conflict `not-on-trial`, WrongState, and BadValue for the new end.
    """
    loan = await _open_trial(session, loan_id)
    if (outcome is TrialOutcome.EXTEND) != (until is not None):
        raise BadValue("extension-without-end", "A new end goes with an extension, and only with that.", field="until")
    if until:
        _check_extension(loan.trial_ends_on, until, today=uk_date(at))
    review = {"outcome": outcome, "notes": notes, "until_on": until, "reviewed_at": at, "reviewed_by": actor}
    await session.execute(insert(TrialReview).values(loan_id=loan_id, **review))
    details = {"actor": actor, "at": at, "reason": notes or None, "reference": f"loan {loan_id}"}
    if outcome is TrialOutcome.KEEP:
        await ledger.move_one(session, loan.barcode, Move.KEEP_AFTER_TRIAL, **details)
        await session.execute(update(Loan).where(col(Loan.id) == loan_id).values(kind=LoanKind.LOAN))
    elif outcome is TrialOutcome.EXTEND:
        until_words = until.isoformat() if until else ""
        await audit.record(
            session, "trial_extended", f"item:{loan.barcode}", actor=actor, at=at, loan=loan_id, until=until_words
        )
        await session.execute(update(Loan).where(col(Loan.id) == loan_id).values(trial_ends_on=until))
    else:
        reason = notes or NOT_KEPT
        await _collect(session, loan.client_id, [loan.barcode], reason, CollectionSpeed.STANDARD, actor=actor, at=at)


async def request_collection(
    session: AsyncSession,
    client_ref: str,
    barcodes: Sequence[str],
    *,
    reason: str,
    speed: CollectionSpeed,
    actor: str,
    at: datetime,
) -> str:
    """Ask for items to be fetched from a client, all or none; returns the collection's number.

    Raises NotFound `unknown-client`, Conflict `not-with-this-client`, and what the ledger refuses.
    """
    client_id = await find_client(session, client_ref)
    return await _collect(session, client_id, barcodes, reason, speed, actor=actor, at=at)


async def cancel_collection(session: AsyncSession, number: str, *, reason: str, actor: str, at: datetime) -> None:
    """Call off what is still to be fetched: loans go on as loans, trials as trials.

    Raises NotFound `unknown-collection`, Conflict `nothing-to-cancel`.
    """
    seen = (await session.execute(OPEN_LINES, {"number": number})).all()
    # Items are locked before their lines everywhere, so the lines are read again once nobody can collect them.
    await ledger.read_items(session, [line.barcode for line in seen], lock=True)
    lines = (await session.execute(OPEN_LINES, {"number": number})).all()
    if not lines:
        if await session.scalar(select(col(Collection.id)).where(col(Collection.number) == number)) is None:
            raise NotFound("unknown-collection", "There is no collection with this number.", field="number")
        raise Conflict("nothing-to-cancel", "Everything on this collection was collected or cancelled already.")
    details: dict[str, Any] = {"actor": actor, "at": at, "reason": reason, "reference": f"collection {number}"}
    for kind, how in ((LoanKind.LOAN, Move.CANCEL_COLLECTION), (LoanKind.TRIAL, Move.START_TRIAL)):
        barcodes = [line.barcode for line in lines if line.kind == kind]
        _, refused = await ledger.move(session, barcodes, how, **details) if barcodes else ([], [])
        if refused:
            raise refused[0].error
    cancelled = {"cancelled_at": at, "cancelled_by": actor}
    await session.execute(
        update(CollectionLine).where(col(CollectionLine.id).in_([line.id for line in lines])).values(**cancelled)
    )


async def find_client(session: AsyncSession, client_ref: str) -> int:
    """The client's id. Raises NotFound `unknown-client`."""
    client_id = await session.scalar(select(col(Client.id)).where(col(Client.client_ref) == client_ref))
    if client_id is None:
        raise NotFound("unknown-client", "There is no client with this reference.", field="client_ref")
    return client_id


async def _use_reservation(session: AsyncSession, item_id: int, client_id: int, *, actor: str, at: datetime) -> None:
    live = (col(Reservation.item_id) == item_id) & col(Reservation.ended_at).is_(None)
    kept_for = await session.scalar(select(col(Reservation.client_id)).where(live))
    if kept_for != client_id:
        raise Conflict("already-reserved", "The item is reserved for somebody else.", field="barcode")
    await session.execute(update(Reservation).where(live).values(ended_at=at, ended_by=actor))


@dataclass(frozen=True, slots=True)
class OpenTrial:
    """A running trial, its item locked."""

    client_id: int
    barcode: str
    trial_ends_on: date


async def _open_trial(session: AsyncSession, loan_id: int) -> OpenTrial:
    wanted = text("""
        SELECT loan.client_id, loan.kind, loan.trial_ends_on, loan.ended_at, item.barcode, item.state
        FROM loan JOIN item ON item.id = loan.item_id WHERE loan.id = :loan_id FOR UPDATE OF item
    """)
    row = (await session.execute(wanted, {"loan_id": loan_id})).one_or_none()
    if row is None:
        raise NotFound("unknown-loan", "There is no loan with this number.")
    if row.ended_at is not None or row.kind != LoanKind.TRIAL or row.state != State.ON_TRIAL:
        words = State(row.state).text.lower()
        raise Conflict("not-on-trial", f"This is not a running trial: the item is “{words}”.")
    return OpenTrial(row.client_id, row.barcode, row.trial_ends_on)


def _check_extension(ends_on: date, until: date, *, today: date) -> None:
    if until <= ends_on:
        detail = f"The trial ends on {in_words(ends_on)} now. Extend it to a later day."
        raise BadValue("extension-too-short", detail, field="until")
    check_trial_dates(LoanKind.TRIAL, until, today=today, field="until")


async def _collect(
    session: AsyncSession,
    client_id: int,
    barcodes: Sequence[str],
    reason: str,
    speed: CollectionSpeed,
    *,
    actor: str,
    at: datetime,
) -> str:
    found = await session.execute(OPEN_LOANS, {"barcodes": list(barcodes), "client_id": client_id})
    here = {row.barcode: row for row in found}
    elsewhere = [barcode for barcode in barcodes if barcode not in here]
    if elsewhere:
        detail = f"This client does not have {', '.join(elsewhere)} on loan. Look at their equipment list."
        raise Conflict("not-with-this-client", detail, field="barcodes")
    collection_id: int = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('collection', 'id'))"))
    number = f"C{collection_id:06}"
    _, refused = await ledger.move(
        session,
        list(here),
        Move.REQUEST_COLLECTION,
        actor=actor,
        at=at,
        reason=reason,
        reference=f"collection {number}",
    )
    if refused:
        raise refused[0].error
    values = {"id": collection_id, "number": number, "client_id": client_id, "reason": reason, "speed": speed}
    await session.execute(insert(Collection).values(**values, requested_at=at, requested_by=actor))
    lines = [{"collection_id": collection_id, "item_id": row.id, "loan_id": row.loan_id} for row in here.values()]
    await session.execute(insert(CollectionLine), lines)
    await audit.record(session, "collection_requested", f"collection:{number}", actor=actor, at=at, items=len(lines))
    return number
