"""Pages of the workshop: what is done to one item on a bench, and scans from a page without its script."""

from typing import TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from app.db import Session
from app.domain.errors import BadValue
from app.domain.hygiene import Cleaned, Outcome
from app.domain.labels import display
from app.features.workshop import scans, service
from app.features.workshop.schemas import ReleaseForm
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, read_form
from app.web.look_ahead import Ahead, or_decide
from app.web.once import page_router
from app.web.results import accepted
from app.web.scan_desk import find_mode, read_scan_form, show_desk
from app.web.tags import Prefix, Tag

router = page_router()

Sent = TypeVar("Sent", bound=BaseModel)


@router.post("/workshop/scan")
async def scan(
    request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, prefix: Prefix
) -> HTMLResponse:
    """One scan of a workshop mode from a page without its script; `POST /scan` sends it here."""
    form, body = await read_scan_form(request)
    if body is None:
        return show_desk(request, actor, mode=form.value("mode"), store=form.value("store"), form=form)
    mode = find_mode(actor, body.mode)
    said = Cleaned(
        "", Outcome.PASSED, infection_risk=body.infection_risk, method=body.method, product_used=body.product_used
    )
    one = await scans.do_scan(
        session, mode.value, body.barcode, prefix=prefix, actor=actor.username, at=now, ahead=ahead, cleaned=said
    )
    kept = form.with_values({"barcode": ""})
    return show_desk(request, actor, mode=mode.value, store=body.store, form=kept, result=[one], done=mode.done)


@router.post("/workshop/{barcode}/release")
async def release(request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> Response:
    """Onto the shelf, if nothing stands in the way."""
    form, body = await _read_whole(request, ReleaseForm)
    said = ahead.said(body.due_soon_reason, actor)
    with or_decide(request, form, back=body.back):
        moved = await service.release(session, tag, bay=body.bay or None, actor=actor.username, at=now, ahead=said)
    where = f" Bay {body.bay}." if body.bay else ""
    return redirect(request, body.back, _sentence("Released to the shelf", moved) + where)


async def _read_whole(request: Request, schema: type[Sent]) -> tuple[Form, Sent]:
    """A form that is a row of a list, which cannot be shown again on its own. Raises BadValue `malformed`."""
    form, body = await read_form(request, schema)
    if body is None:
        raise BadValue("malformed", " ".join(error["text"] for error in form.errors))
    return form, body


def _sentence(said: str, moved: Moved) -> str:
    """What happened to which item, and what to do with it now."""
    todo = accepted(moved).next_step.text
    return f"{said}: {moved.item.product_name} {display(moved.item.barcode)}. {todo}"
