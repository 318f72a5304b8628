"""Deliveries from a scan page without its script; `POST /scan` sends them here."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.db import Session
from app.features.ordering.delivery_scans import scan_deliveries
from app.web.auth import Actor
from app.web.clock import Now
from app.web.forms import or_again
from app.web.once import page_router
from app.web.scan_desk import desk_context, find_mode, read_scan_form, show_desk
from app.web.tags import Prefix

router = page_router()


@router.post("/deliveries/scan")
async def scan(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> HTMLResponse:
    """One scan of what is left with a client, and who took it in."""
    form, body = await read_scan_form(request)
    mode = find_mode(actor, "deliver")
    if body and not body.received_by:
        form.refuse("Say who takes it in, then scan it again.", "received_by")
    if body is None or form.errors:
        return show_desk(request, actor, mode=mode.value, store=form.value("store"), form=form)
    with or_again("scan/scan.html", form, **desk_context(actor, mode=mode.value, store=body.store)):
        store = actor.store(body.store)
    scans = [body.as_scan(now)]
    results = await scan_deliveries(session, scans, store=store, prefix=prefix, actor=actor.username, at=now)
    return show_desk(request, actor, mode=mode.value, store=body.store, form=form, result=results, done=mode.done)
