"""Pages of handing out over the counter."""

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.client_records import way_of_asking
from app.domain.dates import uk_date
from app.domain.labels import display
from app.domain.loans import LoanKind
from app.features.loans import queries, service
from app.features.loans.counter import AtCounter, Said, look
from app.features.loans.schemas import FoundClient, IssueForm
from app.funders import list_funders
from app.web.answers import answer_field, read_answers, refuse_unanswered
from app.web.auth import Actor
from app.web.client_search import ClientSearchForm
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.look_ahead import Ahead, or_decide
from app.web.old_equipment import actions_for, read_old, refuse_gaps
from app.web.once import page_router
from app.web.tags import Tag
from app.web.templating import day, render

CLIENTS_FOUND = 10
ISSUE = "loans/issue.html"

router = page_router()

Reference = Annotated[str, Query(max_length=100)]


@router.get("/items/{barcode}/issue")
async def issue_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, client_ref: Reference = ""
) -> HTMLResponse:
    """Who is to have the item; `client_ref` is the one chosen."""
    item = await queries.get_issuable(session, tag, today=uk_date(now))
    form = Form({"client_ref": [client_ref]} if client_ref else None)
    chosen = await _read_client(session, client_ref, actor, now) if client_ref else None
    there = await look(session, tag, client_ref=client_ref, today=uk_date(now)) if chosen else AtCounter()
    context = {"item": item, "chosen": chosen, "funders": await list_funders(session), **_shown(there)}
    return render(request, ISSUE, {"form": form, **context})


@router.post("/items/{barcode}/issue")
async def issue(request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag) -> Response:
    """Hand it over, or look for who is to have it."""
    search, asked = await read_form(request, ClientSearchForm)
    item = await queries.get_issuable(session, tag, today=uk_date(now))
    context: dict[str, Any] = {"item": item, "funders": await list_funders(session)}
    if search.value("find"):
        found = await _find_clients(session, actor, asked.q, now) if asked and asked.q else []
        shown = {"form": Form(), "search": search, "q": asked and asked.q, "found": found, "most": CLIENTS_FOUND}
        return render(request, ISSUE, context | shown, 200 if asked else 422)
    form, body = await read_form(request, IssueForm)
    if item.blockers:
        return render(request, ISSUE, {"form": Form(), **context}, 409)
    if body and body.kind is LoanKind.TRIAL and not body.trial_goals:
        form.refuse("Say what the trial is to show.", "trial_goals")
    client_ref = "" if form.error("client_ref") else form.value("client_ref").strip()
    there = await look(session, tag, client_ref=client_ref, today=uk_date(now))
    decided = [(one.barcode, one) for one in read_old(form, there.of_this_kind)]
    refuse_gaps(form, there.of_this_kind)
    if decided:
        # What is fetched or not used any more is not there to be warned of.
        there = await look(session, tag, decided, client_ref=client_ref, today=uk_date(now))
    answers = read_answers(form, there.warnings)
    refuse_unanswered(form, there.warnings)
    context |= _shown(there)
    if body is None or form.errors:
        if there.old or there.warnings:
            await _read_client(session, client_ref, actor, now)
        return render(request, ISSUE, {"form": form, **context}, 422)
    again = or_again(ISSUE, form, **context)
    with again, or_decide(request, form, back=f"/items/{tag}"):
        await service.issue(
            session,
            tag,
            client_ref=body.client_ref,
            kind=body.kind,
            trial_ends_on=body.trial_ends_on,
            trial_goals=body.trial_goals,
            said=Said(decided, answers, body.funder or None),
            actor=actor.username,
            at=now,
            ahead=ahead.said(body.due_soon_reason, actor),
        )
    until = f" on trial until {day(body.trial_ends_on)}" if body.kind is LoanKind.TRIAL else " on loan"
    said = f"{item.product_name} {display(tag)} is with {body.client_ref}{until}."
    return redirect(request, f"/items/{tag}", said)


def _shown(there: AtCounter) -> dict[str, Any]:
    """What the page asks: what becomes of old items, and what is answered to warnings."""
    warnings = [(answer_field(one), one) for one in there.warnings]
    return {"old": there.of_this_kind, "actions": actions_for, "warnings": warnings}


async def _find_clients(session: AsyncSession, actor: Person, q: str, now: Now) -> list[FoundClient]:
    """Clients like that, for those who may see clients; looking for them is logged."""
    if not actor.may(Permission.SEE_CLIENTS):
        return []
    found = await queries.find_clients(session, q, limit=CLIENTS_FOUND)
    facts = {"by": way_of_asking(q), "found": len(found)}
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, **facts)
    return found


async def _read_client(session: AsyncSession, client_ref: str, actor: Person, now: Now) -> FoundClient | None:
    """Who that is, for those who may see clients; the reading is logged."""
    client = await queries.find_client(session, client_ref) if actor.may(Permission.SEE_CLIENTS) else None
    if client:
        await audit.record(session, "client_read", f"client:{client.client_ref}", actor=actor.username, at=now)
    return client
