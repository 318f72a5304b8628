"""The start page of everybody who is signed in; which parts it has follows from what the person may do."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.features.home import queries
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import page_router
from app.web.templating import render

router = page_router()


@router.get("/")
async def home(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """What waits for this person, then where they can go."""
    today = uk_date(now)
    context: dict[str, Any] = {"today": today, "now": now}
    if actor.may(Permission.WORK_ON_ITEMS):
        context["benches"] = await queries.count_benches(session)
        context["waiting"] = await queries.count_waiting(session, today=today)
    if actor.may(Permission.REVIEW_TRIALS):
        context["trials"] = await queries.list_trials(session, actor.username, today=today)
    if actor.may(Permission.REQUEST_COLLECTIONS):
        context["collections"] = await queries.list_collections(session, actor.username)
    shown = len(context.get("trials", [])) + len(context.get("collections", []))
    if shown:
        # Each line names a client.
        await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, found=shown)
    if actor.may(Permission.LIFT_HOLDS):
        context["held"] = await queries.count_held(session)
    return render(request, "home/home.html", context)
