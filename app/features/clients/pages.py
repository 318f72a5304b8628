"""Pages of clients: every page that shows a person's data writes down who read it."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access_notes import AccessReason
from app.domain.client_records import way_of_asking
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotAllowed
from app.features.clients import care_providers, looking, queries, service
from app.features.clients.forms import AccessForm, ClientChangeForm, ClientForm, as_typed
from app.features.clients.schemas import ClientBody, ClientLine
from app.features.clients.search import cursor
from app.web.auth import Actor, secret_of
from app.web.client_search import ClientSearchForm
from app.web.clock import Now
from app.web.fields import After, without_controls
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import Page, page_of
from app.web.problems import status_of
from app.web.templating import render

CLIENTS_ON_A_PAGE = 50
FORM = "clients/form.html"
LIST = "clients/list.html"
LOOK_FIRST = "Look at who is here already, and tick that your client is somebody else."

router = page_router()

Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls)]


@router.get("/clients")
async def list_clients(request: Request, session: Session, actor: Actor, now: Now, after: After = None) -> HTMLResponse:
    """Clients by reference; looking at them is logged."""
    page = await _found(session, actor, now, "", after)
    href = page.next and f"/clients?{urlencode({'after': page.next})}"
    return render(request, LIST, {"form": Form(), "clients": page.items, "q": "", "next_page_href": href})


@router.post("/clients")
async def search_clients(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """Those like the words. A POST that changes nothing: what people are looked for by stands in no address."""
    form, body = await read_form(request, ClientSearchForm)
    if body is None:
        return render(request, LIST, {"form": form, "clients": [], "q": form.value("q")}, 422)
    page = await _found(session, actor, now, body.q, body.after)
    return render(request, LIST, {"form": form, "clients": page.items, "q": body.q, "next": page.next})


@router.get("/clients/new")
async def client_form(
    request: Request, session: Session, actor: Actor, then: Words = "", product: Words = ""
) -> HTMLResponse:
    """A new client; `then` they are ordered for, where somebody came from an order."""
    form = Form({"then": [then], "product": [product]} if then == "order" else None)
    return render(request, FORM, {"form": form, **await _choices(session)})


@router.post("/clients/new")
async def add_client(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add them, once it is said that they are none of those who look like the same person."""
    form, body = await read_form(request, ClientForm)
    context = await _choices(session)
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    alike = await _alike(session, body)
    if alike:
        await _log_listing(session, actor, now, "possible duplicates", len(alike))
        context["alike"] = alike
        if not {one.client_ref for one in alike} <= set(body.different_from.split()):
            form.refuse(LOOK_FIRST, "different_from")
            return render(request, FORM, {"form": form, **context}, 409)
    with or_again(FORM, form, **context):
        provider_id = await _provider(session, body, actor, now)
        new = body.as_client(care_provider_id=provider_id)
        await service.add_client(session, new, secret=secret_of(request), actor=actor.username, at=now)
    return redirect(request, body.leads_to, f"Client {body.client_ref} is added.")


@router.get("/clients/{client_ref}")
async def get_client(request: Request, session: Session, actor: Actor, now: Now, client_ref: str) -> HTMLResponse:
    """One client's record, less how to get in, and what they have."""
    client = await service.read_client(session, client_ref, actor=actor.username, at=now)
    return await _shown(request, session, now, client, Form())


@router.post("/clients/{client_ref}/access")
async def show_access_notes(
    request: Request, session: Session, actor: Actor, now: Now, client_ref: str
) -> HTMLResponse:
    """The same with how to get in. A POST, because a look at these is an act that is written down with its reason."""
    form, body = await read_form(request, AccessForm)
    client = await service.read_client(session, client_ref, actor=actor.username, at=now)
    if not client.has_access_notes:
        return await _shown(request, session, now, client, Form())
    if body is None:
        return await _shown(request, session, now, client, form, 422)
    look, secret = looking.Look(body.reason, body.because, field="because"), secret_of(request)
    try:
        notes = await looking.read_access_notes(session, client, look, secret=secret, actor=actor, at=now)
    except (BadValue, NotAllowed) as refused:
        form.refuse(refused.detail, refused.field or "reason")
        return await _shown(request, session, now, client, form, status_of(refused))
    return await _shown(request, session, now, client.model_copy(update={"access_notes": notes}), form)


@router.get("/clients/{client_ref}/edit")
async def edit_form(request: Request, session: Session, actor: Actor, now: Now, client_ref: str) -> HTMLResponse:
    """The client as they are, to be changed."""
    client = await service.read_client(session, client_ref, actor=actor.username, at=now)
    return render(request, FORM, {"form": Form(as_typed(client)), "client": client, **await _choices(session)})


@router.post("/clients/{client_ref}/edit")
async def edit_client(request: Request, session: Session, actor: Actor, now: Now, client_ref: str) -> Response:
    """Change what is different."""
    client = await service.read_client(session, client_ref, actor=actor.username, at=now)
    form, body = await read_form(request, ClientChangeForm)
    context = {"client": client, **await _choices(session)}
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form.against(as_typed(client)), **context):
        change = body.as_change(client, care_provider_id=await _provider(session, body, actor, now))
        if change.model_fields_set:
            secret, version = secret_of(request), body.version
            details: dict[str, Any] = {"version": version, "secret": secret, "actor": actor.username, "at": now}
            await service.change_client(session, client.client_ref, change, **details)
    told = "The record is changed." if change.model_fields_set else "Nothing was changed."
    return redirect(request, f"/clients/{quote(client.client_ref)}", told)


async def _found(session: AsyncSession, actor: Person, now: Now, q: str, after: str | None) -> Page[ClientLine]:
    rows = await queries.list_clients(session, q=q, after=after, limit=CLIENTS_ON_A_PAGE)
    page = page_of(rows, limit=CLIENTS_ON_A_PAGE, cursor=lambda row: cursor(row.rank, row.client_ref))
    await _log_listing(session, actor, now, q or None, len(page.items))
    return page


async def _shown(
    request: Request, session: AsyncSession, now: Now, client: ClientBody, form: Form, status: int = 200
) -> HTMLResponse:
    context = {
        "form": form,
        "client": client,
        "equipment": await queries.list_equipment(session, client.client_ref, today=uk_date(now)),
        "dealings": await queries.list_dealings(session, client),
        "today": uk_date(now),
        "reasons": [(reason.value, reason.text) for reason in AccessReason],
    }
    return render(request, "clients/client.html", context, status)


async def _alike(session: AsyncSession, body: ClientForm) -> list[ClientLine]:
    """Who may be the same person; whoever has the very reference is refused anyway, in words of its own."""
    found = await queries.find_duplicates(session, name=body.name, born=body.date_of_birth, postcode=body.postcode)
    return [one for one in found if one.client_ref.upper() != body.client_ref.upper()]


async def _provider(session: AsyncSession, body: ClientForm | ClientChangeForm, actor: Person, now: Now) -> int | None:
    """The care provider that was chosen, or the one that was written down, which is added."""
    new = body.new_provider()
    if new is None:
        return body.care_provider_id
    added = await care_providers.add_care_provider(
        session, new, actor=actor.username, at=now, field="care_provider_name"
    )
    return added.id


async def _log_listing(session: AsyncSession, actor: Person, now: Now, asked: str | None, found: int) -> None:
    facts = {"by": way_of_asking(asked), "found": found}
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, **facts)


async def _choices(session: AsyncSession) -> dict[str, Any]:
    providers = await queries.list_care_providers(session)
    return {"care_providers": [(one.id, one.name) for one in providers]}
