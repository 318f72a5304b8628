"""Pages that change one item: to another place, missing, scrapped, on hold and off it. Each asks why."""

from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain import access
from app.domain.clearance import HoldKind
from app.domain.dates import uk_date
from app.domain.errors import NotFound
from app.domain.labels import display
from app.domain.lifecycle import State
from app.features.stock import queries, service
from app.features.stock.schemas import HoldBody, HoldForm, ItemBody, ScrapForm, TransferForm, WhyForm
from app.web import disposing
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.tags import Tag
from app.web.templating import render
from app.web.waste import CHOICES, OF_THE_MISSING

router = page_router()

HOLD_KINDS = [
    (HoldKind.FAULT.value, HoldKind.FAULT.text, "Something is broken, worn or missing"),
    (HoldKind.SAFETY_NOTICE.value, HoldKind.SAFETY_NOTICE.text, "A notice of the maker or of the MHRA may cover it"),
    (HoldKind.INVESTIGATION.value, HoldKind.INVESTIGATION.text, "Keep it as it is: something happened with it"),
]


@router.get("/items/{barcode}/transfer")
async def transfer_form(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> HTMLResponse:
    """Where to?"""
    context = await _about(session, actor, now, tag)
    return render(request, "stock/transfer.html", {"form": Form(), **context})


@router.post("/items/{barcode}/transfer")
async def transfer(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Into another store or bay."""
    form, body = await read_form(request, TransferForm)
    context = await _about(session, actor, now, tag)
    if body is None:
        return render(request, "stock/transfer.html", {"form": form, **context}, 422)
    with or_again("stock/transfer.html", form, **context):
        store = actor.store(body.store)
        await service.transfer(
            session, tag, store=store, bay=body.bay or None, reason=body.reason, actor=actor.username, at=now
        )
    bay = f", bay {body.bay}" if body.bay else ""
    return redirect(request, f"/items/{tag}", f"{display(tag)} is now in {store.name}{bay}.")


@router.get("/items/{barcode}/missing")
async def missing_form(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> HTMLResponse:
    """Really missing?"""
    return render(request, "stock/missing.html", {"form": Form(), **await _about(session, actor, now, tag)})


@router.post("/items/{barcode}/missing")
async def mark_missing(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Nobody knows where it is."""
    form, body = await read_form(request, WhyForm)
    context = await _about(session, actor, now, tag)
    if body is None:
        return render(request, "stock/missing.html", {"form": form, **context}, 422)
    with or_again("stock/missing.html", form, **context):
        await service.mark_missing(session, tag, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/items/{tag}", f"{display(tag)} is marked as missing.")


@router.get("/items/{barcode}/scrap")
async def scrap_form(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> HTMLResponse:
    """Really for good?"""
    context = await _about_scrap(session, actor, now, tag)
    return render(request, "stock/scrap.html", {"form": Form(), **context})


@router.post("/items/{barcode}/scrap")
async def scrap(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Out of use for good."""
    form, body = await read_form(request, ScrapForm)
    context = await _about_scrap(session, actor, now, tag)
    if body is None:
        return render(request, "stock/scrap.html", {"form": form, **context}, 422)
    with or_again("stock/scrap.html", form, **context):
        scrapped = await disposing.scrap(session, tag, body.disposal(body.reason), actor=actor.username, at=now)
    said = "is scrapped." if scrapped.moved else "waits in the scrap cage: another person is asked to agree."
    return redirect(request, f"/items/{tag}", f"{display(tag)} {said}")


@router.get("/items/{barcode}/holds/new")
async def hold_form(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> HTMLResponse:
    """Why hold it?"""
    context = {"kinds": HOLD_KINDS, **await _about(session, actor, now, tag)}
    return render(request, "stock/hold.html", {"form": Form(), **context})


@router.post("/items/{barcode}/holds/new")
async def place_hold(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Nothing goes out until the hold is lifted."""
    form, body = await read_form(request, HoldForm)
    context = {"kinds": HOLD_KINDS, **await _about(session, actor, now, tag)}
    if body is None:
        return render(request, "stock/hold.html", {"form": form, **context}, 422)
    with or_again("stock/hold.html", form, **context):
        await service.place_hold(session, tag, kind=body.kind, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/items/{tag}", f"{display(tag)} is on hold.")


@router.get("/items/{barcode}/holds/{hold_id}/lift")
async def lift_form(request: Request, session: Session, actor: Actor, now: Now, tag: Tag, hold_id: Id) -> HTMLResponse:
    """Why may it go out again?"""
    context = await _about(session, actor, now, tag)
    hold = _open_hold(context["item"], hold_id)
    return render(request, "stock/lift.html", {"form": Form(), "hold": hold, **context})


@router.post("/items/{barcode}/holds/{hold_id}/lift")
async def lift_hold(request: Request, session: Session, actor: Actor, now: Now, tag: Tag, hold_id: Id) -> Response:
    """The reason for the hold is gone."""
    form, body = await read_form(request, WhyForm)
    context = await _about(session, actor, now, tag)
    context["hold"] = _open_hold(context["item"], hold_id)
    if body is None:
        return render(request, "stock/lift.html", {"form": form, **context}, 422)
    with or_again("stock/lift.html", form, **context):
        await service.lift_hold(session, tag, hold_id, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/items/{tag}", "The hold is lifted.")


async def _about(session: AsyncSession, actor: access.Actor, now: datetime, tag: str) -> dict[str, Any]:
    """The item that the form is about, and the stores it may be moved to. Who has the item is not shown here."""
    return {
        "item": await queries.get_item(session, tag, today=uk_date(now), may_see_client=False, reader=None),
        "stores": [(store.code, store.name) for store in actor.stores],
    }


async def _about_scrap(session: AsyncSession, actor: access.Actor, now: datetime, tag: str) -> dict[str, Any]:
    """The same, with what may be said of its waste, and whether another person must agree."""
    context = await _about(session, actor, now, tag)
    item: ItemBody = context["item"]
    choices = CHOICES | ({"streams": OF_THE_MISSING} if item.state is State.MISSING else {})
    return {**context, **choices, "is_dear": disposing.is_dear(session, item.worth_pence)}


def _open_hold(item: ItemBody, hold_id: int) -> HoldBody:
    for hold in item.holds:
        if hold.id == hold_id:
            return hold
    raise NotFound("unknown-hold", "This item has no such hold that is still open.")
