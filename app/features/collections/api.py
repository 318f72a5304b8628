"""JSON routes of collections and of what is found there."""

from datetime import date
from typing import Annotated

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.dates import uk_date
from app.features.collections import find_queries, finds, queries, service
from app.features.collections.scans import scan_collections
from app.features.collections.schemas import (
    CollectionBody,
    CollectionRow,
    CollectionState,
    FailBody,
    FindBody,
    FoundBody,
    NewCollection,
    ReasonBody,
    ReconcileBody,
    ScheduleBody,
)
from app.web.auth import Actor
from app.web.bank_holidays import bank_holidays
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.scan_bodies import CollectionsBody, ScanBody, ScanResults, read_batch
from app.web.tags import Prefix, check_tags
from app.web.working_times import Times

router = api_router("collections")


@router.post("/collections", status_code=201)
async def request_collection(
    session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewCollection
) -> CollectionBody:
    """Ask for items to be fetched from a client: all of them or none. After a death one contact must be named."""
    barcodes = check_tags(body.barcodes, prefix=prefix, field="barcodes")
    number = await service.request_collection(
        session,
        body.client_ref,
        barcodes,
        reason=body.reason,
        speed=body.speed,
        contact=body.contact,
        actor=actor.username,
        at=now,
    )
    return await _read(session, number, now, prefix)


@router.post("/collections/scans")
async def scan(session: Session, actor: Actor, now: Now, prefix: Prefix, body: CollectionsBody) -> ScanResults:
    """Record what was taken onto the van: 1 to 500 scans, idempotent by scan id; one bad scan never loses the others.

    A loan goes on until its item is scanned in at a store.
    """
    store = actor.store(body.store)
    batch = read_batch(body, ScanBody, at=now)
    results = await scan_collections(session, batch.scans, store=store, prefix=prefix, actor=actor.username, at=now)
    return batch.answered(results)


@router.get("/collections")
async def list_collections(
    session: Session,
    actor: Actor,
    now: Now,
    state: CollectionState | None = None,
    client_ref: Annotated[str | None, Query(max_length=40)] = None,
    scheduled_on: date | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[CollectionRow]:
    """Collections, oldest first. The reading is logged."""
    today = uk_date(now)
    wanted = queries.Wanted(state=state, client_ref=client_ref, scheduled_on=scheduled_on)
    rows = await queries.list_collections(
        session, wanted, today=today, holidays=bank_holidays(today), after=number_cursor(after), limit=limit
    )
    subject = f"client:{client_ref}" if client_ref else "collections"
    await audit.record(session, "collections_listed", subject, actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: int(row.number[1:]))


@router.get("/collections/{number}")
async def get_collection(session: Session, actor: Actor, now: Now, prefix: Prefix, number: str) -> CollectionBody:
    """One collection with its lines; the reading is logged."""
    collection = await _read(session, number, now, prefix)
    await audit.record(session, "collection_read", f"collection:{number}", actor=actor.username, at=now)
    return collection


@router.post("/collections/{number}/agree-list")
async def agree_list(session: Session, actor: Actor, now: Now, prefix: Prefix, number: str) -> CollectionBody:
    """The contact has agreed to what is on the list. After a death nothing is planned before."""
    await service.agree_list(session, number, actor=actor.username, at=now)
    return await _read(session, number, now, prefix)


@router.post("/collections/{number}/schedule")
async def schedule(
    session: Session, actor: Actor, now: Now, times: Times, prefix: Prefix, number: str, body: ScheduleBody
) -> CollectionBody:
    """Plan the visit for a working day."""
    await service.schedule(session, number, body.on, times=times, actor=actor.username, at=now)
    return await _read(session, number, now, prefix)


@router.post("/collections/{number}/fail")
async def fail(session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: FailBody) -> CollectionBody:
    """A visit came back without what it was to fetch; it waits for another day to be planned."""
    await service.fail(session, number, reason=body.reason, visited_at=body.visited_at, actor=actor.username, at=now)
    return await _read(session, number, now, prefix)


@router.post("/collections/{number}/found", status_code=201)
async def take_found(
    session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: FoundBody
) -> FindBody:
    """Something found there that is not on the list: it is taken, and the answer says what it is and what happens."""
    find_id = await finds.take_found(
        session,
        number,
        label=body.label.strip(),
        description=body.description,
        prefix=prefix,
        actor=actor.username,
        at=now,
    )
    return await find_queries.get_find(session, find_id, prefix=prefix)


@router.post("/collections/{number}/cancel")
async def cancel_collection(
    session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: ReasonBody
) -> CollectionBody:
    """Call off what is still to be fetched."""
    await service.cancel_collection(session, number, reason=body.reason, actor=actor.username, at=now)
    return await _read(session, number, now, prefix)


@router.get("/collection-finds")
async def list_finds(
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[FindBody]:
    """Things found at clients' that were not on a list, oldest first. `open=true`: those nobody has reconciled."""
    rows = await find_queries.list_finds(
        session, prefix=prefix, only_open=bool(is_open), after=number_cursor(after), limit=limit
    )
    await audit.record(session, "collection_finds_listed", "collections", actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/collection-finds/{find_id}/reconcile")
async def reconcile_find(
    session: Session, actor: Actor, now: Now, prefix: Prefix, find_id: Id, body: ReconcileBody
) -> FindBody:
    """What was found out about it."""
    await finds.reconcile_finds(session, [find_id], note=body.note, actor=actor.username, at=now)
    return await find_queries.get_find(session, find_id, prefix=prefix)


async def _read(session: AsyncSession, number: str, now: Now, prefix: str) -> CollectionBody:
    today = uk_date(now)
    return await queries.get_collection(session, number, today=today, holidays=bank_holidays(today), prefix=prefix)
