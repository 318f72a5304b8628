"""JSON routes of decontaminations and of the benches' queues."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.db import Session
from app.domain.access import Permission
from app.domain.benches import Bench
from app.features.workshop import cleaning, cleaning_queries, scans
from app.features.workshop.certificates import certificate_pdf
from app.features.workshop.cleaning_schemas import (
    Corrected,
    Correction,
    DecontaminationBody,
    DecontaminationResults,
    StartDecontaminations,
)
from app.features.workshop.queue_schemas import BenchLine
from app.features.workshop.queues import list_bench, queue_cursor
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.files import pdf_answer
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.results import ItemResults, accepted
from app.web.tags import Prefix, Tag, sort_tags

router = api_router("workshop")


@router.post("/decontaminations")
async def start_decontaminations(
    session: Session, actor: Actor, now: Now, prefix: Prefix, body: StartDecontaminations
) -> ItemResults:
    """Begin to clean 1 to 500 items; one result per barcode, in order."""
    tags, errors = sort_tags(body.barcodes, prefix=prefix)
    wanted = list(dict.fromkeys(tags[raw] for raw in body.barcodes if raw in tags))
    moved, turned_away = await cleaning.start_decontaminations(
        session,
        wanted,
        route=body.route,
        terms=body.terms,
        actor=actor.username,
        at=now,
        may_overrule=actor.may(Permission.OVERRULE_CLEANING),
    )
    asked = [(tags.get(raw, raw), "start") for raw in body.barcodes]
    return await scans.answer_batch(session, asked, errors, moved, turned_away, reader=actor.username, at=now)


@router.post("/decontaminations/results")
async def finish_decontaminations(
    session: Session, actor: Actor, now: Now, prefix: Prefix, body: DecontaminationResults
) -> ItemResults:
    """Record how 1 to 500 cleanings ended; one result per barcode, in order."""
    tags, errors = sort_tags([result.barcode for result in body.results], prefix=prefix)
    said = [r.said(tags[r.barcode], r.outcome, r.notes) for r in body.results if r.barcode in tags]
    moved, turned_away = await cleaning.finish_decontaminations(session, said, actor=actor.username, at=now)
    asked = [(tags.get(r.barcode, r.barcode), r.outcome.value) for r in body.results]
    return await scans.answer_batch(session, asked, errors, moved, turned_away, reader=actor.username, at=now)


@router.post("/decontaminations/{decontamination_id}/correction", status_code=201)
async def correct(session: Session, actor: Actor, now: Now, decontamination_id: Id, body: Correction) -> Corrected:
    """Take back a pass that was none: the item is not clean from now on, and is held where it is out."""
    moved = await cleaning.correct_decontamination(
        session, decontamination_id, outcome=body.outcome.outcome, reason=body.reason, actor=actor.username, at=now
    )
    item = moved.item
    step = accepted(moved).next_step
    return Corrected(barcode=item.barcode, product_name=item.product_name, state=moved.state, next_step=step)


@router.get("/decontaminations/{decontamination_id}/certificate", response_class=Response)
async def certificate(request: Request, session: Session, actor: Actor, now: Now, decontamination_id: Id) -> Response:
    """The certificate of one decontamination as a PDF; one that no longer holds says so."""
    [found] = await cleaning_queries.list_certificates(session, [decontamination_id])
    return pdf_answer(certificate_pdf([found], settings=request.app.state.settings, at=now), found.number)


@router.get("/items/{barcode}/decontaminations")
async def list_decontaminations(
    session: Session, actor: Actor, tag: Tag, limit: Limit = 50, after: After = None
) -> Page[DecontaminationBody]:
    """How an item was cleaned, newest first, and whether each certificate holds."""
    before = number_cursor(after) or None
    _, rows = await cleaning_queries.list_of_item(session, tag, before=before, limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/workshop/queue")
async def list_queue(
    session: Session,
    actor: Actor,
    now: Now,
    bench: Bench = Bench.RETURNED,
    store: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[BenchLine]:
    """What waits on a bench, what is waited for most first; `after`: how many were answered already."""
    offset = queue_cursor(after)
    rows = await list_bench(session, bench, store=store, releaser=actor.username, now=now, offset=offset, limit=limit)
    return page_of(rows, limit=limit, cursor=lambda _: offset + limit)
