"""Pages of the proof: how an item was cleaned, its certificates, and the correction of a pass that was none."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.certificates import number_of
from app.domain.labels import display
from app.features.workshop import cleaning, cleaning_queries
from app.features.workshop.certificates import certificate_pdf
from app.features.workshop.cleaning_schemas import CorrectionForm, TakenBack
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.files import pdf_answer
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.results import accepted
from app.web.tags import Prefix, Tag, sort_tags
from app.web.templating import render

router = page_router()

RECORDS_ON_A_PAGE = 20
MOST_CERTIFICATES = 200
CORRECTION = "workshop/correction.html"
TAKEN_BACK = [
    (TakenBack.FAILED.value, "It was not clean, and can be cleaned again"),
    (TakenBack.CANNOT.value, "It cannot be cleaned: it is to be scrapped"),
]


@router.get("/items/{barcode}/cleanings")
async def cleanings(request: Request, session: Session, actor: Actor, tag: Tag, after: After = None) -> HTMLResponse:
    """How the item was cleaned, newest first, and which certificate counts."""
    item, rows = await cleaning_queries.list_of_item(
        session, tag, before=number_cursor(after) or None, limit=RECORDS_ON_A_PAGE
    )
    page = page_of(rows, limit=RECORDS_ON_A_PAGE, cursor=lambda row: row.id)
    older = f"/items/{tag}/cleanings?after={page.next}" if page.next else None
    # Only the newest pass can be taken back; on an older page there is none.
    newest = next((row.id for row in page.items if row.outcome), None) if after is None else None
    context = {"item": item, "cleanings": page.items, "older": older, "newest": newest}
    return render(request, "workshop/cleanings.html", context)


@router.get("/items/{barcode}/certificate")
async def certificate(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """The certificate that counts for this item; 409 where none does."""
    numbers = await cleaning_queries.list_certified(session, [tag])
    found = await cleaning_queries.list_certificates(session, numbers)
    return pdf_answer(certificate_pdf(found, settings=request.app.state.settings, at=now), found[0].number)


@router.get("/decontaminations/{decontamination_id}/certificate")
async def one_certificate(
    request: Request, session: Session, actor: Actor, now: Now, decontamination_id: Id
) -> Response:
    """The certificate of one decontamination; one that no longer holds says so."""
    found = await cleaning_queries.list_certificates(session, [decontamination_id])
    return pdf_answer(certificate_pdf(found, settings=request.app.state.settings, at=now), found[0].number)


@router.get("/certificates")
async def certificates(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    barcode: Annotated[list[str], Query(min_length=1, max_length=MOST_CERTIFICATES)],
) -> Response:
    """The certificates that count for several items, in one file: a page each."""
    tags, errors = sort_tags(barcode, prefix=prefix)
    for error in errors.values():
        raise error
    wanted = list(dict.fromkeys(tags[raw] for raw in barcode))
    found = await cleaning_queries.list_certificates(session, await cleaning_queries.list_certified(session, wanted))
    return pdf_answer(certificate_pdf(found, settings=request.app.state.settings, at=now), "certificates")


@router.get("/decontaminations/{decontamination_id}/correct")
async def correction_form(request: Request, session: Session, actor: Actor, decontamination_id: Id) -> HTMLResponse:
    """Was it really no pass?"""
    cleaned = await cleaning_queries.get_of_number(session, decontamination_id)
    return render(request, CORRECTION, {"form": Form(), "cleaned": cleaned, "outcomes": TAKEN_BACK})


@router.post("/decontaminations/{decontamination_id}/correct")
async def correct(request: Request, session: Session, actor: Actor, now: Now, decontamination_id: Id) -> Response:
    """It was none, and this is how one knows."""
    form, body = await read_form(request, CorrectionForm)
    context = {"cleaned": await cleaning_queries.get_of_number(session, decontamination_id), "outcomes": TAKEN_BACK}
    if body is None:
        return render(request, CORRECTION, {"form": form, **context}, 422)
    with or_again(CORRECTION, form, **context):
        moved = await cleaning.correct_decontamination(
            session, decontamination_id, outcome=body.outcome.outcome, reason=body.reason, actor=actor.username, at=now
        )
    item = moved.item
    said = f"{number_of(decontamination_id)} is taken back: {item.product_name} {display(item.barcode)} is not clean."
    return redirect(request, f"/items/{item.barcode}/cleanings", f"{said} {accepted(moved).next_step.text}")
