"""Pages of the workshop: what is done to one item on a bench, and scans from a page without its script."""

from typing import Annotated, Any, TypeVar

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.errors import BadValue
from app.domain.labels import display
from app.domain.lifecycle import Move
from app.features.workshop import queries, scans, service
from app.features.workshop.schemas import (
    ReleaseForm,
    RepairForm,
    RepairOutcome,
    to_the_workshop,
)
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.look_ahead import Ahead, or_decide
from app.web.once import page_router
from app.web.questions import Back
from app.web.results import accepted
from app.web.scan_desk import find_mode, read_scan_form, show_desk
from app.web.tags import Prefix, Tag
from app.web.templating import render

router = page_router()

Words = Annotated[str, Query(max_length=40)]
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
    one = await scans.do_scan(
        session, mode.value, body.barcode, prefix=prefix, actor=actor.username, at=now, ahead=ahead
    )
    return show_desk(request, actor, mode=mode.value, store=body.store, result=[one], done=mode.done)


@router.post("/workshop/{barcode}/release")
async def release(request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> Response:
    """Onto the shelf, if nothing stands in the way."""
    form, body = await _read_whole(request, ReleaseForm)
    said = ahead.said(body.due_soon_reason, actor)
    with or_decide(request, form, back=body.back):
        moved = await service.release(session, tag, bay=body.bay or None, actor=actor.username, at=now, ahead=said)
    where = f" Bay {body.bay}." if body.bay else ""
    return redirect(request, body.back, _sentence("Released to the shelf", moved) + where)


@router.get("/workshop/{barcode}/repair")
async def repair_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """One item on the repair bench."""
    context = await _on_the_bench(session, tag, back=back)
    return render(request, "workshop/repair.html", {"form": Form(), **context})


@router.post("/workshop/{barcode}/repair")
async def repair(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Mended, or beyond it."""
    form, body = await read_form(request, RepairForm)
    context = await _on_the_bench(session, tag, back=form.value("back"))
    if not context["item"].can(Move.COMPLETE_REPAIR):
        return render(request, "workshop/repair.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "workshop/repair.html", {"form": form, **context}, 422)
    verb = service.complete_repair if body.outcome is RepairOutcome.REPAIRED else service.give_up_repair
    with or_again("workshop/repair.html", form, **context):
        moved = await verb(session, tag, notes=body.notes, actor=actor.username, at=now)
    return redirect(request, body.back, _sentence(body.outcome.done, moved))


async def _read_whole(request: Request, schema: type[Sent]) -> tuple[Form, Sent]:
    """A form that is a row of a list, which cannot be shown again on its own. Raises BadValue `malformed`."""
    form, body = await read_form(request, schema)
    if body is None:
        raise BadValue("malformed", " ".join(error["text"] for error in form.errors))
    return form, body


async def _on_the_bench(session: AsyncSession, tag: str, *, back: str) -> dict[str, Any]:
    item = await queries.get_bench_item(session, tag)
    return {"item": item, "back": to_the_workshop(back)}


def _sentence(said: str, moved: Moved) -> str:
    """What happened to which item, and what to do with it now."""
    todo = accepted(moved).next_step.text
    return f"{said}: {moved.item.product_name} {display(moved.item.barcode)}. {todo}"
