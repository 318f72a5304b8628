"""The page that a label opens, for anybody: what it is, whether to use it, whom to ring, and how to report a fault.

It says nothing of people, nor where the item is: it is the same for one on the shelf and at a client's. Of a danger it
says that it must not be used, and never why. A tag that nobody has and one that is mistyped get the same answer.
"""

from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import RuleError, TooMany
from app.domain.scanning import check_tag
from app.features.faults import limiting, queries, service
from app.features.faults.queries import LabelPage
from app.features.faults.schemas import Danger, FaultForm
from app.web.auth import Public, check_csrf, sign
from app.web.clock import Now
from app.web.forms import Form, read_form
from app.web.once import page_router
from app.web.problems import status_of
from app.web.tags import Prefix
from app.web.templating import render
from app.web.visits import Visit, Visitor, address_of, keep_visit

LABEL = "faults/label.html"
REPORT = "faults/report.html"
REPORTED = "faults/reported.html"
SORRY = "faults/sorry.html"

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
RETRY_AFTER = "900"
DANGERS = [
    (Danger.YES.value, "Yes", "Stop using it if you can do so safely"),
    (Danger.NO.value, "No", "It is broken, worn, missing a part or does not work as it should"),
]
FILLED_IN = "A box that must stay empty was filled in, perhaps by your browser. It is empty now: send the report again."

router = page_router()


@router.get("/l/{barcode}")
async def label_page(
    request: Request, session: Session, now: Now, prefix: Prefix, barcode: str, _: Public
) -> HTMLResponse:
    """What this is."""
    try:
        await _count(request, session, limiting.LABEL_PAGES, now)
    except TooMany as error:
        return _sorry(request, error)
    label = await _find(session, barcode, prefix, now)
    return _page(request, LABEL, {"label": label}) if label else _sorry(request)


@router.get("/l/{barcode}/fault")
async def fault_form(
    request: Request, session: Session, now: Now, prefix: Prefix, visit: Visitor, barcode: str, _: Public
) -> HTMLResponse:
    """What is wrong with it?"""
    try:
        await _count(request, session, limiting.LABEL_PAGES, now)
    except TooMany as error:
        return _sorry(request, error)
    label = await _find(session, barcode, prefix, now)
    return _ask(request, visit, label, Form()) if label else _sorry(request)


@router.post("/l/{barcode}/fault")
async def report_fault(
    request: Request, session: Session, now: Now, prefix: Prefix, visit: Visitor, barcode: str, _: Public
) -> Response:
    """Keep the report, or show the form again with what is wrong."""
    label = await _find(session, barcode, prefix, now)
    if label is None:
        return _sorry(request)
    form, body = await read_form(request, FaultForm)
    try:
        await check_csrf(request, visit.token)
        if body is None:
            return _ask(request, visit, label, form, 422)
        if body.website:
            return _ask(request, visit, label, _with_error(form, FILLED_IN), 422)
        await _count(request, session, limiting.REPORTS, now)
    except RuleError as error:
        return _ask(request, visit, label, _with_error(form, error.detail), status_of(error))
    await service.report_fault(
        session,
        label.barcode,
        form_id=body.form_id,
        description=body.description,
        phone=body.phone or None,
        is_dangerous=body.danger is Danger.YES,
        at=now,
    )
    return RedirectResponse(f"/l/{label.barcode}/reported", 303, HEADERS)


@router.get("/l/{barcode}/reported")
async def reported(request: Request, prefix: Prefix, barcode: str, _: Public) -> HTMLResponse:
    """Thank you. Nothing is looked up."""
    try:
        tag = check_tag(barcode, prefix=prefix)
    except RuleError:
        return _sorry(request)
    return _page(request, REPORTED, {"barcode": tag})


async def _count(request: Request, session: AsyncSession, kind: str, now: Now) -> None:
    who = sign(request.app.state.settings, f"address:{address_of(request)}")
    await limiting.count_request(session, kind, who=who, at=now)


async def _find(session: AsyncSession, barcode: str, prefix: str, now: Now) -> LabelPage | None:
    try:
        tag = check_tag(barcode, prefix=prefix)
    except RuleError:
        return None
    return await queries.find_label(session, tag, today=uk_date(now))


def _ask(request: Request, visit: Visit, label: LabelPage, form: Form, status: int = 200) -> HTMLResponse:
    request.state.csrf_token = visit.token
    form_id = form.value("form_id") or str(uuid4())
    page = _page(request, REPORT, {"label": label, "form": form, "dangers": DANGERS, "form_id": form_id}, status)
    keep_visit(request, page, visit)
    return page


def _with_error(form: Form, message: str) -> Form:
    form.refuse(message)
    return form


def _sorry(request: Request, error: TooMany | None = None) -> HTMLResponse:
    """No such label, or too many asked for."""
    page = _page(request, SORRY, {"detail": error.detail if error else None}, status_of(error) if error else 404)
    if error:
        page.headers["Retry-After"] = RETRY_AFTER
    return page


def _page(request: Request, template: str, context: dict[str, object], status: int = 200) -> HTMLResponse:
    # A page for whoever holds the label: what an earlier page had to say to somebody else is no part of it.
    page = render(request, template, {**context, "flash": None, "is_public": True}, status)
    page.headers.update(HEADERS)
    return page
