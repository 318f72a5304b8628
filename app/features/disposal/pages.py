"""Pages of scrap requests, and of what was scrapped without the reference of its waste."""

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.dates import uk_date
from app.domain.labels import display
from app.features.disposal import queries, service
from app.features.disposal.schemas import DeclineForm, ReferenceForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

REQUEST = "disposal/request.html"
REFERENCE = "disposal/reference.html"
LINES_ON_A_PAGE = 50


@router.get("/scrap-requests")
async def worklist(
    request: Request, session: Session, actor: Actor, now: Now, decided: bool = False, after: After = None
) -> HTMLResponse:
    """Who asks to scrap what, the oldest request first."""
    rows = await queries.list_requests(session, is_open=not decided, after=number_cursor(after), limit=LINES_ON_A_PAGE)
    page = page_of(rows, limit=LINES_ON_A_PAGE, cursor=lambda row: row.id)
    asked = {"decided": "true"} if decided else {}
    context = {
        "requests": [(one, (uk_date(now) - uk_date(one.asked_at)).days) for one in page.items],
        "decided": decided,
        "following": f"/scrap-requests?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "disposal/requests.html", context)


@router.get("/scrap-requests/{request_id}")
async def show_request(request: Request, session: Session, actor: Actor, request_id: Id) -> HTMLResponse:
    """One request, to agree to or to decline."""
    asked = await queries.get_request(session, request_id)
    return render(request, REQUEST, {"form": Form(), "asked": asked})


@router.post("/scrap-requests/{request_id}/agree")
async def agree(request: Request, session: Session, actor: Actor, now: Now, request_id: Id) -> Response:
    """It is scrapped."""
    asked = await queries.get_request(session, request_id)
    with or_again(REQUEST, Form(), asked=asked):
        await service.agree(session, request_id, actor=actor.username, at=now)
    return redirect(request, "/scrap-requests", f"{display(asked.barcode)} is scrapped.")


@router.post("/scrap-requests/{request_id}/decline")
async def decline(request: Request, session: Session, actor: Actor, now: Now, request_id: Id) -> Response:
    """It stays."""
    form, body = await read_form(request, DeclineForm)
    asked = await queries.get_request(session, request_id)
    if body is None:
        return render(request, REQUEST, {"form": form, "asked": asked}, 422)
    with or_again(REQUEST, form, asked=asked):
        await service.decline(session, request_id, reason=body.reason, actor=actor.username, at=now)
    said = f"{display(asked.barcode)} is not scrapped. {asked.asked_by} is told why."
    return redirect(request, "/scrap-requests", said)


@router.get("/disposals")
async def without_reference(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """What was scrapped without the reference of its waste, the oldest first."""
    rows = await queries.list_disposals(
        session, without_reference=True, after=number_cursor(after), limit=LINES_ON_A_PAGE
    )
    page = page_of(rows, limit=LINES_ON_A_PAGE, cursor=lambda row: row.id)
    following = f"/disposals?{urlencode({'after': page.next})}" if page.next else None
    return render(request, "disposal/without_reference.html", {"disposals": page.items, "following": following})


@router.get("/items/{barcode}/waste-reference")
async def reference_form(request: Request, session: Session, actor: Actor, tag: Tag) -> HTMLResponse:
    """Under which note did its waste go?"""
    disposal = await queries.get_disposal(session, tag)
    return render(request, REFERENCE, {"form": Form(), "disposal": disposal})


@router.post("/items/{barcode}/waste-reference")
async def record_reference(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """The reference, late."""
    form, body = await read_form(request, ReferenceForm)
    disposal = await queries.get_disposal(session, tag)
    if body is None:
        return render(request, REFERENCE, {"form": form, "disposal": disposal}, 422)
    with or_again(REFERENCE, form, disposal=disposal):
        await service.record_reference(session, tag, reference=body.reference, actor=actor.username, at=now)
    return redirect(request, "/disposals", f"The waste reference of {display(tag)} is recorded.")
