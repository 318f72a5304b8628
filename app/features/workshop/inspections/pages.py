"""Pages to record an inspection: a check at the bench, a report of thorough examination; and what was recorded."""

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.inspections import InspectionKind, InspectionOutcome, is_danger_without_words
from app.domain.labels import display
from app.domain.lifecycle import Move, can_move
from app.domain.scanning import check_tag
from app.domain.thorough_examinations import (
    MOST_DEFECTS,
    SCHEDULE_1,
    DefectKind,
    LoadBefore,
    Occasion,
    find_faults,
)
from app.features.workshop.inspections import certified_load, forms, queries, service
from app.features.workshop.inspections.api import pdf_answer
from app.features.workshop.inspections.corrections import said_by
from app.features.workshop.inspections.forms import ExaminationForm, InspectionForm, to_the_workshop
from app.features.workshop.inspections.report_pdf import defect_lines, equipment_lines, report_lines
from app.features.workshop.inspections.schemas import InspectedItem
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import BIGGEST_ID, Id
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.look_ahead import Ahead
from app.web.once import page_router
from app.web.questions import Back
from app.web.results import accepted
from app.web.tags import Prefix, Tag
from app.web.templating import day, render

INSPECTION = "inspections/inspection.html"
EXAMINATION = "inspections/examination.html"

router = page_router()

Wrong = Annotated[int | None, Query(ge=1, le=BIGGEST_ID)]


@router.get("/workshop/{barcode}/inspection")
async def inspection_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    ahead: Ahead,
    tag: Tag,
    back: Back = "",
    supersedes: Wrong = None,
) -> HTMLResponse:
    """What somebody checks at the bench, or at a client's."""
    context = await _bench(session, actor, tag, now, ahead, back=back, supersedes=supersedes)
    return render(request, INSPECTION, {"form": Form(), **context})


@router.post("/workshop/{barcode}/inspection")
async def inspect(request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> Response:
    """What the check found."""
    form, body = await read_form(request, InspectionForm)
    supersedes = forms.corrected(form)
    context = await _bench(session, actor, tag, now, ahead, back=form.value("back"), supersedes=supersedes)
    if not context["can_be_inspected"]:
        return render(request, INSPECTION, {"form": Form(), **context}, 409)
    if body and body.supersedes and not body.supersede_reason:
        form.refuse("Say what was wrong with the inspection.", "supersede_reason")
    if body and is_danger_without_words(body.kind, body.outcome, body.notes):
        form.refuse("Say what the danger is: what is wrong, and where.", "notes")
    if body is None or form.errors:
        return render(request, INSPECTION, {"form": form, **context}, 422)
    if body.kind is InspectionKind.LOLER:
        return RedirectResponse(f"/workshop/{tag}/examination", 303)
    with or_again(INSPECTION, form, **context):
        recorded = await service.inspect(
            session,
            tag,
            kind=body.kind,
            outcome=body.outcome,
            next_due_on=body.next_due_on,
            notes=body.notes,
            corrects=said_by(actor, body.correction),
            actor=actor.username,
            at=now,
        )
    said = f"{body.kind.text} {'passed' if body.outcome is InspectionOutcome.PASSED else 'failed'}"
    again = f" Due again by {day(recorded.due_on)}." if recorded.due_on else ""
    return redirect(request, body.back, _sentence(said, recorded.moved) + again)


@router.get("/workshop/{barcode}/examination")
async def examination_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    ahead: Ahead,
    tag: Tag,
    back: Back = "",
    supersedes: Wrong = None,
) -> HTMLResponse:
    """A report of thorough examination, with what is known already filled in."""
    context = await _bench(session, actor, tag, now, ahead, back=back, supersedes=supersedes)
    form = Form(await _known(session, actor, context["item"], supersedes, now))
    return render(request, EXAMINATION, {"form": form, **context})


@router.post("/workshop/{barcode}/examination")
async def examine(request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> Response:
    """The report: every field that is missing is said at its field, and what was typed stays; so it does where
    somebody only asks for the fields of another defect."""
    form, body = await read_form(request, ExaminationForm)
    supersedes = forms.corrected(form)
    context = await _bench(session, actor, tag, now, ahead, back=form.value("back"), supersedes=supersedes)
    if forms.ADD in form.names:
        raise ShowAgain(EXAMINATION, {**context, "form": form.with_values({})}, is_wrong=False)
    if body:
        before = await certified_load.read_before(session, tag, body.report, supersedes)
        _say_what_is_wrong(form, body, before, now)
    if body is None or form.errors:
        return render(request, EXAMINATION, {"form": form, **context}, 422)
    report = body.report
    with or_again(EXAMINATION, form, **context):
        recorded = await service.inspect(
            session,
            tag,
            kind=InspectionKind.LOLER,
            outcome=report.outcome,
            next_due_on=body.next_due_on,
            notes="",
            report=report,
            corrects=said_by(actor, body.correction),
            actor=actor.username,
            at=now,
        )
    said = _sentence("Report recorded", recorded.moved)
    if report.is_dangerous:
        said = f"{said} It is out of use. The enforcing authority must have a copy of this report."
    if recorded.load:
        said = f"{said} {recorded.load.beside_the_step}"
    again = f" Due again by {day(recorded.due_on)}." if recorded.due_on else ""
    onward = f"/inspections/{recorded.id}" if actor.may(Permission.SEE_CLIENTS) else body.back
    return redirect(request, onward, said + again)


@router.get("/inspections/{inspection_id}")
async def get_inspection(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    inspection_id: Id,
    barcode: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """What was recorded. `barcode`: the tag of the item that it really was; leads to the form that puts it right."""
    record = await queries.get_inspection(session, inspection_id)
    form = Form({"barcode": [barcode]} if barcode else None)
    if barcode:
        with or_again("inspections/made.html", form, record=record, **await _report(session, actor, record.id, now)):
            tag = check_tag(barcode, prefix=prefix)
        page = "examination" if record.kind is InspectionKind.LOLER else "inspection"
        return RedirectResponse(f"/workshop/{tag}/{page}?supersedes={record.id}", 303)
    context = {"record": record, "form": form, **await _report(session, actor, record.id, now)}
    return render(request, "inspections/made.html", context)


@router.get("/inspections/{inspection_id}/report.pdf")
async def download(
    session: Session, actor: Actor, now: Now, inspection_id: Id, for_authority: bool = False
) -> Response:
    """The report as a PDF; the reading is logged."""
    record = await queries.get_report(session, inspection_id)
    about = f"inspection:{inspection_id}"
    await audit.record(session, "examination_report_read", about, actor=actor.username, at=now, format="pdf")
    return pdf_answer(record, for_authority=for_authority, inline=True)


def _say_what_is_wrong(form: Form, body: ExaminationForm, before: LoadBefore, now: Now) -> None:
    for fault in find_faults(body.report, today=uk_date(now), before=before):
        form.refuse(fault.detail, body.field_of(fault))
    if body.supersedes and not body.supersede_reason:
        form.refuse("Say what was wrong with the report.", "supersede_reason")


async def _bench(
    session: AsyncSession, actor: Person, tag: str, now: Now, ahead: Ahead, *, back: str, supersedes: int | None
) -> dict[str, Any]:
    may_see_client = actor.may(Permission.SEE_CLIENTS)
    item = await queries.get_item(
        session, tag, today=uk_date(now), soon_days=ahead.soon_days, may_see_client=may_see_client
    )
    if item.client_ref:
        subject = f"client:{item.client_ref}"
        await audit.record(session, "loan_read", subject, actor=actor.username, at=now, item=tag)
    wrong = await queries.get_inspection(session, supersedes) if supersedes else None
    is_taken_back = wrong and wrong.barcode == tag and can_move(item.state, Move.TAKE_BACK_FAILURE)
    return {
        "item": item,
        "can_be_inspected": is_taken_back or can_move(item.state, Move.PASS_INSPECTION),
        "back": to_the_workshop(back),
        "kinds": list(InspectionKind),
        "wrong": wrong,
        "fields": {field.name: field for field in SCHEDULE_1},
        "occasions": [(one.value, one.text) for one in Occasion],
        "defect_kinds": [(one.value, one.text) for one in DefectKind],
        "defects_shown": forms.defects_shown,
        "most_defects": MOST_DEFECTS,
    }


async def _known(
    session: AsyncSession, actor: Person, item: InspectedItem, supersedes: int | None, now: Now
) -> dict[str, list[str]]:
    """What need not be typed again: of the report that was wrong, or of this person's last one and of the item."""
    if supersedes:
        wrong = await queries.get_inspection(session, supersedes)
        if not wrong.has_report:
            return {}
        report = (await queries.get_report(session, supersedes)).report.model_dump(mode="json")
        return forms.as_typed(report)
    last = await queries.find_own_last_report(session, actor.username)
    today = uk_date(now).isoformat()
    known = {
        "examined_on": today,
        "reported_on": today,
        "last_examined_on": item.last_examined_on and item.last_examined_on.isoformat(),
        "safe_working_load_kg": item.safe_working_load_kg,
        "premises_address": item.premises,
    }
    typed = forms.as_typed({name: last.get(name) for name in forms.ALWAYS_THE_SAME})
    return typed | {name: [str(value)] for name, value in known.items() if value}


async def _report(session: AsyncSession, actor: Person, inspection_id: int, now: Now) -> dict[str, Any]:
    """The report of an inspection that has one, in words; the reading is logged."""
    record = await queries.get_inspection(session, inspection_id)
    if not record.has_report:
        return {"equipment": [], "lines": [], "defects": []}
    report = (await queries.get_report(session, inspection_id)).report
    about = f"inspection:{inspection_id}"
    await audit.record(session, "examination_report_read", about, actor=actor.username, at=now, format="page")
    return {
        "equipment": equipment_lines(report.equipment),
        "lines": report_lines(report),
        "defects": [defect_lines(defect) for defect in report.defects],
    }


def _sentence(said: str, moved: Moved) -> str:
    """What happened to which item, and what to do with it now."""
    todo = accepted(moved).next_step.text
    return f"{said}: {moved.item.product_name} {display(moved.item.barcode)}. {todo}"
