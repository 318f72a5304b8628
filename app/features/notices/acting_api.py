"""JSON routes of what is done about the items of a notice, until it is closed."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.features.notices import item_queries, packs, reviews, tracing
from app.features.notices.acting import Told, record_actions
from app.features.notices.acting_schemas import (
    CloseAnswer,
    CloseBody,
    HomeBody,
    MatchActionBody,
    MatchActionsBody,
    MatchBody,
    ReconciliationBody,
    RecordedBody,
    RecordedManyBody,
    ReviewBody,
    ReviewOut,
    facts_of,
    reconciliation_body,
)
from app.features.notices.closing import close
from app.features.notices.evidence_csv import PACK_HEAD, file_name, pack_rows
from app.features.notices.evidence_pdf import evidence_pdf
from app.features.notices.reconciling import count_late, reconcile
from app.features.notices.service import find_id
from app.features.notices.sign_offs import list_closings
from app.settings import Settings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import TAG, Page, number_cursor, page_of, text_cursor
from app.web.tags import Prefix, Tag, check_tags

router = api_router("safety notices")
Reference = Annotated[str, Path(max_length=200)]
ClientRef = Annotated[str, Path(max_length=40)]


async def no_access_tries(request: Request) -> int:
    """After so many visits in vain the manager is told, as the settings say."""
    settings: Settings = request.app.state.settings
    return settings.no_access_tries


async def service_name(request: Request) -> str:
    """What the service calls itself."""
    settings: Settings = request.app.state.settings
    return settings.service_name


NoAccessTries = Annotated[int, Depends(no_access_tries)]
ServiceName = Annotated[str, Depends(service_name)]
HERE = "/safety-notices/{reference:path}"


@router.post(f"{HERE}/matches/{{barcode}}/actions", status_code=201)
async def act(
    session: Session,
    actor: Actor,
    now: Now,
    tries: NoAccessTries,
    reference: Reference,
    tag: Tag,
    body: MatchActionBody,
) -> RecordedBody:
    """Record what was done about an item. Answers decide at once whether the notice covers it."""
    notice_id = await find_id(session, reference)
    who: dict[str, Any] = {"after_tries": tries, "actor": actor.username, "at": now}
    who["may_handle"] = actor.may(Permission.HANDLE_SAFETY_NOTICES)
    [found] = await record_actions(session, notice_id, [tag], told_by(body), **who)
    return RecordedBody.model_validate(found, from_attributes=True)


@router.post(f"{HERE}/matches/actions", status_code=201)
async def act_on_many(
    session: Session,
    actor: Actor,
    now: Now,
    tries: NoAccessTries,
    prefix: Prefix,
    reference: Reference,
    body: MatchActionsBody,
) -> RecordedManyBody:
    """Record the same of many items, or of none: 422 `not-recorded` names each that cannot take it, and why."""
    notice_id = await find_id(session, reference)
    tags = check_tags(body.barcodes, prefix=prefix, field="barcodes")
    who: dict[str, Any] = {"after_tries": tries, "actor": actor.username, "at": now}
    who["may_handle"] = actor.may(Permission.HANDLE_SAFETY_NOTICES)
    found = await record_actions(session, notice_id, tags, told_by(body), **who)
    return RecordedManyBody(results=[RecordedBody.model_validate(one, from_attributes=True) for one in found])


@router.get(f"{HERE}/matches/{{barcode}}")
async def get_match(session: Session, actor: Actor, reference: Reference, tag: Tag) -> MatchBody:
    """One item that the notice covers, with why, and all that was done about it. Auditors read the notes without the
    names that we know."""
    notice_id = await find_id(session, reference)
    works_on_it = actor.may(Permission.WORK_ON_NOTICES)
    return (await item_queries.get_match(session, notice_id, tag, works_on_it=works_on_it)).body


@router.get(f"{HERE}/homes")
async def list_homes(
    session: Session,
    actor: Actor,
    now: Now,
    reference: Reference,
    finished: bool = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[HomeBody]:
    """Items at homes, and who goes there anyway. That it was read stands in the audit trail."""
    notice_id = await find_id(session, reference)
    last = text_cursor(after, TAG)
    rows = await tracing.list_homes(session, notice_id, finished=finished, after=last, limit=limit)
    page = page_of(rows, limit=limit, cursor=lambda row: row.barcode)
    subject, found = f"safety_notice:{reference}", len(page.items)
    await audit.record(session, "notice_homes_listed", subject, actor=actor.username, at=now, found=found)
    return Page(items=[HomeBody(**facts_of(row, HomeBody)) for row in page.items], next=page.next)


@router.get(f"{HERE}/reply")
async def reply(
    session: Session, actor: Actor, reference: Reference, file_format: Annotated[Literal["csv"], Query(alias="format")]
) -> Response:
    """What the manufacturer is told: serial numbers, lots and counts, and nothing of people."""
    notice_id = await find_id(session, reference)
    rows = await tracing.list_for_reply(session, notice_id)
    return csv_answer(f"{file_name(reference)}-reply.csv", tracing.REPLY_HEAD, rows)


@router.get(f"{HERE}/reviews")
async def list_reviews(
    session: Session,
    actor: Actor,
    now: Now,
    reference: Reference,
    done: bool | None = None,
    unreached: bool = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[ReviewOut]:
    """The reviews of people that a notice of advice asks for; `unreached`: of those whom nobody reaches."""
    notice_id = await find_id(session, reference)
    last = number_cursor(after)
    rows = await reviews.list_reviews(session, notice_id, done=done, unreached=unreached, after=last, limit=limit)
    page = page_of(rows, limit=limit, cursor=lambda row: row.id)
    subject, found = f"safety_notice:{reference}", len(page.items)
    await audit.record(session, "notice_reviews_listed", subject, actor=actor.username, at=now, found=found)
    return Page(items=[ReviewOut(**facts_of(row, ReviewOut)) for row in page.items], next=page.next)


@router.post(f"{HERE}/reviews/{{client_ref}}")
async def review(
    session: Session,
    actor: Actor,
    now: Now,
    tries: NoAccessTries,
    reference: Reference,
    client_ref: ClientRef,
    body: ReviewBody,
) -> ReviewOut:
    """How the review of this person ended; `not_reached` leaves it open, with what was tried in its note, and after
    tries on so many days those who handle notices are told. They alone end it then as `unreachable`."""
    notice_id = await find_id(session, reference)
    handles = actor.may(Permission.HANDLE_SAFETY_NOTICES)
    said: dict[str, Any] = {"outcome": body.outcome, "note": body.note}
    await reviews.record_review(
        session,
        notice_id,
        client_ref,
        **said,
        after_tries=tries,
        handles_notices=handles,
        actor=actor.username,
        at=now,
    )
    return ReviewOut(**facts_of(await reviews.get_review(session, notice_id, client_ref), ReviewOut))


@router.get(f"{HERE}/reconciliation")
async def get_reconciliation(session: Session, actor: Actor, now: Now, reference: Reference) -> ReconciliationBody:
    """The counts by model, place and how far the work has come, and what is missing before it can be closed."""
    notice_id = await find_id(session, reference)
    counts = await reconcile(session, notice_id, today=uk_date(now))
    late = await count_late(session, notice_id)
    notes = await packs.list_notes(session, notice_id) if actor.may(Permission.SEE_NOTICE_EVIDENCE) else None
    return reconciliation_body(counts, late, await list_closings(session, notice_id), notes)


@router.post(f"{HERE}/close")
async def close_notice(
    session: Session, actor: Actor, now: Now, reference: Reference, body: CloseBody | None = None
) -> CloseAnswer:
    """The first call asks for it to be closed, with the counts of now; the same by another person closes it, and keeps
    the evidence as it is then."""
    notice_id = await find_id(session, reference)
    asked = body or CloseBody()
    closed, _ = await close(session, notice_id, **asked.model_dump(), actor=actor.username, at=now)
    detail = (
        "It is closed, and its record is final." if closed else "Another person must check the counts, and close it."
    )
    return CloseAnswer(is_closed=closed, detail=detail)


@router.get(f"{HERE}/evidence")
async def get_evidence(
    session: Session,
    actor: Actor,
    now: Now,
    service: ServiceName,
    reference: Reference,
    file_format: Annotated[Literal["pdf", "csv", "json"], Query(alias="format")] = "pdf",
) -> Response:
    """The evidence pack: all that was done about the notice, or as `csv` a line for each item. Of a closed notice as it
    was kept at the closing, with what came later apart; `json`: what was kept, byte for byte, with its SHA-256."""
    notice_id = await find_id(session, reference)
    if file_format == "json":
        return json_answer(await packs.get_frozen(session, notice_id), reference)
    handed = await packs.hand_over(session, notice_id, today=uk_date(now), at=now)
    if file_format == "csv":
        return csv_answer(f"{file_name(reference)}-evidence.csv", PACK_HEAD, pack_rows(handed))
    return pdf_answer(evidence_pdf(handed, service=service), reference)


def told_by(body: MatchActionBody) -> Told:
    """What was said."""
    return Told(
        body.action,
        body.notes,
        body.channel or "",
        body.answers,
        serial_read=body.serial_read or "",
        client_gone=body.client_gone,
        sound=body.sound,
    )


def pdf_answer(content: bytes, reference: str) -> Response:
    """The PDF, for a browser to show."""
    headers = {"Content-Disposition": f'inline; filename="{file_name(reference)}-evidence.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def json_answer(content: str, reference: str) -> Response:
    """What was kept, as it was kept."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name(reference)}-evidence.json"'}
    return Response(content, media_type="application/json", headers=headers)
