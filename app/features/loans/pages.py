"""Pages of handing out and calling back: issue over the counter, trial outcomes, collections."""

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
from app.domain.lifecycle import State
from app.domain.loans import LoanKind, TrialOutcome
from app.features.loans import queries, service
from app.features.loans.schemas import CancelForm, CollectForm, FoundClient, IssueForm, LoanBody, TrialForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.tags import Prefix, Tag, sort_tags
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
async def issue(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Hand it over."""
    form, body = await read_form(request, IssueForm)
    item = await queries.get_issuable(session, tag, today=uk_date(now))
    context: dict[str, Any] = {"item": item, "q": "", "found": []}
    if item.blockers:
        return render(request, "loans/issue.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "loans/issue.html", {"form": form, **context}, 422)
    with or_again("loans/issue.html", form, **context):
        await service.issue(
            session,
            tag,
            client_ref=body.client_ref,
            kind=body.kind,
            trial_ends_on=body.trial_ends_on,
            actor=actor.username,
            at=now,
        )
    until = f" on trial until {day(body.trial_ends_on)}" if body.kind is LoanKind.TRIAL else " on loan"
    said = f"{item.product_name} {display(tag)} is with {body.client_ref}{until}."
    return redirect(request, f"/items/{tag}", said)


@router.get("/loans/{loan_id}/trial-outcome")
async def trial_form(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> HTMLResponse:
    """What to decide about a trial."""
    loan = await _read_loan(session, loan_id, actor, now)
    return render(request, "loans/trial_outcome.html", {"form": Form(), "loan": loan, "today": uk_date(now)})


@router.post("/loans/{loan_id}/trial-outcome")
async def decide_trial(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> Response:
    """Keep it, have it collected, or go on trying."""
    form, body = await read_form(request, TrialForm)
    loan = await _read_loan(session, loan_id, actor, now)
    context = {"loan": loan, "today": uk_date(now), "reviews": await queries.list_trial_reviews(session, loan_id)}
    if loan.state is not State.ON_TRIAL:
        return render(request, "loans/trial_outcome.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "loans/trial_outcome.html", {"form": form, **context}, 422)
    with or_again("loans/trial_outcome.html", form, **context):
        await service.decide_trial(
            session, loan_id, body.outcome, notes=body.notes, until=body.until, actor=actor.username, at=now
        )
    said = {
        TrialOutcome.KEEP: "They keep it: the trial is a loan now.",
        TrialOutcome.COLLECT: "A collection is requested.",
        TrialOutcome.EXTEND: f"The trial goes on until {day(body.until)}.",
    }
    return redirect(request, f"/clients/{loan.client_ref}", f"{loan.product_name}: {said[body.outcome]}")


@router.get("/clients/{client_ref}/collect")
async def collect_form(
    request: Request, session: Session, actor: Actor, now: Now, client_ref: str, barcode: Words = ""
) -> HTMLResponse:
    """What is to be fetched from a client; `barcode` is ticked already."""
    context = await _collectable(session, client_ref, actor, now)
    form = Form({"barcodes": [barcode]} if barcode else None)
    return render(request, "loans/collect.html", {"form": form, **context})


@router.post("/clients/{client_ref}/collect")
async def collect(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, client_ref: str
) -> Response:
    """Ask for it."""
    form, body = await read_form(request, CollectForm)
    context = await _collectable(session, client_ref, actor, now)
    if not context["loans"]:
        return render(request, "loans/collect.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "loans/collect.html", {"form": form, **context}, 422)
    with or_again("loans/collect.html", form, **context):
        tags, errors = sort_tags(body.barcodes, prefix=prefix)
        for error in errors.values():
            raise error
        number = await service.request_collection(
            session,
            client_ref,
            list(dict.fromkeys(tags.values())),
            reason=body.reason,
            speed=body.speed,
            actor=actor.username,
            at=now,
        )
    return redirect(request, f"/collections/{number}", f"Collection {number} is requested.")


@router.get("/collections/{number}")
async def get_collection(request: Request, session: Session, actor: Actor, now: Now, number: str) -> HTMLResponse:
    """One collection."""
    return render(request, "loans/collection.html", {"form": Form(), **await _collection(session, number, actor, now)})


@router.post("/collections/{number}/cancel")
async def cancel_collection(request: Request, session: Session, actor: Actor, now: Now, number: str) -> Response:
    """Call off what is still to be fetched."""
    form, body = await read_form(request, CancelForm)
    context = await _collection(session, number, actor, now)
    if context["collection"].state != "open":
        return render(request, "loans/collection.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "loans/collection.html", {"form": form, **context}, 422)
    with or_again("loans/collection.html", form, **context):
        await service.cancel_collection(session, number, reason=body.reason, actor=actor.username, at=now)
    said = "Called off. What was on loan stays on loan, and trials go on."
    return redirect(request, f"/collections/{number}", said)


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


async def _read_loan(session: AsyncSession, loan_id: int, actor: Person, now: Now) -> LoanBody:
    loan = await queries.get_loan(session, loan_id)
    await audit.record(session, "loans_listed", f"client:{loan.client_ref}", actor=actor.username, at=now, found=1)
    return loan


async def _collectable(session: AsyncSession, client_ref: str, actor: Person, now: Now) -> dict[str, Any]:
    """The client and what can be fetched from them; the reading is logged."""
    await service.find_client(session, client_ref)
    loans = await queries.list_collectable(session, client_ref)
    await audit.record(session, "loans_listed", f"client:{client_ref}", actor=actor.username, at=now, found=len(loans))
    return {"client_ref": client_ref, "loans": loans}


async def _collection(session: AsyncSession, number: str, actor: Person, now: Now) -> dict[str, Any]:
    collection = await queries.get_collection(session, number)
    await audit.record(session, "collection_read", f"collection:{number}", actor=actor.username, at=now)
    return {"collection": collection}
