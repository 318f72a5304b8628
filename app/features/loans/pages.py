"""Pages of handing out over the counter."""

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.labels import display
from app.domain.loans import LoanKind
from app.features.loans import queries, service
from app.features.loans.schemas import FoundClient, IssueForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.look_ahead import Ahead, or_decide
from app.web.once import page_router
from app.web.tags import Tag
from app.web.templating import day, render

CLIENTS_FOUND = 10

router = page_router()

Words = Annotated[str, Query(max_length=100)]


@router.get("/items/{barcode}/issue")
async def issue_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, q: Words = "", client_ref: Words = ""
) -> HTMLResponse:
    """Who is to have the item; `q` looks for them, `client_ref` is the one chosen."""
    item = await queries.get_issuable(session, tag, today=uk_date(now))
    found = await _find_clients(session, actor, q.strip(), now) if q.strip() else []
    form = Form({"client_ref": [client_ref]} if client_ref else None)
    chosen = await _read_client(session, client_ref, actor, now) if client_ref else None
    context = {"form": form, "item": item, "q": q.strip(), "found": found, "chosen": chosen}
    return render(request, "loans/issue.html", context)


@router.post("/items/{barcode}/issue")
async def issue(request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> Response:
    """Hand it over."""
    form, body = await read_form(request, IssueForm)
    item = await queries.get_issuable(session, tag, today=uk_date(now))
    context: dict[str, Any] = {"item": item, "q": "", "found": []}
    if item.blockers:
        return render(request, "loans/issue.html", {"form": Form(), **context}, 409)
    if body and body.kind is LoanKind.TRIAL and not body.trial_goals:
        form.refuse("Say what the trial is to show.", "trial_goals")
    if body is None or form.errors:
        return render(request, "loans/issue.html", {"form": form, **context}, 422)
    again = or_again("loans/issue.html", form, **context)
    with again, or_decide(request, form, back=f"/items/{tag}"):
        await service.issue(
            session,
            tag,
            client_ref=body.client_ref,
            kind=body.kind,
            trial_ends_on=body.trial_ends_on,
            trial_goals=body.trial_goals,
            actor=actor.username,
            at=now,
            ahead=ahead.said(body.due_soon_reason, actor),
        )
    until = f" on trial until {day(body.trial_ends_on)}" if body.kind is LoanKind.TRIAL else " on loan"
    said = f"{item.product_name} {display(tag)} is with {body.client_ref}{until}."
    return redirect(request, f"/items/{tag}", said)


async def _find_clients(session: AsyncSession, actor: Person, q: str, now: Now) -> list[FoundClient]:
    """Clients like that, for those who may see clients; looking for them is logged."""
    if not actor.may(Permission.SEE_CLIENTS):
        return []
    found = await queries.find_clients(session, q, limit=CLIENTS_FOUND)
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, found=len(found))
    return found


async def _read_client(session: AsyncSession, client_ref: str, actor: Person, now: Now) -> FoundClient | None:
    """Who that is, for those who may see clients; the reading is logged."""
    client = await queries.find_client(session, client_ref) if actor.may(Permission.SEE_CLIENTS) else None
    if client:
        await audit.record(session, "client_read", f"client:{client.client_ref}", actor=actor.username, at=now)
    return client
