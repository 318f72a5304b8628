"""JSON routes of reservations."""

from typing import Annotated

from fastapi import Query, Response

from app import audit
from app.db import Session
from app.domain.scanning import check_tag
from app.features.reservations import queries, service
from app.features.reservations.schemas import NewReservation, ReservationBody, ReservationChange
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.tags import Prefix

router = api_router("reservations")


@router.post("/reservations", status_code=201)
async def reserve(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewReservation) -> ReservationBody:
    """Keep an item for a client on these days; by product the best free one, recycled before new."""
    reservation_id, _ = await service.reserve(
        session,
        barcode=check_tag(body.barcode, prefix=prefix) if body.barcode else None,
        product_code=body.product_code,
        client_ref=body.client_ref,
        from_on=body.from_,
        until_on=body.until,
        store=body.store,
        actor=actor.username,
        at=now,
    )
    return await queries.get_reservation(session, reservation_id)


@router.get("/reservations")
async def list_reservations(
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    client_ref: Annotated[str | None, Query(max_length=40)] = None,
    barcode: Annotated[str | None, Query(max_length=100)] = None,
    mine: bool = False,
    live: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ReservationBody]:
    """Reservations, oldest first; `mine`: made by oneself or held for one's orders. The reading is logged."""
    rows = await queries.list_reservations(
        session,
        client_ref=client_ref,
        barcode=check_tag(barcode, prefix=prefix) if barcode else None,
        made_by=actor.username if mine else None,
        live=live,
        after=number_cursor(after),
        limit=limit,
    )
    subject = f"client:{client_ref}" if client_ref else "reservations"
    await audit.record(session, "reservations_listed", subject, actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/reservations/{reservation_id}")
async def get_reservation(
    session: Session, actor: Actor, now: Now, response: Response, reservation_id: Id
) -> ReservationBody:
    """One reservation; the reading is logged."""
    body = await queries.get_reservation(session, reservation_id)
    subject = f"client:{body.client_ref}"
    await audit.record(session, "reservation_read", subject, actor=actor.username, at=now, reservation=reservation_id)
    response.headers["ETag"] = etag(service.version_of(body.until))
    return body


@router.patch("/reservations/{reservation_id}")
async def change_reservation(
    session: Session,
    actor: Actor,
    now: Now,
    response: Response,
    reservation_id: Id,
    version: Version,
    body: ReservationChange,
) -> ReservationBody:
    """Give it another last day, unless the item is kept for somebody else by then."""
    await service.extend(session, reservation_id, until_on=body.until, version=version, actor=actor.username, at=now)
    response.headers["ETag"] = etag(service.version_of(body.until))
    return await queries.get_reservation(session, reservation_id)


@router.delete("/reservations/{reservation_id}", status_code=204)
async def give_up_reservation(session: Session, actor: Actor, now: Now, reservation_id: Id) -> Response:
    """Put a reserved item back among those that anybody may have: one's own, that of somebody one stands in for, or
    any for the store."""
    await service.give_up_reservation(session, reservation_id, person=actor, at=now)
    return Response(status_code=204)
