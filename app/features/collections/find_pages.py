"""Pages of things found at clients' that were on no list: taking one along, and reconciling them."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.features.collections import find_queries, finds, queries
from app.features.collections.schemas import FoundForm, ReconcileFindsForm
from app.web.auth import Actor
from app.web.bank_holidays import bank_holidays
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Prefix
from app.web.templating import render

FINDS_ON_A_PAGE = 50
FINDS = "/collections/finds"

router = page_router()


@router.get("/collections/finds")
async def list_finds(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, after: After = None
) -> HTMLResponse:
    """Finds that nobody has reconciled, oldest first."""
    context = await _finds(session, actor, now, prefix, number_cursor(after))
    return render(request, "collections/finds.html", {"form": Form(), **context})


@router.post("/collections/finds/reconcile")
async def reconcile(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """What was found out about some of them."""
    form, body = await read_form(request, ReconcileFindsForm)
    context = await _finds(session, actor, now, prefix, 0)
    if body is None:
        return render(request, "collections/finds.html", {"form": form, **context}, 422)
    with or_again("collections/finds.html", form, **context):
        await finds.reconcile_finds(session, body.finds, note=body.note, actor=actor.username, at=now)
    done = len(set(body.finds))
    said = "It is off the list" if done == 1 else f"The {done} are off the list"
    return redirect(request, FINDS, f"Reconciled. {said}, and your note is kept.")


@router.get("/collections/{number}/found")
async def found_form(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> HTMLResponse:
    """What else was found there."""
    context = await _collection(session, number, actor, now, prefix)
    return render(request, "collections/found.html", {"form": Form(), **context})


@router.post("/collections/{number}/found")
async def take_found(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> Response:
    """It is taken along."""
    form, body = await read_form(request, FoundForm)
    context = await _collection(session, number, actor, now, prefix)
    if body is None:
        return render(request, "collections/found.html", {"form": form, **context}, 422)
    with or_again("collections/found.html", form, **context):
        find_id = await finds.take_found(
            session,
            number,
            label=body.label.strip(),
            description=body.description,
            prefix=prefix,
            actor=actor.username,
            at=now,
        )
    find = await find_queries.get_find(session, find_id, prefix=prefix)
    return redirect(request, f"/collections/{number}", f"Taken. {find.detail} {find.next_step}")


async def _finds(session: AsyncSession, actor: Person, now: Now, prefix: str, after: int) -> dict[str, Any]:
    rows = await find_queries.list_finds(session, prefix=prefix, only_open=True, after=after, limit=FINDS_ON_A_PAGE)
    page = page_of(rows, limit=FINDS_ON_A_PAGE, cursor=lambda row: row.id)
    found = len(page.items)
    await audit.record(session, "collection_finds_listed", "collections", actor=actor.username, at=now, found=found)
    return {"finds": page.items, "next_href": f"{FINDS}?after={page.next}" if page.next else None}


async def _collection(session: AsyncSession, number: str, actor: Person, now: Now, prefix: str) -> dict[str, Any]:
    today = uk_date(now)
    collection = await queries.get_collection(
        session, number, today=today, holidays=bank_holidays(today), prefix=prefix
    )
    await audit.record(session, "collection_read", f"collection:{number}", actor=actor.username, at=now)
    return {"collection": collection}
