"""Pages of collections that are asked for: the worklist, one collection, visits in vain, and calling it off."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.features.collections import queries, service
from app.features.collections.schemas import CancelForm, CollectionState, FailForm, ScheduleForm, Show
from app.web.auth import Actor
from app.web.bank_holidays import bank_holidays
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Prefix
from app.web.templating import day, render
from app.web.working_times import Times

COLLECTIONS_ON_A_PAGE = 50
PAGE = "collections/collection.html"
FAIL = "collections/fail.html"

router = page_router()


@router.get("/collections")
async def worklist(
    request: Request, session: Session, actor: Actor, now: Now, show: Show = Show.OPEN, after: After = None
) -> HTMLResponse:
    """Open collections: all, those planned for today, failed, overdue, or one's own; the reading is logged."""
    today = uk_date(now)
    days: dict[str, Any] = {"today": today, "holidays": bank_holidays(today)}
    rows = await queries.list_collections(
        session,
        queries.Wanted(show=show, me=actor.username),
        after=number_cursor(after),
        limit=COLLECTIONS_ON_A_PAGE,
        **days,
    )
    page = page_of(rows, limit=COLLECTIONS_ON_A_PAGE, cursor=lambda row: int(row.number[1:]))
    found = len(page.items)
    await audit.record(session, "collections_listed", "collections", actor=actor.username, at=now, found=found)
    context = {
        "show": show.value,
        "counts": await queries.count_open(session, me=actor.username, **days),
        "collections": page.items,
        "today": today,
        "next_href": f"/collections?{urlencode({'show': show.value, 'after': page.next})}" if page.next else None,
    }
    return render(request, "collections/worklist.html", context)


@router.get("/collections/{number}")
async def get_collection(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> HTMLResponse:
    """One collection."""
    return render(request, PAGE, {"form": Form(), **await _read(session, number, actor, now, prefix)})


@router.post("/collections/{number}/agree-list")
async def agree_list(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> Response:
    """The contact has agreed to the list."""
    context = await _read(session, number, actor, now, prefix)
    with or_again(PAGE, Form(), **context):
        await service.agree_list(session, number, actor=actor.username, at=now)
    return redirect(request, f"/collections/{number}", "The list is agreed. Now the visit can be planned.")


@router.post("/collections/{number}/schedule")
async def schedule(
    request: Request, session: Session, actor: Actor, now: Now, times: Times, prefix: Prefix, number: str
) -> Response:
    """Plan the visit."""
    form, body = await read_form(request, ScheduleForm)
    context = await _read(session, number, actor, now, prefix)
    if body is None:
        return render(request, PAGE, {"form": form, **context}, 422)
    with or_again(PAGE, form, **context):
        await service.schedule(session, number, body.on, times=times, actor=actor.username, at=now)
    return redirect(request, f"/collections/{number}", f"The visit is planned for {day(body.on)}.")


@router.get("/collections/{number}/fail")
async def fail_form(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> HTMLResponse:
    """Why a visit came back without what it was to fetch."""
    return render(request, FAIL, {"form": Form(), **await _read(session, number, actor, now, prefix)})


@router.post("/collections/{number}/fail")
async def fail(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str) -> Response:
    """Record it."""
    form, body = await read_form(request, FailForm)
    context = await _read(session, number, actor, now, prefix)
    if body is None:
        return render(request, FAIL, {"form": form, **context}, 422)
    with or_again(FAIL, form, **context):
        await service.fail(session, number, reason=body.reason, visited_at=None, actor=actor.username, at=now)
    return redirect(request, f"/collections/{number}", "The visit is recorded. Plan another day for it.")


@router.post("/collections/{number}/cancel")
async def cancel_collection(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> Response:
    """Call off what is still to be fetched."""
    form, body = await read_form(request, CancelForm)
    context = await _read(session, number, actor, now, prefix)
    if context["collection"].state is not CollectionState.OPEN:
        return render(request, PAGE, {"form": Form(), **context}, 409)
    if body is None:
        return render(request, PAGE, {"form": form, **context}, 422)
    with or_again(PAGE, form, **context):
        await service.cancel_collection(session, number, reason=body.reason, actor=actor.username, at=now)
    said = "Called off. What was on loan stays on loan, and trials go on."
    return redirect(request, f"/collections/{number}", said)


async def _read(session: AsyncSession, number: str, actor: Person, now: Now, prefix: str) -> dict[str, Any]:
    """The collection; the reading is logged."""
    today = uk_date(now)
    collection = await queries.get_collection(
        session, number, today=today, holidays=bank_holidays(today), prefix=prefix
    )
    await audit.record(session, "collection_read", f"collection:{number}", actor=actor.username, at=now)
    return {"collection": collection, "today": today}
