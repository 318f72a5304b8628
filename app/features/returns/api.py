"""JSON routes of the returns desk."""

from datetime import date

from fastapi import Response

from app.db import Session
from app.domain.lifecycle import State
from app.features.returns import queries
from app.features.returns.found import find_item
from app.features.returns.schemas import (
    FoundBody,
    FoundItem,
    ReconcileBody,
    SettledItem,
    UnmatchedScan,
    WhereaboutsBody,
)
from app.features.returns.service import reconcile, scan_returns
from app.features.returns.whereabouts import settle
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Code, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.scan_bodies import ReturnsBody, ReturnScanBody, ScanResults, read_batch
from app.web.tags import Prefix, Tag

router = api_router("returns")


@router.post("/returns/scans")
async def scan(session: Session, actor: Actor, now: Now, prefix: Prefix, body: ReturnsBody) -> ScanResults:
    """Take back what was scanned: 1 to 500 scans, idempotent by scan id; one bad scan never loses the others."""
    store = actor.store(body.store)
    batch = read_batch(body, ReturnScanBody, at=now)
    results = await scan_returns(session, batch.scans, store=store, prefix=prefix, actor=actor.username, at=now)
    return batch.answered(results)


@router.get("/returns/unmatched")
async def unmatched(
    session: Session,
    actor: Actor,
    store: Code | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[UnmatchedScan]:
    """Scans that were refused or unknown and that nobody has reconciled yet, oldest first."""
    wanted = queries.Wanted(store, since, until)
    rows = await queries.list_unmatched(session, wanted, after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.number)


@router.post("/returns/unmatched/{scan_number}", status_code=204)
async def reconcile_scan(session: Session, actor: Actor, now: Now, scan_number: Id, body: ReconcileBody) -> Response:
    """Say what was done about a scan that was refused or unknown."""
    await reconcile(session, [scan_number], note=body.note, actor=actor.username, at=now)
    return Response(status_code=204)


@router.post("/items/{barcode}/find")
async def find(session: Session, actor: Actor, now: Now, tag: Tag, body: FoundBody) -> FoundItem:
    """A missing item turned up in a store; it goes to be cleaned like any return."""
    store = actor.store(body.store)
    await find_item(session, tag, store=store, reason=body.reason, actor=actor.username, at=now)
    return FoundItem(barcode=tag, state=State.RETURNED)


@router.post("/items/{barcode}/whereabouts")
async def whereabouts(session: Session, actor: Actor, now: Now, tag: Tag, body: WhereaboutsBody) -> SettledItem:
    """Say what happened with an item that was handed in although it never left, by the record.

    `never_left` releases the hold; `used` sends the item to be cleaned. 409 `not-in-question` where nobody asks.
    """
    store = await settle(session, tag, body.decision, reason=body.reason, actor=actor.username, at=now)
    item = await queries.get_item(session, tag)
    return SettledItem(barcode=tag, state=item.state, store=store.code)
