"""JSON routes of scrap requests and disposals. An item is scrapped by `POST /items/{barcode}/scrap`, of stock."""

from typing import Annotated

from fastapi import Query

from app.db import Session
from app.features.disposal import queries, service
from app.features.disposal.schemas import DeclineBody, DisposalBody, ReferenceBody, RequestBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.tags import Tag

router = api_router("scrap")


@router.get("/scrap-requests")
async def list_requests(
    session: Session,
    actor: Actor,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[RequestBody]:
    """Requests to scrap dear items, the oldest first."""
    rows = await queries.list_requests(session, is_open=is_open, after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/scrap-requests/{request_id}")
async def get_request(session: Session, actor: Actor, request_id: Id) -> RequestBody:
    """One request."""
    return await queries.get_request(session, request_id)


@router.post("/scrap-requests/{request_id}/agree")
async def agree(session: Session, actor: Actor, now: Now, request_id: Id) -> RequestBody:
    """Agree: the item is scrapped. Never by who asked."""
    await service.agree(session, request_id, actor=actor.username, at=now)
    return await queries.get_request(session, request_id)


@router.post("/scrap-requests/{request_id}/decline")
async def decline(session: Session, actor: Actor, now: Now, request_id: Id, body: DeclineBody) -> RequestBody:
    """Decline: the item is as it was, and who asked is told why."""
    await service.decline(session, request_id, reason=body.reason, actor=actor.username, at=now)
    return await queries.get_request(session, request_id)


@router.get("/disposals")
async def list_disposals(
    session: Session, actor: Actor, without_reference: bool = False, limit: Limit = 50, after: After = None
) -> Page[DisposalBody]:
    """What was scrapped, with its waste stream; `without_reference`: what lacks the reference of its waste."""
    rows = await queries.list_disposals(
        session, without_reference=without_reference, after=number_cursor(after), limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/items/{barcode}/waste-reference")
async def record_reference(session: Session, actor: Actor, now: Now, tag: Tag, body: ReferenceBody) -> DisposalBody:
    """Record the reference of a scrapped item's waste, or put a wrong one right."""
    await service.record_reference(session, tag, reference=body.reference, actor=actor.username, at=now)
    return await queries.get_disposal(session, tag)
