"""JSON routes of reservations, loans, trials and collections."""

from datetime import date
from typing import Annotated

from fastapi import Query, Response

from app import audit
from app.db import Session
from app.domain.loans import LoanKind
from app.domain.scanning import check_tag
from app.features.loans import queries, reservations, service
from app.features.loans.schemas import (
    CollectionBody,
    LoanBody,
    NewCollection,
    NewLoan,
    NewReservation,
    ReservationBody,
    TrialOutcomeBody,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Body, Id, Limit, Paragraph
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.tags import Prefix

router = api_router("loans")


class CancelBody(Body):
    """Why it is called off."""

    reason: Paragraph


@router.post("/loans", status_code=201)
async def issue(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewLoan) -> LoanBody:
    """Hand an item to a client over the counter, on loan or on trial."""
    loan_id = await service.issue(
        session,
        check_tag(body.barcode, prefix=prefix),
        client_ref=body.client_ref,
        kind=body.kind,
        trial_ends_on=body.trial_ends_on,
        actor=actor.username,
        at=now,
    )
    return await queries.get_loan(session, loan_id)


@router.get("/loans")
async def list_loans(
    session: Session,
    actor: Actor,
    now: Now,
    client_ref: Annotated[str | None, Query(max_length=40)] = None,
    kind: LoanKind | None = None,
    due_before: date | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[LoanBody]:
    """Loans and trials, oldest first. `due_before`: trials that end before that day. The reading is logged."""
    rows = await queries.list_loans(
        session,
        client_ref=client_ref,
        kind=kind,
        due_before=due_before,
        is_open=is_open,
        after=number_cursor(after),
        limit=limit,
    )
    subject = f"client:{client_ref}" if client_ref else "loans"
    await audit.record(session, "loans_listed", subject, actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/loans/{loan_id}/trial-outcome")
async def decide_trial(session: Session, actor: Actor, now: Now, loan_id: Id, body: TrialOutcomeBody) -> LoanBody:
    """Keep what was tried, have it collected, or go on trying until another day."""
    await service.decide_trial(
        session, loan_id, body.outcome, notes=body.notes, until=body.until, actor=actor.username, at=now
    )
    return await queries.get_loan(session, loan_id)


@router.post("/reservations", status_code=201)
async def reserve(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewReservation) -> ReservationBody:
    """Keep an item for a client until a day; by product the best free one, recycled before new."""
    reservation_id, _ = await reservations.reserve(
        session,
        barcode=check_tag(body.barcode, prefix=prefix) if body.barcode else None,
        product_code=body.product_code,
        client_ref=body.client_ref,
        from_on=body.from_,
        until_on=body.until,
        actor=actor.username,
        at=now,
    )
    return await queries.get_reservation(session, reservation_id)


@router.delete("/reservations/{reservation_id}", status_code=204)
async def give_up_reservation(session: Session, actor: Actor, now: Now, reservation_id: Id) -> Response:
    """Put a reserved item back among those that anybody may have."""
    await reservations.give_up_reservation(session, reservation_id, actor=actor.username, at=now)
    return Response(status_code=204)


@router.post("/collections", status_code=201)
async def request_collection(
    session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewCollection
) -> CollectionBody:
    """Ask for items to be fetched from a client: all of them or none."""
    barcodes = list(dict.fromkeys(check_tag(barcode, prefix=prefix) for barcode in body.barcodes))
    number = await service.request_collection(
        session, body.client_ref, barcodes, reason=body.reason, speed=body.speed, actor=actor.username, at=now
    )
    return await queries.get_collection(session, number)


@router.get("/collections/{number}")
async def get_collection(session: Session, actor: Actor, now: Now, number: str) -> CollectionBody:
    """One collection with its lines; the reading is logged."""
    collection = await queries.get_collection(session, number)
    await audit.record(session, "collection_read", f"collection:{number}", actor=actor.username, at=now)
    return collection


@router.post("/collections/{number}/cancel")
async def cancel_collection(session: Session, actor: Actor, now: Now, number: str, body: CancelBody) -> CollectionBody:
    """Call off what is still to be fetched."""
    await service.cancel_collection(session, number, reason=body.reason, actor=actor.username, at=now)
    return await queries.get_collection(session, number)
