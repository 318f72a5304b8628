"""JSON routes of stocktakes."""

from typing import Annotated

from fastapi import Query, Response

from app.db import Session
from app.domain.errors import BadValue
from app.domain.stocktakes import Correction
from app.features.stocktakes import finishing, queries, service
from app.features.stocktakes.differences import MOST_SHOWN
from app.features.stocktakes.schemas import (
    Decision,
    FinishBody,
    NewStocktake,
    StocktakeBody,
    StocktakeRow,
    StocktakeState,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import TAG, Page, number_cursor, page_of, text_cursor
from app.web.scan_bodies import BatchBody, ScanResults, read_batch
from app.web.tags import Prefix, check_tags

router = api_router("stocktakes")


@router.post("/stocktakes", status_code=201)
async def start(session: Session, actor: Actor, now: Now, answer: Response, body: NewStocktake) -> StocktakeBody:
    """Begin to count a store, or one bay of it. One count of a place is open at a time."""
    number = await service.start_stocktake(session, body, actor=actor, at=now)
    answer.headers["Location"] = f"/api/v1/stocktakes/{number}"
    return await queries.get_stocktake(session, number)


@router.get("/stocktakes")
async def list_stocktakes(
    session: Session,
    actor: Actor,
    store: Annotated[str | None, Query(max_length=40)] = None,
    state: StocktakeState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[StocktakeRow]:
    """Counts, newest first."""
    before = number_cursor(after) or 2**63 - 1
    rows = await queries.list_stocktakes(session, store=store, state=state, before=before, limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: int(row.number[1:]))


@router.get("/stocktakes/{number}")
async def get(
    session: Session, actor: Actor, number: str, limit: Limit = MOST_SHOWN, after: After = None
) -> StocktakeBody:
    """One count: how far it is, and each difference with what may be done about it, the proposed correction first.

    Differences come in pages, by tag: `next` is the `after` of the page that follows.
    """
    return await queries.get_stocktake(session, number, after=text_cursor(after, TAG), limit=limit)


@router.post("/stocktakes/{number}/scans")
async def scan(session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: BatchBody) -> ScanResults:
    """Count what was scanned: 1 to 500 scans, idempotent by scan id; one bad scan never loses the others."""
    batch = read_batch(body, at=now)
    return batch.answered(await service.scan_into(session, number, batch.scans, prefix=prefix, actor=actor, at=now))


@router.post("/stocktakes/{number}/finish")
async def finish(
    session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, body: FinishBody
) -> StocktakeBody:
    """Correct the record: each difference that stands must be decided, and nothing else. All of it, or nothing."""
    decided = _decided(body.corrections, prefix=prefix)
    await finishing.finish_stocktake(session, number, decided, actor=actor, at=now)
    return await queries.get_stocktake(session, number)


@router.post("/stocktakes/{number}/cancel")
async def cancel(session: Session, actor: Actor, now: Now, number: str) -> StocktakeBody:
    """Give up a count; nothing is corrected."""
    await service.cancel_stocktake(session, number, actor=actor, at=now)
    return await queries.get_stocktake(session, number)


def _decided(decisions: list[Decision], *, prefix: str) -> dict[str, Correction]:
    tags = check_tags([one.barcode for one in decisions], prefix=prefix, field="corrections")
    if len(tags) < len(decisions):
        raise BadValue("repeated-barcode", "An item is decided about twice. Decide once.", field="corrections")
    return dict(zip(tags, [one.correction for one in decisions], strict=True))
