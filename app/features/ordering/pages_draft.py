"""Pages of an order that is being drawn up: whose it is, its lines, and its details."""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.client_records import way_of_asking
from app.domain.errors import NotFound
from app.features.ordering import drafts, pages_queries
from app.features.ordering.forms import DetailsForm, LineForm, StartForm, line_of, typed_line
from app.features.ordering.pages_shared import Number, Words, choices, path_of, read_draft
from app.features.ordering.schemas import LineBody, NewLine, NewOrder, OrderBody, OrderChange
from app.web.auth import Actor
from app.web.client_search import LONGEST_SEARCH, ClientSearchForm
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.funding import FunderShare, read_shares, typed_shares
from app.web.once import page_router
from app.web.tags import Prefix
from app.web.templating import render

START = "ordering/start.html"
LINE = "ordering/line.html"
DETAILS = "ordering/details.html"

router = page_router()


@router.get("/orders/new")
async def start_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    client_ref: Words = "",
    client: Words = "",
    product: Words = "",
    order: Words = "",
    line: Words = "new",
    q: Words = "",
) -> Response:
    """Whose order, then what, then why. `q` looks for the product; one that was found in the catalogue for an `order`
    goes to its lines."""
    if order:
        place = f"/orders/{quote(order, safe='')}/lines/{quote(line, safe='')}"
        return RedirectResponse(f"{place}?{urlencode({'product': product})}", 303)
    client_ref = client_ref or client
    typed = {"client_ref": client_ref, "product_code": product, "quantity": "1", "kind": "loan"}
    form = Form({name: [value] for name, value in typed.items() if value})
    start = await _start(session, actor, now, client_ref, product)
    products = await pages_queries.find_products(session, q) if q and start["client"] else []
    return render(request, START, {"form": form, "q": q, "products": products, **start})


@router.post("/orders/new")
async def start(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """Keep it as a draft, of which nothing is held yet; or look for whom it is."""
    search, asked = await read_form(request, ClientSearchForm)
    if search.value("find"):
        return await _find_client(request, session, actor, now, search, asked)
    form, body = await read_form(request, StartForm)
    context = await _start(session, actor, now, form.value("client_ref"), form.value("product_code"))
    if body:
        body.refuse_gaps(form)
    shares = _shares(form, context)
    if body is None or form.errors:
        return render(request, START, {"form": form, **context}, 422)
    new = NewOrder(
        client_ref=body.client_ref,
        funder=body.funder,
        funding=shares,
        funding_not_agreed=body.funding_not_agreed,
        speed=body.speed,
        reason=body.reason,
        clinical_reasoning=body.clinical_reasoning,
        store=body.store,
        lines=[body.as_line()],
    )
    with or_again(START, form, **context):
        number = await drafts.make_order(session, new, prefix=prefix, actor=actor.username, at=now)
    return redirect(request, f"/orders/{number}", f"Order {number} is kept as a draft. Add what else is needed.")


@router.get("/orders/{number}/lines/new")
async def line_form(
    request: Request, session: Session, actor: Actor, now: Now, number: Number, product: Words = "", q: Words = ""
) -> HTMLResponse:
    """What else is needed; `q` looks for it, `product` is the one chosen."""
    order = await read_draft(session, number, actor, now)
    typed = {"product_code": product, "quantity": "1", "kind": "loan"}
    form = Form({name: [value] for name, value in typed.items() if value})
    context = await _line_context(session, order, product)
    picked = await _picked(session, q, picks=not context["product_name"])
    return render(request, LINE, {"form": form, **picked, **context})


@router.post("/orders/{number}/lines")
async def add_line(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number
) -> Response:
    """Add it."""
    order = await read_draft(session, number, actor, now)
    said = "is on the order."
    return await _write_line(request, session, order, None, said, actor=actor, now=now, prefix=prefix)


@router.get("/orders/{number}/lines/{position}")
async def change_line_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    number: Number,
    position: int,
    product: Words = "",
    pick: Words = "",
    q: Words = "",
) -> HTMLResponse:
    """A line as it stands, or with the `product` that was chosen instead; `pick` chooses one, and `q` looks for it."""
    order = await read_draft(session, number, actor, now)
    line = _find_line(order, position)
    form = typed_line(line).with_values({"product_code": product or line.product_code})
    context = await _line_context(session, order, form.value("product_code"), line)
    picked = await _picked(session, q, picks=bool(pick) or not context["product_name"])
    return render(request, LINE, {"form": form, **picked, **context})


@router.post("/orders/{number}/lines/{position}")
async def change_line(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number, position: int
) -> Response:
    """Change it."""
    order = await read_draft(session, number, actor, now)
    line = _find_line(order, position)
    return await _write_line(request, session, order, line, "is changed.", actor=actor, now=now, prefix=prefix)


@router.post("/orders/{number}/lines/{position}/remove")
async def remove_line(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number, position: int
) -> Response:
    """Take it off."""
    form, _ = await read_form(request, LineForm)
    order = await read_draft(session, number, actor, now)
    line = _find_line(order, position)
    if len(order.lines) == 1:
        said = f"{line.product_name} is the only line. Change it, or delete the draft."
        return redirect(request, path_of(order), said)
    left = [line_of(one) for one in order.lines if one is not line]
    await _change(session, order, OrderChange(lines=left), form, actor=actor, now=now, prefix=prefix)
    return redirect(request, path_of(order), f"{line.product_name} is off the order.")


@router.get("/orders/{number}/details")
async def details_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why, how soon and for whose money."""
    order = await read_draft(session, number, actor, now)
    return render(request, DETAILS, {"form": Form(_details(order)), "order": order, **await choices(session)})


@router.post("/orders/{number}/details")
async def change_details(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: Number
) -> Response:
    """Change them."""
    form, body = await read_form(request, DetailsForm)
    order = await read_draft(session, number, actor, now)
    context = {"order": order, **await choices(session)}
    shares = _shares(form, context)
    if body is None or form.errors:
        return render(request, DETAILS, {"form": form, **context}, 422)
    change = OrderChange(**body.model_dump(exclude={"version"}, exclude_none=True), funding=shares)
    with or_again(DETAILS, form.against(_details(order)), **context):
        await _change(session, order, change, form, actor=actor, now=now, prefix=prefix)
    return redirect(request, path_of(order), "The details are changed.")


async def _write_line(
    request: Request,
    session: AsyncSession,
    order: OrderBody,
    line: LineBody | None,
    said: str,
    *,
    actor: Person,
    now: Now,
    prefix: str,
) -> Response:
    """The line that was typed takes the place of this one, or comes after the last."""
    form, body = await read_form(request, LineForm)
    context = await _line_context(session, order, form.value("product_code"), line)
    if body:
        body.refuse_gaps(form)
    if body is None or form.errors:
        return render(request, LINE, {"form": form, **context}, 422)
    lines: list[NewLine] = [body.as_line() if one is line else line_of(one) for one in order.lines]
    lines += [] if line else [body.as_line()]
    stored = typed_line(line).typed if line else {}
    with or_again(LINE, form.against(stored | {"version": [str(order.version)]}), **context):
        await _change(session, order, OrderChange(lines=lines), form, actor=actor, now=now, prefix=prefix)
    name = await pages_queries.product_name(session, body.product_code)
    return redirect(request, path_of(order), f"{name} {said}")


async def _change(
    session: AsyncSession, order: OrderBody, change: OrderChange, form: Form, *, actor: Person, now: Now, prefix: str
) -> None:
    """Change the draft as the page showed it: two windows do not overwrite each other."""
    shown = form.value("version")
    version = int(shown) if shown.isascii() and shown.isdigit() else order.version
    who = actor.username
    await drafts.change_draft(session, order.number, change, version=version, prefix=prefix, actor=who, at=now)


def _details(order: OrderBody) -> dict[str, list[str]]:
    """The details as somebody would have typed them."""
    names = ("reason", "speed", "funder", "store", "clinical_reasoning", "version")
    shares = order.funding if len(order.funding) > 1 else []
    not_agreed = order.funding_dispute.reason if order.funding_dispute else ""
    typed = {name: str(getattr(order, name)) for name in names} | typed_shares(shares)
    return {name: [value] for name, value in typed.items()} | {"funding_not_agreed": [not_agreed]}


def _shares(form: Form, context: dict[str, Any]) -> list[FunderShare]:
    """Who pays which part, as it was typed: one box for each funder."""
    return [FunderShare(**one) for one in read_shares(form, [code for code, _ in context["funders"]])]


def _find_line(order: OrderBody, position: int) -> LineBody:
    for line in order.lines:
        if line.position == position:
            return line
    raise NotFound("unknown-line", "The order has no such line any more. Go back to the order.")


async def _picked(session: AsyncSession, q: str, *, picks: bool) -> dict[str, Any]:
    """What the picker shows, where a product is being chosen."""
    products = await pages_queries.find_products(session, q) if picks and q else []
    return {"picks": picks, "q": q, "products": products}


async def _line_context(
    session: AsyncSession, order: OrderBody, product: str, line: LineBody | None = None
) -> dict[str, Any]:
    name = await pages_queries.product_name(session, product.strip()) if product else None
    return {"order": order, "line": line, "product_name": name}


async def _find_client(
    request: Request, session: AsyncSession, actor: Person, now: Now, search: Form, asked: ClientSearchForm | None
) -> HTMLResponse:
    """The first page again with the clients who are found, which is logged."""
    q = asked.q if asked else ""
    found = await pages_queries.find_clients(session, q) if q else []
    if q:
        facts = {"by": way_of_asking(q), "found": len(found)}
        await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, **facts)
    context = {"form": Form(), "search": search, "q": q, "found": found, "most": pages_queries.FOUND_AT_ONCE}
    start = await _start(session, actor, now, "", search.value("product")[:LONGEST_SEARCH])
    return render(request, START, context | start, 200 if asked else 422)


async def _start(session: AsyncSession, actor: Person, now: Now, client_ref: str, product: str) -> dict[str, Any]:
    """The client, if they are known, whose reading is logged; the product; and what there is to choose from."""
    client = await pages_queries.find_client(session, client_ref.strip()) if client_ref else None
    if client:
        await audit.record(session, "client_read", f"client:{client.client_ref}", actor=actor.username, at=now)
    name = await pages_queries.product_name(session, product.strip()) if product else None
    return {"client": client, "product": product, "product_name": name, **await choices(session)}
