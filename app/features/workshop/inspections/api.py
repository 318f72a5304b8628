"""JSON routes of inspections, reports of thorough examination, and copies for the enforcing authority."""

from typing import Annotated, Literal

from fastapi import Query, Response

from app import audit
from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import Move
from app.domain.scanning import check_tag
from app.domain.thorough_examinations import SCHEDULE_1
from app.features.workshop.inspections import authority, queries, service
from app.features.workshop.inspections.corrections import said_by
from app.features.workshop.inspections.report_pdf import report_pdf
from app.features.workshop.inspections.schemas import (
    AuthorityCopyBody,
    InspectionBody,
    InspectionRecord,
    NewInspection,
    ReportFieldBody,
    ReportRecord,
    SentBody,
)
from app.features.workshop.scans import told_if_again
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import BIGGEST_ID, After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.results import accepted
from app.web.tags import Prefix, Tag

router = api_router("inspections")


@router.post("/inspections", status_code=201)
async def inspect(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewInspection) -> InspectionBody:
    """Record an inspection of one item; a thorough examination with its report, wherever the item is by now."""
    if body.supersedes and not body.supersede_reason:
        raise BadValue("reason-missing", "Say what was wrong with the inspection.", field="supersede_reason")
    tag = check_tag(body.barcode, prefix=prefix)
    again = Move.FAIL_INSPECTION if body.kind is InspectionKind.FUNCTIONAL and not body.supersedes else None
    async with told_if_again(session, tag, again, actor=actor.username, at=now):
        recorded = await service.inspect(
            session,
            tag,
            kind=body.kind,
            outcome=body.outcome,
            next_due_on=body.next_due_on,
            notes=body.notes,
            report=body.report.report if body.report else None,
            corrects=said_by(actor, body.correction),
            actor=actor.username,
            at=now,
        )
    moved = recorded.moved
    return InspectionBody(
        id=recorded.id,
        barcode=moved.item.barcode,
        product_name=moved.item.product_name,
        kind=body.kind,
        outcome=body.outcome,
        state=moved.state,
        next_due_on=recorded.due_on,
        next_step=accepted(moved).next_step,
    )


@router.get("/inspections/report-fields")
async def report_fields(actor: Actor) -> list[ReportFieldBody]:
    """What a report of thorough examination says, field by field, in the order of LOLER's Schedule 1."""
    return [ReportFieldBody.model_validate(field, from_attributes=True) for field in SCHEDULE_1]


@router.get("/inspections/{inspection_id}")
async def get_inspection(session: Session, actor: Actor, inspection_id: Id) -> InspectionRecord:
    """One inspection."""
    return await queries.get_inspection(session, inspection_id)


@router.get("/inspections/{inspection_id}/report", response_model=ReportRecord)
async def get_report(
    session: Session,
    actor: Actor,
    now: Now,
    inspection_id: Id,
    file_format: Annotated[Literal["json", "pdf"], Query(alias="format")] = "json",
    for_authority: bool = False,
) -> ReportRecord | Response:
    """The report of a thorough examination. `for_authority`: as the copy for the enforcing authority. It is logged."""
    record = await queries.get_report(session, inspection_id)
    about = f"inspection:{inspection_id}"
    await audit.record(session, "examination_report_read", about, actor=actor.username, at=now, format=file_format)
    return record if file_format == "json" else pdf_answer(record, for_authority=for_authority)


@router.get("/items/{barcode}/inspections")
async def list_of_item(
    session: Session, actor: Actor, tag: Tag, limit: Limit = 50, after: After = None
) -> Page[InspectionRecord]:
    """The item's inspections, newest first; those that were wrong too, with what superseded them."""
    before = number_cursor(after) or BIGGEST_ID
    rows = await queries.list_of_item(session, tag, before=before, limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/authority-copies")
async def list_copies(
    session: Session,
    actor: Actor,
    now: Now,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[AuthorityCopyBody]:
    """Copies of reports for the enforcing authority, those made longest ago first."""
    rows = await queries.list_copies(
        session, is_open=is_open, today=uk_date(now), after=number_cursor(after), limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/authority-copies/{copy_id}/sent")
async def record_sent(session: Session, actor: Actor, now: Now, copy_id: Id, body: SentBody) -> AuthorityCopyBody:
    """Record when the copy was sent to which authority."""
    await authority.record_sent(
        session,
        copy_id,
        sent_on=body.sent_on,
        sent_to=body.sent_to,
        how=body.how,
        actor=actor.username,
        at=now,
    )
    return await queries.get_copy(session, copy_id, today=uk_date(now))


def pdf_answer(record: ReportRecord, *, for_authority: bool, inline: bool = False) -> Response:
    """The report as a file."""
    name = f"{record.barcode}-{record.report.examined_on}{'-authority' if for_authority else ''}.pdf"
    headers = {"Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{name}"'}
    return Response(report_pdf(record, for_authority=for_authority), media_type="application/pdf", headers=headers)
